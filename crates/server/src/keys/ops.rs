//! Making and rotating signing keys.
use super::{PUBLISH_AFTER_SIGNING, StoredKey, ring::SEALED_IN, store};
use crate::{
    ctx::Ctx,
    db::{Db, Tx},
    environments,
    error::{Error, Kind},
    ids::{EnvironmentId, SigningKeyId},
    secret::Secret,
    time::Timestamp,
    vault::{Place, Vault},
};
use gatewright_jose::SigningKey;
use std::time::Duration;

/// What a key does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published; will sign later.
    Waiting,
    /// Signs.
    Signing,
    /// Published for tokens that it signed.
    Retiring,
}

/// The published keys and what each does, in the order in which they sign.
///
/// # Errors
/// Those of the database.
pub async fn list(ctx: &Ctx) -> Result<Vec<(StoredKey, KeyState)>, Error> {
    let now = ctx.now();
    let keys = store::published(&mut ctx.db().read(), ctx.environment().id, now).await?;
    let signing = keys.iter().rposition(|key| key.signs_from <= now).unwrap_or(0);
    Ok(keys
        .into_iter()
        .enumerate()
        .map(|(at, key)| {
            let state = match at.cmp(&signing) {
                std::cmp::Ordering::Less => KeyState::Retiring,
                std::cmp::Ordering::Equal => KeyState::Signing,
                std::cmp::Ordering::Greater => KeyState::Waiting,
            };
            (key, state)
        })
        .collect())
}

/// Adds a key that begins to sign in `publish_before_signing`, and lets the present one retire after that. Keys that
/// were to sign later than it are withdrawn: one that leaked must not come back.
///
/// # Errors
/// Those of the database.
pub async fn rotate(ctx: &Ctx, publish_before_signing: Duration) -> Result<StoredKey, Error> {
    let der = generate().await?;
    let now = ctx.now();
    let signs_from = now.plus(publish_before_signing);
    let key = seal(&ctx.app().vault, ctx.new_id(), &der, now, signs_from)?;
    let mut tx = ctx.db().write().await?;
    environments::store::lock(&mut tx, ctx.environment().id).await?;
    store::withdraw_waiting(&mut tx, ctx.environment().id, signs_from, now).await?;
    store::supersede(&mut tx, ctx.environment().id, signs_from.plus(PUBLISH_AFTER_SIGNING)).await?;
    store::insert(&mut tx, ctx.environment().id, &key).await?;
    tx.commit().await?;
    ctx.app().keys.forget();
    Ok(key)
}

/// Withdraws a key that leaked: within half a minute no node accepts a token that it signed.
///
/// # Errors
/// `NOT_FOUND` for a key that is not published; `FAILED_PRECONDITION` for the only one that can sign now.
pub async fn revoke(ctx: &Ctx, key: SigningKeyId) -> Result<(), Error> {
    let (env, now) = (ctx.environment().id, ctx.now());
    let mut tx = ctx.db().write().await?;
    environments::store::lock(&mut tx, env).await?;
    let published = store::published(&mut tx, env, now).await?;
    if !published.iter().any(|other| other.id != key && other.signs_from <= now) {
        return Err(Error::new(
            Kind::FailedPrecondition,
            format!("{key} is the only key that can sign now; make another one that signs at once first"),
        ));
    }
    if !store::revoke(&mut tx, env, key, now).await? {
        return Err(Error::not_found(format!("published signing key {key}")));
    }
    tx.commit().await?;
    ctx.app().keys.forget();
    Ok(())
}

/// Adds the first key of a new environment; it signs at once. `der` comes from [`SigningKey::generate`].
///
/// # Errors
/// Those of the database.
pub async fn create_first(
    tx: &mut Tx,
    vault: &Vault,
    env: EnvironmentId,
    id: SigningKeyId,
    der: &Secret<Vec<u8>>,
    now: Timestamp,
) -> Result<(), Error> {
    store::insert(tx, env, &seal(vault, id, der, now, now)?).await
}

/// Makes an RSA key away from the threads that serve requests.
async fn generate() -> Result<Secret<Vec<u8>>, Error> {
    let der = tokio::task::spawn_blocking(SigningKey::generate).await.map_err(Error::internal)?;
    Ok(Secret::new(der.map_err(Error::internal)?.to_vec()))
}

fn seal(
    vault: &Vault,
    id: SigningKeyId,
    der: &Secret<Vec<u8>>,
    now: Timestamp,
    signs_from: Timestamp,
) -> Result<StoredKey, Error> {
    let place = Place { column: SEALED_IN, row: id.as_i64() };
    let private_key_sealed = vault.seal(place, der.expose())?;
    Ok(StoredKey { id, private_key_sealed, created_at: now, signs_from, published_until: None })
}

/// Whether the master key opens the signing keys of every environment: it is then the one that the database was made
/// with.
///
/// # Errors
/// Those of the database; `INTERNAL` with a source that says which key does not open.
pub async fn check_master_key(db: &Db, vault: &Vault, now: Timestamp) -> Result<(), Error> {
    for environment in environments::store::all(&mut db.read()).await? {
        for key in store::published(&mut db.read(), environment.id, now).await? {
            vault.open(Place { column: SEALED_IN, row: key.id.as_i64() }, &key.private_key_sealed)?;
        }
    }
    Ok(())
}
