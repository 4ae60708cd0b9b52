//! Connections: the configured ways to sign in. Organizations have enterprise connections (OIDC, SAML), the environment
//! social ones, the passwordless method and passkeys. Here is their configuration; signing in follows with the login.
//!
//! Invariants: only a complete connection is enabled; its client secret is sealed and never shown; what the server
//! fetches at a customer's word comes through [`crate::outbound`]; a key is unique in the organization, or among the
//! environment's own; a domain is assigned to at most one connection, of its own organization (`domains`).
mod certificates;
mod discovery;
mod grpc;
mod jobs;
mod lists;
mod messages;
mod model;
mod ops;
mod problems;
mod saml_metadata;
pub mod settings;
mod sp_certificates;
mod store;
pub mod test_results;
mod updates;

pub use grpc::routes;
pub use jobs::jobs;
pub use model::{Connection, ConnectionType, Provider, Status};
pub use ops::{client_secret, create_default, create_simulator, platform_credentials};
pub use store::{
    enabled_of_environment, find, is_enabled, of_organization, passwordless, social, webauthn, with_key,
};
