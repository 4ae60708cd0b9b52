//! What is old is deleted.
use super::store;
use crate::jobs::{Failure, Job, Registry, Run};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long an entry is kept, `management.md` 11.1.
const KEPT: Duration = Duration::from_secs(90 * 86_400);
/// Rows in one transaction: other writers wait for milliseconds only.
const STEP: i64 = 500;

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
        loop {
            let mut tx = run.app().db.write().await?;
            let deleted = store::delete_old(&mut tx, then, STEP).await?;
            tx.commit().await?;
            if deleted == 0 {
                return Ok(());
            }
        }
    }
}
