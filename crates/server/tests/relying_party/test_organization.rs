//! Single sign-on a minute after the start: the Test Organization of development environments.
use gatewright::{bootstrap, environments::EnvironmentType};
use gatewright_testkit::{Database, Options, Server, database_tests};
use serde_json::json;

const CALLBACK: &str = "https://app.example/callback";

async fn started(kind: Database) -> Server {
    Server::start_with(kind, Options { test_organization: true, ..Options::default() }).await
}

database_tests! {
    async fn somebody_of_the_test_organization_signs_in_at_the_simulator(kind: Database) {
        let t = started(kind).await;
        let api = t.api().await;
        let organizations = api.organizations().await;
        assert_eq!(organizations.iter().map(|one| one.display_name.as_str()).collect::<Vec<_>>(), ["Test Organization"]);
        let found = api.get("/api/v1/connections?domain=example.org").await;
        assert_eq!(found.json["connections"][0]["provider"], "IDP_SIMULATOR", "{}", found.text);
        let answer = api.post("/api/v1/environment/redirect-uris", json!({"redirect_uri": CALLBACK})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let authorize = format!(
            "/oauth/authorize?response_type=code&client_id={}&redirect_uri={CALLBACK}&scope=openid%20email&state=st",
            t.client_id
        );
        let mut browser = t.browser();
        let page = browser.open(&authorize).await;
        let page = browser.submit(&page, "/a/auth/email", &[("email", "ada@example.com")]).await;
        assert!(page.url.contains("/simulator?") && page.html.contains("Test Organization"), "{page:?}");
        assert!(page.html.contains("value=\"ada@example.com\""), "{}", page.html);
        let fields = [("do", "sign_in"), ("email", "ada@example.com"), ("given_name", "Ada"), ("family_name", "Byron")];
        let done = browser.submit(&page, "/sso/v1/oidc/", &fields).await;
        let away = done.away.clone().unwrap_or_else(|| panic!("{done:?}"));
        assert!(away.starts_with(&format!("{CALLBACK}?")) && away.contains("code="), "{away}");
        let users = api.get(&format!("/api/v1/organizations/{}/users", organizations[0].id)).await;
        assert_eq!(users.json["users"][0]["email"], "ada@example.com", "{}", users.text);
        // What she chooses to go wrong, the application hears of.
        let mut other = t.browser();
        let page = other.open(&format!("{authorize}&login_hint=bob@example.org")).await;
        let done = other.submit(&page, "/sso/v1/oidc/", &[("do", "fail"), ("error", "access_denied")]).await;
        let away = done.away.clone().unwrap_or_else(|| panic!("{done:?}"));
        assert!(away.contains("error=access_denied"), "{away}");
    }

    async fn every_development_environment_has_one_and_no_other(kind: Database) {
        let t = started(kind).await;
        let other = t.add_environment("second").await;
        assert_eq!(t.api_in(&other).await.organizations().await.len(), 1);
        let host = format!("third.localhost:{}", t.address.port());
        bootstrap::add_environment(&t.app, "Third", &host, EnvironmentType::Production).await.unwrap();
        let environment = t.app.environments.at(&host).unwrap().id;
        let count: i64 = gatewright::sql!("SELECT COUNT(*) FROM organizations WHERE environment_id = $1")
            .bind(environment)
            .one(&mut t.app.db.read())
            .await
            .unwrap();
        assert_eq!(count, 0);
        // It may be deleted like any other one, and does not come back with the next node.
        let api = t.api().await;
        let id = api.organizations().await[0].id.clone();
        assert_eq!(api.delete(&format!("/api/v1/organizations/{id}")).await.status, 200);
        let node = t.second_node_with(Options { test_organization: true, ..Options::default() }).await;
        assert!(node.api().await.organizations().await.is_empty());
    }
}
