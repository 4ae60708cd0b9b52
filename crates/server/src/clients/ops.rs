//! Making clients and secrets, and telling whether a presented secret is right.
use super::{
    model::{Client, ClientId, NewOrganizationClient, NewSecret},
    store,
};
use crate::{
    app::App,
    ctx::Ctx,
    db::Tx,
    environments::Environment,
    error::{Error, Kind},
    ids::{ApplicationId, EnvironmentId, OrganizationClientId, OrganizationId},
    time::Timestamp,
    vault,
};
use std::sync::Arc;

/// Active secrets that an application may have.
const MAX_ACTIVE_SECRETS: i64 = 2;

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
    let mut tx = app.db.read();
    let client = store::find(&mut tx, environment.id, id).await?;
    let secrets = store::active_secrets(&mut tx, environment.id, id, now).await?;
    drop(tx);
    let mut found = None;
    for secret in &secrets {
        if vault::equal(&secret.hash, &presented) {
            found = Some(secret);
        }
    }
    if let Some(secret) = found {
        app.secret_uses.note(app, environment.id, secret, now);
    }
    Ok(client.filter(|_| found.is_some()))
}

/// Adds the environment's own application with its first secret.
///
/// # Errors
/// Those of the database.
pub async fn create_default(
    tx: &mut Tx,
    env: EnvironmentId,
    id: ApplicationId,
    secret: &NewSecret,
    now: Timestamp,
) -> Result<(), Error> {
    store::insert_default(tx, env, id, now).await?;
    store::insert_secret(tx, env, ClientId::Application(id), secret).await
}

/// Makes a new secret for the environment's own application. With `revoke_others` the present ones stop working at
/// once; tokens that they got live on until they expire.
///
/// # Errors
/// `INVALID_ARGUMENT` if two secrets are active already; `NOT_FOUND` without a default application.
pub async fn issue_secret(ctx: &Ctx, revoke_others: bool) -> Result<(ApplicationId, NewSecret), Error> {
    let env = ctx.environment().id;
    let id = store::default_of(&mut ctx.db().read(), env)
        .await?
        .ok_or_else(|| Error::not_found("the environment's default application"))?;
    let client = ClientId::Application(id);
    let secret = NewSecret::generate(ctx.new_id(), ctx.now())?;
    let mut tx = ctx.db().write().await?;
    if revoke_others {
        store::deactivate_secrets(&mut tx, env, client, ctx.now()).await?;
    } else if store::count_active_secrets(&mut tx, env, client).await? >= MAX_ACTIVE_SECRETS {
        return Err(Error::new(
            Kind::InvalidArgument,
            format!(
                "only {MAX_ACTIVE_SECRETS} secrets are allowed: {client} has so many active ones; revoke them while \
                 making the new one"
            ),
        ));
    }
    store::insert_secret(&mut tx, env, client, &secret).await?;
    tx.commit().await?;
    Ok((id, secret))
}

/// Adds a machine client to an organization, with its first secret.
///
/// # Errors
/// `NOT_FOUND` for an unknown organization.
pub async fn create_organization_client(
    ctx: &Ctx,
    organization: OrganizationId,
    new: &NewOrganizationClient,
) -> Result<(OrganizationClientId, NewSecret), Error> {
    let (env, id) = (ctx.environment().id, ctx.new_id());
    let secret = NewSecret::generate(ctx.new_id(), ctx.now())?;
    let mut tx = ctx.db().write().await?;
    store::insert_of_organization(&mut tx, env, id, organization, new, ctx.now()).await?;
    store::insert_secret(&mut tx, env, ClientId::Organization(id), &secret).await?;
    tx.commit().await?;
    Ok((id, secret))
}
