//! Access tokens that come back: whether they are ours, and still good.
use super::{about::has, store};
use crate::{
    clients::{self, Client, ClientId},
    ctx::Ctx,
    error::{Error, Kind},
    ids::{OrganizationId, SessionId},
    sessions,
    time::Timestamp,
};
use gatewright_jose::{TimeClaims, check_times};
use serde::Deserialize;

/// How far ahead the clock of the node that made a token may be (`auth.md` 9.1). Nothing is forgiven after the end.
const CLOCK_LEEWAY_SECONDS: i64 = 30;

/// The claims of an access token. Every other token of this server lacks one of those that are required.
#[derive(Clone, Debug, Deserialize)]
pub struct AccessToken {
    /// `iss`, one of the environment's URLs.
    pub iss: String,
    /// `sub`
    pub sub: String,
    /// `client_id`
    pub client_id: String,
    /// `aud`
    #[serde(default)]
    pub aud: Vec<String>,
    /// `jti`
    pub jti: String,
    /// `exp`
    pub exp: i64,
    /// `nbf`
    pub nbf: i64,
    /// `iat`
    pub iat: i64,
    /// `scopes`
    #[serde(default)]
    pub scopes: Vec<String>,
    /// `oid`
    pub oid: Option<String>,
    /// `sid`
    pub sid: Option<String>,
    /// `resid`
    pub resid: Option<String>,
}

impl AccessToken {
    /// The session and organization of a member. Others have no organization in their tokens.
    pub fn membership(&self) -> Option<(SessionId, OrganizationId)> {
        Some((self.sid.as_ref()?.parse().ok()?, self.oid.as_ref()?.parse().ok()?))
    }

    /// Whether it is the client's own.
    pub fn is_machines(&self) -> bool {
        self.sub == self.client_id
    }

    /// Whether a scope was granted.
    pub fn has_scope(&self, scope: &str) -> bool {
        has(&self.scopes, scope)
    }

    /// By what all tokens are called back that its client has for its session, or for its subject.
    fn holder(&self) -> &str {
        self.sid.as_deref().unwrap_or(&self.sub)
    }
}

/// Reads a token of this environment, whether or not it is still good. None for anything else.
///
/// # Errors
/// Those of the database.
pub async fn read(ctx: &Ctx, token: &str) -> Result<Option<(AccessToken, ClientId)>, Error> {
    let payload = match ctx.app().keys.verify(ctx.app(), ctx.environment(), token).await {
        Ok(payload) => payload,
        Err(error) if error.kind() == Kind::Unauthenticated => return Ok(None),
        Err(error) => return Err(error),
    };
    let token = serde_json::from_slice::<AccessToken>(&payload).ok();
    let ours = token.filter(|token| ctx.environment().has_url(&token.iss));
    Ok(ours.and_then(|token| token.client_id.parse().ok().map(|client| (token, client))))
}

/// A token that is good at this moment: its client, session and membership are there, and nobody has called it back.
///
/// # Errors
/// Those of the database.
pub async fn find(ctx: &Ctx, token: &str) -> Result<Option<AccessToken>, Error> {
    let Some((token, client)) = read(ctx, token).await? else { return Ok(None) };
    let times = TimeClaims { exp: token.exp, nbf: token.nbf, iat: token.iat };
    if check_times(times, ctx.now().as_seconds(), CLOCK_LEEWAY_SECONDS).is_err() {
        return Ok(None);
    }
    let good = counts(ctx, &token, client).await?;
    Ok(good.then_some(token))
}

async fn counts(ctx: &Ctx, token: &AccessToken, client: ClientId) -> Result<bool, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let known = clients::known(ctx.app(), env, client, ctx.now()).await?;
    if known.client.is_none() {
        return Ok(false);
    }
    let issued_at = Timestamp::from_micros(token.iat.saturating_mul(1_000_000));
    let names = (token.jti.as_str(), token.holder());
    if store::is_revoked(&mut tx, env, client.as_i64(), names, issued_at).await? {
        return Ok(false);
    }
    match token.membership() {
        Some((session, organization)) => sessions::goes_on(&mut tx, ctx, session, organization).await,
        None => Ok(true),
    }
}

/// Whether a client may know about a token: one of its own, for itself or for its resource. Applications with management
/// access may know of all.
pub fn may_know(client: &Client, token: &AccessToken) -> bool {
    let id = client.id.to_string();
    let is_for_its_resource = match client.kind {
        clients::ClientType::Resource(resource) => token.resid == Some(resource.to_string()),
        _ => false,
    };
    client.management_access || token.client_id == id || token.aud.contains(&id) || is_for_its_resource
}
