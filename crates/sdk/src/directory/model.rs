//! What directories, their users and groups are.

use gatewright_api::scalekit::v1::directories as pb;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::convert::{json, open_enum, timestamp};

open_enum! {
    /// How changes reach a directory.
    DirectoryType {
        /// Not set.
        Unspecified = 0 "DIRECTORY_TYPE_UNSPECIFIED",
        /// The provider pushes them by SCIM 2.0.
        Scim = 1 "SCIM",
        /// Not in use.
        Ldap = 2 "LDAP",
        /// The server reads them from the provider.
        Poll = 3 "POLL",
    }
}

open_enum! {
    /// Who runs the customer's directory.
    DirectoryProvider {
        /// Any other provider that speaks SCIM.
        Unspecified = 0 "DIRECTORY_PROVIDER_UNSPECIFIED",
        /// Okta.
        Okta = 1 "OKTA",
        /// Google Workspace.
        Google = 2 "GOOGLE",
        /// Microsoft Entra ID.
        MicrosoftAd = 3 "MICROSOFT_AD",
        /// Auth0.
        Auth0 = 4 "AUTH0",
        /// OneLogin.
        OneLogin = 5 "ONELOGIN",
        /// JumpCloud.
        JumpCloud = 6 "JUMPCLOUD",
        /// Ping Identity.
        PingIdentity = 7 "PING_IDENTITY",
    }
}

/// A directory of an organization.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Directory {
    /// Id, `dir_…`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// How changes reach it.
    pub directory_type: DirectoryType,
    /// Who runs it.
    pub directory_provider: DirectoryProvider,
    /// Id of the organization, `org_…`.
    pub organization_id: String,
    /// Whether it takes in changes.
    pub enabled: bool,
    /// `DRAFT`, `IN_PROGRESS` or `COMPLETED`.
    pub status: String,
    /// Base address of SCIM 2.0, to enter at the provider.
    pub directory_endpoint: String,
    /// Number of users in it.
    pub total_users: i32,
    /// Number of groups in it.
    pub total_groups: i32,
    /// When the last change was taken in, UTC; None if never.
    pub last_synced_at: Option<Timestamp>,
    /// The message in full: secrets' records, role assignments, attribute mappings and more.
    pub message: Box<pb::Directory>,
}

impl Directory {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::Directory {
        *self.message
    }
}

impl From<pb::Directory> for Directory {
    fn from(message: pb::Directory) -> Self {
        Self {
            id: message.id.clone(),
            name: message.name.clone(),
            directory_type: message.directory_type.into(),
            directory_provider: message.directory_provider.into(),
            organization_id: message.organization_id.clone(),
            enabled: message.enabled,
            status: message.status.clone(),
            directory_endpoint: message.directory_endpoint.clone(),
            total_users: message.total_users,
            total_groups: message.total_groups,
            last_synced_at: timestamp(message.last_synced_at),
            message: Box::new(message),
        }
    }
}

/// A user in a customer's directory.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DirectoryUser {
    /// Id of the directory user, `diruser_…`; not the id of a user of your product.
    pub id: String,
    /// Primary address.
    pub email: String,
    /// Name that the user likes to go by.
    pub preferred_username: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// All addresses.
    pub emails: Vec<String>,
    /// Groups that the user is in.
    pub groups: Vec<DirectoryGroup>,
    /// When the record last changed, UTC.
    pub updated_at: Option<Timestamp>,
    /// All that the provider sent; only with
    /// [`include_detail`](super::ListDirectoryUsers::include_detail).
    pub user_detail: Option<Map<String, Value>>,
}

impl From<pb::DirectoryUser> for DirectoryUser {
    fn from(message: pb::DirectoryUser) -> Self {
        Self {
            id: message.id,
            email: message.email,
            preferred_username: message.preferred_username,
            given_name: message.given_name,
            family_name: message.family_name,
            emails: message.emails,
            groups: message.groups.into_iter().map(Into::into).collect(),
            updated_at: timestamp(message.updated_at),
            user_detail: message.user_detail.map(json),
        }
    }
}

/// A group in a customer's directory.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DirectoryGroup {
    /// Id of the directory group, `dirgroup_…`.
    pub id: String,
    /// Name for people.
    pub display_name: String,
    /// Number of users in it.
    pub total_users: i32,
    /// When the record last changed, UTC.
    pub updated_at: Option<Timestamp>,
    /// All that the provider sent; only with
    /// [`include_detail`](super::ListDirectoryGroups::include_detail).
    pub group_detail: Option<Map<String, Value>>,
}

impl From<pb::DirectoryGroup> for DirectoryGroup {
    fn from(message: pb::DirectoryGroup) -> Self {
        Self {
            id: message.id,
            display_name: message.display_name,
            total_users: message.total_users,
            updated_at: timestamp(message.updated_at),
            group_detail: message.group_detail.map(json),
        }
    }
}

/// State of a directory after [`enable_directory`](super::Directories::enable_directory) or
/// [`disable_directory`](super::Directories::disable_directory).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToggleDirectoryResponse {
    /// Whether it takes in changes now.
    pub enabled: bool,
    /// Why it could not be changed; None when all went well.
    pub error_message: Option<String>,
}

impl From<pb::ToggleDirectoryResponse> for ToggleDirectoryResponse {
    fn from(message: pb::ToggleDirectoryResponse) -> Self {
        Self { enabled: message.enabled, error_message: message.error_message }
    }
}

/// A new secret: what the provider calls the SCIM endpoint with.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct DirectorySecret {
    /// Id of the record, `sks_…`.
    pub id: String,
    /// The secret itself, a bearer token. Shown only now.
    pub plain_secret: String,
    /// Its last characters, to tell secrets apart.
    pub secret_suffix: String,
    /// When it stops working, UTC.
    pub expire_time: Option<Timestamp>,
}

impl DirectorySecret {
    pub(crate) fn from_parts(plain_secret: String, record: pb::Secret) -> Self {
        Self {
            id: record.id,
            plain_secret,
            secret_suffix: record.secret_suffix,
            expire_time: timestamp(record.expire_time),
        }
    }
}

impl std::fmt::Debug for DirectorySecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DirectorySecret")
            .field("id", &self.id)
            .field("secret_suffix", &self.secret_suffix)
            .field("expire_time", &self.expire_time)
            .finish_non_exhaustive()
    }
}
