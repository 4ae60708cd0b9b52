//! `RolesService`, the part about permissions: messages to model and back.
use super::{
    grpc::Reply,
    model::Permission,
    ops, permission_ops,
    permission_store::{Origin, Reach},
};
use crate::{ctx::Ctx, error::Error, paging::total_size, rpc::Routes};
use gatewright_api::{rpc::roles_service as api, scalekit::v1::roles as pb};

pub fn routes(routes: &mut Routes) {
    routes.serve::<api::CreatePermission, _, _>(create);
    routes.serve::<api::GetPermission, _, _>(get);
    routes.serve::<api::UpdatePermission, _, _>(update);
    routes.serve::<api::ListPermissions, _, _>(list);
    routes.serve::<api::DeletePermission, _, _>(delete);
    routes.serve::<api::ListRolePermissions, _, _>(list_of_role);
    routes.serve::<api::AddPermissionsToRole, _, _>(add_to_role);
    routes.serve::<api::RemovePermissionFromRole, _, _>(remove_from_role);
    routes.serve::<api::ListEffectiveRolePermissions, _, _>(list_effective_of_role);
}

async fn create(ctx: Ctx, request: pb::CreatePermissionRequest) -> Reply<pb::CreatePermissionResponse> {
    let new = request.permission.unwrap_or_default();
    let permission = permission_ops::create(&ctx, new.name, new.description).await?;
    Ok(pb::CreatePermissionResponse { permission: Some(message(permission)) })
}

async fn get(ctx: Ctx, request: pb::GetPermissionRequest) -> Reply<pb::GetPermissionResponse> {
    let permission = permission_ops::get(&ctx, &request.permission_name).await?;
    Ok(pb::GetPermissionResponse { permission: Some(message(permission)) })
}

async fn update(ctx: Ctx, request: pb::UpdatePermissionRequest) -> Reply<pb::UpdatePermissionResponse> {
    let new = request.permission.unwrap_or_default();
    if new.name != request.permission_name {
        let problem = "must be the permission's name, which never changes";
        return Err(Error::invalid("permission.name", "permission.name.immutable", problem));
    }
    let permission = permission_ops::update(&ctx, &request.permission_name, new.description).await?;
    Ok(pb::UpdatePermissionResponse { permission: Some(message(permission)) })
}

async fn list(ctx: Ctx, request: pb::ListPermissionsRequest) -> Reply<pb::ListPermissionsResponse> {
    let origin = match pb::PermissionType::try_from(request.r#type) {
        Ok(pb::PermissionType::All) => Origin::Any,
        Ok(pb::PermissionType::Scalekit) => Origin::BuiltIn,
        Ok(pb::PermissionType::Environment) => Origin::Own,
        Err(_) => {
            return Err(Error::invalid("type", "enum.defined_only", "must be ALL, SCALEKIT or ENVIRONMENT"));
        }
    };
    let token = request.page_token.unwrap_or_default();
    let (page, total) =
        permission_ops::list(&ctx, origin, request.page_size.unwrap_or_default(), &token).await?;
    Ok(pb::ListPermissionsResponse {
        permissions: page.items.into_iter().map(message).collect(),
        prev_page_token: page.prev_token,
        next_page_token: page.next_token,
        total_size: total_size(total),
    })
}

async fn delete(ctx: Ctx, request: pb::DeletePermissionRequest) -> Reply<()> {
    permission_ops::delete(&ctx, &request.permission_name).await
}

async fn list_of_role(
    ctx: Ctx,
    request: pb::ListRolePermissionsRequest,
) -> Reply<pb::ListRolePermissionsResponse> {
    let permissions = ops::permissions_of(&ctx, &request.role_name, Reach::Direct).await?;
    Ok(pb::ListRolePermissionsResponse { permissions: messages(permissions) })
}

async fn list_effective_of_role(
    ctx: Ctx,
    request: pb::ListEffectiveRolePermissionsRequest,
) -> Reply<pb::ListEffectiveRolePermissionsResponse> {
    let permissions = ops::permissions_of(&ctx, &request.role_name, Reach::Effective).await?;
    Ok(pb::ListEffectiveRolePermissionsResponse { permissions: messages(permissions) })
}

async fn add_to_role(
    ctx: Ctx,
    request: pb::AddPermissionsToRoleRequest,
) -> Reply<pb::AddPermissionsToRoleResponse> {
    let names = request.permission_names.into_iter().collect();
    let permissions = ops::add_permissions(&ctx, &request.role_name, &names).await?;
    Ok(pb::AddPermissionsToRoleResponse { permissions: messages(permissions) })
}

async fn remove_from_role(ctx: Ctx, request: pb::RemovePermissionFromRoleRequest) -> Reply<()> {
    ops::remove_permission(&ctx, &request.role_name, &request.permission_name).await
}

fn messages(permissions: Vec<Permission>) -> Vec<pb::Permission> {
    permissions.into_iter().map(message).collect()
}

fn message(permission: Permission) -> pb::Permission {
    pb::Permission {
        id: permission.id.to_string(),
        name: permission.name,
        description: permission.description,
        create_time: Some(permission.created_at.into()),
        update_time: Some(permission.updated_at.into()),
        is_scalekit_permission: permission.built_in,
    }
}
