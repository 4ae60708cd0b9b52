//! The requests of the class *Roles*.

use gatewright_api::rpc::roles_service as rpc;

use super::model::{DefaultRoles, Role, RoleInclude};
use crate::call::request;
use crate::convert::present;

/// Setters of what a new role is made from.
macro_rules! new_role {
    ($name:ident) => {
        impl $name {
            /// What the role is for, at most 2000 characters.
            pub fn description(mut self, description: impl Into<String>) -> Self {
                self.message.role.get_or_insert_default().description = Some(description.into());
                self
            }

            /// Name of the role to inherit permissions from. The reference calls it `baseRole`.
            pub fn extends(mut self, role_name: impl Into<String>) -> Self {
                self.message.role.get_or_insert_default().extends = Some(role_name.into());
                self
            }

            /// Names of its own permissions, in place of those set before; at most 100.
            pub fn permissions(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
                let names = names.into_iter().map(Into::into).collect();
                self.message.role.get_or_insert_default().permissions = names;
                self
            }
        }
    };
}

/// Setters of what changes of a role.
macro_rules! changed_role {
    ($name:ident) => {
        impl $name {
            /// New name for people, 1 to 100 characters.
            pub fn display_name(mut self, display_name: impl Into<String>) -> Self {
                self.message.role.get_or_insert_default().display_name = Some(display_name.into());
                self
            }

            /// New description, 1 to 2000 characters.
            pub fn description(mut self, description: impl Into<String>) -> Self {
                self.message.role.get_or_insert_default().description = Some(description.into());
                self
            }

            /// Name of the new role to inherit permissions from.
            pub fn extends(mut self, role_name: impl Into<String>) -> Self {
                self.message.role.get_or_insert_default().extends = Some(role_name.into());
                self
            }

            /// Names of permissions that replace all its own, at most 100. None at all leave them as they are.
            pub fn permissions(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
                let names = names.into_iter().map(Into::into).collect();
                self.message.role.get_or_insert_default().permissions = names;
                self
            }
        }
    };
}

macro_rules! including {
    ($name:ident) => {
        impl $name {
            /// Also asks for permissions; without it the answer has none.
            pub fn include(mut self, include: RoleInclude) -> Self {
                self.message.include = Some(include.as_str().to_owned());
                self
            }
        }
    };
}

macro_rules! reassign {
    ($name:ident) => {
        impl $name {
            /// Name of the role that takes its place: users who have the deleted one get it, and roles that extend
            /// the deleted one extend it.
            pub fn reassign_role_name(mut self, role_name: impl Into<String>) -> Self {
                self.message.reassign_role_name = Some(role_name.into());
                self
            }
        }
    };
}

request! {
    /// Request of [`create_role`](super::Roles::create_role).
    CreateRole, rpc::CreateRole => Role,
    |answer| present(answer.role, "role").map(Into::into)
}
new_role!(CreateRole);

request! {
    /// Request of [`create_organization_role`](super::Roles::create_organization_role).
    CreateOrganizationRole, rpc::CreateOrganizationRole => Role,
    |answer| present(answer.role, "role").map(Into::into)
}
new_role!(CreateOrganizationRole);

request! {
    /// Request of [`get_role`](super::Roles::get_role).
    GetRole, rpc::GetRole => Role,
    |answer| present(answer.role, "role").map(Into::into)
}
including!(GetRole);

request! {
    /// Request of [`get_organization_role`](super::Roles::get_organization_role).
    GetOrganizationRole, rpc::GetOrganizationRole => Role,
    |answer| present(answer.role, "role").map(Into::into)
}
including!(GetOrganizationRole);

request! {
    /// Request of [`list_roles`](super::Roles::list_roles).
    ListRoles, rpc::ListRoles => Vec<Role>,
    |answer| Ok(answer.roles.into_iter().map(Into::into).collect())
}
including!(ListRoles);

request! {
    /// Request of [`list_organization_roles`](super::Roles::list_organization_roles).
    ListOrganizationRoles, rpc::ListOrganizationRoles => Vec<Role>,
    |answer| Ok(answer.roles.into_iter().map(Into::into).collect())
}
including!(ListOrganizationRoles);

request! {
    /// Request of [`update_role`](super::Roles::update_role).
    UpdateRole, rpc::UpdateRole => Role,
    |answer| present(answer.role, "role").map(Into::into)
}
changed_role!(UpdateRole);

request! {
    /// Request of [`update_organization_role`](super::Roles::update_organization_role).
    UpdateOrganizationRole, rpc::UpdateOrganizationRole => Role,
    |answer| present(answer.role, "role").map(Into::into)
}
changed_role!(UpdateOrganizationRole);

request! {
    /// Request of [`delete_role`](super::Roles::delete_role).
    DeleteRole, rpc::DeleteRole => (),
    |()| Ok(())
}
reassign!(DeleteRole);

request! {
    /// Request of [`delete_organization_role`](super::Roles::delete_organization_role).
    DeleteOrganizationRole, rpc::DeleteOrganizationRole => (),
    |()| Ok(())
}
reassign!(DeleteOrganizationRole);

request! {
    /// Request of [`get_role_users_count`](super::Roles::get_role_users_count).
    GetRoleUsersCount, rpc::GetRoleUsersCount => i64,
    |answer| Ok(answer.count)
}

request! {
    /// Request of [`get_organization_role_users_count`](super::Roles::get_organization_role_users_count).
    GetOrganizationRoleUsersCount, rpc::GetOrganizationRoleUsersCount => i64,
    |answer| Ok(answer.count)
}

request! {
    /// Request of [`update_default_roles`](super::Roles::update_default_roles).
    UpdateDefaultRoles, rpc::UpdateDefaultRoles => DefaultRoles,
    |answer| Ok(DefaultRoles {
        default_creator: present(answer.default_creator, "default_creator")?.into(),
        default_member: present(answer.default_member, "default_member")?.into(),
    })
}

impl UpdateDefaultRoles {
    /// Name of the role for members who are given none; unchanged when not set.
    pub fn default_member_role(mut self, role_name: impl Into<String>) -> Self {
        self.message.default_member_role = Some(role_name.into());
        self
    }
}

request! {
    /// Request of [`update_default_organization_roles`](super::Roles::update_default_organization_roles).
    UpdateDefaultOrganizationRoles, rpc::UpdateDefaultOrganizationRoles => Role,
    |answer| present(answer.default_member, "default_member").map(Into::into)
}

request! {
    /// Request of [`list_dependent_roles`](super::Roles::list_dependent_roles).
    ListDependentRoles, rpc::ListDependentRoles => Vec<Role>,
    |answer| Ok(answer.roles.into_iter().map(Into::into).collect())
}

request! {
    /// Request of [`delete_role_base`](super::Roles::delete_role_base).
    DeleteRoleBase, rpc::DeleteRoleBase => (),
    |()| Ok(())
}

request! {
    /// Request of [`delete_organization_role_base`](super::Roles::delete_organization_role_base).
    DeleteOrganizationRoleBase, rpc::DeleteOrganizationRoleBase => (),
    |()| Ok(())
}
