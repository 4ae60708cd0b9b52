//! Errors of OAuth endpoints. The RFC fixes the codes; the description is for the developer of the client.
use crate::error::{Error, Kind};
use std::{borrow::Cow, fmt, sync::Arc};

/// RFC 6749 §5.2, and what else can happen to a token request.
#[derive(Debug)]
pub struct OAuthError {
    code: &'static str,
    description: Cow<'static, str>,
    fault: Option<Arc<Error>>,
}

impl OAuthError {
    fn new(code: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self { code, description: printable(description.into()), fault: None }
    }
    /// The request is not made as it must be.
    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new("invalid_request", description)
    }
    /// The client is unknown, or did not prove itself. One text for every cause.
    pub fn invalid_client() -> Self {
        Self::new("invalid_client", "unknown client, or wrong client secret")
    }
    /// The client proved itself, and may not do this with `what`.
    pub fn unauthorized_client(what: &str) -> Self {
        Self::new("unauthorized_client", format!("the client may not use {what}"))
    }
    /// The server does not know the grant.
    pub fn unsupported_grant_type(grant: &str) -> Self {
        let shown: String = grant.chars().take(100).collect();
        Self::new(
            "unsupported_grant_type",
            format!(
                "grant_type '{shown}' is not supported; use authorization_code, refresh_token or client_credentials"
            ),
        )
    }
    /// What the client presents is not good for tokens.
    pub fn invalid_grant(description: &'static str) -> Self {
        Self::new("invalid_grant", description)
    }
    /// A code that is unknown, expired, used, or another client's: one text for all of it.
    pub fn invalid_code() -> Self {
        Self::invalid_grant("the code is invalid, expired or used: start the sign-in again")
    }
    /// A refresh token that is unknown, expired, revoked or spent, or whose session has ended.
    pub fn invalid_refresh_token() -> Self {
        Self::invalid_grant("the refresh token is invalid or expired: start the sign-in again")
    }
    /// The server does not take tokens of this kind back (RFC 7009 §2.2.1).
    pub fn unsupported_token_type(description: &'static str) -> Self {
        Self::new("unsupported_token_type", description)
    }
    /// The client may not have this scope.
    pub fn invalid_scope(scope: &str) -> Self {
        let shown: String = scope.chars().take(100).collect();
        Self::new("invalid_scope", format!("scope '{shown}' is not granted to this client"))
    }
    /// The resource is unknown (RFC 8707 §2).
    pub fn invalid_target() -> Self {
        Self::new("invalid_target", "the requested audience or resource is not one of this client's")
    }

    /// `error`
    pub fn code(&self) -> &'static str {
        self.code
    }
    /// `error_description`
    pub fn description(&self) -> &str {
        &self.description
    }
    /// HTTP status: 401 where the client did not prove itself, 400 for other refusals.
    pub fn http_status(&self) -> u16 {
        match (self.code, &self.fault) {
            ("invalid_client", _) => 401,
            (_, Some(fault)) => fault.kind().http(),
            _ => 400,
        }
    }
    /// A fault of the server's, for the log.
    pub fn fault(&self) -> Option<&Error> {
        self.fault.as_deref()
    }
    /// Seconds to wait before trying again.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.fault.as_deref().and_then(Error::retry_after_seconds)
    }
}

/// A description has these characters only: %x20-21 / %x23-5B / %x5D-7E (RFC 6749 §5.2). Most of it is ours; what a client
/// sent is shown as far as that goes.
fn printable(text: Cow<'static, str>) -> Cow<'static, str> {
    let is_allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
    if text.chars().all(is_allowed) {
        return text;
    }
    text.chars()
        .map(|c| if c == '"' { '\'' } else { c })
        .filter(|&c| is_allowed(c))
        .collect::<String>()
        .into()
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.description)
    }
}

impl From<Arc<Error>> for OAuthError {
    fn from(error: Arc<Error>) -> Self {
        let code = match error.kind() {
            Kind::InvalidArgument | Kind::NotFound => "invalid_request",
            Kind::Unavailable | Kind::ResourceExhausted | Kind::DeadlineExceeded => "temporarily_unavailable",
            _ => "server_error",
        };
        Self { code, description: printable(error.message().to_owned().into()), fault: Some(error) }
    }
}

impl From<Error> for OAuthError {
    fn from(error: Error) -> Self {
        Self::from(Arc::new(error))
    }
}
