//! Magic links: same browser, another browser, programs that open links in mails.
use crate::support::{arrive, authorize, identify, initiate_at, mail, mails_have, register};
use gatewright_testkit::{Server, api_tests};
use serde_json::json;

/// The path of a link.
fn path<'a>(t: &Server, link: &'a str) -> &'a str {
    link.strip_prefix(&t.url).unwrap()
}

api_tests! {
    async fn opening_a_link_does_nothing_and_its_button_goes_on(t: Server) {
        register(&t).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        api.member(&acme.id, "ann@acme.example").create().await;
        mails_have(&t, "LINK", json!({})).await;
        let mut browser = t.browser();
        let page = browser.open(&authorize(&t, &[])).await;
        let page = identify(&mut browser, &page, "ann@acme.example").await;
        assert!(page.html.contains("inbox"), "{}", page.html);
        let (_, link) = mail(&t).await;
        // A scanner opens it, twice.
        for _ in 0..2 {
            let seen = t.browser().open(path(&t, &link)).await;
            assert_eq!(seen.status, 200, "{}", seen.html);
            assert!(seen.html.contains("ann@acme.example"));
        }
        let page = browser.open(path(&t, &link)).await;
        let done = browser.submit(&page, "/a/auth/link", &[]).await;
        let (id, access) = arrive(&t, &done).await;
        assert_eq!(id["email"], "ann@acme.example");
        assert_eq!(access["oid"], json!(acme.id));
        let again = browser.submit(&page, "/a/auth/link", &[]).await;
        assert_eq!(again.status, 410, "{}", again.html);
    }

    async fn in_another_browser_the_application_starts_again_and_the_first_one_gets_nothing(t: Server) {
        register(&t).await;
        initiate_at(&t, "https://app.example/login").await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        api.member(&acme.id, "ann@acme.example").create().await;
        mails_have(&t, "LINK_OTP", json!({})).await;
        let (mut first, mut second) = (t.browser(), t.browser());
        let page = first.open(&authorize(&t, &[])).await;
        let waiting = identify(&mut first, &page, "ann@acme.example").await;
        let (code, link) = mail(&t).await;
        let page = second.open(path(&t, &link)).await;
        let done = second.submit(&page, "/a/auth/link", &[]).await;
        assert_eq!(done.away.as_deref(), Some("https://app.example/login"), "{} {}", done.status, done.html);
        let (_, access) = arrive(&t, &second.open(&authorize(&t, &[])).await).await;
        assert_eq!(access["oid"], json!(acme.id));
        let late = first.submit(&waiting, "/a/auth/code", &[("code", &code)]).await;
        assert_eq!(late.away.as_deref(), Some("https://app.example/login"), "the first browser starts anew");
    }

    async fn where_links_count_in_the_same_browser_only_another_one_says_so(t: Server) {
        register(&t).await;
        mails_have(&t, "LINK", json!({"enforce_same_browser_origin": true})).await;
        let mut first = t.browser();
        let page = first.open(&authorize(&t, &[])).await;
        identify(&mut first, &page, "ann@acme.example").await;
        let (_, link) = mail(&t).await;
        let mut second = t.browser();
        let page = second.open(path(&t, &link)).await;
        let refused = second.submit(&page, "/a/auth/link", &[]).await;
        assert_eq!(refused.status, 400, "{}", refused.html);
        let page = first.open(path(&t, &link)).await;
        let on = first.submit(&page, "/a/auth/link", &[]).await;
        assert!(on.html.contains("organization_name"), "the link still counts: {} {}", on.status, on.html);
    }

    async fn an_invitation_is_accepted_by_its_button_and_signs_in(t: Server) {
        register(&t).await;
        initiate_at(&t, "https://app.example/login").await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        api.member(&acme.id, "ann@acme.example").invited().create().await;
        t.run_jobs().await;
        let link = t.inbox().await.pop().unwrap().link.unwrap();
        let mut browser = t.browser();
        let page = browser.open(path(&t, &link)).await;
        assert!(page.html.contains("Acme"), "{}", page.html);
        let done = browser.submit(&page, "/invitations/", &[]).await;
        let away = done.away.unwrap();
        assert_eq!(away, format!("https://app.example/login?organization_id={}", acme.id));
        let (id, access) = arrive(&t, &browser.open(&authorize(&t, &[("organization_id", &acme.id)])).await).await;
        assert_eq!((&id["email_verified"], &access["oid"]), (&json!(true), &json!(acme.id)));
        assert_eq!(t.browser().open(path(&t, &link)).await.status, 410);
        assert_eq!(browser.submit(&page, "/invitations/", &[]).await.status, 410);
    }
}
