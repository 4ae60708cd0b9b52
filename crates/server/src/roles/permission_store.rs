//! SQL of permissions, and of which roles give them.
use super::model::{Grant, MAX_DEPTH, Permission, Scope};
use crate::{
    by_dialect,
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::Error,
    ids::{EnvironmentId, PermissionId, RoleId},
    paging, sql,
};
use std::collections::BTreeSet;

/// Reads the columns that every statement here selects, in their order.
impl FromRow for Permission {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            name: row.next()?,
            description: row.next()?,
            built_in: row.next()?,
            created_at: row.next()?,
            updated_at: row.next()?,
        })
    }
}

impl FromRow for Grant {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self { role: row.next()?, origin: row.next()?, permission: Permission::from_row(row)? })
    }
}

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT id, name, description, built_in, created_at, updated_at FROM permissions
             WHERE environment_id = $1 ",
            $rest
        ))
    };
}

/// Which permissions a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// All.
    Any,
    /// Those that every environment has.
    BuiltIn,
    /// Those that the environment made.
    Own,
}

impl Origin {
    /// The two values of `built_in` that pass.
    const fn accepts(self) -> (bool, bool) {
        match self {
            Self::Any => (true, false),
            Self::BuiltIn => (true, true),
            Self::Own => (false, false),
        }
    }
}

/// The permission of this name.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    name: &str,
) -> Result<Option<Permission>, Error> {
    Ok(select!("AND name = $2").bind(env).bind(name).optional(tx).await?)
}

/// All permissions that the environment made, by name.
pub async fn own(tx: &mut impl Queryable, env: EnvironmentId) -> Result<Vec<Permission>, Error> {
    Ok(select!("AND built_in = $2 ORDER BY name").bind(env).bind(false).all(tx).await?)
}

/// One page of permissions, in the order of the window.
pub async fn page(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    origin: Origin,
    window: &paging::Window<String>,
) -> Result<Vec<Permission>, Error> {
    let (statement, from) = match &window.from {
        paging::From::Newest => {
            (select!("AND name > $4 AND built_in IN ($2, $3) ORDER BY name LIMIT $5"), "")
        }
        paging::From::Before(name) => {
            (select!("AND name > $4 AND built_in IN ($2, $3) ORDER BY name LIMIT $5"), name.as_str())
        }
        paging::From::After(name) => {
            (select!("AND name < $4 AND built_in IN ($2, $3) ORDER BY name DESC LIMIT $5"), name.as_str())
        }
    };
    let (one, other) = origin.accepts();
    Ok(statement.bind(env).bind(one).bind(other).bind(from).bind(window.limit()).all(tx).await?)
}

/// How many there are.
pub async fn count(tx: &mut impl Queryable, env: EnvironmentId, origin: Origin) -> Result<i64, Error> {
    let (one, other) = origin.accepts();
    Ok(sql!("SELECT COUNT(*) FROM permissions WHERE environment_id = $1 AND built_in IN ($2, $3)")
        .bind(env)
        .bind(one)
        .bind(other)
        .one(tx)
        .await?)
}

/// Adds a permission.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, permission: &Permission) -> Result<(), Error> {
    sql!(
        "INSERT INTO permissions (environment_id, id, name, description, built_in, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)"
    )
    .bind(env)
    .bind(permission.id)
    .bind(&permission.name)
    .bind(&permission.description)
    .bind(permission.built_in)
    .bind(permission.created_at)
    .bind(permission.updated_at)
    .execute(tx)
    .await
    .on_unique("permissions_environment_id_name_key", || {
        Error::already_exists(format!("name: a permission named \"{}\" already exists", permission.name))
    })?;
    Ok(())
}

