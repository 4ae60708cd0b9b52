//! Shapes of text: patterns, email addresses, URIs.
use regex_lite::Regex;
use std::{
    collections::HashMap,
    net::Ipv6Addr,
    sync::{OnceLock, RwLock},
};

/// Longest text that is held against a pattern, in bytes. No valid value comes near it, and the time that a match takes
/// grows with pattern and text.
const MAX_MATCHED: usize = 16 * 1024;

/// Whether `value` has a match of the pattern. A pattern that does not compile matches nothing; a test compiles all.
pub(super) fn matches(pattern: &'static str, value: &str) -> bool {
    static COMPILED: OnceLock<RwLock<HashMap<&'static str, Option<Regex>>>> = OnceLock::new();
    if value.len() > MAX_MATCHED {
        return false;
    }
    let compiled = COMPILED.get_or_init(RwLock::default);
    if let Some(regex) = compiled.read().ok().as_ref().and_then(|known| known.get(pattern)) {
        return regex.as_ref().is_some_and(|regex| regex.is_match(value));
    }
    let regex = Regex::new(pattern).ok();
    let holds = regex.as_ref().is_some_and(|regex| regex.is_match(value));
    if let Ok(mut known) = compiled.write() {
        known.insert(pattern, regex);
    }
    holds
}

/// An address as HTML's `<input type=email>` defines it, as protovalidate does: no quoting, no comments, no IP literals.
pub(super) fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.split_once('@') else { return false };
    let is_local = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    !local.is_empty() && local.bytes().all(is_local) && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// An absolute URI with or without a fragment (RFC 3986 §3).
pub(super) fn is_uri(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (hierarchy, query) = rest.split_once('?').unwrap_or((rest, ""));
    let is_hierarchy = match hierarchy.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            is_authority(authority) && consists_of(path, b":@/")
        }
        None => consists_of(hierarchy, b":@/"),
    };
    is_scheme && is_hierarchy && consists_of(query, b":@/?") && consists_of(fragment, b":@/?")
}

/// RFC 3986 §3.2.
fn is_authority(authority: &str) -> bool {
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host, ""),
    };
    let is_host = match host.strip_prefix('[') {
        Some(literal) => literal.strip_suffix(']').is_some_and(is_ip_literal),
        None => consists_of(host, b""),
    };
    consists_of(user, b":") && is_host && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// IPv6, with a zone (RFC 6874), or `v1.…`.
fn is_ip_literal(literal: &str) -> bool {
    if let Some(future) = literal.strip_prefix(['v', 'V']) {
        return future.split_once('.').is_some_and(|(version, address)| {
            !version.is_empty()
                && version.bytes().all(|byte| byte.is_ascii_hexdigit())
                && !address.is_empty()
                && !address.contains('%')
                && consists_of(address, b":")
        });
    }
    let (address, zone) = literal.split_once("%25").unwrap_or((literal, "0"));
    address.parse::<Ipv6Addr>().is_ok() && !zone.is_empty() && consists_of(zone, b"")
}

/// Whether the text has only unreserved characters, sub-delims, percent-encoded bytes and `more` (RFC 3986 §2).
fn consists_of(text: &str, more: &[u8]) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => {
                bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())
                    && bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())
            }
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte) || more.contains(&byte),
        };
        if !fits {
            return false;
        }
    }
    true
}
