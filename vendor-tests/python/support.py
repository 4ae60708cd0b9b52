"""Starts the server binary for a test, and gives clients of the vendor's SDK that trust it.

Python's SDK only speaks TLS. gRPC reads its trusted roots once per process, so all servers of a run share one local CA: this
module lets a first server make it, and must be imported before scalekit.
"""

import atexit
import os
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import time
import urllib.request
from contextlib import closing
from pathlib import Path

_BUILT = Path(__file__).resolve().parents[2] / "target" / "debug" / "gatewright"
BINARY = str(Path(os.environ.get("GATEWRIGHT_BIN", _BUILT)).absolute())
START_DEADLINE_S = 20
STOP_DEADLINE_S = 10

_tls_template: Path | None = None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def parse_credentials(text: str) -> dict[str, str]:
    """The file is written for `set -a; . FILE`: KEY=value, perhaps quoted."""
    pairs = (re.fullmatch(r"(?:export )?([A-Z_]+)=([\"']?)(.*)\2", line.strip()) for line in text.splitlines())
    return {pair[1]: pair[3] for pair in pairs if pair}


class Server:
    """A server with a data folder of its own; use it in a `with` statement or call `stop`."""

    def __init__(self, metrics="off"):
        """`metrics` is the host:port of the metrics and of the inbox for developers."""
        self.metrics = metrics
        self.data_dir = Path(tempfile.mkdtemp(prefix="gatewright-python-"))
        if _tls_template:
            shutil.copytree(_tls_template, self.data_dir / "tls")
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        try:
            self.run()
        except BaseException:
            shutil.rmtree(self.data_dir, ignore_errors=True)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def run(self):
        flags = [*self._settings(), "--listen", f"127.0.0.1:{self.port}", "--metrics-listen", self.metrics, "--tls", "local"]
        with open(self.data_dir / "test.log", "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", *flags], stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._surroundings()
            )
        self._wait_until_ready()
        self.credentials = parse_credentials((self.data_dir / "credentials.env").read_text())

    def _settings(self):
        return ["--data-dir", str(self.data_dir), "--public-url", self.url]

    def _surroundings(self):
        """Neither a configuration file in the working folder nor the caller's environment changes what is tested."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("GATEWRIGHT_")}
        env["GATEWRIGHT_DEVELOPMENT__TEST_ORGANIZATION"] = "false"  # tests make what they need
        return {"cwd": self.data_dir, "env": env}

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_DEADLINE_S
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                if self.get("/ready").status == 200:
                    return
            except OSError:
                time.sleep(0.02)
        why = f"exited with {self.process.returncode}" if self.process.poll() is not None else "is not ready in time"
        self.process.kill()
        raise RuntimeError(f"the server {why}:\n{self.log()}")

    def get(self, path: str):
        """A plain GET, apart from the SDK."""
        return urllib.request.urlopen(self.url + path, timeout=5, context=self.context())

    def context(self) -> ssl.SSLContext:
        """Trusts the server's own CA."""
        return ssl.create_default_context(cafile=str(self.data_dir / "tls" / "ca.pem"))

    def log(self) -> str:
        return (self.data_dir / "test.log").read_text()

    def halt(self):
        """Asks the server to stop, as an operator does, and fails if it does not."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            if self.process.returncode != 0:
                raise RuntimeError(f"SIGTERM ended the server with {self.process.returncode}:\n{self.log()}")

    def restart(self):
        self.halt()
        self.run()

    def write(self, rows: list[tuple[str, dict]]):
        """Writes rows into the stopped server's database, as (table, columns), for what begins in a browser."""
        self.halt()
        with closing(sqlite3.connect(self.data_dir / "gatewright.db")) as database, database:
            [environment] = database.execute("SELECT id FROM environments").fetchone()
            database.execute("PRAGMA foreign_keys = ON")
            for table, columns in rows:
                columns = {"environment_id": environment, **columns}
                places = ", ".join("?" * len(columns))
                statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
                database.execute(statement, tuple(columns.values()))
        self.run()

    def stop(self):
        try:
            self.halt()
        finally:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def command(self, *args: str) -> str:
        """Runs a command of the binary on this server's data folder and returns what it printed."""
        done = subprocess.run(
            [BINARY, *args, *self._settings()],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **self._surroundings(),
        )
        if done.returncode != 0:
            raise RuntimeError(f"gatewright {' '.join(args)} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def client(self, **overrides: str):
        """A new SDK client, made as the vendor's documents do."""
        from scalekit import ScalekitClient

        use = {**self.credentials, **overrides}
        return ScalekitClient(
            env_url=use["SCALEKIT_ENVIRONMENT_URL"],
            client_id=use["SCALEKIT_CLIENT_ID"],
            client_secret=use["SCALEKIT_CLIENT_SECRET"],
        )


def _make_authority():
    global _tls_template
    folder = Path(tempfile.mkdtemp(prefix="gatewright-python-ca-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with Server() as first:
        first.halt()
        shutil.copytree(first.data_dir / "tls", folder / "tls")
    _tls_template = folder / "tls"
    for variable in ("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        os.environ[variable] = str(_tls_template / "ca.pem")


_make_authority()


def refused(case, call, *, kind, grpc_status, http_status, error_code, message=None):
    """Returns the error that `call` raises, having checked its class and each of its members (management.md 0.9)."""
    from scalekit.common.exceptions import ScalekitServerException

    with case.assertRaises(ScalekitServerException) as caught:
        call()
    error = caught.exception
    case.assertIs(type(error), kind, str(error))
    case.assertEqual(error.grpc_status, grpc_status)
    case.assertEqual(error.http_status, http_status)
    case.assertEqual(error.error_code, error_code)
    # gRPC's own check: a status whose code or message differs from the call's is thrown away by the SDK, details and all.
    case.assertEqual([detail.type_url for detail in error.err_details], [ERROR_INFO])
    case.assertTrue(error._unpacked_details[0].request_info.request_id)
    if message:
        case.assertRegex(error.message, message)
    return error


ERROR_INFO = "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo"


def violations(error) -> list[tuple[str, str]]:
    """The violated fields of an error, as (field, constraint)."""
    found = error._unpacked_details[0].validation_error_info.field_violations
    return [(violation.field, violation.constraint) for violation in found]
