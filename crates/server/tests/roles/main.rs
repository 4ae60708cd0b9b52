//! Roles of the environment and of organizations through the API.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

mod deletion;
mod of_environments;
mod of_organizations;
mod references;

use gatewright::{ids::RoleId, sql};
use gatewright_api::{rpc::roles_service as rpc, scalekit::v1::roles as pb};
use gatewright_testkit::{Api, Failure, Server};
use tonic::Code;

const PATH: &str = "/api/v1/roles";

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn names(roles: &[pb::Role]) -> Vec<&str> {
    roles.iter().map(|role| role.name.as_str()).collect()
}

async fn create(
    api: &Api,
    name: &str,
    extends: Option<&str>,
    permissions: &[&str],
) -> Result<pb::Role, Failure> {
    let role = pb::CreateRole {
        name: name.to_owned(),
        display_name: format!("The {name}"),
        description: None,
        extends: extends.map(str::to_owned),
        permissions: permissions.iter().map(|&name| name.to_owned()).collect(),
    };
    let answer = api.call::<rpc::CreateRole>(pb::CreateRoleRequest { role: Some(role) }).await?;
    Ok(answer.role.unwrap())
}

async fn create_in(
    api: &Api,
    org_id: &str,
    name: &str,
    extends: Option<&str>,
    permissions: &[&str],
) -> Result<pb::Role, Failure> {
    let role = pb::CreateOrganizationRole {
        name: name.to_owned(),
        display_name: format!("The {name}"),
        description: None,
        extends: extends.map(str::to_owned),
        permissions: permissions.iter().map(|&name| name.to_owned()).collect(),
    };
    let request = pb::CreateOrganizationRoleRequest { org_id: org_id.to_owned(), role: Some(role) };
    Ok(api.call::<rpc::CreateOrganizationRole>(request).await?.role.unwrap())
}

async fn get(api: &Api, name: &str, include: &str) -> Result<pb::Role, Failure> {
    let request = pb::GetRoleRequest { role_name: name.to_owned(), include: some(include) };
    Ok(api.call::<rpc::GetRole>(request).await?.role.unwrap())
}

async fn get_in(api: &Api, org_id: &str, name: &str) -> Result<pb::Role, Failure> {
    let request = pb::GetOrganizationRoleRequest {
        org_id: org_id.to_owned(),
        role_name: name.to_owned(),
        include: some("permissions:all"),
    };
    Ok(api.call::<rpc::GetOrganizationRole>(request).await?.role.unwrap())
}

async fn list(api: &Api, include: &str) -> Vec<pb::Role> {
    api.call::<rpc::ListRoles>(pb::ListRolesRequest { include: some(include) }).await.unwrap().roles
}

async fn list_in(api: &Api, org_id: &str, include: &str) -> Result<Vec<pb::Role>, Failure> {
    let request = pb::ListOrganizationRolesRequest { org_id: org_id.to_owned(), include: some(include) };
    Ok(api.call::<rpc::ListOrganizationRoles>(request).await?.roles)
}

async fn update(api: &Api, name: &str, role: pb::UpdateRole) -> Result<pb::Role, Failure> {
    let request = pb::UpdateRoleRequest { role_name: name.to_owned(), role: Some(role) };
    Ok(api.call::<rpc::UpdateRole>(request).await?.role.unwrap())
}

async fn update_in(api: &Api, org_id: &str, name: &str, role: pb::UpdateRole) -> Result<pb::Role, Failure> {
    let request = pb::UpdateOrganizationRoleRequest {
        org_id: org_id.to_owned(),
        role_name: name.to_owned(),
        role: Some(role),
    };
    Ok(api.call::<rpc::UpdateOrganizationRole>(request).await?.role.unwrap())
}

fn extending(name: &str) -> pb::UpdateRole {
    pb::UpdateRole { extends: some(name), ..Default::default() }
}

async fn delete(api: &Api, name: &str, replacement: Option<&str>) -> Result<(), Failure> {
    let request = pb::DeleteRoleRequest {
        role_name: name.to_owned(),
        reassign_role_name: replacement.map(str::to_owned),
        ..Default::default()
    };
    api.call::<rpc::DeleteRole>(request).await
}

async fn delete_in(api: &Api, org_id: &str, name: &str, replacement: Option<&str>) -> Result<(), Failure> {
    let request = pb::DeleteOrganizationRoleRequest {
        org_id: org_id.to_owned(),
        role_name: name.to_owned(),
        reassign_role_name: replacement.map(str::to_owned),
    };
    api.call::<rpc::DeleteOrganizationRole>(request).await
}

