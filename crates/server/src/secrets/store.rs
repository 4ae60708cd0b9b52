//! SQL of secrets.
use super::model::StoredSecret;
use crate::{
    db::{FromRow, Queryable, Row, Tx},
    error::Error,
    ids::{EnvironmentId, StoredSecretId},
    sql,
    time::Timestamp,
};

impl FromRow for StoredSecret {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let (id, suffix, sealed) = (row.next()?, row.next()?, row.next()?);
        let previous: (Option<Vec<u8>>, Option<Timestamp>) = (row.next()?, row.next()?);
        Ok(Self { id, suffix, sealed, previous: previous.0.zip(previous.1), created_at: row.next()? })
    }
}

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT id, suffix, secret_sealed, previous_sealed, previous_until, created_at FROM secrets
             WHERE environment_id = $1 ",
            $rest
        ))
    };
}

/// Every secret, newest first.
pub async fn all(tx: &mut impl Queryable, env: EnvironmentId) -> Result<Vec<StoredSecret>, Error> {
    Ok(select!("ORDER BY id DESC").bind(env).all(tx).await?)
}

/// The secret with this id.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: StoredSecretId,
) -> Result<Option<StoredSecret>, Error> {
    Ok(select!("AND id = $2").bind(env).bind(id).optional(tx).await?)
}

/// The same, held until the transaction ends.
pub async fn find_for_update(
    tx: &mut Tx,
    env: EnvironmentId,
    id: StoredSecretId,
) -> Result<Option<StoredSecret>, Error> {
    let held = sql!("UPDATE secrets SET created_at = created_at WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    if held == 0 { Ok(None) } else { find(tx, env, id).await }
}

/// Adds a secret.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, secret: &StoredSecret) -> Result<(), Error> {
    sql!(
        "INSERT INTO secrets (environment_id, id, suffix, secret_sealed, created_at) VALUES ($1, $2, $3, $4, $5)"
    )
    .bind(env)
    .bind(secret.id)
    .bind(&secret.suffix)
    .bind(&secret.sealed)
    .bind(secret.created_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Stores a rotated secret.
pub async fn update(tx: &mut Tx, env: EnvironmentId, secret: &StoredSecret) -> Result<(), Error> {
    let (sealed, until) = secret.previous.clone().unzip();
    sql!(
        "UPDATE secrets SET suffix = $3, secret_sealed = $4, previous_sealed = $5, previous_until = $6
         WHERE environment_id = $1 AND id = $2"
    )
    .bind(env)
    .bind(secret.id)
    .bind(&secret.suffix)
    .bind(&secret.sealed)
    .bind(sealed)
    .bind(until)
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes a secret. Tells whether it was there.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, id: StoredSecretId) -> Result<bool, Error> {
    let deleted = sql!("DELETE FROM secrets WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(deleted > 0)
}
