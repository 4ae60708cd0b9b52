//! What a job is, and how often a failing one is repeated.
use crate::{
    app::App,
    ctx::Ctx,
    db::Tx,
    error::Error,
    ids::{EnvironmentId, JobId},
    time::Timestamp,
};
use futures_util::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use std::{future::Future, sync::Arc, time::Duration};

/// How long a node may keep silent about a job before another one takes it.
pub const LEASE: Duration = Duration::from_secs(20);
/// How often a node says that it is still at work.
pub const RENEWAL: Duration = Duration::from_secs(5);
/// How long one attempt may take.
pub const TIMEOUT: Duration = Duration::from_secs(90);
/// The longest pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(300);
/// So many attempts without an answer, after the time to give up, mean that the job kills its node.
const MAX_DEATHS: i64 = 20;

/// Work for later. Its fields are ids and small values, never secrets or whole records; it may run twice.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// As it is stored; never changed. `domains.check`
    const NAME: &'static str;
    /// How long failed attempts are repeated, from the time at which the job was first due.
    const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 3600);

    /// Does the work, in at most 90 seconds.
    ///
    /// # Errors
    /// [`Failure`]: whether to try again.
    fn run(self, run: &Run) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Why an attempt failed. The text is for operators: no secrets, no addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// May go well later.
    #[error("{0}")]
    Retry(String),
    /// Never will.
    #[error("{0}")]
    GiveUp(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        use std::error::Error as _;
        let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        Self::Retry(format!("{}{source}", error.message()))
    }
}

/// One attempt at a job.
#[derive(Clone, Debug)]
pub struct Run {
    pub(super) app: Arc<App>,
    pub(super) ctx: Option<Ctx>,
    pub(super) id: JobId,
    pub(super) attempt: i64,
}

impl Run {
    /// What the whole server shares.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }
    /// The server itself as the caller, in the environment of the job.
    ///
    /// # Errors
    /// `INTERNAL` for a job of the installation.
    pub fn ctx(&self) -> Result<&Ctx, Error> {
        self.ctx.as_ref().ok_or_else(|| Error::internal("a job of the installation has no environment"))
    }
    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.app.clock.now()
    }
    /// `job_…`
    pub fn id(&self) -> JobId {
        self.id
    }
    /// 1 for the first attempt.
    pub fn attempt(&self) -> i64 {
        self.attempt
    }

    /// Repeats `step`, which deletes some rows and tells how many, each time in a transaction of its own, until it finds
    /// none.
    ///
    /// # Errors
    /// Those of `step` and of the database.
    pub async fn in_steps(
        &self,
        step: impl for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<u64, Error>>,
    ) -> Result<(), Failure> {
        loop {
            let mut tx = self.app.db.write().await?;
            let deleted = step(&mut tx).await?;
            tx.commit().await?;
            if deleted == 0 {
                return Ok(());
            }
        }
    }
}

/// Rows that a step of a clean-up deletes: other writers wait for milliseconds only.
pub const STEP: i64 = 500;

/// A job that this node has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whose it is; none for the installation's.
    pub environment: Option<EnvironmentId>,
    /// `job_…`
    pub id: JobId,
    /// Which kind.
    pub name: String,
    /// Its fields.
    pub payload: String,
    /// Attempts, this one included.
    pub attempts: i64,
    /// An attempt that fails after this is the last.
    pub give_up_at: Timestamp,
    /// The end of the lease, which proves that the job is still this node's.
    pub lease: Timestamp,
}

/// What becomes of a job after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another attempt, then.
    At(Timestamp),
    /// None.
    Never,
}

impl Taken {
    /// What becomes of it after `failure`. `every` is the interval of a periodic job, which is never given up.
    pub fn after(&self, failure: &Failure, every: Option<Duration>, now: Timestamp) -> Next {
        match (every, failure) {
            (Some(every), _) => Next::At(now.plus(pause(self.attempts).min(every))),
            (None, Failure::GiveUp(_)) => Next::Never,
            (None, Failure::Retry(_)) if self.give_up_at.is_past(now) => Next::Never,
            (None, Failure::Retry(_)) => Next::At(now.plus(pause(self.attempts))),
        }
    }

    /// Whether it was taken so often without an answer that it is likely to kill its nodes.
    pub fn is_deadly(&self, now: Timestamp) -> bool {
        self.attempts > MAX_DEATHS && self.give_up_at.is_past(now)
    }
}

/// 2 seconds after the first failed attempt, then twice as long each time, up to 5 minutes.
fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 16)).unwrap_or(16);
    Duration::from_secs(1 << doublings).min(MAX_PAUSE)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
