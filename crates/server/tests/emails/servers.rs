//! Servers: what the API says of them, and which one sends.
use crate::{
    NOW, PASSWORD, SERVERS, create_server, enable_server, installation, own, send_code, sending_by, settings,
};
use gatewright::{error::Kind, sql};
use gatewright_api::{rpc::email_service as rpc, scalekit::v1::emails as pb};
use gatewright_testkit::{Api, Server, api_tests, database_tests};
use serde_json::json;
use std::{sync::Arc, time::Duration};

async fn enabled(api: &Api) -> Vec<String> {
    let answer = api.get(SERVERS).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let servers = answer.json["servers"].as_array().unwrap();
    let enabled = servers.iter().filter(|server| server["enabled"] == true);
    enabled.map(|server| server["id"].as_str().unwrap().to_owned()).collect()
}

fn upsert(id: &str, port: i64, enabled: bool) -> pb::UpsertEmailConfigurationRequest {
    let settings = pb::UpsertEmailConfigurationSmtpServerSettings {
        host: "smtp.kontor.example".to_owned(),
        port,
        username: "customer".to_owned(),
        password: if id.is_empty() { PASSWORD.to_owned() } else { String::new() },
        from_email: "hello@kontor.example".to_owned(),
        from_name: "Kontor".to_owned(),
    };
    pb::UpsertEmailConfigurationRequest {
        default_from_name: "Team Kontor".to_owned(),
        server: Some(pb::UpsertEmailConfigurationServer {
            id: id.to_owned(),
            provider: pb::EmailServerProvider::Sendgrid.into(),
            enabled: Some(enabled),
            settings: Some(settings),
        }),
    }
}

async fn sealed(t: &Server) -> Vec<u8> {
    sql!("SELECT password_sealed FROM email_servers WHERE environment_id = $1")
        .bind(t.operator.environment().id)
        .one(&mut t.app.db.read())
        .await
        .unwrap()
}

