//! OAuth 2 and OpenID Connect as a provider: the token endpoint and what is known of tokens afterwards, discovery.
//!
//! Invariants: a code is used once, and its second use takes back what the first one gave; of a family of refresh tokens one
//! counts; what was signed leaves the process only after what it rests on is stored; whatever a member gets ends with the
//! session, the membership, the user and the client (`docs/decisions/0026-codes-and-refresh-tokens.md`).
mod about;
mod access_token;
mod backchannel;
mod client_auth;
mod codes;
mod discovery;
mod error;
mod form;
mod grant;
mod grants;
mod introspection;
mod issue;
mod jobs;
mod logout;
mod person;
mod refresh_token;
mod revocation;
mod store;
mod userinfo;

pub use codes::issue as issue_code;
pub use discovery::discovery;
pub use error::OAuthError;
pub use form::Form;
pub use grant::{Grant, NewCode, Subject};
pub use grants::token;
pub use introspection::introspect;
pub use jobs::jobs;
pub use logout::{Logout, is_confirmed, log_out};
pub use revocation::revoke_token;
pub use userinfo::{UserInfoError, userinfo};

/// Largest body of a token request.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
