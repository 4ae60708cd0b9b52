//! The operations on roles.
use super::{
    inheritance,
    model::{Base, Grant, NewRole, Permission, Role, RoleRef, RoleUpdate, Scope},
    permission_store::{self, Reach},
    store::{self, Default},
};
use crate::{
    ctx::Ctx,
    db::{Queryable, Tx},
    environments,
    error::{Error, Kind},
    events::{self, EventType},
    ids::{EnvironmentId, OrganizationId, RoleId},
};
use std::collections::BTreeSet;

/// The field that names the role that takes the place of a deleted one.
const REASSIGN: &str = "reassign_role_name";

/// Creates a role.
///
/// # Errors
/// `INVALID_ARGUMENT` for a bad value or a chain that is too long; `NOT_FOUND` for an unknown organization, base or
/// permission; `ALREADY_EXISTS` for a name that is taken in the environment or the organization.
pub async fn create(ctx: &Ctx, scope: Scope, new: NewRole) -> Result<Role, Error> {
    let mut role = Role {
        id: ctx.new_id(),
        scope,
        name: new.name,
        display_name: new.display_name,
        description: new.description,
        base: None,
        default_creator: false,
        default_member: false,
        dependents: 0,
    };
    role.check()?;
    let (mut tx, env) = (lock(ctx, scope).await?, ctx.environment().id);
    let taken = match scope {
        Scope::Environment => store::is_taken_in_an_organization(&mut tx, env, &role.name).await?,
        Scope::Organization(_) => store::find(&mut tx, env, Scope::Environment, &role.name).await?.is_some(),
    };
    if taken {
        return Err(store::taken(&role.name));
    }
    if let Some(name) = new.extends {
        let base =
            store::find_usable(&mut tx, env, scope, &name).await?.ok_or_else(|| Role::unknown(&name))?;
        inheritance::check(&mut tx, env, role.id, &base, "role.extends").await?;
        role.base = Some(Base { id: base.id, name: base.name });
    }
    let permissions = permission_store::named(&mut tx, env, &new.permissions).await?;
    store::insert(&mut tx, env, &role).await?;
    for permission in permissions {
        permission_store::grant(&mut tx, env, role.id, permission.id).await?;
    }
    tell(&mut tx, ctx, EventType::RoleCreated, &role).await?;
    tx.commit().await?;
    Ok(role)
}

/// A role of the environment, or one that the organization can use.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, scope: Scope, name: &str) -> Result<Role, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    require_organization(&mut tx, env, scope).await?;
    let role = store::find_usable(&mut tx, env, scope, name).await?.ok_or_else(|| Role::unknown(name))?;
    let mut roles = [role];
    apply_own_default(&mut tx, env, scope, &mut roles).await?;
    let [role] = roles;
    Ok(role)
}

/// All roles of the environment, or all that the organization can use, by name.
///
/// # Errors
/// `NOT_FOUND` for an unknown organization.
pub async fn list(ctx: &Ctx, scope: Scope) -> Result<Vec<Role>, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    require_organization(&mut tx, env, scope).await?;
    let mut roles = store::list(&mut tx, env, scope).await?;
    apply_own_default(&mut tx, env, scope, &mut roles).await?;
    Ok(roles)
}

/// What the role gives, by name.
///
/// # Errors
/// Those of the database.
pub async fn grants(ctx: &Ctx, role: RoleId, reach: Reach) -> Result<Vec<Grant>, Error> {
    permission_store::grants(&mut ctx.db().read(), ctx.environment().id, role, reach).await
}

/// What all roles of a list give.
///
/// # Errors
/// Those of the database.
pub async fn all_grants(ctx: &Ctx, scope: Scope, reach: Reach) -> Result<Vec<Grant>, Error> {
    permission_store::all_grants(&mut ctx.db().read(), ctx.environment().id, scope, reach).await
}

/// The roles that inherit directly from an environment role, by name.
///
/// # Errors
/// `NOT_FOUND`
pub async fn list_dependents(ctx: &Ctx, name: &str) -> Result<Vec<Role>, Error> {
    let role = get(ctx, Scope::Environment, name).await?;
    store::dependents(&mut ctx.db().read(), ctx.environment().id, role.id).await
}

/// How many memberships have the role: all of an environment role, or those of one organization.
///
/// # Errors
/// `NOT_FOUND`
pub async fn count_users(ctx: &Ctx, scope: Scope, name: &str) -> Result<i64, Error> {
    let role = get(ctx, scope, name).await?;
    store::count_users(&mut ctx.db().read(), ctx.environment().id, role.id, scope).await
}