/// Stores the description of a permission.
pub async fn update(tx: &mut Tx, env: EnvironmentId, permission: &Permission) -> Result<(), Error> {
    sql!("UPDATE permissions SET description = $3, updated_at = $4 WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(permission.id)
        .bind(&permission.description)
        .bind(permission.updated_at)
        .execute(tx)
        .await?;
    Ok(())
}

/// Deletes a permission, also from every role.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, id: PermissionId) -> Result<(), Error> {
    sql!("DELETE FROM permissions WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}

/// The permissions that the role has itself, by name.
pub async fn direct(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    role: RoleId,
) -> Result<Vec<Permission>, Error> {
    Ok(select!(
        "AND id IN (SELECT permission_id FROM role_permissions WHERE environment_id = $1 AND role_id = $2)
         ORDER BY name"
    )
    .bind(env)
    .bind(role)
    .all(tx)
    .await?)
}

macro_rules! grants {
    ($of:literal) => {
        sql!(concat!(
            "WITH RECURSIVE chain (role_id, id, name, base_role_id, depth) AS (
               SELECT id, id, name, base_role_id, CAST(1 AS BIGINT) FROM roles WHERE environment_id = $1 AND ",
            $of,
            " UNION ALL
               SELECT chain.role_id, r.id, r.name, r.base_role_id, chain.depth + 1
               FROM chain JOIN roles r ON r.id = chain.base_role_id
               WHERE r.environment_id = $1 AND chain.depth < $3)
             SELECT chain.role_id, chain.name, p.id, p.name, p.description, p.built_in, p.created_at, p.updated_at
             FROM chain JOIN role_permissions g ON g.role_id = chain.id JOIN permissions p ON p.id = g.permission_id
             WHERE g.environment_id = $1 AND p.environment_id = $1 ORDER BY chain.role_id, p.name, chain.depth"
        ))
    };
}

/// How far up the chain of inheritance to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The role's own permissions.
    Direct,
    /// Those that it inherits too.
    Effective,
}

impl Reach {
    const fn depth(self) -> i64 {
        match self {
            Self::Direct => 1,
            Self::Effective => MAX_DEPTH,
        }
    }
}

/// What a role gives, by name; each once, from the nearest role in the chain that has it.
pub async fn grants(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    role: RoleId,
    reach: Reach,
) -> Result<Vec<Grant>, Error> {
    let rows = grants!("id = $2").bind(env).bind(role).bind(reach.depth()).all(tx).await?;
    Ok(nearest(rows))
}

/// What all roles give that can be used there, role by role.
pub async fn all_grants(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    scope: Scope,
    reach: Reach,
) -> Result<Vec<Grant>, Error> {
    let rows = grants!("scope IN (0, $2)").bind(env).bind(scope.as_i64()).bind(reach.depth()).all(tx).await?;
    Ok(nearest(rows))
}

/// The rows come sorted by role, permission and distance.
fn nearest(mut rows: Vec<Grant>) -> Vec<Grant> {
    rows.dedup_by(|next, kept| next.role == kept.role && next.permission.id == kept.permission.id);
    rows
}

/// The permissions of these names.
///
/// # Errors
/// `NOT_FOUND` with the first that is none.
pub async fn named(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    names: &BTreeSet<String>,
) -> Result<Vec<Permission>, Error> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<Permission> = by_dialect!(
        postgres: "SELECT id, name, description, built_in, created_at, updated_at FROM permissions
            WHERE environment_id = $1 AND name IN (SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON)))",
        sqlite: "SELECT id, name, description, built_in, created_at, updated_at FROM permissions
            WHERE environment_id = $1 AND name IN (SELECT value FROM json_each($2))"
    )
    .bind(env)
    .bind(serde_json::to_string(names).map_err(Error::internal)?)
    .all(tx)
    .await?;
    match names.iter().find(|name| !found.iter().any(|permission| permission.name == **name)) {
        Some(missing) => Err(Permission::unknown(missing)),
        None => Ok(found),
    }
}

/// Gives the role a permission. Tells whether it is new to it.
pub async fn grant(
    tx: &mut Tx,
    env: EnvironmentId,
    role: RoleId,
    permission: PermissionId,
) -> Result<bool, Error> {
    let added = sql!(
        "INSERT INTO role_permissions (environment_id, role_id, permission_id) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING"
    )
    .bind(env)
    .bind(role)
    .bind(permission)
    .execute(tx)
    .await?;
    Ok(added > 0)
}

/// Takes a permission from the role. Tells whether it had it.
pub async fn revoke(
    tx: &mut Tx,
    env: EnvironmentId,
    role: RoleId,
    permission: PermissionId,
) -> Result<bool, Error> {
    let removed = sql!(
        "DELETE FROM role_permissions WHERE environment_id = $1 AND role_id = $2 AND permission_id = $3"
    )
    .bind(env)
    .bind(role)
    .bind(permission)
    .execute(tx)
    .await?;
    Ok(removed > 0)
}

/// What the permission with this name lets people do, in words.
///
/// # Errors
/// Those of the database.
pub async fn description(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    name: &str,
) -> Result<Option<String>, Error> {
    Ok(sql!("SELECT description FROM permissions WHERE environment_id = $1 AND name = $2")
        .bind(env)
        .bind(name)
        .optional(tx)
        .await?)
}
