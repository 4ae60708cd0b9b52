//! The session middleware: an application on axum, a browser, and the real server.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::future::join_all;
use gatewright_sdk::ScalekitClient;
use gatewright_sdk::axum::{RequirePermission, Session, SessionError, Sessions, SessionsBuilder};
use gatewright_testkit::{Browser, Server, Shown, api_tests};
use serde_json::{Value, json};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const ADA: &str = "ada@analytical.example";

/// A running application, and why logins and sessions came to nothing.
struct App {
    url: String,
    client: ScalekitClient,
    failures: Arc<Mutex<Vec<String>>>,
}

async fn describe(session: Session) -> String {
    json!({
        "user": session.user_id(),
        "email": session.user().email,
        "organization": session.organization_id(),
        "sid": session.session_id(),
        "roles": session.roles().collect::<Vec<_>>(),
        "jti": session.claims()["jti"],
    })
    .to_string()
}

async fn home(session: Option<Session>) -> String {
    session.map_or("nobody".to_owned(), |session| session.user_id().to_owned())
}

async fn refresh(session: Session) -> Response {
    match session.refresh().await {
        Ok(session) => describe(session).await.into_response(),
        Err(error) => (http::StatusCode::CONFLICT, error.to_string()).into_response(),
    }
}

fn router(sessions: &Sessions) -> Router {
    let reports = Router::new()
        .route("/reports", get(|| async { "reports" }))
        .route_layer(RequirePermission::new("reports:read"));
    let inner = Router::new().route("/page", get(describe));
    Router::new()
        .route("/", get(home))
        .route("/dashboard", get(describe).post(describe))
        .route("/refresh", post(refresh))
        .nest("/nested", inner)
        .merge(reports)
        .merge(sessions.routes())
        .layer(sessions.layer())
}

impl App {
    async fn start(t: &Server, configure: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let client = ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap();
        let failures = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&failures);
        let builder = Sessions::builder(client.clone(), &url, SECRET)
            .on_failure(move |error: &SessionError| told.lock().unwrap().push(error.to_string()));
        let sessions = configure(builder).build().unwrap();
        t.register_application(&sessions.redirect_uri(), &sessions.post_logout_redirect_uri()).await;
        let router = router(&sessions);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, client, failures }
    }

    fn failures(&self) -> Vec<String> {
        std::mem::take(&mut *self.failures.lock().unwrap())
    }
}

/// One browser, which keeps the cookies of the two servers apart.
struct Person {
    at_app: Browser,
    at_server: Browser,
}

impl Person {
    fn new(t: &Server, app: &App) -> Self {
        Self { at_app: t.browser_at(&app.url), at_server: t.browser() }
    }

    /// Opens a page that needs a session, signs up, and comes back.
    async fn sign_up(&mut self, t: &Server, path: &str) -> Shown {
        let sent = self.at_app.open(path).await;
        let page = t.sign_up(&mut self.at_server, &sent.away.unwrap(), ADA, "Analytical").await;
        self.at_app.open(&page.away.unwrap()).await
    }

    async fn read(&mut self, path: &str) -> Value {
        let shown = self.at_app.open(path).await;
        assert_eq!(shown.status, 200, "{} {:?} {}", shown.url, shown.away, shown.html);
        serde_json::from_str(&shown.html).unwrap()
    }
}

fn set_cookies(shown: &Shown) -> Vec<String> {
    let all = shown.headers.get_all("set-cookie").iter();
    all.map(|line| line.to_str().unwrap().to_owned()).collect()
}

