//! The log of events: what happened in the environment, newest first; the class `events` of newer vendor SDKs.

use std::sync::Arc;

use gatewright_api::rpc::events_service as rpc;
use gatewright_api::scalekit::v1::events as pb;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::call::request;
use crate::client::Inner;
use crate::convert::{into_timestamp, json, timestamp};
use crate::paging::{self, ListStream, Page};

/// Largest page; used by streams, which go through all of the list.
const MAX_PAGE: u32 = 100;

/// Operations on events; made by [`ScalekitClient::events`](crate::ScalekitClient::events).
///
/// Besides the errors named with each method, any call can fail as described at
/// [`Organizations`](crate::Organizations).
#[derive(Clone, Debug)]
pub struct Events {
    client: Arc<Inner>,
}

impl Events {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    /// Lists events, newest first.
    ///
    /// Awaited it gives one page; [`stream`](ListEventsPaginated::stream) and [`pages`](ListEventsPaginated::pages) go
    /// through all of them. An application's token may do this.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the page token is malformed or of another query, or the
    /// span of time ends before it starts.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let mut all = client.events().list_events_paginated().event_types(["user.created"]).stream();
    /// while let Some(event) = all.try_next().await? {
    ///     println!("{} {} {:?}", event.id, event.event_type, event.data);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_events_paginated(&self) -> ListEventsPaginated {
        ListEventsPaginated::new(Arc::clone(&self.client), pb::ListEventsPaginatedRequest::default())
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// Id, `evt_…`.
    pub id: String,
    /// What happened, `organization.created`.
    pub event_type: String,
    /// The same for people, `Organization Created`.
    pub display_name: String,
    /// When, UTC.
    pub occurred_at: Option<Timestamp>,
    /// Where, `env_…`.
    pub environment_id: String,
    /// To which organization, `org_…`; None for an event of the environment.
    pub organization_id: Option<String>,
    /// Kind of the object in `data`, `Organization`.
    pub object: String,
    /// The object after the change.
    pub data: Map<String, Value>,
}

impl From<pb::ScalekitEvent> for Event {
    fn from(message: pb::ScalekitEvent) -> Self {
        Self {
            object: message.object().as_str_name().to_owned(),
            id: message.id,
            event_type: message.r#type,
            display_name: message.display_name,
            occurred_at: timestamp(message.occurred_at),
            environment_id: message.environment_id,
            organization_id: message.organization_id,
            data: message.data.map(json).unwrap_or_default(),
        }
    }
}

request! {
    /// Request of [`list_events_paginated`](Events::list_events_paginated).
    ListEventsPaginated, rpc::ListEventsPaginated => ListEventsPaginatedResponse,
    |answer| Ok(answer.into())
}

impl ListEventsPaginated {
    fn filter(&mut self) -> &mut pb::EventFilter {
        self.message.filter.get_or_insert_default()
    }

    /// Only events of these types.
    pub fn event_types<S: Into<String>>(mut self, event_types: impl IntoIterator<Item = S>) -> Self {
        self.filter().event_types = event_types.into_iter().map(Into::into).collect();
        self
    }

    /// Only events of this organization, `org_…`.
    pub fn organization_id(mut self, organization_id: impl Into<String>) -> Self {
        self.filter().organization_id = organization_id.into();
        self
    }

    /// Only events from this time on.
    pub fn start_time(mut self, start_time: Timestamp) -> Self {
        self.filter().start_time = into_timestamp(Some(start_time));
        self
    }

    /// Only events up to this time.
    pub fn end_time(mut self, end_time: Timestamp) -> Self {
        self.filter().end_time = into_timestamp(Some(end_time));
        self
    }

    /// Only events of this sign-in, `req_…`.
    pub fn auth_request_id(mut self, auth_request_id: impl Into<String>) -> Self {
        self.filter().auth_request_id = auth_request_id.into();
        self
    }

    /// Only events of this connection, `conn_…`.
    pub fn connection_id(mut self, connection_id: impl Into<String>) -> Self {
        self.filter().connection_id = Some(connection_id.into());
        self
    }

    /// Events per page, at most 100. Default 30.
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
    pub fn pages(mut self) -> ListStream<ListEventsPaginatedResponse> {
        if self.message.page_size == 0 {
            self.message.page_size = MAX_PAGE;
        }
        let first = self.message.page_token.clone();
        paging::pages(first, move |token| self.clone().page_token(token).into_future())
    }

    /// All events from here on; the next page is fetched when the last is used up.
    pub fn stream(self) -> ListStream<Event> {
        paging::items(self.pages())
    }
}

/// One page of [`list_events_paginated`](Events::list_events_paginated).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ListEventsPaginatedResponse {
    /// The events of this page, newest first.
    pub events: Vec<Event>,
    /// Token of the next page; None on the last one.
    pub next_page_token: Option<String>,
    /// Token of the page before; None on the first one.
    pub prev_page_token: Option<String>,
}

impl From<pb::ListEventsPaginatedResponse> for ListEventsPaginatedResponse {
    fn from(message: pb::ListEventsPaginatedResponse) -> Self {
        let token = |token: String| Some(token).filter(|token| !token.is_empty());
        Self {
            events: message.events.into_iter().map(Into::into).collect(),
            next_page_token: token(message.next_page_token),
            prev_page_token: token(message.prev_page_token),
        }
    }
}

impl Page for ListEventsPaginatedResponse {
    type Item = Event;

    fn next_page_token(&self) -> Option<&str> {
        self.next_page_token.as_deref()
    }

    fn into_items(self) -> Vec<Event> {
        self.events
    }
}
