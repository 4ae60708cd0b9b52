//! Proofs that a person reads the mails to an address, by a one-time code or a magic link, without hosted pages: the
//! application shows its own and keeps its own session (`management.md` 9.1).
//!
//! Invariants: a proof succeeds once, whatever asks for it at the same time and on whatever node, and voids code and
//! link together; a try of a code is counted before it is compared; limits are kept in the database; codes are stored
//! under a keyed hash, links and request ids under a hash; a link leads to the application, so that programs that open
//! links in mails use nothing up.
mod credentials;
mod grpc;
mod jobs;
mod limits;
mod link;
mod model;
mod ops;
mod settings;
mod store;

pub use grpc::routes;
pub use jobs::jobs;
pub use limits::TRIES;
pub use model::{NewRequest, PasswordlessType, Presented, Sent, Template, Verified};
pub use ops::{resend, send, verify};
pub use settings::Settings;
