//! Secrets: shown once, rotated by a second one.
use super::{
    super::{
        model::{Client, ClientId, ClientSecret, ClientType, NewSecret},
        store,
    },
    organization_clients::check_owner,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    error::{Error, Kind},
    ids::{ApplicationId, ClientSecretId, OrganizationClientId, OrganizationId},
};

/// Active secrets that an application may have: the one in use and its successor.
const MAX_OF_APPLICATION: usize = 2;
/// Active secrets that a machine client may have.
const MAX_OF_MACHINE_CLIENT: usize = 5;
/// Secrets that a client may have, with the inactive ones that are kept to be looked at.
const MAX_KEPT: usize = 50;

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
    let secret = NewSecret::made_by(ctx)?;
    let mut tx = ctx.db().write().await?;
    let client = hold(&mut tx, ctx, ClientId::Application(id)).await?;
    if revoke_others {
        store::secrets::deactivate_all(&mut tx, env, client.id, ctx.now()).await?;
    }
    insert(&mut tx, ctx, &client, &secret).await?;
    tx.commit().await?;
    Ok((id, secret))
}

/// Adds a secret to an application, or to a client of a resource.
///
/// # Errors
/// `NOT_FOUND`; `FAILED_PRECONDITION` for a type that keeps none; `INVALID_ARGUMENT` if two are active already.
pub async fn add_secret(ctx: &Ctx, id: ClientId) -> Result<NewSecret, Error> {
    let secret = NewSecret::made_by(ctx)?;
    let mut tx = ctx.db().write().await?;
    let client = hold(&mut tx, ctx, id).await?;
    insert(&mut tx, ctx, &client, &secret).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Adds a secret to a machine client, after the others.
///
/// # Errors
/// `NOT_FOUND`, also for a client of another organization; `INVALID_ARGUMENT` if there are five.
pub async fn add_organization_secret(
    ctx: &Ctx,
    organization: OrganizationId,
    id: OrganizationClientId,
) -> Result<NewSecret, Error> {
    let secret = NewSecret::made_by(ctx)?;
    let mut tx = ctx.db().write().await?;
    let client = hold(&mut tx, ctx, ClientId::Organization(id)).await?;
    check_owner(&client, organization)?;
    insert(&mut tx, ctx, &client, &secret).await?;
    tx.commit().await?;
    Ok(secret)
}

/// One secret of an application, or of a client of a resource.
///
/// # Errors
/// `NOT_FOUND` for an unknown client or secret.
pub async fn get_secret(ctx: &Ctx, id: ClientId, secret: ClientSecretId) -> Result<ClientSecret, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    store::find(&mut tx, env, id).await?.ok_or_else(|| Client::not_found(id))?;
    let secrets = store::secrets::of(&mut tx, env, id).await?;
    owned(&secrets, secret).cloned()
}

/// Activates or deactivates a secret of an application, or of a client of a resource.
///
/// # Errors
/// `NOT_FOUND` for an unknown client or secret; `INVALID_ARGUMENT` if it would be a third active one.
pub async fn set_secret_status(
    ctx: &Ctx,
    id: ClientId,
    secret: ClientSecretId,
    active: bool,
) -> Result<ClientSecret, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let client = hold(&mut tx, ctx, id).await?;
    let secrets = store::secrets::of(&mut tx, env, client.id).await?;
    let mut found = owned(&secrets, secret)?.clone();
    if found.active == active {
        return Ok(found);
    }
    if active {
        check_room(ctx, &client, &secrets)?;
    }
    found.active = active;
    found.updated_at = ctx.now();
    store::secrets::set_active(&mut tx, env, secret, active, found.updated_at).await?;
    tx.commit().await?;
    Ok(found)
}

