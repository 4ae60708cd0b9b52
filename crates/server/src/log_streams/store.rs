//! SQL of log streams.
use super::model::LogStream;
use crate::{
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::Error,
    ids::{EnvironmentId, LogStreamId},
    sql,
};

impl FromRow for LogStream {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            display_name: row.next()?,
            enabled: row.next()?,
            config: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
            credential_hint: row.next()?,
            event_types: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
            created_at: row.next()?,
            updated_at: row.next()?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT id, display_name, enabled, config, credential_hint, event_types, created_at, updated_at
             FROM log_streams WHERE environment_id = $1 ",
            $rest
        ))
    };
}

/// Every stream, newest first.
pub async fn all(tx: &mut impl Queryable, env: EnvironmentId) -> Result<Vec<LogStream>, Error> {
    Ok(select!("ORDER BY id DESC").bind(env).all(tx).await?)
}

/// The stream with this id.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: LogStreamId,
) -> Result<Option<LogStream>, Error> {
    Ok(select!("AND id = $2").bind(env).bind(id).optional(tx).await?)
}

/// The same, held until the transaction ends.
pub async fn find_for_update(
    tx: &mut Tx,
    env: EnvironmentId,
    id: LogStreamId,
) -> Result<Option<LogStream>, Error> {
    let held = sql!("UPDATE log_streams SET updated_at = updated_at WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    if held == 0 { Ok(None) } else { find(tx, env, id).await }
}

/// Adds a stream.
pub async fn insert(
    tx: &mut Tx,
    env: EnvironmentId,
    stream: &LogStream,
    sealed: Vec<u8>,
) -> Result<(), Error> {
    let provider = stream.config.provider();
    sql!(
        "INSERT INTO log_streams (environment_id, id, provider, display_name, enabled, config, credential_sealed,
             credential_hint, event_types, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    )
    .bind(env)
    .bind(stream.id)
    .bind(provider)
    .bind(&stream.display_name)
    .bind(stream.enabled)
    .bind(serde_json::to_string(&stream.config).map_err(Error::internal)?)
    .bind(sealed)
    .bind(&stream.credential_hint)
    .bind(serde_json::to_string(&stream.event_types).map_err(Error::internal)?)
    .bind(stream.created_at)
    .bind(stream.updated_at)
    .execute(tx)
    .await
    .on_unique("log_streams_environment_id_provider_key", || {
        Error::already_exists(format!("provider: the environment has a log stream to {provider} already"))
    })?;
    Ok(())
}

/// Stores every value of a stream that can change; the credential only if there is a new one.
pub async fn update(
    tx: &mut Tx,
    env: EnvironmentId,
    stream: &LogStream,
    sealed: Option<Vec<u8>>,
) -> Result<(), Error> {
    sql!(
        "UPDATE log_streams SET display_name = $3, enabled = $4, config = $5,
             credential_sealed = COALESCE($6, credential_sealed), credential_hint = $7, event_types = $8,
             updated_at = $9
         WHERE environment_id = $1 AND id = $2"
    )
    .bind(env)
    .bind(stream.id)
    .bind(&stream.display_name)
    .bind(stream.enabled)
    .bind(serde_json::to_string(&stream.config).map_err(Error::internal)?)
    .bind(sealed)
    .bind(&stream.credential_hint)
    .bind(serde_json::to_string(&stream.event_types).map_err(Error::internal)?)
    .bind(stream.updated_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes a stream. Tells whether it was there.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, id: LogStreamId) -> Result<bool, Error> {
    let deleted = sql!("DELETE FROM log_streams WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(deleted > 0)
}
