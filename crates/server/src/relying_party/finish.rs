//! Takes a browser back from a provider (RFC 6749 §4.1.2), one check after the other.
use super::{
    attributes,
    exchange::{self, Tokens},
    id_token::{self, Claims, Expected},
    keys,
    model::{Callback, Finished, Purpose, UpstreamError, shown},
    simulator, social,
    start::{self, check_enabled},
    store,
    upstream::{Issuer, Upstream},
    user_info,
};
use crate::{
    connections::{self, Connection, ConnectionType, Provider},
    ctx::Ctx,
    identities::Identity,
    ids::ConnectionId,
    user_attributes::{self, Catalogue},
    vault,
};
use serde_json::Value as Json;

/// Longer is no code: providers send some hundred bytes, some of them two thousand.
const MAX_CODE: usize = 8192;

/// Who signed in, and what for. The state is used up, also if a later check fails.
///
/// # Errors
/// [`UpstreamError`], with the purpose if the state was good.
pub async fn finish(
    ctx: &Ctx,
    connection: ConnectionId,
    params: Callback,
    browser_hash: Option<&[u8]>,
) -> Result<Finished, UpstreamError> {
    let (purpose, state) = take_state(ctx, connection, params.state.as_deref(), browser_hash)
        .await
        .map_err(|error| error.through(connection))?;
    let finished = async {
        let connection = find(ctx, connection).await?;
        check_enabled(&connection, purpose)?;
        let code = check_answer(&params)?;
        let identity = identify(ctx, &connection, &params, code, &state).await?;
        Ok(Finished { purpose, connection, identity })
    };
    finished.await.map_err(|error: UpstreamError| error.of(purpose).through(connection))
}

/// What the state is for, if it is this connection's and this browser's, for the first time.
async fn take_state(
    ctx: &Ctx,
    connection: ConnectionId,
    state: Option<&str>,
    browser_hash: Option<&[u8]>,
) -> Result<(Purpose, String), UpstreamError> {
    let refused =
        |expected: &str, got: &str| UpstreamError::new("invalid_state", "check the state", expected, got);
    let state = state.ok_or_else(|| refused("the state that the browser was sent away with", "none"))?;
    let browser = browser_hash
        .ok_or_else(|| refused("the cookie of the browser that was sent away", "a browser without it"))?;
    let (env, hash) = (ctx.environment().id, vault::hash(state));
    let mut tx = ctx.db().write().await?;
    let taken = store::take(&mut tx, env, &hash, (connection, browser), ctx.now()).await?;
    tx.commit().await?;
    if let Some(purpose) = taken {
        return Ok((purpose, state.to_owned()));
    }
    Err(match store::find(&mut ctx.db().read(), env, &hash).await? {
        None => refused("a state of this server", "an unknown one"),
        Some(other) if other.browser_hash != browser => {
            refused("the browser that was sent away", "another browser")
        }
        Some(other) if other.connection != connection => {
            let got = format!("an answer to {connection}");
            refused(&format!("an answer to {}", other.connection), &got)
        }
        Some(other) if other.is_used => refused("a state for the first time", "one that was used before"),
        Some(other) => refused("an answer within 15 minutes", "a later one").of(other.purpose),
    })
}

async fn find(ctx: &Ctx, id: ConnectionId) -> Result<Connection, UpstreamError> {
    let found = connections::find(&mut ctx.db().read(), ctx.environment().id, None, id).await?;
    found.ok_or_else(|| {
        let expected = "a connection of this environment";
        UpstreamError::new("invalid_connection_id", "find the connection", expected, id.to_string())
    })
}

/// The code, or why there is none (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6).
fn check_answer(params: &Callback) -> Result<&str, UpstreamError> {
    let step = "read the answer of the identity provider";
    if let Some(error) = &params.error {
        let code = match error.as_str() {
            "access_denied" => "access_denied",
            "login_required" | "interaction_required" | "account_selection_required" | "consent_required" => {
                "authentication_not_completed"
            }
            "server_error" | "temporarily_unavailable" => "server_error",
            _ => "unauthorized",
        };
        let text = params.error_description.as_deref().unwrap_or_default();
        let got = shown(&format!("the error {error:?} {text}"));
        return Err(UpstreamError::new(code, step, "a code", got));
    }
    match params.code.as_deref() {
        Some(code) if !code.is_empty() && code.len() <= MAX_CODE => Ok(code),
        Some(_) => Err(UpstreamError::new("failed_to_exchange_token", step, "a code", "another text")),
        None => Err(UpstreamError::new("failed_to_exchange_token", step, "a code", "neither code nor error")),
    }
}

