//! Kinds of events, and one event.
use crate::{
    ids::{EventId, OrganizationId},
    time::Timestamp,
};

macro_rules! event_types {
    ($($variant:ident = $name:literal, $object:literal, $label:literal;)*) => {
        /// A kind of event, `management.md` 13.4. Names are never changed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EventType { $(#[doc = $label] $variant,)* }

        impl EventType {
            /// Every kind that this version emits.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// `organization.created`
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }
            /// What `data` is, `Organization`.
            pub const fn object(self) -> &'static str { match self { $(Self::$variant => $object,)* } }
            /// For people, `Organization Created`.
            pub const fn label(self) -> &'static str { match self { $(Self::$variant => $label,)* } }
        }
    };
}

event_types! {
    OrganizationCreated = "organization.created", "Organization", "Organization Created";
    OrganizationUpdated = "organization.updated", "Organization", "Organization Updated";
    OrganizationDeleted = "organization.deleted", "Organization", "Organization Deleted";
    UserOrganizationInvitation = "user.organization_invitation", "OrgMembership", "User Organization Invitation";
    UserOrganizationMembershipCreated = "user.organization_membership_created", "OrgMembership",
        "User Organization Membership Created";
    UserOrganizationMembershipUpdated = "user.organization_membership_updated", "OrgMembership",
        "User Organization Membership Updated";
    UserOrganizationMembershipDeleted = "user.organization_membership_deleted", "OrgMembership",
        "User Organization Membership Deleted";
    OrganizationDomainCreated = "organization.domain_created", "Organization", "Organization Domain Created";
    OrganizationDomainDeleted = "organization.domain_deleted", "Organization", "Organization Domain Deleted";
    OrganizationDomainDnsVerificationSuccess = "organization.domain_dns_verification_success", "Organization",
        "Organization Domain DNS Verification Success";
    OrganizationDomainDnsVerificationFailed = "organization.domain_dns_verification_failed", "Organization",
        "Organization Domain DNS Verification Failed";
    OrganizationSsoCreated = "organization.sso_created", "Connection", "SSO Connection Created";
    OrganizationSsoEnabled = "organization.sso_enabled", "Connection", "SSO Connection Enabled";
    OrganizationSsoDisabled = "organization.sso_disabled", "Connection", "SSO Connection Disabled";
    OrganizationSsoDeleted = "organization.sso_deleted", "Connection", "SSO Connection Deleted";
    OrganizationDirectoryEnabled = "organization.directory_enabled", "Directory", "Directory Enabled";
    OrganizationDirectoryDisabled = "organization.directory_disabled", "Directory", "Directory Disabled";
    UserLogin = "user.login", "User", "User Login";
    UserLogout = "user.logout", "User", "User Logout";
    SignInFailed = "auth.sign_in_failed", "SSOError", "Sign-in Failed";
    RoleCreated = "role.created", "Role", "Role Created";
    RoleUpdated = "role.updated", "Role", "Role Updated";
    RoleDeleted = "role.deleted", "Role", "Role Deleted";
    PermissionCreated = "permission.created", "Permission", "Permission Created";
    PermissionUpdated = "permission.updated", "Permission", "Permission Updated";
    PermissionDeleted = "permission.deleted", "Permission", "Permission Deleted";
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `evt_…`; receivers know repetitions by it.
    pub id: EventId,
    /// `organization.created`
    pub name: String,
    /// What `data` is.
    pub object: String,
    /// The organization that it concerns.
    pub organization: Option<OrganizationId>,
    /// When.
    pub occurred_at: Timestamp,
    /// A JSON object, as webhooks carry it.
    pub data: String,
}

/// The label of an event type as it is stored; empty for one that this version does not know.
pub fn label(name: &str) -> &'static str {
    EventType::ALL.iter().find(|kind| kind.name() == name).map_or("", |kind| kind.label())
}
