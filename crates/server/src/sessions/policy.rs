//! How long sessions last, `auth.md` 3.8.3 and 11.19.
use super::model::Session;
use crate::{ctx::Ctx, organizations::Organization, time::Timestamp};
use std::time::Duration;

/// The limits on sessions of one organization: the stricter of the application's and its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Minutes from the start.
    absolute: i64,
    /// Minutes without use; none if idleness ends nothing.
    idle: Option<i64>,
}

impl Limits {
    /// Those that count for the organization now.
    pub fn of(ctx: &Ctx, organization: &Organization) -> Self {
        let (absolute, idle) = organization.session_policy.effective(&ctx.environment().session_policy());
        Self { absolute: absolute.into(), idle: idle.map(i64::from) }
    }

    /// Sets the deadlines of a session that enters the organization now. They only ever get stricter.
    pub fn tighten(self, session: &mut Session, now: Timestamp) {
        session.absolute_expires_at = session.absolute_expires_at.min(now.plus(minutes(self.absolute)));
        session.idle_minutes = match (session.idle_minutes, self.idle) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        session.idle_expires_at = idle_deadline(now, session.idle_minutes).min(session.absolute_expires_at);
    }
}

/// When a session that was used at `now` would end by idleness.
pub fn idle_deadline(now: Timestamp, idle: Option<i64>) -> Timestamp {
    idle.map_or(Timestamp::from_micros(i64::MAX), |idle| now.plus(minutes(idle)))
}

fn minutes(count: i64) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap_or_default() * 60)
}
