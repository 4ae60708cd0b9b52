//! REST, derived from the `google.api.http` bindings of the plan: which rpc a path means, and its request.
mod request;
mod router;
#[cfg(test)]
mod tests;

pub use request::request;
pub use router::{Match, Route, Router};
