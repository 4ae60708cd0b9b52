//! Writing fields.
use prost::encoding::{WireType, encode_key, encode_varint};

/// A varint field.
pub fn varint(out: &mut Vec<u8>, number: u32, value: u64) {
    encode_key(number, WireType::Varint, out);
    encode_varint(value, out);
}

/// A `double` field.
pub fn double(out: &mut Vec<u8>, number: u32, value: f64) {
    encode_key(number, WireType::SixtyFourBit, out);
    out.extend_from_slice(&value.to_le_bytes());
}

/// A `float` field.
pub fn float(out: &mut Vec<u8>, number: u32, value: f32) {
    encode_key(number, WireType::ThirtyTwoBit, out);
    out.extend_from_slice(&value.to_le_bytes());
}

/// A string or bytes field.
pub fn bytes(out: &mut Vec<u8>, number: u32, value: &[u8]) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(value.len() as u64, out);
    out.extend_from_slice(value);
}

/// Starts a nested message and returns the mark for [`close`].
pub fn open(out: &mut Vec<u8>, number: u32) -> usize {
    encode_key(number, WireType::LengthDelimited, out);
    out.len()
}

/// Ends the nested message that [`open`] started: puts its length in front of it.
pub fn close(out: &mut Vec<u8>, mark: usize) {
    let length = out.len().saturating_sub(mark) as u64;
    let mut prefix = [0_u8; 10];
    let mut rest = prefix.as_mut_slice();
    encode_varint(length, &mut rest);
    let used = 10_usize.saturating_sub(rest.len());
    out.splice(mark..mark, prefix.into_iter().take(used));
}
