//! Forgetting ceremonies that nobody finished.
use super::ceremony_store;
use crate::jobs::{Failure, Job, Registry, Run, STEP};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The jobs of this slice.
pub fn jobs(registry: &mut Registry) {
    registry.every::<DeleteExpired>(Duration::from_secs(600));
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct DeleteExpired {}

impl Job for DeleteExpired {
    const NAME: &'static str = "passkeys.delete_expired";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let now = run.now();
        run.in_steps(|tx| Box::pin(ceremony_store::delete_expired(tx, now, STEP))).await
    }
}
