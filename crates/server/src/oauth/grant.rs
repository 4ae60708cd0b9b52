//! What a person's sign-in gives to a client: what a code and the refresh tokens after it stand for.
use crate::{
    clients::ClientId,
    identities::Identity,
    ids::{AuthRequestId, ConnectionId, OrganizationId, ResourceId, SessionId, UserId},
    time::Timestamp,
};
use serde_json::{Map, Value as Json};

/// Whom the tokens are about.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// A user in an organization (full-stack mode). The tokens end with the session and the membership.
    Member {
        /// Who.
        user: UserId,
        /// In which session.
        session: SessionId,
        /// In which organization.
        organization: OrganizationId,
    },
    /// Somebody whom the environment keeps no user of (modular mode), or whom an application reported.
    External {
        /// `sub` of the tokens.
        sub: String,
        /// `sid`: a new id for each sign-in; there is no session behind it.
        session: SessionId,
        /// The organization of the connection.
        organization: Option<OrganizationId>,
        /// The application's id of the organization, `xoid`.
        organization_external_id: Option<String>,
        /// Names of roles that the application reported.
        roles: Vec<String>,
        /// What is known of the person.
        identity: Box<Identity>,
    },
}

/// What a code stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// The sign-in, `req_…` of the authentication log.
    pub auth_request: AuthRequestId,
    /// Who may use it.
    pub client: ClientId,
    /// Whom it is about.
    pub subject: Subject,
    /// How the person signed in: `amr[0]`.
    pub connection: Option<ConnectionId>,
    /// Granted scopes, in the order of the request.
    pub scopes: Vec<String>,
    /// The protected resource that the tokens are for.
    pub resource: Option<ResourceId>,
    /// `nonce` of the request.
    pub nonce: Option<String>,
    /// When the person proved who they are.
    pub auth_time: Timestamp,
    /// `custom_claims` of the access token; empty: none.
    pub custom_claims: Map<String, Json>,
}

/// A code to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCode {
    /// What it stands for.
    pub grant: Grant,
    /// `redirect_uri` of the request, which the token request must repeat.
    pub redirect_uri: String,
    /// `code_challenge` of the request, of method S256 (RFC 7636 §4.2).
    pub code_challenge: Option<String>,
}
