//! Keys that were found valid a moment ago, so that an application may ask with each of its requests.
use super::model::ApiToken;
use crate::{ids::EnvironmentId, time::Timestamp};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long what was read counts: by then every node knows of a change.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// Some megabytes at the most.
const MAX_ENTRIES: usize = 8192;

/// Valid keys, by environment and hash.
#[derive(Debug, Default)]
pub struct ValidTokens(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    entries: HashMap<(EnvironmentId, [u8; 32]), Entry>,
    /// Rises with each change that this node makes, so that what was read before it is not kept after it.
    changes: u64,
}

#[derive(Debug)]
struct Entry {
    token: Arc<ApiToken>,
    read_at: Timestamp,
}

/// When a reading began.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    at: Timestamp,
    changes: u64,
}

impl ValidTokens {
    /// The key, if it was read within the last second.
    pub fn get(&self, env: EnvironmentId, hash: [u8; 32], now: Timestamp) -> Option<Arc<ApiToken>> {
        let known = self.lock();
        let entry = known.entries.get(&(env, hash))?;
        is_fresh(entry, now).then(|| entry.token.clone())
    }

    /// To be called before the database is asked.
    pub fn start(&self, now: Timestamp) -> Reading {
        Reading { at: now, changes: self.lock().changes }
    }

    /// Keeps what was read, unless this node has changed a key meanwhile.
    pub fn keep(&self, reading: Reading, env: EnvironmentId, hash: [u8; 32], token: &Arc<ApiToken>) {
        let mut known = self.lock();
        if known.changes != reading.changes {
            return;
        }
        if known.entries.len() >= MAX_ENTRIES {
            known.entries.retain(|_, entry| is_fresh(entry, reading.at));
            if known.entries.len() >= MAX_ENTRIES {
                known.entries.clear();
            }
        }
        known.entries.insert((env, hash), Entry { token: token.clone(), read_at: reading.at });
    }

    /// Forgets a key, after the commit that changed it and before the answer.
    pub fn forget(&self, env: EnvironmentId, hash: [u8; 32]) {
        let mut known = self.lock();
        known.changes = known.changes.wrapping_add(1);
        known.entries.remove(&(env, hash));
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that steps back makes nothing last longer.
fn is_fresh(entry: &Entry, now: Timestamp) -> bool {
    entry.read_at <= now && !entry.read_at.plus(FRESH_FOR).is_past(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ApiTokenId, OrganizationId};

    const ENV: EnvironmentId = EnvironmentId::from_i64(1);
    const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

    fn token() -> Arc<ApiToken> {
        Arc::new(ApiToken {
            id: ApiTokenId::from_i64(1),
            organization: OrganizationId::from_i64(2),
            organization_external_id: None,
            user: None,
            custom_claims: Default::default(),
            description: None,
            suffix: "abcd".to_owned(),
            created_at: NOW,
            expires_at: None,
        })
    }

    #[test]
    fn what_was_read_counts_for_less_than_a_second() {
        let cache = ValidTokens::default();
        cache.keep(cache.start(NOW), ENV, [7; 32], &token());
        let at = |millis| NOW.plus(Duration::from_millis(millis));
        assert!(cache.get(ENV, [7; 32], at(999)).is_some());
        assert!(cache.get(ENV, [7; 32], at(1000)).is_none());
        assert!(cache.get(ENV, [7; 32], NOW.minus(Duration::from_millis(1))).is_none());
        assert!(cache.get(EnvironmentId::from_i64(2), [7; 32], NOW).is_none());
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let cache = ValidTokens::default();
        let reading = cache.start(NOW);
        cache.forget(ENV, [7; 32]);
        cache.keep(reading, ENV, [7; 32], &token());
        assert!(cache.get(ENV, [7; 32], NOW).is_none());
        cache.keep(cache.start(NOW), ENV, [7; 32], &token());
        assert!(cache.get(ENV, [7; 32], NOW).is_some());
        cache.forget(ENV, [7; 32]);
        assert!(cache.get(ENV, [7; 32], NOW).is_none());
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let cache = ValidTokens::default();
        for number in 0..20_000_u32 {
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(&number.to_be_bytes());
            cache.keep(cache.start(NOW), ENV, hash, &token());
        }
        assert!(cache.lock().entries.len() <= MAX_ENTRIES);
    }
}
