//! The provider after the code: the token endpoint, what is known of tokens afterwards, and logout.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

mod backchannel;
mod claims;
mod codes;
mod cors;
mod ends;
mod known;
mod logout;
mod refresh;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use gatewright::{clients::ClientId, time::Timestamp};
use gatewright_testkit::{Api, Database, Options, Server};
use serde_json::{Value as Json, json};

/// 2026-03-01T00:00:00Z.
const START: Timestamp = Timestamp::from_micros(START_SECONDS * 1_000_000);
const START_SECONDS: i64 = 1_772_323_200;

/// With a clock that stands still.
async fn frozen(kind: Database) -> Server {
    Server::start_with(kind, Options { frozen_at: Some(START), ..Options::default() }).await
}

/// The payload of a token.
fn payload(token: &str) -> Json {
    part(token, 1)
}

/// One part of a token.
fn part(token: &str, index: usize) -> Json {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64URL.decode(part).unwrap()).unwrap()
}

/// A further application: its id and, if it keeps one, its secret.
async fn application(api: &Api, kind: &str) -> (ClientId, String) {
    let made = api.post("/api/v1/clients", json!({"name": "Shop", "client_type": kind})).await;
    let id = made.json["client"]["id"].as_str().unwrap().to_owned();
    if kind != "WEB_APP" {
        return (id.parse().unwrap(), String::new());
    }
    let secret = api.post(&format!("/api/v1/clients/{id}/secrets"), json!({})).await;
    (id.parse().unwrap(), secret.json["plain_secret"].as_str().unwrap().to_owned())
}

/// What the log says of a sign-in.
async fn log_status(api: &Api, id: impl ToString) -> Option<String> {
    let id = id.to_string();
    let all = api.get("/api/v1/logs/authentication/requests?page_size=100").await;
    let entries = all.json["authRequests"].as_array().cloned().unwrap_or_default();
    let entry = entries.into_iter().find(|entry| entry["auth_request_id"] == id.as_str())?;
    entry["status"].as_str().map(str::to_owned)
}

/// The address of a logout with these parameters.
fn logout_url(t: &Server, query: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{}/oidc/logout?{query}", t.url)
}
