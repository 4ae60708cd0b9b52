//! The token endpoint (RFC 6749 §3.2): one file for each grant, each a list of checks in the order of its RFC.
mod authorization_code;
mod client_credentials;
mod refresh_token;

pub use refresh_token::find as find_refresh_token;

use super::{OAuthError, about::has, client_auth, form::Form, grant::Grant, person::Person};
use crate::{
    clients::{Client, ClientType, GrantType},
    ctx::Ctx,
    environments::EnvironmentType,
    ids::ResourceId,
    resources::{self, Target},
};
use http::HeaderMap;

/// Scopes that a resource does not have to know: they are about the sign-in.
const OF_SIGN_IN: [&str; 6] = ["openid", "profile", "email", "phone", "address", "offline_access"];

/// Answers a token request with the JSON of RFC 6749 §5.1. At the endpoint of a resource only its own clients get tokens.
///
/// # Errors
/// [`OAuthError`]
pub async fn token(
    ctx: &Ctx,
    resource: Option<ResourceId>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<String, OAuthError> {
    let form = Form::parse(headers, body)?;
    let word = form.get("grant_type").ok_or_else(|| OAuthError::invalid_request("grant_type is required"))?;
    let grant = GrantType::parse(word).ok_or_else(|| OAuthError::unsupported_grant_type(word))?;
    let presenter = client_auth::identify(ctx, headers, &form).await?;
    check_endpoint(&presenter.client, resource)?;
    match grant {
        GrantType::AuthorizationCode => authorization_code::exchange(ctx, &presenter, &form).await,
        GrantType::RefreshToken => refresh_token::refresh(ctx, &presenter, &form).await,
        GrantType::ClientCredentials => client_credentials::issue(ctx, &presenter, &form).await,
    }
}

/// The endpoint of a resource does not know other clients (`auth.md` 1.4).
fn check_endpoint(client: &Client, resource: Option<ResourceId>) -> Result<(), OAuthError> {
    match resource {
        Some(resource) if client.kind != ClientType::Resource(resource) => Err(OAuthError::invalid_client()),
        _ => Ok(()),
    }
}

/// RFC 6749 §5.2.
fn check_grant(client: &Client, grant: GrantType) -> Result<(), OAuthError> {
    if client.allows(grant) { Ok(()) } else { Err(OAuthError::unauthorized_client("this grant")) }
}

/// A client that has a secret may leave it out in development, where PKCE proved it (`auth.md` 1.6.1): the vendor's tool for
/// trying out a sign-in does.
fn may_leave_secret_out(ctx: &Ctx, client: &Client, has_pkce: bool) -> bool {
    client.is_public() || (has_pkce && ctx.environment().kind == EnvironmentType::Development)
}

/// The resource that the tokens of a grant are for. Naming it again is allowed, naming another one is not (RFC 8707 §2.2).
async fn target(
    ctx: &Ctx,
    client: &Client,
    grant: &Grant,
    asked: Option<&str>,
) -> Result<Option<Target>, OAuthError> {
    let target = match grant.resource {
        Some(_) => resources::target_of(ctx.app(), ctx.environment(), client).await?,
        None => None,
    };
    let named = |target: &Target| asked.is_none_or(|asked| target.audiences.iter().any(|name| name == asked));
    match (&target, grant.resource) {
        (Some(found), Some(resource)) if found.resource == resource && named(found) => Ok(target),
        (None, None) if asked.is_none() => Ok(target),
        _ => Err(OAuthError::invalid_target()),
    }
}

/// What of the scopes still counts: those of a resource as long as it has them and, if it wants that, as long as the user has
/// the permissions (`auth.md` 7.5).
fn scopes_now(scopes: &[String], person: &Person, target: Option<&Target>) -> Vec<String> {
    let Some(target) = target else { return scopes.to_vec() };
    let may = |scope: &String| !target.intersect_permissions || has(&person.permissions, scope);
    let counts =
        |scope: &&String| OF_SIGN_IN.contains(&scope.as_str()) || (has(&target.scopes, scope) && may(scope));
    scopes.iter().filter(counts).cloned().collect()
}
