//! SQL of roles and permissions.
use crate::{
    db::Tx,
    error::Error,
    ids::{EnvironmentId, PermissionId, RoleId},
    sql,
    time::Timestamp,
};

/// A role to add.
pub struct NewRole {
    /// `role_…`
    pub id: RoleId,
    /// Its identifier.
    pub name: &'static str,
    /// For people.
    pub display_name: &'static str,
    /// For people.
    pub description: &'static str,
    /// Whether who creates an organization gets it.
    pub default_creator: bool,
    /// Whether who joins an organization gets it.
    pub default_member: bool,
}

pub async fn insert_role(tx: &mut Tx, env: EnvironmentId, role: &NewRole) -> Result<(), Error> {
    sql!(
        "INSERT INTO roles (environment_id, id, name, display_name, description, default_creator, default_member)
         VALUES ($1, $2, $3, $4, $5, $6, $7)"
    )
    .bind(env)
    .bind(role.id)
    .bind(role.name)
    .bind(role.display_name)
    .bind(role.description)
    .bind(role.default_creator)
    .bind(role.default_member)
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn insert_built_in_permission(
    tx: &mut Tx,
    env: EnvironmentId,
    id: PermissionId,
    name: &str,
    description: &str,
    now: Timestamp,
) -> Result<(), Error> {
    sql!(
        "INSERT INTO permissions (environment_id, id, name, description, built_in, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)"
    )
    .bind(env)
    .bind(id)
    .bind(name)
    .bind(description)
    .bind(true)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn grant(
    tx: &mut Tx,
    env: EnvironmentId,
    role: RoleId,
    permission: PermissionId,
) -> Result<(), Error> {
    sql!("INSERT INTO role_permissions (environment_id, role_id, permission_id) VALUES ($1, $2, $3)")
        .bind(env)
        .bind(role)
        .bind(permission)
        .execute(tx)
        .await?;
    Ok(())
}
