//! Tokens that no server of ours would make, signed with its own key.
use super::BASE64URL;
use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::Engine as _;
use gatewright::{keys, vault::Place};
use gatewright_testkit::Server;
use serde_json::{Value as Json, json};

/// The server's own key, taken out of its database.
pub struct Forge {
    pub kid: String,
    pub der: Vec<u8>,
    pub claims: Json,
}

impl Forge {
    pub async fn of(t: &Server) -> Self {
        let stored = keys::list(&t.operator).await.unwrap().remove(0).0;
        let place = Place { column: "signing_keys.private_key_sealed", row: stored.id.as_i64() };
        let der = t.app.vault.open(place, &stored.private_key_sealed).unwrap().expose().clone();
        let now = t.app.clock.now().as_seconds();
        let claims = json!({
            "iss": t.url, "sub": t.client_id, "client_id": t.client_id, "aud": [t.client_id],
            "iat": now, "nbf": now, "exp": now + 60,
        });
        Self { kid: stored.id.to_string(), der, claims }
    }

    /// The claims with one of them replaced, or removed if `value` is null.
    pub fn claims_with(&self, name: &str, value: Json) -> Json {
        let mut claims = self.claims.clone();
        let map = claims.as_object_mut().unwrap();
        if value.is_null() {
            map.remove(name)
        } else {
            map.insert(name.to_owned(), value)
        };
        claims
    }

    pub fn header(&self) -> Json {
        json!({"alg": "RS256", "kid": self.kid, "typ": "JWT"})
    }

    /// Any header and claims under the right signature.
    pub fn sign(&self, header: &Json, claims: &Json) -> String {
        sign(&self.der, &header.to_string(), &claims.to_string())
    }
}

/// A compact JWS by RS256.
pub fn sign(der: &[u8], header: &str, claims: &str) -> String {
    let key = RsaKeyPair::from_pkcs8(der).unwrap();
    let signed = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", BASE64URL.encode(signature))
}

/// A compact JWS by HS256.
pub fn mac(secret: &[u8], header: &Json, claims: &Json) -> String {
    let signed = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
    format!("{signed}.{}", BASE64URL.encode(tag))
}
