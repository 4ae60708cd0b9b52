//! Domains: the internet domains of organizations, by which people are sent to their organization's SSO
//! (`ORGANIZATION_DOMAIN`) or offered to join it (`ALLOWED_EMAIL_DOMAIN`).
//!
//! Invariants: a domain is once of each type in an organization; a verified organization domain has one owner in the
//! environment, which a unique key decides (`verified_domain`); names are ASCII in lower case; nobody owns a public
//! suffix or a provider of mail for anybody; when one organization becomes the owner, those that wait for the same
//! domain fail.
mod assignment;
mod grpc;
mod jobs;
mod model;
mod ops;
mod store;
mod verification;

pub use assignment::assign;
pub use grpc::{message, routes};
pub use jobs::jobs;
pub use model::{Domain, DomainType, NewDomain, Proof, TxtRecord, VerificationMethod, VerificationStatus};
pub use ops::{create, create_default};
pub use store::{joinable, of_connection, owner};
