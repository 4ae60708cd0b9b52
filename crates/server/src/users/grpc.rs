//! `UserService`: messages to model and back.
use super::{
    invitations, members,
    membership::{MembershipUpdate, NewMembership},
    messages::{self, invite, new_profile, permission, profile_update, role, user},
    model::{NewUser, User, UserRef, UserUpdate},
    ops::{self, Account},
};
use crate::{
    ctx::Ctx,
    error::Error,
    ids::{self, OrganizationId, UserKind},
    paging::{Page, total_size},
    roles::RoleRef,
    rpc::Routes,
    update::Change,
};
use gatewright_api::{
    rpc::user_service as api,
    scalekit::v1::{commons, users as pb},
};

type Reply<T> = Result<T, Error>;

/// The rpcs that are built: all but `GetSupportHash`, which is for the dashboard's members.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::CreateUserAndMembership, _, _>(create);
    routes.serve::<api::GetUser, _, _>(get);
    routes.serve::<api::GetCurrentUser, _, _>(get_current);
    routes.serve::<api::ListUsers, _, _>(list);
    routes.serve::<api::SearchUsers, _, _>(search);
    routes.serve::<api::ListOrganizationUsers, _, _>(list_of_organization);
    routes.serve::<api::SearchOrganizationUsers, _, _>(search_of_organization);
    routes.serve::<api::UpdateUser, _, _>(update);
    routes.serve::<api::DeleteUser, _, _>(delete);
    routes.serve::<api::CreateMembership, _, _>(create_membership);
    routes.serve::<api::UpdateMembership, _, _>(update_membership);
    routes.serve::<api::DeleteMembership, _, _>(delete_membership);
    routes.serve::<api::ResendInvite, _, _>(resend_invite);
    routes.serve::<api::ListUserRoles, _, _>(list_roles);
    routes.serve::<api::AssignUserRoles, _, _>(assign_roles);
    routes.serve::<api::RemoveUserRole, _, _>(remove_role);
    routes.serve::<api::ListUserPermissions, _, _>(list_permissions);
}

async fn create(
    ctx: Ctx,
    request: pb::CreateUserAndMembershipRequest,
) -> Reply<pb::CreateUserAndMembershipResponse> {
    let organization = ids::parse("organization_id", &request.organization_id)?;
    let new = request.user.unwrap_or_default();
    let membership = new_membership(new.membership.unwrap_or_default(), "user.membership.roles")?;
    let new = NewUser {
        email: new.email,
        external_id: new.external_id,
        profile: new_profile(new.user_profile.unwrap_or_default()),
        metadata: new.metadata,
    };
    let invite = request.send_invitation_email.unwrap_or(true);
    let account = members::create_with_user(&ctx, organization, new, membership, invite).await?;
    Ok(pb::CreateUserAndMembershipResponse { user: Some(user(&ctx, account)) })
}

async fn get(ctx: Ctx, request: pb::GetUserRequest) -> Reply<pb::GetUserResponse> {
    let which = identity(request.identities.map(Into::into))?;
    let account = ops::get(&ctx, &which).await?;
    if !ctx.reaches(account.user.id) {
        return Err(User::not_found(&which));
    }
    Ok(pb::GetUserResponse { user: Some(user(&ctx, account)) })
}

async fn get_current(ctx: Ctx, _request: pb::GetCurrentUserRequest) -> Reply<pb::GetCurrentUserResponse> {
    let person = ctx.require_person()?;
    let account = ops::get(&ctx, &UserRef::Id(person.user)).await?;
    Ok(pb::GetCurrentUserResponse {
        user: Some(user(&ctx, account)),
        current_session_id: person.session.to_string(),
        gateway_enabled: false,
    })
}

async fn list(ctx: Ctx, request: pb::ListUsersRequest) -> Reply<pb::ListUsersResponse> {
    let (page, total) = ops::list(&ctx, request.page_size, &request.page_token).await?;
    let (users, next_page_token, prev_page_token) = parts(&ctx, page);
    Ok(pb::ListUsersResponse { users, next_page_token, total_size: total_size(total), prev_page_token })
}

async fn search(ctx: Ctx, request: pb::SearchUsersRequest) -> Reply<pb::SearchUsersResponse> {
    let (page, total) = ops::search(&ctx, &request.query, request.page_size, &request.page_token).await?;
    let (users, next_page_token, prev_page_token) = parts(&ctx, page);
    Ok(pb::SearchUsersResponse { next_page_token, total_size: total_size(total), users, prev_page_token })
}

