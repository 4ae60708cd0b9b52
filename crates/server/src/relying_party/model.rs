//! Plain data of sign-ins at other providers, and their refusals.
use crate::{
    connections::Connection,
    error::Error,
    identities::Identity,
    ids::{AuthRequestId, ConnectionId, ConnectionTestId},
};
use std::{fmt, ops::Deref, sync::Arc};

/// What somebody signs in at a provider for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A sign-in here.
    Login(AuthRequestId),
    /// To see whether the connection works: nobody is signed in.
    Test(ConnectionTestId),
}

/// What the provider is told of the sign-in, if it listens.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Whom it is about, probably: an e-mail address.
    pub login_hint: Option<String>,
    /// `login`, `none`, `consent` or `select_account`; anything else is not passed on.
    pub prompt: Option<String>,
    /// The person must sign in anew, also if the provider knows the browser.
    pub force_login: bool,
}

/// The parameters that a provider sends a browser back with (RFC 6749 §4.1.2, RFC 9207).
#[derive(Clone, Debug, Default)]
pub struct Callback {
    /// As it was sent.
    pub state: Option<String>,
    /// For the token endpoint.
    pub code: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// The same for people.
    pub error_description: Option<String>,
    /// Who sends it.
    pub iss: Option<String>,
}

/// A sign-in that the provider has finished.
#[derive(Debug)]
pub struct Finished {
    /// What it was for.
    pub purpose: Purpose,
    /// Through which connection.
    pub connection: Connection,
    /// Who signed in.
    pub identity: Identity,
}

/// Why a sign-in at a provider failed. It reads like its [`Details`].
#[derive(Clone, Debug)]
pub struct UpstreamError(Box<Details>);

/// What there is to know of a failure. No part of it has a token or a secret.
#[derive(Clone, Debug)]
pub struct Details {
    /// What the sign-in was for, if that is known and it is the same browser that comes back.
    pub purpose: Option<Purpose>,
    /// Through which connection.
    pub connection: Option<ConnectionId>,
    /// One of `auth.md` 2.12.
    pub code: &'static str,
    /// For the application and the person.
    pub description: String,
    /// What was being done, `check the issuer of the ID token`.
    pub step: &'static str,
    /// What was expected of the provider.
    pub expected: String,
    /// What came instead.
    pub got: String,
    /// A fault of ours, for the log.
    pub fault: Option<Arc<Error>>,
}

impl Deref for UpstreamError {
    type Target = Details;
    fn deref(&self) -> &Details {
        &self.0
    }
}

impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { code, step, expected, got, .. } = &*self.0;
        write!(f, "{code}: {step}: expected {expected}, got {got}")
    }
}

impl std::error::Error for UpstreamError {}

impl UpstreamError {
    pub(super) fn new(
        code: &'static str,
        step: &'static str,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        Self(Box::new(Details {
            purpose: None,
            connection: None,
            code,
            description: description(code).to_owned(),
            step,
            expected: expected.into(),
            got: got.into(),
            fault: None,
        }))
    }

    /// With what the person shall read.
    pub(super) fn describing(mut self, description: impl Into<String>) -> Self {
        self.0.description = description.into();
        self
    }

    /// Of this sign-in.
    pub(super) fn of(mut self, purpose: Purpose) -> Self {
        self.0.purpose = Some(purpose);
        self
    }

    /// Through this connection.
    pub(super) fn through(mut self, connection: ConnectionId) -> Self {
        self.0.connection = Some(connection);
        self
    }
}

impl From<Error> for UpstreamError {
    /// A fault of ours.
    fn from(error: Error) -> Self {
        let mut failure =
            Self::new("server_error", "serve the sign-in", "no fault of this server", "an internal error");
        failure.0.fault = Some(Arc::new(error));
        failure
    }
}

/// What the person reads, unless there is more to say.
fn description(code: &str) -> &'static str {
    match code {
        "invalid_state" => "this sign-in is over or belongs to another browser; start again",
        "invalid_connection_id" => "there is no such connection",
        "connection_not_active" => "this way to sign in is switched off",
        "failed_to_exchange_token" => "the identity provider did not exchange its code for tokens",
        "invalid_id_token" => "the ID token of the identity provider was not accepted",
        "user_info_retrieve_failed" => "the identity provider did not give the profile of the user",
        "mandatory_attribute_missing" => "the identity provider did not give a required attribute",
        "access_denied" => "the sign-in was declined at the identity provider",
        "authentication_not_completed" => "the sign-in was not completed at the identity provider",
        "unauthorized" => "the identity provider refused the sign-in",
        _ => "something went wrong; try again",
    }
}

/// What somebody else sent, fit to be shown: one line of at most 200 characters.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(200).collect()
}
