//! Internet domain names: their one spelling, and those that no customer can own.
mod lists;

pub use lists::{is_disposable, is_public_mail, is_public_suffix};

use std::net::IpAddr;

/// The one spelling of a host name: lower case, IDNA turned into ASCII (UTS #46), no dot at the end.
///
/// # Errors
/// What it must be, to follow the name of a field.
pub fn parse(text: &str) -> Result<String, &'static str> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.contains("://") || text.contains('/') || text.contains('@') || text.contains(':') {
        return Err("must be a host name alone, such as acme.example, without scheme, port, path or user");
    }
    if text.contains('*') {
        return Err("must not be a wildcard; each subdomain is a domain of its own");
    }
    let ascii = idna::domain_to_ascii_strict(text)
        .map_err(|_| "must be a host name of letters, digits and hyphens, such as acme.example")?;
    // `1.2.3.4` passes for labels of digits; browsers take a last label of digits for an address, too.
    let last = ascii.rsplit('.').next().unwrap_or_default();
    if ascii.parse::<IpAddr>().is_ok() || last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("must not be an IP address");
    }
    if !ascii.contains('.') {
        return Err("must have at least two labels, such as acme.example");
    }
    if ascii.len() > 253 || !ascii.split('.').all(is_label) {
        return Err("must be a host name of letters, digits and hyphens, such as acme.example");
    }
    Ok(ascii)
}

/// RFC 1123 §2.1.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_has_one_spelling() {
        for (text, name) in [
            ("acme.example", "acme.example"),
            ("ACME.Example.", "acme.example"),
            ("Bücher.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("bu\u{308}cher.example", "xn--bcher-kva.example"),
            ("ａｃｍｅ。example", "acme.example"),
            ("7-eleven.example", "7-eleven.example"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(name), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_name_is_refused() {
        let long = format!("{}.example", "a".repeat(64));
        let longer = format!("{}example", "abcdefgh.".repeat(28));
        for text in [
            "",
            ".",
            "acme",
            "https://acme.example",
            "acme.example/",
            "acme.example:443",
            "me@acme.example",
            "*.acme.example",
            "127.0.0.1",
            "1.2.3.4.",
            "[::1]",
            "acme.123",
            "acme..example",
            ".acme.example",
            "acme.example..",
            "-acme.example",
            "acme-.example",
            "ac_me.example",
            "ac me.example",
            "acme.example\n",
            "acme\0.example",
            "ac\u{200b}me\u{202e}.example ",
            "xn--a.example",
            &long,
            &longer,
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_is_stable(text in "\\PC{0,40}|[a-zA-Z0-9.üß-]{0,40}") {
            if let Ok(name) = parse(&text) {
                prop_assert_eq!(parse(&name), Ok(name));
            }
        }
    }
}
