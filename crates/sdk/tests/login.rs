//! A login, its tokens and its end, as an application does them with the SDK: a browser on the hosted pages of the real server.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use gatewright_sdk::{AuthorizationUrlOptions, ErrorKind, LogoutUrlOptions, Pkce, ScalekitClient};
use gatewright_testkit::{Browser, Server, Shown, api_tests};
use serde_json::{Value, json};

const CALLBACK: &str = "https://app.example/callback";
const SIGNED_OUT: &str = "https://app.example/";
const ADA: &str = "ada@analytical.example";

fn client(t: &Server) -> ScalekitClient {
    ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap()
}

fn options() -> AuthorizationUrlOptions {
    AuthorizationUrlOptions::new()
        .scopes(["openid", "profile", "email", "offline_access"])
        .state("s&t=1")
        .nonce("n-1")
}

/// Ada signs up with PKCE; the browser arrives at the application.
async fn sign_up(t: &Server, browser: &mut Browser) -> (Shown, Pkce) {
    t.register_application(CALLBACK, SIGNED_OUT).await;
    let pkce = client(t).generate_pkce().unwrap();
    let url = client(t).get_authorization_url(CALLBACK, &options().prompt("create").pkce(&pkce));
    let arrived = t.sign_up(browser, &url, ADA, "Analytical").await;
    assert!(arrived.away.as_deref().unwrap().starts_with(CALLBACK));
    (arrived, pkce)
}

