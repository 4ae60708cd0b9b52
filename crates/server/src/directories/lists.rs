//! Users and groups of a directory, in pages, newest first.
use super::ops;
use crate::{
    by_dialect,
    ctx::Ctx,
    db::{FromRow, Queryable, Row},
    error::Error,
    ids::{DirectoryGroupId, DirectoryId, DirectoryUserId, EnvironmentId, OrganizationId},
    paging::{From, List, Page, Sizes, Window},
    sql,
    time::Timestamp,
};
use std::collections::HashMap;

const SIZES: Sizes = Sizes { default: 10, max: 30 };

/// A user in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryUser {
    /// `diruser_…`
    pub id: DirectoryUserId,
    /// Primary address.
    pub email: String,
    /// SCIM's `userName` by default.
    pub preferred_username: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// All addresses.
    pub emails: Vec<String>,
    /// JSON object: all that the provider sent.
    pub detail: String,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Groups that it is in, oldest first.
    pub groups: Vec<DirectoryGroup>,
}

impl FromRow for DirectoryUser {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            email: row.next()?,
            preferred_username: row.next()?,
            given_name: row.next()?,
            family_name: row.next()?,
            emails: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
            detail: row.next()?,
            updated_at: row.next()?,
            groups: Vec::new(),
        })
    }
}

/// A group in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryGroup {
    /// `dirgroup_…`
    pub id: DirectoryGroupId,
    /// For people.
    pub display_name: String,
    /// How many users are in it.
    pub total_users: i64,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// JSON object: all that the provider sent.
    pub detail: String,
}

impl FromRow for DirectoryGroup {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            display_name: row.next()?,
            total_users: row.next()?,
            updated_at: row.next()?,
            detail: row.next()?,
        })
    }
}

/// Which users or groups are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Only members of this group.
    pub group: Option<DirectoryGroupId>,
    /// Only those changed then or later.
    pub updated_after: Option<Timestamp>,
}

/// One page of the directory's users, with the groups that they are in, and how many pass the filter.
///
/// # Errors
/// `NOT_FOUND` for the directory; `INVALID_ARGUMENT` for a token of another list.
pub async fn users(
    ctx: &Ctx,
    organization: OrganizationId,
    id: DirectoryId,
    filter: Filter,
    (size, token): (u32, &str),
) -> Result<(Page<DirectoryUser>, i64), Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let directory = ops::find(&mut tx, ctx, organization, id).await?;
    let list = List::named("directory_users").filtered_by(&format!("{id} {filter:?}"));
    let window = Window::parse(ctx, &list, SIZES, size, token)?;
    let rows = match filter.group {
        None => page_of_users(&mut tx, env, id, filter.updated_after, window).await?,
        Some(group) => page_of_members(&mut tx, env, (id, group), filter.updated_after, window).await?,
    };
    let total = match (filter.group, filter.updated_after) {
        (None, None) => directory.stats.users,
        _ => count_users(&mut tx, env, id, filter).await?,
    };
    let mut page = window.page(ctx, &list, rows, |user| user.id.as_i64());
    add_groups(&mut tx, env, &mut page.items).await?;
    Ok((page, total))
}

/// One page of the directory's groups, and how many pass the filter.
///
/// # Errors
/// `NOT_FOUND` for the directory; `INVALID_ARGUMENT` for a token of another list.
pub async fn groups(
    ctx: &Ctx,
    organization: OrganizationId,
    id: DirectoryId,
    updated_after: Option<Timestamp>,
    (size, token): (u32, &str),
) -> Result<(Page<DirectoryGroup>, i64), Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let directory = ops::find(&mut tx, ctx, organization, id).await?;
    let list = List::named("directory_groups").filtered_by(&format!("{id} {updated_after:?}"));
    let window = Window::parse(ctx, &list, SIZES, size, token)?;
    let rows = page_of_groups(&mut tx, env, id, updated_after, window).await?;
    let total = match updated_after {
        None => directory.stats.groups,
        Some(time) => count_groups(&mut tx, env, id, time).await?,
    };
    Ok((window.page(ctx, &list, rows, |group| group.id.as_i64()), total))
}

/// All groups of the directory, newest first.
///
/// # Errors
/// `NOT_FOUND` for the directory.
pub async fn all_groups(
    ctx: &Ctx,
    organization: OrganizationId,
    id: DirectoryId,
) -> Result<Vec<DirectoryGroup>, Error> {
    let mut tx = ctx.db().read();
    ops::find(&mut tx, ctx, organization, id).await?;
    Ok(sql!(
        "SELECT id, display_name, total_users, updated_at, detail FROM directory_groups
         WHERE environment_id = $1 AND directory_id = $2 ORDER BY id DESC"
    )
    .bind(ctx.environment().id)
    .bind(id)
    .all(&mut tx)
    .await?)
}

/// Before all times, for statements that compare in any case.
fn or_ever(time: Option<Timestamp>) -> Timestamp {
    time.unwrap_or(Timestamp::from_micros(i64::MIN))
}

macro_rules! select_users {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT u.id, u.email, u.preferred_username, u.given_name, u.family_name, u.emails, u.detail, u.updated_at
             FROM directory_users u WHERE u.environment_id = $1 AND u.directory_id = $2 AND u.updated_at >= $3 ",
            $rest
        ))
    };
}

