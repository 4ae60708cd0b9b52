//! Why a login or a session came to nothing.

use std::fmt;

use crate::ScalekitError;

/// Why a person has to sign in again, for [`on_failure`](super::SessionsBuilder::on_failure).
///
/// `Display` is a line for a log; it contains no credentials.
#[derive(Debug)]
#[non_exhaustive]
pub enum SessionError {
    /// The answer at the callback does not belong to a login that this browser began: another tab, a page from the
    /// history, cookies that are blocked, or an attack.
    StateMismatch,
    /// The server answered with an error (RFC 6749 §4.1.2.1).
    Refused {
        /// Such as `access_denied`.
        error: String,
        /// For the developer.
        description: String,
    },
    /// A call to the server failed, or a token did not pass its checks.
    Client(ScalekitError),
    /// The id token is of another login.
    NonceMismatch,
    /// The session does not fit into a cookie: this many characters.
    TooLarge(usize),
    /// The store of ended sessions failed.
    Store(Box<dyn std::error::Error + Send + Sync>),
}

impl SessionError {
    /// Whether the same may work in a moment: the server or the store is not there.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        use crate::ErrorKind::{Server, Timeout, Transport};
        match self {
            Self::Client(error) => match error.kind() {
                Transport | Timeout => true,
                Server(_) => error.http_status().is_none_or(|status| status >= 500 || status == 429),
                _ => false,
            },
            Self::Store(_) => true,
            _ => false,
        }
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StateMismatch => f.write_str("the answer does not belong to a login of this browser"),
            Self::Refused { error, description } => write!(f, "the server answered {error}: {description}"),
            Self::Client(error) => error.fmt(f),
            Self::NonceMismatch => f.write_str("the id token is of another login"),
            Self::TooLarge(length) => {
                write!(f, "the session needs {length} characters, a cookie has {}", super::MAX_COOKIE)
            }
            Self::Store(_) => f.write_str("the store of ended sessions failed"),
        }
    }
}

impl std::error::Error for SessionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Client(error) => Some(error),
            Self::Store(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

impl From<ScalekitError> for SessionError {
    fn from(error: ScalekitError) -> Self {
        Self::Client(error)
    }
}
