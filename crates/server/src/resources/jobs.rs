//! Clients that registered themselves and that nobody uses are deleted: anybody may register any number.
use crate::{
    clients,
    jobs::{Failure, Job, Registry, Run},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long such a client may wait for its first consent.
const KEPT: Duration = Duration::from_secs(30 * 86_400);
/// Rows in one transaction: other writers wait for milliseconds only.
const STEP: i64 = 200;

/// The jobs of this slice.
pub fn jobs(registry: &mut Registry) {
    registry.every::<DeleteUnusedClients>(Duration::from_secs(3600));
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct DeleteUnusedClients {}

impl Job for DeleteUnusedClients {
    const NAME: &'static str = "resources.delete_unused_clients";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let then = run.now().minus(KEPT);
        run.in_steps(|tx| Box::pin(clients::store::delete_unused(tx, then, STEP))).await
    }
}
