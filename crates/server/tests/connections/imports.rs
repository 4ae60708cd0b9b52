//! What the server fetches at a customer's word: discovery documents, SAML metadata; and what it does not fetch.
use super::support::*;
use gatewright_api::{rpc::connection_service as rpc, scalekit::v1::connections as pb};
use gatewright_testkit::{Api, Database, Options, Server, WebAnswer, WebServer, database_tests};
use pb::{
    ConfigurationType, ConnectionProvider as Provider, ConnectionStatus as Status, ConnectionType as Type,
    update_connection::Settings,
};
use serde_json::json;
use std::time::{Duration, Instant};
use tonic::Code;

const DISCOVERY: &str = "/.well-known/openid-configuration";

async fn started(kind: Database) -> (Server, Api, WebServer) {
    let t = Server::start_with(kind, Options { settings: local(), ..Options::default() }).await;
    let api = t.api().await;
    (t, api, WebServer::start().await)
}

fn from_issuer(connection: &pb::Connection, issuer: &str) -> pb::UpdateConnection {
    let config = pb::OidcConnectionConfig { issuer: text(issuer), ..Default::default() };
    settings(connection, Settings::OidcConfig(config))
}

database_tests! {
    async fn a_discovery_document_fills_the_endpoints(kind: Database) {
        let (_t, api, web) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let made = debugged(&api, &acme.id, Type::Oidc).await;
        let issuer = web.url("");
        web.answer(DISCOVERY, json(&discovery(&issuer)));
        for given in [issuer.clone(), format!("{issuer}/"), format!("{issuer}{DISCOVERY}")] {
            let found = update(&api, &made, from_issuer(&made, &given)).await.unwrap();
            assert_eq!(found.configuration_type(), ConfigurationType::Discovery);
            let config = oidc(&found);
            assert_eq!((config.issuer.as_ref(), config.discovery_endpoint), (Some(&issuer), Some(web.url(DISCOVERY))));
            assert_eq!(config.token_uri, Some(format!("{issuer}/token")));
            assert_eq!((config.jwks_uri, config.user_info_uri), (Some(format!("{issuer}/keys")), Some(format!("{issuer}/userinfo"))));
            assert_eq!(web.asked(), [DISCOVERY]);
        }
        let credentials = pb::OidcConnectionConfig { client_id: text("x"), client_secret: text("y"), ..Default::default() };
        let whole = update(&api, &made, settings(&made, Settings::OidcConfig(credentials))).await.unwrap();
        assert_eq!(whole.status(), Status::Completed);
        assert!(web.asked().is_empty(), "nothing new was named");
        // Asked for by name, it is read again.
        web.answer(DISCOVERY, json(&json!({"issuer": issuer, "authorization_endpoint": "https://new.example/a",
            "token_endpoint": "https://new.example/t", "jwks_uri": "https://new.example/k"})));
        let again = pb::UpdateConnection {
            configuration_type: ConfigurationType::Discovery.into(),
            ..settings(&made, Settings::OidcConfig(pb::OidcConnectionConfig::default()))
        };
        let config = oidc(&update(&api, &made, again).await.unwrap());
        assert_eq!((config.token_uri, config.user_info_uri), (text("https://new.example/t"), None));
    }

    async fn with_endpoints_nothing_is_fetched(kind: Database) {
        let (_t, api, web) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let made = debugged(&api, &acme.id, Type::Oidc).await;
        let config = pb::OidcConnectionConfig { issuer: Some(web.url("")), ..endpoints() };
        let found = update(&api, &made, settings(&made, Settings::OidcConfig(config))).await.unwrap();
        assert_eq!((found.configuration_type(), found.status()), (ConfigurationType::Manual, Status::Completed));
        let manual = pb::UpdateConnection {
            configuration_type: ConfigurationType::Manual.into(),
            ..from_issuer(&made, &web.url("/other"))
        };
        assert_eq!(oidc(&update(&api, &made, manual).await.unwrap()).issuer, Some(web.url("/other")));
        assert!(web.asked().is_empty());
    }

    async fn a_document_that_does_not_fit_is_refused(kind: Database) {
        let (t, api, web) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let made = debugged(&api, &acme.id, Type::Oidc).await;
        let before = state(&t, &api).await;
        let issuer = web.url("");
        let with = |name: &str, value: serde_json::Value| {
            let mut document = discovery(&issuer);
            document[name] = value;
            json(&document)
        };
        for (answer, part) in [
            (with("issuer", json!("https://accounts.example")), "another issuer"),
            (with("issuer", json!(format!("{issuer}//"))), "another issuer"),
            (with("issuer", json!(null)), "not JSON"),
            (with("jwks_uri", json!("file:///etc/passwd")), "jwks_uri"),
            (with("authorization_endpoint", json!("javascript:alert(1)")), "authorization_endpoint"),
            (with("userinfo_endpoint", json!("x")), "userinfo_endpoint"),
            (json(&json!({})), "not JSON"),
            (WebAnswer::Ok(b"<html>".to_vec()), "not JSON"),
            (WebAnswer::Ok(vec![b' '; 300_000]), "more than 256 KiB"),
            (WebAnswer::Endless, "more than 256 KiB"),
            (WebAnswer::Status(404, String::new()), "status 404"),
            (WebAnswer::Status(302, "http://127.0.0.1:1/".into()), "redirects are not followed"),
            (WebAnswer::Status(307, "file:///etc/passwd".into()), "redirects are not followed"),
        ] {
            web.answer(DISCOVERY, answer);
            let failure = update(&api, &made, from_issuer(&made, &issuer)).await.unwrap_err();
            assert_eq!(failure.code, Code::InvalidArgument);
            assert_eq!(failure.violations(), [("connection.oidc_config.issuer", "discovery")]);
            assert!(failure.message.contains(part), "{}", failure.message);
        }
        assert_eq!(state(&t, &api).await, before);
    }

    async fn what_takes_too_long_ends(kind: Database) {
        let (_t, api, web) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let made = debugged(&api, &acme.id, Type::Oidc).await;
        web.answer(DISCOVERY, WebAnswer::Silent);
        web.answer(&format!("/drip{DISCOVERY}"), WebAnswer::Dripping);
        let start = Instant::now();
        let (silent, dripping) = (web.url(""), web.url("/drip"));
        let (silent, dripping) = tokio::join!(
            update(&api, &made, from_issuer(&made, &silent)),
            update(&api, &made, from_issuer(&made, &dripping)),
        );
        for failure in [silent.unwrap_err(), dripping.unwrap_err()] {
            assert_eq!(failure.code, Code::InvalidArgument);
            assert!(failure.message.contains("took too long"), "{}", failure.message);
        }
        assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    }

    async fn what_only_the_server_can_reach_is_not_fetched(kind: Database) {
        let t = Server::start_with(kind, Options::default()).await;
        let (api, web) = (t.api().await, WebServer::start().await);
        let acme = api.organization("Acme").create().await;
        let before = state(&t, &api).await;
        let (oidc, saml) = (debugged(&api, &acme.id, Type::Oidc).await, debugged(&api, &acme.id, Type::Saml).await);
        let port = web.address.port();
        for url in [
            web.url(""),
            format!("https://127.0.0.1:{port}"),
            format!("http://localhost:{port}"),
            format!("http://[::ffff:127.0.0.1]:{port}"),
            format!("http://2130706433:{port}"),
            format!("http://0x7f.1:{port}"),
            format!("http://127.1:{port}"),
            format!("http://0.0.0.0:{port}"),
            "http://[::1]".to_owned(),
            "https://10.0.0.1".to_owned(),
            "https://169.254.169.254/latest/meta-data".to_owned(),
            "http://metadata.invalid".to_owned(),
            "https://192.168.1.1:8443".to_owned(),
            "file:///etc/passwd".to_owned(),
            "gopher://127.0.0.1".to_owned(),
            "https://user:secret@idp.example".to_owned(),
        ] {
            let failure = update(&api, &oidc, from_issuer(&oidc, &url)).await.unwrap_err();
            assert_eq!(failure.code, Code::InvalidArgument, "{url}: {}", failure.message);
            let config = pb::SamlConnectionConfigRequest { idp_metadata_url: Some(url.clone()), ..Default::default() };
            let failure = update(&api, &saml, settings(&saml, Settings::SamlConfig(config))).await.unwrap_err();
            assert_eq!(failure.code, Code::InvalidArgument, "{url}: {}", failure.message);
        }
        assert!(web.asked().is_empty());
        assert_eq!(state(&t, &api).await.0.len(), before.0.len() + 2);
        assert_eq!(get(&api, &oidc).await, oidc);
    }

    async fn plain_http_needs_the_debug_switch(kind: Database) {
        let (_t, api, web) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, Type::Oidc, Provider::Custom).await;
        web.answer(DISCOVERY, json(&discovery(&web.url(""))));
        let failure = update(&api, &made, from_issuer(&made, &web.url(""))).await.unwrap_err();
        assert!(failure.message.contains("debug_enabled"), "{}", failure.message);
        assert!(web.asked().is_empty());
        let both = pb::UpdateConnection { debug_enabled: Some(true), ..from_issuer(&made, &web.url("")) };
        update(&api, &made, both).await.unwrap();
    }

    async fn metadata_fills_the_idp(kind: Database) {
        let (_t, api, web) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let made = debugged(&api, &acme.id, Type::Saml).await;
        let one = certificate();
        web.answer("/metadata", WebAnswer::Ok(metadata("https://idp.example/", &[&one])));
        let found = update(&api, &made, from_metadata(&made, &web, "/metadata")).await.unwrap();
        assert_eq!((found.status(), found.configuration_type()), (Status::Completed, ConfigurationType::Discovery));
        let config = saml(&found);
        assert_eq!(config.idp_metadata_url, Some(web.url("/metadata")));
        assert_eq!(config.idp_entity_id.as_deref(), Some("https://idp.example/"));
        assert_eq!(config.idp_sso_url.as_deref(), Some("https://idp.example/sso"));
        assert_eq!((config.idp_slo_url.as_deref(), config.idp_slo_request_binding()), (Some("https://idp.example/slo"), pb::RequestBinding::HttpPost));
        assert_eq!(config.idp_name_id_format(), pb::NameIdFormat::Persistent);
        assert_eq!(config.idp_certificates[0].certificate, one);
        assert!(enable(&api, &found).await.unwrap());
        for (answer, part) in [
            (WebAnswer::Ok(b"<a/>".to_vec()), "EntityDescriptor"),
            (WebAnswer::Ok(metadata("x", &[])), "no certificate"),
            (WebAnswer::Ok(b"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>".to_vec()), "XML"),
            (WebAnswer::Endless, "more than 1024 KiB"),
            (WebAnswer::Status(301, "https://idp.example/".into()), "redirects"),
        ] {
            web.answer("/bad", answer);
            let failure = update(&api, &made, from_metadata(&made, &web, "/bad")).await.unwrap_err();
            assert_eq!(failure.violations(), [("connection.saml_config.idp_metadata_url", "metadata")]);
            assert!(failure.message.contains(part), "{}", failure.message);
        }
        assert_eq!(saml(&get(&api, &made).await), config);
    }

    async fn metadata_is_followed(kind: Database) {
        let now = gatewright::time::Timestamp::from_micros(1_772_884_800_000_000);
        let options = Options { settings: local(), frozen_at: Some(now), ..Options::default() };
        let t = Server::start_with(kind, options).await;
        let (api, web) = (t.api().await, WebServer::start().await);
        let acme = api.organization("Acme").create().await;
        let made = debugged(&api, &acme.id, Type::Saml).await;
        let (one, other) = (certificate(), certificate());
        web.answer("/m", WebAnswer::Ok(metadata("https://idp.example/", &[&one])));
        let found = update(&api, &made, from_metadata(&made, &web, "/m")).await.unwrap();
        web.asked();
        let certificates = async || {
            let found = saml(&get(&t.api().await, &made).await);
            found.idp_certificates.into_iter().map(|found| found.certificate).collect::<Vec<_>>()
        };
        let later = async |hours: u64| {
            t.app.clock.advance(Duration::from_secs(hours * 3600));
            t.run_jobs().await;
        };
        later(5).await;
        assert!(web.asked().is_empty(), "it is not due");
        web.answer("/m", WebAnswer::Ok(metadata("https://idp.example/", &[&one, &other])));
        later(1).await;
        assert_eq!(web.asked(), ["/m"]);
        assert_eq!(certificates().await, [one.clone(), other.clone()]);
        let first = &saml(&get(&t.api().await, &made).await).idp_certificates[0];
        assert_eq!(*first, saml(&found).idp_certificates[0], "it keeps its id");
        // Neither an outage nor another entity takes anything away.
        for answer in [WebAnswer::Status(500, String::new()), WebAnswer::Ok(metadata("https://evil.example/", &[&other]))] {
            web.answer("/m", answer);
            later(6).await;
            assert_eq!(web.asked(), ["/m"]);
            assert_eq!(certificates().await.len(), 2);
        }
        web.answer("/m", WebAnswer::Ok(metadata("https://idp.example/", &[&other])));
        later(6).await;
        assert_eq!(certificates().await, [other]);
        // Another URL is followed from then on, and only that.
        web.asked();
        web.answer("/n", WebAnswer::Ok(metadata("https://idp.example/", &[&one])));
        update(&t.api().await, &made, from_metadata(&made, &web, "/n")).await.unwrap();
        later(12).await;
        assert_eq!(web.asked(), ["/n", "/n"]);
        let manual = pb::UpdateConnection { configuration_type: ConfigurationType::Manual.into(), ..change(&made) };
        update(&t.api().await, &made, manual).await.unwrap();
        later(12).await;
        assert!(web.asked().is_empty());
        let request = pb::DeleteConnectionRequest { organization_id: acme.id.clone(), id: made.id.clone() };
        t.api().await.call::<rpc::DeleteConnection>(request).await.unwrap();
        later(12).await;
    }
}
