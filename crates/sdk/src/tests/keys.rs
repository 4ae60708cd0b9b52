//! Token checks with real keys, and the key set's life: rotation, age, outages, load.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

use super::server::{Reply, Server};
use crate::{ErrorKind, ScalekitClient};

pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

pub(super) struct SigningKey {
    kid: &'static str,
    pair: KeyPair,
}

impl SigningKey {
    pub(super) fn new(kid: &'static str) -> Self {
        Self { kid, pair: KeyPair::generate(KeySize::Rsa2048).unwrap() }
    }

    /// Modulus and exponent of `RSAPublicKey` (RFC 8017 A.1.1), base64url.
    fn components(&self) -> (String, String) {
        fn integer(der: &[u8]) -> (&[u8], &[u8]) {
            assert_eq!(der[0], 2);
            let (length, start) = match der[1] {
                0x82 => (usize::from(der[2]) << 8 | usize::from(der[3]), 4),
                short => (usize::from(short), 2),
            };
            (&der[start..start + length], &der[start + length..])
        }
        let der = self.pair.public_key().as_ref();
        let (modulus, rest) = integer(&der[4..]);
        let (exponent, _) = integer(rest);
        (BASE64URL.encode(&modulus[1..]), BASE64URL.encode(exponent))
    }

    fn jwk(&self) -> Value {
        let (n, e) = self.components();
        json!({"use": "sig", "kty": "RSA", "kid": self.kid, "alg": "RS256", "n": n, "e": e})
    }

    pub(super) fn jwks(&self) -> String {
        json!({"keys": [self.jwk()]}).to_string()
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({"alg": "RS256", "kid": self.kid, "typ": "JWT"}), claims)
    }

    fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let input =
            format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
        format!("{input}.{}", BASE64URL.encode(signature))
    }
}

/// A server whose key set can be changed, and which can be made to fail.
struct Environment {
    server: Server,
    keys: Arc<Mutex<String>>,
    down: Arc<AtomicBool>,
}

impl Environment {
    async fn new(key: &SigningKey) -> Self {
        let keys = Arc::new(Mutex::new(key.jwks()));
        let down = Arc::new(AtomicBool::new(false));
        let (served, failing) = (Arc::clone(&keys), Arc::clone(&down));
        let server = Server::start(move |_| match failing.load(Ordering::SeqCst) {
            true => Reply::json(503, "{}"),
            false => Reply::json(200, served.lock().unwrap().as_str()),
        })
        .await;
        Self { server, keys, down }
    }

    fn publish(&self, keys: &[&SigningKey]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        *self.keys.lock().unwrap() = json!({"keys": keys}).to_string();
    }

    fn fetches(&self) -> usize {
        self.server.seen("/keys").len()
    }
}

async fn check(client: &ScalekitClient, token: &str) -> Result<Value, (ErrorKind, String)> {
    let outcome = client.validate_token::<Value>(token).await;
    outcome.map_err(|error| (error.kind(), error.message().to_owned()))
}

#[tokio::test]
async fn a_genuine_token_gives_its_claims_and_the_keys_are_fetched_once() {
    let key = SigningKey::new("snk_1");
    let environment = Environment::new(&key).await;
    let client = environment.server.client();
    let claims = json!({"sub": "usr_1", "aud": ["x"], "exp": now() + 60, "nbf": now(), "scopes": ["a"]});
    let token = key.sign(&claims);
    let checks = (0..20).map(|_| check(&client, &token));
    for outcome in futures_util::future::join_all(checks).await {
        assert_eq!(outcome, Ok(claims.clone()));
    }
    assert_eq!(environment.fetches(), 1);

    #[derive(serde::Deserialize)]
    struct Typed {
        sub: String,
    }
    let typed: Typed = client.validate_token(&*token).audience("x").required_scopes(["a"]).await.unwrap();
    assert_eq!(typed.sub, "usr_1");
    assert!(client.validate_access_token(&*token).await);
    assert!(!client.validate_access_token(&*token).audience("y").await);
    let error = client.validate_token::<Typed>(&*token).required_scopes(["b"]).await.err().unwrap();
    assert_eq!(error.message(), "Token missing required scopes: b");
}

