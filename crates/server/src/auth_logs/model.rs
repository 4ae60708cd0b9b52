//! Plain data of the authentication log.
use crate::{
    ids::{AuthRequestId, ConnectionId, OrganizationId},
    stored::stored_enum,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

stored_enum! {
    /// How far a sign-in is.
    AuthStatus {
        /// It was asked for.
        Initiated = "INITIATED",
        /// The user is on the way.
        Pending = "PENDING",
        /// Tokens were issued.
        Success = "SUCCESS",
        /// It ended without.
        Failed = "FAILED",
    }
}

/// A connection that took part in a sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakingPart {
    /// `conn_…`
    pub connection_id: String,
    /// `org_…`, or empty.
    pub organization_id: String,
    /// `SAML`, …
    pub connection_type: String,
    /// `OKTA`, …
    pub connection_provider: String,
}

/// A sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthRequest {
    /// `req_…`
    pub id: AuthRequestId,
    /// Where to, once that is known.
    pub organization: Option<OrganizationId>,
    /// Through which connection, once that is known.
    pub connection: Option<ConnectionId>,
    /// `SAML`, …; or empty.
    pub connection_type: String,
    /// `OKTA`, …; or empty.
    pub connection_provider: String,
    /// All connections that took part.
    pub connections: Vec<TakingPart>,
    /// Whose, once that is known.
    pub email: String,
    /// How far it is.
    pub status: AuthStatus,
    /// Why it failed, or empty: the code that the application got.
    pub error_code: String,
    /// `sso`, …
    pub workflow: String,
    /// `res_…` of the resource, or empty.
    pub resource_id: String,
    /// The resource's name.
    pub resource_name: String,
    /// The resource's type.
    pub resource_type: String,
    /// The client's id, as it said it.
    pub client_id: String,
    /// The client's name.
    pub client_name: String,
    /// `ENV`, `WEB_APP`, `NTV`, `SPA` or `M2M`.
    pub client_type: String,
    /// When it was asked for.
    pub started_at: Timestamp,
}

impl AuthRequest {
    /// A sign-in that was just asked for by a client.
    pub fn started(id: AuthRequestId, client_id: String, started_at: Timestamp) -> Self {
        Self {
            id,
            organization: None,
            connection: None,
            connection_type: String::new(),
            connection_provider: String::new(),
            connections: Vec::new(),
            email: String::new(),
            status: AuthStatus::Initiated,
            error_code: String::new(),
            workflow: String::new(),
            resource_id: String::new(),
            resource_name: String::new(),
            resource_type: String::new(),
            client_id,
            client_name: String::new(),
            client_type: String::new(),
            started_at,
        }
    }
}

/// Which sign-ins to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// No entry can pass.
    pub nothing: bool,
    /// Of this address, in any case.
    pub email: String,
    /// With any of these statuses; all if there are none.
    pub statuses: Vec<&'static str>,
    /// Not before.
    pub start: Option<Timestamp>,
    /// Not after.
    pub end: Option<Timestamp>,
    /// For this resource.
    pub resource_id: String,
    /// By this client.
    pub client_id: String,
}
