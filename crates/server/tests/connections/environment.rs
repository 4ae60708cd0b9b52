//! Connections of the environment: social, passwordless, passkeys; certificates.
use super::support::*;
use gatewright::environments::EnvironmentType;
use gatewright_api::{
    rpc::{connection_service as rpc, environment_service},
    scalekit::v1::{connections as pb, environments},
};
use gatewright_testkit::api_tests;
use pb::{
    ConnectionProvider as Provider, ConnectionStatus as Status, ConnectionType as Type,
    update_connection::Settings,
};
use serde_json::json;
use tonic::Code;

const PATH: &str = "/api/v1/connections";

api_tests! {
    async fn an_environment_is_born_with_the_passwordless_method(t: Server) {
        let api = t.api().await;
        let all = api.get(PATH).await.json;
        let [one] = all["connections"].as_array().unwrap().as_slice() else { panic!("{all}") };
        assert_eq!((&one["type"], &one["enabled"], &one["status"]), (&json!("PASSWORDLESS"), &json!(true), &json!("COMPLETED")));
        let id = one["id"].as_str().unwrap();
        let config = &api.get(&format!("{PATH}/{id}")).await.json["connection"]["passwordless_config"];
        assert_eq!(
            *config,
            json!({"type": "OTP", "frequency": 2, "validity": 3600, "enforce_same_browser_origin": false,
                "code_challenge_length": 6, "code_challenge_type": "NUMERIC",
                "regenerate_passwordless_credentials_on_resend": true})
        );
        let other = t.add_environment("other").await;
        let there = t.api_in(&other).await;
        let theirs = there.get(PATH).await.json;
        assert_eq!(theirs["connections"].as_array().unwrap().len(), 1);
        assert_ne!(theirs["connections"][0]["id"], *id);
    }

    async fn a_social_login_knows_its_provider(t: Server) {
        let api = t.api().await;
        api.told().await;
        let answer = api.post(PATH, json!({"provider": "GOOGLE", "type": "OAUTH"})).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let made = &answer.json["connection"];
        assert_eq!((&made["status"], &made["provider_key"]), (&json!("DRAFT"), &json!("google")));
        assert!(made["organization_id"].is_null());
        assert_eq!(made["oauth_config"]["token_uri"], "https://oauth2.googleapis.com/token");
        assert_eq!(made["oauth_config"]["scopes"], json!(["openid", "profile", "email"]));
        let id = made["id"].as_str().unwrap();
        assert_eq!(made["oauth_config"]["redirect_uri"], format!("{}/sso/v1/oauth/{id}/callback", t.url));
        let config = json!({"client_id": "x", "client_secret": "s3cret-of-google", "prompt": "select_account"});
        let body = json!({"provider": "GOOGLE", "oauth_config": config});
        let whole = api.patch(&format!("{PATH}/{id}"), body).await;
        assert_eq!(whole.json["connection"]["status"], "COMPLETED", "{}", whole.text);
        assert_eq!(whole.json["connection"]["oauth_config"]["client_secret"], "**********");
        assert!(!is_anywhere(&t, "s3cret-of-google").await);
        let enabled = api.send("PATCH", &format!("{PATH}/{id}:enable"), "").await;
        assert_eq!((enabled.status, &enabled.json), (200, &json!({"enabled": true})));
        let disabled = api.send("PATCH", &format!("{PATH}/{id}:disable"), "").await;
        assert_eq!(disabled.json, json!({"enabled": false}));
        assert_eq!(api.delete(&format!("{PATH}/{id}")).await.status, 200);
        api.delete(&format!("{PATH}/{id}")).await.failure(404, 5);
        assert!(api.told().await.is_empty(), "events are of organizations");
    }

    async fn a_provider_of_ones_own_is_entered_whole(t: Server) {
        let api = t.api().await;
        let own = pb::CreateConnection { provider_key: "our-idp".to_owned(), ..new(Type::Oauth, Provider::Unspecified) };
        let made = try_create_own(&api, own).await.unwrap();
        assert_eq!((made.provider(), made.provider_key.as_str()), (Provider::Custom, "our-idp"));
        let config = |uri: Option<String>| pb::OAuthConnectionConfig {
            authorize_uri: text("https://idp.example/a"),
            token_uri: text("https://idp.example/t"),
            user_info_uri: uri,
            client_id: text("x"),
            client_secret: text("y"),
            scopes: vec!["profile.read".to_owned()],
            token_endpoint_auth_method: text("client_secret_basic"),
            pkce_enabled: Some(true),
            ..Default::default()
        };
        let part = update(&api, &made, settings(&made, Settings::OauthConfig(config(None)))).await.unwrap();
        assert_eq!(part.status(), Status::InProgress);
        let uri = text("https://idp.example/me");
        let whole = update(&api, &made, settings(&made, Settings::OauthConfig(config(uri)))).await.unwrap();
        assert_eq!(whole.status(), Status::Completed);
        for config in [
            json!({"scopes": ["a b"]}),
            json!({"scopes": vec!["x"; 51]}),
            json!({"token_endpoint_auth_method": "none"}),
            json!({"tenant_id": "../x"}),
            json!({"use_platform_creds": true}),
            json!({"token_uri": "http://idp.example/t"}),
        ] {
            let body = json!({"provider_key": "our-idp", "oauth_config": config});
            api.patch(&format!("{PATH}/{}", made.id), body).await.failure(400, 3);
        }
        assert_eq!(get(&api, &made).await, whole);
    }

    async fn what_is_made_for_the_environment_is_checked(t: Server) {
        let api = t.api().await;
        let before = state(&t, &api).await;
        for body in [
            json!({}),
            json!({"provider": "OKTA", "type": "OIDC"}),
            json!({"provider": "OKTA", "type": "SAML"}),
            json!({"type": "OAUTH"}),
            json!({"provider": "GOOGLE", "type": "API_KEY"}),
            json!({"provider": "SCALEKIT", "type": "WEBAUTHN", "provider_key": "SCALEKIT", "key_id": "x"}),
            json!({"provider": "SCALEKIT", "type": "WEBAUTHN", "key_id": "WEBAUTHN"}),
        ] {
            api.post(PATH, body).await.failure(400, 3);
        }
        let app = pb::CreateEnvironmentConnectionRequest {
            connection: Some(new(Type::Oauth, Provider::Google)),
            flags: Some(pb::Flags { is_login: false, is_app: true }),
        };
        assert_eq!(api.call::<rpc::CreateEnvironmentConnection>(app).await.unwrap_err().code, Code::Unimplemented);
        assert_eq!(state(&t, &api).await, before);
    }

    async fn there_is_one_connection_for_passkeys(t: Server) {
        let api = t.api().await;
        let made = try_create_own(&api, new(Type::Webauthn, Provider::Scalekit)).await.unwrap();
        assert_eq!((made.status(), made.key_id.as_deref()), (Status::Completed, Some("WEBAUTHN")));
        let again = try_create_own(&api, new(Type::Webauthn, Provider::Scalekit)).await.unwrap_err();
        assert_eq!(again.code, Code::AlreadyExists);
        let body = |config| json!({"provider": "SCALEKIT", "provider_key": "SCALEKIT", "webauthn_config": config});
        let one = format!("{PATH}/{}", made.id);
        let answer = api.get(&one).await.json;
        let config = &answer["connection"]["webauthn_config"];
        let host = t.url.trim_start_matches("http://").split(':').next().unwrap().to_owned();
        assert_eq!(config["rp"], json!({"ids": [host], "origins": [t.url]}));
        assert_eq!(config["timeout"]["login"], "300s");
        assert_eq!(config["authenticators"]["undesired_authenticator_status"].as_array().unwrap().len(), 5);
        assert_eq!(config["show_passkey_button"], true);
        let new = json!({"rp": {"ids": ["acme.example"], "origins": ["https://app.acme.example"]},
            "timeout": {"login": "120s"}, "show_passkey_button": false,
            "attestation": {"conveyance_preference": "direct"}});
        let answer = api.patch(&one, body(new)).await;
        let config = &answer.json["connection"]["webauthn_config"];
        assert_eq!((&config["rp"]["ids"], &config["timeout"]["login"]), (&json!(["acme.example"]), &json!("120s")), "{}", answer.text);
        assert_eq!((&config["timeout"]["registration"], &config["show_passkey_button"]), (&json!("300s"), &json!(false)));
        assert_eq!(config["authenticator_selection"]["user_verification"], "preferred");
        let before = state(&t, &api).await;
        for config in [
            json!({"rp": {"ids": [], "origins": ["https://a.example"]}}),
            json!({"rp": {"ids": ["a.example"], "origins": []}}),
            json!({"rp": {"ids": ["https://a.example"], "origins": ["https://a.example"]}}),
            json!({"rp": {"ids": ["A.example"], "origins": ["https://a.example"]}}),
            json!({"rp": {"ids": ["a.example"], "origins": ["http://a.example"]}}),
            json!({"rp": {"ids": ["a.example"], "origins": ["https://a.example/"]}}),
            json!({"timeout": {"login": "119s"}}),
            json!({"timeout": {"login": "1801s"}}),
            json!({"attestation": {"conveyance_preference": "enterprise"}}),
            json!({"authenticator_selection": {"user_verification": "x"}}),
            json!({"authenticators": {"desired_authenticator_status": ["x"]}}),
        ] {
            api.patch(&one, body(config)).await.failure(400, 3);
        }
        assert_eq!(state(&t, &api).await, before);
    }

    async fn the_passwordless_method_is_set_within_limits(t: Server) {
        let api = t.api().await;
        let id = api.get(PATH).await.json["connections"][0]["id"].as_str().unwrap().to_owned();
        let body = |config| json!({"provider": "SCALEKIT", "provider_key": "SCALEKIT", "passwordless_config": config});
        let one = format!("{PATH}/{id}");
        let new = json!({"type": "LINK_OTP", "validity": 600, "code_challenge_type": "ALPHANUMERIC",
            "enforce_same_browser_origin": true, "code_challenge_length": 8});
        let answer = api.patch(&one, body(new)).await;
        assert_eq!(
            answer.json["connection"]["passwordless_config"],
            json!({"type": "LINK_OTP", "frequency": 2, "validity": 600, "enforce_same_browser_origin": true,
                "code_challenge_length": 8, "code_challenge_type": "ALPHANUMERIC",
                "regenerate_passwordless_credentials_on_resend": true}),
            "{}", answer.text
        );
        let before = state(&t, &api).await;
        for config in [
            json!({"validity": 59}), json!({"validity": 3601}), json!({"frequency": 0}), json!({"frequency": 11}),
            json!({"code_challenge_length": 5}), json!({"code_challenge_length": 21}), json!({"type": 9}),
            json!({"code_challenge_type": 9}),
        ] {
            api.patch(&one, body(config)).await.failure(400, 3);
        }
        assert_eq!(state(&t, &api).await, before);
    }

    async fn certificates_of_our_own_are_made_and_rolled_over(t: Server) {
        let api = t.api().await;
        let other = t.add_environment("other").await;
        let there = t.api_in(&other).await;
        let env = t.operator.environment().id.to_string();
        let generate = |id: &str| format!("/api/v1/environments/{id}/saml-certificates:generate");
        let made = api.post(&generate(&env), json!({})).await;
        assert_eq!(made.status, 200, "{}", made.text);
        let first = made.json["id"].as_str().unwrap().to_owned();
        assert!(first.starts_with("cer_"), "{first}");
        assert!(made.json["certificate"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
        let expiry: i64 = made.json["expiry"].as_str().unwrap().parse().unwrap();
        let years = (expiry - t.app.clock.now().as_seconds()) / (365 * 86_400);
        assert!((4..=5).contains(&years), "{years}");
        there.post(&generate(&env), json!({})).await.failure(404, 5);
        api.post(&generate("org_1"), json!({})).await.failure(400, 3);
        let request = environments::GenerateSamlCertificateRequest { id: env };
        let second = api.call::<environment_service::GenerateNewSamlCertificate>(request).await.unwrap().id;
        assert_ne!(first, second);

        let acme = api.organization("Acme").create().await;
        let connection = create(&api, &acme.id, Type::Saml, Provider::Okta).await;
        let signed = |id: Option<String>| Settings::SamlConfig(pb::SamlConnectionConfigRequest {
            idp_entity_id: text("https://idp.example"),
            idp_sso_url: text("https://idp.example/sso"),
            idp_certificate: Some(certificate()),
            want_request_signed: Some(true),
            certificate_id: id,
            ..Default::default()
        });
        let part = update(&api, &connection, settings(&connection, signed(None))).await.unwrap();
        assert_eq!(part.status(), Status::InProgress, "requests cannot be signed without a key");
        for id in [&first, &second] {
            let whole = update(&api, &connection, settings(&connection, signed(Some(id.clone())))).await.unwrap();
            assert_eq!((whole.status(), saml(&whole).certificate_id.as_ref()), (Status::Completed, Some(id)));
        }
        let theirs = t.add_environment("third").await;
        let elsewhere = t.api_in(&theirs).await;
        let foreign = elsewhere
            .post(&generate(&elsewhere.environment.to_string()), json!({}))
            .await
            .json["id"].as_str().unwrap().to_owned();
        for id in [foreign.as_str(), "cer_1", "conn_1", "x"] {
            let failure = update(&api, &connection, settings(&connection, signed(text(id)))).await.unwrap_err();
            assert_eq!(failure.code, Code::InvalidArgument, "{id}");
        }
    }

    async fn there_are_no_agent_connectors(t: Server) {
        let api = t.api().await;
        let empty = json!({"connections": [], "next_page_token": "", "prev_page_token": "", "total_size": 0});
        assert_eq!(api.get(&format!("{PATH}/app")).await.json, empty);
        api.get(&format!("{PATH}/app?page_size=31")).await.failure(400, 3);
        api.get(&format!("{PATH}/app?query=ab")).await.failure(400, 3);
    }

    async fn production_has_neither_simulator_nor_plain_http(t: Server) {
        let other = gatewright::bootstrap::add_environment(&t.app, "Production", "prod.example", EnvironmentType::Production);
        let (environment, client, secret) = other.await.unwrap();
        let other = gatewright_testkit::OtherEnvironment {
            host: environment.domain.clone(),
            client_id: client.to_string(),
            client_secret: secret.expose().clone(),
        };
        let api = t.api_in(&other).await;
        let acme = api.organization("Acme").create().await;
        let refused = try_create(&api, &acme.id, new(Type::Oidc, Provider::IdpSimulator)).await.unwrap_err();
        assert_eq!(refused.violations(), [("connection.provider", "development_only")]);
        let made = create(&api, &acme.id, Type::Oidc, Provider::Okta).await;
        let simulate = pb::UpdateConnection { provider: Provider::IdpSimulator.into(), ..Default::default() };
        assert_eq!(update(&api, &made, simulate).await.unwrap_err().code, Code::InvalidArgument);
        let debug = pb::UpdateConnection { debug_enabled: Some(true), ..change(&made) };
        let refused = update(&api, &made, debug).await.unwrap_err();
        assert_eq!(refused.violations(), [("connection.debug_enabled", "development_only")]);
    }
}
