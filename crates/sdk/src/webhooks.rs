//! Checks that a webhook or interceptor call is authentic, without a client and without the network.
//!
//! The scheme is that of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`.
//!
//! ```
//! use gatewright_sdk::{Timestamp, webhooks};
//!
//! fn receive(headers: &http::HeaderMap, body: &[u8]) -> u16 {
//!     let secret = std::env::var("SCALEKIT_WEBHOOK_SECRET").unwrap_or_default();
//!     match webhooks::verify(&secret, headers, body, Timestamp::now()) {
//!         Ok(()) => 201,
//!         Err(_) => 401,
//!     }
//! }
//! # assert_eq!(receive(&http::HeaderMap::new(), b"{}"), 401);
//! ```

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;

use crate::error::{Result, ScalekitError};

/// How far the sender's clock may differ from `now`, in seconds, into the past and into the future.
pub const TOLERANCE_SECONDS: i64 = 5 * 60;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Headers of a received request, whatever the web framework calls them.
///
/// Implemented for [`http::HeaderMap`] (axum, hyper, tonic, reqwest), for maps from string to string and for slices of
/// pairs; names are compared without regard to case.
pub trait Headers {
    /// The first value of this header, whose name is given in lower case.
    fn value(&self, name: &str) -> Option<&str>;
}

impl Headers for http::HeaderMap {
    fn value(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| value.to_str().ok())
    }
}

