//! The operations on permissions.
use super::{
    model::Permission,
    permission_store::{self as store, Origin},
};
use crate::{
    ctx::Ctx,
    db::Tx,
    environments,
    error::Error,
    events::{self, EventType},
    ids::EnvironmentId,
    paging::{List, Page, Sizes, Window},
};

const SIZES: Sizes = Sizes { default: 30, max: 100 };

/// Creates a permission.
///
/// # Errors
/// `INVALID_ARGUMENT` for a name that is kept; `ALREADY_EXISTS` for one that is taken.
pub async fn create(ctx: &Ctx, name: String, description: String) -> Result<Permission, Error> {
    Permission::check_new_name(&name)?;
    let now = ctx.now();
    let permission =
        Permission { id: ctx.new_id(), name, description, built_in: false, created_at: now, updated_at: now };
    let mut tx = ctx.db().write().await?;
    store::insert(&mut tx, ctx.environment().id, &permission).await?;
    tell(&mut tx, ctx, EventType::PermissionCreated, &permission).await?;
    tx.commit().await?;
    Ok(permission)
}

/// The permission of this name.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, name: &str) -> Result<Permission, Error> {
    let found = store::find(&mut ctx.db().read(), ctx.environment().id, name).await?;
    found.ok_or_else(|| Permission::unknown(name))
}

/// One page of permissions, by name, and how many there are.
///
/// # Errors
/// `INVALID_ARGUMENT` for a token of another list.
pub async fn list(
    ctx: &Ctx,
    origin: Origin,
    size: u32,
    token: &str,
) -> Result<(Page<Permission>, i64), Error> {
    let list = List::named("permissions").filtered_by(&format!("{origin:?}"));
    let window = Window::by_name(ctx, &list, SIZES, size, token)?;
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let rows = store::page(&mut tx, env, origin, &window).await?;
    let total = store::count(&mut tx, env, origin).await?;
    Ok((window.page(ctx, &list, rows, |permission| permission.name.clone()), total))
}

/// Changes the description. Without a difference nothing is stored and nothing told.
///
/// # Errors
/// `NOT_FOUND`; `FAILED_PRECONDITION` for a built-in one.
pub async fn update(ctx: &Ctx, name: &str, description: String) -> Result<Permission, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let mut permission = find_own(&mut tx, env, name).await?;
    if permission.description == description {
        return Ok(permission);
    }
    permission.description = description;
    permission.updated_at = ctx.now();
    store::update(&mut tx, env, &permission).await?;
    tell(&mut tx, ctx, EventType::PermissionUpdated, &permission).await?;
    tx.commit().await?;
    Ok(permission)
}

/// Deletes a permission, also from every role.
///
/// # Errors
/// `NOT_FOUND`; `FAILED_PRECONDITION` for a built-in one.
pub async fn delete(ctx: &Ctx, name: &str) -> Result<(), Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let permission = find_own(&mut tx, env, name).await?;
    store::delete(&mut tx, env, permission.id).await?;
    tell(&mut tx, ctx, EventType::PermissionDeleted, &permission).await?;
    tx.commit().await
}

/// For changing it: changes of roles and permissions take turns, so that no role gets one that is just being deleted.
async fn find_own(tx: &mut Tx, env: EnvironmentId, name: &str) -> Result<Permission, Error> {
    environments::store::lock(tx, env).await?;
    let permission = store::find(tx, env, name).await?.ok_or_else(|| Permission::unknown(name))?;
    permission.require_own()?;
    Ok(permission)
}

async fn tell(tx: &mut Tx, ctx: &Ctx, kind: EventType, permission: &Permission) -> Result<(), Error> {
    events::emit(tx, ctx, kind, None, &permission.event_data()).await
}
