//! The reference's exception classes and gRPC statuses as enums.

use std::fmt;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Refused before anything was sent.
    InvalidArgument,
    /// A token failed its checks. Reference: `ScalekitValidateTokenFailureException`.
    TokenValidation,
    /// The server answered with an error. Reference: `ScalekitServerException` and its subclasses.
    Server(ServerErrorKind),
    /// A webhook or interceptor call failed its checks. Reference: `WebhookVerificationError`.
    WebhookVerification,
    /// No answer from the server: DNS, TCP, TLS, a broken connection.
    Transport,
    /// The deadline passed on this side.
    Timeout,
    /// The server's answer lacks what it must have, or cannot be read.
    InvalidResponse,
    /// Something that should not happen on this side, such as a missing Tokio runtime.
    Internal,
}

/// Which error the server answered with; each is one subclass of the reference's `ScalekitServerException`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerErrorKind {
    /// 400; gRPC `INVALID_ARGUMENT`, `FAILED_PRECONDITION`, `OUT_OF_RANGE`.
    BadRequest,
    /// 401; `UNAUTHENTICATED`.
    Unauthorized,
    /// 403; `PERMISSION_DENIED`.
    Forbidden,
    /// 404; `NOT_FOUND`.
    NotFound,
    /// 409; `ALREADY_EXISTS`, `ABORTED`.
    Conflict,
    /// 422; only over HTTP.
    UnprocessableEntity,
    /// 429; `RESOURCE_EXHAUSTED`.
    TooManyRequests,
    /// 499; `CANCELLED`.
    Cancelled,
    /// 500; `INTERNAL`, `UNKNOWN`, `DATA_LOSS`.
    InternalServer,
    /// 501; `UNIMPLEMENTED`.
    NotImplemented,
    /// 502; only over HTTP.
    BadGateway,
    /// 503; `UNAVAILABLE`.
    ServiceUnavailable,
    /// 504; `DEADLINE_EXCEEDED`, said by the server.
    GatewayTimeout,
    /// `error_code` is `TOOL_ERROR`, with `RESOURCE_EXHAUSTED`.
    ToolRateLimit,
    /// `error_code` is `TOOL_ERROR`, with `UNAUTHENTICATED`.
    ToolUnauthorized,
    /// `error_code` is `TOOL_ERROR`, with `PERMISSION_DENIED`.
    ToolForbidden,
    /// `error_code` is `TOOL_ERROR`, with another status.
    Tool,
    /// Any other status.
    Unknown,
}

impl ServerErrorKind {
    /// The class that the reference's SDKs raise for a gRPC status.
    pub(crate) fn from_grpc(status: GrpcStatus, is_tool_error: bool) -> Self {
        use GrpcStatus as G;
        match (status, is_tool_error) {
            (G::ResourceExhausted, true) => Self::ToolRateLimit,
            (G::Unauthenticated, true) => Self::ToolUnauthorized,
            (G::PermissionDenied, true) => Self::ToolForbidden,
            (_, true) => Self::Tool,
            (G::InvalidArgument | G::FailedPrecondition | G::OutOfRange, _) => Self::BadRequest,
            (G::Unauthenticated, _) => Self::Unauthorized,
            (G::PermissionDenied, _) => Self::Forbidden,
            (G::NotFound, _) => Self::NotFound,
            (G::AlreadyExists | G::Aborted, _) => Self::Conflict,
            (G::ResourceExhausted, _) => Self::TooManyRequests,
            (G::Cancelled, _) => Self::Cancelled,
            (G::Internal | G::Unknown | G::DataLoss, _) => Self::InternalServer,
            (G::Unimplemented, _) => Self::NotImplemented,
            (G::Unavailable, _) => Self::ServiceUnavailable,
            (G::DeadlineExceeded, _) => Self::GatewayTimeout,
            (G::Ok, _) => Self::Unknown,
        }
    }

    /// The class for a numeric HTTP status.
    pub(crate) fn from_http(status: u16) -> Self {
        match status {
            400 => Self::BadRequest,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            409 => Self::Conflict,
            422 => Self::UnprocessableEntity,
            429 => Self::TooManyRequests,
            499 => Self::Cancelled,
            500 => Self::InternalServer,
            501 => Self::NotImplemented,
            502 => Self::BadGateway,
            503 => Self::ServiceUnavailable,
            504 => Self::GatewayTimeout,
            _ => Self::Unknown,
        }
    }
}

macro_rules! grpc_statuses {
    ($($variant:ident = $number:literal $name:literal http $http:literal,)*) => {
        /// A gRPC status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum GrpcStatus {
            $(
                #[doc = concat!("`", $name, "`, number ", $number, ".")]
                $variant,
            )*
        }

        impl GrpcStatus {
            /// The number on the wire.
            pub fn code(self) -> i32 {
                match self { $(Self::$variant => $number,)* }
            }

            /// The name in upper case, such as `NOT_FOUND`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status that the reference pairs with it.
            pub(crate) fn http_status(self) -> u16 {
                match self { $(Self::$variant => $http,)* }
            }
        }

        impl From<tonic::Code> for GrpcStatus {
            fn from(code: tonic::Code) -> Self {
                match code { $(tonic::Code::$variant => Self::$variant,)* }
            }
        }
    };
}

grpc_statuses! {
    Ok = 0 "OK" http 200,
    Cancelled = 1 "CANCELLED" http 499,
    Unknown = 2 "UNKNOWN" http 500,
    InvalidArgument = 3 "INVALID_ARGUMENT" http 400,
    DeadlineExceeded = 4 "DEADLINE_EXCEEDED" http 504,
    NotFound = 5 "NOT_FOUND" http 404,
    AlreadyExists = 6 "ALREADY_EXISTS" http 409,
    PermissionDenied = 7 "PERMISSION_DENIED" http 403,
    ResourceExhausted = 8 "RESOURCE_EXHAUSTED" http 429,
    FailedPrecondition = 9 "FAILED_PRECONDITION" http 400,
    Aborted = 10 "ABORTED" http 409,
    OutOfRange = 11 "OUT_OF_RANGE" http 400,
    Unimplemented = 12 "UNIMPLEMENTED" http 501,
    Internal = 13 "INTERNAL" http 500,
    Unavailable = 14 "UNAVAILABLE" http 503,
    DataLoss = 15 "DATA_LOSS" http 500,
    Unauthenticated = 16 "UNAUTHENTICATED" http 401,
}

impl GrpcStatus {
    pub(crate) fn from_http(status: u16) -> Self {
        match status {
            400 | 422 => Self::InvalidArgument,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            409 => Self::AlreadyExists,
            429 => Self::ResourceExhausted,
            499 => Self::Cancelled,
            501 => Self::Unimplemented,
            502 | 503 => Self::Unavailable,
            504 => Self::DeadlineExceeded,
            500..=599 => Self::Internal,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for GrpcStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