#[tokio::test]
async fn time_passes_and_the_token_expires() {
    let key = SigningKey::new("snk_1");
    let environment = Environment::new(&key).await;
    let client = environment.server.client();
    let token = key.sign(&json!({"exp": now() + 60}));
    assert!(client.validate_access_token(&*token).await);
    client.clock().advance(Duration::from_secs(61));
    assert!(!client.validate_access_token(&*token).await);
    assert!(client.validate_access_token(&*token).leeway(Duration::from_secs(30)).await);
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let key = SigningKey::new("snk_1");
    let environment = Environment::new(&key).await;
    let client = environment.server.client();
    let claims = json!({"sub": "usr_1", "exp": now() + 60});
    let good = key.sign(&claims);
    assert!(client.validate_access_token(&*good).await);

    let unsigned = format!(
        "{}.{}.",
        BASE64URL.encode(r#"{"alg":"none","kid":"snk_1"}"#),
        BASE64URL.encode(claims.to_string())
    );
    // HS256 with the public key as the secret: the classic confusion of algorithms.
    let (n, _) = key.components();
    let input = format!(
        "{}.{}",
        BASE64URL.encode(r#"{"alg":"HS256","kid":"snk_1"}"#),
        BASE64URL.encode(claims.to_string())
    );
    let hmac_key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, n.as_bytes());
    let confused =
        format!("{input}.{}", BASE64URL.encode(aws_lc_rs::hmac::sign(&hmac_key, input.as_bytes())));
    // Another algorithm is refused before the keys are even asked for.
    let fresh = environment.server.client();
    for bad in [&unsigned, &confused] {
        check(&fresh, bad).await.unwrap_err();
    }
    assert_eq!(environment.fetches(), 1);
    let other_key = SigningKey::new("snk_1").sign(&claims);
    let (head, signature) = good.rsplit_once('.').unwrap();
    let header = head.split_once('.').unwrap().0;
    let changed = format!("{header}.{}.{signature}", BASE64URL.encode(r#"{"sub":"usr_2","exp":9999999999}"#));
    let no_kid = key.sign_with(&json!({"alg": "RS256"}), &claims);
    let critical = key.sign_with(&json!({"alg": "RS256", "kid": "snk_1", "crit": ["exp"]}), &claims);
    let own_key =
        key.sign_with(&json!({"alg": "RS256", "kid": "snk_9", "jku": environment.server.url()}), &claims);
    let not_an_object = key.sign(&json!([1]));
    let no_exp = key.sign(&json!({"sub": "usr_1"}));
    let cut = good[..good.len() - 8].to_owned();
    for bad in [
        unsigned,
        confused,
        other_key,
        changed,
        no_kid,
        critical,
        own_key,
        not_an_object,
        no_exp,
        cut,
        String::new(),
        "x".into(),
        "a.b.c".into(),
        format!("{good}.x"),
    ] {
        let (kind, message) = check(&client, &bad).await.unwrap_err();
        assert_eq!(kind, ErrorKind::TokenValidation, "{bad}: {message}");
        assert!(!client.validate_access_token(bad).await);
    }
}

#[tokio::test]
async fn a_rotation_is_survived_at_once() {
    let (old, new) = (SigningKey::new("snk_1"), SigningKey::new("snk_2"));
    let environment = Environment::new(&old).await;
    let client = environment.server.client();
    let claims = json!({"exp": now() + 3600});
    assert!(check(&client, &old.sign(&claims)).await.is_ok());
    environment.publish(&[&old, &new]);
    assert!(check(&client, &new.sign(&claims)).await.is_ok());
    assert!(check(&client, &old.sign(&claims)).await.is_ok());
    assert_eq!(environment.fetches(), 2);
}

#[tokio::test]
async fn unknown_keys_cause_one_fetch_a_minute() {
    let (ours, foreign) = (SigningKey::new("snk_1"), SigningKey::new("snk_9"));
    let environment = Environment::new(&ours).await;
    let client = environment.server.client();
    let claims = json!({"exp": now() + 36_000});
    let (good, bad) = (ours.sign(&claims), foreign.sign(&claims));
    check(&client, &good).await.unwrap();
    for _ in 0..5 {
        check(&client, &bad).await.unwrap_err();
    }
    assert_eq!(environment.fetches(), 2);
    client.clock().advance(Duration::from_secs(61));
    for _ in 0..5 {
        check(&client, &bad).await.unwrap_err();
    }
    assert_eq!(environment.fetches(), 3);
    check(&client, &good).await.unwrap();
    assert_eq!(environment.fetches(), 3);
}

#[tokio::test]
async fn a_withdrawn_key_is_forgotten_after_ten_minutes() {
    let (old, new) = (SigningKey::new("snk_1"), SigningKey::new("snk_2"));
    let environment = Environment::new(&old).await;
    let client = environment.server.client();
    let token = old.sign(&json!({"exp": now() + 36_000}));
    check(&client, &token).await.unwrap();
    environment.publish(&[&new]);
    client.clock().advance(Duration::from_secs(599));
    check(&client, &token).await.unwrap();
    client.clock().advance(Duration::from_secs(2));
    check(&client, &token).await.unwrap_err();
}

#[tokio::test]
async fn an_outage_is_bridged_for_an_hour_without_hammering() {
    let key = SigningKey::new("snk_1");
    let environment = Environment::new(&key).await;
    let client = environment.server.client();
    let token = key.sign(&json!({"exp": now() + 36_000}));
    check(&client, &token).await.unwrap();
    environment.down.store(true, Ordering::SeqCst);
    client.clock().advance(Duration::from_secs(601));
    for _ in 0..5 {
        check(&client, &token).await.unwrap();
    }
    assert_eq!(environment.fetches(), 2);
    client.clock().advance(Duration::from_secs(3000));
    let (kind, _) = check(&client, &token).await.unwrap_err();
    assert_eq!(kind, ErrorKind::Server(crate::ServerErrorKind::ServiceUnavailable));
    environment.down.store(false, Ordering::SeqCst);
    check(&client, &token).await.unwrap();
}

#[tokio::test]
async fn an_unknown_key_in_an_outage_does_not_hammer_either() {
    let (ours, new) = (SigningKey::new("snk_1"), SigningKey::new("snk_2"));
    let environment = Environment::new(&ours).await;
    let client = environment.server.client();
    let claims = json!({"exp": now() + 36_000});
    check(&client, &ours.sign(&claims)).await.unwrap();
    environment.down.store(true, Ordering::SeqCst);
    for _ in 0..5 {
        let (kind, _) = check(&client, &new.sign(&claims)).await.unwrap_err();
        assert_eq!(kind, ErrorKind::Server(crate::ServerErrorKind::ServiceUnavailable));
    }
    assert_eq!(environment.fetches(), 2);
    environment.down.store(false, Ordering::SeqCst);
    environment.publish(&[&ours, &new]);
    client.clock().advance(Duration::from_secs(31));
    check(&client, &new.sign(&claims)).await.unwrap();
}

#[tokio::test]
async fn other_kinds_of_key_stand_beside_ours() {
    let key = SigningKey::new("snk_1");
    let environment = Environment::new(&key).await;
    let strange = [
        json!({"kty": "EC", "kid": "e", "crv": "P-256", "x": "AA", "y": "AA"}),
        json!({"kty": "RSA", "kid": "enc", "use": "enc", "n": "AQAB", "e": "AQAB"}),
        json!({"kty": "RSA", "kid": "broken", "n": "***", "e": "AQAB"}),
        json!({}),
        key.jwk(),
    ];
    *environment.keys.lock().unwrap() = json!({"keys": strange}).to_string();
    assert!(check(&environment.server.client(), &key.sign(&json!({"exp": now() + 60}))).await.is_ok());
    *environment.keys.lock().unwrap() = json!({"keys": []}).to_string();
    let (kind, message) =
        check(&environment.server.client(), &key.sign(&json!({"exp": now() + 60}))).await.unwrap_err();
    assert_eq!((kind, message.as_str()), (ErrorKind::InvalidResponse, "the key set has no RS256 key"));
}

#[tokio::test]
async fn idp_initiated_login_claims_are_checked_and_read() {
    let key = SigningKey::new("snk_1");
    let environment = Environment::new(&key).await;
    let client = environment.server.client();
    let (iat, exp) = (now(), now() + 300);
    let token = key.sign(&json!({
        "iss": "https://a.test", "organization_id": "org_1", "connection_id": "conn_1",
        "login_hint": "dana@globex.test", "relay_state": null, "iat": iat, "nbf": iat, "exp": exp
    }));
    let claims = client.get_idp_initiated_login_claims(&*token).issuer("https://a.test").await.unwrap();
    assert_eq!((claims.organization_id.as_str(), claims.connection_id.as_str()), ("org_1", "conn_1"));
    assert_eq!((claims.login_hint.as_str(), claims.relay_state), ("dana@globex.test", None));
    assert_eq!((claims.iat, claims.nbf, claims.exp), (Some(iat), Some(iat), exp));
    let error = client.get_idp_initiated_login_claims(token).issuer("https://b.test").await.unwrap_err();
    assert!(error.is_token_validation());
}
