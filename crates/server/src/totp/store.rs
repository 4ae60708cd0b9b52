//! SQL of registrations.
use super::model::{Account, Registration};
use crate::{
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::Error,
    ids::{EnvironmentId, TotpRegistrationId, UserId},
    sql,
    time::Timestamp,
};
use std::time::Duration;

/// Reads the columns that every statement here selects, in their order.
impl FromRow for Registration {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let id = row.next()?;
        let (user, name): (Option<UserId>, Option<String>) = (row.next()?, row.next()?);
        let account = user.map(Account::User).or_else(|| name.map(Account::Named));
        Ok(Self {
            id,
            account: account.ok_or_else(|| Error::internal("a registration for nobody"))?,
            secret_sealed: row.next()?,
            enabled_at: row.next()?,
            created_at: row.next()?,
            updated_at: row.next()?,
        })
    }
}

/// The registration, unless it was not enabled in time.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: TotpRegistrationId,
    now: Timestamp,
) -> Result<Option<Registration>, Error> {
    Ok(sql!(
        "SELECT id, user_id, account_name, secret_sealed, enabled_at, created_at, updated_at FROM totp_registrations
         WHERE environment_id = $1 AND id = $2 AND (expires_at IS NULL OR expires_at > $3)"
    )
    .bind(env)
    .bind(id)
    .bind(now)
    .optional(tx)
    .await?)
}

/// The enabled registration of a user.
pub async fn enabled_of(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    user: UserId,
) -> Result<Option<TotpRegistrationId>, Error> {
    Ok(sql!("SELECT id FROM totp_registrations WHERE environment_id = $1 AND enabled_user_id = $2")
        .bind(env)
        .bind(user)
        .optional(tx)
        .await?)
}

/// Adds a registration that can be enabled until `expires_at`.
pub async fn insert(
    tx: &mut Tx,
    env: EnvironmentId,
    registration: &Registration,
    expires_at: Timestamp,
) -> Result<(), Error> {
    let (user, name) = match &registration.account {
        Account::User(user) => (Some(*user), None),
        Account::Named(name) => (None, Some(name.clone())),
    };
    sql!(
        "INSERT INTO totp_registrations (environment_id, id, user_id, account_name, secret_sealed, expires_at,
             last_step, tries, tries_since, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $7, $7)"
    )
    .bind(env)
    .bind(registration.id)
    .bind(user)
    .bind(name)
    .bind(&registration.secret_sealed)
    .bind(expires_at)
    .bind(registration.created_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes the registrations of a user that are not enabled.
pub async fn delete_pending(tx: &mut Tx, env: EnvironmentId, user: UserId) -> Result<(), Error> {
    sql!("DELETE FROM totp_registrations WHERE environment_id = $1 AND user_id = $2 AND enabled_at IS NULL")
        .bind(env)
        .bind(user)
        .execute(tx)
        .await?;
    Ok(())
}

/// Counts a try, if fewer than `most` were made within `window`, and holds the row. Tells whether it did.
pub async fn count_try(
    tx: &mut Tx,
    env: EnvironmentId,
    id: TotpRegistrationId,
    (most, window): (i64, Duration),
    now: Timestamp,
) -> Result<bool, Error> {
    let counted = sql!(
        "UPDATE totp_registrations
         SET tries = CASE WHEN tries_since <= $4 THEN 1 ELSE tries + 1 END,
             tries_since = CASE WHEN tries = 0 OR tries_since <= $4 THEN $3 ELSE tries_since END
         WHERE environment_id = $1 AND id = $2 AND (tries < $5 OR tries_since <= $4)"
    )
    .bind(env)
    .bind(id)
    .bind(now)
    .bind(now.minus(window))
    .bind(most)
    .execute(tx)
    .await?;
    Ok(counted > 0)
}

/// When the tries of a registration began to be counted.
pub async fn tries_since(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: TotpRegistrationId,
) -> Result<Option<Timestamp>, Error> {
    Ok(sql!("SELECT tries_since FROM totp_registrations WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .optional(tx)
        .await?)
}

/// Takes the code of a step, unless it or a later one was taken. Tells whether it did; then the tries count anew.
pub async fn take_step(
    tx: &mut Tx,
    env: EnvironmentId,
    id: TotpRegistrationId,
    step: i64,
) -> Result<bool, Error> {
    let taken = sql!(
        "UPDATE totp_registrations SET last_step = $3, tries = 0
         WHERE environment_id = $1 AND id = $2 AND last_step < $3"
    )
    .bind(env)
    .bind(id)
    .bind(step)
    .execute(tx)
    .await?;
    Ok(taken > 0)
}

/// Takes a backup code, unless it was taken. Tells whether it did; then the tries count anew.
pub async fn take_backup_code(
    tx: &mut Tx,
    env: EnvironmentId,
    id: TotpRegistrationId,
    hash: Vec<u8>,
    now: Timestamp,
) -> Result<bool, Error> {
    let taken = sql!(
        "UPDATE totp_backup_codes SET used_at = $4
         WHERE environment_id = $1 AND registration_id = $2 AND code_hash = $3 AND used_at IS NULL"
    )
    .bind(env)
    .bind(id)
    .bind(hash)
    .bind(now)
    .execute(tx)
    .await?;
    if taken == 0 {
        return Ok(false);
    }
    sql!("UPDATE totp_registrations SET tries = 0 WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(true)
}

/// Enables a registration. Tells whether it was not before.
pub async fn enable(
    tx: &mut Tx,
    env: EnvironmentId,
    id: TotpRegistrationId,
    now: Timestamp,
) -> Result<bool, Error> {
    let enabled = sql!(
        "UPDATE totp_registrations SET enabled_at = $3, updated_at = $3, enabled_user_id = user_id, expires_at = NULL
         WHERE environment_id = $1 AND id = $2 AND enabled_at IS NULL"
    )
    .bind(env)
    .bind(id)
    .bind(now)
    .execute(tx)
    .await
    .on_unique("totp_registrations_environment_id_enabled_user_id_key", || {
        Error::already_exists("user_id: the user has an enabled registration; disable it first")
    })?;
    Ok(enabled > 0)
}

/// Adds a backup code.
pub async fn insert_backup_code(
    tx: &mut Tx,
    env: EnvironmentId,
    id: TotpRegistrationId,
    hash: Vec<u8>,
) -> Result<(), Error> {
    sql!("INSERT INTO totp_backup_codes (environment_id, registration_id, code_hash) VALUES ($1, $2, $3)")
        .bind(env)
        .bind(id)
        .bind(hash)
        .execute(tx)
        .await?;
    Ok(())
}

/// Deletes a registration. Tells whether it was there.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, id: TotpRegistrationId) -> Result<bool, Error> {
    let deleted = sql!("DELETE FROM totp_registrations WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(deleted > 0)
}

/// Deletes some registrations that were not enabled in time. Tells how many.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64, Error> {
    Ok(sql!(
        "DELETE FROM totp_registrations WHERE id IN (
             SELECT id FROM totp_registrations WHERE expires_at <= $1 LIMIT $2)"
    )
    .bind(now)
    .bind(most)
    .execute(tx)
    .await?)
}
