//! Proofs of e-mail addresses by code and link: through the API, and with settings given to the operations.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "what goes wrong in a test shall stop it"
)]

mod codes;
mod connection;
mod limits;
mod links;

use gatewright::{
    ctx::Ctx,
    error::{Error, Kind},
    mail::InboxMail,
    passwordless::{self, NewRequest, PasswordlessType, Presented, Sent, Settings, Template, Verified},
    time::Timestamp,
};
use gatewright_testkit::{Database, Options, Server};
use std::sync::Arc;

const NOW: Timestamp = Timestamp::from_micros(1_772_884_800_000_000);
const EVA: &str = "eva@kontor.example";

/// A server whose clock stands still.
async fn frozen(kind: Database) -> Server {
    Server::start_with(kind, Options { frozen_at: Some(NOW), ..Options::default() }).await
}

fn settings(kind: PasswordlessType) -> Settings {
    Settings { kind, ..Settings::default() }
}

fn to(email: &str) -> NewRequest {
    NewRequest {
        email: email.to_owned(),
        template: Template::Signin,
        magiclink_auth_uri: Some("https://app.kontor.example/pl?x=1".to_owned()),
        state: None,
        expires_in: None,
        template_variables: Default::default(),
    }
}

async fn send(t: &Server, settings: &Settings, email: &str) -> Sent {
    passwordless::send(&t.operator, settings, to(email)).await.unwrap()
}

async fn code(ctx: &Ctx, settings: &Settings, sent: &Sent, code: &str) -> Result<Verified, Error> {
    passwordless::verify(ctx, settings, Presented::Code(code), Some(&sent.auth_request_id)).await
}

/// The newest mail.
async fn mail(t: &Server) -> InboxMail {
    t.run_jobs().await;
    t.inbox().await.pop().expect("a mail")
}

/// The newest mail's code.
async fn mailed_code(t: &Server) -> String {
    mail(t).await.otp.expect("a code")
}

/// The token in the newest mail's link.
async fn mailed_token(t: &Server) -> String {
    let link = mail(t).await.link.expect("a link");
    link.split_once("link_token=").expect("a token").1.to_owned()
}

/// A code of six digits that is not this one.
fn other_than(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> (Kind, String) {
    let error = result.unwrap_err();
    let field = error.field_violations().first().map(|violation| violation.field.clone());
    (error.kind(), field.unwrap_or_default())
}

fn invalid(field: &str) -> (Kind, String) {
    (Kind::InvalidArgument, field.to_owned())
}

const LIMITED: (Kind, String) = (Kind::ResourceExhausted, String::new());

/// Runs all at once: none of them starts before every one is ready.
async fn at_once<T: Send + 'static>(
    calls: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let calls: Vec<_> = calls.into_iter().collect();
    let barrier = Arc::new(tokio::sync::Barrier::new(calls.len()));
    let tasks: Vec<_> = calls
        .into_iter()
        .map(|call| {
            let barrier = barrier.clone();
            tokio::spawn(async move {
                barrier.wait().await;
                call.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}
