//! `RolesService`, the part about roles: messages to model and back.
use super::{
    model::{Grant, NewRole, Role, RoleRef, RoleUpdate, Scope},
    ops, permission_grpc,
    permission_store::Reach,
};
use crate::{
    ctx::Ctx,
    error::Error,
    ids::{OrganizationId, ParseIdError},
    rpc::Routes,
};
use gatewright_api::{rpc::roles_service as api, scalekit::v1::roles as pb};

pub type Reply<T> = Result<T, Error>;

/// The rpcs that are built: all of the service.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::CreateRole, _, _>(create);
    routes.serve::<api::UpdateRole, _, _>(update);
    routes.serve::<api::GetRole, _, _>(get);
    routes.serve::<api::ListRoles, _, _>(list);
    routes.serve::<api::DeleteRole, _, _>(delete);
    routes.serve::<api::CreateOrganizationRole, _, _>(create_of_organization);
    routes.serve::<api::UpdateOrganizationRole, _, _>(update_of_organization);
    routes.serve::<api::GetOrganizationRole, _, _>(get_of_organization);
    routes.serve::<api::ListOrganizationRoles, _, _>(list_of_organization);
    routes.serve::<api::DeleteOrganizationRole, _, _>(delete_of_organization);
    routes.serve::<api::GetRoleUsersCount, _, _>(count_users);
    routes.serve::<api::GetOrganizationRoleUsersCount, _, _>(count_users_of_organization);
    routes.serve::<api::UpdateDefaultRoles, _, _>(update_defaults);
    routes.serve::<api::UpdateDefaultOrganizationRoles, _, _>(update_defaults_of_organization);
    routes.serve::<api::ListDependentRoles, _, _>(list_dependents);
    routes.serve::<api::DeleteRoleBase, _, _>(delete_base);
    routes.serve::<api::DeleteOrganizationRoleBase, _, _>(delete_base_of_organization);
    permission_grpc::routes(routes);
}

async fn create(ctx: Ctx, request: pb::CreateRoleRequest) -> Reply<pb::CreateRoleResponse> {
    let new = request.role.unwrap_or_default();
    let new = NewRole {
        name: new.name,
        display_name: new.display_name,
        description: new.description.unwrap_or_default(),
        extends: new.extends,
        permissions: new.permissions.into_iter().collect(),
    };
    let role = ops::create(&ctx, Scope::Environment, new).await?;
    Ok(pb::CreateRoleResponse { role: Some(message(role)) })
}

async fn create_of_organization(
    ctx: Ctx,
    request: pb::CreateOrganizationRoleRequest,
) -> Reply<pb::CreateOrganizationRoleResponse> {
    let scope = organization(&request.org_id)?;
    let new = request.role.unwrap_or_default();
    let new = NewRole {
        name: new.name,
        display_name: new.display_name,
        description: new.description.unwrap_or_default(),
        extends: new.extends,
        permissions: new.permissions.into_iter().collect(),
    };
    let role = ops::create(&ctx, scope, new).await?;
    Ok(pb::CreateOrganizationRoleResponse { role: Some(message(role)) })
}

async fn update(ctx: Ctx, request: pb::UpdateRoleRequest) -> Reply<pb::UpdateRoleResponse> {
    let role = ops::update(&ctx, Scope::Environment, &request.role_name, changes(request.role)).await?;
    Ok(pb::UpdateRoleResponse { role: Some(message(role)) })
}

async fn update_of_organization(
    ctx: Ctx,
    request: pb::UpdateOrganizationRoleRequest,
) -> Reply<pb::UpdateOrganizationRoleResponse> {
    let scope = organization(&request.org_id)?;
    let role = ops::update(&ctx, scope, &request.role_name, changes(request.role)).await?;
    Ok(pb::UpdateOrganizationRoleResponse { role: Some(message(role)) })
}

async fn get(ctx: Ctx, request: pb::GetRoleRequest) -> Reply<pb::GetRoleResponse> {
    let role = ops::get(&ctx, Scope::Environment, &request.role_name).await?;
    Ok(pb::GetRoleResponse { role: Some(including(&ctx, role, request.include).await?) })
}

