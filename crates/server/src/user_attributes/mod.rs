//! The catalogues of user attributes: what profiles (filled by SSO) and directory users (filled by SCIM) may contain.
//!
//! Invariants: a key is unique in its catalogue and never changes; the standard attributes are always there, and what is
//! stored of them is only what an environment changed; e-mail is always in use and required.
mod grpc;
mod model;
mod ops;
mod store;

pub use grpc::routes;
pub use model::{Attribute, Catalogue, Category, Datatype};
pub use ops::list;
