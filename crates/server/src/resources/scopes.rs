//! OAuth scopes: the permissions that an environment made, as tokens carry them. Creating one makes a permission.
use super::{model::Resource, ops::WithScopes, store};
use crate::{
    ctx::Ctx,
    db::{Queryable, Tx},
    error::Error,
    ids::{PermissionId, ResourceId, ScopeId},
    roles::{self, Permission},
    update::Change,
};
use std::collections::BTreeSet;

/// Scopes that a resource may have.
const MAX_SCOPES: usize = 100;
/// Of OpenID Connect: each environment has them, and nobody can change them.
const RESERVED: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// A permission as a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// `scp_…`, with the number of the permission.
    pub id: ScopeId,
    /// The permission's name.
    pub name: String,
    /// The permission's description.
    pub description: String,
    /// Whether tokens may carry it: all of the environment's, or those of a resource.
    pub enabled: bool,
}

impl Scope {
    fn new(permission: Permission, enabled: bool) -> Self {
        Self {
            id: ScopeId::from_i64(permission.id.as_i64()),
            name: permission.name,
            description: permission.description,
            enabled,
        }
    }
}

/// The resources with every scope of the environment.
pub async fn with(
    tx: &mut impl Queryable,
    ctx: &Ctx,
    resources: Vec<Resource>,
) -> Result<Vec<WithScopes>, Error> {
    let env = ctx.environment().id;
    let (all, disabled) = (roles::own_permissions(tx, env).await?, store::disabled(tx, env).await?);
    let of = store::scopes_of(tx, env, &resources).await?;
    let with = |resource: Resource| {
        let own = of.get(&resource.id);
        let is_enabled = |id| own.is_some_and(|own| own.contains(id)) && !disabled.contains(id);
        let scopes = all.iter().map(|one| Scope::new(one.clone(), is_enabled(&one.id))).collect();
        (resource, scopes)
    };
    Ok(resources.into_iter().map(with).collect())
}

/// Replaces the scopes of a resource.
///
/// # Errors
/// `INVALID_ARGUMENT` for a name that is no permission of the environment's own.
pub async fn set(
    tx: &mut Tx,
    ctx: &Ctx,
    resource: ResourceId,
    names: Change<Vec<String>>,
) -> Result<(), Error> {
    let names = match names {
        Change::Keep => return Ok(()),
        Change::Set(names) => names,
        Change::Clear => Vec::new(),
    };
    if names.len() > MAX_SCOPES {
        let description = format!("must have at most {MAX_SCOPES} items");
        return Err(Error::invalid("resource.scopes", "repeated.max_items", description));
    }
    let env = ctx.environment().id;
    let all = if names.is_empty() { Vec::new() } else { roles::own_permissions(tx, env).await? };
    let mut permissions: BTreeSet<i64> = BTreeSet::new();
    for (index, name) in names.iter().enumerate() {
        let Some(permission) = all.iter().find(|one| one.name == *name) else {
            let description = "is no permission of the environment; create it first";
            return Err(Error::invalid(format!("resource.scopes[{index}]"), "scope", description));
        };
        permissions.insert(permission.id.as_i64());
    }
    store::clear_scopes(tx, env, resource).await?;
    for permission in permissions {
        store::add_scope(tx, env, resource, PermissionId::from_i64(permission)).await?;
    }
    Ok(())
}

/// Every scope of the environment, by name.
///
/// # Errors
/// Those of the database.
pub async fn list(ctx: &Ctx) -> Result<Vec<Scope>, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let disabled = store::disabled(&mut tx, env).await?;
    let all = roles::own_permissions(&mut tx, env).await?;
    Ok(all
        .into_iter()
        .map(|one| Scope { enabled: !disabled.contains(&one.id), ..Scope::new(one, true) })
        .collect())
}

/// Creates a permission, as a scope.
///
/// # Errors
/// `INVALID_ARGUMENT` for a reserved name; `ALREADY_EXISTS` for one that is taken.
pub async fn create(ctx: &Ctx, name: String, description: String) -> Result<Scope, Error> {
    if RESERVED.contains(&name.as_str()) {
        return Err(Error::invalid("scope.name", "scope.reserved", "is a scope of OpenID Connect"));
    }
    Ok(Scope::new(roles::create_permission(ctx, name, description).await?, true))
}

/// Changes the description of a scope, or whether tokens may carry it.
///
/// # Errors
/// `NOT_FOUND`
pub async fn update(
    ctx: &Ctx,
    id: ScopeId,
    description: Option<String>,
    enabled: Option<bool>,
) -> Result<Scope, Error> {
    let mut permission = find(ctx, id).await?;
    if let Some(description) = description {
        permission = roles::update_permission(ctx, &permission.name, description).await?;
    }
    if let Some(enabled) = enabled {
        let mut tx = ctx.db().write().await?;
        store::set_disabled(&mut tx, ctx.environment().id, permission.id, !enabled).await?;
        tx.commit().await?;
    }
    let disabled = store::disabled(&mut ctx.db().read(), ctx.environment().id).await?;
    let enabled = !disabled.contains(&permission.id);
    Ok(Scope::new(permission, enabled))
}

/// Deletes the permission that a scope is.
///
/// # Errors
/// `NOT_FOUND`, also the second time.
pub async fn delete(ctx: &Ctx, id: ScopeId) -> Result<(), Error> {
    let permission = find(ctx, id).await?;
    roles::delete_permission(ctx, &permission.name).await
}

async fn find(ctx: &Ctx, id: ScopeId) -> Result<Permission, Error> {
    let all = roles::own_permissions(&mut ctx.db().read(), ctx.environment().id).await?;
    let found = all.into_iter().find(|one| one.id.as_i64() == id.as_i64());
    found.ok_or_else(|| Error::not_found(format!("scope {id}")))
}

/// Scopes with what they let a client do, in their order. Those of OpenID Connect have no description here.
///
/// # Errors
/// Those of the database.
pub async fn descriptions(ctx: &Ctx, scopes: &[String]) -> Result<Vec<(String, String)>, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let mut described = Vec::new();
    for scope in scopes.iter().take(MAX_SCOPES) {
        let found = roles::permission_description(&mut tx, env, scope).await?;
        described.push((scope.clone(), found.unwrap_or_default()));
    }
    Ok(described)
}
