//! The keys of providers, read when they are needed and kept for a while.
use super::{
    model::UpstreamError,
    upstream::{Issuer, Upstream},
};
use crate::{ctx::Ctx, ids::ConnectionId, time::Timestamp};
use gatewright_jose::{ForeignError, ForeignKeys, Verified};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

const STEP: &str = "read the identity provider's keys";
const MAX_ANSWER: usize = 256 * 1024;
/// How long keys count that were read. A provider that withdraws one waits so long.
const FRESH_FOR: Duration = Duration::from_secs(15 * 60);
/// How soon after reading them an unknown key is looked for again: whoever makes key ids up must not cost more than this.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// Some megabytes at the most.
const MAX_ENTRIES: usize = 4096;

/// Keys that were read, by connection and where they were: one connection's keys count for no other one.
#[derive(Debug, Default)]
pub struct ProviderKeys(Mutex<HashMap<(ConnectionId, String), Arc<Read>>>);

#[derive(Debug)]
struct Read {
    keys: ForeignKeys,
    at: Timestamp,
}

impl ProviderKeys {
    fn get(&self, key: &(ConnectionId, String)) -> Option<Arc<Read>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn keep(&self, key: (ConnectionId, String), read: &Arc<Read>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_ENTRIES {
            known.retain(|_, other| other.is_younger(FRESH_FOR, read.at));
            if known.len() >= MAX_ENTRIES {
                known.clear();
            }
        }
        known.insert(key, read.clone());
    }
}

impl Read {
    fn is_younger(&self, than: Duration, now: Timestamp) -> bool {
        !self.at.plus(than).is_past(now)
    }
}

/// Verifies a token's signature by the issuer's keys. A key that is not known may be new: the keys are read again, if that
/// was not done just now.
///
/// # Errors
/// `invalid_id_token`
pub async fn verify(
    ctx: &Ctx,
    connection: ConnectionId,
    upstream: &Upstream,
    issuer: &Issuer,
    token: &str,
) -> Result<Verified, UpstreamError> {
    let key = (connection, issuer.jwks_uri.as_str().to_owned());
    let known = ctx.app().provider_keys.get(&key).filter(|known| known.is_younger(FRESH_FOR, ctx.now()));
    let read = match known {
        Some(known) => known,
        None => read(ctx, &key, upstream, issuer).await?,
    };
    match read.keys.verify(token) {
        Err(ForeignError::UnknownKey) if !read.is_younger(LOOK_AGAIN_AFTER, ctx.now()) => {
            self::read(ctx, &key, upstream, issuer).await?.keys.verify(token)
        }
        verified => verified,
    }
    .map_err(|error| {
        let expected = "a JWT signed with one of the provider's published keys";
        UpstreamError::new(
            "invalid_id_token",
            "verify the signature of the ID token",
            expected,
            error.to_string(),
        )
    })
}

async fn read(
    ctx: &Ctx,
    key: &(ConnectionId, String),
    upstream: &Upstream,
    issuer: &Issuer,
) -> Result<Arc<Read>, UpstreamError> {
    let refused = |got: String| UpstreamError::new("invalid_id_token", STEP, "a JWK Set at jwks_uri", got);
    let at = ctx.now();
    let body = ctx.app().outbound.get(&issuer.jwks_uri, upstream.plain_http, MAX_ANSWER).await;
    let body = body.map_err(|error| refused(format!("nothing: jwks_uri {error}")))?;
    let keys = ForeignKeys::parse(&body).map_err(|error| refused(format!("a document that {error}")))?;
    let read = Arc::new(Read { keys, at });
    ctx.app().provider_keys.keep(key.clone(), &read);
    Ok(read)
}