async fn identify(
    ctx: &Ctx,
    connection: &Connection,
    params: &Callback,
    code: &str,
    state: &str,
) -> Result<Identity, UpstreamError> {
    let claims = match simulator::is_one(connection) {
        true => simulator::exchange(ctx, connection, code, state).await?,
        false => ask(ctx, connection, params, code, state).await?,
    };
    let env = ctx.environment().id;
    let catalogue = user_attributes::list(&mut ctx.db().read(), env, Catalogue::Sso).await?;
    attributes::identity(connection, &catalogue, &claims)
}

/// All that the provider says of the person.
async fn ask(
    ctx: &Ctx,
    connection: &Connection,
    params: &Callback,
    code: &str,
    state: &str,
) -> Result<Claims, UpstreamError> {
    let upstream = Upstream::of(ctx, connection)?;
    check_sender(&upstream, params.iss.as_deref())?;
    let tokens = exchange::exchange(ctx, &upstream, code, &start::code_verifier(ctx, state)).await?;
    let claims = match &upstream.issuer {
        Some(issuer) => {
            check_id_token(ctx, connection.id, &upstream, issuer, &tokens, &start::nonce(ctx, state)).await?
        }
        None => Claims::new(),
    };
    let claims = match connection.provider {
        Provider::GitHub if connection.kind() == ConnectionType::OAuth => {
            social::github(ctx, &upstream, &tokens).await?
        }
        _ => with_user_info(ctx, &upstream, &tokens, claims).await?,
    };
    social::trusted(connection, claims)
}

/// RFC 9207 §2.4: whoever says who it is must be the one that the browser was sent to. Each connection has a callback of its
/// own as well, so that answers cannot be mixed up (RFC 9700 §4.4.2).
fn check_sender(upstream: &Upstream, iss: Option<&str>) -> Result<(), UpstreamError> {
    let (Some(iss), Some(issuer)) = (iss, &upstream.issuer) else { return Ok(()) };
    // Which of Microsoft's tenants it is, the ID token says.
    if iss == issuer.name || issuer.name.contains("{tid}") {
        return Ok(());
    }
    let (expected, got) = (format!("iss {:?}", issuer.name), shown(&format!("{iss:?}")));
    Err(UpstreamError::new("unauthorized", "check who sends the answer", expected, got))
}

async fn check_id_token(
    ctx: &Ctx,
    connection: ConnectionId,
    upstream: &Upstream,
    issuer: &Issuer,
    tokens: &Tokens,
    nonce: &str,
) -> Result<Claims, UpstreamError> {
    let token = tokens.id_token.as_ref().ok_or_else(|| {
        UpstreamError::new(
            "invalid_id_token",
            "find the ID token",
            "an id_token from the token endpoint",
            "none",
        )
    })?;
    let verified = keys::verify(ctx, connection, upstream, issuer, token.expose()).await?;
    let expected = Expected {
        issuer: &issuer.name_for(&verified),
        client_id: &upstream.client_id,
        nonce,
        access_token: tokens.access_token.as_ref().map(|token| token.expose().as_str()),
        now: ctx.now().as_seconds(),
    };
    id_token::check(&verified, &expected)
}

/// With what the UserInfo endpoint says, if there is one. What the ID token says goes before it: that is signed.
async fn with_user_info(
    ctx: &Ctx,
    upstream: &Upstream,
    tokens: &Tokens,
    claims: Claims,
) -> Result<Claims, UpstreamError> {
    let Some(url) = &upstream.user_info_uri else { return Ok(claims) };
    let mut all: Claims =
        user_info::read(ctx, url, upstream.plain_http, tokens.access_token.as_ref()).await?;
    if let Some(subject) = claims.get("sub").and_then(Json::as_str) {
        user_info::check_subject(&all, subject)?;
    }
    all.extend(claims);
    Ok(all)
}
