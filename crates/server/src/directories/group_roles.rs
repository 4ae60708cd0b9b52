//! Which role the members of a group get: one a group, the same for as many groups as wanted.
use super::{model::check_count, ops, store};
use crate::{
    ctx::Ctx,
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::Error,
    ids::{DirectoryGroupId, DirectoryId, EnvironmentId, OrganizationId, RoleId},
    roles::{self, RoleRef},
    sql,
};
use std::collections::{HashMap, HashSet};

/// A group with its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleAssignment {
    /// `dirgroup_…`
    pub group: DirectoryGroupId,
    /// `role_…`
    pub role: RoleId,
    /// The role's name.
    pub role_name: String,
}

impl FromRow for RoleAssignment {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self { group: row.next()?, role: row.next()?, role_name: row.next()? })
    }
}

/// What a request wants.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which group.
    pub group: DirectoryGroupId,
    /// Name of its role.
    pub role_name: String,
    /// The role's id, if it is given, too: it must be the same role's.
    pub role: Option<RoleId>,
}

/// Replaces all assignments of a directory. Roles of members are worked out from these rows when they are asked for.
///
/// # Errors
/// `NOT_FOUND` for the directory, a group or a role; `INVALID_ARGUMENT` for a group that is there twice, or too many
/// assignments.
pub async fn assign(
    ctx: &Ctx,
    organization: OrganizationId,
    id: DirectoryId,
    wanted: &[Wanted],
) -> Result<Vec<RoleAssignment>, Error> {
    check_count("role_assignments.assignments", wanted.len())?;
    let mut seen = HashSet::new();
    for (index, wanted) in wanted.iter().enumerate() {
        if !seen.insert(wanted.group.as_i64()) {
            let field = format!("role_assignments.assignments[{index}].group_id");
            return Err(Error::invalid(field, "unique", "must not be there twice: a group has one role"));
        }
    }
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let found = store::find_for_update(&mut tx, env, organization, id).await?;
    let mut directory = found.ok_or_else(|| ops::not_found(organization, id))?;
    clear(&mut tx, env, id).await?;
    let mut known = HashMap::new();
    for (index, wanted) in wanted.iter().enumerate() {
        let role = match known.get(wanted.role_name.as_str()) {
            Some(role) => *role,
            None => find_role(&mut tx, env, organization, &wanted.role_name).await?,
        };
        known.insert(wanted.role_name.as_str(), role);
        if wanted.role.is_some_and(|given| given != role) {
            let field = format!("role_assignments.assignments[{index}].role_id");
            return Err(Error::invalid(field, "role_id", "must be the id of the role that role_name names"));
        }
        set(&mut tx, env, id, wanted, role).await?;
    }
    directory.updated_at = ctx.now();
    store::update(&mut tx, env, &directory).await?;
    let assignments = of(&mut tx, env, id).await?;
    tx.commit().await?;
    Ok(assignments)
}

async fn find_role(
    tx: &mut Tx,
    env: EnvironmentId,
    organization: OrganizationId,
    name: &str,
) -> Result<RoleId, Error> {
    let ids = roles::resolve(tx, env, organization, &[RoleRef::Name(name.to_owned())]).await?;
    ids.first().copied().ok_or_else(|| Error::internal("a resolved role has no id"))
}

async fn clear(tx: &mut Tx, env: EnvironmentId, directory: DirectoryId) -> Result<(), Error> {
    sql!(
        "UPDATE directory_groups SET role_id = NULL
         WHERE environment_id = $1 AND directory_id = $2 AND role_id IS NOT NULL"
    )
    .bind(env)
    .bind(directory)
    .execute(tx)
    .await?;
    Ok(())
}

async fn set(
    tx: &mut Tx,
    env: EnvironmentId,
    directory: DirectoryId,
    wanted: &Wanted,
    role: RoleId,
) -> Result<(), Error> {
    let changed = sql!(
        "UPDATE directory_groups SET role_id = $4 WHERE environment_id = $1 AND directory_id = $2 AND id = $3"
    )
    .bind(env)
    .bind(directory)
    .bind(wanted.group)
    .bind(role)
    .execute(tx)
    .await
    .on_foreign_key(|| Error::not_found(format!("role \"{}\"", wanted.role_name)))?;
    if changed == 0 {
        return Err(Error::not_found(format!("group {} of directory {directory}", wanted.group)));
    }
    Ok(())
}

/// The directory's assignments, oldest group first.
pub async fn of(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    directory: DirectoryId,
) -> Result<Vec<RoleAssignment>, Error> {
    Ok(sql!(
        "SELECT g.id, r.id, r.name FROM directory_groups g JOIN roles r ON r.id = g.role_id
         WHERE g.environment_id = $1 AND g.directory_id = $2 ORDER BY g.id"
    )
    .bind(env)
    .bind(directory)
    .all(tx)
    .await?)
}
