//! The operations on clients.
mod applications;
mod organization_clients;
mod secrets;
mod uris;

pub use applications::{create, create_default, delete, get, list, update};
pub use organization_clients::{
    create_organization_client, delete_organization_client, get_organization_client,
    list_organization_clients, update_organization_client,
};
pub use secrets::{
    add_organization_secret, add_secret, get_secret, issue_secret, remove_organization_secret, remove_secret,
    set_secret_status,
};
pub use uris::{add_redirect_uri, remove_redirect_uri, set_initiate_login_uri};

use super::{
    known::known,
    model::{Client, ClientId, ClientSecret},
};
use crate::{app::App, environments::Environment, error::Error, vault};
use std::sync::Arc;

/// A client with its secrets, oldest first.
pub type WithSecrets = (Client, Vec<ClientSecret>);

/// The client that `client_id` and `secret` prove. None for an unknown client and for a wrong secret alike, after the
/// same work.
///
/// # Errors
/// Those of the database.
pub async fn authenticate(
    app: &Arc<App>,
    environment: &Environment,
    client_id: &str,
    secret: &str,
) -> Result<Option<Client>, Error> {
    let now = app.clock.now();
    let presented = vault::hash(secret);
    let Ok(id) = client_id.parse::<ClientId>() else { return Ok(None) };
    let known = known(app, environment.id, id, now).await?;
    let mut found = None;
    for secret in &known.secrets {
        if vault::equal(&secret.hash, &presented) {
            found = Some(secret);
        }
    }
    if let Some(secret) = found {
        app.secret_uses.note(app, environment.id, secret, now);
    }
    Ok(known.client.clone().filter(|_| found.is_some()))
}