api_tests! {
    async fn a_server_lives_from_creation_to_deletion(t: Server) {
        let api = t.api().await;
        let id = create_server(&api, 587).await;
        assert!(id.starts_with("esr_"));
        let shown = api.get(&format!("{SERVERS}/{id}")).await;
        assert_eq!(shown.status, 200, "{}", shown.text);
        let server = &shown.json["server"];
        assert_eq!((&server["provider"], &server["enabled"]), (&json!("OTHER"), &json!(false)));
        let mut expected = settings(587);
        expected["port"] = json!("587");
        expected["password"] = json!("");
        assert_eq!(server["smtp_settings"], expected);
        let before = sealed(&t).await;
        assert!(!before.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes()));

        let mut change = settings(465);
        change["host"] = json!("SMTP.kontor.example");
        change["password"] = json!("");
        let answer = api.put(&format!("{SERVERS}/{id}"), change.clone()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json["server"]["smtp_settings"]["host"], "smtp.kontor.example");
        assert_eq!(answer.json["server"]["smtp_settings"]["port"], "465");
        assert_eq!(sealed(&t).await, before, "an empty password leaves the stored one");
        change["password"] = json!("another");
        assert_eq!(api.put(&format!("{SERVERS}/{id}"), change).await.status, 200);
        assert_ne!(sealed(&t).await, before);

        assert_eq!(enable_server(&api, &id).await, json!({"active_server_id": id}));
        assert_eq!(enabled(&api).await, std::slice::from_ref(&id));
        for _ in 0..2 {
            assert_eq!(api.patch(&format!("{SERVERS}/{id}:disable"), json!({})).await.status, 200);
            assert!(enabled(&api).await.is_empty());
        }
        enable_server(&api, &id).await;
        assert_eq!(api.delete(&format!("{SERVERS}/{id}")).await.status, 200);
        for answer in [
            api.delete(&format!("{SERVERS}/{id}")).await,
            api.get(&format!("{SERVERS}/{id}")).await,
            api.put(&format!("{SERVERS}/{id}"), settings(587)).await,
            api.patch(&format!("{SERVERS}/{id}:enable"), json!({})).await,
            api.patch(&format!("{SERVERS}/{id}:disable"), json!({})).await,
        ] {
            answer.failure(404, 5);
        }
    }

    async fn bad_settings_are_refused(t: Server) {
        let api = t.api().await;
        for (field, value, violation) in [
            ("host", json!("smtp kontor"), ("settings.host", "email_server.settings")),
            ("host", json!(""), ("settings.host", "required")),
            ("port", json!(65536), ("settings.port", "email_server.settings")),
            ("password", json!(""), ("settings.password", "required")),
            ("from_email", json!("kontor"), ("settings.from_email", "email_server.settings")),
            ("from_name", json!("Kontor\nBcc: a@b.example"), ("settings.from_name", "email_server.settings")),
        ] {
            let mut settings = settings(587);
            settings[field] = value;
            let answer = api.post(SERVERS, json!({"provider": "POSTMARK", "settings": settings})).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations(), [violation]);
        }
        let answer = api.post(SERVERS, json!({"provider": "POSTMARK"})).await;
        assert_eq!(answer.violations(), [("settings", "required")]);
        let answer = api.post(SERVERS, json!({"settings": settings(587)})).await;
        assert_eq!(answer.violations(), [("provider", "required")]);
        api.get(&format!("{SERVERS}/org_1")).await.failure(400, 3);
        assert!(api.get(SERVERS).await.json["servers"].as_array().unwrap().is_empty());
        for _ in 0..10 {
            create_server(&api, 587).await;
        }
        let answer = api.post(SERVERS, json!({"provider": "OTHER", "settings": settings(587)})).await;
        answer.failure(400, 9);
    }

    async fn one_server_at_most_is_in_use(t: Server) {
        let api = Arc::new(t.api().await);
        let mut ids = Vec::new();
        for _ in 0..10 {
            ids.push(create_server(&api, 587).await);
        }
        let first = enable_server(&api, &ids[0]).await;
        let second = enable_server(&api, &ids[1]).await;
        assert_eq!((&first["last_active_server_id"], &second["last_active_server_id"]), (&json!(null), &json!(ids[0])));
        let calls: Vec<_> = ids
            .iter()
            .map(|id| {
                let (api, id) = (api.clone(), id.clone());
                tokio::spawn(async move { enable_server(&api, &id).await })
            })
            .collect();
        let mut before = Vec::new();
        for call in calls {
            before.push(call.await.unwrap()["last_active_server_id"].as_str().unwrap().to_owned());
        }
        assert_eq!(enabled(&api).await.len(), 1);
        before.sort();
        before.dedup();
        assert!(before.len() >= 9, "each took over from another one: {before:?}");
    }

    async fn another_environments_servers_are_not_there(t: Server) {
        let api = t.api().await;
        let id = create_server(&api, 587).await;
        let other = t.api_in(&t.add_environment("other").await).await;
        for answer in [
            other.get(&format!("{SERVERS}/{id}")).await,
            other.put(&format!("{SERVERS}/{id}"), settings(587)).await,
            other.patch(&format!("{SERVERS}/{id}:enable"), json!({})).await,
            other.patch(&format!("{SERVERS}/{id}:disable"), json!({})).await,
            other.delete(&format!("{SERVERS}/{id}")).await,
        ] {
            answer.failure(404, 5);
        }
        assert!(other.get(SERVERS).await.json["servers"].as_array().unwrap().is_empty());
        enable_server(&api, &id).await;
        let theirs = create_server(&other, 587).await;
        assert_eq!(enable_server(&other, &theirs).await["last_active_server_id"], json!(null));
        assert_eq!(enabled(&api).await, [id]);
    }

    async fn the_dashboard_sets_sender_and_server_at_once(t: Server) {
        let api = t.api().await;
        let configuration = t.as_operator::<rpc::GetEmailConfiguration>(&()).await.unwrap();
        assert_eq!((configuration.default_from_name.as_str(), configuration.server.is_none()), ("Gatewright", true));
        assert_eq!(configuration.email_server_selected(), pb::EmailServerType::Inhouse);
        let made = t.as_operator::<rpc::UpsertEmailConfiguration>(&upsert("", 587, true)).await.unwrap();
        assert_eq!((made.default_from_name.as_str(), made.default_from_address.as_str()), ("Team Kontor", "no-reply@localhost"));
        assert_eq!(made.email_server_selected(), pb::EmailServerType::Customer);
        let id = made.server.unwrap().id;
        let changed = t.as_operator::<rpc::UpsertEmailConfiguration>(&upsert(&id, 465, false)).await.unwrap();
        assert_eq!(changed.email_server_selected(), pb::EmailServerType::Inhouse);
        let Some(pb::email_server::Settings::SmtpSettings(settings)) = changed.server.unwrap().settings else { panic!() };
        assert_eq!((settings.port, settings.password.as_str()), (465, ""));
        // All or nothing.
        let mut bad = upsert("", 0, true);
        bad.default_from_name = "Other".to_owned();
        let error = t.as_operator::<rpc::UpsertEmailConfiguration>(&bad).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument);
        let error = t.as_operator::<rpc::UpsertEmailConfiguration>(&upsert("esr_1", 587, true)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound);
        let named = pb::UpsertEmailConfigurationRequest { default_from_name: "a\nb".to_owned(), server: None };
        assert!(t.as_operator::<rpc::UpsertEmailConfiguration>(&named).await.is_err());
        let configuration = t.as_operator::<rpc::GetEmailConfiguration>(&()).await.unwrap();
        assert_eq!(configuration.default_from_name, "Team Kontor");
        assert_eq!(api.get(SERVERS).await.json["servers"].as_array().unwrap().len(), 1);
        api.get("/api/v1/emails/configuration").await.failure(403, 7);
    }
}

