//! SQL of mails.
use super::model::{Mail, NewMail, UseCase, Variables};
use crate::{
    app::App,
    db::{FromRow, Queryable, Row, Tx},
    email::Email,
    error::Error,
    ids::{EnvironmentId, MailId, OrganizationId},
    sql,
    time::Timestamp,
    vault::Place,
};

/// Where a mail's content is sealed for.
pub const fn place(id: MailId) -> Place {
    Place { column: "mails.content_sealed", row: id.as_i64() }
}

/// Adds a mail.
pub async fn insert(
    tx: &mut Tx,
    env: EnvironmentId,
    id: MailId,
    mail: &NewMail<'_>,
    sealed: &[u8],
    now: Timestamp,
) -> Result<(), Error> {
    sql!(
        "INSERT INTO mails (environment_id, id, use_case, recipient, content_sealed, created_at, expires_at, organization_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    )
    .bind(env)
    .bind(id)
    .bind(mail.use_case.name())
    .bind(mail.recipient.as_str())
    .bind(sealed)
    .bind(now)
    .bind(mail.expires_at)
    .bind(mail.organization)
    .execute(tx)
    .await?;
    Ok(())
}

/// A row whose content is still sealed.
pub struct Sealed {
    environment: EnvironmentId,
    id: MailId,
    use_case: String,
    recipient: String,
    content: Vec<u8>,
    created_at: Timestamp,
    expires_at: Timestamp,
    sent_at: Option<Timestamp>,
    organization: Option<OrganizationId>,
}

impl FromRow for Sealed {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            environment: row.next()?,
            id: row.next()?,
            use_case: row.next()?,
            recipient: row.next()?,
            content: row.next()?,
            created_at: row.next()?,
            expires_at: row.next()?,
            sent_at: row.next()?,
            organization: row.next()?,
        })
    }
}

impl Sealed {
    /// The mail.
    ///
    /// # Errors
    /// `INTERNAL` if it was sealed under another master key, or by a newer version.
    pub fn open(self, app: &App) -> Result<Mail, Error> {
        let content = app.vault.open(place(self.id), &self.content)?;
        let variables: Variables = serde_json::from_slice(content.expose()).map_err(Error::internal)?;
        let unknown = || Error::internal(format!("unknown use case {}", self.use_case));
        Ok(Mail {
            environment: self.environment,
            id: self.id,
            use_case: UseCase::parse(&self.use_case).ok_or_else(unknown)?,
            recipient: Email::parse(&self.recipient).map_err(Error::internal)?,
            organization: self.organization,
            variables,
            created_at: self.created_at,
            expires_at: self.expires_at,
            sent_at: self.sent_at,
        })
    }
}

/// The mail, unless it was sent or given up.
pub async fn waiting(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: MailId,
) -> Result<Option<Sealed>, Error> {
    Ok(sql!(
        "SELECT environment_id, id, use_case, recipient, content_sealed, created_at, expires_at, sent_at, organization_id
         FROM mails
         WHERE environment_id = $1 AND id = $2 AND sent_at IS NULL AND failed_at IS NULL
           AND content_sealed IS NOT NULL"
    )
    .bind(env)
    .bind(id)
    .optional(tx)
    .await?)
}

/// It was sent; nobody needs its content any more.
pub async fn sent(tx: &mut Tx, env: EnvironmentId, id: MailId, now: Timestamp) -> Result<(), Error> {
    sql!(
        "UPDATE mails SET sent_at = $3, content_sealed = NULL, last_error = NULL WHERE environment_id = $1 AND id = $2"
    )
    .bind(env)
    .bind(id)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// It is in the inbox, where its content can be read.
pub async fn kept(tx: &mut Tx, env: EnvironmentId, id: MailId, now: Timestamp) -> Result<(), Error> {
    sql!("UPDATE mails SET sent_at = $3, last_error = NULL WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// An attempt failed; it is tried again.
pub async fn failed(tx: &mut Tx, env: EnvironmentId, id: MailId, error: &str) -> Result<(), Error> {
    sql!("UPDATE mails SET last_error = $3 WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .bind(error)
        .execute(tx)
        .await?;
    Ok(())
}

/// It is given up. Without `error`, that of the last attempt stays.
pub async fn given_up(
    tx: &mut Tx,
    env: EnvironmentId,
    id: MailId,
    now: Timestamp,
    error: Option<&str>,
) -> Result<(), Error> {
    sql!(
        "UPDATE mails SET failed_at = $3, content_sealed = NULL,
             last_error = COALESCE(CAST($4 AS TEXT), last_error, 'it expired before it could be sent')
         WHERE environment_id = $1 AND id = $2"
    )
    .bind(env)
    .bind(id)
    .bind(now)
    .bind(error)
    .execute(tx)
    .await?;
    Ok(())
}

/// The newest mails with content, of every environment: the inbox is the installation's.
pub async fn newest(tx: &mut impl Queryable, limit: i64) -> Result<Vec<Sealed>, Error> {
    Ok(sql!(
        "SELECT environment_id, id, use_case, recipient, content_sealed, created_at, expires_at, sent_at, organization_id
         FROM mails
         WHERE content_sealed IS NOT NULL ORDER BY id DESC LIMIT $1"
    )
    .bind(limit)
    .all(tx)
    .await?)
}

/// One of them.
pub async fn with_content(tx: &mut impl Queryable, id: MailId) -> Result<Option<Sealed>, Error> {
    Ok(sql!(
        "SELECT environment_id, id, use_case, recipient, content_sealed, created_at, expires_at, sent_at, organization_id
         FROM mails
         WHERE id = $1 AND content_sealed IS NOT NULL"
    )
    .bind(id)
    .optional(tx)
    .await?)
}

/// Forgets the content of up to `limit` mails with smaller ids.
pub async fn forget_content(tx: &mut Tx, below: i64, limit: i64) -> Result<u64, Error> {
    Ok(sql!(
        "UPDATE mails SET content_sealed = NULL, failed_at = CASE WHEN sent_at IS NULL THEN expires_at ELSE failed_at END
         WHERE id IN (SELECT id FROM mails WHERE content_sealed IS NOT NULL AND id < $1 ORDER BY id LIMIT $2)"
    )
    .bind(below)
    .bind(limit)
    .execute(tx)
    .await?)
}

/// Deletes up to `limit` mails with smaller ids.
pub async fn delete_old(tx: &mut Tx, below: i64, limit: i64) -> Result<u64, Error> {
    Ok(sql!("DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE id < $1 ORDER BY id LIMIT $2)")
        .bind(below)
        .bind(limit)
        .execute(tx)
        .await?)
}
