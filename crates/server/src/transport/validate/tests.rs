//! The validator by example, and every rule of every message broken once.
mod every_rule;
mod examples;

use super::check;
use crate::transport::wire::{self, Path, write};
use gatewright_api::plan::{Kind, Message, Rule};

fn plan(name: &str) -> &'static Message {
    wire::messages().into_iter().find(|message| message.name == name).unwrap()
}

/// All of it as `field: description [constraint]`.
fn violations(message: &'static Message, bytes: &[u8]) -> Vec<String> {
    let Err(error) = check(message, bytes) else { return Vec::new() };
    let shown = error.field_violations().iter();
    shown.map(|one| format!("{}: {} [{}]", one.field, one.description, one.constraint)).collect()
}

#[test]
fn every_expression_is_known() {
    assert_eq!(super::unknown_expressions(), [""; 0]);
}

#[test]
fn every_pattern_compiles() {
    fn patterns(rules: &'static [Rule]) -> Vec<&'static str> {
        let nested = rules.iter().flat_map(|rule| match rule {
            Rule::Pattern(pattern) => vec![*pattern],
            Rule::Items(rules) | Rule::Keys(rules) | Rule::Values(rules) => patterns(rules),
            _ => Vec::new(),
        });
        nested.collect()
    }
    let fields = wire::messages().into_iter().flat_map(|message| message.fields);
    let patterns: Vec<_> = fields.flat_map(|field| patterns(field.rules)).collect();
    assert!(patterns.len() > 40);
    for pattern in patterns {
        regex_lite::Regex::new(pattern).unwrap();
    }
}

#[test]
fn email_addresses_are_those_of_html() {
    use super::text::is_email;
    for right in ["a@b", "first.last+tag@example.co.uk", "!#$%&'*+/=?^_`{|}~-@x-1.io", "A@B.C"] {
        assert!(is_email(right), "{right}");
    }
    let long = format!("a@{}.com", "x".repeat(64));
    for wrong in [
        "", "@", "a@", "@b", "a b@c", "a@b c", "a@b..c", "a@-b", "a@b-", "a@b.", "a@@b", "é@b", "a@[::1]",
        &long,
    ] {
        assert!(!is_email(wrong), "{wrong}");
    }
}

#[test]
fn uris_are_those_of_rfc_3986() {
    use super::text::is_uri;
    for right in [
        "https://example.com",
        "https://user:p%40ss@example.com:8443/a/b;c=1?x=1&y=/?#frag",
        "mailto:a@b.c",
        "urn:isbn:1",
        "http://[2001:db8::1]:80/",
        "http://[v1.a:b]/",
        "http://[fe80::1%25en0]/",
        "com.example.app:/callback",
        "x:",
        "file:///etc",
        "http://localhost:",
        "http://127.0.0.1",
    ] {
        assert!(is_uri(right), "{right}");
    }
    for wrong in [
        "",
        "example.com",
        "//example.com",
        "/path",
        "1http://a",
        "http://a b",
        "http://a/%zz",
        "http://a/%4",
        "http://[::1",
        "http://[x]/",
        "http://a:port/",
        "http://é/",
        "ht tp://a",
        "http://a/<b>",
        "http://a#b#c",
        "http://[::1]x/",
        ":a",
    ] {
        assert!(!is_uri(wrong), "{wrong}");
    }
}

#[test]
fn lengths_are_in_characters() {
    let path = Path::Root;
    let broken = |text: &str, rule: Rule| {
        let rules: &'static [Rule] = Box::leak(Box::new([rule]));
        let mut found = super::Violations(Vec::new());
        super::rules::check_text(text, rules, &path, "", &mut found);
        !found.0.is_empty()
    };
    assert!(
        !broken("🦀🦀", Rule::MinLen(2))
            && broken("🦀🦀", Rule::MinLen(3))
            && broken("🦀🦀", Rule::MinLen(9))
    );
    assert!(
        !broken("🦀🦀", Rule::MaxLen(2)) && broken("🦀🦀", Rule::MaxLen(1)) && broken("ab", Rule::MaxLen(1))
    );
    assert!(broken("", Rule::MinLen(1)) && !broken("é", Rule::MinLen(1)) && !broken("", Rule::MaxLen(0)));
    assert!(broken("éé", Rule::MaxBytes(3)) && !broken("éé", Rule::MaxBytes(4)));
}

#[test]
fn rules_that_do_not_fit_are_ignored() {
    let rules: &'static [Rule] = &[Rule::MinLen(5), Rule::Email, Rule::MinItems(3)];
    let mut found = super::Violations(Vec::new());
    super::rules::check_number(Kind::Int32, rules, None, &Path::Root, &mut found);
    super::rules::check_size(&[Rule::MinLen(5), Rule::Prefix("x")], 0, true, &Path::Root, &mut found);
    assert!(found.0.is_empty());
}

#[test]
fn at_most_a_hundred_violations_are_told() {
    let message = plan("scalekit.v1.organizations.CreateOrganizationRequest");
    let mut organization = Vec::new();
    for index in 0..500 {
        let mark = write::open(&mut organization, field_number("metadata"));
        write::bytes(&mut organization, 1, format!("\0{index}").as_bytes());
        write::close(&mut organization, mark);
    }
    let mut bytes = Vec::new();
    write::bytes(&mut bytes, message.fields[0].number, &organization);
    assert_eq!(violations(message, &bytes).len(), super::MAX_VIOLATIONS);
}

fn field_number(name: &str) -> u32 {
    let message = plan("scalekit.v1.organizations.CreateOrganization");
    message.fields.iter().find(|field| field.name == name).unwrap().number
}

#[test]
fn a_text_far_too_long_for_its_pattern_is_refused_at_once() {
    assert!(super::text::matches("^[0-9]+$", &"7".repeat(16 * 1024)));
    assert!(!super::text::matches("^[0-9]+$", &"7".repeat(16 * 1024 + 1)));
}