async fn get_of_organization(
    ctx: Ctx,
    request: pb::GetOrganizationRoleRequest,
) -> Reply<pb::GetOrganizationRoleResponse> {
    let role = ops::get(&ctx, organization(&request.org_id)?, &request.role_name).await?;
    Ok(pb::GetOrganizationRoleResponse { role: Some(including(&ctx, role, request.include).await?) })
}

async fn list(ctx: Ctx, request: pb::ListRolesRequest) -> Reply<pb::ListRolesResponse> {
    Ok(pb::ListRolesResponse { roles: list_all(&ctx, Scope::Environment, request.include).await? })
}

async fn list_of_organization(
    ctx: Ctx,
    request: pb::ListOrganizationRolesRequest,
) -> Reply<pb::ListOrganizationRolesResponse> {
    let scope = organization(&request.org_id)?;
    Ok(pb::ListOrganizationRolesResponse { roles: list_all(&ctx, scope, request.include).await? })
}

async fn delete(ctx: Ctx, request: pb::DeleteRoleRequest) -> Reply<()> {
    #[expect(deprecated, reason = "older clients say it with this")]
    let by_id = request.reassign_role_id;
    let replacement = match (request.reassign_role_name, by_id) {
        (Some(name), _) => Some(RoleRef::Name(name)),
        // An older client may have put a name there.
        (None, Some(id)) => Some(id.parse().map_or(RoleRef::Name(id), RoleRef::Id)),
        (None, None) => None,
    };
    ops::delete(&ctx, Scope::Environment, &request.role_name, replacement.as_ref()).await
}

async fn delete_of_organization(ctx: Ctx, request: pb::DeleteOrganizationRoleRequest) -> Reply<()> {
    let replacement = request.reassign_role_name.map(RoleRef::Name);
    ops::delete(&ctx, organization(&request.org_id)?, &request.role_name, replacement.as_ref()).await
}

async fn count_users(
    ctx: Ctx,
    request: pb::GetRoleUsersCountRequest,
) -> Reply<pb::GetRoleUsersCountResponse> {
    let count = ops::count_users(&ctx, Scope::Environment, &request.role_name).await?;
    Ok(pb::GetRoleUsersCountResponse { count })
}

async fn count_users_of_organization(
    ctx: Ctx,
    request: pb::GetOrganizationRoleUsersCountRequest,
) -> Reply<pb::GetOrganizationRoleUsersCountResponse> {
    let count = ops::count_users(&ctx, organization(&request.org_id)?, &request.role_name).await?;
    Ok(pb::GetOrganizationRoleUsersCountResponse { count })
}

async fn update_defaults(
    ctx: Ctx,
    request: pb::UpdateDefaultRolesRequest,
) -> Reply<pb::UpdateDefaultRolesResponse> {
    #[expect(deprecated, reason = "older clients say it with these")]
    let (old_creator, old_member) = (request.default_creator, request.default_member);
    let creator = default_role("default_creator", request.default_creator_role, old_creator)?;
    let member = default_role("default_member", request.default_member_role, old_member)?;
    if creator.is_none() {
        return Err(Error::invalid("default_creator_role", "required", "is required"));
    }
    let (creator, member) = ops::set_defaults(&ctx, creator.as_ref(), member.as_ref()).await?;
    Ok(pb::UpdateDefaultRolesResponse {
        default_creator: Some(message(creator)),
        default_member: Some(message(member)),
    })
}

/// The name, or else the older form of id and name, of which the id counts.
fn default_role(
    field: &'static str,
    name: Option<String>,
    old: Option<pb::UpdateDefaultRole>,
) -> Reply<Option<RoleRef>> {
    Ok(match (name, old) {
        (Some(name), _) => Some(RoleRef::Name(name)),
        (None, Some(old)) if !old.id.is_empty() => {
            let id = old.id.parse();
            Some(RoleRef::Id(
                id.map_err(|error: ParseIdError| Error::invalid(field, "id", error.to_string()))?,
            ))
        }
        (None, Some(old)) => old.name.map(RoleRef::Name),
        (None, None) => None,
    })
}

