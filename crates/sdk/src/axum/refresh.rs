//! Refreshes: one at a time for each refresh token, whatever number of requests wait for it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use futures_core::future::BoxFuture;
use futures_util::FutureExt as _;
use futures_util::future::Shared as SharedFuture;

use super::config::Shared;
use super::error::SessionError;
use super::payload::Payload;
use crate::error::ScalekitError;

/// How long requests that still carry the old cookie get the outcome.
const KEEP: Duration = Duration::from_secs(60);

/// The hash of a refresh token.
type Key = Vec<u8>;
type Outcome = Result<Arc<Payload>, Arc<SessionError>>;

/// The refreshes that are under way, and those that succeeded lately.
#[derive(Default)]
pub(super) struct Refresher(Mutex<Flights>);

#[derive(Default)]
struct Flights {
    by_token: HashMap<Key, SharedFuture<BoxFuture<'static, Outcome>>>,
    /// When each success may be forgotten, the earliest first.
    done: VecDeque<(Instant, Key)>,
}

impl Flights {
    fn forget_old(&mut self, now: Instant) {
        while self.done.front().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, key)) = self.done.pop_front() {
                self.by_token.remove(&key);
            }
        }
    }
}

impl Refresher {
    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session with new tokens. A failure is told to all that waited for it, and then forgotten.
    pub(super) async fn refresh(shared: &Arc<Shared>, old: &Arc<Payload>, refresh_token: &str) -> Outcome {
        let key = digest::digest(&digest::SHA256, refresh_token.as_bytes()).as_ref().to_vec();
        let flight = {
            let mut flights = shared.refresher.flights();
            flights.forget_old(shared.client.clock().instant());
            match flights.by_token.get(&key) {
                Some(flight) => flight.clone(),
                None => {
                    let flight =
                        start(Arc::clone(shared), Arc::clone(old), refresh_token.to_owned(), key.clone());
                    flights.by_token.insert(key, flight.clone());
                    flight
                }
            }
        };
        flight.await
    }
}

/// A task of its own: the request that began it may be cancelled, and the refresh token is used up all the same.
fn start(
    shared: Arc<Shared>,
    old: Arc<Payload>,
    refresh_token: String,
    key: Key,
) -> SharedFuture<BoxFuture<'static, Outcome>> {
    let task = tokio::spawn(async move {
        let outcome = exchange(&shared, &old, refresh_token).await;
        let mut flights = shared.refresher.flights();
        if outcome.is_ok() {
            let until = shared.client.clock().instant() + KEEP;
            flights.done.push_back((until, key));
        } else {
            flights.by_token.remove(&key);
        }
        drop(flights);
        outcome
    });
    let flight = async move {
        task.await.unwrap_or_else(|error| {
            let stopped = ScalekitError::internal("the refresh was stopped").with_source(error);
            Err(Arc::new(stopped.into()))
        })
    };
    flight.boxed().shared()
}

async fn exchange(shared: &Shared, old: &Payload, refresh_token: String) -> Outcome {
    let tokens =
        shared.client.refresh_access_token(refresh_token).await.map_err(|error| Arc::new(error.into()))?;
    old.refreshed(shared, tokens).await.map(Arc::new).map_err(Arc::new)
}
