//! The pages on which people look after their own account: `/ui/profile/passkeys` and `/ui/profile/sessions`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright::{passkeys, sql};
use gatewright_api::{rpc::client_service::SetEnvironmentInitiateLoginUri, scalekit::v1::clients as pb};
use gatewright_testkit::{Api, Authenticator, Browser, Server, api_tests};
use serde_json::{Value as Json, json};

const PASSKEYS: &str = "/ui/profile/passkeys";
const SESSIONS: &str = "/ui/profile/sessions";

/// An application's page on which it begins a sign-in.
const INITIATE: &str = "https://app.acme.example/login";

struct Home {
    acme: String,
    dana: String,
    erin: String,
}

async fn home(api: &Api) -> Home {
    let acme = api.organization("Acme").create().await.id;
    let dana = api.member(&acme, "dana@acme.example").create().await.id;
    let erin = api.member(&acme, "erin@acme.example").create().await.id;
    Home { acme, dana, erin }
}

/// A browser in which somebody has signed in, and the session's id.
async fn signed_in(t: &Server, user: &str, organization: &str) -> (Browser, String) {
    let (session, token) = t.sign_in(user, organization).await;
    let mut browser = t.browser();
    browser.cookies.insert("gw_session".to_owned(), token);
    (browser, session.id.to_string())
}

