//! Calls a minute, counted by environment, off unless `rate.requests_per_minute` is set; and registrations of clients,
//! which need no credential, by resource and address.
use crate::{
    error::{Error, Kind},
    ids::{EnvironmentId, ResourceId},
};
use governor::{
    DefaultKeyedRateLimiter, NotUntil, Quota,
    clock::{Clock, DefaultClock},
};
use std::{net::IpAddr, num::NonZeroU32};

/// Clients that one address may register for one resource in a minute. An MCP vendor registers for all its users from
/// few addresses.
const REGISTRATIONS: NonZeroU32 = NonZeroU32::new(60).unwrap();

/// Counts calls of this node.
#[derive(Debug)]
pub struct RateLimits {
    limiter: Option<DefaultKeyedRateLimiter<i64>>,
    registrations: DefaultKeyedRateLimiter<(i64, Option<IpAddr>)>,
}

impl RateLimits {
    /// Limits to so many calls a minute and environment; 0 means no limit.
    pub fn per_minute(calls: u32) -> Self {
        let limiter =
            NonZeroU32::new(calls).map(|calls| DefaultKeyedRateLimiter::keyed(Quota::per_minute(calls)));
        let registrations = DefaultKeyedRateLimiter::keyed(Quota::per_minute(REGISTRATIONS));
        Self { limiter, registrations }
    }

    /// Counts one call.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED` with `error_code` `RATE_LIMITED` and the seconds to wait.
    pub fn check(&self, environment: EnvironmentId) -> Result<(), Error> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(&environment.as_i64()).map_err(|until| too_many(&until))
    }

    /// Counts one registration of a client.
    ///
    /// # Errors
    /// As [`RateLimits::check`].
    pub fn check_registration(&self, resource: ResourceId, address: Option<IpAddr>) -> Result<(), Error> {
        // Who waits no longer need not be remembered.
        if self.registrations.len() > 10_000 {
            self.registrations.retain_recent();
        }
        self.registrations.check_key(&(resource.as_i64(), address)).map_err(|until| too_many(&until))
    }
}

fn too_many(until: &NotUntil<<DefaultClock as Clock>::Instant>) -> Error {
    let wait = until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
    Error::new(Kind::ResourceExhausted, format!("too many calls; try again in {wait} s"))
        .with_code("RATE_LIMITED")
        .with_retry_after(wait)
}
