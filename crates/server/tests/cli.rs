//! The program as a person starts it: what it prints, what it leaves behind, how it ends.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::zombie_processes,
    reason = "what goes wrong in a test shall stop it"
)]

use gatewright_testkit::without_settings;
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

fn gatewright(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatewright"));
    without_settings(&mut command).current_dir(folder).args(arguments).stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    gatewright(folder, arguments).output().unwrap()
}

/// Code and stderr of a command that must fail.
fn failure(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = run(folder, arguments);
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

struct Server {
    child: Child,
    printed: String,
}

impl Server {
    /// Starts it on a port of the system's choice and reads what it prints until it is ready.
    fn start(folder: &Path, more: &[&str]) -> Self {
        let arguments =
            [&["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"], more].concat();
        let mut command = gatewright(folder, &arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut printed = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            printed += &(line.unwrap() + "\n");
            if printed.ends_with("Ctrl-C stops the server.\n") {
                return Self { child, printed };
            }
        }
        let mut errors = String::new();
        child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        panic!("the server did not start: {errors}");
    }

    fn value(&self, label: &str) -> &str {
        let line = self.printed.lines().find_map(|line| line.trim().strip_prefix(label));
        line.unwrap_or_else(|| panic!("no {label} in {}", self.printed)).split_whitespace().next().unwrap()
    }

    /// SIGTERM; the exit code and everything that was logged.
    fn stop(mut self) -> (i32, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let mut logged = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut logged).unwrap();
        (self.child.wait().unwrap().code().unwrap(), logged)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn get(url: String) -> (u16, String) {
    let answer = reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn the_first_start_makes_everything_and_never_prints_the_secret() {
    gatewright::transport::tls::install_provider();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("gatewright-data");
    let server = Server::start(folder.path(), &["--log-format", "json"]);
    assert!(server.printed.contains("First start"), "{}", server.printed);
    let url = server.value("Environment URL").to_owned();
    assert_eq!(get(format!("{url}/healthz")).await.0, 200);
    let (status, metrics) = get(server.value("Metrics").to_owned()).await;
    assert!(status == 200 && metrics.contains("gatewright_requests_total"), "{metrics}");

    let credentials = fs::read_to_string(data.join("credentials.env")).unwrap();
    let secret = credentials.lines().find_map(|line| line.strip_prefix("SCALEKIT_CLIENT_SECRET=")).unwrap();
    assert!(
        credentials.contains(&format!("SCALEKIT_ENVIRONMENT_URL={url}\n")),
        "the port that the system chose"
    );
    for file in ["credentials.env", "master.key", "gatewright.db"] {
        let mode = fs::metadata(data.join(file)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{file} has mode {mode:o}");
    }
    let printed = server.printed.clone();
    let (code, logged) = server.stop();
    assert_eq!(code, 0, "{logged}");
    assert!(!secret.is_empty() && !printed.contains(secret) && !logged.contains(secret));
    for line in logged.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }

    let second = Server::start(folder.path(), &[]);
    assert!(!second.printed.contains("First start"), "{}", second.printed);
    assert_eq!(second.stop().0, 0);
}

#[test]
fn commands_say_what_is_wrong_and_end_with_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (code, text) = failure(folder, &["serve", "--listen", "localhost:8080"]);
    assert_eq!(code, 2);
    assert!(text.starts_with("error: bad value of server.listen in the command line"), "{text}");
    assert!(text.contains("\n  help: "), "{text}");
    fs::write(folder.join("gatewright.toml"), "[server]\nlistn = 1\n").unwrap();
    let (code, text) = failure(folder, &["migrate"]);
    assert_eq!(
        (code, text.as_str()),
        (2, "error: unknown key server.listn in gatewright.toml:2\n  help: did you mean server.listen?\n")
    );
    let doctor = run(folder, &["doctor", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&doctor.stdout).unwrap();
    assert_eq!((doctor.status.code(), &report["ok"]), (Some(1), &serde_json::Value::Bool(false)));
    fs::remove_file(folder.join("gatewright.toml")).unwrap();

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, text) = failure(folder, &["serve", "--listen", &taken.local_addr().unwrap().to_string()]);
    assert!(code == 1 && text.contains("choose one with --listen"), "{text}");
    assert!(!folder.join("gatewright-data").exists(), "nothing is made if the port is taken");
    fs::write(folder.join("file"), "").unwrap();
    let (code, text) = failure(folder, &["serve", "--listen", "127.0.0.1:0", "--data-dir", "file/data"]);
    assert!(code == 1 && text.contains("file/data"), "{text}");
    assert!(!text.contains("backtrace"), "{text}");
}

#[test]
fn credentials_are_made_and_rotated_beside_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = folder.join("gatewright-data/credentials.env");
    let server = Server::start(folder, &[]);
    let first = fs::read_to_string(&file).unwrap();
    let made = run(folder, &["credentials"]);
    assert!(made.status.success(), "{made:?}");
    let second = fs::read_to_string(&file).unwrap();
    assert_ne!(first, second);
    let secret = second.lines().find_map(|line| line.strip_prefix("SCALEKIT_CLIENT_SECRET=")).unwrap();
    assert!(!String::from_utf8_lossy(&made.stdout).contains(secret));
    let (code, text) = failure(folder, &["credentials"]);
    assert!(code == 1 && text.contains("--revoke-others"), "{text}");
    assert!(run(folder, &["credentials", "--revoke-others", "--output", "new.env"]).status.success());
    assert_eq!(fs::metadata(folder.join("new.env")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(run(folder, &["keys", "rotate", "--sign-after", "1h"]).status.success());
    let keys = String::from_utf8(run(folder, &["keys", "list"]).stdout).unwrap();
    assert!(keys.contains("signing") && keys.contains("waiting"), "{keys}");
    assert_eq!(failure(folder, &["keys", "rotate", "--sign-after", "soon"]).0, 2);
    assert_eq!(server.stop().0, 0);
}

#[test]
fn migrate_says_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let output = |arguments: &[&str]| String::from_utf8(run(folder.path(), arguments).stdout).unwrap();
    assert!(output(&["migrate", "--dry-run"]).starts_with("would apply 0001_"));
    assert!(output(&["migrate"]).starts_with("applied 0001_"));
    assert_eq!(output(&["migrate"]), "the database is up to date\n");
}

#[tokio::test]
async fn sighup_loads_a_renewed_certificate() {
    use gatewright::{time::Clock, transport::tls};
    tls::install_provider();
    let folder = tempfile::tempdir().unwrap();
    let authority = |name: &str| {
        let authority = tls::LocalAuthority::new(folder.path().join(name), "localhost");
        authority.ensure(Clock::System.now()).unwrap();
        authority
    };
    let install = |authority: &tls::LocalAuthority| {
        fs::copy(authority.certificate_file(), folder.path().join("cert.pem")).unwrap();
        fs::copy(authority.key_file(), folder.path().join("key.pem")).unwrap();
    };
    let accepted_with = async |authority: &tls::LocalAuthority, url: &str| {
        let ca = reqwest::Certificate::from_pem(&fs::read(authority.authority_file()).unwrap()).unwrap();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([ca]).build().unwrap();
        client.get(format!("{url}/healthz")).send().await.is_ok()
    };
    let (first, second) = (authority("first"), authority("second"));
    install(&first);
    let server = Server::start(folder.path(), &["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    let url = server.value("Environment URL").to_owned();
    assert!(url.starts_with("https://localhost:"), "{url}");
    assert!(accepted_with(&first, &url).await && !accepted_with(&second, &url).await);
    install(&second);
    assert!(Command::new("kill").args(["-HUP", &server.child.id().to_string()]).status().unwrap().success());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while !accepted_with(&second, &url).await {
        assert!(std::time::Instant::now() < deadline, "the new certificate is not served");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let (code, logged) = server.stop();
    assert!(code == 0 && logged.contains("loaded the TLS certificate"), "{logged}");
}
