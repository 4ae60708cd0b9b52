//! `examples/customer.rs` as a person runs it, against the built server: what it prints, what mails arrive, and that it
//! leaves nothing.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{
    collections::HashMap,
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use gatewright_sdk::ScalekitClient;
use gatewright_testkit::{SmtpOptions, SmtpSink, without_settings};

/// A program of this build: `gatewright`, or one of the examples.
fn built(name: &str) -> PathBuf {
    let deps = env::current_exe().unwrap();
    let program = deps.parent().unwrap().parent().unwrap().join(name);
    assert!(
        program.exists(),
        "{name} is not built: cargo build -p gatewright, cargo build -p gatewright-sdk --examples"
    );
    program
}

struct Server {
    child: Child,
    credentials: HashMap<String, String>,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(sink: &SmtpSink) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = env::var_os("GATEWRIGHT_BIN").map_or_else(|| built("gatewright"), PathBuf::from);
        let mut command = Command::new(fs::canonicalize(program).unwrap());
        without_settings(&mut command);
        for (key, value) in sink.settings() {
            command.env(gatewright::config::variable(key), value);
        }
        command.env(gatewright::config::variable("development.test_organization"), "false");
        command.args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off"]);
        let log = folder.path().join("test.log");
        command.current_dir(&folder).stdout(Stdio::piped()).stderr(fs::File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let started = lines.any(|line| line.ends_with("Ctrl-C stops the server."));
        assert!(started, "the server did not start: {}", fs::read_to_string(&log).unwrap());
        let credentials = fs::read_to_string(folder.path().join("gatewright-data/credentials.env")).unwrap();
        let credentials = credentials.lines().filter_map(|line| line.split_once('='));
        let credentials = credentials.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { child, credentials, _folder: folder }
    }

    fn credential(&self, name: &str) -> &str {
        self.credentials.get(name).unwrap_or_else(|| panic!("no {name}"))
    }

    fn client(&self) -> ScalekitClient {
        ScalekitClient::new(
            self.credential("SCALEKIT_ENVIRONMENT_URL"),
            self.credential("SCALEKIT_CLIENT_ID"),
            self.credential("SCALEKIT_CLIENT_SECRET"),
        )
        .unwrap()
    }

    async fn run_example(&self) -> Output {
        let mut command = Command::new(built("examples/customer"));
        command.envs(&self.credentials);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The same text for each run: `…` in place of the digits of ids.
fn settled(text: &str, url: &str) -> String {
    let (mut out, mut digits) = (String::new(), String::new());
    for character in text.replace(url, "http://localhost:8080").chars().chain(['\0']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        out.push_str(if digits.len() < 15 { &digits } else { "…" });
        digits.clear();
        out.push(character);
    }
    out.trim_end_matches('\0').to_owned()
}

/// How many organizations, users and connections of the example's domain there are.
async fn left(client: &ScalekitClient) -> (u32, u32, usize) {
    let organizations = client.organization().list_organization().await.unwrap().total_size;
    let users = client.user().list_users().await.unwrap().total_size;
    let connections = client.connection().list_connections_by_domain("acme.example").await.unwrap().len();
    (organizations, users, connections)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_builds_a_customer_invites_by_smtp_lists_it_and_deletes_it() {
    let sink = SmtpSink::start(SmtpOptions::default()).await;
    let server = Server::start(&sink);
    let output = server.run_example().await;
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(output.status.success());
    let printed =
        settled(&String::from_utf8(output.stdout).unwrap(), server.credential("SCALEKIT_ENVIRONMENT_URL"));
    let transcript = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/transcript.txt");
    assert_eq!(printed, fs::read_to_string(transcript).unwrap());

    let mails = sink.wait_for(2).await;
    let mut recipients: Vec<_> = mails.iter().flat_map(|mail| mail.to.clone()).collect();
    recipients.sort();
    assert_eq!(recipients, ["ada@acme.example", "grace@acme.example"]);
    for mail in &mails {
        assert!(mail.header("Subject").unwrap().starts_with("You are invited to Acme"));
        let link = format!("\n{}/invitations/", server.credential("SCALEKIT_ENVIRONMENT_URL"));
        assert!(mail.part("text/plain").unwrap().contains(&link));
    }
    assert_eq!(left(&server.client()).await, (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_says_what_failed_and_deletes_what_it_had_made() {
    let sink = SmtpSink::start(SmtpOptions::default()).await;
    let server = Server::start(&sink);
    let client = server.client();
    let other = client.organization().create_organization("Other").await.unwrap();
    let taken = client.user().create_user_and_membership(&other.id, "grace@acme.example");
    let taken = taken.send_invitation_email(false).await.unwrap();
    let output = server.run_example().await;
    assert_eq!(output.status.code(), Some(1));
    let (told, printed) =
        (String::from_utf8(output.stderr).unwrap(), String::from_utf8(output.stdout).unwrap());
    assert!(told.starts_with("Failed at: user: ALREADY_EXISTS"), "{told}");
    assert!(
        printed.contains("Delete\n  user            ada@acme.example\n  organization    org_"),
        "{printed}"
    );
    assert_eq!(left(&client).await, (1, 1, 0));
    assert_eq!(client.user().get_user(&taken.id).await.unwrap().email, "grace@acme.example");
}
