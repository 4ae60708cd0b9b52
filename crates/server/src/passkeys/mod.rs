//! Passkeys: WebAuthn credentials that users sign in with. Registering and using them comes with the hosted pages; here
//! they are kept, listed, renamed and deleted.
//!
//! Invariants: a credential belongs to one user; its raw id is unique over all environments; it goes with its user; the
//! user handle follows from the user's id, so the user of an assertion is known without a table.
mod grpc;
mod model;
mod ops;
mod relying_party;
mod store;

pub use grpc::routes;
pub use model::{Flags, NewPasskey, Passkey, user_handle};
pub use ops::add;
pub use relying_party::RelyingParty;
