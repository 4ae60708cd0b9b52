//! Clients that called a moment ago, with a token or for one. A token request costs its signature and little more: its
//! client and secrets are read again only after this node has changed a client, or after a second, within which other
//! nodes learn of a secret that was revoked.
use super::{
    model::{Client, ClientId},
    store::{self, secrets::ActiveSecret},
};
use crate::{app::App, error::Error, ids::EnvironmentId, time::Timestamp};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

const FRESH_FOR: Duration = Duration::from_secs(1);

/// Clients that are remembered.
const MAX_KNOWN: usize = 4096;

/// A client with the secrets that it may present.
#[derive(Debug)]
pub struct Known {
    /// None if it does not exist.
    pub client: Option<Client>,
    pub(super) secrets: Vec<ActiveSecret>,
    /// Changes of clients that this node had committed before it was read.
    changes: u64,
    read_at: Timestamp,
}

/// What this node knows.
#[derive(Debug, Default)]
pub struct KnownClients(Mutex<HashMap<(EnvironmentId, ClientId), Arc<Known>>>);

impl KnownClients {
    /// The client with its secrets that are active at `now`, at most a second old.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn get(
        &self,
        app: &App,
        env: EnvironmentId,
        id: ClientId,
        now: Timestamp,
    ) -> Result<Arc<Known>, Error> {
        // Counted before anything is read: what is committed from here on makes it old.
        let changes = app.db.client_changes();
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(&(env, id))
            && found.changes == changes
            && !found.read_at.plus(FRESH_FOR).is_past(now)
        {
            return Ok(found.clone());
        }
        let mut tx = app.db.read();
        let client = store::find(&mut tx, env, id).await?;
        let secrets = store::secrets::active(&mut tx, env, id, now).await?;
        let read = Arc::new(Known { client, secrets, changes, read_at: now });
        let mut known = known();
        if read.client.is_some() {
            if known.len() >= MAX_KNOWN {
                known.clear();
            }
            known.insert((env, id), read.clone());
        }
        Ok(read)
    }
}
