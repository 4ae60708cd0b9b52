//! SQL of login requests.
use super::model::{LoginRequest, NewLoginRequest, Resource};
use crate::{
    db::{FromRow, Queryable, Row, Tx},
    error::Error,
    ids::{AuthRequestId, ConnectionId, EnvironmentId, LoginRequestId},
    sql,
    time::Timestamp,
};

/// Reads the columns of [`find`], in their order.
impl FromRow for LoginRequest {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            request: NewLoginRequest {
                auth_request: row.next()?,
                connection: row.next()?,
                client: row.next()?,
                sk_client_id: row.next()?,
                requested_client_id: row.next()?,
                is_dcr: row.next()?,
                is_cimd: row.next()?,
                scopes: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
                resource: Resource { id: row.next()?, name: row.next()? },
            },
            client_name: row.next()?,
            report: row.next()?,
            is_used: row.next()?,
            expires_at: row.next()?,
        })
    }
}

/// One login request, whatever its state.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: LoginRequestId,
) -> Result<Option<LoginRequest>, Error> {
    Ok(sql!(
        "SELECT l.id, l.auth_request_id, l.connection_id, l.client_id, l.sk_client_id, l.requested_client_id, l.is_dcr,
                l.is_cimd, l.scopes, l.resource_id, l.resource_name, c.name, l.report,
                CASE WHEN l.used_at IS NULL THEN FALSE ELSE TRUE END, l.expires_at
         FROM login_requests l LEFT JOIN clients c ON c.environment_id = l.environment_id AND c.id = l.client_id
         WHERE l.environment_id = $1 AND l.id = $2"
    )
    .bind(env)
    .bind(id)
    .optional(tx)
    .await?)
}

/// Adds a login request.
pub async fn insert(
    tx: &mut Tx,
    env: EnvironmentId,
    login: &LoginRequest,
    state_hash: Vec<u8>,
    now: Timestamp,
) -> Result<(), Error> {
    let request = &login.request;
    sql!(
        "INSERT INTO login_requests (environment_id, id, auth_request_id, connection_id, state_hash, client_id,
             sk_client_id, requested_client_id, is_dcr, is_cimd, scopes, resource_id, resource_name, created_at,
             expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
    )
    .bind(env)
    .bind(login.id)
    .bind(request.auth_request)
    .bind(request.connection)
    .bind(state_hash)
    .bind(request.client)
    .bind(&request.sk_client_id)
    .bind(&request.requested_client_id)
    .bind(request.is_dcr)
    .bind(request.is_cimd)
    .bind(serde_json::to_string(&request.scopes).map_err(Error::internal)?)
    .bind(&request.resource.id)
    .bind(&request.resource.name)
    .bind(now)
    .bind(login.expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Stores what the application reports, if it is the first report and in time. Tells whether it did.
pub async fn put_report(
    tx: &mut Tx,
    env: EnvironmentId,
    id: LoginRequestId,
    connection: ConnectionId,
    report: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let put = sql!(
        "UPDATE login_requests SET report = $4
         WHERE environment_id = $1 AND id = $2 AND connection_id = $3 AND report IS NULL AND expires_at > $5"
    )
    .bind(env)
    .bind(id)
    .bind(connection)
    .bind(report)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(put > 0)
}

/// Uses a state up: the sign-in, and what the application reported.
pub async fn take(
    tx: &mut Tx,
    env: EnvironmentId,
    connection: ConnectionId,
    state_hash: Vec<u8>,
    now: Timestamp,
) -> Result<Option<(AuthRequestId, String)>, Error> {
    Ok(sql!(
        "UPDATE login_requests SET used_at = $4
         WHERE environment_id = $1 AND connection_id = $2 AND state_hash = $3 AND report IS NOT NULL
             AND used_at IS NULL AND expires_at > $4
         RETURNING auth_request_id, report"
    )
    .bind(env)
    .bind(connection)
    .bind(state_hash)
    .bind(now)
    .optional(tx)
    .await?)
}

/// Deletes some login requests that are over. Tells how many.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64, Error> {
    Ok(sql!(
        "DELETE FROM login_requests WHERE id IN (
             SELECT id FROM login_requests WHERE expires_at <= $1 LIMIT $2)"
    )
    .bind(now)
    .bind(most)
    .execute(tx)
    .await?)
}
