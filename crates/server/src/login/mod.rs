//! Signing in. So far: sign-ins that an application finishes on a login page of its own (`handoff`).
mod grpc;
mod handoff;
mod jobs;

pub use grpc::routes;
pub use handoff::{LoginRequest, NewLoginRequest, ReportedUser, Resource, open, take};
pub use jobs::jobs;
