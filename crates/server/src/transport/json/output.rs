//! Protobuf bytes to JSON text, without a tree in between.
use super::time;
use crate::{
    error::Error,
    transport::wire::{MAX_DEPTH, Path, Raw, Slot, Slots, known, read},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gatewright_api::plan::{Cardinality, Enum, Field, Kind, Message, WellKnown};

/// Appends JSON to one buffer.
pub(super) struct Printer<'o> {
    out: &'o mut Vec<u8>,
    depth: u32,
}

fn malformed(error: read::Malformed) -> Error {
    Error::internal(error.at(&Path::Root))
}

impl<'o> Printer<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, depth: 0 }
    }

    /// The value of a message: mostly an object.
    pub(super) fn message(&mut self, message: &'static Message, bytes: &[u8]) -> Result<(), Error> {
        if self.depth > MAX_DEPTH {
            return Err(Error::internal("messages nested too deeply"));
        }
        self.depth += 1;
        let fields = known::fields(message);
        let slots = Slots::read(fields, bytes).map_err(malformed)?;
        match message.well_known {
            None | Some(WellKnown::Empty) => self.object(fields, &slots)?,
            Some(known) => self.known(known, fields, &slots)?,
        }
        self.depth -= 1;
        Ok(())
    }

    fn object(&mut self, fields: &'static [Field], slots: &Slots<'_>) -> Result<(), Error> {
        self.out.push(b'{');
        let mut first = true;
        for (index, field) in fields.iter().enumerate() {
            let slot = slots.get(index);
            if field.cardinality == Cardinality::Optional && !slot.is_set() {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.out.push(b',');
            }
            self.out.push(b'"');
            self.raw(field.name); // a proto name needs no escapes
            self.raw("\":");
            self.field(field, slot)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn field(&mut self, field: &'static Field, slot: Slot<'_>) -> Result<(), Error> {
        match (field.cardinality, field.kind) {
            (Cardinality::Repeated, kind) => {
                self.list(slot.items(field), b"[]", |printer, item| printer.value(kind, Some(item)))
            }
            (Cardinality::Map, kind) => self.list(slot.items(field), b"{}", |printer, entry| {
                let (key, value) = read::entry(kind, entry.bytes().unwrap_or_default()).map_err(malformed)?;
                printer.string(key)?;
                printer.out.push(b':');
                printer.value(kind, value)
            }),
            (_, Kind::Message(message)) => self.message(message, &slot.message(field)),
            (_, kind) => self.value(kind, slot.last()),
        }
    }

    fn list<'a>(
        &mut self,
        items: read::Items<'a>,
        [open, close]: &[u8; 2],
        mut print: impl FnMut(&mut Self, Raw<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.out.push(*open);
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            print(self, item.map_err(malformed)?)?;
        }
        self.out.push(*close);
        Ok(())
    }

    /// A value; the zero of its type if it is absent.
    fn value(&mut self, kind: Kind, raw: Option<Raw<'_>>) -> Result<(), Error> {
        let bits = match raw {
            Some(Raw::Varint(bits) | Raw::Fixed64(bits)) => bits,
            Some(Raw::Fixed32(bits)) => u64::from(bits),
            _ => 0,
        };
        let bytes = raw.and_then(Raw::bytes).unwrap_or_default();
        match kind {
            Kind::Bool => self.raw(if bits == 0 { "false" } else { "true" }),
            Kind::Int32 => self.json(&(bits as i32)),
            Kind::Uint32 => self.json(&(bits as u32)),
            Kind::Int64 => self.quoted(&(bits as i64)),
            Kind::Uint64 => self.quoted(&bits),
            Kind::Enum(names) => self.enumeration(names, bits as i32),
            Kind::Float => {
                let float = f32::from_bits(bits as u32);
                // Through the shortest decimal form, so that 0.1 stays 0.1.
                self.float(float.to_string().parse().unwrap_or_else(|_| f64::from(float)));
            }
            Kind::Double => self.float(f64::from_bits(bits)),
            Kind::String => return self.string(bytes),
            Kind::Bytes => {
                let text = STANDARD.encode(bytes);
                self.quoted(&text);
            }
            Kind::Message(message) => return self.message(message, bytes),
        }
        Ok(())
    }

    fn known(&mut self, known: WellKnown, fields: &'static [Field], slots: &Slots<'_>) -> Result<(), Error> {
        let number = |index| match slots.get(index).last() {
            Some(Raw::Varint(bits)) => bits as i64,
            _ => 0,
        };
        match known {
            WellKnown::Timestamp => {
                let text = time::format_timestamp(number(0), number(1) as i32);
                self.quoted(&text.ok_or_else(|| Error::internal("a time outside of the years 1 to 9999"))?);
                Ok(())
            }
            WellKnown::Duration => {
                let text = time::format_duration(number(0), number(1) as i32);
                self.quoted(&text.ok_or_else(|| Error::internal("not a duration"))?);
                Ok(())
            }
            WellKnown::FieldMask => self.field_mask(fields, slots),
            WellKnown::Struct | WellKnown::ListValue | WellKnown::Wrapper => match fields.first() {
                Some(field) => self.field(field, slots.get(0)),
                None => Err(Error::internal("a well-known type without a field")),
            },
            WellKnown::Value => {
                let set = fields.iter().enumerate().find(|(index, _)| slots.get(*index).is_set());
                match set {
                    // A oneof without a member is `null` too: JSON has nothing else for it.
                    None | Some((0, _)) => {
                        self.raw("null");
                        Ok(())
                    }
                    Some((index, field)) => self.field(field, slots.get(index)),
                }
            }
            WellKnown::Empty => self.object(fields, slots),
        }
    }

    fn field_mask(&mut self, fields: &'static [Field], slots: &Slots<'_>) -> Result<(), Error> {
        let Some(field) = fields.first() else { return Err(Error::internal("a field mask has paths")) };
        let mut paths = Vec::new();
        for item in slots.get(0).items(field) {
            paths.push(item.map_err(malformed)?.bytes().unwrap_or_default());
        }
        self.string(&camel_case(&paths.join(&b',')))
    }

    fn enumeration(&mut self, names: &Enum, number: i32) {
        match names.values.iter().find(|(_, known)| *known == number) {
            Some((name, _)) => self.quoted(name),
            None => self.json(&number),
        }
    }

    fn float(&mut self, number: f64) {
        // A whole number is written as one, as other encoders do: 1, not 1.0. Beyond 2^53 not every one is exact.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && number.abs() <= EXACT && !(number == 0.0 && number.is_sign_negative()) {
            self.json(&(number as i64));
        } else if number.is_finite() {
            self.json(&number);
        } else if number.is_nan() {
            self.raw("\"NaN\"");
        } else {
            self.raw(if number > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
        }
    }

    fn string(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let text = std::str::from_utf8(bytes).map_err(Error::internal)?;
        self.json(text);
        Ok(())
    }

    fn json<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        // Writing a number or a string to memory cannot fail.
        let _ = serde_json::to_writer(&mut *self.out, value);
    }

    /// Text that needs no escapes.
    fn quoted(&mut self, value: &(impl std::fmt::Display + ?Sized)) {
        use std::io::Write as _;
        let _ = write!(self.out, "\"{value}\"");
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}

/// Field masks are in lowerCamelCase in ProtoJSON: `display_name` to `displayName`.
fn camel_case(names: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(names.len());
    let mut bytes = names.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match bytes.next_if(|next| byte == b'_' && next.is_ascii_lowercase()) {
            Some(next) => out.push(next.to_ascii_uppercase()),
            None => out.push(byte),
        }
    }
    out
}
