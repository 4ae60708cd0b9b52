//! API keys through the API.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright::{bootstrap, environments::EnvironmentType, sql, time::Timestamp};
use gatewright_api::{rpc::api_token_service as rpc, scalekit::v1::tokens as pb};
use gatewright_testkit::{Api, Options, OtherEnvironment, Server, api_tests, database_tests};
use serde_json::{Value as Json, json};
use std::{sync::Arc, time::Duration};
use tonic::Code;

const PATH: &str = "/api/v1/tokens";
/// 2026-03-01T00:00:00Z.
const START: Timestamp = Timestamp::from_micros(1_772_323_200_000_000);

fn frozen() -> Options {
    Options { frozen_at: Some(START), ..Options::default() }
}

/// Creates a key: its text and its record.
async fn create(api: &Api, organization: &str, mut body: Json) -> (String, Json) {
    body["organization_id"] = json!(organization);
    let answer = api.post(PATH, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.json["token_id"], answer.json["token_info"]["token_id"]);
    (answer.json["token"].as_str().unwrap().to_owned(), answer.json["token_info"].clone())
}

async fn validate(api: &Api, token: &str) -> Option<Json> {
    let answer = api.post(&format!("{PATH}:validate"), json!({"token": token})).await;
    if answer.status == 200 {
        return Some(answer.json["token_info"].clone());
    }
    answer.failure(404, 5);
    None
}

async fn invalidate(api: &Api, token: &str) {
    let answer = api.post(&format!("{PATH}:invalidate"), json!({"token": token})).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
}

