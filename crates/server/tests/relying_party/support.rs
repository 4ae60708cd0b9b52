//! What these tests do over and over.
use gatewright::{
    connections::Connection,
    ids::AuthRequestId,
    relying_party::{self, Callback, Finished, Hints, Purpose, UpstreamError},
};
use gatewright_testkit::{Api, Database, Idp, Options, Server, local_network, parameters};
use url::Url;

/// SHA-256 of the cookie of the browser of these tests.
pub const BROWSER: &[u8] = &[7; 32];

pub async fn started(kind: Database) -> (Server, Api, Idp) {
    let t = Server::start_with(kind, Options { settings: local_network(), ..Options::default() }).await;
    let api = t.api().await;
    (t, api, Idp::start().await)
}

/// The purpose of a sign-in.
pub fn login(number: i64) -> Purpose {
    Purpose::Login(AuthRequestId::from_i64(number))
}

/// Sends the browser away.
pub async fn start(t: &Server, connection: &Connection) -> Url {
    start_with(t, connection, Hints::default()).await
}

pub async fn start_with(t: &Server, connection: &Connection, hints: Hints) -> Url {
    let url = relying_party::start(&t.operator, connection, login(1), BROWSER, hints).await.unwrap();
    url.parse().unwrap()
}

/// How the provider sends it back.
pub fn answer(request: &Url) -> Callback {
    Callback {
        state: Some(parameters(request)["state"].clone()),
        code: Some("code-1".to_owned()),
        ..Callback::default()
    }
}

pub async fn finish(
    t: &Server,
    connection: &Connection,
    answer: Callback,
) -> Result<Finished, UpstreamError> {
    relying_party::finish(&t.operator, connection.id, answer, Some(BROWSER)).await
}

/// A whole sign-in at a provider that answers a request with what `say` makes it say.
pub async fn sign_in(
    t: &Server,
    connection: &Connection,
    say: impl FnOnce(&Url),
) -> Result<Finished, UpstreamError> {
    let request = start(t, connection).await;
    say(&request);
    finish(t, connection, answer(&request)).await
}
