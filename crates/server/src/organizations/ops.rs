//! The operations on organizations.
use super::{
    deletion::OrganizationDeleted,
    model::{NewOrganization, Organization, OrganizationRef, OrganizationUpdate},
    session_policy::SessionPolicy,
    store,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    environments::Environment,
    error::Error,
    events::{self, EventType},
    ids::{IdSource, OrganizationId},
    jobs,
    lists::{
        search,
        sizes::{self, Sized},
    },
    paging::{List, Page, Sizes, Window},
};

const LIST_SIZES: Sizes = Sizes { default: 10, max: 100 };
const SEARCH_SIZES: Sizes = Sizes { default: 10, max: 30 };

/// Creates an organization in the caller's environment.
///
/// # Errors
/// `INVALID_ARGUMENT` for a bad value; `ALREADY_EXISTS` for a taken external id or slug.
pub async fn create(ctx: &Ctx, new: NewOrganization) -> Result<Organization, Error> {
    let organization = Organization::new(ctx.new_id(), ctx.now(), ctx.environment(), new)?;
    let data = organization.event_data();
    let mut tx = ctx.db().write().await?;
    store::insert(&mut tx, ctx.environment().id, &organization).await?;
    events::emit(&mut tx, ctx, EventType::OrganizationCreated, Some(organization.id), &data).await?;
    tx.commit().await?;
    Ok(organization)
}

/// The organization that development environments are born with.
///
/// # Errors
/// Those of the database.
pub async fn create_default(
    tx: &mut Tx,
    environment: &Environment,
    ids: &IdSource,
    display_name: &str,
) -> Result<OrganizationId, Error> {
    let new = NewOrganization { display_name: display_name.to_owned(), ..NewOrganization::default() };
    let now = environment.created_at;
    let organization = Organization::new(ids.next(now), now, environment, new)?;
    store::insert(tx, environment.id, &organization).await?;
    Ok(organization.id)
}

/// Creates an organization of somebody who signs up, in the caller's transaction.
///
/// # Errors
/// `INVALID_ARGUMENT` for a bad name.
pub async fn create_for_sign_up(tx: &mut Tx, ctx: &Ctx, display_name: &str) -> Result<Organization, Error> {
    let new = NewOrganization { display_name: display_name.to_owned(), ..NewOrganization::default() };
    let organization = Organization::new(ctx.new_id(), ctx.now(), ctx.environment(), new)?;
    store::insert(tx, ctx.environment().id, &organization).await?;
    let data = organization.event_data();
    events::emit(tx, ctx, EventType::OrganizationCreated, Some(organization.id), &data).await?;
    Ok(organization)
}

/// The organization that `which` names.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, which: &OrganizationRef) -> Result<Organization, Error> {
    let found = store::find(&mut ctx.db().read(), ctx.environment().id, which).await?;
    found.ok_or_else(|| Organization::not_found(which))
}

/// One page of organizations, newest first, and how many there are. With `external_id`, at most that one.
///
/// # Errors
/// `INVALID_ARGUMENT` for a token of another list.
pub async fn list(
    ctx: &Ctx,
    size: u32,
    token: &str,
    external_id: Option<String>,
) -> Result<(Page<Organization>, i64), Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    if let Some(external_id) = external_id.filter(|id| !id.is_empty()) {
        // Such a list has one page, so that every token is another list's.
        let list = List::named("organizations").filtered_by(&external_id);
        Window::parse(ctx, &list, LIST_SIZES, size, token)?;
        let found = store::find(&mut tx, env, &OrganizationRef::ExternalId(external_id)).await?;
        let total = i64::from(found.is_some());
        let items = found.into_iter().collect();
        return Ok((Page { items, next_token: String::new(), prev_token: String::new() }, total));
    }
    let list = List::named("organizations");
    let window = Window::parse(ctx, &list, LIST_SIZES, size, token)?;
    let rows = store::page(&mut tx, env, window).await?;
    let total = sizes::of(&mut tx, env, Sized::Organizations).await?;
    Ok((window.page(ctx, &list, rows, |organization| organization.id.as_i64()), total))
}

/// One page of the organizations whose name, id or external id contain `query`, without regard to case, and how many
/// there are, counted up to [`search::MOST_COUNTED`].
///
/// # Errors
/// `INVALID_ARGUMENT` for a token of another search.
pub async fn search(
    ctx: &Ctx,
    query: &str,
    size: u32,
    token: &str,
) -> Result<(Page<Organization>, i64), Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let list = List::named("organizations:search").filtered_by(query);
    let window = Window::parse(ctx, &list, SEARCH_SIZES, size, token)?;
    let found = search::find(&mut tx, env, search::List::Organizations, query, window).await?;
    let page = window.page(ctx, &list, found.ids, |id| *id);
    let rows = store::these(&mut tx, env, &page.items).await?;
    Ok((page.fill(rows, |organization: &Organization| organization.id), found.total))
}

