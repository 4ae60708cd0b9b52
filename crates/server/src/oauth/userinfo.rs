//! `/userinfo` (OpenID Connect Core §5.3), for who brings an access token in the header (RFC 6750 §2.1).
use super::{about::About, access_token};
use crate::{
    ctx::Ctx,
    error::Error,
    ids::UserId,
    users::{self, UserRef},
};
use http::{HeaderMap, header};
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// Why nothing is told (RFC 6750 §3.1).
#[derive(Debug)]
pub enum UserInfoError {
    /// There is no token.
    Missing,
    /// It is none of ours, has expired, or was called back; its session has ended; or it is no person's.
    InvalidToken,
    /// It was not granted `openid`.
    InsufficientScope,
    /// The server's fault.
    Fault(Arc<Error>),
}

impl From<Error> for UserInfoError {
    fn from(error: Error) -> Self {
        Self::Fault(Arc::new(error))
    }
}

impl From<Arc<Error>> for UserInfoError {
    fn from(error: Arc<Error>) -> Self {
        Self::Fault(error)
    }
}

/// What the scopes of the token let its bearer know. Of somebody whom the environment keeps no user of, that is `sub`.
///
/// # Errors
/// [`UserInfoError`]
pub async fn userinfo(ctx: &Ctx, headers: &HeaderMap) -> Result<Json, UserInfoError> {
    let token = bearer(headers).ok_or(UserInfoError::Missing)?;
    let token = access_token::find(ctx, token).await?.ok_or(UserInfoError::InvalidToken)?;
    if token.is_machines() {
        return Err(UserInfoError::InvalidToken);
    }
    if !token.has_scope("openid") {
        return Err(UserInfoError::InsufficientScope);
    }
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), token.sub.clone().into());
    if token.membership().is_some() {
        let id = token.sub.parse::<UserId>().map_err(|_| UserInfoError::InvalidToken)?;
        let found = users::find(&mut ctx.db().read(), ctx.environment().id, &UserRef::Id(id)).await?;
        let user = found.ok_or(UserInfoError::InvalidToken)?;
        claims.extend(About::from(&user).at_userinfo(&token.scopes));
    }
    Ok(claims.into())
}

/// The one token of the header; none if there are several.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (values.next()?, values.next());
    let (scheme, token) = first.to_str().ok()?.trim().split_once(' ')?;
    let token = token.trim();
    (second.is_none() && scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
