//! SQL of API keys.
use super::model::{ApiToken, Key, NewApiToken, TokenUser};
use crate::{
    db::{FromRow, OnViolation as _, Queryable, Row, Sql, Tx},
    error::Error,
    ids::{ApiTokenId, EnvironmentId, OrganizationId, UserId},
    paging, sql,
    time::Timestamp,
};
use std::collections::{BTreeMap, HashMap};

/// A key with what only the server knows of it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What validation tells; roles are not read yet.
    pub token: ApiToken,
    /// SHA-256 of it.
    pub hash: Vec<u8>,
    revoked_at: Option<Timestamp>,
    membership: Option<String>,
}

impl Stored {
    /// Whether it can be used.
    pub fn is_active(&self, now: Timestamp) -> bool {
        let is_expired = self.token.expires_at.is_some_and(|at| at.is_past(now));
        let is_member = self.membership.as_deref() != Some("INACTIVE");
        self.revoked_at.is_none() && !is_expired && is_member
    }
}

/// Reads the columns that every statement here selects, in their order.
impl FromRow for Stored {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let (id, organization) = (row.next()?, row.next()?);
        let organization_external_id = row.next()?;
        let user: Option<UserId> = row.next()?;
        let (external_id, email): (Option<String>, Option<String>) = (row.next()?, row.next()?);
        let user =
            user.map(|id| TokenUser { id, external_id, email: email.unwrap_or_default(), roles: Vec::new() });
        let membership = row.next()?;
        Ok(Self {
            token: ApiToken {
                id,
                organization,
                organization_external_id,
                user,
                custom_claims: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
                description: row.next()?,
                suffix: row.next()?,
                created_at: row.next()?,
                expires_at: row.next()?,
            },
            hash: row.next()?,
            revoked_at: row.next()?,
            membership,
        })
    }
}

macro_rules! select {
    ($rest:expr) => {
        sql!(concat!(
            "SELECT t.id, t.organization_id, o.external_id, t.user_id, u.external_id, u.email, m.status,
                    t.custom_claims, t.description, t.suffix, t.created_at, t.expires_at, t.token_hash, t.revoked_at
             FROM api_tokens t
             JOIN organizations o ON o.id = t.organization_id
             LEFT JOIN users u ON u.id = t.user_id
             LEFT JOIN memberships m ON m.environment_id = t.environment_id
                 AND m.organization_id = t.organization_id AND m.user_id = t.user_id
             WHERE t.environment_id = $1 ",
            $rest
        ))
    };
}

/// Which keys a list has: active ones of an organization, or of one user in it.
macro_rules! listed {
    ($head:ident, $of:literal, $rest:literal) => {
        $head!(concat!(
            "AND t.organization_id = $2 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $3)
             AND (t.user_id IS NULL OR m.status <> 'INACTIVE') ",
            $of,
            $rest
        ))
    };
}

/// The key that `which` names, dead or alive.
pub async fn find(tx: &mut impl Queryable, env: EnvironmentId, which: Key) -> Result<Option<Stored>, Error> {
    let statement = match which {
        Key::Id(id) => select!("AND t.id = $2").bind(env).bind(id),
        Key::Hash(hash) => select!("AND t.token_hash = $2").bind(env).bind(hash),
    };
    Ok(statement.optional(tx).await?)
}

/// The names of the roles that the users of these keys have in the organization, by the key's number.
pub async fn roles(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
    tokens: impl Iterator<Item = ApiTokenId> + Clone,
) -> Result<HashMap<i64, Vec<String>>, Error> {
    let numbers = tokens.map(|id| id.as_i64());
    let (Some(first), Some(last)) = (numbers.clone().min(), numbers.max()) else {
        return Ok(HashMap::new());
    };
    let rows: Vec<(i64, String)> = sql!(
        "SELECT t.id, r.name
         FROM api_tokens t
         JOIN membership_roles a ON a.environment_id = t.environment_id
             AND a.organization_id = t.organization_id AND a.user_id = t.user_id
         JOIN roles r ON r.id = a.role_id
         WHERE t.environment_id = $1 AND t.organization_id = $2 AND t.id >= $3 AND t.id <= $4
           AND t.revoked_at IS NULL
         ORDER BY r.id"
    )
    .bind(env)
    .bind(organization)
    .bind(first)
    .bind(last)
    .all(tx)
    .await?;
    let mut roles: HashMap<i64, Vec<String>> = HashMap::new();
    for (token, name) in rows {
        roles.entry(token).or_default().push(name);
    }
    Ok(roles)
}

