//! Environments through the API: their names and hosts, features, branding and what the dashboard keeps.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "what goes wrong in a test shall stop it")]

use gatewright::{bootstrap, environments::EnvironmentType, error::Kind, sql, time::Timestamp};
use gatewright_api::{rpc::environment_service as rpc, scalekit::v1::environments as pb};
use gatewright_testkit::{
    Api, DnsServer, Options, OtherEnvironment, Server, api_tests, database_tests, without_settings,
};
use serde_json::{Value as Json, json};
use std::{sync::Arc, time::Duration};

fn path(api: &Api, what: &str) -> String {
    format!("/api/v1/environments/{}/{what}", api.environment)
}

fn named(id: impl ToString) -> pb::GetEnvironmentRequest {
    pb::GetEnvironmentRequest { id: id.to_string() }
}

/// A production environment at this host.
async fn production(t: &Server, host: &str) -> Api {
    let kind = EnvironmentType::Production;
    let (_, client_id, secret) = bootstrap::add_environment(&t.app, "Live", host, kind).await.unwrap();
    let other = OtherEnvironment {
        host: host.to_owned(),
        client_id: client_id.to_string(),
        client_secret: secret.expose().clone(),
    };
    t.api_in(&other).await
}

/// What is answered to a request that was sent to `host`.
async fn at(t: &Server, host: &str, path: &str, token: &str) -> (u16, Json) {
    let request = t.http.get(format!("http://{}{path}", t.address)).header("host", host);
    let answer = request.bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

api_tests! {
    async fn applications_may_not_touch_environments(t: Server) {
        let api = t.api().await;
        for answer in [
            api.get("/api/v1/environments").await,
            api.get(&format!("/api/v1/environments/{}", api.environment)).await,
            api.patch(&format!("/api/v1/environments/{}", api.environment), json!({"display_name": "X"})).await,
            api.patch(&format!("/api/v1/environments/{}:update", api.environment), json!({"domain": "x.test"})).await,
            api.delete(&format!("/api/v1/environments/{}", api.environment)).await,
            api.put(&path(&api, "features"), json!({"features": []})).await,
            api.post(&path(&api, "features/session_policy:disable"), json!({})).await,
            api.get(&path(&api, "contexts")).await,
            api.get("/api/v1/portal_customizations").await,
        ] {
            answer.failure(403, 7);
        }
    }

    async fn the_dashboard_lists_and_renames_them(t: Server) {
        let first = t.operator.environment();
        let other = t.add_environment("other").await;
        let second = t.app.environments.at(&other.host).unwrap();
        let list = async |page_size, token: &str| {
            let request = pb::ListEnvironmentsRequest { page_size, page_token: token.to_owned() };
            t.as_operator::<rpc::ListEnvironment>(&request).await
        };
        let page = list(1, "").await.unwrap();
        assert_eq!((page.total_size, page.environments[0].id.clone()), (2, second.id.to_string()), "newest first");
        let page = list(1, &page.next_page_token).await.unwrap();
        assert_eq!((page.next_page_token.as_str(), page.environments[0].id.clone()), ("", first.id.to_string()));
        assert_eq!(list(1, "nonsense").await.unwrap_err().kind(), Kind::InvalidArgument);

        let rename = async |id: String, name: &str| {
            let environment = Some(pb::UpdateEnvironment { display_name: Some(name.to_owned()) });
            t.as_operator::<rpc::UpdateEnvironment>(&pb::UpdateEnvironmentRequest { id, environment }).await
        };
        let renamed = rename(second.id.to_string(), "Staging").await.unwrap().environment.unwrap();
        assert_eq!((renamed.display_name.as_str(), renamed.domain.as_str()), ("Staging", other.host.as_str()));
        assert!(renamed.update_time.unwrap().nanos != renamed.create_time.unwrap().nanos);
        let got = t.as_operator::<rpc::GetEnvironment>(&named(second.id)).await.unwrap().environment.unwrap();
        assert_eq!(got, renamed);
        for bad in [&"x".repeat(201), "", " ", "a\u{202e}b"] {
            assert_eq!(rename(second.id.to_string(), bad).await.unwrap_err().kind(), Kind::InvalidArgument, "{bad:?}");
        }
        assert_eq!(rename("env_1".to_owned(), "X").await.unwrap_err().kind(), Kind::NotFound);
        assert_eq!(t.as_operator::<rpc::GetEnvironment>(&named("env_1")).await.unwrap_err().kind(), Kind::NotFound);
    }

    async fn an_environment_moves_to_another_host(t: Server) {
        let other = t.add_environment("other").await;
        let id = t.app.environments.at(&other.host).unwrap().id.to_string();
        let third = t.add_environment("third").await;
        let move_to = async |id: &str, domain: &str| {
            let environment = Some(pb::UpdateEnvironmentDomain { domain: Some(domain.to_owned()) });
            let request = pb::UpdateEnvironmentDomainRequest { id: id.to_owned(), environment };
            t.as_operator::<rpc::UpdateEnvironmentDomain>(&request).await
        };
        let moved = move_to(&id, "Moved.Example:8443").await.unwrap().environment.unwrap();
        assert_eq!(moved.domain, "moved.example:8443");
        assert!(t.app.environments.at(&other.host).is_none());
        assert_eq!(at(&t, "moved.example:8443", "/.well-known/openid-configuration", "").await.1["issuer"], "http://moved.example:8443");
        for (domain, kind) in [(third.host.as_str(), Kind::AlreadyExists), ("moved.example:0", Kind::InvalidArgument),
            ("moved.example:", Kind::InvalidArgument), ("http://a.example", Kind::InvalidArgument), ("", Kind::InvalidArgument)] {
            assert_eq!(move_to(&id, domain).await.unwrap_err().kind(), kind, "{domain}");
        }
        let default = t.operator.environment().id.to_string();
        assert_eq!(move_to(&default, "b.example").await.unwrap_err().kind(), Kind::FailedPrecondition);
        assert!(t.app.environments.at("moved.example:8443").is_some());
    }

    async fn features_are_on_until_they_are_turned_off(t: Server) {
        let api = t.api().await;
        let organization = api.organization("Acme").create().await.id;
        let state = async || api.get("/api/v1/features").await.json["features"].clone();
        let feature = |name: &str, enabled: bool| json!({"name": name, "enabled": enabled});
        assert_eq!(state().await, json!([feature("full_stack_auth", true), feature("organization_branding", true), feature("session_policy", true)]));

        let turn = async |name: &str, enabled: bool| {
            let (id, features) = (api.environment.to_string(), vec![pb::EnvironmentFeature { name: name.to_owned(), enabled }]);
            t.as_operator::<rpc::UpdateFeatures>(&pb::UpdateFeaturesRequest { id, features }).await
        };
        let (branding, policy) = (format!("/api/v1/organizations/{organization}/portal_customizations"),
            format!("/api/v1/organizations/{organization}/session-policy"));
        assert_eq!((api.get(&branding).await.status, api.get(&policy).await.status), (200, 200));
        assert_eq!(turn("organization_branding", false).await.unwrap().features.len(), 3);
        turn("session_policy", false).await.unwrap();
        api.get(&branding).await.failure(403, 7);
        api.put(&branding, json!({"source": "BRANDING_SOURCE_ENVIRONMENT"})).await.failure(403, 7);
        api.get(&policy).await.failure(403, 7);
        api.patch(&policy, json!({"policy_source": "APPLICATION"})).await.failure(403, 7);
        assert_eq!(turn("sso", true).await.unwrap_err().kind(), Kind::InvalidArgument);

        let (id, feature_id) = (api.environment.to_string(), "session_policy".to_owned());
        t.as_operator::<rpc::EnableFeature>(&pb::EnableFeatureRequest { id: id.clone(), feature_id }).await.unwrap();
        assert_eq!(api.get(&policy).await.status, 200);
        let request = pb::DisableFeatureRequest { id, feature_id: "nothing".to_owned() };
        assert_eq!(t.as_operator::<rpc::DisableFeature>(&request).await.unwrap_err().kind(), Kind::NotFound);
        assert_eq!(state().await[1], feature("organization_branding", false));
    }

    async fn full_stack_authentication_can_be_turned_off(t: Server) {
        let (api, other) = (t.api().await, t.add_environment("other").await);
        let other = t.api_in(&other).await;
        let organization = api.organization("Acme").create().await.id;
        let users = format!("/api/v1/organizations/{organization}/users");
        let user = api.post(&users, json!({"email": "ann@acme.example"})).await.json["user"]["id"].as_str().unwrap().to_owned();
        let resend = format!("/api/v1/invites/organizations/{organization}/users/{user}/resend");
        assert_eq!(api.send("PATCH", &resend, "{}").await.status, 200);
        assert_eq!(api.post("/api/v1/features/fsa/disable", json!({})).await.text, "{}");
        let flags = api.send("GET", "/api/v1/environments:publicFeatureFlags", "").await;
        assert_eq!(flags.json["flags"][0], json!({"key": "full_stack_auth", "value": false, "variant": "off", "reason": "STATIC", "error": ""}));
        assert!(api.send("PATCH", &resend, "{}").await.failure(400, 9).contains("full_stack_auth"));
        assert_eq!(other.get("/api/v1/features").await.json["features"][0]["enabled"], true);
        other.post(&path(&api, "features/fsa/enable"), json!({})).await.failure(404, 5);
        assert_eq!(api.post("/api/v1/features/fsa/enable", json!({})).await.text, "{}");
        assert_eq!(api.post(&path(&api, "features/fsa/enable"), json!({})).await.text, "{}");
        assert_eq!(api.send("PATCH", &resend, "{}").await.status, 200);
    }

    async fn branding_is_replaced_as_a_whole_and_brings_no_scripts(t: Server) {
        let (api, other) = (t.api().await, t.add_environment("other").await);
        let other = t.api_in(&other).await;
        let get = async || {
            let request = pb::GetPortalCustomizationRequest::default();
            t.as_operator::<rpc::GetPortalCustomization>(&request).await.unwrap()
        };
        let before = get().await;
        assert_eq!((before.environment_id, before.customization_settings), (api.environment.to_string(), None));
        assert!(before.settings.unwrap().custom_branding);
        let settings = json!({"logo": {"url": "https://cdn.acme.example/logo.png", "align": "left"}, "radius": 8, "dark": true});
        let answer = api.put(&path(&api, "portal_customizations"), settings.clone()).await;
        assert_eq!(answer.json, json!({"environmentId": api.environment.to_string(), "customization_settings": settings}));
        let answer = api.put(&path(&api, "customizations"), json!({"accent": "#f00"})).await;
        assert_eq!(answer.json["customization_settings"], json!({"accent": "#f00"}));
        assert_eq!(get().await.customization_settings.unwrap().fields.keys().collect::<Vec<_>>(), ["accent"]);
        for bad in [json!({"a": [{"background": "url(javascript:x)"}]}), json!({"a": "x".repeat(65_536)})] {
            api.put(&path(&api, "customizations"), bad).await.failure(400, 3);
        }
        let answer = api.put(&path(&api, "customizations"), json!({"a": [{"b": "javascript:x"}]})).await;
        assert_eq!(answer.violations(), [("customization_settings.a[0].b", "branding.safe")]);
        other.put(&path(&api, "customizations"), json!({})).await.failure(404, 5);
        assert_eq!(get().await.customization_settings.unwrap().fields.len(), 1);

        let organization = api.organization("Acme").create().await.id;
        let own = format!("/api/v1/organizations/{organization}/portal_customizations");
        let body = json!({"source": "BRANDING_SOURCE_CUSTOM", "customization_settings": {"b": "vbscript:x"}});
        assert_eq!(api.put(&own, body).await.violations(), [("customization_settings.b", "branding.safe")]);
    }

    async fn the_dashboard_keeps_what_it_likes(t: Server) {
        let environment_id = t.operator.environment().id.to_string();
        let get = async || {
            let request = pb::GetContextRequest { environment_id: environment_id.clone() };
            t.as_operator::<rpc::GetContext>(&request).await.unwrap().context
        };
        assert_eq!(get().await, None);
        let text = prost_types::Value { kind: Some(prost_types::value::Kind::StringValue("done".to_owned())) };
        let context = prost_types::Struct { fields: [("step".to_owned(), text)].into() };
        let request = pb::UpdateContextRequest { environment_id: environment_id.clone(), context: Some(context.clone()) };
        t.as_operator::<rpc::UpdateContext>(&request).await.unwrap();
        assert_eq!(get().await, Some(context));
        let request = pb::UpdateContextRequest { environment_id: "env_1".to_owned(), context: None };
        assert_eq!(t.as_operator::<rpc::UpdateContext>(&request).await.unwrap_err().kind(), Kind::NotFound);
    }

    async fn an_asset_is_uploaded_once_and_fetched_by_anybody(t: Server) {
        let other = t.add_environment("other").await;
        let ask = async |category: pb::AssetCategory, extension: &str| {
            let settings = pb::AssetSettings { category: category.into(), extension: extension.to_owned() };
            let id = t.operator.environment().id.to_string();
            t.as_operator::<rpc::CreateAssetUploadURL>(&pb::CreateAssetUploadUrlRequest { id, asset_settings: Some(settings) }).await
        };
        let (image, font) = (pb::AssetCategory::PortalCustomizationImage, pb::AssetCategory::PortalCustomizationFont);
        for (category, extension) in [(image, "woff"), (font, "png"), (image, "svg"), (pb::AssetCategory::Unspecified, "png")] {
            assert_eq!(ask(category, extension).await.unwrap_err().kind(), Kind::InvalidArgument, "{extension}");
        }
        let urls = ask(image, "png").await.unwrap();
        assert!(urls.upload_url.starts_with(&urls.fetch_url) && urls.fetch_url.starts_with(&format!("{}/assets/asset_", t.url)));
        let png = b"\x89PNG\r\n\x1a\nthe rest".to_vec();
        let put = async |url: &str, body: Vec<u8>| t.http.put(url).body(body).send().await.unwrap().status().as_u16();
        assert_eq!(t.http.get(&urls.fetch_url).send().await.unwrap().status(), 404);
        assert_eq!(put(&urls.fetch_url, png.clone()).await, 404, "without its token");
        assert_eq!(put(&format!("{}x", urls.upload_url), png.clone()).await, 404);
        assert_eq!(put(&urls.upload_url.replace(".png", ".jpg"), b"\xff\xd8\xff".to_vec()).await, 404);
        assert_eq!(put(&urls.upload_url, b"<svg onload=alert(1)>".to_vec()).await, 400, "of another kind");
        let large = [png.clone(), vec![0; 2 * 1024 * 1024]].concat();
        assert_eq!(put(&urls.upload_url, large).await, 400, "too large");
        let elsewhere = t.http.put(&urls.upload_url).header("host", &other.host).body(png.clone()).send().await.unwrap();
        assert_eq!(elsewhere.status(), 404);
        assert_eq!(put(&urls.upload_url, png.clone()).await, 200);
        assert_eq!(put(&urls.upload_url, png.clone()).await, 404, "once");

        let answer = t.http.get(&urls.fetch_url).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()), (200, "image/png"));
        assert_eq!(answer.headers()["content-security-policy"], "default-src 'none'; sandbox");
        assert_eq!(answer.bytes().await.unwrap(), png);
        let elsewhere = t.http.get(&urls.fetch_url).header("host", &other.host).send().await.unwrap();
        assert_eq!(elsewhere.status(), 404);
        for name in ["asset_1.png", "asset_1", "png", "asset_1.svg"] {
            assert_eq!(t.http.get(format!("{}/assets/{name}", t.url)).send().await.unwrap().status(), 404, "{name}");
        }
    }

    async fn a_new_environment_has_all_that_it_needs(t: Server) {
        let api = t.api().await;
        let body = json!({"display_name": "Live", "type": "PRD", "authentication_mode": "MODULAR_AUTH", "region_code": "EU"});
        let made = api.post("/api/v1/environments", body).await;
        assert_eq!(made.status, 200, "{}", made.text);
        let made = &made.json["environment"];
        let (id, domain) = (made["id"].as_str().unwrap(), made["domain"].as_str().unwrap());
        assert_eq!(domain, format!("env-{}.localhost:{}", id.trim_start_matches("env_"), t.address.port()));
        assert_eq!((&made["type"], &made["region_code"], &made["display_name"]), (&json!("PRD"), &json!("EU"), &json!("Live")));
        assert_eq!(at(&t, domain, "/api/v1/organizations", &api.token).await.0, 401, "a token of another environment");

        // Only the operator gets in.
        let file = t.data_dir().join("live.env");
        let command = |id: &str| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gatewright"));
            without_settings(&mut command);
            command.args(["credentials", "--environment", id, "--database-url", t.database_url(), "--output"]).arg(&file);
            command.arg("--data-dir").arg(t.data_dir()).output().unwrap()
        };
        let output = command(id);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = std::fs::read_to_string(&file).unwrap();
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim_start_matches('=').to_owned();
        let other = OtherEnvironment {
            host: domain.to_owned(), client_id: value("SCALEKIT_CLIENT_ID"), client_secret: value("SCALEKIT_CLIENT_SECRET"),
        };
        let inside = t.api_in(&other).await;
        assert_eq!(inside.environment.to_string(), id);
        assert_eq!(inside.get("/api/v1/features").await.json["features"][0], json!({"name": "full_stack_auth", "enabled": false}));
        assert_eq!(inside.get("/api/v1/roles").await.json["roles"].as_array().unwrap().len(), 2);
        assert_eq!(inside.post("/api/v1/organizations", json!({"display_name": "Acme"})).await.status, 201);
        let failed = command("env_1");
        assert!(!failed.status.success() && String::from_utf8_lossy(&failed.stderr).contains("environment env_1 not found"));

        for name in ["", " ", &"x".repeat(201)] {
            api.post("/api/v1/environments", json!({"display_name": name})).await.failure(400, 3);
        }
        let list = t.as_operator::<rpc::ListEnvironment>(&pb::ListEnvironmentsRequest::default()).await.unwrap();
        assert_eq!(list.environments.iter().map(|one| one.r#type).collect::<Vec<_>>(), [1, 2]);
    }

    async fn development_has_no_custom_domain(t: Server) {
        let api = t.api().await;
        let body = json!({"custom_domain": "auth.acme.example"});
        assert!(api.post(&path(&api, "custom-domains"), body.clone()).await.failure(400, 9).contains("production"));
        api.post(&path(&api, "dns"), body.clone()).await.failure(400, 9);
        api.post(&path(&api, "dns:verify"), body).await.failure(400, 9);
        let environment = api.post(&path(&api, "custom-domains:check"), json!({})).await;
        assert_eq!(environment.json["environment"]["custom_domain_status"], "UNSPECIFIED");
        assert_eq!(environment.json["environment"].get("custom_domain"), None);
    }
}

