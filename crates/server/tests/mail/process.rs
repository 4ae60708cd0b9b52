//! The built program: a mail that was committed is sent, whatever happens to the process.
use crate::{DAY, MINUTE, code, invitation, queue};
use gatewright::mail::UseCase;
use gatewright_testkit::{
    Options, Server, SmtpOptions, SmtpSink, TestDatabase, database_tests, without_settings,
};
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A process of the program on the database and data folder of `t`.
struct Node {
    child: Child,
    printed: String,
}

impl Node {
    fn start(t: &Server, settings: &[(&'static str, String)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatewright"));
        without_settings(&mut command);
        command.args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--data-dir"]);
        command.arg(t.data_dir()).args(["--database-url", t.database_url()]);
        for (key, value) in settings {
            command.env(gatewright::config::variable(key), value);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut printed = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            printed += &(line.unwrap() + "\n");
            if printed.ends_with("Ctrl-C stops the server.\n") {
                return Self { child, printed };
            }
        }
        panic!("it did not start: {printed}");
    }

    fn value(&self, label: &str) -> &str {
        let line = self.printed.lines().find_map(|line| line.trim().strip_prefix(label));
        line.unwrap_or_else(|| panic!("no {label} in {}", self.printed)).trim()
    }

    /// kill -9.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

database_tests! {
    async fn a_mail_outlives_a_process_that_is_killed_while_it_sends(kind: Database) {
        // It takes each message, and says so only when it is too late.
        let slow = SmtpSink::start(SmtpOptions { delay: Duration::from_millis(700), ..SmtpOptions::default() }).await;
        let (address, settings) = (slow.address, slow.settings());
        let t = Server::start(kind).await;
        let mut node = Node::start(&t, &settings);
        assert_eq!(node.value("Mail"), format!("sent by localhost:{}, clear text", address.port()));
        let id = queue(&t, UseCase::UserInvite, "ann@acme.example", invitation(), 14 * DAY).await;
        // The server has it, but the node does not know yet, or is in the middle of it.
        let begun = Instant::now();
        while slow.attempts() == 0 && begun.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        node.kill();
        let taken = slow.received();
        slow.stop().await;
        let sink = SmtpSink::start_at(address, SmtpOptions::default()).await;
        // And one that was queued while no node was there.
        queue(&t, UseCase::UserLoginOtp, "bob@acme.example", code(), 10 * MINUTE).await;
        let mut node = Node::start(&t, &settings);
        let mails = sink.wait_for(2).await;
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
        let to: Vec<_> = mails.iter().flat_map(|mail| mail.to.clone()).collect();
        assert_eq!(to, ["bob@acme.example", "ann@acme.example"], "the lease of the dead node ends after 20 seconds");
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].header("message-id"), mails[1].header("message-id"));
        assert_eq!(mails[1].header("message-id").unwrap(), format!("<{id}@acme.example>"));
        node.kill();
    }

    async fn the_inbox_is_served_to_this_machine_alone(kind: Database) {
        gatewright::transport::tls::install_provider();
        let t = Server::start_with(kind, Options::default()).await;
        let node = Node::start(&t, &[]);
        let id = queue(&t, UseCase::UserInvite, "ann@acme.example", invitation(), 14 * DAY).await;
        let inbox = node.value("Mail").split_whitespace().next().unwrap().to_owned();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let get = async |path: &str, host: Option<&str>| {
            let mut request = client.get(format!("{inbox}{path}"));
            if let Some(host) = host {
                request = request.header("host", host);
            }
            request.send().await.unwrap()
        };
        let list = get("", None).await;
        assert_eq!(list.status(), 200);
        assert!(list.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        assert_eq!(list.headers()["cache-control"], "no-store");
        assert!(list.text().await.unwrap().contains("ann@acme.example"));
        let html = get(&format!("/{id}/html"), None).await;
        assert!(html.headers()["content-security-policy"].to_str().unwrap().starts_with("sandbox "));
        assert_eq!(get("", Some("evil.example")).await.status(), 404, "DNS rebinding");
        assert_eq!(get("/mail_1", None).await.status(), 404);
        let metrics = client.get(inbox.replace("/mail", "/metrics")).send().await.unwrap().text().await.unwrap();
        assert!(metrics.contains("process_open_fds"));
    }

    async fn in_production_it_says_that_mail_is_off(kind: Database) {
        let database = TestDatabase::create(kind).await;
        let t = Server::start_with(kind, Options { database_url: Some(database.url.clone()), ..Options::default() }).await;
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatewright"));
        without_settings(&mut command);
        command.args(["doctor", "--listen", "127.0.0.1:0", "--metrics-listen", "off", "--data-dir"]).arg(t.data_dir());
        command.args(["--database-url", &database.url]).env("GATEWRIGHT_SECURITY__ENVIRONMENT_TYPE", "production");
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("! mail           off: invitations and codes do not reach anybody"), "{text}");
        assert_eq!(output.status.code(), Some(0), "a warning");
    }
}
