//! The jobs of this slice: what is over is deleted.
use super::{backchannel::Notify, store};
use crate::{
    jobs::{Failure, Job, Registry, Run, STEP},
    sessions::SessionEnded,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a code is kept after its end, to tell that it is used again.
const CODES_KEPT: Duration = Duration::from_secs(86_400);

/// The jobs of this slice.
pub fn jobs(registry: &mut Registry) {
    registry.every::<DeleteOld>(Duration::from_secs(3600));
    registry.job::<SessionEnded>();
    registry.job::<Notify>();
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct DeleteOld {}

impl Job for DeleteOld {
    const NAME: &'static str = "oauth.delete_old";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let now = run.now();
        let codes_before = now.minus(CODES_KEPT);
        run.in_steps(|tx| Box::pin(store::delete_old_codes(tx, codes_before, STEP))).await?;
        run.in_steps(|tx| Box::pin(store::delete_old_families(tx, now, STEP))).await?;
        run.in_steps(|tx| Box::pin(store::delete_old_revocations(tx, now, STEP))).await
    }
}
