//! Asking for work.
use super::{
    model::Job,
    store::{self, NewJob},
};
use crate::{
    app::App,
    db::Tx,
    error::Error,
    ids::{EnvironmentId, JobId},
    time::Timestamp,
};
use std::sync::Arc;
use tokio::sync::Notify;

/// Tells the workers of this node that there is work.
#[derive(Clone, Debug, Default)]
pub struct Wake(pub(super) Arc<Notify>);

/// Has `job` run once, at `run_at` or soon after, if and when `tx` is committed. `env` is none for a job of the installation.
///
/// # Errors
/// Those of the database.
pub async fn enqueue<J: Job>(
    tx: &mut Tx,
    app: &App,
    env: Option<EnvironmentId>,
    job: &J,
    run_at: Timestamp,
) -> Result<JobId, Error> {
    let now = app.clock.now();
    let id = app.ids.next(now);
    let payload = serde_json::to_string(job).map_err(Error::internal)?;
    let give_up_at = run_at.max(now).plus(J::GIVE_UP_AFTER);
    let new = NewJob { id, name: J::NAME, payload: &payload, due_at: run_at, give_up_at, created_at: now };
    store::insert(tx, env, &new).await?;
    if run_at <= now {
        tx.notify_after_commit(&app.jobs.0);
    }
    Ok(id)
}
