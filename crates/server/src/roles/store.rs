//! SQL of roles.
use super::model::{Base, Role, Scope};
use crate::{
    by_dialect,
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::{Error, Kind},
    ids::{EnvironmentId, OrganizationId, RoleId},
    sql,
};

/// Reads the columns that every statement here selects, in their order.
impl FromRow for Role {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let id = row.next()?;
        let organization: Option<OrganizationId> = row.next()?;
        let (name, display_name, description) = (row.next()?, row.next()?, row.next()?);
        let (base_id, base_name): (Option<RoleId>, Option<String>) = (row.next()?, row.next()?);
        Ok(Self {
            id,
            scope: organization.map_or(Scope::Environment, Scope::Organization),
            name,
            display_name,
            description,
            base: base_id.zip(base_name).map(|(id, name)| Base { id, name }),
            default_creator: row.next()?,
            default_member: row.next()?,
            dependents: row.next()?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT r.id, r.organization_id, r.name, r.display_name, r.description, r.base_role_id, base.name,
                    r.default_creator, r.default_member,
                    (SELECT COUNT(*) FROM roles d WHERE d.environment_id = $1 AND d.base_role_id = r.id)
             FROM roles r LEFT JOIN roles base ON base.environment_id = $1 AND base.id = r.base_role_id
             WHERE r.environment_id = $1 ",
            $rest
        ))
    };
}

/// The role of this name, of exactly this scope.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    scope: Scope,
    name: &str,
) -> Result<Option<Role>, Error> {
    Ok(select!("AND r.scope = $2 AND r.name = $3")
        .bind(env)
        .bind(scope.as_i64())
        .bind(name)
        .optional(tx)
        .await?)
}

/// The role of this name that can be used there: the environment's, or the organization's own.
pub async fn find_usable(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    scope: Scope,
    name: &str,
) -> Result<Option<Role>, Error> {
    Ok(select!("AND r.scope IN (0, $2) AND r.name = $3")
        .bind(env)
        .bind(scope.as_i64())
        .bind(name)
        .optional(tx)
        .await?)
}

/// The role with this id.
pub async fn find_by_id(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: RoleId,
) -> Result<Option<Role>, Error> {
    Ok(select!("AND r.id = $2").bind(env).bind(id).optional(tx).await?)
}

/// The role that has one of the environment's defaults.
pub async fn find_default(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    default: Default,
) -> Result<Option<Role>, Error> {
    let statement = match default {
        Default::Creator => select!("AND r.scope = 0 AND r.default_creator"),
        Default::Member => select!("AND r.scope = 0 AND r.default_member"),
    };
    Ok(statement.bind(env).optional(tx).await?)
}

/// All roles that can be used there, by name.
pub async fn list(tx: &mut impl Queryable, env: EnvironmentId, scope: Scope) -> Result<Vec<Role>, Error> {
    Ok(select!("AND r.scope IN (0, $2) ORDER BY r.name").bind(env).bind(scope.as_i64()).all(tx).await?)
}

/// The roles that inherit directly from this one, by name.
pub async fn dependents(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    role: RoleId,
) -> Result<Vec<Role>, Error> {
    Ok(select!("AND r.base_role_id = $2 ORDER BY r.name, r.id").bind(env).bind(role).all(tx).await?)
}

/// Whether the organization exists.
pub async fn organization_exists(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
) -> Result<bool, Error> {
    let found: Option<i64> = sql!("SELECT id FROM organizations WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(organization)
        .optional(tx)
        .await?;
    Ok(found.is_some())
}

/// Whether an organization has a role of this name, which the environment can then not have.
pub async fn is_taken_in_an_organization(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    name: &str,
) -> Result<bool, Error> {
    let found: Vec<i64> =
        sql!("SELECT id FROM roles WHERE environment_id = $1 AND name = $2 AND scope <> 0 LIMIT 1")
            .bind(env)
            .bind(name)
            .all(tx)
            .await?;
    Ok(!found.is_empty())
}

/// Adds a role.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, role: &Role) -> Result<(), Error> {
    sql!(
        "INSERT INTO roles (environment_id, id, organization_id, scope, name, display_name, description,
             base_role_id, default_creator, default_member)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    )
    .bind(env)
    .bind(role.id)
    .bind(role.scope.organization())
    .bind(role.scope.as_i64())
    .bind(&role.name)
    .bind(&role.display_name)
    .bind(&role.description)
    .bind(role.base.as_ref().map(|base| base.id))
    .bind(role.default_creator)
    .bind(role.default_member)
    .execute(tx)
    .await
    .on_unique("roles_environment_id_scope_name_key", || taken(&role.name))
    .on_foreign_key(|| Error::new(Kind::NotFound, "the organization was deleted meanwhile"))?;
    Ok(())
}

/// The error of a name that another role has.
pub fn taken(name: &str) -> Error {
    Error::already_exists(format!("name: a role named \"{name}\" already exists"))
}

