//! Points in time and the clock that gives them. Nothing else asks the system for the time.
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// Microseconds since 1970, UTC. `BIGINT` in SQL, RFC 3339 in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970, UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }
    /// Microseconds since 1970, UTC.
    pub const fn as_micros(self) -> i64 {
        self.0
    }
    /// Whole seconds since 1970, rounded down: a JWT's NumericDate (RFC 7519 §2).
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
    /// Whether something that expires at `self` is no longer valid at `now`.
    pub const fn is_past(self, now: Self) -> bool {
        now.0 >= self.0
    }
    /// Later by `duration`; the end of time if that is beyond it.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }
    /// Earlier by `duration`.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339, UTC, with none, 3 or 6 fractional digits, as ProtoJSON writes it: one time, one spelling.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) if self.0 % 1_000_000 == 0 => write!(f, "{time:.0}"),
            Ok(time) if self.0 % 1_000 == 0 => write!(f, "{time:.3}"),
            Ok(time) => write!(f, "{time:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl From<Timestamp> for prost_types::Timestamp {
    fn from(time: Timestamp) -> Self {
        let nanos = i32::try_from(time.0.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
        Self { seconds: time.as_seconds(), nanos }
    }
}

impl From<prost_types::Timestamp> for Timestamp {
    /// Cut to microseconds; beyond the range of `i64` it is the end of time.
    fn from(time: prost_types::Timestamp) -> Self {
        Self(time.seconds.saturating_mul(1_000_000).saturating_add(i64::from(time.nanos) / 1_000))
    }
}

/// Where the time comes from: the system, or a test that holds it still.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// Stands still until it is moved.
    Frozen(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn frozen_at(now: Timestamp) -> Self {
        Self::Frozen(Arc::new(AtomicI64::new(now.0)))
    }
    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the time")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Frozen(micros) => Timestamp(micros.load(Ordering::Relaxed)),
            Self::System => {
                let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
                Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
        }
    }
    /// Moves a frozen clock; the system's clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Self::Frozen(micros) = self {
            micros.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_none_3_or_6_digits() {
        for (micros, text) in [
            (1_772_884_800_000_000, "2026-03-07T12:00:00Z"),
            (1_772_884_800_120_000, "2026-03-07T12:00:00.120Z"),
            (1_772_884_800_004_210, "2026-03-07T12:00:00.004210Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(Timestamp::from_micros(micros).to_string(), text);
        }
    }
}
