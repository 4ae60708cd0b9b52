//! One value and its rules. A rule that does not fit the value's type is ignored.
use super::{Violations, cel, text};
use crate::transport::{
    json::scalar::one_of,
    wire::{Path, Raw, Slots},
};
use gatewright_api::plan::{Enum, Kind, Message, Rule, WellKnown};

/// Whether a scalar is the zero of its type.
pub(super) fn is_zero(kind: Kind, raw: Option<Raw<'_>>) -> bool {
    match raw {
        None => true,
        Some(Raw::Varint(bits)) => match kind {
            Kind::Int32 | Kind::Uint32 | Kind::Enum(_) => bits as u32 == 0,
            _ => bits == 0,
        },
        Some(Raw::Fixed32(bits)) => bits == 0,
        Some(Raw::Fixed64(bits)) => bits == 0,
        Some(Raw::Bytes(bytes)) => bytes.is_empty(),
    }
}

/// The text of a string, if it is one that can be stored.
pub(super) fn plain_text<'a>(bytes: &'a [u8], path: &Path<'_>, found: &mut Violations) -> Option<&'a str> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        found.add(path, "string.utf8", "must be valid UTF-8");
        return None;
    };
    if bytes.contains(&0) {
        found.add(path, "string.no_nul", "must not contain the character NUL");
    }
    Some(text)
}

/// Rules on a string; `subject` is `key ` for the key of a map.
pub(super) fn check_text(
    value: &str,
    rules: &'static [Rule],
    path: &Path<'_>,
    subject: &str,
    found: &mut Violations,
) {
    let mut broken = |constraint: &'static str, description: String| {
        found.add(path, constraint, format!("{subject}{description}"));
    };
    for rule in rules {
        match *rule {
            Rule::MinLen(min) if is_shorter(value, min) => {
                broken("string.min_len", format!("must be at least {}", count(min, "character")));
            }
            Rule::MaxLen(max) if is_longer(value, max) => {
                broken("string.max_len", format!("must be at most {}", count(max, "character")));
            }
            Rule::MaxBytes(max) if value.len() as u64 > max => {
                broken("string.max_bytes", format!("must be at most {}", count(max, "byte")));
            }
            Rule::Pattern(pattern) if !text::matches(pattern, value) => {
                broken("string.pattern", format!("must match the pattern {pattern}"));
            }
            Rule::Prefix(prefix) if !value.starts_with(prefix) => {
                broken("string.prefix", format!("must start with {prefix:?}"));
            }
            Rule::In(allowed) if !allowed.contains(&value) => {
                let shown: Vec<String> = allowed.iter().map(|allowed| format!("{allowed:?}")).collect();
                broken("string.in", format!("must be one of {}", shown.join(", ")));
            }
            Rule::Email if !text::is_email(value) => {
                broken("string.email", "must be an email address".to_owned());
            }
            Rule::Uri if !text::is_uri(value) => broken("string.uri", "must be an absolute URI".to_owned()),
            Rule::Cel(rule) if !cel::holds_for_text(&rule, value) => {
                broken(if rule.id.is_empty() { "string.cel" } else { rule.id }, rule.message.to_owned());
            }
            _ => {}
        }
    }
}

/// Characters are at most as many as bytes, and at least a quarter: mostly nothing needs counting.
fn is_longer(value: &str, max: u64) -> bool {
    value.len() as u64 > max
        && (value.len() as u64 > max.saturating_mul(4) || value.chars().count() as u64 > max)
}

fn is_shorter(value: &str, min: u64) -> bool {
    (value.len() as u64) < min
        || (min > 1 && (value.len() as u64) < min.saturating_mul(4) && (value.chars().count() as u64) < min)
}

