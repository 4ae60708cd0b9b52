//! Breaks every declared rule once, in the smallest message that has it, and keeps to its boundary once.
use super::super::{check, text};
use crate::transport::wire::{self, Path, write};
use gatewright_api::plan::{Cardinality, Field, Kind, Message, Rule, WellKnown};

/// One value, encoded as a field of this number.
type Encode = Box<dyn Fn(&mut Vec<u8>, u32)>;

fn string(text: String) -> Encode {
    Box::new(move |out, number| write::bytes(out, number, text.as_bytes()))
}

fn number(value: i64) -> Encode {
    Box::new(move |out, number| write::varint(out, number, value as u64))
}

fn seconds(value: i64) -> Encode {
    Box::new(move |out, number| {
        let mark = write::open(out, number);
        write::varint(out, 1, value as u64);
        write::close(out, mark);
    })
}

fn wrapped(message: &'static Message, inner: Encode) -> Encode {
    let field = &message.fields[0];
    Box::new(move |out, number| {
        let mark = write::open(out, number);
        inner(out, field.number);
        write::close(out, mark);
    })
}

fn bound_id(family: &str, rules: &[Rule]) -> String {
    let find = |names: [&'static str; 2], test: fn(&Rule) -> Option<usize>| {
        rules.iter().find_map(test).map(|i| names[i])
    };
    let low = find(["gt", "gte"], |rule| match rule {
        Rule::Gt(_) => Some(0),
        Rule::Gte(_) | Rule::DurationGte(_) => Some(1),
        _ => None,
    });
    let high = find(["lt", "lte"], |rule| match rule {
        Rule::Lt(_) => Some(0),
        Rule::Lte(_) | Rule::DurationLte(_) => Some(1),
        _ => None,
    });
    let parts: Vec<_> = low.into_iter().chain(high).collect();
    format!("{family}.{}", parts.join("_"))
}

fn family(kind: Kind) -> &'static str {
    match kind {
        Kind::Int32 => "int32",
        Kind::Int64 => "int64",
        Kind::Uint32 => "uint32",
        Kind::Uint64 => "uint64",
        _ => "duration",
    }
}

/// A value that breaks the rule, one at its boundary that keeps it if there is such, and the rule's id.
/// `None` where the rule can be kept only.
fn cases(kind: Kind, rule: &Rule, rules: &[Rule]) -> Option<(Encode, Option<Encode>, String)> {
    let letters = |count: u64| string("é".repeat(count as usize));
    let case = |broken, kept, id: &str| Some((broken, kept, id.to_owned()));
    if let Kind::Message(message) = kind {
        return match (message.well_known, rule) {
            (Some(WellKnown::Wrapper), rule) => {
                let (broken, kept, id) = cases(message.fields[0].kind, rule, rules)?;
                Some((wrapped(message, broken), kept.map(|kept| wrapped(message, kept)), id))
            }
            (_, Rule::DurationGte(low)) => {
                case(seconds(low - 1), Some(seconds(*low)), &bound_id("duration", rules))
            }
            (_, Rule::DurationLte(high)) => {
                case(seconds(high + 1), Some(seconds(*high)), &bound_id("duration", rules))
            }
            _ => None, // expressions have tests of their own
        };
    }
    let bounds = || bound_id(family(kind), rules);
    match (kind, *rule) {
        (Kind::String, Rule::MinLen(min)) if min > 0 => {
            case(letters(min - 1), Some(letters(min)), "string.min_len")
        }
        (Kind::String, Rule::MaxLen(max)) => case(letters(max + 1), Some(letters(max)), "string.max_len"),
        (Kind::String, Rule::MaxBytes(max)) => {
            let ascii = |count: u64| string("x".repeat(count as usize));
            case(ascii(max + 1), Some(ascii(max)), "string.max_bytes")
        }
        (Kind::String, Rule::Pattern(pattern)) => {
            let broken = ["no match!", "é"].into_iter().find(|text| !text::matches(pattern, text))?;
            let kept = ["ab1", "usr_1", "ses_1"].into_iter().find(|text| text::matches(pattern, text))?;
            case(string(broken.to_owned()), Some(string(kept.to_owned())), "string.pattern")
        }
        (Kind::String, Rule::Prefix(prefix)) => {
            case(string(format!("~{prefix}1")), Some(string(format!("{prefix}1"))), "string.prefix")
        }
        (Kind::String, Rule::In(allowed)) => {
            case(string("no such".to_owned()), Some(string(allowed.last()?.to_string())), "string.in")
        }
        (Kind::String, Rule::Email) => {
            case(string("no mail".to_owned()), Some(string("a@b.c".to_owned())), "string.email")
        }
        (Kind::String, Rule::Uri) => {
            case(string("no uri".to_owned()), Some(string("https://a.b/c".to_owned())), "string.uri")
        }
        (Kind::Uint32 | Kind::Uint64, Rule::Gte(0)) => None,
        (_, Rule::Gt(bound)) => case(number(bound), Some(number(bound + 1)), &bounds()),
        (_, Rule::Gte(bound)) => case(number(bound - 1), Some(number(bound)), &bounds()),
        (_, Rule::Lt(bound)) => case(number(bound), Some(number(bound - 1)), &bounds()),
        (_, Rule::Lte(bound)) => case(number(bound + 1), Some(number(bound)), &bounds()),
        (Kind::Enum(names), Rule::DefinedOnly) => {
            case(number(987_654), Some(number(i64::from(names.values.last()?.1))), "enum.defined_only")
        }
        (Kind::Enum(names), Rule::NotIn(forbidden)) => {
            let kept = names.values.iter().find(|(_, number)| !forbidden.contains(number))?.1;
            case(number(i64::from(*forbidden.first()?)), Some(number(i64::from(kept))), "enum.not_in")
        }
        _ => None,
    }
}

