//! Plain data of login requests.
use crate::{
    email::Email,
    error::Error,
    ids::{AuthRequestId, ConnectionId, LoginRequestId},
    text,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::time::Duration;

/// How long a login request lives.
pub const VALID_FOR: Duration = Duration::from_secs(15 * 60);
/// Most bytes of a report, as JSON: it ends in tokens and consent pages.
const MAX_REPORT: usize = 16 * 1024;
/// Most characters of the application's id of a user: those of an OpenID Connect `sub` (Core §2).
const MAX_SUB: usize = 255;

/// What a sign-in is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// `res_…`
    pub id: String,
    /// For people.
    pub name: String,
}

/// A sign-in that goes to the application's login page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLoginRequest {
    /// The sign-in.
    pub auth_request: AuthRequestId,
    /// The connection that stands for the login page.
    pub connection: ConnectionId,
    /// Number of the client.
    pub client: i64,
    /// The client's id here, `m2m_…`.
    pub sk_client_id: String,
    /// The client's id as the request for authorization had it: a URL for a client with a metadata document.
    pub requested_client_id: String,
    /// Whether the client registered itself (RFC 7591).
    pub is_dcr: bool,
    /// Whether it is known by its metadata document.
    pub is_cimd: bool,
    /// What it asks for.
    pub scopes: Vec<String>,
    /// Where it wants to go.
    pub resource: Resource,
}

/// A login request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRequest {
    /// `lri_…`
    pub id: LoginRequestId,
    /// What it was made of.
    pub request: NewLoginRequest,
    /// The client's name now; none if the client is gone.
    pub client_name: Option<String>,
    /// What the application reported, as JSON.
    pub report: Option<String>,
    /// Whether the browser came back.
    pub is_used: bool,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl LoginRequest {
    /// The error of a login request that is none, or is over: the same for both, whatever it was.
    pub fn invalid() -> Error {
        let text =
            "must be a login request that is under way: it is unknown, older than 15 minutes or finished";
        Error::invalid("login_request_id", "login_request", text)
    }
}

/// What an application says of a user who signed in on its page, or that the sign-in failed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReportedUser {
    /// The application's id of the user.
    pub sub: String,
    /// E-mail address.
    pub email: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Whether the application verified the address; taken as it says.
    pub email_verified: bool,
    /// Phone number.
    pub phone_number: String,
    /// Whether the application verified it.
    pub phone_number_verified: bool,
    /// Full name.
    pub name: String,
    /// User name to show.
    pub preferred_username: String,
    /// URL of a picture.
    pub picture: String,
    /// Free text.
    pub gender: String,
    /// `de-AT`
    pub locale: String,
    /// Groups.
    pub groups: Vec<String>,
    /// A JSON object, for the access token.
    pub custom_attributes: Json,
    /// The application's id of the organization.
    pub organization_external_id: Option<String>,
    /// Its name, for the consent page.
    pub organization_external_name: Option<String>,
    /// Names of roles.
    pub roles: Vec<String>,
    /// The sign-in failed: nothing else counts.
    pub login_failed: bool,
}

impl ReportedUser {
    /// The report as it is stored.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a user without id or e-mail address, or a report that is too large. The proto's rule has
    /// refused the first before, but for callers that pass it by.
    pub fn to_json(&self) -> Result<String, Error> {
        if !self.login_failed {
            let problem = match self.sub.as_str() {
                "" => Some("is required unless login_failed is true"),
                sub if sub.chars().count() > MAX_SUB => Some("must have at most 255 characters"),
                sub => text::control_problem(sub),
            };
            if let Some(problem) = problem {
                return Err(Error::invalid("user.sub", "sub", problem));
            }
            Email::parse(&self.email).map_err(|problem| Error::invalid("user.email", "email", problem))?;
        }
        if let Some(problem) = self.organization_external_name.as_deref().and_then(text::control_problem) {
            return Err(Error::invalid("user.organization_external_name", "name", problem));
        }
        let report = serde_json::to_string(self).map_err(Error::internal)?;
        if report.len() > MAX_REPORT {
            return Err(Error::invalid("user", "size", "must have at most 16 KiB as JSON"));
        }
        Ok(report)
    }
}
