//! Which organization.
use crate::support::{arrive, authorize, register, sign_in};
use gatewright_testkit::api_tests;
use serde_json::json;

api_tests! {
    async fn who_is_in_several_chooses_and_switches_within_the_session(t: Server) {
        register(&t).await;
        let api = t.api().await;
        let (acme, globex) =
            (api.organization("Acme").create().await, api.organization("Globex").create().await);
        let ann = api.member(&acme.id, "ann@acme.example").create().await;
        let path = format!("/api/v1/memberships/organizations/{}/users/{}", globex.id, ann.id);
        let answer = api.post(&path, json!({"roles": [{"name": "admin"}]})).await;
        assert_eq!(answer.status, 201, "{:?}", answer.json);
        let mut browser = t.browser();
        let page = sign_in(&t, &mut browser, "ann@acme.example", &[]).await;
        assert!(page.html.contains("Globex") && page.html.contains("Acme"), "{}", page.html);
        let done = browser.submit(&page, "/a/auth/organizations", &[("organization_id", &acme.id)]).await;
        let (_, first) = arrive(&t, &done).await;
        assert_eq!((&first["oid"], &first["roles"]), (&json!(acme.id), &json!(["member"])));
        // Straight into another one, without a page.
        let switch = [("prompt", "select_account"), ("organization_id", globex.id.as_str())];
        let (_, second) = arrive(&t, &browser.open(&authorize(&t, &switch)).await).await;
        assert_eq!((&second["oid"], &second["roles"]), (&json!(globex.id), &json!(["admin"])));
        assert_eq!(second["sid"], first["sid"]);
        // The active one from now on; and by the page.
        let (_, third) = arrive(&t, &browser.open(&authorize(&t, &[])).await).await;
        assert_eq!(third["oid"], json!(globex.id));
        let page = browser.open(&authorize(&t, &[("prompt", "select_account")])).await;
        let done = browser.submit(&page, "/a/auth/organizations", &[("organization_id", &acme.id)]).await;
        assert_eq!(arrive(&t, &done).await.1["oid"], json!(acme.id));
        let none = browser.open(&authorize(&t, &[("prompt", "none")])).await;
        assert_eq!(arrive(&t, &none).await.1["oid"], json!(acme.id));
    }

    async fn an_address_of_an_allowed_domain_may_join(t: Server) {
        register(&t).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let body = json!({"domain": "acme.example", "domain_type": "ALLOWED_EMAIL_DOMAIN"});
        let answer = api.post(&format!("/api/v1/organizations/{}/domains", acme.id), body).await;
        assert_eq!(answer.status, 200, "{:?}", answer.json);
        let mut browser = t.browser();
        let page = sign_in(&t, &mut browser, "new@acme.example", &[]).await;
        assert!(page.html.contains("Your address lets you join"), "{}", page.html);
        let done = browser.submit(&page, "/a/auth/organizations", &[("organization_id", &acme.id)]).await;
        let (_, access) = arrive(&t, &done).await;
        assert_eq!((&access["oid"], &access["roles"]), (&json!(acme.id), &json!(["member"])));
        // Others cannot, whatever they send.
        let mut other = t.browser();
        let page = sign_in(&t, &mut other, "eve@kontor.example", &[]).await;
        let (action, fields) = page.form("/a/auth/create");
        let forged = action.replace("/a/auth/create", "/a/auth/organizations");
        let csrf = fields[0].1.as_str();
        let refused = other.post(&forged, &[("csrf", csrf), ("organization_id", &acme.id)]).await;
        assert_eq!((refused.status, refused.away), (200, None));
    }

    async fn an_organization_that_is_asked_for_is_entered_by_members_only(t: Server) {
        register(&t).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let more = [("organization_id", acme.id.as_str())];
        let mut browser = t.browser();
        let page = browser.open(&authorize(&t, &more)).await;
        assert!(page.html.contains("Acme"), "the page says where to: {}", page.html);
        let shown = sign_in(&t, &mut browser, "eve@kontor.example", &more).await;
        assert_eq!(shown.param("error").as_deref(), Some("access_denied"));
        api.member(&acme.id, "ann@acme.example").invited().create().await;
        let shown = sign_in(&t, &mut t.browser(), "ann@acme.example", &more).await;
        assert_eq!(arrive(&t, &shown).await.1["oid"], json!(acme.id), "an open invitation is accepted so");
    }
}