/// Whether there is such a user, and the status of its membership in the organization.
pub async fn membership(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<Option<String>>, Error> {
    Ok(sql!(
        "SELECT m.status FROM users u
         LEFT JOIN memberships m ON m.environment_id = u.environment_id AND m.user_id = u.id AND m.organization_id = $3
         WHERE u.environment_id = $1 AND u.id = $2"
    )
    .bind(env)
    .bind(user)
    .bind(organization)
    .optional(tx)
    .await?)
}

/// Adds a key.
pub async fn insert(
    tx: &mut Tx,
    env: EnvironmentId,
    id: ApiTokenId,
    (hash, suffix): ([u8; 32], &str),
    new: &NewApiToken,
    now: Timestamp,
) -> Result<(), Error> {
    sql!(
        "INSERT INTO api_tokens (environment_id, id, organization_id, user_id, token_hash, suffix, description,
                                 custom_claims, created_at, updated_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)"
    )
    .bind(env)
    .bind(id)
    .bind(new.organization)
    .bind(new.user)
    .bind(hash)
    .bind(suffix)
    .bind(Some(&new.description).filter(|text| !text.is_empty()).cloned())
    .bind(to_json(&new.custom_claims)?)
    .bind(now)
    .bind(new.expires_at)
    .execute(tx)
    .await
    .on_foreign_key(|| Error::not_found("the organization, or the user's membership in it,"))?;
    Ok(())
}

fn to_json(claims: &BTreeMap<String, String>) -> Result<String, Error> {
    serde_json::to_string(claims).map_err(Error::internal)
}

/// Holds a key until the transaction ends, so that changes come one after the other on PostgreSQL too.
pub async fn lock(tx: &mut Tx, env: EnvironmentId, which: Key) -> Result<bool, Error> {
    let statement = match which {
        Key::Id(id) => {
            sql!("UPDATE api_tokens SET updated_at = updated_at WHERE environment_id = $1 AND id = $2")
                .bind(env)
                .bind(id)
        }
        Key::Hash(hash) => sql!(
            "UPDATE api_tokens SET updated_at = updated_at WHERE environment_id = $1 AND token_hash = $2"
        )
        .bind(env)
        .bind(hash),
    };
    Ok(statement.execute(tx).await? > 0)
}

/// Stores description and claims.
pub async fn update(tx: &mut Tx, env: EnvironmentId, token: &ApiToken, now: Timestamp) -> Result<(), Error> {
    sql!(
        "UPDATE api_tokens SET description = $3, custom_claims = $4, updated_at = $5
         WHERE environment_id = $1 AND id = $2"
    )
    .bind(env)
    .bind(token.id)
    .bind(&token.description)
    .bind(to_json(&token.custom_claims)?)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// Ends a key for good, if that was not done before.
pub async fn revoke(tx: &mut Tx, env: EnvironmentId, id: ApiTokenId, now: Timestamp) -> Result<(), Error> {
    sql!(
        "UPDATE api_tokens SET revoked_at = $3, updated_at = $3
         WHERE environment_id = $1 AND id = $2 AND revoked_at IS NULL"
    )
    .bind(env)
    .bind(id)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// One page of the active keys of an organization, or of one user in it, in the order of the window.
pub async fn page(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    (organization, user): (OrganizationId, Option<UserId>),
    now: Timestamp,
    window: paging::Window,
) -> Result<Vec<Stored>, Error> {
    use paging::From::{After, Before, Newest};
    let from = match window.from {
        After(id) | Before(id) => id,
        Newest => i64::MAX,
    };
    let statement = match (user, window.from) {
        (None, After(_)) => listed!(select, "", "AND t.id > $4 ORDER BY t.id LIMIT $5"),
        (None, _) => listed!(select, "", "AND t.id < $4 ORDER BY t.id DESC LIMIT $5"),
        (Some(_), After(_)) => {
            listed!(select, "AND t.user_id = $6 ", "AND t.id > $4 ORDER BY t.id LIMIT $5")
        }
        (Some(_), _) => {
            listed!(select, "AND t.user_id = $6 ", "AND t.id < $4 ORDER BY t.id DESC LIMIT $5")
        }
    };
    let statement = statement.bind(env).bind(organization).bind(now).bind(from).bind(window.limit());
    Ok(bind_user(statement, user).all(tx).await?)
}

macro_rules! counted {
    ($rest:expr) => {
        sql!(concat!(
            "SELECT COUNT(*) FROM api_tokens t
             LEFT JOIN memberships m ON m.environment_id = t.environment_id
                 AND m.organization_id = t.organization_id AND m.user_id = t.user_id
             WHERE t.environment_id = $1 ",
            $rest
        ))
    };
}

/// How many of them there are.
pub async fn count(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    (organization, user): (OrganizationId, Option<UserId>),
    now: Timestamp,
) -> Result<i64, Error> {
    let statement = match user {
        None => listed!(counted, "", ""),
        Some(_) => listed!(counted, "AND t.user_id = $4", ""),
    };
    Ok(bind_user(statement.bind(env).bind(organization).bind(now), user).one(tx).await?)
}

fn bind_user(statement: Sql, user: Option<UserId>) -> Sql {
    match user {
        Some(user) => statement.bind(user),
        None => statement,
    }
}
