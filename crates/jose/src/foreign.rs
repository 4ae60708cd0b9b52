//! Tokens of other issuers: an allow-list of asymmetric algorithms (RFC 7518 §3.1, RFC 8037) and their published keys.
//!
//! The algorithm is one of the allow-list and one that the key can have; `none` and all symmetric ones are not in the list,
//! so that no public key ever serves as a shared secret.
use aws_lc_rs::{
    digest,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, ParsedPublicKey,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
        RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde::Deserialize;

/// Longest token of somebody else that is looked at: those with many groups are long.
const MAX_TOKEN_BYTES: usize = 64 * 1024;
/// Most keys of a set that are looked at.
const MAX_KEYS: usize = 100;

/// Why a token of another issuer was not accepted. Texts are fit for whoever configured the issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignError {
    /// Not three base64url parts with a JSON header.
    #[error("it is not a signed JWT")]
    Malformed,
    /// An algorithm that is not in the allow-list.
    #[error("it is not signed with RS256, PS256, ES256, EdDSA or one of their longer forms")]
    Algorithm,
    /// A header parameter that must be understood, and is not (RFC 7515 §4.1.11).
    #[error("it has a critical header that is not supported")]
    Critical,
    /// No published key fits its `kid` and `alg`.
    #[error("none of the published keys fits its kid and alg")]
    UnknownKey,
    /// The signature was made with another key.
    #[error("its signature is not valid")]
    Signature,
    /// The published keys are no JWK Set (RFC 7517 §5).
    #[error("is not a JWK Set")]
    KeySet,
}

/// A signature algorithm of the allow-list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    EdDsa,
}

impl Algorithm {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }

    /// Whether keys of this type and curve can have it (RFC 7518 §3.1, RFC 8037 §3.1).
    fn fits(self, kty: &str, crv: &str) -> bool {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512 => kty == "RSA",
            Self::Es256 => kty == "EC" && crv == "P-256",
            Self::Es384 => kty == "EC" && crv == "P-384",
            Self::Es512 => kty == "EC" && crv == "P-521",
            Self::EdDsa => kty == "OKP" && crv == "Ed25519",
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => &digest::SHA256,
            Self::Rs384 | Self::Ps384 | Self::Es384 => &digest::SHA384,
            // Ed25519 hashes with SHA-512 inside, and so do issuers for `at_hash`.
            Self::Rs512 | Self::Ps512 | Self::Es512 | Self::EdDsa => &digest::SHA512,
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

/// A published key. What is not there is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ForeignKey {
    kty: String,
    #[serde(rename = "use")]
    usage: String,
    kid: Option<String>,
    alg: String,
    crv: String,
    n: String,
    e: String,
    x: String,
    y: String,
}

impl ForeignKey {
    fn fits(&self, algorithm: Algorithm) -> bool {
        algorithm.fits(&self.kty, &self.crv)
            && (self.usage.is_empty() || self.usage == "sig")
            && (self.alg.is_empty() || Algorithm::named(&self.alg) == Some(algorithm))
    }

    fn parse(&self, algorithm: Algorithm) -> Option<ParsedPublicKey> {
        let rsa = |parameters| {
            let (n, e) = (BASE64URL.decode(&self.n).ok()?, BASE64URL.decode(&self.e).ok()?);
            PublicKeyComponents { n: &n, e: &e }.to_parsed_public_key(parameters).ok()
        };
        let ec = |parameters, bytes| ParsedPublicKey::new(parameters, self.point(bytes)?).ok();
        match algorithm {
            Algorithm::Rs256 => rsa(&RSA_PKCS1_2048_8192_SHA256),
            Algorithm::Rs384 => rsa(&RSA_PKCS1_2048_8192_SHA384),
            Algorithm::Rs512 => rsa(&RSA_PKCS1_2048_8192_SHA512),
            Algorithm::Ps256 => rsa(&RSA_PSS_2048_8192_SHA256),
            Algorithm::Ps384 => rsa(&RSA_PSS_2048_8192_SHA384),
            Algorithm::Ps512 => rsa(&RSA_PSS_2048_8192_SHA512),
            Algorithm::Es256 => ec(&ECDSA_P256_SHA256_FIXED, 32),
            Algorithm::Es384 => ec(&ECDSA_P384_SHA384_FIXED, 48),
            Algorithm::Es512 => ec(&ECDSA_P521_SHA512_FIXED, 66),
            Algorithm::EdDsa => ParsedPublicKey::new(&ED25519, BASE64URL.decode(&self.x).ok()?).ok(),
        }
    }

