//! The well-known types that have a JSON form of their own, read from JSON.
use super::{
    input::{Writer, mismatch},
    scalar, time,
};
use crate::{
    error::Error,
    transport::wire::{Path, known, write},
};
use gatewright_api::plan::{Message, WellKnown};
use serde_json::Value;

/// Appends the fields of a well-known message.
pub(super) fn write(
    writer: &mut Writer<'_>,
    message: &'static Message,
    value: &Value,
    path: &Path<'_>,
) -> Result<(), Error> {
    match message.well_known {
        Some(WellKnown::Timestamp) => {
            let description = "must be a time of RFC 3339, such as 2026-01-31T09:30:00Z";
            pair(writer, value.as_str().and_then(time::parse_timestamp), path, description)
        }
        Some(WellKnown::Duration) => {
            let description = "must be a duration in seconds, such as 1.5s";
            pair(writer, value.as_str().and_then(time::parse_duration), path, description)
        }
        Some(WellKnown::FieldMask) => {
            let text = value
                .as_str()
                .ok_or_else(|| mismatch(path, "must be field names with commas between them"))?;
            for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                write::bytes(writer.out, 1, snake_case(name).as_bytes());
            }
            Ok(())
        }
        Some(WellKnown::Wrapper) => {
            let field = message.fields.first().ok_or_else(|| Error::internal("a wrapper has one field"))?;
            scalar::write(writer.out, (field.number, field.kind, false), value, path)
        }
        Some(WellKnown::Struct) => object(writer, value, path),
        Some(WellKnown::ListValue) => list(writer, value, path),
        Some(WellKnown::Value) => any(writer, value, path),
        Some(WellKnown::Empty) | None => writer.message(message, value, path),
    }
}

fn pair(
    writer: &mut Writer<'_>,
    parsed: Option<(i64, i32)>,
    path: &Path<'_>,
    description: &'static str,
) -> Result<(), Error> {
    let (seconds, nanos) = parsed.ok_or_else(|| mismatch(path, description))?;
    if seconds != 0 {
        write::varint(writer.out, 1, seconds as u64);
    }
    if nanos != 0 {
        write::varint(writer.out, 2, i64::from(nanos) as u64);
    }
    Ok(())
}

/// `displayName.firstName` to `display_name.first_name`; what is in snake case already stays as it is.
fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

fn object(writer: &mut Writer<'_>, value: &Value, path: &Path<'_>) -> Result<(), Error> {
    let entries = value.as_object().ok_or_else(|| mismatch(path, "must be an object"))?;
    for (key, value) in entries {
        let path = Path::Key(path, key);
        writer.nested(1, &path, |writer| {
            write::bytes(writer.out, 1, key.as_bytes());
            writer.nested(2, &path, |writer| any(writer, value, &path))
        })?;
    }
    Ok(())
}

fn list(writer: &mut Writer<'_>, value: &Value, path: &Path<'_>) -> Result<(), Error> {
    let items = value.as_array().ok_or_else(|| mismatch(path, "must be an array"))?;
    for (index, value) in items.iter().enumerate() {
        let path = Path::Index(path, index);
        writer.nested(1, &path, |writer| any(writer, value, &path))?;
    }
    Ok(())
}

/// The numbers are those of [`known::VALUE`].
fn any(writer: &mut Writer<'_>, value: &Value, path: &Path<'_>) -> Result<(), Error> {
    debug_assert_eq!(known::VALUE.fields.len(), 6);
    match value {
        Value::Null => write::varint(writer.out, 1, 0),
        Value::Number(number) => write::double(writer.out, 2, number.as_f64().unwrap_or_default()),
        Value::String(text) => write::bytes(writer.out, 3, text.as_bytes()),
        Value::Bool(flag) => write::varint(writer.out, 4, u64::from(*flag)),
        Value::Object(_) => return writer.nested(5, path, |writer| object(writer, value, path)),
        Value::Array(_) => return writer.nested(6, path, |writer| list(writer, value, path)),
    }
    Ok(())
}
