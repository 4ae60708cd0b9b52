//! What is known of tokens afterwards: `/userinfo` (OpenID Connect Core §5.3, RFC 6750), `/oauth/introspect` (RFC 7662),
//! `/revoke` (RFC 7009).
use super::{START_SECONDS, application, frozen, payload};
use gatewright::{clients::NewOrganizationClient, identities::Identity, oauth::Grant};
use gatewright_testkit::{
    Answer, Api, CALLBACK, Server, SignedIn, VERIFIER, api_tests, database_tests, json as send,
};
use serde_json::{Value as Json, json};
use std::time::Duration;

async fn userinfo(t: &Server, token: &str) -> Answer {
    send(t.http.get(format!("{}/userinfo", t.url)).bearer_auth(token)).await
}

async fn introspect(t: &Server, token: &str) -> Json {
    let form = [("client_id", t.client_id.as_str()), ("client_secret", &t.client_secret), ("token", token)];
    let answer = t.form("/oauth/introspect", &form).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.json
}

async fn revoke(t: &Server, token: &str) -> Answer {
    let form = [("client_id", t.client_id.as_str()), ("client_secret", &t.client_secret), ("token", token)];
    t.form("/revoke", &form).await
}

async fn tokens(t: &Server) -> (Api, SignedIn, Answer) {
    let api = t.api().await;
    let who = t.signed_in(&api).await;
    let answer = t.exchange(&t.code(&t.grant(&who)).await, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    (api, who, answer)
}

/// That a token is good, or that it is not, as both endpoints say.
async fn is_good(t: &Server, token: &str) -> bool {
    let (status, active) = (userinfo(t, token).await.status, introspect(t, token).await["active"].clone());
    assert_eq!(active, status == 200, "{status}");
    if status != 200 {
        assert_eq!(status, 401);
        assert_eq!(introspect(t, token).await, json!({"active": false}));
    }
    status == 200
}

api_tests! {
    async fn userinfo_tells_what_the_scopes_allow(t: Server) {
        let (_, who, answer) = tokens(&t).await;
        let told = userinfo(&t, answer.text_at("access_token")).await;
        assert_eq!(told.json, json!({"sub": who.user.id, "email": "dana@acme.example", "email_verified": true}));
        assert_eq!(told.headers["cache-control"], "no-store");
        let post = t.http.post(format!("{}/userinfo", t.url)).bearer_auth(answer.text_at("access_token"));
        assert_eq!(send(post).await.json, told.json);
        let grant = Grant { scopes: vec!["openid".to_owned()], ..t.grant(&who) };
        let answer = t.exchange(&t.code(&grant).await, &[]).await;
        assert_eq!(userinfo(&t, answer.text_at("access_token")).await.json, json!({"sub": who.user.id}));
        let grant = Grant { scopes: vec!["email".to_owned()], ..t.grant(&who) };
        let answer = t.exchange(&t.code(&grant).await, &[]).await;
        let refused = userinfo(&t, answer.text_at("access_token")).await;
        refused.oauth_error(403, "insufficient_scope");
        assert_eq!(refused.headers["www-authenticate"],
            r#"Bearer realm="userinfo", error="insufficient_scope", scope="openid""#);
    }

    async fn userinfo_takes_a_users_access_token_in_the_header_only(t: Server) {
        let (_, _, answer) = tokens(&t).await;
        let token = answer.text_at("access_token");
        for path in ["/userinfo".to_owned(), format!("/userinfo?access_token={token}")] {
            let refused = send(t.http.get(format!("{}{path}", t.url))).await;
            assert_eq!((refused.status, &refused.headers["www-authenticate"]),
                (401, &r#"Bearer realm="userinfo""#.parse().unwrap()));
        }
        let body = t.http.post(format!("{}/userinfo", t.url)).form(&[("access_token", token)]);
        assert_eq!(send(body).await.status, 401);
        let other = t.add_environment("other").await;
        let elsewhere = t.http.get(format!("{}/userinfo", t.url)).header("host", &other.host).bearer_auth(token);
        elsewhere_is_refused(&send(elsewhere).await);
        let machine = t.token().await;
        let changed = format!("{}x", &token[..token.len() - 1]);
        for wrong in [answer.text_at("id_token"), answer.text_at("refresh_token"), &machine, &changed, "x.y.z"] {
            elsewhere_is_refused(&userinfo(&t, wrong).await);
        }
    }

    async fn introspection_tells_a_client_of_its_own_tokens(t: Server) {
        let (api, who, answer) = tokens(&t).await;
        let token = answer.text_at("access_token");
        let claims = payload(token);
        let told = introspect(&t, token).await;
        assert_eq!(told, json!({
            "active": true, "scope": "openid profile email offline_access", "client_id": t.client_id,
            "sub": who.user.id, "aud": [t.client_id], "iss": t.url, "exp": claims["exp"], "iat": claims["iat"],
            "nbf": claims["nbf"], "jti": claims["jti"], "token_type": "Bearer", "oid": who.organization.id,
            "sid": who.session.to_string(),
        }));
        let refresh_token = answer.text_at("refresh_token");
        let told = introspect(&t, refresh_token).await;
        assert_eq!((&told["active"], &told["sub"], &told["sid"]),
            (&json!(true), &json!(who.user.id), &json!(who.session.to_string())));
        for wrong in [answer.text_at("id_token"), "x", "rt_x", "a.b.c"] {
            assert_eq!(introspect(&t, wrong).await, json!({"active": false}));
        }
        // Another application sees nothing of them, unless it has management access.
        let (other, secret) = application(&api, "WEB_APP").await;
        let other = other.to_string();
        for token in [token, refresh_token] {
            let form = [("client_id", other.as_str()), ("client_secret", &secret), ("token", token)];
            assert_eq!(t.form("/oauth/introspect", &form).await.json, json!({"active": false}));
        }
        let form = [("client_id", t.client_id.as_str()), ("token", token)];
        t.form("/oauth/introspect", &form).await.oauth_error(401, "invalid_client");
        let form = [("client_id", t.client_id.as_str()), ("client_secret", "wrong"), ("token", token)];
        t.form("/oauth/introspect", &form).await.oauth_error(401, "invalid_client");
        let form = [("client_id", t.client_id.as_str()), ("client_secret", &t.client_secret)];
        t.form("/oauth/introspect", &form).await.oauth_error(400, "invalid_request");
    }

    async fn introspection_tells_of_machines_tokens_as_well(t: Server) {
        let api = t.api().await;
        let organization = api.organization("Acme").create().await.id;
        let (id, secret) = t.organization_client(&organization, NewOrganizationClient::default()).await;
        let told = introspect(&t, &t.token_of(&id, &secret).await).await;
        assert_eq!((&told["active"], &told["sub"], &told["oid"]), (&json!(true), &json!(id), &json!(organization)));
        assert_eq!(introspect(&t, &t.token().await).await["active"], true);
    }

    async fn what_ends_a_session_counts_at_once(t: Server) {
        let (api, who, answer) = tokens(&t).await;
        let token = answer.text_at("access_token");
        assert!(is_good(&t, token).await);
        assert_eq!(api.post(&format!("/api/v1/sessions/{}/revoke", who.session), json!({})).await.status, 200);
        assert!(!is_good(&t, token).await);
        assert_eq!(introspect(&t, answer.text_at("refresh_token")).await, json!({"active": false}));
    }

    async fn what_ends_a_membership_counts_at_once(t: Server) {
        let (api, who, answer) = tokens(&t).await;
        let path = format!("/api/v1/memberships/organizations/{}/users/{}", who.organization.id, who.user.id);
        assert!(api.delete(&path).await.status < 300);
        assert!(!is_good(&t, answer.text_at("access_token")).await);
    }

    async fn a_refresh_token_is_revoked_with_all_that_its_grant_gave(t: Server) {
        let (_, who, answer) = tokens(&t).await;
        let (first, token) = (answer.text_at("access_token"), answer.text_at("refresh_token"));
        let next = t.refresh(token, &[]).await;
        let revoked = revoke(&t, next.text_at("refresh_token")).await;
        assert_eq!((revoked.status, revoked.text.as_str()), (200, ""));
        assert!(!is_good(&t, first).await && !is_good(&t, next.text_at("access_token")).await);
        t.refresh(next.text_at("refresh_token"), &[]).await.oauth_error(400, "invalid_grant");
        // Once more is no error, and the session goes on.
        assert_eq!(revoke(&t, next.text_at("refresh_token")).await.status, 200);
        assert_eq!(t.exchange(&t.code(&t.grant(&who)).await, &[]).await.status, 200);
    }

    async fn an_access_token_is_revoked_alone(t: Server) {
        let (_, _, answer) = tokens(&t).await;
        let next = t.refresh(answer.text_at("refresh_token"), &[]).await;
        assert_eq!(revoke(&t, answer.text_at("access_token")).await.status, 200);
        assert!(!is_good(&t, answer.text_at("access_token")).await);
        assert!(is_good(&t, next.text_at("access_token")).await);
        assert_eq!(t.refresh(next.text_at("refresh_token"), &[]).await.status, 200);
    }

    async fn nobody_revokes_what_is_anothers(t: Server) {
        let (api, _, answer) = tokens(&t).await;
        let (other, secret) = application(&api, "WEB_APP").await;
        let other = other.to_string();
        for token in [answer.text_at("access_token"), answer.text_at("refresh_token"), "unknown", "rt_unknown"] {
            let form = [("client_id", other.as_str()), ("client_secret", &secret), ("token", token)];
            assert_eq!(t.form("/revoke", &form).await.status, 200);
            let form = [("client_id", t.client_id.as_str()), ("token", token)];
            t.form("/revoke", &form).await.oauth_error(401, "invalid_client");
        }
        assert!(is_good(&t, answer.text_at("access_token")).await);
        let machine = t.token().await;
        revoke(&t, &machine).await.oauth_error(400, "unsupported_token_type");
        assert_eq!(api.get("/api/v1/organizations").await.status, 200);
        revoke(&t, "").await.oauth_error(400, "invalid_request");
    }

    async fn a_public_application_revokes_its_own_and_a_registered_client_does_not(t: Server) {
        let api = t.api().await;
        let who = t.signed_in(&api).await;
        let (client, _) = application(&api, "SPA").await;
        let id = client.to_string();
        let code = t.code_with_pkce(&Grant { client, ..t.grant(&who) }).await;
        let form = [("grant_type", "authorization_code"), ("client_id", id.as_str()), ("code", &code),
            ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
        let answer = t.form("/oauth/token", &form).await;
        let token = answer.text_at("refresh_token");
        assert_eq!(t.form("/revoke", &[("client_id", &id), ("token", token)]).await.status, 200);
        let refresh = [("grant_type", "refresh_token"), ("client_id", id.as_str()), ("refresh_token", token)];
        t.form("/oauth/token", &refresh).await.oauth_error(400, "invalid_grant");
        let made = api.post("/api/v1/resources", json!({"resource_type": "MCP_SERVER", "name": "Todo"})).await;
        let path = format!("/api/v1/resources/{}/clients:register", made.json["resource"]["id"].as_str().unwrap());
        let agent = json!({"client_name": "Agent", "redirect_uris": ["https://agent.test/cb"]});
        let registered = t.rest("POST", &path, &agent.to_string(), "").await;
        let form = [("client_id", registered.text_at("client_id")), ("token", "x")];
        t.form("/revoke", &form).await.oauth_error(401, "invalid_client");
        t.form("/oauth/introspect", &form).await.oauth_error(401, "invalid_client");
    }

    async fn of_somebody_elses_person_only_the_subject_is_known(t: Server) {
        let grant = t.external_grant("conn_77;00u1", Identity::default());
        let answer = t.exchange(&t.code(&grant).await, &[]).await;
        let token = answer.text_at("access_token");
        assert_eq!(userinfo(&t, token).await.json, json!({"sub": "conn_77;00u1"}));
        assert_eq!(revoke(&t, answer.text_at("refresh_token")).await.status, 200);
        assert!(!is_good(&t, token).await);
    }
}

fn elsewhere_is_refused(answer: &Answer) {
    answer.oauth_error(401, "invalid_token");
    let challenge = r#"Bearer realm="userinfo", error="invalid_token""#;
    assert_eq!(answer.headers["www-authenticate"], challenge);
}

database_tests! {
    async fn a_replayed_code_takes_back_the_access_token_too(kind: Database) {
        let t = frozen(kind).await;
        let who = t.signed_in(&t.api().await).await;
        let code = t.code(&t.grant(&who)).await;
        let answer = t.exchange(&code, &[]).await;
        let token = answer.text_at("access_token");
        assert_eq!(payload(token)["iat"], START_SECONDS);
        assert!(is_good(&t, token).await);
        t.advance(Duration::from_secs(11));
        t.exchange(&code, &[]).await.oauth_error(400, "invalid_grant");
        assert!(!is_good(&t, token).await);
        // What a new sign-in gives is not concerned.
        t.advance(Duration::from_secs(1));
        let answer = t.exchange(&t.code(&t.grant(&who)).await, &[]).await;
        assert!(is_good(&t, answer.text_at("access_token")).await);
    }

    async fn an_access_token_is_over_at_its_end(kind: Database) {
        let t = frozen(kind).await;
        let (_, _, answer) = tokens(&t).await;
        t.advance(Duration::from_secs(299));
        assert!(is_good(&t, answer.text_at("access_token")).await);
        t.advance(Duration::from_secs(1));
        assert!(!is_good(&t, answer.text_at("access_token")).await);
    }
}
