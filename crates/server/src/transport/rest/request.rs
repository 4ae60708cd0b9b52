//! The request message of a call over HTTP: body, query and path, each appended as protobuf bytes. Appending is merging
//! (Protocol Buffers, *Encoding*): of several values of one field the last counts, so the path goes last.
use super::Match;
use crate::{
    error::{Error, Kind},
    transport::json::{self, Parameter},
};
use gatewright_api::plan::{Body, Message};
use percent_encoding::percent_decode;
use serde_json::Value;
use std::borrow::Cow;

/// Encodes the request of a REST call. An empty body is an absent one; a body that the binding does not take is ignored,
/// as are unknown query parameters.
///
/// # Errors
/// `INVALID_ARGUMENT` naming the field or the parameter that is not of its type or comes twice, or saying where the body
/// is not JSON.
pub fn request(found: &Match, query: Option<&str>, body: &[u8]) -> Result<Vec<u8>, Error> {
    let message = found.method.input;
    let mut out = match found.binding.body {
        Body::None => Vec::new(),
        Body::Whole => json::to_wire(message, &parse(body)?)?,
        Body::Field(name) => {
            let field = message.fields.iter().find(|field| field.name == name);
            let field =
                field.ok_or_else(|| Error::internal(format!("{} has no field {name}", message.name)))?;
            let mut out = Vec::with_capacity(256);
            json::field_to_wire(field, &parse(body)?, &mut out)?;
            out
        }
    };
    if found.binding.body != Body::Whole {
        append_query(message, found.binding.body, query.unwrap_or_default(), &mut out)?;
    }
    for (name, text) in &found.captures {
        let parameter = Parameter::find(message, name)
            .ok_or_else(|| Error::internal(format!("{} has no field {name} to fill", message.name)))?;
        parameter.write(text, &mut out)?;
    }
    Ok(out)
}

fn parse(body: &[u8]) -> Result<Value, Error> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body)
        .map_err(|error| Error::new(Kind::InvalidArgument, format!("the body is not valid JSON: {error}")))
}

fn append_query(message: &'static Message, body: Body, query: &str, out: &mut Vec<u8>) -> Result<(), Error> {
    let mut seen: Vec<String> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(name) = decode(name) else { continue }; // no field has such a name
        let Some(parameter) = Parameter::find(message, &name) else { continue };
        if body == Body::Field(parameter.root().name) {
            continue;
        }
        let path = parameter.path();
        let text = decode(text)
            .ok_or_else(|| Error::invalid(path.as_str(), "string.utf8", "must be percent-encoded UTF-8"))?;
        if !parameter.is_repeated() && seen.contains(&path) {
            return Err(Error::invalid(path, "duplicate", "is given twice"));
        }
        parameter.write(&text, out)?;
        seen.push(path);
    }
    Ok(())
}

/// Decodes a name or value of a query; `None` if it is not UTF-8.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('+') {
        return percent_decode(text.as_bytes()).decode_utf8().ok();
    }
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8().ok().map(|text| Cow::Owned(text.into_owned()))
}
