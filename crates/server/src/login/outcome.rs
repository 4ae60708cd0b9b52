//! What comes of a step.
use crate::{error::Error, ids::AuthRequestId, secret::Secret, time::Timestamp};
use std::sync::Arc;

/// Where the browser goes next.
#[derive(Debug)]
pub enum Go {
    /// Elsewhere: the application, an identity provider.
    Away(String),
    /// To the page of a sign-in, which shows where it is.
    Page(AuthRequestId),
    /// Nowhere: something is to be said.
    Stop(Trouble),
}

/// Why a sign-in stops with a page that says so.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// What is the matter.
    pub kind: TroubleKind,
    /// The code of `auth.md` 2.12.
    pub code: &'static str,
    /// For the developer.
    pub details: String,
    /// Where the person can start again.
    pub retry: Option<String>,
    /// A fault of ours, for the log.
    pub fault: Option<Arc<Error>>,
}

/// What a page says of a [`Trouble`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// The application's request cannot be answered.
    BadRequest,
    /// The sign-in is over, or this browser's it is not.
    Expired,
    /// The link was used, or is too old.
    LinkExpired,
    /// The link must be opened where the mail was asked for.
    OtherBrowser,
    /// The form was not made for this browser.
    Forged,
    /// What an application's own login page sent back is over.
    InvalidState,
    /// Our fault.
    Fault,
}

impl Trouble {
    /// Without more to say.
    pub fn new(kind: TroubleKind, code: &'static str, details: impl Into<String>) -> Self {
        Self { kind, code, details: details.into(), retry: None, fault: None }
    }
}

/// What comes of a step.
#[derive(Debug)]
pub struct Outcome {
    /// Where the browser goes.
    pub go: Go,
    /// The session's new token, and when it ends.
    pub session: Option<(Secret<String>, Timestamp)>,
}

impl From<Go> for Outcome {
    fn from(go: Go) -> Self {
        Self { go, session: None }
    }
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        let trouble = Trouble::new(TroubleKind::Fault, "server_error", error.message().to_owned());
        Go::Stop(Trouble { fault: Some(Arc::new(error)), ..trouble }).into()
    }
}
