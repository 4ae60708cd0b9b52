//! PKCE (RFC 7636): proof that the program that exchanges a code is the one that asked for it.

use std::fmt;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Result, ScalekitError};
use crate::random;

/// Shortest verifier, RFC 7636 §4.1.
pub const MIN_VERIFIER_LENGTH: usize = 43;
/// Longest verifier, RFC 7636 §4.1.
pub const MAX_VERIFIER_LENGTH: usize = 128;
/// Length of a generated verifier unless another is asked for.
pub const DEFAULT_VERIFIER_LENGTH: usize = 64;

const ALPHABET: &[u8; 66] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

/// A code verifier and its challenge, for one login.
///
/// Send [`code_challenge`](Self::code_challenge) with the authorization URL, keep
/// [`code_verifier`](Self::code_verifier) in the user's session, and send that at the exchange.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pkce {
    /// The secret half: 43 to 128 characters of `A-Z a-z 0-9 - . _ ~`.
    pub code_verifier: String,
    /// base64url of SHA-256 of the verifier, without padding.
    pub code_challenge: String,
    /// Always `S256`.
    pub code_challenge_method: &'static str,
}

impl Pkce {
    /// A new verifier of 64 characters, about 386 bits.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::ErrorKind::Internal) when the system has no randomness.
    pub fn generate() -> Result<Self> {
        Self::generate_with_length(DEFAULT_VERIFIER_LENGTH)
    }

    /// A new verifier of this many characters, 43 to 128.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) for another length.
    pub fn generate_with_length(length: usize) -> Result<Self> {
        check_length(length)?;
        let mut verifier = String::with_capacity(length);
        let mut bytes = [0; 64];
        while verifier.len() < length {
            random::fill(&mut bytes)?;
            // 198 is the largest multiple of 66 in a byte: what is above would favour some characters.
            let characters = bytes.iter().filter(|byte| **byte < 198);
            let characters = characters.filter_map(|byte| ALPHABET.get(usize::from(byte % 66)));
            verifier.extend(characters.take(length - verifier.len()).map(|byte| char::from(*byte)));
        }
        Ok(Self::of(verifier))
    }

    /// The challenge of a verifier that you have.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) when its length is not 43 to 128 or it
    /// contains other characters than `A-Z a-z 0-9 - . _ ~`.
    pub fn from_verifier(code_verifier: impl Into<String>) -> Result<Self> {
        let verifier = code_verifier.into();
        check_length(verifier.len())?;
        if !verifier.bytes().all(|byte| ALPHABET.contains(&byte)) {
            return Err(ScalekitError::invalid_argument(
                "a code verifier may contain only A-Z, a-z, 0-9, '-', '.', '_' and '~'",
            ));
        }
        Ok(Self::of(verifier))
    }

    fn of(code_verifier: String) -> Self {
        let hash = digest::digest(&digest::SHA256, code_verifier.as_bytes());
        Self { code_challenge: URL_SAFE_NO_PAD.encode(hash), code_verifier, code_challenge_method: "S256" }
    }
}

impl fmt::Debug for Pkce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkce").field("code_challenge", &self.code_challenge).finish_non_exhaustive()
    }
}

fn check_length(length: usize) -> Result<()> {
    if (MIN_VERIFIER_LENGTH..=MAX_VERIFIER_LENGTH).contains(&length) {
        return Ok(());
    }
    Err(ScalekitError::invalid_argument("a code verifier must have 43 to 128 characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let pkce = Pkce::from_verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        assert_eq!(pkce.code_challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!(pkce.code_challenge_method, "S256");
    }

    #[test]
    fn generated_verifiers_have_the_length_and_alphabet_and_differ() {
        for length in [43, 64, 128] {
            let pkce = Pkce::generate_with_length(length).unwrap();
            assert_eq!(pkce.code_verifier.len(), length);
            assert_eq!(Pkce::from_verifier(pkce.code_verifier.clone()).unwrap(), pkce);
        }
        assert_eq!(Pkce::generate().unwrap().code_verifier.len(), 64);
        assert_ne!(Pkce::generate().unwrap(), Pkce::generate().unwrap());
    }

    #[test]
    fn every_character_of_the_alphabet_occurs() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..60 {
            seen.extend(Pkce::generate_with_length(128).unwrap().code_verifier.bytes());
        }
        assert_eq!(seen.len(), 66);
    }

    #[test]
    fn bad_verifiers_are_refused() {
        for bad in ["a".repeat(42), "a".repeat(129), format!("{}+", "a".repeat(50)), "é".repeat(30)] {
            let error = Pkce::from_verifier(bad).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
        }
        assert!(Pkce::generate_with_length(42).is_err());
        assert!(Pkce::generate_with_length(129).is_err());
    }

    #[test]
    fn debug_does_not_show_the_verifier() {
        let pkce = Pkce::generate().unwrap();
        assert!(!format!("{pkce:?}").contains(&pkce.code_verifier));
    }
}
