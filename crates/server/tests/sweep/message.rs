//! Messages by the plan: one that is likely to be accepted, with one field of it as the test wants it.
use crate::world::World;
use gatewright::transport::wire::{known, write};
use gatewright_api::plan::{Cardinality, Field, Kind, Message, Method, Rule, WellKnown};

/// The way from the request down to a field.
pub type Path = Vec<&'static Field>;

/// Every field of a request, however deep, once for each way to it.
pub fn fields(message: &'static Message) -> Vec<Path> {
    let mut found = Vec::new();
    walk(message, &mut Vec::new(), &mut vec![message.name], &mut found);
    found
}

fn walk(message: &'static Message, path: &mut Path, above: &mut Vec<&'static str>, found: &mut Vec<Path>) {
    for field in message.fields {
        path.push(field);
        found.push(path.clone());
        if let Kind::Message(inner) = field.kind
            && inner.well_known.is_none()
            && field.cardinality != Cardinality::Map
            && !above.contains(&inner.name)
        {
            above.push(inner.name);
            walk(inner, path, above, found);
            above.pop();
        }
        path.pop();
    }
}

/// `user.membership.roles`, as violations name it, without the numbers of items.
pub fn dotted(path: &[&'static Field]) -> String {
    path.iter().map(|field| field.name).collect::<Vec<_>>().join(".")
}

/// Where good values come from.
pub struct Maker<'a> {
    pub world: &'a World,
    pub method: &'static Method,
}

impl Maker<'_> {
    /// The request with what `change` writes in the place of the last field of `path`.
    pub fn with(&self, path: &[&'static Field], change: &dyn Fn(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        self.message(self.method.input, path, change, 0, &mut out);
        out
    }

    fn message(
        &self,
        message: &'static Message,
        path: &[&'static Field],
        change: &dyn Fn(&mut Vec<u8>),
        depth: usize,
        out: &mut Vec<u8>,
    ) {
        let is = |field: &Field| path.first().is_some_and(|first| std::ptr::eq(*first, field));
        for field in message.fields {
            if is(field) && path.len() == 1 {
                change(out);
                continue;
            }
            if let Some(oneof) = field.oneof {
                let mut members = message.fields.iter().filter(|other| other.oneof == Some(oneof));
                let chosen = members.clone().find(|other| is(other)).or_else(|| members.next());
                if !chosen.is_some_and(|chosen| std::ptr::eq(chosen, field)) {
                    continue;
                }
            } else if !is(field) && !self.needs(field, depth) {
                continue;
            }
            let rest = if is(field) { &path[1..] } else { &[] };
            self.field(field, rest, change, depth, out);
        }
    }

    fn needs(&self, field: &Field, depth: usize) -> bool {
        let in_path = || {
            let binding = self.method.bindings.first();
            let named = |part: &str| part.starts_with(&format!("{{{}}}", field.name));
            depth == 0 && binding.is_some_and(|binding| binding.template.split('/').any(named))
        };
        field
            .rules
            .iter()
            .any(|rule| matches!(rule, Rule::Required | Rule::MinItems(1..) | Rule::MinPairs(1..)))
            || (field.cardinality == Cardinality::Implicit
                && !field.rules.iter().any(|rule| matches!(rule, Rule::IgnoreIfZero))
                && field.rules.iter().any(|rule| {
                    matches!(rule, Rule::MinLen(1..) | Rule::NotIn(_) | Rule::Email | Rule::Uri | Rule::In(_))
                        || matches!(rule, Rule::Pattern(_) | Rule::Prefix(_) | Rule::Gt(0..) | Rule::Gte(1..))
                }))
            || (depth == 0 && matches!(field.kind, Kind::Message(inner) if inner.well_known.is_none()))
            || in_path()
    }

    fn field(
        &self,
        field: &'static Field,
        path: &[&'static Field],
        change: &dyn Fn(&mut Vec<u8>),
        depth: usize,
        out: &mut Vec<u8>,
    ) {
        if field.cardinality == Cardinality::Map {
            let mark = write::open(out, field.number);
            write::bytes(out, 1, b"key");
            self.value(field, 2, path, change, depth, out);
            write::close(out, mark);
        } else {
            self.value(field, field.number, path, change, depth, out);
        }
    }

    fn value(
        &self,
        field: &'static Field,
        number: u32,
        path: &[&'static Field],
        change: &dyn Fn(&mut Vec<u8>),
        depth: usize,
        out: &mut Vec<u8>,
    ) {
        match field.kind {
            Kind::String => write::bytes(out, number, self.text(field).as_bytes()),
            Kind::Bytes => write::bytes(out, number, b"bytes"),
            Kind::Float => write::float(out, number, 1.0),
            Kind::Double => write::double(out, number, 1.0),
            Kind::Enum(names) => {
                let last = names.values.iter().map(|(_, value)| *value).find(|value| *value > 0);
                write::varint(out, number, u64::try_from(last.unwrap_or(0)).unwrap());
            }
            Kind::Message(inner) => {
                let mark = write::open(out, number);
                match inner.well_known {
                    Some(WellKnown::Timestamp) => write::varint(out, 1, 1_900_000_000),
                    Some(WellKnown::Duration) => write::varint(out, 1, 3600),
                    Some(_) => {}
                    None if depth < 6 => self.message(inner, path, change, depth + 1, out),
                    None => {}
                }
                write::close(out, mark);
            }
            _ => write::varint(out, number, 1),
        }
    }

    /// A text that keeps the field's rules: an id of the world where one belongs.
    fn text(&self, field: &'static Field) -> String {
        if let Some(id) = crate::ids::kind(self.method, field).and_then(|prefix| self.world.get(prefix)) {
            return id.to_owned();
        }
        let rules = field.rules.iter().flat_map(|rule| match rule {
            Rule::Items(rules) | Rule::Values(rules) => rules,
            rule => std::slice::from_ref(rule),
        });
        let rules: Vec<&Rule> = rules.collect();
        for rule in &rules {
            match **rule {
                Rule::Email => return "sweep@example.com".to_owned(),
                Rule::Uri => return "https://example.com/sweep".to_owned(),
                Rule::In(all) => return all[0].to_owned(),
                Rule::Prefix(prefix) => {
                    return format!("{}_1234567890123456789", prefix.trim_end_matches('_'));
                }
                Rule::Pattern(pattern) => {
                    let pattern = regex_lite::Regex::new(pattern).unwrap();
                    let known =
                        ["sweeper", "#112233", "usr_12345678901234567", "ses_12345678901234567", "123456"];
                    return (*known.iter().find(|text| pattern.is_match(text)).unwrap_or(&"sweeper"))
                        .to_owned();
                }
                _ => {}
            }
        }
        let min = rules.iter().find_map(|rule| if let Rule::MinLen(min) = rule { Some(*min) } else { None });
        match field.name {
            "role_name" | "role" => "sweeper".to_owned(),
            "permission_name" => "sweep:all".to_owned(),
            "domain" => "sweep.example".to_owned(),
            _ => "sweeper".repeat(usize::try_from(min.unwrap_or(1)).unwrap().div_ceil(7).max(1)),
        }
    }
}

/// The type of a field's values; that of the content for a wrapper.
pub fn kind(field: &Field) -> (Kind, bool) {
    match field.kind {
        Kind::Message(inner) if inner.well_known == Some(WellKnown::Wrapper) => {
            (known::fields(inner)[0].kind, true)
        }
        kind => (kind, false),
    }
}
