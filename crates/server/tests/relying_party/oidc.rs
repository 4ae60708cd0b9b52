//! Enterprise OpenID Connect as it should go, and states that are not good.
use super::support::*;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gatewright::{
    identities::Identity,
    relying_party::{self, Hints, Purpose},
};
use gatewright_api::{rpc::connection_service as rpc, scalekit::v1::connections as pb};
use gatewright_testkit::{Idp, database_tests, parameters};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

database_tests! {
    async fn somebody_signs_in_at_her_identity_provider(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        let hints = Hints { login_hint: Some("ann@acme.example".into()), prompt: Some("select_account".into()), force_login: false };
        let request = start_with(&t, &connection, hints).await;
        assert!(request.as_str().starts_with(&format!("{}/authorize?app=7&", idp.issuer())));
        let sent = parameters(&request);
        let redirect_uri = format!("{}/sso/v1/oidc/{}/callback", t.url, connection.id);
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", Idp::CLIENT_ID),
            ("redirect_uri", &redirect_uri),
            ("scope", "openid profile email"),
            ("code_challenge_method", "S256"),
            ("login_hint", "ann@acme.example"),
            ("prompt", "select_account"),
        ] {
            assert_eq!(sent[name], value);
        }
        idp.will_say(&idp.claims(&t.operator, &request));
        idp.web.requests();
        let done = finish(&t, &connection, answer(&request)).await.unwrap();
        assert_eq!((done.purpose, done.connection.id), (login(1), connection.id));
        // What the ID token says goes before what UserInfo says.
        assert_eq!(done.identity, Identity {
            subject: "idp|ann".into(),
            email: "Ann@acme.example".into(),
            email_verified: true,
            name: "Ann Ahorn".into(),
            ..Identity::default()
        });
        let asked = idp.web.requests();
        assert_eq!(asked.iter().map(|asked| asked.path.as_str()).collect::<Vec<_>>(), ["/token", "/keys", "/userinfo"]);
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(asked[0].body.as_bytes()).into_owned().collect();
        assert_eq!(form.keys().collect::<Vec<_>>(), ["code", "code_verifier", "grant_type", "redirect_uri"]);
        assert_eq!((form["code"].as_str(), &form["redirect_uri"]), ("code-1", &redirect_uri));
        assert!(form["code_verifier"].len() == 43 && form["code_verifier"] != sent["nonce"]);
        let basic = STANDARD.encode("gatewright+at+idp:s3cret%2Fof+the%2Bidp");
        assert!(asked[0].head.contains(&format!("authorization: Basic {basic}\r\n")), "{}", asked[0].head);
        assert!(asked[2].head.contains(&format!("authorization: Bearer {}\r\n", Idp::ACCESS_TOKEN)), "{}", asked[2].head);
    }

    async fn the_client_may_say_who_it_is_in_the_form(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let config = pb::OidcConnectionConfig {
            token_auth_type: pb::TokenAuthType::UrlParams.into(),
            pkce_enabled: Some(false),
            ..Default::default()
        };
        let connection = idp.connect_with(&t, &api, &acme.id, config).await;
        let request = start(&t, &connection).await;
        assert!(!parameters(&request).contains_key("code_challenge"));
        idp.will_say(&idp.claims(&t.operator, &request));
        finish(&t, &connection, answer(&request)).await.unwrap();
        let asked = idp.web.requests();
        let token = asked.iter().find(|asked| asked.path == "/token").unwrap();
        assert!(!token.head.to_ascii_lowercase().contains("authorization:"));
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(token.body.as_bytes()).into_owned().collect();
        assert_eq!((form["client_id"].as_str(), form["client_secret"].as_str()), (Idp::CLIENT_ID, Idp::CLIENT_SECRET));
        assert!(!form.contains_key("code_verifier"));
    }

    async fn a_state_is_good_for_once(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = Arc::new(idp.connect(&t, &api, &acme.id).await);
        let request = start(&t, &connection).await;
        idp.will_say(&idp.claims(&t.operator, &request));
        let t = Arc::new(t);
        let mut tries = Vec::new();
        for _ in 0..20 {
            let (t, connection, answer) = (t.clone(), connection.clone(), answer(&request));
            tries.push(tokio::spawn(async move { finish(&t, &connection, answer).await }));
        }
        let mut done = 0;
        for tried in tries {
            match tried.await.unwrap() {
                Ok(finished) => {
                    assert_eq!(finished.identity.subject, "idp|ann");
                    done += 1;
                }
                Err(error) => assert_eq!((error.code, error.got.as_str(), error.purpose), ("invalid_state", "one that was used before", None)),
            }
        }
        assert_eq!(done, 1);
        assert_eq!(idp.web.asked().iter().filter(|path| *path == "/token").count(), 1);
    }

    async fn a_state_is_of_one_browser_and_one_connection(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        let other = idp.connect(&t, &api, &acme.id).await;
        let request = start(&t, &connection).await;
        idp.will_say(&idp.claims(&t.operator, &request));
        idp.web.asked();
        let with = |state: Option<&str>| relying_party::Callback { state: state.map(str::to_owned), ..answer(&request) };
        for (connection, callback, browser, got) in [
            (&connection, with(None), Some(BROWSER), "none"),
            (&connection, with(Some("")), Some(BROWSER), "an unknown one"),
            (&connection, with(Some("x")), Some(BROWSER), "an unknown one"),
            (&connection, answer(&request), None, "a browser without it"),
            (&connection, answer(&request), Some(&[8; 32][..]), "another browser"),
            (&other, answer(&request), Some(BROWSER), &*format!("an answer to {}", other.id)),
        ] {
            let error = relying_party::finish(&t.operator, connection.id, callback, browser).await.unwrap_err();
            assert_eq!((error.code, error.got.as_str(), error.purpose), ("invalid_state", got, None), "{error}");
        }
        assert!(idp.web.asked().is_empty(), "the provider was not asked");
        // None of that used it up.
        assert!(finish(&t, &connection, answer(&request)).await.is_ok());
    }

    async fn whoever_takes_too_long_starts_again(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        let later = t.second_node_with(gatewright_testkit::Options {
            settings: gatewright_testkit::local_network(),
            frozen_at: Some(t.operator.now()),
            ..Default::default()
        }).await;
        later.run_jobs().await; // plans the periodic ones
        let request = start(&later, &connection).await;
        later.advance(Duration::from_secs(15 * 60));
        let error = finish(&later, &connection, answer(&request)).await.unwrap_err();
        assert_eq!((error.code, error.got.as_str(), error.purpose), ("invalid_state", "a later one", Some(login(1))));
        assert!(later.run_jobs().await > 0);
        let error = finish(&later, &connection, answer(&request)).await.unwrap_err();
        assert_eq!(error.got, "an unknown one", "it was deleted");
    }

    async fn any_node_finishes_what_another_one_started(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        let options = gatewright_testkit::Options { settings: gatewright_testkit::local_network(), ..Default::default() };
        let node = t.second_node_with(options).await;
        let request = start(&t, &connection).await;
        idp.will_say(&idp.claims(&t.operator, &request));
        assert_eq!(finish(&node, &connection, answer(&request)).await.unwrap().identity.subject, "idp|ann");
    }

    async fn a_disabled_connection_is_for_tests_only(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        let request = start(&t, &connection).await;
        idp.will_say(&idp.claims(&t.operator, &request));
        let toggle = pb::ToggleConnectionRequest { organization_id: acme.id.clone(), id: connection.id.to_string() };
        api.call::<rpc::DisableConnection>(toggle).await.unwrap();
        let error = finish(&t, &connection, answer(&request)).await.unwrap_err();
        assert_eq!((error.code, error.purpose), ("connection_not_active", Some(login(1))));
        let disabled = gatewright_testkit::connection(&t, &connection.id.to_string()).await;
        let started = relying_party::start(&t.operator, &disabled, login(1), BROWSER, Hints::default()).await;
        assert_eq!(started.unwrap_err().code, "connection_not_active");
        let purpose = Purpose::Test(t.operator.new_id());
        let url = relying_party::start(&t.operator, &disabled, purpose, BROWSER, Hints::default()).await.unwrap();
        let request = url.parse().unwrap();
        idp.will_say(&idp.claims(&t.operator, &request));
        assert_eq!(finish(&t, &connection, answer(&request)).await.unwrap().purpose, purpose);
    }

    async fn attributes_follow_the_mapping_and_the_catalogue(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        for attribute in [
            json!({"key": "department", "label": "Department", "enabled": true, "datatype": "STRING",
                "sso_addition_info": {"default_oidc_mapping": "dept", "default_saml_mapping": "dept"}}),
            json!({"key": "floor", "label": "Floor", "enabled": true, "datatype": "NUMBER"}),
        ] {
            let answer = api.post("/api/v1/sso-user-attributes", attribute).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        let mapping = [("given_name", "vorname"), ("roles", "roles"), ("sub", "oid"), ("unknown", "dept")];
        let change = pb::UpdateConnection {
            provider: pb::ConnectionProvider::Custom.into(),
            attribute_mapping: mapping.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            ..Default::default()
        };
        let request = pb::UpdateEnvironmentConnectionRequest { connection_id: connection.id.to_string(), connection: Some(change) };
        api.call::<rpc::UpdateEnvironmentConnection>(request).await.unwrap();
        let done = sign_in(&t, &connection, |request| {
            let mut claims = idp.claims(&t.operator, request);
            for (name, value) in [
                ("vorname", json!(" Ann ")), ("given_name", json!("Not her")), ("family_name", json!("Ahorn")),
                ("roles", json!(["admin"])), ("permissions", json!(["*"])), ("oid", json!("another")), ("dept", json!("R&D")),
                ("floor", json!(7)), ("groups", json!(["a", "b"])), ("locale", json!("de\nDE")), ("gender", json!("x".repeat(257))),
                ("email_verified", json!("true")),
            ] {
                claims[name] = value;
            }
            idp.will_say(&claims);
        }).await.unwrap();
        assert_eq!(done.identity, Identity {
            subject: "idp|ann".into(),
            email: "Ann@acme.example".into(),
            email_verified: true,
            name: "Ann Ahorn".into(),
            given_name: "Ann".into(),
            family_name: "Ahorn".into(),
            groups: vec!["a".into(), "b".into()],
            custom_attributes: [("department".into(), "R&D".into()), ("floor".into(), "7".into())].into(),
            ..Identity::default()
        });
    }
}
