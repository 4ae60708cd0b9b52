//! Settings of the environment through the API: sessions, user management and test users, and what they do elsewhere.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "what goes wrong in a test shall stop it")]

use gatewright::{
    environments::{self, TestUsers},
    sql,
    time::Timestamp,
};
use gatewright_testkit::{Api, Options, Server, api_tests, database_tests};
use serde_json::{Value as Json, json};
use std::{sync::Arc, time::Duration};

const SESSIONS: &str = "session-settings";
const USERS: &str = "settings/user-management";
const TESTS: &str = "settings/test-user";

fn path(api: &Api, what: &str) -> String {
    format!("/api/v1/environments/{}/{what}", api.environment)
}

/// Changes settings, which must go well, and gives all of them.
async fn set(api: &Api, what: &str, body: Json) -> Json {
    let answer = api.patch(&path(api, what), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json["environment_id"], api.environment.to_string());
    let settings =
        answer.json.as_object().unwrap().iter().find(|(name, _)| *name != "environment_id").unwrap();
    settings.1.clone()
}

/// Adds a user over REST.
async fn invite(api: &Api, organization: &str, email: &str, mail: bool) -> gatewright_testkit::Answer {
    let path = format!("/api/v1/organizations/{organization}/users?send_invitation_email={mail}");
    api.post(&path, json!({"email": email})).await
}

