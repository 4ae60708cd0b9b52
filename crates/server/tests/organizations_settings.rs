//! What an organization is set to: features, limit on members, session policy, branding, and its portal links.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
use gatewright::time::Timestamp;
use gatewright_api::{rpc::organization_service as rpc, scalekit::v1::organizations as pb};
use gatewright_testkit::{Answer, Api, Database, Options, Server, api_tests};
use serde_json::{Value as Json, json};
use std::time::Duration;
use tonic::Code;

const PATH: &str = "/api/v1/organizations";
/// Well formed, and nobody's.
const UNKNOWN: &str = "org_1";

async fn acme(api: &Api) -> (pb::Organization, String) {
    let made = api.organization("Acme").create().await;
    api.told().await;
    let path = format!("{PATH}/{}", made.id);
    (made, path)
}

/// Names of the features that are on, in an answer with an organization.
fn enabled(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let features = answer.json["organization"]["settings"]["features"].as_array().unwrap();
    assert_eq!(features.len(), 4, "every known feature is listed");
    features.iter().filter(|f| f["enabled"] == true).map(|f| f["name"].as_str().unwrap()).collect()
}

async fn set_feature(api: &Api, path: &str, name: &str, enabled: bool) -> Answer {
    api.patch(&format!("{path}/settings"), json!({"features": [{"name": name, "enabled": enabled}]})).await
}

fn custom(absolute: Json, idle: Json) -> Json {
    json!({"policy_source": "CUSTOM", "absolute_session_timeout": absolute, "idle_session_timeout_enabled": true,
        "idle_session_timeout": idle})
}

fn branding(source: pb::BrandingSource, id: &str) -> pb::UpdateOrganizationBrandingRequest {
    let mut request =
        pb::UpdateOrganizationBrandingRequest { organization_id: id.to_owned(), ..Default::default() };
    request.set_source(source);
    request
}

