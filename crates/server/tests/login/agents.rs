//! Other people's programs: clients of protected resources, with consent, and with an application's own sign-in page.
use crate::support::{by_code, claims, last_log, register, request};
use gatewright_testkit::{Api, Browser, Server, Shown, api_tests, json};
use serde_json::{Value as Json, json};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const S256: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REMOTE: &str = "https://agent.example/callback";

/// A resource with two scopes.
async fn resource(api: &Api, more: Json) -> String {
    for name in ["todo:read", "todo:write"] {
        let body = json!({"name": name, "description": format!("May {name}")});
        let answer = api.post("/api/v1/permissions", body).await;
        assert!(answer.status < 300, "{:?}", answer.json);
    }
    let mut body = json!({
        "resource_type": "MCP_SERVER", "name": "Globex Todo", "resource_uri": "https://mcp.globex.example/mcp",
        "scopes": ["todo:read", "todo:write"], "access_token_expiry": 900, "refresh_token_expiry": 86400,
    });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let answer = api.post("/api/v1/resources", body).await;
    assert_eq!(answer.status, 201, "{:?}", answer.json);
    answer.json["resource"]["id"].as_str().unwrap().to_owned()
}

/// A client that registers itself.
async fn agent(t: &Server, resource: &str, redirect_uri: &str) -> String {
    let body = json!({"client_name": "Pocket Agent", "redirect_uris": [redirect_uri], "scope": "todo:read todo:write"});
    let path = format!("{}/api/v1/resources/{resource}/clients:register", t.url);
    let answer = json(t.http.post(path).json(&body)).await;
    assert_eq!(answer.status, 201, "{:?}", answer.json);
    answer.json["client_id"].as_str().unwrap().to_owned()
}

fn authorize(resource: &str, client: &str, redirect_uri: &str, more: &[(&str, &str)]) -> String {
    let plain = request(&[
        &[
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", redirect_uri),
            ("scope", "todo:read todo:write"),
            ("state", "st-1"),
            ("code_challenge", S256),
            ("code_challenge_method", "S256"),
            ("resource", "https://mcp.globex.example/mcp"),
        ],
        more,
    ]);
    format!("/resources/{resource}{plain}")
}

async fn exchange(t: &Server, resource: &str, client: &str, redirect_uri: &str, shown: &Shown) -> Json {
    let issuer = format!("{}/resources/{resource}", t.url);
    assert_eq!(shown.param("iss").as_deref(), Some(issuer.as_str()), "{} {}", shown.status, shown.html);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &shown.param("code").unwrap()),
        ("redirect_uri", redirect_uri),
        ("client_id", client),
        ("code_verifier", VERIFIER),
        ("resource", "https://mcp.globex.example/mcp"),
    ];
    let answer = json(t.http.post(format!("{issuer}/oauth/token")).form(&form)).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
    answer.json
}

/// A member who signs in at an agent's request, to the consent page.
async fn to_consent(t: &Server, browser: &mut Browser, url: &str) -> Shown {
    let page = browser.open(url).await;
    let page = by_code(t, browser, &page, "ann@acme.example").await;
    assert!(page.html.contains("Pocket Agent"), "{} {:?} {}", page.status, page.away, page.html);
    page
}

