//! What signed-in persons reach: one decision for each rpc that a session or a user's token may call. What is not in the
//! table, no person reaches; a test fails on an rpc without a decision.
//!
//! The permissions that the interface lists on rpcs (`organizations:write`) are those of the dashboard's members. Those
//! of persons are in their roles: the reserved ones of `auth.md` 1.15, for the session's active organization only.
use super::wire::{Raw, Slots};
use crate::{
    ctx::{Ctx, Person},
    error::{Error, Kind},
    ids::OrganizationId,
    organizations::{self, Organization, OrganizationRef},
    users,
};
use gatewright_api::plan::Method;

/// How far a person gets with an rpc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To what is her own, whatever her roles: its handler asks [`Ctx::person`].
    Own,
    /// To her active organization, which the request must name in this field, with this permission, if the feature is on.
    Organization {
        /// `organization_id`
        field: &'static str,
        /// `sk_org_…`
        permission: &'static str,
        /// Of the organization.
        feature: Option<&'static str>,
    },
    /// Nowhere, for this reason.
    No(&'static str),
}

/// Shows settings of the whole environment.
const ENVIRONMENT: Reach = Reach::No("it is about the whole environment");
/// For the people who work in the dashboard.
const DASHBOARD: Reach = Reach::No("it is about members of the dashboard");
/// Takes data that only the application may set.
const APPLICATION: Reach = Reach::No("it sets what belongs to the application");

const fn own(permission: &'static str, feature: Option<&'static str>) -> Reach {
    Reach::Organization { field: "organization_id", permission, feature }
}

const USERS_READ: Reach = own("sk_org_users_read", None);
const ROLES: Reach = Reach::Organization { field: "org_id", permission: "sk_org_users_read", feature: None };
const ROLE_CHANGE: Reach = own("sk_org_users_role_change", None);
const DOMAINS_READ: Reach = own("sk_org_settings_read", Some("domain_verification"));
const DOMAINS: Reach = own("sk_org_settings_manage", Some("domain_verification"));
const SSO_READ: Reach = own("sk_org_sso_read", Some("sso"));
const SSO: Reach = own("sk_org_sso_manage", Some("sso"));
const SCIM_READ: Reach = own("sk_org_scim_read", Some("dir_sync"));
const SCIM: Reach = own("sk_org_scim_manage", Some("dir_sync"));
const POLICY_READ: Reach = own("sk_org_session_policy_read", Some("session_policy"));
const POLICY: Reach = own("sk_org_session_policy_manage", Some("session_policy"));

/// Service and rpc, and how far a person gets.
pub const REACH: &[(&str, Reach)] = &[
    ("WebAuthnService/BeginRegistration", Reach::Own),
    ("WebAuthnService/FinishRegistration", Reach::Own),
    ("WebAuthnService/ListCredentials", Reach::Own),
    ("WebAuthnService/UpdateCredential", Reach::Own),
    ("WebAuthnService/DeleteCredential", Reach::Own),
    ("SessionService/GetUserSessions", Reach::Own),
    ("SessionService/RevokeSession", Reach::Own),
    ("UserService/GetUser", Reach::Own),
    ("UserService/GetCurrentUser", Reach::Own),
    ("UserService/GetSupportHash", DASHBOARD),
    ("ClientService/ListCurrentAgentConsents", Reach::Own),
    ("ClientService/RevokeCurrentAgentConsent", Reach::Own),
    ("EnvironmentService/GetCurrentSession", Reach::Own),
    (
        "OrganizationService/GetOrganization",
        Reach::Organization { field: "id", permission: "sk_org_settings_read", feature: None },
    ),
    (
        "OrganizationService/UpdateOrganization",
        Reach::Organization { field: "id", permission: "sk_org_settings_manage", feature: None },
    ),
    ("OrganizationService/GetOrganizationSessionPolicy", POLICY_READ),
    ("OrganizationService/GetApplicationSessionPolicy", POLICY_READ),
    ("OrganizationService/UpdateOrganizationSessionPolicy", POLICY),
    ("OrganizationService/GetOrganizationBranding", APPLICATION),
    ("OrganizationService/UpdateOrganizationBranding", APPLICATION),
    ("UserService/ListOrganizationUsers", USERS_READ),
    ("UserService/ResendInvite", own("sk_org_users_invite", None)),
    ("UserService/DeleteMembership", own("sk_org_users_delete", None)),
    ("UserService/AssignUserRoles", ROLE_CHANGE),
    ("UserService/RemoveUserRole", ROLE_CHANGE),
    ("UserService/UpdateUser", APPLICATION),
    ("UserService/CreateMembership", APPLICATION),
    ("UserService/UpdateMembership", APPLICATION),
    ("UserService/CreateUserAndMembership", APPLICATION),
    ("RolesService/GetOrganizationRole", ROLES),
    ("RolesService/ListOrganizationRoles", ROLES),
    ("DomainService/CreateDomain", DOMAINS),
    ("DomainService/UpdateDomain", DOMAINS),
    ("DomainService/VerifyDomain", DOMAINS),
    ("DomainService/DeleteDomain", DOMAINS),
    ("DomainService/GetDomain", DOMAINS_READ),
    ("DomainService/ListDomains", DOMAINS_READ),
    ("ConnectionService/CreateConnection", SSO),
    ("ConnectionService/UpdateConnection", SSO),
    ("ConnectionService/AssignDomainsToConnection", SSO),
    ("ConnectionService/EnableConnection", SSO),
    ("ConnectionService/DisableConnection", SSO),
    ("ConnectionService/UpdateConnectionContext", SSO),
    ("ConnectionService/GetConnection", SSO_READ),
    ("ConnectionService/ListConnections", SSO_READ),
    ("ConnectionService/GetConnectionContext", SSO_READ),
    ("ConnectionService/GetConnectionTestResult", Reach::No("its request names no organization")),
    ("DirectoryService/CreateDirectory", SCIM),
    ("DirectoryService/UpdateDirectory", SCIM),
    ("DirectoryService/AssignGroupsForDirectory", SCIM),
    ("DirectoryService/AssignRoles", SCIM),
    ("DirectoryService/UpdateAttributes", SCIM),
    ("DirectoryService/EnableDirectory", SCIM),
    ("DirectoryService/DisableDirectory", SCIM),
    ("DirectoryService/CreateDirectorySecret", SCIM),
    ("DirectoryService/RegenerateDirectorySecret", SCIM),
    ("DirectoryService/TriggerDirectorySync", SCIM),
    ("DirectoryService/UpdateDirectoryContext", SCIM),
    ("DirectoryService/GetDirectory", SCIM_READ),
    ("DirectoryService/ListDirectories", SCIM_READ),
    ("DirectoryService/ListDirectoryUsers", SCIM_READ),
    ("DirectoryService/ListDirectoryGroups", SCIM_READ),
    ("DirectoryService/ListDirectoryGroupsSummary", SCIM_READ),
    ("DirectoryService/GetDirectoryContext", SCIM_READ),
    ("UserAttributeService/CreateSsoUserAttribute", ENVIRONMENT),
    ("UserAttributeService/ListSsoUserAttributes", ENVIRONMENT),
    ("UserAttributeService/ListDirectoryUserAttributes", ENVIRONMENT),
    ("EnvironmentService/GetFeatures", ENVIRONMENT),
    ("EnvironmentService/GetEnvironmentSessionSettings", ENVIRONMENT),
    ("EnvironmentService/GetEnvironmentUserManagement", ENVIRONMENT),
    ("EnvironmentService/GetEnvironmentTestUser", ENVIRONMENT),
    ("MembersService/AssignDashboardRole", DASHBOARD),
    ("MembersService/SetDashboardEnvironmentRole", DASHBOARD),
    ("MembersService/ClearDashboardEnvironmentRole", DASHBOARD),
    ("MembersService/ListDashboardMemberEnvironmentRoles", DASHBOARD),
    ("MembersService/ListDashboardRoles", DASHBOARD),
    ("MembersService/ListDashboardPermissions", DASHBOARD),
    ("MembersService/CreateDashboardRole", DASHBOARD),
    ("MembersService/UpdateDashboardRole", DASHBOARD),
    ("MembersService/DeleteDashboardRole", DASHBOARD),
];