/// Changes what `update` says. Without a difference nothing is stored and nothing told.
///
/// # Errors
/// `NOT_FOUND` for an unknown organization, role, base or permission; `INVALID_ARGUMENT` for a bad value, a cycle or a
/// chain that is too long.
pub async fn update(ctx: &Ctx, scope: Scope, name: &str, update: RoleUpdate) -> Result<Role, Error> {
    let (mut tx, env) = (lock(ctx, scope).await?, ctx.environment().id);
    let before = own(&mut tx, env, scope, name).await?;
    let mut role = before.clone();
    if let Some(display_name) = update.display_name {
        role.display_name = display_name;
    }
    if let Some(description) = update.description {
        role.description = description;
    }
    role.check()?;
    if let Some(name) = update.extends {
        let base =
            store::find_usable(&mut tx, env, scope, &name).await?.ok_or_else(|| Role::unknown(&name))?;
        inheritance::check(&mut tx, env, role.id, &base, "role.extends").await?;
        role.base = Some(Base { id: base.id, name: base.name });
    }
    let regranted = replace_permissions(&mut tx, env, role.id, &update.permissions).await?;
    if role == before && !regranted {
        return Ok(role);
    }
    store::update(&mut tx, env, &role).await?;
    tell(&mut tx, ctx, EventType::RoleUpdated, &role).await?;
    tx.commit().await?;
    Ok(role)
}

/// Gives the role exactly these permissions, unless there are none. Tells whether that is a difference.
async fn replace_permissions(
    tx: &mut Tx,
    env: EnvironmentId,
    role: RoleId,
    names: &BTreeSet<String>,
) -> Result<bool, Error> {
    if names.is_empty() {
        return Ok(false);
    }
    let mut changed = false;
    for permission in permission_store::direct(tx, env, role).await? {
        if !names.contains(&permission.name) {
            changed |= permission_store::revoke(tx, env, role, permission.id).await?;
        }
    }
    for permission in permission_store::named(tx, env, names).await? {
        changed |= permission_store::grant(tx, env, role, permission.id).await?;
    }
    Ok(changed)
}

/// Ends the role's inheritance. A role without a base is left as it is.
///
/// # Errors
/// `NOT_FOUND`
pub async fn delete_base(ctx: &Ctx, scope: Scope, name: &str) -> Result<(), Error> {
    let (mut tx, env) = (lock(ctx, scope).await?, ctx.environment().id);
    let mut role = own(&mut tx, env, scope, name).await?;
    if role.base.take().is_none() {
        return Ok(());
    }
    store::update(&mut tx, env, &role).await?;
    tell(&mut tx, ctx, EventType::RoleUpdated, &role).await?;
    tx.commit().await
}

/// Deletes a role. Its memberships and the groups of directories that are mapped to it get `replacement`, and roles that
/// inherit from it inherit from that one.
///
/// # Errors
/// `NOT_FOUND`; `FAILED_PRECONDITION` for a default role, or one in use without a replacement; `INVALID_ARGUMENT` for a
/// replacement that is unknown, is the role itself, or inherits from it while others do too.
pub async fn delete(ctx: &Ctx, scope: Scope, name: &str, replacement: Option<&RoleRef>) -> Result<(), Error> {
    let (mut tx, env) = (lock(ctx, scope).await?, ctx.environment().id);
    let role = own(&mut tx, env, scope, name).await?;
    let replacement = match replacement {
        Some(which) => Some(find_replacement(&mut tx, env, &role, which).await?),
        None => None,
    };
    refuse_default(&mut tx, env, &role).await?;
    store::lock_assignments(&mut tx, env, role.id).await?;
    let users = store::count_users(&mut tx, env, role.id, Scope::Environment).await?;
    let groups = store::count_groups(&mut tx, env, role.id).await?;
    match replacement {
        Some(to) => {
            rebase_dependents(&mut tx, ctx, &role, &to).await?;
            store::reassign(&mut tx, env, role.id, to.id).await?;
            store::reassign_groups(&mut tx, env, role.id, to.id).await?;
        }
        None if users > 0 || groups > 0 || role.dependents > 0 => {
            let text = format!(
                "role \"{name}\" has {users} users, {groups} groups of directories and {} roles that extend it: name \
                 the role that takes its place in reassign_role_name",
                role.dependents
            );
            return Err(Error::new(Kind::FailedPrecondition, text));
        }
        None => {}
    }
    store::delete(&mut tx, env, role.id).await?;
    tell(&mut tx, ctx, EventType::RoleDeleted, &role).await?;
    tx.commit().await
}

