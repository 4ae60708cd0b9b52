//! The environment's public keys, parsed once and kept.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use serde::Deserialize;

use crate::clock::Clock;
use crate::error::{Result, ScalekitError};
use crate::http::Http;

/// After this the set is fetched again.
const MAX_AGE: Duration = Duration::from_secs(10 * 60);
/// How long an old set is used while it cannot be fetched again.
const MAX_AGE_IF_ERROR: Duration = Duration::from_secs(60 * 60);
/// How long an old set is used after a failure before the next try.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// An unknown `kid` fetches the set at most this often, so that forged tokens cannot make us a load on the server.
const UNKNOWN_KID_INTERVAL: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Jwk>,
}

/// The members that matter, RFC 7517 §4 and RFC 7518 §6.3.1. Other kinds of key may stand beside ours.
#[derive(Deserialize)]
struct Jwk {
    kty: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl Jwk {
    /// Id and key, if it is one that RS256 signatures can be checked with.
    fn parse(self) -> Option<(String, Arc<DecodingKey>)> {
        let is_rs256 = self.kty.as_deref() == Some("RSA")
            && self.alg.is_none_or(|alg| alg == "RS256")
            && self.usage.is_none_or(|usage| usage == "sig");
        if !is_rs256 {
            return None;
        }
        let key = DecodingKey::from_rsa_components(&self.n?, &self.e?).ok()?;
        Some((self.kid?, Arc::new(key)))
    }
}

struct KeySet {
    keys: HashMap<String, Arc<DecodingKey>>,
    fetched: Instant,
}

impl KeySet {
    fn is_younger(&self, now: Instant, age: Duration) -> bool {
        now.saturating_duration_since(self.fetched) < age
    }
}

#[derive(Default)]
struct Flight {
    failed: Option<(Instant, ScalekitError)>,
    fetched_for_unknown_kid: Option<Instant>,
}

/// The cache. It survives a rotation of the server's keys: see [`UNKNOWN_KID_INTERVAL`] and [`MAX_AGE`].
#[derive(Default)]
pub(crate) struct Jwks {
    current: RwLock<Option<Arc<KeySet>>>,
    /// Held while the set is fetched.
    flight: tokio::sync::Mutex<Flight>,
}

impl Jwks {
    fn current(&self) -> Option<Arc<KeySet>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key with this id.
    pub(crate) async fn key(&self, kid: &str, http: &Http, clock: &Clock) -> Result<Arc<DecodingKey>> {
        let asked = clock.instant();
        let found = |set: &KeySet| set.keys.get(kid).cloned();
        if let Some(set) = self.current().filter(|set| set.is_younger(asked, MAX_AGE))
            && let Some(key) = found(&set)
        {
            return Ok(key);
        }
        let mut flight = self.flight.lock().await;
        let now = clock.instant();
        let set = self.current();
        let fresh = set.as_ref().filter(|set| set.is_younger(now, MAX_AGE));
        if let Some(key) = fresh.and_then(|set| found(set)) {
            return Ok(key);
        }
        let asked_lately = flight.fetched_for_unknown_kid.is_some_and(|at| now < at + UNKNOWN_KID_INTERVAL);
        if fresh.is_some() && asked_lately {
            return Err(unknown_kid());
        }
        let old = set.as_ref().filter(|set| set.is_younger(now, MAX_AGE_IF_ERROR)).and_then(|set| found(set));
        if let Some((at, error)) = &flight.failed {
            let failed_lately = now < *at + TRY_AGAIN_AFTER;
            if let Some(key) = old.as_ref().filter(|_| failed_lately) {
                return Ok(Arc::clone(key));
            }
            // Either this caller waited for the fetch that failed, or it wants a key that a full set does not have.
            if *at >= asked || (failed_lately && fresh.is_some()) {
                return Err(error.clone());
            }
        }
        let for_unknown_kid = fresh.is_some();
        match fetch(http, clock).await {
            Ok(set) => {
                let set = Arc::new(set);
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&set));
                flight.failed = None;
                if for_unknown_kid {
                    flight.fetched_for_unknown_kid = Some(now);
                }
                found(&set).ok_or_else(unknown_kid)
            }
            Err(error) => {
                flight.failed = Some((clock.instant(), error.clone()));
                old.ok_or(error)
            }
        }
    }
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwks").finish_non_exhaustive()
    }
}

fn unknown_kid() -> ScalekitError {
    ScalekitError::token_validation("the token is signed with a key that the environment does not publish")
}

async fn fetch(http: &Http, clock: &Clock) -> Result<KeySet> {
    let set: JwkSet = http.get("/keys").await?;
    let keys: HashMap<_, _> = set.keys.into_iter().filter_map(Jwk::parse).collect();
    if keys.is_empty() {
        return Err(ScalekitError::invalid_response("the key set has no RS256 key"));
    }
    Ok(KeySet { keys, fetched: clock.instant() })
}
