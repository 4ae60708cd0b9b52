//! Headers, tokens, retries, deadlines and errors of gRPC calls.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatewright_api::scalekit::v1::errdetails::{ErrorInfo, RequestInfo};
use gatewright_api::scalekit::v1::organizations as pb;
use prost::Message as _;

use super::server::{Reply, Seen, Server};
use crate::{ErrorKind, GrpcStatus, ScalekitClient, ServerErrorKind};

const UNAVAILABLE: i32 = 14;
const UNAUTHENTICATED: i32 = 16;

fn organization(id: &str) -> Reply {
    let organization = pb::Organization { id: id.into(), ..Default::default() };
    Reply::message(&pb::GetOrganizationResponse { organization: Some(organization) })
}

/// Tokens `t1`, `t2`, … for an hour, and what the function says for everything else.
fn with_tokens(other: impl Fn(&Seen) -> Reply + Send + Sync) -> impl Fn(&Seen) -> Reply + Send + Sync {
    let tokens = AtomicUsize::new(0);
    move |seen| match seen.path.as_str() {
        "/oauth/token" => Reply::token(&format!("t{}", tokens.fetch_add(1, Ordering::SeqCst) + 1), 3600),
        _ => other(seen),
    }
}

async fn get(client: &ScalekitClient) -> crate::Result<crate::Organization> {
    client.organization().get_organization("org_1").await
}

#[tokio::test]
async fn a_call_carries_token_versions_and_deadline() {
    let server = Server::start(with_tokens(|_| organization("org_1"))).await;
    let client = server.builder().user_agent_suffix("shop/1.4").build().unwrap();
    assert_eq!(get(&client).await.unwrap().id, "org_1");

    let token = &server.seen("/oauth/token")[0];
    assert_eq!(token.header("content-type"), "application/x-www-form-urlencoded");
    assert!(token.header("user-agent").starts_with("Scalekit-Rust/0.1.0 shop/1.4"));
    let form = token.form();
    assert_eq!(form["grant_type"], "client_credentials");
    assert_eq!((form["client_id"].as_str(), form["client_secret"].as_str()), ("skc_1", "s3cr3t"));
    assert_eq!(form.len(), 3);

    let call = &server.seen("/scalekit")[0];
    assert_eq!(call.path, "/scalekit.v1.organizations.OrganizationService/GetOrganization");
    assert_eq!(call.header("authorization"), "Bearer t1");
    assert_eq!(call.header("x-sdk-version"), "Scalekit-Rust/0.1.0");
    assert_eq!(call.header("x-api-version"), "20260727");
    assert!(call.header("user-agent").starts_with("Scalekit-Rust/0.1.0 shop/1.4"));
    assert_eq!(call.header("content-type"), "application/grpc");
    let identities = Some(pb::get_organization_request::Identities::Id("org_1".into()));
    assert_eq!(call.message::<pb::GetOrganizationRequest>().identities, identities);
    let timeout = call.header("grpc-timeout");
    let unit = timeout.chars().last().unwrap();
    let value: f64 = timeout[..timeout.len() - 1].parse().unwrap();
    let seconds = value
        / match unit {
            'S' => 1.0,
            'm' => 1e3,
            'u' => 1e6,
            'n' => 1e9,
            _ => panic!("{timeout}"),
        };
    assert!((15.0..=20.0).contains(&seconds), "{timeout}");
}

#[tokio::test]
async fn concurrent_callers_share_one_token() {
    let server = Server::start(with_tokens(|_| organization("org_1"))).await;
    let client = server.client();
    let calls = (0..20).map(|_| get(&client));
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(server.seen("/oauth/token").len(), 1);
    assert_eq!(server.seen("/scalekit").len(), 20);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let server = Server::start(with_tokens(|_| organization("org_1"))).await;
    let client = server.client();
    get(&client).await.unwrap();
    client.clock().advance(Duration::from_secs(3600 - 61));
    get(&client).await.unwrap();
    assert_eq!(server.seen("/oauth/token").len(), 1);
    client.clock().advance(Duration::from_secs(2));
    get(&client).await.unwrap();
    assert_eq!(server.seen("/oauth/token").len(), 2);
    assert_eq!(server.seen("/scalekit").last().unwrap().header("authorization"), "Bearer t2");
}

