//! ProtoJSON to protobuf bytes and back, by the plan of the API.
//!
//! Input is lenient as ProtoJSON asks (either spelling of a name, 64-bit numbers as strings or numbers, unknown fields
//! ignored). Output is the dialect of `management.md` 0.6: proto names, empty fields included, 64-bit numbers as strings.
mod input;
mod known;
mod output;
pub(super) mod scalar;
mod text;
pub(super) mod time;

#[cfg(test)]
mod tests;

use super::wire::Path;
use crate::error::Error;
use gatewright_api::plan::{Field, Message, WellKnown};
use serde_json::Value;

pub use text::Parameter;

/// Encodes a JSON value as a message. `null` is an empty message.
///
/// # Errors
/// `INVALID_ARGUMENT` naming the first field that is not of its type.
pub fn to_wire(message: &'static Message, value: &Value) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(256);
    if !value.is_null() || message.well_known == Some(WellKnown::Value) {
        input::Writer::new(&mut out).message(message, value, &Path::Root)?;
    }
    Ok(out)
}

/// Encodes a JSON value as one field of a message, and appends it to `out`. `null` is an absent field.
///
/// # Errors
/// As [`to_wire`].
pub fn field_to_wire(field: &'static Field, value: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
    input::Writer::new(out).field(field, value, &Path::Root)
}

/// Appends a message as JSON to `out`.
///
/// # Errors
/// `INTERNAL`: the bytes are no such message, or a time is outside of the years 1 to 9999.
pub fn from_wire(message: &'static Message, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    output::Printer::new(out).message(message, bytes)
}
