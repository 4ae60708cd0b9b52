//! The token endpoint: what is sent, what comes back, what may go wrong.

use serde_json::json;

use super::keys::{SigningKey, now};
use super::server::{Reply, Server};
use crate::{ErrorKind, ScalekitClient};

#[tokio::test]
async fn a_code_is_exchanged_for_the_user_and_tokens() {
    let key = SigningKey::new("snk_1");
    let id_token = key.sign(&json!({
        "iss": "https://a.test", "aud": ["skc_1"], "sub": "usr_1", "oid": "org_1", "amr": ["conn_1"],
        "email": "dana@globex.test", "iat": now(), "nbf": now() + 5, "exp": now() + 300
    }));
    let keys = key.jwks();
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/keys" => Reply::json(200, &keys),
        _ => Reply::json(
            200,
            json!({"access_token": "at", "id_token": id_token, "refresh_token": "rt", "expires_in": 299}),
        ),
    })
    .await;
    let login = server
        .client()
        .authenticate_with_code("c0de", "https://app.test/cb")
        .code_verifier("v".repeat(43))
        .await
        .unwrap();
    assert_eq!(login.user.id, "usr_1");
    assert_eq!(login.user.email.as_deref(), Some("dana@globex.test"));
    assert_eq!((login.access_token.as_str(), login.refresh_token.as_deref()), ("at", Some("rt")));
    assert_eq!(
        (login.connection_id.as_deref(), login.organization_id.as_deref()),
        (Some("conn_1"), Some("org_1"))
    );
    assert_eq!(login.expires_in, Some(299));
    assert!(!format!("{login:?}").contains("\"at\""));

    let form = server.seen("/oauth/token")[0].form();
    let expected = [
        ("client_id", "skc_1"),
        ("client_secret", "s3cr3t"),
        ("code", "c0de"),
        ("code_verifier", &"v".repeat(43)),
        ("grant_type", "authorization_code"),
        ("redirect_uri", "https://app.test/cb"),
    ];
    assert_eq!(form, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[tokio::test]
async fn an_id_token_for_another_client_or_with_a_forged_signature_is_refused() {
    let key = SigningKey::new("snk_1");
    let forger = SigningKey::new("snk_1");
    let other = json!({"aud": ["skc_2"], "sub": "usr_1", "exp": now() + 300});
    let ours = json!({"aud": ["skc_1"], "sub": "usr_1", "exp": now() + 300});
    for id_token in [key.sign(&other), forger.sign(&ours)] {
        let keys = key.jwks();
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/keys" => Reply::json(200, &keys),
            _ => Reply::json(200, json!({"access_token": "at", "id_token": id_token})),
        })
        .await;
        let error = server.client().authenticate_with_code("c", "https://app.test/cb").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TokenValidation);
    }
}

#[tokio::test]
async fn a_client_without_a_secret_sends_none() {
    let server = Server::start(|_| Reply::json(400, r#"{"error":"invalid_grant"}"#)).await;
    let client = ScalekitClient::builder().env_url(server.url()).client_id("skc_1").build().unwrap();
    let error = client.authenticate_with_code("c", "https://app.test/cb").await.unwrap_err();
    assert_eq!((error.is_bad_request(), error.error_code()), (true, Some("invalid_grant")));
    assert!(!server.seen("/oauth/token")[0].form().contains_key("client_secret"));
    client.refresh_access_token("rt").await.unwrap_err();
    assert!(!server.seen("/oauth/token")[1].form().contains_key("client_secret"));
}

#[tokio::test]
async fn a_refresh_returns_both_new_tokens() {
    let server = Server::start(|_| {
        Reply::json(200, r#"{"access_token":"a2","refresh_token":"r2","id_token":"i2","expires_in":299}"#)
    })
    .await;
    let tokens = server.client().refresh_access_token("r1").await.unwrap();
    assert_eq!((tokens.access_token.as_str(), tokens.refresh_token.as_str()), ("a2", "r2"));
    assert_eq!((tokens.id_token.as_deref(), tokens.expires_in), (Some("i2"), Some(299)));
    let form = server.seen("/oauth/token")[0].form();
    assert_eq!((form["grant_type"].as_str(), form["refresh_token"].as_str()), ("refresh_token", "r1"));
}

#[tokio::test]
async fn an_answer_without_a_token_is_an_error() {
    let server = Server::start(|_| Reply::json(200, r#"{"access_token":"","id_token":"x"}"#)).await;
    let client = server.client();
    let errors = [
        client.refresh_access_token("r").await.unwrap_err(),
        client.authenticate_with_code("c", "u").await.unwrap_err(),
        client.generate_client_token("m2m_1", "s").await.unwrap_err(),
        client.get_client_access_token().await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
        assert_eq!(error.message(), "missing access_token in the token endpoint's answer");
    }
}

#[tokio::test]
async fn empty_arguments_are_refused_before_anything_is_sent() {
    let server = Server::start(|_| Reply::Hang).await;
    let client = server.client();
    let errors = [
        client.refresh_access_token("").await.unwrap_err(),
        client.authenticate_with_code("", "u").await.unwrap_err(),
        client.authenticate_with_code("c", "").await.unwrap_err(),
        client.generate_client_token("", "s").await.unwrap_err(),
        client.generate_client_token("m2m_1", "").await.unwrap_err(),
    ];
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::InvalidArgument));
    assert!(server.seen("").is_empty());
}

#[tokio::test]
async fn a_machine_token_is_asked_for_with_its_scopes() {
    let server = Server::start(|_| {
        Reply::json(200, r#"{"access_token":"at","token_type":"Bearer","expires_in":86399,"scope":"a b"}"#)
    })
    .await;
    let token = server.client().generate_client_token("m2m_1", "sec").scopes(["a", "b"]).await.unwrap();
    assert_eq!((token.access_token.as_str(), token.expires_in), ("at", Some(86399)));
    assert_eq!((token.token_type.as_deref(), token.scope.as_deref()), (Some("Bearer"), Some("a b")));
    let form = server.seen("/oauth/token")[0].form();
    assert_eq!((form["client_id"].as_str(), form["client_secret"].as_str()), ("m2m_1", "sec"));
    assert_eq!(form["scope"], "a b");
}

#[tokio::test]
async fn the_own_token_is_kept() {
    let server = Server::start(|_| Reply::token("mine", 3600)).await;
    let client = server.client();
    assert_eq!(client.get_client_access_token().await.unwrap(), "mine");
    assert_eq!(client.clone().get_client_access_token().await.unwrap(), "mine");
    assert_eq!(server.seen("/oauth/token").len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_secret() {
    let thief = Server::start(|_| Reply::token("t", 1)).await;
    let location = format!("{}/oauth/token", thief.url());
    let server =
        Server::start(move |_| Reply::Http(307, vec![("location", location.clone())], String::new())).await;
    let error = server.client().get_client_access_token().await.unwrap_err();
    assert_eq!(error.http_status(), Some(307));
    assert!(thief.seen("").is_empty());
}

#[tokio::test]
async fn an_endless_or_garbled_answer_is_an_error_that_does_not_quote_it() {
    let server = Server::start(|_| Reply::json(200, "x".repeat(1024 * 1024 + 1))).await;
    let error = server.client().get_client_access_token().await.unwrap_err();
    assert_eq!(error.message(), "the answer is larger than 1 MiB");
    let server =
        Server::start(|_| Reply::json(200, r#"{"access_token": "t0k3n", "expires_in": "t0k3n"}"#)).await;
    let error = server.client().get_client_access_token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert!(!format!("{error:?} {error}").contains("t0k3n"));
}
