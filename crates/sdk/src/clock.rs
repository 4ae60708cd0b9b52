//! The one place that asks for the time. Tests move it forward instead of sleeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Wall-clock and monotonic time, shared by everything that belongs to one client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    /// Seconds by which a test is ahead of the machine; 0 in programs.
    ahead: Arc<AtomicU64>,
}

impl Clock {
    fn ahead(&self) -> u64 {
        self.ahead.load(Ordering::Relaxed)
    }

    /// For ages and deadlines.
    pub(crate) fn instant(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(Duration::from_secs(self.ahead())).unwrap_or(now)
    }

    /// For times that others wrote down: `exp`, `nbf`, `webhook-timestamp`.
    pub(crate) fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        let ahead = i64::try_from(self.ahead()).unwrap_or(0);
        if ahead == 0 {
            return now;
        }
        Timestamp::from_second(now.as_second().saturating_add(ahead)).unwrap_or(now)
    }

    #[cfg(test)]
    pub(crate) fn advance(&self, by: Duration) {
        self.ahead.fetch_add(by.as_secs(), Ordering::Relaxed);
    }
}
