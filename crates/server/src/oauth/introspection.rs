//! `/oauth/introspect` (RFC 7662): whether a token is good at this moment, for a client that proves itself.
use super::{
    OAuthError,
    access_token::{self, AccessToken, may_know},
    client_auth,
    form::Form,
    grants,
    refresh_token::Standing,
    store::Family,
};
use crate::{clients::Client, ctx::Ctx, error::Error, sessions};
use http::HeaderMap;
use serde_json::{Value as Json, json};

/// Tells about a token. What is not good, not known, or not the client's to know is `active: false`, all alike.
///
/// # Errors
/// `invalid_client`, `invalid_request`
pub async fn introspect(ctx: &Ctx, headers: &HeaderMap, body: &[u8]) -> Result<Json, OAuthError> {
    let form = Form::parse(headers, body)?;
    let client = client_auth::authenticate(ctx, headers, &form).await?;
    let token = form.get("token").ok_or_else(|| OAuthError::invalid_request("token is required"))?;
    let found = match refresh_token(ctx, &client, token).await? {
        Some(family) => Some(about_family(ctx, &family)),
        None => {
            let token = access_token::find(ctx, token).await?;
            token.filter(|token| may_know(&client, token)).map(|token| about(&token))
        }
    };
    Ok(found.unwrap_or_else(|| json!({"active": false})))
}

fn about(token: &AccessToken) -> Json {
    let mut answer = json!({
        "active": true,
        "scope": token.scopes.join(" "),
        "client_id": token.client_id,
        "sub": token.sub,
        "aud": token.aud,
        "iss": token.iss,
        "exp": token.exp,
        "iat": token.iat,
        "nbf": token.nbf,
        "jti": token.jti,
        "token_type": "Bearer",
    });
    let more = [("oid", &token.oid), ("sid", &token.sid), ("resid", &token.resid)];
    if let Some(answer) = answer.as_object_mut() {
        let known =
            more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into())));
        answer.extend(known);
    }
    answer
}

/// The family of a refresh token of this client that would be accepted now.
async fn refresh_token(ctx: &Ctx, client: &Client, token: &str) -> Result<Option<Family>, Error> {
    let Some((token, family)) = grants::find_refresh_token(ctx, token).await? else { return Ok(None) };
    let stands = matches!(token.standing(&family, ctx.now()), Standing::Current | Standing::JustRotated);
    if !stands || family.grant.client != client.id || family.expires_at.is_past(ctx.now()) {
        return Ok(None);
    }
    let goes_on = match family.grant.subject.membership() {
        Some((session, organization)) => {
            sessions::goes_on(&mut ctx.db().read(), ctx, session, organization).await?
        }
        None => true,
    };
    Ok(goes_on.then_some(family))
}

fn about_family(ctx: &Ctx, family: &Family) -> Json {
    let grant = &family.grant;
    let mut answer = json!({
        "active": true,
        "scope": grant.scopes.join(" "),
        "client_id": grant.client.to_string(),
        "sub": grant.subject.sub(),
        "iss": ctx.environment().url,
        "exp": family.expires_at.as_seconds(),
    });
    if let (Some((session, organization)), Some(answer)) =
        (grant.subject.membership(), answer.as_object_mut())
    {
        answer.insert("oid".to_owned(), organization.to_string().into());
        answer.insert("sid".to_owned(), session.to_string().into());
    }
    answer
}
