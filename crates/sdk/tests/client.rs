//! The client object against the real server: tokens, checks of tokens, errors of the token endpoint.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::time::Duration;

use gatewright_sdk::{ErrorKind, ScalekitClient};
use gatewright_testkit::{Server, api_tests};
use serde_json::Value;

fn client(t: &Server) -> ScalekitClient {
    ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap()
}

api_tests! {
    async fn a_token_of_the_server_passes_the_sdks_checks(t: Server) {
        let client = client(&t);
        let token = client.get_client_access_token().await.unwrap();
        let claims: Value = client.validate_token(&*token).issuer(&t.url).await.unwrap();
        assert_eq!(claims["iss"], t.url);
        assert_eq!(claims["sub"], t.client_id);
        let audience = claims["aud"][0].as_str().unwrap();
        assert!(client.validate_access_token(&*token).audience(audience).await);
        assert!(!client.validate_access_token(&*token).audience("somebody else").await);
        assert!(!client.validate_access_token(&*token).issuer("https://other.test").await);
        let (head, _) = token.rsplit_once('.').unwrap();
        let error = client.validate_token::<Value>(format!("{head}.AAAA")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TokenValidation);
    }

    async fn a_rotation_of_the_servers_key_is_survived(t: Server) {
        let client = client(&t);
        let old = client.get_client_access_token().await.unwrap();
        assert!(client.validate_access_token(&*old).await);
        gatewright::keys::rotate(&t.operator, Duration::ZERO).await.unwrap();
        let token = client.generate_client_token(&t.client_id, &t.client_secret).await.unwrap();
        assert!(client.validate_access_token(&*token.access_token).await, "signed with the new key");
        assert!(client.validate_access_token(&*old).await, "signed with the old key");
        assert!(client.organization().list_organization().await.is_ok());
    }

    async fn wrong_credentials_are_unauthorized(t: Server) {
        let wrong = ScalekitClient::new(&t.url, &t.client_id, "wrong").unwrap();
        for error in [
            wrong.organization().list_organization().await.unwrap_err(),
            client(&t).generate_client_token("skc_1", "wrong").await.unwrap_err(),
        ] {
            assert!(error.is_unauthorized(), "{error:?}");
            assert_eq!((error.http_status(), error.error_code()), (Some(401), Some("invalid_client")));
        }
    }

    async fn an_unknown_refresh_token_or_code_is_refused(t: Server) {
        let client = client(&t);
        let refused = [
            client.refresh_access_token("rt_unknown").await.unwrap_err(),
            client.authenticate_with_code("unknown", "https://app.test/cb").await.unwrap_err(),
        ];
        for error in refused {
            assert!(error.is_bad_request(), "{error:?}");
            assert!(error.error_code().is_some());
        }
    }

    async fn a_token_of_another_environment_is_not_accepted(t: Server) {
        let other = t.add_environment("other").await;
        let foreign = t.token_in(&other).await;
        assert!(!client(&t).validate_access_token(foreign).await);
    }
}
