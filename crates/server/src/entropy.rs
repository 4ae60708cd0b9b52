//! Randomness for secrets. Nothing else asks the system for random bytes.
use crate::error::Error;
use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// `N` bytes from the system's generator.
///
/// # Errors
/// `INTERNAL` if the system has none to give.
pub fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Error::internal("the system's random generator failed"))?;
    Ok(bytes)
}

/// 256 random bits as 43 characters of base64url (RFC 4648 §5), which need no escaping in a form or a URL.
///
/// # Errors
/// As [`bytes`].
pub fn token() -> Result<String, Error> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<32>()?))
}

/// A random (version 4) UUID in its canonical form (RFC 9562 §5.4).
///
/// # Errors
/// As [`bytes`].
pub fn uuid() -> Result<String, Error> {
    let number = u128::from_be_bytes(bytes::<16>()?);
    let number = number & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{number:032x}");
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    Ok(format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)))
}
