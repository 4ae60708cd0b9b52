//! Values that come as text: path segments and query parameters.
use super::input::Writer;
use crate::{error::Error, transport::wire::Path};
use gatewright_api::plan::{Cardinality, Field, Kind, Message, WellKnown};
use serde_json::Value;

/// The field that a dotted name such as `filter.client_type` or `metadata[plan]` means.
#[derive(Debug)]
pub struct Parameter {
    parents: Vec<&'static Field>,
    field: &'static Field,
    /// Key of the entry, if the field is a map.
    key: Option<String>,
}

impl Parameter {
    /// Finds the field of `message` by either spelling; `None` if there is none that text can fill.
    pub fn find(message: &'static Message, name: &str) -> Option<Self> {
        let (name, key) = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((name, key)) => (name, Some(key.to_owned())),
            None => (name, None),
        };
        let mut parents = Vec::new();
        let mut message = message;
        let mut segments = name.split('.').peekable();
        while let Some(segment) = segments.next() {
            let field =
                message.fields.iter().find(|field| field.name == segment || field.json_name == segment)?;
            if segments.peek().is_none() {
                let is_map = field.cardinality == Cardinality::Map;
                return (is_map == key.is_some() && takes_text(field.kind)).then_some(Self {
                    parents,
                    field,
                    key,
                });
            }
            let Kind::Message(inner) = field.kind else { return None };
            if field.cardinality != Cardinality::Optional || inner.well_known.is_some() {
                return None;
            }
            parents.push(field);
            message = inner;
        }
        None
    }

    /// The outermost field.
    pub fn root(&self) -> &'static Field {
        self.parents.first().copied().unwrap_or(self.field)
    }

    /// Whether a second value is one more rather than another one.
    pub fn is_repeated(&self) -> bool {
        self.field.cardinality == Cardinality::Repeated
    }

    /// Dotted path in proto names.
    pub fn path(&self) -> String {
        let names = self.parents.iter().chain([&self.field]).map(|field| field.name);
        let path = names.collect::<Vec<_>>().join(".");
        match &self.key {
            Some(key) => Path::Key(&Path::Field(&Path::Root, &path), key).to_string(),
            None => path,
        }
    }

    /// Appends the field with the value that `text` means to the request's bytes.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` naming the field if the text is no value of its type.
    pub fn write(&self, text: &str, out: &mut Vec<u8>) -> Result<(), Error> {
        let value = typed(self.field.kind, text);
        let value = match (self.field.cardinality, &self.key) {
            (Cardinality::Repeated, _) => Value::Array(vec![value]),
            (Cardinality::Map, Some(key)) => Value::Object([(key.clone(), value)].into_iter().collect()),
            _ => value,
        };
        self.descend(&self.parents, &value, &Path::Root, &mut Writer::new(out))
    }

    fn descend(
        &self,
        parents: &[&'static Field],
        value: &Value,
        path: &Path<'_>,
        writer: &mut Writer<'_>,
    ) -> Result<(), Error> {
        match parents.split_first() {
            None => writer.field(self.field, value, path),
            Some((parent, rest)) => {
                let path = Path::Field(path, parent.name);
                writer.nested(parent.number, &path, |writer| self.descend(rest, value, &path, writer))
            }
        }
    }
}

fn takes_text(kind: Kind) -> bool {
    let Kind::Message(message) = kind else { return true };
    matches!(
        message.well_known,
        Some(WellKnown::Timestamp | WellKnown::Duration | WellKnown::FieldMask | WellKnown::Wrapper)
    )
}

/// The JSON value that text means for a field of `kind`. Numbers stay text, which JSON allows for them.
fn typed(kind: Kind, text: &str) -> Value {
    match kind {
        Kind::Bool => match text {
            "true" | "True" | "TRUE" | "1" => Value::Bool(true),
            "false" | "False" | "FALSE" | "0" => Value::Bool(false),
            _ => Value::String(text.to_owned()),
        },
        Kind::Enum(_) => match text.parse::<i32>() {
            Ok(number) => Value::from(number),
            Err(_) => Value::String(text.to_owned()),
        },
        Kind::Message(message) if message.well_known == Some(WellKnown::Wrapper) => {
            message.fields.first().map_or(Value::Null, |field| typed(field.kind, text))
        }
        _ => Value::String(text.to_owned()),
    }
}
