//! Why an operation failed, in the caller's terms. `transport::errors` turns it into gRPC status, JSON or OAuth errors.
use std::{borrow::Cow, error::Error as StdError, fmt};

/// The gRPC status codes that this server answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A request that can never succeed as it stands.
    InvalidArgument,
    /// A valid request that the present state does not allow.
    FailedPrecondition,
    /// No credential, or one that is not valid.
    Unauthenticated,
    /// A valid credential that may not do this.
    PermissionDenied,
    /// No such thing in the caller's environment.
    NotFound,
    /// A natural key is taken.
    AlreadyExists,
    /// Lost a race with another request; the same call may succeed now.
    Aborted,
    /// A limit is reached; try again later.
    ResourceExhausted,
    /// Known to the interface, not to this version of the server.
    Unimplemented,
    /// The server cannot serve just now.
    Unavailable,
    /// The caller's deadline passed.
    DeadlineExceeded,
    /// A fault of the server's.
    Internal,
}

impl Kind {
    /// Number of the gRPC status code.
    pub const fn code(self) -> i32 {
        match self {
            Self::InvalidArgument => 3,
            Self::DeadlineExceeded => 4,
            Self::NotFound => 5,
            Self::AlreadyExists => 6,
            Self::PermissionDenied => 7,
            Self::ResourceExhausted => 8,
            Self::FailedPrecondition => 9,
            Self::Aborted => 10,
            Self::Unimplemented => 12,
            Self::Internal => 13,
            Self::Unavailable => 14,
            Self::Unauthenticated => 16,
        }
    }

    /// Name of the gRPC status code; the default `error_code`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    /// HTTP status of the REST answer.
    pub const fn http(self) -> u16 {
        match self {
            Self::InvalidArgument | Self::FailedPrecondition => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::AlreadyExists | Self::Aborted => 409,
            Self::ResourceExhausted => 429,
            Self::Internal => 500,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
            Self::DeadlineExceeded => 504,
        }
    }
}

/// One rule that one field of a request broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Dotted path in proto names, `organization.display_name`.
    pub field: String,
    /// What the value must be, `must be at least 1 character`.
    pub description: Cow<'static, str>,
    /// Id of the rule, `string.min_len`.
    pub constraint: Cow<'static, str>,
}

#[derive(Debug)]
struct Inner {
    kind: Kind,
    code: &'static str,
    message: Cow<'static, str>,
    violations: Vec<Violation>,
    required_permissions: &'static [&'static str],
    retry_after_seconds: Option<u64>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// A failed operation: what the caller is told, and privately why.
#[derive(Debug)]
pub struct Error(Box<Inner>);

impl Error {
    /// An error with the `error_code` of its kind. The message says what was wrong and how to put it right.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            code: kind.name(),
            message: message.into(),
            violations: Vec::new(),
            required_permissions: &[],
            retry_after_seconds: None,
            source: None,
        }))
    }

    /// One field broke one rule; the message is `field: description`.
    pub fn invalid(
        field: impl Into<String>,
        constraint: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::violations(vec![Violation {
            field: field.into(),
            description: description.into(),
            constraint: constraint.into(),
        }])
    }

    /// Several fields broke rules; the message tells the first, and how many more there are.
    pub fn violations(violations: Vec<Violation>) -> Self {
        let message = match violations.as_slice() {
            [] => "the request is not valid".to_owned(),
            [one] => format!("{}: {}", one.field, one.description),
            [first, rest @ ..] => {
                format!("{}: {} (and {} more)", first.field, first.description, rest.len())
            }
        };
        let mut error = Self::new(Kind::InvalidArgument, message);
        error.0.violations = violations;
        error
    }

    /// `what` as in `organization org_1`.
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(Kind::NotFound, format!("{what} not found"))
    }

    /// A natural key is taken; the message names the field.
    pub fn already_exists(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::AlreadyExists, message)
    }

    /// A fault of the server's. The source goes to the log, the caller sees `internal error`.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Kind::Internal, "internal error").with_source(source)
    }

    /// The server cannot serve just now, for instance because its disk is full.
    pub fn unavailable(
        message: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::new(Kind::Unavailable, message).with_source(source)
    }

    /// Adds what the log shall know and the caller shall not.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Replaces the `error_code`.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.0.code = code;
        self
    }

    /// Names the permissions of which the caller has none.
    #[must_use]
    pub fn with_required_permissions(mut self, permissions: &'static [&'static str]) -> Self {
        self.0.required_permissions = permissions;
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// The gRPC status code.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }
    /// The stable machine code, `ALREADY_EXISTS`.
    pub fn code(&self) -> &'static str {
        self.0.code
    }
    /// For the caller.
    pub fn message(&self) -> &str {
        &self.0.message
    }
    /// Fields that broke rules.
    pub fn field_violations(&self) -> &[Violation] {
        &self.0.violations
    }
    /// Permissions, any one of which would have sufficed.
    pub fn required_permissions(&self) -> &'static [&'static str] {
        self.0.required_permissions
    }
    /// Seconds to wait before trying again.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.0.retry_after_seconds
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.name(), self.0.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|e| e as _)
    }
}