    /// The uncompressed point (SEC 1 §2.3.3): RFC 7518 §6.2.1.2 wants coordinates of full length.
    fn point(&self, bytes: usize) -> Option<Vec<u8>> {
        let (x, y) = (BASE64URL.decode(&self.x).ok()?, BASE64URL.decode(&self.y).ok()?);
        (x.len() == bytes && y.len() == bytes).then(|| [&[4][..], &x, &y].concat())
    }
}

/// The published keys of another issuer.
#[derive(Debug)]
pub struct ForeignKeys(Vec<ForeignKey>);

/// What a token of another issuer says, its signature verified and nothing else.
#[derive(Debug)]
pub struct Verified {
    algorithm: Algorithm,
    /// The claims, as JSON.
    pub payload: Vec<u8>,
}

impl Verified {
    /// The left half of a hash in base64url, as `at_hash` has it of an access token (OpenID Connect Core §3.1.3.6).
    pub fn half_hash(&self, text: &str) -> String {
        let hash = digest::digest(self.algorithm.digest(), text.as_bytes());
        let hash = hash.as_ref();
        BASE64URL.encode(hash.get(..hash.len() / 2).unwrap_or_default())
    }
}

impl ForeignKeys {
    /// Reads a JWK Set. Entries that are no keys of ours to use are passed over (RFC 7517 §5).
    ///
    /// # Errors
    /// [`ForeignError::KeySet`]
    pub fn parse(json: &[u8]) -> Result<Self, ForeignError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        let set: Set = serde_json::from_slice(json).map_err(|_| ForeignError::KeySet)?;
        let keys = set.keys.into_iter().take(MAX_KEYS);
        Ok(Self(keys.filter_map(|key| serde_json::from_value(key).ok()).collect()))
    }

    /// Verifies the signature of a compact JWS. With a `kid` only the key of that name counts; without one, every key that
    /// fits the algorithm (OpenID Connect Core §10.1).
    ///
    /// # Errors
    /// [`ForeignError`]; `UnknownKey` may be cured by reading the keys again.
    pub fn verify(&self, token: &str) -> Result<Verified, ForeignError> {
        let (signed, signature, payload) = split(token)?;
        let header = signed.split('.').next().unwrap_or_default();
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| ForeignError::Malformed)?;
        let algorithm = Algorithm::named(&header.alg).ok_or(ForeignError::Algorithm)?;
        if header.crit.is_some() {
            return Err(ForeignError::Critical);
        }
        let (signature, payload) = (decode(signature)?, decode(payload)?);
        let named = |key: &&ForeignKey| header.kid.is_none() || key.kid == header.kid;
        let mut keys = self.0.iter().filter(named).filter(|key| key.fits(algorithm)).peekable();
        if keys.peek().is_none() {
            return Err(ForeignError::UnknownKey);
        }
        let mut keys = keys.filter_map(|key| key.parse(algorithm));
        if keys.any(|key| key.verify_sig(signed.as_bytes(), &signature).is_ok()) {
            Ok(Verified { algorithm, payload })
        } else {
            Err(ForeignError::Signature)
        }
    }
}

/// What is signed, the signature, and the payload.
fn split(token: &str) -> Result<(&str, &str, &str), ForeignError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(ForeignError::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(ForeignError::Malformed)?;
    let (_, payload) = signed.split_once('.').ok_or(ForeignError::Malformed)?;
    if payload.contains('.') {
        return Err(ForeignError::Malformed);
    }
    Ok((signed, signature, payload))
}

