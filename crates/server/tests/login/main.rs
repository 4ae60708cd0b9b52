//! Signing in on the hosted pages, from the request for authorization to tokens.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod agents;
mod links;
mod organizations;
mod races;
mod refusals;
mod sign_up;
mod sso;
mod support;
