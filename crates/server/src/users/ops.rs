//! The operations on users.
use super::{
    membership::Membership,
    membership_store,
    model::{User, UserRef, UserUpdate},
    store,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    error::Error,
    events::{self, EventType},
    identities::{self, Linked},
    ids::{OrganizationId, RoleId, UserId},
    lists::{
        search,
        sizes::{self, Sized},
    },
    organizations::{self, Organization, OrganizationRef},
    paging::{List, Page, Sizes, Window},
    roles,
};
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::HashMap;

const LIST_SIZES: Sizes = Sizes { default: 10, max: 100 };
const SEARCH_SIZES: Sizes = Sizes { default: 10, max: 30 };

/// A user with all memberships, whatever their status.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The user.
    pub user: User,
    /// The oldest organization first.
    pub memberships: Vec<Membership>,
    /// Who the user is at providers.
    pub identities: Vec<Linked>,
}

/// The user that `which` names.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, which: &UserRef) -> Result<Account, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let user = store::find(&mut tx, env, which).await?.ok_or_else(|| User::not_found(which))?;
    account(ctx, user).await
}

/// One page of users, newest first, and how many there are.
///
/// # Errors
/// `INVALID_ARGUMENT` for a token of another list.
pub async fn list(ctx: &Ctx, size: u32, token: &str) -> Result<(Page<Account>, i64), Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let list = List::named("users");
    let window = Window::parse(ctx, &list, LIST_SIZES, size, token)?;
    let rows = store::page(&mut tx, env, window).await?;
    let total = sizes::of(&mut tx, env, Sized::Users).await?;
    Ok((accounts(ctx, window.page(ctx, &list, rows, id)).await?, total))
}

/// One page of the users whose e-mail, id or external id contain `query`, without regard to case, and how
/// many there are, counted up to [`search::MOST_COUNTED`].
///
/// # Errors
/// `INVALID_ARGUMENT` for a token of another search.
pub async fn search(ctx: &Ctx, query: &str, size: u32, token: &str) -> Result<(Page<Account>, i64), Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let list = List::named("users:search").filtered_by(query);
    let window = Window::parse(ctx, &list, SEARCH_SIZES, size, token)?;
    let found = search::find(&mut tx, env, search::List::Users, query, window).await?;
    let page = window.page(ctx, &list, found.ids, |id| *id);
    let rows = store::these(&mut tx, env, &page.items).await?;
    Ok((accounts(ctx, page.fill(rows, |user: &User| user.id)).await?, found.total))
}

/// One page of an organization's members, newest user first, invited and inactive ones included.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a token of another list.
pub async fn list_of_organization(
    ctx: &Ctx,
    organization: OrganizationId,
    size: u32,
    token: &str,
) -> Result<(Page<Account>, i64), Error> {
    organizations::get(ctx, &OrganizationRef::Id(organization)).await?;
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let list = List::named("members").filtered_by(&organization.to_string());
    let window = Window::parse(ctx, &list, LIST_SIZES, size, token)?;
    let rows = store::page_of_organization(&mut tx, env, organization, window).await?;
    let total = sizes::of(&mut tx, env, Sized::Members(organization)).await?;
    Ok((accounts(ctx, window.page(ctx, &list, rows, id)).await?, total))
}

/// One page of an organization's members whose e-mail, id or external id contain `query`, without regard to case, and how
/// many there are, counted up to [`search::MOST_COUNTED`].
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a token of another search.
pub async fn search_of_organization(
    ctx: &Ctx,
    organization: OrganizationId,
    query: &str,
    size: u32,
    token: &str,
) -> Result<(Page<Account>, i64), Error> {
    organizations::get(ctx, &OrganizationRef::Id(organization)).await?;
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let list = List::named("members:search").filtered_by(&organization.to_string()).filtered_by(query);
    let window = Window::parse(ctx, &list, SEARCH_SIZES, size, token)?;
    let found = search::find(&mut tx, env, search::List::Members(organization), query, window).await?;
    let page = window.page(ctx, &list, found.ids, |id| *id);
    let rows = store::these(&mut tx, env, &page.items).await?;
    Ok((accounts(ctx, page.fill(rows, |user: &User| user.id)).await?, found.total))
}

/// Changes what `update` says. Without a difference nothing is stored. There is no event for it in the catalogue.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a bad value; `ALREADY_EXISTS` for a taken external id.
pub async fn update(ctx: &Ctx, which: &UserRef, update: UserUpdate) -> Result<Account, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let mut user =
        store::find_for_update(&mut tx, env, which).await?.ok_or_else(|| User::not_found(which))?;
    if user.update(ctx.now(), update)? {
        store::update(&mut tx, env, &user).await?;
        tx.commit().await?;
    } else {
        drop(tx);
    }
    account(ctx, user).await
}

/// Deletes a user with all that belongs to it, and tells so for each membership.
///
/// # Errors
/// `NOT_FOUND`, also the second time.
pub async fn delete(ctx: &Ctx, which: &UserRef) -> Result<(), Error> {
    let mut deleted = HashMap::new();
    // It ends: an organization that is gone stays gone, and the user has so many memberships.
    loop {
        let unknown = try_delete(ctx, which, &deleted).await?;
        if unknown.is_empty() {
            return Ok(());
        }
        for id in unknown {
            deleted.insert(id.as_i64(), data_of_deleted(ctx, id).await?);
        }
    }
}

