//! Features, and how many users an organization may have.

use gatewright_api::rpc::organization_service as rpc;
use gatewright_api::scalekit::v1::organizations as pb;

use super::model::Organization;
use crate::call::request;
use crate::convert::present;

request! {
    /// Request of [`update_organization_settings`](super::Organizations::update_organization_settings).
    UpdateOrganizationSettings, rpc::UpdateOrganizationSettings => Organization,
    |answer| present(answer.organization, "organization").map(Into::into)
}

/// How many users an organization may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrganizationUserManagementSettings {
    /// Most memberships that are active or invited; 0 or None means no limit.
    pub max_allowed_users: Option<i32>,
}

impl OrganizationUserManagementSettings {
    /// At most so many users.
    pub fn with_max_allowed_users(max_allowed_users: i32) -> Self {
        Self { max_allowed_users: Some(max_allowed_users) }
    }

    /// As many users as they like.
    pub fn without_limit() -> Self {
        Self::default()
    }

    /// The generated protobuf message.
    pub fn into_message(self) -> pb::OrganizationUserManagementSettings {
        pb::OrganizationUserManagementSettings { max_allowed_users: self.max_allowed_users }
    }
}

impl From<pb::OrganizationUserManagementSettings> for OrganizationUserManagementSettings {
    fn from(message: pb::OrganizationUserManagementSettings) -> Self {
        Self { max_allowed_users: message.max_allowed_users }
    }
}

request! {
    /// Request of [`upsert_user_management_settings`](super::Organizations::upsert_user_management_settings).
    UpsertUserManagementSettings,
    rpc::UpsertUserManagementSettings => OrganizationUserManagementSettings,
    // A server without a limit may leave the message out.
    |answer| Ok(answer.settings.unwrap_or_default().into())
}

request! {
    /// Request of
    /// [`get_organization_user_management_setting`](super::Organizations::get_organization_user_management_setting).
    GetOrganizationUserManagementSetting,
    rpc::GetOrganizationUserManagementSetting => OrganizationUserManagementSettings,
    |answer| Ok(answer.settings.unwrap_or_default().into())
}
