//! Lists and searches.

use gatewright_api::rpc::user_service as rpc;
use gatewright_api::scalekit::v1::users as pb;

use super::model::User;
use crate::call::request;
use crate::paging::{self, ListStream, Page};

/// Largest page of a list; used by streams, which go through all of it.
const MAX_LIST_PAGE: u32 = 100;
/// Largest page of a search.
const MAX_SEARCH_PAGE: u32 = 30;

/// A request for a list of users, one page of its answer, and its streams.
macro_rules! list {
    ($name:ident, $response:ident, $method:literal, $largest:expr) => {
        #[doc = concat!("One page of [`", $method, "`](super::Users::", $method, ").")]
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $response {
            /// The users of this page, newest first.
            pub users: Vec<User>,
            /// Token of the next page; None on the last one.
            pub next_page_token: Option<String>,
            /// Token of the page before; None on the first one.
            pub prev_page_token: Option<String>,
            /// Number of users on all pages.
            pub total_size: u32,
        }

        impl $response {
            /// The generated protobuf message.
            pub fn into_message(self) -> pb::$response {
                pb::$response {
                    next_page_token: self.next_page_token.unwrap_or_default(),
                    total_size: self.total_size,
                    users: self.users.into_iter().map(User::into_message).collect(),
                    prev_page_token: self.prev_page_token.unwrap_or_default(),
                }
            }
        }

        impl From<pb::$response> for $response {
            fn from(message: pb::$response) -> Self {
                let token = |token: String| Some(token).filter(|token| !token.is_empty());
                Self {
                    users: message.users.into_iter().map(Into::into).collect(),
                    next_page_token: token(message.next_page_token),
                    prev_page_token: token(message.prev_page_token),
                    total_size: message.total_size,
                }
            }
        }

        impl Page for $response {
            type Item = User;

            fn next_page_token(&self) -> Option<&str> {
                self.next_page_token.as_deref()
            }

            fn into_items(self) -> Vec<User> {
                self.users
            }
        }

        request! {
            #[doc = concat!("Request of [`", $method, "`](super::Users::", $method, ").")]
            $name, rpc::$name => $response,
            |answer| Ok(answer.into())
        }

        impl $name {
            /// Users per page. Default 10.
            #[doc = concat!("At most [the largest page](super::Users::", $method, ").")]
            pub fn page_size(mut self, page_size: u32) -> Self {
                self.message.page_size = page_size;
                self
            }

            /// Token of the page to get, from an earlier answer to the same query.
            pub fn page_token(mut self, page_token: impl Into<String>) -> Self {
                self.message.page_token = page_token.into();
                self
            }

            /// All pages from here on, each fetched when it is asked for. Without a page size they are as large as
            /// the server allows.
            pub fn pages(mut self) -> ListStream<$response> {
                if self.message.page_size == 0 {
                    self.message.page_size = $largest;
                }
                let first = self.message.page_token.clone();
                paging::pages(first, move |token| self.clone().page_token(token).into_future())
            }

            /// All users from here on; the next page is fetched when the last is used up.
            pub fn stream(self) -> ListStream<User> {
                paging::items(self.pages())
            }
        }
    };
}

list!(ListUsers, ListUsersResponse, "list_users", MAX_LIST_PAGE);
list!(SearchUsers, SearchUsersResponse, "search_users", MAX_SEARCH_PAGE);
list!(ListOrganizationUsers, ListOrganizationUsersResponse, "list_organization_users", MAX_LIST_PAGE);
list!(SearchOrganizationUsers, SearchOrganizationUsersResponse, "search_organization_users", MAX_SEARCH_PAGE);