/// The decision for an rpc, `package.Service/Rpc` or a gRPC path.
pub fn of(path: &str) -> Option<Reach> {
    let is = |name: &str| path.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    REACH.iter().find(|(name, _)| is(name)).map(|(_, reach)| *reach)
}

/// Refuses what a person does not reach. Other callers are none of its business.
///
/// # Errors
/// `PERMISSION_DENIED`; `NOT_FOUND` for another organization than her own.
pub async fn check(ctx: &Ctx, method: &Method, message: &[u8]) -> Result<(), Error> {
    let Some(person) = ctx.person() else { return Ok(()) };
    let denied = |text: String| Error::new(Kind::PermissionDenied, text);
    match of(method.path) {
        Some(Reach::Own) => Ok(()),
        Some(Reach::Organization { field, permission, feature }) => {
            check_organization(person, method, field, message)?;
            check_feature(ctx, person.organization, feature).await?;
            let permitted = users::permissions(ctx, person.organization, person.user).await?;
            if permitted.iter().any(|name| name == permission) {
                return Ok(());
            }
            Err(denied(format!("needs the permission {permission} in this organization")))
        }
        Some(Reach::No(why)) => Err(denied(format!("a signed-in user may not call {}: {why}", method.name))),
        None => Err(denied(format!("a signed-in user may not call {}", method.name))),
    }
}

/// The request must name the person's own organization, by its id. Others are as if they were not there.
fn check_organization(person: Person, method: &Method, name: &str, message: &[u8]) -> Result<(), Error> {
    let position = method.input.fields.iter().position(|field| field.name == name);
    let position = position.ok_or_else(|| Error::internal(format!("{} has no {name}", method.path)))?;
    let slots = Slots::read(method.input.fields, message)
        .map_err(|_| Error::new(Kind::InvalidArgument, "the request is not a valid protobuf message"))?;
    let named = slots.get(position).last().and_then(Raw::bytes).unwrap_or_default();
    if named == person.organization.to_string().as_bytes() {
        return Ok(());
    }
    let shown: OrganizationId =
        std::str::from_utf8(named).ok().and_then(|text| text.parse().ok()).ok_or_else(|| {
            Error::invalid(name, "required", "must be the id of the organization that you are signed in to")
        })?;
    Err(Organization::not_found(&OrganizationRef::Id(shown)))
}

async fn check_feature(
    ctx: &Ctx,
    organization: OrganizationId,
    feature: Option<&'static str>,
) -> Result<(), Error> {
    let Some(feature) = feature else { return Ok(()) };
    let organization = organizations::get(ctx, &OrganizationRef::Id(organization)).await?;
    if organization.features.all().contains(&(feature, true)) {
        return Ok(());
    }
    let text = format!("the feature {feature} of this organization is off");
    Err(Error::new(Kind::PermissionDenied, text))
}
