//! `MembersService`: messages to model and back.
use super::{
    model::{MemberUpdate, NewMember},
    ops::{self, WithRole},
    permissions::{CATALOGUE, DashboardPermission},
    role::{DashboardRole, RoleKey},
    role_ops,
};
use crate::{
    ctx::Ctx,
    error::Error,
    ids::{self, WorkspaceId},
    paging::total_size,
    rpc::Routes,
    users::{self, ProfileUpdate},
};
use gatewright_api::{
    rpc::members_service as api,
    scalekit::v1::{commons, members as pb},
};

type Reply<T> = Result<T, Error>;

/// The rpcs of the service, but for those of the member who calls: nobody can sign in to the dashboard yet.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::CreateMember, _, _>(create);
    routes.serve::<api::InviteMember, _, _>(invite);
    routes.serve::<api::UpdateMember, _, _>(update);
    routes.serve::<api::GetMember, _, _>(get);
    routes.serve::<api::ListMembers, _, _>(list);
    routes.serve::<api::DeleteMember, _, _>(delete);
    routes.serve::<api::AssignDashboardRole, _, _>(assign_role);
    routes.serve::<api::SetDashboardEnvironmentRole, _, _>(set_environment_role);
    routes.serve::<api::ClearDashboardEnvironmentRole, _, _>(clear_environment_role);
    routes.serve::<api::ListDashboardMemberEnvironmentRoles, _, _>(list_environment_roles);
    routes.serve::<api::ListDashboardRoles, _, _>(list_roles);
    routes.serve::<api::ListDashboardPermissions, _, _>(list_permissions);
    routes.serve::<api::CreateDashboardRole, _, _>(create_role);
    routes.serve::<api::UpdateDashboardRole, _, _>(update_role);
    routes.serve::<api::DeleteDashboardRole, _, _>(delete_role);
}

async fn create(ctx: Ctx, request: pb::CreateMemberRequest) -> Reply<pb::CreateMemberResponse> {
    let new = request.member.unwrap_or_default();
    let is_admin = new.role() == pb::MemberRole::Admin;
    let role = Some(new.dashboard_role_name).filter(|name| !name.is_empty());
    let mut profile = profile(new.user_profile.unwrap_or_default());
    profile.given_name = profile.given_name.or(new.first_name);
    profile.family_name = profile.family_name.or(new.last_name);
    let new = NewMember {
        email: new.email,
        role: role.or_else(|| is_admin.then(|| "admin".to_owned())),
        profile,
        metadata: new.metadata,
    };
    let member = ops::create(&ctx, new, false).await?;
    Ok(pb::CreateMemberResponse { member: Some(message(&ctx, member)) })
}

async fn invite(ctx: Ctx, request: pb::InviteMemberRequest) -> Reply<pb::CreateMemberResponse> {
    let member = ops::create(&ctx, NewMember { email: request.email, ..NewMember::default() }, true).await?;
    Ok(pb::CreateMemberResponse { member: Some(message(&ctx, member)) })
}

async fn update(ctx: Ctx, request: pb::UpdateMemberRequest) -> Reply<pb::UpdateMemberResponse> {
    let new = request.member.unwrap_or_default();
    let mut profile = users::profile_update(new.user_profile.unwrap_or_default());
    profile.given_name = profile.given_name.or(new.first_name);
    profile.family_name = profile.family_name.or(new.last_name);
    let update = MemberUpdate { profile, metadata: new.metadata };
    let member = ops::update(&ctx, ids::parse("id", &request.id)?, update).await?;
    Ok(pb::UpdateMemberResponse { member: Some(message(&ctx, member)) })
}

async fn get(ctx: Ctx, request: pb::GetMemberRequest) -> Reply<pb::GetMemberResponse> {
    let (member, dashboard_permissions) = ops::get(&ctx, ids::parse("id", &request.id)?).await?;
    Ok(pb::GetMemberResponse { member: Some(message(&ctx, member)), dashboard_permissions })
}

async fn list(ctx: Ctx, request: pb::ListMemberRequest) -> Reply<pb::ListMemberResponse> {
    let (page, total) = ops::list(&ctx, request.page_size, &request.page_token).await?;
    Ok(pb::ListMemberResponse {
        next_page_token: page.next_token,
        total_size: total_size(total),
        members: page.items.into_iter().map(|member| message(&ctx, member)).collect(),
    })
}

async fn delete(ctx: Ctx, request: pb::DeleteMemberRequest) -> Reply<()> {
    ops::delete(&ctx, ids::parse("id", &request.id)?).await
}

async fn assign_role(
    ctx: Ctx,
    request: pb::AssignDashboardRoleRequest,
) -> Reply<pb::AssignDashboardRoleResponse> {
    ops::assign_role(&ctx, ids::parse("member_id", &request.member_id)?, &request.role).await?;
    Ok(pb::AssignDashboardRoleResponse {})
}

async fn set_environment_role(
    ctx: Ctx,
    request: pb::SetDashboardEnvironmentRoleRequest,
) -> Reply<pb::SetDashboardEnvironmentRoleResponse> {
    let member = ids::parse("member_id", &request.member_id)?;
    let environment = ids::parse("environment_id", &request.environment_id)?;
    ops::set_environment_role(&ctx, member, environment, Some(&request.role)).await?;
    Ok(pb::SetDashboardEnvironmentRoleResponse {})
}

