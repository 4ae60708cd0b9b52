//! JSON Schema (2020-12, as OpenAPI 3.1 has it) of messages in their ProtoJSON form.
use gatewright_api::plan::{Cardinality, Enum, Field, Kind, Message, Rule, WellKnown};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Schemas by name; those of messages that are referred to are added as they are met.
pub(super) type Schemas = BTreeMap<&'static str, Value>;

pub(super) fn is_many(field: &Field) -> bool {
    matches!(field.cardinality, Cardinality::Repeated | Cardinality::Map)
}

pub(super) fn is_required(field: &Field) -> bool {
    field.rules.iter().any(|rule| matches!(rule, Rule::Required))
}

/// A reference to the message's schema, which is made if it is not there yet.
pub(super) fn message(message: &'static Message, schemas: &mut Schemas) -> Value {
    if let Some(kind) = message.well_known {
        return well_known(kind);
    }
    if !schemas.contains_key(message.name) {
        // Messages can contain themselves.
        schemas.insert(message.name, Value::Null);
        let schema = object(message.fields.iter(), schemas);
        schemas.insert(message.name, schema);
    }
    json!({"$ref": format!("#/components/schemas/{}", message.name)})
}

/// An object with these fields.
pub(super) fn object(fields: impl Iterator<Item = &'static Field>, schemas: &mut Schemas) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for one in fields {
        properties.insert(one.name.to_owned(), field(one, schemas));
        if is_required(one) {
            required.push(one.name);
        }
    }
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        put(&mut schema, "required", json!(required));
    }
    schema
}

/// The schema of a field, with its comment and its rules.
pub(super) fn field(field: &'static Field, schemas: &mut Schemas) -> Value {
    let one = kind(field.kind, schemas);
    let mut schema = match field.cardinality {
        Cardinality::Repeated => json!({"type": "array", "items": one}),
        Cardinality::Map => json!({"type": "object", "additionalProperties": one}),
        Cardinality::Implicit | Cardinality::Optional => one,
    };
    for rule in field.rules {
        apply(&mut schema, rule);
    }
    if !field.documentation.is_empty() {
        put(&mut schema, "description", json!(field.documentation));
    }
    schema
}

fn kind(kind: Kind, schemas: &mut Schemas) -> Value {
    match kind {
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Int32 => json!({"type": "integer", "format": "int32"}),
        Kind::Uint32 => json!({"type": "integer", "format": "uint32", "minimum": 0}),
        // ProtoJSON: JavaScript's numbers cannot hold them.
        Kind::Int64 => json!({"type": "string", "format": "int64"}),
        Kind::Uint64 => json!({"type": "string", "format": "uint64"}),
        Kind::Float => json!({"type": "number", "format": "float"}),
        Kind::Double => json!({"type": "number", "format": "double"}),
        Kind::String => json!({"type": "string"}),
        Kind::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
        Kind::Enum(one) => enumeration(one, schemas),
        Kind::Message(inner) => message(inner, schemas),
    }
}

fn enumeration(one: &'static Enum, schemas: &mut Schemas) -> Value {
    let names: Vec<&str> = one.values.iter().map(|(name, _)| *name).collect();
    schemas.entry(one.name).or_insert_with(|| json!({"type": "string", "enum": names}));
    json!({"$ref": format!("#/components/schemas/{}", one.name)})
}

fn well_known(kind: WellKnown) -> Value {
    match kind {
        WellKnown::Timestamp => json!({"type": "string", "format": "date-time"}),
        WellKnown::Duration => json!({"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]{1,9})?s$"}),
        WellKnown::FieldMask => json!({"type": "string", "description": "Names of fields, comma-separated."}),
        WellKnown::Struct => json!({"type": "object"}),
        WellKnown::ListValue => json!({"type": "array", "items": {}}),
        WellKnown::Empty => json!({"type": "object", "properties": {}}),
        WellKnown::Value | WellKnown::Wrapper => json!({}),
    }
}

fn apply(schema: &mut Value, rule: &Rule) {
    let (key, value) = match *rule {
        Rule::MinLen(least) => ("minLength", json!(least)),
        Rule::MaxLen(most) => ("maxLength", json!(most)),
        Rule::Pattern(pattern) => ("pattern", json!(pattern)),
        Rule::In(values) => ("enum", json!(values)),
        Rule::Email => ("format", json!("email")),
        Rule::Uri => ("format", json!("uri")),
        Rule::Lt(limit) => ("exclusiveMaximum", json!(limit)),
        Rule::Lte(limit) => ("maximum", json!(limit)),
        Rule::Gt(limit) => ("exclusiveMinimum", json!(limit)),
        Rule::Gte(limit) => ("minimum", json!(limit)),
        Rule::MinItems(least) => ("minItems", json!(least)),
        Rule::MaxItems(most) => ("maxItems", json!(most)),
        Rule::Unique => ("uniqueItems", json!(true)),
        Rule::MinPairs(least) => ("minProperties", json!(least)),
        Rule::MaxPairs(most) => ("maxProperties", json!(most)),
        Rule::Items(rules) => return inside(schema, "items", rules),
        Rule::Values(rules) => return inside(schema, "additionalProperties", rules),
        Rule::Keys(rules) => {
            put(schema, "propertyNames", json!({"type": "string"}));
            return inside(schema, "propertyNames", rules);
        }
        // Nothing in JSON Schema says these; the server does.
        Rule::Required
        | Rule::IgnoreIfZero
        | Rule::MaxBytes(_)
        | Rule::Prefix(_)
        | Rule::DefinedOnly
        | Rule::NotIn(_)
        | Rule::DurationLte(_)
        | Rule::DurationGte(_)
        | Rule::Cel(_) => return,
    };
    put(schema, key, value);
}

fn inside(schema: &mut Value, key: &str, rules: &[Rule]) {
    if let Some(inner) = schema.get_mut(key) {
        for rule in rules {
            apply(inner, rule);
        }
    }
}

fn put(schema: &mut Value, key: &str, value: Value) {
    if let Some(object) = schema.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}
