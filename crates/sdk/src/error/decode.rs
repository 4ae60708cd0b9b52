//! From what a server sent to a [`ScalekitError`].

use std::error::Error as StdError;

use gatewright_api::scalekit::v1::errdetails::ErrorInfo;
use prost::Message;
use serde_json::Value;

use super::{ErrDetail, ErrorKind, GrpcStatus, ScalekitError, ServerErrorKind};

const ERROR_INFO: &str = "scalekit.v1.errdetails.ErrorInfo";
const TOOL_ERROR: &str = "TOOL_ERROR";
const MAX_TEXT: usize = 8 * 1024;

/// `google.rpc.Status`, the content of `grpc-status-details-bin`.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

/// An error of a gRPC call: the server's status, or a failure of the transport.
pub(crate) fn from_status(status: tonic::Status) -> ScalekitError {
    if status.source().is_some() {
        return from_transport(status);
    }
    let grpc_status = GrpcStatus::from(status.code());
    let details = details_of(&status);
    let infos: Vec<ErrorInfo> = details
        .iter()
        .filter(|detail| detail.type_url.rsplit('/').next() == Some(ERROR_INFO))
        .filter_map(|detail| ErrorInfo::decode(detail.value.as_slice()).ok())
        .collect();
    let error_code = first(&infos, |info| Some(info.error_code.as_str()));
    let is_tool_error = error_code.as_deref() == Some(TOOL_ERROR);
    let kind = ErrorKind::Server(ServerErrorKind::from_grpc(grpc_status, is_tool_error));

    let mut error = ScalekitError::inner(kind, message_of(status.message(), grpc_status));
    error.http_status = Some(grpc_status.http_status());
    error.grpc_status = Some(grpc_status);
    error.error_code = error_code;
    error.request_id =
        first(&infos, |info| info.request_info.as_ref().map(|request| request.request_id.as_str()))
            .or_else(|| header(status.metadata().get("x-request-id").map(|value| value.as_bytes())));
    error.details = details
        .into_iter()
        .map(|detail| ErrDetail::Packed { type_url: detail.type_url, value: detail.value })
        .collect();
    error.infos = infos;
    error.into()
}

/// The details, unless they tell of another status than the call's: then they belong to something else.
fn details_of(status: &tonic::Status) -> Vec<prost_types::Any> {
    match RpcStatus::decode(status.details()) {
        Ok(decoded) if decoded.code == i32::from(status.code()) => decoded.details,
        _ => Vec::new(),
    }
}

fn message_of(message: &str, status: GrpcStatus) -> String {
    if message.is_empty() { format!("the server answered {status}") } else { message.to_owned() }
}

fn first<'a>(infos: &'a [ErrorInfo], get: impl Fn(&'a ErrorInfo) -> Option<&'a str>) -> Option<String> {
    infos.iter().filter_map(get).find(|text| !text.is_empty()).map(str::to_owned)
}

fn header(value: Option<&[u8]>) -> Option<String> {
    value.and_then(|value| std::str::from_utf8(value).ok()).map(str::to_owned)
}

/// Tonic puts the cause into `source` when it made the status itself.
fn from_transport(status: tonic::Status) -> ScalekitError {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.is::<tonic::TimeoutExpired>() {
            return ScalekitError::timeout("the call's deadline passed");
        }
        cause = error.source();
    }
    let (message, grpc_status) = match GrpcStatus::from(status.code()) {
        // hyper says "cancelled" for a request that it never sent, because the connection had just closed.
        GrpcStatus::Unavailable | GrpcStatus::Cancelled => {
            ("the server could not be reached", GrpcStatus::Unavailable)
        }
        other => ("the connection failed before the answer was complete", other),
    };
    ScalekitError::transport(message, grpc_status).with_source(status)
}

/// A failure to get an HTTP answer.
pub(crate) fn from_reqwest(error: reqwest::Error) -> ScalekitError {
    if error.is_timeout() && !error.is_connect() {
        return ScalekitError::timeout("the server did not answer in time").with_source(error);
    }
    if error.is_connect() {
        return ScalekitError::transport("the server could not be reached", GrpcStatus::Unavailable)
            .with_source(error);
    }
    ScalekitError::transport("the connection failed before the answer was complete", GrpcStatus::Unknown)
        .with_source(error)
}

