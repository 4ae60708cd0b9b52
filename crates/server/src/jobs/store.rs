//! SQL of jobs. Nodes take jobs of every environment, so these statements, alone, are not scoped by one.
use super::model::Taken;
use crate::{
    by_dialect,
    db::{FromRow, ReadTx, Row, Tx},
    error::Error,
    ids::{EnvironmentId, JobId},
    sql,
    time::Timestamp,
};

/// A job to be stored.
pub struct NewJob<'a> {
    /// `job_…`
    pub id: JobId,
    /// Its kind.
    pub name: &'a str,
    /// Its fields.
    pub payload: &'a str,
    /// When it may first be taken.
    pub due_at: Timestamp,
    /// An attempt that fails after this is the last.
    pub give_up_at: Timestamp,
    /// Now.
    pub created_at: Timestamp,
}

/// Adds a job that runs once.
pub async fn insert(tx: &mut Tx, env: Option<EnvironmentId>, job: &NewJob<'_>) -> Result<(), Error> {
    sql!(
        "INSERT INTO jobs (environment_id, id, name, payload, due_at, attempts, give_up_at, created_at)
         VALUES ($1, $2, $3, $4, $5, 0, $6, $7)"
    )
    .bind(env)
    .bind(job.id)
    .bind(job.name)
    .bind(job.payload)
    .bind(job.due_at)
    .bind(job.give_up_at)
    .bind(job.created_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds a periodic job of the installation, unless there is one of that name; that one is not due later than `due_at`.
pub async fn insert_periodic(tx: &mut Tx, job: &NewJob<'_>) -> Result<(), Error> {
    sql!(
        "INSERT INTO jobs (id, name, payload, periodic, due_at, attempts, give_up_at, created_at)
         VALUES ($1, $2, $3, TRUE, $4, 0, $5, $6)
         ON CONFLICT (periodic, name) WHERE periodic IS NOT NULL
             DO UPDATE SET due_at = excluded.due_at WHERE jobs.due_at > excluded.due_at"
    )
    .bind(job.id)
    .bind(job.name)
    .bind(job.payload)
    .bind(job.due_at)
    .bind(job.give_up_at)
    .bind(job.created_at)
    .execute(tx)
    .await?;
    Ok(())
}

impl FromRow for Taken {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            environment: row.next()?,
            id: row.next()?,
            name: row.next()?,
            payload: row.next()?,
            attempts: row.next()?,
            give_up_at: row.next()?,
            lease: row.next()?,
        })
    }
}

/// When the next job of these kinds, a JSON list of names, is due. Takes no lock. Each kind is looked up by itself: a kind
/// whose workers are all busy may have thousands of jobs that are due.
pub async fn next_due(tx: &mut ReadTx, kinds: &str) -> Result<Option<Timestamp>, Error> {
    Ok(by_dialect!(
        postgres: "SELECT MIN(j.due_at) FROM json_array_elements_text(CAST(CAST($1 AS TEXT) AS json)) AS k (name)
             CROSS JOIN LATERAL (
                 SELECT due_at FROM jobs WHERE jobs.name = k.name AND due_at IS NOT NULL ORDER BY due_at LIMIT 1) j",
        sqlite: "SELECT MIN(due_at) FROM (
                 SELECT (SELECT MIN(due_at) FROM jobs WHERE name = k.value) AS due_at FROM json_each($1) k)"
    )
    .bind(kinds)
    .one(tx)
    .await?)
}

