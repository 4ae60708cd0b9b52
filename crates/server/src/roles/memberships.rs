//! What memberships need to know of roles: which ones they may have, have, and what these give.
use super::model::{Permission, Role, RoleRef};
use crate::{
    by_dialect,
    ctx::Ctx,
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::{Error, Kind},
    ids::{EnvironmentId, Id, OrganizationId, RoleId, UserId},
    remembered::Remembered,
    sql,
};
use std::{collections::HashSet, sync::Arc};

/// Most different roles that one request may name: each is looked up by itself, often in a transaction.
const MAX_REFERENCES: usize = 100;

/// A role as users show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSummary {
    /// `role_…`
    pub id: RoleId,
    /// Its identifier.
    pub name: String,
    /// For people.
    pub display_name: String,
}

impl FromRow for RoleSummary {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self { id: row.next()?, name: row.next()?, display_name: row.next()? })
    }
}

/// A role that a membership has directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignedRole {
    /// Whose.
    pub user: UserId,
    /// Where.
    pub organization: OrganizationId,
    /// Which.
    pub role: RoleSummary,
}

impl FromRow for AssignedRole {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self { user: row.next()?, organization: row.next()?, role: RoleSummary::from_row(row)? })
    }
}

/// The roles that a request names, each once, in its order. Each must be the environment's or the organization's own.
///
/// # Errors
/// `INVALID_ARGUMENT` above [`MAX_REFERENCES`]; `NOT_FOUND` with the first that is neither.
pub async fn resolve(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
    roles: &[RoleRef],
) -> Result<Vec<RoleId>, Error> {
    let mut ids = Vec::new();
    for which in distinct(roles)? {
        let scope = organization.as_i64();
        let statement = match which {
            RoleRef::Id(id) => {
                sql!("SELECT id FROM roles WHERE environment_id = $1 AND scope IN (0, $2) AND id = $3")
                    .bind(env)
                    .bind(scope)
                    .bind(*id)
            }
            RoleRef::Name(name) => {
                sql!("SELECT id FROM roles WHERE environment_id = $1 AND scope IN (0, $2) AND name = $3")
                    .bind(env)
                    .bind(scope)
                    .bind(name)
            }
        };
        let id: RoleId = statement.optional(tx).await?.ok_or_else(|| Role::not_found(which))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Each reference once, in their order.
fn distinct(roles: &[RoleRef]) -> Result<Vec<&RoleRef>, Error> {
    let mut seen = HashSet::new();
    let distinct: Vec<_> = roles.iter().filter(|&which| seen.insert(which)).collect();
    if distinct.len() > MAX_REFERENCES {
        let description = format!("must have at most {MAX_REFERENCES} items");
        return Err(Error::invalid("roles", "repeated.max_items", description));
    }
    Ok(distinct)
}

/// Gives who joins the organization, and has no role there yet, the one for that: the organization's choice, or else the
/// environment's.
///
/// # Errors
/// `ABORTED` if it was deleted meanwhile, which PostgreSQL's statements may not see before it is too late.
pub async fn assign_default(
    tx: &mut Tx,
    env: EnvironmentId,
    organization: OrganizationId,
    user: UserId,
) -> Result<RoleSummary, Error> {
    Ok(sql!(
        "INSERT INTO membership_roles (environment_id, organization_id, user_id, role_id)
         SELECT environment_id, CAST($2 AS BIGINT), CAST($3 AS BIGINT), id FROM roles
         WHERE environment_id = $1 AND id = COALESCE(
             (SELECT member_role_id FROM organization_default_roles WHERE environment_id = $1 AND organization_id = $2),
             (SELECT id FROM roles WHERE environment_id = $1 AND scope = 0 AND default_member))
         RETURNING role_id, (SELECT r.name FROM roles r WHERE r.id = membership_roles.role_id),
             (SELECT r.display_name FROM roles r WHERE r.id = membership_roles.role_id)"
    )
    .bind(env)
    .bind(organization)
    .bind(user)
    .one(tx)
    .await
    // The membership is there: the transaction wrote it.
    .on_foreign_key(|| {
        let text = "the default role of the organization's members was replaced at the same time: try again";
        Error::new(Kind::Aborted, text)
    })?)
}

/// Gives a member one more role. Having it already is no error. Answers with the role if it is new.
///
/// # Errors
/// `NOT_FOUND` for a role that is gone. The membership is there: the transaction wrote it, or holds the user's row.
pub async fn assign(
    tx: &mut Tx,
    env: EnvironmentId,
    organization: OrganizationId,
    user: UserId,
    role: RoleId,
) -> Result<Option<RoleSummary>, Error> {
    Ok(sql!(
        "INSERT INTO membership_roles (environment_id, organization_id, user_id, role_id)
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
         RETURNING role_id, (SELECT r.name FROM roles r WHERE r.id = membership_roles.role_id),
             (SELECT r.display_name FROM roles r WHERE r.id = membership_roles.role_id)"
    )
    .bind(env)
    .bind(organization)
    .bind(user)
    .bind(role)
    .optional(tx)
    .await
    .on_foreign_key(|| Error::not_found(format!("role {role}")))?)
}

/// The role that who creates an organization gets.
///
/// # Errors
/// Those of the database.
pub async fn default_creator_role(tx: &mut impl Queryable, env: EnvironmentId) -> Result<RoleId, Error> {
    Ok(sql!("SELECT id FROM roles WHERE environment_id = $1 AND scope = 0 AND default_creator")
        .bind(env)
        .one(tx)
        .await?)
}

/// The roles that a membership has directly, by name.
///
/// # Errors
/// Those of the database.
pub async fn assigned_to(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
    user: UserId,
) -> Result<Vec<RoleSummary>, Error> {
    Ok(sql!(
        "SELECT r.id, r.name, r.display_name FROM membership_roles m JOIN roles r ON r.id = m.role_id
         WHERE m.environment_id = $1 AND m.organization_id = $2 AND m.user_id = $3 ORDER BY r.name"
    )
    .bind(env)
    .bind(organization)
    .bind(user)
    .all(tx)
    .await?)
}

/// The roles that these users have directly in any organization, by name: one statement for a whole page of users.
///
/// # Errors
/// Those of the database.
pub async fn assigned_to_users(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    users: &[UserId],
) -> Result<Vec<AssignedRole>, Error> {
    // The `+` keeps SQLite from walking all memberships of the environment: it takes an index's first column to leave ten.
    Ok(by_dialect!(
        postgres: "SELECT m.user_id, m.organization_id, r.id, r.name, r.display_name
            FROM memberships s JOIN membership_roles m ON m.environment_id = s.environment_id
                AND m.organization_id = s.organization_id AND m.user_id = s.user_id
            JOIN roles r ON r.id = m.role_id
            WHERE s.environment_id = $1 AND s.user_id = ANY (CAST(string_to_array($2, ',') AS BIGINT[]))
            ORDER BY r.name",
        sqlite: "SELECT m.user_id, m.organization_id, r.id, r.name, r.display_name
            FROM memberships s JOIN membership_roles m ON m.environment_id = s.environment_id
                AND m.organization_id = s.organization_id AND m.user_id = s.user_id
            JOIN roles r ON r.id = m.role_id
            WHERE +s.environment_id = $1 AND s.user_id IN (SELECT value FROM json_each('[' || $2 || ']'))
            ORDER BY r.name"
    )
    .bind(env)
    .bind(numbers(users))
    .all(tx)
    .await?)
}

/// These roles and all that they inherit from, each once, by name.
///
/// # Errors
/// Those of the database.
pub async fn with_bases(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    roles: &[RoleId],
) -> Result<Vec<RoleSummary>, Error> {
    Ok(by_dialect!(
        postgres: "WITH RECURSIVE held (id) AS (
              SELECT id FROM roles
              WHERE environment_id = $1 AND id = ANY (CAST(string_to_array($2, ',') AS BIGINT[]))
              UNION
              SELECT r.base_role_id FROM held JOIN roles r ON r.id = held.id
              WHERE r.environment_id = $1 AND r.base_role_id IS NOT NULL)
            SELECT r.id, r.name, r.display_name FROM held JOIN roles r ON r.id = held.id
            WHERE r.environment_id = $1 ORDER BY r.name",
        sqlite: "WITH RECURSIVE held (id) AS (
              SELECT id FROM roles
              WHERE environment_id = $1 AND id IN (SELECT value FROM json_each('[' || $2 || ']'))
              UNION
              SELECT r.base_role_id FROM held JOIN roles r ON r.id = held.id
              WHERE r.environment_id = $1 AND r.base_role_id IS NOT NULL)
            SELECT r.id, r.name, r.display_name FROM held JOIN roles r ON r.id = held.id
            WHERE r.environment_id = $1 ORDER BY r.name"
    )
    .bind(env)
    .bind(numbers(roles))
    .all(tx)
    .await?)
}