fn has(message: &'static Message, bytes: &[u8], path: &str, id: &str) -> bool {
    let Err(error) = check(message, bytes) else { return false };
    error.field_violations().iter().any(|one| one.field == path && one.constraint == id)
}

/// Checks a value that breaks a rule and one that keeps it.
fn judge(message: &'static Message, path: &str, id: &str, broken: &[u8], kept: Option<&[u8]>) {
    assert!(
        has(message, broken, path, id),
        "{} {path} {id}: not reported in {:?}",
        message.name,
        check(message, broken)
    );
    if let Some(kept) = kept {
        assert!(!has(message, kept, path, id), "{} {path} {id}: reported at the boundary", message.name);
    }
}

fn value_rules(message: &'static Message, field: &'static Field) -> usize {
    let required = field.rules.iter().any(|rule| matches!(rule, Rule::Required));
    let lenient = field.rules.iter().any(|rule| matches!(rule, Rule::IgnoreIfZero));
    let mut judged = 0;
    for rule in field.rules {
        let Some((broken, kept, id)) = cases(field.kind, rule, field.rules) else { continue };
        let encode = |value: &Encode| {
            let mut out = Vec::new();
            value(&mut out, field.number);
            out
        };
        let (broken, kept) = (encode(&broken), kept.map(|kept| encode(&kept)));
        let zero_is_other = field.cardinality == Cardinality::Implicit && (required || lenient);
        if zero_is_other && matches!(rule, Rule::MinLen(1) | Rule::NotIn([0]) | Rule::Gt(0) | Rule::Gte(1)) {
            let expected = if required { "required" } else { "" };
            assert_eq!(
                has(message, &broken, field.name, "required"),
                expected == "required",
                "{}",
                message.name
            );
        } else {
            judge(message, field.name, &id, &broken, kept.as_deref());
        }
        judged += 1;
    }
    judged
}

/// Distinct items.
fn items(field: &'static Field, count: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for index in 0..count {
        match field.kind {
            Kind::String => write::bytes(&mut out, field.number, format!("item{index}").as_bytes()),
            Kind::Message(_) => write::bytes(&mut out, field.number, &[]),
            _ => write::varint(&mut out, field.number, index),
        }
    }
    out
}

fn pairs(field: &'static Field, count: u64) -> Vec<u8> {
    (0..count)
        .flat_map(|index| pair(field, &string(format!("key{index}")), &string("v".to_owned())))
        .collect()
}

