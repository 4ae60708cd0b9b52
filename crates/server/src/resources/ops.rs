//! The operations on resources.
use super::{
    model::{Resource, ResourceType, ResourceUpdate},
    scopes::{self, Scope},
    store,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    error::Error,
    ids::ResourceId,
    paging::{List, Page, Sizes, Window},
    update::Change,
};

const SIZES: Sizes = Sizes { default: 10, max: 30 };

/// A resource, and every scope of the environment: the enabled ones are its own.
pub type WithScopes = (Resource, Vec<Scope>);

/// Creates a resource.
///
/// # Errors
/// `INVALID_ARGUMENT` for a bad value; `ALREADY_EXISTS` for a URI that is taken.
pub async fn create(ctx: &Ctx, kind: ResourceType, mut new: ResourceUpdate) -> Result<WithScopes, Error> {
    let names = std::mem::take(&mut new.scopes);
    let resource = Resource::new(ctx, kind, new)?;
    let mut tx = ctx.db().write().await?;
    store::insert(&mut tx, ctx.environment().id, &resource).await?;
    scopes::set(&mut tx, ctx, resource.id, names).await?;
    let made = with_scopes(&mut tx, ctx, resource).await?;
    tx.commit().await?;
    Ok(made)
}

/// One resource.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, id: ResourceId) -> Result<WithScopes, Error> {
    let mut tx = ctx.db().read();
    let found = store::find(&mut tx, ctx.environment().id, id).await?;
    let resource = found.ok_or_else(|| Resource::not_found(id))?;
    scopes::with(&mut tx, ctx, vec![resource]).await?.pop().ok_or_else(|| Resource::not_found(id))
}

/// One page of the resources of a type, newest first, and how many there are.
///
/// # Errors
/// `INVALID_ARGUMENT` for a token of another list.
pub async fn list(
    ctx: &Ctx,
    kind: ResourceType,
    size: u32,
    token: &str,
) -> Result<(Page<WithScopes>, i64), Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let list = List::named("resources").filtered_by(kind.as_str());
    let window = Window::parse(ctx, &list, SIZES, size, token)?;
    let rows = store::page(&mut tx, env, kind, window).await?;
    let total = store::count(&mut tx, env, kind).await?;
    let page = window.page(ctx, &list, rows, |resource| resource.id.as_i64());
    let items = scopes::with(&mut tx, ctx, page.items).await?;
    Ok((Page { items, next_token: page.next_token, prev_token: page.prev_token }, total))
}

/// Changes what `update` says.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a bad value; `ALREADY_EXISTS` for a URI that is taken.
pub async fn update(ctx: &Ctx, id: ResourceId, mut update: ResourceUpdate) -> Result<WithScopes, Error> {
    let names = std::mem::take(&mut update.scopes);
    change(ctx, id, names, |resource| resource.update(ctx, update)).await
}

/// Takes the application's own sign-in from a resource: its users sign in with the environment's methods again.
///
/// # Errors
/// `NOT_FOUND`
pub async fn delete_provider(ctx: &Ctx, id: ResourceId) -> Result<WithScopes, Error> {
    change(ctx, id, Change::Keep, |resource| {
        resource.sign_in_page = None;
        resource.update(ctx, ResourceUpdate { provider: Change::Clear, ..ResourceUpdate::default() })?;
        Ok(true)
    })
    .await
}

/// Makes the connection to the application's own sign-in page, if there is none yet.
///
/// # Errors
/// `NOT_FOUND`
pub async fn ensure_connection(ctx: &Ctx, id: ResourceId) -> Result<Resource, Error> {
    let (resource, _) = change(ctx, id, Change::Keep, |resource| {
        let is_new = resource.sign_in_page.is_none();
        resource.sign_in_page(ctx);
        if is_new {
            resource.updated_at = ctx.now();
        }
        Ok(is_new)
    })
    .await?;
    Ok(resource)
}

/// Reads the resource for update, lets `apply` change it, and stores the change if there is one.
async fn change(
    ctx: &Ctx,
    id: ResourceId,
    names: Change<Vec<String>>,
    apply: impl FnOnce(&mut Resource) -> Result<bool, Error>,
) -> Result<WithScopes, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let found = store::find_for_update(&mut tx, env, id).await?;
    let mut resource = found.ok_or_else(|| Resource::not_found(id))?;
    let changed = apply(&mut resource)?;
    if names != Change::Keep {
        scopes::set(&mut tx, ctx, id, names).await?;
        resource.updated_at = ctx.now();
    } else if !changed {
        return with_scopes(&mut tx, ctx, resource).await;
    }
    store::update(&mut tx, env, &resource).await?;
    let changed = with_scopes(&mut tx, ctx, resource).await?;
    tx.commit().await?;
    Ok(changed)
}

async fn with_scopes(tx: &mut Tx, ctx: &Ctx, resource: Resource) -> Result<WithScopes, Error> {
    let id = resource.id;
    scopes::with(tx, ctx, vec![resource]).await?.pop().ok_or_else(|| Resource::not_found(id))
}

/// Deletes a resource with its clients and consents.
///
/// # Errors
/// `NOT_FOUND`, also the second time.
pub async fn delete(ctx: &Ctx, id: ResourceId) -> Result<(), Error> {
    let mut tx = ctx.db().write().await?;
    if !store::delete(&mut tx, ctx.environment().id, id).await? {
        return Err(Resource::not_found(id));
    }
    tx.commit().await
}
