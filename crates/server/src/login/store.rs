//! SQL of sign-ins.
use super::sign_in::{Progress, SignIn};
use crate::{
    clients::{Client, ClientId},
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::Error,
    ids::{AuthRequestId, EnvironmentId},
    sql,
    time::Timestamp,
};

impl FromRow for SignIn {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let (id, browser_hash, client, is_resources) =
            (row.next()?, row.next()?, row.next()?, row.next::<bool>()?);
        Ok(Self {
            id,
            browser_hash,
            client: if is_resources {
                ClientId::Resource(crate::ids::Id::from_i64(client))
            } else {
                ClientId::Application(crate::ids::Id::from_i64(client))
            },
            request: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
            progress: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
            version: row.next()?,
            created_at: row.next()?,
            expires_at: row.next()?,
            finished_at: row.next()?,
        })
    }
}

/// Adds a sign-in.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, sign_in: &SignIn) -> Result<(), Error> {
    sql!(
        "INSERT INTO sign_ins (environment_id, id, browser_hash, client_id, request, progress, version, created_at,
             expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    )
    .bind(env)
    .bind(sign_in.id)
    .bind(sign_in.browser_hash.clone())
    .bind(sign_in.client.as_i64())
    .bind(json(&sign_in.request)?)
    .bind(json(&sign_in.progress)?)
    .bind(sign_in.version)
    .bind(sign_in.created_at)
    .bind(sign_in.expires_at)
    .execute(tx)
    .await
    .on_foreign_key(|| Client::not_found(sign_in.client))?;
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::internal)
}

/// One sign-in, whatever became of it.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: AuthRequestId,
) -> Result<Option<SignIn>, Error> {
    Ok(sql!(
        "SELECT s.id, s.browser_hash, s.client_id, c.type = 'RESOURCE', s.request, s.progress, s.version, s.created_at,
                s.expires_at, s.finished_at
         FROM sign_ins s JOIN clients c ON c.id = s.client_id
         WHERE s.environment_id = $1 AND s.id = $2"
    )
    .bind(env)
    .bind(id)
    .optional(tx)
    .await?)
}

/// Stores the next step, if nobody took one since the sign-in was read. Tells whether it did.
pub async fn advance(
    tx: &mut Tx,
    env: EnvironmentId,
    sign_in: &SignIn,
    next: &Progress,
    now: Timestamp,
) -> Result<bool, Error> {
    let advanced = sql!(
        "UPDATE sign_ins SET progress = $5, version = version + 1
         WHERE environment_id = $1 AND id = $2 AND version = $3 AND finished_at IS NULL AND expires_at > $4"
    )
    .bind(env)
    .bind(sign_in.id)
    .bind(sign_in.version)
    .bind(now)
    .bind(json(next)?)
    .execute(tx)
    .await?;
    Ok(advanced > 0)
}

/// Stores what the page says, if nobody took a step since the sign-in was read.
pub async fn note(
    tx: &mut Tx,
    env: EnvironmentId,
    sign_in: &SignIn,
    next: &Progress,
    now: Timestamp,
) -> Result<(), Error> {
    sql!(
        "UPDATE sign_ins SET progress = $5
         WHERE environment_id = $1 AND id = $2 AND version = $3 AND finished_at IS NULL AND expires_at > $4"
    )
    .bind(env)
    .bind(sign_in.id)
    .bind(sign_in.version)
    .bind(now)
    .bind(json(next)?)
    .execute(tx)
    .await?;
    Ok(())
}

/// Lets another browser go on, if nobody took a step since the sign-in was read. Tells whether it did.
pub async fn move_to(
    tx: &mut Tx,
    env: EnvironmentId,
    sign_in: &SignIn,
    browser_hash: Vec<u8>,
) -> Result<bool, Error> {
    let moved = sql!(
        "UPDATE sign_ins SET browser_hash = $4
         WHERE environment_id = $1 AND id = $2 AND version = $3 AND finished_at IS NULL"
    )
    .bind(env)
    .bind(sign_in.id)
    .bind(sign_in.version)
    .bind(browser_hash)
    .execute(tx)
    .await?;
    Ok(moved > 0)
}

/// Ends a sign-in, if nobody took a step since it was read. Tells whether it did.
pub async fn finish(
    tx: &mut Tx,
    env: EnvironmentId,
    sign_in: &SignIn,
    now: Timestamp,
) -> Result<bool, Error> {
    let finished = sql!(
        "UPDATE sign_ins SET finished_at = $4, version = version + 1
         WHERE environment_id = $1 AND id = $2 AND version = $3 AND finished_at IS NULL AND expires_at > $4"
    )
    .bind(env)
    .bind(sign_in.id)
    .bind(sign_in.version)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(finished > 0)
}

/// Deletes some sign-ins that ended before `time`. Tells how many.
pub async fn delete_old(tx: &mut Tx, time: Timestamp, most: i64) -> Result<u64, Error> {
    Ok(sql!("DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE expires_at <= $1 LIMIT $2)")
        .bind(time)
        .bind(most)
        .execute(tx)
        .await?)
}

/// Opens a sign-in again that this transaction has ended, at another step.
pub async fn reopen(tx: &mut Tx, env: EnvironmentId, sign_in: &SignIn, next: &Progress) -> Result<(), Error> {
    sql!("UPDATE sign_ins SET finished_at = NULL, progress = $3 WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(sign_in.id)
        .bind(json(next)?)
        .execute(tx)
        .await?;
    Ok(())
}
