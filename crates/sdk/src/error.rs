//! The one error type of this crate.

mod decode;
mod kind;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

pub use gatewright_api::scalekit::v1::errdetails::ErrorInfo;

pub(crate) use decode::{from_http, from_reqwest, from_status};
pub use kind::{ErrorKind, GrpcStatus, ServerErrorKind};

/// What every fallible function of this crate returns.
pub type Result<T, E = ScalekitError> = std::result::Result<T, E>;

/// A failure of an SDK call.
///
/// Corresponds to the reference's exception hierarchy; [`kind`](Self::kind) takes the place of the class.
///
/// # What to do
///
/// | [`kind()`](Self::kind) | meaning | what to do |
/// | --- | --- | --- |
/// | [`InvalidArgument`](ErrorKind::InvalidArgument) | refused before anything was sent | correct the program or its configuration |
/// | [`TokenValidation`](ErrorKind::TokenValidation) | a token is expired, forged, or for somebody else | treat the caller as not logged in |
/// | [`WebhookVerification`](ErrorKind::WebhookVerification) | a webhook or interceptor call is not authentic | answer 401 and do nothing |
/// | [`Server(BadRequest)`](ServerErrorKind::BadRequest) | a field breaks a rule | see [`field_violations`](Self::field_violations) |
/// | [`Server(Unauthorized)`](ServerErrorKind::Unauthorized) | the credentials were refused, also after renewal | check client id and secret |
/// | [`Server(Forbidden)`](ServerErrorKind::Forbidden) | a permission is missing | see [`required_permissions`](Self::required_permissions) |
/// | [`Server(NotFound)`](ServerErrorKind::NotFound) | no such thing in this environment | create it, or show that it is gone |
/// | [`Server(Conflict)`](ServerErrorKind::Conflict) | a unique value is taken | read the existing one |
/// | [`Server(TooManyRequests)`](ServerErrorKind::TooManyRequests) | over the rate limit | slow down |
/// | other [`Server`](ErrorKind::Server) kinds | the server failed | try later; quote [`request_id`](Self::request_id) |
/// | [`Transport`](ErrorKind::Transport) | no answer: DNS, TCP, TLS, a broken connection | try later; a write may have happened |
/// | [`Timeout`](ErrorKind::Timeout) | the deadline passed | try later; a write may have happened |
/// | [`InvalidResponse`](ErrorKind::InvalidResponse) | the answer lacks what it must have | report it; is the URL that of an environment? |
///
/// `Display` is one line for people and does not repeat the [`source`](StdError::source). Neither `Display` nor
/// `Debug` contains credentials. Cloning is cheap.
///
/// ```no_run
/// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
/// match client.organization().get_organization("org_1").await {
///     Ok(organization) => println!("{}", organization.display_name),
///     Err(error) if error.is_not_found() => println!("no such organization"),
///     Err(error) => return Err(error),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ScalekitError(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    http_status: Option<u16>,
    grpc_status: Option<GrpcStatus>,
    error_code: Option<String>,
    details: Vec<ErrDetail>,
    infos: Vec<ErrorInfo>,
    request_id: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// A detail of an error in the form in which it arrived.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ErrDetail {
    /// A protobuf message from `grpc-status-details-bin`, not decoded.
    Packed {
        /// Names the message's type, such as `type.googleapis.com/scalekit.v1.errdetails.ErrorInfo`.
        type_url: String,
        /// The encoded message.
        value: Vec<u8>,
    },
    /// The body of an HTTP answer that is JSON.
    Json(serde_json::Value),
    /// The body of an HTTP answer that is not JSON, at most 8 KiB of it.
    Text(String),
}

/// A field of a request and the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldViolation {
    /// Path of the field with dots, such as `organization.display_name`.
    pub field: String,
    /// What is wrong, for people.
    pub description: String,
    /// Id of the rule, such as `string.min_len`.
    pub constraint: String,
}

impl ScalekitError {
    fn inner(kind: ErrorKind, message: impl Into<String>) -> Inner {
        Inner {
            kind,
            message: message.into(),
            http_status: None,
            grpc_status: None,
            error_code: None,
            details: Vec::new(),
            infos: Vec::new(),
            request_id: None,
            source: None,
        }
    }

    pub(crate) fn invalid_argument(message: impl Into<String>) -> Self {
        Self::inner(ErrorKind::InvalidArgument, message).into()
    }

