//! Dynamic registration over HTTP: the answer has the members of RFC 7591 §3.2.1 beside those of the message, and what is
//! wrong with a request is said in the words of §3.2.2 too. Strict MCP clients read nothing else.
use super::errors;
use crate::error::{Error, Kind};
use axum::body::Body;
use gatewright_api::{
    Rpc as _, plan::Method, rpc::client_service::RegisterClient, scalekit::v1::clients as pb,
};
use http::{HeaderValue, Response, header};
use prost::Message as _;
use serde_json::{Value as Json, json};

/// Whether this is how clients register themselves.
pub fn is_registration(method: &Method) -> bool {
    method.path == RegisterClient::PATH
}

/// What the client is told.
///
/// # Errors
/// What RFC 7591 has no words for.
pub fn answer(
    request: &[u8],
    answer: Result<Vec<u8>, Error>,
    request_id: &str,
) -> Result<Response<Body>, Error> {
    let (status, body) = match answer {
        Ok(registered) => {
            let request = pb::RegisterClientRequest::decode(request).map_err(Error::internal)?;
            let registered = pb::RegisterClientResponse::decode(&*registered).map_err(Error::internal)?;
            (201, registration(request.client.unwrap_or_default(), registered))
        }
        Err(error) if error.kind() == Kind::InvalidArgument => (400, refusal(&error, request_id)),
        Err(error) => return Err(error),
    };
    let mut response = errors::json_response(status, body.to_string());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn refusal(error: &Error, request_id: &str) -> Json {
    let is_about_uris =
        error.field_violations().iter().any(|one| one.field.starts_with("client.redirect_uris"));
    let code = if is_about_uris { "invalid_redirect_uri" } else { "invalid_client_metadata" };
    let description = match error.field_violations().first() {
        Some(violation) => format!("{}: {}", violation.field, violation.description),
        None => error.message().to_owned(),
    };
    let mut body = errors::envelope(error, request_id);
    if let Some(body) = body.as_object_mut() {
        body.insert("error".to_owned(), code.into());
        body.insert("error_description".to_owned(), description.into());
    }
    body
}

/// A public client has no `client_secret`: an empty one would confuse those that look for it.
fn registration(asked: pb::RegisterClient, made: pb::RegisterClientResponse) -> Json {
    let time = |time: Option<prost_types::Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
    let issued_at = made.create_time.as_ref().map_or(0, |time| time.seconds);
    let mut body = json!({
        "client_id": made.client_id,
        "client_id_issued_at": issued_at,
        "client_secret_expires_at": made.client_secret_expires_at,
        "client_name": made.name,
        "name": made.name,
        "description": made.description,
        "redirect_uris": made.redirect_uris,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "scope": made.scopes.join(" "),
        "scopes": made.scopes,
        "audience": made.audience,
        "expiry": made.expiry.to_string(),
        "resource_id": made.resource_id,
        "create_time": time(made.create_time),
        "update_time": time(made.update_time),
    });
    if let Some(body) = body.as_object_mut() {
        let about = [
            ("client_uri", asked.client_uri),
            ("logo_uri", asked.logo_uri),
            ("tos_uri", asked.tos_uri),
            ("policy_uri", asked.policy_uri),
        ];
        for (name, uri) in about.into_iter().filter(|(_, uri)| !uri.is_empty()) {
            body.insert(name.to_owned(), uri.into());
        }
    }
    body
}