/// Stores what an update can change of a role.
pub async fn update(tx: &mut Tx, env: EnvironmentId, role: &Role) -> Result<(), Error> {
    sql!(
        "UPDATE roles SET display_name = $3, description = $4, base_role_id = $5
         WHERE environment_id = $1 AND id = $2"
    )
    .bind(env)
    .bind(role.id)
    .bind(&role.display_name)
    .bind(&role.description)
    .bind(role.base.as_ref().map(|base| base.id))
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps other transactions from giving the role to anybody until this one ends: PostgreSQL locks the row against
/// references to it, SQLite has one writer anyway.
pub async fn lock_assignments(tx: &mut Tx, env: EnvironmentId, role: RoleId) -> Result<(), Error> {
    let _: Option<i64> = by_dialect!(
        postgres: "SELECT id FROM roles WHERE environment_id = $1 AND id = $2 FOR UPDATE",
        sqlite: "SELECT id FROM roles WHERE environment_id = $1 AND id = $2"
    )
    .bind(env)
    .bind(role)
    .optional(tx)
    .await?;
    Ok(())
}

/// Deletes a role. What it gave goes with it, and so would its memberships.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, role: RoleId) -> Result<(), Error> {
    sql!("DELETE FROM roles WHERE environment_id = $1 AND id = $2").bind(env).bind(role).execute(tx).await?;
    Ok(())
}

/// How many memberships have the role, in one organization or in all.
pub async fn count_users(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    role: RoleId,
    scope: Scope,
) -> Result<i64, Error> {
    let statement = match scope {
        Scope::Environment => {
            sql!("SELECT COUNT(*) FROM membership_roles WHERE environment_id = $1 AND role_id = $2")
                .bind(env)
                .bind(role)
        }
        Scope::Organization(organization) => sql!(
            "SELECT COUNT(*) FROM membership_roles
             WHERE environment_id = $1 AND role_id = $2 AND organization_id = $3"
        )
        .bind(env)
        .bind(role)
        .bind(organization),
    };
    Ok(statement.one(tx).await?)
}

/// Gives each membership that has `role` the role `to` too, if it does not have it yet.
pub async fn reassign(tx: &mut Tx, env: EnvironmentId, role: RoleId, to: RoleId) -> Result<(), Error> {
    sql!(
        "INSERT INTO membership_roles (environment_id, organization_id, user_id, role_id)
         SELECT environment_id, organization_id, user_id, CAST($3 AS BIGINT) FROM membership_roles
         WHERE environment_id = $1 AND role_id = $2
         ON CONFLICT DO NOTHING"
    )
    .bind(env)
    .bind(role)
    .bind(to)
    .execute(tx)
    .await?;
    Ok(())
}

/// How many groups of directories give the role to their members.
pub async fn count_groups(tx: &mut impl Queryable, env: EnvironmentId, role: RoleId) -> Result<i64, Error> {
    Ok(sql!("SELECT COUNT(*) FROM directory_groups WHERE environment_id = $1 AND role_id = $2")
        .bind(env)
        .bind(role)
        .one(tx)
        .await?)
}

/// Lets each group that gives `role` give the role `to` instead.
pub async fn reassign_groups(tx: &mut Tx, env: EnvironmentId, role: RoleId, to: RoleId) -> Result<(), Error> {
    sql!("UPDATE directory_groups SET role_id = $3 WHERE environment_id = $1 AND role_id = $2")
        .bind(env)
        .bind(role)
        .bind(to)
        .execute(tx)
        .await?;
    Ok(())
}

/// One of the environment's defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// Of who creates an organization.
    Creator,
    /// Of who joins an organization.
    Member,
}

/// Makes an environment role a default. The one before must have been cleared.
pub async fn set_default(
    tx: &mut Tx,
    env: EnvironmentId,
    default: Default,
    role: RoleId,
    set: bool,
) -> Result<(), Error> {
    let statement = match default {
        Default::Creator => {
            sql!("UPDATE roles SET default_creator = $3 WHERE environment_id = $1 AND id = $2 AND scope = 0")
        }
        Default::Member => {
            sql!("UPDATE roles SET default_member = $3 WHERE environment_id = $1 AND id = $2 AND scope = 0")
        }
    };
    statement.bind(env).bind(role).bind(set).execute(tx).await?;
    Ok(())
}

/// The role that the organization chose for its new members, if it did.
pub async fn organization_default(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
) -> Result<Option<RoleId>, Error> {
    Ok(sql!(
        "SELECT member_role_id FROM organization_default_roles WHERE environment_id = $1 AND organization_id = $2"
    )
    .bind(env)
    .bind(organization)
    .optional(tx)
    .await?)
}

/// Makes it the role of the organization's new members.
pub async fn set_organization_default(
    tx: &mut Tx,
    env: EnvironmentId,
    organization: OrganizationId,
    role: RoleId,
) -> Result<(), Error> {
    sql!(
        "INSERT INTO organization_default_roles (environment_id, organization_id, member_role_id)
         VALUES ($1, $2, $3) ON CONFLICT (organization_id) DO UPDATE SET member_role_id = $3"
    )
    .bind(env)
    .bind(organization)
    .bind(role)
    .execute(tx)
    .await
    .on_foreign_key(|| Error::new(Kind::NotFound, "the organization was deleted meanwhile"))?;
    Ok(())
}

/// An organization whose new members get the role by its own choice.
pub async fn organization_with_default(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    role: RoleId,
) -> Result<Option<OrganizationId>, Error> {
    let found: Vec<OrganizationId> = sql!(
        "SELECT organization_id FROM organization_default_roles
         WHERE environment_id = $1 AND member_role_id = $2 LIMIT 1"
    )
    .bind(env)
    .bind(role)
    .all(tx)
    .await?;
    Ok(found.into_iter().next())
}
