//! Who people are elsewhere: what a provider (SAML, OpenID Connect, social) said of somebody who signed in there, and which
//! user that is here.
//!
//! Invariants: an identity is a connection and a subject, never an e-mail address; it belongs to one user, from the moment
//! that the ownership of the mailbox was proven (`auth.md` 2.6).
mod model;
mod store;

pub use model::Identity;
pub use store::{Linked, link, of_users, user_of};
