//! What JSON means, by example and by comparison with `prost-reflect`, which reads the descriptors at run time.
mod differential;
mod fuzz;
mod input;
mod output;

use crate::transport::wire;
use gatewright_api::plan::Message;

fn plan(name: &str) -> &'static Message {
    wire::messages().into_iter().find(|message| message.name == name).unwrap()
}