impl<K: AsRef<str>, V: AsRef<str>, S: BuildHasher> Headers for HashMap<K, V, S> {
    fn value(&self, name: &str) -> Option<&str> {
        find(self.iter(), name)
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Headers for BTreeMap<K, V> {
    fn value(&self, name: &str) -> Option<&str> {
        find(self.iter(), name)
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Headers for [(K, V)] {
    fn value(&self, name: &str) -> Option<&str> {
        find(self.iter().map(|(key, value)| (key, value)), name)
    }
}

impl<K: AsRef<str>, V: AsRef<str>, const N: usize> Headers for [(K, V); N] {
    fn value(&self, name: &str) -> Option<&str> {
        self.as_slice().value(name)
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Headers for Vec<(K, V)> {
    fn value(&self, name: &str) -> Option<&str> {
        self.as_slice().value(name)
    }
}

fn find<'a, K: AsRef<str> + 'a, V: AsRef<str> + 'a>(
    mut headers: impl Iterator<Item = (&'a K, &'a V)>,
    name: &str,
) -> Option<&'a str> {
    headers.find(|(key, _)| key.as_ref().eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
}

/// Checks a webhook: its signature in constant time, and that it was sent within five minutes of `now`.
///
/// `secret` is the endpoint's `whsec_…`; `body` must be the bytes as received, not JSON printed again.
/// During a rotation of the secret the sender signs with both; one good signature is enough.
///
/// # Errors
/// [`ErrorKind::WebhookVerification`](crate::ErrorKind::WebhookVerification) for missing headers, a malformed secret,
/// a time that is malformed, too old or too new, and when no signature fits.
pub fn verify<H: Headers + ?Sized>(secret: &str, headers: &H, body: &[u8], now: Timestamp) -> Result<()> {
    verify_set(secret, headers, "webhook", body, now)
}

/// Checks a call to an interceptor, like [`verify`] but with the `interceptor-*` headers; a sender that has only the
/// `webhook-*` ones is accepted, too.
///
/// # Errors
/// As [`verify`].
pub fn verify_interceptor<H: Headers + ?Sized>(
    secret: &str,
    headers: &H,
    body: &[u8],
    now: Timestamp,
) -> Result<()> {
    let set = if headers.value("interceptor-signature").is_some() { "interceptor" } else { "webhook" };
    verify_set(secret, headers, set, body, now)
}

fn verify_set<H: Headers + ?Sized>(
    secret: &str,
    headers: &H,
    set: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<()> {
    let header = |name: &str| {
        let value = headers.value(&format!("{set}-{name}")).filter(|value| !value.is_empty());
        value.ok_or_else(|| ScalekitError::webhook("missing required headers"))
    };
    let (id, timestamp, signatures) = (header("id")?, header("timestamp")?, header("signature")?);
    let key = parse_secret(secret)?;
    check_time(timestamp, now)?;

    let mut signed = Vec::with_capacity(id.len() + timestamp.len() + body.len() + 2);
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        signed.extend_from_slice(part);
    }
    let matches = signatures
        .split(' ')
        .filter_map(|entry| entry.strip_prefix("v1,"))
        .filter_map(|signature| BASE64.decode(signature).ok())
        .any(|signature| hmac::verify(&key, &signed, &signature).is_ok());
    if matches { Ok(()) } else { Err(ScalekitError::webhook("invalid signature")) }
}

fn parse_secret(secret: &str) -> Result<hmac::Key> {
    let bytes = secret.strip_prefix("whsec_").and_then(|encoded| BASE64.decode(encoded).ok());
    match bytes {
        Some(bytes) if !bytes.is_empty() => Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes)),
        _ => Err(ScalekitError::webhook("invalid secret: it must be whsec_ and standard base64")),
    }
}

/// The time must be decimal seconds in their one spelling, because the text is part of what is signed.
fn check_time(text: &str, now: Timestamp) -> Result<()> {
    let seconds = text.parse::<i64>().ok().filter(|seconds| seconds.to_string() == text);
    let Some(seconds) = seconds else {
        return Err(ScalekitError::webhook("invalid timestamp header"));
    };
    let age = now.as_second().saturating_sub(seconds);
    if age > TOLERANCE_SECONDS {
        return Err(ScalekitError::webhook("message timestamp too old"));
    }
    if age < -TOLERANCE_SECONDS {
        return Err(ScalekitError::webhook("message timestamp too new"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // The published vector: key = ASCII 0123456789abcdef0123456789abcdef.
    const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    const SIGNATURE: &str = "v1,0Ud8OcCNFjx1ntpzsrZcFsX85Gq5zrTv2y1pQkuKzNI=";
    const BODY: &[u8] = br#"{"a":1}"#;
    const SENT: i64 = 1_767_225_600;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn headers(set: &str, time: &str, signature: &str) -> Vec<(String, String)> {
        [("id", "msg_1"), ("timestamp", time), ("signature", signature)]
            .map(|(name, value)| (format!("{set}-{name}"), value.to_owned()))
            .to_vec()
    }

    fn outcome(time: &str, signature: &str, body: &[u8], now: i64) -> std::result::Result<(), String> {
        verify(SECRET, &headers("webhook", time, signature), body, at(now)).map_err(|error| {
            assert!(error.is_webhook_verification());
            error.message().to_owned()
        })
    }

    #[test]
    fn the_published_vector_is_accepted() {
        assert_eq!(outcome("1767225600", SIGNATURE, BODY, SENT), Ok(()));
    }

    #[test]
    fn header_names_may_have_any_case_and_any_container() {
        let mut map = http::HeaderMap::new();
        map.insert("Webhook-Id", "msg_1".parse().unwrap());
        map.insert("webhook-timestamp", "1767225600".parse().unwrap());
        map.insert("webhook-signature", SIGNATURE.parse().unwrap());
        assert!(verify(SECRET, &map, BODY, at(SENT)).is_ok());
        let pairs =
            [("WEBHOOK-ID", "msg_1"), ("Webhook-Timestamp", "1767225600"), ("webhook-signature", SIGNATURE)];
        assert!(verify(SECRET, &pairs, BODY, at(SENT)).is_ok());
        assert!(verify(SECRET, &HashMap::from(pairs), BODY, at(SENT)).is_ok());
        assert!(verify(SECRET, &BTreeMap::from(pairs), BODY, at(SENT)).is_ok());
    }

    #[test]
    fn a_changed_body_id_or_key_is_refused() {
        assert_eq!(outcome("1767225600", SIGNATURE, b"{\"a\":2}", SENT), Err("invalid signature".into()));
        let other_id =
            [("webhook-id", "msg_2"), ("webhook-timestamp", "1767225600"), ("webhook-signature", SIGNATURE)];
        assert!(verify(SECRET, &other_id, BODY, at(SENT)).is_err());
        let other_key = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWQ=";
        assert!(verify(other_key, &headers("webhook", "1767225600", SIGNATURE), BODY, at(SENT)).is_err());
    }

    #[test]
    fn one_good_signature_among_several_is_enough() {
        let several = format!("v1a,AAAA v1,!!! v1,AAAA {SIGNATURE}");
        assert_eq!(outcome("1767225600", &several, BODY, SENT), Ok(()));
    }

    #[test]
    fn another_version_or_none_is_no_signature() {
        let mac = SIGNATURE.strip_prefix("v1,").unwrap();
        for text in [format!("v2,{mac}"), mac.to_owned(), "v1,".into(), format!("v1, {mac}")] {
            assert_eq!(outcome("1767225600", &text, BODY, SENT), Err("invalid signature".into()), "{text}");
        }
    }

    #[test]
    fn five_minutes_either_way_is_the_limit() {
        assert_eq!(outcome("1767225600", SIGNATURE, BODY, SENT + 300), Ok(()));
        assert_eq!(outcome("1767225600", SIGNATURE, BODY, SENT - 300), Ok(()));
        assert_eq!(
            outcome("1767225600", SIGNATURE, BODY, SENT + 301),
            Err("message timestamp too old".into())
        );
        assert_eq!(
            outcome("1767225600", SIGNATURE, BODY, SENT - 301),
            Err("message timestamp too new".into())
        );
    }

    #[test]
    fn the_time_has_one_spelling() {
        for text in ["01767225600", "+1767225600", "1767225600.0", "1767225600 ", "1.7e9", "", "x"] {
            assert!(outcome(text, SIGNATURE, BODY, SENT).is_err(), "{text}");
        }
        assert_eq!(
            outcome("9223372036854775807", SIGNATURE, BODY, SENT),
            Err("message timestamp too new".into())
        );
        assert_eq!(
            outcome("-9223372036854775808", SIGNATURE, BODY, SENT),
            Err("message timestamp too old".into())
        );
    }

    #[test]
    fn bad_secrets_and_missing_headers_are_named() {
        for secret in ["", "whsec_", "whsec_***", "MDEy", "whsec"] {
            let error =
                verify(secret, &headers("webhook", "1767225600", SIGNATURE), BODY, at(SENT)).unwrap_err();
            assert!(error.message().starts_with("invalid secret"), "{secret}");
        }
        let mut incomplete = headers("webhook", "1767225600", SIGNATURE);
        incomplete.pop();
        let error = verify(SECRET, &incomplete, BODY, at(SENT)).unwrap_err();
        assert_eq!(error.message(), "missing required headers");
    }

    #[test]
    fn interceptors_use_their_own_headers_or_those_of_webhooks() {
        for set in ["interceptor", "webhook"] {
            let headers = headers(set, "1767225600", SIGNATURE);
            assert!(verify_interceptor(SECRET, &headers, BODY, at(SENT)).is_ok(), "{set}");
        }
        let interceptor = headers("interceptor", "1767225600", SIGNATURE);
        assert!(verify(SECRET, &interceptor, BODY, at(SENT)).is_err());
        // A wrong interceptor-signature is not saved by a good webhook-signature.
        let mut mixed = headers("webhook", "1767225600", SIGNATURE);
        mixed.extend(headers("interceptor", "1767225600", "v1,AAAA"));
        assert!(verify_interceptor(SECRET, &mixed, BODY, at(SENT)).is_err());
    }
}
