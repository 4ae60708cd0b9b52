//! Clients of resources, their tokens, registration and consents through the API.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use gatewright::{
    resources::{self, NewConsent},
    time::Timestamp,
};
use gatewright_api::{rpc::client_service as rpc, scalekit::v1::clients as pb};
use gatewright_testkit::{Answer, Api, Options, Server, api_tests, database_tests};
use serde_json::{Value as Json, json};
use std::time::Duration;
use tonic::Code;

const NOW: Timestamp = Timestamp::from_micros(1_772_884_800_000_000);
const MCP: &str = "https://mcp.globex.test/mcp";

/// A resource with the scopes `todo:read` and `todo:write`; `other` is no scope of it.
async fn resource(api: &Api, uri: &str) -> String {
    for name in ["todo:read", "todo:write", "other"] {
        let status = api.post("/api/v1/permissions", json!({"name": name, "description": name})).await.status;
        assert!(status == 201 || status == 409);
    }
    let body = json!({"resource_type": "MCP_SERVER", "name": "Todo", "resource_uri": uri, "access_token_expiry": "300",
        "scopes": ["todo:read", "todo:write"]});
    api.post("/api/v1/resources", body).await.json["resource"]["id"].as_str().unwrap().to_owned()
}

fn clients(resource: &str) -> String {
    format!("/api/v1/resources/{resource}/clients")
}