database_tests! {
    async fn the_enabled_server_sends_and_else_the_installations(kind: Database) {
        let (installation, own) = (installation().await, own().await);
        let t = sending_by(kind, &installation, &own).await;
        let api = t.api().await;
        let id = create_server(&api, own.address.port()).await;
        send_code(&api, "ann@kontor.example").await;
        t.run_jobs().await;
        assert_eq!((installation.received().len(), own.received().len()), (1, 0), "it is not in use yet");
        enable_server(&api, &id).await;
        send_code(&api, "bob@kontor.example").await;
        t.run_jobs().await;
        let mails = own.received();
        assert_eq!((installation.received().len(), mails.len()), (1, 1));
        assert!(mails[0].tls && mails[0].user.as_deref() == Some("customer"));
        assert_eq!(mails[0].header("from").unwrap(), "Kontor <hello@kontor.example>");
        assert_eq!(mails[0].header("subject").unwrap(), "Your code for Kontor");
        assert_eq!(mails[0].from, "hello@kontor.example");
        // Another environment has nothing of it.
        let other = t.api_in(&t.add_environment("other").await).await;
        send_code(&other, "cy@kontor.example").await;
        t.run_jobs().await;
        assert_eq!(installation.received().len(), 2);
        // The sender's name is for the installation's server.
        t.as_operator::<rpc::UpsertEmailConfiguration>(&pb::UpsertEmailConfigurationRequest { default_from_name: "Team Kontor".to_owned(), server: None }).await.unwrap();
        api.delete(&format!("{SERVERS}/{id}")).await;
        send_code(&api, "dee@kontor.example").await;
        t.run_jobs().await;
        let mails = installation.received();
        assert_eq!(mails.len(), 3);
        assert_eq!(mails[2].header("from").unwrap(), "\"Team Kontor\" <no-reply@acme.example>");
        assert_eq!(mails[2].header("subject").unwrap(), "Your code for Team Kontor");
    }

    async fn a_server_that_refuses_is_tried_again_and_not_replaced(kind: Database) {
        let (installation, own) = (installation().await, own().await);
        let t = sending_by(kind, &installation, &own).await;
        let api = t.api().await;
        let id = create_server(&api, own.address.port()).await;
        let mut wrong = settings(own.address.port());
        wrong["password"] = json!("wrong");
        api.put(&format!("{SERVERS}/{id}"), wrong).await;
        enable_server(&api, &id).await;
        send_code(&api, "ann@kontor.example").await;
        t.run_jobs().await;
        assert_eq!((installation.received().len(), own.received().len()), (0, 0));
        assert_eq!(api.put(&format!("{SERVERS}/{id}"), settings(own.address.port())).await.status, 200);
        t.advance(Duration::from_secs(5));
        t.run_jobs().await;
        assert_eq!((installation.received().len(), own.received().len()), (0, 1));
    }

    async fn an_own_server_is_spoken_to_by_tls_alone(kind: Database) {
        // The sink that offers none.
        let (plain, own) = (installation().await, own().await);
        let t = sending_by(kind, &plain, &own).await;
        let api = t.api().await;
        let id = create_server(&api, plain.address.port()).await;
        enable_server(&api, &id).await;
        send_code(&api, "ann@kontor.example").await;
        t.run_jobs().await;
        assert_eq!(plain.attempts(), 0);
    }

    async fn in_production_it_must_be_public(kind: Database) {
        let (installation, own) = (installation().await, own().await);
        let mut settings = own.settings();
        settings.retain(|(key, _)| *key == "mail.smtp_ca_file");
        settings.push(("security.environment_type", "production".to_owned()));
        let options = gatewright_testkit::Options { settings, frozen_at: Some(NOW), ..Default::default() };
        let t = Server::start_with(kind, options).await;
        let api = t.api().await;
        let id = create_server(&api, own.address.port()).await;
        enable_server(&api, &id).await;
        send_code(&api, "ann@kontor.example").await;
        t.run_jobs().await;
        assert_eq!((installation.attempts(), own.attempts()), (0, 0));
        let error: Option<String> = sql!("SELECT last_error FROM mails").one(&mut t.app.db.read()).await.unwrap();
        assert!(error.unwrap().contains("not public"));
    }
}
