//! Plain data of environments.
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
    /// `host[:port]` of its URL; unique.
    pub domain: String,
    /// Its URL without a trailing slash: the issuer of its tokens.
    pub url: String,
    /// What it is for.
    pub kind: EnvironmentType,
    /// Where its data is.
    pub region: Region,
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

    /// The session settings of the environment. Until they can be changed they are the defaults.
    pub const fn session_policy(&self) -> ApplicationSessionPolicy {
        ApplicationSessionPolicy {
            absolute_minutes: 30 * 24 * 60,
            idle_enabled: true,
            idle_minutes: 7 * 24 * 60,
            access_token_minutes: 5,
        }
    }

    /// How long an invitation into an organization can be accepted. Until it can be changed it is the default.
    pub const fn invitation_valid_for(&self) -> Duration {
        Duration::from_secs(15 * 24 * 60 * 60)
    }

    /// Seconds that a token of an application without a lifetime of its own lasts.
    pub const fn client_token_seconds(&self) -> i64 {
        24 * 60 * 60
    }
}
