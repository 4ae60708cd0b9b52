//! Forgets sign-ins from which nobody will come back.
use super::store;
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
    const NAME: &'static str = "relying_party.delete_expired";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        run.in_steps(|tx| Box::pin(store::delete_expired(tx, run.now(), STEP))).await
    }
}
