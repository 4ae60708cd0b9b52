//! SQL of clients' secrets.
use super::super::model::{Client, ClientId, ClientSecret, NewSecret};
use crate::{
    db::{FromRow, Queryable, Row, Tx},
    error::Error,
    ids::{ClientSecretId, EnvironmentId},
    sql,
    time::Timestamp,
};
use std::collections::HashMap;

impl FromRow for ClientSecret {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            suffix: row.next()?,
            active: row.next()?,
            created_by: row.next()?,
            created_at: row.next()?,
            updated_at: row.next()?,
            expires_at: row.next()?,
            last_used_at: row.next()?,
        })
    }
}

/// The secrets of a client, oldest first.
pub async fn of(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    client: ClientId,
) -> Result<Vec<ClientSecret>, Error> {
    Ok(sql!(
        "SELECT id, suffix, active, created_by, created_at, updated_at, expires_at, last_used_at
         FROM client_secrets WHERE environment_id = $1 AND client_id = $2 ORDER BY id"
    )
    .bind(env)
    .bind(client.as_i64())
    .all(tx)
    .await?)
}

/// A secret, and whose it is.
struct Owned(i64, ClientSecret);

impl FromRow for Owned {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self(row.next()?, ClientSecret::from_row(row)?))
    }
}

/// The secrets of a page of clients, which are all of one organization, of one resource, or of none, by the client's number.
pub async fn of_page(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    page: &[Client],
) -> Result<HashMap<i64, Vec<ClientSecret>>, Error> {
    use super::super::model::ClientType;
    let numbers = page.iter().map(|client| client.id.as_i64());
    let (Some(first), Some(last), Some(client)) = (numbers.clone().min(), numbers.max(), page.first()) else {
        return Ok(HashMap::new());
    };
    let statement = match client.kind {
        ClientType::Organization(organization) => sql!(
            "SELECT s.client_id, s.id, s.suffix, s.active, s.created_by, s.created_at, s.updated_at, s.expires_at,
                    s.last_used_at
             FROM clients c JOIN client_secrets s ON s.client_id = c.id
             WHERE c.environment_id = $1 AND c.id >= $2 AND c.id <= $3 AND c.organization_id = $4 ORDER BY s.id"
        )
        .bind(env)
        .bind(first)
        .bind(last)
        .bind(organization),
        ClientType::Resource(resource) => sql!(
            "SELECT s.client_id, s.id, s.suffix, s.active, s.created_by, s.created_at, s.updated_at, s.expires_at,
                    s.last_used_at
             FROM clients c JOIN client_secrets s ON s.client_id = c.id
             WHERE c.environment_id = $1 AND c.id >= $2 AND c.id <= $3 AND c.resource_id = $4 ORDER BY s.id"
        )
        .bind(env)
        .bind(first)
        .bind(last)
        .bind(resource),
        _ => sql!(
            "SELECT s.client_id, s.id, s.suffix, s.active, s.created_by, s.created_at, s.updated_at, s.expires_at,
                    s.last_used_at
             FROM clients c JOIN client_secrets s ON s.client_id = c.id
             WHERE c.environment_id = $1 AND c.id >= $2 AND c.id <= $3
               AND c.type IN ('ENV', 'WEB_APP', 'SPA', 'NTV') ORDER BY s.id"
        )
        .bind(env)
        .bind(first)
        .bind(last),
    };
    let rows: Vec<Owned> = statement.all(tx).await?;
    let mut secrets: HashMap<i64, Vec<ClientSecret>> = HashMap::new();
    for Owned(client, secret) in rows {
        secrets.entry(client).or_default().push(secret);
    }
    Ok(secrets)
}

/// A secret that may be presented.
#[derive(Debug)]
pub struct ActiveSecret {
    /// `sks_…`
    pub id: ClientSecretId,
    /// SHA-256 of it.
    pub hash: Vec<u8>,
    /// When it was last used, as far as that was recorded.
    pub last_used_at: Option<Timestamp>,
}

impl FromRow for ActiveSecret {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self { id: row.next()?, hash: row.next()?, last_used_at: row.next()? })
    }
}

/// The client's secrets that are active and not expired at `now`.
pub async fn active(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    client: ClientId,
    now: Timestamp,
) -> Result<Vec<ActiveSecret>, Error> {
    Ok(sql!(
        "SELECT id, secret_hash, last_used_at FROM client_secrets
         WHERE environment_id = $1 AND client_id = $2 AND active AND (expires_at IS NULL OR expires_at > $3)
         ORDER BY id"
    )
    .bind(env)
    .bind(client.as_i64())
    .bind(now)
    .all(tx)
    .await?)
}

/// Records when a secret was used.
pub async fn set_last_used(
    tx: &mut Tx,
    env: EnvironmentId,
    secret: ClientSecretId,
    at: Timestamp,
) -> Result<(), Error> {
    sql!("UPDATE client_secrets SET last_used_at = $3 WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(secret)
        .bind(at)
        .execute(tx)
        .await?;
    Ok(())
}

/// Adds a secret.
pub async fn insert(
    tx: &mut Tx,
    env: EnvironmentId,
    client: ClientId,
    secret: &NewSecret,
) -> Result<(), Error> {
    sql!(
        "INSERT INTO client_secrets (environment_id, id, client_id, secret_hash, suffix, active, created_by,
                                     created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)"
    )
    .bind(env)
    .bind(secret.id)
    .bind(client.as_i64())
    .bind(secret.hash())
    .bind(secret.suffix())
    .bind(true)
    .bind(&secret.created_by)
    .bind(secret.created_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Makes every active secret of the client inactive.
pub async fn deactivate_all(
    tx: &mut Tx,
    env: EnvironmentId,
    client: ClientId,
    now: Timestamp,
) -> Result<(), Error> {
    sql!(
        "UPDATE client_secrets SET active = $4, updated_at = $3
         WHERE environment_id = $1 AND client_id = $2 AND active"
    )
    .bind(env)
    .bind(client.as_i64())
    .bind(now)
    .bind(false)
    .execute(tx)
    .await?;
    Ok(())
}

/// Activates or deactivates a secret.
pub async fn set_active(
    tx: &mut Tx,
    env: EnvironmentId,
    secret: ClientSecretId,
    active: bool,
    now: Timestamp,
) -> Result<(), Error> {
    sql!("UPDATE client_secrets SET active = $3, updated_at = $4 WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(secret)
        .bind(active)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Deletes a secret.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, secret: ClientSecretId) -> Result<(), Error> {
    sql!("DELETE FROM client_secrets WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(secret)
        .execute(tx)
        .await?;
    Ok(())
}
