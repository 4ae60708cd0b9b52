//! SQL of connections.
use super::{
    model::{ConfigurationType, Connection, ConnectionType, Provider},
    settings::Settings,
};
use crate::{
    db::{FromRow, OnViolation as _, Queryable, Row, Sql, Tx},
    error::Error,
    ids::{ConnectionId, EnvironmentId, OrganizationId, SpCertificateId},
    organizations::{Organization, OrganizationRef},
    sql,
    time::Timestamp,
};

/// Reads the columns that every statement here selects, in their order.
impl FromRow for Connection {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let (id, organization) = (row.next()?, row.next()?);
        let kind = ConnectionType::parse(&row.next::<String>()?)?;
        let configuration_type: Option<String> = row.next()?;
        Ok(Self {
            id,
            organization,
            configuration_type: configuration_type.map(|text| ConfigurationType::parse(&text)).transpose()?,
            provider: Provider::parse(&row.next::<String>()?)?,
            provider_key: row.next()?,
            key_id: row.next()?,
            enabled: row.next()?,
            debug_enabled: row.next()?,
            ui_button_title: row.next()?,
            attribute_mapping: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
            settings: Settings::parse(kind, &row.next::<String>()?)?,
            secret_sealed: row.next()?,
            base_url: row.next()?,
            metadata_due_at: row.next()?,
            created_at: row.next()?,
            updated_at: row.next()?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT id, organization_id, type, configuration_type, provider, provider_key, key_id, enabled,
                    debug_enabled, ui_button_title, attribute_mapping, settings, client_secret_sealed, base_url,
                    metadata_due_at, created_at, updated_at
             FROM connections WHERE environment_id = $1 ",
            $rest
        ))
    };
}

/// One connection; of an organization, or whosever it is.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: Option<OrganizationId>,
    id: ConnectionId,
) -> Result<Option<Connection>, Error> {
    let found: Option<Connection> = select!("AND id = $2").bind(env).bind(id).optional(tx).await?;
    Ok(found.filter(|found| organization.is_none() || found.organization == organization))
}

/// The environment's passwordless connection: the oldest, if there are several.
pub async fn passwordless(tx: &mut impl Queryable, env: EnvironmentId) -> Result<Option<Connection>, Error> {
    let oldest = select!("AND scope = 0 AND type = 'PASSWORDLESS' ORDER BY id LIMIT 1");
    Ok(oldest.bind(env).optional(tx).await?)
}

/// The environment's social connection of a provider: the oldest that is enabled, or else the oldest.
pub async fn social(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    provider: &str,
) -> Result<Option<Connection>, Error> {
    let oldest =
        select!("AND scope = 0 AND type = 'OAUTH' AND provider_key = $2 ORDER BY enabled DESC, id LIMIT 1");
    Ok(oldest.bind(env).bind(provider).optional(tx).await?)
}

/// Most connections of one organization, or of the environment itself, that a sign-in looks through.
const MAX_OFFERED: i64 = 100;

/// The connections of an organization, the oldest first.
pub async fn of_organization(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
) -> Result<Vec<Connection>, Error> {
    let all = select!("AND scope = $2 ORDER BY id LIMIT $3");
    Ok(all.bind(env).bind(organization).bind(MAX_OFFERED).all(tx).await?)
}

/// The environment's own connections (social ones, passwordless, passkeys) that are enabled, the oldest first.
pub async fn enabled_of_environment(
    tx: &mut impl Queryable,
    env: EnvironmentId,
) -> Result<Vec<Connection>, Error> {
    let all = select!("AND scope = 0 AND enabled = TRUE ORDER BY id LIMIT $2");
    Ok(all.bind(env).bind(MAX_OFFERED).all(tx).await?)
}

/// The environment's own connection with a key.
pub async fn with_key(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    key: &str,
) -> Result<Option<Connection>, Error> {
    Ok(select!("AND scope = 0 AND key_id = $2").bind(env).bind(key).optional(tx).await?)
}

/// The environment's passkey connection: the oldest, if there are several.
pub async fn webauthn(tx: &mut impl Queryable, env: EnvironmentId) -> Result<Option<Connection>, Error> {
    let oldest = select!("AND scope = 0 AND type = 'WEBAUTHN' ORDER BY id LIMIT 1");
    Ok(oldest.bind(env).optional(tx).await?)
}

/// Whether there is such a connection, and people may sign in there.
///
/// # Errors
/// Those of the database.
pub async fn is_enabled(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: ConnectionId,
) -> Result<bool, Error> {
    Ok(find(tx, env, None, id).await?.is_some_and(|connection| connection.enabled))
}

