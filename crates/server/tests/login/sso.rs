//! Single sign-on, by the simulated identity provider.
use crate::support::{arrive, authorize, identify, last_log, mail, register};
use gatewright_testkit::{Api, Browser, Shown, api_tests};
use serde_json::json;

/// A simulated identity provider of an organization that has this domain.
async fn provider(api: &Api, organization: &str, domain: &str) -> String {
    let body = json!({"domain": domain, "domain_type": "ORGANIZATION_DOMAIN"});
    let answer = api.post(&format!("/api/v1/organizations/{organization}/domains"), body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
    let path = format!("/api/v1/organizations/{organization}/connections");
    let answer = api.post(&path, json!({"provider": "IDP_SIMULATOR", "type": "OIDC"})).await;
    assert_eq!(answer.status, 201, "{:?}", answer.json);
    let id = answer.json["connection"]["id"].as_str().unwrap().to_owned();
    let answer = api.patch(&format!("{path}/{id}:enable"), json!({})).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
    id
}

/// Signs in at the simulator.
async fn at_provider(browser: &mut Browser, page: &Shown, email: &str) -> Shown {
    assert!(page.html.contains("Simulated"), "{} {:?} {}", page.status, page.away, page.html);
    let fields = [("do", "sign_in"), ("email", email), ("given_name", "Dana"), ("family_name", "Reyes")];
    browser.submit(page, "/sso/v1/oidc/", &fields).await
}

api_tests! {
    async fn an_address_of_an_organization_goes_to_its_provider_and_is_let_in(t: Server) {
        register(&t).await;
        let api = t.api().await;
        let globex = api.organization("Globex").external_id("crm-1").create().await;
        let connection = provider(&api, &globex.id, "globex.example").await;
        let mut browser = t.browser();
        let page = browser.open(&authorize(&t, &[])).await;
        let page = identify(&mut browser, &page, "dana@GLOBEX.example").await;
        let done = at_provider(&mut browser, &page, "dana@globex.example").await;
        let (id, access) = arrive(&t, &done).await;
        assert_eq!((&id["email"], &id["name"]), (&json!("dana@globex.example"), &json!("Dana Reyes")));
        assert_eq!(id["amr"], json!([connection]));
        assert_eq!((&access["oid"], &access["xoid"]), (&json!(globex.id), &json!("crm-1")));
        assert_eq!(access["roles"], json!(["member"]));
        let (entry, _) = last_log(&t).await;
        assert_eq!((&entry["workflow"], &entry["connection_id"]), (&json!("sso"), &json!(connection)));
        let user = api.get(&format!("/api/v1/users/{}", id["sub"].as_str().unwrap())).await.json;
        let membership = &user["user"]["memberships"][0];
        assert_eq!(membership["provisioning_method"], "jit_using_sso");
        // Each selector leads there, and with the session nobody is asked again.
        for more in [
            [("organization_id", globex.id.as_str())],
            [("connection_id", connection.as_str())],
            [("domain", "globex.example")],
            [("login_hint", "dana@globex.example")],
        ] {
            let (again, _) = arrive(&t, &browser.open(&authorize(&t, &more)).await).await;
            assert_eq!(again["sid"], id["sid"], "{more:?}");
            let page = t.browser().open(&authorize(&t, &more)).await;
            assert!(page.html.contains("Simulated"), "{more:?} {}", page.html);
        }
    }

    async fn whom_the_provider_may_not_speak_for_proves_the_mailbox_once(t: Server) {
        register(&t).await;
        let api = t.api().await;
        let (globex, acme) =
            (api.organization("Globex").create().await, api.organization("Acme").create().await);
        provider(&api, &globex.id, "globex.example").await;
        let victim = api.member(&acme.id, "ann@acme.example").create().await;
        let more = [("organization_id", globex.id.as_str())];
        // Globex' provider says it is somebody of another company.
        let mut browser = t.browser();
        let page = browser.open(&authorize(&t, &more)).await;
        let page = at_provider(&mut browser, &page, "ann@acme.example").await;
        assert!(page.html.contains("is yours"), "{} {:?} {}", page.status, page.away, page.html);
        let (code, _) = mail(&t).await;
        assert!(api.find_user(&victim.id).await.unwrap().last_login_time.is_none(), "nothing has happened yet");
        // With the mailbox it is she, but no member of Globex: not let in, and not into Acme either.
        let shown = browser.submit(&page, "/a/auth/code", &[("code", &code)]).await;
        assert_eq!(shown.param("error").as_deref(), Some("invalid_user_domain"), "{:?}", shown.away);
        // Invited, she is; and asked for the mailbox only once.
        let path = format!("/api/v1/memberships/organizations/{}/users/{}", globex.id, victim.id);
        assert_eq!(api.post(&path, json!({})).await.status, 201);
        t.run_jobs().await;
        let page = browser.open(&authorize(&t, &more)).await;
        let page = at_provider(&mut browser, &page, "ann@acme.example").await;
        let (code, _) = mail(&t).await;
        let shown = browser.submit(&page, "/a/auth/code", &[("code", &code)]).await;
        assert_eq!(arrive(&t, &shown).await.1["oid"], json!(globex.id));
        let mut other = t.browser();
        let page = other.open(&authorize(&t, &more)).await;
        let shown = at_provider(&mut other, &page, "ann@acme.example").await;
        assert_eq!(arrive(&t, &shown).await.0["sub"], json!(victim.id));
    }

    async fn a_session_by_one_organizations_provider_opens_no_other_organization(t: Server) {
        register(&t).await;
        let api = t.api().await;
        let (globex, acme) =
            (api.organization("Globex").create().await, api.organization("Acme").create().await);
        provider(&api, &globex.id, "globex.example").await;
        let dana = api.member(&globex.id, "dana@globex.example").create().await;
        let path = format!("/api/v1/memberships/organizations/{}/users/{}", acme.id, dana.id);
        assert_eq!(api.post(&path, json!({})).await.status, 201);
        let mut browser = t.browser();
        let page = browser.open(&authorize(&t, &[("organization_id", &globex.id)])).await;
        arrive(&t, &at_provider(&mut browser, &page, "dana@globex.example").await).await;
        let switch = [("prompt", "select_account"), ("organization_id", acme.id.as_str())];
        let page = browser.open(&authorize(&t, &switch)).await;
        assert!(page.away.is_none(), "{:?}", page.away);
        assert!(page.html.contains("name=\"email\""), "she must prove more: {}", page.html);
    }

    async fn what_the_provider_refuses_is_told_and_explained(t: Server) {
        register(&t).await;
        let api = t.api().await;
        let globex = api.organization("Globex").create().await;
        let connection = provider(&api, &globex.id, "globex.example").await;
        let more = [("organization_id", globex.id.as_str())];
        let mut browser = t.browser();
        let page = browser.open(&authorize(&t, &more)).await;
        let shown = browser.submit(&page, "/sso/v1/oidc/", &[("do", "fail"), ("error", "access_denied")]).await;
        assert_eq!(shown.param("error").as_deref(), Some("access_denied"), "{:?}", shown.away);
        let (entry, events) = last_log(&t).await;
        assert_eq!((&entry["status"], &entry["connection_id"]), (&json!("FAILED"), &json!(connection)));
        let data = &events[0]["data"];
        assert!(["step", "expected", "got", "remedy"].iter().all(|key| data[key].as_str().is_some_and(|text| !text.is_empty())), "{data}");
        // Disabled meanwhile: nobody comes in by an answer to a question of before.
        let page = browser.open(&authorize(&t, &more)).await;
        let path = format!("/api/v1/organizations/{}/connections/{connection}:disable", globex.id);
        assert_eq!(api.patch(&path, json!({})).await.status, 200);
        let shown = at_provider(&mut browser, &page, "dana@globex.example").await;
        assert_eq!(shown.param("error").as_deref(), Some("connection_not_active"), "{} {:?}", shown.status, shown.away);
        let page = browser.open(&authorize(&t, &more)).await;
        assert!(page.html.contains("name=\"email\""), "without it the organization is entered otherwise");
    }

    async fn who_signed_in_otherwise_must_pass_the_provider_too(t: Server) {
        register(&t).await;
        let api = t.api().await;
        let globex = api.organization("Globex").create().await;
        let mut browser = t.browser();
        // A code is under way when the organization switches its single sign-on on.
        let page = browser.open(&authorize(&t, &[])).await;
        let page = identify(&mut browser, &page, "dana@globex.example").await;
        let (code, _) = mail(&t).await;
        provider(&api, &globex.id, "globex.example").await;
        let page = browser.submit(&page, "/a/auth/code", &[("code", &code)]).await;
        let done = at_provider(&mut browser, &page, "dana@globex.example").await;
        assert_eq!(arrive(&t, &done).await.1["oid"], json!(globex.id));
    }
}