/// An error answer of an HTTP endpoint: an OAuth error object (RFC 6749 §5.2), a REST envelope, or anything.
pub(crate) fn from_http(status: u16, request_id: Option<String>, body: &[u8]) -> ScalekitError {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let text = |name: &str| json.as_ref()?.get(name)?.as_str().map(str::to_owned);
    let detail = json.as_ref().and_then(|json| json.get("details")?.get(0));
    let error_code = text("error")
        .or_else(|| detail.and_then(|detail| detail.get("error_code")?.as_str().map(str::to_owned)));
    let message = text("error_description")
        .or_else(|| text("message"))
        .unwrap_or_else(|| format!("the server answered HTTP {status}"));

    let mut error = ScalekitError::inner(ErrorKind::Server(ServerErrorKind::from_http(status)), message);
    error.http_status = Some(status);
    error.grpc_status = Some(GrpcStatus::from_http(status));
    error.error_code = error_code;
    error.request_id = detail
        .and_then(|detail| detail.get("request_info")?.get("request_id")?.as_str().map(str::to_owned))
        .or(request_id);
    error.details = match json {
        Some(json) => vec![ErrDetail::Json(json)],
        None if body.is_empty() => Vec::new(),
        None => {
            let body = body.get(..MAX_TEXT).unwrap_or(body);
            vec![ErrDetail::Text(String::from_utf8_lossy(body).into_owned())]
        }
    };
    error.into()
}

#[cfg(test)]
mod tests {
    use gatewright_api::scalekit::v1::errdetails::{
        RequestInfo, ResourceInfo, ValidationErrorInfo, validation_error_info,
    };
    use tonic::{Code, Status};

    use super::*;

    fn status_with(code: Code, message: &str, infos: &[ErrorInfo]) -> Status {
        let details = infos
            .iter()
            .map(|info| prost_types::Any {
                type_url: format!("type.googleapis.com/{ERROR_INFO}"),
                value: info.encode_to_vec(),
            })
            .collect();
        let body = RpcStatus { code: code.into(), message: message.into(), details };
        Status::with_details(code, message, body.encode_to_vec().into())
    }

    #[test]
    fn a_status_with_error_info_keeps_everything() {
        let info = ErrorInfo {
            error_code: "INVALID_ARGUMENT".into(),
            request_info: Some(RequestInfo { request_id: "req_8812".into(), serving_data: String::new() }),
            resource_info: Some(ResourceInfo {
                required_permissions: vec!["organizations:write".into()],
                ..ResourceInfo::default()
            }),
            validation_error_info: Some(ValidationErrorInfo {
                field_violations: vec![validation_error_info::FieldViolation {
                    field: "organization.display_name".into(),
                    description: "must be at least 1 character".into(),
                    constraint: "string.min_len".into(),
                }],
            }),
            ..ErrorInfo::default()
        };
        let error = from_status(status_with(Code::InvalidArgument, "bad name", std::slice::from_ref(&info)));

        assert_eq!(error.kind(), ErrorKind::Server(ServerErrorKind::BadRequest));
        assert!(error.is_bad_request());
        assert_eq!(error.http_status(), Some(400));
        assert_eq!(error.grpc_status(), Some(GrpcStatus::InvalidArgument));
        assert_eq!(error.error_code(), Some("INVALID_ARGUMENT"));
        assert_eq!(error.message(), "bad name");
        assert_eq!(error.request_id(), Some("req_8812"));
        assert_eq!(error.unpacked_details(), [info]);
        assert_eq!(error.err_details().len(), 1);
        assert_eq!(error.required_permissions(), ["organizations:write"]);
        assert_eq!(
            error.field_violations(),
            [super::super::FieldViolation {
                field: "organization.display_name".into(),
                description: "must be at least 1 character".into(),
                constraint: "string.min_len".into(),
            }]
        );
        assert_eq!(error.to_string(), "INVALID_ARGUMENT: bad name (request req_8812)");
    }

