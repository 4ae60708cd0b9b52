//! Requests on connections.

use gatewright_api::rpc::connection_service as rpc;
use gatewright_api::scalekit::v1::connections as pb;

use super::model::{Connection, ListedConnection, ToggleConnectionResponse};
use crate::call::request;
use crate::convert::present;
use crate::paging::{self, ListStream, Page};

/// Largest page of connections.
const MAX_PAGE: u32 = 30;

request! {
    /// Request of [`get_connection`](super::Connections::get_connection).
    GetConnection, rpc::GetConnection => Connection,
    |answer| present(answer.connection, "connection").map(Into::into)
}

request! {
    /// Request of [`list_connections`](super::Connections::list_connections) and
    /// [`list_connections_by_domain`](super::Connections::list_connections_by_domain).
    ListConnections, rpc::ListConnections => Vec<ListedConnection>,
    |answer| Ok(answer.connections.into_iter().map(Into::into).collect())
}

impl ListConnections {
    /// Adds connections that are disabled or not yet configured.
    pub fn include_all(mut self) -> Self {
        self.message.include = Some("all".to_owned());
        self
    }
}

request! {
    /// Request of [`create_connection`](super::Connections::create_connection).
    CreateConnection, rpc::CreateConnection => Connection,
    |answer| present(answer.connection, "connection").map(Into::into)
}

impl CreateConnection {
    fn new_connection(&mut self) -> &mut pb::CreateConnection {
        self.message.connection.get_or_insert_default()
    }

    /// Your key of the provider.
    pub fn provider_key(mut self, provider_key: impl Into<String>) -> Self {
        self.new_connection().provider_key = provider_key.into();
        self
    }

    /// Key that names the connection in authorization URLs: up to 300 letters, digits, `-`, `_`, `.` and `:`, unique in
    /// the organization.
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.new_connection().key_id = Some(key_id.into());
        self
    }
}

request! {
    /// Request of [`enable_connection`](super::Connections::enable_connection).
    EnableConnection, rpc::EnableConnection => ToggleConnectionResponse,
    |answer| Ok(answer.into())
}

request! {
    /// Request of [`disable_connection`](super::Connections::disable_connection).
    DisableConnection, rpc::DisableConnection => ToggleConnectionResponse,
    |answer| Ok(answer.into())
}

request! {
    /// Request of [`delete_connection`](super::Connections::delete_connection).
    DeleteConnection, rpc::DeleteConnection => (),
    |()| Ok(())
}

/// One page of [`list_app_connections`](super::Connections::list_app_connections).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ListAppConnectionsResponse {
    /// The connections of this page, newest first.
    pub connections: Vec<ListedConnection>,
    /// Number of connections on all pages.
    pub total_size: u32,
    /// Token of the next page; None on the last one.
    pub next_page_token: Option<String>,
    /// Token of the page before; None on the first one.
    pub prev_page_token: Option<String>,
}

impl From<pb::ListAppConnectionsResponse> for ListAppConnectionsResponse {
    fn from(message: pb::ListAppConnectionsResponse) -> Self {
        let token = |token: String| Some(token).filter(|token| !token.is_empty());
        Self {
            connections: message.connections.into_iter().map(Into::into).collect(),
            total_size: message.total_size,
            next_page_token: token(message.next_page_token),
            prev_page_token: token(message.prev_page_token),
        }
    }
}

impl Page for ListAppConnectionsResponse {
    type Item = ListedConnection;

    fn next_page_token(&self) -> Option<&str> {
        self.next_page_token.as_deref()
    }

    fn into_items(self) -> Vec<ListedConnection> {
        self.connections
    }
}

request! {
    /// Request of [`list_app_connections`](super::Connections::list_app_connections).
    ListAppConnections, rpc::ListAppConnections => ListAppConnectionsResponse,
    |answer| Ok(answer.into())
}

impl ListAppConnections {
    /// Most connections on a page, at most 30. Default 10.
    pub fn page_size(mut self, page_size: u32) -> Self {
        self.message.page_size = page_size;
        self
    }

    /// Token of the page to get, from an earlier answer to the same query.
    pub fn page_token(mut self, page_token: impl Into<String>) -> Self {
        self.message.page_token = page_token.into();
        self
    }

    /// Only those of this provider: 1 to 50 characters.
    pub fn provider(mut self, provider: impl Into<String>) -> Self {
        self.message.provider = Some(provider.into());
        self
    }

    /// Only those that match: 3 to 100 characters.
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.message.query = Some(query.into());
        self
    }

    /// All pages from here on, each fetched when it is asked for. Without a page size they are as large as the server
    /// allows.
    pub fn pages(mut self) -> ListStream<ListAppConnectionsResponse> {
        if self.message.page_size == 0 {
            self.message.page_size = MAX_PAGE;
        }
        let first = self.message.page_token.clone();
        paging::pages(first, move |token| self.clone().page_token(token).into_future())
    }

    /// All connections from here on; the next page is fetched when the last is used up.
    pub fn stream(self) -> ListStream<ListedConnection> {
        paging::items(self.pages())
    }
}
