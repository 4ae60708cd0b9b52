//! When secrets were last used. A token request must not wait for a disk, so a use is noted in memory and stored once a
//! minute and secret at the most; a crash forgets a minute of it, which nothing depends on.
use super::store::{self, secrets::ActiveSecret};
use crate::{
    app::App,
    ids::{ClientSecretId, EnvironmentId},
    time::Timestamp,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

const STORED_EVERY: Duration = Duration::from_secs(60);

/// Uses that are on their way to the database.
#[derive(Debug, Default)]
pub struct SecretUses(Mutex<HashMap<ClientSecretId, Timestamp>>);

impl SecretUses {
    /// Notes that `secret` was used at `now`, and stores it in the background if it is time.
    pub fn note(&self, app: &Arc<App>, env: EnvironmentId, secret: &ActiveSecret, now: Timestamp) {
        let due = |last: Timestamp| last.plus(STORED_EVERY).is_past(now);
        if secret.last_used_at.is_some_and(|last| !due(last)) {
            return;
        }
        {
            let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if pending.get(&secret.id).is_some_and(|last| !due(*last)) {
                return;
            }
            pending.retain(|_, last| !due(*last));
            pending.insert(secret.id, now);
        }
        let (app, id) = (app.clone(), secret.id);
        tokio::spawn(async move {
            if let Err(error) = record(&app, env, id, now).await {
                tracing::warn!(client_secret.id = %id, error = %error, "the last use of client secret {id} was not stored");
            }
        });
    }
}

async fn record(
    app: &App,
    env: EnvironmentId,
    id: ClientSecretId,
    now: Timestamp,
) -> Result<(), crate::error::Error> {
    let mut tx = app.db.write().await?;
    store::secrets::set_last_used(&mut tx, env, id, now).await?;
    tx.commit().await
}
