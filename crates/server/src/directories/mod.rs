//! Directories: users and groups that a customer's identity provider keeps up to date. Here are their configuration and
//! the mirror of what is in them; the SCIM endpoint fills the mirror.
//!
//! Invariants: only a disabled directory is deleted; a secret is shown once and stored as a hash; a group has at most
//! one role; the counts in `directories` and `directory_groups` are those of the rows, changed in the same transaction.
mod group_roles;
mod grpc;
mod lists;
pub mod mirror;
mod model;
mod ops;
mod secrets;
mod store;

pub use grpc::routes;
pub use model::{Directory, DirectoryType, Provider};
