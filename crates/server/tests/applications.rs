//! Applications of the environment through the API: their values, redirect URIs, secrets, and what their tokens may do.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright::{bootstrap, environments::EnvironmentType, time::Timestamp};
use gatewright_api::{rpc::client_service as rpc, scalekit::v1::clients as pb};
use gatewright_testkit::{Answer, Api, Options, Server, api_tests, database_tests};
use prost_types::FieldMask;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use tonic::Code;

const PATH: &str = "/api/v1/clients";
const URIS: &str = "/api/v1/environment/redirect-uris";

async fn create(api: &Api, kind: &str, mut body: Json) -> Json {
    body["name"] = json!("Shop");
    body["client_type"] = json!(kind);
    let answer = api.post(PATH, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json["client"].clone()
}

fn id(client: &Json) -> &str {
    client["id"].as_str().unwrap()
}

async fn get(api: &Api, id: &str) -> Json {
    let answer = api.get(&format!("{PATH}/{id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json["client"].clone()
}

async fn add_secret(api: &Api, id: &str) -> (String, String) {
    let answer = api.post(&format!("{PATH}/{id}/secrets"), json!({})).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    (text(&answer.json["secret"]["id"]), text(&answer.json["plain_secret"]))
}

/// What the token endpoint says to a client that proves itself.
async fn token_answer(t: &Server, id: &str, secret: &str) -> (u16, Json) {
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    let answer = t.http.post(format!("{}/oauth/token", t.url)).form(&form).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn names(api: &Api, query: &str) -> Vec<String> {
    let answer = api.get(&format!("{PATH}?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let clients = answer.json["clients"].as_array().unwrap();
    assert_eq!(answer.json["total_size"], clients.len(), "{}", answer.text);
    clients.iter().map(|client| client["client_type"].as_str().unwrap().to_owned()).collect()
}

fn refused(answer: &Answer) -> Vec<(&str, &str)> {
    answer.failure(400, 3);
    answer.violations()
}

api_tests! {
    async fn a_name_and_a_type_are_enough(t: Server) {
        let api = t.api().await;
        for (kind, pkce) in [("WEB_APP", false), ("SPA", true), ("NTV", true)] {
            let made = create(&api, kind, json!({})).await;
            assert!(id(&made).starts_with("skc_"));
            assert_eq!(made["enforce_pkce"], pkce, "{kind}");
            assert_eq!(made["disallow_scalekit_api_access"], true, "{kind}");
            assert_eq!(made["secrets"], json!([]), "no secret is made unasked");
            let machine = made["grant_types"].as_array().unwrap().contains(&json!("client_credentials"));
            assert_eq!(machine, kind == "WEB_APP");
            assert_eq!(made.get("access_token_expiry"), None);
            assert_eq!(get(&api, id(&made)).await, made);
        }
        assert!(api.told().await.is_empty(), "the catalogue has no events of clients");
    }

    async fn everything_that_is_created_comes_back(t: Server) {
        let api = t.api().await;
        let body = json!({
            "postLoginUris": ["https://b.globex.test/cb", "https://a.globex.test/cb", "https://{{org_slug}}.globex.test/cb"],
            "post_logout_redirect_uris": ["https://globex.test/bye"],
            "back_channel_logout_uris": ["https://globex.test/logout?app=1"],
            "initiate_login_uri": "https://globex.test/start",
            "access_token_expiry": "900",
            "scopes": ["z:read", "a:write"],
            "custom_claims": [{"key": "tier", "value": "gold"}, {"key": "area", "value": ""}],
            "disallow_scalekit_api_access": false,
            "grant_types": ["client_credentials", "authorization_code"],
            "enforce_pkce": true,
            "ip_allowlist": {"opted_in": false, "cidrs": [{"value": "192.0.2.0/24"}, {"value": "2001:db8::/32", "type": "IPV4"}]},
        });
        let made = create(&api, "WEB_APP", body).await;
        for (name, value) in [
            ("post_login_uris", json!(["https://b.globex.test/cb", "https://a.globex.test/cb", "https://{{org_slug}}.globex.test/cb"])),
            ("back_channel_logout_uris", json!(["https://globex.test/logout?app=1"])),
            ("initiate_login_uri", json!("https://globex.test/start")),
            ("access_token_expiry", json!("900")),
            ("scopes", json!(["z:read", "a:write"])),
            ("custom_claims", json!([{"key": "tier", "value": "gold"}, {"key": "area", "value": ""}])),
            ("disallow_scalekit_api_access", json!(false)),
            ("grant_types", json!(["authorization_code", "client_credentials"])),
            ("enforce_pkce", json!(true)),
            ("ip_allowlist", json!({"opted_in": false, "cidrs": [
                {"value": "192.0.2.0/24", "type": "IPV4"}, {"value": "2001:db8::/32", "type": "IPV6"}]})),
        ] {
            assert_eq!(made[name], value, "{name}");
        }
        assert_eq!(get(&api, id(&made)).await, made);
    }

    async fn lists_select_by_type_and_never_show_machines(t: Server) {
        let api = t.api().await;
        let organization = api.organization("Acme").create().await;
        t.organization_client(&organization.id, Default::default()).await;
        for kind in ["WEB_APP", "SPA", "NTV"] {
            create(&api, kind, json!({})).await;
        }
        assert_eq!(names(&api, "").await, ["ENV"]);
        assert_eq!(names(&api, "filter.client_type=SPA&filter.client_type=WEB_APP").await, ["SPA", "WEB_APP"]);
        assert_eq!(names(&api, "filter.client_type=SPA&filter.client_type=ALL").await, ["NTV", "SPA", "WEB_APP", "ENV"]);
        let answer = api.get(&format!("{PATH}?filter.client_type=ORGANIZATION")).await;
        assert_eq!(refused(&answer), [("filter.client_type[0]", "client_type")]);

        let first = api.get(&format!("{PATH}?filter.client_type=ALL&page_size=3&include_plain_secret=true")).await;
        assert_eq!(first.json["total_size"], 4);
        assert!(!first.text.contains("gws_"), "secrets are never shown again");
        let token = first.json["next_page_token"].as_str().unwrap();
        let second = api.get(&format!("{PATH}?filter.client_type=ALL&page_size=3&page_token={token}")).await;
        let last = &second.json["clients"][0];
        assert_eq!((second.json["clients"].as_array().unwrap().len(), &last["client_type"]), (1, &json!("ENV")));
        let secret = &last["secrets"][0];
        assert!(t.client_secret.ends_with(secret["secret_suffix"].as_str().unwrap()));
        assert_eq!(secret["status"], "ACTIVE");
        // Another list's token, and too large a page.
        refused(&api.get(&format!("{PATH}?page_token={token}")).await);
        refused(&api.get(&format!("{PATH}?page_size=31")).await);
    }

    async fn an_update_changes_what_is_given_or_what_the_mask_names(t: Server) {
        let api = t.api().await;
        let made = create(&api, "WEB_APP", json!({"post_login_uris": ["https://a.test.example/cb"],
            "initiate_login_uri": "https://a.test.example/start", "access_token_expiry": "600", "scopes": ["a"]})).await;
        let path = format!("{PATH}/{}", id(&made));
        let answer = api.patch(&path, json!({"name": "Store", "clientType": "SPA"})).await;
        assert_eq!(answer.status, 201, "the documented status of this call");
        let mut expected = made.clone();
        expected["name"] = json!("Store");
        expected["update_time"] = answer.json["client"]["update_time"].clone();
        assert_eq!(answer.json["client"], expected);
        // Nothing different: nothing is stored.
        assert_eq!(api.patch(&path, json!({"scopes": ["a"]})).await.json["client"], expected);
        let answer = api.patch(&path, json!({"initiate_login_uri": ""})).await;
        assert_eq!(answer.json["client"]["initiate_login_uri"], "");

        let client = pb::UpdateClient { name: "Ignored".into(), scopes: vec!["b".into()], ..Default::default() };
        let mask = FieldMask { paths: ["scopes", "postLoginUris", "access_token_expiry"].map(Into::into).into() };
        let request = pb::UpdateClientRequest { client_id: id(&made).to_owned(), client: Some(client), mask: Some(mask) };
        let masked = api.call::<rpc::UpdateClient>(request).await.unwrap().client.unwrap();
        assert_eq!((masked.name.as_str(), masked.scopes.as_slice()), ("Store", ["b".to_owned()].as_slice()));
        assert!(masked.post_login_uris.is_empty() && masked.access_token_expiry.is_none());
        refused(&api.patch(&format!("{path}?mask=nonsense"), json!({"name": "X"})).await);
        assert_eq!(refused(&api.patch(&format!("{path}?mask=name"), json!({})).await), [("client.name", "name")]);
    }

    async fn what_is_wrong_is_named_and_nothing_is_stored(t: Server) {
        let api = t.api().await;
        let long = "x".repeat(129);
        for (body, field) in [
            (json!({"client_type": "ENV"}), "client.client_type"),
            (json!({"client_type": "ORGANIZATION"}), "client.client_type"),
            (json!({"client_type": "web_app"}), "client.client_type"),
            (json!({"name": "\u{200b}"}), "client.name"),
            (json!({"name": long}), "client.name"),
            (json!({"post_login_uris": ["https://a.test.example/cb#x"]}), "client.post_login_uris[0]"),
            (json!({"post_login_uris": ["javascript:alert(1)"]}), "client.post_login_uris[0]"),
            (json!({"post_logout_redirect_uris": ["https://ok.example/", "https://*.com/"]}), "client.post_logout_redirect_uris[1]"),
            (json!({"back_channel_logout_uris": ["app://logout"]}), "client.back_channel_logout_uris[0]"),
            (json!({"initiate_login_uri": "app://start"}), "client.initiate_login_uri"),
            (json!({"access_token_expiry": "59"}), "client.access_token_expiry"),
            (json!({"access_token_expiry": "-1"}), "client.access_token_expiry"),
            (json!({"access_token_expiry": "9223372036854775807"}), "client.access_token_expiry"),
            (json!({"scopes": ["a b"]}), "client.scopes[0]"),
            (json!({"scopes": ["a", "a"]}), "client.scopes[1]"),
            (json!({"custom_claims": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}), "client.custom_claims[1].key"),
            (json!({"custom_claims": [{"key": "a", "value": "x".repeat(257)}]}), "client.custom_claims[0].value"),
            (json!({"grant_types": ["password"]}), "client.grant_types[0]"),
            (json!({"client_type": "SPA", "grant_types": ["client_credentials"]}), "client.grant_types[0]"),
            (json!({"client_type": "NTV", "back_channel_logout_uris": ["https://a.test.example/"]}), "client.back_channel_logout_uris"),
            (json!({"client_type": "SPA", "ip_allowlist": {"cidrs": [{"value": "10.0.0.0/8"}]}}), "client.ip_allowlist"),
            (json!({"ip_allowlist": {"opted_in": true}}), "client.ip_allowlist.cidrs"),
            (json!({"ip_allowlist": {"cidrs": [{"value": "0.0.0.0/0"}]}}), "client.ip_allowlist.cidrs[0].value"),
            (json!({"ip_allowlist": {"cidrs": [{"value": "::/0"}]}}), "client.ip_allowlist.cidrs[0].value"),
            (json!({"ip_allowlist": {"cidrs": [{"value": "host"}]}}), "client.ip_allowlist.cidrs[0].value"),
        ] {
            let mut new = json!({"name": "Shop", "client_type": "WEB_APP"});
            for (name, value) in body.as_object().unwrap() {
                new[name] = value.clone();
            }
            let answer = api.post(PATH, new).await;
            let fields: Vec<&str> = refused(&answer).iter().map(|(field, _)| *field).collect();
            assert_eq!(fields, [field], "{}", answer.text);
        }
        let many: Vec<String> = (0..26).map(|n| format!("https://a.test.example/{n}")).collect();
        refused(&api.post(PATH, json!({"name": "Shop", "client_type": "SPA", "post_login_uris": many})).await);
        assert_eq!(names(&api, "filter.client_type=ALL").await, ["ENV"]);
    }

    async fn the_environments_own_application_cannot_go_nor_lock_itself_out(t: Server) {
        let api = t.api().await;
        let path = format!("{PATH}/{}", t.client_id);
        assert!(api.delete(&path).await.failure(400, 9).contains("own application"));
        for (body, field) in [
            (json!({"disallow_scalekit_api_access": true}), "client.disallow_scalekit_api_access"),
            (json!({"grant_types": ["authorization_code"]}), "client.grant_types"),
            (json!({"ip_allowlist": {"opted_in": true, "cidrs": [{"value": "192.0.2.0/24"}]}}), "client.ip_allowlist.cidrs"),
        ] {
            assert_eq!(refused(&api.patch(&path, body).await)[0].0, field);
        }
        let own = json!({"ip_allowlist": {"opted_in": true, "cidrs": [{"value": "127.0.0.0/8"}]}});
        assert_eq!(api.patch(&path, own).await.status, 201);
        assert_eq!(token_answer(&t, &t.client_id, &t.client_secret).await.0, 200);
    }

    async fn deletion_takes_secrets_and_access_along(t: Server) {
        let api = t.api().await;
        let made = create(&api, "WEB_APP", json!({"disallow_scalekit_api_access": false})).await;
        let (_, secret) = add_secret(&api, id(&made)).await;
        let token = t.token_of(id(&made), &secret).await;
        assert_eq!(t.rest("GET", PATH, "", &token).await.status, 200);
        let path = format!("{PATH}/{}", id(&made));
        assert_eq!(api.delete(&path).await.text, "{}");
        api.delete(&path).await.failure(404, 5);
        api.get(&path).await.failure(404, 5);
        t.rest("GET", PATH, "", &token).await.failure(401, 16);
        assert_eq!(token_answer(&t, id(&made), &secret).await.0, 401);
    }

    async fn secrets_are_rotated_two_at_a_time(t: Server) {
        let api = t.api().await;
        let made = create(&api, "WEB_APP", json!({})).await;
        let (client, path) = (id(&made), format!("{PATH}/{}/secrets", id(&made)));
        let (first, first_plain) = add_secret(&api, client).await;
        let (second, second_plain) = add_secret(&api, client).await;
        let text = api.post(&path, json!({})).await;
        assert!(text.failure(400, 3).contains("only 2 secrets are allowed"), "{}", text.text);
        let shown = get(&api, client).await["secrets"].clone();
        assert_eq!((&shown[0]["id"], &shown[1]["id"]), (&json!(first), &json!(second)), "appended at the end");
        assert_eq!(shown[0]["created_by"], t.client_id.as_str());
        assert!(first_plain.ends_with(shown[0]["secret_suffix"].as_str().unwrap()));
        assert_eq!(shown[0].get("plain_secret"), None);

        for method in ["PUT", "PATCH"] {
            let answer = api.send(method, &format!("{path}/{first}"), r#"{"status": "INACTIVE"}"#).await;
            assert_eq!((answer.status, &answer.json["secret"]["status"]), (200, &json!("INACTIVE")));
        }
        assert_eq!(token_answer(&t, client, &first_plain).await.0, 401, "at once");
        assert_eq!(token_answer(&t, client, &second_plain).await.0, 200);
        add_secret(&api, client).await;
        let again = api.put(&format!("{path}/{first}"), json!({"status": "ACTIVE"})).await;
        assert!(again.failure(400, 3).contains("only 2 secrets are allowed"));

        assert_eq!(api.delete(&format!("{path}/{second}")).await.status, 200);
        assert_eq!(token_answer(&t, client, &second_plain).await.0, 401);
        api.delete(&format!("{path}/{second}")).await.failure(404, 5);
        assert_eq!(api.put(&format!("{path}/{first}"), json!({"status": "ACTIVE"})).await.status, 200);
        assert_eq!(token_answer(&t, client, &first_plain).await.0, 200);
        assert_eq!(api.put(&format!("{path}/{first}"), json!({"status": 7})).await.status, 400);
    }

    async fn public_clients_have_no_secrets_and_always_pkce(t: Server) {
        let api = t.api().await;
        for kind in ["SPA", "NTV"] {
            let made = create(&api, kind, json!({"enforce_pkce": false, "disallow_scalekit_api_access": false})).await;
            assert_eq!((&made["enforce_pkce"], &made["disallow_scalekit_api_access"]), (&json!(true), &json!(true)));
            let answer = api.post(&format!("{PATH}/{}/secrets", id(&made)), json!({})).await;
            assert!(answer.failure(400, 9).contains("has no secrets"));
        }
    }

    async fn ten_who_add_a_secret_at_once_end_with_two(t: Server) {
        let api = Arc::new(t.api().await);
        let made = create(&api, "WEB_APP", json!({})).await;
        let calls = (0..10).map(|_| {
            let (api, client_id) = (api.clone(), id(&made).to_owned());
            tokio::spawn(async move { api.call::<rpc::CreateClientSecret>(pb::CreateClientSecretRequest { client_id }).await })
        });
        let mut made_secrets = 0;
        for call in calls.collect::<Vec<_>>() {
            match call.await.unwrap() {
                Ok(_) => made_secrets += 1,
                Err(failure) => assert_eq!(failure.code, Code::InvalidArgument, "{failure:?}"),
            }
        }
        assert_eq!(made_secrets, 2);
        assert_eq!(get(&api, id(&made)).await["secrets"].as_array().unwrap().len(), 2);
    }

    async fn redirect_uris_of_the_environment_are_added_and_removed_one_by_one(t: Server) {
        let api = t.api().await;
        let add = async |uri: &str| api.post(URIS, json!({"redirect_uri": uri})).await;
        let remove = async |uri: &str| api.delete(&format!("{URIS}?redirect_uri={uri}")).await;
        let one = add("https://a.globex.test/cb").await;
        assert_eq!(one.json, json!({"client_id": t.client_id, "redirect_uris": ["https://a.globex.test/cb"],
            "post_logout_redirect_uris": [], "initiate_login_uri": ""}));
        assert!(add("https://a.globex.test/cb").await.failure(409, 6).starts_with("redirect_uri"));
        assert_eq!(refused(&remove("https://a.globex.test/cb").await)[0], ("redirect_uri", "redirect_uri.last"));
        let two = add("https://b.globex.test/cb").await;
        assert_eq!(two.json["redirect_uris"], json!(["https://a.globex.test/cb", "https://b.globex.test/cb"]));
        remove("https://a.globex.test/cb/").await.failure(404, 5);
        assert_eq!(remove("https://a.globex.test/cb").await.json["redirect_uris"], json!(["https://b.globex.test/cb"]));
        refused(&add("ftp://a.globex.test/").await);
        refused(&add("").await);
        refused(&add(&format!("https://a.globex.test/{}", "x".repeat(2100))).await);

        let path = "/api/v1/environment/initiate-login-uri";
        let set = api.put(path, json!({"initiate_login_uri": "https://a.globex.test/start"})).await;
        assert_eq!(set.json["initiate_login_uri"], "https://a.globex.test/start");
        refused(&api.put(path, json!({"initiate_login_uri": ""})).await);
        refused(&api.put(path, json!({"initiate_login_uri": "app://start"})).await);
        assert_eq!(get(&api, &t.client_id).await["initiate_login_uri"], "https://a.globex.test/start");
    }

    async fn ten_who_add_one_uri_at_once_add_it_once(t: Server) {
        let api = Arc::new(t.api().await);
        let calls: Vec<_> = (0..10).map(|_| {
            let api = api.clone();
            tokio::spawn(async move {
                let redirect_uri = "https://a.globex.test/cb".to_owned();
                api.call::<rpc::AddEnvironmentRedirectUri>(pb::AddEnvironmentRedirectUriRequest { redirect_uri }).await
            })
        }).collect();
        let mut added = 0;
        for call in calls {
            match call.await.unwrap() {
                Ok(_) => added += 1,
                Err(failure) => assert_eq!(failure.code, Code::AlreadyExists, "{failure:?}"),
            }
        }
        assert_eq!(added, 1);
        assert_eq!(get(&api, &t.client_id).await["post_login_uris"], json!(["https://a.globex.test/cb"]));
    }

    async fn tokens_go_by_grants_access_and_addresses(t: Server) {
        let api = t.api().await;
        let made = create(&api, "WEB_APP", json!({"access_token_expiry": "120"})).await;
        let (_, secret) = add_secret(&api, id(&made)).await;
        let (status, answer) = token_answer(&t, id(&made), &secret).await;
        assert_eq!(status, 200, "{answer}");
        assert!((118..=120).contains(&answer["expires_in"].as_i64().unwrap()), "{answer}");
        let token = answer["access_token"].as_str().unwrap().to_owned();
        let message = t.rest("GET", PATH, "", &token).await;
        assert!(message.failure(401, 16).contains("no access to the management API"));
        let path = format!("{PATH}/{}", id(&made));
        assert_eq!(api.patch(&path, json!({"disallow_scalekit_api_access": false})).await.status, 201);
        assert_eq!(t.rest("GET", PATH, "", &token).await.status, 200);

        let elsewhere = json!({"ip_allowlist": {"opted_in": true, "cidrs": [{"value": "192.0.2.0/24"}]}});
        assert_eq!(api.patch(&path, elsewhere).await.status, 201);
        assert!(t.rest("GET", PATH, "", &token).await.failure(401, 16).contains("from this address"));
        let (status, answer) = token_answer(&t, id(&made), &secret).await;
        assert_eq!((status, answer["error"].as_str()), (400, Some("unauthorized_client")), "{answer}");
        let here = json!({"ip_allowlist": {"opted_in": true, "cidrs": [{"value": "192.0.2.0/24"}, {"value": "127.0.0.1"}]}});
        assert_eq!(api.patch(&path, here).await.status, 201);
        assert_eq!(t.rest("GET", PATH, "", &token).await.status, 200);

        assert_eq!(api.patch(&path, json!({"grant_types": ["authorization_code"]})).await.status, 201);
        let (status, answer) = token_answer(&t, id(&made), &secret).await;
        assert_eq!((status, answer["error"].as_str()), (400, Some("unauthorized_client")), "{answer}");
        let (status, answer) = token_answer(&t, id(&made), "wrong").await;
        assert_eq!((status, answer["error"].as_str()), (401, Some("invalid_client")), "no hint without the secret");
    }

    async fn another_environments_applications_are_not_there(t: Server) {
        let (api, other) = (t.api().await, t.add_environment("other").await);
        let other = t.api_in(&other).await;
        let made = create(&api, "WEB_APP", json!({})).await;
        let (secret, _) = add_secret(&api, id(&made)).await;
        let path = format!("{PATH}/{}", id(&made));
        other.get(&path).await.failure(404, 5);
        other.patch(&path, json!({"name": "X"})).await.failure(404, 5);
        other.delete(&path).await.failure(404, 5);
        other.post(&format!("{path}/secrets"), json!({})).await.failure(404, 5);
        other.put(&format!("{path}/secrets/{secret}"), json!({"status": "INACTIVE"})).await.failure(404, 5);
        other.delete(&format!("{path}/secrets/{secret}")).await.failure(404, 5);
        assert_eq!(names(&other, "filter.client_type=ALL").await, ["ENV"]);
        // Another client's secret, an id that does not exist, and ids of other kinds.
        let own = format!("{PATH}/{}/secrets/{secret}", t.client_id);
        api.put(&own, json!({"status": "INACTIVE"})).await.failure(404, 5);
        api.delete(&own).await.failure(404, 5);
        api.get(&format!("{PATH}/skc_1")).await.failure(404, 5);
        for bad in ["m2morg_1", "org_1", "skc_01", "x"] {
            refused(&api.get(&format!("{PATH}/{bad}")).await);
        }
        assert_eq!(get(&api, id(&made)).await["secrets"][0]["status"], "ACTIVE");
    }

    async fn the_key_id_is_that_of_the_key_that_signs_its_tokens(t: Server) {
        let api = t.api().await;
        let keys = t.rest("GET", "/keys", "", "").await.json;
        let own = api.get(PATH).await.json["clients"][0].clone();
        assert_eq!(own["keyId"], keys["keys"][0]["kid"]);
        assert_eq!(api.get(&format!("{PATH}/{}", id(&own))).await.json["client"]["keyId"], own["keyId"]);
    }
}

database_tests! {
    async fn production_wants_https_elsewhere_and_no_wildcards(kind: Database) {
        let frozen_at = Some(Timestamp::from_micros(1_772_323_200_000_000));
        let t = Server::start_with(kind, Options { frozen_at, ..Options::default() }).await;
        let host = format!("live.localhost:{}", t.address.port());
        let (_, client_id, secret) =
            bootstrap::add_environment(&t.app, "Live", &host, EnvironmentType::Production).await.unwrap();
        let live = gatewright_testkit::OtherEnvironment {
            host, client_id: client_id.to_string(), client_secret: secret.expose().clone(),
        };
        let (api, live) = (t.api().await, t.api_in(&live).await);
        for uri in ["http://a.globex.test/cb", "https://localhost/cb", "https://*.globex.test/cb"] {
            assert_eq!(api.post(URIS, json!({"redirect_uri": uri})).await.status, 200, "{uri}");
            refused(&live.post(URIS, json!({"redirect_uri": uri})).await);
        }
        assert_eq!(live.post(URIS, json!({"redirect_uri": "https://a.globex.test/cb"})).await.status, 200);
        let loopback = json!({"post_login_uris": ["http://127.0.0.1:7000/cb"]});
        create(&live, "NTV", loopback.clone()).await;
        let spa = json!({"name": "S", "client_type": "SPA", "post_login_uris": loopback["post_login_uris"]});
        refused(&live.post(PATH, spa).await);
    }
}
