//! The gate: who may call what. A [`Ctx`] is made here and nowhere else for calls over the network.
use super::{persons, serve::Peer};
use crate::{
    app::App,
    clients::{self, ClientId},
    ctx::{Arrival, Caller, Ctx},
    environments::Environment,
    error::{Error, Kind},
    ids::UserId,
    time::Timestamp,
};
use gatewright_api::plan::{Callers, Method};
use gatewright_jose::{TimeClaims, check_times};
use http::{HeaderMap, Uri, header};
use serde::Deserialize;
use std::{net::IpAddr, sync::Arc};

/// Finds the environment by the host that the request was sent to, never by anything else. One that another node has
/// added is known within a second.
///
/// # Errors
/// `NOT_FOUND` for a host that no environment is served at.
pub async fn arrive(
    app: &App,
    request_id: Arc<str>,
    uri: &Uri,
    headers: &HeaderMap,
    peer: Option<Peer>,
) -> Result<Arrival, Error> {
    let host = uri
        .authority()
        .map(http::uri::Authority::as_str)
        .or_else(|| headers.get(header::HOST).and_then(|value| value.to_str().ok()))
        .unwrap_or_default();
    app.environments.refresh(app).await;
    let environment = app.environments.at(host).ok_or_else(|| {
        let shown: String = host.chars().filter(|c| !c.is_control()).take(100).collect();
        Error::new(
            Kind::NotFound,
            format!(
                "no environment is served at \"{shown}\"; use the environment URL, or set server.public_url"
            ),
        )
    })?;
    Ok(Arrival { request_id, environment, ip: peer.map(|peer| client_address(app, headers, peer)) })
}

/// The caller's address: the connection's, or what a trusted proxy says of it. Each hop appends to the header, so the
/// last address that is not a trusted proxy's is the one that a proxy of ours saw.
fn client_address(app: &App, headers: &HeaderMap, peer: Peer) -> IpAddr {
    let trusted = |ip: IpAddr| app.settings.trusted_proxies.iter().any(|network| network.contains(ip));
    let mut ip = peer.addr.ip().to_canonical();
    if !trusted(ip) {
        return ip;
    }
    let values = headers.get_all("x-forwarded-for");
    let hops: Vec<&str> =
        values.iter().filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(',')).collect();
    for hop in hops.iter().rev() {
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        ip = address.to_canonical();
        if !trusted(ip) {
            break;
        }
    }
    ip
}

/// Lets a caller in, or says why not.
///
/// # Errors
/// `UNAUTHENTICATED` without a valid token: SDKs get a new one then. `PERMISSION_DENIED` with one that may not do this;
/// `RESOURCE_EXHAUSTED` over the limit of calls.
pub async fn enter(
    app: &Arc<App>,
    arrival: &Arrival,
    headers: &HeaderMap,
    (verb, method): (&http::Method, &Method),
) -> Result<Ctx, Error> {
    let ctx = visit(app, arrival)?;
    if method.callers.intersects(Callers::NONE) {
        return Ok(ctx);
    }
    let has_token = headers.contains_key(header::AUTHORIZATION);
    // A token says who calls; a cookie comes along by itself.
    if !has_token && method.callers.intersects(Callers::SESSION) && persons::has_cookie(&ctx, headers) {
        let caller = persons::by_cookie(&ctx, headers, verb).await?;
        return Ok(ctx.called_by(caller));
    }
    let caller = authenticate(&ctx, headers).await?;
    authorize(&caller, method)?;
    Ok(ctx.called_by(caller))
}

/// Lets somebody in who is not known, or known by a cookie only: to a page or a protocol endpoint, which checks the rest
/// itself.
///
/// # Errors
/// `RESOURCE_EXHAUSTED` over the limit of calls.
pub fn visit(app: &Arc<App>, arrival: &Arrival) -> Result<Ctx, Error> {
    app.rates.check(arrival.environment.id)?;
    let (environment, request_id) = (arrival.environment.clone(), arrival.request_id.clone());
    Ok(Ctx::new(app.clone(), environment, Caller::Anonymous, request_id, arrival.ip))
}

/// Any one valid token will do: Python sends two `authorization` values, of which one goes stale. Without one,
/// `PERMISSION_DENIED` goes before `UNAUTHENTICATED`, upon which SDKs would fetch a new token in vain.
async fn authenticate(ctx: &Ctx, headers: &HeaderMap) -> Result<Caller, Error> {
    let mut refusal = Error::new(Kind::Unauthenticated, "Token empty");
    for value in headers.get_all(header::AUTHORIZATION) {
        let Some(token) = bearer(value.to_str().unwrap_or_default()) else { continue };
        match identify(ctx, token).await {
            Ok(caller) => return Ok(caller),
            Err(error) if error.kind() == Kind::PermissionDenied => refusal = error,
            Err(error) if error.kind() != Kind::Unauthenticated => return Err(error),
            Err(error) if refusal.kind() == Kind::Unauthenticated => refusal = error,
            Err(_) => {}
        }
    }
    Err(refusal)
}