fn count(number: u64, unit: &str) -> String {
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

/// Rules on a number or an enum.
pub(super) fn check_number(
    kind: Kind,
    rules: &'static [Rule],
    raw: Option<Raw<'_>>,
    path: &Path<'_>,
    found: &mut Violations,
) {
    let bits = match raw {
        Some(Raw::Varint(bits)) => bits,
        None => 0,
        Some(_) => return,
    };
    match kind {
        Kind::Int32 => check_bounds("int32", i128::from(bits as i32), rules, path, found),
        Kind::Int64 => check_bounds("int64", i128::from(bits as i64), rules, path, found),
        Kind::Uint32 => check_bounds("uint32", i128::from(bits as u32), rules, path, found),
        Kind::Uint64 => check_bounds("uint64", i128::from(bits), rules, path, found),
        Kind::Enum(names) => check_enum(names, bits as i32, rules, path, found),
        _ => {}
    }
}

/// Lower and upper bound of a number. protovalidate has one rule id for the two together, `int32.gte_lte`.
fn check_bounds(family: &str, value: i128, rules: &'static [Rule], path: &Path<'_>, found: &mut Violations) {
    let (mut low, mut high) = (None, None);
    for rule in rules {
        match *rule {
            Rule::Gt(bound) => low = Some(("gt", bound, value > i128::from(bound))),
            Rule::Gte(bound) => low = Some(("gte", bound, value >= i128::from(bound))),
            Rule::Lt(bound) => high = Some(("lt", bound, value < i128::from(bound))),
            Rule::Lte(bound) => high = Some(("lte", bound, value <= i128::from(bound))),
            _ => {}
        }
    }
    let holds = low.is_none_or(|(_, _, holds)| holds) && high.is_none_or(|(_, _, holds)| holds);
    if holds {
        return;
    }
    let words = |(rule, bound, _): (&str, i64, bool)| match rule {
        "gt" => format!("greater than {bound}"),
        "gte" => format!("at least {bound}"),
        "lt" => format!("less than {bound}"),
        _ => format!("at most {bound}"),
    };
    let (constraint, description) = match (low, high) {
        (Some(low), Some(high)) => {
            (format!("{family}.{}_{}", low.0, high.0), format!("must be {} and {}", words(low), words(high)))
        }
        (Some(one), None) | (None, Some(one)) => {
            (format!("{family}.{}", one.0), format!("must be {}", words(one)))
        }
        (None, None) => return,
    };
    found.add(path, constraint, description);
}

fn check_enum(names: &Enum, value: i32, rules: &'static [Rule], path: &Path<'_>, found: &mut Violations) {
    let name = names.values.iter().find(|(_, number)| *number == value).map(|(name, _)| *name);
    for rule in rules {
        match rule {
            Rule::DefinedOnly if name.is_none() => found.add(path, "enum.defined_only", one_of(names)),
            Rule::NotIn(forbidden) if forbidden.contains(&value) => {
                let shown = name.map_or_else(|| value.to_string(), str::to_owned);
                found.add(path, "enum.not_in", format!("must not be {shown}"));
            }
            _ => {}
        }
    }
}

/// Rules on a list or map as a whole.
pub(super) fn check_size(
    rules: &'static [Rule],
    size: usize,
    is_unique: bool,
    path: &Path<'_>,
    found: &mut Violations,
) {
    if size == 0 {
        if rules.iter().any(|rule| matches!(rule, Rule::Required)) {
            return found.add(path, "required", "is required");
        }
        if rules.iter().any(|rule| matches!(rule, Rule::IgnoreIfZero)) {
            return;
        }
    }
    let size = size as u64;
    for rule in rules {
        match *rule {
            Rule::MinItems(min) if size < min => {
                found.add(path, "repeated.min_items", format!("must have at least {}", count(min, "item")));
            }
            Rule::MaxItems(max) if size > max => {
                found.add(path, "repeated.max_items", format!("must have at most {}", count(max, "item")));
            }
            Rule::Unique if !is_unique => found.add(path, "repeated.unique", "must not have an item twice"),
            Rule::MinPairs(min) if size < min => {
                found.add(path, "map.min_pairs", format!("must have at least {}", entries(min)));
            }
            Rule::MaxPairs(max) if size > max => {
                found.add(path, "map.max_pairs", format!("must have at most {}", entries(max)));
            }
            _ => {}
        }
    }
}

fn entries(number: u64) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") }
}

/// Rules that a field has on the message in it.
pub(super) fn check_message(
    message: &'static Message,
    rules: &'static [Rule],
    bytes: &[u8],
    path: &Path<'_>,
    found: &mut Violations,
) {
    for rule in rules {
        if let Rule::Cel(rule) = rule {
            cel::check_field(message, rule, bytes, path, found);
        }
    }
    if message.well_known == Some(WellKnown::Duration) {
        check_duration(message, rules, bytes, path, found);
    }
}

fn check_duration(
    message: &'static Message,
    rules: &'static [Rule],
    bytes: &[u8],
    path: &Path<'_>,
    found: &mut Violations,
) {
    let Ok(slots) = Slots::read(message.fields, bytes) else { return }; // reported by the walk
    let number = |index| match slots.get(index).last() {
        Some(Raw::Varint(bits)) => bits as i64,
        _ => 0,
    };
    let nanoseconds = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    let value = nanoseconds(number(0), i64::from(number(1) as i32));
    let (mut low, mut high) = (None, None);
    for rule in rules {
        match *rule {
            Rule::DurationGte(bound) => low = Some(bound),
            Rule::DurationLte(bound) => high = Some(bound),
            _ => {}
        }
    }
    let holds = low.is_none_or(|low| value >= nanoseconds(low, 0))
        && high.is_none_or(|high| value <= nanoseconds(high, 0));
    if holds {
        return;
    }
    match (low, high) {
        (Some(low), Some(high)) => {
            found.add(path, "duration.gte_lte", format!("must be at least {low}s and at most {high}s"));
        }
        (Some(low), None) => found.add(path, "duration.gte", format!("must be at least {low}s")),
        (None, Some(high)) => found.add(path, "duration.lte", format!("must be at most {high}s")),
        (None, None) => {}
    }
}
