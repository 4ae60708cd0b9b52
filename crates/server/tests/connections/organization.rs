//! Connections of organizations: create, change, switch, delete; contexts and tests.
use super::support::*;
use gatewright::{
    connections::test_results::{self, TestError},
    ids::ConnectionTestId,
};
use gatewright_api::{rpc::connection_service as rpc, scalekit::v1::connections as pb};
use gatewright_testkit::{Options, Server, api_tests, database_tests};
use pb::{
    ConnectionProvider as Provider, ConnectionStatus as Status, ConnectionType as Type,
    update_connection::Settings,
};
use serde_json::{Value as Json, json};
use std::{sync::Arc, time::Duration};
use tonic::Code;

api_tests! {
    async fn a_connection_is_a_disabled_draft_at_first(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        api.told().await;
        let made = create(&api, &acme.id, Type::Oidc, Provider::Okta).await;
        assert!(made.id.starts_with("conn_"));
        assert_eq!((made.status(), made.enabled, made.debug_enabled), (Status::Draft, false, false));
        assert_eq!((made.provider(), made.r#type(), made.provider_key.as_str()), (Provider::Okta, Type::Oidc, ""));
        assert_eq!((made.organization_id.as_deref(), made.key_id.as_deref()), (Some(acme.id.as_str()), Some("")));
        assert_eq!(made.test_connection_uri, format!("{}/sso/v1/oidc/{}/test", t.url, made.id));
        let config = oidc(&made);
        assert_eq!(config.redirect_uri, format!("{}/sso/v1/oidc/{}/callback", t.url, made.id));
        assert_eq!(
            config.backchannel_logout_redirect_uri,
            Some(format!("{}/sso/v1/oidc/{}/backchannel-logout", t.url, made.id))
        );
        assert_eq!(config.scopes, [1, 2, 3]);
        assert_eq!((config.client_secret, config.jit_provisioning_with_sso_enabled), (None, Some(true)));
        let request = pb::GetConnectionRequest { organization_id: acme.id.clone(), id: made.id.clone() };
        assert_eq!(api.call::<rpc::GetConnection>(request).await.unwrap().connection, Some(made.clone()));
        assert_eq!(get(&api, &made).await, made);
        let told = api.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].name.as_str(), told[0].object.as_str()), ("organization.sso_created", "Connection"));
        assert_eq!(told[0].organization.unwrap().to_string(), acme.id);
        assert_eq!(
            told[0].data,
            json!({"id": made.id, "organization_id": acme.id, "connection_type": "OIDC", "provider": "OKTA"})
        );
    }

    async fn rest_creates_with_201_and_speaks_snake_case(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let answer = api.post(&path(&acme.id), json!({"provider": "ADFS", "type": "SAML"})).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let connection = &answer.json["connection"];
        let id = connection["id"].as_str().unwrap();
        let base = format!("{}/sso/v1/saml/{id}", t.url);
        assert_eq!(connection["status"], "DRAFT");
        assert_eq!(connection["test_connection_uri"], format!("{base}/test"));
        let config = &connection["saml_config"];
        assert_eq!(config["sp_entity_id"], base);
        assert_eq!(config["sp_assertion_url"], format!("{base}/callback"));
        assert_eq!(config["sp_metadata_url"], format!("{base}/metadata"));
        assert_eq!(config["sp_slo_url"], format!("{base}/slo"));
        assert_eq!(config["saml_signing_option"], "SAML_RESPONSE_OR_ASSERTION_SIGNING");
        assert_eq!((&config["idp_name_id_format"], &config["allow_idp_initiated_login"]), (&json!("EMAIL"), &json!(true)));
        let one = format!("{}/{id}", path(&acme.id));
        assert_eq!(api.get(&one).await.json["connection"], *connection);
        assert_eq!(api.get(&format!("/api/v1/connections/{id}")).await.json["connection"], *connection);
        api.send("PATCH", &format!("{one}:enable"), "").await.failure(400, 9);
        let body = json!({"provider": "ADFS", "ui_button_title": "Work account"});
        assert_eq!(api.patch(&one, body).await.json["connection"]["ui_button_title"], "Work account");
        let gone = api.delete(&one).await;
        assert_eq!((gone.status, gone.text.as_str()), (200, "{}"));
        api.get(&one).await.failure(404, 5);
    }

    async fn what_a_connection_is_made_from_is_checked(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let before = state(&t, &api).await;
        for body in [
            json!({}),
            json!({"type": "OIDC"}),
            json!({"provider": "OKTA"}),
            json!({"provider": "OKTA", "type": "INVALID"}),
            json!({"provider": "OKTA", "type": "OAUTH"}),
            json!({"provider": "SCALEKIT", "type": "PASSWORDLESS", "provider_key": "SCALEKIT"}),
            json!({"provider": "SCALEKIT", "type": "WEBAUTHN", "provider_key": "SCALEKIT", "key_id": "WEBAUTHN"}),
            json!({"provider": "OKTA", "type": "BEARER"}),
            json!({"provider": "OKTA", "type": "NO_AUTH"}),
            json!({"provider": "SCALEKIT", "type": "OIDC", "provider_key": "x"}),
            json!({"provider": 99, "type": "OIDC"}),
            json!({"provider": "OKTA", "type": 99}),
            json!({"provider": "OKTA", "type": "OIDC", "key_id": "a b"}),
            json!({"provider": "OKTA", "type": "OIDC", "key_id": "x".repeat(301)}),
            json!({"provider": "OKTA", "type": "OIDC", "key_id": "conn_1"}),
            json!({"provider": "OKTA", "type": "OIDC", "provider_key": "\u{202e}x"}),
            json!({"provider": "OKTA", "type": "OIDC", "context": {"x": "y".repeat(65_536)}}),
        ] {
            api.post(&path(&acme.id), body).await.failure(400, 3);
        }
        let body = json!({"provider": "OKTA", "type": "OIDC"});
        api.post(&path("org_1"), body.clone()).await.failure(404, 5);
        api.post(&path("usr_1"), body).await.failure(400, 3);
        assert_eq!(state(&t, &api).await, before);
    }

    async fn the_simulator_needs_no_configuration(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let new = pb::CreateConnection { provider_key: "test-key".to_owned(), ..new(Type::Oidc, Provider::IdpSimulator) };
        let made = try_create(&api, &acme.id, new).await.unwrap();
        assert_eq!((made.status(), made.enabled, made.provider_key.as_str()), (Status::Completed, false, "test-key"));
        assert!(enable(&api, &made).await.unwrap());
    }

    async fn a_key_is_taken_once_in_an_organization(t: Server) {
        let api = t.api().await;
        let (acme, other) = (api.organization("Acme").create().await, api.organization("Other").create().await);
        let keyed = || pb::CreateConnection { key_id: text("main"), ..new(Type::Saml, Provider::Okta) };
        let made = try_create(&api, &acme.id, keyed()).await.unwrap();
        assert_eq!(made.key_id.as_deref(), Some("main"));
        let failure = try_create(&api, &acme.id, keyed()).await.unwrap_err();
        assert_eq!(failure.code, Code::AlreadyExists);
        assert!(failure.message.contains("key_id"), "{}", failure.message);
        try_create(&api, &other.id, keyed()).await.unwrap();
        let second = create(&api, &acme.id, Type::Oidc, Provider::Okta).await;
        let rename = pb::UpdateConnection { key_id: text("main"), ..change(&second) };
        assert_eq!(update(&api, &second, rename).await.unwrap_err().code, Code::AlreadyExists);
    }

    async fn of_ten_that_take_one_key_one_wins(t: Server) {
        let api = Arc::new(t.api().await);
        let acme = api.organization("Acme").create().await;
        let tasks: Vec<_> = (0..10).map(|_| {
            let (api, id) = (api.clone(), acme.id.clone());
            tokio::spawn(async move {
                let keyed = pb::CreateConnection { key_id: text("main"), ..new(Type::Oidc, Provider::Okta) };
                try_create(&api, &id, keyed).await.map_err(|failure| failure.code)
            })
        }).collect();
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => won += 1,
                Err(code) => assert_eq!(code, Code::AlreadyExists),
            }
        }
        assert_eq!(won, 1);
        let created = api.events().await.iter().filter(|event| event.name == "organization.sso_created").count();
        assert_eq!(created, 1);
    }

    async fn only_a_complete_connection_is_enabled_and_stays_complete(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, Type::Oidc, Provider::Okta).await;
        assert_eq!(enable(&api, &made).await.unwrap_err().code, Code::FailedPrecondition);
        let part = pb::OidcConnectionConfig { client_id: text("x"), ..Default::default() };
        let part = update(&api, &made, settings(&made, Settings::OidcConfig(part))).await.unwrap();
        assert_eq!(part.status(), Status::InProgress);
        let failure = enable(&api, &made).await.unwrap_err();
        assert_eq!(failure.code, Code::FailedPrecondition);
        assert!(failure.message.contains("IN_PROGRESS"), "{}", failure.message);
        let whole = update(&api, &made, settings(&made, Settings::OidcConfig(endpoints()))).await.unwrap();
        assert_eq!((whole.status(), whole.enabled), (Status::Completed, false));
        assert_eq!(whole.configuration_type(), pb::ConfigurationType::Manual);
        assert!(enable(&api, &made).await.unwrap());
        let before = state(&t, &api).await;
        let gone = pb::OidcConnectionConfig { client_secret: text(""), ..Default::default() };
        let failure = update(&api, &made, settings(&made, Settings::OidcConfig(gone.clone()))).await.unwrap_err();
        assert_eq!(failure.code, Code::FailedPrecondition);
        assert_eq!(state(&t, &api).await, before);
        assert!(!api.call::<rpc::DisableConnection>(toggle(&made)).await.unwrap().enabled);
        let after = update(&api, &made, settings(&made, Settings::OidcConfig(gone))).await.unwrap();
        assert_eq!(after.status(), Status::InProgress);
    }

    async fn enabling_and_disabling_tell_once(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, Type::Saml, Provider::IdpSimulator).await;
        api.told().await;
        for _ in 0..2 {
            assert!(enable(&api, &made).await.unwrap());
        }
        for _ in 0..2 {
            assert!(!api.call::<rpc::DisableConnection>(toggle(&made)).await.unwrap().enabled);
        }
        let told = api.told().await;
        let names: Vec<&str> = told.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names, ["organization.sso_enabled", "organization.sso_disabled"]);
        assert_eq!(
            told[0].data,
            json!({"id": made.id, "organization_id": acme.id, "connection_type": "SAML",
                "provider": "IDP_SIMULATOR", "enabled": true, "status": "COMPLETED"})
        );
        assert_eq!(told[1].data["enabled"], json!(false));
    }

    async fn a_secret_goes_in_and_does_not_come_out(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, Type::Oidc, Provider::Okta).await;
        let set = update(&api, &made, settings(&made, Settings::OidcConfig(endpoints()))).await.unwrap();
        assert_eq!(oidc(&set).client_secret.as_deref(), Some("**********"));
        assert!(!is_anywhere(&t, "s3cret-of-the-idp").await);
        let rest = api.get(&format!("{}/{}", path(&acme.id), made.id)).await;
        assert!(!rest.text.contains("s3cret"), "{}", rest.text);
        // Written back as it was read, it stays, and so does everything else.
        let echo = pb::OidcConnectionConfig { redirect_uri: String::new(), ..oidc(&set) };
        let same = update(&api, &made, settings(&made, Settings::OidcConfig(echo))).await.unwrap();
        assert_eq!(same, set);
    }

    async fn an_update_changes_what_it_names(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, Type::Oidc, Provider::Okta).await;
        let mapping = [("email".to_owned(), "mail".to_owned()), ("groups".to_owned(), "memberOf".to_owned())];
        let first = pb::UpdateConnection {
            ui_button_title: text("Acme login"),
            attribute_mapping: mapping.clone().into(),
            key_id: text("acme"),
            provider: Provider::Auth0.into(),
            ..Default::default()
        };
        let first = update(&api, &made, first).await.unwrap();
        assert_eq!((first.ui_button_title.as_str(), first.provider()), ("Acme login", Provider::Auth0));
        assert_eq!((&first.attribute_mapping, first.key_id.as_deref()), (&mapping.into(), Some("acme")));
        assert!(first.update_time != made.update_time);
        let second = update(&api, &made, change(&first)).await.unwrap();
        assert_eq!(second, first, "nothing was named");
        let one = [("email".to_owned(), "upn".to_owned())];
        let third = pb::UpdateConnection { attribute_mapping: one.clone().into(), ui_button_title: text(""), ..change(&first) };
        let third = update(&api, &made, third).await.unwrap();
        assert_eq!((third.ui_button_title.as_str(), &third.attribute_mapping), ("", &one.into()));
        assert!(api.told().await.iter().all(|event| !event.name.contains("updated")), "there is no such event");
    }

    async fn what_an_update_says_is_checked(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, Type::Oidc, Provider::Okta).await;
        let before = state(&t, &api).await;
        let many: Json = (0..31).map(|n| (format!("k{n}"), json!("v"))).collect::<serde_json::Map<_, _>>().into();
        for (body, field) in [
            (json!({}), "connection"),
            (json!({"provider_key": ""}), "connection"),
            (json!({"provider": "OKTA", "type": "SAML"}), "connection.type"),
            (json!({"provider": "OKTA", "type": "OAUTH"}), "connection"),
            (json!({"provider": "OKTA", "key_id": ""}), "connection.key_id"),
            (json!({"provider": "OKTA", "configuration_type": 9}), "connection.configuration_type"),
            (json!({"provider": "OKTA", "attribute_mapping": many}), "connection.attribute_mapping"),
            (json!({"provider": "OKTA", "attribute_mapping": {"email": ""}}), "connection.attribute_mapping"),
            (json!({"provider": "OKTA", "attribute_mapping": {"email": "a\nb"}}), "connection.attribute_mapping"),
            (json!({"provider": "OKTA", "ui_button_title": "\u{200b}"}), "connection.ui_button_title"),
            (json!({"provider": "OKTA", "ui_button_title": "x".repeat(201)}), "connection.ui_button_title"),
            (json!({"provider": "OKTA", "saml_config": {}}), "connection.saml_config"),
            (json!({"provider": "OKTA", "oidc_config": {"scopes": [9]}}), "connection.oidc_config.scopes"),
            (json!({"provider": "OKTA", "oidc_config": {"token_auth_type": 9}}), "connection.oidc_config.token_auth_type"),
            (json!({"provider": "OKTA", "oidc_config": {"client_secret": "a\r\nb"}}), "connection.oidc_config.client_secret"),
            (json!({"provider": "OKTA", "oidc_config": {"client_id": "x".repeat(1025)}}), "connection.oidc_config.client_id"),
            (json!({"provider": "OKTA", "oidc_config": {"token_uri": "http://idp.example/t"}}), "connection.oidc_config.token_uri"),
            (json!({"provider": "OKTA", "oidc_config": {"jwks_uri": "file:///etc/passwd"}}), "connection.oidc_config.jwks_uri"),
            (json!({"provider": "OKTA", "oidc_config": {"authorize_uri": "javascript:alert(1)"}}), "connection.oidc_config.authorize_uri"),
        ] {
            let answer = api.patch(&format!("{}/{}", path(&acme.id), made.id), body.clone()).await;
            answer.failure(400, 3);
            assert!(answer.violations()[0].0.starts_with(field), "{:?}: {body}", answer.violations());
        }
        for body in [json!({"provider": "OKTA", "static_config": {}}), json!({"provider": "OKTA", "google_dwd_config": {}})] {
            api.patch(&format!("{}/{}", path(&acme.id), made.id), body).await.failure(501, 12);
        }
        assert_eq!(state(&t, &api).await, before);
    }

    async fn a_deleted_connection_is_gone(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = simulator(&api, &acme.id).await;
        api.told().await;
        let request = pb::DeleteConnectionRequest { organization_id: acme.id.clone(), id: made.id.clone() };
        api.call::<rpc::DeleteConnection>(request.clone()).await.unwrap();
        assert_eq!(api.call::<rpc::DeleteConnection>(request).await.unwrap_err().code, Code::NotFound);
        assert_eq!(enable(&api, &made).await.unwrap_err().code, Code::NotFound);
        let told = api.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].name, "organization.sso_deleted");
        assert_eq!(
            told[0].data,
            json!({"id": made.id, "organization_id": acme.id, "connection_type": "OIDC", "provider": "IDP_SIMULATOR"})
        );
    }

    async fn connections_of_others_do_not_exist(t: Server) {
        let other = t.add_environment("other").await;
        let (here, there) = (t.api().await, t.api_in(&other).await);
        let (acme, second) = (here.organization("Acme").create().await, here.organization("Second").create().await);
        let theirs = there.organization("Theirs").create().await;
        let mine = create(&here, &acme.id, Type::Oidc, Provider::IdpSimulator).await;
        let foreign = create(&there, &theirs.id, Type::Oidc, Provider::IdpSimulator).await;
        let before = (state(&t, &here).await, state(&t, &there).await);
        for (organization, id, status) in [
            (acme.id.as_str(), foreign.id.as_str(), 404),
            (&second.id, &mine.id, 404),
            (&theirs.id, &foreign.id, 404),
            ("org_1", &mine.id, 404),
            (&acme.id, "conn_1", 404),
            (&acme.id, &acme.id, 400),
            (&acme.id, "conn_01", 400),
            (&mine.id, &mine.id, 400),
        ] {
            let code = if status == 404 { 5 } else { 3 };
            let path = format!("{}/{id}", path(organization));
            here.get(&path).await.failure(status, code);
            here.patch(&path, json!({"provider": "OKTA"})).await.failure(status, code);
            here.delete(&path).await.failure(status, code);
            here.send("PATCH", &format!("{path}:enable"), "").await.failure(status, code);
            here.send("PATCH", &format!("{path}:disable"), "").await.failure(status, code);
            here.put(&format!("{path}/domains"), json!({"domain_ids": []})).await.failure(status, code);
        }
        let path = format!("/api/v1/connections/{}", foreign.id);
        here.get(&path).await.failure(404, 5);
        here.patch(&path, json!({"provider": "OKTA"})).await.failure(404, 5);
        here.delete(&path).await.failure(404, 5);
        here.send("PATCH", &format!("{path}:enable"), "").await.failure(404, 5);
        assert_eq!((state(&t, &here).await, state(&t, &there).await), before);
    }

    async fn connections_go_with_their_organization(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = simulator(&api, &acme.id).await;
        test_results::begin(&t.operator, made.id.parse().unwrap()).await.unwrap();
        assert_eq!(api.delete(&format!("/api/v1/organizations/{}", acme.id)).await.status, 200);
        api.get(&format!("/api/v1/connections/{}", made.id)).await.failure(404, 5);
    }

    async fn the_context_of_the_set_up_pages_is_kept(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, Type::Saml, Provider::Okta).await;
        let get = |organization: &str| pb::GetConnectionContextRequest {
            connection_id: made.id.clone(),
            organization_id: organization.to_owned(),
        };
        let found = t.as_operator::<rpc::GetConnectionContext>(&get(&acme.id)).await.unwrap();
        assert_eq!(found.context.unwrap().fields.len(), 0);
        let step = prost_types::Value { kind: Some(prost_types::value::Kind::StringValue("two".into())) };
        let context = prost_types::Struct { fields: [("step".to_owned(), step)].into() };
        let set = pb::UpdateConnectionContextRequest {
            connection_id: made.id.clone(),
            organization_id: String::new(),
            context: Some(context.clone()),
        };
        t.as_operator::<rpc::UpdateConnectionContext>(&set).await.unwrap();
        let found = t.as_operator::<rpc::GetConnectionContext>(&get("")).await.unwrap();
        assert_eq!(found.context, Some(context));
        let other = api.organization("Other").create().await;
        assert!(t.as_operator::<rpc::GetConnectionContext>(&get(&other.id)).await.is_err());
        api.get(&format!("/api/v1/connections/{}/contexts", made.id)).await.failure(403, 7);
    }
}