api_tests! {
    async fn a_person_signs_up_and_the_code_gives_the_user_and_tokens(t: Server) {
        let (client, mut browser) = (client(&t), t.browser());
        let (arrived, pkce) = sign_up(&t, &mut browser).await;
        assert_eq!(arrived.param("state").as_deref(), Some("s&t=1"));
        let code = arrived.param("code").unwrap();
        let login = client.authenticate_with_code(&code, CALLBACK).code_verifier(&pkce.code_verifier).await.unwrap();
        assert_eq!(login.user.email.as_deref(), Some(ADA));
        assert_eq!((login.user.name.as_deref(), login.user.email_verified), (Some("Ada Lovelace"), Some(true)));
        assert!(login.user.id.starts_with("usr_") && login.refresh_token.is_some() && login.expires_in > Some(0));
        assert!(login.connection_id.as_deref().unwrap().starts_with("conn_"));
        assert_eq!(login.id_token_claims["nonce"], "n-1");
        let organization = client.organization().get_organization(login.organization_id.unwrap()).await.unwrap();
        assert_eq!(organization.display_name, "Analytical");

        let claims: Value = client.validate_token(&login.access_token).issuer(&t.url).audience(&t.client_id).await.unwrap();
        assert_eq!((&claims["roles"], &claims["oid"]), (&json!(["admin"]), &json!(organization.id)));
        assert!(claims["permissions"].is_array());
        assert!(client.validate_access_token(&login.access_token).required_scopes(["email"]).await);
        assert!(!client.validate_access_token(&login.access_token).required_scopes(["orders:read"]).await);
        assert!(client.verify_scopes(&login.access_token, ["openid", "offline_access"]));

        let again = client.authenticate_with_code(&code, CALLBACK).code_verifier(&pkce.code_verifier);
        let other = client.authenticate_with_code(&code, "https://app.example/other").code_verifier(&pkce.code_verifier);
        assert_eq!(other.await.unwrap_err().error_code(), Some("invalid_grant"));
        assert!(again.await.is_err());
    }

    async fn a_wrong_or_missing_verifier_gets_nothing(t: Server) {
        let (client, mut browser) = (client(&t), t.browser());
        let (arrived, _) = sign_up(&t, &mut browser).await;
        let code = arrived.param("code").unwrap();
        let wrong = Pkce::generate().unwrap();
        for request in [
            client.authenticate_with_code(&code, CALLBACK),
            client.authenticate_with_code(&code, CALLBACK).code_verifier(&wrong.code_verifier),
        ] {
            let error = request.await.unwrap_err();
            assert!(error.is_bad_request(), "{error:?}");
        }
    }

    async fn a_session_is_refreshed_until_it_is_logged_out(t: Server) {
        let (client, mut browser) = (client(&t), t.browser());
        let (arrived, pkce) = sign_up(&t, &mut browser).await;
        let exchange = client.authenticate_with_code(arrived.param("code").unwrap(), CALLBACK);
        let login = exchange.code_verifier(&pkce.code_verifier).await.unwrap();
        let fresh = client.refresh_access_token(login.refresh_token.unwrap()).await.unwrap();
        assert_ne!(fresh.access_token, login.access_token);
        assert!(fresh.expires_in > Some(0));
        let (old, new): (Value, Value) = (
            client.validate_token(&login.access_token).await.unwrap(),
            client.validate_token(&fresh.access_token).audience(&t.client_id).await.unwrap(),
        );
        assert_eq!((&old["sub"], &old["sid"], &old["roles"]), (&new["sub"], &new["sid"], &new["roles"]));
        assert_ne!(old["jti"], new["jti"]);

        // The browser has a session: another request for authorization needs no page.
        let url = client.get_authorization_url(CALLBACK, &options().prompt("none"));
        assert!(browser.open(&url).await.param("code").is_some());

        let options = LogoutUrlOptions::new()
            .id_token_hint(&login.id_token)
            .post_logout_redirect_uri(SIGNED_OUT)
            .state("bye");
        let left = browser.open(&client.get_logout_url(&options)).await;
        assert_eq!(left.away.as_deref(), Some("https://app.example/?state=bye"), "{} {}", left.status, left.html);
        let error = client.refresh_access_token(&fresh.refresh_token).await.unwrap_err();
        assert_eq!(error.error_code(), Some("invalid_grant"));
        assert_eq!(browser.open(&url).await.param("error").as_deref(), Some("login_required"));
    }

    async fn somebody_with_two_organizations_switches_between_them(t: Server) {
        let (client, mut browser) = (client(&t), t.browser());
        sign_up(&t, &mut browser).await;
        let other = client.organization().create_organization("Babbage & Co").await.unwrap();
        let ada = client.user().search_users(ADA).await.unwrap().users.remove(0);
        client.user().create_membership(&other.id, &ada.id).await.unwrap();
        let user = client.user().get_user(&ada.id).await.unwrap();
        assert_eq!(user.memberships.len(), 2, "{user:?}");

        let switch = options().prompt("select_account");
        let page = browser.open(&client.get_authorization_url(CALLBACK, &switch)).await;
        assert!(page.html.contains("Babbage &amp; Co") || page.html.contains("Babbage &#38; Co"), "{}", page.html);
        let there = browser.submit(&page, "/a/auth/organizations", &[("organization_id", &other.id)]).await;
        let login = client.authenticate_with_code(there.param("code").unwrap(), CALLBACK).await.unwrap();
        assert_eq!(login.organization_id.as_deref(), Some(other.id.as_str()));
        let claims: Value = client.validate_token(&login.access_token).await.unwrap();
        assert_eq!(claims["roles"], json!(["member"]));

        let straight = client.get_authorization_url(CALLBACK, &switch.organization_id(&other.id));
        assert!(browser.open(&straight).await.param("code").is_some());
    }

    // The server sends such tokens with SAML; they are signed with the environment's key like all others.
    async fn idp_initiated_login_claims_lead_to_the_organization(t: Server) {
        let client = client(&t);
        let now = t.app.clock.now().as_seconds();
        let claims = |iss: &str, exp: i64| json!({
            "iss": iss, "organization_id": "org_7", "connection_id": "conn_7", "login_hint": ADA,
            "relay_state": "/reports/7", "iat": now, "nbf": now, "exp": exp,
        });
        let token = t.signed("JWT", &claims(&t.url, now + 300)).await;
        let read = client.get_idp_initiated_login_claims(&token).issuer(&t.url).await.unwrap();
        assert_eq!((read.organization_id.as_str(), read.connection_id.as_str()), ("org_7", "conn_7"));
        assert_eq!((read.login_hint.as_str(), read.relay_state.as_deref()), (ADA, Some("/reports/7")));
        for bad in [claims(&t.url, now - 1), claims("https://other.example", now + 300)] {
            let token = t.signed("JWT", &bad).await;
            let error = client.get_idp_initiated_login_claims(&token).issuer(&t.url).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TokenValidation);
        }
    }
}
