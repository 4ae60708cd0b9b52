//! Machine clients of organizations through the API.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright_api::{rpc::client_service as rpc, scalekit::v1::clients as pb};
use gatewright_testkit::{Api, Server, api_tests};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use tonic::Code;

async fn path(api: &Api, name: &str) -> String {
    format!("/api/v1/organizations/{}/clients", api.organization(name).create().await.id)
}

/// A client with a value in every field, and its secret.
async fn full(api: &Api, path: &str) -> (Json, String) {
    let body = json!({"name": "Nightly batch", "description": "Runs\nat night", "scopes": ["z:read", "a:write"],
        "audience": ["https://b.test", "https://a.test"], "expiry": "600",
        "custom_claims": [{"key": "team", "value": "logistics"}, {"key": "area", "value": "eu"}]});
    let answer = api.post(path, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    (answer.json["client"].clone(), answer.json["plain_secret"].as_str().unwrap().to_owned())
}

fn id(client: &Json) -> &str {
    client["client_id"].as_str().unwrap()
}

async fn token_answer(t: &Server, id: &str, secret: &str) -> (u16, Json) {
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    let answer = t.http.post(format!("{}/oauth/token", t.url)).form(&form).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

api_tests! {
    async fn everything_that_is_created_comes_back_and_one_secret_with_it(t: Server) {
        let api = t.api().await;
        let path = path(&api, "Acme").await;
        let (made, secret) = full(&api, &path).await;
        assert!(id(&made).strip_prefix("m2morg_").unwrap().bytes().all(|byte| byte.is_ascii_digit()));
        assert!(path.contains(made["organization_id"].as_str().unwrap()));
        assert_eq!(made["scopes"], json!(["z:read", "a:write"]), "in their order");
        assert_eq!(made["audience"], json!(["https://b.test", "https://a.test"]));
        assert_eq!(made["custom_claims"], json!([{"key": "team", "value": "logistics"}, {"key": "area", "value": "eu"}]));
        assert_eq!((&made["expiry"], &made["description"]), (&json!("600"), &json!("Runs\nat night")));
        let secrets = made["secrets"].as_array().unwrap();
        assert_eq!((secrets.len(), &secrets[0]["status"]), (1, &json!("ACTIVE")));
        assert!(secret.ends_with(secrets[0]["secret_suffix"].as_str().unwrap()));
        for empty in ["resource_id", "redirect_uris", "is_dcr", "is_cimd", "metadata_uri"] {
            assert!([json!(""), json!([]), json!(false)].contains(&made[empty]), "{empty}");
        }
        let got = api.get(&format!("{path}/{}", id(&made))).await;
        assert_eq!(got.json, json!({"client": made}));
        assert!(!got.text.contains(&secret));

        let (status, answer) = token_answer(&t, id(&made), &secret).await;
        assert_eq!((status, &answer["scope"]), (200, &json!("z:read a:write")));
        let token = answer["access_token"].as_str().unwrap();
        t.rest("GET", &path, "", token).await.failure(403, 7);
    }

    async fn nothing_is_needed_to_create(t: Server) {
        let api = t.api().await;
        let path = path(&api, "Acme").await;
        let answer = api.post(&path, json!({})).await;
        assert_eq!((answer.status, &answer.json["client"]["expiry"]), (201, &json!("3600")), "{}", answer.text);
        api.told().await;
        api.delete(&format!("{path}/{}", id(&answer.json["client"]))).await;
        assert!(api.told().await.is_empty(), "the catalogue has no events of clients");
    }

    async fn an_update_keeps_what_is_empty_and_replaces_what_is_not(t: Server) {
        let api = t.api().await;
        let path = path(&api, "Acme").await;
        let (mut made, _) = full(&api, &path).await;
        let one = format!("{path}/{}", id(&made));
        let answer = api.patch(&one, json!({"scopes": ["only:this"], "name": "", "audience": [], "expiry": "0"})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        made["scopes"] = json!(["only:this"]);
        made["update_time"] = answer.json["client"]["update_time"].clone();
        assert_eq!(answer.json["client"], made);
        let answer = api.patch(&one, json!({"custom_claims": [{"key": "x", "value": "y"}], "expiry": "300"})).await;
        assert_eq!(answer.json["client"]["custom_claims"], json!([{"key": "x", "value": "y"}]));
        assert_eq!(answer.json["client"]["expiry"], "300");
        assert_eq!(api.patch(&one, json!({})).await.json, answer.json);
    }

    async fn bad_values_are_refused_by_name(t: Server) {
        let api = t.api().await;
        let path = path(&api, "Acme").await;
        let (made, _) = full(&api, &path).await;
        for (body, field) in [
            (json!({"name": "x".repeat(129)}), "client.name"),
            (json!({"name": "\u{202e}x"}), "client.name"),
            (json!({"description": "x".repeat(513)}), "client.description"),
            (json!({"description": "a\u{0}b"}), "client.description"),
            (json!({"expiry": "299"}), "client.expiry"),
            (json!({"expiry": "-5"}), "client.expiry"),
            (json!({"expiry": "2592001"}), "client.expiry"),
            (json!({"scopes": [""]}), "client.scopes[0]"),
            (json!({"scopes": ["é"]}), "client.scopes[0]"),
            (json!({"audience": [""]}), "client.audience[0]"),
            (json!({"audience": ["a", "a"]}), "client.audience[1]"),
            (json!({"custom_claims": [{"key": "", "value": "x"}]}), "client.custom_claims[0].key"),
            (json!({"custom_claims": [{"key": "a", "value": ""}, {"key": "a", "value": ""}]}), "client.custom_claims[1].key"),
        ] {
            for answer in [api.post(&path, body.clone()).await, api.patch(&format!("{path}/{}", id(&made)), body.clone()).await] {
                answer.failure(400, 3);
                assert_eq!(answer.violations()[0].0, field, "{}", answer.text);
            }
        }
        assert_eq!(api.get(&path).await.json["total_size"], 1);
    }

    async fn lists_are_of_one_organization(t: Server) {
        let api = t.api().await;
        let (path, other) = (path(&api, "Acme").await, path(&api, "Globex").await);
        assert_eq!(api.get(&path).await.json, json!({"next_page_token": "", "total_size": 0, "clients": [], "prev_page_token": ""}));
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.insert(0, id(&full(&api, &path).await.0).to_owned());
        }
        full(&api, &other).await;
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = api.get(&format!("{path}?page_size=2&page_token={token}")).await;
            assert_eq!(page.json["total_size"], 5);
            for client in page.json["clients"].as_array().unwrap() {
                assert_eq!(client["secrets"].as_array().unwrap().len(), 1);
                seen.push(id(client).to_owned());
            }
            token = page.json["next_page_token"].as_str().unwrap().to_owned();
            if token.is_empty() {
                break;
            }
            api.get(&format!("{other}?page_token={token}")).await.failure(400, 3);
        }
        assert_eq!(seen, ids);
        api.get("/api/v1/organizations/org_1/clients").await.failure(404, 5);
        api.get("/api/v1/organizations/usr_1/clients").await.failure(400, 3);
    }

    async fn at_most_five_secrets_and_never_none(t: Server) {
        let api = t.api().await;
        let path = path(&api, "Acme").await;
        let (made, first_plain) = full(&api, &path).await;
        let secrets = format!("{path}/{}/secrets", id(&made));
        let first = made["secrets"][0]["id"].as_str().unwrap().to_owned();
        let answer = api.delete(&format!("{secrets}/{first}")).await;
        assert_eq!(answer.failure(400, 9), "last client cannot be deleted");
        let mut last = (String::new(), String::new());
        for _ in 0..4 {
            let answer = api.post(&secrets, json!({})).await;
            assert_eq!(answer.status, 201, "{}", answer.text);
            let text = |value: &Json| value.as_str().unwrap().to_owned();
            last = (text(&answer.json["secret"]["id"]), text(&answer.json["plain_secret"]));
            assert_eq!(answer.json["secret"].get("plain_secret"), None);
        }
        assert!(api.post(&secrets, json!({})).await.failure(400, 3).contains("only 5 secrets are allowed"));
        let shown = api.get(&format!("{path}/{}", id(&made))).await;
        let shown = shown.json["client"]["secrets"].as_array().unwrap().clone();
        assert_eq!((shown.len(), &shown[4]["id"]), (5, &json!(last.0)), "appended at the end");
        assert_eq!(token_answer(&t, id(&made), &last.1).await.0, 200);
        assert_eq!(api.delete(&format!("{secrets}/{first}")).await.text, "{}");
        assert_eq!(token_answer(&t, id(&made), &first_plain).await.0, 401, "at once");
        assert_eq!(token_answer(&t, id(&made), &last.1).await.0, 200);
        api.delete(&format!("{secrets}/{first}")).await.failure(404, 5);
        api.delete(&format!("{secrets}/sks_1")).await.failure(404, 5);
        api.delete(&format!("{secrets}/org_1")).await.failure(400, 3);
    }

    async fn ten_who_delete_the_last_two_secrets_leave_one(t: Server) {
        let api = Arc::new(t.api().await);
        let path = path(&api, "Acme").await;
        let (made, _) = full(&api, &path).await;
        let second = api.post(&format!("{path}/{}/secrets", id(&made)), json!({})).await;
        let ids = [made["secrets"][0]["id"].clone(), second.json["secret"]["id"].clone()];
        let calls: Vec<_> = (0..10).map(|number| {
            let request = pb::DeleteOrganizationClientSecretRequest {
                organization_id: made["organization_id"].as_str().unwrap().to_owned(),
                client_id: id(&made).to_owned(),
                secret_id: ids[number % 2].as_str().unwrap().to_owned(),
            };
            let api = api.clone();
            tokio::spawn(async move { api.call::<rpc::DeleteOrganizationClientSecret>(request).await })
        }).collect();
        let mut deleted = 0;
        for call in calls {
            match call.await.unwrap() {
                Ok(()) => deleted += 1,
                Err(failure) => assert!(
                    [Code::FailedPrecondition, Code::NotFound].contains(&failure.code), "{failure:?}"),
            }
        }
        assert_eq!(deleted, 1);
        let left = api.get(&format!("{path}/{}", id(&made))).await;
        assert_eq!(left.json["client"]["secrets"].as_array().unwrap().len(), 1);
    }

    async fn others_clients_are_not_there(t: Server) {
        let (api, other) = (t.api().await, t.add_environment("other").await);
        let other = t.api_in(&other).await;
        let (path, sibling) = (path(&api, "Acme").await, path(&api, "Globex").await);
        let (made, secret) = full(&api, &path).await;
        let secret_id = made["secrets"][0]["id"].as_str().unwrap();
        for (api, path) in [(&api, &sibling), (&other, &path)] {
            let one = format!("{path}/{}", id(&made));
            api.get(&one).await.failure(404, 5);
            api.patch(&one, json!({"name": "X"})).await.failure(404, 5);
            api.delete(&one).await.failure(404, 5);
            api.post(&format!("{one}/secrets"), json!({})).await.failure(404, 5);
            api.delete(&format!("{one}/secrets/{secret_id}")).await.failure(404, 5);
        }
        other.get(&path).await.failure(404, 5);
        other.post(&path, json!({"name": "X"})).await.failure(404, 5);
        assert_eq!(api.get(&sibling).await.json["total_size"], 0);
        assert_eq!(api.get(&format!("{path}/{}", id(&made))).await.json["client"], made);
        // Not an application either, by either name.
        api.get(&format!("/api/v1/clients/{}", id(&made))).await.failure(400, 3);
        api.get(&format!("/api/v1/clients/{}", id(&made).replace("m2morg", "skc"))).await.failure(404, 5);
        api.get(&format!("{path}/{}", t.client_id.replace("skc", "m2morg"))).await.failure(404, 5);

        let one = format!("{path}/{}", id(&made));
        assert_eq!(api.delete(&one).await.text, "{}");
        api.delete(&one).await.failure(404, 5);
        assert_eq!(token_answer(&t, id(&made), &secret).await.0, 401);
    }
}
