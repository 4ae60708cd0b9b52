//! Users, what they are in organizations (memberships), and invitations.
//!
//! Invariants: a user's e-mail is unique in the environment without regard to case, and never changes; so is the
//! external id, which may change; a membership counts as long as its organization exists; an organization's limit counts
//! active members and open invitations; a user with an invitation and its mail, event and roles are one transaction; an
//! invitation's token is random, stored as a hash and sealed, and expires by the clock.
mod grpc;
mod invitations;
mod jobs;
mod joining;
mod members;
mod membership;
mod membership_store;
mod messages;
mod model;
mod ops;
mod profile;
mod store;

pub use grpc::routes;
pub use jobs::{MembershipsEnded, jobs};
pub use joining::{
    accept_invitation, find_by_email, find_invitation, join, membership, memberships_of, permissions,
    sign_up, sync_profile,
};
pub use membership::{Membership, Provisioning, Status};
pub use messages::{profile as profile_message, profile_update};
pub use model::{User, UserRef};
pub use profile::{Profile, ProfileUpdate};
pub use store::{find, find_for_update, signed_in};