async fn list_of_organization(
    ctx: Ctx,
    request: pb::ListOrganizationUsersRequest,
) -> Reply<pb::ListOrganizationUsersResponse> {
    let id = ids::parse("organization_id", &request.organization_id)?;
    let (page, total) = ops::list_of_organization(&ctx, id, request.page_size, &request.page_token).await?;
    let (users, next_page_token, prev_page_token) = parts(&ctx, page);
    let total_size = total_size(total);
    Ok(pb::ListOrganizationUsersResponse { next_page_token, total_size, users, prev_page_token })
}

async fn search_of_organization(
    ctx: Ctx,
    request: pb::SearchOrganizationUsersRequest,
) -> Reply<pb::SearchOrganizationUsersResponse> {
    let id = ids::parse("organization_id", &request.organization_id)?;
    let (size, token) = (request.page_size, &request.page_token);
    let (page, total) = ops::search_of_organization(&ctx, id, &request.query, size, token).await?;
    let (users, next_page_token, prev_page_token) = parts(&ctx, page);
    let total_size = total_size(total);
    Ok(pb::SearchOrganizationUsersResponse { next_page_token, total_size, users, prev_page_token })
}

async fn update(ctx: Ctx, request: pb::UpdateUserRequest) -> Reply<pb::UpdateUserResponse> {
    let which = identity(request.identities.map(Into::into))?;
    let new = request.user.unwrap_or_default();
    let external_id = match new.external_id {
        None => Change::Keep,
        Some(id) if id.is_empty() => Change::Clear,
        Some(id) => Change::Set(id),
    };
    let profile = profile_update(new.user_profile.unwrap_or_default());
    let update = UserUpdate { external_id, profile, metadata: new.metadata };
    let account = ops::update(&ctx, &which, update).await?;
    Ok(pb::UpdateUserResponse { user: Some(user(&ctx, account)) })
}

async fn delete(ctx: Ctx, request: pb::DeleteUserRequest) -> Reply<()> {
    ops::delete(&ctx, &identity(request.identities.map(Into::into))?).await
}

async fn create_membership(
    ctx: Ctx,
    request: pb::CreateMembershipRequest,
) -> Reply<pb::CreateMembershipResponse> {
    let organization = ids::parse("organization_id", &request.organization_id)?;
    let which = identity(request.identities.map(Into::into))?;
    let new = new_membership(request.membership.unwrap_or_default(), "membership.roles")?;
    let invite = request.send_invitation_email.unwrap_or(true);
    let account = members::create(&ctx, organization, &which, new, invite).await?;
    Ok(pb::CreateMembershipResponse { user: Some(user(&ctx, account)) })
}

async fn update_membership(
    ctx: Ctx,
    request: pb::UpdateMembershipRequest,
) -> Reply<pb::UpdateMembershipResponse> {
    let organization = ids::parse("organization_id", &request.organization_id)?;
    let which = identity(request.identities.map(Into::into))?;
    let new = request.membership.unwrap_or_default();
    let update =
        MembershipUpdate { roles: role_refs(new.roles, "membership.roles")?, metadata: new.metadata };
    let account = members::update(&ctx, organization, &which, update).await?;
    Ok(pb::UpdateMembershipResponse { user: Some(user(&ctx, account)) })
}

async fn delete_membership(ctx: Ctx, request: pb::DeleteMembershipRequest) -> Reply<()> {
    let organization = ids::parse("organization_id", &request.organization_id)?;
    let which = identity(request.identities.map(Into::into))?;
    let cascade = request.cascade.unwrap_or(false);
    if cascade {
        // The account is not the organization's.
        ctx.require_environment_level()?;
    }
    members::delete(&ctx, organization, &which, cascade).await
}

async fn resend_invite(ctx: Ctx, request: pb::ResendInviteRequest) -> Reply<pb::ResendInviteResponse> {
    let organization = ids::parse("organization_id", &request.organization_id)?;
    let membership = invitations::resend(&ctx, organization, ids::parse("id", &request.id)?).await?;
    Ok(pb::ResendInviteResponse { invite: Some(invite(&ctx, membership)) })
}

