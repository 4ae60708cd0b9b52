//! SQL of signing keys.
use crate::{
    db::{FromRow, Queryable, Row, Tx},
    error::Error,
    ids::{EnvironmentId, SigningKeyId},
    sql,
    time::Timestamp,
};

/// A key as it is stored.
#[derive(Debug)]
pub struct StoredKey {
    /// `snk_…`, the `kid`.
    pub id: SigningKeyId,
    /// PKCS#8 under the master key.
    pub private_key_sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it begins to sign.
    pub signs_from: Timestamp,
    /// When it is no longer published; none while it is the newest.
    pub published_until: Option<Timestamp>,
}

impl FromRow for StoredKey {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            private_key_sealed: row.next()?,
            created_at: row.next()?,
            signs_from: row.next()?,
            published_until: row.next()?,
        })
    }
}

/// The environment's keys that are published at `now`, in the order in which they sign.
pub async fn published(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    now: Timestamp,
) -> Result<Vec<StoredKey>, Error> {
    Ok(sql!(
        "SELECT id, private_key_sealed, created_at, signs_from, published_until FROM signing_keys
         WHERE environment_id = $1 AND (published_until IS NULL OR published_until > $2) ORDER BY signs_from, id"
    )
    .bind(env)
    .bind(now)
    .all(tx)
    .await?)
}

/// Adds a key.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, key: &StoredKey) -> Result<(), Error> {
    sql!(
        "INSERT INTO signing_keys (environment_id, id, private_key_sealed, created_at, signs_from, published_until)
         VALUES ($1, $2, $3, $4, $5, $6)"
    )
    .bind(env)
    .bind(key.id)
    .bind(key.private_key_sealed.as_slice())
    .bind(key.created_at)
    .bind(key.signs_from)
    .bind(key.published_until)
    .execute(tx)
    .await?;
    Ok(())
}

/// Ends the publication of every key that has no end yet.
pub async fn supersede(tx: &mut Tx, env: EnvironmentId, published_until: Timestamp) -> Result<u64, Error> {
    Ok(sql!(
        "UPDATE signing_keys SET published_until = $2 WHERE environment_id = $1 AND published_until IS NULL"
    )
    .bind(env)
    .bind(published_until)
    .execute(tx)
    .await?)
}

/// Ends the publication of keys that would begin to sign at `signs_from` or later. They have signed nothing yet.
pub async fn withdraw_waiting(
    tx: &mut Tx,
    env: EnvironmentId,
    signs_from: Timestamp,
    now: Timestamp,
) -> Result<u64, Error> {
    Ok(sql!(
        "UPDATE signing_keys SET published_until = $3
         WHERE environment_id = $1 AND signs_from >= $2 AND signs_from > $3"
    )
    .bind(env)
    .bind(signs_from)
    .bind(now)
    .execute(tx)
    .await?)
}

/// Ends the publication of one key at `now`, if it is published.
pub async fn revoke(
    tx: &mut Tx,
    env: EnvironmentId,
    key: SigningKeyId,
    now: Timestamp,
) -> Result<bool, Error> {
    let revoked = sql!(
        "UPDATE signing_keys SET published_until = $3
         WHERE environment_id = $1 AND id = $2 AND (published_until IS NULL OR published_until > $3)"
    )
    .bind(env)
    .bind(key)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(revoked > 0)
}
