//! Protected resources and scopes through the API.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright_api::{rpc::client_service as rpc, scalekit::v1::clients as pb};
use gatewright_testkit::{Answer, Api, Server, api_tests};
use serde_json::{Value as Json, json};
use std::sync::Arc;

const PATH: &str = "/api/v1/resources";
const MCP: &str = "https://mcp.globex.test/mcp";

async fn permission(api: &Api, name: &str) {
    let body = json!({"name": name, "description": format!("May {name}")});
    assert_eq!(api.post("/api/v1/permissions", body).await.status, 201);
}

async fn create(api: &Api, body: Json) -> Json {
    let answer = api.post(PATH, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json["resource"].clone()
}

fn full() -> Json {
    json!({"resource_type": "MCP_SERVER", "name": "Globex Todo", "description": "Lists\nof things",
        "resource_uri": MCP, "access_token_expiry": "300", "refresh_token_expiry": "86400",
        "disable_dynamic_client_registration": true, "logo_uri": "https://globex.test/logo.png", "provider": "globex",
        "scopes": ["todo:write", "todo:read"], "intersect_scopes_user_permission": true, "enable_cimd": true,
        "xaa_enabled": true, "cimd_client_allowlist_enabled": true, "resource_scope_selection_allowed": true,
        "cimd_client_allowlist": [{"type": "PREDEFINED", "value": "CLAUDE"}, {"type": "URL", "value": "https://agent.test/*"}]})
}

/// The names of the scopes that are enabled on a resource.
fn enabled(resource: &Json) -> Vec<&str> {
    let scopes = resource["scopes"].as_array().unwrap().iter();
    scopes.filter(|scope| scope["enabled"] == true).map(|scope| scope["name"].as_str().unwrap()).collect()
}

fn at(resource: &Json) -> String {
    format!("{PATH}/{}", resource["id"].as_str().unwrap())
}

async fn metadata(t: &Server, path: &str) -> Answer {
    t.rest("GET", path, "", "").await
}

api_tests! {
    async fn everything_that_is_created_comes_back(t: Server) {
        let api = t.api().await;
        for name in ["todo:read", "todo:write", "other"] {
            permission(&api, name).await;
        }
        let made = create(&api, full()).await;
        let id = made["id"].as_str().unwrap();
        assert!(id.strip_prefix("res_").unwrap().bytes().all(|byte| byte.is_ascii_digit()));
        let given = full();
        for (name, value) in given.as_object().unwrap() {
            if name != "scopes" {
                assert_eq!(&made[name], value, "{name}");
            }
        }
        assert_eq!(enabled(&made), ["todo:read", "todo:write"]);
        let all = made["scopes"].as_array().unwrap();
        assert_eq!((all.len(), &all[0]["name"], &all[0]["description"]), (3, &json!("other"), &json!("May other")));
        assert!(all[0]["id"].as_str().unwrap().starts_with("scp_"));
        assert_eq!((&made["resource_id"], &made["disallow_connection_update"]), (&json!(MCP), &json!(false)));
        assert!(made["connection_details"].is_null());
        assert_eq!(made["protected_metadata_uri"], "https://mcp.globex.test/.well-known/oauth-protected-resource/mcp");
        assert_eq!(made["protected_metadata"], json!({"resource": MCP,
            "authorization_servers": [format!("{}/resources/{id}", t.url)], "bearer_methods_supported": ["header"],
            "scopes_supported": ["todo:read", "todo:write"]}));
        assert_eq!(api.get(&at(&made)).await.json, json!({"resource": made}));
    }

    async fn little_is_needed_to_create(t: Server) {
        let api = t.api().await;
        let made = create(&api, json!({"resource_type": "SERVER", "name": "Orders"})).await;
        assert_eq!((&made["access_token_expiry"], &made["refresh_token_expiry"]), (&json!("3600"), &json!("86400")));
        assert_eq!((&made["resource_uri"], &made["protected_metadata_uri"]), (&json!(""), &json!("")));
        assert_eq!(made["resource_id"], made["id"], "without a URL the id is what names it");
        assert_eq!(made["protected_metadata"]["resource"], made["id"]);
        for flag in ["disable_dynamic_client_registration", "enable_cimd", "xaa_enabled"] {
            assert_eq!(made[flag], false, "{flag}");
        }
        // The other name of the URL, kept to the letter.
        let other = json!({"resource_type": "SERVER", "name": "Slash", "resource_id": "https://A.test/x/"});
        assert_eq!(create(&api, other).await["resource_uri"], "https://A.test/x/");
    }

    async fn an_update_changes_what_it_has_or_what_its_mask_names(t: Server) {
        let api = t.api().await;
        permission(&api, "todo:read").await;
        permission(&api, "todo:write").await;
        let made = create(&api, full()).await;
        let path = at(&made);
        let mut expected = made.clone();
        assert_eq!(api.patch(&path, json!({})).await.json["resource"], made, "nothing changes, also not when");
        let answer = api.patch(&path, json!({"name": "Todo", "enable_cimd": false, "scopes": ["todo:read"]})).await;
        expected["name"] = json!("Todo");
        expected["enable_cimd"] = json!(false);
        expected["update_time"] = answer.json["resource"]["update_time"].clone();
        expected["scopes"][1]["enabled"] = json!(false);
        expected["protected_metadata"]["scopes_supported"] = json!(["todo:read"]);
        assert_eq!(answer.json["resource"], expected, "{}", answer.text);
        assert_ne!(expected["update_time"], made["update_time"]);
        let masked = format!("{path}?update_mask=description,scopes,resource_uri,access_token_expiry,xaa_enabled");
        let answer = api.patch(&masked, json!({"name": "Not named"})).await.json["resource"].clone();
        assert_eq!((&answer["name"], &answer["description"], &answer["xaa_enabled"]), (&json!("Todo"), &json!(""), &json!(false)));
        assert_eq!((&answer["resource_uri"], &answer["access_token_expiry"]), (&json!(""), &json!("3600")));
        assert!(enabled(&answer).is_empty());
        let answer = api.patch(&format!("{path}?update_mask=nothing"), json!({})).await;
        answer.failure(400, 3);
    }

    async fn bad_values_are_refused_by_name(t: Server) {
        let api = t.api().await;
        let made = create(&api, json!({"resource_type": "SERVER", "name": "Orders"})).await;
        for (field, value, named) in [
            ("name", json!("x".repeat(129)), "resource.name"),
            ("name", json!("\u{200b}"), "resource.name"),
            ("description", json!("x".repeat(513)), "resource.description"),
            ("description", json!("a\u{0}b"), "resource.description"),
            ("resource_uri", json!("mcp.test"), "resource.resource_uri"),
            ("resource_uri", json!("https://mcp.test/#x"), "resource.resource_uri"),
            ("resource_uri", json!(format!("https://mcp.test/{}", "x".repeat(500))), "resource.resource_uri"),
            ("resource_id", json!("javascript:alert(1)"), "resource.resource_uri"),
            ("logo_uri", json!("data:image/png;base64,"), "resource.logo_uri"),
            ("access_token_expiry", json!("59"), "resource.access_token_expiry"),
            ("access_token_expiry", json!("-1"), "resource.access_token_expiry"),
            ("refresh_token_expiry", json!("31536001"), "resource.refresh_token_expiry"),
            ("scopes", json!(["nothing"]), "resource.scopes[0]"),
            ("scopes", json!(["sk_org_users_read"]), "resource.scopes[0]"),
            ("cimd_client_allowlist", json!([{"type": "OTHER", "value": "x"}]), "resource.cimd_client_allowlist[0].type"),
            ("cimd_client_allowlist", json!([{"type": "URL", "value": "https://a.test*"}]), "resource.cimd_client_allowlist[0].value"),
            ("cimd_client_allowlist", json!([{"type": "PREDEFINED", "value": "EVIL"}]), "resource.cimd_client_allowlist[0].value"),
        ] {
            let mut body = json!({"resource_type": "SERVER", "name": "X"});
            body[field] = value.clone();
            for answer in [api.post(PATH, body).await, api.patch(&at(&made), json!({field: value})).await] {
                answer.failure(400, 3);
                assert_eq!(answer.violations()[0].0, named, "{}", answer.text);
            }
        }
        for body in [json!({"name": "X"}), json!({"resource_type": "SERVER"}), json!({"resource_type": 77, "name": "X"})] {
            api.post(PATH, body).await.failure(400, 3);
        }
        let page = json!({"custom_connection_settings": {"authorize_uri": "ftp://x.test/"}});
        api.patch(&at(&made), page).await.failure(400, 3);
        let all = api.get(&format!("{PATH}?resource_type=SERVER")).await;
        assert_eq!(all.json["resources"], json!([made]));
    }

    async fn a_uri_is_one_resources_only_also_for_ten_at_once(t: Server) {
        let api = Arc::new(t.api().await);
        let body = json!({"resource_type": "MCP_SERVER", "name": "X", "resource_uri": MCP});
        let tries = (0..10).map(|_| {
            let (api, body) = (api.clone(), body.clone());
            tokio::spawn(async move { api.post(PATH, body).await.status })
        });
        let mut statuses = Vec::new();
        for one in tries.collect::<Vec<_>>() {
            statuses.push(one.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [[201].as_slice(), &[409; 9]].concat());
        let other = create(&api, json!({"resource_type": "SERVER", "name": "Y", "resource_uri": format!("{MCP}/")})).await;
        let answer = api.patch(&at(&other), json!({"resource_uri": MCP})).await;
        assert!(answer.failure(409, 6).starts_with("resource_uri"));
    }

    async fn lists_are_of_one_type_and_have_pages(t: Server) {
        let api = t.api().await;
        permission(&api, "todo:read").await;
        let mut ids = Vec::new();
        for number in 0..5 {
            let scopes = if number % 2 == 0 { json!(["todo:read"]) } else { json!([]) };
            let body = json!({"resource_type": "MCP_SERVER", "name": "X", "scopes": scopes});
            ids.insert(0, create(&api, body).await["id"].clone());
        }
        create(&api, json!({"resource_type": "WEB", "name": "Y"})).await;
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = api.get(&format!("{PATH}?resource_type=MCP_SERVER&page_size=2&page_token={token}")).await;
            assert_eq!(page.json["total_size"], 5);
            for resource in page.json["resources"].as_array().unwrap() {
                assert_eq!(enabled(resource).len(), (seen.len() + 1) % 2);
                seen.push(resource["id"].clone());
            }
            token = page.json["next_page_token"].as_str().unwrap().to_owned();
            if token.is_empty() {
                break;
            }
            api.get(&format!("{PATH}?resource_type=WEB&page_token={token}")).await.failure(400, 3);
        }
        assert_eq!(seen, ids);
        api.get(PATH).await.failure(400, 3);
        api.get(&format!("{PATH}?resource_type=WEB&page_size=31")).await.failure(400, 3);
    }

    async fn users_sign_in_at_the_applications_page_until_it_is_taken_away(t: Server) {
        let api = t.api().await;
        let made = create(&api, json!({"resource_type": "MCP_SERVER", "name": "X"})).await;
        let path = at(&made);
        let answer = api.post(&format!("{path}/connections"), json!({})).await;
        let connection = answer.json["connection"].clone();
        assert!(connection["id"].as_str().unwrap().starts_with("conn_"), "{}", answer.text);
        assert_eq!((&connection["type"], &connection["enabled"]), (&json!("CUSTOM"), &json!(false)));
        assert_eq!(api.post(&format!("{path}/connections"), json!({})).await.json["connection"], connection);
        let page = json!({"provider": "own", "custom_connection_settings": {"authorize_uri": "https://app.test/login?x=1"}});
        let details = api.patch(&path, page).await.json["resource"]["connection_details"].clone();
        assert_eq!(details, json!({"id": connection["id"], "type": "CUSTOM", "status": "COMPLETED", "enabled": true,
            "settings": {"authorize_uri": "https://app.test/login?x=1"}, "provider": "own"}));
        let resource = api.put(&format!("{path}/provider:delete"), json!({})).await.json["resource"].clone();
        assert_eq!((&resource["provider"], &resource["connection_details"]), (&json!(""), &Json::Null));
        assert_eq!(api.get(&path).await.json["resource"], resource);
        api.post(&format!("{PATH}/res_1/connections"), json!({})).await.failure(404, 5);
    }

    async fn a_deleted_resource_is_gone_and_one_of_another_environment_never_was(t: Server) {
        let api = t.api().await;
        let other = t.add_environment("other.test").await;
        let other = t.api_in(&other).await;
        let made = create(&api, json!({"resource_type": "MCP_SERVER", "name": "X", "resource_uri": MCP})).await;
        create(&other, json!({"resource_type": "MCP_SERVER", "name": "X", "resource_uri": MCP})).await;
        let path = at(&made);
        for answer in [other.get(&path).await, other.patch(&path, json!({"name": "Y"})).await, other.delete(&path).await,
            other.post(&format!("{path}/connections"), json!({})).await, other.put(&format!("{path}/provider:delete"), json!({})).await] {
            answer.failure(404, 5);
        }
        assert_eq!(metadata(&t, &format!("/resources/{}/.well-known/oauth-authorization-server", made["id"].as_str().unwrap())).await.status, 200);
        assert_eq!(api.delete(&path).await.json, json!({}));
        api.delete(&path).await.failure(404, 5);
        api.get(&path).await.failure(404, 5);
        api.get(&format!("{PATH}/usr_1")).await.failure(400, 3);
        assert_eq!(metadata(&t, "/resources/x/.well-known/oauth-authorization-server").await.status, 404);
    }

    async fn an_authorization_server_describes_itself_for_each_resource(t: Server) {
        let api = t.api().await;
        permission(&api, "todo:read").await;
        let body = json!({"resource_type": "MCP_SERVER", "name": "X", "scopes": ["todo:read"], "enable_cimd": true});
        let made = create(&api, body).await;
        let id = made["id"].as_str().unwrap();
        let answer = metadata(&t, &format!("/.well-known/oauth-authorization-server/resources/{id}")).await;
        assert_eq!((answer.status, &answer.headers["access-control-allow-origin"]), (200, &"*".parse().unwrap()));
        let base = format!("{}/resources/{id}", t.url);
        for (name, value) in [
            ("issuer", json!(base)),
            ("token_endpoint", json!(format!("{base}/oauth/token"))),
            ("jwks_uri", json!(format!("{}/keys", t.url))),
            ("registration_endpoint", json!(format!("{}/api/v1/resources/{id}/clients:register", t.url))),
            ("scopes_supported", json!(["todo:read"])),
            ("client_id_metadata_document_supported", json!(true)),
            ("code_challenge_methods_supported", json!(["S256"])),
        ] {
            assert_eq!(answer.json[name], value, "{name}");
        }
        api.patch(&at(&made), json!({"disable_dynamic_client_registration": true})).await;
        let suffixed = metadata(&t, &format!("/resources/{id}/.well-known/oauth-authorization-server")).await;
        assert!(suffixed.json["registration_endpoint"].is_null());
        assert_eq!(metadata(&t, &format!("/resources/{id}/.well-known/openid-configuration")).await.status, 404);
    }

    async fn scopes_are_permissions(t: Server) {
        let api = t.api().await;
        let new = |name: &str| pb::CreateScopeRequest {
            scope: Some(pb::CreateScope { name: name.to_owned(), description: "D".to_owned() }), env_id: String::new(),
        };
        let scope = t.as_operator::<rpc::CreateScope>(&new("todo:read")).await.unwrap().scope.unwrap();
        assert_eq!(api.get("/api/v1/permissions/todo:read").await.json["permission"]["description"], "D");
        for taken in ["todo:read", "openid"] {
            assert!(t.as_operator::<rpc::CreateScope>(&new(taken)).await.is_err(), "{taken}");
        }
        let made = create(&api, json!({"resource_type": "SERVER", "name": "X", "scopes": ["todo:read"]})).await;
        assert_eq!(made["scopes"][0]["id"], scope.id);
        let update = |enabled: bool| pb::UpdateScopeRequest {
            id: scope.id.clone(),
            scope: Some(pb::UpdateScope { description: "E".to_owned(), enabled: Some(enabled) }),
        };
        let off = t.as_operator::<rpc::UpdateScope>(&update(false)).await.unwrap().scope.unwrap();
        assert_eq!((off.enabled, off.description.as_str()), (false, "E"));
        assert!(enabled(&api.get(&at(&made)).await.json["resource"]).is_empty(), "nor on any resource");
        let all = t.as_operator::<rpc::ListScopes>(&pb::ListScopesRequest::default()).await.unwrap();
        assert_eq!(all.scopes, [off]);
        t.as_operator::<rpc::UpdateScope>(&update(true)).await.unwrap();
        assert_eq!(enabled(&api.get(&at(&made)).await.json["resource"]), ["todo:read"]);
        let gone = pb::DeleteScopeRequest { id: scope.id.clone() };
        t.as_operator::<rpc::DeleteScope>(&gone).await.unwrap();
        assert!(t.as_operator::<rpc::DeleteScope>(&gone).await.is_err());
        assert_eq!(api.get(&at(&made)).await.json["resource"]["scopes"], json!([]));
        let other = pb::ListScopesRequest { env_id: "env_1".to_owned() };
        assert!(t.as_operator::<rpc::ListScopes>(&other).await.is_err());
    }
}