async fn list_roles(ctx: Ctx, request: pb::ListUserRolesRequest) -> Reply<pb::ListUserRolesResponse> {
    let (organization, which) = member(&request.organization_id, &request.user_id)?;
    let roles = members::list_roles(&ctx, organization, &which).await?;
    Ok(pb::ListUserRolesResponse { roles: roles.into_iter().map(role).collect() })
}

async fn assign_roles(ctx: Ctx, request: pb::AssignUserRolesRequest) -> Reply<pb::AssignUserRolesResponse> {
    let (organization, which) = member(&request.organization_id, &request.user_id)?;
    #[expect(deprecated, reason = "older clients name roles by id")]
    let added = request.roles.into_iter().map(|role| commons::Role {
        id: role.id,
        name: role.role_name,
        display_name: String::new(),
    });
    let added = role_refs(added.collect(), "roles")?;
    let roles = members::assign_roles(&ctx, organization, &which, &added).await?;
    Ok(pb::AssignUserRolesResponse { roles: roles.into_iter().map(role).collect() })
}

async fn remove_role(ctx: Ctx, request: pb::RemoveUserRoleRequest) -> Reply<()> {
    let (organization, which) = member(&request.organization_id, &request.user_id)?;
    members::remove_role(&ctx, organization, &which, &request.role_name).await
}

async fn list_permissions(
    ctx: Ctx,
    request: pb::ListUserPermissionsRequest,
) -> Reply<pb::ListUserPermissionsResponse> {
    let (organization, which) = member(&request.organization_id, &request.user_id)?;
    let permissions = members::list_permissions(&ctx, organization, &which).await?;
    Ok(pb::ListUserPermissionsResponse { permissions: permissions.into_iter().map(permission).collect() })
}

fn member(organization: &str, user: &str) -> Reply<(OrganizationId, UserRef)> {
    Ok((ids::parse("organization_id", organization)?, UserRef::Id(ids::parse("user_id", user)?)))
}

fn new_membership(new: pb::CreateMembership, field: &'static str) -> Reply<NewMembership> {
    Ok(NewMembership {
        roles: role_refs(new.roles, field)?,
        metadata: new.metadata,
        inviter_email: new.inviter_email.filter(|email| !email.is_empty()),
    })
}

/// Roles by name, or else by id.
fn role_refs(roles: Vec<commons::Role>, field: &'static str) -> Reply<Vec<RoleRef>> {
    let reference = |(index, role): (usize, commons::Role)| match (role.name, role.id) {
        (name, id) if name.is_empty() && id.is_empty() => {
            Err(Error::invalid(format!("{field}[{index}]"), "required", "must have the name of a role"))
        }
        (name, id) if name.is_empty() => id.parse().map(RoleRef::Id).map_err(|error: ids::ParseIdError| {
            Error::invalid(format!("{field}[{index}].id"), "id", error.to_string())
        }),
        (name, _) => Ok(RoleRef::Name(name)),
    };
    roles.into_iter().enumerate().map(reference).collect()
}

/// The two ways to name a user, the same in six requests.
enum Identity {
    Id(String),
    ExternalId(String),
}

macro_rules! identity_from {
    ($($module:ident)*) => { $(
        impl From<pb::$module::Identities> for Identity {
            fn from(identity: pb::$module::Identities) -> Self {
                match identity {
                    pb::$module::Identities::Id(id) => Self::Id(id),
                    pb::$module::Identities::ExternalId(id) => Self::ExternalId(id),
                }
            }
        }
    )* };
}
identity_from!(get_user_request update_user_request delete_user_request);
identity_from!(create_membership_request update_membership_request delete_membership_request);

fn identity(identity: Option<Identity>) -> Reply<UserRef> {
    match identity {
        Some(Identity::Id(id)) => Ok(UserRef::Id(ids::parse::<UserKind>("id", &id)?)),
        Some(Identity::ExternalId(id)) => Ok(UserRef::ExternalId(id)),
        None => Err(Error::invalid("id", "required", "id or external_id is required")),
    }
}

/// The users of a page, and its tokens: next, previous.
fn parts(ctx: &Ctx, page: Page<Account>) -> (Vec<pb::User>, String, String) {
    let users = page.items.into_iter().map(|account| messages::user(ctx, account)).collect();
    (users, page.next_token, page.prev_token)
}