api_tests! {
    async fn only_the_features_that_are_named_change(t: Server) {
        let api = t.api().await;
        let (made, path) = acme(&api).await;
        let answer = set_feature(&api, &path, "sso", true).await;
        assert_eq!(enabled(&answer), ["sso"]);
        assert_eq!(enabled(&set_feature(&api, &path, "directory_sync", true).await), ["sso", "dir_sync"]);
        let both = json!({"features": [{"name": "session_policy", "enabled": true}, {"name": "sso"}]});
        assert_eq!(
            enabled(&api.patch(&format!("{path}/settings"), both).await),
            ["dir_sync", "session_policy"]
        );
        let told = api.told().await;
        assert_eq!(told.len(), 3);
        assert_eq!(
            told[2].data["settings"]["features"],
            json!([{"name": "sso", "enabled": false},
            {"name": "dir_sync", "enabled": true}, {"name": "domain_verification", "enabled": false},
            {"name": "session_policy", "enabled": true}])
        );
        let stored = api.find(&made.id).await.unwrap();
        assert_ne!(stored.update_time, made.update_time);
        let feature =
            |name: &str, enabled| pb::OrganizationSettingsFeature { name: name.to_owned(), enabled };
        let settings = pb::OrganizationSettings {
            features: vec![feature("dir_sync", true), feature("session_policy", true)],
        };
        let request = pb::UpdateOrganizationSettingsRequest { id: made.id.clone(), settings: Some(settings) };
        let same = api.call::<rpc::UpdateOrganizationSettings>(request).await.unwrap().organization.unwrap();
        assert_eq!(same, stored, "without a difference nothing changes");
        assert_eq!(enabled(&api.patch(&format!("{path}/settings"), json!({"features": []})).await).len(), 2);
        assert!(api.told().await.is_empty());
    }

    async fn an_unknown_feature_changes_nothing(t: Server) {
        let api = t.api().await;
        let (_, path) = acme(&api).await;
        let before = api.state().await;
        for name in ["", "SSO", "scim", "sso "] {
            let body =
                json!({"features": [{"name": "sso", "enabled": true}, {"name": name, "enabled": true}]});
            let answer = api.patch(&format!("{path}/settings"), body).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations(), [("settings.features[1].name", "feature.known")]);
        }
        api.patch(&format!("{path}/settings"), json!({"features": {"sso": true}})).await.failure(400, 3);
        set_feature(&api, &format!("{PATH}/{UNKNOWN}"), "sso", true).await.failure(404, 5);
        assert_eq!(api.state().await, before);
    }

    async fn the_limit_on_members_can_be_set_and_taken_away(t: Server) {
        let api = t.api().await;
        let (made, path) = acme(&api).await;
        let path = format!("{path}/settings/usermanagement");
        assert_eq!(api.get(&path).await.json, json!({"settings": {}}));
        for limit in [json!(150), json!(0), json!(2_147_483_647)] {
            let expected = json!({"settings": {"max_allowed_users": limit}});
            let answer = api.patch(&path, json!({"settings": {"maxAllowedUsers": limit}})).await;
            assert_eq!((answer.status, &answer.json), (200, &expected));
            assert_eq!(api.get(&path).await.json, expected);
        }
        assert_eq!(api.told().await.len(), 3);
        let before = api.state().await;
        for limit in [json!(-1), json!(2_147_483_648_i64), json!("many"), json!(1.5), json!({})] {
            let answer = api.patch(&path, json!({"settings": {"max_allowed_users": limit}})).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations()[0].0, "settings.max_allowed_users", "{limit}");
        }
        api.patch(&path, json!({})).await.failure(400, 3);
        let unknown = format!("{PATH}/{UNKNOWN}/settings/usermanagement");
        api.get(&unknown).await.failure(404, 5);
        api.patch(&unknown, json!({"settings": {"max_allowed_users": 1}})).await.failure(404, 5);
        assert_eq!(api.state().await, before);
        // A limit that is null or absent is no limit.
        let answer = api.patch(&path, json!({"settings": {"max_allowed_users": null}})).await;
        assert_eq!((answer.status, answer.json), (200, json!({"settings": {}})));
        let settings = Some(pb::OrganizationUserManagementSettings { max_allowed_users: None });
        let request = pb::UpsertUserManagementSettingsRequest { organization_id: made.id.clone(), settings };
        let answer = api.call::<rpc::UpsertUserManagementSettings>(request).await.unwrap();
        assert_eq!(answer.settings.unwrap().max_allowed_users, None);
        let request = pb::GetOrganizationUserManagementSettingsRequest { organization_id: made.id };
        let answer = api.call::<rpc::GetOrganizationUserManagementSetting>(request).await.unwrap();
        assert_eq!(answer.settings.unwrap().max_allowed_users, None);
        assert_eq!(api.told().await.len(), 1);
    }

    async fn a_custom_session_policy_is_told_in_minutes(t: Server) {
        let api = t.api().await;
        let (made, path) = acme(&api).await;
        let path = format!("{path}/session-policy");
        let inherited = json!({"policy": {"policy_source": "APPLICATION"}});
        assert_eq!(api.get(&path).await.json, inherited);
        let body = json!({"policySource": "CUSTOM", "absoluteSessionTimeout": 1, "absoluteSessionTimeoutUnit": "DAYS",
            "idleSessionTimeoutEnabled": true, "idleSessionTimeout": 2, "idleSessionTimeoutUnit": "HOURS"});
        let expected = json!({"policy": {"policy_source": "CUSTOM", "absolute_session_timeout": 1440,
            "absolute_session_timeout_unit": "MINUTES", "idle_session_timeout_enabled": true,
            "idle_session_timeout": 120, "idle_session_timeout_unit": "MINUTES"}});
        let answer = api.patch(&path, body.clone()).await;
        assert_eq!((answer.status, &answer.json), (200, &expected));
        assert_eq!(api.get(&path).await.json, expected);
        assert_eq!(api.told().await[0].name, "organization.updated");
        assert_eq!(api.patch(&path, body).await.json, expected);
        assert!(api.told().await.is_empty(), "without a difference nothing is told");
        // Minutes without a unit.
        let answer = api.patch(&path, custom(json!(480), json!(60))).await;
        assert_eq!(answer.json["policy"]["absolute_session_timeout"], 480);

        // The application's policy takes over, and the custom one waits for its time.
        let answer =
            api.patch(&path, json!({"policy_source": "APPLICATION", "absolute_session_timeout": 9})).await;
        assert_eq!((answer.status, &answer.json), (200, &inherited));
        assert_eq!(api.get(&path).await.json, inherited);
        let stored = &api.state().await.policies[0];
        assert_eq!(
            (stored.source.as_str(), stored.absolute_minutes, stored.idle_minutes, stored.idle_enabled),
            ("APPLICATION", Some(480), Some(60), Some(true))
        );
        assert_eq!(api.told().await.len(), 2);
        let request = pb::GetOrganizationSessionPolicyRequest { organization_id: made.id };
        let policy = api.call::<rpc::GetOrganizationSessionPolicy>(request).await.unwrap().policy.unwrap();
        assert_eq!(
            (policy.policy_source(), policy.absolute_session_timeout),
            (pb::SessionPolicyType::Application, None)
        );
    }

    async fn a_session_policy_keeps_its_order_and_ranges(t: Server) {
        let api = t.api().await;
        let (made, path) = acme(&api).await;
        let path = format!("{path}/session-policy");
        let before = api.state().await;
        let with = |absolute: Json, unit: &str| {
            json!({"policy_source": "CUSTOM", "absolute_session_timeout": absolute,
            "absolute_session_timeout_unit": unit, "idle_session_timeout_enabled": false})
        };
        let refused = [
            (json!({}), "policy_source"),
            (json!({"policy_source": "SESSION_POLICY_TYPE_UNSPECIFIED"}), "policy_source"),
            (json!({"policy_source": "MINE"}), "policy_source"),
            (json!({"policy_source": "CUSTOM"}), "absolute_session_timeout"),
            (
                json!({"policy_source": "CUSTOM", "absolute_session_timeout": 60, "idle_session_timeout_enabled": true}),
                "idle_session_timeout",
            ),
            (custom(json!(0), json!(30)), "absolute_session_timeout"),
            (custom(json!(-5), json!(30)), "absolute_session_timeout"),
            (custom(json!(525_601), json!(30)), "absolute_session_timeout"),
            (with(json!(366), "DAYS"), "absolute_session_timeout"),
            (with(json!(2_147_483_647), "DAYS"), "absolute_session_timeout"),
            (with(json!(8761), "HOURS"), "absolute_session_timeout"),
            (with(json!(60), "WEEKS"), "absolute_session_timeout_unit"),
            (custom(json!(20_000), json!(10_081)), "idle_session_timeout"),
            (custom(json!(60), json!(0)), "idle_session_timeout"),
            (custom(json!(60), json!(60)), "absolute_session_timeout"),
            (custom(json!(30), json!(60)), "absolute_session_timeout"),
            (custom(json!(60), json!(5)), "idle_session_timeout"),
            (with(json!(5), "MINUTES"), "absolute_session_timeout"),
        ];
        for (body, field) in refused {
            let answer = api.patch(&path, body.clone()).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations()[0].0, field, "{body}");
        }
        let mut request = pb::UpdateOrganizationSessionPolicyRequest {
            organization_id: made.id.clone(),
            absolute_session_timeout: Some(60),
            absolute_session_timeout_unit: Some(77),
            ..Default::default()
        };
        request.set_policy_source(pb::SessionPolicyType::Custom);
        let failure = api.call::<rpc::UpdateOrganizationSessionPolicy>(request).await.unwrap_err();
        assert_eq!(
            failure.violations()[0].0,
            "absolute_session_timeout_unit",
            "an unknown unit is not minutes"
        );
        let unknown = format!("{PATH}/{UNKNOWN}/session-policy");
        api.get(&unknown).await.failure(404, 5);
        api.patch(&unknown, custom(json!(480), json!(60))).await.failure(404, 5);
        assert_eq!(api.state().await, before);

        for (absolute, idle) in [(525_600, 10_080), (7, 6)] {
            let answer = api.patch(&path, custom(json!(absolute), json!(idle))).await;
            assert_eq!((answer.status, &answer.json["policy"]["idle_session_timeout"]), (200, &json!(idle)));
        }
        // With idle off, only the absolute limit has to be longer than the access token.
        let answer = api.patch(&path, with(json!(6), "MINUTES")).await;
        assert_eq!(
            answer.json["policy"],
            json!({"policy_source": "CUSTOM", "absolute_session_timeout": 6,
            "absolute_session_timeout_unit": "MINUTES", "idle_session_timeout_enabled": false})
        );
    }

    async fn the_application_has_a_session_policy(t: Server) {
        let api = t.api().await;
        let (made, path) = acme(&api).await;
        let answer = api.get(&format!("{path}/application-session-policy")).await;
        assert_eq!(
            answer.json,
            json!({"application_policy": {"absolute_session_timeout": 43_200,
            "idle_session_timeout_enabled": true, "idle_session_timeout": 10_080, "access_token_expiry": 5,
            "absolute_session_timeout_unit": "MINUTES", "idle_session_timeout_unit": "MINUTES"}})
        );
        api.patch(&format!("{path}/session-policy"), custom(json!(480), json!(60))).await;
        assert_eq!(api.get(&format!("{path}/application-session-policy")).await.json, answer.json);
        let request = pb::GetApplicationSessionPolicyRequest { organization_id: made.id };
        let policy =
            api.call::<rpc::GetApplicationSessionPolicy>(request).await.unwrap().application_policy.unwrap();
        assert_eq!(policy.access_token_expiry, 5);
        api.get(&format!("{PATH}/{UNKNOWN}/application-session-policy")).await.failure(404, 5);
    }

    async fn branding_is_kept_while_the_environments_counts(t: Server) {
        let api = t.api().await;
        let (made, path) = acme(&api).await;
        let path = format!("{path}/portal_customizations");
        let never = json!({"branding": {"source": "BRANDING_SOURCE_ENVIRONMENT"}});
        assert_eq!(api.get(&path).await.json, never);
        let before = api.state().await;
        let failure = api.put(&path, json!({"source": "BRANDING_SOURCE_CUSTOM"})).await;
        failure.failure(400, 3);
        assert_eq!(failure.violations(), [("customization_settings", "required")]);
        let same = api.put(&path, json!({"source": "BRANDING_SOURCE_ENVIRONMENT"})).await;
        assert_eq!((same.status, &same.json), (200, &never));
        assert_eq!(api.state().await, before, "what it was already needs no change");

        let settings = json!({"colours": {"primary": "#0a0", "dark": {"primary": null}}, "radius": 4.5, "items": [1, "2", true, [], {}],
            "big": 8_999_999_999_999_999_i64, "": "empty key", "schrift": "Zoë 👩‍💻"});
        let answer = api
            .put(&path, json!({"source": "BRANDING_SOURCE_CUSTOM", "customizationSettings": settings}))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let saved = answer.json["branding"].clone();
        assert_eq!(
            (&saved["source"], &saved["customization_settings"]),
            (&json!("BRANDING_SOURCE_CUSTOM"), &settings)
        );
        assert!(saved["update_time"].as_str().unwrap().ends_with('Z'));
        assert_eq!(api.get(&path).await.json["branding"], saved);

        let answer = api.put(&path, json!({"source": "BRANDING_SOURCE_ENVIRONMENT"})).await;
        assert_eq!(answer.json["branding"]["source"], "BRANDING_SOURCE_ENVIRONMENT");
        assert_eq!(answer.json["branding"]["customization_settings"], settings);
        let again =
            api.call::<rpc::UpdateOrganizationBranding>(branding(pb::BrandingSource::Custom, &made.id)).await;
        assert_eq!(again.unwrap().branding.unwrap().source(), pb::BrandingSource::Custom);
        let request = pb::GetOrganizationBrandingRequest { organization_id: made.id.clone() };
        let read = api.call::<rpc::GetOrganizationBranding>(request).await.unwrap().branding.unwrap();
        assert_eq!(read.customization_settings.unwrap().fields.len(), 6);
        let replaced =
            api.put(&path, json!({"source": "BRANDING_SOURCE_CUSTOM", "customization_settings": {}})).await;
        assert_eq!(replaced.json["branding"]["customization_settings"], json!({}));
        let told = api.told().await;
        assert_eq!(told.len(), 4);
        assert!(told.iter().all(|event| event.name == "organization.updated"));
    }

    async fn bad_branding_changes_nothing(t: Server) {
        let api = t.api().await;
        let (made, path) = acme(&api).await;
        let path = format!("{path}/portal_customizations");
        api.put(&path, json!({"source": "BRANDING_SOURCE_CUSTOM", "customization_settings": {"a": 1}})).await;
        let before = api.state().await;
        for body in [
            json!({}),
            json!({"source": "BRANDING_SOURCE_UNSPECIFIED"}),
            json!({"source": "MINE"}),
            json!({"source": "BRANDING_SOURCE_CUSTOM", "customization_settings": "dark"}),
            json!({"source": "BRANDING_SOURCE_CUSTOM", "customization_settings": {"x": "y".repeat(64 * 1024)}}),
        ] {
            api.put(&path, body).await.failure(400, 3);
        }
        let deep = format!(
            r#"{{"source":"BRANDING_SOURCE_CUSTOM","customization_settings":{{"a":{}{}}}}}"#,
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        api.send("PUT", &path, &deep).await.failure(400, 3);
        for source in [0, 3, -1] {
            let request = pb::UpdateOrganizationBrandingRequest {
                organization_id: made.id.clone(),
                source,
                ..Default::default()
            };
            let failure = api.call::<rpc::UpdateOrganizationBranding>(request).await.unwrap_err();
            assert_eq!(failure.code, Code::InvalidArgument);
        }
        let unknown = format!("{PATH}/{UNKNOWN}/portal_customizations");
        api.get(&unknown).await.failure(404, 5);
        api.put(&unknown, json!({"source": "BRANDING_SOURCE_ENVIRONMENT"})).await.failure(404, 5);
        assert_eq!(api.state().await, before);
    }

    async fn a_portal_link_needs_the_features_that_it_is_for(t: Server) {
        let api = t.api().await;
        let (made, path) = acme(&api).await;
        let links = format!("{path}/portal_links");
        let before = api.state().await;
        for query in
            ["?features=sso", "?features=dir_sync", "?features=1", "?sso=true", "?directory_sync=true"]
        {
            let answer = api.put(&format!("{links}{query}"), json!({})).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations(), [("features", "feature.enabled")], "{query}");
        }
        for query in ["?features=UNSPECIFIED", "?features=0", "?features=everything", "?features=77"] {
            api.put(&format!("{links}{query}"), json!({})).await.failure(400, 3);
        }
        for feature in [0, 3, -1] {
            let request = pb::GeneratePortalLinkRequest {
                id: made.id.clone(),
                features: vec![feature],
                ..Default::default()
            };
            let failure = api.call::<rpc::GeneratePortalLink>(request).await.unwrap_err();
            assert_eq!(failure.code, Code::InvalidArgument, "an unknown feature is not all of them");
        }
        api.send("PUT", &format!("{PATH}/{UNKNOWN}/portal_links"), "").await.failure(404, 5);
        assert_eq!(api.state().await, before);

        set_feature(&api, &path, "sso", true).await;
        for query in ["", "?features=sso", "?features=2&features=sso", "?sso=true", "?directory_sync=false"] {
            let answer = api.send("PUT", &format!("{links}{query}"), "").await;
            assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        }
        api.send("PUT", &format!("{links}?features=sso&features=dir_sync"), "").await.failure(400, 3);
        assert_eq!(api.state().await.portal_links.len(), 5);
    }

    async fn a_portal_link_can_be_taken_back(t: Server) {
        let api = t.api().await;
        let (made, path) = acme(&api).await;
        let (other, _) = acme(&api).await;
        let request = pb::GeneratePortalLinkRequest { id: made.id.clone(), ..Default::default() };
        let one = api.call::<rpc::GeneratePortalLink>(request.clone()).await.unwrap().link.unwrap();
        let two = api.call::<rpc::GeneratePortalLink>(request).await.unwrap().link.unwrap();
        assert!(one.id != two.id && one.location != two.location, "each call gives a new link");
        let token =
            one.location.strip_prefix(&format!("{}/magicLink/", t.url)).expect("a link at the environment");
        assert_eq!((token.len(), token.matches('-').count()), (36, 4));
        let before = api.state().await;
        for (organization, link) in [(&*other.id, &*one.id), (UNKNOWN, &one.id), (&made.id, "lnk_1")] {
            api.delete(&format!("{PATH}/{organization}/portal_links/{link}")).await.failure(404, 5);
        }
        for link in ["evt_1", "lnk_", "lnk_01", "3f0c2a5e-7d3b-4c55-9f8e-0a1b2c3d4e5f"] {
            let answer = api.delete(&format!("{path}/portal_links/{link}")).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations()[0].0, "link_id", "{link}");
        }
        // Listing links and taking them all back are for people at the dashboard.
        api.get(&format!("{path}/portal_links")).await.failure(403, 7);
        api.delete(&format!("{path}/portal_links")).await.failure(403, 7);
        let request = pb::GetPortalLinkRequest { id: made.id.clone() };
        assert_eq!(api.call::<rpc::GetPortalLinks>(request).await.unwrap_err().code, Code::PermissionDenied);
        let request = pb::DeletePortalLinkRequest { id: made.id.clone() };
        assert_eq!(
            api.call::<rpc::DeletePortalLink>(request).await.unwrap_err().code,
            Code::PermissionDenied
        );
        assert_eq!(api.state().await, before);

        let answer = api.delete(&format!("{path}/portal_links/{}", one.id)).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
        let request = pb::DeletePortalLinkByIdRequest { id: made.id.clone(), link_id: one.id };
        assert_eq!(api.call::<rpc::DeletePortalLinkByID>(request).await.unwrap_err().code, Code::NotFound);
        let left: Vec<String> =
            api.state().await.portal_links.iter().map(|link| link.0.to_string()).collect();
        assert_eq!(left, [two.id]);
    }

    async fn another_environments_organization_cannot_be_set(t: Server) {
        let other = t.add_environment("other").await;
        let (api, there) = (t.api().await, t.api_in(&other).await);
        let theirs = there.organization("Theirs").create().await;
        let before = there.state().await;
        let path = format!("{PATH}/{}", theirs.id);
        set_feature(&api, &path, "sso", true).await.failure(404, 5);
        api.patch(&format!("{path}/settings/usermanagement"), json!({"settings": {"max_allowed_users": 1}}))
            .await
            .failure(404, 5);
        api.patch(&format!("{path}/session-policy"), custom(json!(480), json!(60))).await.failure(404, 5);
        let body = json!({"source": "BRANDING_SOURCE_CUSTOM", "customization_settings": {"a": 1}});
        api.put(&format!("{path}/portal_customizations"), body).await.failure(404, 5);
        api.send("PUT", &format!("{path}/portal_links"), "").await.failure(404, 5);
        for part in [
            "settings/usermanagement",
            "session-policy",
            "application-session-policy",
            "portal_customizations",
        ] {
            api.get(&format!("{path}/{part}")).await.failure(404, 5);
        }
        assert_eq!(there.state().await, before);
        assert!(api.events().await.is_empty());
    }
}

