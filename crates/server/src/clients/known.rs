//! Clients that called a moment ago, with a token or for one. A token request costs its signature and little more: its
//! client and secrets are read again only after this node has changed a client, or after a second, within which other
//! nodes learn of a secret that was revoked.
use super::{
    model::{Client, ClientId},
    store::{self, secrets::ActiveSecret},
};
use crate::{app::App, error::Error, ids::EnvironmentId, remembered::Remembered, time::Timestamp};
use std::sync::Arc;

/// A client with the secrets that it may present.
#[derive(Debug)]
pub struct Known {
    /// None if it does not exist.
    pub client: Option<Client>,
    pub(super) secrets: Vec<ActiveSecret>,
}

/// What this node knows.
pub type KnownClients = Remembered<(EnvironmentId, ClientId), Known>;

/// The client with its secrets that are active at `now`, at most a second old.
///
/// # Errors
/// Those of the database.
pub async fn known(app: &App, env: EnvironmentId, id: ClientId, now: Timestamp) -> Result<Arc<Known>, Error> {
    // A client goes with its organization or its resource, and carries the external id of the one.
    let changes = app.db.changes_of(&["clients", "client_secrets"])
        + app.db.changes_of_rows(&["organizations", "resources"]);
    if let Some(found) = app.known_clients.get(&(env, id), now, changes) {
        return Ok(found);
    }
    let reading = app.known_clients.start(now, changes);
    let mut tx = app.db.read();
    let client = store::find(&mut tx, env, id).await?;
    let secrets = store::secrets::active(&mut tx, env, id, now).await?;
    let read = Arc::new(Known { client, secrets });
    // Ids that nobody has are not kept, or anybody could fill the memory with them.
    if read.client.is_some() {
        app.known_clients.keep(reading, (env, id), &read);
    }
    Ok(read)
}
