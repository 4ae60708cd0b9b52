//! Over HTTP, as a browser sees it: tests of a connection, the simulator, and callbacks that are not good.
use super::support::*;
use gatewright::connections::Connection;
use gatewright_api::scalekit::v1::connections as pb;
use gatewright_testkit::{Api, Idp, Server, connection, database_tests, parameters};
use serde_json::{Value as Json, json};
use url::Url;

/// A browser with at most one cookie.
struct Browser<'a> {
    t: &'a Server,
    cookie: Option<String>,
}

struct Page {
    status: u16,
    location: String,
    test: String,
    html: String,
}

impl<'a> Browser<'a> {
    fn new(t: &'a Server) -> Self {
        Self { t, cookie: None }
    }

    async fn get(&mut self, path: &str) -> Page {
        self.send(self.t.http.get(self.url(path))).await
    }

    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        self.send(self.t.http.post(self.url(path)).form(form)).await
    }

    fn url(&self, path: &str) -> String {
        let path = path.strip_prefix(&self.t.url).unwrap_or(path);
        format!("http://{}{path}", self.t.address)
    }

    async fn send(&mut self, mut request: reqwest::RequestBuilder) -> Page {
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        if let Some(cookie) = header("set-cookie") {
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        let (location, test) =
            (header("location").unwrap_or_default(), header("x-connection-test-id").unwrap_or_default());
        Page { status: answer.status().as_u16(), location, test, html: answer.text().await.unwrap() }
    }
}

