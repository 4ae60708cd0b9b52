//! Tokens: which ones the server accepts, and how its token endpoint gives them out.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what goes wrong in a test shall stop it"
)]

mod access;
mod client_secrets;
mod endpoint;
mod odd;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use gatewright::{clients::NewOrganizationClient, time::Timestamp};
use gatewright_api::{rpc::organization_service::CreateOrganization, scalekit::v1::organizations as pb};
use gatewright_testkit::{Options, Server};
use serde_json::Value as Json;

/// 2026-03-01T00:00:00Z.
const START: Timestamp = Timestamp::from_micros(START_SECONDS * 1_000_000);
const START_SECONDS: i64 = 1_772_323_200;

/// With a clock that stands still.
fn frozen() -> Options {
    Options { frozen_at: Some(START), ..Options::default() }
}

/// One part of a token.
fn part(token: &str, index: usize) -> Json {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64URL.decode(part).unwrap()).unwrap()
}

/// The message with which a token is refused; none if it is accepted.
async fn refusal(t: &Server, token: &str) -> Option<String> {
    let answer = t.rest("GET", "/api/v1/organizations", "", token).await;
    if answer.status == 200 {
        return None;
    }
    Some(answer.failure(401, 16).to_owned())
}

/// Makes an organization with a machine client: the organization's id, the client's id and secret.
async fn machine(
    t: &Server,
    external_id: Option<&str>,
    new: NewOrganizationClient,
) -> (String, String, String) {
    let organization = pb::CreateOrganization {
        display_name: "Globex".into(),
        external_id: external_id.map(str::to_owned),
        ..Default::default()
    };
    let request = pb::CreateOrganizationRequest { organization: Some(organization) };
    let made = t.grpc().await.call::<CreateOrganization>(request).await.unwrap();
    let organization = made.organization.unwrap().id;
    let (id, secret) = t.organization_client(&organization, new).await;
    (organization, id, secret)
}
