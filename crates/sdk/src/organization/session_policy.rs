//! How long the sessions of an organization may last.

use gatewright_api::rpc::organization_service as rpc;
use gatewright_api::scalekit::v1::organizations as pb;

use crate::call::request;
use crate::convert::{open_enum, present};

open_enum! {
    /// Where the session limits of an organization come from.
    SessionPolicySource {
        /// Not set; refused on input.
        Unspecified = 0 "SESSION_POLICY_TYPE_UNSPECIFIED",
        /// The limits of the environment apply; the default.
        Application = 1 "APPLICATION",
        /// The organization's own limits apply where they are stricter.
        Custom = 2 "CUSTOM",
    }
}

open_enum! {
    /// Unit of a timeout.
    TimeUnit {
        /// Not set.
        Unspecified = 0 "SESSION_TIME_UNIT_UNSPECIFIED",
        /// Minutes; the unit of every answer.
        Minutes = 1 "MINUTES",
        /// Hours.
        Hours = 2 "HOURS",
        /// Days.
        Days = 3 "DAYS",
    }
}

/// The session policy of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrganizationSessionPolicy {
    /// Whose limits apply.
    pub policy_source: SessionPolicySource,
    /// Longest life of a session in the unit below; None when the environment's limits apply.
    pub absolute_session_timeout: Option<i32>,
    /// Unit of `absolute_session_timeout`.
    pub absolute_session_timeout_unit: Option<TimeUnit>,
    /// Whether a session ends after a time without activity.
    pub idle_session_timeout_enabled: Option<bool>,
    /// Longest time without activity in the unit below.
    pub idle_session_timeout: Option<i32>,
    /// Unit of `idle_session_timeout`.
    pub idle_session_timeout_unit: Option<TimeUnit>,
}

impl OrganizationSessionPolicy {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::OrganizationSessionPolicySettings {
        pb::OrganizationSessionPolicySettings {
            policy_source: self.policy_source.into(),
            absolute_session_timeout: self.absolute_session_timeout,
            absolute_session_timeout_unit: self.absolute_session_timeout_unit.map(Into::into),
            idle_session_timeout_enabled: self.idle_session_timeout_enabled,
            idle_session_timeout: self.idle_session_timeout,
            idle_session_timeout_unit: self.idle_session_timeout_unit.map(Into::into),
        }
    }
}

impl From<pb::OrganizationSessionPolicySettings> for OrganizationSessionPolicy {
    fn from(message: pb::OrganizationSessionPolicySettings) -> Self {
        Self {
            policy_source: message.policy_source.into(),
            absolute_session_timeout: message.absolute_session_timeout,
            absolute_session_timeout_unit: message.absolute_session_timeout_unit.map(Into::into),
            idle_session_timeout_enabled: message.idle_session_timeout_enabled,
            idle_session_timeout: message.idle_session_timeout,
            idle_session_timeout_unit: message.idle_session_timeout_unit.map(Into::into),
        }
    }
}

request! {
    /// Request of [`get_organization_session_policy`](super::Organizations::get_organization_session_policy).
    GetOrganizationSessionPolicy, rpc::GetOrganizationSessionPolicy => OrganizationSessionPolicy,
    |answer| present(answer.policy, "policy").map(Into::into)
}

request! {
    /// Request of [`update_organization_session_policy`](super::Organizations::update_organization_session_policy).
    UpdateOrganizationSessionPolicy, rpc::UpdateOrganizationSessionPolicy => OrganizationSessionPolicy,
    |answer| present(answer.policy, "policy").map(Into::into)
}

impl UpdateOrganizationSessionPolicy {
    /// Longest life of a session: 1 minute to 365 days.
    pub fn absolute_session_timeout(mut self, timeout: i32, unit: TimeUnit) -> Self {
        self.message.absolute_session_timeout = Some(timeout);
        self.message.absolute_session_timeout_unit = Some(unit.into());
        self
    }

    /// Whether a session ends after a time without activity.
    pub fn idle_session_timeout_enabled(mut self, enabled: bool) -> Self {
        self.message.idle_session_timeout_enabled = Some(enabled);
        self
    }

    /// Longest time without activity: 1 minute to 7 days, and shorter than the absolute one.
    pub fn idle_session_timeout(mut self, timeout: i32, unit: TimeUnit) -> Self {
        self.message.idle_session_timeout = Some(timeout);
        self.message.idle_session_timeout_unit = Some(unit.into());
        self
    }
}

/// Session limits of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApplicationSessionPolicy {
    /// Longest life of a session in the unit below.
    pub absolute_session_timeout: i32,
    /// Unit of `absolute_session_timeout`.
    pub absolute_session_timeout_unit: TimeUnit,
    /// Whether a session ends after a time without activity.
    pub idle_session_timeout_enabled: bool,
    /// Longest time without activity in the unit below.
    pub idle_session_timeout: i32,
    /// Unit of `idle_session_timeout`.
    pub idle_session_timeout_unit: TimeUnit,
    /// Life of an access token in minutes.
    pub access_token_expiry: i32,
}

impl ApplicationSessionPolicy {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::ApplicationSessionPolicySettings {
        pb::ApplicationSessionPolicySettings {
            absolute_session_timeout: self.absolute_session_timeout,
            idle_session_timeout_enabled: self.idle_session_timeout_enabled,
            idle_session_timeout: self.idle_session_timeout,
            access_token_expiry: self.access_token_expiry,
            absolute_session_timeout_unit: Some(self.absolute_session_timeout_unit.into()),
            idle_session_timeout_unit: Some(self.idle_session_timeout_unit.into()),
        }
    }
}

impl From<pb::ApplicationSessionPolicySettings> for ApplicationSessionPolicy {
    fn from(message: pb::ApplicationSessionPolicySettings) -> Self {
        let unit = |unit: Option<i32>| unit.map_or(TimeUnit::Minutes, Into::into);
        Self {
            absolute_session_timeout: message.absolute_session_timeout,
            absolute_session_timeout_unit: unit(message.absolute_session_timeout_unit),
            idle_session_timeout_enabled: message.idle_session_timeout_enabled,
            idle_session_timeout: message.idle_session_timeout,
            idle_session_timeout_unit: unit(message.idle_session_timeout_unit),
            access_token_expiry: message.access_token_expiry,
        }
    }
}

request! {
    /// Request of [`get_application_session_policy`](super::Organizations::get_application_session_policy).
    GetApplicationSessionPolicy, rpc::GetApplicationSessionPolicy => ApplicationSessionPolicy,
    |answer| present(answer.application_policy, "application policy").map(Into::into)
}
