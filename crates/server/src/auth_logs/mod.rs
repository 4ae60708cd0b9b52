//! The authentication log: one entry for each sign-in, however it was started and however it ended.
//!
//! Invariants: an entry is written when a sign-in starts and once more with each step, by [`record`] in the transaction of
//! that step; it repeats the names of what it tells of, because it outlives that; what is older than 90 days is deleted.
mod grpc;
mod jobs;
mod model;
mod ops;
mod store;

pub use grpc::routes;
pub use jobs::jobs;
pub use model::{AuthRequest, AuthStatus, TakingPart};
pub use store::{find, record, succeed};
