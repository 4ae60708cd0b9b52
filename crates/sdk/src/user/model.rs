//! What a user is.

use std::collections::BTreeMap;

use gatewright_api::scalekit::v1::{commons, users as pb};
use jiff::Timestamp;

use crate::convert::{into_timestamp, open_enum, timestamp};

open_enum! {
    /// State of a membership.
    MembershipStatus {
        /// Not set.
        Unspecified = 0 "Membership_Status_UNSPECIFIED",
        /// A member.
        Active = 1 "ACTIVE",
        /// A member who may not sign in to the organization.
        Inactive = 2 "INACTIVE",
        /// Invited, and not yet there.
        PendingInvite = 3 "PENDING_INVITE",
        /// Invited, and never came.
        InviteExpired = 4 "INVITE_EXPIRED",
    }
}

open_enum! {
    /// An identity provider.
    IdentityProviderType {
        /// Not set.
        Unspecified = 0 "IDENTITY_PROVIDER_UNSPECIFIED",
        /// Okta.
        Okta = 1 "OKTA",
        /// Google.
        Google = 2 "GOOGLE",
        /// Microsoft Entra ID.
        MicrosoftAd = 3 "MICROSOFT_AD",
        /// Auth0.
        Auth0 = 4 "AUTH0",
        /// OneLogin.
        Onelogin = 5 "ONELOGIN",
        /// Ping Identity.
        PingIdentity = 6 "PING_IDENTITY",
        /// JumpCloud.
        Jumpcloud = 7 "JUMPCLOUD",
        /// Any other.
        Custom = 8 "CUSTOM",
        /// GitHub.
        Github = 9 "GITHUB",
        /// GitLab.
        Gitlab = 10 "GITLAB",
        /// LinkedIn.
        Linkedin = 11 "LINKEDIN",
        /// Salesforce.
        Salesforce = 12 "SALESFORCE",
        /// Microsoft accounts.
        Microsoft = 13 "MICROSOFT",
        /// The simulator for tests.
        IdpSimulator = 14 "IDP_SIMULATOR",
        /// The server itself.
        Scalekit = 15 "SCALEKIT",
        /// Active Directory Federation Services.
        Adfs = 16 "ADFS",
    }
}

/// A person who uses your product.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct User {
    /// Id, `usr_…`.
    pub id: String,
    /// Id of the environment, `env_…`.
    pub environment_id: String,
    /// E-mail address, unique in the environment without regard to letter case; never changes.
    pub email: String,
    /// Your own id, 1 to 510 characters; unique in the environment.
    pub external_id: Option<String>,
    /// Organizations that the user belongs to or is invited to.
    pub memberships: Vec<OrganizationMembership>,
    /// Name and other personal data.
    pub user_profile: Option<UserProfile>,
    /// At most 20 labels: keys of 3 to 25, values of 1 to 256 characters.
    pub metadata: BTreeMap<String, String>,
    /// When it was created, UTC.
    pub create_time: Option<Timestamp>,
    /// When it was last changed, UTC.
    pub update_time: Option<Timestamp>,
    /// When the user last signed in, UTC.
    pub last_login_time: Option<Timestamp>,
}

impl User {
    /// The membership in this organization.
    pub fn membership(&self, organization_id: &str) -> Option<&OrganizationMembership> {
        self.memberships.iter().find(|membership| membership.organization_id == organization_id)
    }

    /// The generated protobuf message.
    pub fn into_message(self) -> pb::User {
        pb::User {
            id: self.id,
            environment_id: self.environment_id,
            create_time: into_timestamp(self.create_time),
            update_time: into_timestamp(self.update_time),
            email: self.email,
            external_id: self.external_id,
            memberships: self.memberships.into_iter().map(OrganizationMembership::into_message).collect(),
            user_profile: self.user_profile.map(UserProfile::into_message),
            metadata: self.metadata,
            last_login_time: into_timestamp(self.last_login_time),
        }
    }
}

impl From<pb::User> for User {
    fn from(message: pb::User) -> Self {
        Self {
            id: message.id,
            environment_id: message.environment_id,
            email: message.email,
            external_id: message.external_id,
            memberships: message.memberships.into_iter().map(Into::into).collect(),
            user_profile: message.user_profile.map(Into::into),
            metadata: message.metadata,
            create_time: timestamp(message.create_time),
            update_time: timestamp(message.update_time),
            last_login_time: timestamp(message.last_login_time),
        }
    }
}