/// Deletes the user, or answers with the deleted organizations, still to be left, whose data is not in `deleted`: it is
/// read between two tries, because a transaction that waits for a second connection can wait for itself.
async fn try_delete(
    ctx: &Ctx,
    which: &UserRef,
    deleted: &HashMap<i64, Json>,
) -> Result<Vec<OrganizationId>, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let user = store::find_for_update(&mut tx, env, which).await?.ok_or_else(|| User::not_found(which))?;
    let present = membership_store::of_users(&mut tx, env, &[user.id]).await?.remove(&user.id.as_i64());
    let mut present: HashMap<i64, Membership> = present
        .unwrap_or_default()
        .into_iter()
        .map(|member| (member.organization.as_i64(), member))
        .collect();
    let mut unknown = Vec::new();
    for id in membership_store::all_organizations_of(&mut tx, env, user.id).await? {
        let organization = organizations::find(&mut tx, env, &OrganizationRef::Id(id)).await?;
        match (organization.zip(present.remove(&id.as_i64())), deleted.get(&id.as_i64())) {
            (Some((organization, membership)), _) => {
                let kind = EventType::UserOrganizationMembershipDeleted;
                tell(&mut tx, ctx, kind, &organization, &user, &membership).await?;
            }
            // Its job did not get to this user, and will not find it any more.
            (None, Some(data)) => tell_of_deleted(&mut tx, ctx, id, data, &user).await?,
            (None, None) => unknown.push(id),
        }
    }
    if !unknown.is_empty() {
        return Ok(unknown);
    }
    if !store::delete(&mut tx, env, user.id).await? {
        return Err(User::not_found(which));
    }
    tx.commit().await?;
    Ok(unknown)
}

/// The user with its memberships.
pub(super) async fn account(ctx: &Ctx, user: User) -> Result<Account, Error> {
    let memberships = memberships(ctx, &[user.id]).await?.remove(&user.id.as_i64()).unwrap_or_default();
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let identities = identities::of_users(&mut tx, env, &[user.id]).await?.remove(&user.id.as_i64());
    Ok(Account { user, memberships, identities: identities.unwrap_or_default() })
}

/// The memberships of these users, with what their roles permit.
async fn memberships(ctx: &Ctx, users: &[UserId]) -> Result<HashMap<i64, Vec<Membership>>, Error> {
    let mut found = membership_store::of_users(&mut ctx.db().read(), ctx.environment().id, users).await?;
    for membership in found.values_mut().flatten() {
        permit(ctx, membership).await?;
    }
    Ok(found)
}

/// Adds what its roles permit to a membership.
pub(super) async fn permit(ctx: &Ctx, membership: &mut Membership) -> Result<(), Error> {
    let roles: Vec<RoleId> = membership.roles.iter().map(|role| role.id).collect();
    let permitted = roles::permitted(ctx, &roles).await?;
    membership.permissions = permitted.iter().map(|permission| permission.name.clone()).collect();
    Ok(())
}

async fn accounts(ctx: &Ctx, page: Page<User>) -> Result<Page<Account>, Error> {
    let ids: Vec<UserId> = page.items.iter().map(|user| user.id).collect();
    let mut memberships = memberships(ctx, &ids).await?;
    let mut identities = identities::of_users(&mut ctx.db().read(), ctx.environment().id, &ids).await?;
    let items = page.items.into_iter().map(|user| {
        let memberships = memberships.remove(&user.id.as_i64()).unwrap_or_default();
        let identities = identities.remove(&user.id.as_i64()).unwrap_or_default();
        Account { user, memberships, identities }
    });
    Ok(Page { items: items.collect(), next_token: page.next_token, prev_token: page.prev_token })
}

fn id(user: &User) -> i64 {
    user.id.as_i64()
}

/// What an event of a membership carries.
#[derive(Serialize)]
struct EventData<O, U, M> {
    organization: O,
    user: U,
    membership: M,
}

/// Records an event of a membership, `management.md` 13.4.8.
pub(super) async fn tell(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: EventType,
    organization: &Organization,
    user: &User,
    membership: &Membership,
) -> Result<(), Error> {
    let data = EventData {
        organization: organization.event_data(),
        user: user.event_data(),
        membership: membership.event_data(ctx.now()),
    };
    events::emit(tx, ctx, kind, Some(organization.id), &data).await
}

/// A deleted organization, as the events of its members have it.
pub(super) async fn data_of_deleted(ctx: &Ctx, organization: OrganizationId) -> Result<Json, Error> {
    let kind = EventType::OrganizationDeleted;
    let told = events::last_data(ctx.db(), ctx.environment().id, organization, kind).await?;
    // Its own event is there, unless events of that time were cleaned up already.
    let mut data = told.unwrap_or_else(|| json!({"id": organization.to_string()}));
    if let Some(object) = data.as_object_mut() {
        object.remove("deleted_at");
    }
    Ok(data)
}

/// Records that a membership ended with its organization, of which [`data_of_deleted`] is left.
pub(super) async fn tell_of_deleted(
    tx: &mut Tx,
    ctx: &Ctx,
    organization: OrganizationId,
    data: &Json,
    user: &User,
) -> Result<(), Error> {
    let event = json!({"organization": data, "user": user.event_data()});
    events::emit(tx, ctx, EventType::UserOrganizationMembershipDeleted, Some(organization), &event).await
}