/// Changes what `update` says. Without a difference nothing is stored and nothing told.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a bad value; `ALREADY_EXISTS` for a taken external id or slug.
pub async fn update(
    ctx: &Ctx,
    which: &OrganizationRef,
    update: OrganizationUpdate,
) -> Result<Organization, Error> {
    change(ctx, which, |organization| organization.update(ctx.now(), update)).await
}

/// Switches features on and off; those not named stay as they are.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for an unknown feature.
pub async fn set_features(
    ctx: &Ctx,
    id: OrganizationId,
    features: &[(String, bool)],
) -> Result<Organization, Error> {
    change(ctx, &OrganizationRef::Id(id), |organization| {
        let before = organization.features;
        for (index, (name, enabled)) in features.iter().enumerate() {
            organization.features.set(name, *enabled, format!("settings.features[{index}].name"))?;
        }
        Ok(touch(ctx, organization, before, |organization| organization.features))
    })
    .await
}

/// Sets the limit on members; `None` and 0 mean no limit.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a negative limit.
pub async fn set_max_users(ctx: &Ctx, id: OrganizationId, limit: Option<i32>) -> Result<Organization, Error> {
    if limit.is_some_and(|limit| limit < 0) {
        return Err(Error::invalid(
            "settings.max_allowed_users",
            "int32.gte",
            "must be 0 (no limit) or more",
        ));
    }
    let which = OrganizationRef::Id(id);
    let mut tx = ctx.db().write().await?;
    let organization = store::find_alone(&mut tx, ctx.environment().id, &which).await?;
    change_held(ctx, tx, organization, &which, |organization| {
        let before = organization.max_allowed_users;
        organization.max_allowed_users = limit;
        Ok(touch(ctx, organization, before, |organization| organization.max_allowed_users))
    })
    .await
}

/// Sets the session policy. Going back to the application's keeps the organization's own limits for later.
///
/// # Errors
/// `PERMISSION_DENIED` if the environment's feature is off; `NOT_FOUND`
pub async fn set_session_policy(
    ctx: &Ctx,
    id: OrganizationId,
    policy: SessionPolicy,
) -> Result<Organization, Error> {
    ctx.environment().settings.features.require_session_policy()?;
    change(ctx, &OrganizationRef::Id(id), |organization| {
        let before = organization.session_policy;
        organization.session_policy = if policy == SessionPolicy::default() {
            SessionPolicy { source: policy.source, ..before }
        } else {
            policy
        };
        Ok(touch(ctx, organization, before, |organization| organization.session_policy))
    })
    .await
}

/// Deletes an organization with all that belongs to it.
///
/// # Errors
/// `NOT_FOUND`, also the second time.
pub async fn delete(ctx: &Ctx, which: &OrganizationRef) -> Result<(), Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let organization =
        store::find_for_update(&mut tx, env, which).await?.ok_or_else(|| Organization::not_found(which))?;
    if !store::delete(&mut tx, env, organization.id).await? {
        return Err(Organization::not_found(which));
    }
    let mut data = organization.event_data();
    data.deleted_at = Some(ctx.now().to_string());
    events::emit(&mut tx, ctx, EventType::OrganizationDeleted, Some(organization.id), &data).await?;
    let rest = OrganizationDeleted { organization: organization.id.as_i64() };
    jobs::enqueue(&mut tx, ctx.app(), Some(env), &rest, ctx.now()).await?;
    tx.commit().await
}

/// Reads the organization for update, lets `apply` change it, and stores and tells the change if there is one.
async fn change(
    ctx: &Ctx,
    which: &OrganizationRef,
    apply: impl FnOnce(&mut Organization) -> Result<bool, Error>,
) -> Result<Organization, Error> {
    let mut tx = ctx.db().write().await?;
    let organization = store::find_for_update(&mut tx, ctx.environment().id, which).await?;
    change_held(ctx, tx, organization, which, apply).await
}

/// The same for an organization that `tx` holds, if it is there.
async fn change_held(
    ctx: &Ctx,
    mut tx: Tx,
    organization: Option<Organization>,
    which: &OrganizationRef,
    apply: impl FnOnce(&mut Organization) -> Result<bool, Error>,
) -> Result<Organization, Error> {
    let env = ctx.environment().id;
    let mut organization = organization.ok_or_else(|| Organization::not_found(which))?;
    if apply(&mut organization)? {
        store::update(&mut tx, env, &organization).await?;
        let data = organization.event_data();
        events::emit(&mut tx, ctx, EventType::OrganizationUpdated, Some(organization.id), &data).await?;
    }
    // Also without a change: what was read may be another caller's, and is not durable before this returns.
    tx.commit().await?;
    Ok(organization)
}

/// Whether a part of the organization is different now; if so, it was updated now.
fn touch<T: PartialEq>(
    ctx: &Ctx,
    organization: &mut Organization,
    before: T,
    part: impl Fn(&Organization) -> T,
) -> bool {
    let changed = part(organization) != before;
    if changed {
        organization.updated_at = ctx.now();
    }
    changed
}
