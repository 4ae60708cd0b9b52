//! Identity providers that answer wrongly: each is refused with its code, and a trace that tells no secret.
use super::support::*;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use gatewright::relying_party::{Callback, UpstreamError};
use gatewright_testkit::{Idp, Server, WebAnswer, database_tests, parameters};
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};

/// What must never be in a trace.
fn assert_no_secret(error: &UpstreamError, tokens: &[&str]) {
    let text = format!("{error:?} {error}");
    for secret in tokens.iter().chain(&[Idp::CLIENT_SECRET, Idp::ACCESS_TOKEN, "code-1"]) {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

async fn refused_with(
    t: &Server,
    idp: &Idp,
    connection: &gatewright::connections::Connection,
    changes: Json,
) -> UpstreamError {
    let mut token = String::new();
    let error = sign_in(t, connection, |request| {
        let mut claims = idp.claims(&t.operator, request);
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        idp.will_say(&claims);
        token = idp.sign(&claims);
    })
    .await
    .unwrap_err();
    assert_eq!((error.purpose, error.connection), (Some(login(1)), Some(connection.id)), "{error}");
    assert!(error.fault.is_none(), "{error:?}");
    assert_no_secret(&error, &[&token]);
    error
}

database_tests! {
    async fn wrong_claims_are_refused(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        let slash = format!("{}/", idp.issuer());
        let cases = [
            (json!({"iss": slash}), "invalid_id_token", "check the issuer of the ID token"),
            (json!({"aud": "somebody else"}), "invalid_id_token", "check the audience of the ID token"),
            (json!({"aud": [Idp::CLIENT_ID, "other"]}), "invalid_id_token", "check the authorized party of the ID token"),
            (json!({"nonce": "x"}), "invalid_id_token", "check the nonce of the ID token"),
            (json!({"exp": 1}), "invalid_id_token", "check the times of the ID token"),
            (json!({"at_hash": "x"}), "invalid_id_token", "check at_hash of the ID token"),
            (json!({"email": "no address"}), "mandatory_attribute_missing", "map the attributes of the user"),
            (json!({"email": ["ann@acme.example"]}), "mandatory_attribute_missing", "map the attributes of the user"),
        ];
        for (changes, code, step) in cases {
            let error = refused_with(&t, &idp, &connection, changes.clone()).await;
            assert_eq!((error.code, error.step), (code, step), "{changes}");
        }
    }

    async fn tokens_that_nobody_signed_as_they_should_are_refused(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        let other = Idp::start().await;
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for (what, got) in [
            ("none", "not signed with RS256"),
            ("HS256", "not signed with RS256"),
            ("another key", "signature is not valid"),
            ("no token", "not a signed JWT"),
        ] {
            let error = sign_in(&t, &connection, |request| {
                let claims = idp.claims(&t.operator, request);
                let token = match what {
                    "none" => format!("{}.{}.", part(r#"{"alg":"none","kid":"k1"}"#), part(&claims.to_string())),
                    "HS256" => format!("{}.{}.AAAA", part(r#"{"alg":"HS256","kid":"k1"}"#), part(&claims.to_string())),
                    "another key" => other.sign(&claims),
                    _ => "x".to_owned(),
                };
                idp.will_give(&json!(token));
            }).await.unwrap_err();
            assert_eq!((error.code, error.step), ("invalid_id_token", "verify the signature of the ID token"), "{what}");
            assert!(error.got.contains(got), "{what}: {error}");
        }
        let error = sign_in(&t, &connection, |_| idp.will_give(&Json::Null)).await.unwrap_err();
        assert_eq!((error.code, error.step), ("invalid_id_token", "find the ID token"));
    }

    async fn a_token_endpoint_that_answers_wrongly_is_refused(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        let body = |json: Json| json.to_string().into_bytes();
        for (answer, got) in [
            (WebAnswer::Refusal(400, body(json!({"error": "invalid_grant", "error_description": "code expired\r\n"}))), "\"invalid_grant\" code expired"),
            (WebAnswer::Ok(body(json!({"error": "bad_verification_code"}))), "\"bad_verification_code\""),
            (WebAnswer::Ok(b"<html>".to_vec()), "status 200 and another text"),
            (WebAnswer::Ok(body(json!({"access_token": "x", "token_type": "mac", "id_token": "y"}))), "type \"mac\""),
            (WebAnswer::Ok(body(json!({"access_token": 7}))), "another text"),
            (WebAnswer::Ok(vec![b' '; 300 * 1024]), "more than 256 KiB"),
            (WebAnswer::Endless, "more than 256 KiB"),
            (WebAnswer::Status(302, "https://127.0.0.1/token".into()), "status 302"),
            (WebAnswer::Status(500, String::new()), "status 500"),
        ] {
            let error = sign_in(&t, &connection, |_| idp.web.answer("/token", answer.clone())).await.unwrap_err();
            assert_eq!((error.code, error.step), ("failed_to_exchange_token", "exchange the code at the token endpoint"), "{answer:?}");
            assert!(error.got.contains(got), "{answer:?}: {error}");
            assert_no_secret(&error, &[]);
        }
    }

    async fn a_slow_provider_holds_nobody_up_for_long(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        let began = Instant::now();
        let (silent, dripping) = tokio::join!(
            sign_in(&t, &connection, |_| idp.web.answer("/token", WebAnswer::Silent)),
            async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                sign_in(&t, &connection, |_| idp.web.answer("/token", WebAnswer::Dripping)).await
            }
        );
        for error in [silent.unwrap_err(), dripping.unwrap_err()] {
            assert_eq!(error.code, "failed_to_exchange_token");
            assert!(error.got.contains("took too long"), "{error}");
        }
        assert!(began.elapsed() < Duration::from_secs(14));
    }

    async fn a_profile_of_somebody_else_is_refused(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        for (answer, got) in [
            (WebAnswer::Ok(br#"{"sub":"idp|bob","email":"bob@acme.example"}"#.to_vec()), "\"idp|bob\""),
            (WebAnswer::Ok(br#"{"email":"bob@acme.example"}"#.to_vec()), "none"),
            (WebAnswer::Ok(b"[]".to_vec()), "something else with status 200"),
            (WebAnswer::Status(401, String::new()), "status 401"),
            (WebAnswer::Endless, "more than 256 KiB"),
        ] {
            let error = sign_in(&t, &connection, |request| {
                idp.will_say(&idp.claims(&t.operator, request));
                idp.web.answer("/userinfo", answer.clone());
            }).await.unwrap_err();
            assert_eq!(error.code, "user_info_retrieve_failed", "{error}");
            assert!(error.got.contains(got), "{error}");
            assert_no_secret(&error, &[]);
        }
    }

    async fn the_provider_may_say_no(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        idp.web.asked();
        for (said, code) in [
            ("access_denied", "access_denied"),
            ("login_required", "authentication_not_completed"),
            ("temporarily_unavailable", "server_error"),
            ("invalid_scope", "unauthorized"),
            ("\"><script>\u{7}", "unauthorized"),
        ] {
            let request = start(&t, &connection).await;
            let callback = Callback { error: Some(said.to_owned()), error_description: Some("no\nway".into()), ..answer(&request) };
            let error = finish(&t, &connection, callback.clone()).await.unwrap_err();
            assert_eq!((error.code, error.purpose), (code, Some(login(1))), "{said}");
            assert!(error.got.contains("noway") && !error.got.contains('\u{7}'), "{error}");
            assert_eq!(finish(&t, &connection, callback).await.unwrap_err().code, "invalid_state");
        }
        for (callback, code) in [
            (Callback { code: None, ..Callback::default() }, "failed_to_exchange_token"),
            (Callback { code: Some(String::new()), ..Callback::default() }, "failed_to_exchange_token"),
            (Callback { code: Some("x".repeat(8193)), ..Callback::default() }, "failed_to_exchange_token"),
            (Callback { code: Some("x".into()), iss: Some("https://evil.example".into()), ..Callback::default() }, "unauthorized"),
            (Callback { code: Some("x".into()), iss: Some(format!("{}/", idp.issuer())), ..Callback::default() }, "unauthorized"),
        ] {
            let state = parameters(&start(&t, &connection).await)["state"].clone();
            let error = finish(&t, &connection, Callback { state: Some(state), ..callback }).await.unwrap_err();
            assert_eq!(error.code, code, "{error}");
        }
        assert!(idp.web.asked().is_empty(), "the provider was not asked");
    }

    async fn new_keys_are_found_and_made_up_ones_cost_little(kind: Database) {
        let (t, api, mut idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        let now = t.operator.now();
        let node = t.second_node_with(gatewright_testkit::Options {
            settings: gatewright_testkit::local_network(),
            frozen_at: Some(now),
            ..Default::default()
        }).await;
        let sign_in = async |idp: &Idp| {
            sign_in(&node, &connection, |request| idp.will_say(&idp.claims(&node.operator, request))).await
        };
        sign_in(&idp).await.unwrap();
        sign_in(&idp).await.unwrap();
        let keys = |idp: &Idp| idp.web.asked().iter().filter(|path| *path == "/keys").count();
        assert_eq!(keys(&idp), 1, "they are kept");
        idp.roll_keys("k2");
        assert_eq!(sign_in(&idp).await.unwrap_err().got, "none of the published keys fits its kid and alg");
        assert_eq!(keys(&idp), 0, "they were read a moment ago");
        node.advance(Duration::from_secs(60));
        sign_in(&idp).await.unwrap();
        assert_eq!(keys(&idp), 1);
        // A key that is withdrawn counts for a quarter of an hour at the most.
        idp.roll_keys("k2");
        node.advance(Duration::from_secs(15 * 60));
        sign_in(&idp).await.unwrap();
        assert_eq!(keys(&idp), 1);
        for answer in [WebAnswer::Status(500, String::new()), WebAnswer::Ok(b"{}".to_vec()), WebAnswer::Endless] {
            node.advance(Duration::from_secs(15 * 60));
            idp.web.answer("/keys", answer);
            assert_eq!(sign_in(&idp).await.unwrap_err().step, "read the identity provider's keys");
        }
    }

    async fn private_addresses_are_not_reached(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        let strict = t.second_node().await;
        let request = start(&strict, &connection).await;
        idp.will_say(&idp.claims(&strict.operator, &request));
        idp.web.asked();
        let error = finish(&strict, &connection, answer(&request)).await.unwrap_err();
        assert_eq!(error.code, "failed_to_exchange_token");
        assert!(error.got.contains("not public"), "{error}");
        assert!(idp.web.asked().is_empty());
    }
}
