//! Social providers, each with its ways, and what their word on an e-mail address is worth.
use super::support::*;
use gatewright::{connections::Connection, relying_party::Hints};
use gatewright_testkit::{
    Api, Idp, Options, Server, WebAnswer, connection, database_tests, local_network, parameters,
};
use serde_json::{Value as Json, json};

const GOOGLE: &str = "/accounts.google.com/o/oauth2/v2/auth";

/// A server for which `Idp` stands in for all providers, and for whose operator Google knows it.
async fn social(kind: gatewright_testkit::Database) -> (Server, Api, Idp) {
    let idp = Idp::start().await;
    let mut settings = local_network();
    settings.push(("social.stand_in_url", idp.web.url("")));
    settings.push(("social.google_client_id", "platform-id".to_owned()));
    settings.push(("social.google_client_secret", "platform-secret".to_owned()));
    let t = Server::start_with(kind, Options { settings, ..Options::default() }).await;
    let api = t.api().await;
    (t, api, idp)
}

async fn connect(t: &Server, api: &Api, provider: &str, mut config: Json) -> Connection {
    let made = api.post("/api/v1/connections", json!({"provider": provider, "type": "OAUTH"})).await;
    let id = made.json["connection"]["id"].as_str().unwrap_or_else(|| panic!("{}", made.text)).to_owned();
    if config["use_platform_creds"].is_null() {
        config["client_id"] = json!("gw");
        config["client_secret"] = json!(Idp::CLIENT_SECRET);
    }
    let change = json!({"provider": provider, "oauth_config": config});
    let answer = api.patch(&format!("/api/v1/connections/{id}"), change).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = api.patch(&format!("/api/v1/connections/{id}:enable"), json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    connection(t, &id).await
}

fn tokens(idp: &Idp, path: &str) {
    idp.json(path, &json!({"access_token": Idp::ACCESS_TOKEN, "token_type": "bearer", "scope": "x"}));
}

database_tests! {
    async fn somebody_signs_in_with_google(kind: Database) {
        let (t, api, idp) = social(kind).await;
        let google = connect(&t, &api, "GOOGLE", json!({"prompt": "select_account", "access_type": "online"})).await;
        let request = start(&t, &google).await;
        assert!(request.as_str().starts_with(&format!("{}?", idp.web.url(GOOGLE))), "{request}");
        let sent = parameters(&request);
        for (name, value) in [
            ("client_id", "gw"),
            ("scope", "openid profile email"),
            ("prompt", "select_account"),
            ("access_type", "online"),
            ("redirect_uri", &format!("{}/sso/v1/oauth/{}/callback", t.url, google.id)),
        ] {
            assert_eq!(sent[name], value);
        }
        let other = start_with(&t, &google, Hints { force_login: true, ..Hints::default() }).await;
        assert_eq!(parameters(&other)["prompt"], "login");
        tokens(&idp, "/oauth2.googleapis.com/token");
        for (profile, verified) in [
            (json!({"sub": "1", "email": "ann@gmail.com", "email_verified": true, "given_name": "Ann", "picture": "https://x.example/p"}), true),
            (json!({"sub": "1", "email": "ann@acme.example", "email_verified": true, "hd": "acme.example"}), true),
            (json!({"sub": "1", "email": "ann@acme.example", "email_verified": true}), false),
            (json!({"sub": "1", "email": "ann@gmail.com", "email_verified": false}), false),
            (json!({"sub": "1", "email": "ann@gmail.com"}), false),
        ] {
            idp.json("/openidconnect.googleapis.com/v1/userinfo", &profile);
            let done = sign_in(&t, &google, |_| {}).await.unwrap();
            let identity = done.identity;
            assert_eq!((identity.subject.as_str(), identity.email_verified), ("1", verified), "{profile}");
            assert_eq!(identity.email, profile["email"]);
        }
        let token = idp.web.requests().into_iter().find(|asked| asked.path == "/oauth2.googleapis.com/token").unwrap();
        assert!(token.body.contains("client_id=gw&") && token.body.contains("client_secret="), "{}", token.body);
        for (profile, code) in [
            (json!({"sub": "1"}), "mandatory_attribute_missing"),
            (json!({"email": "ann@gmail.com"}), "user_info_retrieve_failed"),
            (json!({"sub": "", "email": "ann@gmail.com"}), "user_info_retrieve_failed"),
        ] {
            idp.json("/openidconnect.googleapis.com/v1/userinfo", &profile);
            assert_eq!(sign_in(&t, &google, |_| {}).await.unwrap_err().code, code, "{profile}");
        }
    }

    async fn the_operators_credentials_are_for_development(kind: Database) {
        let (t, api, idp) = social(kind).await;
        let google = connect(&t, &api, "GOOGLE", json!({"use_platform_creds": true})).await;
        let request = start(&t, &google).await;
        assert_eq!(parameters(&request)["client_id"], "platform-id");
        tokens(&idp, "/oauth2.googleapis.com/token");
        idp.json("/openidconnect.googleapis.com/v1/userinfo", &json!({"sub": "1", "email": "ann@gmail.com"}));
        finish(&t, &google, answer(&request)).await.unwrap();
        let body = &idp.web.requests()[0].body;
        assert!(body.contains("client_secret=platform-secret"), "{body}");
        let made = api.post("/api/v1/connections", json!({"provider": "GITHUB", "type": "OAUTH"})).await;
        let path = format!("/api/v1/connections/{}", made.json["connection"]["id"].as_str().unwrap());
        let change = json!({"provider": "GITHUB", "oauth_config": {"use_platform_creds": true}});
        let refused = api.patch(&path, change).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
    }

    async fn microsoft_vouches_for_domains_that_a_tenant_has_proven(kind: Database) {
        let (t, api, idp) = social(kind).await;
        let microsoft = connect(&t, &api, "MICROSOFT", json!({})).await;
        let base = "/login.microsoftonline.com/common";
        idp.json("/graph.microsoft.com/oidc/userinfo", &json!({"sub": "ms-1", "name": "Ann", "email": "ann@acme.example"}));
        let keys = json!({"keys": [idp.jwk()]});
        idp.json(&format!("{base}/discovery/v2.0/keys"), &keys);
        let say = |request: &url::Url, changes: Json| {
            let mut claims = idp.claims(&t.operator, request);
            claims["iss"] = json!(idp.web.url("/login.microsoftonline.com/t1/v2.0"));
            claims["tid"] = json!("t1");
            claims["aud"] = json!("gw");
            claims["sub"] = json!("ms-1");
            for (name, value) in changes.as_object().unwrap() {
                claims[name] = value.clone();
            }
            idp.json(&format!("{base}/oauth2/v2.0/token"), &json!({
                "access_token": Idp::ACCESS_TOKEN, "token_type": "Bearer", "id_token": idp.sign(&claims)}));
        };
        for (changes, verified) in [
            (json!({"email_verified": true}), false),
            (json!({"xms_edov": false}), false),
            (json!({"xms_edov": "0"}), false),
            (json!({"xms_edov": true}), true),
            (json!({"xms_edov": "1"}), true),
        ] {
            let done = sign_in(&t, &microsoft, |request| say(request, changes.clone())).await.unwrap();
            assert_eq!((done.identity.subject.as_str(), done.identity.email_verified), ("ms-1", verified), "{changes}");
        }
        for (changes, code) in [
            (json!({"tid": "t2"}), "invalid_id_token"),
            (json!({"tid": null}), "invalid_id_token"),
            (json!({"aud": "another"}), "invalid_id_token"),
            (json!({"sub": "ms-2"}), "user_info_retrieve_failed"),
        ] {
            let error = sign_in(&t, &microsoft, |request| say(request, changes.clone())).await.unwrap_err();
            assert_eq!(error.code, code, "{changes}: {error}");
        }
        let own = connect(&t, &api, "MICROSOFT", json!({"tenant_id": "contoso.example"})).await;
        assert!(start(&t, &own).await.as_str().contains("/login.microsoftonline.com/contoso.example/oauth2/v2.0/authorize?"));
    }

    async fn github_gives_the_primary_address(kind: Database) {
        let (t, api, idp) = social(kind).await;
        let github = connect(&t, &api, "GITHUB", json!({})).await;
        let request = start(&t, &github).await;
        assert!(request.as_str().starts_with(&idp.web.url("/github.com/login/oauth/authorize?")), "{request}");
        assert_eq!(parameters(&request)["scope"], "read:user user:email");
        tokens(&idp, "/github.com/login/oauth/access_token");
        idp.json("/api.github.com/user", &json!({"id": 583_231, "login": "octo", "name": null, "email": "public@acme.example"}));
        let emails = |primary: bool, verified: bool| json!([
            {"email": "old@acme.example", "primary": false, "verified": true},
            {"email": "octo@acme.example", "primary": primary, "verified": verified},
        ]);
        idp.json("/api.github.com/user/emails", &emails(true, true));
        let done = finish(&t, &github, answer(&request)).await.unwrap();
        let identity = done.identity;
        assert_eq!((identity.subject.as_str(), identity.email.as_str()), ("583231", "octo@acme.example"));
        assert!(identity.email_verified && identity.preferred_username == "octo" && identity.name.is_empty());
        for (primary, verified) in [(true, false), (false, true)] {
            idp.json("/api.github.com/user/emails", &emails(primary, verified));
            let error = sign_in(&t, &github, |_| {}).await.unwrap_err();
            assert_eq!(error.code, "mandatory_attribute_missing");
        }
        idp.web.answer("/api.github.com/user/emails", WebAnswer::Status(404, String::new()));
        assert_eq!(sign_in(&t, &github, |_| {}).await.unwrap_err().code, "user_info_retrieve_failed");
    }

    async fn the_others_are_where_they_usually_are_unless_a_connection_says_otherwise(kind: Database) {
        let (t, api, idp) = social(kind).await;
        for (provider, authorize, token, user_info) in [
            ("GITLAB", "/gitlab.com/oauth/authorize", "/gitlab.com/oauth/token", "/gitlab.com/oauth/userinfo"),
            ("LINKEDIN", "/www.linkedin.com/oauth/v2/authorization", "/www.linkedin.com/oauth/v2/accessToken", "/api.linkedin.com/v2/userinfo"),
            ("SALESFORCE", "/login.salesforce.com/services/oauth2/authorize", "/login.salesforce.com/services/oauth2/token",
                "/login.salesforce.com/services/oauth2/userinfo"),
        ] {
            let config = json!({"pkce_enabled": true, "token_endpoint_auth_method": "client_secret_basic"});
            let made = connect(&t, &api, provider, config).await;
            tokens(&idp, token);
            idp.json(user_info, &json!({"sub": "s1", "email": "ann@acme.example", "email_verified": true, "family_name": "Ahorn"}));
            let request = start(&t, &made).await;
            assert!(request.as_str().starts_with(&format!("{}?", idp.web.url(authorize))), "{request}");
            assert_eq!(parameters(&request)["code_challenge_method"], "S256");
            idp.web.requests();
            let identity = finish(&t, &made, answer(&request)).await.unwrap().identity;
            assert!(identity.email_verified && identity.family_name == "Ahorn", "{identity:?}");
            let asked = idp.web.requests();
            assert!(asked[0].head.contains("authorization: Basic ") && asked[0].body.contains("code_verifier="));
        }
        let config = json!({"authorize_uri": "https://gitlab.acme.example/oauth/authorize"});
        let own = connect(&t, &api, "GITLAB", config).await;
        assert!(start(&t, &own).await.as_str().starts_with("https://gitlab.acme.example/oauth/authorize?"));
    }
}