async fn find_replacement(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    role: &Role,
    which: &RoleRef,
) -> Result<Role, Error> {
    let found = match which {
        RoleRef::Name(name) => store::find_usable(tx, env, role.scope, name).await?,
        RoleRef::Id(id) => store::find_by_id(tx, env, *id)
            .await?
            .filter(|found| found.scope == Scope::Environment || found.scope == role.scope),
    };
    let found = found.ok_or_else(|| Error::invalid(REASSIGN, "role.known", format!("{which} not found")))?;
    if found.id == role.id {
        return Err(Error::invalid(REASSIGN, "role.other", "must be another role than the one to delete"));
    }
    Ok(found)
}

async fn refuse_default(tx: &mut impl Queryable, env: EnvironmentId, role: &Role) -> Result<(), Error> {
    let organization = store::organization_with_default(tx, env, role.id).await?;
    let whose = match organization {
        _ if role.default_creator => "creators".to_owned(),
        _ if role.default_member => "members".to_owned(),
        Some(organization) => format!("members of {organization}"),
        None => return Ok(()),
    };
    let text =
        format!("role \"{}\" is the default role of {whose}: make another role the default first", role.name);
    Err(Error::new(Kind::FailedPrecondition, text))
}

async fn rebase_dependents(tx: &mut Tx, ctx: &Ctx, role: &Role, to: &Role) -> Result<(), Error> {
    let env = ctx.environment().id;
    for mut dependent in store::dependents(tx, env, role.id).await? {
        inheritance::check(tx, env, dependent.id, to, REASSIGN).await?;
        dependent.base = Some(Base { id: to.id, name: to.name.clone() });
        store::update(tx, env, &dependent).await?;
        tell(tx, ctx, EventType::RoleUpdated, &dependent).await?;
    }
    Ok(())
}

/// Sets the roles that creators and members of organizations get, and returns both. One that is not given stays.
///
/// # Errors
/// `NOT_FOUND` for a role that the environment does not have.
pub async fn set_defaults(
    ctx: &Ctx,
    creator: Option<&RoleRef>,
    member: Option<&RoleRef>,
) -> Result<(Role, Role), Error> {
    let (mut tx, env) = (lock(ctx, Scope::Environment).await?, ctx.environment().id);
    let mut changed = Vec::new();
    for (default, which) in [(Default::Creator, creator), (Default::Member, member)] {
        let Some(which) = which else { continue };
        let role = find_of_environment(&mut tx, env, which).await?;
        let before = current_default(&mut tx, env, default).await?;
        if before.id == role.id {
            continue;
        }
        store::set_default(&mut tx, env, default, before.id, false).await?;
        store::set_default(&mut tx, env, default, role.id, true).await?;
        changed.extend([before, role]);
    }
    let creator = current_default(&mut tx, env, Default::Creator).await?;
    let member = current_default(&mut tx, env, Default::Member).await?;
    if changed.is_empty() {
        return Ok((creator, member));
    }
    let mut told = Vec::new();
    for role in changed {
        if !told.contains(&role.id) {
            told.push(role.id);
            tell(&mut tx, ctx, EventType::RoleUpdated, &role).await?;
        }
    }
    tx.commit().await?;
    Ok((creator, member))
}

async fn find_of_environment(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    which: &RoleRef,
) -> Result<Role, Error> {
    let found = match which {
        RoleRef::Name(name) => store::find(tx, env, Scope::Environment, name).await?,
        RoleRef::Id(id) => {
            store::find_by_id(tx, env, *id).await?.filter(|role| role.scope == Scope::Environment)
        }
    };
    found.ok_or_else(|| Role::not_found(which))
}

async fn current_default(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    default: Default,
) -> Result<Role, Error> {
    let found = store::find_default(tx, env, default).await?;
    found.ok_or_else(|| Error::internal("an environment without default roles"))
}

