//! What is left to do when an organization is gone.
use serde::{Deserialize, Serialize};

/// The job of removing the members of an organization that was deleted. It is queued in the transaction of the deletion;
/// `users`, which knows about members, says how it is done.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct OrganizationDeleted {
    /// Number of the organization.
    pub organization: i64,
}
