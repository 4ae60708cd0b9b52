//! The requests of the class *Permissions*.

use gatewright_api::rpc::roles_service as rpc;
use gatewright_api::scalekit::v1::roles as pb;

use super::model::{Permission, PermissionType};
use crate::call::request;
use crate::convert::present;
use crate::paging::{self, ListStream, Page};

/// Largest page; used by streams, which go through all of the list.
const MAX_PAGE: u32 = 100;

request! {
    /// Request of [`create_permission`](super::Permissions::create_permission).
    CreatePermission, rpc::CreatePermission => Permission,
    |answer| present(answer.permission, "permission").map(Into::into)
}

impl CreatePermission {
    /// What it allows, at most 2000 characters.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.message.permission.get_or_insert_default().description = description.into();
        self
    }
}

request! {
    /// Request of [`get_permission`](super::Permissions::get_permission).
    GetPermission, rpc::GetPermission => Permission,
    |answer| present(answer.permission, "permission").map(Into::into)
}

request! {
    /// Request of [`update_permission`](super::Permissions::update_permission).
    UpdatePermission, rpc::UpdatePermission => Permission,
    |answer| present(answer.permission, "permission").map(Into::into)
}

request! {
    /// Request of [`delete_permission`](super::Permissions::delete_permission).
    DeletePermission, rpc::DeletePermission => (),
    |()| Ok(())
}

request! {
    /// Request of [`list_role_permissions`](super::Permissions::list_role_permissions).
    ListRolePermissions, rpc::ListRolePermissions => Vec<Permission>,
    |answer| Ok(answer.permissions.into_iter().map(Into::into).collect())
}

request! {
    /// Request of [`add_permissions_to_role`](super::Permissions::add_permissions_to_role).
    AddPermissionsToRole, rpc::AddPermissionsToRole => Vec<Permission>,
    |answer| Ok(answer.permissions.into_iter().map(Into::into).collect())
}

request! {
    /// Request of [`remove_permission_from_role`](super::Permissions::remove_permission_from_role).
    RemovePermissionFromRole, rpc::RemovePermissionFromRole => (),
    |()| Ok(())
}

request! {
    /// Request of [`list_effective_role_permissions`](super::Permissions::list_effective_role_permissions).
    ListEffectiveRolePermissions, rpc::ListEffectiveRolePermissions => Vec<Permission>,
    |answer| Ok(answer.permissions.into_iter().map(Into::into).collect())
}

request! {
    /// Request of [`list_permissions`](super::Permissions::list_permissions).
    ListPermissions, rpc::ListPermissions => ListPermissionsResponse,
    |answer| Ok(answer.into())
}

impl ListPermissions {
    /// Token of the page to get, from an earlier answer to the same query.
    pub fn page_token(mut self, page_token: impl Into<String>) -> Self {
        self.message.page_token = Some(page_token.into());
        self
    }

    /// Permissions per page, 1 to 100. Default 30.
    pub fn page_size(mut self, page_size: u32) -> Self {
        self.message.page_size = Some(page_size);
        self
    }

    /// Only those of one kind. Default all.
    pub fn permission_type(mut self, permission_type: PermissionType) -> Self {
        self.message.r#type = permission_type.into();
        self
    }

    /// All pages from here on, each fetched when it is asked for. Without a page size they are as large as the server
    /// allows.
    pub fn pages(mut self) -> ListStream<ListPermissionsResponse> {
        self.message.page_size.get_or_insert(MAX_PAGE);
        let first = self.message.page_token.clone().unwrap_or_default();
        paging::pages(first, move |token| self.clone().page_token(token).into_future())
    }

    /// All permissions from here on; the next page is fetched when the last is used up.
    pub fn stream(self) -> ListStream<Permission> {
        paging::items(self.pages())
    }
}

/// One page of [`list_permissions`](super::Permissions::list_permissions).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ListPermissionsResponse {
    /// The permissions of this page, by name.
    pub permissions: Vec<Permission>,
    /// Token of the page before; None on the first one.
    pub prev_page_token: Option<String>,
    /// Token of the next page; None on the last one.
    pub next_page_token: Option<String>,
    /// Number of permissions on all pages.
    pub total_size: u32,
}

impl ListPermissionsResponse {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::ListPermissionsResponse {
        pb::ListPermissionsResponse {
            permissions: self.permissions.into_iter().map(Permission::into_message).collect(),
            prev_page_token: self.prev_page_token.unwrap_or_default(),
            next_page_token: self.next_page_token.unwrap_or_default(),
            total_size: self.total_size,
        }
    }
}

impl From<pb::ListPermissionsResponse> for ListPermissionsResponse {
    fn from(message: pb::ListPermissionsResponse) -> Self {
        let token = |token: String| Some(token).filter(|token| !token.is_empty());
        Self {
            permissions: message.permissions.into_iter().map(Into::into).collect(),
            prev_page_token: token(message.prev_page_token),
            next_page_token: token(message.next_page_token),
            total_size: message.total_size,
        }
    }
}

impl Page for ListPermissionsResponse {
    type Item = Permission;

    fn next_page_token(&self) -> Option<&str> {
        self.next_page_token.as_deref()
    }

    fn into_items(self) -> Vec<Permission> {
        self.permissions
    }
}
