//! Authenticator apps: time-based one-time passwords (RFC 6238) that the application's backend asks for.
//!
//! Invariants: a secret is shown once, in the URI for the app, and stored sealed; a code is taken once, and never after a
//! later one; every try is counted before it is compared, and after five the registration rests; a user has at most one
//! enabled registration; backup codes are shown once, stored as hashes, and good for once.
mod codes;
mod grpc;
mod jobs;
mod model;
mod ops;
mod store;

pub use codes::code_at;
pub use grpc::routes;
pub use jobs::jobs;
