//! The requests.

use gatewright_api::rpc::client_service as rpc;
use gatewright_api::scalekit::v1::clients as pb;

use super::model::{M2mClient, NewClientSecret, NewM2mClient, claims};
use crate::call::request;
use crate::convert::present;
use crate::paging::{self, ListStream, Page};

/// Largest page; used by streams, which go through all of the list.
const MAX_PAGE: u32 = 100;

request! {
    /// Request of [`create_organization_client`](super::M2m::create_organization_client).
    CreateOrganizationClient, rpc::CreateOrganizationClient => NewM2mClient,
    NewM2mClient::from_message
}

request! {
    /// Request of [`update_organization_client`](super::M2m::update_organization_client).
    UpdateOrganizationClient, rpc::UpdateOrganizationClient => M2mClient,
    |answer| present(answer.client, "client").map(Into::into)
}

/// What both say of a client.
macro_rules! values {
    ($name:ident) => {
        impl $name {
            fn values(&mut self) -> &mut pb::OrganizationClient {
                self.message.client.get_or_insert_default()
            }

            /// Name for people, at most 128 characters.
            pub fn name(mut self, name: impl Into<String>) -> Self {
                self.values().name = name.into();
                self
            }

            /// What it is for, at most 512 characters.
            pub fn description(mut self, description: impl Into<String>) -> Self {
                self.values().description = description.into();
                self
            }

            /// Scopes that it may ask for: printable ASCII without spaces, at most 128 characters each.
            pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
                self.values().scopes = scopes.into_iter().map(Into::into).collect();
                self
            }

            /// Audience of its tokens.
            pub fn audience<S: Into<String>>(mut self, audience: impl IntoIterator<Item = S>) -> Self {
                self.values().audience = audience.into_iter().map(Into::into).collect();
                self
            }

            /// Claims of its tokens: at most 20, keys of 1 to 128 characters, values of at most 256.
            pub fn custom_claims<K: Into<String>, V: Into<String>>(
                mut self,
                custom_claims: impl IntoIterator<Item = (K, V)>,
            ) -> Self {
                self.values().custom_claims = claims(custom_claims);
                self
            }

            /// Seconds that its tokens last: 300 to 2,592,000. 3,600 if it was never set.
            pub fn expiry(mut self, seconds: i64) -> Self {
                self.values().expiry = seconds;
                self
            }
        }
    };
}
values!(CreateOrganizationClient);
values!(UpdateOrganizationClient);

request! {
    /// Request of [`get_organization_client`](super::M2m::get_organization_client).
    GetOrganizationClient, rpc::GetOrganizationClient => M2mClient,
    |answer| present(answer.client, "client").map(Into::into)
}

request! {
    /// Request of [`delete_organization_client`](super::M2m::delete_organization_client).
    DeleteOrganizationClient, rpc::DeleteOrganizationClient => (),
    |()| Ok(())
}

request! {
    /// Request of [`add_organization_client_secret`](super::M2m::add_organization_client_secret).
    AddOrganizationClientSecret, rpc::CreateOrganizationClientSecret => NewClientSecret,
    NewClientSecret::from_message
}

request! {
    /// Request of [`remove_organization_client_secret`](super::M2m::remove_organization_client_secret).
    RemoveOrganizationClientSecret, rpc::DeleteOrganizationClientSecret => (),
    |()| Ok(())
}

request! {
    /// Request of [`list_organization_clients`](super::M2m::list_organization_clients).
    ListOrganizationClients, rpc::ListOrganizationClients => ListOrganizationClientsResponse,
    |answer| Ok(answer.into())
}

impl ListOrganizationClients {
    /// Clients per page, at most 100. Default 10.
    pub fn page_size(mut self, page_size: u32) -> Self {
        self.message.page_size = page_size;
        self
    }

    /// Token of the page to get, from an earlier answer to the same query.
    pub fn page_token(mut self, page_token: impl Into<String>) -> Self {
        self.message.page_token = page_token.into();
        self
    }

    /// All pages from here on, each fetched when it is asked for. Without a page size they are as large as the server
    /// allows.
    pub fn pages(mut self) -> ListStream<ListOrganizationClientsResponse> {
        if self.message.page_size == 0 {
            self.message.page_size = MAX_PAGE;
        }
        let first = self.message.page_token.clone();
        paging::pages(first, move |token| self.clone().page_token(token).into_future())
    }

    /// All clients from here on; the next page is fetched when the last is used up.
    pub fn stream(self) -> ListStream<M2mClient> {
        paging::items(self.pages())
    }
}

/// One page of [`list_organization_clients`](super::M2m::list_organization_clients).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ListOrganizationClientsResponse {
    /// The clients of this page, newest first.
    pub clients: Vec<M2mClient>,
    /// Token of the next page; None on the last one.
    pub next_page_token: Option<String>,
    /// Token of the page before; None on the first one.
    pub prev_page_token: Option<String>,
    /// Number of clients on all pages.
    pub total_size: u32,
}

impl From<pb::ListOrganizationClientsResponse> for ListOrganizationClientsResponse {
    fn from(message: pb::ListOrganizationClientsResponse) -> Self {
        let token = |token: String| Some(token).filter(|token| !token.is_empty());
        Self {
            clients: message.clients.into_iter().map(Into::into).collect(),
            next_page_token: token(message.next_page_token),
            prev_page_token: token(message.prev_page_token),
            total_size: message.total_size,
        }
    }
}

impl Page for ListOrganizationClientsResponse {
    type Item = M2mClient;

    fn next_page_token(&self) -> Option<&str> {
        self.next_page_token.as_deref()
    }

    fn into_items(self) -> Vec<M2mClient> {
        self.clients
    }
}
