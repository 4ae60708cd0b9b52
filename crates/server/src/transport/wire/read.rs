//! Reading: one pass over a message's bytes notes where each field of the plan is.
use super::Path;
use crate::error::Error;
use gatewright_api::plan::{Cardinality, Field, Kind};
use prost::{
    DecodeError,
    encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field},
};
use std::borrow::Cow;

/// A value as it is on the wire, before its type gives it a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Raw<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 5.
    Fixed32(u32),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 2.
    Bytes(&'a [u8]),
}

impl<'a> Raw<'a> {
    /// The bytes of a string, message, map entry or packed list.
    pub fn bytes(self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// Whether a single value of `kind` looks like this.
    fn fits(self, kind: Kind) -> bool {
        matches!(
            (kind, self),
            (Kind::String | Kind::Bytes | Kind::Message(_), Self::Bytes(_))
                | (Kind::Float, Self::Fixed32(_))
                | (Kind::Double, Self::Fixed64(_))
                | (
                    Kind::Bool | Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Enum(_),
                    Self::Varint(_)
                )
        )
    }
}

/// Bytes that are no message of the expected type.
#[derive(Clone, Copy, Debug)]
pub struct Malformed(Option<&'static Field>);

impl Malformed {
    /// For the caller, with the name of the field if it is known.
    pub fn at(self, path: &Path<'_>) -> Error {
        match self.0 {
            Some(field) => Error::invalid(
                Path::Field(path, field.name).to_string(),
                "type",
                "is not encoded as its type",
            ),
            None => Error::invalid(path.to_string(), "type", "is not a valid protobuf message"),
        }
    }
}

/// The next field of a message; a group has no value, because no message of ours has one.
fn next<'a>(input: &mut &'a [u8]) -> Result<(u32, Option<Raw<'a>>), DecodeError> {
    let (number, wire_type) = decode_key(input)?;
    let raw = match wire_type {
        WireType::Varint => Some(Raw::Varint(decode_varint(input)?)),
        WireType::LengthDelimited => {
            let before = *input;
            let length = decode_varint(input)?;
            let split = usize::try_from(length).ok().and_then(|length| input.split_at_checked(length));
            let Some((bytes, rest)) = split else {
                *input = before;
                skip_field(wire_type, number, input, DecodeContext::default())?; // fails, and says why
                return Ok((number, None));
            };
            *input = rest;
            Some(Raw::Bytes(bytes))
        }
        WireType::SixtyFourBit if let Some((bytes, rest)) = input.split_first_chunk() => {
            *input = rest;
            Some(Raw::Fixed64(u64::from_le_bytes(*bytes)))
        }
        WireType::ThirtyTwoBit if let Some((bytes, rest)) = input.split_first_chunk() => {
            *input = rest;
            Some(Raw::Fixed32(u32::from_le_bytes(*bytes)))
        }
        _ => {
            skip_field(wire_type, number, input, DecodeContext::default())?;
            None
        }
    };
    Ok((number, raw))
}

/// What a message has for one field.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slot<'a> {
    count: usize,
    last: Option<Raw<'a>>,
    from: &'a [u8],
}

impl<'a> Slot<'a> {
    /// Whether the field is there at all.
    pub fn is_set(&self) -> bool {
        self.count > 0
    }

    /// The value of a field that is not repeated; of several, the last one counts.
    pub fn last(&self) -> Option<Raw<'a>> {
        self.last
    }

    /// Bytes of a message. Several occurrences are merged, which their concatenation does.
    pub fn message(&self, field: &Field) -> Cow<'a, [u8]> {
        if self.count <= 1 {
            return Cow::Borrowed(self.last.and_then(Raw::bytes).unwrap_or_default());
        }
        let parts: Vec<&[u8]> = self.items(field).filter_map(|item| item.ok().and_then(Raw::bytes)).collect();
        Cow::Owned(parts.concat())
    }

    /// Items of a list, packed or not, or entries of a map.
    pub fn items(&self, field: &Field) -> Items<'a> {
        let packs = field.cardinality == Cardinality::Repeated
            && !matches!(field.kind, Kind::String | Kind::Bytes | Kind::Message(_));
        Items { input: self.from, packed: &[], number: field.number, kind: packs.then_some(field.kind) }
    }
}

