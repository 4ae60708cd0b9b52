//! Gives the provider its code and gets tokens (RFC 6749 §4.1.3).
use super::{
    model::{UpstreamError, shown},
    upstream::Upstream,
};
use crate::{
    connections::settings::TokenAuth,
    ctx::Ctx,
    outbound::{Answer, Question},
    secret::Secret,
};
use serde::Deserialize;

const CODE: &str = "failed_to_exchange_token";
const STEP: &str = "exchange the code at the token endpoint";
/// ID tokens with hundreds of groups fit.
const MAX_ANSWER: usize = 256 * 1024;

/// What the provider gave.
#[derive(Debug)]
pub struct Tokens {
    /// For the UserInfo endpoint.
    pub access_token: Option<Secret<String>>,
    /// Who signed in.
    pub id_token: Option<Secret<String>>,
}

/// The answer of a token endpoint, good or bad (RFC 6749 §5).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    access_token: Option<String>,
    token_type: Option<String>,
    id_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Exchanges a code.
///
/// # Errors
/// `failed_to_exchange_token`
pub async fn exchange(
    ctx: &Ctx,
    upstream: &Upstream,
    code: &str,
    code_verifier: &str,
) -> Result<Tokens, UpstreamError> {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", upstream.redirect_uri.as_str()),
    ];
    if upstream.pkce {
        form.push(("code_verifier", code_verifier));
    }
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    // RFC 6749 §2.3.1: both are encoded as in a form before they go into the header.
    let (id, secret) = (encoded(&upstream.client_id), Secret::new(encoded(upstream.client_secret.expose())));
    let basic = match upstream.token_auth {
        TokenAuth::BasicAuth => Some((id.as_str(), &secret)),
        TokenAuth::UrlParams => {
            form.push(("client_id", &upstream.client_id));
            form.push(("client_secret", upstream.client_secret.expose()));
            None
        }
    };
    let question = Question::Post(&form, basic);
    let answer = ctx.app().outbound.ask(&upstream.token_uri, upstream.plain_http, MAX_ANSWER, question).await;
    read(&answer.map_err(|error| refused(format!("nothing: the endpoint {error}")))?)
}

fn refused(got: impl Into<String>) -> UpstreamError {
    UpstreamError::new(CODE, STEP, "status 200 and JSON with tokens", got)
}

fn read(answer: &Answer) -> Result<Tokens, UpstreamError> {
    let status = answer.status;
    let body: Option<Body> = serde_json::from_slice(&answer.body).ok();
    // Some providers answer 200 to say what is wrong.
    if let Some(error) = body.as_ref().and_then(|body| body.error.as_deref()) {
        let text = body.as_ref().and_then(|body| body.error_description.as_deref()).unwrap_or_default();
        return Err(refused(shown(&format!("status {status} and the error {error:?} {text}"))));
    }
    let Some(body) = body.filter(|_| status == 200) else {
        let what =
            if status == 200 { "another text than JSON with tokens" } else { "no error that RFC 6749 knows" };
        return Err(refused(format!("status {status} and {what}")));
    };
    if let Some(kind) = body.token_type.filter(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(refused(shown(&format!("tokens of type {kind:?} instead of Bearer"))));
    }
    // What is no token of RFC 6750 §2.1 could not stand in a header.
    let is_token = |token: &String| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    Ok(Tokens {
        access_token: body.access_token.filter(is_token).map(Secret::new),
        id_token: body.id_token.map(Secret::new),
    })
}
