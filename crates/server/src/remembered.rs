//! What was read a moment ago, for what is asked with every request: which key is valid, what roles permit.
//!
//! One rule for all of it. What was read counts for less than a second, by when every node knows of a change. What this
//! node changes itself it forgets at once: either by key, or because the tables that it was read from were changed
//! ([`crate::db::Db::changes_of`]). Nothing that was read before such a change is kept after it.
use crate::time::Timestamp;
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long what was read counts.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// Some megabytes at the most.
const MAX_ENTRIES: usize = 8192;

/// Values that were read, by key.
#[derive(Debug)]
pub struct Remembered<K, V>(Mutex<Known<K, V>>);

#[derive(Debug)]
struct Known<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// Rises with each key that is forgotten.
    forgotten: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: Arc<V>,
    read_at: Timestamp,
    changes: u64,
}

/// When a reading began.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    at: Timestamp,
    changes: u64,
    forgotten: u64,
}

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Known { entries: HashMap::new(), forgotten: 0 }))
    }
}

impl<K: Hash + Eq, V> Remembered<K, V> {
    /// The value, if it was read within the last second and after the last of so many changes.
    pub fn get(&self, key: &K, now: Timestamp, changes: u64) -> Option<Arc<V>> {
        let known = self.lock();
        let entry = known.entries.get(key)?;
        (entry.changes == changes && entry.is_fresh(now)).then(|| entry.value.clone())
    }

    /// To be called before the database is asked, with the changes so far.
    pub fn start(&self, now: Timestamp, changes: u64) -> Reading {
        Reading { at: now, changes, forgotten: self.lock().forgotten }
    }

    /// Keeps what was read, unless a key was forgotten meanwhile.
    pub fn keep(&self, reading: Reading, key: K, value: &Arc<V>) {
        let mut known = self.lock();
        if known.forgotten != reading.forgotten {
            return;
        }
        if known.entries.len() >= MAX_ENTRIES {
            known.entries.retain(|_, entry| entry.is_fresh(reading.at));
            if known.entries.len() >= MAX_ENTRIES {
                known.entries.clear();
            }
        }
        known
            .entries
            .insert(key, Entry { value: value.clone(), read_at: reading.at, changes: reading.changes });
    }

    /// Forgets a key, after the commit that changed it and before the answer.
    pub fn forget(&self, key: &K) {
        let mut known = self.lock();
        known.forgotten = known.forgotten.wrapping_add(1);
        known.entries.remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, Known<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Entry<V> {
    /// A clock that steps back makes nothing last longer.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.read_at <= now && !self.read_at.plus(FRESH_FOR).is_past(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

    fn known() -> Remembered<u32, &'static str> {
        let known = Remembered::default();
        known.keep(known.start(NOW, 5), 7, &Arc::new("seven"));
        known
    }

    #[test]
    fn what_was_read_counts_for_less_than_a_second() {
        let known = known();
        let at = |millis| NOW.plus(Duration::from_millis(millis));
        assert_eq!(known.get(&7, at(999), 5).as_deref(), Some(&"seven"));
        assert!(known.get(&7, at(1000), 5).is_none());
        assert!(known.get(&7, NOW.minus(Duration::from_millis(1)), 5).is_none());
        assert!(known.get(&8, NOW, 5).is_none());
    }

    #[test]
    fn a_change_of_the_tables_makes_it_old() {
        let known = known();
        assert!(known.get(&7, NOW, 6).is_none());
        // A reading that began before the change is kept, but for those who have not seen the change either.
        known.keep(known.start(NOW, 5), 7, &Arc::new("old"));
        assert!(known.get(&7, NOW, 6).is_none());
    }

    #[test]
    fn what_was_read_before_a_key_was_forgotten_is_not_kept_after_it() {
        let known = known();
        let reading = known.start(NOW, 5);
        known.forget(&7);
        assert!(known.get(&7, NOW, 5).is_none());
        known.keep(reading, 7, &Arc::new("old"));
        assert!(known.get(&7, NOW, 5).is_none());
        known.keep(known.start(NOW, 5), 7, &Arc::new("new"));
        assert_eq!(known.get(&7, NOW, 5).as_deref(), Some(&"new"));
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let known = Remembered::default();
        for number in 0..20_000_u32 {
            known.keep(known.start(NOW, 0), number, &Arc::new(number));
        }
        assert!(known.lock().entries.len() <= MAX_ENTRIES);
    }
}
