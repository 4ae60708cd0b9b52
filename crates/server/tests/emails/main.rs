//! Mail servers and templates of an environment's own: through the API, and in the mails that are sent.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what goes wrong in a test shall stop it"
)]

mod servers;
mod templates;

use gatewright::time::Timestamp;
use gatewright_testkit::{Api, Database, Options, Server, SmtpOptions, SmtpSink};
use serde_json::{Value as Json, json};

const NOW: Timestamp = Timestamp::from_micros(1_772_884_800_000_000);
const SERVERS: &str = "/api/v1/email/servers";
const PASSWORD: &str = "hunter2-of-the-customer";

/// The installation's mail server.
async fn installation() -> SmtpSink {
    SmtpSink::start(SmtpOptions::default()).await
}

/// A customer's, with TLS and an account.
async fn own() -> SmtpSink {
    let account = Some(("customer".to_owned(), PASSWORD.to_owned()));
    SmtpSink::start(SmtpOptions { starttls: true, account, ..SmtpOptions::default() }).await
}

/// A server that sends by the first, and trusts the authority of the second. Its clock stands still.
async fn sending_by(kind: Database, installation: &SmtpSink, own: &SmtpSink) -> Server {
    let mut settings = installation.settings();
    settings.extend(own.settings().into_iter().filter(|(key, _)| *key == "mail.smtp_ca_file"));
    Server::start_with(kind, Options { settings, frozen_at: Some(NOW), ..Options::default() }).await
}

fn settings(port: u16) -> Json {
    json!({
        "host": "localhost", "port": port, "username": "customer", "password": PASSWORD,
        "from_email": "hello@kontor.example", "from_name": "Kontor",
    })
}

async fn create_server(api: &Api, port: u16) -> String {
    let answer = api.post(SERVERS, json!({"provider": "OTHER", "settings": settings(port)})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(!answer.text.contains(PASSWORD), "{}", answer.text);
    answer.json["server"]["id"].as_str().expect("an id").to_owned()
}

async fn enable_server(api: &Api, id: &str) -> Json {
    let answer = api.patch(&format!("{SERVERS}/{id}:enable"), json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

/// Has a code sent to an address.
async fn send_code(api: &Api, email: &str) {
    let answer = api.post("/api/v1/passwordless/email/send", json!({"email": email})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}