/// What sets of roles permit, by environment and ascending numbers of the roles. Few sets are in use, however many members
/// there are.
pub type Permitted = Remembered<(EnvironmentId, Vec<i64>), Vec<Permission>>;

/// The tables that say what roles permit.
const TABLES: [&str; 3] = ["roles", "role_permissions", "permissions"];

/// What these roles give together, with all that they inherit, each once, by name. From memory if it was read within the
/// last second and this node has changed no role since.
///
/// # Errors
/// Those of the database.
pub async fn permitted(ctx: &Ctx, roles: &[RoleId]) -> Result<Arc<Vec<Permission>>, Error> {
    let (env, now, memory) = (ctx.environment().id, ctx.now(), &ctx.app().permitted);
    let mut set: Vec<i64> = roles.iter().map(|role| role.as_i64()).collect();
    set.sort_unstable();
    let key = (env, set);
    let changes = ctx.db().changes_of(&TABLES);
    if let Some(known) = memory.get(&key, now, changes) {
        return Ok(known);
    }
    let reading = memory.start(now, changes);
    let read = Arc::new(effective_permissions(&mut ctx.db().read(), env, roles).await?);
    memory.keep(reading, key, &read);
    Ok(read)
}

/// The permissions that these roles give, inherited ones too, by name: what is stored now, not what is remembered.
///
/// # Errors
/// Those of the database.
pub async fn effective_permissions(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    roles: &[RoleId],
) -> Result<Vec<Permission>, Error> {
    let held: Vec<RoleId> = with_bases(tx, env, roles).await?.into_iter().map(|role| role.id).collect();
    Ok(by_dialect!(
        postgres: "SELECT id, name, description, built_in, created_at, updated_at FROM permissions
            WHERE environment_id = $1 AND id IN (SELECT permission_id FROM role_permissions
              WHERE environment_id = $1 AND role_id = ANY (CAST(string_to_array($2, ',') AS BIGINT[])))
            ORDER BY name",
        sqlite: "SELECT id, name, description, built_in, created_at, updated_at FROM permissions
            WHERE environment_id = $1 AND id IN (SELECT permission_id FROM role_permissions
              WHERE environment_id = $1 AND role_id IN (SELECT value FROM json_each('[' || $2 || ']')))
            ORDER BY name"
    )
    .bind(env)
    .bind(numbers(&held))
    .all(tx)
    .await?)
}

/// `1,2,3`: how a set of ids is bound.
fn numbers<K>(ids: &[Id<K>]) -> String {
    ids.iter().map(|id| id.as_i64().to_string()).collect::<Vec<_>>().join(",")
}
