//! JSON objects, lists and maps to protobuf fields.
use super::{known, scalar};
use crate::{
    error::Error,
    transport::wire::{MAX_DEPTH, Path, write},
};
use gatewright_api::plan::{Cardinality, Field, Kind, Message, WellKnown};
use serde_json::{Map, Value};

/// A value has the wrong JSON type; `description` says what it must be.
pub(super) fn mismatch(path: &Path<'_>, description: &'static str) -> Error {
    Error::invalid(path.to_string(), "type", description)
}

/// Appends fields to one buffer.
pub(super) struct Writer<'o> {
    /// The message so far.
    pub(super) out: &'o mut Vec<u8>,
    depth: u32,
}

impl<'o> Writer<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, depth: 0 }
    }

    /// The fields of `message`, without a length in front.
    pub(super) fn message(
        &mut self,
        message: &'static Message,
        value: &Value,
        path: &Path<'_>,
    ) -> Result<(), Error> {
        if message.well_known.is_some_and(|known| known != WellKnown::Empty) {
            return known::write(self, message, value, path);
        }
        let object = value.as_object().ok_or_else(|| mismatch(path, "must be an object"))?;
        let mut values = vec![None; message.fields.len()];
        for (name, value) in object {
            let index = message.fields.iter().position(|field| field.name == name || field.json_name == name);
            let Some((index, slot)) = index.and_then(|index| Some((index, values.get_mut(index)?))) else {
                continue;
            };
            if slot.replace(value).is_some() {
                let name = message.fields.get(index).map_or("", |field| field.name);
                let path = Path::Field(path, name).to_string();
                return Err(Error::invalid(path, "duplicate", "is given twice, in two spellings"));
            }
        }
        check_oneofs(message, &values, path)?;
        for (field, value) in message.fields.iter().zip(values) {
            if let Some(value) = value {
                self.field(field, value, path)?;
            }
        }
        Ok(())
    }

    /// One field with its key. `null` means that it is absent.
    pub(super) fn field(
        &mut self,
        field: &'static Field,
        value: &Value,
        parent: &Path<'_>,
    ) -> Result<(), Error> {
        let path = Path::Field(parent, field.name);
        if value.is_null() && !(takes_null(field.kind) && field.cardinality == Cardinality::Optional) {
            return Ok(());
        }
        match field.cardinality {
            Cardinality::Implicit => self.single(field.number, field.kind, value, &path, false),
            Cardinality::Optional => self.single(field.number, field.kind, value, &path, true),
            Cardinality::Repeated => {
                let items = value.as_array().ok_or_else(|| mismatch(&path, "must be an array"))?;
                for (index, item) in items.iter().enumerate() {
                    self.element(field.number, field.kind, item, &Path::Index(&path, index))?;
                }
                Ok(())
            }
            Cardinality::Map => {
                let entries = value.as_object().ok_or_else(|| mismatch(&path, "must be an object"))?;
                self.map(field, entries, &path)
            }
        }
    }

    fn map(
        &mut self,
        field: &'static Field,
        entries: &Map<String, Value>,
        path: &Path<'_>,
    ) -> Result<(), Error> {
        for (key, value) in entries {
            self.nested(field.number, path, |writer| {
                write::bytes(writer.out, 1, key.as_bytes());
                writer.element(2, field.kind, value, &Path::Key(path, key))
            })?;
        }
        Ok(())
    }

    /// An item of a list or a value of a map, which cannot be absent.
    fn element(&mut self, number: u32, kind: Kind, value: &Value, path: &Path<'_>) -> Result<(), Error> {
        if value.is_null() && !takes_null(kind) {
            return Err(mismatch(path, "must not be null"));
        }
        self.single(number, kind, value, path, true)
    }

    /// One value; a zero is left out unless `explicit`.
    fn single(
        &mut self,
        number: u32,
        kind: Kind,
        value: &Value,
        path: &Path<'_>,
        explicit: bool,
    ) -> Result<(), Error> {
        match kind {
            Kind::Message(message) => {
                self.nested(number, path, |writer| writer.message(message, value, path))
            }
            _ => scalar::write(self.out, (number, kind, explicit), value, path),
        }
    }

    /// A message with its key and its length.
    pub(super) fn nested(
        &mut self,
        number: u32,
        path: &Path<'_>,
        content: impl FnOnce(&mut Writer<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.depth >= MAX_DEPTH {
            return Err(mismatch(path, "must not be nested so deeply"));
        }
        let mark = write::open(self.out, number);
        content(&mut Writer { out: self.out, depth: self.depth + 1 })?;
        write::close(self.out, mark);
        Ok(())
    }
}

/// Whether `null` is a value of the type.
fn takes_null(kind: Kind) -> bool {
    matches!(kind, Kind::Message(message) if message.well_known == Some(WellKnown::Value))
}

fn check_oneofs(message: &'static Message, values: &[Option<&Value>], path: &Path<'_>) -> Result<(), Error> {
    let given = || {
        let pairs = message.fields.iter().zip(values);
        pairs.filter(|(field, value)| field.oneof.is_some() && value.is_some_and(|value| !value.is_null()))
    };
    for (index, (field, _)) in given().enumerate() {
        if let Some((first, _)) = given().take(index).find(|(other, _)| other.oneof == field.oneof) {
            return Err(Error::invalid(
                Path::Field(path, field.name).to_string(),
                "oneof",
                format!("must not be given together with {}", first.name),
            ));
        }
    }
    Ok(())
}
