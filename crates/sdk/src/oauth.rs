//! What needs the token endpoint or the environment's keys, and what it gives.

mod requests;
mod user;

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

pub use requests::{
    AuthenticateWithCode, GenerateClientToken, GetIdpInitiatedLoginClaims, RefreshAccessToken,
    ValidateAccessToken, ValidateToken,
};
pub use user::{AuthenticatedUser, Identity};

/// A login: the user and their tokens.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct AuthenticationResponse {
    /// Who logged in, from the id token.
    pub user: AuthenticatedUser,
    /// Keep it for [`get_logout_url`](crate::ScalekitClient::get_logout_url).
    pub id_token: String,
    /// For calls on the user's behalf.
    pub access_token: String,
    /// Life of the access token in seconds.
    pub expires_in: Option<u64>,
    /// Present if the scope `offline_access` was granted.
    pub refresh_token: Option<String>,
    /// Connection the user came by, `conn_…`: the first entry of the id token's `amr`.
    pub connection_id: Option<String>,
    /// Organization the user logged in to, `org_…`: the id token's `oid`.
    pub organization_id: Option<String>,
    /// All claims of the id token, verified.
    pub id_token_claims: Value,
}

impl fmt::Debug for AuthenticationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticationResponse")
            .field("user", &self.user)
            .field("expires_in", &self.expires_in)
            .field("connection_id", &self.connection_id)
            .field("organization_id", &self.organization_id)
            .finish_non_exhaustive()
    }
}

/// New tokens of a session.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefreshTokenResponse {
    /// The new access token.
    pub access_token: String,
    /// The new refresh token; the old one is used up.
    pub refresh_token: String,
    /// A new id token, if the server sent one.
    pub id_token: Option<String>,
    /// Life of the access token in seconds.
    pub expires_in: Option<u64>,
}

impl fmt::Debug for RefreshTokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshTokenResponse").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// Token of a machine client.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientToken {
    /// The token, a JWT.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: Option<String>,
    /// Life of the token in seconds.
    pub expires_in: Option<u64>,
    /// Scopes that were granted, separated by spaces.
    pub scope: Option<String>,
}

impl fmt::Debug for ClientToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientToken")
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// Where to send a user whose login began at the identity provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct IdpInitiatedLoginClaims {
    /// Organization of the connection, `org_…`.
    pub organization_id: String,
    /// Connection that was used, `conn_…`.
    pub connection_id: String,
    /// E-mail address that the identity provider told.
    pub login_hint: String,
    /// What the identity provider wants to be kept.
    pub relay_state: Option<String>,
    /// Issuer, the environment.
    pub iss: Option<String>,
    /// End of the token's life, seconds since 1970.
    pub exp: i64,
    /// Issued at, seconds since 1970.
    pub iat: Option<i64>,
    /// Start of the token's life, seconds since 1970.
    pub nbf: Option<i64>,
}
