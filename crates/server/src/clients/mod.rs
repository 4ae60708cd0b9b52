//! OAuth clients: the environment's applications, the machine clients of organizations, and the clients of resources.
//!
//! Invariants: a secret is shown once and stored as a hash; an application has at most two active secrets; a client's
//! kind is in its id's prefix and decides what its tokens may do; what runs on a user's device has no secret and always
//! PKCE; a redirect URI that is stored keeps the rules of its environment.
mod authorized_domains;
mod grpc;
mod ip_allowlist;
mod known;
mod model;
mod ops;
mod origins;
mod redirect_match;
mod redirect_uri;
mod resource_client;
mod rules;
pub mod store;
mod uses;

pub use grpc::routes;
pub use grpc::{claims, machine, plain, seconds, secret};
pub use ip_allowlist::IpAllowlist;
pub use known::{KnownClients, known};
pub use model::{
    Client, ClientId, ClientType, CustomClaims, GrantType, NewOrganizationClient, NewSecret, Uris,
};
pub use ops::{WithSecrets, authenticate, create_default, create_organization_client, issue_secret};
pub use origins::{KnownOrigins, Origins, origins};
pub use redirect_match::Registered;
pub use resource_client::{Registration, RegistrationRequest, ResourceClientValues};
pub use uses::SecretUses;
