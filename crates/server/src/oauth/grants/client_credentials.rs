//! `grant_type=client_credentials` (RFC 6749 §4.4).
use super::check_grant;
use crate::{
    clients::{Client, ClientType, GrantType},
    ctx::Ctx,
    error::Error,
    ids::{ResourceId, TokenId},
    oauth::{OAuthError, client_auth::Presenter, form::Form, issue::seconds_until},
    resources::{self, Target},
};
use serde::{Serialize, Serializer};

/// Gives a client a token of its own.
///
/// # Errors
/// [`OAuthError`]
pub async fn issue(ctx: &Ctx, presenter: &Presenter, form: &Form<'_>) -> Result<String, OAuthError> {
    let client = &presenter.client;
    if !presenter.by_secret {
        return Err(OAuthError::invalid_client());
    }
    check_grant(client, GrantType::ClientCredentials)?;
    check_address(client, ctx)?;
    let asked = Asked { scope: form.get("scope"), audience: form.get("audience").or(form.get("resource")) };
    let grant = match resources::target_of(ctx.app(), ctx.environment(), client).await? {
        Some(target) => grant_of_resource(client, target, asked)?,
        None => Grant {
            scopes: check_scopes(client, asked.scope)?,
            audiences: check_audience(client, asked.audience)?,
            seconds: client.lifetime_seconds(ctx.environment()),
            resource: None,
        },
    };
    answer(ctx, client, &grant).await
}

/// What a request asks for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    scope: Option<&'a str>,
    audience: Option<&'a str>,
}

/// What a client gets.
struct Grant {
    scopes: Vec<String>,
    audiences: Vec<String>,
    seconds: i64,
    resource: Option<ResourceId>,
}

/// Tokens of the client's own are got and used from its networks only (`auth.md` 1.6.1).
fn check_address(client: &Client, ctx: &Ctx) -> Result<(), OAuthError> {
    if client.ip_allowlist.allows(ctx.ip()) {
        Ok(())
    } else {
        Err(OAuthError::unauthorized_client("the address of this request"))
    }
}

/// All that the client may have, or what it asks for of that.
fn check_scopes(client: &Client, asked: Option<&str>) -> Result<Vec<String>, OAuthError> {
    let mut may: Vec<String> = client.scopes.clone();
    if !matches!(client.kind, ClientType::Organization(_)) && !may.iter().any(|scope| scope == "openid") {
        may.insert(0, "openid".to_owned());
    }
    let Some(asked) = asked else { return Ok(may) };
    let mut granted = Vec::new();
    for scope in asked.split_ascii_whitespace() {
        if !may.iter().any(|other| other == scope) {
            return Err(OAuthError::invalid_scope(scope));
        }
        if !granted.iter().any(|other: &String| other == scope) {
            granted.push(scope.to_owned());
        }
    }
    Ok(granted)
}

/// A token of a resource's client is for all that the resource is called, whichever of that it asks for (RFC 8707 §2);
/// its scopes are those that are asked for, registered and enabled on the resource (`auth.md` 6.5).
fn grant_of_resource(client: &Client, target: Target, asked: Asked<'_>) -> Result<Grant, OAuthError> {
    if asked.audience.is_some_and(|asked| !target.audiences.iter().any(|audience| audience == asked)) {
        return Err(OAuthError::invalid_target());
    }
    let asks_for = |scope: &String| {
        asked.scope.is_none_or(|asked| asked.split_ascii_whitespace().any(|other| other == scope))
    };
    let may = client.scopes.iter().filter(|scope| target.scopes.contains(scope));
    let scopes: Vec<String> = may.filter(|scope| asks_for(scope)).cloned().collect();
    match asked.scope {
        Some(asked) if scopes.is_empty() => Err(OAuthError::invalid_scope(asked)),
        _ => Ok(Grant {
            scopes,
            audiences: target.audiences,
            seconds: target.seconds,
            resource: Some(target.resource),
        }),
    }
}

/// The audiences of the client, or the one of them that it asks for. Without any, the client itself: SDKs want a list.
fn check_audience(client: &Client, asked: Option<&str>) -> Result<Vec<String>, OAuthError> {
    match asked {
        Some(asked) if client.audiences.iter().any(|audience| audience == asked) => {
            Ok(vec![asked.to_owned()])
        }
        Some(_) => Err(OAuthError::invalid_target()),
        None if client.audiences.is_empty() => Ok(vec![client.id.to_string()]),
        None => Ok(client.audiences.clone()),
    }
}

/// Claims of a machine's token, `auth.md` 3.5.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    client_id: &'a str,
    aud: &'a [String],
    scopes: &'a [String],
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    oid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    xoid: Option<&'a str>,
    #[serde(skip_serializing_if = "is_empty", serialize_with = "object")]
    custom_claims: &'a [(String, String)],
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

fn is_empty(claims: &&[(String, String)]) -> bool {
    claims.is_empty()
}

fn object<S: Serializer>(claims: &[(String, String)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(claims.iter().map(|(key, value)| (key, value)))
}

#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    token_type: &'a str,
    expires_in: i64,
    scope: &'a str,
}

async fn answer(ctx: &Ctx, client: &Client, grant: &Grant) -> Result<String, OAuthError> {
    let keys = ctx.app().keys.of(ctx.app(), ctx.environment()).await?;
    let now = ctx.now();
    let exp = now.as_seconds() + grant.seconds;
    let (id, scope) = (client.id.to_string(), grant.scopes.join(" "));
    let jti: TokenId = ctx.new_id();
    let claims = Claims {
        iss: &ctx.environment().url,
        sub: &id,
        client_id: &id,
        aud: &grant.audiences,
        scopes: &grant.scopes,
        scope: &scope,
        oid: match client.kind {
            ClientType::Organization(organization) => Some(organization.to_string()),
            _ => None,
        },
        resid: grant.resource.map(|resource| resource.to_string()),
        xoid: client.organization_external_id.as_deref(),
        custom_claims: &client.custom_claims,
        jti: jti.to_string(),
        iat: now.as_seconds(),
        nbf: now.as_seconds(),
        exp,
    };
    let payload = serde_json::to_vec(&claims).map_err(Error::internal)?;
    // 0.3 ms on the thread that serves the request: a hand-over to another one would cost more than it frees.
    let access_token = keys.signing(now)?.sign(&payload).map_err(Error::internal)?;
    let answer = Answer {
        access_token: &access_token,
        token_type: "Bearer",
        expires_in: seconds_until(exp, now),
        scope: &scope,
    };
    Ok(serde_json::to_string(&answer).map_err(Error::internal)?)
}
