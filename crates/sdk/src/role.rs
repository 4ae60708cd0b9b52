//! Roles: the reference's class *Roles*.

mod model;
mod requests;

use std::sync::Arc;

use gatewright_api::scalekit::v1::roles as pb;

pub use model::{DefaultRoles, Role, RoleInclude, RolePermission};
pub use requests::{
    CreateOrganizationRole, CreateRole, DeleteOrganizationRole, DeleteOrganizationRoleBase, DeleteRole,
    DeleteRoleBase, GetOrganizationRole, GetOrganizationRoleUsersCount, GetRole, GetRoleUsersCount,
    ListDependentRoles, ListOrganizationRoles, ListRoles, UpdateDefaultOrganizationRoles, UpdateDefaultRoles,
    UpdateOrganizationRole, UpdateRole,
};

use crate::client::Inner;

/// Operations on roles; made by [`ScalekitClient::role`](crate::ScalekitClient::role).
///
/// Besides the errors named with each method, any call can fail as described at
/// [`Organizations`](crate::Organizations).
#[derive(Clone, Debug)]
pub struct Roles {
    client: Arc<Inner>,
}

impl Roles {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    fn client(&self) -> Arc<Inner> {
        Arc::clone(&self.client)
    }

    /// Creates a role that every organization of the environment can use.
    ///
    /// The name is its key: 1 to 64 letters, digits and underscores; it never changes.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`Conflict`](crate::ServerErrorKind::Conflict) when the environment or an organization has a role of this
    /// name; [`NotFound`](crate::ServerErrorKind::NotFound) when the base role or a permission is unknown;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when a value breaks its rule, or more than 10 roles
    /// would inherit in a row.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let editor = client
    ///     .role()
    ///     .create_role("content_editor", "Content editor")
    ///     .description("Writes and reviews articles")
    ///     .extends("member")
    ///     .permissions(["content:read", "content:write"])
    ///     .await?;
    /// println!("{}", editor.id);
    /// # Ok(()) }
    /// ```
    pub fn create_role(&self, name: impl Into<String>, display_name: impl Into<String>) -> CreateRole {
        let role =
            pb::CreateRole { name: name.into(), display_name: display_name.into(), ..Default::default() };
        CreateRole::new(self.client(), pb::CreateRoleRequest { role: Some(role) })
    }

