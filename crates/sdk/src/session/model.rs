//! What a session is.

use std::fmt;

use gatewright_api::scalekit::v1::sessions as pb;
use jiff::Timestamp;

use crate::convert::{into_timestamp, timestamp};

/// Whether and how a session ended. All but `Active` are final.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionStatus {
    /// It can be used.
    Active,
    /// Its time was over.
    Expired,
    /// It was ended through the API, or because its user left the organization.
    Revoked,
    /// The user logged out.
    Logout,
    /// A status that this version of the SDK does not know.
    Other(String),
}

impl SessionStatus {
    /// Name in the API, in lower case.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Logout => "logout",
            Self::Other(name) => name,
        }
    }
}

impl From<String> for SessionStatus {
    fn from(name: String) -> Self {
        match name.as_str() {
            "active" => Self::Active,
            "expired" => Self::Expired,
            "revoked" => Self::Revoked,
            "logout" => Self::Logout,
            _ => Self::Other(name),
        }
    }
}

impl fmt::Display for SessionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A session of a user.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Session {
    /// Id, `ses_…`.
    pub session_id: String,
    /// Id of the user, `usr_…`.
    pub user_id: String,
    /// Ids of the organizations that the user signed in to and has not left, `org_…`.
    pub authenticated_organizations: Vec<String>,
    /// Id of the organization that was last active, `org_…`.
    pub organization_id: String,
    /// Applications that take part in the session.
    pub authenticated_clients: Vec<AuthenticatedClient>,
    /// Whether and how it ended.
    pub status: SessionStatus,
    /// What the user signed in with.
    pub device: DeviceDetails,
    /// When the user signed in, UTC.
    pub created_at: Option<Timestamp>,
    /// When the record was last changed, UTC.
    pub updated_at: Option<Timestamp>,
    /// When it was last used, UTC.
    pub last_active_at: Option<Timestamp>,
    /// When it ends unless it is used before, UTC.
    pub idle_expires_at: Option<Timestamp>,
    /// When it ends whatever happens, UTC.
    pub absolute_expires_at: Option<Timestamp>,
    /// When it ended by time or was revoked, UTC; None while it is active and after a logout.
    pub expired_at: Option<Timestamp>,
    /// When the user logged out, UTC.
    pub logout_at: Option<Timestamp>,
}

impl Session {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::SessionDetails {
        pb::SessionDetails {
            session_id: self.session_id,
            user_id: self.user_id,
            authenticated_organizations: self.authenticated_organizations,
            organization_id: self.organization_id,
            created_at: into_timestamp(self.created_at),
            updated_at: into_timestamp(self.updated_at),
            idle_expires_at: into_timestamp(self.idle_expires_at),
            absolute_expires_at: into_timestamp(self.absolute_expires_at),
            expired_at: into_timestamp(self.expired_at),
            logout_at: into_timestamp(self.logout_at),
            status: self.status.to_string(),
            device: Some(self.device.into_message()),
            last_active_at: into_timestamp(self.last_active_at),
            authenticated_clients: self
                .authenticated_clients
                .into_iter()
                .map(|client| pb::AuthenticatedClients {
                    client_id: client.client_id,
                    organization_id: client.organization_id,
                })
                .collect(),
        }
    }
}

impl From<pb::SessionDetails> for Session {
    fn from(message: pb::SessionDetails) -> Self {
        let clients = message.authenticated_clients.into_iter();
        Self {
            session_id: message.session_id,
            user_id: message.user_id,
            authenticated_organizations: message.authenticated_organizations,
            organization_id: message.organization_id,
            authenticated_clients: clients
                .map(|client| AuthenticatedClient {
                    client_id: client.client_id,
                    organization_id: client.organization_id,
                })
                .collect(),
            status: message.status.into(),
            device: message.device.unwrap_or_default().into(),
            created_at: timestamp(message.created_at),
            updated_at: timestamp(message.updated_at),
            last_active_at: timestamp(message.last_active_at),
            idle_expires_at: timestamp(message.idle_expires_at),
            absolute_expires_at: timestamp(message.absolute_expires_at),
            expired_at: timestamp(message.expired_at),
            logout_at: timestamp(message.logout_at),
        }
    }
}

