//! OAuth clients: the environment's applications, and the machine clients of organizations.
//!
//! Invariants: a secret is shown once and stored as a hash; an application has at most two active secrets; a client's
//! kind is in its id's prefix and decides what its tokens may do. The operations of the API follow in a later version;
//! here is what tokens need.
mod model;
mod ops;
pub mod store;
mod uses;

pub use model::{Client, ClientId, ClientType, NewOrganizationClient, NewSecret};
pub use ops::{authenticate, create_default, create_organization_client, issue_secret};
pub use uses::SecretUses;
