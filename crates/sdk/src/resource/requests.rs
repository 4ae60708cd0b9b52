//! The requests.

use gatewright_api::rpc::client_service as rpc;
use gatewright_api::scalekit::v1::clients as pb;

use super::model::{
    ListResourceClientsResponse, NewResourceClient, Resource, ResourceClient, ResourceClientDetails,
    UserConsent,
};
use crate::call::request;
use crate::convert::present;
use crate::m2m::{NewClientSecret, claims};
use crate::paging::{self, ListStream, Page};

/// Largest page; used by streams, which go through all of the list.
const MAX_PAGE: u32 = 30;

request! {
    /// Request of [`get_resource`](super::Resources::get_resource).
    GetResource, rpc::GetResource => Resource,
    |answer| present(answer.resource, "resource").map(Into::into)
}

request! {
    /// Request of [`list_resources`](super::Resources::list_resources).
    ListResources, rpc::ListResources => ListResourcesResponse,
    |answer| Ok(answer.into())
}

request! {
    /// Request of [`create_resource_client`](super::Resources::create_resource_client).
    CreateResourceClient, rpc::CreateResourceClient => NewResourceClient,
    NewResourceClient::from_message
}

request! {
    /// Request of [`update_resource_client`](super::Resources::update_resource_client).
    UpdateResourceClient, rpc::UpdateResourceClient => ResourceClient,
    |answer| present(answer.client, "client").map(Into::into)
}

impl CreateResourceClient {
    /// A new client has what is given.
    fn named(&mut self, _: &str) -> &mut pb::ResourceClient {
        self.message.client.get_or_insert_default()
    }
}

impl UpdateResourceClient {
    /// What is set is named, so that a list can be emptied.
    fn named(&mut self, field: &str) -> &mut pb::ResourceClient {
        self.message.update_mask.get_or_insert_default().paths.push(field.to_owned());
        self.message.client.get_or_insert_default()
    }
}

/// What both say of a client.
macro_rules! values {
    ($name:ident) => {
        impl $name {
            /// Name for people, at most 128 characters.
            pub fn name(mut self, name: impl Into<String>) -> Self {
                self.named("name").name = name.into();
                self
            }

            /// What it is for, at most 512 characters.
            pub fn description(mut self, description: impl Into<String>) -> Self {
                self.named("description").description = description.into();
                self
            }

            /// Scopes that it may ask for; its tokens have those of them that the resource has, too.
            pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
                self.named("scopes").scopes = scopes.into_iter().map(Into::into).collect();
                self
            }

            /// Claims of its tokens: at most 20, keys of 1 to 128 characters, values of at most 256.
            pub fn custom_claims<K: Into<String>, V: Into<String>>(
                mut self,
                custom_claims: impl IntoIterator<Item = (K, V)>,
            ) -> Self {
                self.named("custom_claims").custom_claims = claims(custom_claims);
                self
            }

            /// Where its users are sent back to. Without any it gets tokens of its own only.
            pub fn redirect_uris<S: Into<String>>(
                mut self,
                redirect_uris: impl IntoIterator<Item = S>,
            ) -> Self {
                self.named("redirect_uris").redirect_uris =
                    redirect_uris.into_iter().map(Into::into).collect();
                self
            }

            /// Seconds that its tokens last: 300 to 2,592,000. Those of the resource if it was never set.
            pub fn expiry(mut self, seconds: i64) -> Self {
                self.named("expiry").expiry = seconds;
                self
            }
        }
    };
}
values!(CreateResourceClient);
values!(UpdateResourceClient);

request! {
    /// Request of [`get_resource_client`](super::Resources::get_resource_client).
    GetResourceClient, rpc::GetResourceClient => ResourceClientDetails,
    ResourceClientDetails::from_message
}

request! {
    /// Request of [`list_resource_clients`](super::Resources::list_resource_clients).
    ListResourceClients, rpc::ListResourceClients => ListResourceClientsResponse,
    |answer| Ok(answer.into())
}

request! {
    /// Request of [`delete_resource_client`](super::Resources::delete_resource_client).
    DeleteResourceClient, rpc::DeleteResourceClient => (),
    |_| Ok(())
}