/// A member of the organization.
async fn member(api: &Api, organization: &str, email: &str) -> String {
    let path = format!("/api/v1/organizations/{organization}/users");
    let body = json!({"email": email, "external_id": format!("ext-{email}"), "membership": {"roles": [{"name": "member"}]}});
    let answer = api.post(&path, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json["user"]["id"].as_str().unwrap().to_owned()
}

async fn set_status(t: &Server, api: &Api, user: &str, status: &str) {
    let user: gatewright::ids::UserId = user.parse().unwrap();
    let mut tx = t.app.db.write().await.unwrap();
    sql!("UPDATE memberships SET status = $3 WHERE environment_id = $1 AND user_id = $2")
        .bind(api.environment)
        .bind(user)
        .bind(status)
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

fn ids(answer: &Json) -> Vec<String> {
    let tokens = answer["tokens"].as_array().unwrap();
    tokens.iter().map(|token| token["token_id"].as_str().unwrap().to_owned()).collect()
}

api_tests! {
    async fn a_key_lives_from_creation_to_invalidation(t: Server) {
        let api = t.api().await;
        let organization = api.organization("Acme").external_id("tenant-419").create().await;
        api.told().await;
        let body = json!({"custom_claims": {"team": "ops"}, "description": "CI\nnightly"});
        let (token, info) = create(&api, &organization.id, body).await;
        assert!(info["token_id"].as_str().unwrap().starts_with("apit_"));
        assert!(token.starts_with("gwt_") && token.ends_with(info["token_suffix"].as_str().unwrap()));
        assert_eq!(info["organization_external_id"], "tenant-419");
        assert_eq!((&info["custom_claims"], &info["description"]), (&json!({"team": "ops"}), &json!("CI\nnightly")));
        for absent in ["user_id", "user_external_id", "expiry", "email"] {
            assert_eq!(info.get(absent), None, "{absent}");
        }
        assert_eq!(info["roles"], json!([]));
        assert_eq!(validate(&api, &token).await, Some(info.clone()));
        assert_eq!(validate(&api, &token).await, Some(info.clone()), "from memory, the same");
        invalidate(&api, &token).await;
        assert_eq!(validate(&api, &token).await, None, "on the very next call");
        invalidate(&api, &token).await;
        invalidate(&api, info["token_id"].as_str().unwrap()).await;
        assert!(api.told().await.is_empty(), "the catalogue has no events of keys");
    }

    async fn a_key_by_its_id_is_taken_in_development(t: Server) {
        let api = t.api().await;
        let organization = api.organization("Acme").create().await;
        let (token, info) = create(&api, &organization.id, json!({})).await;
        let id = info["token_id"].as_str().unwrap();
        assert_eq!(validate(&api, id).await, Some(info.clone()));
        assert_eq!(validate(&api, &token).await, Some(info.clone()));
        invalidate(&api, id).await;
        assert_eq!(validate(&api, &token).await, None, "whichever name it was invalidated by");
        assert_eq!(validate(&api, id).await, None);
    }

    async fn what_is_no_key_is_not_found(t: Server) {
        let api = t.api().await;
        let organization = api.organization("Acme").create().await;
        let (token, _) = create(&api, &organization.id, json!({})).await;
        let longer = format!("{token}x");
        let upper = token.to_uppercase();
        for text in ["x", "apit_1", "apit_", "apit_01", &longer, &upper, &token[..token.len() - 1], "gwt_", "é", &"x".repeat(5000)] {
            for call in ["validate", "invalidate", "update"] {
                let answer = api.post(&format!("{PATH}:{call}"), json!({"token": text})).await;
                answer.failure(404, 5);
                assert!(!answer.text.contains("gwt_"), "what was sent is not said back");
            }
        }
        for call in ["validate", "invalidate", "update"] {
            api.post(&format!("{PATH}:{call}"), json!({"token": ""})).await.failure(400, 3);
        }
        api.post(&format!("{PATH}:fetch"), json!({"token_id": "apit_1"})).await.failure(403, 7);
    }

    async fn an_update_replaces_claims_and_clears_the_description(t: Server) {
        let api = t.api().await;
        let organization = api.organization("Acme").create().await;
        let (token, mut info) = create(&api, &organization.id, json!({"custom_claims": {"a": "1", "b": "2"}, "description": "CI"})).await;
        validate(&api, &token).await.unwrap();
        let update = async |body: Json| {
            let mut body = body;
            body["token"] = json!(token);
            api.post(&format!("{PATH}:update"), body).await
        };
        assert_eq!(update(json!({"custom_claims": {}})).await.json["token_info"], info);
        info["custom_claims"] = json!({"c": "3"});
        assert_eq!(update(json!({"custom_claims": {"c": "3"}})).await.json["token_info"], info);
        assert_eq!(validate(&api, &token).await, Some(info.clone()), "on the very next call");
        info["description"] = json!("Nightly");
        assert_eq!(update(json!({"description": "Nightly"})).await.json["token_info"], info);
        info.as_object_mut().unwrap().remove("description");
        assert_eq!(update(json!({"description": ""})).await.json["token_info"], info);
        assert_eq!(validate(&api, &token).await, Some(info.clone()));
        let many: serde_json::Map<String, Json> = (0..21).map(|n| (n.to_string(), json!("x"))).collect();
        for body in [
            json!({"custom_claims": {"a": ""}}),
            json!({"custom_claims": {"": "x"}}),
            json!({"custom_claims": {"a": "x".repeat(257)}}),
            json!({"custom_claims": {"x".repeat(31): "x"}}),
            json!({"custom_claims": many}),
            json!({"description": "x".repeat(256)}),
            json!({"description": "\u{202e}x"}),
        ] {
            update(body).await.failure(400, 3);
        }
        assert_eq!(validate(&api, &token).await, Some(info));
        invalidate(&api, &token).await;
        update(json!({"description": "x"})).await.failure(404, 5);
    }

    async fn bad_requests_make_no_key(t: Server) {
        let api = t.api().await;
        let organization = api.organization("Acme").create().await;
        let other = api.organization("Globex").create().await;
        let stranger = member(&api, &other.id, "kim@globex.test").await;
        for (body, status, code) in [
            (json!({}), 400, 3),
            (json!({"organization_id": "usr_1"}), 400, 3),
            (json!({"organization_id": "org_1"}), 404, 5),
            (json!({"organization_id": organization.id, "user_id": "org_1"}), 400, 3),
            (json!({"organization_id": organization.id, "user_id": "usr_1"}), 404, 5),
            (json!({"organization_id": organization.id, "user_id": stranger}), 400, 3),
            (json!({"organization_id": organization.id, "expiry": "2020-01-01T00:00:00Z"}), 400, 3),
            (json!({"organization_id": organization.id, "custom_claims": {"a": ""}}), 400, 3),
            (json!({"organization_id": organization.id, "description": "x".repeat(256)}), 400, 3),
            (json!({"organization_id": organization.id, "description": "a\u{1}b"}), 400, 3),
        ] {
            api.post(PATH, body).await.failure(status, code);
        }
        api.post(PATH, json!(null)).await.failure(400, 3);
        let answer = api.get(&format!("{PATH}?organization_id={}", organization.id)).await;
        assert_eq!(answer.json["total_count"], 0);
    }

    async fn a_members_key_tells_of_the_member_and_goes_with_the_membership(t: Server) {
        let api = t.api().await;
        let organization = api.organization("Acme").create().await;
        let user = member(&api, &organization.id, "Dana@acme.test").await;
        let (token, info) = create(&api, &organization.id, json!({"user_id": user})).await;
        assert_eq!((&info["user_id"], &info["email"]), (&json!(user), &json!("Dana@acme.test")));
        assert_eq!((&info["user_external_id"], &info["roles"]), (&json!("ext-Dana@acme.test"), &json!(["member"])));
        assert_eq!(validate(&api, &token).await, Some(info));
        // Inactive members have no keys, here after the second for which the last answer counts.
        set_status(&t, &api, &user, "INACTIVE").await;
        tokio::time::sleep(Duration::from_millis(1050)).await;
        assert_eq!(validate(&api, &token).await, None);
        api.post(PATH, json!({"organization_id": organization.id, "user_id": user})).await.failure(400, 3);
        assert_eq!(api.get(&format!("{PATH}?organization_id={}", organization.id)).await.json["total_count"], 0);
        set_status(&t, &api, &user, "ACTIVE").await;
        assert!(validate(&api, &token).await.is_some());

        let path = format!("/api/v1/memberships/organizations/{}/users/{user}", organization.id);
        assert_eq!(api.delete(&path).await.status, 200);
        tokio::time::sleep(Duration::from_millis(1050)).await;
        assert_eq!(validate(&api, &token).await, None);
        api.post(&format!("{PATH}:invalidate"), json!({"token": token})).await.failure(404, 5);
    }

    async fn keys_go_with_their_organization(t: Server) {
        let api = t.api().await;
        let organization = api.organization("Acme").create().await;
        let (token, _) = create(&api, &organization.id, json!({})).await;
        assert_eq!(api.delete(&format!("/api/v1/organizations/{}", organization.id)).await.status, 200);
        assert_eq!(validate(&api, &token).await, None);
        api.get(&format!("{PATH}?organization_id={}", organization.id)).await.failure(404, 5);
    }

    async fn lists_have_active_keys_of_one_organization(t: Server) {
        let api = t.api().await;
        let (organization, other) = (api.organization("Acme").create().await, api.organization("Globex").create().await);
        let user = member(&api, &organization.id, "dana@acme.test").await;
        let mut all = Vec::new();
        for number in 0..5 {
            let body = if number % 2 == 0 { json!({"user_id": user}) } else { json!({}) };
            all.insert(0, create(&api, &organization.id, body).await);
        }
        create(&api, &other.id, json!({})).await;
        let path = format!("{PATH}?organization_id={}", organization.id);
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = api.get(&format!("{path}&page_size=2&page_token={token}")).await;
            assert_eq!(page.json["total_count"], 5);
            assert!(!page.text.contains("gwt_"));
            seen.extend(page.json["tokens"].as_array().unwrap().clone());
            token = page.json["next_page_token"].as_str().unwrap().to_owned();
            if token.is_empty() {
                break;
            }
            let of_other = format!("{PATH}?organization_id={}&page_token={token}", other.id);
            api.get(&of_other).await.failure(400, 3);
        }
        let expected: Vec<Json> = all.iter().map(|(_, info)| info.clone()).collect();
        assert_eq!(seen, expected, "newest first, with roles");
        let of_user = api.get(&format!("{path}&user_id={user}")).await.json;
        assert_eq!((of_user["total_count"].as_i64(), ids(&of_user).len()), (Some(3), 3));
        let second = api.get(&format!("{path}&user_id={user}&page_size=2")).await.json;
        let token = second["next_page_token"].as_str().unwrap();
        let second = api.get(&format!("{path}&user_id={user}&page_size=2&page_token={token}")).await.json;
        assert_eq!(ids(&second), ids(&of_user)[2..]);
        let token = second["prev_page_token"].as_str().unwrap();
        let first = api.get(&format!("{path}&user_id={user}&page_size=2&page_token={token}")).await.json;
        assert_eq!(ids(&first), ids(&of_user)[..2]);
        invalidate(&api, &all[0].0).await;
        assert_eq!(api.get(&path).await.json["total_count"], 4);
        assert_eq!(api.get(&format!("{path}&user_id=usr_1")).await.json["total_count"], 0);
        for bad in ["", "organization_id=", "organization_id=usr_1", "organization_id=org_x"] {
            api.get(&format!("{PATH}?{bad}")).await.failure(400, 3);
        }
        api.get(&format!("{path}&page_size=31")).await.failure(400, 3);
        api.get(&format!("{path}&user_id=org_1")).await.failure(400, 3);
        api.get(&format!("{PATH}?organization_id=org_1")).await.failure(404, 5);
    }

    async fn another_environments_keys_are_not_there(t: Server) {
        let (api, other) = (t.api().await, t.add_environment("other").await);
        let other = t.api_in(&other).await;
        let organization = api.organization("Acme").create().await;
        let (token, info) = create(&api, &organization.id, json!({})).await;
        assert!(validate(&api, &token).await.is_some());
        for name in [&token, info["token_id"].as_str().unwrap()] {
            assert_eq!(validate(&other, name).await, None);
            other.post(&format!("{PATH}:invalidate"), json!({"token": name})).await.failure(404, 5);
            other.post(&format!("{PATH}:update"), json!({"token": name, "description": "x"})).await.failure(404, 5);
        }
        other.post(PATH, json!({"organization_id": organization.id})).await.failure(404, 5);
        other.get(&format!("{PATH}?organization_id={}", organization.id)).await.failure(404, 5);
        assert_eq!(validate(&api, &token).await, Some(info));
        let machine = t.organization_client(&organization.id, Default::default()).await;
        let machine = t.token_of(&machine.0, &machine.1).await;
        t.rest("POST", &format!("{PATH}:validate"), &json!({"token": token}).to_string(), &machine).await.failure(403, 7);
    }

    async fn an_invalidation_wins_against_validations_at_the_same_time(t: Server) {
        let api = Arc::new(t.api().await);
        let organization = api.organization("Acme").create().await;
        let (token, _) = create(&api, &organization.id, json!({})).await;
        let calls: Vec<_> = (0..10).map(|_| {
            let (api, token) = (api.clone(), token.clone());
            tokio::spawn(async move {
                loop {
                    match api.call::<rpc::ValidateToken>(pb::ValidateTokenRequest { token: token.clone() }).await {
                        Ok(_) => tokio::task::yield_now().await,
                        Err(failure) => return failure.code,
                    }
                }
            })
        }).collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        api.call::<rpc::InvalidateToken>(pb::InvalidateTokenRequest { token: token.clone() }).await.unwrap();
        assert_eq!(validate(&api, &token).await, None);
        for call in calls {
            assert_eq!(call.await.unwrap(), Code::NotFound);
        }
    }
}

database_tests! {
    async fn a_key_dies_when_it_says_so(kind: Database) {
        let t = Server::start_with(kind, frozen()).await;
        let api = t.api().await;
        let organization = api.organization("Acme").create().await;
        api.post(PATH, json!({"organization_id": organization.id, "expiry": START.to_string()})).await.failure(400, 3);
        let expiry = START.plus(Duration::from_millis(500)).to_string();
        let (token, info) = create(&api, &organization.id, json!({"expiry": expiry})).await;
        assert_eq!(info["expiry"], json!(expiry));
        assert!(validate(&api, &token).await.is_some());
        t.advance(Duration::from_millis(499));
        assert!(validate(&api, &token).await.is_some());
        t.advance(Duration::from_millis(1));
        assert_eq!(validate(&api, &token).await, None, "also from memory");
        api.post(&format!("{PATH}:update"), json!({"token": token, "description": "x"})).await.failure(404, 5);
        assert_eq!(api.get(&format!("{PATH}?organization_id={}", organization.id)).await.json["total_count"], 0);
        invalidate(&api, &token).await;
    }

    async fn other_nodes_know_within_a_second(kind: Database) {
        let t = Server::start_with(kind, frozen()).await;
        let second = t.second_node_with(frozen()).await;
        let (api, there) = (t.api().await, second.api().await);
        let organization = api.organization("Acme").create().await;
        let (token, _) = create(&api, &organization.id, json!({})).await;
        assert!(validate(&there, &token).await.is_some());
        invalidate(&api, &token).await;
        assert_eq!(validate(&api, &token).await, None);
        second.advance(Duration::from_millis(1000));
        assert_eq!(validate(&there, &token).await, None);
    }

    async fn production_takes_no_ids_for_keys(kind: Database) {
        let t = Server::start_with(kind, Options::default()).await;
        let host = format!("live.localhost:{}", t.address.port());
        let (_, client_id, secret) =
            bootstrap::add_environment(&t.app, "Live", &host, EnvironmentType::Production).await.unwrap();
        let live = OtherEnvironment { host, client_id: client_id.to_string(), client_secret: secret.expose().clone() };
        let api = t.api_in(&live).await;
        let organization = api.organization("Acme").create().await;
        let (token, info) = create(&api, &organization.id, json!({})).await;
        let id = info["token_id"].as_str().unwrap();
        assert_eq!(validate(&api, id).await, None);
        assert!(validate(&api, &token).await.is_some());
        let answer = api.post(&format!("{PATH}:update"), json!({"token": id, "description": "CI"})).await;
        assert_eq!(answer.status, 200, "an id names a key, it only does not stand for it");
        invalidate(&api, id).await;
        assert_eq!(validate(&api, &token).await, None);
    }

    async fn no_key_is_in_the_database(kind: Database) {
        let t = Server::start_with(kind, Options::default()).await;
        let api = t.api().await;
        let organization = api.organization("Acme").create().await;
        let (token, _) = create(&api, &organization.id, json!({})).await;
        let rows: Vec<Vec<u8>> = sql!("SELECT token_hash FROM api_tokens WHERE environment_id = $1")
            .bind(api.environment).all(&mut t.app.db.read()).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0], gatewright::vault::hash(&token));
    }
}
