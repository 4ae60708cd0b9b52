//! Looks for TXT records again and again until they are found or the search ends, `management.md` 5.3.
use super::{
    model::{Domain, VerificationStatus},
    store, verification,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    error::Error,
    ids::{DomainId, OrganizationId},
    jobs::{self, Failure, Job, Registry, Run},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Pauses before the first checks; from then on it is an hour.
const PAUSES: [u64; 5] = [60, 120, 300, 600, 1800];
const LAST_PAUSE: u64 = 3600;

/// The jobs of this slice.
pub fn jobs(registry: &mut Registry) {
    registry.job::<CheckDomain>();
}

/// Looks for one domain's record once, and plans the next time.
#[derive(Debug, Serialize, Deserialize)]
pub struct CheckDomain {
    organization: i64,
    domain: i64,
    /// Checks before this one.
    checks: i64,
}

impl Job for CheckDomain {
    const NAME: &'static str = "domains.check";
    /// Longer than the search itself: a database that is away for a day must not end it.
    const GIVE_UP_AFTER: Duration = Duration::from_secs(7 * 86_400);

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let (ctx, id) = (run.ctx()?, DomainId::from_i64(self.domain));
        let (env, organization) = (ctx.environment().id, OrganizationId::from_i64(self.organization));
        let found = store::find(&mut ctx.db().read(), env, organization, id).await?;
        let Some(domain) = found.filter(|domain| domain.status == VerificationStatus::Pending) else {
            return Ok(());
        };
        // At the end of the search this is where it fails.
        if verification::check(ctx, &domain).await? || end(&domain).is_past(ctx.now()) {
            return Ok(());
        }
        let mut tx = ctx.db().write().await?;
        // Of two runs of this check only one plans the next.
        if store::count_check(&mut tx, env, id, self.checks).await? {
            plan(&mut tx, ctx, &domain, self.checks + 1).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Plans the check that follows `checks` earlier ones; the last one is at the end of the search.
///
/// # Errors
/// Those of the database.
pub async fn plan(tx: &mut Tx, ctx: &Ctx, domain: &Domain, checks: i64) -> Result<(), Error> {
    let pause = usize::try_from(checks).ok().and_then(|checks| PAUSES.get(checks).copied());
    let pause = Duration::from_secs(pause.unwrap_or(LAST_PAUSE));
    let run_at = ctx.now().plus(pause).min(end(domain));
    let (organization, id) = (domain.organization.as_i64(), domain.id.as_i64());
    let job = CheckDomain { organization, domain: id, checks };
    jobs::enqueue(tx, ctx.app(), Some(ctx.environment().id), &job, run_at).await?;
    Ok(())
}

fn end(domain: &Domain) -> Timestamp {
    domain.txt_record.as_ref().map_or(domain.created_at, |record| record.until)
}
