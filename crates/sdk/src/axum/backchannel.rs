//! OpenID Connect Back-Channel Logout 1.0: the server tells that a session has ended.

use ::axum::extract::State;
use ::axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::config::{Sessions, Shared};
use super::ended::LogoutNotice;
use super::error::SessionError;
use super::{FRESH_TOKEN_LEEWAY, pages};
use crate::TokenValidationOptions;
use crate::error::ScalekitError;
use crate::jwt::Claims;

/// Largest request, in bytes.
pub(super) const MAX_BODY: usize = 64 * 1024;
/// The one member of `events` (§2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// A logout token that was made longer ago is not believed, in seconds.
const MAX_AGE: i64 = 600;

/// §2.8: 200 when the session is ended here, 400 for a token that is not right; 503 asks the server to try again.
pub(super) async fn receive(State(sessions): State<Sessions>, body: Bytes) -> Response {
    let shared = &*sessions.shared;
    let status = match end(shared, &body).await {
        Ok(()) => return pages::never_cached(StatusCode::OK.into_response()),
        Err(error) => {
            shared.tell(&error);
            if error.is_temporary() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::BAD_REQUEST }
        }
    };
    let kind = [(header::CONTENT_TYPE, "application/json")];
    pages::never_cached((status, kind, "{\"error\":\"invalid_request\"}").into_response())
}

async fn end(shared: &Shared, body: &[u8]) -> Result<(), SessionError> {
    let mut form = url::form_urlencoded::parse(body);
    let token = form.find(|(name, _)| name == "logout_token").map(|(_, value)| value).unwrap_or_default();
    let check = shared.client.validate_token::<Claims>(token);
    let options = TokenValidationOptions::new()
        .issuer(&shared.issuer)
        .audience(shared.client.client_id())
        .leeway(FRESH_TOKEN_LEEWAY);
    let claims = check.options(options).await?;
    let now = shared.client.clock().now();
    let (sid, jti) = check_claims(&claims, now.as_second())?;
    let remember = SignedDuration::try_from(shared.remember_ended).unwrap_or(SignedDuration::MAX);
    let remember_until = now.checked_add(remember).unwrap_or(Timestamp::MAX);
    let is_new = shared.ended.end(LogoutNotice { sid, jti, received_at: now, remember_until }).await;
    if is_new.map_err(SessionError::Store)? { Ok(()) } else { Err(refused("was received before").into()) }
}

fn refused(why: &str) -> ScalekitError {
    ScalekitError::token_validation(format!("the logout token {why}"))
}

/// §2.6, after signature, `iss`, `aud` and `exp`: gives `sid` and `jti`.
fn check_claims(claims: &Claims, now: i64) -> Result<(String, String), ScalekitError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let event = claims.get("events").and_then(|events| events.get(EVENT));
    if !event.is_some_and(Value::is_object) {
        return Err(refused("has no event of a logout"));
    }
    // Id tokens have one: such a token must not end a session.
    if claims.contains_key("nonce") {
        return Err(refused("has a nonce"));
    }
    let issued = claims.get("iat").and_then(Value::as_i64).ok_or_else(|| refused("has no iat"))?;
    let leeway = i64::try_from(FRESH_TOKEN_LEEWAY.as_secs()).unwrap_or(0);
    if issued > now.saturating_add(leeway) || issued < now.saturating_sub(MAX_AGE) {
        return Err(refused("was not issued lately"));
    }
    let sid = text("sid").ok_or_else(|| refused("names no session"))?;
    let jti = text("jti").ok_or_else(|| refused("has no jti"))?;
    Ok((sid.to_owned(), jti.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_767_226_000;

    /// A good token's claims with one of them changed, or taken away by null.
    fn check(name: &str, value: Value) -> Result<(String, String), String> {
        let mut claims = json!({
            "iat": NOW, "jti": "tkn_1", "sub": "usr_1", "sid": "ses_1", "events": {EVENT: {}},
        });
        let claims = claims.as_object_mut().unwrap();
        match value {
            Value::Null => claims.remove(name),
            value => claims.insert(name.to_owned(), value),
        };
        check_claims(claims, NOW).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_logout_token_names_session_and_notice() {
        assert_eq!(check("sub", Value::Null), Ok(("ses_1".to_owned(), "tkn_1".to_owned())));
        assert!(check("iat", json!(NOW + 59)).is_ok());
    }

    #[test]
    fn other_tokens_are_not_taken_for_one() {
        for (name, value) in [
            ("events", Value::Null),
            ("events", json!([EVENT])),
            ("events", json!({"http://schemas.openid.net/event/other": {}})),
            ("events", json!({EVENT: true})),
            ("nonce", json!("n")),
            ("iat", Value::Null),
            ("iat", json!(NOW + 61)),
            ("iat", json!(NOW - 601)),
            ("sid", Value::Null),
            ("sid", json!("")),
            ("jti", Value::Null),
            ("jti", json!(7)),
        ] {
            assert!(check(name, value.clone()).is_err(), "{name} {value}");
        }
    }
}
