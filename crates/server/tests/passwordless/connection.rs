//! What the environment's passwordless connection and its test users say counts at the API.
use crate::{EVA, mail, mailed_token};
use gatewright_testkit::{Api, api_tests};
use serde_json::{Value as Json, json};

const CONNECTIONS: &str = "/api/v1/connections";
const SEND: &str = "/api/v1/passwordless/email/send";
const VERIFY: &str = "/api/v1/passwordless/email/verify";

async fn connection(api: &Api) -> String {
    let all = api.get(CONNECTIONS).await.json;
    all["connections"][0]["id"].as_str().unwrap().to_owned()
}

async fn configure(api: &Api, config: Json) {
    let path = format!("{CONNECTIONS}/{}", connection(api).await);
    let answer = api
        .patch(
            &path,
            json!({"provider": "SCALEKIT", "provider_key": "SCALEKIT", "passwordless_config": config}),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn send(api: &Api, email: &str) -> Json {
    let body = json!({"email": email, "magiclink_auth_uri": "https://app.kontor.example/pl"});
    let answer = api.post(SEND, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

api_tests! {
    async fn a_link_of_the_same_browser_is_what_the_connection_asks_for(t: Server) {
        let api = t.api().await;
        assert_eq!(send(&api, EVA).await["passwordless_type"], "OTP");
        configure(&api, json!({"type": "LINK", "validity": 120, "enforce_same_browser_origin": true, "frequency": 5})).await;
        let sent = send(&api, EVA).await;
        assert_eq!((&sent["passwordless_type"], &sent["expires_in"]), (&json!("LINK"), &json!(120)));
        let token = mailed_token(&t).await;
        let elsewhere = api.post(VERIFY, json!({"link_token": token})).await;
        elsewhere.failure(400, 3);
        let here = json!({"link_token": token, "auth_request_id": sent["auth_request_id"]});
        let verified = api.post(VERIFY, here.clone()).await;
        assert_eq!((verified.status, &verified.json["email"]), (200, &json!(EVA)), "{}", verified.text);
        api.post(VERIFY, here).await.failure(400, 3);
    }

    async fn codes_have_the_length_and_letters_of_the_connection(t: Server) {
        let api = t.api().await;
        configure(&api, json!({"type": "OTP", "code_challenge_length": 9, "code_challenge_type": "ALPHANUMERIC"})).await;
        send(&api, EVA).await;
        assert_eq!(mail(&t).await.otp.unwrap().len(), 9);
    }

    async fn a_connection_that_is_off_sends_nothing(t: Server) {
        let api = t.api().await;
        let path = format!("{CONNECTIONS}/{}:disable", connection(&api).await);
        assert_eq!(api.send("PATCH", &path, "").await.status, 200);
        let refused = api.post(SEND, json!({"email": EVA})).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        t.run_jobs().await;
        assert!(t.inbox().await.is_empty());
    }

    async fn a_test_user_signs_in_with_the_fixed_code_and_without_a_mail(t: Server) {
        let api = t.api().await;
        let users = json!({"test_user": {"enabled": true, "emails": ["ann+sktest@kontor.example"]}});
        let answer = api.patch(&format!("/api/v1/environments/{}/settings/test-user", api.environment), users).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let sent = send(&api, "Ann+SKTEST@kontor.example").await;
        let code = json!({"code": "424242", "auth_request_id": sent["auth_request_id"]});
        let verified = api.post(VERIFY, code).await;
        assert_eq!((verified.status, &verified.json["email"]), (200, &json!("Ann+SKTEST@kontor.example")), "{}", verified.text);
        t.run_jobs().await;
        assert!(t.inbox().await.is_empty());
        let sent = send(&api, EVA).await;
        api.post(VERIFY, json!({"code": "424242", "auth_request_id": sent["auth_request_id"]})).await.failure(400, 3);
    }
}
