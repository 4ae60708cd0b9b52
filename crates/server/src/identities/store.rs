//! SQL of identities.
use crate::{
    by_dialect,
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::Error,
    ids::{ConnectionId, EnvironmentId, UserId},
    sql,
    time::Timestamp,
    users::{User, UserRef},
};
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// The user that a provider's person is.
///
/// # Errors
/// Those of the database.
pub async fn user_of(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    connection: ConnectionId,
    subject: &str,
) -> Result<Option<UserId>, Error> {
    Ok(sql!(
        "SELECT user_id FROM identities WHERE environment_id = $1 AND connection_id = $2 AND subject = $3"
    )
    .bind(env)
    .bind(connection)
    .bind(subject)
    .optional(tx)
    .await?)
}

/// Notes that a provider's person is this user, and signs in now. The caller has proof that both have the mailbox. A person
/// who is another user already stays that one.
///
/// # Errors
/// `NOT_FOUND` for a user or a connection that is gone.
pub async fn link(
    tx: &mut Tx,
    env: EnvironmentId,
    connection: ConnectionId,
    subject: &str,
    user: UserId,
    (now, synced): (Timestamp, bool),
) -> Result<(), Error> {
    sql!(
        "INSERT INTO identities (environment_id, connection_id, subject, user_id, created_at, last_login_at,
             last_synced_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6)
         ON CONFLICT (environment_id, connection_id, subject) DO UPDATE SET last_login_at = excluded.last_login_at,
             last_synced_at = COALESCE(excluded.last_synced_at, identities.last_synced_at)"
    )
    .bind(env)
    .bind(connection)
    .bind(subject)
    .bind(user)
    .bind(now)
    .bind(synced.then_some(now))
    .execute(tx)
    .await
    .on_foreign_key(|| User::not_found(&UserRef::Id(user)))?;
    Ok(())
}

/// An identity of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// `conn_…`
    pub connection: ConnectionId,
    /// `OIDC`, …
    pub connection_type: String,
    /// `OKTA`, …
    pub provider: String,
    /// The provider's id of the person.
    pub subject: String,
    /// Whether it is a social provider.
    pub is_social: bool,
    /// When it was linked.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_login_at: Timestamp,
    /// When the profile was last taken over.
    pub last_synced_at: Option<Timestamp>,
}

impl FromRow for Linked {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let (connection, connection_type): (ConnectionId, String) = (row.next()?, row.next()?);
        Ok(Self {
            connection,
            is_social: connection_type == "OAUTH",
            connection_type,
            provider: row.next()?,
            subject: row.next()?,
            created_at: row.next()?,
            last_login_at: row.next()?,
            last_synced_at: row.next()?,
        })
    }
}

macro_rules! of_users {
    ($which:literal) => {
        concat!(
            "SELECT i.user_id, i.connection_id, c.type, c.provider, i.subject, i.created_at, i.last_login_at,
                    i.last_synced_at
             FROM identities i JOIN connections c ON c.id = i.connection_id
             WHERE i.environment_id = $1 AND ",
            $which,
            " ORDER BY i.connection_id, i.subject"
        )
    };
}
/// The identities of these users, the oldest connection first.
///
/// # Errors
/// Those of the database.
pub async fn of_users(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    users: &[UserId],
) -> Result<HashMap<i64, Vec<Linked>>, Error> {
    let mut found: HashMap<i64, Vec<Linked>> = HashMap::new();
    if users.is_empty() {
        return Ok(found);
    }
    let list = users.iter().map(|id| id.as_i64().to_string()).collect::<Vec<_>>().join(",");
    let all: Vec<(i64, Linked)> = by_dialect!(
        postgres: of_users!("i.user_id = ANY (CAST(string_to_array($2, ',') AS BIGINT[]))"),
        sqlite: of_users!("i.user_id IN (SELECT value FROM json_each('[' || $2 || ']'))"),
    )
    .bind(env)
    .bind(&list)
    .all(tx)
    .await?;
    for (user, linked) in all {
        found.entry(user).or_default().push(linked);
    }
    Ok(found)
}

impl FromRow for (i64, Linked) {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok((row.next()?, Linked::from_row(row)?))
    }
}

impl Linked {
    /// As events carry it.
    pub fn event_data(&self) -> Json {
        json!({
            "connection_id": self.connection.to_string(),
            "connection_type": self.connection_type,
            "connection_provider": self.provider,
            "connection_user_id": self.subject,
            "is_social": self.is_social,
            "created_time": self.created_at.to_string(),
            "last_login_time": self.last_login_at.to_string(),
            "last_synced_time": self.last_synced_at.map(|at| at.to_string()),
        })
    }
}
