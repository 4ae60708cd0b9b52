//! Codes and link tokens: made, stored as hashes, compared.
use super::{model::PasswordlessType, settings::Settings};
use crate::{
    app::App,
    connections::settings::CodeType,
    entropy,
    error::Error,
    ids::PasswordlessRequestId,
    vault::{self, Place},
};
use serde::{Deserialize, Serialize};

const DIGITS: &[u8; 10] = b"0123456789";
/// Without I, O, 0 and 1.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// What a mail carries.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// To type in.
    pub code: Option<String>,
    /// In the link: a UUID and `_l`.
    pub link_token: Option<String>,
}

/// How they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashes {
    /// HMAC, bound to the request: a million codes are tried in no time by whoever has a copy of the database.
    pub code_tag: Option<Vec<u8>>,
    /// SHA-256 of 122 random bits.
    pub link_hash: Option<Vec<u8>>,
}

impl Credentials {
    /// New ones, such as the settings and the type of the request say. A test user's code is always the same.
    ///
    /// # Errors
    /// `INTERNAL` if there is no randomness.
    pub fn generate(
        settings: &Settings,
        kind: PasswordlessType,
        test_code: Option<&str>,
    ) -> Result<Self, Error> {
        let code = match test_code {
            Some(code) => Some(code.to_owned()),
            None if kind.has_code() => Some(code(settings)?),
            None => None,
        };
        let link_token = if kind.has_link() { Some(format!("{}_l", entropy::uuid()?)) } else { None };
        Ok(Self { code, link_token })
    }

    /// As they are stored.
    pub fn hashes(&self, app: &App, id: PasswordlessRequestId) -> Hashes {
        Hashes {
            code_tag: self.code.as_deref().map(|code| tag(app, id, code)),
            link_hash: self.link_token.as_deref().map(vault::hash),
        }
    }
}

fn code(settings: &Settings) -> Result<String, Error> {
    let (alphabet, fair): (&[u8], u8) = match settings.code_type {
        CodeType::Numeric => (DIGITS, 249),
        CodeType::Alphanumeric => (LETTERS, 255),
    };
    let mut code = String::with_capacity(settings.code_length);
    while code.len() < settings.code_length {
        // A byte above the last multiple of the alphabet's length would make some characters likelier than others.
        let bytes = entropy::bytes::<32>()?.into_iter().filter(|&byte| byte <= fair);
        let letters = bytes.filter_map(|byte| alphabet.get(usize::from(byte) % alphabet.len()));
        code.extend(letters.map(|&letter| char::from(letter)).take(settings.code_length - code.len()));
    }
    Ok(code)
}

/// The keyed hash of a code as a person may have typed it: with spaces, in small letters.
pub fn tag(app: &App, id: PasswordlessRequestId, code: &str) -> Vec<u8> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let place = Place { column: "passwordless_requests.code_tag", row: id.as_i64() };
    app.vault.tag(place, code.to_ascii_uppercase().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_length_and_the_characters_that_are_set() {
        for (code_type, code_length) in [(CodeType::Numeric, 6), (CodeType::Alphanumeric, 40)] {
            let settings = Settings { code_type, code_length, ..Settings::default() };
            let made: Vec<_> = (0..200).map(|_| code(&settings).unwrap()).collect();
            assert!(made.iter().all(|code| code.len() == code_length));
            let mut seen: Vec<char> = made.concat().chars().collect();
            seen.sort_unstable();
            seen.dedup();
            let alphabet = if code_type == CodeType::Numeric { DIGITS.as_slice() } else { LETTERS };
            assert_eq!(seen.len(), alphabet.len(), "every character occurs, and no other");
            assert!(seen.iter().all(|letter| alphabet.contains(&(*letter as u8))));
        }
    }

    #[test]
    fn a_request_has_what_its_type_says() {
        for kind in [PasswordlessType::Otp, PasswordlessType::Link, PasswordlessType::LinkOtp] {
            let made = Credentials::generate(&Settings::default(), kind, None).unwrap();
            assert_eq!((made.code.is_some(), made.link_token.is_some()), (kind.has_code(), kind.has_link()));
            let token = made.link_token.unwrap_or_else(|| "x_l".to_owned());
            assert!(token.ends_with("_l") && token.len() <= 100);
        }
    }
}
