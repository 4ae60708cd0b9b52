//! SQL of proofs.
use super::{
    credentials::Hashes,
    limits::{REST, TRIES},
    model::{PasswordlessType, Request, Template, Verified},
};
use crate::{
    db::{FromRow, Queryable, Row, Tx},
    email::Email,
    error::Error,
    ids::{EnvironmentId, PasswordlessRequestId},
    sql,
    time::Timestamp,
    vault::Place,
};

/// Where what a mail is made of is sealed for.
pub const fn place(id: PasswordlessRequestId) -> Place {
    Place { column: "passwordless_requests.content_sealed", row: id.as_i64() }
}

/// A request to be stored.
pub struct NewRow<'a> {
    pub id: PasswordlessRequestId,
    pub request_hash: &'a [u8],
    pub request: &'a Request,
    pub state: Option<&'a str>,
    pub same_browser: bool,
    pub hashes: &'a Hashes,
    pub content_sealed: &'a [u8],
    pub now: Timestamp,
    pub expires_at: Timestamp,
}

/// Adds a request.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, row: &NewRow<'_>) -> Result<(), Error> {
    sql!(
        "INSERT INTO passwordless_requests (environment_id, id, request_hash, email, email_key, type, template, state,
                                            same_browser, code_tag, link_hash, content_sealed, valid_seconds, tries,
                                            created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $15)"
    )
    .bind(env)
    .bind(row.id)
    .bind(row.request_hash)
    .bind(row.request.email.as_str())
    .bind(row.request.email.key())
    .bind(row.request.kind.as_str())
    .bind(row.request.template.as_str())
    .bind(row.state.map(str::to_owned))
    .bind(row.same_browser)
    .bind(row.hashes.code_tag.clone())
    .bind(row.hashes.link_hash.clone())
    .bind(row.content_sealed)
    .bind(i64::from(row.request.valid_seconds))
    .bind(row.now)
    .bind(row.expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// A request that can still succeed.
pub struct Open {
    pub id: PasswordlessRequestId,
    pub request: Request,
    pub content_sealed: Vec<u8>,
}

impl FromRow for Open {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            request: Request {
                email: Email::from_stored(row.next()?, row.next()?),
                kind: PasswordlessType::parse(&row.next::<String>()?)?,
                template: Template::parse(&row.next::<String>()?)?,
                valid_seconds: u32::try_from(row.next::<i64>()?).map_err(Error::internal)?,
            },
            content_sealed: row.next()?,
        })
    }
}

/// The request, unless it was used or has expired.
pub async fn find_open(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    request_hash: &[u8],
    now: Timestamp,
) -> Result<Option<Open>, Error> {
    Ok(sql!(
        "SELECT id, email, email_key, type, template, valid_seconds, content_sealed FROM passwordless_requests
         WHERE environment_id = $1 AND request_hash = $2 AND verified_at IS NULL AND expires_at > $3"
    )
    .bind(env)
    .bind(request_hash)
    .bind(now)
    .optional(tx)
    .await?)
}

/// Gives a request another time, and other credentials if there are any. Tells whether it could still succeed.
pub async fn renew(
    tx: &mut Tx,
    env: EnvironmentId,
    id: PasswordlessRequestId,
    (now, expires_at): (Timestamp, Timestamp),
    (hashes, content_sealed): (&Hashes, &[u8]),
) -> Result<bool, Error> {
    let changed = sql!(
        "UPDATE passwordless_requests SET expires_at = $4, code_tag = $5, link_hash = $6, content_sealed = $7
         WHERE environment_id = $1 AND id = $2 AND verified_at IS NULL AND expires_at > $3"
    )
    .bind(env)
    .bind(id)
    .bind(now)
    .bind(expires_at)
    .bind(hashes.code_tag.clone())
    .bind(hashes.link_hash.clone())
    .bind(content_sealed)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Counts a try of a code, and tells what it shall be compared with. None: there is nothing to try, or it must rest.
pub async fn count_try(
    tx: &mut Tx,
    env: EnvironmentId,
    request_hash: &[u8],
    now: Timestamp,
) -> Result<Option<(PasswordlessRequestId, Vec<u8>)>, Error> {
    Ok(sql!(
        "UPDATE passwordless_requests
         SET tries = CASE WHEN last_try_at > $4 THEN tries + 1 ELSE 1 END, last_try_at = $3
         WHERE environment_id = $1 AND request_hash = $2 AND verified_at IS NULL AND expires_at > $3
           AND code_tag IS NOT NULL AND (tries < $5 OR last_try_at <= $4)
         RETURNING id, code_tag"
    )
    .bind(env)
    .bind(request_hash)
    .bind(now)
    .bind(now.minus(REST))
    .bind(TRIES)
    .optional(tx)
    .await?)
}

/// When the last code of a request that can still succeed was tried.
pub async fn last_try(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    request_hash: &[u8],
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    Ok(sql!(
        "SELECT last_try_at FROM passwordless_requests
         WHERE environment_id = $1 AND request_hash = $2 AND verified_at IS NULL AND expires_at > $3
           AND code_tag IS NOT NULL AND last_try_at IS NOT NULL"
    )
    .bind(env)
    .bind(request_hash)
    .bind(now)
    .optional(tx)
    .await?)
}

impl FromRow for Verified {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            email: row.next()?,
            state: row.next()?,
            template: Template::parse(&row.next::<String>()?)?,
            kind: PasswordlessType::parse(&row.next::<String>()?)?,
        })
    }
}