async fn page_of_users(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    directory: DirectoryId,
    updated_after: Option<Timestamp>,
    window: Window,
) -> Result<Vec<DirectoryUser>, Error> {
    let (statement, from) = match window.from {
        From::After(id) => (select_users!("AND u.id > $4 ORDER BY u.id LIMIT $5"), id),
        From::Before(id) => (select_users!("AND u.id < $4 ORDER BY u.id DESC LIMIT $5"), id),
        From::Newest => (select_users!("AND u.id < $4 ORDER BY u.id DESC LIMIT $5"), i64::MAX),
    };
    let statement = statement.bind(env).bind(directory).bind(or_ever(updated_after));
    Ok(statement.bind(from).bind(window.limit()).all(tx).await?)
}

macro_rules! select_members {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT u.id, u.email, u.preferred_username, u.given_name, u.family_name, u.emails, u.detail, u.updated_at
             FROM directory_group_members m JOIN directory_users u ON u.id = m.user_id
             WHERE m.environment_id = $1 AND u.directory_id = $2 AND u.updated_at >= $3 AND m.group_id = $6 ",
            $rest
        ))
    };
}

async fn page_of_members(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    (directory, group): (DirectoryId, DirectoryGroupId),
    updated_after: Option<Timestamp>,
    window: Window,
) -> Result<Vec<DirectoryUser>, Error> {
    let (statement, from) = match window.from {
        From::After(id) => (select_members!("AND m.user_id > $4 ORDER BY m.user_id LIMIT $5"), id),
        From::Before(id) => (select_members!("AND m.user_id < $4 ORDER BY m.user_id DESC LIMIT $5"), id),
        From::Newest => (select_members!("AND m.user_id < $4 ORDER BY m.user_id DESC LIMIT $5"), i64::MAX),
    };
    let statement = statement.bind(env).bind(directory).bind(or_ever(updated_after));
    Ok(statement.bind(from).bind(window.limit()).bind(group).all(tx).await?)
}

async fn count_users(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    directory: DirectoryId,
    filter: Filter,
) -> Result<i64, Error> {
    let statement = match filter.group {
        None => sql!(
            "SELECT COUNT(*) FROM directory_users
             WHERE environment_id = $1 AND directory_id = $2 AND updated_at >= $3"
        ),
        Some(_) => sql!(
            "SELECT COUNT(*) FROM directory_group_members m JOIN directory_users u ON u.id = m.user_id
             WHERE m.environment_id = $1 AND u.directory_id = $2 AND u.updated_at >= $3 AND m.group_id = $4"
        ),
    };
    let statement = statement.bind(env).bind(directory).bind(or_ever(filter.updated_after));
    let statement = match filter.group {
        None => statement,
        Some(group) => statement.bind(group),
    };
    Ok(statement.one(tx).await?)
}

macro_rules! select_groups {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT id, display_name, total_users, updated_at, detail FROM directory_groups
             WHERE environment_id = $1 AND directory_id = $2 AND updated_at >= $3 ",
            $rest
        ))
    };
}

async fn page_of_groups(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    directory: DirectoryId,
    updated_after: Option<Timestamp>,
    window: Window,
) -> Result<Vec<DirectoryGroup>, Error> {
    let (statement, from) = match window.from {
        From::After(id) => (select_groups!("AND id > $4 ORDER BY id LIMIT $5"), id),
        From::Before(id) => (select_groups!("AND id < $4 ORDER BY id DESC LIMIT $5"), id),
        From::Newest => (select_groups!("AND id < $4 ORDER BY id DESC LIMIT $5"), i64::MAX),
    };
    let statement = statement.bind(env).bind(directory).bind(or_ever(updated_after));
    Ok(statement.bind(from).bind(window.limit()).all(tx).await?)
}

async fn count_groups(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    directory: DirectoryId,
    updated_after: Timestamp,
) -> Result<i64, Error> {
    Ok(sql!(
        "SELECT COUNT(*) FROM directory_groups WHERE environment_id = $1 AND directory_id = $2 AND updated_at >= $3"
    )
    .bind(env)
    .bind(directory)
    .bind(updated_after)
    .one(tx)
    .await?)
}

struct Membership {
    user: DirectoryUserId,
    group: DirectoryGroup,
}

impl FromRow for Membership {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self { user: row.next()?, group: DirectoryGroup::from_row(row)? })
    }
}

/// Fills in the groups of a page of users, by one statement.
async fn add_groups(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    users: &mut [DirectoryUser],
) -> Result<(), Error> {
    let ids: Vec<String> = users.iter().map(|user| user.id.as_i64().to_string()).collect();
    let memberships: Vec<Membership> = by_dialect!(
        postgres: "SELECT m.user_id, g.id, g.display_name, g.total_users, g.updated_at, '{}'
            FROM directory_group_members m JOIN directory_groups g ON g.id = m.group_id
            WHERE m.environment_id = $1 AND m.user_id = ANY (CAST(string_to_array($2, ',') AS BIGINT[]))
            ORDER BY g.id",
        sqlite: "SELECT m.user_id, g.id, g.display_name, g.total_users, g.updated_at, '{}'
            FROM directory_group_members m JOIN directory_groups g ON g.id = m.group_id
            WHERE m.environment_id = $1 AND m.user_id IN (SELECT value FROM json_each('[' || $2 || ']'))
            ORDER BY g.id"
    )
    .bind(env)
    .bind(ids.join(","))
    .all(tx)
    .await?;
    let mut by_user = HashMap::<i64, Vec<DirectoryGroup>>::new();
    for Membership { user, group } in memberships {
        by_user.entry(user.as_i64()).or_default().push(group);
    }
    for user in users {
        user.groups = by_user.remove(&user.id.as_i64()).unwrap_or_default();
    }
    Ok(())
}
