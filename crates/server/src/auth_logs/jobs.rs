//! What is old is deleted.
use super::store;
use crate::jobs::{Failure, Job, Registry, Run, STEP};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long an entry is kept, `management.md` 11.1.
const KEPT: Duration = Duration::from_secs(90 * 86_400);

/// The jobs of this slice.
pub fn jobs(registry: &mut Registry) {
    registry.every::<DeleteOld>(Duration::from_secs(3600));
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct DeleteOld {}

impl Job for DeleteOld {
    const NAME: &'static str = "auth_logs.delete_old";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let then = run.now().minus(KEPT);
        run.in_steps(|tx| Box::pin(store::delete_old(tx, then, STEP))).await
    }
}
