//! What a provider keeps in a directory, as it told us: users, groups, and who is in which group. Each function works
//! in the caller's transaction and keeps the counts.
use crate::{
    ctx::Ctx,
    db::{OnViolation as _, Tx},
    error::Error,
    ids::{DirectoryGroupId, DirectoryId, DirectoryUserId, EnvironmentId},
    sql, text,
    time::Timestamp,
};
use serde_json::{Map, Value as Json};

/// A user to be added.
#[derive(Clone, Debug, Default)]
pub struct NewUser {
    /// The provider's id.
    pub external_id: Option<String>,
    /// SCIM's `userName`: unique in the directory without regard to case (RFC 7643 §4.1.1).
    pub user_name: String,
    /// Primary address.
    pub email: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// All addresses.
    pub emails: Vec<String>,
    /// All that the provider sent.
    pub detail: Map<String, Json>,
}

/// A group to be added.
#[derive(Clone, Debug, Default)]
pub struct NewGroup {
    /// The provider's id: unique in the directory.
    pub external_id: Option<String>,
    /// For people; not unique.
    pub display_name: String,
    /// All that the provider sent.
    pub detail: Map<String, Json>,
}

/// Adds a user.
///
/// # Errors
/// `ALREADY_EXISTS` for a `userName` that another user of the directory has; `NOT_FOUND` for the directory.
pub async fn add_user(
    tx: &mut Tx,
    ctx: &Ctx,
    directory: DirectoryId,
    new: &NewUser,
) -> Result<DirectoryUserId, Error> {
    let (env, now, id) = (ctx.environment().id, ctx.now(), ctx.new_id());
    count(tx, env, directory, Part::Users(1), now).await?;
    sql!(
        "INSERT INTO directory_users (environment_id, id, directory_id, external_id, user_name_key, email,
             preferred_username, given_name, family_name, emails, active, detail, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)"
    )
    .bind(env)
    .bind(id)
    .bind(directory)
    .bind(&new.external_id)
    .bind(text::fold(&new.user_name))
    .bind(&new.email)
    .bind(&new.user_name)
    .bind(&new.given_name)
    .bind(&new.family_name)
    .bind(serde_json::to_string(&new.emails).map_err(Error::internal)?)
    .bind(true)
    .bind(serde_json::to_string(&new.detail).map_err(Error::internal)?)
    .bind(now)
    .execute(tx)
    .await
    .on_unique("directory_users_environment_id_directory_id_user_name_key_key", || {
        Error::already_exists("userName: another user of the directory has it")
    })?;
    Ok(id)
}

/// Adds a group.
///
/// # Errors
/// `ALREADY_EXISTS` for an external id that another group of the directory has; `NOT_FOUND` for the directory.
pub async fn add_group(
    tx: &mut Tx,
    ctx: &Ctx,
    directory: DirectoryId,
    new: &NewGroup,
) -> Result<DirectoryGroupId, Error> {
    let (env, now, id) = (ctx.environment().id, ctx.now(), ctx.new_id());
    count(tx, env, directory, Part::Groups(1), now).await?;
    sql!(
        "INSERT INTO directory_groups (environment_id, id, directory_id, external_id, display_name, detail,
             total_users, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $7)"
    )
    .bind(env)
    .bind(id)
    .bind(directory)
    .bind(&new.external_id)
    .bind(&new.display_name)
    .bind(serde_json::to_string(&new.detail).map_err(Error::internal)?)
    .bind(now)
    .execute(tx)
    .await
    .on_unique("directory_groups_environment_id_directory_id_external_id_key", || {
        Error::already_exists("externalId: another group of the directory has it")
    })?;
    Ok(id)
}

/// Puts a user into a group of the same directory. False if it is there already.
///
/// # Errors
/// `NOT_FOUND` for a user or a group that the directory does not have.
pub async fn add_member(
    tx: &mut Tx,
    ctx: &Ctx,
    directory: DirectoryId,
    group: DirectoryGroupId,
    user: DirectoryUserId,
) -> Result<bool, Error> {
    let env = ctx.environment().id;
    touch_directory(tx, env, directory).await?;
    let found: i64 = sql!(
        "SELECT COUNT(*) FROM directory_users u, directory_groups g
         WHERE u.environment_id = $1 AND u.directory_id = $2 AND u.id = $3
           AND g.environment_id = $1 AND g.directory_id = $2 AND g.id = $4"
    )
    .bind(env)
    .bind(directory)
    .bind(user)
    .bind(group)
    .one(tx)
    .await?;
    if found == 0 {
        return Err(Error::not_found(format!("user {user} or group {group} of directory {directory}")));
    }
    let added = sql!(
        "INSERT INTO directory_group_members (environment_id, group_id, user_id) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING"
    )
    .bind(env)
    .bind(group)
    .bind(user)
    .execute(tx)
    .await?;
    if added > 0 {
        count_members(tx, env, group, 1, ctx.now()).await?;
        count(tx, env, directory, Part::Groups(0), ctx.now()).await?;
    }
    Ok(added > 0)
}

