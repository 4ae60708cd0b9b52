//! Calls a minute, counted by environment. Off unless `rate.requests_per_minute` is set.
use crate::{
    error::{Error, Kind},
    ids::EnvironmentId,
};
use governor::{DefaultKeyedRateLimiter, Quota, clock::Clock as _};
use std::num::NonZeroU32;

/// Counts calls of this node.
#[derive(Debug)]
pub struct RateLimits {
    limiter: Option<DefaultKeyedRateLimiter<i64>>,
}

impl RateLimits {
    /// Limits to so many calls a minute and environment; 0 means no limit.
    pub fn per_minute(calls: u32) -> Self {
        let limiter =
            NonZeroU32::new(calls).map(|calls| DefaultKeyedRateLimiter::keyed(Quota::per_minute(calls)));
        Self { limiter }
    }

    /// Counts one call.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED` with `error_code` `RATE_LIMITED` and the seconds to wait.
    pub fn check(&self, environment: EnvironmentId) -> Result<(), Error> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(&environment.as_i64()).map_err(|until| {
            let wait = until.wait_time_from(governor::clock::DefaultClock::default().now()).as_secs() + 1;
            Error::new(Kind::ResourceExhausted, format!("too many calls; try again in {wait} s"))
                .with_code("RATE_LIMITED")
                .with_retry_after(wait)
        })
    }
}
