//! How a client proves itself at the endpoints for machines (RFC 6749 §2.3.1, RFC 7636). A bearer token in `Authorization` is
//! ignored: some SDKs send their last one along.
use super::{OAuthError, form::Form};
use crate::{
    clients::{self, Client, ClientId},
    ctx::Ctx,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// What a client presents.
#[derive(Debug)]
struct Presented<'a> {
    client_id: Cow<'a, str>,
    client_secret: Option<Cow<'a, str>>,
}

/// A client, and whether it proved that it is the one.
#[derive(Debug)]
pub struct Presenter {
    /// It exists.
    pub client: Client,
    /// Whether it showed a secret of its own. If not, it only said its id.
    pub by_secret: bool,
}

/// The client of a request. A wrong secret is refused, whatever else would do.
///
/// # Errors
/// `invalid_client` for an unknown client or a wrong secret; `invalid_request` for two ways at once.
pub async fn identify(ctx: &Ctx, headers: &HeaderMap, form: &Form<'_>) -> Result<Presenter, OAuthError> {
    let presented = presented(headers, form)?;
    let client = match &presented.client_secret {
        Some(secret) => {
            clients::authenticate(ctx.app(), ctx.environment(), &presented.client_id, secret).await?
        }
        None => match presented.client_id.parse::<ClientId>() {
            Ok(id) => {
                let known = clients::known(ctx.app(), ctx.environment().id, id, ctx.now()).await?;
                known.client.clone()
            }
            Err(_) => None,
        },
    };
    let client = client.ok_or_else(OAuthError::invalid_client)?;
    Ok(Presenter { client, by_secret: presented.client_secret.is_some() })
}

/// The client of a request that has shown its secret.
///
/// # Errors
/// As [`identify`]; `invalid_client` without a secret.
pub async fn authenticate(ctx: &Ctx, headers: &HeaderMap, form: &Form<'_>) -> Result<Client, OAuthError> {
    let presenter = identify(ctx, headers, form).await?;
    if presenter.by_secret { Ok(presenter.client) } else { Err(OAuthError::invalid_client()) }
}

/// Reads the client's credentials from `Authorization: Basic` or from the form, not from both.
fn presented<'a>(headers: &HeaderMap, form: &'a Form<'_>) -> Result<Presented<'a>, OAuthError> {
    let basic = headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .filter_map(|value| value.trim().split_once(' '))
        .find(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let Some((_, encoded)) = basic else {
        let client_id = form.get("client_id").ok_or_else(OAuthError::invalid_client)?.into();
        let client_secret = form.get("client_secret").map(Cow::from);
        return Ok(Presented { client_id, client_secret });
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
    Ok(Presented { client_id: client_id.into(), client_secret: Some(client_secret.into()) })
}

/// Both halves are form-encoded before they are joined (RFC 6749 §2.3.1).
fn decode_basic(encoded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |half: &str| percent_decode_str(half).decode_utf8().ok().map(Cow::into_owned);
    Some((decode(id)?, decode(secret)?))
}