async fn result(api: &Api, connection: &Connection, test: &str) -> Json {
    let answer = api.get(&format!("/api/v1/connections/{}/test-requests/{test}", connection.id)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

async fn simulator(t: &Server, api: &Api) -> Connection {
    let acme = api.organization("Acme & Sons").create().await;
    let path = format!("/api/v1/organizations/{}/connections", acme.id);
    let made = api.post(&path, json!({"provider": "IDP_SIMULATOR", "type": "OIDC"})).await;
    connection(t, made.json["connection"]["id"].as_str().unwrap()).await
}

/// The proof in the page's form.
fn csrf(html: &str) -> String {
    let after = html.split("name=\"csrf\" value=\"").nth(1).expect("a form");
    after.split('"').next().unwrap().to_owned()
}

database_tests! {
    async fn a_test_tells_who_signed_in_and_signs_nobody_in(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        let mut browser = Browser::new(&t);
        let begun = browser.get(&format!("/sso/v1/oidc/{}/test", connection.id)).await;
        assert_eq!(begun.status, 303, "{}", begun.html);
        assert_eq!(result(&api, &connection, &begun.test).await["status"], "PENDING");
        let request: Url = begun.location.parse().unwrap();
        let mut claims = idp.claims(&t.operator, &request);
        claims["given_name"] = json!("<b>Ann</b>");
        idp.will_say(&claims);
        let events = api.events().await.len();
        let back = format!("/sso/v1/oidc/{}/callback?state={}&code=c", connection.id, parameters(&request)["state"]);
        let page = browser.get(&back).await;
        assert_eq!((page.status, &page.test), (200, &begun.test), "{}", page.html);
        assert!(page.html.contains("Ann@acme.example") && page.html.contains("&#60;b&#62;Ann") && !page.html.contains("<b>Ann"), "{}", page.html);
        let told = result(&api, &connection, &begun.test).await;
        assert_eq!(told["status"], "SUCCESS");
        let user = told["user_info"].as_str().map_or_else(|| told["user_info"].clone(), |text| serde_json::from_str(text).unwrap());
        assert_eq!((&user["email"], &user["subject"]), (&json!("Ann@acme.example"), &json!("idp|ann")), "{told}");
        assert_eq!(api.events().await.len(), events);
        // The page is shown once: its address is worth nothing any more.
        let again = browser.get(&back).await;
        assert_eq!(again.status, 410);
        assert!(again.html.contains("invalid_state"), "{}", again.html);
    }

    async fn a_test_that_fails_says_why_and_what_to_do(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        let mut browser = Browser::new(&t);
        let begun = browser.get(&format!("/sso/v1/oidc/{}/test", connection.id)).await;
        let request: Url = begun.location.parse().unwrap();
        let mut claims = idp.claims(&t.operator, &request);
        claims["aud"] = json!("somebody else");
        idp.will_say(&claims);
        let state = &parameters(&request)["state"];
        // As a form that posts itself, which comes without the cookie.
        let posted = Browser::new(&t).post(&format!("/sso/v1/oidc/{}/callback", connection.id), &[("state", state), ("code", "c"), ("x", "y")]).await;
        assert_eq!((posted.status, posted.location.as_str()), (303, format!("/sso/v1/oidc/{}/callback?state={state}&code=c&x=y", connection.id).as_str()));
        let page = browser.get(&posted.location).await;
        assert_eq!(page.status, 200);
        for part in ["invalid_id_token", "check the audience of the ID token", "somebody else", "byte for byte"] {
            assert!(page.html.contains(part), "{part} in {}", page.html);
        }
        let told = result(&api, &connection, &begun.test).await;
        assert_eq!((&told["status"], &told["error"]), (&json!("FAILURE"), &json!("invalid_id_token")), "{told}");
        assert!(told["error_details"].as_str().unwrap().contains("check the audience"), "{told}");
    }

    async fn connections_that_cannot_be_tested_say_so(kind: Database) {
        let (t, api, _idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let path = format!("/api/v1/organizations/{}/connections", acme.id);
        for (body, kind, text) in [
            (json!({"provider": "OKTA", "type": "OIDC"}), "oidc", "Complete the configuration"),
            (json!({"provider": "OKTA", "type": "SAML"}), "saml", "does not speak SAML yet"),
        ] {
            let made = api.post(&path, body).await;
            let connection = connection(&t, made.json["connection"]["id"].as_str().unwrap()).await;
            let page = Browser::new(&t).get(&format!("/sso/v1/{kind}/{}/test", connection.id)).await;
            assert_eq!(page.status, 200);
            assert!(page.html.contains(text), "{}", page.html);
            assert_eq!(result(&api, &connection, &page.test).await["status"], "FAILURE");
        }
        for id in ["conn_1", "conn_x", "%3Cscript%3E"] {
            let page = Browser::new(&t).get(&format!("/sso/v1/oidc/{id}/test")).await;
            assert_eq!(page.status, 400, "{id}");
            assert!(page.html.contains("invalid_connection_id") && !page.html.contains("<script>"), "{}", page.html);
        }
        let other = t.add_environment("other").await;
        let made = api.post(&path, json!({"provider": "IDP_SIMULATOR", "type": "OIDC"})).await;
        let id = made.json["connection"]["id"].as_str().unwrap();
        let url = format!("http://{}/sso/v1/oidc/{id}/test", t.address);
        let answer = t.http.get(url).header("host", &other.host).send().await.unwrap();
        assert_eq!(answer.status(), 400);
    }

    async fn bad_callbacks_lead_to_a_page_that_says_so(kind: Database) {
        let (t, api, idp) = started(kind).await;
        let acme = api.organization("Acme").create().await;
        let connection = idp.connect(&t, &api, &acme.id).await;
        let mut browser = Browser::new(&t);
        let begun = browser.get(&format!("/sso/v1/oidc/{}/test", connection.id)).await;
        let request: Url = begun.location.parse().unwrap();
        let state = &parameters(&request)["state"];
        let callback = format!("/sso/v1/oidc/{}/callback", connection.id);
        idp.web.asked();
        let long = "x".repeat(5000);
        for (path, code) in [
            (callback.clone(), "invalid_state"),
            (format!("{callback}?state={state}&state={state}&code=c"), "invalid_request"),
            (format!("{callback}?code=a&code=b&state={state}"), "invalid_request"),
            (format!("{callback}?state={long}&code=c"), "invalid_state"),
            (format!("{callback}?state=%00%ff&error=%3Cscript%3E"), "invalid_state"),
        ] {
            let page = browser.get(&path).await;
            assert_eq!(page.status, if code == "invalid_state" { 410 } else { 400 }, "{path}");
            assert!(page.html.contains(code) && !page.html.contains("<script>"), "{path}: {}", page.html);
        }
        let stranger = Browser::new(&t).get(&format!("{callback}?state={state}&code=c")).await;
        assert_eq!(stranger.status, 410);
        assert!(idp.web.asked().is_empty());
        assert_eq!(result(&api, &connection, &begun.test).await["status"], "PENDING");
    }

    async fn whoever_opens_the_simulator_is_whom_she_likes_to_be(kind: Database) {
        let (t, api, _idp) = started(kind).await;
        api.post("/api/v1/sso-user-attributes", json!({"key": "department", "label": "Department", "enabled": true, "datatype": "STRING"})).await;
        let connection = simulator(&t, &api).await;
        let mut browser = Browser::new(&t);
        let begun = browser.get(&format!("/sso/v1/oidc/{}/test", connection.id)).await;
        let page = browser.get(&begun.location).await;
        assert_eq!(page.status, 200, "{}", page.html);
        for part in ["Acme &#38; Sons", "name=\"email\"", "name=\"department\"", "invalid_id_token"] {
            assert!(page.html.contains(part), "{part} in {}", page.html);
        }
        let proof = csrf(&page.html);
        let fields = [("csrf", proof.as_str()), ("do", "sign_in"), ("email", "Ada@example.com"), ("given_name", "Ada"),
            ("family_name", ""), ("department", "R&D"), ("groups", "a, b"), ("roles", "admin")];
        let path = begun.location.strip_prefix(&t.url).unwrap().to_owned();
        let forged = browser.post(&path, &[&[("csrf", "x")], &fields[1..]].concat()).await;
        assert_eq!((forged.status, forged.location.as_str()), (403, ""));
        let stranger = Browser::new(&t).post(&path, &fields).await;
        assert_eq!(stranger.status, 403);
        let chosen = browser.post(&path, &fields).await;
        assert_eq!(chosen.status, 303, "{}", chosen.html);
        assert!(!chosen.location.contains("Ada"), "{}", chosen.location);
        let shown = browser.get(&chosen.location).await;
        assert_eq!(shown.status, 200);
        assert!(shown.html.contains("Ada@example.com") && shown.html.contains("department: R&#38;D"), "{}", shown.html);
        assert_eq!(result(&api, &connection, &begun.test).await["status"], "SUCCESS");
        assert_eq!(browser.get(&chosen.location).await.status, 410);
        // A code is good for the state that it was given for.
        let code = parameters(&format!("http://x{}", chosen.location).parse().unwrap())["code"].clone();
        let other = browser.get(&format!("/sso/v1/oidc/{}/test", connection.id)).await;
        let state = parameters(&other.location.parse().unwrap())["state"].clone();
        let page = browser.get(&format!("/sso/v1/oidc/{}/callback?state={state}&code={code}", connection.id)).await;
        assert!(page.html.contains("failed_to_exchange_token"), "{}", page.html);
    }

    async fn the_simulator_fails_as_it_is_told(kind: Database) {
        let (t, api, _idp) = started(kind).await;
        let connection = simulator(&t, &api).await;
        let mut browser = Browser::new(&t);
        for (error, code) in [("access_denied", "access_denied"), ("invalid_id_token", "invalid_id_token"), ("made up", "invalid_request")] {
            let begun = browser.get(&format!("/sso/v1/oidc/{}/test", connection.id)).await;
            let proof = csrf(&browser.get(&begun.location).await.html);
            let chosen = browser.post(&begun.location, &[("csrf", &proof), ("do", "fail"), ("error", error)]).await;
            let page = if chosen.status == 303 { browser.get(&chosen.location).await } else { chosen };
            assert!(page.html.contains(code), "{error}: {}", page.html);
        }
        // Nothing but a simulator has the page.
        let acme = api.organization("Other").create().await;
        let idp = Idp::start().await;
        let real = idp.connect_with(&t, &api, &acme.id, pb::OidcConnectionConfig::default()).await;
        let page = browser.get(&format!("/sso/v1/oidc/{}/simulator?state=x", real.id)).await;
        assert_eq!(page.status, 400);
    }
}
