//! Persons at the gate: who has signed in, by the cookie of a session or by an access token that was given out in one.
use super::{gate::refused, web::Cookies};
use crate::{
    ctx::{Caller, Ctx},
    error::{Error, Kind},
    ids::{OrganizationId, SessionId, TokenId, UserId},
    sessions::{self, Session},
};
use http::{HeaderMap, Method, header};
use serde::Deserialize;
use std::time::Duration;

/// How long a session may look unused although it is used: so seldom is its use written down.
const NOTICED_AFTER: Duration = Duration::from_secs(60);

/// Whether there is a cookie of a session.
pub fn has_cookie(ctx: &Ctx, headers: &HeaderMap) -> bool {
    Cookies::of(headers, ctx.environment()).session().is_some()
}

/// The person of the session's cookie. The request must come from the environment's own pages.
///
/// # Errors
/// `PERMISSION_DENIED` for a request of another page; `UNAUTHENTICATED` for a session that has ended.
pub async fn by_cookie(ctx: &Ctx, headers: &HeaderMap, verb: &Method) -> Result<Caller, Error> {
    check_origin(&ctx.environment().url, headers, verb)?;
    let (_, caller) =
        session(ctx, headers).await?.ok_or_else(|| refused("the session has ended; sign in again"))?;
    Ok(caller)
}

/// The session of the cookie with the person whose it is, unless it has ended. This counts as a use of it.
///
/// # Errors
/// Those of the database.
pub async fn session(ctx: &Ctx, headers: &HeaderMap) -> Result<Option<(Session, Caller)>, Error> {
    let cookies = Cookies::of(headers, ctx.environment());
    let Some(token) = cookies.session() else { return Ok(None) };
    let Some(session) = sessions::find_by_token(&mut ctx.db().read(), ctx, token).await? else {
        return Ok(None);
    };
    // The organization that was active last may be left by now.
    let organization = Some(session.organization).filter(|id| session.organizations.contains(id));
    let Some(organization) = organization.or(session.organizations.first().copied()) else { return Ok(None) };
    if session.last_active_at.plus(NOTICED_AFTER) <= ctx.now() {
        let mut tx = ctx.db().write().await?;
        if !sessions::touch(&mut tx, ctx, session.id, organization).await? {
            return Ok(None);
        }
        tx.commit().await?;
    }
    let caller = Caller::Person { user: session.user, session: session.id, organization };
    Ok(Some((session, caller)))
}

/// What an access token of a user says, `auth.md` 3.3. ID tokens have `at_hash` and no `jti`.
#[derive(Deserialize)]
struct UserClaims {
    jti: String,
    #[serde(default)]
    sid: String,
    #[serde(default)]
    oid: String,
    at_hash: Option<String>,
}

/// The person of a verified token whose subject is `user`, as long as the session lasts that it was given out in.
///
/// # Errors
/// `UNAUTHENTICATED`
pub async fn by_token(ctx: &Ctx, user: UserId, payload: &[u8]) -> Result<Caller, Error> {
    let not_access = || refused("token is not an access token");
    let claims: UserClaims = serde_json::from_slice(payload).map_err(|_| not_access())?;
    if claims.at_hash.is_some() || claims.jti.parse::<TokenId>().is_err() {
        return Err(not_access());
    }
    let no_session = || refused("token was given out without a session of this environment");
    let session: SessionId = claims.sid.parse().map_err(|_| no_session())?;
    let organization: OrganizationId = claims.oid.parse().map_err(|_| no_session())?;
    let found = sessions::find_active(&mut ctx.db().read(), ctx, session).await?;
    match found {
        Some(found) if found.user == user && found.organizations.contains(&organization) => {
            Ok(Caller::Person { user, session, organization })
        }
        _ => Err(refused("the session of this token has ended; sign in again")),
    }
}

/// A browser sends the cookie along whoever asks it to, so a request by cookie must come from the environment's own
/// pages: `Sec-Fetch-Site` says so, or `Origin` where a browser does not send that (it does over HTTPS and on
/// localhost). Only a request that changes nothing may come without both.
fn check_origin(own: &str, headers: &HeaderMap, verb: &Method) -> Result<(), Error> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let is_own = match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some("same-origin"), origin) => origin.is_none_or(|origin| origin == own),
        // Typed into the address bar.
        (Some("none"), None) => verb.is_safe(),
        (Some(_), _) => false,
        (None, Some(origin)) => origin == own,
        (None, None) => verb.is_safe(),
    };
    if is_own {
        return Ok(());
    }
    let text = "a call with the session's cookie must come from the pages of the environment itself; use an access token";
    Err(Error::new(Kind::PermissionDenied, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_pages_may_use_the_cookie() {
        let own = "https://acme.example";
        for (site, origin, get, post) in [
            (Some("same-origin"), Some(own), true, true),
            (Some("same-origin"), None, true, true),
            (Some("same-origin"), Some("https://evil.example"), false, false),
            (Some("none"), None, true, false),
            (Some("none"), Some(own), false, false),
            (Some("same-site"), Some("https://x.acme.example"), false, false),
            (Some("cross-site"), None, false, false),
            (Some("cross-site"), Some(own), false, false),
            (None, Some(own), true, true),
            (None, Some("https://acme.example:444"), false, false),
            (None, Some("http://acme.example"), false, false),
            (None, Some("null"), false, false),
            (None, None, true, false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            let allowed = |verb| check_origin(own, &headers, &verb).is_ok();
            assert_eq!((allowed(Method::GET), allowed(Method::POST)), (get, post), "{site:?} {origin:?}");
            assert_eq!(allowed(Method::DELETE), post, "{site:?} {origin:?}");
        }
    }
}
