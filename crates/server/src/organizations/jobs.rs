//! Portal links of the past are deleted.
use super::portal_links;
use crate::jobs::{Failure, Job, Registry, Run, STEP};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a link is kept after it can no longer be opened, so that who opens it is told that it is too late.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// The jobs of this slice.
pub fn jobs(registry: &mut Registry) {
    registry.every::<DeleteOldPortalLinks>(Duration::from_secs(3600));
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct DeleteOldPortalLinks {}

impl Job for DeleteOldPortalLinks {
    const NAME: &'static str = "organizations.delete_old_portal_links";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let then = run.now().minus(KEPT);
        run.in_steps(|tx| Box::pin(portal_links::delete_old(tx, then, STEP))).await
    }
}
