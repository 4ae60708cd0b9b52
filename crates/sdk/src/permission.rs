//! Permissions: the reference's class *Permissions*.

mod model;
mod requests;

use std::sync::Arc;

use gatewright_api::scalekit::v1::roles as pb;

pub use model::{Permission, PermissionType};
pub use requests::{
    AddPermissionsToRole, CreatePermission, DeletePermission, GetPermission, ListEffectiveRolePermissions,
    ListPermissions, ListPermissionsResponse, ListRolePermissions, RemovePermissionFromRole,
    UpdatePermission,
};

use crate::client::Inner;

/// Operations on permissions; made by [`ScalekitClient::permission`](crate::ScalekitClient::permission).
///
/// Besides the errors named with each method, any call can fail as described at
/// [`Organizations`](crate::Organizations).
#[derive(Clone, Debug)]
pub struct Permissions {
    client: Arc<Inner>,
}

impl Permissions {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    fn client(&self) -> Arc<Inner> {
        Arc::clone(&self.client)
    }

    /// Creates a permission: something that users may do in your product.
    ///
    /// The name is its key: 1 to 64 letters, digits, `_` and `:`, such as `invoices:read`; it never changes.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`Conflict`](crate::ServerErrorKind::Conflict) when the name is taken;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when it is malformed, or starts with `sk_`.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let permission = client
    ///     .permission()
    ///     .create_permission("invoices:read")
    ///     .description("See invoices")
    ///     .await?;
    /// println!("{}", permission.id);
    /// # Ok(()) }
    /// ```
    pub fn create_permission(&self, name: impl Into<String>) -> CreatePermission {
        let permission = pb::CreatePermission { name: name.into(), description: String::new() };
        CreatePermission::new(self.client(), pb::CreatePermissionRequest { permission: Some(permission) })
    }

    /// Returns one permission.
    ///
    /// Permission `app_authorization:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it is unknown;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the name is malformed.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let permission = client.permission().get_permission("invoices:read").await?;
    /// println!("{}", permission.description);
    /// # Ok(()) }
    /// ```
    pub fn get_permission(&self, permission_name: impl Into<String>) -> GetPermission {
        let message = pb::GetPermissionRequest { permission_name: permission_name.into() };
        GetPermission::new(self.client(), message)
    }

    /// Lists permissions by name, built-in ones included.
    ///
    /// Awaited it gives one page; [`stream`](ListPermissions::stream) and [`pages`](ListPermissions::pages) go
    /// through all of them.
    ///
    /// Permission `app_authorization:read`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the page size is 0 or above 100, or the page token
    /// is malformed or of another query.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::permission::PermissionType;
    ///
    /// let page = client.permission().list_permissions().page_size(20).await?;
    /// println!("{} of {}", page.permissions.len(), page.total_size);
    ///
    /// let mut own = client.permission().list_permissions().permission_type(PermissionType::Environment).stream();
    /// while let Some(permission) = own.try_next().await? {
    ///     println!("{}", permission.name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_permissions(&self) -> ListPermissions {
        ListPermissions::new(self.client(), pb::ListPermissionsRequest::default())
    }

    /// Changes the description of a permission.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it is unknown;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when it is built in (`error_code` is
    /// `FAILED_PRECONDITION`).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.permission().update_permission("invoices:read", "See all invoices").await?;
    /// # Ok(()) }
    /// ```
    pub fn update_permission(
        &self,
        permission_name: impl Into<String>,
        description: impl Into<String>,
    ) -> UpdatePermission {
        let name: String = permission_name.into();
        let permission = pb::CreatePermission { name: name.clone(), description: description.into() };
        let message = pb::UpdatePermissionRequest { permission_name: name, permission: Some(permission) };
        UpdatePermission::new(self.client(), message)
    }

    /// Deletes a permission for good, and takes it from every role.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it is unknown;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when it is built in (`error_code` is
    /// `FAILED_PRECONDITION`).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.permission().delete_permission("invoices:read").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_permission(&self, permission_name: impl Into<String>) -> DeletePermission {
        let message = pb::DeletePermissionRequest { permission_name: permission_name.into() };
        DeletePermission::new(self.client(), message)
    }

    /// Lists the permissions that a role of the environment has itself, by name.
    ///
    /// Permission `app_authorization:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the role is unknown.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// for permission in client.permission().list_role_permissions("content_editor").await? {
    ///     println!("{}", permission.name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_role_permissions(&self, role_name: impl Into<String>) -> ListRolePermissions {
        let message = pb::ListRolePermissionsRequest { role_name: role_name.into() };
        ListRolePermissions::new(self.client(), message)
    }

    /// Gives a role of the environment 1 to 100 further permissions, and returns all that it has itself.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the role or a permission is unknown.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let all = client
    ///     .permission()
    ///     .add_permissions_to_role("content_editor", ["content:review", "content:publish"])
    ///     .await?;
    /// println!("{} permissions", all.len());
    /// # Ok(()) }
    /// ```
    pub fn add_permissions_to_role(
        &self,
        role_name: impl Into<String>,
        permission_names: impl IntoIterator<Item = impl Into<String>>,
    ) -> AddPermissionsToRole {
        let message = pb::AddPermissionsToRoleRequest {
            role_name: role_name.into(),
            permission_names: permission_names.into_iter().map(Into::into).collect(),
        };
        AddPermissionsToRole::new(self.client(), message)
    }

    /// Takes a permission from a role of the environment that has it itself.
    ///
    /// Permission `app_authorization:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the role is unknown, or does not itself have the
    /// permission.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.permission().remove_permission_from_role("content_editor", "content:publish").await?;
    /// # Ok(()) }
    /// ```
    pub fn remove_permission_from_role(
        &self,
        role_name: impl Into<String>,
        permission_name: impl Into<String>,
    ) -> RemovePermissionFromRole {
        let message = pb::RemovePermissionFromRoleRequest {
            role_name: role_name.into(),
            permission_name: permission_name.into(),
        };
        RemovePermissionFromRole::new(self.client(), message)
    }

    /// Lists all permissions that a role of the environment gives, its own and inherited ones, by name.
    ///
    /// Permission `app_authorization:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the role is unknown.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let all = client.permission().list_effective_role_permissions("content_editor").await?;
    /// println!("{}", all.iter().any(|permission| permission.name == "content:read"));
    /// # Ok(()) }
    /// ```
    pub fn list_effective_role_permissions(
        &self,
        role_name: impl Into<String>,
    ) -> ListEffectiveRolePermissions {
        let message = pb::ListEffectiveRolePermissionsRequest { role_name: role_name.into() };
        ListEffectiveRolePermissions::new(self.client(), message)
    }
}