database_tests! {
    async fn a_custom_domain_is_in_use_when_its_record_is_there(kind: Database) {
        let dns = DnsServer::start().await;
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let t = Server::start_with(kind, Options { settings: dns.settings(), frozen_at: Some(now), ..Options::default() }).await;
        let api = production(&t, "live.gatewright.example").await;
        let (rival, custom) = (production(&t, "rival.gatewright.example").await, json!({"custom_domain": "Auth.Acme.example"}));
        let record = api.post(&path(&api, "dns"), custom.clone()).await;
        assert_eq!(record.json, json!({"dns_records": [
            {"host_name": "auth.acme.example", "type": "CNAME", "value": "live.gatewright.example"}]}));
        assert!(api.post(&path(&api, "dns:verify"), custom.clone()).await.failure(400, 9).contains("live.gatewright.example"));
        for api in [&api, &rival] {
            let made = api.post(&path(api, "custom-domains"), custom.clone()).await;
            assert_eq!(made.json["environment"]["custom_domain"], "auth.acme.example");
            assert_eq!(made.json["environment"]["custom_domain_status"], "INITIAL");
        }
        let check = async |api: &Api| api.post(&path(api, "custom-domains:check"), json!({})).await;
        assert_eq!(check(&api).await.json["environment"]["custom_domain_status"], "PENDING");
        assert!(t.app.environments.at("auth.acme.example").is_none());

        dns.publish_cname("auth.acme.example", "Live.Gatewright.example");
        assert_eq!(api.post(&path(&api, "dns:verify"), custom.clone()).await.text, "{}");
        assert_eq!(check(&rival).await.json["environment"]["custom_domain_status"], "PENDING", "it points elsewhere");
        assert_eq!(check(&api).await.json["environment"]["custom_domain_status"], "ACTIVE");
        let there = at(&t, "auth.acme.example", "/.well-known/openid-configuration", "").await;
        assert_eq!(there.1["issuer"], "http://auth.acme.example");
        let here = at(&t, "live.gatewright.example", "/.well-known/openid-configuration", "").await;
        assert_eq!(here.1["issuer"], "http://live.gatewright.example");
        // A token of either host is good at both, and what has no host is at the customer's.
        assert_eq!(at(&t, "auth.acme.example", "/api/v1/organizations", &api.token).await.0, 200);
        assert_eq!(at(&t, "auth.acme.example", "/api/v1/organizations", &rival.token).await.0, 401);
        let known = t.app.environments.with_id(&t.app, api.environment).await.unwrap().unwrap();
        assert_eq!((known.url.as_str(), known.domain.as_str()), ("http://auth.acme.example", "live.gatewright.example"));

        // It is nobody else's, even if its record changes, and stays in use.
        dns.withdraw("auth.acme.example");
        dns.publish_cname("auth.acme.example", "rival.gatewright.example");
        check(&rival).await.failure(409, 6);
        assert_eq!(check(&api).await.json["environment"]["custom_domain_status"], "ACTIVE");
        let kind = EnvironmentType::Development;
        let taken = bootstrap::add_environment(&t.app, "X", "auth.acme.example", kind).await.unwrap_err();
        assert_eq!(taken.kind(), Kind::AlreadyExists);
        let cookie = json!({"cookie_custom_domain": "acme.example"});
        assert_eq!(api.patch(&path(&api, "session-settings"), cookie.clone()).await.status, 200);
        rival.patch(&path(&rival, "session-settings"), cookie).await.failure(400, 3);
    }

    async fn an_upload_is_not_waited_for_forever(kind: Database) {
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let t = Server::start_with(kind, Options { frozen_at: Some(now), ..Options::default() }).await;
        let ask = async || {
            let settings = pb::AssetSettings { category: pb::AssetCategory::PortalCustomizationFont.into(), extension: "woff2".to_owned() };
            let id = t.operator.environment().id.to_string();
            let request = pb::CreateAssetUploadUrlRequest { id, asset_settings: Some(settings) };
            t.as_operator::<rpc::CreateAssetUploadURL>(&request).await.unwrap()
        };
        let (late, early) = (ask().await, ask().await);
        let put = async |url: &str| t.http.put(url).body("wOF2…").send().await.unwrap().status().as_u16();
        t.advance(Duration::from_secs(15 * 60 - 1));
        assert_eq!(put(&early.upload_url).await, 200);
        t.advance(Duration::from_secs(1));
        assert_eq!(put(&late.upload_url).await, 404);
        ask().await;
        let left: i64 = sql!("SELECT COUNT(*) FROM assets WHERE environment_id = $1")
            .bind(t.operator.environment().id).one(&mut t.app.db.read()).await.unwrap();
        assert_eq!(left, 2, "the one that came too late is gone");
    }

    async fn a_custom_domain_that_is_not_there_in_time_fails(kind: Database) {
        let dns = DnsServer::start().await;
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let t = Server::start_with(kind, Options { settings: dns.settings(), frozen_at: Some(now), ..Options::default() }).await;
        let api = production(&t, "live.gatewright.example").await;
        api.post(&path(&api, "custom-domains"), json!({"custom_domain": "auth.acme.example"})).await;
        let check = async || {
            let answer = t.as_operator::<rpc::CheckCustomDomainStatus>(&named(api.environment)).await.unwrap();
            answer.environment.unwrap().custom_domain_status()
        };
        t.advance(Duration::from_secs(72 * 60 * 60 - 1));
        assert_eq!(check().await, pb::CustomDomainStatus::Pending);
        t.advance(Duration::from_secs(1));
        assert_eq!(check().await, pb::CustomDomainStatus::Failed);
        dns.publish_cname("auth.acme.example", "live.gatewright.example");
        assert_eq!(check().await, pb::CustomDomainStatus::Failed, "ask for it again");
        let again = pb::CreateCustomDomainRequest { id: api.environment.to_string(), custom_domain: "auth.acme.example".to_owned() };
        t.as_operator::<rpc::CreateCustomDomain>(&again).await.unwrap();
        assert_eq!(check().await, pb::CustomDomainStatus::Active);
    }

    async fn two_environments_that_get_one_host_at_once_do_not_share_it(kind: Database) {
        let dns = DnsServer::start().await;
        let t = Server::start_with(kind, Options { settings: dns.settings(), ..Options::default() }).await;
        let api = Arc::new(production(&t, "live.gatewright.example").await);
        api.post(&path(&api, "custom-domains"), json!({"custom_domain": "auth.acme.example"})).await;
        dns.publish_cname("auth.acme.example", "live.gatewright.example");
        let app = t.app.clone();
        let calls: Vec<_> = (0..10).map(|number| {
            let (api, app) = (api.clone(), app.clone());
            tokio::spawn(async move {
                if number % 2 == 0 {
                    return api.post(&path(&api, "custom-domains:check"), json!({})).await.status == 200;
                }
                bootstrap::add_environment(&app, "X", "auth.acme.example", EnvironmentType::Development).await.is_ok()
            })
        }).collect();
        let mut kinds = [0, 0];
        for (number, call) in calls.into_iter().enumerate() {
            kinds[number % 2] += usize::from(call.await.unwrap());
        }
        let active = t.app.environments.with_id(&t.app, api.environment).await.unwrap().unwrap().active_custom_domain().is_some();
        assert_eq!(kinds[1], usize::from(!active), "{kinds:?}");
        assert!(!active || kinds[0] == 5, "{kinds:?}");
    }
}