/// What a user is in one organization.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OrganizationMembership {
    /// Id of the organization, `org_…`.
    pub organization_id: String,
    /// The organization's name for people.
    pub display_name: Option<String>,
    /// The organization's formal name.
    pub name: Option<String>,
    /// Its state.
    pub membership_status: MembershipStatus,
    /// Roles that were given directly.
    pub roles: Vec<MembershipRole>,
    /// Names of all that the roles permit, inherited ones included.
    pub permissions: Vec<String>,
    /// At most 20 labels.
    pub metadata: BTreeMap<String, String>,
    /// When it became active, UTC.
    pub join_time: Option<Timestamp>,
    /// When the user was invited, UTC.
    pub created_at: Option<Timestamp>,
    /// When the invitation was accepted, UTC.
    pub accepted_at: Option<Timestamp>,
    /// When the invitation can no longer be accepted, UTC.
    pub expires_at: Option<Timestamp>,
    /// Who invited.
    pub inviter_email: Option<String>,
    /// `invitation`, `direct_provision`, `org_creator`, `jit_using_sso` or `allowed_email_domain`.
    pub provisioning_method: Option<String>,
}

impl OrganizationMembership {
    /// The generated protobuf message.
    pub fn into_message(self) -> commons::OrganizationMembership {
        commons::OrganizationMembership {
            organization_id: self.organization_id,
            join_time: into_timestamp(self.join_time),
            membership_status: self.membership_status.into(),
            roles: self.roles.into_iter().map(MembershipRole::into_message).collect(),
            name: self.name,
            metadata: self.metadata,
            display_name: self.display_name,
            inviter_email: self.inviter_email,
            created_at: into_timestamp(self.created_at),
            accepted_at: into_timestamp(self.accepted_at),
            expires_at: into_timestamp(self.expires_at),
            provisioning_method: self.provisioning_method,
            permissions: self.permissions,
        }
    }
}

impl From<commons::OrganizationMembership> for OrganizationMembership {
    fn from(message: commons::OrganizationMembership) -> Self {
        Self {
            organization_id: message.organization_id,
            display_name: message.display_name,
            name: message.name,
            membership_status: message.membership_status.into(),
            roles: message.roles.into_iter().map(Into::into).collect(),
            permissions: message.permissions,
            metadata: message.metadata,
            join_time: timestamp(message.join_time),
            created_at: timestamp(message.created_at),
            accepted_at: timestamp(message.accepted_at),
            expires_at: timestamp(message.expires_at),
            inviter_email: message.inviter_email,
            provisioning_method: message.provisioning_method,
        }
    }
}

/// A role of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MembershipRole {
    /// Id, `role_…`.
    pub id: String,
    /// The name by which operations know it.
    pub name: String,
    /// Name for people.
    pub display_name: String,
}

impl MembershipRole {
    /// The generated protobuf message.
    pub fn into_message(self) -> commons::Role {
        commons::Role { id: self.id, name: self.name, display_name: self.display_name }
    }
}

impl From<commons::Role> for MembershipRole {
    fn from(message: commons::Role) -> Self {
        Self { id: message.id, name: message.name, display_name: message.display_name }
    }
}

/// Something that a member may do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserPermission {
    /// Id, `perm_…`.
    pub id: String,
    /// Its name, `orders:approve`.
    pub name: String,
    /// For people.
    pub description: String,
    /// Labels.
    pub tags: Vec<String>,
}

impl UserPermission {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::Permission {
        pb::Permission { id: self.id, name: self.name, description: self.description, tags: self.tags }
    }
}

impl From<pb::Permission> for UserPermission {
    fn from(message: pb::Permission) -> Self {
        Self { id: message.id, name: message.name, description: message.description, tags: message.tags }
    }
}

/// Personal data of a user; what is not known is empty.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UserProfile {
    /// Id, `usp_…`.
    pub id: String,
    /// Given name; the reference's `firstName`.
    pub given_name: String,
    /// Family name; the reference's `lastName`.
    pub family_name: String,
    /// Full name.
    pub name: String,
    /// Language tag, `en-GB`.
    pub locale: String,
    /// Telephone number.
    pub phone_number: String,
    /// Name to sign in with, as an identity provider has it.
    pub preferred_username: String,
    /// Address of a picture.
    pub picture: String,
    /// Free text.
    pub gender: String,
    /// Groups.
    pub groups: Vec<String>,
    /// What an identity provider said.
    pub metadata: BTreeMap<String, String>,
    /// Values of the environment's own attributes.
    pub custom_attributes: BTreeMap<String, String>,
    /// Whether the user is known to read that mail.
    pub email_verified: bool,
    /// Whether the user is known to hold that number.
    pub phone_number_verified: bool,
    /// Accounts at identity providers that the user signed in with.
    pub external_identities: Vec<ExternalIdentity>,
}

