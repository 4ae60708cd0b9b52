//! API keys: opaque, long-lived tokens of an organization or of one of its members, checked by the application with each
//! request that it gets.
//!
//! Invariants: a key is shown once and stored as a hash; who holds a dead key (unknown, expired, invalidated, of a
//! member who left or is inactive) always learns the same, `NOT_FOUND`; a validation is true to a state that is at most
//! one second old, and to what this node did with the key at once (`docs/decisions/0013-api-tokens.md`).
mod grpc;
mod model;
mod ops;
mod store;

pub use grpc::routes;
pub use model::{ApiToken, ValidTokens};