async fn update_defaults_of_organization(
    ctx: Ctx,
    request: pb::UpdateDefaultOrganizationRolesRequest,
) -> Reply<pb::UpdateDefaultOrganizationRolesResponse> {
    let id = organization_id(&request.org_id)?;
    let role = ops::set_organization_default(&ctx, id, &request.default_member_role).await?;
    Ok(pb::UpdateDefaultOrganizationRolesResponse { default_member: Some(message(role)) })
}

async fn list_dependents(
    ctx: Ctx,
    request: pb::ListDependentRolesRequest,
) -> Reply<pb::ListDependentRolesResponse> {
    let roles = ops::list_dependents(&ctx, &request.role_name).await?;
    Ok(pb::ListDependentRolesResponse { roles: roles.into_iter().map(message).collect() })
}

async fn delete_base(ctx: Ctx, request: pb::DeleteRoleBaseRequest) -> Reply<()> {
    ops::delete_base(&ctx, Scope::Environment, &request.role_name).await
}

async fn delete_base_of_organization(ctx: Ctx, request: pb::DeleteOrganizationRoleBaseRequest) -> Reply<()> {
    ops::delete_base(&ctx, organization(&request.org_id)?, &request.role_name).await
}

fn organization(id: &str) -> Reply<Scope> {
    organization_id(id).map(Scope::Organization)
}

fn organization_id(id: &str) -> Reply<OrganizationId> {
    id.parse().map_err(|error: ParseIdError| Error::invalid("org_id", "id", error.to_string()))
}

fn changes(update: Option<pb::UpdateRole>) -> RoleUpdate {
    let update = update.unwrap_or_default();
    RoleUpdate {
        display_name: update.display_name,
        description: update.description,
        extends: update.extends,
        permissions: update.permissions.into_iter().collect(),
    }
}

/// What `include` asks for besides the role. Its rule has let no other value through.
fn reach(include: Option<String>) -> Option<Reach> {
    match include.as_deref() {
        Some("permissions") => Some(Reach::Direct),
        Some("permissions:all") => Some(Reach::Effective),
        _ => None,
    }
}

async fn including(ctx: &Ctx, role: Role, include: Option<String>) -> Reply<pb::Role> {
    let grants = match reach(include) {
        Some(reach) => ops::grants(ctx, role.id, reach).await?,
        None => Vec::new(),
    };
    let mut message = message(role);
    message.permissions = grants.into_iter().map(grant_message).collect();
    Ok(message)
}

async fn list_all(ctx: &Ctx, scope: Scope, include: Option<String>) -> Reply<Vec<pb::Role>> {
    let roles = ops::list(ctx, scope).await?;
    let grants = match reach(include) {
        Some(reach) => ops::all_grants(ctx, scope, reach).await?,
        None => Vec::new(),
    };
    let mut by_role = std::collections::HashMap::<_, Vec<_>>::new();
    for grant in grants {
        by_role.entry(grant.role).or_default().push(grant_message(grant));
    }
    let messages = roles.into_iter().map(|role| {
        let permissions = by_role.remove(&role.id).unwrap_or_default();
        pb::Role { permissions, ..message(role) }
    });
    Ok(messages.collect())
}

fn message(role: Role) -> pb::Role {
    pb::Role {
        id: role.id.to_string(),
        name: role.name,
        display_name: role.display_name,
        description: role.description,
        default_creator: role.default_creator,
        default_member: role.default_member,
        extends: role.base.map(|base| base.name),
        permissions: Vec::new(),
        dependent_roles_count: i32::try_from(role.dependents).unwrap_or(i32::MAX),
        is_org_role: role.scope != Scope::Environment,
    }
}

fn grant_message(grant: Grant) -> pb::RolePermission {
    let permission = grant.permission;
    pb::RolePermission {
        id: permission.id.to_string(),
        name: permission.name,
        description: permission.description,
        create_time: Some(permission.created_at.into()),
        update_time: Some(permission.updated_at.into()),
        role_name: grant.origin,
    }
}
