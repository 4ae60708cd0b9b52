//! The operations on secrets.
use super::{
    model::{self, GRACE, StoredSecret},
    store,
};
use crate::{
    app::App,
    ctx::Ctx,
    environments,
    error::Error,
    ids::{EnvironmentId, StoredSecretId},
    secret::Secret,
    vault::{Place, Vault},
};

const SEALED_IN: &str = "secrets.secret_sealed";
const PREVIOUS_SEALED_IN: &str = "secrets.previous_sealed";

/// A secret with its plain text, where that is to be shown.
pub type Shown = (StoredSecret, Option<Secret<String>>);

/// Makes a secret.
///
/// # Errors
/// `FAILED_PRECONDITION` if there are too many.
pub async fn create(ctx: &Ctx) -> Result<Shown, Error> {
    let env = ctx.environment().id;
    let (id, plain) = (ctx.new_id(), model::generate()?);
    let stored = StoredSecret {
        id,
        suffix: model::suffix(&plain),
        sealed: seal(ctx, SEALED_IN, id, &plain)?,
        previous: None,
        created_at: ctx.now(),
    };
    let mut tx = ctx.db().write().await?;
    // Those who make one take turns, so that the limit holds.
    environments::store::lock(&mut tx, env).await?;
    model::check_room(store::all(&mut tx, env).await?.len())?;
    store::insert(&mut tx, env, &stored).await?;
    tx.commit().await?;
    Ok((stored, Some(plain)))
}

/// Puts a new secret in the place of one. The one before signs too for a day.
///
/// # Errors
/// `NOT_FOUND`
pub async fn rotate(ctx: &Ctx, id: StoredSecretId) -> Result<Shown, Error> {
    let env = ctx.environment().id;
    let plain = model::generate()?;
    let mut tx = ctx.db().write().await?;
    let found = store::find_for_update(&mut tx, env, id).await?;
    let mut stored = found.ok_or_else(|| StoredSecret::not_found(id))?;
    let before = open(&ctx.app().vault, SEALED_IN, id, &stored.sealed)?;
    stored.previous = Some((seal(ctx, PREVIOUS_SEALED_IN, id, &before)?, ctx.now().plus(GRACE)));
    stored.sealed = seal(ctx, SEALED_IN, id, &plain)?;
    stored.suffix = model::suffix(&plain);
    store::update(&mut tx, env, &stored).await?;
    tx.commit().await?;
    Ok((stored, Some(plain)))
}

/// One secret, in plain text if that is asked for.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, id: StoredSecretId, in_plain_text: bool) -> Result<Shown, Error> {
    let found = store::find(&mut ctx.db().read(), ctx.environment().id, id).await?;
    let stored = found.ok_or_else(|| StoredSecret::not_found(id))?;
    let plain = in_plain_text.then(|| open(&ctx.app().vault, SEALED_IN, id, &stored.sealed)).transpose()?;
    Ok((stored, plain))
}

/// Every secret, newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(ctx: &Ctx) -> Result<Vec<StoredSecret>, Error> {
    store::all(&mut ctx.db().read(), ctx.environment().id).await
}

/// Deletes a secret.
///
/// # Errors
/// `NOT_FOUND`, also the second time.
pub async fn delete(ctx: &Ctx, id: StoredSecretId) -> Result<(), Error> {
    let mut tx = ctx.db().write().await?;
    if !store::delete(&mut tx, ctx.environment().id, id).await? {
        return Err(StoredSecret::not_found(id));
    }
    tx.commit().await
}

/// The secrets that sign now: the present one first, then the one before if its day is not over.
///
/// # Errors
/// `NOT_FOUND`
pub async fn signing_secrets(
    app: &App,
    env: EnvironmentId,
    id: StoredSecretId,
) -> Result<Vec<Secret<String>>, Error> {
    let found = store::find(&mut app.db.read(), env, id).await?;
    let stored = found.ok_or_else(|| StoredSecret::not_found(id))?;
    let mut secrets = vec![open(&app.vault, SEALED_IN, id, &stored.sealed)?];
    if let Some((sealed, until)) = stored.previous
        && !until.is_past(app.clock.now())
    {
        secrets.push(open(&app.vault, PREVIOUS_SEALED_IN, id, &sealed)?);
    }
    Ok(secrets)
}

fn seal(
    ctx: &Ctx,
    column: &'static str,
    id: StoredSecretId,
    plain: &Secret<String>,
) -> Result<Vec<u8>, Error> {
    ctx.app().vault.seal(Place { column, row: id.as_i64() }, plain.expose().as_bytes())
}

fn open(
    vault: &Vault,
    column: &'static str,
    id: StoredSecretId,
    sealed: &[u8],
) -> Result<Secret<String>, Error> {
    let plain = vault.open(Place { column, row: id.as_i64() }, sealed)?;
    Ok(Secret::new(String::from_utf8(plain.expose().clone()).map_err(Error::internal)?))
}