database_tests! {
    async fn outcomes_of_tests_are_known_for_an_hour(kind: Database) {
        let now = gatewright::time::Timestamp::from_micros(1_772_884_800_000_000);
        let t = Server::start_with(kind, Options { frozen_at: Some(now), ..Options::default() }).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, Type::Saml, Provider::Okta).await;
        let id = made.id.parse().unwrap();
        let get = async |test: ConnectionTestId| {
            api.get(&format!("/api/v1/connections/{}/test-requests/{test}", made.id)).await
        };
        let test = test_results::begin(&t.operator, id).await.unwrap();
        assert!(test.to_string().starts_with("test_"));
        assert_eq!(get(test).await.json, json!({"status": "PENDING"}));
        assert!(test_results::finish(&t.operator, test, Ok("{\"email\":\"a@b.example\"}".into())).await.unwrap());
        assert!(!test_results::finish(&t.operator, test, Ok("{}".into())).await.unwrap(), "it is over");
        assert_eq!(get(test).await.json, json!({"status": "SUCCESS", "user_info": "{\"email\":\"a@b.example\"}"}));
        let second = test_results::begin(&t.operator, id).await.unwrap();
        let error = TestError { code: "assertion_expired".into(), description: "d".into(), details: "e".into() };
        test_results::finish(&t.operator, second, Err(error)).await.unwrap();
        assert_eq!(
            get(second).await.json,
            json!({"status": "FAILURE", "error": "assertion_expired", "error_description": "d", "error_details": "e"})
        );
        let other = create(&api, &acme.id, Type::Saml, Provider::Okta).await;
        api.get(&format!("/api/v1/connections/{}/test-requests/{test}", other.id)).await.failure(404, 5);
        api.get(&format!("/api/v1/connections/{}/test-requests/x_1", made.id)).await.failure(400, 3);
        t.app.clock.advance(Duration::from_secs(3600));
        get(test).await.failure(404, 5);
    }
}
