//! `grant_type=refresh_token` (RFC 6749 §6): two signatures, then one transaction. Each token counts once; its successor is
//! told again for half a minute; after that, using it ends the whole family (RFC 9700 §4.14.2).
use super::{authorization_code::session_goes_on, check_grant, may_leave_secret_out, scopes_now, target};
use crate::{
    clients::GrantType,
    ctx::Ctx,
    error::Error,
    oauth::{
        OAuthError,
        about::has,
        client_auth::Presenter,
        form::Form,
        issue::{Made, Making},
        person,
        refresh_token::{self, Presented, Standing},
        revocation,
        store::{self, Family},
    },
};

/// Exchanges a refresh token for new tokens.
///
/// # Errors
/// [`OAuthError`]
pub async fn refresh(ctx: &Ctx, presenter: &Presenter, form: &Form<'_>) -> Result<String, OAuthError> {
    check_grant(&presenter.client, GrantType::RefreshToken)?;
    let token =
        form.get("refresh_token").ok_or_else(|| OAuthError::invalid_request("refresh_token is required"))?;
    let found = find(ctx, token).await?;
    check_client(ctx, presenter, found.as_ref().map(|(_, family)| family))?;
    let (token, family) = found.ok_or_else(OAuthError::invalid_refresh_token)?;
    if family.grant.client != presenter.client.id || family.expires_at.is_past(ctx.now()) {
        return Err(OAuthError::invalid_refresh_token());
    }
    match token.standing(&family, ctx.now()) {
        Standing::Current | Standing::JustRotated => {}
        Standing::Unknown => return Err(OAuthError::invalid_refresh_token()),
        Standing::Spent => return Err(end(ctx, &family).await?),
    }
    let scopes = narrowed(&family.grant.scopes, form.get("scope"))?;
    let made = make(ctx, presenter, &family, &scopes, form.get("resource")).await?;
    let generation = rotate(ctx, &token, &family).await?;
    let successor = refresh_token::token(&ctx.app().vault, &family, generation);
    Ok(made.answer(Some(&successor), ctx.now())?)
}

/// The family of a genuine token.
pub async fn find(ctx: &Ctx, token: &str) -> Result<Option<(Presented, Family)>, Error> {
    let Some(token) = Presented::parse(token) else { return Ok(None) };
    let family = store::find_family(&mut ctx.db().read(), ctx.environment().id, token.family).await?;
    let genuine = family.filter(|family| token.is_genuine(&ctx.app().vault, family));
    Ok(genuine.map(|family| (token, family)))
}

/// What was got without a secret is refreshed without one (`auth.md` 1.6.1).
fn check_client(ctx: &Ctx, presenter: &Presenter, family: Option<&Family>) -> Result<(), OAuthError> {
    let client = &presenter.client;
    let without = family.is_some_and(|family| family.grant.client == client.id && family.without_secret);
    if presenter.by_secret || may_leave_secret_out(ctx, client, without) {
        Ok(())
    } else {
        Err(OAuthError::invalid_client())
    }
}

/// The granted scopes, or those of them that are asked for (RFC 6749 §6).
fn narrowed(granted: &[String], asked: Option<&str>) -> Result<Vec<String>, OAuthError> {
    let Some(asked) = asked else { return Ok(granted.to_vec()) };
    if let Some(other) = asked.split_ascii_whitespace().find(|scope| !has(granted, scope)) {
        return Err(OAuthError::invalid_scope(other));
    }
    let asks_for = |scope: &&String| asked.split_ascii_whitespace().any(|other| other == *scope);
    Ok(granted.iter().filter(asks_for).cloned().collect())
}

/// Signs new tokens about the person as it is now.
async fn make(
    ctx: &Ctx,
    presenter: &Presenter,
    family: &Family,
    scopes: &[String],
    resource: Option<&str>,
) -> Result<Made, OAuthError> {
    let (client, grant) = (&presenter.client, &family.grant);
    let target = target(ctx, client, grant, resource).await?;
    let person = person::find(ctx, grant).await?.ok_or_else(OAuthError::invalid_refresh_token)?;
    let scopes = scopes_now(scopes, &person, target.as_ref());
    let (client_id, person, target) = (client.id.to_string(), &person, target.as_ref());
    let making = Making { client, client_id, grant, person, target, scopes, code: None };
    Ok(making.sign(ctx).await?)
}

/// Puts the successor in the token's place, unless that was done a moment ago; its number in either case.
async fn rotate(ctx: &Ctx, token: &Presented, family: &Family) -> Result<i64, OAuthError> {
    let (env, now) = (ctx.environment().id, ctx.now());
    let mut tx = ctx.db().write().await?;
    // The session first, as whoever ends it: so nobody waits in a circle.
    if !session_goes_on(&mut tx, ctx, &family.grant).await? {
        return Err(OAuthError::invalid_refresh_token());
    }
    if !store::rotate(&mut tx, env, family.id, token.generation, now).await? {
        let family = store::find_family(&mut tx, env, family.id).await?;
        let family = family.ok_or_else(OAuthError::invalid_refresh_token)?;
        if token.standing(&family, now) != Standing::JustRotated {
            drop(tx);
            return Err(end(ctx, &family).await?);
        }
    }
    tx.commit().await?;
    Ok(token.generation + 1)
}

/// Ends a family of which a spent token was used.
async fn end(ctx: &Ctx, family: &Family) -> Result<OAuthError, Error> {
    if revocation::end(ctx, family.id, &family.grant).await? {
        let client = family.grant.client;
        tracing::warn!(
            client.id = %client, grant.id = %family.id,
            "a spent refresh token of client {client} was used: the whole family is revoked"
        );
    }
    Ok(OAuthError::invalid_refresh_token())
}
