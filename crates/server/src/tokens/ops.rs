//! The operations on API keys.
use super::{
    model::{ApiToken, Key, NewApiToken, generate, hash, suffix},
    store,
};
use crate::{
    ctx::Ctx,
    db::Queryable,
    environments::EnvironmentType,
    error::Error,
    ids::{ApiTokenId, OrganizationId, UserId},
    organizations::{self, OrganizationRef},
    paging::{List, Page, Sizes, Window},
    secret::Secret,
    text,
    update::Change,
};
use std::{collections::BTreeMap, sync::Arc};

const SIZES: Sizes = Sizes { default: 10, max: 30 };

/// Makes a key, and shows it this once.
///
/// # Errors
/// `NOT_FOUND` for an unknown organization or user; `INVALID_ARGUMENT` for a user who is no member, an end in the past
/// or a bad description.
pub async fn create(ctx: &Ctx, new: NewApiToken) -> Result<(Secret<String>, ApiToken), Error> {
    let env = ctx.environment().id;
    if new.expires_at.is_some_and(|at| at.is_past(ctx.now())) {
        return Err(Error::invalid("token.expiry", "expiry", "must be in the future"));
    }
    check_description("token.description", &new.description)?;
    let plain = generate()?;
    let (id, stored): (ApiTokenId, _) = (ctx.new_id(), hash(plain.expose()));
    // The foreign key alone would take an organization of another environment.
    organizations::get(ctx, &OrganizationRef::Id(new.organization)).await?;
    let mut tx = ctx.db().write().await?;
    if let Some(user) = new.user {
        let status = store::membership(&mut tx, env, new.organization, user).await?;
        let status = status.ok_or_else(|| Error::not_found(format!("user {user}")))?;
        if status.is_none_or(|status| status == "INACTIVE") {
            let description = "must be an active member of the organization";
            return Err(Error::invalid("token.user_id", "membership", description));
        }
    }
    store::insert(&mut tx, env, id, (stored, suffix(plain.expose())), &new, ctx.now()).await?;
    let made = store::find(&mut tx, env, Key::Id(id)).await?;
    let made = made.ok_or_else(|| Error::internal("the new key is not there"))?;
    let token = with_roles(&mut tx, ctx, made.token).await?;
    tx.commit().await?;
    Ok((plain, token))
}

fn check_description(field: &'static str, description: &str) -> Result<(), Error> {
    // Line breaks and tabs are part of a text for people.
    match text::control_problem(&description.replace(['\n', '\r', '\t'], " ")) {
        Some(problem) => Err(Error::invalid(field, "description", problem)),
        None => Ok(()),
    }
}

/// What a key stands for, from memory if it was read within the last second. An id counts as a key in development
/// environments only: ids are in lists and logs, and whoever finds one there must not get in by it.
///
/// # Errors
/// `NOT_FOUND` for every dead or unknown key.
pub async fn validate(ctx: &Ctx, token: &str) -> Result<Arc<ApiToken>, Error> {
    let env = ctx.environment().id;
    let key = Key::parse(token);
    let hash = match key {
        Key::Id(_) if ctx.environment().kind == EnvironmentType::Production => {
            return Err(Key::not_found());
        }
        Key::Id(_) => return Ok(Arc::new(read_active(ctx, key).await?)),
        Key::Hash(hash) => hash,
    };
    let cache = &ctx.app().api_tokens;
    let now = ctx.now();
    if let Some(known) = cache.get(&(env, hash), now, 0) {
        return if known.expires_at.is_some_and(|at| at.is_past(now)) {
            Err(Key::not_found())
        } else {
            Ok(known)
        };
    }
    let reading = cache.start(now, 0);
    let token = Arc::new(read_active(ctx, key).await?);
    cache.keep(reading, (env, hash), &token);
    Ok(token)
}

async fn read_active(ctx: &Ctx, key: Key) -> Result<ApiToken, Error> {
    let mut tx = ctx.db().read();
    let stored = store::find(&mut tx, ctx.environment().id, key).await?;
    let stored = stored.filter(|stored| stored.is_active(ctx.now())).ok_or_else(Key::not_found)?;
    with_roles(&mut tx, ctx, stored.token).await
}

