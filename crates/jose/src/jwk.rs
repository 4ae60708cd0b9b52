//! JSON Web Keys (RFC 7517): the public half of an RSA signing key, as `/keys` publishes it.
use serde::{Deserialize, Serialize};

/// A public RSA signing key. Every member is always present: vendor SDKs parse each entry and index it by `kid`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// `sig` (RFC 7517 §4.2).
    #[serde(rename = "use")]
    pub usage: String,
    /// `RSA` (RFC 7518 §6.1).
    pub kty: String,
    /// Id of the key.
    pub kid: String,
    /// `RS256`.
    pub alg: String,
    /// Modulus, base64url of the big-endian number (RFC 7518 §6.3.1.1).
    pub n: String,
    /// Exponent, likewise.
    pub e: String,
}

/// A JWK Set (RFC 7517 §5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// Its keys; never empty in an answer of `/keys`.
    pub keys: Vec<Jwk>,
}
