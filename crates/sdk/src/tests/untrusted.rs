//! Whatever a server, a sender or a caller gives: an error, never a panic.

use proptest::prelude::*;

use crate::error::{from_http, from_status};
use crate::{ScalekitClient, Timestamp, jwt, webhooks};

proptest! {
    #[test]
    fn error_bodies(status: u16, body: Vec<u8>) {
        let error = from_http(status, None, &body);
        prop_assert_eq!(error.http_status(), Some(status));
        prop_assert!(!error.to_string().is_empty());
    }

    #[test]
    fn error_bodies_in_json(status: u16, error: String, message: String) {
        let body = serde_json::json!({"error": error, "error_description": message, "details": [error]});
        let decoded = from_http(status, None, body.to_string().as_bytes());
        prop_assert_eq!(decoded.error_code(), Some(error.as_str()));
        prop_assert_eq!(decoded.message(), message);
    }

    #[test]
    fn error_details(code in 1..17_i32, message: String, details: Vec<u8>) {
        let status = tonic::Status::with_details(tonic::Code::from_i32(code), message, details.into());
        let error = from_status(status);
        prop_assert_eq!(error.grpc_status().map(crate::GrpcStatus::code), Some(code));
        prop_assert!(!error.message().is_empty());
    }

    #[test]
    fn webhook_headers(secret: String, id: String, time: String, signature: String, body: Vec<u8>, now: i32) {
        let headers = [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)];
        let now = Timestamp::from_second(now.into()).unwrap();
        let key = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        prop_assert!(webhooks::verify(&secret, &headers, &body, now).is_err());
        prop_assert!(webhooks::verify(key, &headers, &body, now).is_err());
    }

    #[test]
    fn tokens(token: String, parts in prop::collection::vec("[A-Za-z0-9_-]{0,40}", 3)) {
        prop_assert!(!jwt::verify_scopes(&token, &["a".to_owned()]));
        prop_assert!(!jwt::verify_scopes(&parts.join("."), &["a".to_owned()]));
    }

    #[test]
    fn environment_urls(url: String, host in "[a-z]{1,10}(\\.[a-z]{1,10}){0,3}", slashes in "/{0,4}") {
        let build = |url: &str| ScalekitClient::builder().env_url(url).client_id("skc_1").build();
        if let Ok(client) = build(&url) {
            prop_assert!(client.env_url().starts_with("http"));
        }
        let client = build(&format!("http://{host}{slashes}")).unwrap();
        prop_assert_eq!(client.env_url(), format!("http://{host}"));
    }
}
