//! `DirectoryService`: messages to model and back.
use super::{
    group_roles::{self, RoleAssignment, Wanted},
    lists::{self, DirectoryGroup, DirectoryUser, Filter},
    model::{AttributeMapping, Directory, DirectoryType, DirectoryUpdate, Provider, Status, TrackedGroup},
    ops::{self, Whole},
    secrets::{self, DirectorySecret},
};
use crate::{
    ctx::Ctx,
    error::Error,
    ids::{self, DirectoryId, OrganizationId},
    paging::total_size,
    rpc::Routes,
    structs,
    time::Timestamp,
};
use gatewright_api::{rpc::directory_service as api, scalekit::v1::directories as pb};

type Reply<T> = Result<T, Error>;

/// The rpcs that are built: all of the service.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::CreateDirectory, _, _>(create);
    routes.serve::<api::DeleteDirectory, _, _>(delete);
    routes.serve::<api::UpdateDirectory, _, _>(update);
    routes.serve::<api::AssignGroupsForDirectory, _, _>(assign_groups);
    routes.serve::<api::AssignRoles, _, _>(assign_roles);
    routes.serve::<api::UpdateAttributes, _, _>(update_attributes);
    routes.serve::<api::GetDirectory, _, _>(get);
    routes.serve::<api::ListDirectories, _, _>(list);
    routes.serve::<api::EnableDirectory, _, _>(enable);
    routes.serve::<api::DisableDirectory, _, _>(disable);
    routes.serve::<api::ListDirectoryUsers, _, _>(list_users);
    routes.serve::<api::ListDirectoryGroups, _, _>(list_groups);
    routes.serve::<api::ListDirectoryGroupsSummary, _, _>(list_groups_summary);
    routes.serve::<api::CreateDirectorySecret, _, _>(create_secret);
    routes.serve::<api::RegenerateDirectorySecret, _, _>(regenerate_secret);
    routes.serve::<api::TriggerDirectorySync, _, _>(sync);
    routes.serve::<api::GetDirectoryContext, _, _>(get_context);
    routes.serve::<api::UpdateDirectoryContext, _, _>(update_context);
}

async fn create(ctx: Ctx, request: pb::CreateDirectoryRequest) -> Reply<pb::CreateDirectoryResponse> {
    let organization = ids::parse("organization_id", &request.organization_id)?;
    let new = request.directory.unwrap_or_default();
    let kind = directory_type("directory.directory_type", new.directory_type)?.ok_or_else(|| {
        Error::invalid("directory.directory_type", "required", "must be SCIM, LDAP or POLL")
    })?;
    let provider = provider("directory.directory_provider", new.directory_provider)?;
    let made = ops::create(&ctx, organization, kind, provider.unwrap_or(Provider::Other)).await?;
    Ok(pb::CreateDirectoryResponse { directory: Some(message(&ctx, made)) })
}

async fn delete(ctx: Ctx, request: pb::DeleteDirectoryRequest) -> Reply<()> {
    let (organization, id) = ids(&request.organization_id, ("id", &request.id))?;
    ops::delete(&ctx, organization, id).await
}

async fn update(ctx: Ctx, request: pb::UpdateDirectoryRequest) -> Reply<pb::UpdateDirectoryResponse> {
    let (organization, id) = ids(&request.organization_id, ("id", &request.id))?;
    let new = request.directory.unwrap_or_default();
    let mappings = new.mappings.into_iter().map(|mapping| AttributeMapping {
        key: mapping.key,
        map_to: mapping.map_to,
        display_name: mapping.display_name,
    });
    let groups = new.groups.into_iter().map(|group| TrackedGroup {
        external_id: group.external_id,
        display_name: group.display_name,
        email: group.email,
    });
    let update = DirectoryUpdate {
        name: Some(new.name).filter(|name| !name.is_empty()),
        kind: directory_type("directory.directory_type", new.directory_type)?,
        provider: provider("directory.directory_provider", new.directory_provider)?,
        status: status("directory.status", new.status)?,
        enable: new.enabled,
        attribute_mappings: Some(mappings.collect::<Vec<_>>()).filter(|all| !all.is_empty()),
        tracked_groups: Some(groups.collect::<Vec<_>>()).filter(|all| !all.is_empty()),
    };
    let directory = ops::update(&ctx, organization, id, update).await?;
    Ok(pb::UpdateDirectoryResponse { directory: Some(message(&ctx, directory)) })
}

