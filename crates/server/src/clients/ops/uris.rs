//! The login URIs of the environment's own application, one by one.
use super::{
    super::{
        model::{ApplicationUpdate, Client, ClientId},
        store,
    },
    applications,
};
use crate::{ctx::Ctx, error::Error, update::Change};

/// Adds a callback URI. The first one becomes the default.
///
/// # Errors
/// `ALREADY_EXISTS`; `INVALID_ARGUMENT` if it breaks the rules or the list is full; `NOT_FOUND` without a default
/// application.
pub async fn add_redirect_uri(ctx: &Ctx, uri: String) -> Result<Client, Error> {
    change(ctx, |client| {
        let mut uris = client.uris.post_login.clone();
        if uris.contains(&uri) {
            return Err(Error::already_exists("redirect_uri: the application has this redirect URI already"));
        }
        uris.push(uri);
        let update = ApplicationUpdate { post_login: Change::Set(uris), ..ApplicationUpdate::default() };
        client.update(ctx, update)
    })
    .await
}

/// Removes a callback URI, by exact match. If it was the default, another one takes its place.
///
/// # Errors
/// `NOT_FOUND` for one that is not there; `INVALID_ARGUMENT` for the last one.
pub async fn remove_redirect_uri(ctx: &Ctx, uri: &str) -> Result<Client, Error> {
    change(ctx, |client| {
        let mut uris = client.uris.post_login.clone();
        uris.retain(|other| other != uri);
        if uris.len() == client.uris.post_login.len() {
            return Err(Error::not_found("this redirect URI"));
        }
        if uris.is_empty() {
            let description = "is the last redirect URI, which cannot be removed; add another one first";
            return Err(Error::invalid("redirect_uri", "redirect_uri.last", description));
        }
        let update = ApplicationUpdate { post_login: Change::Set(uris), ..ApplicationUpdate::default() };
        client.update(ctx, update)
    })
    .await
}

/// Replaces the initiate-login URI.
///
/// # Errors
/// `INVALID_ARGUMENT` if it breaks the rules; `NOT_FOUND` without a default application.
pub async fn set_initiate_login_uri(ctx: &Ctx, uri: String) -> Result<Client, Error> {
    change(ctx, |client| {
        let update = ApplicationUpdate { initiate_login: Change::Set(uri), ..ApplicationUpdate::default() };
        client.update(ctx, update)
    })
    .await
}

async fn change(ctx: &Ctx, apply: impl FnOnce(&mut Client) -> Result<bool, Error>) -> Result<Client, Error> {
    let id = store::default_of(&mut ctx.db().read(), ctx.environment().id)
        .await?
        .ok_or_else(|| Error::not_found("the environment's default application"))?;
    let (client, _) = applications::change(ctx, ClientId::Application(id), apply).await?;
    Ok(client)
}