/// Sets the role that new members of the organization get, before the environment's default.
///
/// # Errors
/// `NOT_FOUND` for an unknown organization, or a role that it cannot use.
pub async fn set_organization_default(
    ctx: &Ctx,
    organization: OrganizationId,
    name: &str,
) -> Result<Role, Error> {
    let scope = Scope::Organization(organization);
    let (mut tx, env) = (lock(ctx, scope).await?, ctx.environment().id);
    let mut role = store::find_usable(&mut tx, env, scope, name).await?.ok_or_else(|| Role::unknown(name))?;
    role.default_member = true;
    if store::organization_default(&mut tx, env, organization).await? == Some(role.id) {
        return Ok(role);
    }
    store::set_organization_default(&mut tx, env, organization, role.id).await?;
    let data = role.event_data();
    events::emit(&mut tx, ctx, EventType::RoleUpdated, Some(organization), &data).await?;
    tx.commit().await?;
    Ok(role)
}

/// The permissions that an environment role has itself, or also those that it inherits, by name.
///
/// # Errors
/// `NOT_FOUND`
pub async fn permissions_of(ctx: &Ctx, name: &str, reach: Reach) -> Result<Vec<Permission>, Error> {
    let role = get(ctx, Scope::Environment, name).await?;
    Ok(grants(ctx, role.id, reach).await?.into_iter().map(|grant| grant.permission).collect())
}

/// Gives an environment role further permissions, and returns all that it has itself.
///
/// # Errors
/// `NOT_FOUND` for an unknown role or permission.
pub async fn add_permissions(
    ctx: &Ctx,
    name: &str,
    permissions: &BTreeSet<String>,
) -> Result<Vec<Permission>, Error> {
    let (mut tx, env) = (lock(ctx, Scope::Environment).await?, ctx.environment().id);
    let role = own(&mut tx, env, Scope::Environment, name).await?;
    let mut changed = false;
    for permission in permission_store::named(&mut tx, env, permissions).await? {
        changed |= permission_store::grant(&mut tx, env, role.id, permission.id).await?;
    }
    let all = permission_store::direct(&mut tx, env, role.id).await?;
    if changed {
        tell(&mut tx, ctx, EventType::RoleUpdated, &role).await?;
        tx.commit().await?;
    }
    Ok(all)
}

/// Takes a permission from an environment role that has it itself.
///
/// # Errors
/// `NOT_FOUND` for an unknown role, or a permission that it does not have itself.
pub async fn remove_permission(ctx: &Ctx, name: &str, permission: &str) -> Result<(), Error> {
    let (mut tx, env) = (lock(ctx, Scope::Environment).await?, ctx.environment().id);
    let role = own(&mut tx, env, Scope::Environment, name).await?;
    let found = permission_store::find(&mut tx, env, permission).await?;
    let found = found.ok_or_else(|| Permission::unknown(permission))?;
    if !permission_store::revoke(&mut tx, env, role.id, found.id).await? {
        let text = format!("role \"{name}\" does not itself have the permission \"{permission}\"");
        return Err(Error::new(Kind::NotFound, text));
    }
    tell(&mut tx, ctx, EventType::RoleUpdated, &role).await?;
    tx.commit().await
}

/// Begins a change of roles. Changes of one environment take turns.
async fn lock(ctx: &Ctx, scope: Scope) -> Result<Tx, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    environments::store::lock(&mut tx, env).await?;
    require_organization(&mut tx, env, scope).await?;
    Ok(tx)
}

async fn require_organization(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    scope: Scope,
) -> Result<(), Error> {
    match scope.organization() {
        Some(id) if !store::organization_exists(tx, env, id).await? => {
            Err(Error::new(Kind::NotFound, format!("organization {id} not found")))
        }
        _ => Ok(()),
    }
}

/// The role of exactly this scope: an organization cannot change the environment's.
async fn own(tx: &mut impl Queryable, env: EnvironmentId, scope: Scope, name: &str) -> Result<Role, Error> {
    store::find(tx, env, scope, name).await?.ok_or_else(|| Role::unknown(name))
}

/// Where an organization chose the role of its new members, only that one is their default there.
async fn apply_own_default(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    scope: Scope,
    roles: &mut [Role],
) -> Result<(), Error> {
    let Some(organization) = scope.organization() else { return Ok(()) };
    if let Some(default) = store::organization_default(tx, env, organization).await? {
        for role in roles {
            role.default_member = role.id == default;
        }
    }
    Ok(())
}

async fn tell(tx: &mut Tx, ctx: &Ctx, kind: EventType, role: &Role) -> Result<(), Error> {
    events::emit(tx, ctx, kind, role.scope.organization(), &role.event_data()).await
}
