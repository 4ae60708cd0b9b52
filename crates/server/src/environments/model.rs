//! Plain data of environments.
use super::{custom_domain::CustomDomain, settings::Settings};
use crate::{ids::EnvironmentId, time::Timestamp};
use std::time::Duration;

/// Whether real customers use the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvironmentType {
    /// `PRD`
    Production,
    /// `DEV`: staging and all others.
    Development,
}

impl EnvironmentType {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "PRD",
            Self::Development => "DEV",
        }
    }
    /// From what is stored.
    pub fn parse(text: &str) -> Self {
        if text == "PRD" { Self::Production } else { Self::Development }
    }
}

/// Where the data is, set once with the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// `US`
    Us,
    /// `EU`
    Eu,
}

impl Region {
    /// As stored and as printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Us => "US",
            Self::Eu => "EU",
        }
    }
    /// From what is stored.
    pub fn parse(text: &str) -> Self {
        if text == "EU" { Self::Eu } else { Self::Us }
    }
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// `env_…`
    pub id: EnvironmentId,
    /// For people, 1 to 200 characters.
    pub display_name: String,
    /// `host[:port]` of its own URL; unique.
    pub domain: String,
    /// A host of the customer's, besides its own.
    pub custom_domain: Option<CustomDomain>,
    /// The URL that it was reached at, without a trailing slash: the issuer of its tokens. For who was not reached at
    /// any (a job), the customer's, if there is one in use.
    pub url: String,
    /// What it is for.
    pub kind: EnvironmentType,
    /// Where its data is.
    pub region: Region,
    /// What counts for all of it.
    pub settings: Settings,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// The application's session settings, `management.md` 12.3: organizations may only be stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApplicationSessionPolicy {
    /// Minutes that a session may last at all.
    pub absolute_minutes: i32,
    /// Whether idle sessions end.
    pub idle_enabled: bool,
    /// Minutes without use after which a session ends.
    pub idle_minutes: i32,
    /// Minutes that a user's access token lasts.
    pub access_token_minutes: i32,
}

impl Environment {
    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.url.split_once("://").map_or("https", |(scheme, _)| scheme)
    }

    /// Name of its own host, without port.
    pub fn host(&self) -> &str {
        self.domain.split(':').next().unwrap_or_default()
    }

    /// The customer's host, once it is in use.
    pub fn active_custom_domain(&self) -> Option<&str> {
        self.custom_domain.as_ref().filter(|custom| custom.is_active()).map(|custom| custom.name.as_str())
    }

    /// Whether this is one of its URLs. A token that was issued at one is good at the other.
    pub fn has_url(&self, url: &str) -> bool {
        url == self.url
            || url
                .strip_prefix(self.scheme())
                .and_then(|rest| rest.strip_prefix("://"))
                .is_some_and(|host| host == self.domain || Some(host) == self.active_custom_domain())
    }

    /// The session settings that organizations may only be stricter than.
    pub const fn session_policy(&self) -> ApplicationSessionPolicy {
        let session = &self.settings.session;
        ApplicationSessionPolicy {
            absolute_minutes: session.absolute_minutes,
            idle_enabled: session.idle_enabled,
            idle_minutes: session.idle_minutes,
            access_token_minutes: session.access_token_minutes,
        }
    }

    /// How long an invitation into an organization can be accepted.
    pub fn invitation_valid_for(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.settings.user_management.invitation_minutes))
    }

    /// Seconds that a token of an application without a lifetime of its own lasts.
    pub fn client_token_seconds(&self) -> i64 {
        60 * i64::from(self.settings.session.client_access_token_minutes)
    }
}