/// Uses a request up, whose code was the right one.
pub async fn verify(
    tx: &mut Tx,
    env: EnvironmentId,
    id: PasswordlessRequestId,
    now: Timestamp,
) -> Result<Option<Verified>, Error> {
    Ok(sql!(
        "UPDATE passwordless_requests SET verified_at = $3
         WHERE environment_id = $1 AND id = $2 AND verified_at IS NULL AND expires_at > $3
         RETURNING email, state, template, type"
    )
    .bind(env)
    .bind(id)
    .bind(now)
    .optional(tx)
    .await?)
}

/// Uses the request with this link up.
pub async fn verify_link(
    tx: &mut Tx,
    env: EnvironmentId,
    link_hash: &[u8],
    request_hash: Option<Vec<u8>>,
    now: Timestamp,
) -> Result<Option<Verified>, Error> {
    Ok(sql!(
        "UPDATE passwordless_requests SET verified_at = $4
         WHERE environment_id = $1 AND link_hash = $2 AND verified_at IS NULL AND expires_at > $4
           AND (NOT same_browser OR request_hash = $3)
         RETURNING email, state, template, type"
    )
    .bind(env)
    .bind(link_hash)
    .bind(request_hash)
    .bind(now)
    .optional(tx)
    .await?)
}

/// Whether a link could still succeed, in the browser that asked for it.
pub async fn is_open_link(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    link_hash: &[u8],
    now: Timestamp,
) -> Result<bool, Error> {
    let found: Option<i64> = sql!(
        "SELECT id FROM passwordless_requests
         WHERE environment_id = $1 AND link_hash = $2 AND verified_at IS NULL AND expires_at > $3"
    )
    .bind(env)
    .bind(link_hash)
    .bind(now)
    .optional(tx)
    .await?;
    Ok(found.is_some())
}

/// Holds an address until the transaction ends, and tells when mails were sent to it, oldest first.
pub async fn hold_address(
    tx: &mut Tx,
    env: EnvironmentId,
    email_key: &str,
    now: Timestamp,
) -> Result<Vec<Timestamp>, Error> {
    let times: String = sql!(
        "INSERT INTO passwordless_addresses (environment_id, email_key, sent_times, last_sent_at)
         VALUES ($1, $2, '[]', $3)
         ON CONFLICT (environment_id, email_key) DO UPDATE SET last_sent_at = $3
         RETURNING sent_times"
    )
    .bind(env)
    .bind(email_key)
    .bind(now)
    .one(tx)
    .await?;
    let times: Vec<i64> = serde_json::from_str(&times).map_err(Error::internal)?;
    Ok(times.into_iter().map(Timestamp::from_micros).collect())
}

/// Stores when mails were sent to an address that is held.
pub async fn set_sent_times(
    tx: &mut Tx,
    env: EnvironmentId,
    email_key: &str,
    times: &[Timestamp],
    now: Timestamp,
) -> Result<(), Error> {
    let times: Vec<i64> = times.iter().map(|time| time.as_micros()).collect();
    sql!(
        "UPDATE passwordless_addresses SET sent_times = $3, last_sent_at = $4
         WHERE environment_id = $1 AND email_key = $2"
    )
    .bind(env)
    .bind(email_key)
    .bind(serde_json::to_string(&times).map_err(Error::internal)?)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes up to `limit` requests that expired before `time`.
pub async fn delete_expired(tx: &mut Tx, time: Timestamp, limit: i64) -> Result<u64, Error> {
    Ok(sql!(
        "DELETE FROM passwordless_requests WHERE id IN
             (SELECT id FROM passwordless_requests WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"
    )
    .bind(time)
    .bind(limit)
    .execute(tx)
    .await?)
}

/// Deletes up to `limit` addresses to which nothing was sent since `time`.
pub async fn delete_idle_addresses(tx: &mut Tx, time: Timestamp, limit: i64) -> Result<u64, Error> {
    Ok(sql!(
        "DELETE FROM passwordless_addresses WHERE last_sent_at < $1 AND (environment_id, email_key) IN
             (SELECT environment_id, email_key FROM passwordless_addresses WHERE last_sent_at < $1
              ORDER BY last_sent_at LIMIT $2)"
    )
    .bind(time)
    .bind(limit)
    .execute(tx)
    .await?)
}
