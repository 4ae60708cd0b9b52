//! SQL of sign-ins on their way at providers.
use super::model::Purpose;
use crate::{
    connections::Connection,
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::Error,
    ids::{AuthRequestId, ConnectionId, ConnectionTestId, EnvironmentId},
    sql,
    time::Timestamp,
};

/// A sign-in on its way.
#[derive(Debug)]
pub struct Underway {
    /// Through which connection.
    pub connection: ConnectionId,
    /// What for.
    pub purpose: Purpose,
    /// SHA-256 of the token of the browser that was sent there.
    pub browser_hash: Vec<u8>,
    /// Whether it came back.
    pub is_used: bool,
    /// How long it may take.
    pub expires_at: Timestamp,
}

impl FromRow for Purpose {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let (purpose, id): (String, i64) = (row.next()?, row.next()?);
        match purpose.as_str() {
            "LOGIN" => Ok(Self::Login(AuthRequestId::from_i64(id))),
            "TEST" => Ok(Self::Test(ConnectionTestId::from_i64(id))),
            _ => Err(Error::internal("unknown purpose")),
        }
    }
}

impl FromRow for Underway {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            purpose: Purpose::from_row(row)?,
            connection: row.next()?,
            browser_hash: row.next()?,
            is_used: row.next()?,
            expires_at: row.next()?,
        })
    }
}

/// Adds one.
pub async fn insert(
    tx: &mut Tx,
    env: EnvironmentId,
    state_hash: Vec<u8>,
    underway: &Underway,
    now: Timestamp,
) -> Result<(), Error> {
    let (purpose, id) = match underway.purpose {
        Purpose::Login(id) => ("LOGIN", id.as_i64()),
        Purpose::Test(id) => ("TEST", id.as_i64()),
    };
    sql!(
        "INSERT INTO upstream_logins (environment_id, state_hash, connection_id, purpose, purpose_id, browser_hash,
             created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    )
    .bind(env)
    .bind(state_hash)
    .bind(underway.connection)
    .bind(purpose)
    .bind(id)
    .bind(&underway.browser_hash)
    .bind(now)
    .bind(underway.expires_at)
    .execute(tx)
    .await
    .on_foreign_key(|| Connection::not_found(underway.connection, None))?;
    Ok(())
}

/// Uses a state up, if it is this connection's and this browser's, and in time.
pub async fn take(
    tx: &mut Tx,
    env: EnvironmentId,
    state_hash: &[u8],
    (connection, browser_hash): (ConnectionId, &[u8]),
    now: Timestamp,
) -> Result<Option<Purpose>, Error> {
    Ok(sql!(
        "UPDATE upstream_logins SET used_at = $5
         WHERE environment_id = $1 AND state_hash = $2 AND connection_id = $3 AND browser_hash = $4
             AND used_at IS NULL AND expires_at > $5
         RETURNING purpose, purpose_id"
    )
    .bind(env)
    .bind(state_hash)
    .bind(connection)
    .bind(browser_hash)
    .bind(now)
    .optional(tx)
    .await?)
}

/// One, whatever its state: to say why it cannot be used.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    state_hash: &[u8],
) -> Result<Option<Underway>, Error> {
    Ok(sql!(
        "SELECT purpose, purpose_id, connection_id, browser_hash, CASE WHEN used_at IS NULL THEN FALSE ELSE TRUE END,
                expires_at
         FROM upstream_logins WHERE environment_id = $1 AND state_hash = $2"
    )
    .bind(env)
    .bind(state_hash)
    .optional(tx)
    .await?)
}

/// Deletes some that are over. Tells how many.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64, Error> {
    Ok(sql!(
        "DELETE FROM upstream_logins WHERE state_hash IN (
             SELECT state_hash FROM upstream_logins WHERE expires_at <= $1 LIMIT $2)"
    )
    .bind(now)
    .bind(most)
    .execute(tx)
    .await?)
}
