//! Which sessions have ended, as far as the server told.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};

use futures_core::future::BoxFuture;
use jiff::Timestamp;

/// That a session has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogoutNotice {
    /// The session, `ses_…`.
    pub sid: String,
    /// Id of the notice: it is good once.
    pub jti: String,
    /// Now.
    pub received_at: Timestamp,
    /// Until then a cookie of the session may come.
    pub remember_until: Timestamp,
}

/// What a store of ended sessions answers; the error is for [`on_failure`](super::SessionsBuilder::on_failure).
pub type StoreAnswer<'a, T> = BoxFuture<'a, Result<T, Box<dyn Error + Send + Sync>>>;

/// Remembers which sessions have ended: in memory by default, and in something that all servers of an application share,
/// such as Redis or a database, if there are several. While it fails, sessions count as unknown and requests are
/// answered with 503.
///
/// ```
/// use gatewright_sdk::axum::{EndedSessions, LogoutNotice, StoreAnswer};
///
/// struct Shared(/* a pool of connections */);
///
/// impl EndedSessions for Shared {
///     fn end(&self, notice: LogoutNotice) -> StoreAnswer<'_, bool> {
///         Box::pin(async move {
///             // SET jti:… NX EX …, and if that was new: SET sid:… EX …
///             Ok(true)
///         })
///     }
///
///     fn has_ended<'a>(&'a self, sid: &'a str) -> StoreAnswer<'a, bool> {
///         Box::pin(async move { Ok(false) /* EXISTS sid:… */ })
///     }
/// }
/// ```
pub trait EndedSessions: Send + Sync + 'static {
    /// Remembers the session and the notice until `remember_until`. False, and nothing is remembered, if the notice has
    /// come before.
    fn end(&self, notice: LogoutNotice) -> StoreAnswer<'_, bool>;

    /// Whether the session has ended.
    fn has_ended<'a>(&'a self, sid: &'a str) -> StoreAnswer<'a, bool>;
}

/// The store in this process's memory: about 200 bytes for each session that ended lately.
#[derive(Debug, Default)]
pub struct MemoryEndedSessions(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    sessions: HashMap<String, Timestamp>,
    notices: HashMap<String, Timestamp>,
    /// Number of entries at which those that are over are thrown away.
    tidy_at: usize,
}

impl Memory {
    fn end(&mut self, notice: LogoutNotice) -> bool {
        if self.notices.contains_key(&notice.jti) {
            return false;
        }
        if self.notices.len() >= self.tidy_at {
            self.notices.retain(|_, until| *until > notice.received_at);
            self.sessions.retain(|_, until| *until > notice.received_at);
            self.tidy_at = (self.notices.len() * 2).max(1024);
        }
        self.notices.insert(notice.jti, notice.remember_until);
        self.sessions.insert(notice.sid, notice.remember_until);
        true
    }
}

impl EndedSessions for MemoryEndedSessions {
    fn end(&self, notice: LogoutNotice) -> StoreAnswer<'_, bool> {
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).end(notice);
        Box::pin(std::future::ready(Ok(is_new)))
    }

    fn has_ended<'a>(&'a self, sid: &'a str) -> StoreAnswer<'a, bool> {
        let has_ended = self.0.lock().unwrap_or_else(PoisonError::into_inner).sessions.contains_key(sid);
        Box::pin(std::future::ready(Ok(has_ended)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(number: usize, at: i64) -> LogoutNotice {
        LogoutNotice {
            sid: format!("ses_{number}"),
            jti: format!("tkn_{number}"),
            received_at: Timestamp::from_second(at).unwrap(),
            remember_until: Timestamp::from_second(at + 100).unwrap(),
        }
    }

    #[tokio::test]
    async fn a_notice_is_good_once() {
        let store = MemoryEndedSessions::default();
        assert!(!store.has_ended("ses_1").await.unwrap());
        assert!(store.end(notice(1, 0)).await.unwrap());
        assert!(!store.end(notice(1, 0)).await.unwrap());
        assert!(store.has_ended("ses_1").await.unwrap() && !store.has_ended("ses_2").await.unwrap());
    }

    #[tokio::test]
    async fn what_is_over_is_forgotten() {
        let store = MemoryEndedSessions::default();
        for number in 0..5000_usize {
            let second = i64::try_from(number).unwrap();
            assert!(store.end(notice(number, second)).await.unwrap());
        }
        let kept = store.0.lock().unwrap().sessions.len();
        assert!(kept < 1200, "{kept}");
        assert!(store.has_ended("ses_4999").await.unwrap());
    }
}
