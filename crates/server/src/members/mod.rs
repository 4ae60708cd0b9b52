//! Members: the people who work in the dashboard, and their roles there. They belong to the installation, which is one
//! workspace; users of the product are another thing.
//!
//! Invariants: an e-mail address is one member's; a role's name is unique, those of the fixed roles included; a role that
//! somebody has cannot be deleted; there is always an administrator once there was one; nobody gives or takes a role that
//! allows more than he may do himself.
mod grpc;
mod model;
mod ops;
mod permissions;
mod role;
mod role_ops;
mod store;

pub use grpc::routes;
