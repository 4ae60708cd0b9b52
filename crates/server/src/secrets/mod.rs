//! Secrets that sign calls to interceptors, as webhooks are signed.
//!
//! Invariants: a secret is sealed at rest, because this server signs with it; it is shown when it is made, rotated, and
//! where a caller asks for it; after a rotation the one before signs too for a day, so that receivers can change over.
//! Tokens of directories are hashed and belong to their directory: they are made there.
mod grpc;
mod model;
mod ops;
mod store;

pub use grpc::routes;
pub use ops::signing_secrets;
