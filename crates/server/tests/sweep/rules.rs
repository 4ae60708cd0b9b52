//! Each declared rule of each field broken once.
use crate::{
    message::{self, dotted},
    target::{Case, INVALID_ARGUMENT, Target, plain},
};
use gatewright::transport::wire::write;
use gatewright_api::plan::{Cardinality, Field, Kind, Rule, WellKnown};

/// Writes a field.
pub type Change = Box<dyn Fn(&mut Vec<u8>)>;

/// Writes one value as a field of this number.
type Value = Box<dyn Fn(&mut Vec<u8>, u32)>;

fn text(text: String) -> Option<Value> {
    Some(Box::new(move |out, number| write::bytes(out, number, text.as_bytes())))
}

fn number(value: i64) -> Option<Value> {
    Some(Box::new(move |out, number| write::varint(out, number, value.cast_unsigned())))
}

fn repeat(letter: &str, count: u64) -> Option<Value> {
    text(letter.repeat(usize::try_from(count).unwrap()))
}

/// A value that breaks the rule; none for a rule that is not about single values, or cannot be broken.
fn broken(kind: Kind, rule: &Rule) -> Option<Value> {
    if let Kind::Message(inner) = kind {
        return match (inner.well_known, rule) {
            (Some(WellKnown::Duration), Rule::DurationGte(low)) => seconds(low - 1),
            (Some(WellKnown::Duration), Rule::DurationLte(high)) => seconds(high + 1),
            _ => None,
        };
    }
    match (kind, *rule) {
        (Kind::String, Rule::MinLen(min)) if min > 1 => repeat("é", min - 1),
        (Kind::String, Rule::MaxLen(max)) => repeat("é", max + 1),
        (Kind::String, Rule::MaxBytes(max)) => repeat("x", max + 1),
        (Kind::String, Rule::Pattern(_)) => text("no match!é".to_owned()),
        (Kind::String, Rule::Prefix(prefix)) => text(format!("~{prefix}1")),
        (Kind::String, Rule::In(_)) => text("no such".to_owned()),
        (Kind::String, Rule::Email) => text("no mail".to_owned()),
        (Kind::String, Rule::Uri) => text("no uri".to_owned()),
        (Kind::Uint32 | Kind::Uint64, Rule::Gte(0)) => None,
        (Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64, Rule::Gt(bound)) => number(bound),
        (Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64, Rule::Gte(bound)) => number(bound - 1),
        (Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64, Rule::Lt(bound)) => number(bound),
        (Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64, Rule::Lte(bound)) => number(bound + 1),
        (Kind::Enum(_), Rule::DefinedOnly) => number(987_654),
        (Kind::Enum(_), Rule::NotIn([value, ..])) => number(i64::from(*value)),
        _ => None,
    }
}

fn seconds(value: i64) -> Option<Value> {
    Some(Box::new(move |out, number| {
        let mark = write::open(out, number);
        write::varint(out, 1, value.cast_unsigned());
        write::close(out, mark);
    }))
}

/// What stands in the field's place to break its rule.
fn change(field: &'static Field, rule: &'static Rule) -> Vec<Change> {
    let number = field.number;
    let items = move |count: u64| -> Change {
        Box::new(move |out| {
            for index in 0..count {
                item(field, index, out);
            }
        })
    };
    let is_zero_skipped = field.rules.iter().any(|rule| matches!(rule, Rule::IgnoreIfZero));
    match *rule {
        Rule::Required => vec![Box::new(|_| {})],
        Rule::MinLen(1) if !is_zero_skipped && matches!(field.kind, Kind::String) => {
            vec![Box::new(move |out| write::bytes(out, number, b""))]
        }
        Rule::MinItems(1..) | Rule::MinPairs(1..) => vec![Box::new(|_| {})],
        Rule::MaxItems(max) | Rule::MaxPairs(max) => vec![items(max + 1)],
        Rule::Unique => vec![Box::new(move |out| (0..2).for_each(|_| item(field, 0, out)))],
        Rule::Items(rules) => {
            let values = rules.iter().filter_map(|rule| broken(field.kind, rule));
            values.map(|value| -> Change { Box::new(move |out| value(out, number)) }).collect()
        }
        Rule::Keys(rules) => entries(field, rules, true),
        Rule::Values(rules) => entries(field, rules, false),
        _ if matches!(field.cardinality, Cardinality::Repeated | Cardinality::Map) => Vec::new(),
        _ => {
            let (kind, is_wrapped) = message::kind(field);
            let Some(value) = broken(kind, rule) else { return Vec::new() };
            vec![Box::new(move |out| {
                if is_wrapped {
                    let mark = write::open(out, number);
                    value(out, 1);
                    write::close(out, mark);
                } else {
                    value(out, number);
                }
            })]
        }
    }
}

/// One item or entry, each index another.
pub fn item(field: &'static Field, index: u64, out: &mut Vec<u8>) {
    if field.cardinality == Cardinality::Map {
        let mark = write::open(out, field.number);
        write::bytes(out, 1, format!("key{index}").as_bytes());
        if matches!(field.kind, Kind::String) {
            write::bytes(out, 2, b"value");
        }
        return write::close(out, mark);
    }
    match field.kind {
        Kind::String => write::bytes(out, field.number, format!("item{index}").as_bytes()),
        Kind::Message(_) => write::bytes(out, field.number, &[]),
        _ => write::varint(out, field.number, index),
    }
}

fn entries(field: &'static Field, rules: &'static [Rule], of_keys: bool) -> Vec<Change> {
    let kind = if of_keys { Kind::String } else { field.kind };
    let values = rules.iter().filter_map(|rule| broken(kind, rule));
    let write = |value: Value| -> Change {
        Box::new(move |out| {
            let mark = write::open(out, field.number);
            if of_keys {
                value(out, 1);
                write::bytes(out, 2, b"value");
            } else {
                write::bytes(out, 1, b"key");
                value(out, 2);
            }
            write::close(out, mark);
        })
    };
    values.map(write).collect()
}

pub async fn sweep(t: &Target) -> (usize, Vec<String>) {
    let (mut count, mut faults) = (0, Vec::new());
    for method in t.methods() {
        let maker = t.maker(method);
        let mut cases = Vec::new();
        for path in message::fields(method.input) {
            let field = path[path.len() - 1];
            for rule in field.rules {
                for change in change(field, rule) {
                    // An absent member of a oneof breaks nothing: another one may stand for it.
                    if field.oneof.is_some() && matches!(rule, Rule::Required) {
                        continue;
                    }
                    let what = format!("{}: {rule:?}", dotted(&path));
                    cases.push(Case { method, what, request: maker.with(&path, &*change) });
                }
            }
        }
        count += cases.len();
        let found = t.run(cases, |case, answer| {
            let field = case.what.split(':').next().unwrap_or_default();
            let is_named = answer.fields.iter().any(|named| plain(named) == field);
            (answer.code != INVALID_ARGUMENT || !is_named).then(|| format!("{answer:?}"))
        });
        faults.extend(found.await);
    }
    (count, faults)
}