api_tests! {
    async fn an_agent_gets_tokens_after_consent_which_is_remembered(t: Server) {
        register(&t).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let ann = api.member(&acme.id, "ann@acme.example").create().await;
        let resource = resource(&api, json!({})).await;
        let client = agent(&t, &resource, REMOTE).await;
        let url = authorize(&resource, &client, REMOTE, &[]);
        let mut browser = t.browser();
        let page = to_consent(&t, &mut browser, &url).await;
        for text in ["Globex Todo", "agent.example", "May todo:read", "Acme"] {
            assert!(page.html.contains(text), "{text}: {}", page.html);
        }
        let done = browser.submit(&page, "/a/auth/consent", &[("decision", "allow")]).await;
        let tokens = exchange(&t, &resource, &client, REMOTE, &done).await;
        let access = claims(&tokens["access_token"]);
        assert_eq!(access["aud"], json!(["https://mcp.globex.example/mcp", resource]));
        assert_eq!((&access["sub"], &access["resid"]), (&json!(ann.id), &json!(resource)));
        assert_eq!(access["scopes"], json!(["todo:read", "todo:write", "offline_access"]));
        assert!(tokens["refresh_token"].is_string(), "agents refresh without asking for it: {tokens}");
        let consents = api.get(&format!("/api/v1/user_consents?resource_id={resource}")).await;
        assert_eq!(consents.json["consents"][0]["external_user_id"], json!(ann.id));
        let again = browser.open(&url).await;
        exchange(&t, &resource, &client, REMOTE, &again).await;
        let asked = browser.open(&authorize(&resource, &client, REMOTE, &[("prompt", "consent")])).await;
        assert!(asked.html.contains("Pocket Agent"), "{:?}", asked.away);
        let denied = browser.submit(&asked, "/a/auth/consent", &[("decision", "deny")]).await;
        assert_eq!(denied.param("error").as_deref(), Some("access_denied"));
        assert_eq!(last_log(&t).await.0["status"], "FAILED");
        // Without PKCE nothing, and not by the endpoint of another resource.
        let plain = request(&[&[("response_type", "code"), ("client_id", client.as_str()), ("redirect_uri", REMOTE), ("scope", "todo:read")]]);
        assert_eq!(browser.open(&plain).await.param("error").as_deref(), Some("invalid_request"));
        assert_eq!(browser.open(&url.replace(&resource, "res_1")).await.status, 400);
    }

    async fn a_program_on_the_persons_device_asks_each_time_at_any_port(t: Server) {
        register(&t).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        api.member(&acme.id, "ann@acme.example").create().await;
        let resource = resource(&api, json!({"resource_scope_selection_allowed": true})).await;
        let client = agent(&t, &resource, "http://127.0.0.1/callback").await;
        let here = "http://127.0.0.1:33418/callback";
        let url = authorize(&resource, &client, here, &[]);
        let mut browser = t.browser();
        let page = to_consent(&t, &mut browser, &url).await;
        assert!(page.html.contains("program on this device"), "{}", page.html);
        let fields = [("decision", "allow"), ("scope", "todo:read")];
        let done = browser.submit(&page, "/a/auth/consent", &fields).await;
        let tokens = exchange(&t, &resource, &client, here, &done).await;
        assert_eq!(claims(&tokens["access_token"])["scope"], "todo:read offline_access");
        let page = browser.open(&url).await;
        assert!(page.html.contains("program on this device"), "asked again: {:?}", page.away);
        let other = authorize(&resource, &client, "http://127.0.0.1:33418/other", &[]);
        assert_eq!(browser.open(&other).await.status, 400);
    }

    async fn users_of_an_applications_own_page_come_back_with_what_it_reported(t: Server) {
        register(&t).await;
        let api = t.api().await;
        let resource = resource(&api, json!({})).await;
        let answer = api.post(&format!("/api/v1/resources/{resource}/connections"), json!({})).await;
        let connection = answer.json["connection"]["id"].as_str().unwrap().to_owned();
        let body = json!({"custom_connection_settings": {"authorize_uri": "https://app.example/login?x=1"}});
        assert_eq!(api.patch(&format!("/api/v1/resources/{resource}"), body).await.status, 200);
        let client = agent(&t, &resource, REMOTE).await;
        let url = authorize(&resource, &client, REMOTE, &[]);
        let mut browser = t.browser();
        let away = browser.open(&url).await;
        assert!(away.away.as_ref().unwrap().starts_with("https://app.example/login?x=1&login_request_id=lri_"), "{:?}", away.away);
        let (request, state) = (away.param("login_request_id").unwrap(), away.param("state").unwrap());
        let details = api.get(&format!("/api/v1/auth-requests/{request}")).await;
        assert_eq!(details.json["client"]["client_id"], json!(client));
        let back = format!("/sso/v1/connections/{connection}/partner:callback?state={state}");
        assert_eq!(browser.open(&back).await.status, 400, "nobody has reported yet");
        let user = json!({
            "sub": "u-4471", "email": "dana@globex.example", "roles": ["support"], "organization_external_id": "t-77",
            "organization_external_name": "Globex", "custom_attributes": {"tier": "gold"},
        });
        let path = format!("/api/v1/connections/{connection}/auth-requests/{request}/user");
        assert_eq!(api.post(&path, user).await.status, 200);
        let page = browser.open(&back).await;
        assert!(page.html.contains("Globex") && page.html.contains("dana@globex.example"), "{} {}", page.status, page.html);
        let done = browser.submit(&page, "/a/auth/consent", &[("decision", "allow")]).await;
        let access = claims(&exchange(&t, &resource, &client, REMOTE, &done).await["access_token"]);
        assert_eq!((&access["sub"], &access["xoid"]), (&json!("u-4471"), &json!("t-77")));
        assert_eq!((&access["roles"], &access["custom_claims"]["tier"]), (&json!(["support"]), &json!("gold")));
        assert_eq!(browser.open(&back).await.status, 400, "a state is good for once");
        // Finished in another browser, it is nobody's.
        let away = t.browser().open(&url).await;
        let (request, state) = (away.param("login_request_id").unwrap(), away.param("state").unwrap());
        let path = format!("/api/v1/connections/{connection}/auth-requests/{request}/user");
        assert_eq!(api.post(&path, json!({"sub": "u-1", "email": "eve@evil.example"})).await.status, 200);
        let back = format!("/sso/v1/connections/{connection}/partner:callback?state={state}");
        assert_eq!(browser.open(&back).await.status, 400);
    }
}
