//! SQL of the authentication log.
use super::model::{AuthRequest, AuthStatus, Filter};
use crate::{
    db::{FromRow, Queryable, ReadTx, Row, Sql, Tx},
    error::Error,
    ids::{AuthRequestId, EnvironmentId, IdSource},
    paging, sql, text,
    time::Timestamp,
};
use std::time::Duration;

/// Writes an entry, or what has changed of it.
///
/// # Errors
/// Those of the database.
pub async fn record(tx: &mut Tx, env: EnvironmentId, entry: &AuthRequest) -> Result<(), Error> {
    sql!(
        "INSERT INTO auth_logs (environment_id, id, organization_id, connection_id, connection_type,
             connection_provider, connections, email, email_key, status, error_code, workflow, resource_id,
             resource_name, resource_type, client_id, client_name, client_type, started_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
         ON CONFLICT (environment_id, id) DO UPDATE SET organization_id = $3, connection_id = $4,
             connection_type = $5, connection_provider = $6, connections = $7, email = $8, email_key = $9,
             status = $10, error_code = $11, workflow = $12, resource_id = $13, resource_name = $14,
             resource_type = $15, client_id = $16, client_name = $17, client_type = $18"
    )
    .bind(env)
    .bind(entry.id)
    .bind(entry.organization)
    .bind(entry.connection)
    .bind(&entry.connection_type)
    .bind(&entry.connection_provider)
    .bind(serde_json::to_string(&entry.connections).map_err(Error::internal)?)
    .bind(&entry.email)
    .bind(text::fold(&entry.email))
    .bind(entry.status.as_str())
    .bind(&entry.error_code)
    .bind(&entry.workflow)
    .bind(&entry.resource_id)
    .bind(&entry.resource_name)
    .bind(&entry.resource_type)
    .bind(&entry.client_id)
    .bind(&entry.client_name)
    .bind(&entry.client_type)
    .bind(entry.started_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes that a sign-in gave tokens.
///
/// # Errors
/// Those of the database.
pub async fn succeed(tx: &mut Tx, env: EnvironmentId, id: AuthRequestId) -> Result<(), Error> {
    sql!("UPDATE auth_logs SET status = 'SUCCESS', error_code = '' WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}

impl FromRow for AuthRequest {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            organization: row.next()?,
            connection: row.next()?,
            connection_type: row.next()?,
            connection_provider: row.next()?,
            connections: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
            email: row.next()?,
            status: AuthStatus::parse(&row.next::<String>()?)?,
            error_code: row.next()?,
            workflow: row.next()?,
            resource_id: row.next()?,
            resource_name: row.next()?,
            resource_type: row.next()?,
            client_id: row.next()?,
            client_name: row.next()?,
            client_type: row.next()?,
            started_at: row.next()?,
        })
    }
}

/// How far an id may run ahead of the clock after the clock stepped back.
const CLOCK_STEP: Duration = Duration::from_secs(3600);

impl Filter {
    /// Ids follow time, so a span of time is a span of ids, both ends excluded; `started_at` settles the edges.
    fn id_bounds(&self) -> (i64, i64) {
        let low = self.start.map_or(0, |start| IdSource::first_at(start.minus(CLOCK_STEP)) - 1);
        let high = self.end.map_or(i64::MAX, |end| IdSource::first_at(end.plus(CLOCK_STEP)));
        (low, high)
    }

    /// Which index serves it, and the value that is looked up there.
    fn key(&self) -> (Key, String) {
        if !self.email.is_empty() {
            (Key::Email, text::fold(&self.email))
        } else if !self.resource_id.is_empty() {
            (Key::Resource, self.resource_id.clone())
        } else if !self.client_id.is_empty() {
            (Key::Client, self.client_id.clone())
        } else {
            (Key::None, String::new())
        }
    }

    fn bind(&self, statement: Sql, low: i64, high: i64) -> Sql {
        let statuses = (!self.statuses.is_empty()).then(|| format!(",{},", self.statuses.join(",")));
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        statement
            .bind(low)
            .bind(high)
            .bind(statuses)
            .bind(self.start)
            .bind(self.end)
            .bind(given(&self.resource_id))
            .bind(given(&self.client_id))
            .bind(self.key().1)
    }
}

#[derive(Clone, Copy)]
enum Key {
    Email,
    Resource,
    Client,
    None,
}

/// The columns, the conditions that every listing shares, and what differs: what is looked up, and the order.
macro_rules! entries {
    ($columns:literal, $key:literal, $order:literal) => {
        sql!(concat!(
            "SELECT ",
            $columns,
            " FROM auth_logs WHERE environment_id = $1 AND id > $2 AND id < $3
                AND (CAST($4 AS TEXT) IS NULL OR replace($4, ',' || status || ',', '') <> $4)
                AND (CAST($5 AS BIGINT) IS NULL OR started_at >= $5)
                AND (CAST($6 AS BIGINT) IS NULL OR started_at <= $6)
                AND (CAST($7 AS TEXT) IS NULL OR resource_id = $7)
                AND (CAST($8 AS TEXT) IS NULL OR client_id = $8) AND ",
            $key,
            $order
        ))
    };
    ($key:ident, $columns:literal, $order:literal) => {
        match $key {
            Key::Email => entries!($columns, "email_key = $9", $order),
            Key::Resource => entries!($columns, "resource_id = $9", $order),
            Key::Client => entries!($columns, "client_id = $9", $order),
            Key::None => entries!($columns, "CAST($9 AS TEXT) = ''", $order),
        }
    };
    (page $key:ident, $order:literal) => {
        entries!(
            $key,
            "id, organization_id, connection_id, connection_type, connection_provider, connections, email, status,
             error_code, workflow, resource_id, resource_name, resource_type, client_id, client_name, client_type,
             started_at",
            $order
        )
    };
}

/// One entry.
///
/// # Errors
/// Those of the database.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: AuthRequestId,
) -> Result<Option<AuthRequest>, Error> {
    Ok(sql!(
        "SELECT id, organization_id, connection_id, connection_type, connection_provider, connections, email, status,
                error_code, workflow, resource_id, resource_name, resource_type, client_id, client_name, client_type,
                started_at
         FROM auth_logs WHERE environment_id = $1 AND id = $2"
    )
    .bind(env)
    .bind(id)
    .optional(tx)
    .await?)
}

