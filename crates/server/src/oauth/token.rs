//! The token endpoint, `grant_type=client_credentials` (RFC 6749 §4.4).
use super::{OAuthError, client_auth, form::Form};
use crate::{
    app::App,
    clients::{self, Client, ClientType, GrantType},
    ctx::Arrival,
    environments::Environment,
    ids::TokenId,
    time::Timestamp,
};
use http::HeaderMap;
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// Answers a token request with the JSON of RFC 6749 §5.1.
///
/// # Errors
/// [`OAuthError`]
pub async fn token(
    app: &Arc<App>,
    arrival: &Arrival,
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
    check_grant(&client, GrantType::ClientCredentials)?;
    check_address(&client, arrival)?;
    let scopes = check_scopes(&client, form.get("scope"))?;
    let audience = check_audience(&client, form.get("audience").or(form.get("resource")))?;
    issue(app, &arrival.environment, &client, &scopes, audience).await
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
    scopes: &[String],
    audience: Vec<String>,
) -> Result<String, OAuthError> {
    let keys = app.keys.of(app, environment).await?;
    let now = app.clock.now();
    let exp = now.as_seconds() + client.lifetime_seconds(environment);
    let (id, scope) = (client.id.to_string(), scopes.join(" "));
    let jti: TokenId = app.ids.next(now);
    let claims = Claims {
        iss: &environment.url,
        sub: &id,
        client_id: &id,
        aud: &audience,
        scopes,
        scope: &scope,
        oid: match client.kind {
            ClientType::Organization(organization) => Some(organization.to_string()),
            _ => None,
        },
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
