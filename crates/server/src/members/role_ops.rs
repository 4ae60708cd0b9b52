//! The operations on dashboard roles.
use super::{
    role::{DashboardRole, FixedRole, RoleKey},
    store,
};
use crate::{
    ctx::Ctx,
    db::Queryable,
    error::{Error, Kind},
    ids::DashboardRoleId,
    text,
};

/// Most roles of the workspace's own: the list is not paged.
const MAX_CUSTOM: usize = 100;

/// The fixed roles, then the workspace's own, by name.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut impl Queryable) -> Result<Vec<DashboardRole>, Error> {
    let mut roles: Vec<_> = FixedRole::ALL.map(DashboardRole::fixed).into();
    roles.extend(store::custom_roles(tx).await?);
    Ok(roles)
}

/// The role that a request names, by name or id.
///
/// # Errors
/// `NOT_FOUND`
pub fn named(roles: &[DashboardRole], name: &str) -> Result<DashboardRole, Error> {
    let wanted = text::fold(name);
    let found = roles.iter().find(|role| role.id() == name || text::fold(&role.name) == wanted);
    found.cloned().ok_or_else(|| not_found(name))
}

/// The role that a member has.
///
/// # Errors
/// `INTERNAL`: the foreign key keeps it.
pub fn with_key(roles: &[DashboardRole], key: RoleKey) -> Result<DashboardRole, Error> {
    let found = roles.iter().find(|role| role.key == key);
    found.cloned().ok_or_else(|| Error::internal("a member has a role that does not exist"))
}

/// Makes a role.
///
/// # Errors
/// `INVALID_ARGUMENT` for a bad name, or no or unknown permissions; `ALREADY_EXISTS` for a taken name;
/// `PERMISSION_DENIED` for more than the caller may do; `FAILED_PRECONDITION` for more than 100 roles.
pub async fn create(
    ctx: &Ctx,
    name: String,
    description: String,
    permissions: &[String],
) -> Result<DashboardRole, Error> {
    let id: DashboardRoleId = ctx.new_id();
    let role = DashboardRole::custom(id, name, description, permissions)?;
    role.check_authority(ctx)?;
    let mut tx = ctx.db().write().await?;
    store::lock(&mut tx).await?;
    if store::custom_roles(&mut tx).await?.len() >= MAX_CUSTOM {
        let text = format!("there are {MAX_CUSTOM} dashboard roles already; delete one first");
        return Err(Error::new(Kind::FailedPrecondition, text));
    }
    store::insert_role(&mut tx, id, &role, ctx.now()).await?;
    tx.commit().await?;
    Ok(role)
}

/// Replaces what a role says.
///
/// # Errors
/// `NOT_FOUND`; those of [`create`]; `INVALID_ARGUMENT` for a fixed role.
pub async fn update(
    ctx: &Ctx,
    id: &str,
    name: String,
    description: String,
    permissions: &[String],
) -> Result<DashboardRole, Error> {
    let id = custom_id(id)?;
    let role = DashboardRole::custom(id, name, description, permissions)?;
    role.check_authority(ctx)?;
    let mut tx = ctx.db().write().await?;
    store::lock(&mut tx).await?;
    with_id(&store::custom_roles(&mut tx).await?, id)?.check_authority(ctx)?;
    store::update_role(&mut tx, id, &role, ctx.now()).await?;
    tx.commit().await?;
    Ok(role)
}

/// Deletes a role.
///
/// # Errors
/// `NOT_FOUND`, also the second time; `INVALID_ARGUMENT` for a fixed role; `ABORTED` while somebody has it.
pub async fn delete(ctx: &Ctx, id: &str) -> Result<(), Error> {
    let id = custom_id(id)?;
    let mut tx = ctx.db().write().await?;
    store::lock(&mut tx).await?;
    with_id(&store::custom_roles(&mut tx).await?, id)?.check_authority(ctx)?;
    store::delete_role(&mut tx, id).await?;
    tx.commit().await
}

fn with_id(roles: &[DashboardRole], id: DashboardRoleId) -> Result<&DashboardRole, Error> {
    roles.iter().find(|role| role.key == RoleKey::Custom(id)).ok_or_else(|| not_found(&id.to_string()))
}

fn custom_id(id: &str) -> Result<DashboardRoleId, Error> {
    let is_fixed = FixedRole::ALL.into_iter().map(DashboardRole::fixed).any(|role| role.id() == id);
    if is_fixed {
        return Err(Error::invalid(
            "role_id",
            "dashboard_role.fixed",
            "must not be a fixed role: those stay",
        ));
    }
    crate::ids::parse("role_id", id)
}

fn not_found(role: &str) -> Error {
    Error::not_found(format!("dashboard role \"{role}\""))
}
