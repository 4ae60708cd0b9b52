//! Log streams: to which security information systems (SIEM) an environment's events are sent.
//!
//! Invariants: one stream to each provider; a credential is sealed at rest and shown never again but for its last
//! characters. Here is their configuration; the delivery follows, and until then an enabled stream is `PENDING`.
mod grpc;
mod model;
mod ops;
mod store;

pub use grpc::routes;
