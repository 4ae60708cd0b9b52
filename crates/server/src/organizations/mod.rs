//! Organizations: the customers of an application, to which users, connections and directories belong.
//!
//! Invariants: `external_id` and `slug` are unique in the environment; an organization exists or it does not, there is
//! no state; deleting one deletes what belongs to it (foreign keys cascade; its members by a job); each change tells an
//! event in its own transaction.
mod branding;
mod deletion;
mod grpc;
mod jobs;
mod model;
mod ops;
mod portal_links;
mod session_policy;
mod store;

pub use branding::in_force as own_branding;
pub use deletion::OrganizationDeleted;
pub use grpc::routes;
pub use jobs::jobs;
pub use model::{Organization, OrganizationRef};
pub use ops::{create_default, create_for_sign_up, get};
pub use portal_links::organization_of as of_link;
pub use store::{find, find_for_update, keep};