    /// Returns one role of the environment.
    ///
    /// Its permissions come only with [`include`](GetRole::include).
    ///
    /// Permission `app_authorization:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the role is unknown;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the name is malformed.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::role::RoleInclude;
    ///
    /// let role = client.role().get_role("content_editor").include(RoleInclude::AllPermissions).await?;
    /// for permission in role.permissions {
    ///     println!("{} from {}", permission.name, permission.role_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn get_role(&self, role_name: impl Into<String>) -> GetRole {
        let role_name = role_name.into();
        GetRole::new(self.client(), pb::GetRoleRequest { role_name, include: None })
    }

    /// Lists the roles of the environment by name, all of them; not those of organizations.
    ///
    /// Permission `app_authorization:read`.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::role::RoleInclude;
    ///
    /// for role in client.role().list_roles().include(RoleInclude::Permissions).await? {
    ///     println!("{}: {} permissions", role.display_name, role.permissions.len());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_roles(&self) -> ListRoles {
        ListRoles::new(self.client(), pb::ListRolesRequest { include: None })
    }

    /// Changes what is set of a role; the rest stays. Permissions replace all its own.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the role, its new base or a permission is unknown;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when a value breaks its rule, or the role would inherit
    /// from itself.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client
    ///     .role()
    ///     .update_role("content_editor")
    ///     .permissions(["content:read", "content:write", "content:review"])
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn update_role(&self, role_name: impl Into<String>) -> UpdateRole {
        let (role_name, role) = (role_name.into(), Some(pb::UpdateRole::default()));
        UpdateRole::new(self.client(), pb::UpdateRoleRequest { role_name, role })
    }

    /// Deletes a role for good. If users have it or roles extend it, name the one that takes its place.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the role is unknown;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when it is in use and no replacement is named, is a
    /// default role (`error_code` is `FAILED_PRECONDITION`), or when the replacement is unknown or the role
    /// itself.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.role().delete_role("old_role").reassign_role_name("new_role").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_role(&self, role_name: impl Into<String>) -> DeleteRole {
        let message = pb::DeleteRoleRequest { role_name: role_name.into(), ..Default::default() };
        DeleteRole::new(self.client(), message)
    }

    /// Counts the memberships, of all organizations, that have a role of the environment directly.
    ///
    /// Permission `app_authorization:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the role is unknown;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the name is malformed.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// println!("{} users are admins", client.role().get_role_users_count("admin").await?);
    /// # Ok(()) }
    /// ```
    pub fn get_role_users_count(&self, role_name: impl Into<String>) -> GetRoleUsersCount {
        GetRoleUsersCount::new(self.client(), pb::GetRoleUsersCountRequest { role_name: role_name.into() })
    }

    /// Sets the role that whoever creates an organization gets and, with
    /// [`default_member_role`](UpdateDefaultRoles::default_member_role), the one that new members get.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when a role is unknown in the environment.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let defaults = client.role().update_default_roles("admin").default_member_role("viewer").await?;
    /// println!("{} and {}", defaults.default_creator.name, defaults.default_member.name);
    /// # Ok(()) }
    /// ```
    pub fn update_default_roles(&self, default_creator_role: impl Into<String>) -> UpdateDefaultRoles {
        let message = pb::UpdateDefaultRolesRequest {
            default_creator_role: Some(default_creator_role.into()),
            ..Default::default()
        };
        UpdateDefaultRoles::new(self.client(), message)
    }

    /// Lists the roles, also those of organizations, that directly extend a role of the environment.
    ///
    /// Permission `app_authorization:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the role is unknown;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the name is malformed.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// for role in client.role().list_dependent_roles("member").await? {
    ///     println!("{}", role.name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_dependent_roles(&self, role_name: impl Into<String>) -> ListDependentRoles {
        ListDependentRoles::new(self.client(), pb::ListDependentRolesRequest { role_name: role_name.into() })
    }

    /// Ends a role's inheritance: only its own permissions are left. Without a base nothing happens.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the role is unknown;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the name is malformed.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.role().delete_role_base("content_editor").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_role_base(&self, role_name: impl Into<String>) -> DeleteRoleBase {
        DeleteRoleBase::new(self.client(), pb::DeleteRoleBaseRequest { role_name: role_name.into() })
    }

    /// Creates a role that only one organization can use. Its base may be the environment's or the organization's
    /// own.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`Conflict`](crate::ServerErrorKind::Conflict) when the environment or the organization has a role of this
    /// name; [`NotFound`](crate::ServerErrorKind::NotFound) when the organization, the base role or a permission
    /// is unknown; [`BadRequest`](crate::ServerErrorKind::BadRequest) as for [`create_role`](Self::create_role).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let lead = client
    ///     .role()
    ///     .create_organization_role("org_12345", "department_lead", "Department lead")
    ///     .permissions(["dept:members:read", "dept:members:invite"])
    ///     .await?;
    /// assert!(lead.is_org_role);
    /// # Ok(()) }
    /// ```
    pub fn create_organization_role(
        &self,
        org_id: impl Into<String>,
        name: impl Into<String>,
        display_name: impl Into<String>,
    ) -> CreateOrganizationRole {
        let role = pb::CreateOrganizationRole {
            name: name.into(),
            display_name: display_name.into(),
            ..Default::default()
        };
        let message = pb::CreateOrganizationRoleRequest { org_id: org_id.into(), role: Some(role) };
        CreateOrganizationRole::new(self.client(), message)
    }

    /// Returns one role that an organization can use: its own, or the environment's.
    ///
    /// Its permissions come only with [`include`](GetOrganizationRole::include).
    ///
    /// Permission `organizations_read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization or the role is unknown.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let role = client.role().get_organization_role("org_12345", "department_lead").await?;
    /// println!("{}", role.display_name);
    /// # Ok(()) }
    /// ```
    pub fn get_organization_role(
        &self,
        org_id: impl Into<String>,
        role_name: impl Into<String>,
    ) -> GetOrganizationRole {
        let message = pb::GetOrganizationRoleRequest {
            org_id: org_id.into(),
            role_name: role_name.into(),
            include: None,
        };
        GetOrganizationRole::new(self.client(), message)
    }

    /// Lists all roles that an organization can use by name: the environment's and its own.
    /// [`is_org_role`](Role::is_org_role) tells them apart.
    ///
    /// Permission `organizations_read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization is unknown.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// for role in client.role().list_organization_roles("org_12345").await? {
    ///     println!("{}, {}", role.display_name, if role.is_org_role { "own" } else { "for all" });
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_organization_roles(&self, org_id: impl Into<String>) -> ListOrganizationRoles {
        let message = pb::ListOrganizationRolesRequest { org_id: org_id.into(), include: None };
        ListOrganizationRoles::new(self.client(), message)
    }

    /// Changes what is set of an organization's role; the rest stays. Permissions replace all its own.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization, the role, its new base or a
    /// permission is unknown; [`BadRequest`](crate::ServerErrorKind::BadRequest) as for
    /// [`update_role`](Self::update_role).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client
    ///     .role()
    ///     .update_organization_role("org_12345", "department_lead")
    ///     .permissions(["dept:members:read", "dept:members:remove"])
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn update_organization_role(
        &self,
        org_id: impl Into<String>,
        role_name: impl Into<String>,
    ) -> UpdateOrganizationRole {
        let message = pb::UpdateOrganizationRoleRequest {
            org_id: org_id.into(),
            role_name: role_name.into(),
            role: Some(pb::UpdateRole::default()),
        };
        UpdateOrganizationRole::new(self.client(), message)
    }

    /// Deletes an organization's role for good. If users have it or roles extend it, name the one that takes its
    /// place: the organization's or the environment's.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization or the role is unknown;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) as for [`delete_role`](Self::delete_role).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client
    ///     .role()
    ///     .delete_organization_role("org_12345", "old_role")
    ///     .reassign_role_name("new_role")
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_organization_role(
        &self,
        org_id: impl Into<String>,
        role_name: impl Into<String>,
    ) -> DeleteOrganizationRole {
        let message = pb::DeleteOrganizationRoleRequest {
            org_id: org_id.into(),
            role_name: role_name.into(),
            reassign_role_name: None,
        };
        DeleteOrganizationRole::new(self.client(), message)
    }

    /// Counts the memberships of an organization that have a role directly: one of its own, or one of the
    /// environment.
    ///
    /// Permission `app_authorization:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization or the role is unknown.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let leads = client.role().get_organization_role_users_count("org_12345", "department_lead").await?;
    /// println!("{leads} department leads");
    /// # Ok(()) }
    /// ```
    pub fn get_organization_role_users_count(
        &self,
        org_id: impl Into<String>,
        role_name: impl Into<String>,
    ) -> GetOrganizationRoleUsersCount {
        let message =
            pb::GetOrganizationRoleUsersCountRequest { org_id: org_id.into(), role_name: role_name.into() };
        GetOrganizationRoleUsersCount::new(self.client(), message)
    }

    /// Sets the role that new members of one organization get, in place of the environment's default. Returns
    /// that role.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization or the role is unknown.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.role().update_default_organization_roles("org_12345", "viewer").await?;
    /// # Ok(()) }
    /// ```
    pub fn update_default_organization_roles(
        &self,
        org_id: impl Into<String>,
        default_member_role: impl Into<String>,
    ) -> UpdateDefaultOrganizationRoles {
        let message = pb::UpdateDefaultOrganizationRolesRequest {
            org_id: org_id.into(),
            default_member_role: default_member_role.into(),
        };
        UpdateDefaultOrganizationRoles::new(self.client(), message)
    }

    /// Ends the inheritance of an organization's role: only its own permissions are left. Without a base nothing
    /// happens.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization or the role is unknown.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.role().delete_organization_role_base("org_12345", "department_lead").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_organization_role_base(
        &self,
        org_id: impl Into<String>,
        role_name: impl Into<String>,
    ) -> DeleteOrganizationRoleBase {
        let message =
            pb::DeleteOrganizationRoleBaseRequest { org_id: org_id.into(), role_name: role_name.into() };
        DeleteOrganizationRoleBase::new(self.client(), message)
    }
}
