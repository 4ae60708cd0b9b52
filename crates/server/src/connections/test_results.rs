//! Test sign-ins: begun at a connection's `test_connection_uri`, their outcomes are asked for by whoever began them.
use super::{model::Connection, store};
use crate::{
    ctx::Ctx,
    db::{FromRow, OnViolation as _, Row},
    error::Error,
    ids::{ConnectionId, ConnectionTestId},
    sql,
    stored::stored_enum,
    time::Timestamp,
};
use std::time::Duration;

/// `management.md` 6.6
const KEPT: Duration = Duration::from_secs(3600);

stored_enum! {
    /// How a test goes.
    TestStatus {
        /// The answer of the identity provider has not come yet.
        Pending = "PENDING",
        /// It was good.
        Success = "SUCCESS",
        /// It was not.
        Failure = "FAILURE",
    }
}

/// Why a test failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestError {
    /// One of the codes of `management.md` 6.7.
    pub code: String,
    /// For people.
    pub description: String,
    /// What was expected and what came.
    pub details: String,
}

/// The outcome of a test so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// How it goes.
    pub status: TestStatus,
    /// What the identity provider said of the user, a JSON object.
    pub user_info: Option<String>,
    /// Why it failed.
    pub error: Option<TestError>,
}

impl FromRow for TestResult {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let (status, user_info): (String, _) = (row.next()?, row.next()?);
        let (code, description, details): (Option<String>, Option<String>, Option<String>) =
            (row.next()?, row.next()?, row.next()?);
        let text = Option::unwrap_or_default;
        Ok(Self {
            status: TestStatus::parse(&status)?,
            user_info,
            error: code.map(|code| TestError {
                code,
                description: text(description),
                details: text(details),
            }),
        })
    }
}

/// Begins a test, also of a connection that is disabled. Old tests of the connection are removed.
///
/// # Errors
/// `NOT_FOUND` for the connection.
pub async fn begin(ctx: &Ctx, connection: ConnectionId) -> Result<ConnectionTestId, Error> {
    let (env, id) = (ctx.environment().id, ctx.new_id());
    let mut tx = ctx.db().write().await?;
    if store::find(&mut tx, env, None, connection).await?.is_none() {
        return Err(Connection::not_found(connection, None));
    }
    sql!(
        "DELETE FROM connection_tests WHERE environment_id = $1 AND connection_id = $2 AND created_at <= $3"
    )
    .bind(env)
    .bind(connection)
    .bind(ctx.now().minus(KEPT))
    .execute(&mut tx)
    .await?;
    sql!(
        "INSERT INTO connection_tests (environment_id, id, connection_id, status, created_at)
         VALUES ($1, $2, $3, 'PENDING', $4)"
    )
    .bind(env)
    .bind(id)
    .bind(connection)
    .bind(ctx.now())
    .execute(&mut tx)
    .await
    .on_foreign_key(|| Connection::not_found(connection, None))?;
    tx.commit().await?;
    Ok(id)
}

/// Stores the outcome of a test that is pending. False if it is not.
///
/// # Errors
/// Those of the database.
pub async fn finish(
    ctx: &Ctx,
    id: ConnectionTestId,
    outcome: Result<String, TestError>,
) -> Result<bool, Error> {
    let status = if outcome.is_ok() { TestStatus::Success } else { TestStatus::Failure };
    let (user_info, error) = (outcome.as_ref().ok().cloned(), outcome.err());
    let mut tx = ctx.db().write().await?;
    let finished = sql!(
        "UPDATE connection_tests
         SET status = $3, user_info = $4, error = $5, error_description = $6, error_details = $7
         WHERE environment_id = $1 AND id = $2 AND status = 'PENDING'"
    )
    .bind(ctx.environment().id)
    .bind(id)
    .bind(status.as_str())
    .bind(user_info)
    .bind(error.as_ref().map(|error| error.code.clone()))
    .bind(error.as_ref().map(|error| error.description.clone()))
    .bind(error.as_ref().map(|error| error.details.clone()))
    .execute(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(finished > 0)
}

/// How a test of the connection goes. It is known for an hour.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, connection: ConnectionId, id: ConnectionTestId) -> Result<TestResult, Error> {
    let since: Timestamp = ctx.now().minus(KEPT);
    let found = sql!(
        "SELECT status, user_info, error, error_description, error_details FROM connection_tests
         WHERE environment_id = $1 AND connection_id = $2 AND id = $3 AND created_at > $4"
    )
    .bind(ctx.environment().id)
    .bind(connection)
    .bind(id)
    .bind(since)
    .optional(&mut ctx.db().read())
    .await?;
    found.ok_or_else(|| Error::not_found(format!("test {id} of connection {connection}")))
}