request! {
    /// Request of [`create_resource_client_secret`](super::Resources::create_resource_client_secret).
    CreateResourceClientSecret, rpc::CreateClientSecret => NewClientSecret,
    NewClientSecret::of_client
}

request! {
    /// Request of [`delete_resource_client_secret`](super::Resources::delete_resource_client_secret).
    DeleteResourceClientSecret, rpc::DeleteClientSecret => (),
    |()| Ok(())
}

request! {
    /// Request of [`list_user_consents`](super::Resources::list_user_consents).
    ListUserConsents, rpc::ListResourceUserConsents => ListUserConsentsResponse,
    |answer| Ok(answer.into())
}

request! {
    /// Request of [`revoke_user_consent`](super::Resources::revoke_user_consent).
    RevokeUserConsent, rpc::RevokeUserConsent => (),
    |_| Ok(())
}

impl ListUserConsents {
    /// Only consents of users whose id has this in it, in any case.
    pub fn search(mut self, search: impl Into<String>) -> Self {
        self.message.search = search.into();
        self
    }

    /// Only consents of these users, at most 25, exactly. Outweighs [`search`](Self::search).
    pub fn user_ids<S: Into<String>>(mut self, user_ids: impl IntoIterator<Item = S>) -> Self {
        let external_user_id = user_ids.into_iter().map(Into::into).collect();
        self.message.filter = Some(pb::ResourceUserConsentFilter { external_user_id });
        self
    }
}

/// Pages of both lists.
macro_rules! pages {
    ($request:ident, $response:ident, $items:ident, $item:ty) => {
        impl $request {
            /// Items per page, at most 30. Default 10.
            pub fn page_size(mut self, page_size: u32) -> Self {
                self.message.page_size = page_size;
                self
            }

            /// Token of the page to get, from an earlier answer to the same query.
            pub fn page_token(mut self, page_token: impl Into<String>) -> Self {
                self.message.page_token = page_token.into();
                self
            }

            /// All pages from here on, each fetched when it is asked for. Without a page size they are as large as the
            /// server allows.
            pub fn pages(mut self) -> ListStream<$response> {
                if self.message.page_size == 0 {
                    self.message.page_size = MAX_PAGE;
                }
                let first = self.message.page_token.clone();
                paging::pages(first, move |token| self.clone().page_token(token).into_future())
            }

            /// All items from here on; the next page is fetched when the last is used up.
            pub fn stream(self) -> ListStream<$item> {
                paging::items(self.pages())
            }
        }

        /// One page of a list.
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $response {
            /// The items of this page, newest first.
            pub $items: Vec<$item>,
            /// Token of the next page; None on the last one.
            pub next_page_token: Option<String>,
            /// Token of the page before; None on the first one.
            pub prev_page_token: Option<String>,
            /// Number of items on all pages.
            pub total_size: u32,
        }

        impl Page for $response {
            type Item = $item;

            fn next_page_token(&self) -> Option<&str> {
                self.next_page_token.as_deref()
            }

            fn into_items(self) -> Vec<$item> {
                self.$items
            }
        }
    };
}
pages!(ListResources, ListResourcesResponse, resources, Resource);
pages!(ListUserConsents, ListUserConsentsResponse, consents, UserConsent);

fn token(token: String) -> Option<String> {
    Some(token).filter(|token| !token.is_empty())
}

impl From<pb::ListResourcesResponse> for ListResourcesResponse {
    fn from(message: pb::ListResourcesResponse) -> Self {
        Self {
            resources: message.resources.into_iter().map(Into::into).collect(),
            next_page_token: token(message.next_page_token),
            prev_page_token: token(message.prev_page_token),
            total_size: message.total_size,
        }
    }
}

impl From<pb::ListResourceUserConsentsResponse> for ListUserConsentsResponse {
    fn from(message: pb::ListResourceUserConsentsResponse) -> Self {
        Self {
            consents: message.consents.into_iter().map(Into::into).collect(),
            next_page_token: token(message.next_page_token),
            prev_page_token: token(message.prev_page_token),
            total_size: message.total_size,
        }
    }
}