/// As [`find`], for changing it in this transaction: PostgreSQL locks the row, SQLite has one writer anyway.
pub async fn find_for_update(
    tx: &mut Tx,
    env: EnvironmentId,
    organization: Option<OrganizationId>,
    id: ConnectionId,
) -> Result<Option<Connection>, Error> {
    let lock = sql!("UPDATE connections SET updated_at = updated_at WHERE environment_id = $1 AND id = $2");
    if lock.bind(env).bind(id).execute(tx).await? == 0 {
        return Ok(None);
    }
    find(tx, env, organization, id).await
}

/// Adds a connection.
pub async fn insert(
    tx: &mut Tx,
    env: EnvironmentId,
    connection: &Connection,
    context: &str,
) -> Result<(), Error> {
    let statement = sql!(
        "INSERT INTO connections (environment_id, id, provider, provider_key, key_id, enabled, status, debug_enabled,
             ui_button_title, configuration_type, attribute_mapping, settings, client_secret_sealed, metadata_due_at,
             updated_at, organization_id, scope, type, base_url, context, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)"
    );
    let organization = connection.organization;
    bind_all(statement.bind(env).bind(connection.id), connection)?
        .bind(organization)
        .bind(organization.map_or(0, crate::ids::Id::as_i64))
        .bind(connection.kind().as_str())
        .bind(&connection.base_url)
        .bind(context)
        .bind(connection.created_at)
        .execute(tx)
        .await
        .on_unique(KEY, key_taken)
        .on_foreign_key(|| match organization {
            Some(id) => Organization::not_found(&OrganizationRef::Id(id)),
            None => Error::not_found("environment"),
        })?;
    Ok(())
}

const KEY: &str = "connections_environment_id_scope_key_id_key";

fn key_taken() -> Error {
    Error::already_exists("connection.key_id: another connection already exists with this key")
}

/// Stores every value of a connection that can change.
pub async fn update(tx: &mut Tx, env: EnvironmentId, connection: &Connection) -> Result<(), Error> {
    let statement = sql!(
        "UPDATE connections SET provider = $3, provider_key = $4, key_id = $5, enabled = $6, status = $7,
             debug_enabled = $8, ui_button_title = $9, configuration_type = $10, attribute_mapping = $11,
             settings = $12, client_secret_sealed = $13, metadata_due_at = $14, updated_at = $15
         WHERE environment_id = $1 AND id = $2"
    );
    let statement = bind_all(statement.bind(env).bind(connection.id), connection)?;
    statement.execute(tx).await.on_unique(KEY, key_taken)?;
    Ok(())
}

/// `$3` to `$15`.
fn bind_all(statement: Sql, connection: &Connection) -> Result<Sql, Error> {
    let mapping = serde_json::to_string(&connection.attribute_mapping).map_err(Error::internal)?;
    Ok(statement
        .bind(connection.provider.as_str())
        .bind(&connection.provider_key)
        .bind(&connection.key_id)
        .bind(connection.enabled)
        .bind(connection.status().as_str())
        .bind(connection.debug_enabled)
        .bind(&connection.ui_button_title)
        .bind(connection.configuration_type.map(ConfigurationType::as_str))
        .bind(mapping)
        .bind(connection.settings.to_json()?)
        .bind(connection.secret_sealed.clone())
        .bind(connection.metadata_due_at)
        .bind(connection.updated_at))
}

/// Removes a connection. Tells whether it was there.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, id: ConnectionId) -> Result<bool, Error> {
    let deleted = sql!("DELETE FROM connections WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(deleted > 0)
}

/// Whether the environment has this certificate of its own.
pub async fn has_sp_certificate(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: SpCertificateId,
) -> Result<bool, Error> {
    let count: i64 = sql!("SELECT COUNT(*) FROM sp_certificates WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .one(tx)
        .await?;
    Ok(count > 0)
}

/// When the metadata is read again, if it is still to be read at `due`. False if it is not: another run or another
/// configuration was faster.
pub async fn postpone_metadata(
    tx: &mut Tx,
    env: EnvironmentId,
    id: ConnectionId,
    (due, next): (Timestamp, Timestamp),
) -> Result<bool, Error> {
    let postponed = sql!(
        "UPDATE connections SET metadata_due_at = $4 WHERE environment_id = $1 AND id = $2 AND metadata_due_at = $3"
    )
    .bind(env)
    .bind(id)
    .bind(due)
    .bind(next)
    .execute(tx)
    .await?;
    Ok(postponed > 0)
}

/// What the set-up pages keep with a connection: a JSON object.
pub async fn context(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: ConnectionId,
) -> Result<Option<String>, Error> {
    Ok(sql!("SELECT context FROM connections WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .optional(tx)
        .await?)
}

/// Replaces it.
pub async fn set_context(
    tx: &mut Tx,
    env: EnvironmentId,
    id: ConnectionId,
    context: &str,
) -> Result<bool, Error> {
    let updated = sql!("UPDATE connections SET context = $3 WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .bind(context)
        .execute(tx)
        .await?;
    Ok(updated > 0)
}