    #[test]
    fn every_grpc_status_has_the_class_of_the_reference() {
        use ServerErrorKind as S;
        let expected = [
            (Code::Cancelled, S::Cancelled, 499),
            (Code::Unknown, S::InternalServer, 500),
            (Code::InvalidArgument, S::BadRequest, 400),
            (Code::DeadlineExceeded, S::GatewayTimeout, 504),
            (Code::NotFound, S::NotFound, 404),
            (Code::AlreadyExists, S::Conflict, 409),
            (Code::PermissionDenied, S::Forbidden, 403),
            (Code::ResourceExhausted, S::TooManyRequests, 429),
            (Code::FailedPrecondition, S::BadRequest, 400),
            (Code::Aborted, S::Conflict, 409),
            (Code::OutOfRange, S::BadRequest, 400),
            (Code::Unimplemented, S::NotImplemented, 501),
            (Code::Internal, S::InternalServer, 500),
            (Code::Unavailable, S::ServiceUnavailable, 503),
            (Code::DataLoss, S::InternalServer, 500),
            (Code::Unauthenticated, S::Unauthorized, 401),
        ];
        for (code, kind, http) in expected {
            let error = from_status(Status::new(code, "no"));
            assert_eq!(
                (error.kind(), error.http_status()),
                (ErrorKind::Server(kind), Some(http)),
                "{code:?}"
            );
            assert_eq!(error.grpc_status().map(GrpcStatus::code), Some(i32::from(code)));
        }
    }

    #[test]
    fn tool_errors_have_classes_of_their_own() {
        use ServerErrorKind as S;
        let info = ErrorInfo { error_code: TOOL_ERROR.into(), ..ErrorInfo::default() };
        for (code, kind) in [
            (Code::ResourceExhausted, S::ToolRateLimit),
            (Code::Unauthenticated, S::ToolUnauthorized),
            (Code::PermissionDenied, S::ToolForbidden),
            (Code::Internal, S::Tool),
        ] {
            let error = from_status(status_with(code, "tool", std::slice::from_ref(&info)));
            assert_eq!(error.kind(), ErrorKind::Server(kind));
        }
    }

    #[test]
    fn details_of_another_status_are_ignored() {
        let info = ErrorInfo { error_code: "X".into(), ..ErrorInfo::default() };
        let other = status_with(Code::NotFound, "x", &[info]);
        let error = from_status(Status::with_details(
            Code::Internal,
            "x",
            bytes::Bytes::copy_from_slice(other.details()),
        ));
        assert_eq!(error.error_code(), None);
        assert!(error.err_details().is_empty());
    }

    #[test]
    fn garbage_in_the_details_is_no_panic() {
        let error =
            from_status(Status::with_details(Code::NotFound, "", bytes::Bytes::from_static(b"\xff\xff")));
        assert!(error.is_not_found());
        assert_eq!(error.message(), "the server answered NOT_FOUND");
    }

    #[test]
    fn an_oauth_error_uses_the_numeric_status() {
        let error = from_http(400, None, br#"{"error":"invalid_grant","error_description":"code is used"}"#);
        assert!(error.is_bad_request());
        assert_eq!((error.http_status(), error.error_code()), (Some(400), Some("invalid_grant")));
        assert_eq!(error.grpc_status(), Some(GrpcStatus::InvalidArgument));
        assert_eq!(error.message(), "code is used");
        assert!(matches!(error.err_details(), [ErrDetail::Json(_)]));
    }

    #[test]
    fn a_rest_envelope_gives_code_and_request() {
        let body = br#"{"code":16,"message":"token is expired","details":[{"@type":"t","error_code":"UNAUTHENTICATED","request_info":{"request_id":"req_1"}}]}"#;
        let error = from_http(401, None, body);
        assert!(error.is_unauthorized());
        assert_eq!((error.error_code(), error.request_id()), (Some("UNAUTHENTICATED"), Some("req_1")));
        assert_eq!(error.message(), "token is expired");
    }

    #[test]
    fn a_page_of_a_proxy_is_kept_as_text() {
        let error = from_http(502, Some("r".into()), b"<html>");
        assert_eq!(error.kind(), ErrorKind::Server(ServerErrorKind::BadGateway));
        assert_eq!(error.err_details(), [ErrDetail::Text("<html>".into())]);
        assert_eq!(error.request_id(), Some("r"));
    }

    #[test]
    fn http_statuses_have_the_class_of_the_reference() {
        use ServerErrorKind as S;
        let expected = [
            (400, S::BadRequest),
            (401, S::Unauthorized),
            (403, S::Forbidden),
            (404, S::NotFound),
            (409, S::Conflict),
            (422, S::UnprocessableEntity),
            (429, S::TooManyRequests),
            (500, S::InternalServer),
            (502, S::BadGateway),
            (503, S::ServiceUnavailable),
            (504, S::GatewayTimeout),
            (418, S::Unknown),
        ];
        for (status, kind) in expected {
            assert_eq!(from_http(status, None, b"").kind(), ErrorKind::Server(kind));
        }
    }
}
