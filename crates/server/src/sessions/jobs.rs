//! Settles sessions that have ended without anybody's doing, and forgets those that ended long ago.
use super::{model::Status, ops, store};
use crate::{
    ctx::Ctx,
    error::Error,
    ids::UserId,
    jobs::{self, Failure, Job, Registry, Run},
    users::MembershipsEnded,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Sessions settled in one transaction: on SQLite, others wait for so many.
const STEP: i64 = 50;
/// How long a session that has ended stays to be seen, after the time at which it would have ended anyway.
const KEPT: Duration = Duration::from_secs(90 * 86_400);
/// Sessions deleted in one transaction.
const DELETED: i64 = 500;

/// The jobs of this slice.
pub fn jobs(registry: &mut Registry) {
    registry.every::<LookForExpired>(Duration::from_secs(60));
    registry.every::<DeleteOld>(Duration::from_secs(3600));
    registry.job::<Expire>();
    registry.job::<MembershipsEnded>();
}

/// The job of telling applications that a session has ended. It is queued in the transaction that ends it; `oauth`, which
/// knows how, says how it is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionEnded {
    /// Number of the session.
    pub session: i64,
}

/// Looks for environments with sessions to settle.
#[derive(Debug, Default, Serialize, Deserialize)]
struct LookForExpired {}

impl Job for LookForExpired {
    const NAME: &'static str = "sessions.look_for_expired";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let found = store::environments_to_settle(&mut run.app().db.read(), run.now()).await?;
        if found.is_empty() {
            return Ok(());
        }
        let mut tx = run.app().db.write().await?;
        for env in found {
            jobs::enqueue(&mut tx, run.app(), Some(env), &Expire {}, run.now()).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Settles the sessions of one environment whose time is over.
#[derive(Debug, Serialize, Deserialize)]
struct Expire {}

impl Job for Expire {
    const NAME: &'static str = "sessions.expire";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        while expire_some(run.ctx()?).await? {}
        Ok(())
    }
}

/// Settles a few sessions. Tells whether there may be more.
async fn expire_some(ctx: &Ctx) -> Result<bool, Error> {
    let (env, now) = (ctx.environment().id, ctx.now());
    let mut overdue = store::overdue(&mut ctx.db().read(), env, now, STEP).await?;
    if overdue.is_empty() {
        return Ok(false);
    }
    // Whoever holds several sessions takes them in one order.
    overdue.sort_unstable_by_key(|id| id.as_i64());
    let mut tx = ctx.db().write().await?;
    for id in overdue {
        if store::expire(&mut tx, env, id, now).await? {
            ops::tell_end(&mut tx, ctx, id).await?;
        }
    }
    tx.commit().await?;
    Ok(true)
}

/// Ends the sessions of users who have left every organization that these were authenticated for.
impl Job for MembershipsEnded {
    const NAME: &'static str = "sessions.memberships_ended";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let ctx = run.ctx()?;
        let env = ctx.environment().id;
        for user in self.users.into_iter().map(UserId::from_i64) {
            let left = store::open_of_user(&mut ctx.db().read(), env, user, true).await?;
            if left.is_empty() {
                continue;
            }
            let mut tx = ctx.db().write().await?;
            for id in left {
                ops::end(&mut tx, ctx, id, Status::Revoked).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct DeleteOld {}

impl Job for DeleteOld {
    const NAME: &'static str = "sessions.delete_old";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let then = run.now().minus(KEPT);
        run.in_steps(|tx| Box::pin(store::delete_old(tx, then, DELETED))).await
    }
}
