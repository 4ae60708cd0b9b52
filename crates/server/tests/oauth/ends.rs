//! Everything ends with what it rests on.
use super::{application, frozen};
use gatewright::{
    oauth::Grant,
    resources::{self, NewConsent},
    sessions,
};
use gatewright_testkit::{Api, Server, SignedIn, VERIFIER, database_tests};
use serde_json::json;
use std::time::Duration;

/// Somebody who is signed in, with a refresh token and a code that is not used yet.
async fn ready(t: &Server) -> (Api, SignedIn, String, String) {
    let api = t.api().await;
    let who = t.signed_in(&api).await;
    let grant = t.grant(&who);
    let answer = t.exchange(&t.code(&grant).await, &[]).await;
    let (token, code) = (answer.text_at("refresh_token").to_owned(), t.code(&grant).await);
    (api, who, token, code)
}

async fn is_over(t: &Server, token: &str, code: &str) {
    t.refresh(token, &[]).await.oauth_error(400, "invalid_grant");
    t.exchange(code, &[]).await.oauth_error(400, "invalid_grant");
}

database_tests! {
    async fn the_session(kind: Database) {
        let t = frozen(kind).await;
        let (api, who, token, code) = ready(&t).await;
        assert_eq!(api.post(&format!("/api/v1/sessions/{}/revoke", who.session), json!({})).await.status, 200);
        is_over(&t, &token, &code).await;
    }

    async fn the_session_by_logout(kind: Database) {
        let t = frozen(kind).await;
        let (_, who, token, code) = ready(&t).await;
        let mut tx = t.app.db.write().await.unwrap();
        assert!(sessions::log_out(&mut tx, &t.operator, who.session).await.unwrap());
        tx.commit().await.unwrap();
        is_over(&t, &token, &code).await;
    }

    async fn the_session_by_time(kind: Database) {
        let t = frozen(kind).await;
        let (_, who, token, _) = ready(&t).await;
        t.advance(Duration::from_secs(7 * 86_400));
        is_over(&t, &token, &t.code(&t.grant(&who)).await).await;
    }

    async fn the_membership(kind: Database) {
        let t = frozen(kind).await;
        let (api, who, token, code) = ready(&t).await;
        let path = format!("/api/v1/memberships/organizations/{}/users/{}", who.organization.id, who.user.id);
        let removed = api.delete(&path).await;
        assert!(removed.status < 300, "{}", removed.text);
        is_over(&t, &token, &code).await;
        // Being added again brings nothing back.
        assert_eq!(api.post(&format!("{path}?send_invitation_email=false"), json!({})).await.status, 201);
        is_over(&t, &token, &code).await;
    }

    async fn the_user(kind: Database) {
        let t = frozen(kind).await;
        let (api, who, token, code) = ready(&t).await;
        assert!(api.delete(&format!("/api/v1/users/{}", who.user.id)).await.status < 300);
        is_over(&t, &token, &code).await;
    }

    async fn the_organization(kind: Database) {
        let t = frozen(kind).await;
        let (api, who, token, code) = ready(&t).await;
        assert!(api.delete(&format!("/api/v1/organizations/{}", who.organization.id)).await.status < 300);
        is_over(&t, &token, &code).await;
    }

    async fn the_client_and_its_right_to_the_grant(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let who = t.signed_in(&api).await;
        let (client, secret) = application(&api, "WEB_APP").await;
        let (grant, id) = (Grant { client, ..t.grant(&who) }, client.to_string());
        let own = [("client_id", id.as_str()), ("client_secret", secret.as_str())];
        let exchange = async |code: &str| {
            let form = [("grant_type", "authorization_code"), ("code", code),
                ("redirect_uri", gatewright_testkit::CALLBACK)];
            t.form("/oauth/token", &[&own[..], &form].concat()).await
        };
        let token = exchange(&t.code(&grant).await).await.text_at("refresh_token").to_owned();
        let refresh = async |token: &str| {
            let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
            t.form("/oauth/token", &[&own[..], &form].concat()).await
        };
        let path = format!("/api/v1/clients/{id}");
        let fewer = json!({"grant_types": ["client_credentials"]});
        assert_eq!(api.patch(&path, fewer).await.status, 201);
        refresh(&token).await.oauth_error(400, "unauthorized_client");
        exchange(&t.code(&grant).await).await.oauth_error(400, "unauthorized_client");
        let code = t.code(&grant).await;
        assert!(api.delete(&path).await.status < 300);
        refresh(&token).await.oauth_error(401, "invalid_client");
        exchange(&code).await.oauth_error(401, "invalid_client");
    }

    async fn the_consent(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let who = t.signed_in(&api).await;
        let body = json!({"resource_type": "MCP_SERVER", "name": "Todo", "resource_uri": "https://mcp.test"});
        let made = api.post("/api/v1/resources", body).await;
        let resource = made.json["resource"]["id"].as_str().unwrap().to_owned();
        let agent = json!({"client_name": "Agent", "redirect_uris": ["https://agent.test/cb"]});
        let path = format!("/api/v1/resources/{resource}/clients:register");
        let client = t.rest("POST", &path, &agent.to_string(), "").await.text_at("client_id").to_owned();
        let new = NewConsent { resource: resource.parse().unwrap(), client: client.parse().unwrap(),
            external_user_id: who.user.id.clone(), scopes: Vec::new() };
        let mut tx = t.app.db.write().await.unwrap();
        let id = t.app.ids.next(t.app.clock.now());
        let consent = resources::grant(&mut tx, api.environment, id, &new, t.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let grant = Grant { client: client.parse().unwrap(), resource: Some(resource.parse().unwrap()), ..t.grant(&who) };
        let exchange = async |code: &str| {
            let form = [("grant_type", "authorization_code"), ("client_id", client.as_str()), ("code", code),
                ("redirect_uri", gatewright_testkit::CALLBACK), ("code_verifier", VERIFIER)];
            t.form("/oauth/token", &form).await
        };
        let answer = exchange(&t.code_with_pkce(&grant).await).await;
        let (token, code) = (answer.text_at("refresh_token").to_owned(), t.code_with_pkce(&grant).await);
        let revoked = api.delete(&format!("/api/v1/clients/{client}/consents/{consent}")).await;
        assert!(revoked.status < 300, "{}", revoked.text);
        exchange(&code).await.oauth_error(400, "invalid_grant");
        let form =
            [("grant_type", "refresh_token"), ("client_id", client.as_str()), ("refresh_token", &token)];
        t.form("/oauth/token", &form).await.oauth_error(400, "invalid_grant");
        // The session is not concerned.
        assert_eq!(t.exchange(&t.code(&t.grant(&who)).await, &[]).await.status, 200);
    }
}