/// Deletes a secret of an application, or of a client of a resource. Tokens that it got live on until they expire.
///
/// # Errors
/// `NOT_FOUND` for an unknown client or secret; `INVALID_ARGUMENT` for the only one of a resource's client.
pub async fn remove_secret(ctx: &Ctx, id: ClientId, secret: ClientSecretId) -> Result<(), Error> {
    let mut tx = ctx.db().write().await?;
    let client = hold(&mut tx, ctx, id).await?;
    let secrets = store::secrets::of(&mut tx, ctx.environment().id, client.id).await?;
    owned(&secrets, secret)?;
    if matches!(client.kind, ClientType::Resource(_)) && secrets.len() < 2 {
        // The words that clients look for.
        return Err(Error::new(Kind::InvalidArgument, "at least one secret is required"));
    }
    store::secrets::delete(&mut tx, ctx.environment().id, secret).await?;
    tx.commit().await
}

/// Deletes a secret of a machine client. Tokens that it got live on until they expire.
///
/// # Errors
/// `NOT_FOUND` for an unknown organization, client or secret; `FAILED_PRECONDITION` for the only one.
pub async fn remove_organization_secret(
    ctx: &Ctx,
    organization: OrganizationId,
    id: OrganizationClientId,
    secret: ClientSecretId,
) -> Result<(), Error> {
    let mut tx = ctx.db().write().await?;
    let client = hold(&mut tx, ctx, ClientId::Organization(id)).await?;
    check_owner(&client, organization)?;
    let secrets = store::secrets::of(&mut tx, ctx.environment().id, client.id).await?;
    owned(&secrets, secret)?;
    if secrets.len() < 2 {
        // The words that clients look for.
        return Err(Error::new(Kind::FailedPrecondition, "last client cannot be deleted"));
    }
    store::secrets::delete(&mut tx, ctx.environment().id, secret).await?;
    tx.commit().await
}

/// The client, held until the transaction ends, so that its secrets are counted and changed one after the other.
async fn hold(tx: &mut Tx, ctx: &Ctx, id: ClientId) -> Result<Client, Error> {
    store::find_for_update(tx, ctx.environment().id, id).await?.ok_or_else(|| Client::not_found(id))
}

async fn insert(tx: &mut Tx, ctx: &Ctx, client: &Client, secret: &NewSecret) -> Result<(), Error> {
    if client.registration.is_some() {
        let text = "a client that registered itself has no secrets; it uses PKCE";
        return Err(Error::new(Kind::FailedPrecondition, text));
    }
    if !client.kind.is_confidential() {
        return Err(Error::new(
            Kind::FailedPrecondition,
            format!("a client of type {} has no secrets; it uses PKCE", client.kind.as_str()),
        ));
    }
    let secrets = store::secrets::of(tx, ctx.environment().id, client.id).await?;
    check_room(ctx, client, &secrets)?;
    if secrets.len() >= MAX_KEPT {
        let text = format!("only {MAX_KEPT} secrets are allowed, the inactive ones included: delete some");
        return Err(Error::new(Kind::InvalidArgument, text));
    }
    store::secrets::insert(tx, ctx.environment().id, client.id, secret).await
}

/// Whether one more secret may be active.
fn check_room(ctx: &Ctx, client: &Client, secrets: &[ClientSecret]) -> Result<(), Error> {
    let most = match client.kind {
        ClientType::Organization(_) | ClientType::Resource(_) => MAX_OF_MACHINE_CLIENT,
        _ => MAX_OF_APPLICATION,
    };
    let now = ctx.now();
    let is_expired = |secret: &ClientSecret| secret.expires_at.is_some_and(|at| at.is_past(now));
    if secrets.iter().filter(|secret| secret.active && !is_expired(secret)).count() < most {
        return Ok(());
    }
    Err(Error::new(
        Kind::InvalidArgument,
        format!(
            "only {most} secrets are allowed: client {} has so many active ones; deactivate or delete one, or revoke \
             them while making the new one",
            client.id
        ),
    ))
}

fn owned(secrets: &[ClientSecret], id: ClientSecretId) -> Result<&ClientSecret, Error> {
    secrets
        .iter()
        .find(|secret| secret.id == id)
        .ok_or_else(|| Error::not_found(format!("client secret {id}")))
}
