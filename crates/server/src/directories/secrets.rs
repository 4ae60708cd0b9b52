//! Secrets of directories: bearer tokens with which providers call the SCIM endpoint.
use super::{ops, store};
use crate::{
    ctx::Ctx,
    db::{FromRow, Queryable, Row, Tx},
    entropy,
    error::Error,
    ids::{DirectoryId, DirectorySecretId, EnvironmentId, OrganizationId},
    secret::Secret,
    sql,
    time::Timestamp,
    vault,
};
use std::time::Duration;

const VALID_FOR: Duration = Duration::from_secs(365 * 86_400);

/// A secret's record, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectorySecret {
    /// `sks_…`
    pub id: DirectorySecretId,
    /// The last four characters, by which people tell secrets apart.
    pub suffix: String,
    /// Whether it was not replaced.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

impl FromRow for DirectorySecret {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            suffix: row.next()?,
            active: row.next()?,
            created_at: row.next()?,
            expires_at: row.next()?,
            last_used_at: row.next()?,
        })
    }
}

impl DirectorySecret {
    /// Whether it opens the endpoint.
    pub fn works(&self, now: Timestamp) -> bool {
        self.active && !self.expires_at.is_past(now)
    }
}

/// Makes a secret, beside those that there are or, with `replace`, in place of them: they stop working at once. The
/// value is shown this once.
///
/// # Errors
/// `NOT_FOUND`
pub async fn create(
    ctx: &Ctx,
    organization: OrganizationId,
    id: DirectoryId,
    replace: bool,
) -> Result<(Secret<String>, DirectorySecret), Error> {
    let env = ctx.environment().id;
    // 256 random bits with a prefix that scanners find.
    let plain = Secret::new(format!("gwd_{}", entropy::token()?));
    let text = plain.expose();
    let now = ctx.now();
    let secret = DirectorySecret {
        id: ctx.new_id(),
        suffix: text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned(),
        active: true,
        created_at: now,
        expires_at: now.plus(VALID_FOR),
        last_used_at: None,
    };
    let hash = vault::hash(text);
    let mut tx = ctx.db().write().await?;
    let found = store::find_for_update(&mut tx, env, organization, id).await?;
    found.ok_or_else(|| ops::not_found(organization, id))?;
    if replace {
        sql!("UPDATE directory_secrets SET active = $3 WHERE environment_id = $1 AND directory_id = $2")
            .bind(env)
            .bind(id)
            .bind(false)
            .execute(&mut tx)
            .await?;
    }
    insert(&mut tx, env, id, &secret, &hash).await?;
    tx.commit().await?;
    Ok((plain, secret))
}

async fn insert(
    tx: &mut Tx,
    env: EnvironmentId,
    directory: DirectoryId,
    secret: &DirectorySecret,
    hash: &[u8],
) -> Result<(), Error> {
    sql!(
        "INSERT INTO directory_secrets (environment_id, id, directory_id, secret_hash, suffix, active, created_at,
             expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    )
    .bind(env)
    .bind(secret.id)
    .bind(directory)
    .bind(hash)
    .bind(&secret.suffix)
    .bind(secret.active)
    .bind(secret.created_at)
    .bind(secret.expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// The directory's secrets, newest first.
pub async fn of(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    directory: DirectoryId,
) -> Result<Vec<DirectorySecret>, Error> {
    Ok(sql!(
        "SELECT id, suffix, active, created_at, expires_at, last_used_at FROM directory_secrets
         WHERE environment_id = $1 AND directory_id = $2 ORDER BY id DESC"
    )
    .bind(env)
    .bind(directory)
    .all(tx)
    .await?)
}
