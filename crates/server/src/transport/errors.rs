//! The one place where an [`Error`] becomes an answer: gRPC status with its detail, or the REST envelope.
use crate::error::{Error, Kind};
use axum::body::Body;
use gatewright_api::scalekit::v1::errdetails as pb;
use http::{HeaderValue, Response, StatusCode, header};
use prost::Message as _;
use serde_json::{Value as Json, json};
use std::borrow::Cow;

/// Type of the only detail: vendor SDKs unpack every detail as this.
const ERROR_INFO: &str = "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo";

/// Longest message and description: they may quote what the caller sent.
const MAX_TEXT: usize = 512;
/// A gRPC status travels in headers, of which clients take 8 KiB by default: beyond so many bytes, further violations are
/// left out. Base64 and percent encoding make it larger still.
const MAX_VIOLATIONS: usize = 3 << 10;

/// The beginning of a text that is too long.
fn capped(text: &str) -> Cow<'_, str> {
    match text.len() > MAX_TEXT {
        true => {
            Cow::Owned(format!("{}…", text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default()))
        }
        false => Cow::Borrowed(text),
    }
}

/// `google.rpc.Status`, the content of `grpc-status-details-bin`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RpcStatus {
    /// gRPC status code; the same as in `grpc-status`.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// The same as in `grpc-message`.
    #[prost(string, tag = "2")]
    pub message: String,
    /// Exactly one `ErrorInfo`.
    #[prost(message, repeated, tag = "3")]
    pub details: Vec<prost_types::Any>,
}

/// What a caller is told, and for a fault of ours the log.
pub fn report(error: &Error) {
    use std::error::Error as _;
    let mut causes = String::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    match error.kind() {
        Kind::Internal => tracing::error!(error = %error, "request failed{causes}"),
        Kind::Unavailable => tracing::warn!(error = %error, "request could not be served{causes}"),
        _ => tracing::debug!(error = %error, "request refused{causes}"),
    }
}

/// The error as a gRPC status with its detail.
pub fn status(error: &Error, request_id: &str) -> tonic::Status {
    let code = error.kind().code();
    let detail =
        prost_types::Any { type_url: ERROR_INFO.to_owned(), value: info(error, request_id).encode_to_vec() };
    let message = capped(error.message()).into_owned();
    let details = RpcStatus { code, message: message.clone(), details: vec![detail] };
    let mut status =
        tonic::Status::with_details(tonic::Code::from_i32(code), message, details.encode_to_vec().into());
    if let Some(seconds) = error.retry_after_seconds() {
        status.metadata_mut().insert("retry-after", seconds.into());
    }
    status
}

fn info(error: &Error, request_id: &str) -> pb::ErrorInfo {
    let mut room = MAX_VIOLATIONS;
    let violations = error.field_violations().iter().map_while(|violation| {
        let told = pb::validation_error_info::FieldViolation {
            field: capped(&violation.field).into_owned(),
            description: capped(&violation.description).into_owned(),
            constraint: violation.constraint.clone().into_owned(),
        };
        room = room.checked_sub(told.encoded_len())?;
        Some(told)
    });
    let violations: Vec<_> = violations.collect();
    let permissions = error.required_permissions();
    pb::ErrorInfo {
        error_code: error.code().to_owned(),
        request_info: Some(pb::RequestInfo {
            request_id: request_id.to_owned(),
            serving_data: String::new(),
        }),
        resource_info: (!permissions.is_empty()).then(|| pb::ResourceInfo {
            required_permissions: permissions.iter().map(|&name| name.to_owned()).collect(),
            ..Default::default()
        }),
        validation_error_info: (!violations.is_empty())
            .then_some(pb::ValidationErrorInfo { field_violations: violations }),
        ..Default::default()
    }
}

/// The error as the JSON of `/api/v1`.
pub fn envelope(error: &Error, request_id: &str) -> Json {
    let mut detail = json!({
        "@type": ERROR_INFO,
        "error_code": error.code(),
        "request_info": {"request_id": request_id},
    });
    if let Some(detail) = detail.as_object_mut() {
        if !error.required_permissions().is_empty() {
            let info = json!({"required_permissions": error.required_permissions()});
            detail.insert("resource_info".to_owned(), info);
        }
        if !error.field_violations().is_empty() {
            let violations: Vec<Json> = error
                .field_violations()
                .iter()
                .map(|v| json!({"field": capped(&v.field), "description": capped(&v.description), "constraint": v.constraint}))
                .collect();
            detail.insert("validation_error_info".to_owned(), json!({"field_violations": violations}));
        }
    }
    json!({"code": error.kind().code(), "message": error.message(), "details": [detail]})
}

/// The error as an answer of `/api/v1`.
pub fn rest(error: &Error, request_id: &str) -> Response<Body> {
    let mut response = json_response(error.kind().http(), envelope(error, request_id).to_string());
    if let Some(seconds) = error.retry_after_seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    if error.kind() == Kind::Unauthenticated {
        // RFC 9110 §11.6.1: a 401 names the scheme.
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// An answer with a JSON body.
pub fn json_response(status: u16, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
