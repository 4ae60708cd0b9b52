//! SQL of clients and their secrets.
use super::model::{Client, ClientId, ClientType, NewOrganizationClient, NewSecret};
use crate::{
    db::{FromRow, OnViolation as _, ReadTx, Row, Tx},
    error::Error,
    ids::{ApplicationId, ClientSecretId, EnvironmentId, OrganizationClientId, OrganizationId},
    sql,
    time::Timestamp,
};

impl FromRow for Client {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let number: i64 = row.next()?;
        let organization: Option<OrganizationId> = row.next()?;
        let (id, kind) = match organization {
            Some(organization) => (
                ClientId::Organization(OrganizationClientId::from_i64(number)),
                ClientType::Organization(organization),
            ),
            None => (ClientId::Application(ApplicationId::from_i64(number)), ClientType::Environment),
        };
        Ok(Self {
            id,
            kind,
            organization_external_id: row.next()?,
            management_access: row.next()?,
            token_lifetime_seconds: row.next()?,
            scopes: json(&row.next::<String>()?)?,
            audiences: json(&row.next::<String>()?)?,
            custom_claims: json(&row.next::<String>()?)?,
        })
    }
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(Error::internal)
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::internal)
}

/// The client with this id, if it is of the kind that the id says.
pub async fn find(tx: &mut ReadTx, env: EnvironmentId, id: ClientId) -> Result<Option<Client>, Error> {
    let client: Option<Client> = sql!(
        "SELECT c.id, c.organization_id, o.external_id, c.management_access, c.token_lifetime_seconds, c.scopes,
                c.audiences, c.custom_claims
         FROM clients c LEFT JOIN organizations o ON o.id = c.organization_id
         WHERE c.environment_id = $1 AND c.id = $2"
    )
    .bind(env)
    .bind(id.as_i64())
    .optional(tx)
    .await?;
    Ok(client.filter(|client| client.id == id))
}

/// A secret that may be presented.
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
pub async fn active_secrets(
    tx: &mut ReadTx,
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

/// Adds the environment's own application.
pub async fn insert_default(
    tx: &mut Tx,
    env: EnvironmentId,
    id: ApplicationId,
    now: Timestamp,
) -> Result<(), Error> {
    sql!(
        "INSERT INTO clients (environment_id, id, type, organization_id, name, management_access,
                              token_lifetime_seconds, scopes, audiences, custom_claims, created_at, updated_at)
         VALUES ($1, $2, 'ENV', NULL, 'Default', $3, NULL, '[]', '[]', '{}', $4, $4)"
    )
    .bind(env)
    .bind(id)
    .bind(true)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// The environment's own application.
pub async fn default_of(tx: &mut ReadTx, env: EnvironmentId) -> Result<Option<ApplicationId>, Error> {
    Ok(sql!("SELECT id FROM clients WHERE environment_id = $1 AND type = 'ENV' ORDER BY id LIMIT 1")
        .bind(env)
        .optional(tx)
        .await?)
}

/// Adds a machine client of an organization.
pub async fn insert_of_organization(
    tx: &mut Tx,
    env: EnvironmentId,
    id: OrganizationClientId,
    organization: OrganizationId,
    new: &NewOrganizationClient,
    now: Timestamp,
) -> Result<(), Error> {
    sql!(
        "INSERT INTO clients (environment_id, id, type, organization_id, name, management_access,
                              token_lifetime_seconds, scopes, audiences, custom_claims, created_at, updated_at)
         VALUES ($1, $2, 'ORGANIZATION', $3, $4, $5, $6, $7, $8, $9, $10, $10)"
    )
    .bind(env)
    .bind(id)
    .bind(organization)
    .bind(&new.name)
    .bind(false)
    .bind(new.token_lifetime_seconds)
    .bind(to_json(&new.scopes)?)
    .bind(to_json(&new.audiences)?)
    .bind(to_json(&new.custom_claims)?)
    .bind(now)
    .execute(tx)
    .await
    .on_foreign_key(|| Error::not_found(organization))?;
    Ok(())
}

/// Adds a secret.
pub async fn insert_secret(
    tx: &mut Tx,
    env: EnvironmentId,
    client: ClientId,
    secret: &NewSecret,
) -> Result<(), Error> {
    sql!(
        "INSERT INTO client_secrets (environment_id, id, client_id, secret_hash, suffix, active, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)"
    )
    .bind(env)
    .bind(secret.id)
    .bind(client.as_i64())
    .bind(secret.hash())
    .bind(secret.suffix())
    .bind(true)
    .bind(secret.created_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Makes every active secret of the client inactive.
pub async fn deactivate_secrets(
    tx: &mut Tx,
    env: EnvironmentId,
    client: ClientId,
    now: Timestamp,
) -> Result<u64, Error> {
    Ok(sql!(
        "UPDATE client_secrets SET active = $4, updated_at = $3
         WHERE environment_id = $1 AND client_id = $2 AND active"
    )
    .bind(env)
    .bind(client.as_i64())
    .bind(now)
    .bind(false)
    .execute(tx)
    .await?)
}

/// How many secrets of the client are active.
pub async fn count_active_secrets(tx: &mut Tx, env: EnvironmentId, client: ClientId) -> Result<i64, Error> {
    Ok(sql!("SELECT COUNT(*) FROM client_secrets WHERE environment_id = $1 AND client_id = $2 AND active")
        .bind(env)
        .bind(client.as_i64())
        .one(tx)
        .await?)
}
