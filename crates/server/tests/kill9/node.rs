//! The built program as a process of its own, and what it says over the network.
use gatewright_api::Rpc;
use gatewright_testkit::without_settings;
use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tonic::{
    Status,
    codec::Codec,
    transport::{Channel, Endpoint},
};

/// How long a start may take. Test machines are slow at times; the bench says how fast it is.
const START: Duration = Duration::from_secs(30);

/// What stays when the process dies.
pub struct Home {
    pub data_dir: PathBuf,
    pub port: u16,
    database_url: Option<String>,
    _folder: tempfile::TempDir,
}

/// A running process. Killed when dropped.
pub struct Node {
    child: Child,
    pub url: String,
    http: reqwest::Client,
}

/// A port that stays free while its node is dead: not one of those that the system gives to whoever asks for any.
fn free_port() -> u16 {
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), ());
    let first = u16::try_from(random % 10_000).unwrap();
    let mut ports = (0..10_000).map(|next| 20_000 + (first + next) % 10_000);
    ports.find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok()).expect("a free port")
}

impl Home {
    pub fn new(database_url: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        Self { data_dir: folder.path().join("data"), port, database_url, _folder: folder }
    }

    pub fn database_file(&self) -> PathBuf {
        self.data_dir.join("gatewright.db")
    }

    /// The command that starts a node. It gets no variable of ours: the program refuses those that it does not know.
    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatewright"));
        self.finish(&mut command);
        command
    }

    /// The same with a limit on the size of the files that it writes. The signal that comes with the limit is ignored,
    /// so writes fail, as they do on a full disk.
    pub fn spawn_with_file_limit(&self, kib: u32) -> Node {
        let mut command = Command::new("bash");
        let script = format!("trap '' XFSZ; ulimit -S -f {kib}; exec \"$0\" \"$@\"");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_gatewright")]);
        self.finish(&mut command);
        self.spawn_as(command)
    }

    fn finish(&self, command: &mut Command) {
        without_settings(command);
        command.args(["serve", "--listen", &format!("127.0.0.1:{}", self.port), "--data-dir"]);
        command.arg(&self.data_dir);
        if let Some(url) = &self.database_url {
            command.args(["--database-url", url]);
        }
        command.env("GATEWRIGHT_TELEMETRY__METRICS_LISTEN", "off");
        command.env("GATEWRIGHT_TELEMETRY__LOG_FILTER", "warn");
        command.env("GATEWRIGHT_DEVELOPMENT__TEST_ORGANIZATION", "false");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        // The last words of a node are worth more than a clean terminal: `cargo test` shows them beside a failure.
        command.stderr(Stdio::inherit());
    }

    pub fn spawn(&self) -> Node {
        self.spawn_as(self.command())
    }

    fn spawn_as(&self, mut command: Command) -> Node {
        let child = command.spawn().expect("the program starts");
        Node { child, url: format!("http://localhost:{}", self.port), http: reqwest::Client::new() }
    }

    pub async fn start(&self) -> Node {
        let mut node = self.spawn();
        node.ready().await;
        node
    }

    /// Id and secret of the file that the first start wrote.
    pub fn credentials(&self) -> (String, String) {
        let path = self.data_dir.join("credentials.env");
        let text = fs::read_to_string(&path).expect("credentials.env");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.expect(name).to_owned()
        };
        (value("SCALEKIT_CLIENT_ID"), value("SCALEKIT_CLIENT_SECRET"))
    }

    /// What SQLite itself finds wrong with the file; "ok" if nothing.
    pub fn integrity(&self) -> String {
        let database = rusqlite::Connection::open(self.database_file()).unwrap();
        let violations: i64 = database
            .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(violations, 0, "rows point to rows that are not there");
        database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
    }
}

impl Node {
    /// Waits until the node says that it is ready.
    pub async fn ready(&mut self) {
        let deadline = Instant::now() + START;
        loop {
            let answer = self.http.get(format!("{}/ready", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the node ended while starting: {status}");
            }
            assert!(Instant::now() < deadline, "not ready after {START:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.child.kill().expect("the node was still running");
        self.child.wait().unwrap();
    }

    pub async fn token(&self, credentials: &(String, String)) -> String {
        let (id, secret) = credentials;
        let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        let answer = self.http.post(format!("{}/oauth/token", self.url)).form(&form).send().await.unwrap();
        let status = answer.status();
        let json: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{json}");
        json["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn get(&self, path: &str) -> u16 {
        self.http.get(format!("{}{path}", self.url)).send().await.unwrap().status().as_u16()
    }

    /// POST with JSON: status and body.
    pub async fn post(&self, path: &str, token: &str, body: &str) -> (u16, serde_json::Value) {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(token);
        let request = request.header("content-type", "application/json").body(body.to_owned());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub async fn grpc(&self, token: &str) -> Caller {
        let endpoint = Endpoint::from_shared(self.url.clone()).unwrap();
        let channel = endpoint.connect().await.expect("a connection");
        Caller { channel, authorization: format!("Bearer {token}") }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// gRPC with a token. Failures come back as they are: that the node dies in a call is what these tests are about.
#[derive(Clone)]
pub struct Caller {
    channel: Channel,
    authorization: String,
}

impl Caller {
    pub async fn call<R: Rpc>(&self, message: R::Request) -> Result<R::Response, Status>
    where
        R::Request: Sync,
        R::Response: Sync,
    {
        let codec = tonic_prost::ProstCodec::<R::Request, R::Response>::default();
        self.unary(R::PATH, message, codec).await
    }

    async fn unary<Q, A, C>(&self, path: &'static str, message: Q, codec: C) -> Result<A, Status>
    where
        Q: Send + Sync + 'static,
        A: Send + Sync + 'static,
        C: Codec<Encode = Q, Decode = A>,
    {
        let mut request = tonic::Request::new(message);
        request.metadata_mut().insert("authorization", self.authorization.parse().unwrap());
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = http::uri::PathAndQuery::from_static(path);
        client.unary(request, path, codec).await.map(tonic::Response::into_inner)
    }
}

/// Changes the limit on file sizes of a running process.
pub fn lift_file_limit(pid: u32) {
    let status = Command::new("prlimit").args(["--pid", &pid.to_string(), "--fsize=unlimited:"]).status();
    assert!(status.expect("prlimit, of util-linux").success());
}

/// Whether the log of an SQLite database is there, so that there is something to recover.
pub fn has_log(database: &Path) -> bool {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    fs::metadata(PathBuf::from(name)).is_ok_and(|log| log.len() > 0)
}
