//! Requests on directories, and their lists.

use gatewright_api::rpc::directory_service as rpc;
use gatewright_api::scalekit::v1::directories as pb;
use jiff::Timestamp;

use super::model::{Directory, DirectoryGroup, DirectorySecret, DirectoryUser, ToggleDirectoryResponse};
use crate::call::request;
use crate::convert::{into_timestamp, present};
use crate::error::ScalekitError;
use crate::paging::{self, ListStream, Page};

/// Largest page of users and of groups.
const MAX_PAGE: u32 = 30;

request! {
    /// Request of [`list_directories`](super::Directories::list_directories).
    ListDirectories, rpc::ListDirectories => Vec<Directory>,
    |answer| Ok(answer.directories.into_iter().map(Into::into).collect())
}

request! {
    /// Request of [`get_directory`](super::Directories::get_directory).
    GetDirectory, rpc::GetDirectory => Directory,
    |answer| present(answer.directory, "directory").map(Into::into)
}

request! {
    /// Request of
    /// [`get_primary_directory_by_organization_id`](super::Directories::get_primary_directory_by_organization_id).
    GetPrimaryDirectory, rpc::ListDirectories => Directory,
    |answer| {
        let first = answer.directories.into_iter().next();
        first.map(Into::into).ok_or_else(|| ScalekitError::not_found("Directory does not exist for organization"))
    }
}

request! {
    /// Request of [`create_directory`](super::Directories::create_directory).
    CreateDirectory, rpc::CreateDirectory => Directory,
    |answer| present(answer.directory, "directory").map(Into::into)
}

request! {
    /// Request of [`delete_directory`](super::Directories::delete_directory).
    DeleteDirectory, rpc::DeleteDirectory => (),
    |()| Ok(())
}

request! {
    /// Request of [`enable_directory`](super::Directories::enable_directory).
    EnableDirectory, rpc::EnableDirectory => ToggleDirectoryResponse,
    |answer| Ok(answer.into())
}

request! {
    /// Request of [`disable_directory`](super::Directories::disable_directory).
    DisableDirectory, rpc::DisableDirectory => ToggleDirectoryResponse,
    |answer| Ok(answer.into())
}

request! {
    /// Request of [`create_directory_secret`](super::Directories::create_directory_secret).
    CreateDirectorySecret, rpc::CreateDirectorySecret => DirectorySecret,
    |answer| Ok(DirectorySecret::from_parts(answer.plain_secret, present(answer.secret, "secret")?))
}

request! {
    /// Request of [`regenerate_directory_secret`](super::Directories::regenerate_directory_secret).
    RegenerateDirectorySecret, rpc::RegenerateDirectorySecret => DirectorySecret,
    |answer| Ok(DirectorySecret::from_parts(answer.plain_secret, present(answer.secret, "secret")?))
}

request! {
    /// Request of [`assign_roles`](super::Directories::assign_roles).
    AssignRoles, rpc::AssignRoles => Vec<(String, String)>,
    |answer| {
        let assignments = answer.role_assignments.unwrap_or_default().assignments.into_iter();
        Ok(assignments.map(|assignment| (assignment.group_id, assignment.role_name)).collect())
    }
}

macro_rules! list {
    (
        $(#[$meta:meta])* $response:ident, $message:ident, $field:ident: $item:ident, $what:literal;
        $(#[$request_meta:meta])* $name:ident, $rpc:ty
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $response {
            #[doc = concat!("The ", $what, " of this page, newest first.")]
            pub $field: Vec<$item>,
            #[doc = concat!("Number of ", $what, " on all pages.")]
            pub total_size: u32,
            /// Token of the next page; None on the last one.
            pub next_page_token: Option<String>,
            /// Token of the page before; None on the first one.
            pub prev_page_token: Option<String>,
        }

        impl From<pb::$message> for $response {
            fn from(message: pb::$message) -> Self {
                let token = |token: String| Some(token).filter(|token| !token.is_empty());
                Self {
                    $field: message.$field.into_iter().map(Into::into).collect(),
                    total_size: message.total_size,
                    next_page_token: token(message.next_page_token),
                    prev_page_token: token(message.prev_page_token),
                }
            }
        }

        impl Page for $response {
            type Item = $item;

            fn next_page_token(&self) -> Option<&str> {
                self.next_page_token.as_deref()
            }

            fn into_items(self) -> Vec<$item> {
                self.$field
            }
        }

        request! {
            $(#[$request_meta])*
            $name, $rpc => $response,
            |answer| Ok(answer.into())
        }

        impl $name {
            #[doc = concat!("Most ", $what, " on a page, at most 30. Default 10.")]
            pub fn page_size(mut self, page_size: u32) -> Self {
                self.message.page_size = page_size;
                self
            }

            /// Token of the page to get, from an earlier answer to the same query.
            pub fn page_token(mut self, page_token: impl Into<String>) -> Self {
                self.message.page_token = page_token.into();
                self
            }

            /// Adds all that the provider sent.
            pub fn include_detail(mut self, include_detail: bool) -> Self {
                self.message.include_detail = Some(include_detail);
                self
            }

            /// Only those that changed at this time or later.
            pub fn updated_after(mut self, time: Timestamp) -> Self {
                self.message.updated_after = into_timestamp(Some(time));
                self
            }

            /// All pages from here on, each fetched when it is asked for. Without a page size they are as large as
            /// the server allows.
            pub fn pages(mut self) -> ListStream<$response> {
                if self.message.page_size == 0 {
                    self.message.page_size = MAX_PAGE;
                }
                let first = self.message.page_token.clone();
                paging::pages(first, move |token| self.clone().page_token(token).into_future())
            }

            #[doc = concat!("All ", $what, " from here on; the next page is fetched when the last is used up.")]
            pub fn stream(self) -> ListStream<$item> {
                paging::items(self.pages())
            }
        }
    };
}

list! {
    /// One page of [`list_directory_users`](super::Directories::list_directory_users).
    ListDirectoryUsersResponse, ListDirectoryUsersResponse, users: DirectoryUser, "users";
    /// Request of [`list_directory_users`](super::Directories::list_directory_users).
    ListDirectoryUsers, rpc::ListDirectoryUsers
}

impl ListDirectoryUsers {
    /// Only members of this group, `dirgroup_…`.
    pub fn directory_group_id(mut self, directory_group_id: impl Into<String>) -> Self {
        self.message.directory_group_id = Some(directory_group_id.into());
        self
    }
}

list! {
    /// One page of [`list_directory_groups`](super::Directories::list_directory_groups).
    ListDirectoryGroupsResponse, ListDirectoryGroupsResponse, groups: DirectoryGroup, "groups";
    /// Request of [`list_directory_groups`](super::Directories::list_directory_groups).
    ListDirectoryGroups, rpc::ListDirectoryGroups
}
