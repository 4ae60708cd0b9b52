//! SQL of codes, refresh tokens, and what was revoked.
use super::grant::{Grant, NewCode};
use crate::{
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::{Error, Kind},
    ids::{EnvironmentId, GrantId},
    sql,
    time::Timestamp,
};

/// An authorization code that was given out.
#[derive(Debug)]
pub struct Code {
    /// Refresh tokens that it gives have the same.
    pub id: GrantId,
    /// What it stands for.
    pub grant: Grant,
    /// See [`NewCode::redirect_uri`].
    pub redirect_uri: String,
    /// See [`NewCode::code_challenge`].
    pub code_challenge: Option<String>,
    /// When it can no longer be used.
    pub expires_at: Timestamp,
    /// When it was.
    pub used_at: Option<Timestamp>,
}

impl FromRow for Code {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            grant: from_json(row)?,
            redirect_uri: row.next()?,
            code_challenge: row.next()?,
            expires_at: row.next()?,
            used_at: row.next()?,
        })
    }
}

/// The refresh tokens of one grant: each is derived from the seed and its number.
#[derive(Debug)]
pub struct Family {
    /// That of the code.
    pub id: GrantId,
    /// What they stand for.
    pub grant: Grant,
    /// Whether the client got them without its secret.
    pub without_secret: bool,
    /// 256 random bits.
    pub seed: Vec<u8>,
    /// Number of the token that counts.
    pub generation: i64,
    /// Since when it counts.
    pub rotated_at: Timestamp,
    /// When all of them end.
    pub expires_at: Timestamp,
}

impl FromRow for Family {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            grant: from_json(row)?,
            without_secret: row.next()?,
            seed: row.next()?,
            generation: row.next()?,
            rotated_at: row.next()?,
            expires_at: row.next()?,
        })
    }
}

fn from_json(row: &mut Row) -> Result<Grant, Error> {
    serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)
}

fn to_json(grant: &Grant) -> Result<String, Error> {
    serde_json::to_string(grant).map_err(Error::internal)
}

/// Adds a code, with the consent that it rests on, if there is one.
pub async fn insert_code(
    tx: &mut Tx,
    env: EnvironmentId,
    id: GrantId,
    code: &NewCode,
    (hash, expires_at): (Vec<u8>, Timestamp),
) -> Result<(), Error> {
    let membership = code.grant.subject.membership();
    sql!(
        "INSERT INTO authorization_codes (environment_id, id, code_hash, client_id, session_id, organization_id,
             consent_id, granted, redirect_uri, code_challenge, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6,
             (SELECT id FROM consents WHERE environment_id = $1 AND client_id = $4 AND external_user_id = $7),
             $8, $9, $10, $11)"
    )
    .bind(env)
    .bind(id)
    .bind(hash)
    .bind(code.grant.client.as_i64())
    .bind(membership.map(|(session, _)| session))
    .bind(membership.map(|(_, organization)| organization))
    .bind(code.grant.subject.sub())
    .bind(to_json(&code.grant)?)
    .bind(&code.redirect_uri)
    .bind(&code.code_challenge)
    .bind(expires_at)
    .execute(tx)
    .await
    .on_foreign_key(|| {
        Error::new(Kind::FailedPrecondition, "the client, or the user's part in the session, is gone")
    })?;
    Ok(())
}

/// The code with this hash.
pub async fn find_code(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    hash: Vec<u8>,
) -> Result<Option<Code>, Error> {
    Ok(sql!(
        "SELECT id, granted, redirect_uri, code_challenge, expires_at, used_at FROM authorization_codes
         WHERE environment_id = $1 AND code_hash = $2"
    )
    .bind(env)
    .bind(hash)
    .optional(tx)
    .await?)
}

/// Uses a code. Tells whether it could be used, which is so once.
pub async fn use_code(tx: &mut Tx, env: EnvironmentId, id: GrantId, now: Timestamp) -> Result<bool, Error> {
    let used = sql!(
        "UPDATE authorization_codes SET used_at = $3
         WHERE environment_id = $1 AND id = $2 AND used_at IS NULL AND expires_at > $3"
    )
    .bind(env)
    .bind(id)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(used > 0)
}

