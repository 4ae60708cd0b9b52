//! Proofs of e-mail addresses by code and magic link: the reference's class *Passwordless*.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gatewright_api::rpc::passwordless_service as rpc;
use gatewright_api::scalekit::v1::auth::passwordless as pb;
use jiff::Timestamp;

use crate::call::{self, Answer, CallOptions, request};
use crate::client::Inner;
use crate::convert::open_enum;
use crate::error::Result;

/// Operations that prove e-mail addresses; made by
/// [`ScalekitClient::passwordless`](crate::ScalekitClient::passwordless).
///
/// The server sends a mail with a code, a link or both, as the environment's settings say; your application shows the
/// pages and keeps the session. Proving an address makes neither a user nor a session.
///
/// Besides the errors named with each method, any call can fail as described at
/// [`Organizations`](crate::Organizations), and with [`BadRequest`](crate::ServerErrorKind::BadRequest)
/// (`error_code` `FAILED_PRECONDITION`) where the method is switched off.
#[derive(Clone, Debug)]
pub struct Passwordless {
    client: Arc<Inner>,
}

impl Passwordless {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    fn client(&self) -> Arc<Inner> {
        Arc::clone(&self.client)
    }

    /// Sends a mail with a code, a magic link or both.
    ///
    /// Keep the [`auth_request_id`](SendPasswordlessResponse::auth_request_id) in the browser's session: verification
    /// needs it.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the address, the time, a variable or the URI breaks its
    /// rule, or the URI is missing where mails have links;
    /// [`TooManyRequests`](crate::ServerErrorKind::TooManyRequests) above two mails a minute or ten an hour to one
    /// address, those sent again included.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::passwordless::TemplateType;
    ///
    /// let sent = client
    ///     .passwordless()
    ///     .send_passwordless_email("user@example.com")
    ///     .template(TemplateType::Signin)
    ///     .state("random-state")
    ///     .await?;
    /// println!("{} until {:?}", sent.auth_request_id, sent.expires_at);
    /// # Ok(()) }
    /// ```
    pub fn send_passwordless_email(&self, email: impl Into<String>) -> SendPasswordlessEmail {
        let message = pb::SendPasswordlessRequest { email: email.into(), ..Default::default() };
        SendPasswordlessEmail::new(self.client(), message)
    }

    /// Checks the code that a person typed, or the token of the link that they followed. That succeeds once; neither
    /// code nor link counts afterwards.
    ///
    /// A code needs [`auth_request_id`](VerifyPasswordlessEmail::auth_request_id); a link does where the environment
    /// wants it to be opened in the browser that asked for it. Call this when the person presses a button, not when the
    /// link is opened: programs that look at mails open links, too.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when it is wrong, used or expired, or the id is missing or
    /// another one's; [`TooManyRequests`](crate::ServerErrorKind::TooManyRequests) after five wrong codes within ten
    /// minutes.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient, id: String) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::passwordless::Credential;
    ///
    /// let proof = client
    ///     .passwordless()
    ///     .verify_passwordless_email(Credential::code("123456"))
    ///     .auth_request_id(id)
    ///     .await?;
    /// println!("{} {:?}", proof.email, proof.state);
    /// # Ok(()) }
    /// ```
    pub fn verify_passwordless_email(&self, credential: Credential) -> VerifyPasswordlessEmail {
        use pb::verify_password_less_request::AuthCredential;
        let credential = match credential.0 {
            Presented::Code(code) => AuthCredential::Code(code),
            Presented::LinkToken(token) => AuthCredential::LinkToken(token),
        };
        let message =
            pb::VerifyPasswordLessRequest { auth_credential: Some(credential), ..Default::default() };
        VerifyPasswordlessEmail { client: self.client(), options: CallOptions::default(), message }
    }

    /// Sends the mail again, with a new expiry and, as the environment's settings say, a new code and link or the same.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the request is unknown, used or expired;
    /// [`TooManyRequests`](crate::ServerErrorKind::TooManyRequests) as with
    /// [`send_passwordless_email`](Self::send_passwordless_email).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient, id: String) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let sent = client.passwordless().resend_passwordless_email(id).await?;
    /// println!("{}", sent.auth_request_id);
    /// # Ok(()) }
    /// ```
    pub fn resend_passwordless_email(&self, auth_request_id: impl Into<String>) -> ResendPasswordlessEmail {
        let message = pb::ResendPasswordlessRequest { auth_request_id: auth_request_id.into() };
        ResendPasswordlessEmail::new(self.client(), message)
    }
}

open_enum! {
    /// Why the address is proven; it selects the words of the mail.
    TemplateType {
        /// Not set.
        Unspecified = 0 "UNSPECIFIED",
        /// To sign in.
        Signin = 1 "SIGNIN",
        /// To sign up.
        Signup = 2 "SIGNUP",
    }
}

open_enum! {
    /// What a mail contains.
    PasswordlessType {
        /// Not set.
        Unspecified = 0 "PASSWORDLESS_TYPE_UNSPECIFIED",
        /// A code.
        Otp = 1 "OTP",
        /// A magic link.
        Link = 2 "LINK",
        /// Both.
        LinkOtp = 3 "LINK_OTP",
    }
}

/// What a person presented.
#[derive(Clone)]
pub struct Credential(Presented);

#[derive(Clone)]
enum Presented {
    Code(String),
    LinkToken(String),
}

impl Credential {
    /// The code from the mail.
    pub fn code(code: impl Into<String>) -> Self {
        Self(Presented::Code(code.into()))
    }

