//! Back-channel logout: OpenID Connect Back-Channel Logout 1.0, auth.md 5.5.
use super::{START, START_SECONDS, logout_url, part, payload};
use gatewright::{ids::ApplicationId, sessions, sql};
use gatewright_testkit::{Api, Database, Options, Server, SignedIn, WebAnswer, WebServer, database_tests};
use serde_json::json;
use std::time::Duration;

async fn ready(kind: Database) -> (Server, Api, SignedIn, WebServer) {
    let settings = vec![("outbound.allowed_networks", "127.0.0.0/8".to_owned())];
    let t =
        Server::start_with(kind, Options { settings, frozen_at: Some(START), ..Options::default() }).await;
    let api = t.api().await;
    t.run_jobs().await; // from here on, periodic jobs are known
    let who = t.signed_in(&api).await;
    let web = WebServer::start().await;
    web.answer("/logout", WebAnswer::Ok(Vec::new()));
    let uris = json!({"back_channel_logout_uris": [web.url("/logout")]});
    let answer = api.patch(&format!("/api/v1/clients/{}", t.client_id), uris).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    (t, api, who, web)
}

/// The logout tokens that arrived.
fn received(web: &WebServer) -> Vec<String> {
    let token = |body: &str| body.strip_prefix("logout_token=").unwrap().to_owned();
    web.requests().iter().map(|asked| token(&asked.body)).collect()
}

async fn log_out(t: &Server, who: &SignedIn) {
    let mut tx = t.app.db.write().await.unwrap();
    assert!(sessions::log_out(&mut tx, &t.operator, who.session).await.unwrap());
    tx.commit().await.unwrap();
}

database_tests! {
    async fn applications_learn_of_a_logout_by_a_token_of_its_own_type(kind: Database) {
        let (t, _, who, web) = ready(kind).await;
        log_out(&t, &who).await;
        assert!(received(&web).is_empty(), "the answer does not wait for it");
        t.run_jobs().await;
        let tokens = received(&web);
        assert_eq!(tokens.len(), 1);
        let header = part(&tokens[0], 0);
        assert_eq!((&header["alg"], &header["typ"]), (&json!("RS256"), &json!("logout+jwt")));
        let mut claims = payload(&tokens[0]);
        let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
        assert!(jti.as_str().unwrap().starts_with("tkn_"));
        assert_eq!(claims, json!({
            "iss": t.url, "sub": who.user.id, "aud": [t.client_id], "sid": who.session.to_string(),
            "iat": START_SECONDS, "exp": START_SECONDS + 120,
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }));
        // It is good for nothing else.
        let request = t.http.get(format!("{}/userinfo", t.url)).bearer_auth(&tokens[0]);
        assert_eq!(request.send().await.unwrap().status(), 401);
        let hint = t.http.get(logout_url(&t, &[("id_token_hint", &tokens[0])]));
        assert_eq!(hint.send().await.unwrap().status(), 400);
        t.run_jobs().await;
        assert!(received(&web).is_empty());
    }

    async fn every_other_end_of_a_session_tells_too(kind: Database) {
        let (t, api, who, web) = ready(kind).await;
        assert_eq!(api.post(&format!("/api/v1/sessions/{}/revoke", who.session), json!({})).await.status, 200);
        t.run_jobs().await;
        assert_eq!(received(&web).len(), 1, "revoked");
        let (all, _) = t.sign_in(&who.user.id, &who.organization.id).await;
        assert_eq!(api.post(&format!("/api/v1/users/{}/sessions/revoke", who.user.id), json!({})).await.status, 200);
        t.run_jobs().await;
        assert_eq!(payload(&received(&web)[0])["sid"], all.id.to_string(), "all revoked");
        t.sign_in(&who.user.id, &who.organization.id).await;
        t.advance(Duration::from_secs(7 * 86_400));
        t.run_jobs().await;
        assert_eq!(received(&web).len(), 1, "expired");
        let api = t.api().await;
        // She belongs to a second organization, so that leaving the first one ends only what was for that.
        let other = api.organization("Other").create().await;
        let path = |organization: &str| format!("/api/v1/memberships/organizations/{organization}/users/{}", who.user.id);
        let added = api.post(&format!("{}?send_invitation_email=false", path(&other.id)), json!({})).await;
        assert_eq!(added.status, 201, "{}", added.text);
        t.sign_in(&who.user.id, &who.organization.id).await;
        assert!(api.delete(&path(&who.organization.id)).await.status < 300);
        t.run_jobs().await;
        assert_eq!(received(&web).len(), 1, "left");
    }

    async fn it_is_repeated_for_an_hour(kind: Database) {
        let (t, _, who, web) = ready(kind).await;
        web.answer("/logout", WebAnswer::Status(503, String::new()));
        log_out(&t, &who).await;
        t.run_jobs().await;
        let first = received(&web);
        t.advance(Duration::from_secs(10));
        t.run_jobs().await;
        let second = received(&web);
        assert_eq!((first.len(), second.len()), (1, 1));
        // The token does not last: each attempt brings a new one.
        assert_eq!(payload(&second[0])["exp"], START_SECONDS + 130);
        web.answer("/logout", WebAnswer::Ok(Vec::new()));
        t.advance(Duration::from_secs(60));
        t.run_jobs().await;
        assert_eq!(received(&web).len(), 1);
        t.advance(Duration::from_secs(600));
        t.run_jobs().await;
        assert!(received(&web).is_empty());
    }

    async fn only_those_are_told_that_took_part_and_want_it(kind: Database) {
        let (t, api, who, web) = ready(kind).await;
        let uris = json!({"name": "Other", "client_type": "WEB_APP", "back_channel_logout_uris": [web.url("/other")]});
        assert_eq!(api.post("/api/v1/clients", uris).await.status, 200);
        let mut tx = t.app.db.write().await.unwrap();
        sql!("UPDATE clients SET back_channel_logout_uris = '[]' WHERE environment_id = $1 AND id = $2")
            .bind(api.environment)
            .bind(t.client_id.parse::<ApplicationId>().unwrap())
            .execute(&mut tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        log_out(&t, &who).await;
        let jobs: i64 = sql!("SELECT COUNT(*) FROM jobs WHERE name LIKE 'oauth.%logout%' OR name = 'oauth.session_ended'")
            .one(&mut t.app.db.read()).await.unwrap();
        assert_eq!(jobs, 0);
        t.run_jobs().await;
        assert!(received(&web).is_empty());
    }
}
