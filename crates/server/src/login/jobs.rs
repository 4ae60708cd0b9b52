//! Forgets login requests that are over, with what was reported of people.
use super::store;
use crate::jobs::{Failure, Job, Registry, Run};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Login requests deleted in one transaction.
const STEP: i64 = 500;

/// The jobs of this slice.
pub fn jobs(registry: &mut Registry) {
    registry.every::<DeleteExpired>(Duration::from_secs(600));
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct DeleteExpired {}

impl Job for DeleteExpired {
    const NAME: &'static str = "login.delete_expired";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        loop {
            let mut tx = run.app().db.write().await?;
            let deleted = store::delete_expired(&mut tx, run.now(), STEP).await?;
            tx.commit().await?;
            if deleted == 0 {
                return Ok(());
            }
        }
    }
}
