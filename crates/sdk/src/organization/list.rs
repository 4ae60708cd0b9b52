//! List and search.

use gatewright_api::rpc::organization_service as rpc;
use gatewright_api::scalekit::v1::organizations as pb;

use super::model::Organization;
use crate::call::request;
use crate::paging::{self, ListStream, Page};

/// Largest page of a list; used by streams, which go through all of it.
const MAX_LIST_PAGE: u32 = 100;
/// Largest page of a search.
const MAX_SEARCH_PAGE: u32 = 30;

macro_rules! response {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            /// The organizations of this page, newest first.
            pub organizations: Vec<Organization>,
            /// Token of the next page; None on the last one.
            pub next_page_token: Option<String>,
            /// Token of the page before; None on the first one.
            pub prev_page_token: Option<String>,
            /// Number of organizations on all pages.
            pub total_size: u32,
        }

        impl $name {
            /// The generated protobuf message.
            pub fn into_message(self) -> pb::$name {
                pb::$name {
                    next_page_token: self.next_page_token.unwrap_or_default(),
                    total_size: self.total_size,
                    organizations: self.organizations.into_iter().map(Organization::into_message).collect(),
                    prev_page_token: self.prev_page_token.unwrap_or_default(),
                }
            }
        }

        impl From<pb::$name> for $name {
            fn from(message: pb::$name) -> Self {
                let token = |token: String| Some(token).filter(|token| !token.is_empty());
                Self {
                    organizations: message.organizations.into_iter().map(Into::into).collect(),
                    next_page_token: token(message.next_page_token),
                    prev_page_token: token(message.prev_page_token),
                    total_size: message.total_size,
                }
            }
        }

        impl Page for $name {
            type Item = Organization;

            fn next_page_token(&self) -> Option<&str> {
                self.next_page_token.as_deref()
            }

            fn into_items(self) -> Vec<Organization> {
                self.organizations
            }
        }
    };
}

response! {
    /// One page of [`list_organization`](super::Organizations::list_organization).
    ListOrganizationsResponse
}

response! {
    /// One page of [`search_organization`](super::Organizations::search_organization).
    SearchOrganizationsResponse
}

/// `page_token`, `pages` and `stream`.
macro_rules! paged {
    ($name:ident, $response:ident, $largest:expr) => {
        impl $name {
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

            /// All organizations from here on; the next page is fetched when the last is used up.
            pub fn stream(self) -> ListStream<Organization> {
                paging::items(self.pages())
            }
        }
    };
}

request! {
    /// Request of [`list_organization`](super::Organizations::list_organization).
    ListOrganization, rpc::ListOrganization => ListOrganizationsResponse,
    |answer| Ok(answer.into())
}
paged!(ListOrganization, ListOrganizationsResponse, MAX_LIST_PAGE);

impl ListOrganization {
    /// Organizations per page, at most 100. Default 10.
    pub fn page_size(mut self, page_size: u32) -> Self {
        self.message.page_size = page_size;
        self
    }

    /// Only the organization with exactly this external id.
    pub fn external_id(mut self, external_id: impl Into<String>) -> Self {
        self.message.external_id = Some(external_id.into());
        self
    }
}

request! {
    /// Request of [`search_organization`](super::Organizations::search_organization).
    SearchOrganization, rpc::SearchOrganization => SearchOrganizationsResponse,
    |answer| Ok(answer.into())
}
paged!(SearchOrganization, SearchOrganizationsResponse, MAX_SEARCH_PAGE);

impl SearchOrganization {
    /// Organizations per page, at most 30. Default 10.
    pub fn page_size(mut self, page_size: u32) -> Self {
        self.message.page_size = page_size;
        self
    }
}
