//! Protected resources: the MCP servers and other APIs that clients get tokens for, their scopes, their clients, and the
//! consents that users gave to those.
//!
//! Invariants: a resource's URI is unique in the environment, and is kept to the letter, because audiences are compared so;
//! a scope is a permission of the environment, and a resource's token has only those that are enabled on the resource;
//! the server alone chooses the audience of such a token. What needs a person at a browser (the consent page, a user's
//! own consents) follows with the login.
mod clients;
mod consents;
mod grpc;
mod jobs;
mod model;
mod ops;
mod own_consents;
mod scope_grpc;
mod scopes;
mod store;
mod target;

pub use consents::{NewConsent, consented, grant};
pub use grpc::routes;
pub use jobs::jobs;
pub use model::Resource;
pub use scopes::descriptions;
pub use store::find;
pub use target::{Target, issuer, metadata, target_of};