/// One page, in the order of the window.
pub async fn page(
    tx: &mut ReadTx,
    env: EnvironmentId,
    filter: &Filter,
    window: paging::Window,
) -> Result<Vec<AuthRequest>, Error> {
    let ((key, _), (low, high)) = (filter.key(), filter.id_bounds());
    let (statement, low, high) = match window.from {
        paging::From::Newest => (entries!(page key, " ORDER BY id DESC LIMIT $10"), low, high),
        paging::From::Before(id) => (entries!(page key, " ORDER BY id DESC LIMIT $10"), low, high.min(id)),
        paging::From::After(id) => (entries!(page key, " ORDER BY id LIMIT $10"), low.max(id), high),
    };
    Ok(filter.bind(statement.bind(env), low, high).bind(window.limit()).scans().all(tx).await?)
}

/// How many entries pass the filter.
pub async fn count(tx: &mut ReadTx, env: EnvironmentId, filter: &Filter) -> Result<i64, Error> {
    let ((key, _), (low, high)) = (filter.key(), filter.id_bounds());
    let statement = entries!(key, "COUNT(*)", "");
    Ok(filter.bind(statement.bind(env), low, high).scans().one(tx).await?)
}

/// Deletes some entries of every environment that started before `then`. Tells how many.
pub async fn delete_old(tx: &mut Tx, then: Timestamp, most: i64) -> Result<u64, Error> {
    Ok(sql!(
        "DELETE FROM auth_logs WHERE (environment_id, id) IN (
             SELECT l.environment_id, l.id FROM environments e JOIN auth_logs l ON l.environment_id = e.id
             WHERE l.id < $1 ORDER BY l.environment_id, l.id LIMIT $2)"
    )
    .bind(IdSource::first_at(then))
    .bind(most)
    .execute(tx)
    .await?)
}