async fn with_roles(tx: &mut impl Queryable, ctx: &Ctx, mut token: ApiToken) -> Result<ApiToken, Error> {
    if let Some(user) = &mut token.user {
        let ids = std::iter::once(token.id);
        let mut roles = store::roles(tx, ctx.environment().id, token.organization, ids).await?;
        user.roles = roles.remove(&token.id.as_i64()).unwrap_or_default();
    }
    Ok(token)
}

/// One page of the active keys of an organization, or of one user in it, newest first, and how many there are.
///
/// # Errors
/// `NOT_FOUND` for an unknown organization; `INVALID_ARGUMENT` for a token of another list.
pub async fn list(
    ctx: &Ctx,
    organization: OrganizationId,
    user: Option<UserId>,
    size: u32,
    token: &str,
) -> Result<(Page<ApiToken>, i64), Error> {
    organizations::get(ctx, &OrganizationRef::Id(organization)).await?;
    let (mut tx, env, now) = (ctx.db().read(), ctx.environment().id, ctx.now());
    let list = List::named("api_tokens").filtered_by(&format!("{organization} {user:?}"));
    let window = Window::parse(ctx, &list, SIZES, size, token)?;
    let rows = store::page(&mut tx, env, (organization, user), now, window).await?;
    let total = store::count(&mut tx, env, (organization, user), now).await?;
    let rows = rows.into_iter().map(|stored| stored.token).collect();
    let mut page = window.page(ctx, &list, rows, |token: &ApiToken| token.id.as_i64());
    let ids = page.items.iter().map(|token| token.id);
    let mut roles = store::roles(&mut tx, env, organization, ids).await?;
    for token in &mut page.items {
        if let Some(user) = &mut token.user {
            user.roles = roles.remove(&token.id.as_i64()).unwrap_or_default();
        }
    }
    Ok((page, total))
}

/// Changes the description, and replaces the claims unless `claims` is empty.
///
/// # Errors
/// `NOT_FOUND` for a dead or unknown key; `INVALID_ARGUMENT` for a bad description.
pub async fn update(
    ctx: &Ctx,
    token: &str,
    description: Change<String>,
    claims: BTreeMap<String, String>,
) -> Result<ApiToken, Error> {
    if let Change::Set(text) = &description {
        check_description("description", text)?;
    }
    let (env, key) = (ctx.environment().id, Key::parse(token));
    let mut tx = ctx.db().write().await?;
    store::lock(&mut tx, env, key).await?;
    let stored = store::find(&mut tx, env, key).await?;
    let stored = stored.filter(|stored| stored.is_active(ctx.now())).ok_or_else(Key::not_found)?;
    let mut token = stored.token;
    description.apply(&mut token.description);
    if !claims.is_empty() {
        token.custom_claims = claims;
    }
    store::update(&mut tx, env, &token, ctx.now()).await?;
    let token = with_roles(&mut tx, ctx, token).await?;
    tx.commit().await?;
    forget(ctx, &stored.hash);
    Ok(token)
}

/// Ends a key for good. Doing it again is no error.
///
/// # Errors
/// `NOT_FOUND` for one that never was.
pub async fn invalidate(ctx: &Ctx, token: &str) -> Result<(), Error> {
    let (env, key) = (ctx.environment().id, Key::parse(token));
    let mut tx = ctx.db().write().await?;
    let stored = store::find(&mut tx, env, key).await?.ok_or_else(Key::not_found)?;
    store::revoke(&mut tx, env, stored.token.id, ctx.now()).await?;
    tx.commit().await?;
    forget(ctx, &stored.hash);
    Ok(())
}

fn forget(ctx: &Ctx, hash: &[u8]) {
    if let Ok(hash) = hash.try_into() {
        ctx.app().api_tokens.forget(&(ctx.environment().id, hash));
    }
}
