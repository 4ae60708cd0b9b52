//! People who are new.
use crate::support::{arrive, authorize, by_code, identify, last_log, mail, register, sign_in};
use gatewright_testkit::api_tests;
use serde_json::json;

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
        let (id, access) = arrive(&t, &done).await;
        assert_eq!((&id["email"], &id["email_verified"]), (&json!("ada@analytical.example"), &json!(true)));
        assert_eq!((&id["name"], &id["nonce"]), (&json!("Ada Lovelace"), &json!("n-1")));
        assert_eq!(access["roles"], json!(["admin"]));
        assert!(access["oid"].as_str().unwrap().starts_with("org_"));
        assert!(id["amr"][0].as_str().unwrap().starts_with("conn_"));
        let kinds: Vec<String> = t.api().await.events().await.into_iter().map(|event| event.name).collect();
        for kind in ["organization.created", "user.organization_membership_created", "user.login"] {
            assert!(kinds.iter().any(|other| other == kind), "{kind} {kinds:?}");
        }
        let (entry, _) = last_log(&t).await;
        assert_eq!((&entry["status"], &entry["email"]), (&json!("SUCCESS"), &json!("ada@analytical.example")));
        // The browser has a session now: the next request needs no page.
        let again = browser.open(&authorize(&t, &[])).await;
        let (_, more) = arrive(&t, &again).await;
        assert_eq!(more["sid"], access["sid"]);
        // Unless the application wants a new proof.
        let page = browser.open(&authorize(&t, &[("prompt", "login")])).await;
        assert!(page.html.contains("name=\"email\""), "{}", page.html);
    }

    async fn a_wrong_code_says_how_many_tries_are_left_and_the_last_one_ends_it(t: Server) {
        register(&t).await;
        let mut browser = t.browser();
        let page = browser.open(&authorize(&t, &[])).await;
        let mut page = identify(&mut browser, &page, "eve@kontor.example").await;
        let (right, _) = mail(&t).await;
        let wrong = if right == "123456" { "654321" } else { "123456" };
        for left in ["4 tries", "3 tries", "2 tries", "one try"] {
            page = browser.submit(&page, "/a/auth/code", &[("code", wrong)]).await;
            assert!(page.html.contains(left), "{left}: {}", page.html);
        }
        page = browser.submit(&page, "/a/auth/code", &[("code", wrong)]).await;
        assert!(page.html.contains("not valid any more"), "{}", page.html);
        page = browser.submit(&page, "/a/auth/code", &[("code", &right)]).await;
        assert!(page.html.contains("too many tries"), "the right one comes too late: {}", page.html);
    }

    async fn a_code_of_another_sign_in_counts_for_nobody_else(t: Server) {
        register(&t).await;
        let (mut mine, mut theirs) = (t.browser(), t.browser());
        let page = mine.open(&authorize(&t, &[])).await;
        let my_page = identify(&mut mine, &page, "ann@acme.example").await;
        let (my_code, _) = mail(&t).await;
        let page = theirs.open(&authorize(&t, &[])).await;
        let their_page = identify(&mut theirs, &page, "bob@acme.example").await;
        let page = theirs.submit(&their_page, "/a/auth/code", &[("code", &my_code)]).await;
        assert!(page.html.contains("not right"), "{}", page.html);
        // A form that was made for one browser is of no use in another.
        let page = theirs.submit(&my_page, "/a/auth/code", &[("code", &my_code)]).await;
        assert_eq!(page.status, 403);
        let page = mine.submit(&my_page, "/a/auth/code", &[("code", &my_code)]).await;
        assert!(page.html.contains("organization_name"), "{}", page.html);
    }

    async fn without_sign_up_a_stranger_learns_nothing_before_the_mailbox_is_proven(t: Server) {
        register(&t).await;
        let api = t.api().await;
        let env = t.operator.environment().id;
        let body = json!({"allow_organization_signup": false});
        let answer = api.patch(&format!("/api/v1/environments/{env}/settings/user-management"), body).await;
        assert_eq!(answer.status, 200, "{:?}", answer.json);
        let mut browser = t.browser();
        let shown = sign_in(&t, &mut browser, "eve@kontor.example", &[]).await;
        assert_eq!(shown.param("error").as_deref(), Some("access_denied"));
        let (entry, events) = last_log(&t).await;
        assert_eq!(entry["status"], "FAILED");
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(events[0]["data"]["step"], "organization");
        assert!(t.api().await.users().await.is_empty(), "no account was made");
    }

    async fn a_sign_in_that_took_too_long_begins_again_at_the_application(t: Server) {
        register(&t).await;
        let mut browser = t.browser();
        let page = browser.open(&authorize(&t, &[])).await;
        let (action, _) = page.form("/a/auth/email");
        let later = action.replace("/a/auth/email", "/a/auth/login");
        assert_eq!(browser.open(&later).await.status, 200);
        // Another browser does not know it, and one that has forgotten its cookie.
        assert_eq!(t.browser().open(&later).await.status, 410);
        crate::support::initiate_at(&t, "https://app.example/login").await;
        assert_eq!(t.browser().open(&later).await.away.as_deref(), Some("https://app.example/login"));
    }
}