fn decode(part: &str) -> Result<Vec<u8>, ForeignError> {
    BASE64URL.decode(part).map_err(|_| ForeignError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningKey;
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
    };
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};
    use std::sync::OnceLock;

    const CLAIMS: &[u8] = br#"{"sub":"a"}"#;

    fn rsa() -> &'static SigningKey {
        static KEY: OnceLock<SigningKey> = OnceLock::new();
        KEY.get_or_init(|| SigningKey::from_pkcs8("r1", &SigningKey::generate().unwrap()).unwrap())
    }

    fn keys(keys: Json) -> ForeignKeys {
        ForeignKeys::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    fn rsa_jwk() -> Json {
        serde_json::to_value(rsa().jwk()).unwrap()
    }

    fn token(header: Json, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let signed = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(CLAIMS));
        format!("{signed}.{}", BASE64URL.encode(sign(signed.as_bytes())))
    }

    #[test]
    fn each_kind_of_key_verifies_its_own_signatures_and_no_other() {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let ec = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref()).unwrap();
        let point = ec.public_key().as_ref();
        let ec_jwk = json!({"kty": "EC", "crv": "P-256", "kid": "e1",
            "x": BASE64URL.encode(&point[1..33]), "y": BASE64URL.encode(&point[33..])});
        let ed = Ed25519KeyPair::generate().unwrap();
        let ed_jwk =
            json!({"kty": "OKP", "crv": "Ed25519", "kid": "d1", "x": BASE64URL.encode(ed.public_key())});
        let set = keys(json!([rsa_jwk(), ec_jwk, ed_jwk]));
        let es256 =
            token(json!({"alg": "ES256", "kid": "e1"}), |m| ec.sign(&random, m).unwrap().as_ref().to_vec());
        let eddsa = token(json!({"alg": "EdDSA", "kid": "d1"}), |m| ed.sign(m).as_ref().to_vec());
        let rs256 = rsa().sign(CLAIMS).unwrap();
        for good in [&es256, &eddsa, &rs256] {
            assert_eq!(set.verify(good).unwrap().payload, CLAIMS);
            let changed = good.replace(&BASE64URL.encode(CLAIMS), &BASE64URL.encode(br#"{"sub":"b"}"#));
            assert_eq!(set.verify(&changed).unwrap_err(), ForeignError::Signature);
        }
        let without_kid = token(json!({"alg": "ES256"}), |m| ec.sign(&random, m).unwrap().as_ref().to_vec());
        assert!(set.verify(&without_kid).is_ok());
        let other_kid =
            token(json!({"alg": "ES256", "kid": "r1"}), |m| ec.sign(&random, m).unwrap().as_ref().to_vec());
        assert_eq!(set.verify(&other_kid).unwrap_err(), ForeignError::UnknownKey);
    }

    #[test]
    fn only_algorithms_of_the_list_and_of_the_key_count() {
        let set = keys(json!([rsa_jwk()]));
        for (header, error) in [
            (json!({"alg": "none", "kid": "r1"}), ForeignError::Algorithm),
            (json!({"alg": "HS256", "kid": "r1"}), ForeignError::Algorithm),
            (json!({"alg": "rs256", "kid": "r1"}), ForeignError::Algorithm),
            (json!({"alg": "ES256", "kid": "r1"}), ForeignError::UnknownKey),
            (json!({"alg": "RS512", "kid": "r1"}), ForeignError::UnknownKey), // the key says RS256
            (json!({"alg": "RS256", "kid": "r2"}), ForeignError::UnknownKey),
            (json!({"alg": "RS256", "kid": "r1", "crit": ["x"]}), ForeignError::Critical),
            (json!({"alg": "RS256", "kid": "r1"}), ForeignError::Signature),
            (json!({"kid": "r1"}), ForeignError::Malformed),
        ] {
            assert_eq!(set.verify(&token(header.clone(), |_| vec![0; 256])).unwrap_err(), error, "{header}");
        }
        let mut for_encryption = rsa_jwk();
        for_encryption["use"] = json!("enc");
        let signed = rsa().sign(CLAIMS).unwrap();
        assert_eq!(keys(json!([for_encryption])).verify(&signed).unwrap_err(), ForeignError::UnknownKey);
        assert!(keys(json!([5, {"kty": 7}, {"kty": "XYZ"}, rsa_jwk()])).verify(&signed).is_ok());
        assert_eq!(ForeignKeys::parse(b"[]").unwrap_err(), ForeignError::KeySet);
    }

    #[test]
    fn at_hash_is_the_left_half() {
        // OpenID Connect Core A.3
        let verified = Verified { algorithm: Algorithm::Rs256, payload: Vec::new() };
        assert_eq!(
            verified.half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_refused_without_a_panic(text in "\\PC{0,200}", set in "\\PC{0,50}") {
            prop_assert!(keys(json!([rsa_jwk()])).verify(&text).is_err());
            let _ = ForeignKeys::parse(set.as_bytes());
        }
    }
}
