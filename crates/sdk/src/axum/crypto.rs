//! What is derived from the cookie secret: the key of the session cookie, and the two secrets of one login.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Result, ScalekitError};
use crate::random;

/// The first byte of a cookie's value.
const VERSION: u8 = 1;
const NONCE_LENGTH: usize = 12;
const SALT: &[u8] = b"scalekit-session-v1";
const COOKIE_INFO: &[u8] = b"scalekit-encrypted-session";
const LOGIN_INFO: &[u8] = b"gatewright-login-v1";

/// The keys of one cookie secret.
pub(super) struct Keys {
    cookie: LessSafeKey,
    login: hmac::Key,
}

impl Keys {
    pub(super) fn derive(secret: &str) -> Result<Self> {
        let failed = |_| ScalekitError::internal("the keys could not be derived from the cookie secret");
        let pseudorandom = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(secret.as_bytes());
        let cookie = pseudorandom.expand(&[COOKIE_INFO], &AES_256_GCM).map_err(failed)?;
        let login = pseudorandom.expand(&[LOGIN_INFO], hmac::HMAC_SHA256).map_err(failed)?;
        Ok(Self { cookie: LessSafeKey::new(UnboundKey::from(cookie)), login: hmac::Key::from(login) })
    }

    /// Version ‖ nonce ‖ ciphertext ‖ tag in base64url.
    pub(super) fn seal(&self, mut plaintext: Vec<u8>) -> Result<String> {
        let mut nonce = [0; NONCE_LENGTH];
        random::fill(&mut nonce)?;
        let unique = Nonce::assume_unique_for_key(nonce);
        self.cookie
            .seal_in_place_append_tag(unique, Aad::empty(), &mut plaintext)
            .map_err(|_| ScalekitError::internal("the session could not be encrypted"))?;
        let mut value = vec![VERSION];
        value.extend_from_slice(&nonce);
        value.append(&mut plaintext);
        Ok(URL_SAFE_NO_PAD.encode(value))
    }

    /// What was sealed; none for what was not, or under another secret.
    pub(super) fn open(&self, value: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_LENGTH)?;
        if *version != VERSION {
            return None;
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut ciphertext = ciphertext.to_vec();
        let plaintext = self.cookie.open_in_place(nonce, Aad::empty(), &mut ciphertext).ok()?;
        Some(plaintext.to_vec())
    }

    /// The PKCE verifier of the login with this state: 43 characters. The state travels in the open, this never
    /// leaves the server but for the exchange.
    pub(super) fn code_verifier(&self, state: &str) -> String {
        self.of_login("code_verifier", state)
    }

    /// The nonce of the login with this state.
    pub(super) fn nonce(&self, state: &str) -> String {
        self.of_login("nonce", state)
    }

    fn of_login(&self, purpose: &str, state: &str) -> String {
        let tag = hmac::sign(&self.login, format!("{purpose} {state}").as_bytes());
        URL_SAFE_NO_PAD.encode(tag)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// 32 random bytes in base64url: 43 characters.
pub(super) fn random_state() -> Result<String> {
    let mut bytes = [0; 32];
    random::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether two texts are equal, in a time that does not tell where they differ.
pub(super) fn are_equal(one: &str, other: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a cookie secret of at least 32 characters";

    #[test]
    fn what_is_sealed_opens_under_the_same_secret_only() {
        let keys = Keys::derive(SECRET).unwrap();
        let value = keys.seal(b"{\"a\":1}".to_vec()).unwrap();
        assert_eq!(keys.open(&value).unwrap(), b"{\"a\":1}");
        assert_ne!(value, keys.seal(b"{\"a\":1}".to_vec()).unwrap(), "each has a nonce of its own");
        assert!(Keys::derive("another secret of at least 32 characters").unwrap().open(&value).is_none());
    }

    #[test]
    fn the_layout_is_version_nonce_ciphertext_tag() {
        let keys = Keys::derive(SECRET).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(keys.seal(b"four".to_vec()).unwrap()).unwrap();
        assert_eq!((bytes.len(), bytes.first()), (1 + 12 + 4 + 16, Some(&1)));
    }

    // Made with Python's `cryptography`: HKDF(SHA256, 32, salt, info) and AESGCM(key).encrypt(nonce, text, None).
    #[test]
    fn a_cookie_of_another_implementation_opens() {
        let keys = Keys::derive(SECRET).unwrap();
        assert_eq!(keys.open(VECTOR).unwrap(), b"{\"user\":{\"sub\":\"usr_1\"}}");
    }
    const VECTOR: &str = "AQABAgMEBQYHCAkKCyemoqjUCCElDWCDnD7xe-i6l5RMlBICkPMmNcTKorylh_CgQBgBVUM";

    #[test]
    fn changed_and_short_values_do_not_open() {
        let keys = Keys::derive(SECRET).unwrap();
        let value = keys.seal(b"text".to_vec()).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&value).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            *changed.get_mut(at).unwrap() ^= 1;
            assert!(keys.open(&URL_SAFE_NO_PAD.encode(changed)).is_none(), "byte {at}");
            assert!(keys.open(&URL_SAFE_NO_PAD.encode(bytes.get(..at).unwrap())).is_none(), "{at} bytes");
        }
        assert!(keys.open("").is_none() && keys.open("no base64!").is_none());
    }

    #[test]
    fn a_login_has_a_verifier_and_a_nonce_that_its_state_does_not_tell() {
        let keys = Keys::derive(SECRET).unwrap();
        let (verifier, nonce) = (keys.code_verifier("s-1"), keys.nonce("s-1"));
        assert!(crate::Pkce::from_verifier(&verifier).is_ok());
        assert!(verifier != nonce && verifier != keys.code_verifier("s-2"));
        assert_eq!(verifier, Keys::derive(SECRET).unwrap().code_verifier("s-1"));
        assert_ne!(
            verifier,
            Keys::derive("another secret of at least 32 characters").unwrap().code_verifier("s-1")
        );
    }
}
