//! Passkeys through the API. Their registration comes with the hosted pages; here it is what those will call.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use gatewright::{
    error::Kind,
    ids::UserId,
    passkeys::{self, Passkey},
    sql,
};
use gatewright_api::{rpc::web_authn_service as rpc, scalekit::v1::auth::webauthn as pb};
use gatewright_testkit::{Api, FIREFOX, api_tests, json as http_json, new_passkey};
use serde_json::{Value as Json, json};
use tonic::Code;

const PATH: &str = "/api/v1/webauthn/credentials";

async fn list(api: &Api, user: &str) -> Json {
    let answer = api.get(&format!("{PATH}?user_id={user}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

fn path(passkey: &Passkey) -> String {
    format!("{PATH}/{}", passkey.id)
}

fn ids(list: &Json) -> Vec<&str> {
    list["credentials"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

async fn users(api: &Api) -> (String, String) {
    let acme = api.organization("Acme").create().await;
    let dana = api.member(&acme.id, "dana@acme.example").create().await;
    let erin = api.member(&acme.id, "erin@acme.example").create().await;
    (dana.id, erin.id)
}

api_tests! {
    async fn the_passkeys_of_a_user_are_listed(t: Server) {
        let api = t.api().await;
        let (dana, erin) = users(&api).await;
        let first = t.passkey(&dana, b"first key of dana").await;
        let second = t.passkey(&dana, &[0xfb, 0xff, 0x00]).await;
        t.passkey(&erin, b"of erin").await;
        let shown = list(&api, &dana).await;
        assert_eq!(ids(&shown), [second.id.to_string(), first.id.to_string()]);
        let mut newest = shown["credentials"][0].clone();
        let times = newest.as_object_mut().unwrap();
        assert_eq!(times.remove("created_at"), times.remove("updated_at"));
        assert!(times.remove("display_name").is_none_or(|name| name.is_null()));
        assert_eq!(newest, json!({
            "id": second.id.to_string(),
            "user_id": dana,
            "credential_id": STANDARD.encode([0xfb, 0xff, 0x00]),
            "attestation_type": "none",
            "authenticator": {"aaguid": "08987058-cadc-4b81-b6e1-30de50dcbe96", "name": "", "attachment": "platform", "icon_dark": "", "icon_light": ""},
            "transports": ["internal", "hybrid"],
            "authenticator_flags": {"user_present": true, "user_verified": true, "backup_eligible": true, "backup_state": false},
            "user_agent": {"raw": FIREFOX, "url": "", "browser": "Firefox", "browser_version": "140.0", "os": "Linux", "os_version": "", "device_type": "desktop", "device_model": ""},
            "client_info": {"ip": "198.51.100.23", "region": "DE", "region_subdivision": "DEHH", "city": "Hamburg"},
        }));
        let number: u128 = dana.strip_prefix("usr_").unwrap().parse().unwrap();
        assert_eq!(shown["all_accepted_credentials_options"], json!({
            "rp_id": "localhost",
            "user_id": URL_SAFE_NO_PAD.encode(number.to_be_bytes()),
            "all_accepted_credential_ids": ["-_8A", URL_SAFE_NO_PAD.encode("first key of dana")],
        }));
        assert!(!shown.to_string().contains("verifier-of"), "what checks assertions stays here");
    }

    async fn a_passkey_is_renamed_and_deleted(t: Server) {
        let api = t.api().await;
        let (dana, _) = users(&api).await;
        let passkey = t.passkey(&dana, b"raw").await;
        let other = t.passkey(&dana, b"other").await;
        api.told().await;
        let renamed = api.patch(&path(&passkey), json!({"display_name": "Büro-Laptop"})).await;
        assert_eq!(renamed.status, 200, "{}", renamed.text);
        let credential = &renamed.json["credential"];
        assert_eq!((&credential["display_name"], &credential["id"]), (&json!("Büro-Laptop"), &json!(passkey.id.to_string())));
        assert_eq!(list(&api, &dana).await["credentials"][1], *credential);
        for name in ["", " ", "\u{202e}x", "a\u{0}b", "a\nb", &"x".repeat(121)] {
            api.patch(&path(&passkey), json!({"display_name": name})).await.failure(400, 3);
        }
        assert_eq!(list(&api, &dana).await["credentials"][1], *credential);
        let deleted = api.delete(&path(&passkey)).await;
        assert_eq!(deleted.json, json!({"success": true, "unknown_credential_options": {"rp_id": "localhost", "credential_id": URL_SAFE_NO_PAD.encode("raw")}}));
        api.delete(&path(&passkey)).await.failure(404, 5);
        api.patch(&path(&passkey), json!({"display_name": "x"})).await.failure(404, 5);
        assert_eq!(ids(&list(&api, &dana).await), [other.id.to_string()]);
        assert!(api.told().await.is_empty(), "the catalogue has no events of passkeys");
    }

    async fn a_credential_is_of_one_user_and_goes_with_it(t: Server) {
        let api = t.api().await;
        let (dana, erin) = users(&api).await;
        t.passkey(&dana, b"raw").await;
        let other = t.add_environment("other").await;
        let other = t.api_in(&other).await;
        let (frank, _) = users(&other).await;
        for (user, raw_id, kind) in [
            (&erin, b"raw".as_slice(), Kind::AlreadyExists),
            (&dana, b"raw", Kind::AlreadyExists),
            (&frank, b"new", Kind::NotFound),
            (&"usr_1".to_owned(), b"new", Kind::NotFound),
        ] {
            let mut tx = t.app.db.write().await.unwrap();
            let error = passkeys::add(&mut tx, &t.operator, new_passkey(user, raw_id)).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{user}");
        }
        assert_eq!(api.delete(&format!("/api/v1/users/{dana}")).await.status, 200);
        let left: i64 = sql!("SELECT COUNT(*) FROM passkeys WHERE environment_id = $1")
            .bind(api.environment).one(&mut t.app.db.read()).await.unwrap();
        assert_eq!(left, 0);
        t.passkey(&erin, b"raw").await;
    }

    async fn what_is_no_passkey_is_not_found(t: Server) {
        let api = t.api().await;
        let (dana, _) = users(&api).await;
        let passkey = t.passkey(&dana, b"raw").await;
        let other = t.add_environment("other").await;
        let other = t.api_in(&other).await;
        other.patch(&path(&passkey), json!({"display_name": "mine"})).await.failure(404, 5);
        other.delete(&path(&passkey)).await.failure(404, 5);
        other.get(&format!("{PATH}?user_id={dana}")).await.failure(404, 5);
        for id in ["cred_1", "cred_9223372036854775807"] {
            api.delete(&format!("{PATH}/{id}")).await.failure(404, 5);
            api.patch(&format!("{PATH}/{id}"), json!({"display_name": "x"})).await.failure(404, 5);
        }
        for id in ["cred_", "cred_x", "raw", "usr_1"] {
            api.delete(&format!("{PATH}/{id}")).await.failure(400, 3);
            api.patch(&format!("{PATH}/{id}"), json!({"display_name": "x"})).await.failure(400, 3);
        }
        api.get(PATH).await.failure(400, 3);
        api.get(&format!("{PATH}?user_id=dana")).await.failure(400, 3);
        api.get(&format!("{PATH}?user_id=usr_1")).await.failure(404, 5);
        let failure = api.call::<rpc::DeleteCredential>(pb::DeleteCredentialRequest::default()).await.unwrap_err();
        assert_eq!(failure.code, Code::InvalidArgument);
        assert_eq!(ids(&list(&api, &dana).await), [passkey.id.to_string()]);
    }

    async fn related_origins_are_public(t: Server) {
        let answer = http_json(t.http.get(format!("{}/.well-known/webauthn", t.url))).await;
        assert_eq!((answer.status, answer.json), (200, json!({"origins": [t.url]})));
        let other = t.add_environment("other").await;
        let request = t.http.get(format!("{}/.well-known/webauthn", t.url)).header("host", &other.host);
        assert_eq!(http_json(request).await.json, json!({"origins": [format!("http://{}", other.host)]}));
    }

    async fn ten_deletions_delete_once(t: Server) {
        let api = t.api().await;
        let (dana, _) = users(&api).await;
        let passkey = t.passkey(&dana, b"raw").await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let (grpc, credential_id) = (api.grpc.clone(), passkey.id.to_string());
            tasks.spawn(async move {
                grpc.call::<rpc::DeleteCredential>(pb::DeleteCredentialRequest { credential_id }).await.is_ok()
            });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|done| *done).count(), 1);
    }
}

#[test]
fn handles_of_users_differ() {
    let handle = |number| passkeys::user_handle(UserId::from_i64(number));
    assert_ne!(handle(1), handle(2));
    assert_eq!(handle(i64::MAX)[..8], [0; 8]);
}
