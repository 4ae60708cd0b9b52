//! Sessions: from a user's sign-in to its end, one per browser, shared by the applications of the environment.
//!
//! Invariants: a session that has ended stays as it ended; it ends by the clock, by logout, by revocation, and when its
//! user has left the last organization that it was authenticated for, and from that moment counts nowhere, whether or
//! not anybody has noticed; each start and end is told once; deleting the user deletes it. Its deadlines come from the
//! policies at its start, and get stricter when it enters a stricter organization
//! (`docs/decisions/0020-sessions.md`).
mod grpc;
mod jobs;
mod login;
mod model;
mod ops;
mod places;
mod policy;
mod store;

pub use grpc::routes;
pub use jobs::{SessionEnded, jobs};
pub use login::{
    Authenticated, Authentication, enter, find, find_active, find_by_token, goes_on, log_out, proofs,
    require_fresh, start, touch, use_in,
};
pub use model::{Device, Location, Session, Status};
pub use ops::{open_of, revoke};
pub use places::Places;
