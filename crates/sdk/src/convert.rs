//! Between protobuf's types and ours.

use jiff::Timestamp;
use prost_types::value::Kind;
use serde_json::{Map, Number, Value};

use crate::error::{Result, ScalekitError};

pub(crate) fn timestamp(time: Option<prost_types::Timestamp>) -> Option<Timestamp> {
    time.and_then(|time| Timestamp::new(time.seconds, time.nanos).ok())
}

pub(crate) fn into_timestamp(time: Option<Timestamp>) -> Option<prost_types::Timestamp> {
    time.map(|time| prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() })
}

/// An answer without its content is none.
pub(crate) fn present<T>(value: Option<T>, what: &str) -> Result<T> {
    value.ok_or_else(|| ScalekitError::invalid_response(format!("the answer has no {what}")))
}

/// A JSON object of `google.protobuf.Struct`.
pub(crate) fn json(value: prost_types::Struct) -> Map<String, Value> {
    value.fields.into_iter().map(|(name, value)| (name, json_value(value))).collect()
}

fn json_value(value: prost_types::Value) -> Value {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(value)) => Value::Bool(value),
        Some(Kind::NumberValue(value)) => json_number(value),
        Some(Kind::StringValue(value)) => Value::String(value),
        Some(Kind::ListValue(list)) => Value::Array(list.values.into_iter().map(json_value).collect()),
        Some(Kind::StructValue(value)) => Value::Object(json(value)),
    }
}

/// Protobuf knows only doubles; whole ones become integers again, as JSON has them.
fn json_number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// The way back.
pub(crate) fn into_struct(object: Map<String, Value>) -> prost_types::Struct {
    prost_types::Struct {
        fields: object.into_iter().map(|(name, value)| (name, into_value(value))).collect(),
    }
}

fn into_value(value: Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(value),
        Value::Number(value) => Kind::NumberValue(value.as_f64().unwrap_or(f64::NAN)),
        Value::String(value) => Kind::StringValue(value),
        Value::Array(values) => {
            Kind::ListValue(prost_types::ListValue { values: values.into_iter().map(into_value).collect() })
        }
        Value::Object(object) => Kind::StructValue(into_struct(object)),
    };
    prost_types::Value { kind: Some(kind) }
}

/// An enum of the API that keeps values it does not know, so that an old SDK reads a new server.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$doc:meta])* $variant:ident = $number:literal $text:literal,)* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            /// A value that this version of the SDK does not know, by its number.
            Other(i32),
        }

        impl $name {
            /// Name in the API; `UNKNOWN` for [`Other`](Self::Other).
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(_) => "UNKNOWN",
                }
            }
        }

        impl From<i32> for $name {
            fn from(number: i32) -> Self {
                match number {
                    $($number => Self::$variant,)*
                    other => Self::Other(other),
                }
            }
        }

        impl From<$name> for i32 {
            fn from(value: $name) -> i32 {
                match value {
                    $($name::$variant => $number,)*
                    $name::Other(number) => number,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_survives_the_way_through_protobuf() {
        let Value::Object(object) = json!({
            "a": null, "b": [true, 1, -2.5, "x", {"c": {}}], "big": 9_007_199_254_740_991_i64
        }) else {
            panic!("an object")
        };
        assert_eq!(json(into_struct(object.clone())), object);
    }

    #[test]
    fn times_survive_and_bad_ones_are_absent() {
        let time = Timestamp::new(1_767_225_600, 123_456_789).unwrap();
        assert_eq!(timestamp(into_timestamp(Some(time))), Some(time));
        assert_eq!(timestamp(Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 })), None);
    }
}