api_tests! {
    async fn sessions_have_defaults_and_change_by_what_is_present(t: Server) {
        let api = t.api().await;
        let defaults = json!({"access_token_expiry": 5, "client_access_token_expiry": 1440,
            "absolute_session_timeout": 43200, "session_management_enabled": true, "idle_session_timeout": 10080,
            "idle_session_enabled": true, "cookie_persistence_type": "PERSISTENT",
            "cookie_same_site_setting": "LAX_MODE", "access_token_expiry_unit": "MINUTES",
            "absolute_session_timeout_unit": "MINUTES", "idle_session_timeout_unit": "MINUTES"});
        assert_eq!(api.get(&path(&api, SESSIONS)).await.json, json!({"session_settings": defaults}));

        let changed = set(&api, SESSIONS, json!({"absolute_session_timeout": 2, "absolute_session_timeout_unit": "DAYS",
            "idle_session_timeout": 3, "idle_session_timeout_unit": "HOURS", "cookie_same_site_setting": "NONE_MODE"})).await;
        let mut expected = defaults.clone();
        expected["absolute_session_timeout"] = json!(2880);
        expected["idle_session_timeout"] = json!(180);
        expected["cookie_same_site_setting"] = json!("NONE_MODE");
        assert_eq!(changed, expected);
        assert_eq!(set(&api, SESSIONS, json!({})).await, expected);
        assert_eq!(api.get(&path(&api, SESSIONS)).await.json["session_settings"], expected);

        let answer = api.post(&path(&api, SESSIONS), json!({"access_token_expiry": 10})).await;
        let mut expected = defaults;
        expected["access_token_expiry"] = json!(10);
        assert_eq!((answer.status, &answer.json["session_settings"]), (200, &expected), "what is absent has its default");
        assert!(api.told().await.is_empty(), "the catalogue has no events of settings");
    }

    async fn sessions_refuse_what_would_never_end_anything(t: Server) {
        let api = t.api().await;
        let before = api.get(&path(&api, SESSIONS)).await.json;
        for (body, field) in [
            (json!({"access_token_expiry": 0}), "session_settings.access_token_expiry"),
            (json!({"access_token_expiry": 43201}), "session_settings.access_token_expiry"),
            (json!({"access_token_expiry": 31, "access_token_expiry_unit": "DAYS"}), "session_settings.access_token_expiry"),
            (json!({"client_access_token_expiry": 43201}), "session_settings.client_access_token_expiry"),
            (json!({"idle_session_timeout": 8, "idle_session_timeout_unit": "DAYS"}), "session_settings.idle_session_timeout"),
            (json!({"idle_session_timeout": 5}), "session_settings.idle_session_timeout"),
            (json!({"absolute_session_timeout": 10080}), "session_settings.absolute_session_timeout"),
            (json!({"absolute_session_timeout": 5, "idle_session_enabled": false}), "session_settings.absolute_session_timeout"),
            (json!({"absolute_session_timeout": 366, "absolute_session_timeout_unit": "DAYS"}), "session_settings.absolute_session_timeout"),
            (json!({"cookie_custom_domain": "example"}), "session_settings.cookie_custom_domain"),
            (json!({"cookie_custom_domain": "acme.example"}), "session_settings.cookie_custom_domain"),
        ] {
            let answer = api.patch(&path(&api, SESSIONS), body.clone()).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations()[0].0, field, "{body}");
        }
        api.patch(&path(&api, SESSIONS), json!({"cookie_persistence_type": 7})).await.failure(400, 3);
        assert_eq!(api.get(&path(&api, SESSIONS)).await.json, before);
    }

    async fn organizations_and_tokens_follow_the_session_settings(t: Server) {
        let api = t.api().await;
        let organization = api.organization("Acme").create().await.id;
        set(&api, SESSIONS, json!({"access_token_expiry": 20, "absolute_session_timeout": 600, "idle_session_timeout": 60,
            "client_access_token_expiry": 7})).await;
        let application = api.get(&format!("/api/v1/organizations/{organization}/application-session-policy")).await;
        assert_eq!(application.json["application_policy"], json!({"absolute_session_timeout": 600,
            "absolute_session_timeout_unit": "MINUTES", "idle_session_timeout_enabled": true, "idle_session_timeout": 60,
            "idle_session_timeout_unit": "MINUTES", "access_token_expiry": 20}));
        let policy = format!("/api/v1/organizations/{organization}/session-policy");
        let custom = |idle: i32| json!({"policy_source": "CUSTOM", "absolute_session_timeout": 300,
            "idle_session_timeout_enabled": true, "idle_session_timeout": idle});
        assert!(api.patch(&policy, custom(20)).await.failure(400, 3).contains("20 minutes"));
        assert_eq!(api.patch(&policy, custom(21)).await.status, 200);

        let form = [("grant_type", "client_credentials"), ("client_id", &t.client_id), ("client_secret", &t.client_secret)];
        let answer = t.http.post(format!("{}/oauth/token", t.url)).form(&form).send().await.unwrap();
        assert_eq!(answer.json::<Json>().await.unwrap()["expires_in"], 419, "as 86399 of a day");
    }

    async fn user_management_has_defaults_and_changes_by_what_is_present(t: Server) {
        let api = t.api().await;
        let defaults = json!({"allow_duplicate_user_identities": false, "allow_multiple_memberships": true,
            "allow_organization_signup": true, "org_user_relationship": "MULTIPLE_ORGANIZATIONS",
            "enable_max_users_limit": false, "invitation_expiry": 21600, "block_disposable_email_domains": false,
            "block_public_email_domains": false, "sync_user_profile_on_signin": false});
        assert_eq!(api.get(&path(&api, USERS)).await.json, json!({"user_management": defaults}));
        let body = json!({"enable_max_users_limit": true, "max_users_limit": 3, "enable_bot_detection": false,
            "org_user_relationship": "SINGLE_ORGANIZATION", "sync_user_profile_on_signin": true});
        let mut expected = defaults.clone();
        for (name, value) in body.as_object().unwrap() {
            expected[name] = value.clone();
        }
        assert_eq!(set(&api, USERS, body).await, expected);
        assert_eq!(set(&api, USERS, json!({})).await, expected);
        let answer = api.post(&path(&api, USERS), json!({"invitation_expiry": 60})).await;
        let mut expected = defaults;
        expected["invitation_expiry"] = json!(60);
        assert_eq!(answer.json["user_management"], expected, "what is absent has its default");

        for (body, field) in [
            (json!({"max_users_limit": 0}), "user_management.max_users_limit"),
            (json!({"max_users_limit": 100_000}), "user_management.max_users_limit"),
            (json!({"enable_max_users_limit": true}), "user_management.max_users_limit"),
            (json!({"invitation_expiry": 0}), "user_management.invitation_expiry"),
            (json!({"invitation_expiry": 43201}), "user_management.invitation_expiry"),
            (json!({"org_user_relationship": 9}), "user_management.org_user_relationship"),
        ] {
            let answer = api.patch(&path(&api, USERS), body.clone()).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations()[0].0, field, "{body}");
        }
        assert_eq!(api.get(&path(&api, USERS)).await.json["user_management"], expected);
    }

    async fn invitations_last_as_long_as_the_environment_says(t: Server) {
        let api = t.api().await;
        let organization = api.organization("Acme").create().await.id;
        set(&api, USERS, json!({"invitation_expiry": 90})).await;
        assert_eq!(invite(&api, &organization, "ann@acme.example", true).await.status, 201);
        let times: (Timestamp, Timestamp) = sql!("SELECT created_at, expires_at FROM memberships WHERE environment_id = $1")
            .bind(api.environment).one(&mut t.app.db.read()).await.unwrap();
        // The invitation is made a moment before the membership.
        let lasts = (times.1.as_micros() - times.0.as_micros()) / 1_000_000;
        assert!((5399..=5400).contains(&lasts), "{lasts} seconds");
    }

    async fn blocked_addresses_are_neither_added_nor_invited(t: Server) {
        let api = t.api().await;
        let organization = api.organization("Acme").create().await.id;
        let other = api.organization("Globex").create().await.id;
        let old = api.member(&organization, "old@gmail.com").create().await;
        set(&api, USERS, json!({"block_public_email_domains": true, "block_disposable_email_domains": true})).await;
        api.told().await;
        let before = api.people().await;
        for (email, rule) in [("ann@gmail.com", "email.public"), ("ann@mailinator.com", "email.disposable")] {
            for mail in [true, false] {
                let answer = invite(&api, &organization, email, mail).await;
                answer.failure(400, 3);
                assert_eq!(answer.violations(), [("user.email", rule)]);
            }
        }
        let membership = format!("/api/v1/memberships/organizations/{other}/users/{}", old.id);
        let answer = api.post(&format!("{membership}?send_invitation_email=true"), json!({})).await;
        assert_eq!(answer.violations(), [("user.email", "email.public")], "{}", answer.text);
        assert_eq!(api.people().await, before);
        // Who is there already is not touched, and may be added by the application.
        assert_eq!(api.post(&format!("{membership}?send_invitation_email=false"), json!({})).await.status, 201);
        assert_eq!(invite(&api, &organization, "ann@acme.example", true).await.status, 201);
    }

    async fn a_user_of_one_organization_gets_no_second_one(t: Server) {
        let api = Arc::new(t.api().await);
        let organization = api.organization("Acme").create().await.id;
        let user = api.member(&organization, "ann@acme.example").create().await.id;
        let others = [api.organization("B").create().await.id, api.organization("C").create().await.id];
        let path = |other: &str| format!("/api/v1/memberships/organizations/{other}/users/{user}?send_invitation_email=false");
        for single in [json!({"org_user_relationship": "SINGLE_ORGANIZATION"}),
            json!({"org_user_relationship": "MULTIPLE_ORGANIZATIONS", "allow_multiple_memberships": false})] {
            set(&api, USERS, single).await;
            assert!(api.post(&path(&others[0]), json!({})).await.failure(400, 9).contains(&organization));
        }
        // Ten who add the user to two organizations at once: one gets it.
        assert_eq!(api.delete(path(&organization).split('?').next().unwrap()).await.status, 200);
        let calls: Vec<_> = (0..10).map(|number| {
            let (api, path) = (api.clone(), path(&others[number % 2]));
            tokio::spawn(async move { api.post(&path, json!({})).await.status })
        }).collect();
        let mut added = 0;
        for call in calls {
            added += usize::from(call.await.unwrap() == 201);
        }
        assert_eq!((added, api.find_user(&user).await.unwrap().memberships.len()), (1, 1));
        set(&api, USERS, json!({"allow_multiple_memberships": true})).await;
        assert_eq!(api.post(&path(&organization), json!({})).await.status, 201);
    }

    async fn test_users_are_a_short_list_with_one_code(t: Server) {
        let api = t.api().await;
        let get = async || api.get(&path(&api, TESTS)).await.json["test_user"].clone();
        assert_eq!(get().await, json!({"enabled": false, "static_confirmation_code": "424242", "emails": []}));
        let body = json!({"test_user": {"enabled": true, "emails": ["Ann+SKTest@Acme.example", "ann+sktest@acme.example"]}});
        let expected = json!({"enabled": true, "static_confirmation_code": "424242", "emails": ["ann+sktest@acme.example"]});
        assert_eq!(set(&api, TESTS, body).await, expected);
        for (body, field) in [
            (json!({"static_confirmation_code": "12345"}), "test_user.static_confirmation_code"),
            (json!({"static_confirmation_code": "abcdef"}), "test_user.static_confirmation_code"),
            (json!({"emails": ["ann@acme.example"]}), "test_user.emails[0]"),
            (json!({"emails": ["a+sktest@x.test", "sktest+ann@x.test"]}), "test_user.emails[1]"),
            (json!({"emails": (0..6).map(|n| format!("u{n}+sktest@x.test")).collect::<Vec<_>>()}), "test_user.emails"),
        ] {
            let answer = api.patch(&path(&api, TESTS), json!({"test_user": body})).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations()[0].0, field, "{}", answer.text);
        }
        assert_eq!(get().await, expected);
        assert_eq!(set(&api, TESTS, json!({"test_user": {"static_confirmation_code": "000000"}})).await["static_confirmation_code"], "000000");
        let stored: TestUsers = environments::find_setting(&mut t.app.db.read(), api.environment).await.unwrap();
        assert_eq!((stored.enabled, stored.code.as_str(), stored.emails.len()), (true, "000000", 1));
        assert_eq!(set(&api, TESTS, json!({"test_user": {"enabled": false}})).await["enabled"], false);
    }

    async fn others_environments_are_not_there(t: Server) {
        let (api, other) = (t.api().await, t.add_environment("other").await);
        let other = t.api_in(&other).await;
        for what in [SESSIONS, USERS, TESTS] {
            other.get(&path(&api, what)).await.failure(404, 5);
            other.patch(&path(&api, what), json!({"test_user": {}})).await.failure(404, 5);
            other.get(&format!("/api/v1/environments/env_1/{what}")).await.failure(404, 5);
            other.get(&format!("/api/v1/environments/org_1/{what}")).await.failure(400, 3);
            assert_eq!(other.get(&path(&other, what)).await.status, 200);
        }
        other.post(&path(&api, SESSIONS), json!({})).await.failure(404, 5);
        set(&other, SESSIONS, json!({"access_token_expiry": 9})).await;
        assert_eq!(api.get(&path(&api, SESSIONS)).await.json["session_settings"]["access_token_expiry"], 5);
    }

    async fn of_changes_at_once_none_is_lost(t: Server) {
        let api = Arc::new(t.api().await);
        let bodies = ["allow_duplicate_user_identities", "block_disposable_email_domains", "block_public_email_domains",
            "sync_user_profile_on_signin", "enable_bot_detection", "enable_fail_open"];
        let calls: Vec<_> = bodies.into_iter().map(|name| {
            let api = api.clone();
            tokio::spawn(async move { set(&api, USERS, json!({name: true})).await })
        }).collect();
        for call in calls {
            call.await.unwrap();
        }
        let settings = api.get(&path(&api, USERS)).await.json["user_management"].clone();
        assert!(bodies.iter().all(|name| settings[name] == true), "{settings}");
        // What requests are decided by is what was stored last.
        let known = t.app.environments.with_id(&t.app, api.environment).await.unwrap().unwrap();
        assert!(known.settings.user_management.block_public_email_domains);
    }
}