#[tokio::test]
async fn a_failed_renewal_keeps_the_token_that_still_works() {
    let tokens = AtomicUsize::new(0);
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/oauth/token" if tokens.fetch_add(1, Ordering::SeqCst) == 0 => Reply::token("t1", 3600),
        "/oauth/token" => Reply::json(500, "{}"),
        _ => organization("org_1"),
    })
    .await;
    let client = server.builder().without_retries().build().unwrap();
    get(&client).await.unwrap();
    client.clock().advance(Duration::from_secs(3550));
    get(&client).await.unwrap();
    get(&client).await.unwrap();
    // The second call did not ask again so soon after the failure.
    assert_eq!(server.seen("/oauth/token").len(), 2);
    client.clock().advance(Duration::from_secs(60));
    let error = get(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server(ServerErrorKind::InternalServer));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let server = Server::start(with_tokens(|seen| match seen.header("authorization") {
        "Bearer t1" => Reply::Status(UNAUTHENTICATED, "token is expired", Vec::new()),
        _ => organization("org_1"),
    }))
    .await;
    let client = server.client();
    get(&client).await.unwrap();
    assert_eq!((server.seen("/oauth/token").len(), server.seen("/scalekit").len()), (2, 2));
    get(&client).await.unwrap();
    assert_eq!((server.seen("/oauth/token").len(), server.seen("/scalekit").len()), (2, 3));
}

#[tokio::test]
async fn a_token_that_stays_refused_is_an_error() {
    let server =
        Server::start(with_tokens(|_| Reply::Status(UNAUTHENTICATED, "Token empty", Vec::new()))).await;
    let error = get(&server.client()).await.unwrap_err();
    assert!(error.is_unauthorized());
    assert_eq!(server.seen("/scalekit").len(), 2);
}

#[tokio::test]
async fn a_wrong_secret_is_an_error_after_one_try() {
    let server =
        Server::start(|_| Reply::json(401, r#"{"error":"invalid_client","error_description":"no"}"#)).await;
    let error = get(&server.client()).await.unwrap_err();
    assert!(error.is_unauthorized());
    assert_eq!((error.http_status(), error.error_code()), (Some(401), Some("invalid_client")));
    assert_eq!((server.seen("/oauth/token").len(), server.seen("/scalekit").len()), (1, 0));
}

#[tokio::test]
async fn unavailable_is_tried_again_after_a_while() {
    let calls = AtomicUsize::new(0);
    let server = Server::start(with_tokens(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::Status(UNAVAILABLE, "restarting", Vec::new()),
        _ => organization("org_1"),
    }))
    .await;
    let begin = std::time::Instant::now();
    get(&server.client()).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(500));
    assert_eq!(server.seen("/scalekit").len(), 2);
}

#[tokio::test]
async fn retries_can_be_switched_off_per_call_and_per_client() {
    let server = Server::start(with_tokens(|_| Reply::Status(UNAVAILABLE, "no", Vec::new()))).await;
    let error = server.client().organization().get_organization("org_1").without_retries().await.unwrap_err();
    assert!(error.is_unavailable());
    assert_eq!(server.seen("/scalekit").len(), 1);
    get(&server.builder().without_retries().build().unwrap()).await.unwrap_err();
    assert_eq!(server.seen("/scalekit").len(), 2);
}

#[tokio::test]
async fn a_retry_that_would_come_too_late_is_not_waited_for() {
    let calls = AtomicUsize::new(0);
    let server = Server::start(with_tokens(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => organization("org_1"),
        _ => Reply::Status(UNAVAILABLE, "no", Vec::new()),
    }))
    .await;
    let client = server.client();
    // Token and connection are there: what follows is one round trip.
    get(&client).await.unwrap();
    let call = client.organization().get_organization("org_1").timeout(Duration::from_millis(490));
    let error = call.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server(ServerErrorKind::ServiceUnavailable));
    assert_eq!(server.seen("/scalekit").len(), 2);
}

#[tokio::test]
async fn a_silent_server_is_a_timeout() {
    let server = Server::start(with_tokens(|_| Reply::Hang)).await;
    let call = server.client().organization().get_organization("org_1").timeout(Duration::from_millis(200));
    let error = call.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.is_timeout());
    assert_eq!((error.http_status(), error.grpc_status()), (None, Some(GrpcStatus::DeadlineExceeded)));
    assert_eq!(server.seen("/scalekit").len(), 1);
}

