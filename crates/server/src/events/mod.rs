//! What happened: one row per change, written in the transaction that made it, so that an event exists if and only if
//! the change does. The log, webhooks and reactions all read this table.
mod grpc;
mod model;
mod ops;
mod store;

pub use grpc::routes;
pub use model::{Event, EventType};
pub use ops::{emit, emit_step};
pub use store::{last_data, newest};
