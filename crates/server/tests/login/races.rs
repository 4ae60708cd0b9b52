//! The same thing many times at once, and on either of two nodes.
use crate::support::{arrive, authorize, identify, initiate_at, mail, mails_have, register, sign_in};
use gatewright_testkit::{Browser, Server, Shown, database_tests};
use serde_json::json;

/// The same form from the same browser, twenty times at once.
async fn at_once(browser: &Browser, page: &Shown, action: &str, fields: &[(&str, &str)]) -> Vec<Shown> {
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (mut browser, page, action) = (browser.clone(), page.clone(), action.to_owned());
            let fields: Vec<(String, String)> =
                fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            tokio::spawn(async move {
                let fields: Vec<(&str, &str)> =
                    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                browser.submit(&page, &action, &fields).await
            })
        })
        .collect();
    let mut shown = Vec::new();
    for task in tasks {
        shown.push(task.await.unwrap());
    }
    shown
}

/// How many went to the application with a code.
fn codes(shown: &[Shown]) -> usize {
    for one in shown {
        assert!(one.status < 500, "{} {}", one.status, one.html);
    }
    shown.iter().filter(|one| one.away.is_some() && one.param("code").is_some()).count()
}

database_tests! {
    async fn one_code_comes_of_a_one_time_code(kind: Database) {
        let t = Server::start(kind).await;
        register(&t).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        api.member(&acme.id, "ann@acme.example").create().await;
        let mut browser = t.browser();
        let page = browser.open(&authorize(&t, &[])).await;
        let page = identify(&mut browser, &page, "ann@acme.example").await;
        let (code, _) = mail(&t).await;
        let shown = at_once(&browser, &page, "/a/auth/code", &[("code", &code)]).await;
        assert_eq!(codes(&shown), 1);
    }

    async fn one_code_comes_of_a_link(kind: Database) {
        let t = Server::start(kind).await;
        register(&t).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        api.member(&acme.id, "ann@acme.example").create().await;
        mails_have(&t, "LINK", json!({})).await;
        let mut browser = t.browser();
        let page = browser.open(&authorize(&t, &[])).await;
        identify(&mut browser, &page, "ann@acme.example").await;
        let (_, link) = mail(&t).await;
        let page = browser.open(&link).await;
        let shown = at_once(&browser, &page, "/a/auth/link", &[]).await;
        assert_eq!(codes(&shown), 1);
    }

    async fn one_organization_is_made_and_one_invitation_accepted(kind: Database) {
        let t = Server::start(kind).await;
        register(&t).await;
        initiate_at(&t, "https://app.example/login").await;
        let mut browser = t.browser();
        let page = sign_in(&t, &mut browser, "ada@analytical.example", &[]).await;
        let shown = at_once(&browser, &page, "/a/auth/create", &[("organization_name", "Analytical")]).await;
        assert_eq!(codes(&shown), 1);
        let api = t.api().await;
        assert_eq!(api.organizations().await.len(), 1);
        let acme = api.organization("Acme").create().await;
        api.member(&acme.id, "bob@acme.example").invited().create().await;
        t.run_jobs().await;
        let link = t.inbox().await.pop().unwrap().link.unwrap();
        let mut browser = t.browser();
        let page = browser.open(&link).await;
        let shown = at_once(&browser, &page, "/invitations/", &[]).await;
        assert_eq!(shown.iter().filter(|one| one.away.is_some()).count(), 1);
    }

    async fn any_step_may_land_on_either_of_two_nodes(kind: Database) {
        let t = Server::start(kind).await;
        register(&t).await;
        let other = t.second_node().await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        api.member(&acme.id, "ann@acme.example").create().await;
        let host = t.url.strip_prefix("http://").unwrap().to_owned();
        let mut here = t.browser();
        let page = here.open(&authorize(&t, &[])).await;
        let mut there = here.at(&other, &host);
        let page = identify(&mut there, &page, "ann@acme.example").await;
        let (code, _) = mail(&t).await;
        here.cookies = there.cookies.clone();
        let done = here.submit(&page, "/a/auth/code", &[("code", &code)]).await;
        let (_, access) = arrive(&t, &done).await;
        let mut there = here.at(&other, &host);
        let (_, again) = arrive(&t, &there.open(&authorize(&t, &[])).await).await;
        assert_eq!(again["sid"], access["sid"]);
    }
}