async fn assign_groups(ctx: Ctx, request: pb::AssignGroupsForDirectoryRequest) -> Reply<()> {
    let (organization, id) = ids(&request.organization_id, ("id", &request.id))?;
    ops::set_tracked_groups(&ctx, organization, id, request.external_ids).await
}

async fn assign_roles(ctx: Ctx, request: pb::AssignRolesRequest) -> Reply<pb::AssignRolesResponse> {
    let (organization, id) = ids(&request.organization_id, ("id", &request.id))?;
    let assignments = request.role_assignments.unwrap_or_default().assignments;
    let mut wanted = Vec::new();
    for assignment in assignments {
        let role = Some(assignment.role_id).filter(|id| !id.is_empty());
        wanted.push(Wanted {
            group: ids::parse("role_assignments.assignments.group_id", &assignment.group_id)?,
            role_name: assignment.role_name,
            role: role.map(|id| ids::parse("role_assignments.assignments.role_id", &id)).transpose()?,
        });
    }
    let assigned = group_roles::assign(&ctx, organization, id, &wanted).await?;
    Ok(pb::AssignRolesResponse { role_assignments: Some(roles_message(assigned)) })
}

async fn update_attributes(
    ctx: Ctx,
    request: pb::UpdateAttributesRequest,
) -> Reply<pb::UpdateAttributesResponse> {
    let (organization, id) = ids(&request.organization_id, ("id", &request.id))?;
    let attributes = request.attribute_mapping.unwrap_or_default().attributes.into_iter();
    let mappings = attributes.map(|mapping| AttributeMapping {
        key: mapping.key,
        map_to: mapping.map_to,
        display_name: String::new(),
    });
    let mappings = ops::set_attributes(&ctx, organization, id, mappings.collect()).await?;
    Ok(pb::UpdateAttributesResponse { attribute_mappings: Some(mappings_message(mappings)) })
}

async fn get(ctx: Ctx, request: pb::GetDirectoryRequest) -> Reply<pb::GetDirectoryResponse> {
    let (organization, id) = ids(&request.organization_id, ("id", &request.id))?;
    let directory = ops::get(&ctx, organization, id).await?;
    Ok(pb::GetDirectoryResponse { directory: Some(message(&ctx, directory)) })
}

async fn list(ctx: Ctx, request: pb::ListDirectoriesRequest) -> Reply<pb::ListDirectoriesResponse> {
    let all = ops::list(&ctx, ids::parse("organization_id", &request.organization_id)?).await?;
    let directories = all.into_iter().map(|directory| message(&ctx, directory));
    Ok(pb::ListDirectoriesResponse { directories: directories.collect() })
}

async fn enable(ctx: Ctx, request: pb::ToggleDirectoryRequest) -> Reply<pb::ToggleDirectoryResponse> {
    let (organization, id) = ids(&request.organization_id, ("id", &request.id))?;
    let enabled = ops::set_enabled(&ctx, organization, id, true).await?;
    Ok(pb::ToggleDirectoryResponse { enabled, error_message: None })
}

async fn disable(ctx: Ctx, request: pb::ToggleDirectoryRequest) -> Reply<pb::ToggleDirectoryResponse> {
    let (organization, id) = ids(&request.organization_id, ("id", &request.id))?;
    let enabled = ops::set_enabled(&ctx, organization, id, false).await?;
    Ok(pb::ToggleDirectoryResponse { enabled, error_message: None })
}