/// A client with a value in every field, and its secret.
async fn client(api: &Api, resource: &str, body: Json) -> (Json, String) {
    let answer = api.post(&clients(resource), body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    (answer.json["client"].clone(), answer.json["plain_secret"].as_str().unwrap().to_owned())
}

fn id(client: &Json) -> &str {
    client["client_id"].as_str().unwrap()
}

async fn ask(t: &Server, path: &str, id: &str, secret: &str, more: &[(&str, &str)]) -> (u16, Json) {
    let mut form = vec![("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    form.extend(more);
    let answer = t.http.post(format!("{}{path}", t.url)).form(&form).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn payload(token: &str) -> Json {
    serde_json::from_slice(&BASE64URL.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

async fn register(t: &Server, resource: &str, body: Json) -> Answer {
    t.rest("POST", &format!("{}:register", clients(resource)), &body.to_string(), "").await
}

fn agent() -> Json {
    json!({"client_name": "Pocket Agent", "redirect_uris": ["http://127.0.0.1:33418/callback"],
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "token_endpoint_auth_method": "none", "scope": "todo:read other", "client_uri": "https://agent.test"})
}

async fn consent(t: &Server, api: &Api, resource: &str, client: &str, user: &str) -> String {
    let new = NewConsent {
        resource: resource.parse().unwrap(),
        client: client.parse().unwrap(),
        external_user_id: user.to_owned(),
        scopes: vec!["todo:read".to_owned()],
    };
    let mut tx = t.app.db.write().await.unwrap();
    let id = t.app.ids.next(t.app.clock.now());
    let id = resources::grant(&mut tx, api.environment, id, &new, t.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    id.to_string()
}

api_tests! {
    async fn a_client_comes_back_and_gets_tokens_for_its_resource_only(t: Server) {
        let api = t.api().await;
        let resource = resource(&api, MCP).await;
        let body = json!({"name": "Batch", "description": "D", "scopes": ["todo:write", "other", "todo:read"],
            "audience": ["https://evil.test"], "custom_claims": [{"key": "team", "value": "ops"}]});
        let (made, secret) = client(&api, &resource, body).await;
        assert!(id(&made).starts_with("m2m_"));
        assert_eq!(made["audience"], json!([MCP, resource]), "the server chooses it");
        assert_eq!((&made["expiry"], &made["resource_id"], &made["is_dcr"]), (&json!("300"), &json!(resource), &json!(false)));
        assert_eq!(made["scopes"], json!(["todo:write", "other", "todo:read"]));
        let got = api.get(&format!("{}/{}", clients(&resource), id(&made))).await;
        assert_eq!(got.json, json!({"client": made, "consented_users": []}));
        assert!(!got.text.contains(&secret));

        for path in ["/oauth/token".to_owned(), format!("/resources/{resource}/oauth/token")] {
            let (status, answer) = ask(&t, &path, id(&made), &secret, &[]).await;
            assert_eq!((status, &answer["scope"], &answer["expires_in"]), (200, &json!("todo:write todo:read"), &json!(299)), "{answer}");
            let token = answer["access_token"].as_str().unwrap();
            let claims = payload(token);
            assert_eq!((&claims["aud"], &claims["resid"]), (&json!([MCP, resource]), &json!(resource)));
            assert_eq!((&claims["sub"], &claims["client_id"], &claims["iss"]), (&made["client_id"], &made["client_id"], &json!(t.url)));
            assert_eq!(claims["scopes"], json!(["todo:write", "todo:read"]));
            assert_eq!(claims["custom_claims"], json!({"team": "ops"}));
            assert!(claims["oid"].is_null());
            t.rest("GET", "/api/v1/organizations", "", token).await.failure(403, 7);
        }
    }

    async fn a_token_has_what_is_asked_registered_and_enabled(t: Server) {
        let api = t.api().await;
        let (first, other) = (resource(&api, MCP).await, resource(&api, "https://other.test").await);
        let body = json!({"scopes": ["todo:read", "todo:write"], "expiry": "600"});
        let (made, secret) = client(&api, &first, body).await;
        let asking = async |more: &[(&str, &str)]| ask(&t, "/oauth/token", id(&made), &secret, more).await;
        let (_, answer) = asking(&[("scope", "todo:read other"), ("resource", MCP)]).await;
        assert_eq!((&answer["scope"], &answer["expires_in"]), (&json!("todo:read"), &json!(599)), "{answer}");
        assert_eq!(payload(answer["access_token"].as_str().unwrap())["aud"], json!([MCP, first]));
        assert_eq!(asking(&[("audience", &first)]).await.0, 200);
        for (more, error) in [
            (("scope", "other"), "invalid_scope"),
            (("resource", "https://other.test"), "invalid_target"),
            (("resource", "https://mcp.globex.test/mcp/"), "invalid_target"),
            (("audience", "https://evil.test"), "invalid_target"),
        ] {
            let (status, answer) = asking(&[more]).await;
            assert_eq!((status, &answer["error"]), (400, &json!(error)), "{more:?}");
        }
        let (status, answer) = ask(&t, &format!("/resources/{other}/oauth/token"), id(&made), &secret, &[]).await;
        assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")));
        assert_eq!(ask(&t, "/resources/nothing/oauth/token", id(&made), &secret, &[]).await.0, 401);

        // What the resource loses, its clients lose.
        api.patch(&format!("/api/v1/resources/{first}"), json!({"scopes": ["todo:write"]})).await;
        assert_eq!(asking(&[]).await.1["scope"], "todo:write");
        api.delete(&format!("/api/v1/resources/{first}")).await;
        assert_eq!(asking(&[]).await.0, 401);
    }

    async fn redirect_uris_make_it_a_client_of_users(t: Server) {
        let api = t.api().await;
        let resource = resource(&api, MCP).await;
        let (made, secret) = client(&api, &resource, json!({"name": "Batch"})).await;
        let path = format!("{}/{}", clients(&resource), id(&made));
        let uris = json!({"redirect_uris": ["https://app.test/callback"]});
        assert_eq!(api.patch(&path, uris).await.json["client"]["redirect_uris"], json!(["https://app.test/callback"]));
        let (status, answer) = ask(&t, "/oauth/token", id(&made), &secret, &[]).await;
        assert_eq!((status, &answer["error"]), (400, &json!("unauthorized_client")));
        api.patch(&format!("{path}?update_mask=redirect_uris"), json!({})).await;
        assert_eq!(ask(&t, "/oauth/token", id(&made), &secret, &[]).await.0, 200);
    }

    async fn a_mask_counts_for_lists_only(t: Server) {
        let api = t.api().await;
        let resource = resource(&api, MCP).await;
        let body = json!({"name": "Batch", "description": "D", "scopes": ["todo:read"], "expiry": "600",
            "custom_claims": [{"key": "a", "value": "b"}], "redirect_uris": ["https://app.test/callback"]});
        let (mut made, _) = client(&api, &resource, body).await;
        let path = format!("{}/{}", clients(&resource), id(&made));
        assert_eq!(api.patch(&path, json!({})).await.json["client"], made);
        let masked = format!("{path}?update_mask=scopes,custom_claims,redirect_uris,name,description,expiry");
        let answer = api.patch(&masked, json!({"name": "Other"})).await;
        for list in ["scopes", "custom_claims", "redirect_uris"] {
            made[list] = json!([]);
        }
        made["name"] = json!("Other");
        made["update_time"] = answer.json["client"]["update_time"].clone();
        assert_eq!(answer.json["client"], made, "{}", answer.text);
        let answer = api.patch(&format!("{path}?update_mask=name"), json!({"scopes": ["x"], "description": "E"})).await;
        assert_eq!((&answer.json["client"]["scopes"], &answer.json["client"]["description"]), (&json!([]), &json!("E")));
        api.patch(&format!("{path}?update_mask=client_id"), json!({})).await.failure(400, 3);
    }

    async fn bad_values_are_refused_by_name(t: Server) {
        let api = t.api().await;
        let resource = resource(&api, MCP).await;
        let (made, _) = client(&api, &resource, json!({})).await;
        for (body, field) in [
            (json!({"name": "x".repeat(129)}), "client.name"),
            (json!({"description": "x".repeat(513)}), "client.description"),
            (json!({"expiry": "299"}), "client.expiry"),
            (json!({"scopes": ["a b"]}), "client.scopes[0]"),
            (json!({"custom_claims": [{"key": "", "value": "x"}]}), "client.custom_claims[0].key"),
            (json!({"redirect_uris": ["https://*.app.test/callback"]}), "client.redirect_uris[0]"),
            (json!({"redirect_uris": ["https://app.test/a", "javascript:alert(1)"]}), "client.redirect_uris[1]"),
            (json!({"redirect_uris": ["https://app.test/a#b"]}), "client.redirect_uris[0]"),
        ] {
            let path = clients(&resource);
            for answer in [api.post(&path, body.clone()).await, api.patch(&format!("{path}/{}", id(&made)), body.clone()).await] {
                answer.failure(400, 3);
                assert_eq!(answer.violations()[0].0, field, "{}", answer.text);
            }
        }
        assert_eq!(api.get(&clients(&resource)).await.json["total_static_clients"], 1);
    }

    async fn clients_belong_to_one_resource(t: Server) {
        let api = t.api().await;
        let (mine, other) = (resource(&api, MCP).await, resource(&api, "https://other.test").await);
        let (made, _) = client(&api, &mine, json!({"name": "A"})).await;
        let wrong = format!("{}/{}", clients(&other), id(&made));
        for answer in [api.get(&wrong).await, api.patch(&wrong, json!({"name": "B"})).await, api.delete(&wrong).await] {
            answer.failure(404, 5);
        }
        api.get(&format!("{}/m2morg_1", clients(&mine))).await.failure(400, 3);
        api.post(&clients("res_1"), json!({})).await.failure(404, 5);
        api.get(&clients("res_1")).await.failure(404, 5);
        let elsewhere = t.add_environment("other.test").await;
        let elsewhere = t.api_in(&elsewhere).await;
        elsewhere.get(&format!("{}/{}", clients(&mine), id(&made))).await.failure(404, 5);
        elsewhere.post(&clients(&mine), json!({})).await.failure(404, 5);
        register(&t, "res_1", agent()).await.failure(404, 5);
        // Nor is it an application, or an organization's.
        api.get(&format!("/api/v1/clients/{}", id(&made))).await.failure(400, 3);
        assert_eq!(api.get("/api/v1/clients?filter.client_type=ALL").await.json["total_size"], 1);
        let path = format!("{}/{}", clients(&mine), id(&made));
        assert_eq!(api.delete(&path).await.status, 200);
        api.delete(&path).await.failure(404, 5);
    }

    async fn secrets_rotate_by_the_clients_id(t: Server) {
        let api = t.api().await;
        let resource = resource(&api, MCP).await;
        let (made, first) = client(&api, &resource, json!({})).await;
        let path = format!("/api/v1/clients/{}/secrets", id(&made));
        let answer = api.post(&path, json!({})).await;
        let second = answer.json["plain_secret"].as_str().unwrap().to_owned();
        let old = made["secrets"][0]["id"].as_str().unwrap();
        assert_eq!(ask(&t, "/oauth/token", id(&made), &first, &[]).await.0, 200);
        assert_eq!(api.patch(&format!("{path}/{old}"), json!({"status": "INACTIVE"})).await.status, 200);
        assert_eq!(ask(&t, "/oauth/token", id(&made), &first, &[]).await.0, 401);
        assert_eq!(ask(&t, "/oauth/token", id(&made), &second, &[]).await.0, 200);
        assert_eq!(api.delete(&format!("{path}/{old}")).await.status, 200);
        let last = answer.json["secret"]["id"].as_str().unwrap();
        assert_eq!(api.delete(&format!("{path}/{last}")).await.failure(400, 3), "at least one secret is required");
        let listed = api.get(&clients(&resource)).await.json["clients"][0]["secrets"].clone();
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"]), (1, &answer.json["secret"]["id"]));
    }

    async fn agents_register_themselves(t: Server) {
        let api = t.api().await;
        let resource = resource(&api, MCP).await;
        let answer = register(&t, &resource, agent()).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        for (name, value) in [
            ("client_name", json!("Pocket Agent")),
            ("name", json!("Pocket Agent")),
            ("redirect_uris", json!(["http://127.0.0.1:33418/callback"])),
            ("grant_types", json!(["authorization_code", "refresh_token"])),
            ("token_endpoint_auth_method", json!("none")),
            ("scope", json!("todo:read")),
            ("scopes", json!(["todo:read"])),
            ("client_uri", json!("https://agent.test")),
            ("resource_id", json!(resource)),
            ("client_secret_expires_at", json!(0)),
        ] {
            assert_eq!(answer.json[name], value, "{name}");
        }
        assert!(answer.json["client_id_issued_at"].is_i64());
        assert!(answer.json.get("client_secret").is_none());
        assert_eq!(answer.headers["cache-control"], "no-store");
        let list = api.get(&clients(&resource)).await.json;
        assert_eq!((&list["total_dcr_clients"], &list["total_static_clients"]), (&json!(1), &json!(0)));
        let made = &list["clients"][0];
        assert_eq!((&made["is_dcr"], &made["secrets"], id(made)), (&json!(true), &json!([]), id(&answer.json)));
        let secrets = format!("/api/v1/clients/{}/secrets", id(made));
        api.post(&secrets, json!({})).await.failure(400, 9);
        let without = json!({"client_name": "B", "redirect_uris": ["https://b.test/c"]});
        assert_eq!(register(&t, &resource, without).await.json["scope"], "todo:read todo:write");
        let grpc = pb::RegisterClientRequest { res_id: resource.clone(),
            client: Some(pb::RegisterClient { redirect_uris: vec!["http://localhost/c".into()], ..Default::default() }) };
        assert!(api.call::<rpc::RegisterClient>(grpc).await.unwrap().client_secret.is_empty());
    }

    async fn a_registration_is_refused_in_the_words_of_the_rfc(t: Server) {
        let api = t.api().await;
        let resource = resource(&api, MCP).await;
        for (change, error) in [
            (json!({"redirect_uris": []}), "invalid_redirect_uri"),
            (json!({"redirect_uris": ["javascript:alert(1)"]}), "invalid_redirect_uri"),
            (json!({"redirect_uris": ["https://*.evil.test/"]}), "invalid_redirect_uri"),
            (json!({"redirect_uris": vec!["https://a.test/"; 26]}), "invalid_redirect_uri"),
            (json!({"logo_uri": "javascript:alert(1)"}), "invalid_client_metadata"),
            (json!({"client_name": "x".repeat(129)}), "invalid_client_metadata"),
            (json!({"client_name": "\u{202e}evil"}), "invalid_client_metadata"),
        ] {
            let mut body = agent();
            for (name, value) in change.as_object().unwrap() {
                body[name] = value.clone();
            }
            let answer = register(&t, &resource, body).await;
            assert_eq!((answer.status, &answer.json["error"]), (400, &json!(error)), "{}", answer.text);
            assert!(answer.json["error_description"].is_string());
            answer.failure(400, 3);
        }
        api.patch(&format!("/api/v1/resources/{resource}"), json!({"disable_dynamic_client_registration": true})).await;
        register(&t, &resource, agent()).await.failure(403, 7);
        assert_eq!(api.get(&clients(&resource)).await.json["total_dcr_clients"], 0);
    }

    async fn one_address_registers_sixty_a_minute(t: Server) {
        let api = t.api().await;
        let (first, other) = (resource(&api, MCP).await, resource(&api, "https://other.test").await);
        for _ in 0..60 {
            assert_eq!(register(&t, &first, agent()).await.status, 201);
        }
        let answer = register(&t, &first, agent()).await;
        answer.failure(429, 8);
        assert!(answer.headers.contains_key("retry-after"));
        assert_eq!(register(&t, &other, agent()).await.status, 201);
    }

    async fn consents_are_listed_found_and_taken_back(t: Server) {
        let api = t.api().await;
        let (mine, other) = (resource(&api, MCP).await, resource(&api, "https://other.test").await);
        let (a, b) = (client(&api, &mine, json!({"name": "A"})).await.0, client(&api, &other, json!({"name": "B"})).await.0);
        let mut ids = Vec::new();
        for user in ["Ann_1", "ann%2", "Bob"] {
            ids.insert(0, consent(&t, &api, &mine, id(&a), user).await);
        }
        consent(&t, &api, &other, id(&b), "Ann_1").await;
        assert_eq!(consent(&t, &api, &mine, id(&a), "Bob").await, ids[0], "once for each user and client");
        let list = async |query: &str| {
            let answer = api.get(&format!("/api/v1/user_consents?resource_id={mine}{query}")).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let found = answer.json["consents"].as_array().unwrap().clone();
            let size = answer.json["total_size"].as_u64().unwrap();
            let next = answer.json["next_page_token"].as_str().unwrap().to_owned();
            (found.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), size, next)
        };
        assert_eq!(list("").await.0, ids);
        assert_eq!(list("&search=ANN").await.0, ids[1..]);
        assert_eq!(list("&search=n_").await.0, ids[2..]);
        assert_eq!(list("&search=%25").await.0, ids[1..2]);
        let exact = "&search=bob&filter.external_user_id=Ann_1&filter.external_user_id=bob";
        assert_eq!(list(exact).await, (ids[2..].to_vec(), 1, String::new()), "the filter wins, and is exact");
        let (page, size, next) = list("&page_size=2").await;
        assert_eq!((page.as_slice(), size), (&ids[..2], 3));
        assert_eq!(list(&format!("&page_size=2&page_token={next}")).await.0, ids[2..]);
        let one = api.get(&format!("/api/v1/user_consents?resource_id={mine}&search=bob")).await.json["consents"][0].clone();
        assert_eq!((&one["external_user_id"], &one["client_name"], &one["client_id"], &one["scopes"]),
            (&json!("Bob"), &json!("A"), &a["client_id"], &json!(["todo:read"])));
        let shown = api.get(&format!("{}/{}", clients(&mine), id(&a))).await.json["consented_users"].clone();
        assert_eq!(shown[0], json!({"consent_id": ids[0], "external_user_id": "Bob", "scopes": ["todo:read"]}));

        let revoke = async |client: &str, consent: &str| api.delete(&format!("/api/v1/clients/{client}/consents/{consent}")).await;
        revoke(id(&b), &ids[0]).await.failure(404, 5);
        revoke("m2m_1", &ids[0]).await.failure(404, 5);
        revoke(id(&a), "usr_1").await.failure(400, 3);
        assert_eq!(revoke(id(&a), &ids[0]).await.json, json!({}));
        revoke(id(&a), &ids[0]).await.failure(404, 5);
        assert_eq!(list("").await.0, ids[1..]);
        api.get("/api/v1/user_consents?resource_id=res_1").await.failure(404, 5);
        api.get(&format!("/api/v1/user_consents?resource_id={mine}&page_size=31")).await.failure(400, 3);
        api.delete(&format!("{}/{}", clients(&mine), id(&a))).await;
        assert!(list("").await.0.is_empty(), "they go with the client");
        let refused = api.call::<rpc::ListCurrentAgentConsents>(pb::ListCurrentAgentConsentsRequest::default()).await;
        assert_eq!(refused.unwrap_err().code, Code::PermissionDenied, "a user's own, not an application's");
    }
}

database_tests! {
    async fn registered_clients_that_nobody_uses_go_after_a_month(kind: Database) {
        let t = Server::start_with(kind, Options { frozen_at: Some(NOW), ..Options::default() }).await;
        t.run_jobs().await; // from here on, periodic jobs are known
        let api = t.api().await;
        let resource = resource(&api, MCP).await;
        let used = register(&t, &resource, agent()).await.json;
        register(&t, &resource, agent()).await;
        let (made, _) = client(&api, &resource, json!({})).await;
        consent(&t, &api, &resource, id(&used), "usr_1").await;
        t.advance(Duration::from_secs(29 * 86_400));
        t.run_jobs().await;
        let api = t.api().await;
        assert_eq!(api.get(&clients(&resource)).await.json["clients"].as_array().unwrap().len(), 3);
        t.advance(Duration::from_secs(2 * 86_400));
        t.run_jobs().await;
        let api = t.api().await;
        let left = api.get(&clients(&resource)).await.json["clients"].clone();
        assert_eq!((left.as_array().unwrap().len(), id(&left[0]), id(&left[1])), (2, id(&made), id(&used)));
    }
}
