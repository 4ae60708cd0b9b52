//! Compact JWS with RS256 (RFC 7515, RFC 7518 §3.3).
use crate::Jwk;
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeySize, PublicKeyComponents},
    signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde::Deserialize;
use zeroize::Zeroizing;

/// Longest token that is looked at. Ours have about 1 KB.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Why a token or key was not accepted. Texts are fit for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Not three base64url parts with a JSON header.
    #[error("token is malformed")]
    Malformed,
    /// `alg` is not what the key is for.
    #[error("token is not signed with RS256")]
    Algorithm,
    /// A header parameter that must be understood, and is not (RFC 7515 §4.1.11).
    #[error("token has a critical header that is not supported")]
    Critical,
    /// The signature does not belong to the token.
    #[error("token signature is not valid")]
    Signature,
    /// The key cannot be used.
    #[error("not an RSA key of 2048 bits or more")]
    Key,
    /// The signature could not be made.
    #[error("signing failed")]
    Signing,
}

/// A private RSA key, parsed once, with the id that its tokens carry.
#[derive(Debug)]
pub struct SigningKey {
    pair: RsaKeyPair,
    kid: String,
    /// The header of most tokens, encoded once.
    header: String,
}

impl SigningKey {
    /// Makes a new RSA-2048 key and returns it as PKCS#8 DER. Takes about 100 ms of one core.
    ///
    /// # Errors
    /// [`JwsError::Key`] if the system's generator fails.
    pub fn generate() -> Result<Zeroizing<Vec<u8>>, JwsError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| JwsError::Key)?;
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| JwsError::Key)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    /// Parses a PKCS#8 key; its tokens carry `kid`.
    ///
    /// # Errors
    /// [`JwsError::Key`] if it is no RSA key of at least 2048 bits.
    pub fn from_pkcs8(kid: &str, der: &[u8]) -> Result<Self, JwsError> {
        let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| JwsError::Key)?;
        Ok(Self { pair, header: header(kid, "JWT")?, kid: kid.to_owned() })
    }

    /// Id of the key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half.
    pub fn jwk(&self) -> Jwk {
        let public = self.pair.public_key();
        Jwk {
            usage: "sig".to_owned(),
            kty: "RSA".to_owned(),
            kid: self.kid.clone(),
            alg: "RS256".to_owned(),
            n: BASE64URL.encode(public.modulus().big_endian_without_leading_zero()),
            e: BASE64URL.encode(public.exponent().big_endian_without_leading_zero()),
        }
    }

    /// Signs `payload` as a compact JWS with the header members `alg`, `kid`, `typ`.
    ///
    /// # Errors
    /// [`JwsError::Signing`]
    pub fn sign(&self, payload: &[u8]) -> Result<String, JwsError> {
        self.sign_under(&self.header, payload)
    }

    /// The same for a token of another media type than `JWT` (RFC 8725 §3.11), which nobody takes for one of those.
    ///
    /// # Errors
    /// [`JwsError::Signing`], [`JwsError::Key`]
    pub fn sign_as(&self, typ: &str, payload: &[u8]) -> Result<String, JwsError> {
        self.sign_under(&header(&self.kid, typ)?, payload)
    }

    fn sign_under(&self, header: &str, payload: &[u8]) -> Result<String, JwsError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let mut token =
            String::with_capacity(header.len() + payload.len() * 4 / 3 + signature.len() * 4 / 3 + 8);
        token.push_str(header);
        token.push('.');
        BASE64URL.encode_string(payload, &mut token);
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
            .map_err(|_| JwsError::Signing)?;
        token.push('.');
        BASE64URL.encode_string(&signature, &mut token);
        Ok(token)
    }
}

/// The members in the order in which the vendor's tokens have them, encoded.
fn header(kid: &str, typ: &str) -> Result<String, JwsError> {
    let text = |text: &str| serde_json::to_string(text).map_err(|_| JwsError::Key);
    Ok(BASE64URL.encode(format!(r#"{{"alg":"RS256","kid":{},"typ":{}}}"#, text(kid)?, text(typ)?)))
}

/// A public RSA key, parsed once.
#[derive(Debug)]
pub struct VerifyingKey(ParsedPublicKey);

impl VerifyingKey {
    /// From a published key.
    ///
    /// # Errors
    /// [`JwsError::Key`] if it is no RSA key of 2048 to 8192 bits.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, JwsError> {
        let decode = |text: &str| BASE64URL.decode(text).map_err(|_| JwsError::Key);
        let (n, e) = (decode(&jwk.n)?, decode(&jwk.e)?);
        if jwk.kty != "RSA" || n.len() < 256 {
            return Err(JwsError::Key);
        }
        PublicKeyComponents { n: &n, e: &e }
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .map(Self)
            .map_err(|_| JwsError::Key)
    }
}

/// The header members that decide how a token is verified.
#[derive(Clone, Debug, Deserialize)]
pub struct Header {
    /// Must be `RS256`; checked, never obeyed.
    pub alg: String,
    /// Id of the key.
    #[serde(default)]
    pub kid: String,
    /// Media type of the token (RFC 7515 §4.1.9).
    #[serde(default)]
    pub typ: String,
    /// Present in tokens that nobody here understands.
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

/// Reads the header of a token that is not verified yet, to find the key.
///
/// # Errors
/// [`JwsError::Malformed`], [`JwsError::Algorithm`], [`JwsError::Critical`]
pub fn decode_header(token: &str) -> Result<Header, JwsError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(JwsError::Malformed);
    }
    let (header, _) = token.split_once('.').ok_or(JwsError::Malformed)?;
    let header = BASE64URL.decode(header).map_err(|_| JwsError::Malformed)?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| JwsError::Malformed)?;
    if header.alg != "RS256" {
        return Err(JwsError::Algorithm);
    }
    if header.crit.is_some() {
        return Err(JwsError::Critical);
    }
    Ok(header)
}