#[tokio::test]
async fn the_deadline_covers_the_token_too() {
    let server = Server::start(|_| Reply::Hang).await;
    let client = server.builder().timeout(Duration::from_millis(200)).build().unwrap();
    assert_eq!(get(&client).await.unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn error_details_arrive_over_the_wire() {
    #[derive(Clone, PartialEq, prost::Message)]
    struct RpcStatus {
        #[prost(int32, tag = "1")]
        code: i32,
        #[prost(string, tag = "2")]
        message: String,
        #[prost(message, repeated, tag = "3")]
        details: Vec<prost_types::Any>,
    }
    let info = ErrorInfo {
        error_code: "NOT_FOUND".into(),
        request_info: Some(RequestInfo { request_id: "req_7".into(), ..Default::default() }),
        ..Default::default()
    };
    let detail = prost_types::Any {
        type_url: "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo".into(),
        value: info.encode_to_vec(),
    };
    let status = RpcStatus { code: 5, message: "organization not found".into(), details: vec![detail] };
    let details = status.encode_to_vec();
    let server =
        Server::start(with_tokens(move |_| Reply::Status(5, "organization not found", details.clone())))
            .await;
    let error = get(&server.client()).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.message(), "organization not found");
    assert_eq!((error.error_code(), error.request_id()), (Some("NOT_FOUND"), Some("req_7")));
    assert_eq!((error.http_status(), error.grpc_status()), (Some(404), Some(GrpcStatus::NotFound)));
    assert_eq!(error.unpacked_details(), [info]);
}

#[tokio::test]
async fn http_errors_on_the_grpc_path_are_statuses() {
    for (http, kind) in [
        (200, ServerErrorKind::InternalServer),
        (401, ServerErrorKind::Unauthorized),
        (403, ServerErrorKind::Forbidden),
        (404, ServerErrorKind::NotImplemented),
        (429, ServerErrorKind::ServiceUnavailable),
        (503, ServerErrorKind::ServiceUnavailable),
    ] {
        let server = Server::start(with_tokens(move |_| Reply::Http(http, vec![], "<html>".into()))).await;
        let client = server.builder().without_retries().build().unwrap();
        assert_eq!(get(&client).await.unwrap_err().kind(), ErrorKind::Server(kind), "{http}");
    }
}

#[tokio::test]
async fn an_answer_without_its_content_is_an_error() {
    let server = Server::start(with_tokens(|_| Reply::Grpc(Vec::new()))).await;
    let error = get(&server.client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert_eq!(error.to_string(), "the answer has no organization");
}

#[tokio::test]
async fn a_closed_port_is_a_transport_error() {
    let address = Server::start(|_| Reply::Hang).await.stop().await;
    let client = ScalekitClient::builder()
        .env_url(format!("http://{address}"))
        .client_id("skc_1")
        .client_secret("s3cr3t")
        .without_retries()
        .build()
        .unwrap();
    let error = get(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(error.is_unavailable());
    assert_eq!((error.http_status(), error.grpc_status()), (None, Some(GrpcStatus::Unavailable)));
    assert!(std::error::Error::source(&error).is_some());
    assert!(!format!("{error:?} {error}").contains("s3cr3t"));
}

#[tokio::test]
async fn the_connection_comes_back_after_a_restart() {
    let server = Server::start(with_tokens(|_| organization("org_1"))).await;
    let client = server.builder().without_retries().build().unwrap();
    get(&client).await.unwrap();
    let address = server.stop().await;
    let down = get(&client).await.unwrap_err();
    assert_eq!(down.kind(), ErrorKind::Transport, "{down:?}");
    assert_eq!(down.grpc_status(), Some(GrpcStatus::Unavailable), "{down:?}");
    let server = Server::start_at(address, with_tokens(|_| organization("org_2"))).await;
    assert_eq!(get(&client).await.unwrap().id, "org_2");
    assert_eq!(server.seen("/scalekit").len(), 1);
}

#[tokio::test]
async fn a_call_that_was_cut_off_is_not_repeated() {
    let server = Server::start(with_tokens(|_| Reply::Hang)).await;
    let client = server.client();
    let call = tokio::spawn(async move { get(&client).await });
    while server.seen("/scalekit").is_empty() {
        tokio::task::yield_now().await;
    }
    // It arrived, so a write might have happened: whether to repeat it is the caller's decision.
    let address = server.stop().await;
    let again = Server::start_at(address, with_tokens(|_| organization("org_2"))).await;
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
    assert_ne!(error.grpc_status(), Some(GrpcStatus::Unavailable), "{error:?}");
    assert!(again.seen("/scalekit").is_empty());
}

#[tokio::test]
async fn a_restart_between_calls_is_survived_by_a_retry() {
    let server = Server::start(with_tokens(|_| organization("org_1"))).await;
    let client = server.client();
    get(&client).await.unwrap();
    let address = server.stop().await;
    let _server = Server::start_at(address, with_tokens(|_| organization("org_2"))).await;
    assert_eq!(get(&client).await.unwrap().id, "org_2");
}

#[tokio::test]
async fn a_client_without_a_secret_refuses_calls_and_sends_nothing() {
    let server = Server::start(|_| Reply::Hang).await;
    let client = ScalekitClient::builder().env_url(server.url()).client_id("skc_1").build().unwrap();
    let error = get(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(error.message(), "client secret is required for authentication");
    assert!(server.seen("").is_empty());
}

#[test]
fn one_client_works_in_several_runtimes() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let servers = runtime();
    let server = servers.block_on(Server::start(with_tokens(|_| organization("org_1"))));
    let client = server.client();
    for _ in 0..2 {
        runtime().block_on(get(&client)).unwrap();
    }
}

#[test]
fn without_a_runtime_it_is_an_error_not_a_panic() {
    let client = ScalekitClient::new("http://127.0.0.1:1", "skc_1", "s3cr3t").unwrap();
    let error = futures_util::FutureExt::now_or_never(get(&client)).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
}
