//! How a client proves itself at the token endpoint (RFC 6749 §2.3.1). A bearer token in `Authorization` is ignored:
//! some SDKs send their last one along.
use super::{OAuthError, form::Form};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// What a client presents.
#[derive(Debug)]
pub struct Presented<'a> {
    /// `client_id`
    pub client_id: Cow<'a, str>,
    /// `client_secret`
    pub client_secret: Cow<'a, str>,
}

/// Reads the client's credentials from `Authorization: Basic` or from the form, not from both.
///
/// # Errors
/// `invalid_client` if there are none; `invalid_request` if there are two kinds.
pub fn presented<'a>(headers: &HeaderMap, form: &'a Form<'_>) -> Result<Presented<'a>, OAuthError> {
    let basic = headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .filter_map(|value| value.trim().split_once(' '))
        .find(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let Some((_, encoded)) = basic else {
        let client_id = form.get("client_id").ok_or_else(OAuthError::invalid_client)?;
        let client_secret = form.get("client_secret").ok_or_else(OAuthError::invalid_client)?;
        return Ok(Presented { client_id: client_id.into(), client_secret: client_secret.into() });
    };
    if form.get("client_secret").is_some() {
        return Err(OAuthError::invalid_request(
            "use either HTTP Basic or client_secret in the body, not both",
        ));
    }
    let (client_id, client_secret) = decode_basic(encoded.trim()).ok_or_else(OAuthError::invalid_client)?;
    if form.get("client_id").is_some_and(|other| other != client_id) {
        return Err(OAuthError::invalid_request("client_id differs from that of HTTP Basic"));
    }
    Ok(Presented { client_id: client_id.into(), client_secret: client_secret.into() })
}

/// Both halves are form-encoded before they are joined (RFC 6749 §2.3.1).
fn decode_basic(encoded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |half: &str| percent_decode_str(half).decode_utf8().ok().map(Cow::into_owned);
    Some((decode(id)?, decode(secret)?))
}
