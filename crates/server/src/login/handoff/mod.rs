//! Sign-ins that an application finishes on a login page of its own (`auth.md` 7.6). The browser goes there with a login
//! request and a state; the application reports who the user is; the browser brings the state back.
//!
//! Invariants: a login request lives 15 minutes; it takes one report, and the same one again; a state is good for once,
//! for the connection that it was made for, and only after a report.
mod model;
mod ops;
mod store;

pub use model::{LoginRequest, NewLoginRequest, ReportedUser, Resource};
pub use ops::{get, open, report, take};
pub use store::delete_expired;
