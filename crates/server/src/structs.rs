//! JSON objects as `google.protobuf.Struct`, and back.
use crate::error::Error;
use prost_types::{ListValue, Struct, Value as Pb, value::Kind};
use serde_json::Value as Json;

/// The struct of a JSON object that we stored.
///
/// # Errors
/// `INTERNAL` if it is none.
pub fn from_json_text(text: &str) -> Result<Struct, Error> {
    from_json_object(serde_json::from_str(text).map_err(Error::internal)?)
}

/// The struct of a JSON object.
///
/// # Errors
/// `INTERNAL` if it is none.
pub fn from_json_object(value: Json) -> Result<Struct, Error> {
    match value {
        Json::Object(object) => Ok(from_object(object)),
        _ => Err(Error::internal("JSON that is not an object")),
    }
}

fn from_object(object: serde_json::Map<String, Json>) -> Struct {
    Struct { fields: object.into_iter().map(|(name, value)| (name, from_json(value))).collect() }
}

fn from_json(value: Json) -> Pb {
    let kind = match value {
        Json::Null => Kind::NullValue(0),
        Json::Bool(value) => Kind::BoolValue(value),
        Json::Number(value) => Kind::NumberValue(value.as_f64().unwrap_or_default()),
        Json::String(value) => Kind::StringValue(value),
        Json::Array(values) => {
            Kind::ListValue(ListValue { values: values.into_iter().map(from_json).collect() })
        }
        Json::Object(object) => Kind::StructValue(from_object(object)),
    };
    Pb { kind: Some(kind) }
}

/// The JSON object of a struct. Whole numbers stay whole; a number that JSON cannot say becomes null.
pub fn to_json(value: Struct) -> Json {
    Json::Object(value.fields.into_iter().map(|(name, value)| (name, to_json_value(value))).collect())
}

fn to_json_value(value: Pb) -> Json {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Json::Null,
        Some(Kind::BoolValue(value)) => value.into(),
        Some(Kind::NumberValue(value)) => number(value),
        Some(Kind::StringValue(value)) => value.into(),
        Some(Kind::ListValue(list)) => Json::Array(list.values.into_iter().map(to_json_value).collect()),
        Some(Kind::StructValue(value)) => to_json(value),
    }
}

/// Integers up to 2^53 are exact in both.
fn number(value: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
        return Json::from(value as i64);
    }
    serde_json::Number::from_f64(value).map_or(Json::Null, Json::Number)
}