api_tests! {
    async fn a_page_that_needs_a_session_is_reached_by_signing_in(t: Server) {
        let app = App::start(&t, |builder| builder).await;
        let mut ada = Person::new(&t, &app);
        assert_eq!(ada.at_app.open("/").await.html, "nobody");
        let there = ada.sign_up(&t, "/nested/page?tab=2").await;
        assert_eq!((there.status, there.url.as_str()), (200, "/nested/page?tab=2"), "{:?}", app.failures());
        let seen: Value = serde_json::from_str(&there.html).unwrap();
        assert_eq!((&seen["email"], &seen["roles"]), (&json!(ADA), &json!(["admin"])));
        assert!(seen["organization"].as_str().unwrap().starts_with("org_"));
        assert_eq!(ada.at_app.open("/").await.html, seen["user"].as_str().unwrap());
        assert_eq!(ada.at_app.cookies.keys().collect::<Vec<_>>(), ["sk_session"], "the login's own cookies are gone");
        assert!(ada.at_app.cookies["sk_session"].len() <= 3800);
        assert_eq!(app.failures(), Vec::<String>::new());

        let left = ada.at_app.open("/logout").await;
        let left = ada.at_server.open(&left.away.unwrap()).await;
        assert_eq!(left.away.as_deref(), Some(format!("{}/", app.url).as_str()), "{} {}", left.status, left.html);
        assert_eq!(ada.at_app.open("/").await.html, "nobody");
        let sent = ada.at_app.open("/dashboard").await;
        assert_eq!(ada.at_server.open(&sent.away.unwrap()).await.status, 200, "the server asks who it is");
    }

    async fn a_local_logout_leaves_the_servers_session(t: Server) {
        let app = App::start(&t, SessionsBuilder::logs_out_locally).await;
        let mut ada = Person::new(&t, &app);
        ada.sign_up(&t, "/dashboard").await;
        let left = ada.at_app.open("/logout").await;
        assert_eq!((left.away, left.html.as_str()), (None, "nobody"));
        let sent = ada.at_app.open("/dashboard").await;
        let back = ada.at_server.open(&sent.away.unwrap()).await;
        assert!(back.away.is_some(), "no page is needed");
        assert_eq!(ada.at_app.open(&back.away.unwrap()).await.url, "/dashboard");
    }

    async fn many_requests_with_one_cookie_refresh_once(t: Server) {
        let app = App::start(&t, |builder| builder.refresh_before(Duration::from_secs(3600))).await;
        let mut ada = Person::new(&t, &app);
        let first: Value = serde_json::from_str(&ada.sign_up(&t, "/dashboard").await.html).unwrap();
        let old = format!("sk_session={}", ada.at_app.cookies["sk_session"]);
        let ask = || async {
            let answer = t.http.get(format!("{}/dashboard", app.url)).header("cookie", &old).send().await.unwrap();
            assert!(answer.headers().contains_key("set-cookie"));
            serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap()
        };
        let all = join_all((0..20).map(|_| ask())).await;
        assert_ne!(all[0]["jti"], first["jti"]);
        assert!(all.iter().all(|seen| seen == &all[0]), "{all:?}");
        assert_eq!(ask().await, all[0], "later, too");
        assert_eq!(ada.read("/dashboard").await["sid"], first["sid"]);
        assert_eq!(app.failures(), Vec::<String>::new());
    }

    async fn a_session_that_ends_on_the_server_ends_at_its_refresh(t: Server) {
        let app = App::start(&t, |builder| builder.refresh_before(Duration::from_secs(3600))).await;
        let mut ada = Person::new(&t, &app);
        let seen: Value = serde_json::from_str(&ada.sign_up(&t, "/dashboard").await.html).unwrap();
        app.client.session().revoke_session(seen["sid"].as_str().unwrap()).await.unwrap();
        let mut tab = ada.at_app.clone();
        let sent = tab.open_once("/dashboard").await;
        assert_eq!((sent.status, sent.headers["location"].to_str().unwrap()), (302, "/login?return_to=%2Fdashboard"));
        let cookie = set_cookies(&sent).remove(0);
        assert!(cookie.starts_with("sk_session=; ") && cookie.contains("Max-Age=0"), "{cookie}");
        // A page for everybody is shown all the same.
        let shown = ada.at_app.open("/").await;
        assert_eq!((shown.html.as_str(), ada.at_app.cookies.len()), ("nobody", 0));
        assert_eq!(app.failures().len(), 2, "one for each tab");
        // A form cannot be returned to.
        let sent = t.http.post(format!("{}/dashboard", app.url)).send().await.unwrap();
        assert_eq!((sent.status(), sent.headers()["location"].to_str().unwrap()), (http::StatusCode::FOUND, "/login"));
    }

    async fn a_permission_opens_a_route_after_the_next_refresh(t: Server) {
        let app = App::start(&t, |builder| builder).await;
        let mut ada = Person::new(&t, &app);
        let sent = ada.at_app.open_once("/reports").await;
        assert_eq!(sent.headers["location"], "/login?return_to=%2Freports");
        ada.sign_up(&t, "/dashboard").await;
        let refused = ada.at_app.open("/reports").await;
        assert_eq!((refused.status, refused.html.as_str()), (403, "this needs the permission reports:read\n"));
        app.client.permission().create_permission("reports:read").description("Read reports").await.unwrap();
        app.client.permission().add_permissions_to_role("admin", ["reports:read"]).await.unwrap();
        assert_eq!(ada.at_app.open("/reports").await.status, 403);
        let refreshed = ada.at_app.post("/refresh", &[]).await;
        assert_eq!(refreshed.status, 200, "{}", refreshed.html);
        assert_eq!(ada.at_app.open("/reports").await.html, "reports");
    }

    async fn the_login_passes_hints_on_and_goes_nowhere_else(t: Server) {
        let app = App::start(&t, |builder| builder.after_login("/dashboard")).await;
        let mut browser = t.browser_at(&app.url);
        let sent = browser.open("/login?prompt=select_account&organization_id=org_7&return_to=%2F%2Fevil.example&scope=x").await;
        for (name, value) in [
            ("prompt", "select_account"), ("organization_id", "org_7"), ("response_type", "code"),
            ("code_challenge_method", "S256"), ("scope", "openid profile email offline_access"),
        ] {
            assert_eq!(sent.param(name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(sent.param("redirect_uri"), Some(format!("{}/callback", app.url)));
        assert_eq!(sent.param("state").as_deref(), Some(browser.cookies["sk_oauth_state"].as_str()));
        assert!(!browser.cookies.contains_key("sk_return_to"), "another site is not returned to");
        let now = t.app.clock.now().as_seconds();
        let claims = json!({"iss": t.url, "organization_id": "org_8", "connection_id": "conn_8",
            "login_hint": ADA, "relay_state": "https://evil.example", "iat": now, "exp": now + 300});
        let token = t.signed("JWT", &claims).await;
        let sent = browser.open(&format!("/login?idp_initiated_login={token}")).await;
        assert_eq!(sent.param("connection_id").as_deref(), Some("conn_8"));
        assert_eq!((sent.param("organization_id").as_deref(), sent.param("login_hint").as_deref()), (Some("org_8"), Some(ADA)));
        let sent = browser.open("/login?idp_initiated_login=forged").await;
        assert_eq!((sent.param("connection_id"), app.failures().len()), (None, 1));
    }

    async fn what_does_not_belong_to_a_login_of_this_browser_signs_nobody_in(t: Server) {
        let app = App::start(&t, |builder| builder).await;
        let mut mallory = Person::new(&t, &app);
        let sent = mallory.at_app.open("/dashboard").await;
        let answer = t.sign_up(&mut mallory.at_server, &sent.away.unwrap(), "mallory@evil.example", "Evil").await;
        let link = answer.away.unwrap();
        // Another browser opens the end of Mallory's login, with and without a login of its own.
        let mut victim = t.browser_at(&app.url);
        let sent = victim.open_once(&link).await;
        assert_eq!((sent.status, sent.headers["location"].to_str().unwrap()), (302, "/login?again=1"));
        victim.open("/login").await;
        victim.open_once(&link).await;
        assert!(!victim.cookies.contains_key("sk_session"));
        // A second failure in a row is the end.
        let sent = victim.open("/login?again=1").await;
        let state = sent.param("state").unwrap();
        let shown = victim.open(&format!("/callback?error=access_denied&error_description=no&state={state}")).await;
        assert_eq!((shown.status, shown.away), (400, None));
        assert!(shown.html.contains("href=\"/login\""));
        let failures = app.failures();
        assert_eq!(failures.len(), 3, "{failures:?}");
        assert_eq!(failures[2], "the server answered access_denied: no");
        // Mallory's own browser may use the link, once, and not with the issuer changed.
        let mut other = mallory.at_app.clone();
        other.open_once(&link.replace("iss=", "iss=x")).await;
        assert!(!other.cookies.contains_key("sk_session"));
        assert_eq!(mallory.at_app.open(&link).await.url, "/dashboard");
    }

    async fn cookies_that_are_not_ours_are_nobody(t: Server) {
        let app = App::start(&t, |builder| builder).await;
        let mut ada = Person::new(&t, &app);
        ada.sign_up(&t, "/dashboard").await;
        let good = ada.at_app.cookies["sk_session"].clone();
        let mut changed = good.clone().into_bytes();
        changed[40] = if changed[40] == b'A' { b'B' } else { b'A' };
        for bad in [String::from_utf8(changed).unwrap(), good[..good.len() - 4].to_owned(), "e30".to_owned(), String::new()] {
            ada.at_app.cookies.insert("sk_session".to_owned(), bad);
            assert_eq!(ada.at_app.open("/").await.html, "nobody");
            assert!(ada.at_app.cookies.is_empty(), "it is taken away");
        }
        let twice = format!("sk_session={good}; sk_session={good}");
        let answer = t.http.get(format!("{}/", app.url)).header("cookie", twice).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "nobody");
    }

    async fn the_server_tells_that_a_session_has_ended(t: Server) {
        let app = App::start(&t, |builder| builder).await;
        let mut ada = Person::new(&t, &app);
        let seen: Value = serde_json::from_str(&ada.sign_up(&t, "/dashboard").await.html).unwrap();
        let now = t.app.clock.now().as_seconds();
        let claims = |sid: &Value, aud: &str, jti: &str| json!({
            "iss": t.url, "aud": aud, "iat": now, "exp": now + 120, "jti": jti, "sub": seen["user"], "sid": sid,
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        });
        let tell = |claims: Value| {
            let (t, url) = (&t, format!("{}/backchannel-logout", app.url));
            async move {
                let token = t.signed("logout+jwt", &claims).await;
                t.http.post(url).form(&[("logout_token", token)]).send().await.unwrap().status().as_u16()
            }
        };
        assert_eq!(tell(claims(&seen["sid"], "skc_1", "tkn_1")).await, 400, "for somebody else");
        assert_eq!(tell(claims(&json!("ses_7"), &t.client_id, "tkn_2")).await, 200, "another session");
        let forged = t.http.post(format!("{}/backchannel-logout", app.url)).form(&[("logout_token", "a.b.c")]);
        assert_eq!(forged.send().await.unwrap().status(), 400);
        assert_eq!(ada.read("/dashboard").await["sid"], seen["sid"]);

        assert_eq!(tell(claims(&seen["sid"], &t.client_id, "tkn_3")).await, 200);
        assert_eq!(tell(claims(&seen["sid"], &t.client_id, "tkn_3")).await, 400, "a notice is good once");
        let mut tab = ada.at_app.clone();
        assert_eq!(tab.open_once("/dashboard").await.status, 302);
        assert_eq!(ada.at_app.open("/").await.html, "nobody");
        assert!(ada.at_app.cookies.is_empty());
    }
}
