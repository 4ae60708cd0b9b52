//! Plain data of sessions.
use crate::{
    error::Error,
    identities::Linked,
    ids::{ApplicationId, OrganizationId, SessionId, UserId},
    stored::stored_enum,
    time::Timestamp,
    user_agent::UserAgent,
    users::User,
};
use serde_json::{Value as Json, json};
use std::{net::IpAddr, time::Duration};

stored_enum! {
    /// Whether and how a session ended. All but the first are final.
    Status {
        /// It can be used.
        Active = "ACTIVE",
        /// Its time was over.
        Expired = "EXPIRED",
        /// Somebody other than its user ended it, or the user left its organizations.
        Revoked = "REVOKED",
        /// The user ended it.
        Logout = "LOGOUT",
    }
}

impl Status {
    /// As the API spells it: in lower case, unlike events.
    pub fn wire_name(self) -> String {
        self.as_str().to_ascii_lowercase()
    }
}

/// How long a proof of who somebody is counts as fresh.
const FRESH: Duration = Duration::from_secs(600);

/// Where an address seems to be. What is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// Country, ISO 3166-1.
    pub region: String,
    /// Part of the country, ISO 3166-2 without the hyphen.
    pub region_subdivision: String,
    /// Name of the place.
    pub city: String,
    /// Degrees north.
    pub latitude: String,
    /// Degrees east.
    pub longitude: String,
}

/// What the user signed in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The browser.
    pub agent: UserAgent,
    /// Its address; empty if it is not known.
    pub ip: String,
    /// Where that is.
    pub location: Location,
}

impl Device {
    /// The sender of a request.
    pub fn new(user_agent: &str, ip: Option<IpAddr>, location: Location) -> Self {
        let ip = ip.map(|ip| ip.to_string()).unwrap_or_default();
        Self { agent: UserAgent::parse(user_agent), ip, location }
    }
}

/// A session, as it is at the time for which it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// `ses_…`
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The organization that was last active in it.
    pub organization: OrganizationId,
    /// Organizations that it was authenticated for and whose member the user still is, the first one first.
    pub organizations: Vec<OrganizationId>,
    /// Applications that take part, with the organization active there.
    pub clients: Vec<(ApplicationId, OrganizationId)>,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When its record was last changed.
    pub updated_at: Timestamp,
    /// When the user last proved who they are.
    pub authenticated_at: Timestamp,
    /// When it was last used.
    pub last_active_at: Timestamp,
    /// Minutes without use after which it ends; none if idleness ends nothing.
    pub idle_minutes: Option<i64>,
    /// When it ends unless it is used; at the latest when it ends anyway.
    pub idle_expires_at: Timestamp,
    /// When it ends anyway.
    pub absolute_expires_at: Timestamp,
    /// When it ended. None too for one whose user has left its organizations, until that is settled.
    pub ended_at: Option<Timestamp>,
    /// Whether and how it ended.
    pub status: Status,
    /// What the user signed in with.
    pub device: Device,
}

impl Session {
    /// Whether the user proved only just who they are.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.authenticated_at.plus(FRESH) > now
    }

    /// When its time was over or it was revoked.
    pub fn expired_at(&self) -> Option<Timestamp> {
        self.ended_at.filter(|_| self.status != Status::Logout)
    }

    /// When the user logged out.
    pub fn logout_at(&self) -> Option<Timestamp> {
        self.ended_at.filter(|_| self.status == Status::Logout)
    }

    /// `data` of `user.login` and `user.logout`, `management.md` 13.4.9.
    pub fn event_data(&self, user: &User, identities: &[Linked]) -> Json {
        let (device, agent, location) = (&self.device, &self.device.agent, &self.device.location);
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let mut user_data = json!(user.event_data());
        if let Some(object) = user_data.as_object_mut() {
            object.insert("last_login_time".to_owned(), json!(time(user.last_login_at)));
        }
        if let Some(known) = user_data.pointer_mut("/user_profile/external_identities")
            && !identities.is_empty()
        {
            *known = identities.iter().map(Linked::event_data).collect();
        }
        json!({
            "user": user_data,
            "user_session": {
                "session_id": self.id.to_string(),
                "user_id": self.user.to_string(),
                "organization_id": self.organization.to_string(),
                "authenticated_organizations":
                    self.organizations.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "created_at": self.created_at.to_string(),
                "updated_at": self.updated_at.to_string(),
                "last_active_at": self.last_active_at.to_string(),
                "idle_expires_at": self.idle_expires_at.to_string(),
                "absolute_expires_at": self.absolute_expires_at.to_string(),
                "expired_at": time(self.expired_at()),
                "logout_at": time(self.logout_at()),
                "status": self.status.as_str(),
                "device": {
                    "user_agent": agent.raw,
                    "os": agent.os,
                    "os_version": agent.os_version,
                    "browser": agent.browser,
                    "browser_version": agent.browser_version,
                    "device_type": capitalized(&agent.device_type),
                    "ip": device.ip,
                    "location": {
                        "region": location.region,
                        "region_subdivision": location.region_subdivision,
                        "city": location.city,
                        "latitude": location.latitude,
                        "longitude": location.longitude,
                    },
                },
            },
        })
    }

    /// The error of a session that is not there.
    pub fn not_found(id: SessionId) -> Error {
        Error::not_found(format!("session {id}"))
    }
}

/// As the vendor's events spell the kind of device.
fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
