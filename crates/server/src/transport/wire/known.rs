//! `google.protobuf.Struct` and its kin. The plan leaves their fields out, since the generated code knows them.
use gatewright_api::plan::{Cardinality, Enum, Field, Kind, Message, WellKnown};

/// The fields of `message`, also where the plan leaves them out.
pub fn fields(message: &'static Message) -> &'static [Field] {
    match message.well_known {
        Some(WellKnown::Struct) => STRUCT.fields,
        Some(WellKnown::Value) => VALUE.fields,
        Some(WellKnown::ListValue) => LIST.fields,
        _ => message.fields,
    }
}

static NULL: Enum = Enum { name: "google.protobuf.NullValue", values: &[("NULL_VALUE", 0)] };

/// A JSON object.
pub static STRUCT: Message = Message {
    name: "google.protobuf.Struct",
    fields: &[field(1, "fields", Kind::Message(&VALUE), Cardinality::Map)],
    checks: &[],
    well_known: Some(WellKnown::Struct),
};

/// Any JSON value: one of null, number, string, bool, object, list, in this order.
pub static VALUE: Message = Message {
    name: "google.protobuf.Value",
    fields: &[
        member(1, "null_value", Kind::Enum(&NULL)),
        member(2, "number_value", Kind::Double),
        member(3, "string_value", Kind::String),
        member(4, "bool_value", Kind::Bool),
        member(5, "struct_value", Kind::Message(&STRUCT)),
        member(6, "list_value", Kind::Message(&LIST)),
    ],
    checks: &[],
    well_known: Some(WellKnown::Value),
};

/// A JSON array.
pub static LIST: Message = Message {
    name: "google.protobuf.ListValue",
    fields: &[field(1, "values", Kind::Message(&VALUE), Cardinality::Repeated)],
    checks: &[],
    well_known: Some(WellKnown::ListValue),
};

const fn field(number: u32, name: &'static str, kind: Kind, cardinality: Cardinality) -> Field {
    Field { number, name, json_name: name, kind, cardinality, oneof: None, rules: &[], documentation: "" }
}

const fn member(number: u32, name: &'static str, kind: Kind) -> Field {
    Field {
        number,
        name,
        json_name: name,
        kind,
        cardinality: Cardinality::Optional,
        oneof: Some("kind"),
        rules: &[],
        documentation: "",
    }
}