    /// What a method finds missing in an answer that lists what there is.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::inner(ErrorKind::Server(ServerErrorKind::NotFound), message).into()
    }

    pub(crate) fn token_validation(message: impl Into<String>) -> Self {
        Self::inner(ErrorKind::TokenValidation, message).into()
    }

    pub(crate) fn webhook(message: impl Into<String>) -> Self {
        Self::inner(ErrorKind::WebhookVerification, message).into()
    }

    pub(crate) fn invalid_response(message: impl Into<String>) -> Self {
        Self::inner(ErrorKind::InvalidResponse, message).into()
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::inner(ErrorKind::Internal, message).into()
    }

    pub(crate) fn timeout(message: impl Into<String>) -> Self {
        let mut inner = Self::inner(ErrorKind::Timeout, message);
        inner.grpc_status = Some(GrpcStatus::DeadlineExceeded);
        inner.into()
    }

    pub(crate) fn transport(message: impl Into<String>, status: GrpcStatus) -> Self {
        let mut inner = Self::inner(ErrorKind::Transport, message);
        inner.grpc_status = Some(status);
        inner.into()
    }

    /// Adds the cause; used right after construction, when nobody else holds the error.
    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.source = Some(source.into());
        }
        self
    }

    /// What went wrong; the reference's exception class.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// HTTP status of the server's answer, for gRPC the one its status maps to. None if there was no answer.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// gRPC status; for HTTP the one its status maps to. A call that got no answer has `UNAVAILABLE` if it cannot have
    /// reached the server, `DEADLINE_EXCEEDED` after a time-out, else what the transport says.
    pub fn grpc_status(&self) -> Option<GrpcStatus> {
        self.0.grpc_status
    }

    /// The server's machine-readable code, such as `RATE_LIMITED`; for OAuth endpoints `invalid_grant` and the like.
    pub fn error_code(&self) -> Option<&str> {
        self.0.error_code.as_deref()
    }

    /// What went wrong, for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The details as they arrived: protobuf messages from gRPC, the body from HTTP.
    pub fn err_details(&self) -> &[ErrDetail] {
        &self.0.details
    }

    /// The details that are `scalekit.v1.errdetails.ErrorInfo`, decoded.
    pub fn unpacked_details(&self) -> &[ErrorInfo] {
        &self.0.infos
    }

    /// Fields of the request that break a rule.
    pub fn field_violations(&self) -> Vec<FieldViolation> {
        let violations = self.0.infos.iter().filter_map(|info| info.validation_error_info.as_ref());
        violations
            .flat_map(|info| &info.field_violations)
            .map(|violation| FieldViolation {
                field: violation.field.clone(),
                description: violation.description.clone(),
                constraint: violation.constraint.clone(),
            })
            .collect()
    }

    /// Permissions one of which the caller would need; with [`ServerErrorKind::Forbidden`].
    pub fn required_permissions(&self) -> Vec<&str> {
        let resources = self.0.infos.iter().filter_map(|info| info.resource_info.as_ref());
        resources.flat_map(|info| info.required_permissions.iter().map(String::as_str)).collect()
    }

    /// Id of the failed request in the server's logs; quote it when you ask for help.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    fn is(&self, kind: ServerErrorKind) -> bool {
        self.0.kind == ErrorKind::Server(kind)
    }

    /// A field breaks a rule, or the state does not allow the call (400).
    pub fn is_bad_request(&self) -> bool {
        self.is(ServerErrorKind::BadRequest)
    }

    /// The credentials were refused (401).
    pub fn is_unauthorized(&self) -> bool {
        self.is(ServerErrorKind::Unauthorized)
    }

    /// A permission is missing (403).
    pub fn is_forbidden(&self) -> bool {
        self.is(ServerErrorKind::Forbidden)
    }

    /// No such thing in this environment (404).
    pub fn is_not_found(&self) -> bool {
        self.is(ServerErrorKind::NotFound)
    }

    /// A unique value is taken, or the call collided with another (409).
    pub fn is_conflict(&self) -> bool {
        self.is(ServerErrorKind::Conflict)
    }

    /// Over the rate limit (429).
    pub fn is_too_many_requests(&self) -> bool {
        self.is(ServerErrorKind::TooManyRequests)
    }

    /// The server says it is not available (503), or could not be reached.
    pub fn is_unavailable(&self) -> bool {
        self.is(ServerErrorKind::ServiceUnavailable) || self.0.kind == ErrorKind::Transport
    }

    /// The deadline passed, here or at the server (504).
    pub fn is_timeout(&self) -> bool {
        self.is(ServerErrorKind::GatewayTimeout) || self.0.kind == ErrorKind::Timeout
    }

    /// A token failed its checks.
    pub fn is_token_validation(&self) -> bool {
        self.0.kind == ErrorKind::TokenValidation
    }

    /// A webhook or interceptor call failed its checks.
    pub fn is_webhook_verification(&self) -> bool {
        self.0.kind == ErrorKind::WebhookVerification
    }
}

impl From<Inner> for ScalekitError {
    fn from(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl fmt::Display for ScalekitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self.0.kind, ErrorKind::Server(_)) {
            match (&self.0.error_code, self.0.grpc_status, self.0.http_status) {
                (Some(code), _, _) => write!(f, "{code}: ")?,
                (None, Some(status), _) => write!(f, "{status}: ")?,
                (None, None, Some(status)) => write!(f, "HTTP {status}: ")?,
                (None, None, None) => {}
            }
        }
        f.write_str(&self.0.message)?;
        match &self.0.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ScalekitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScalekitError")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("http_status", &self.0.http_status)
            .field("grpc_status", &self.0.grpc_status)
            .field("error_code", &self.0.error_code)
            .field("unpacked_details", &self.0.infos)
            .field("request_id", &self.0.request_id)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for ScalekitError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