/// Verifies a compact JWS and returns its payload. The caller chose `key` by the header's `kid`.
///
/// # Errors
/// [`JwsError`]
pub fn verify(token: &str, key: &VerifyingKey) -> Result<Vec<u8>, JwsError> {
    decode_header(token)?;
    let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
    let (_, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
    if payload.contains('.') {
        return Err(JwsError::Malformed);
    }
    let signature = BASE64URL.decode(signature).map_err(|_| JwsError::Malformed)?;
    key.0.verify_sig(signed.as_bytes(), &signature).map_err(|_| JwsError::Signature)?;
    BASE64URL.decode(payload).map_err(|_| JwsError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken as other;
    use proptest::prelude::*;
    use std::sync::OnceLock;

    fn key() -> &'static SigningKey {
        static KEY: OnceLock<SigningKey> = OnceLock::new();
        KEY.get_or_init(|| SigningKey::from_pkcs8("snk_1", &SigningKey::generate().unwrap()).unwrap())
    }

    fn verifying() -> VerifyingKey {
        VerifyingKey::from_jwk(&key().jwk()).unwrap()
    }

    #[test]
    fn another_library_accepts_our_tokens() {
        let token = key().sign(br#"{"sub":"a","exp":4102444800}"#).unwrap();
        let jwk = key().jwk();
        let decoding = other::DecodingKey::from_rsa_components(&jwk.n, &jwk.e).unwrap();
        let data = other::decode::<serde_json::Value>(
            &token,
            &decoding,
            &other::Validation::new(other::Algorithm::RS256),
        )
        .unwrap();
        assert_eq!(data.claims["sub"], "a");
        assert_eq!(data.header.kid.as_deref(), Some("snk_1"));
        assert_eq!(data.header.typ.as_deref(), Some("JWT"));
    }

    #[test]
    fn accepts_the_rfc_7515_a_2_signature_and_no_other() {
        // RFC 7515 Appendix A.2.
        let jwk = Jwk {
            usage: "sig".into(),
            kty: "RSA".into(),
            kid: String::new(),
            alg: "RS256".into(),
            n: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ".into(),
            e: "AQAB".into(),
        };
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        let verifying = VerifyingKey::from_jwk(&jwk).unwrap();
        assert!(verify(token, &verifying).is_ok());
        assert_eq!(verify(&token.replace("eyJpc3Mi", "eyJpc3Nj"), &verifying), Err(JwsError::Signature));
    }

    #[test]
    fn refuses_none_and_hs256_with_the_public_key() {
        let part = |text: &str| BASE64URL.encode(text);
        let none = format!("{}.{}.", part(r#"{"alg":"none","kid":"snk_1"}"#), part("{}"));
        assert_eq!(verify(&none, &verifying()), Err(JwsError::Algorithm));
        let secret = other::EncodingKey::from_secret(key().jwk().n.as_bytes());
        let mut header = other::Header::new(other::Algorithm::HS256);
        header.kid = Some("snk_1".into());
        let hs256 = other::encode(&header, &serde_json::json!({"exp": 4_102_444_800_i64}), &secret).unwrap();
        assert_eq!(verify(&hs256, &verifying()), Err(JwsError::Algorithm));
    }

    #[test]
    fn refuses_critical_headers_and_small_keys() {
        let part = |text: &str| BASE64URL.encode(text);
        let token = format!("{}.{}.AA", part(r#"{"alg":"RS256","crit":["x"]}"#), part("{}"));
        assert_eq!(verify(&token, &verifying()), Err(JwsError::Critical));
        let small = Jwk { n: BASE64URL.encode([0xc5; 128]), ..key().jwk() };
        assert!(VerifyingKey::from_jwk(&small).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_refused_without_a_panic(text in "\\PC{0,200}") {
            prop_assert!(verify(&text, &verifying()).is_err());
        }

        #[test]
        fn a_changed_token_is_refused(at in 0_usize..400, letter in "[A-Za-z0-9_-]") {
            let token = key().sign(br#"{"sub":"somebody","exp":4102444800}"#).unwrap();
            let at = at % token.len();
            let mut changed = token.clone();
            changed.replace_range(at..=at, &letter);
            // The last character of the signature has two unused bits, which the strict decoder wants to be zero.
            prop_assume!(changed != token);
            prop_assert!(verify(&changed, &verifying()).is_err());
        }
    }
}
