//! OAuth 2 as far as machines need it: the token endpoint for `client_credentials`, and discovery.
//!
//! Authorization codes, refresh, userinfo, introspection, revocation and logout follow with the login.
mod client_auth;
mod discovery;
mod error;
mod form;
mod grant;
mod token;

pub use discovery::discovery;
pub use error::OAuthError;
pub use grant::{Grant, NewCode, Subject};
pub use token::token;

/// Largest body of a token request.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
