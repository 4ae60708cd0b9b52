//! SQL of passkeys.
use super::model::{Flags, NewPasskey, Passkey};
use crate::{
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::Error,
    ids::{CredentialId, EnvironmentId, UserId},
    sessions::{Device, Location},
    sql,
    time::Timestamp,
    user_agent::UserAgent,
};

/// Reads the columns that every statement here selects, in their order.
impl FromRow for Passkey {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            display_name: row.next()?,
            created_at: row.next()?,
            updated_at: row.next()?,
            last_used_at: row.next()?,
            credential: NewPasskey {
                user: row.next()?,
                raw_id: row.next()?,
                verifier: row.next()?,
                attestation_type: row.next()?,
                aaguid: row.next()?,
                attachment: row.next()?,
                transports: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
                flags: Flags {
                    user_present: row.next()?,
                    user_verified: row.next()?,
                    backup_eligible: row.next()?,
                    backup_state: row.next()?,
                },
                device: device(row)?,
            },
        })
    }
}

fn device(row: &mut Row) -> Result<Device, Error> {
    let agent = UserAgent {
        raw: row.next()?,
        os: row.next()?,
        os_version: row.next()?,
        browser: row.next()?,
        browser_version: row.next()?,
        device_type: row.next()?,
    };
    let ip = row.next()?;
    let location = Location {
        region: row.next()?,
        region_subdivision: row.next()?,
        city: row.next()?,
        ..Location::default()
    };
    Ok(Device { agent, ip, location })
}

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT id, display_name, created_at, updated_at, last_used_at, user_id, raw_id, verifier, attestation_type, aaguid,
                    attachment, transports, user_present, user_verified, backup_eligible, backup_state, user_agent,
                    os, os_version, browser, browser_version, device_type, ip_address, region, region_subdivision, city
             FROM passkeys WHERE environment_id = $1 ",
            $rest
        ))
    };
}

/// One passkey.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: CredentialId,
) -> Result<Option<Passkey>, Error> {
    Ok(select!("AND id = $2").bind(env).bind(id).optional(tx).await?)
}

/// The passkey with this credential id of WebAuthn.
pub async fn find_by_raw_id(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    raw_id: &[u8],
) -> Result<Option<Passkey>, Error> {
    Ok(select!("AND raw_id = $2").bind(env).bind(raw_id).optional(tx).await?)
}

/// The passkeys of a user, the newest first.
pub async fn of_user(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    user: UserId,
) -> Result<Vec<Passkey>, Error> {
    Ok(select!("AND user_id = $2 ORDER BY id DESC").bind(env).bind(user).all(tx).await?)
}

/// Whether the user has a passkey.
pub async fn has_any(tx: &mut impl Queryable, env: EnvironmentId, user: UserId) -> Result<bool, Error> {
    let found: Option<i64> =
        sql!("SELECT id FROM passkeys WHERE environment_id = $1 AND user_id = $2 ORDER BY id LIMIT 1")
            .bind(env)
            .bind(user)
            .optional(tx)
            .await?;
    Ok(found.is_some())
}

/// Adds a passkey.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, passkey: &Passkey) -> Result<(), Error> {
    let (new, agent) = (&passkey.credential, &passkey.credential.device.agent);
    let location = &new.device.location;
    sql!(
        "INSERT INTO passkeys (environment_id, id, user_id, raw_id, verifier, attestation_type, aaguid, attachment,
             transports, user_present, user_verified, backup_eligible, backup_state, display_name, user_agent, os,
             os_version, browser, browser_version, device_type, ip_address, region, region_subdivision, city,
             created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
             $23, $24, $25, $25)"
    )
    .bind(env)
    .bind(passkey.id)
    .bind(new.user)
    .bind(&new.raw_id)
    .bind(&new.verifier)
    .bind(&new.attestation_type)
    .bind(&new.aaguid)
    .bind(&new.attachment)
    .bind(serde_json::to_string(&new.transports).map_err(Error::internal)?)
    .bind(new.flags.user_present)
    .bind(new.flags.user_verified)
    .bind(new.flags.backup_eligible)
    .bind(new.flags.backup_state)
    .bind(&passkey.display_name)
    .bind(&agent.raw)
    .bind(&agent.os)
    .bind(&agent.os_version)
    .bind(&agent.browser)
    .bind(&agent.browser_version)
    .bind(&agent.device_type)
    .bind(&new.device.ip)
    .bind(&location.region)
    .bind(&location.region_subdivision)
    .bind(&location.city)
    .bind(passkey.created_at)
    .execute(tx)
    .await
    .on_unique("passkeys_raw_id_key", || Error::already_exists("credential_id: it is registered already"))
    .on_foreign_key(|| Error::not_found(format!("user {}", new.user)))?;
    Ok(())
}

/// Renames a passkey. Tells whether it is there.
pub async fn rename(
    tx: &mut Tx,
    env: EnvironmentId,
    id: CredentialId,
    display_name: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let renamed =
        sql!("UPDATE passkeys SET display_name = $3, updated_at = $4 WHERE environment_id = $1 AND id = $2")
            .bind(env)
            .bind(id)
            .bind(display_name)
            .bind(now)
            .execute(tx)
            .await?;
    Ok(renamed > 0)
}

/// Stores that a passkey was used, unless its verifier has changed since it was read. Tells whether it did.
pub async fn put_use(
    tx: &mut Tx,
    env: EnvironmentId,
    passkey: &Passkey,
    verifier_before: &str,
) -> Result<bool, Error> {
    let put = sql!(
        "UPDATE passkeys SET verifier = $4, backup_state = $5, last_used_at = $6
         WHERE environment_id = $1 AND id = $2 AND verifier = $3"
    )
    .bind(env)
    .bind(passkey.id)
    .bind(verifier_before)
    .bind(&passkey.credential.verifier)
    .bind(passkey.credential.flags.backup_state)
    .bind(passkey.last_used_at)
    .execute(tx)
    .await?;
    Ok(put > 0)
}

/// Deletes a passkey. Tells whether it was there.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, id: CredentialId) -> Result<bool, Error> {
    let deleted = sql!("DELETE FROM passkeys WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(deleted > 0)
}