database_tests! {
    async fn a_new_invitation_in_place_of_an_expired_one_follows_the_settings(kind: Database) {
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let t = Server::start_with(kind, Options { frozen_at: Some(now), ..Options::default() }).await;
        let api = t.api().await;
        let (acme, globex) = (api.organization("Acme").create().await.id, api.organization("Globex").create().await.id);
        set(&api, USERS, json!({"invitation_expiry": 1})).await;
        let user = invite(&api, &acme, "ann@gmail.com", true).await.json["user"]["id"].as_str().unwrap().to_owned();
        t.advance(Duration::from_secs(60));
        let resend = async || api.send("PATCH", &format!("/api/v1/invites/organizations/{acme}/users/{user}/resend"), "{}").await;
        // An invitation that has expired does not count.
        set(&api, USERS, json!({"org_user_relationship": "SINGLE_ORGANIZATION", "invitation_expiry": 60})).await;
        let membership = format!("/api/v1/memberships/organizations/{globex}/users/{user}?send_invitation_email=false");
        assert_eq!(api.post(&membership, json!({})).await.status, 201);
        assert!(resend().await.failure(400, 9).contains(&globex));
        set(&api, USERS, json!({"org_user_relationship": "MULTIPLE_ORGANIZATIONS", "block_public_email_domains": true})).await;
        assert_eq!(resend().await.violations(), [("user.email", "email.public")]);
        set(&api, USERS, json!({"block_public_email_domains": false})).await;
        assert_eq!(resend().await.status, 200);
        // One that is open is sent again all the same.
        set(&api, USERS, json!({"block_public_email_domains": true})).await;
        assert_eq!(resend().await.status, 200);
    }

    async fn another_node_knows_within_a_second(kind: Database) {
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let t = Server::start_with(kind, Options { frozen_at: Some(now), ..Options::default() }).await;
        let node = t.second_node_with(Options { frozen_at: Some(now), ..Options::default() }).await;
        let (api, there) = (t.api().await, node.api().await);
        let organization = api.organization("Acme").create().await.id;
        assert_eq!(there.get(&path(&there, USERS)).await.status, 200);
        let other = t.add_environment("other").await;
        set(&api, USERS, json!({"block_public_email_domains": true})).await;
        assert_eq!(invite(&there, &organization, "ann@gmail.com", true).await.status, 201, "it does not know yet");
        assert!(node.app.environments.at(&other.host).is_none());
        node.advance(Duration::from_secs(1));
        invite(&there, &organization, "bob@gmail.com", true).await.failure(400, 3);
        let found = node.app.environments.at(&other.host).unwrap();
        assert_eq!(node.app.environments.with_id(&node.app, found.id).await.unwrap(), Some(found));
        let ask = |t: &Server| t.http.get(format!("http://{}/keys", t.address)).header("host", &other.host).send();
        assert_eq!(ask(&node).await.unwrap().status(), 200);
        // A job may be of an environment that is younger than that.
        let third = t.add_environment("third").await;
        let id = t.app.environments.at(&third.host).unwrap().id;
        assert!(node.app.environments.at(&third.host).is_none());
        assert_eq!(node.app.environments.with_id(&node.app, id).await.unwrap().unwrap().domain, third.host);
    }
}
