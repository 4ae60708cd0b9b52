//! What a role is.

use gatewright_api::scalekit::v1::roles as pb;
use jiff::Timestamp;

use crate::convert::{into_timestamp, timestamp};

/// A named set of permissions, of the environment or of one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Role {
    /// Id, `role_…`.
    pub id: String,
    /// Its key in all operations: 1 to 64 letters, digits and underscores; never changes.
    pub name: String,
    /// Name for people, 1 to 100 characters.
    pub display_name: String,
    /// What it is for, at most 2000 characters.
    pub description: String,
    /// Whether whoever creates an organization gets it.
    pub default_creator: bool,
    /// Whether new members who are given none get it.
    pub default_member: bool,
    /// Name of the role that it inherits permissions from.
    pub extends: Option<String>,
    /// Its permissions, if the call asked for them with `include`; sorted by name.
    pub permissions: Vec<RolePermission>,
    /// How many roles inherit directly from it.
    pub dependent_roles_count: i32,
    /// Whether it belongs to one organization.
    pub is_org_role: bool,
}

impl Role {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::Role {
        pb::Role {
            id: self.id,
            name: self.name,
            display_name: self.display_name,
            description: self.description,
            default_creator: self.default_creator,
            default_member: self.default_member,
            extends: self.extends,
            permissions: self.permissions.into_iter().map(RolePermission::into_message).collect(),
            dependent_roles_count: self.dependent_roles_count,
            is_org_role: self.is_org_role,
        }
    }
}

impl From<pb::Role> for Role {
    fn from(message: pb::Role) -> Self {
        Self {
            id: message.id,
            name: message.name,
            display_name: message.display_name,
            description: message.description,
            default_creator: message.default_creator,
            default_member: message.default_member,
            extends: message.extends,
            permissions: message.permissions.into_iter().map(Into::into).collect(),
            dependent_roles_count: message.dependent_roles_count,
            is_org_role: message.is_org_role,
        }
    }
}

/// A permission as a role has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RolePermission {
    /// Id, `perm_…`.
    pub id: String,
    /// Its key in all operations.
    pub name: String,
    /// What it allows.
    pub description: String,
    /// When it was created, UTC.
    pub create_time: Option<Timestamp>,
    /// When it was last changed, UTC.
    pub update_time: Option<Timestamp>,
    /// Name of the role that it comes from: this one, or the one that it is inherited from.
    pub role_name: String,
}

impl RolePermission {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::RolePermission {
        pb::RolePermission {
            id: self.id,
            name: self.name,
            description: self.description,
            create_time: into_timestamp(self.create_time),
            update_time: into_timestamp(self.update_time),
            role_name: self.role_name,
        }
    }
}

impl From<pb::RolePermission> for RolePermission {
    fn from(message: pb::RolePermission) -> Self {
        Self {
            id: message.id,
            name: message.name,
            description: message.description,
            create_time: timestamp(message.create_time),
            update_time: timestamp(message.update_time),
            role_name: message.role_name,
        }
    }
}

/// Which permissions an answer shows with each role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RoleInclude {
    /// The role's own.
    Permissions,
    /// Those that it inherits, too.
    AllPermissions,
}

impl RoleInclude {
    /// As the API has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permissions => "permissions",
            Self::AllPermissions => "permissions:all",
        }
    }
}

/// The environment's default roles.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DefaultRoles {
    /// Of whoever creates an organization.
    pub default_creator: Role,
    /// Of new members.
    pub default_member: Role,
}

impl DefaultRoles {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::UpdateDefaultRolesResponse {
        pb::UpdateDefaultRolesResponse {
            default_creator: Some(self.default_creator.into_message()),
            default_member: Some(self.default_member.into_message()),
        }
    }
}