async fn list_users(
    ctx: Ctx,
    request: pb::ListDirectoryUsersRequest,
) -> Reply<pb::ListDirectoryUsersResponse> {
    let (organization, id) = ids(&request.organization_id, ("directory_id", &request.directory_id))?;
    let group = request.directory_group_id.filter(|id| !id.is_empty());
    let group = group.map(|group| ids::parse("directory_group_id", &group)).transpose()?;
    let filter = Filter { group, updated_after: since(request.updated_after) };
    let place = (request.page_size, request.page_token.as_str());
    let (page, total) = lists::users(&ctx, organization, id, filter, place).await?;
    let detail = request.include_detail.unwrap_or_default();
    let users = page.items.into_iter().map(|user| user_message(user, detail)).collect::<Reply<_>>()?;
    Ok(pb::ListDirectoryUsersResponse {
        users,
        total_size: total_size(total),
        next_page_token: page.next_token,
        prev_page_token: page.prev_token,
    })
}

async fn list_groups(
    ctx: Ctx,
    request: pb::ListDirectoryGroupsRequest,
) -> Reply<pb::ListDirectoryGroupsResponse> {
    let (organization, id) = ids(&request.organization_id, ("directory_id", &request.directory_id))?;
    if request.include_external_groups.unwrap_or_default() {
        // A provider that pushes has told all its groups; one that is polled would have to be asked.
        let directory = ops::get(&ctx, organization, id).await?.directory;
        if directory.kind == DirectoryType::Poll {
            ops::sync(&ctx, organization, id).await?;
        }
    }
    let place = (request.page_size, request.page_token.as_str());
    let (page, total) = lists::groups(&ctx, organization, id, since(request.updated_after), place).await?;
    let detail = request.include_detail.unwrap_or_default();
    let groups = page.items.into_iter().map(|group| group_message(group, detail)).collect::<Reply<_>>()?;
    Ok(pb::ListDirectoryGroupsResponse {
        groups,
        total_size: total_size(total),
        next_page_token: page.next_token,
        prev_page_token: page.prev_token,
    })
}

async fn list_groups_summary(
    ctx: Ctx,
    request: pb::ListDirectoryGroupsSummaryRequest,
) -> Reply<pb::ListDirectoryGroupsResponse> {
    let (organization, id) = ids(&request.organization_id, ("directory_id", &request.directory_id))?;
    let groups = lists::all_groups(&ctx, organization, id).await?;
    let groups: Vec<_> = groups
        .into_iter()
        .map(|group| pb::DirectoryGroup {
            id: group.id.to_string(),
            display_name: group.display_name,
            ..pb::DirectoryGroup::default()
        })
        .collect();
    Ok(pb::ListDirectoryGroupsResponse {
        total_size: u32::try_from(groups.len()).unwrap_or(u32::MAX),
        groups,
        ..pb::ListDirectoryGroupsResponse::default()
    })
}

async fn create_secret(
    ctx: Ctx,
    request: pb::CreateDirectorySecretRequest,
) -> Reply<pb::CreateDirectorySecretResponse> {
    let (organization, id) = ids(&request.organization_id, ("directory_id", &request.directory_id))?;
    let (plain, secret) = secrets::create(&ctx, organization, id, false).await?;
    Ok(pb::CreateDirectorySecretResponse {
        plain_secret: plain.expose().clone(),
        secret: Some(secret_message(&ctx, id, secret)),
    })
}

async fn regenerate_secret(
    ctx: Ctx,
    request: pb::RegenerateDirectorySecretRequest,
) -> Reply<pb::RegenerateDirectorySecretResponse> {
    let (organization, id) = ids(&request.organization_id, ("directory_id", &request.directory_id))?;
    let (plain, secret) = secrets::create(&ctx, organization, id, true).await?;
    Ok(pb::RegenerateDirectorySecretResponse {
        plain_secret: plain.expose().clone(),
        secret: Some(secret_message(&ctx, id, secret)),
    })
}

async fn sync(ctx: Ctx, request: pb::TriggerDirectorySyncRequest) -> Reply<()> {
    let (organization, id) = ids(&request.organization_id, ("directory_id", &request.directory_id))?;
    ops::sync(&ctx, organization, id).await
}

