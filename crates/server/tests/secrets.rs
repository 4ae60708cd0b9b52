//! Secrets of interceptors through the API.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gatewright::{secrets, sql, time::Timestamp};
use gatewright_testkit::{Api, Options, Server, api_tests, database_tests};
use serde_json::{Value as Json, json};
use std::time::Duration;

const PATH: &str = "/api/v1/secrets";
const NOW: Timestamp = Timestamp::from_micros(1_772_884_800_000_000);

async fn create(api: &Api) -> Json {
    let answer =
        api.post(PATH, json!({"secret_type": "INTERCEPTOR_HMAC", "tenant_type": "INTERCEPTOR"})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json["secret"].clone()
}

fn at(secret: &Json) -> String {
    format!("{PATH}/{}", secret["id"].as_str().unwrap())
}

async fn signing(t: &Server, api: &Api, secret: &Json) -> Vec<String> {
    let id = secret["id"].as_str().unwrap().parse().unwrap();
    let found = secrets::signing_secrets(&t.app, api.environment, id).await.unwrap();
    found.iter().map(|secret| secret.expose().clone()).collect()
}

api_tests! {
    async fn a_secret_is_shown_when_made_and_when_asked_for(t: Server) {
        let api = t.api().await;
        let made = create(&api).await;
        let plain = made["plaintext_secret"].as_str().unwrap();
        assert_eq!(STANDARD.decode(plain.strip_prefix("whsec_").unwrap()).unwrap().len(), 32);
        assert!(plain.ends_with(made["secret_suffix"].as_str().unwrap()));
        assert_eq!((&made["secret_type"], &made["tenant_type"]), (&json!("INTERCEPTOR_HMAC"), &json!("INTERCEPTOR")));
        let got = api.get(&at(&made)).await;
        assert!(got.json["secret"]["id"] == made["id"] && !got.text.contains(plain), "{}", got.text);
        assert_eq!(api.get(&format!("{}?include_plaintext_secret=true", at(&made))).await.json["secret"], made);
        let newer = create(&api).await;
        let listed = api.get(PATH).await;
        assert_eq!((&listed.json["secret"][0]["id"], &listed.json["secret"][1]["id"]), (&newer["id"], &made["id"]));
        assert!(!listed.text.contains("whsec_"));
        assert_eq!(api.get(&format!("{PATH}?secret_type=DIRECTORY_TOKEN")).await.json["secret"], json!([]));
        assert_eq!(signing(&t, &api, &made).await, [plain]);
        let stored: Vec<Vec<u8>> = sql!("SELECT secret_sealed FROM secrets WHERE environment_id = $1")
            .bind(api.environment).all(&mut t.app.db.read()).await.unwrap();
        assert!(stored.iter().all(|sealed| !sealed.windows(6).any(|part| part == b"whsec_")));
        assert_eq!(api.delete(&at(&made)).await.json, json!({}));
        for answer in [api.delete(&at(&made)).await, api.get(&at(&made)).await, api.post(&format!("{}:rotate", at(&made)), json!({})).await] {
            answer.failure(404, 5);
        }
    }

    async fn bad_requests_are_refused(t: Server) {
        let api = t.api().await;
        for (body, field) in [
            (json!({}), "secret.secret_type"),
            (json!({"secret_type": "INTERCEPTOR_HMAC"}), "secret.tenant_type"),
            (json!({"secret_type": "INTERCEPTOR_HMAC", "tenant_type": "DIRECTORY"}), "secret.tenant_type"),
            (json!({"secret_type": "DIRECTORY_TOKEN", "tenant_type": "DIRECTORY"}), "secret.secret_type"),
        ] {
            let answer = api.post(PATH, body).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations()[0].0, field, "{}", answer.text);
        }
        api.get(&format!("{PATH}/usr_1")).await.failure(400, 3);
        let made = create(&api).await;
        let other = t.add_environment("other.test").await;
        let other = t.api_in(&other).await;
        for answer in [other.get(&at(&made)).await, other.delete(&at(&made)).await, other.post(&format!("{}:rotate", at(&made)), json!({})).await] {
            answer.failure(404, 5);
        }
        assert_eq!(other.get(PATH).await.json["secret"], json!([]));
    }

    async fn an_environment_has_a_hundred_at_most(t: Server) {
        let api = t.api().await;
        for _ in 0..100 {
            create(&api).await;
        }
        api.post(PATH, json!({"secret_type": "INTERCEPTOR_HMAC", "tenant_type": "INTERCEPTOR"})).await.failure(400, 9);
    }
}

database_tests! {
    async fn after_a_rotation_both_sign_for_a_day(kind: Database) {
        let t = Server::start_with(kind, Options { frozen_at: Some(NOW), ..Options::default() }).await;
        let api = t.api().await;
        let made = create(&api).await;
        let answer = api.post(&format!("{}:rotate", at(&made)), json!({})).await;
        let rotated = answer.json["secret"].clone();
        assert_eq!((&rotated["id"], &rotated["created_at"]), (&made["id"], &made["created_at"]), "{}", answer.text);
        let (new, old) = (rotated["plaintext_secret"].as_str().unwrap(), made["plaintext_secret"].as_str().unwrap());
        assert_ne!(new, old);
        assert_eq!(signing(&t, &api, &made).await, [new, old]);
        t.advance(Duration::from_secs(24 * 3600));
        assert_eq!(signing(&t, &t.api().await, &made).await, [new]);
        let again = t.api().await.post(&format!("{}:rotate", at(&made)), json!({})).await.json["secret"].clone();
        assert_eq!(signing(&t, &t.api().await, &made).await, [again["plaintext_secret"].as_str().unwrap(), new]);
    }
}