/// 2026-03-07T12:00:00.25Z
const NOON: Timestamp = Timestamp::from_micros(1_772_884_800_250_000);

async fn a_portal_link_lasts_one_minute(database: Database) {
    let t = Server::start_with(database, Options { frozen_at: Some(NOON), ..Options::default() }).await;
    t.run_jobs().await; // from here on, periodic jobs are known
    let api = t.api().await;
    let (made, path) = acme(&api).await;
    let list = pb::GetPortalLinkRequest { id: made.id };
    let answer = api.send("PUT", &format!("{path}/portal_links"), "").await;
    assert_eq!(answer.json["link"]["expire_time"], "2026-03-07T12:01:00.250Z", "{}", answer.text);
    let open = async || t.as_operator::<rpc::GetPortalLinks>(&list).await.unwrap().links;
    assert_eq!(open().await[0].location, answer.json["link"]["location"].as_str().unwrap());
    t.advance(Duration::from_millis(59_999));
    assert_eq!(open().await.len(), 1);
    api.send("PUT", &format!("{path}/portal_links"), "").await;
    assert_eq!(open().await.len(), 2);
    t.advance(Duration::from_millis(1));
    assert_eq!(open().await.len(), 1, "expired links are not listed");
    let expired = answer.json["link"]["id"].as_str().unwrap();
    assert_eq!(api.delete(&format!("{path}/portal_links/{expired}")).await.status, 200);

    let (other, _) = acme(&api).await;
    api.send("PUT", &format!("{PATH}/{}/portal_links", other.id), "").await;
    let all = pb::DeletePortalLinkRequest { id: list.id.clone() };
    t.as_operator::<rpc::DeletePortalLink>(&all).await.unwrap();
    assert!(open().await.is_empty());
    assert_eq!(api.state().await.portal_links.len(), 1, "the other organization keeps its link");
    let nobodys = pb::DeletePortalLinkRequest { id: UNKNOWN.to_owned() };
    let error = t.as_operator::<rpc::DeletePortalLink>(&nobodys).await.unwrap_err();
    assert_eq!(error.kind(), gatewright::error::Kind::NotFound);

    t.advance(Duration::from_secs(29 * 86_400));
    t.run_jobs().await;
    assert_eq!(t.api().await.state().await.portal_links.len(), 1);
    t.advance(Duration::from_secs(2 * 86_400));
    t.run_jobs().await;
    assert!(t.api().await.state().await.portal_links.is_empty(), "links of the past go");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_link_lasts_one_minute_on_sqlite() {
    a_portal_link_lasts_one_minute(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_link_lasts_one_minute_on_postgres() {
    a_portal_link_lasts_one_minute(Database::Postgres).await;
}
