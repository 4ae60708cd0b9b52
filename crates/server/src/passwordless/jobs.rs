//! Forgetting.
use super::store;
use crate::jobs::{Failure, Job, Registry, Run, STEP};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long requests are kept after they expired.
const KEPT: Duration = Duration::from_secs(86_400);
/// The longest of the limits.
const IDLE: Duration = Duration::from_secs(3600);

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
        run.in_steps(|tx| {
            Box::pin(async move {
                let requests = store::delete_expired(tx, now.minus(KEPT), STEP).await?;
                Ok(requests + store::delete_idle_addresses(tx, now.minus(IDLE), STEP).await?)
            })
        })
        .await
    }
}
