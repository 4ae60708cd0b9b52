//! The token endpoint, `grant_type=client_credentials` (RFC 6749 §4.4).
use super::{OAuthError, client_auth, form::Form};
use crate::{
    app::App,
    clients::{self, Client, ClientType, GrantType},
    ctx::Arrival,
    environments::Environment,
    ids::{ResourceId, TokenId},
    resources::{self, Target},
    time::Timestamp,
};
use http::HeaderMap;
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// Answers a token request with the JSON of RFC 6749 §5.1. At the endpoint of a resource only its own clients get tokens.
///
/// # Errors
/// [`OAuthError`]
pub async fn token(
    app: &Arc<App>,
    arrival: &Arrival,
    resource: Option<ResourceId>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<String, OAuthError> {
    app.rates.check(arrival.environment.id)?;
    let form = Form::parse(headers, body)?;
    let grant =
        form.get("grant_type").ok_or_else(|| OAuthError::invalid_request("grant_type is required"))?;
    if grant != "client_credentials" {
        return Err(OAuthError::unsupported_grant_type(grant));
    }
    let client = check_client(app, &arrival.environment, headers, &form).await?;
    check_endpoint(&client, resource)?;
    check_grant(&client, GrantType::ClientCredentials)?;
    check_address(&client, arrival)?;
    let asked = Asked { scope: form.get("scope"), audience: form.get("audience").or(form.get("resource")) };
    let grant = match resources::target_of(app, &arrival.environment, &client).await? {
        Some(target) => grant_of_resource(&client, target, asked)?,
        None => Grant {
            scopes: check_scopes(&client, asked.scope)?,
            audiences: check_audience(&client, asked.audience)?,
            seconds: client.lifetime_seconds(&arrival.environment),
            resource: None,
        },
    };
    issue(app, &arrival.environment, &client, &grant).await
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

async fn check_client(
    app: &Arc<App>,
    environment: &Environment,
    headers: &HeaderMap,
    form: &Form<'_>,
) -> Result<Client, OAuthError> {
    let presented = client_auth::presented(headers, form)?;
    clients::authenticate(app, environment, &presented.client_id, &presented.client_secret)
        .await?
        .ok_or_else(OAuthError::invalid_client)
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

/// Tokens of the client's own are got and used from its networks only (`auth.md` 1.6.1).
fn check_address(client: &Client, arrival: &Arrival) -> Result<(), OAuthError> {
    if client.ip_allowlist.allows(arrival.ip) {
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

async fn issue(
    app: &Arc<App>,
    environment: &Environment,
    client: &Client,
    grant: &Grant,
) -> Result<String, OAuthError> {
    let keys = app.keys.of(app, environment).await?;
    let now = app.clock.now();
    let exp = now.as_seconds() + grant.seconds;
    let (id, scope) = (client.id.to_string(), grant.scopes.join(" "));
    let jti: TokenId = app.ids.next(now);
    let claims = Claims {
        iss: &environment.url,
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
    let payload = serde_json::to_vec(&claims).map_err(crate::error::Error::internal)?;
    // 0.3 ms on the thread that serves the request: a hand-over to another one would cost more than it frees.
    let access_token = keys.signing(now)?.sign(&payload).map_err(crate::error::Error::internal)?;
    let answer = Answer {
        access_token: &access_token,
        token_type: "Bearer",
        expires_in: seconds_until(exp, now),
        scope: &scope,
    };
    Ok(serde_json::to_string(&answer).map_err(crate::error::Error::internal)?)
}

/// Whole seconds that are left, so that nobody counts on one too many.
fn seconds_until(exp: i64, now: Timestamp) -> i64 {
    exp - now.as_seconds() - i64::from(now.as_micros() % 1_000_000 != 0)
}