impl UserProfile {
    /// The generated protobuf message.
    #[expect(deprecated, reason = "the older names of the same fields")]
    pub fn into_message(self) -> commons::UserProfile {
        commons::UserProfile {
            id: self.id,
            first_name: self.given_name.clone(),
            last_name: self.family_name.clone(),
            given_name: self.given_name,
            family_name: self.family_name,
            name: self.name,
            locale: self.locale,
            email_verified: self.email_verified,
            phone_number: self.phone_number,
            metadata: self.metadata,
            custom_attributes: self.custom_attributes,
            external_identities: self
                .external_identities
                .into_iter()
                .map(ExternalIdentity::into_message)
                .collect(),
            preferred_username: self.preferred_username,
            phone_number_verified: self.phone_number_verified,
            picture: self.picture,
            groups: self.groups,
            gender: self.gender,
        }
    }
}

impl From<commons::UserProfile> for UserProfile {
    fn from(message: commons::UserProfile) -> Self {
        Self {
            id: message.id,
            given_name: message.given_name,
            family_name: message.family_name,
            name: message.name,
            locale: message.locale,
            phone_number: message.phone_number,
            preferred_username: message.preferred_username,
            picture: message.picture,
            gender: message.gender,
            groups: message.groups,
            metadata: message.metadata,
            custom_attributes: message.custom_attributes,
            email_verified: message.email_verified,
            phone_number_verified: message.phone_number_verified,
            external_identities: message.external_identities.into_iter().map(Into::into).collect(),
        }
    }
}

/// An account at an identity provider.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExternalIdentity {
    /// Id of the connection, `conn_…`.
    pub connection_id: String,
    /// `SAML`, `OIDC`, `OAUTH`, ….
    pub connection_type: String,
    /// Whose provider it is.
    pub connection_provider: IdentityProviderType,
    /// The provider's id of the user.
    pub connection_user_id: String,
    /// Whether it is a social login.
    pub is_social: bool,
    /// When it was last signed in with, UTC.
    pub last_login_time: Option<Timestamp>,
    /// When it was first signed in with, UTC.
    pub created_time: Option<Timestamp>,
    /// When its data was last read, UTC.
    pub last_synced_time: Option<Timestamp>,
}

impl ExternalIdentity {
    /// The generated protobuf message.
    pub fn into_message(self) -> commons::ExternalIdentity {
        commons::ExternalIdentity {
            connection_id: self.connection_id,
            connection_type: self.connection_type,
            connection_provider: self.connection_provider.into(),
            connection_user_id: self.connection_user_id,
            is_social: self.is_social,
            last_login_time: into_timestamp(self.last_login_time),
            created_time: into_timestamp(self.created_time),
            last_synced_time: into_timestamp(self.last_synced_time),
        }
    }
}

impl From<commons::ExternalIdentity> for ExternalIdentity {
    fn from(message: commons::ExternalIdentity) -> Self {
        Self {
            connection_id: message.connection_id,
            connection_type: message.connection_type,
            connection_provider: message.connection_provider.into(),
            connection_user_id: message.connection_user_id,
            is_social: message.is_social,
            last_login_time: timestamp(message.last_login_time),
            created_time: timestamp(message.created_time),
            last_synced_time: timestamp(message.last_synced_time),
        }
    }
}

/// An invitation into an organization.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Invite {
    /// Id of the organization, `org_…`.
    pub organization_id: String,
    /// Id of the invited user, `usr_…`.
    pub user_id: String,
    /// Who invited.
    pub inviter_email: Option<String>,
    /// `PENDING_INVITE`.
    pub status: String,
    /// When it was made, UTC.
    pub created_at: Option<Timestamp>,
    /// When it can no longer be accepted, UTC.
    pub expires_at: Option<Timestamp>,
    /// When it was last sent again, UTC.
    pub resent_at: Option<Timestamp>,
    /// How many times it was sent again.
    pub resent_count: i32,
}

impl Invite {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::Invite {
        pb::Invite {
            organization_id: self.organization_id,
            user_id: self.user_id,
            inviter_email: self.inviter_email,
            status: self.status,
            created_at: into_timestamp(self.created_at),
            expires_at: into_timestamp(self.expires_at),
            resent_at: into_timestamp(self.resent_at),
            resent_count: self.resent_count,
        }
    }
}

impl From<pb::Invite> for Invite {
    fn from(message: pb::Invite) -> Self {
        Self {
            organization_id: message.organization_id,
            user_id: message.user_id,
            inviter_email: message.inviter_email,
            status: message.status,
            created_at: timestamp(message.created_at),
            expires_at: timestamp(message.expires_at),
            resent_at: timestamp(message.resent_at),
            resent_count: message.resent_count,
        }
    }
}