async fn count(api: &Api, name: &str) -> i64 {
    let request = pb::GetRoleUsersCountRequest { role_name: name.to_owned() };
    api.call::<rpc::GetRoleUsersCount>(request).await.unwrap().count
}

async fn count_in(api: &Api, org_id: &str, name: &str) -> Result<i64, Failure> {
    let request =
        pb::GetOrganizationRoleUsersCountRequest { org_id: org_id.to_owned(), role_name: name.to_owned() };
    Ok(api.call::<rpc::GetOrganizationRoleUsersCount>(request).await?.count)
}

async fn set_defaults(
    api: &Api,
    creator: Option<&str>,
    member: Option<&str>,
) -> Result<(String, String), Failure> {
    let request = pb::UpdateDefaultRolesRequest {
        default_creator_role: creator.map(str::to_owned),
        default_member_role: member.map(str::to_owned),
        ..Default::default()
    };
    let answer = api.call::<rpc::UpdateDefaultRoles>(request).await?;
    Ok((answer.default_creator.unwrap().name, answer.default_member.unwrap().name))
}

async fn set_default_in(api: &Api, org_id: &str, member: &str) -> Result<pb::Role, Failure> {
    let request = pb::UpdateDefaultOrganizationRolesRequest {
        org_id: org_id.to_owned(),
        default_member_role: member.to_owned(),
    };
    Ok(api.call::<rpc::UpdateDefaultOrganizationRoles>(request).await?.default_member.unwrap())
}

async fn permission(api: &Api, name: &str) {
    let permission = Some(pb::CreatePermission { name: name.to_owned(), description: String::new() });
    api.call::<rpc::CreatePermission>(pb::CreatePermissionRequest { permission }).await.unwrap();
}

/// Pairs of permission and the role that it comes from.
fn grants(role: &pb::Role) -> Vec<(&str, &str)> {
    role.permissions.iter().map(|grant| (grant.name.as_str(), grant.role_name.as_str())).collect()
}

/// A user who is a member of the organization with these roles: straight into the tables.
async fn member(t: &Server, api: &Api, org_id: &str, number: i64, roles: &[&pb::Role]) {
    let organization: gatewright::ids::OrganizationId = org_id.parse().unwrap();
    let mut tx = t.app.db.write().await.unwrap();
    sql!(
        "INSERT INTO users (environment_id, id, email, email_key, profile_id, given_name, family_name, name, locale,
           phone_number, preferred_username, picture, gender, groups_json, profile_metadata, custom_attributes,
           metadata, email_verified, phone_number_verified, search_key, created_at, updated_at)
         VALUES ($1, $2, $3, $3, $2, '', '', '', '', '', '', '', '', '[]', '{}', '{}', '{}', $4, $4, $3, 1, 1)
         ON CONFLICT DO NOTHING"
    )
    .bind(api.environment)
    .bind(number)
    .bind(format!("u{number}@example.com"))
    .bind(false)
    .execute(&mut tx)
    .await
    .unwrap();
    sql!(
        "INSERT INTO memberships (environment_id, organization_id, user_id, status, metadata, provisioning_method,
           created_at, resent_count)
         VALUES ($1, $2, $3, 'ACTIVE', '{}', 'direct_provision', 1, 0)"
    )
    .bind(api.environment)
    .bind(organization)
    .bind(number)
    .execute(&mut tx)
    .await
    .unwrap();
    for role in roles {
        sql!(
            "INSERT INTO membership_roles (environment_id, organization_id, user_id, role_id)
             VALUES ($1, $2, $3, $4)"
        )
        .bind(api.environment)
        .bind(organization)
        .bind(number)
        .bind(role.id.parse::<RoleId>().unwrap())
        .execute(&mut tx)
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
}

/// Names of the roles of each user, by user and name.
async fn assignments(t: &Server, api: &Api) -> Vec<(i64, String)> {
    sql!(
        "SELECT m.user_id, r.name FROM membership_roles m JOIN roles r ON r.id = m.role_id
         WHERE m.environment_id = $1 ORDER BY m.user_id, r.name"
    )
    .bind(api.environment)
    .all(&mut t.app.db.read())
    .await
    .unwrap()
}

fn refused<T: std::fmt::Debug>(result: Result<T, Failure>, code: Code, says: &str) -> Failure {
    let failure = result.unwrap_err();
    assert_eq!(failure.code, code, "{failure:?}");
    assert!(failure.message.contains(says), "{failure:?}");
    failure
}