/// Begins the refresh tokens of a code. They rest on the same consent.
pub async fn insert_family(tx: &mut Tx, env: EnvironmentId, family: &Family) -> Result<(), Error> {
    let membership = family.grant.subject.membership();
    sql!(
        "INSERT INTO refresh_tokens (environment_id, id, client_id, session_id, organization_id, consent_id, granted,
             without_secret, seed, generation, rotated_at, expires_at)
         VALUES ($1, $2, $3, $4, $5,
             (SELECT consent_id FROM authorization_codes WHERE environment_id = $1 AND id = $2),
             $6, $7, $8, $9, $10, $11)"
    )
    .bind(env)
    .bind(family.id)
    .bind(family.grant.client.as_i64())
    .bind(membership.map(|(session, _)| session))
    .bind(membership.map(|(_, organization)| organization))
    .bind(to_json(&family.grant)?)
    .bind(family.without_secret)
    .bind(&family.seed)
    .bind(family.generation)
    .bind(family.rotated_at)
    .bind(family.expires_at)
    .execute(tx)
    .await
    .on_foreign_key(|| Error::new(Kind::Aborted, "the client or the session went at the same time"))?;
    Ok(())
}

/// The refresh tokens of a grant.
pub async fn find_family(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: GrantId,
) -> Result<Option<Family>, Error> {
    Ok(sql!(
        "SELECT id, granted, without_secret, seed, generation, rotated_at, expires_at FROM refresh_tokens
         WHERE environment_id = $1 AND id = $2"
    )
    .bind(env)
    .bind(id)
    .optional(tx)
    .await?)
}

/// Puts the next token in the place of this one. Tells whether it counted, which is so once.
pub async fn rotate(
    tx: &mut Tx,
    env: EnvironmentId,
    id: GrantId,
    generation: i64,
    now: Timestamp,
) -> Result<bool, Error> {
    let rotated = sql!(
        "UPDATE refresh_tokens SET generation = generation + 1, rotated_at = $4
         WHERE environment_id = $1 AND id = $2 AND generation = $3 AND expires_at > $4"
    )
    .bind(env)
    .bind(id)
    .bind(generation)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(rotated > 0)
}

/// Ends the refresh tokens of a grant. Tells whether there were any.
pub async fn delete_family(tx: &mut Tx, env: EnvironmentId, id: GrantId) -> Result<bool, Error> {
    let deleted = sql!("DELETE FROM refresh_tokens WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(deleted > 0)
}

/// Stores that a client's access tokens of this holder are dead: those issued until `now`, or the one whose id it is.
pub async fn revoke(
    tx: &mut Tx,
    env: EnvironmentId,
    (client, holder): (i64, &str),
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<(), Error> {
    sql!(
        "INSERT INTO revoked_tokens (environment_id, client_id, holder, revoked_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (environment_id, client_id, holder) DO UPDATE SET revoked_at = $4, expires_at = $5"
    )
    .bind(env)
    .bind(client)
    .bind(holder)
    .bind(now)
    .bind(expires_at)
    .execute(tx)
    .await
    .on_foreign_key(|| Error::new(Kind::Aborted, "the client went at the same time"))?;
    Ok(())
}

/// Whether an access token that was issued at `issued_at` is dead, by its id or by its holder.
pub async fn is_revoked(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    client: i64,
    (id, holder): (&str, &str),
    issued_at: Timestamp,
) -> Result<bool, Error> {
    let found: Option<i64> = sql!(
        "SELECT client_id FROM revoked_tokens
         WHERE environment_id = $1 AND client_id = $2 AND holder IN ($3, $4) AND revoked_at >= $5 LIMIT 1"
    )
    .bind(env)
    .bind(client)
    .bind(id)
    .bind(holder)
    .bind(issued_at)
    .optional(tx)
    .await?;
    Ok(found.is_some())
}

/// Deletes some codes that were over at `then`. Tells how many.
pub async fn delete_old_codes(tx: &mut Tx, then: Timestamp, most: i64) -> Result<u64, Error> {
    Ok(sql!(
        "DELETE FROM authorization_codes WHERE id IN (
             SELECT id FROM authorization_codes WHERE expires_at < $1 LIMIT $2)"
    )
    .bind(then)
    .bind(most)
    .execute(tx)
    .await?)
}

/// Deletes some refresh tokens that were over at `then`. Tells how many.
pub async fn delete_old_families(tx: &mut Tx, then: Timestamp, most: i64) -> Result<u64, Error> {
    Ok(sql!(
        "DELETE FROM refresh_tokens WHERE id IN (SELECT id FROM refresh_tokens WHERE expires_at < $1 LIMIT $2)"
    )
    .bind(then)
    .bind(most)
    .execute(tx)
    .await?)
}

/// Forgets some revocations of what had expired at `then`. Tells how many.
pub async fn delete_old_revocations(tx: &mut Tx, then: Timestamp, most: i64) -> Result<u64, Error> {
    Ok(sql!(
        "DELETE FROM revoked_tokens WHERE (environment_id, client_id, holder) IN (
             SELECT environment_id, client_id, holder FROM revoked_tokens WHERE expires_at < $1 LIMIT $2)"
    )
    .bind(then)
    .bind(most)
    .execute(tx)
    .await?)
}
