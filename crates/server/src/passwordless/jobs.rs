//! Forgetting.
use super::store;
use crate::jobs::{Failure, Job, Registry, Run};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long requests are kept after they expired.
const KEPT: Duration = Duration::from_secs(86_400);
/// The longest of the limits.
const IDLE: Duration = Duration::from_secs(3600);
/// Rows in one transaction: other writers wait for milliseconds only.
const STEP: i64 = 500;

/// The jobs that nodes run.
pub fn jobs(registry: &mut Registry) {
    registry.every::<Forget>(Duration::from_secs(3600));
}

/// Deletes requests a day after they expired, and when mails were sent an hour after the last one.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Forget {}

impl Job for Forget {
    const NAME: &'static str = "passwordless.forget";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let now = run.now();
        loop {
            let mut tx = run.app().db.write().await?;
            let requests = store::delete_expired(&mut tx, now.minus(KEPT), STEP).await?;
            let addresses = store::delete_idle_addresses(&mut tx, now.minus(IDLE), STEP).await?;
            tx.commit().await?;
            if requests + addresses == 0 {
                return Ok(());
            }
        }
    }
}