async fn get_context(
    ctx: Ctx,
    request: pb::GetDirectoryContextRequest,
) -> Reply<pb::GetDirectoryContextResponse> {
    let (organization, id) = ids(&request.organization_id, ("directory_id", &request.directory_id))?;
    let context = ops::context(&ctx, organization, id).await?;
    Ok(pb::GetDirectoryContextResponse { context: Some(structs::from_json_text(&context)?) })
}

async fn update_context(ctx: Ctx, request: pb::UpdateDirectoryContextRequest) -> Reply<()> {
    let (organization, id) = ids(&request.organization_id, ("directory_id", &request.directory_id))?;
    let context = structs::to_json(request.context.unwrap_or_default()).to_string();
    ops::set_context(&ctx, organization, id, &context).await
}

fn ids(organization: &str, (field, directory): (&'static str, &str)) -> Reply<(OrganizationId, DirectoryId)> {
    Ok((ids::parse("organization_id", organization)?, ids::parse(field, directory)?))
}

/// Absent and zero (Java's clients always send one of them) mean any time.
fn since(time: Option<prost_types::Timestamp>) -> Option<Timestamp> {
    time.map(Timestamp::from).filter(|time| time.as_micros() != 0)
}

/// None for the unspecified one; so also the next two.
fn directory_type(field: &'static str, number: i32) -> Reply<Option<DirectoryType>> {
    match pb::DirectoryType::try_from(number) {
        Ok(pb::DirectoryType::Unspecified) => Ok(None),
        Ok(pb::DirectoryType::Scim) => Ok(Some(DirectoryType::Scim)),
        Ok(pb::DirectoryType::Ldap) => Ok(Some(DirectoryType::Ldap)),
        Ok(pb::DirectoryType::Poll) => Ok(Some(DirectoryType::Poll)),
        Err(_) => Err(Error::invalid(field, "enum.defined_only", "must be SCIM, LDAP or POLL")),
    }
}

fn provider(field: &'static str, number: i32) -> Reply<Option<Provider>> {
    match pb::DirectoryProvider::try_from(number) {
        Ok(pb::DirectoryProvider::Unspecified) => Ok(None),
        Ok(pb::DirectoryProvider::Okta) => Ok(Some(Provider::Okta)),
        Ok(pb::DirectoryProvider::Google) => Ok(Some(Provider::Google)),
        Ok(pb::DirectoryProvider::MicrosoftAd) => Ok(Some(Provider::MicrosoftAd)),
        Ok(pb::DirectoryProvider::Auth0) => Ok(Some(Provider::Auth0)),
        Ok(pb::DirectoryProvider::Onelogin) => Ok(Some(Provider::OneLogin)),
        Ok(pb::DirectoryProvider::Jumpcloud) => Ok(Some(Provider::JumpCloud)),
        Ok(pb::DirectoryProvider::PingIdentity) => Ok(Some(Provider::PingIdentity)),
        Err(_) => Err(Error::invalid(field, "enum.defined_only", "must be a known provider")),
    }
}

fn status(field: &'static str, number: i32) -> Reply<Option<Status>> {
    match pb::DirectoryStatus::try_from(number) {
        Ok(pb::DirectoryStatus::Unspecified) => Ok(None),
        Ok(pb::DirectoryStatus::Draft) => Ok(Some(Status::Draft)),
        Ok(pb::DirectoryStatus::InProgress) => Ok(Some(Status::InProgress)),
        Ok(pb::DirectoryStatus::Completed) => Ok(Some(Status::Completed)),
        Err(_) => Err(Error::invalid(field, "enum.defined_only", "must be DRAFT, IN_PROGRESS or COMPLETED")),
    }
}

fn message(ctx: &Ctx, whole: Whole) -> pb::Directory {
    let Whole { directory, secrets, roles } = whole;
    let Directory { id, stats, .. } = directory;
    let kind = match directory.kind {
        DirectoryType::Scim => pb::DirectoryType::Scim,
        DirectoryType::Ldap => pb::DirectoryType::Ldap,
        DirectoryType::Poll => pb::DirectoryType::Poll,
    };
    let (users, groups) = (small(stats.users), small(stats.groups));
    pb::Directory {
        id: id.to_string(),
        name: directory.name,
        directory_type: kind.into(),
        organization_id: directory.organization.to_string(),
        enabled: directory.enabled,
        directory_provider: provider_message(directory.provider).into(),
        last_synced_at: directory.last_synced_at.map(Into::into),
        directory_endpoint: format!("{}/api/v1/directories/{id}/scim/v2", ctx.environment().url),
        total_users: users,
        total_groups: groups,
        secrets: secrets.into_iter().map(|secret| secret_message(ctx, id, secret)).collect(),
        stats: Some(pb::Stats {
            total_users: users,
            total_groups: groups,
            group_updated_at: stats.group_updated_at.map(Into::into),
            user_updated_at: stats.user_updated_at.map(Into::into),
        }),
        role_assignments: Some(roles_message(roles)),
        attribute_mappings: Some(mappings_message(directory.attribute_mappings)),
        status: directory.status.as_str().to_owned(),
        email: directory.email,
        groups_tracked: if directory.tracked_groups.is_none() { "ALL" } else { "SELECTED" }.to_owned(),
    }
}

fn provider_message(provider: Provider) -> pb::DirectoryProvider {
    match provider {
        Provider::Other => pb::DirectoryProvider::Unspecified,
        Provider::Okta => pb::DirectoryProvider::Okta,
        Provider::Google => pb::DirectoryProvider::Google,
        Provider::MicrosoftAd => pb::DirectoryProvider::MicrosoftAd,
        Provider::Auth0 => pb::DirectoryProvider::Auth0,
        Provider::OneLogin => pb::DirectoryProvider::Onelogin,
        Provider::JumpCloud => pb::DirectoryProvider::Jumpcloud,
        Provider::PingIdentity => pb::DirectoryProvider::PingIdentity,
    }
}

fn small(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn secret_message(ctx: &Ctx, directory: DirectoryId, secret: DirectorySecret) -> pb::Secret {
    let works = secret.works(ctx.now());
    pb::Secret {
        id: secret.id.to_string(),
        create_time: Some(secret.created_at.into()),
        secret_suffix: secret.suffix,
        status: if works { pb::SecretStatus::Active } else { pb::SecretStatus::Inactive }.into(),
        expire_time: Some(secret.expires_at.into()),
        last_used_time: secret.last_used_at.map(Into::into),
        directory_id: directory.to_string(),
    }
}

fn roles_message(roles: Vec<RoleAssignment>) -> pb::RoleAssignments {
    let assignments = roles.into_iter().map(|assignment| pb::RoleAssignment {
        group_id: assignment.group.to_string(),
        role_name: assignment.role_name,
        role_id: assignment.role.to_string(),
    });
    pb::RoleAssignments { assignments: assignments.collect() }
}

fn mappings_message(mappings: Vec<AttributeMapping>) -> pb::AttributeMappings {
    let attributes =
        mappings.into_iter().map(|mapping| pb::AttributeMapping { key: mapping.key, map_to: mapping.map_to });
    pb::AttributeMappings { attributes: attributes.collect() }
}

fn user_message(user: DirectoryUser, with_detail: bool) -> Reply<pb::DirectoryUser> {
    let groups = user.groups.into_iter().map(|group| group_message(group, false)).collect::<Reply<_>>()?;
    Ok(pb::DirectoryUser {
        id: user.id.to_string(),
        email: user.email,
        preferred_username: user.preferred_username,
        given_name: user.given_name,
        family_name: user.family_name,
        updated_at: Some(user.updated_at.into()),
        emails: user.emails,
        groups,
        user_detail: with_detail.then(|| structs::from_json_text(&user.detail)).transpose()?,
    })
}

fn group_message(group: DirectoryGroup, with_detail: bool) -> Reply<pb::DirectoryGroup> {
    Ok(pb::DirectoryGroup {
        id: group.id.to_string(),
        display_name: group.display_name,
        total_users: small(group.total_users),
        updated_at: Some(group.updated_at.into()),
        group_detail: with_detail.then(|| structs::from_json_text(&group.detail)).transpose()?,
    })
}