async fn clear_environment_role(
    ctx: Ctx,
    request: pb::ClearDashboardEnvironmentRoleRequest,
) -> Reply<pb::ClearDashboardEnvironmentRoleResponse> {
    let member = ids::parse("member_id", &request.member_id)?;
    let environment = ids::parse("environment_id", &request.environment_id)?;
    ops::set_environment_role(&ctx, member, environment, None).await?;
    Ok(pb::ClearDashboardEnvironmentRoleResponse {})
}

async fn list_environment_roles(
    ctx: Ctx,
    request: pb::ListDashboardMemberEnvironmentRolesRequest,
) -> Reply<pb::ListDashboardMemberEnvironmentRolesResponse> {
    let all = ops::list_environment_roles(&ctx, ids::parse("member_id", &request.member_id)?).await?;
    let environments =
        all.into_iter().map(|(environment, role, is_override)| pb::DashboardMemberEnvironmentRole {
            environment_id: environment.id.to_string(),
            environment_name: environment.display_name,
            effective_role: Some(role_message(role)),
            is_override,
        });
    Ok(pb::ListDashboardMemberEnvironmentRolesResponse { environments: environments.collect() })
}

async fn list_roles(ctx: Ctx, _: pb::ListDashboardRolesRequest) -> Reply<pb::ListDashboardRolesResponse> {
    let roles = role_ops::list(&mut ctx.db().read()).await?;
    Ok(pb::ListDashboardRolesResponse { roles: roles.into_iter().map(role_message).collect() })
}

async fn list_permissions(
    _: Ctx,
    _: pb::ListDashboardPermissionsRequest,
) -> Reply<pb::ListDashboardPermissionsResponse> {
    let message = |permission: &DashboardPermission| pb::DashboardPermission {
        key: permission.key.to_owned(),
        group: permission.group.to_owned(),
        tier: permission.tier.as_str().to_owned(),
        description: permission.description.to_owned(),
        sensitive: permission.sensitive,
    };
    Ok(pb::ListDashboardPermissionsResponse { permissions: CATALOGUE.iter().map(message).collect() })
}

async fn create_role(
    ctx: Ctx,
    request: pb::CreateDashboardRoleRequest,
) -> Reply<pb::CreateDashboardRoleResponse> {
    let role = role_ops::create(&ctx, request.name, request.description, &request.permissions).await?;
    Ok(pb::CreateDashboardRoleResponse { role: Some(role_message(role)) })
}

async fn update_role(
    ctx: Ctx,
    request: pb::UpdateDashboardRoleRequest,
) -> Reply<pb::UpdateDashboardRoleResponse> {
    let (name, description) = (request.name, request.description);
    let role = role_ops::update(&ctx, &request.role_id, name, description, &request.permissions).await?;
    Ok(pb::UpdateDashboardRoleResponse { role: Some(role_message(role)) })
}

async fn delete_role(
    ctx: Ctx,
    request: pb::DeleteDashboardRoleRequest,
) -> Reply<pb::DeleteDashboardRoleResponse> {
    role_ops::delete(&ctx, &request.role_id).await?;
    Ok(pb::DeleteDashboardRoleResponse {})
}

/// The profile of a new member: without presence, empty means nothing.
#[expect(deprecated, reason = "older clients write the older names")]
fn profile(new: commons::UserProfile) -> ProfileUpdate {
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    ProfileUpdate {
        given_name: some(new.given_name).or_else(|| some(new.first_name)),
        family_name: some(new.family_name).or_else(|| some(new.last_name)),
        name: some(new.name),
        locale: some(new.locale),
        phone_number: some(new.phone_number),
        preferred_username: some(new.preferred_username),
        picture: some(new.picture),
        gender: some(new.gender),
        groups: new.groups,
        metadata: new.metadata,
        custom_attributes: new.custom_attributes,
    }
}

fn message(ctx: &Ctx, (member, role): WithRole) -> pb::Member {
    // The installation is one workspace, with the number of its first environment.
    let first = ctx.app().environments.default_environment();
    let workspace = first.map(|first| WorkspaceId::from_i64(first.id.as_i64()).to_string());
    let workspace_id = workspace.unwrap_or_default();
    let legacy = if role.is_admin() { pb::MemberRole::Admin } else { pb::MemberRole::User };
    pb::Member {
        id: member.id.to_string(),
        create_time: Some(member.created_at.into()),
        update_time: Some(member.updated_at.into()),
        workspace_ids: vec![workspace_id.clone()],
        workspace_id,
        role: legacy.into(),
        first_name: Some(member.profile.given_name.clone()),
        last_name: Some(member.profile.family_name.clone()),
        email: member.email.as_str().to_owned(),
        metadata: member.metadata,
        organizations: Vec::new(),
        user_profile: Some(users::profile_message(member.profile)),
        external_id: String::new(),
        active_workspace_external_id: None,
        dashboard_role: Some(role_message(role)),
        dashboard_role_name: String::new(),
    }
}

fn role_message(role: DashboardRole) -> pb::DashboardRole {
    pb::DashboardRole {
        id: role.id(),
        display_name: role.display_name().to_owned(),
        is_fixed: matches!(role.key, RoleKey::Fixed(_)),
        name: role.name,
        permissions: role.permissions,
        description: role.description,
    }
}
