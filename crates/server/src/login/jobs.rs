//! Forgets login requests that are over, with what was reported of people.
use super::handoff;
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
    const NAME: &'static str = "login.delete_expired";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        run.in_steps(|tx| Box::pin(handoff::delete_expired(tx, run.now(), STEP))).await
    }
}
