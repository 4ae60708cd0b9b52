//! Work that is done after a commit: mail, checks, expiry, clean-up.
//!
//! Invariants: a job exists if and only if the change that wants it was committed; each is run by one node at a time, and
//! may run twice (a node that dies leaves it to the others when its lease ends), so a job is idempotent; one that fails is
//! repeated, ever more rarely, and in the end given up where it can be seen: `last_error`, `given_up_at`, a metric and a
//! warning. A periodic job runs once per interval over all nodes.
mod housekeeping;
mod model;
mod ops;
mod registry;
mod runner;
mod store;

pub use housekeeping::jobs;
pub use model::{Failure, Job, Run, STEP};
pub use ops::{Wake, enqueue};
pub use registry::Registry;
pub use runner::Runner;
