//! Signing in on the hosted pages, from the request for authorization to tokens.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use gatewright_testkit::{Browser, Server, Shown, api_tests, json};
use serde_json::{Value as Json, json};

const CALLBACK: &str = "https://app.example/callback";

/// The address of a request for authorization.
fn authorize(t: &Server, more: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([
        ("response_type", "code"),
        ("client_id", &t.client_id),
        ("redirect_uri", CALLBACK),
        ("scope", "openid profile email offline_access"),
        ("state", "st-1"),
    ]);
    query.extend_pairs(more);
    format!("/oauth/authorize?{}", query.finish())
}

async fn register(t: &Server) {
    let api = t.api().await;
    let answer = api.post("/api/v1/environment/redirect-uris", json!({"redirect_uri": CALLBACK})).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
}

/// The newest mail's code and link.
async fn mail(t: &Server) -> (String, String) {
    t.run_jobs().await;
    let mail = t.inbox().await.pop().unwrap();
    (mail.otp.unwrap_or_default(), mail.link.unwrap_or_default())
}

/// Types an address and the code that comes.
async fn by_code(t: &Server, browser: &mut Browser, page: &Shown, email: &str) -> Shown {
    let page = browser.submit(page, "/a/auth/email", &[("email", email)]).await;
    assert_eq!(page.status, 200, "{}", page.html);
    let (code, _) = mail(t).await;
    browser.submit(&page, "/a/auth/code", &[("code", &code)]).await
}

/// The tokens of a code.
async fn exchange(t: &Server, code: &str) -> Json {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("client_id", &t.client_id),
        ("client_secret", &t.client_secret),
    ];
    let answer = json(t.http.post(format!("{}/oauth/token", t.url)).form(&form)).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
    answer.json
}

/// Claims of a token, whose signature others check.
fn claims(token: &Json) -> Json {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// Signs in and comes back with a code.
async fn tokens(t: &Server, shown: &Shown) -> Json {
    assert!(
        shown.away.as_deref().unwrap_or_default().starts_with(CALLBACK),
        "{} {}",
        shown.status,
        shown.html
    );
    assert_eq!(shown.param("state").as_deref(), Some("st-1"));
    assert_eq!(shown.param("iss").as_deref(), Some(t.url.as_str()));
    exchange(t, &shown.param("code").unwrap()).await
}

api_tests! {
    async fn a_new_person_signs_up_by_code_and_makes_an_organization(t: Server) {
        register(&t).await;
        let mut browser = t.browser();
        let page = browser.open(&authorize(&t, &[("prompt", "create"), ("nonce", "n-1")])).await;
        assert_eq!(page.status, 200, "{}", page.html);
        let page = by_code(&t, &mut browser, &page, "ada@analytical.example").await;
        assert!(page.html.contains("organization_name"), "{} {}", page.status, page.html);
        let fields = [("organization_name", "Analytical"), ("given_name", "Ada"), ("family_name", "Lovelace")];
        let done = browser.submit(&page, "/a/auth/create", &fields).await;
        let tokens = tokens(&t, &done).await;
        let (id, access) = (claims(&tokens["id_token"]), claims(&tokens["access_token"]));
        assert_eq!(id["email"], "ada@analytical.example");
        assert_eq!((&id["name"], &id["nonce"]), (&json!("Ada Lovelace"), &json!("n-1")));
        assert_eq!(access["roles"], json!(["admin"]));
        assert!(access["oid"].as_str().unwrap().starts_with("org_"));
        assert!(id["amr"][0].as_str().unwrap().starts_with("conn_"));
        let api = t.api().await;
        let kinds: Vec<String> = api.events().await.into_iter().map(|event| event.name).collect();
        for kind in ["organization.created", "user.organization_membership_created", "user.login"] {
            assert!(kinds.iter().any(|other| other == kind), "{kind} {kinds:?}");
        }
        let log = api.get("/api/v1/logs/authentication/requests").await;
        let entry = &log.json["authRequests"][0];
        assert_eq!((&entry["status"], &entry["email"]), (&json!("SUCCESS"), &json!("ada@analytical.example")));
        // The browser has a session now: the next request needs no page.
        let again = browser.open(&authorize(&t, &[])).await;
        let more = exchange(&t, &again.param("code").unwrap()).await;
        assert_eq!(claims(&more["access_token"])["sid"], access["sid"]);
    }
}