/// Iterator over the values of one repeated field.
#[derive(Debug)]
pub struct Items<'a> {
    input: &'a [u8],
    packed: &'a [u8],
    number: u32,
    kind: Option<Kind>,
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<Raw<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let (false, Some(kind)) = (self.packed.is_empty(), self.kind) {
                return Some(unpack(kind, &mut self.packed).inspect_err(|_| {
                    self.packed = &[];
                    self.input = &[];
                }));
            }
            if self.input.is_empty() {
                return None;
            }
            match next(&mut self.input) {
                Ok((number, Some(raw))) if number == self.number => match (raw, self.kind) {
                    (Raw::Bytes(bytes), Some(_)) => self.packed = bytes,
                    _ => return Some(Ok(raw)),
                },
                Ok(_) => {}
                Err(_) => {
                    self.input = &[];
                    return Some(Err(Malformed(None)));
                }
            }
        }
    }
}

fn unpack<'a>(kind: Kind, packed: &mut &'a [u8]) -> Result<Raw<'a>, Malformed> {
    let malformed = Malformed(None);
    match kind {
        Kind::Double => {
            let (bytes, rest) = packed.split_first_chunk().ok_or(malformed)?;
            *packed = rest;
            Ok(Raw::Fixed64(u64::from_le_bytes(*bytes)))
        }
        Kind::Float => {
            let (bytes, rest) = packed.split_first_chunk().ok_or(malformed)?;
            *packed = rest;
            Ok(Raw::Fixed32(u32::from_le_bytes(*bytes)))
        }
        _ => decode_varint(packed).map(Raw::Varint).map_err(|_| malformed),
    }
}

/// The fields of one message.
#[derive(Debug)]
pub struct Slots<'a>(Vec<Slot<'a>>);

impl<'a> Slots<'a> {
    /// Notes where each of `fields` is in `bytes`; unknown fields are skipped.
    ///
    /// # Errors
    /// The bytes are no message, or a field has the wire type of another type.
    pub fn read(fields: &'static [Field], bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut slots = vec![Slot::default(); fields.len()];
        let mut input = bytes;
        let mut hint = 0;
        while !input.is_empty() {
            let start = input;
            let (number, raw) = next(&mut input).map_err(|_| Malformed(None))?;
            let Some(index) = position(fields, number, hint) else { continue };
            let Some(field) = fields.get(index) else { continue };
            let malformed = Malformed(Some(field));
            let raw = raw.filter(|raw| is_well_typed(field, *raw)).ok_or(malformed)?;
            if let Some(oneof) = field.oneof {
                clear_others(&mut slots, fields, index, oneof);
            }
            let Some(slot) = slots.get_mut(index) else { continue };
            if slot.count == 0 {
                slot.from = start;
            }
            slot.count += 1;
            slot.last = Some(raw);
            hint = index;
        }
        Ok(Self(slots))
    }

    /// What there is for the field at `index` of the plan's list.
    pub fn get(&self, index: usize) -> Slot<'a> {
        self.0.get(index).copied().unwrap_or_default()
    }
}

/// Encoders write fields in order, so the next field is mostly the one at or after the last one.
fn position(fields: &[Field], number: u32, hint: usize) -> Option<usize> {
    let (before, after) = fields.split_at_checked(hint)?;
    match after.iter().position(|field| field.number == number) {
        Some(offset) => Some(hint + offset),
        None => before.iter().position(|field| field.number == number),
    }
}

fn is_well_typed(field: &Field, raw: Raw<'_>) -> bool {
    match (field.cardinality, raw) {
        (Cardinality::Map, raw) => raw.bytes().is_some(),
        (Cardinality::Repeated, Raw::Bytes(_)) => true,
        (_, raw) => raw.fits(field.kind),
    }
}

/// Of the members of a `oneof` the last one on the wire counts.
fn clear_others(slots: &mut [Slot<'_>], fields: &[Field], index: usize, oneof: &str) {
    for (other, (slot, field)) in slots.iter_mut().zip(fields).enumerate() {
        if other != index && field.oneof == Some(oneof) {
            *slot = Slot::default();
        }
    }
}

/// Key and value of a map's entry; either may be absent, which means its zero.
///
/// # Errors
/// The bytes are no entry, or one that names its key or value twice: no encoder does, and merging would let a value
/// escape validation.
pub fn entry(kind: Kind, bytes: &[u8]) -> Result<(&[u8], Option<Raw<'_>>), Malformed> {
    let malformed = Malformed(None);
    let (mut key, mut value) = (None, None);
    let mut input = bytes;
    while !input.is_empty() {
        let (number, raw) = next(&mut input).map_err(|_| malformed)?;
        match number {
            1 if key.is_none() => key = Some(raw.and_then(Raw::bytes).ok_or(malformed)?),
            2 if value.is_none() => value = Some(raw.filter(|raw| raw.fits(kind)).ok_or(malformed)?),
            1 | 2 => return Err(malformed),
            _ => {}
        }
    }
    Ok((key.unwrap_or_default(), value))
}