/// Takes up to `limit` due jobs of these kinds, a JSON list of names, until `lease`. On PostgreSQL, nodes that take jobs at the same
/// time pass over each other's instead of waiting for them; `ARRAY` has the jobs chosen once. The second condition on
/// `due_at` is the guard: a job that another node has just taken has that one's lease.
pub async fn take(
    tx: &mut Tx,
    kinds: &str,
    limit: i64,
    now: Timestamp,
    lease: Timestamp,
) -> Result<Vec<Taken>, Error> {
    Ok(by_dialect!(
        postgres: "UPDATE jobs SET due_at = $2, attempts = attempts + 1
             WHERE due_at <= $1 AND id = ANY (ARRAY(
                 SELECT j.id FROM json_array_elements_text(CAST(CAST($3 AS TEXT) AS json)) AS k (name)
                 CROSS JOIN LATERAL (
                     SELECT id, due_at FROM jobs WHERE jobs.name = k.name AND due_at <= $1
                     ORDER BY due_at LIMIT $4 FOR UPDATE SKIP LOCKED) j
                 ORDER BY j.due_at LIMIT $4))
             RETURNING environment_id, id, name, payload, attempts, give_up_at, due_at",
        sqlite: "UPDATE jobs SET due_at = $2, attempts = attempts + 1
             WHERE due_at <= $1 AND id IN (
                 SELECT j.id FROM json_each($3) k CROSS JOIN jobs j
                 WHERE j.id IN (SELECT id FROM jobs WHERE name = k.value AND due_at <= $1 ORDER BY due_at LIMIT $4)
                 ORDER BY j.due_at LIMIT $4)
             RETURNING environment_id, id, name, payload, attempts, give_up_at, due_at"
    )
    .bind(now)
    .bind(lease)
    .bind(kinds)
    .bind(limit)
    .all(tx)
    .await?)
}

/// Makes the lease longer, or gives the job back at an earlier time. False if it is no longer this node's.
pub async fn move_lease(tx: &mut Tx, job: &Taken, to: Timestamp) -> Result<bool, Error> {
    let moved = sql!("UPDATE jobs SET due_at = $3 WHERE id = $1 AND due_at = $2")
        .bind(job.id)
        .bind(job.lease)
        .bind(to)
        .execute(tx)
        .await?;
    Ok(moved == 1)
}

/// It is done.
pub async fn delete(tx: &mut Tx, job: &Taken) -> Result<(), Error> {
    sql!("DELETE FROM jobs WHERE id = $1 AND due_at = $2").bind(job.id).bind(job.lease).execute(tx).await?;
    Ok(())
}

/// It is done, and comes again.
pub async fn succeed(tx: &mut Tx, job: &Taken, next: Timestamp) -> Result<(), Error> {
    sql!("UPDATE jobs SET due_at = $3, attempts = 0, last_error = NULL WHERE id = $1 AND due_at = $2")
        .bind(job.id)
        .bind(job.lease)
        .bind(next)
        .execute(tx)
        .await?;
    Ok(())
}

/// It failed and is tried again.
pub async fn fail(tx: &mut Tx, job: &Taken, next: Timestamp, error: &str) -> Result<(), Error> {
    sql!("UPDATE jobs SET due_at = $3, last_error = $4 WHERE id = $1 AND due_at = $2")
        .bind(job.id)
        .bind(job.lease)
        .bind(next)
        .bind(error)
        .execute(tx)
        .await?;
    Ok(())
}

/// It failed for good.
pub async fn give_up(tx: &mut Tx, job: &Taken, now: Timestamp, error: &str) -> Result<(), Error> {
    sql!("UPDATE jobs SET due_at = NULL, given_up_at = $3, last_error = $4 WHERE id = $1 AND due_at = $2")
        .bind(job.id)
        .bind(job.lease)
        .bind(now)
        .bind(error)
        .execute(tx)
        .await?;
    Ok(())
}

/// Jobs that are due, and jobs that were given up.
pub async fn counts(tx: &mut ReadTx, now: Timestamp) -> Result<(i64, i64), Error> {
    Ok(sql!(
        "SELECT (SELECT COUNT(*) FROM jobs WHERE due_at <= $1),
                (SELECT COUNT(*) FROM jobs WHERE given_up_at IS NOT NULL)"
    )
    .bind(now)
    .one(tx)
    .await?)
}

/// Deletes up to `limit` jobs that were given up before `then`.
pub async fn delete_old(tx: &mut Tx, then: Timestamp, limit: i64) -> Result<u64, Error> {
    Ok(sql!(
        "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE given_up_at < $1 ORDER BY given_up_at LIMIT $2)"
    )
    .bind(then)
    .bind(limit)
    .execute(tx)
    .await?)
}