/// An application that takes part in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticatedClient {
    /// Client id of the application.
    pub client_id: String,
    /// Id of the organization that is active there, `org_…`.
    pub organization_id: String,
}

/// What a user signed in with, as far as the browser tells. What is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceDetails {
    /// The browser's `User-Agent` header.
    pub user_agent: String,
    /// Operating system.
    pub os: String,
    /// Its version.
    pub os_version: String,
    /// Browser.
    pub browser: String,
    /// Its version.
    pub browser_version: String,
    /// `desktop`, `mobile`, `tablet` or `other`.
    pub device_type: String,
    /// IP address.
    pub ip: String,
    /// Where that address seems to be.
    pub location: Location,
}

impl DeviceDetails {
    fn into_message(self) -> pb::DeviceDetails {
        pb::DeviceDetails {
            user_agent: self.user_agent,
            os: self.os,
            os_version: self.os_version,
            browser: self.browser,
            browser_version: self.browser_version,
            device_type: self.device_type,
            ip: self.ip,
            location: Some(pb::Location {
                region: self.location.region,
                region_subdivision: self.location.region_subdivision,
                city: self.location.city,
                latitude: self.location.latitude,
                longitude: self.location.longitude,
            }),
        }
    }
}

impl From<pb::DeviceDetails> for DeviceDetails {
    fn from(message: pb::DeviceDetails) -> Self {
        let location = message.location.unwrap_or_default();
        Self {
            user_agent: message.user_agent,
            os: message.os,
            os_version: message.os_version,
            browser: message.browser,
            browser_version: message.browser_version,
            device_type: message.device_type,
            ip: message.ip,
            location: Location {
                region: location.region,
                region_subdivision: location.region_subdivision,
                city: location.city,
                latitude: location.latitude,
                longitude: location.longitude,
            },
        }
    }
}

/// A place estimated from an IP address. What is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// Country.
    pub region: String,
    /// State or province.
    pub region_subdivision: String,
    /// City.
    pub city: String,
    /// Degrees north.
    pub latitude: String,
    /// Degrees east.
    pub longitude: String,
}

/// A session that was ended through the API.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RevokedSession {
    /// Id, `ses_…`.
    pub session_id: String,
    /// Id of the user, `usr_…`.
    pub user_id: String,
    /// `Revoked`, or how it had ended before.
    pub status: SessionStatus,
    /// When the user signed in, UTC.
    pub created_at: Option<Timestamp>,
    /// When the record was last changed, UTC.
    pub updated_at: Option<Timestamp>,
    /// When it was last used, UTC.
    pub last_active_at: Option<Timestamp>,
    /// When it would have ended without use, UTC.
    pub idle_expires_at: Option<Timestamp>,
    /// When it would have ended anyway, UTC.
    pub absolute_expires_at: Option<Timestamp>,
    /// When it was revoked, or its time was over, UTC. The reference calls it `revokedAt`.
    pub expired_at: Option<Timestamp>,
    /// When the user had logged out, UTC.
    pub logout_at: Option<Timestamp>,
}

impl RevokedSession {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::RevokedSessionDetails {
        pb::RevokedSessionDetails {
            session_id: self.session_id,
            user_id: self.user_id,
            created_at: into_timestamp(self.created_at),
            updated_at: into_timestamp(self.updated_at),
            idle_expires_at: into_timestamp(self.idle_expires_at),
            absolute_expires_at: into_timestamp(self.absolute_expires_at),
            expired_at: into_timestamp(self.expired_at),
            logout_at: into_timestamp(self.logout_at),
            status: self.status.to_string(),
            last_active_at: into_timestamp(self.last_active_at),
        }
    }
}

impl From<pb::RevokedSessionDetails> for RevokedSession {
    fn from(message: pb::RevokedSessionDetails) -> Self {
        Self {
            session_id: message.session_id,
            user_id: message.user_id,
            status: message.status.into(),
            created_at: timestamp(message.created_at),
            updated_at: timestamp(message.updated_at),
            last_active_at: timestamp(message.last_active_at),
            idle_expires_at: timestamp(message.idle_expires_at),
            absolute_expires_at: timestamp(message.absolute_expires_at),
            expired_at: timestamp(message.expired_at),
            logout_at: timestamp(message.logout_at),
        }
    }
}
