//! What the tests of sign-ins share.
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use gatewright_testkit::{Browser, Server, Shown, json};
use serde_json::{Value as Json, json};

pub const CALLBACK: &str = "https://app.example/callback";

/// The address of a request for authorization.
pub fn authorize(t: &Server, more: &[(&str, &str)]) -> String {
    request(&[
        &[
            ("response_type", "code"),
            ("client_id", &t.client_id),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile email offline_access"),
            ("state", "st-1"),
        ],
        more,
    ])
}

/// The same of exactly these parameters.
pub fn request(parts: &[&[(&str, &str)]]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for part in parts {
        query.extend_pairs(*part);
    }
    format!("/oauth/authorize?{}", query.finish())
}

/// Registers the application's redirect URI.
pub async fn register(t: &Server) {
    let api = t.api().await;
    let answer = api.post("/api/v1/environment/redirect-uris", json!({"redirect_uri": CALLBACK})).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
}

/// Where the application starts a sign-in.
pub async fn initiate_at(t: &Server, uri: &str) {
    let api = t.api().await;
    let body = json!({"initiate_login_uri": uri});
    let answer = api.put("/api/v1/environment/initiate-login-uri", body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
}

/// What mails of the environment have: `OTP`, `LINK` or `LINK_OTP`.
pub async fn mails_have(t: &Server, kind: &str, more: Json) {
    let api = t.api().await;
    let mut config = json!({"type": kind});
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    let all = api.get("/api/v1/connections?include=all").await;
    let connection = all.json["connections"]
        .as_array()
        .unwrap()
        .iter()
        .find(|connection| connection["type"] == "PASSWORDLESS")
        .unwrap();
    let path = format!("/api/v1/connections/{}", connection["id"].as_str().unwrap());
    let mut body = json!({"passwordless_config": config});
    for key in ["provider", "provider_key"] {
        let value = &connection[key];
        if value.as_str().is_some_and(|value| !value.is_empty() && !value.ends_with("UNSPECIFIED")) {
            body[key] = value.clone();
        }
    }
    let answer = api.patch(&path, body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
}

/// The newest mail's code and link.
pub async fn mail(t: &Server) -> (String, String) {
    t.run_jobs().await;
    let mail = t.inbox().await.pop().unwrap();
    (mail.otp.unwrap_or_default(), mail.link.unwrap_or_default())
}

/// Types an address.
pub async fn identify(browser: &mut Browser, page: &Shown, email: &str) -> Shown {
    browser.submit(page, "/a/auth/email", &[("email", email)]).await
}

/// Types an address and the code that comes.
pub async fn by_code(t: &Server, browser: &mut Browser, page: &Shown, email: &str) -> Shown {
    let page = identify(browser, page, email).await;
    assert_eq!(page.status, 200, "{}", page.html);
    let (code, _) = mail(t).await;
    browser.submit(&page, "/a/auth/code", &[("code", &code)]).await
}

/// Signs in from nothing with these parameters.
pub async fn sign_in(t: &Server, browser: &mut Browser, email: &str, more: &[(&str, &str)]) -> Shown {
    let page = browser.open(&authorize(t, more)).await;
    by_code(t, browser, &page, email).await
}

/// The tokens of a code.
pub async fn exchange(t: &Server, code: &str) -> Json {
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
pub fn claims(token: &Json) -> Json {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// Takes the code that the browser was sent away with, and answers with the claims of both tokens.
pub async fn arrive(t: &Server, shown: &Shown) -> (Json, Json) {
    assert!(
        shown.away.as_deref().unwrap_or_default().starts_with(CALLBACK),
        "{} {}",
        shown.status,
        shown.html
    );
    assert_eq!(shown.param("state").as_deref(), Some("st-1"));
    assert_eq!(shown.param("iss").as_deref(), Some(t.url.as_str()));
    assert_eq!(shown.param("error"), None, "{:?}", shown.away);
    let tokens = exchange(t, &shown.param("code").unwrap()).await;
    (claims(&tokens["id_token"]), claims(&tokens["access_token"]))
}

/// The newest entry of the authentication log, and the traces of why it failed.
pub async fn last_log(t: &Server) -> (Json, Vec<Json>) {
    let api = t.api().await;
    let log = api.get("/api/v1/logs/authentication/requests").await;
    let entry = log.json["authRequests"][0].clone();
    let filter = json!({"auth_request_id": entry["auth_request_id"]});
    let events = api.post("/api/v1/events", filter).await;
    assert_eq!(events.status, 200, "{:?}", events.json);
    (entry, events.json["events"].as_array().unwrap().clone())
}
