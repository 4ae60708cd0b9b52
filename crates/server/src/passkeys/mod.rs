//! Passkeys: WebAuthn credentials that users sign in with.
//!
//! Invariants: a credential belongs to one user; its raw id is unique over all environments; it goes with its user; the
//! user handle follows from the user's id, so the user of an assertion is known without a table. A ceremony is finished
//! once, within its time, by the user or in the browser for which it was begun; its challenge is the one that is stored.
mod answer;
mod ceremony;
mod ceremony_grpc;
mod ceremony_store;
mod grpc;
mod jobs;
mod model;
mod ops;
mod relying_party;
mod store;

pub use ceremony::{begin_authentication, begin_registration, finish_authentication, finish_registration};
pub use grpc::routes;
pub use jobs::jobs;
pub use model::{Flags, NewPasskey, Passkey, user_handle};
pub use ops::{add, delete, list, rename};
pub use relying_party::RelyingParty;
pub use store::has_any;
