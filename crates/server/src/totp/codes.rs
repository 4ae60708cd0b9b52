//! Codes: RFC 6238 with SHA-1, six digits and steps of 30 seconds, which is what every app can do.
use crate::{entropy, error::Error, secret::Secret, time::Timestamp, vault};
use aws_lc_rs::hmac;
use std::fmt::Write as _;

/// Digits of a code.
pub const DIGITS: usize = 6;
/// Seconds of a step.
pub const STEP: i64 = 30;
/// Bytes of a secret: as many as the hash has (RFC 4226 §4, R6).
const SECRET: usize = 20;
/// Steps before and after the present one whose codes are taken too (RFC 6238 §5.2).
const DRIFT: i64 = 1;

/// Base32 (RFC 4648 §6).
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Letters of a backup code: 80 bits.
const BACKUP_LETTERS: usize = 16;
/// How many backup codes there are.
const BACKUP_CODES: usize = 10;

/// The code of a step, `287082`.
pub fn code_at(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    // RFC 4226 §5.3: the last four bits say where the number begins.
    let offset = tag.as_ref().last().map_or(0, |byte| usize::from(byte & 0xf));
    let bytes = tag.as_ref().iter().skip(offset).take(4);
    let number = bytes.fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// The step of a code, if it is right about now.
pub fn step_of(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let present = now.as_seconds().div_euclid(STEP);
    let mut found = None;
    for step in present - DRIFT..=present + DRIFT {
        if vault::equal(code_at(secret, step).as_bytes(), code.as_bytes()) {
            found = Some(step);
        }
    }
    found
}

/// A new secret for an app.
///
/// # Errors
/// `INTERNAL` if the system has no randomness to give.
pub fn new_secret() -> Result<Secret<Vec<u8>>, Error> {
    Ok(Secret::new(entropy::bytes::<SECRET>()?.to_vec()))
}

/// New backup codes, `XXXX-XXXX-XXXX-XXXX`.
///
/// # Errors
/// `INTERNAL` if the system has no randomness to give.
pub fn new_backup_codes() -> Result<Vec<String>, Error> {
    let mut codes = Vec::with_capacity(BACKUP_CODES);
    for _ in 0..BACKUP_CODES {
        let letters = base32(&entropy::bytes::<{ BACKUP_LETTERS * 5 / 8 }>()?);
        let mut code = String::with_capacity(BACKUP_LETTERS + 3);
        for (index, letter) in letters.chars().enumerate() {
            if index > 0 && index % 4 == 0 {
                code.push('-');
            }
            code.push(letter);
        }
        codes.push(code);
    }
    Ok(codes)
}

/// What a person typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Digits of the app.
    Code(String),
    /// A backup code, as it is hashed.
    Backup(String),
    /// Neither.
    Nothing,
}

impl Typed {
    /// Reads a code. Spaces and hyphens do not count, nor does case.
    pub fn parse(text: &str) -> Self {
        let text: String =
            text.chars().filter(|c| !matches!(c, ' ' | '-')).take(BACKUP_LETTERS + 1).collect();
        let text = text.to_ascii_uppercase();
        if text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Self::Code(text)
        } else if text.len() == BACKUP_LETTERS && text.bytes().all(|byte| BASE32.contains(&byte)) {
            Self::Backup(text)
        } else {
            Self::Nothing
        }
    }
}

/// The URI that an app reads as a QR code.
pub fn uri(issuer: &str, account: &str, secret: &[u8]) -> String {
    let (issuer, account) = (escape(issuer), escape(account));
    let secret = base32(secret);
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP}"
    )
}

/// Percent-encodes all but what RFC 3986 §2.3 leaves alone.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// Base32 without padding, of whole groups of five bytes.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5);
    for group in bytes.chunks(5) {
        let number = group.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        for letter in (0..8).rev() {
            let index = usize::try_from(number >> (letter * 5) & 31).unwrap_or_default();
            text.extend(BASE32.get(index).copied().map(char::from));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: SHA-1, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_rfc_6238() {
        let secret = b"12345678901234567890";
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(secret, seconds / STEP), code, "{seconds}");
        }
    }

    #[test]
    fn a_code_is_right_one_step_early_and_late() {
        let secret = b"12345678901234567890";
        let now = Timestamp::from_micros(1_772_323_200_000_000);
        let present = now.as_seconds() / STEP;
        for (step, right) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let found = step_of(secret, &code_at(secret, present + step), now);
            assert_eq!(found, right.then_some(present + step), "{step}");
        }
        assert_eq!(step_of(secret, "", now), None);
    }

    /// RFC 4648 §10 has one vector of a whole group.
    #[test]
    fn secrets_are_written_in_base32() {
        assert_eq!(base32(b"fooba"), "MZXW6YTB");
        assert_eq!(base32(b"12345678901234567890"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let uri = uri("Acme & Co", "dana@acme.example", b"12345678901234567890");
        assert_eq!(
            uri,
            "otpauth://totp/Acme%20%26%20Co:dana%40acme.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Acme%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn what_is_typed_is_read_leniently() {
        assert_eq!(Typed::parse("123 456"), Typed::Code("123456".into()));
        assert_eq!(Typed::parse("abcd-efgh-2345-6722"), Typed::Backup("ABCDEFGH23456722".into()));
        for text in ["", "12345", "1234567", "12345a", "abcd-efgh-2345-6789", "１２３４５６", "x"] {
            assert_eq!(Typed::parse(text), Typed::Nothing, "{text}");
        }
        assert_eq!(Typed::parse(&"A".repeat(1_000_000)), Typed::Nothing);
        let codes = new_backup_codes().unwrap();
        assert_eq!(codes.len(), BACKUP_CODES);
        assert!(codes.iter().all(|code| matches!(Typed::parse(code), Typed::Backup(_))), "{codes:?}");
    }
}
