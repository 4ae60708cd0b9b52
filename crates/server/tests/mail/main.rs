//! Mails: sent over SMTP by a job, kept in the inbox without a server, and dropped where it can be seen.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::zombie_processes,
    reason = "what goes wrong in a test shall stop it"
)]

mod inbox;
mod process;
mod sending;

use gatewright::{
    email::Email,
    ids::MailId,
    mail::{self, NewMail, UseCase, Variables},
    sql,
    time::Timestamp,
};
use gatewright_testkit::{Database, Options, Server, SmtpSink};
use std::time::Duration;

const NOW: Timestamp = Timestamp::from_micros(1_772_884_800_000_000);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// A server that sends by `sink`, whose clock stands still.
async fn sending_by(kind: Database, sink: &SmtpSink) -> Server {
    frozen(kind, sink.settings()).await
}

async fn frozen(kind: Database, settings: Vec<(&'static str, String)>) -> Server {
    Server::start_with(kind, Options { frozen_at: Some(NOW), settings, ..Options::default() }).await
}

fn invitation() -> Variables {
    Variables {
        organization_name: Some("Nordlicht & Söhne".to_owned()),
        user_name: Some("Zoë".to_owned()),
        link: Some("https://auth.acme.example/invite?t=a.b&x=1".to_owned()),
        ..Variables::default()
    }
}

fn code() -> Variables {
    Variables { otp: Some("424242".to_owned()), ..Variables::default() }
}

/// Queues a mail that is valid for `valid`.
async fn queue(t: &Server, use_case: UseCase, to: &str, variables: Variables, valid: Duration) -> MailId {
    let recipient = &Email::parse(to).unwrap();
    let expires_at = t.app.clock.now().plus(valid);
    let mut tx = t.app.db.write().await.unwrap();
    let id = mail::queue(
        &mut tx,
        &t.operator,
        NewMail { use_case, recipient, organization: None, variables, expires_at },
    );
    let id = id.await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// A row of `mails`.
#[derive(Debug, PartialEq)]
struct Stored {
    has_content: bool,
    sent_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
    last_error: Option<String>,
}

type StoredRow = (bool, Option<Timestamp>, Option<Timestamp>, Option<String>);

async fn stored(t: &Server, id: MailId) -> Option<Stored> {
    let row: Option<StoredRow> = sql!(
        "SELECT content_sealed IS NOT NULL, sent_at, failed_at, last_error FROM mails
         WHERE environment_id = $1 AND id = $2"
    )
    .bind(t.operator.environment().id)
    .bind(id)
    .optional(&mut t.app.db.read())
    .await
    .unwrap();
    row.map(|(has_content, sent_at, failed_at, last_error)| Stored {
        has_content,
        sent_at,
        failed_at,
        last_error,
    })
}

async fn jobs_left(t: &Server) -> i64 {
    sql!("SELECT COUNT(*) FROM jobs WHERE periodic IS NULL").one(&mut t.app.db.read()).await.unwrap()
}
