//! Forgets sign-ins and login requests that are over, with what was reported of people.
use super::{handoff, store};
use crate::jobs::{Failure, Job, Registry, Run, STEP};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a sign-in is kept after its end.
const KEPT: Duration = Duration::from_secs(86_400);

/// The jobs of this slice.
pub fn jobs(registry: &mut Registry) {
    registry.every::<DeleteExpired>(Duration::from_secs(600));
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct DeleteExpired {}

impl Job for DeleteExpired {
    const NAME: &'static str = "login.delete_expired";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        run.in_steps(|tx| Box::pin(handoff::delete_expired(tx, run.now(), STEP))).await?;
        // For a day a sign-in that is over still knows where the person can start again.
        let then = run.now().minus(KEPT);
        run.in_steps(|tx| Box::pin(store::delete_old(tx, then, STEP))).await
    }
}
