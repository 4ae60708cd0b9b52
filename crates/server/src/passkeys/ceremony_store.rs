//! SQL of ceremonies: registrations and sign-ins that have begun.
use crate::{
    db::{OnViolation as _, Tx},
    error::Error,
    ids::{EnvironmentId, UserId},
    sql,
    time::Timestamp,
};

/// For whom a ceremony was begun: nobody else finishes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A registration for this user.
    User(UserId),
    /// A sign-in in this browser, perhaps only of the user with this address.
    Browser {
        /// SHA-256 of its cookie.
        hash: Vec<u8>,
        /// The address, folded.
        email_key: Option<String>,
    },
}

/// A ceremony that has begun.
#[derive(Debug)]
pub struct Ceremony {
    /// 32 random bytes, its id.
    pub challenge: Vec<u8>,
    /// For whom.
    pub bound: Bound,
    /// JSON of webauthn-rs.
    pub state: String,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// Adds a ceremony.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, ceremony: &Ceremony) -> Result<(), Error> {
    let (user, hash, email_key) = match &ceremony.bound {
        Bound::User(user) => (Some(*user), None, None),
        Bound::Browser { hash, email_key } => (None, Some(hash.clone()), email_key.clone()),
    };
    sql!(
        "INSERT INTO passkey_ceremonies (environment_id, challenge, user_id, browser_hash, email_key, state, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)"
    )
    .bind(env)
    .bind(&ceremony.challenge)
    .bind(user)
    .bind(hash)
    .bind(email_key)
    .bind(&ceremony.state)
    .bind(ceremony.expires_at)
    .execute(tx)
    .await
    .on_foreign_key(|| Error::not_found("this user"))?;
    Ok(())
}

/// Takes the registration of a user: it is there once.
pub async fn take_registration(
    tx: &mut Tx,
    env: EnvironmentId,
    challenge: &[u8],
    user: UserId,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    Ok(sql!(
        "DELETE FROM passkey_ceremonies
         WHERE environment_id = $1 AND challenge = $2 AND user_id = $3 AND expires_at > $4 RETURNING state"
    )
    .bind(env)
    .bind(challenge)
    .bind(user)
    .bind(now)
    .optional(tx)
    .await?)
}

/// Takes the sign-in of a browser: it is there once. Answers with its state, and the address of the only user that it is
/// for.
pub async fn take_authentication(
    tx: &mut Tx,
    env: EnvironmentId,
    challenge: &[u8],
    browser_hash: &[u8],
    now: Timestamp,
) -> Result<Option<(String, Option<String>)>, Error> {
    Ok(sql!(
        "DELETE FROM passkey_ceremonies
         WHERE environment_id = $1 AND challenge = $2 AND browser_hash = $3 AND expires_at > $4
         RETURNING state, email_key"
    )
    .bind(env)
    .bind(challenge)
    .bind(browser_hash)
    .bind(now)
    .optional(tx)
    .await?)
}

/// Deletes some of those that are over. Tells how many.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64, Error> {
    Ok(sql!(
        "DELETE FROM passkey_ceremonies WHERE expires_at <= $1 AND challenge IN (
             SELECT challenge FROM passkey_ceremonies WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)"
    )
    .bind(now)
    .bind(most)
    .execute(tx)
    .await?)
}