    /// The `link_token` in the query of the link.
    pub fn link_token(token: impl Into<String>) -> Self {
        Self(Presented::LinkToken(token.into()))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Presented::Code(_) => "Credential::code(…)",
            Presented::LinkToken(_) => "Credential::link_token(…)",
        })
    }
}

request! {
    /// Request of [`send_passwordless_email`](Passwordless::send_passwordless_email).
    SendPasswordlessEmail, rpc::SendPasswordlessEmail => SendPasswordlessResponse,
    |answer| Ok(answer.into())
}

impl SendPasswordlessEmail {
    /// Why the address is proven; to sign in if not set.
    pub fn template(mut self, template: TemplateType) -> Self {
        self.message.template = Some(template.into());
        self
    }

    /// What [`verify_passwordless_email`](Passwordless::verify_passwordless_email) shall return, at most 1000
    /// characters.
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.message.state = Some(state.into());
        self
    }

    /// Your page that the link leads to, an http or https URL of at most 1000 characters; `link_token` is added to its
    /// query. In production it must be on the origin of a registered redirect URI.
    pub fn magiclink_auth_uri(mut self, uri: impl Into<String>) -> Self {
        self.message.magiclink_auth_uri = Some(uri.into());
        self
    }

    /// Seconds that code and link are valid, 60 to 3600. Default 3600, unless the environment's settings say otherwise.
    pub fn expires_in(mut self, seconds: u32) -> Self {
        self.message.expires_in = Some(seconds);
        self
    }

    /// Values for a template of your own: at most 30, names of 2 to 25, values of at most 256 characters.
    pub fn template_variables<K: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.message.template_variables = variables.collect();
        self
    }
}

request! {
    /// Request of [`resend_passwordless_email`](Passwordless::resend_passwordless_email).
    ResendPasswordlessEmail, rpc::ResendPasswordlessEmail => SendPasswordlessResponse,
    |answer| Ok(answer.into())
}

/// Request of [`verify_passwordless_email`](Passwordless::verify_passwordless_email).
#[derive(Clone)]
#[must_use = "a request is sent when it is awaited"]
pub struct VerifyPasswordlessEmail {
    client: Arc<Inner>,
    options: CallOptions,
    message: pb::VerifyPasswordLessRequest,
}

impl fmt::Debug for VerifyPasswordlessEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyPasswordlessEmail").finish_non_exhaustive()
    }
}

impl VerifyPasswordlessEmail {
    /// The id that sending the mail gave.
    pub fn auth_request_id(mut self, id: impl Into<String>) -> Self {
        self.message.auth_request_id = Some(id.into());
        self
    }

    /// Deadline of this call, retries included, in place of the client's.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// Sends this call once, whatever the answer.
    pub fn without_retries(mut self) -> Self {
        self.options.without_retries = true;
        self
    }

    /// The protobuf message that awaiting would send.
    pub fn into_message(self) -> pb::VerifyPasswordLessRequest {
        self.message
    }
}

impl IntoFuture for VerifyPasswordlessEmail {
    type Output = Result<VerifyPasswordLessResponse>;
    type IntoFuture = Answer<VerifyPasswordLessResponse>;

    fn into_future(self) -> Self::IntoFuture {
        call::send::<rpc::VerifyPasswordlessEmail, _>(self.client, self.message, self.options, |answer| {
            Ok(answer.into())
        })
    }
}

/// A mail that is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendPasswordlessResponse {
    /// By which the other calls refer to it.
    pub auth_request_id: String,
    /// When code and link expire, UTC.
    pub expires_at: Option<Timestamp>,
    /// Seconds until then.
    pub expires_in: u32,
    /// What the mail contains.
    pub passwordless_type: PasswordlessType,
}

impl SendPasswordlessResponse {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::SendPasswordlessResponse {
        pb::SendPasswordlessResponse {
            auth_request_id: self.auth_request_id,
            expires_at: self.expires_at.map_or(0, Timestamp::as_second),
            expires_in: self.expires_in,
            passwordless_type: self.passwordless_type.into(),
        }
    }
}

impl From<pb::SendPasswordlessResponse> for SendPasswordlessResponse {
    fn from(message: pb::SendPasswordlessResponse) -> Self {
        Self {
            auth_request_id: message.auth_request_id,
            expires_at: Timestamp::from_second(message.expires_at).ok(),
            expires_in: message.expires_in,
            passwordless_type: message.passwordless_type.into(),
        }
    }
}

/// A proven address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyPasswordLessResponse {
    /// The address.
    pub email: String,
    /// What [`state`](SendPasswordlessEmail::state) was.
    pub state: Option<String>,
    /// Why it was proven.
    pub template: TemplateType,
    /// What the mail contained.
    pub passwordless_type: PasswordlessType,
}

impl VerifyPasswordLessResponse {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::VerifyPasswordLessResponse {
        pb::VerifyPasswordLessResponse {
            email: self.email,
            state: self.state,
            template: Some(self.template.into()),
            passwordless_type: self.passwordless_type.into(),
        }
    }
}

impl From<pb::VerifyPasswordLessResponse> for VerifyPasswordLessResponse {
    fn from(message: pb::VerifyPasswordLessResponse) -> Self {
        Self {
            email: message.email,
            state: message.state,
            template: message.template.unwrap_or_default().into(),
            passwordless_type: message.passwordless_type.into(),
        }
    }
}
