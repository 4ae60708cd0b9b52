//! Jobs that nobody will look at any more.
use super::{
    model::{Failure, Job, Run, STEP},
    registry::Registry,
    store,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a job that was given up stays to be seen.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// The jobs of this slice.
pub fn jobs(registry: &mut Registry) {
    registry.every::<DeleteOld>(Duration::from_secs(3600));
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct DeleteOld {}

impl Job for DeleteOld {
    const NAME: &'static str = "jobs.delete_old";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let then = run.now().minus(KEPT);
        run.in_steps(|tx| Box::pin(store::delete_old(tx, then, STEP))).await
    }
}