fn pair(field: &'static Field, key: &Encode, value: &Encode) -> Vec<u8> {
    let mut out = Vec::new();
    let mark = write::open(&mut out, field.number);
    key(&mut out, 1);
    value(&mut out, 2);
    write::close(&mut out, mark);
    out
}

fn collection_rules(message: &'static Message, field: &'static Field) -> usize {
    let name = field.name;
    let mut judged = 0;
    for rule in field.rules {
        match *rule {
            Rule::MinItems(min) if min > 0 => {
                let id = if min == 1 && field.rules.iter().any(|rule| matches!(rule, Rule::Required)) {
                    "required"
                } else {
                    "repeated.min_items"
                };
                judge(message, name, id, &items(field, min - 1), Some(&items(field, min)));
            }
            Rule::MaxItems(max) => {
                judge(message, name, "repeated.max_items", &items(field, max + 1), Some(&items(field, max)));
            }
            Rule::Unique => {
                let twice = [items(field, 2), items(field, 1)].concat();
                judge(message, name, "repeated.unique", &twice, Some(&items(field, 2)));
            }
            Rule::MaxPairs(max) => {
                judge(message, name, "map.max_pairs", &pairs(field, max + 1), Some(&pairs(field, max)));
            }
            Rule::MinPairs(min) if min > 0 => {
                judge(message, name, "map.min_pairs", &pairs(field, min - 1), Some(&pairs(field, min)))
            }
            Rule::Items(rules) => judged += item_rules(message, field, rules),
            Rule::Keys(rules) => judged += entry_rules(message, field, rules, true),
            Rule::Values(rules) => judged += entry_rules(message, field, rules, false),
            _ => continue,
        }
        judged += 1;
    }
    judged
}

fn item_rules(message: &'static Message, field: &'static Field, rules: &'static [Rule]) -> usize {
    let mut judged = 0;
    for (broken, kept, id) in rules.iter().filter_map(|rule| cases(field.kind, rule, rules)) {
        let encode = |value: Encode| {
            let mut out = items(field, 1);
            value(&mut out, field.number);
            out
        };
        judge(message, &format!("{}[1]", field.name), &id, &encode(broken), kept.map(encode).as_deref());
        judged += 1;
    }
    judged
}

fn entry_rules(
    message: &'static Message,
    field: &'static Field,
    rules: &'static [Rule],
    of_keys: bool,
) -> usize {
    let mut judged = 0;
    for rule in rules {
        let kind = if of_keys { Kind::String } else { field.kind };
        let Some((broken, _, id)) = cases(kind, rule, rules) else { continue };
        let (key, bytes) = if of_keys {
            let mut encoded = Vec::new();
            broken(&mut encoded, 1);
            let key = String::from_utf8(wire::read::entry(kind, &encoded).unwrap().0.to_vec()).unwrap();
            (key, pair(field, &broken, &string("v".to_owned())))
        } else {
            ("key1".to_owned(), pair(field, &string("key1".to_owned()), &broken))
        };
        let path = Path::Field(&Path::Root, field.name);
        judge(message, &Path::Key(&path, &key).to_string(), &id, &bytes, None);
        judged += 1;
    }
    judged
}

#[test]
fn every_rule_of_every_message_is_enforced() {
    let mut judged = 0;
    for message in wire::messages() {
        for field in message.fields {
            if field.rules.iter().any(|rule| matches!(rule, Rule::Required)) {
                assert!(has(message, &[], field.name, "required"), "{}.{}", message.name, field.name);
                judged += 1;
            }
            judged += match field.cardinality {
                Cardinality::Implicit | Cardinality::Optional => value_rules(message, field),
                Cardinality::Repeated | Cardinality::Map => collection_rules(message, field),
            };
        }
    }
    assert!(judged > 1_000, "{judged}");
}

#[test]
fn unset_optional_fields_break_nothing_but_required() {
    for message in wire::messages() {
        for field in message.fields.iter().filter(|field| field.cardinality == Cardinality::Optional) {
            let Err(error) = check(message, &[]) else { continue };
            for violation in error.field_violations().iter().filter(|one| one.field == field.name) {
                assert_eq!(violation.constraint, "required", "{}", message.name);
            }
        }
    }
}
