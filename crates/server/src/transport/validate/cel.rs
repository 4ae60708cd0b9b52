//! The rules that are declared in CEL. There are few, and an interpreter would be larger than all of them: each
//! expression is known by its text, and a start-up check finds one that is not.
use super::{Violations, text};
use crate::transport::wire::{self, Path, Raw, Slots};
use gatewright_api::plan::{Cel, Message, Rule};

/// What an expression is, in Rust.
enum Check {
    /// `this` is a message.
    Message(fn(&View<'_>) -> bool),
    /// `this` is a string.
    Text(fn(&str) -> bool),
}

fn known(expression: &str) -> Option<Check> {
    Some(match expression {
        "has(this.provider_key) || this.provider != 0" => {
            Check::Message(|this| this.has("provider_key") || this.number("provider") != 0)
        }
        "this.provider == 15 ? this.provider_key in ['SCALEKIT'] : true" => {
            Check::Message(|this| this.number("provider") != 15 || this.text("provider_key") == "SCALEKIT")
        }
        "this.type == 9 ? this.key_id == 'WEBAUTHN' : true" => {
            Check::Message(|this| this.number("type") != 9 || this.text("key_id") == "WEBAUTHN")
        }
        "!(this.type in [4,5,9])" => Check::Message(|this| !matches!(this.number("type"), 4 | 5 | 9)),
        "this.login_failed || (this.sub != '' && this.email != '')" => Check::Message(|this| {
            this.number("login_failed") != 0
                || (!this.text("sub").is_empty() && !this.text("email").is_empty())
        }),
        "has(this.subject) || has(this.html_content) || has(this.plain_content)" => Check::Message(|this| {
            this.has("subject") || this.has("html_content") || this.has("plain_content")
        }),
        "this.matches('^[a-zA-Z0-9_:]+$')" => Check::Text(|this| text::matches("^[a-zA-Z0-9_:]+$", this)),
        _ => return None,
    })
}

/// A message as an expression sees it.
struct View<'a> {
    message: &'static Message,
    slots: &'a Slots<'a>,
}

impl View<'_> {
    fn raw(&self, name: &str) -> Option<Raw<'_>> {
        let index = self.message.fields.iter().position(|field| field.name == name)?;
        self.slots.get(index).last()
    }

    /// `has(this.name)`: set or, without presence, not zero.
    fn has(&self, name: &str) -> bool {
        let field = self.message.fields.iter().find(|field| field.name == name);
        field.is_some_and(|field| {
            let raw = self.raw(name);
            raw.is_some()
                && (field.cardinality == gatewright_api::plan::Cardinality::Optional
                    || !super::rules::is_zero(field.kind, raw))
        })
    }

    /// A small number, an enum's number, or 1 for `true`.
    fn number(&self, name: &str) -> i32 {
        if let Some(Raw::Varint(bits)) = self.raw(name) { bits as i32 } else { 0 }
    }

    fn text(&self, name: &str) -> &str {
        self.raw(name)
            .and_then(Raw::bytes)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

/// An expression that is not known does not hold: better a request refused than a rule passed over.
fn holds(rule: &Cel, view: &View<'_>) -> bool {
    matches!(known(rule.expression), Some(Check::Message(check)) if check(view))
}

/// Whether a rule on a string holds.
pub(super) fn holds_for_text(rule: &Cel, value: &str) -> bool {
    matches!(known(rule.expression), Some(Check::Text(check)) if check(value))
}

/// The rules that a message declares on itself.
pub(super) fn check_message(
    message: &'static Message,
    slots: &Slots<'_>,
    path: &Path<'_>,
    found: &mut Violations,
) {
    for rule in message.checks {
        if !holds(rule, &View { message, slots }) {
            found.add(path, id(rule, message), rule.message);
        }
    }
}

/// A rule that a field declares on the message in it.
pub(super) fn check_field(
    message: &'static Message,
    rule: &Cel,
    bytes: &[u8],
    path: &Path<'_>,
    found: &mut Violations,
) {
    let Ok(slots) = Slots::read(message.fields, bytes) else { return }; // reported by the walk
    if !holds(rule, &View { message, slots: &slots }) {
        found.add(path, id(rule, message), rule.message);
    }
}

/// Id of a rule; the message's name for one without.
fn id(rule: &Cel, message: &'static Message) -> &'static str {
    if rule.id.is_empty() { message.name } else { rule.id }
}

/// Expressions in the protos that the server does not know; checked to be none when it starts.
pub fn unknown_expressions() -> Vec<&'static str> {
    fn expressions(rules: &'static [Rule]) -> Vec<&'static str> {
        let nested = rules.iter().flat_map(|rule| match rule {
            Rule::Cel(rule) => vec![rule.expression],
            Rule::Items(rules) | Rule::Keys(rules) | Rule::Values(rules) => expressions(rules),
            _ => Vec::new(),
        });
        nested.collect()
    }
    let mut unknown = Vec::new();
    for message in wire::messages() {
        unknown.extend(message.checks.iter().map(|rule| rule.expression));
        unknown.extend(message.fields.iter().flat_map(|field| expressions(field.rules)));
    }
    unknown.retain(|expression| known(expression).is_none());
    unknown.sort_unstable();
    unknown.dedup();
    unknown
}