/// Takes a user out of the directory, and out of its groups. False if it is not there.
///
/// # Errors
/// `NOT_FOUND` for the directory.
pub async fn remove_user(
    tx: &mut Tx,
    ctx: &Ctx,
    directory: DirectoryId,
    user: DirectoryUserId,
) -> Result<bool, Error> {
    let (env, now) = (ctx.environment().id, ctx.now());
    touch_directory(tx, env, directory).await?;
    sql!(
        "UPDATE directory_groups SET total_users = total_users - 1, updated_at = $4
         WHERE environment_id = $1 AND directory_id = $2 AND id IN
             (SELECT group_id FROM directory_group_members WHERE environment_id = $1 AND user_id = $3)"
    )
    .bind(env)
    .bind(directory)
    .bind(user)
    .bind(now)
    .execute(tx)
    .await?;
    let removed =
        sql!("DELETE FROM directory_users WHERE environment_id = $1 AND directory_id = $2 AND id = $3")
            .bind(env)
            .bind(directory)
            .bind(user)
            .execute(tx)
            .await?;
    if removed > 0 {
        count(tx, env, directory, Part::Users(-1), now).await?;
    }
    Ok(removed > 0)
}

/// Takes a group out of the directory; its members stay. False if it is not there.
///
/// # Errors
/// `NOT_FOUND` for the directory.
pub async fn remove_group(
    tx: &mut Tx,
    ctx: &Ctx,
    directory: DirectoryId,
    group: DirectoryGroupId,
) -> Result<bool, Error> {
    let env = ctx.environment().id;
    touch_directory(tx, env, directory).await?;
    let removed =
        sql!("DELETE FROM directory_groups WHERE environment_id = $1 AND directory_id = $2 AND id = $3")
            .bind(env)
            .bind(directory)
            .bind(group)
            .execute(tx)
            .await?;
    if removed > 0 {
        count(tx, env, directory, Part::Groups(-1), ctx.now()).await?;
    }
    Ok(removed > 0)
}

#[derive(Clone, Copy)]
enum Part {
    Users(i64),
    Groups(i64),
}

/// Changes a count of the directory, which was changed by its provider now.
async fn count(
    tx: &mut Tx,
    env: EnvironmentId,
    directory: DirectoryId,
    part: Part,
    now: Timestamp,
) -> Result<(), Error> {
    let (statement, by) = match part {
        Part::Users(by) => (
            sql!(
                "UPDATE directories SET total_users = total_users + $3, user_updated_at = $4, last_synced_at = $4
                 WHERE environment_id = $1 AND id = $2"
            ),
            by,
        ),
        Part::Groups(by) => (
            sql!(
                "UPDATE directories SET total_groups = total_groups + $3, group_updated_at = $4, last_synced_at = $4
                 WHERE environment_id = $1 AND id = $2"
            ),
            by,
        ),
    };
    found(statement.bind(env).bind(directory).bind(by).bind(now).execute(tx).await?, directory)
}

/// Changes of one directory take turns, so that nobody counts what another one removes.
async fn touch_directory(tx: &mut Tx, env: EnvironmentId, directory: DirectoryId) -> Result<(), Error> {
    let lock = sql!("UPDATE directories SET updated_at = updated_at WHERE environment_id = $1 AND id = $2");
    found(lock.bind(env).bind(directory).execute(tx).await?, directory)
}

fn found(rows: u64, directory: DirectoryId) -> Result<(), Error> {
    if rows == 0 { Err(Error::not_found(format!("directory {directory}"))) } else { Ok(()) }
}

async fn count_members(
    tx: &mut Tx,
    env: EnvironmentId,
    group: DirectoryGroupId,
    by: i64,
    now: Timestamp,
) -> Result<(), Error> {
    sql!(
        "UPDATE directory_groups SET total_users = total_users + $3, updated_at = $4
         WHERE environment_id = $1 AND id = $2"
    )
    .bind(env)
    .bind(group)
    .bind(by)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}
