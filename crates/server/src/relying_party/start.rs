//! Sends a browser to a provider: the authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1).
use super::{
    model::{Hints, Purpose, UpstreamError},
    simulator,
    store::{self, Underway},
    upstream::Upstream,
};
use crate::{
    connections::Connection,
    ctx::Ctx,
    entropy,
    vault::{self, Place},
};
use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use std::time::Duration;

/// How long a person may take at the provider.
const LIFETIME: Duration = Duration::from_secs(15 * 60);
const MAX_LOGIN_HINT: usize = 254;
const PROMPTS: [&str; 4] = ["login", "none", "consent", "select_account"];

/// The URL to send the browser to. What comes back from there is for [`super::finish`], from the same browser, once, within
/// 15 minutes.
///
/// # Errors
/// `connection_not_active` for a connection that is not complete, or disabled and not to be tested; `server_error`.
pub async fn start(
    ctx: &Ctx,
    connection: &Connection,
    purpose: Purpose,
    browser_hash: &[u8],
    hints: Hints,
) -> Result<String, UpstreamError> {
    let url = request(ctx, connection, purpose, browser_hash, &hints).await;
    url.map_err(|error| error.of(purpose).through(connection.id))
}

async fn request(
    ctx: &Ctx,
    connection: &Connection,
    purpose: Purpose,
    browser_hash: &[u8],
    hints: &Hints,
) -> Result<String, UpstreamError> {
    check_enabled(connection, purpose)?;
    let upstream = match simulator::is_one(connection) {
        true => None,
        false => Some(Upstream::of(ctx, connection)?),
    };
    let state = entropy::token()?;
    let underway = Underway {
        connection: connection.id,
        purpose,
        browser_hash: browser_hash.to_vec(),
        is_used: false,
        expires_at: ctx.now().plus(LIFETIME),
    };
    let mut tx = ctx.db().write().await?;
    store::insert(&mut tx, ctx.environment().id, vault::hash(&state), &underway, ctx.now()).await?;
    tx.commit().await?;
    Ok(match upstream {
        Some(upstream) => authorization_url(ctx, &upstream, &state, hints),
        None => simulator::url(ctx, connection.id, &state, hints),
    })
}

/// People sign in through enabled connections only; a test is what one does before.
///
/// # Errors
/// `connection_not_active`
pub(super) fn check_enabled(connection: &Connection, purpose: Purpose) -> Result<(), UpstreamError> {
    if connection.enabled || matches!(purpose, Purpose::Test(_)) {
        return Ok(());
    }
    Err(UpstreamError::new(
        "connection_not_active",
        "find the connection",
        "an enabled one",
        "a disabled one",
    ))
}

/// A query that the endpoint has already stays (RFC 6749 §3.1).
fn authorization_url(ctx: &Ctx, upstream: &Upstream, state: &str, hints: &Hints) -> String {
    let mut url = upstream.authorize_uri.clone();
    let mut query = url.query_pairs_mut();
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", &upstream.client_id)
        .append_pair("redirect_uri", &upstream.redirect_uri)
        .append_pair("state", state)
        .extend_pairs(&upstream.extra);
    if upstream.issuer.is_some() {
        query.append_pair("nonce", &nonce(ctx, state));
    }
    if upstream.pkce {
        query
            .append_pair("code_challenge", &challenge(&code_verifier(ctx, state)))
            .append_pair("code_challenge_method", "S256");
    }
    if let Some(hint) = hints.login_hint.as_deref().filter(|hint| hint.len() <= MAX_LOGIN_HINT) {
        query.append_pair("login_hint", hint);
    }
    if let Some(prompt) = prompt(hints).or(upstream.prompt.as_deref()) {
        query.append_pair("prompt", prompt);
    }
    drop(query);
    url.into()
}

fn prompt(hints: &Hints) -> Option<&str> {
    let asked = hints.prompt.as_deref().filter(|prompt| PROMPTS.contains(prompt));
    if hints.force_login { Some("login") } else { asked }
}

/// By which the ID token is known as the one of this sign-in (Core §15.5.2). Like the code verifier it follows from the
/// state under the master key: nobody else can tell it, and nothing of it need be kept.
pub(super) fn nonce(ctx: &Ctx, state: &str) -> String {
    derived(ctx, "upstream_logins.nonce", state)
}

/// RFC 7636 §4.1: 43 characters.
pub(super) fn code_verifier(ctx: &Ctx, state: &str) -> String {
    derived(ctx, "upstream_logins.code_verifier", state)
}

fn derived(ctx: &Ctx, column: &'static str, state: &str) -> String {
    BASE64URL.encode(ctx.app().vault.tag(Place { column, row: 0 }, state.as_bytes()))
}

/// RFC 7636 §4.2
fn challenge(verifier: &str) -> String {
    BASE64URL.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn only_known_prompts_are_passed_on() {
        let hints =
            |prompt: &str, force_login| Hints { prompt: Some(prompt.into()), force_login, login_hint: None };
        assert_eq!(prompt(&hints("select_account", false)), Some("select_account"));
        assert_eq!(prompt(&hints("create", false)), None);
        assert_eq!(prompt(&hints("none", true)), Some("login"));
    }
}
