//! Roles and permissions: what the users of an application may do there.
//!
//! Invariants: a role's name is unique in the environment, among its roles and those of the organization that it belongs
//! to; inheritance has no cycles and at most [`model::MAX_DEPTH`] roles in a chain; each environment has exactly one
//! default role of members; each change tells an event in its own transaction. Changes of roles take turns, by a lock
//! on the environment's row: they are rare, and their rules span rows.
mod built_in;
mod grpc;
mod inheritance;
mod memberships;
mod model;
mod ops;
mod permission_grpc;
mod permission_ops;
mod permission_store;
mod store;

pub use built_in::create_built_in;
pub use grpc::routes;
pub use memberships::{
    AssignedRole, Permitted, RoleSummary, assign, assign_default, assigned_to, assigned_to_users,
    default_creator_role, effective_permissions, permitted, resolve, with_bases,
};
pub use model::{Permission, RoleRef};
pub use permission_ops::{
    create as create_permission, delete as delete_permission, update as update_permission,
};
pub use permission_store::{description as permission_description, own as own_permissions};
