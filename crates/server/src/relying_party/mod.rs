//! Being a client of other people's login: enterprise OpenID Connect (`auth.md` 4.2) and social providers (4.3).
//! [`start`] sends a browser to a provider, [`finish`] takes it back and tells who the provider says it is.
//!
//! Invariants: a state is good for once, for the connection, the browser and the purpose that it was made for; nonce and
//! code verifier follow from it under the master key; whatever is wrong is a refusal that says step, expected and got, and
//! never a token or a secret; the provider is asked through [`crate::outbound`] only; somebody is a connection and a
//! subject, never an e-mail address.
mod attributes;
mod exchange;
mod finish;
mod id_token;
mod jobs;
mod keys;
mod model;
pub mod simulator;
mod social;
mod start;
mod store;
pub mod test_run;
mod upstream;
mod user_info;

pub use finish::finish;
pub use jobs::jobs;
pub use keys::ProviderKeys;
pub use model::{Callback, Details, Finished, Hints, Purpose, UpstreamError};
pub use start::start;
