//! Messages as protobuf wire bytes, read and written by the static plan of the API instead of by descriptors: those
//! would cost 34 ms and 25 MB at every start.
#[cfg(test)]
pub mod generate;
pub mod known;
pub mod path;
pub mod read;
pub mod write;

use gatewright_api::plan::{Kind, Message};
use std::collections::HashSet;

pub use path::Path;
pub use read::{Malformed, Raw, Slot, Slots};

/// Levels of messages that are accepted, a map's entry being one. prost refuses the 101st.
pub const MAX_DEPTH: u32 = 99;

/// Every message type that a request or a response can hold, each once.
pub fn messages() -> Vec<&'static Message> {
    let mut found: Vec<&'static Message> = Vec::new();
    let mut names = HashSet::new();
    let mut todo: Vec<&'static Message> =
        gatewright_api::METHODS.iter().flat_map(|method| [method.output, method.input]).collect();
    while let Some(message) = todo.pop() {
        if !names.insert(message.name) {
            continue;
        }
        found.push(message);
        for field in message.fields.iter().rev() {
            if let Kind::Message(inner) = field.kind {
                todo.push(inner);
            }
        }
    }
    found
}
