//! The requests.

use gatewright_api::rpc::session_service as rpc;
use gatewright_api::scalekit::v1::sessions as pb;
use jiff::Timestamp;

use super::model::{RevokedSession, Session, SessionStatus};
use crate::call::request;
use crate::convert::{into_timestamp, present};
use crate::paging::{self, ListStream, Page};

/// Largest page; used by streams, which go through all of the list.
const MAX_PAGE: u32 = 100;

request! {
    /// Request of [`get_session`](super::Sessions::get_session).
    GetSession, rpc::GetSession => Session,
    |answer| Ok(answer.into())
}

request! {
    /// Request of [`revoke_session`](super::Sessions::revoke_session).
    RevokeSession, rpc::RevokeSession => RevokedSession,
    |answer| present(answer.revoked_session, "revoked_session").map(Into::into)
}

request! {
    /// Request of [`revoke_all_user_sessions`](super::Sessions::revoke_all_user_sessions).
    RevokeAllUserSessions, rpc::RevokeAllUserSessions => RevokeAllUserSessionsResponse,
    |answer| Ok(answer.into())
}

/// Answer of [`revoke_all_user_sessions`](super::Sessions::revoke_all_user_sessions).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RevokeAllUserSessionsResponse {
    /// The sessions that were ended, newest first.
    pub revoked_sessions: Vec<RevokedSession>,
    /// How many there are. The reference calls it `totalCount`.
    pub total_revoked: u32,
}

impl RevokeAllUserSessionsResponse {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::RevokeAllUserSessionsResponse {
        let revoked_sessions = self.revoked_sessions.into_iter().map(RevokedSession::into_message).collect();
        pb::RevokeAllUserSessionsResponse { revoked_sessions, total_revoked: self.total_revoked }
    }
}

impl From<pb::RevokeAllUserSessionsResponse> for RevokeAllUserSessionsResponse {
    fn from(message: pb::RevokeAllUserSessionsResponse) -> Self {
        Self {
            revoked_sessions: message.revoked_sessions.into_iter().map(Into::into).collect(),
            total_revoked: message.total_revoked,
        }
    }
}

request! {
    /// Request of [`get_user_sessions`](super::Sessions::get_user_sessions).
    GetUserSessions, rpc::GetUserSessions => UserSessions,
    |answer| Ok(answer.into())
}

impl GetUserSessions {
    fn filter(&mut self) -> &mut pb::UserSessionFilter {
        self.message.filter.get_or_insert_default()
    }

    /// Only sessions with any of these statuses.
    pub fn status(mut self, status: impl IntoIterator<Item = SessionStatus>) -> Self {
        self.filter().status = status.into_iter().map(|status| status.to_string()).collect();
        self
    }

    /// Only sessions that began at this time or later.
    pub fn start_time(mut self, start_time: Timestamp) -> Self {
        self.filter().start_time = into_timestamp(Some(start_time));
        self
    }

    /// Only sessions that began at this time or earlier.
    pub fn end_time(mut self, end_time: Timestamp) -> Self {
        self.filter().end_time = into_timestamp(Some(end_time));
        self
    }

    /// Sessions per page, at most 100. Default 10.
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
    pub fn pages(mut self) -> ListStream<UserSessions> {
        if self.message.page_size == 0 {
            self.message.page_size = MAX_PAGE;
        }
        let first = self.message.page_token.clone();
        paging::pages(first, move |token| self.clone().page_token(token).into_future())
    }

    /// All sessions from here on; the next page is fetched when the last is used up.
    pub fn stream(self) -> ListStream<Session> {
        paging::items(self.pages())
    }
}

/// One page of [`get_user_sessions`](super::Sessions::get_user_sessions).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct UserSessions {
    /// The sessions of this page, newest first.
    pub sessions: Vec<Session>,
    /// Number of sessions on all pages.
    pub total_size: u32,
    /// Token of the next page; None on the last one.
    pub next_page_token: Option<String>,
    /// Token of the page before; None on the first one.
    pub prev_page_token: Option<String>,
}

impl UserSessions {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::UserSessionDetails {
        pb::UserSessionDetails {
            sessions: self.sessions.into_iter().map(Session::into_message).collect(),
            next_page_token: self.next_page_token.unwrap_or_default(),
            prev_page_token: self.prev_page_token.unwrap_or_default(),
            total_size: self.total_size,
        }
    }
}

impl From<pb::UserSessionDetails> for UserSessions {
    fn from(message: pb::UserSessionDetails) -> Self {
        let token = |token: String| Some(token).filter(|token| !token.is_empty());
        Self {
            sessions: message.sessions.into_iter().map(Into::into).collect(),
            total_size: message.total_size,
            next_page_token: token(message.next_page_token),
            prev_page_token: token(message.prev_page_token),
        }
    }
}

impl Page for UserSessions {
    type Item = Session;

    fn next_page_token(&self) -> Option<&str> {
        self.next_page_token.as_deref()
    }

    fn into_items(self) -> Vec<Session> {
        self.sessions
    }
}