/// The token of the page's forms.
fn csrf(html: &str) -> String {
    html.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

async fn set_initiate_login(t: &Server) {
    let request = pb::SetEnvironmentInitiateLoginUriRequest { initiate_login_uri: INITIATE.to_owned() };
    t.as_operator::<SetEnvironmentInitiateLoginUri>(&request).await.unwrap();
}

async fn forget_proofs(t: &Server, api: &Api) {
    let mut tx = t.app.db.write().await.unwrap();
    sql!("UPDATE sessions SET authenticated_at = created_at - 600000001 WHERE environment_id = $1")
        .bind(api.environment)
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// What the script of the page does: both halves of a registration.
async fn register(t: &Server, browser: &mut Browser, csrf: &str) -> (u16, u16) {
    let begun = browser.post_json(&format!("{PASSKEYS}/new"), &json!({"csrf": csrf})).await;
    if begun.status != 200 {
        return (begun.status, 0);
    }
    let begun: Json = serde_json::from_str(&begun.html).unwrap();
    let answer = Authenticator::new(&t.url).create(&begun["options"]).to_string();
    let fields = [("csrf", csrf), ("ceremony", begun["ceremony"].as_str().unwrap()), ("assertion", &answer)];
    (200, browser.post(&format!("{PASSKEYS}/keep"), &fields).await.status)
}

api_tests! {
    async fn nobody_without_a_session_sees_an_account(t: Server) {
        let api = t.api().await;
        let home = home(&api).await;
        for page in [PASSKEYS, SESSIONS, "/ui", "/ui/", "/ui/profile"] {
            let shown = t.browser().open(page).await;
            assert_eq!(shown.status, 410, "{page}: {}", shown.html);
            assert!(shown.html.contains("sign in to the application first"), "{page}");
        }
        set_initiate_login(&t).await;
        for page in [PASSKEYS, SESSIONS, "/ui"] {
            let shown = t.browser().open(page).await;
            assert_eq!((shown.status, shown.away.as_deref()), (303, Some(INITIATE)), "{page}");
        }
        let (mut browser, session) = signed_in(&t, &home.dana, &home.acme).await;
        assert_eq!(browser.open(PASSKEYS).await.status, 200);
        api.post(&format!("/api/v1/sessions/{session}/revoke"), json!({})).await;
        assert_eq!(browser.open(PASSKEYS).await.away.as_deref(), Some(INITIATE));
    }

    async fn people_look_after_their_passkeys(t: Server) {
        let api = t.api().await;
        let home = home(&api).await;
        let (mut browser, _) = signed_in(&t, &home.dana, &home.acme).await;
        let of_erin = t.passkey(&home.erin, b"of erin").await;
        let page = browser.open(PASSKEYS).await;
        assert_eq!(page.status, 200);
        assert!(page.headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
        assert!(page.html.contains("You have no passkey yet."), "{}", page.html);
        let csrf = csrf(&page.html);
        assert_eq!(register(&t, &mut browser, &csrf).await, (200, 200));
        let user = home.dana.parse().unwrap();
        let kept = passkeys::list(&t.operator, user).await.unwrap();
        assert_eq!(kept.len(), 1);
        let id = kept[0].id.to_string();
        let fields = [("csrf", csrf.as_str()), ("passkey_id", &id), ("do", "rename"), ("display_name", " <b>Phone</b> ")];
        let renamed = browser.post(PASSKEYS, &fields).await;
        assert!(!renamed.html.contains("<b>Phone") && renamed.html.contains("Phone"), "{}", renamed.html);
        assert!(!renamed.html.contains(&of_erin.id.to_string()));
        for (name, passkey) in [("", id.as_str()), ("x", &of_erin.id.to_string()), ("x", "cred_1"), ("x", "y")] {
            let fields = [("csrf", csrf.as_str()), ("passkey_id", passkey), ("do", "rename"), ("display_name", name)];
            assert_eq!(browser.post(PASSKEYS, &fields).await.status, 200);
        }
        let names = passkeys::list(&t.operator, user).await.unwrap();
        assert_eq!(names[0].display_name.as_deref(), Some("<b>Phone</b>"));
        assert_eq!(passkeys::list(&t.operator, home.erin.parse().unwrap()).await.unwrap()[0].display_name, None);
        browser.post(PASSKEYS, &[("csrf", &csrf), ("passkey_id", &of_erin.id.to_string()), ("do", "delete")]).await;
        let gone = browser.post(PASSKEYS, &[("csrf", &csrf), ("passkey_id", &id), ("do", "delete")]).await;
        assert!(gone.html.contains("You have no passkey yet."));
        assert_eq!(passkeys::list(&t.operator, home.erin.parse().unwrap()).await.unwrap().len(), 1);
    }

    async fn forms_of_others_do_nothing(t: Server) {
        let api = t.api().await;
        let home = home(&api).await;
        let (mut browser, session) = signed_in(&t, &home.dana, &home.acme).await;
        let own = csrf(&browser.open(PASSKEYS).await.html);
        let (mut other, _) = signed_in(&t, &home.erin, &home.acme).await;
        let foreign = csrf(&other.open(PASSKEYS).await.html);
        let passkey = t.passkey(&home.dana, b"of dana").await.id.to_string();
        for token in ["", "x", foreign.as_str()] {
            assert_eq!(browser.post(PASSKEYS, &[("csrf", token), ("passkey_id", &passkey), ("do", "delete")]).await.status, 403);
            assert_eq!(browser.post(SESSIONS, &[("csrf", token), ("session_id", &session)]).await.status, 403);
            assert_eq!(register(&t, &mut browser, token).await, (403, 0));
        }
        // Another session in the same browser: a form that was made in the one before it is too old.
        let (_, token) = t.sign_in(&home.dana, &home.acme).await;
        browser.cookies.insert("gw_session".to_owned(), token);
        assert_eq!(browser.post(PASSKEYS, &[("csrf", &own), ("passkey_id", &passkey), ("do", "delete")]).await.status, 403);
        assert_eq!(passkeys::list(&t.operator, home.dana.parse().unwrap()).await.unwrap().len(), 1);
    }

    async fn changing_passkeys_needs_a_fresh_proof(t: Server) {
        let api = t.api().await;
        let home = home(&api).await;
        set_initiate_login(&t).await;
        let (mut browser, session) = signed_in(&t, &home.dana, &home.acme).await;
        let passkey = t.passkey(&home.dana, b"of dana").await.id.to_string();
        let csrf = csrf(&browser.open(PASSKEYS).await.html);
        forget_proofs(&t, &api).await;
        let page = browser.open(PASSKEYS).await;
        assert!(page.html.contains("/ui/profile/sign-in") && !page.html.contains("data-passkey-button"), "{}", page.html);
        assert_eq!(register(&t, &mut browser, &csrf).await, (400, 0));
        browser.post(PASSKEYS, &[("csrf", &csrf), ("passkey_id", &passkey), ("do", "delete")]).await;
        assert_eq!(passkeys::list(&t.operator, home.dana.parse().unwrap()).await.unwrap().len(), 1);
        let sent = browser.open("/ui/profile/sign-in").await;
        assert_eq!(sent.away.as_deref(), Some(INITIATE));
        assert!(!browser.cookies.contains_key("gw_session") || browser.cookies["gw_session"].is_empty());
        let ended = api.get(&format!("/api/v1/sessions/{session}")).await;
        assert_eq!(ended.json["status"], "logout");
    }

    async fn people_end_their_sessions(t: Server) {
        let api = t.api().await;
        let home = home(&api).await;
        set_initiate_login(&t).await;
        let (mut browser, session) = signed_in(&t, &home.dana, &home.acme).await;
        let (mut second, other) = signed_in(&t, &home.dana, &home.acme).await;
        let (mut third, _) = signed_in(&t, &home.dana, &home.acme).await;
        let (mut erin, of_erin) = signed_in(&t, &home.erin, &home.acme).await;
        let page = browser.open(SESSIONS).await;
        assert_eq!(page.html.matches("name=\"session_id\"").count(), 3, "{}", page.html);
        assert!(page.html.contains("Hamburg") && page.html.contains("Firefox") && !page.html.contains(&of_erin));
        assert!(page.html.find(&session).unwrap() < page.html.find(&other).unwrap(), "this one first");
        let csrf = csrf(&page.html);
        browser.post(SESSIONS, &[("csrf", &csrf), ("session_id", &of_erin)]).await;
        assert_eq!(erin.open(SESSIONS).await.status, 200, "somebody else's goes on");
        let left = browser.post(SESSIONS, &[("csrf", &csrf), ("session_id", &other)]).await;
        assert_eq!(left.html.matches("name=\"session_id\"").count(), 2);
        assert_eq!(second.open(SESSIONS).await.away.as_deref(), Some(INITIATE));
        browser.post(SESSIONS, &[("csrf", &csrf), ("others", "1")]).await;
        assert_eq!(third.open(SESSIONS).await.away.as_deref(), Some(INITIATE));
        assert_eq!(browser.open(SESSIONS).await.status, 200, "the own one goes on");
        let out = browser.post(SESSIONS, &[("csrf", &csrf), ("session_id", &session)]).await;
        assert_eq!(out.away.as_deref(), Some(INITIATE));
        assert_eq!(browser.open(SESSIONS).await.away.as_deref(), Some(INITIATE));
        assert_eq!(erin.open(SESSIONS).await.status, 200);
    }
}