/// The token of `Bearer token` (RFC 6750 §2.1); the scheme's case does not count (RFC 9110 §11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// How far ahead the clock of the node that made a token may be (`auth.md` 9.1). Nothing is forgiven after the end.
const CLOCK_LEEWAY_SECONDS: i64 = 30;

/// Claims that decide whose token it is.
#[derive(Deserialize)]
struct TokenClaims {
    iss: String,
    sub: String,
    client_id: String,
    #[serde(default)]
    aud: Vec<String>,
    exp: i64,
    nbf: i64,
    iat: i64,
}

async fn identify(ctx: &Ctx, token: &str) -> Result<Caller, Error> {
    let (app, environment) = (ctx.app(), ctx.environment());
    let payload = app.keys.verify(app, environment, token).await?;
    let claims: TokenClaims =
        serde_json::from_slice(&payload).map_err(|_| refused("token is not a client's access token"))?;
    let now = ctx.now();
    check_token(&claims, environment, now)?;
    // A user's token names the user as its subject: only a client's own token has both alike.
    if claims.sub != claims.client_id {
        return match claims.sub.parse::<UserId>() {
            Ok(user) if claims.aud.contains(&claims.client_id) => {
                persons::by_token(ctx, user, &payload).await
            }
            _ => Err(refused("token is not a client's access token")),
        };
    }
    let id: ClientId = claims.sub.parse().map_err(|_| refused("token is not a client's access token"))?;
    let known = clients::known(app, environment.id, id, now).await?;
    let client = known.client.as_ref().ok_or_else(|| refused("the client of this token does not exist"))?;
    match client.id {
        // RFC 9068 §4: a token that an application got for somebody else's API is not for this one.
        ClientId::Application(_) if !claims.aud.contains(&claims.sub) => {
            Err(refused("token is for another audience"))
        }
        ClientId::Application(_) if !client.ip_allowlist.allows(ctx.ip()) => {
            Err(refused("the client of this token may not use it from this address"))
        }
        ClientId::Application(id) if client.management_access => Ok(Caller::Client(id)),
        ClientId::Application(_) => {
            Err(refused("the client of this token has no access to the management API"))
        }
        ClientId::Organization(_) => Err(Error::new(
            Kind::PermissionDenied,
            "a machine client of an organization may not call the management API; use an application's token",
        )),
        ClientId::Resource(_) => Err(Error::new(
            Kind::PermissionDenied,
            "a client of a resource may not call the management API; use an application's token",
        )),
    }
}

/// A credential that is none.
pub(super) fn refused(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Unauthenticated, text)
}

fn check_token(claims: &TokenClaims, environment: &Environment, now: Timestamp) -> Result<(), Error> {
    if !environment.has_url(&claims.iss) {
        return Err(refused("token was issued by another environment"));
    }
    let times = TimeClaims { exp: claims.exp, nbf: claims.nbf, iat: claims.iat };
    check_times(times, now.as_seconds(), CLOCK_LEEWAY_SECONDS).map_err(|error| refused(error.to_string()))
}

fn authorize(caller: &Caller, method: &Method) -> Result<(), Error> {
    let kind = match caller {
        Caller::Client(_) => Callers::CLIENT,
        Caller::Person { .. } => Callers::USER,
        Caller::Operator | Caller::Server => return Ok(()),
        Caller::Anonymous => Callers::NONE,
    };
    if method.callers.intersects(kind) {
        return Ok(());
    }
    let text = match caller {
        _ if method.callers == Callers(0) => format!("{} cannot be called over the network", method.name),
        Caller::Person { .. } => format!("a user's token may not call {}", method.name),
        _ => format!("an application's token may not call {}", method.name),
    };
    Err(Error::new(Kind::PermissionDenied, text).with_required_permissions(method.permissions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_bearer_tokens_and_nothing_else() {
        assert_eq!(bearer("Bearer a.b.c"), Some("a.b.c"));
        assert_eq!(bearer("bearer  a "), Some("a"));
        for value in ["", "Bearer", "Bearer ", "Basic YTpi", "a.b.c", "Bearera b"] {
            assert_eq!(bearer(value), None, "{value}");
        }
    }
}
