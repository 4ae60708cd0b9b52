//! JSON numbers, strings and bools to protobuf scalars.
use super::input::mismatch;
use crate::{
    error::Error,
    transport::wire::{Path, write},
};
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use gatewright_api::plan::{Enum, Kind};
use serde_json::{Number, Value};

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Appends one scalar; a zero is left out unless `explicit`.
pub(super) fn write(
    out: &mut Vec<u8>,
    (number, kind, explicit): (u32, Kind, bool),
    value: &Value,
    path: &Path<'_>,
) -> Result<(), Error> {
    let bits = match kind {
        Kind::Bool => u64::from(value.as_bool().ok_or_else(|| mismatch(path, "must be true or false"))?),
        Kind::Int32 => integer(value, path, i32::MIN, i32::MAX)? as u64,
        Kind::Int64 => integer(value, path, i64::MIN, i64::MAX)? as u64,
        Kind::Uint32 => integer(value, path, 0, u32::MAX)? as u64,
        Kind::Uint64 => integer(value, path, 0, u64::MAX)? as u64,
        Kind::Enum(names) => i64::from(enumeration(names, value, path)?) as u64,
        Kind::Float => {
            let value = float(value, path)?;
            let narrow = value as f32;
            if narrow.is_infinite() && value.is_finite() {
                return Err(Error::invalid(path.to_string(), "range", "is too large"));
            }
            if explicit || narrow.to_bits() != 0 {
                write::float(out, number, narrow);
            }
            return Ok(());
        }
        Kind::Double => {
            let value = float(value, path)?;
            if explicit || value.to_bits() != 0 {
                write::double(out, number, value);
            }
            return Ok(());
        }
        Kind::String => {
            let text = value.as_str().ok_or_else(|| mismatch(path, "must be a string"))?;
            if explicit || !text.is_empty() {
                write::bytes(out, number, text.as_bytes());
            }
            return Ok(());
        }
        Kind::Bytes => {
            let bytes = base64(value, path)?;
            if explicit || !bytes.is_empty() {
                write::bytes(out, number, &bytes);
            }
            return Ok(());
        }
        Kind::Message(_) => return Err(Error::internal("a message is no scalar")),
    };
    if explicit || bits != 0 {
        write::varint(out, number, bits);
    }
    Ok(())
}

/// A whole number: `7`, `7.0`, `7e0`, `"7"`.
fn integer(
    value: &Value,
    path: &Path<'_>,
    min: impl Into<i128>,
    max: impl Into<i128>,
) -> Result<i128, Error> {
    let whole = match value {
        Value::Number(number) => whole(number),
        Value::String(text) => {
            text.parse().ok().or_else(|| whole(&serde_json::from_str(text).ok().filter(|_| is_bare(text))?))
        }
        _ => None,
    };
    let whole = whole.ok_or_else(|| mismatch(path, "must be a whole number"))?;
    let (min, max) = (min.into(), max.into());
    if !(min..=max).contains(&whole) {
        return Err(Error::invalid(path.to_string(), "range", format!("must be between {min} and {max}")));
    }
    Ok(whole)
}

/// JSON allows blanks around a number; a number in a string has none.
fn is_bare(text: &str) -> bool {
    !text.bytes().any(|byte| byte.is_ascii_whitespace())
}

fn whole(number: &Number) -> Option<i128> {
    if let Some(number) = number.as_i64() {
        return Some(i128::from(number));
    }
    if let Some(number) = number.as_u64() {
        return Some(i128::from(number));
    }
    let number = number.as_f64()?;
    // The bound keeps the cast exact enough to be refused by every range.
    (number.fract() == 0.0 && number.abs() < 1e30).then_some(number as i128)
}

fn float(value: &Value, path: &Path<'_>) -> Result<f64, Error> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => serde_json::from_str(text).ok().filter(|_| is_bare(text)),
        },
        _ => None,
    };
    number.ok_or_else(|| mismatch(path, "must be a number"))
}

/// By name or by number; a number without a name is for the rules to judge.
fn enumeration(names: &'static Enum, value: &Value, path: &Path<'_>) -> Result<i32, Error> {
    match value {
        Value::String(name) => names
            .values
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, number)| *number)
            .ok_or_else(|| Error::invalid(path.to_string(), "enum.defined_only", one_of(names))),
        Value::Number(number) => whole(number)
            .and_then(|number| i32::try_from(number).ok())
            .ok_or_else(|| Error::invalid(path.to_string(), "enum.defined_only", one_of(names))),
        _ => Err(mismatch(path, "must be the name of an enum value")),
    }
}

/// `must be one of A, B, C`.
pub(in crate::transport) fn one_of(names: &Enum) -> String {
    let names: Vec<&str> = names.values.iter().map(|(name, _)| *name).collect();
    format!("must be one of {}", names.join(", "))
}

fn base64(value: &Value, path: &Path<'_>) -> Result<Vec<u8>, Error> {
    let text = value.as_str().ok_or_else(|| mismatch(path, "must be a string in base64"))?;
    let engine = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
    engine.decode(text).map_err(|_| mismatch(path, "must be a string in base64"))
}
