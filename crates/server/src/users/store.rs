//! SQL of users.
use super::{
    model::{User, UserRef},
    profile::Profile,
};
use crate::{
    by_dialect,
    db::{FromRow, OnViolation as _, Queryable, Row, Sql, Tx},
    email::Email,
    error::Error,
    ids::{EnvironmentId, OrganizationId, UserId},
    paging, sql,
    time::Timestamp,
};
use serde::{Serialize, de::DeserializeOwned};

/// Reads the columns that every statement here selects, in their order.
impl FromRow for User {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            email: Email::from_stored(row.next()?, row.next()?),
            external_id: row.next()?,
            profile: Profile {
                id: row.next()?,
                given_name: row.next()?,
                family_name: row.next()?,
                name: row.next()?,
                locale: row.next()?,
                phone_number: row.next()?,
                preferred_username: row.next()?,
                picture: row.next()?,
                gender: row.next()?,
                groups: from_json(&row.next::<String>()?)?,
                metadata: from_json(&row.next::<String>()?)?,
                custom_attributes: from_json(&row.next::<String>()?)?,
                email_verified: row.next()?,
                phone_number_verified: row.next()?,
            },
            metadata: from_json(&row.next::<String>()?)?,
            created_at: row.next()?,
            updated_at: row.next()?,
            last_login_at: row.next()?,
        })
    }
}

/// From a column of JSON.
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(Error::internal)
}

/// For a column of JSON.
pub fn to_json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::internal)
}

macro_rules! text {
    ($from:literal, $rest:literal) => {
        concat!(
            "SELECT u.id, u.email, u.email_key, u.external_id, u.profile_id, u.given_name, u.family_name, u.name,
                    u.locale, u.phone_number, u.preferred_username, u.picture, u.gender, u.groups_json,
                    u.profile_metadata, u.custom_attributes, u.email_verified, u.phone_number_verified, u.metadata,
                    u.created_at, u.updated_at, u.last_login_at FROM ",
            $from,
            $rest
        )
    };
}

macro_rules! select {
    ($from:literal, $rest:literal) => {
        sql!(text!($from, $rest))
    };
    ($rest:literal) => {
        select!("users u WHERE u.environment_id = $1 ", $rest)
    };
    (members $rest:literal) => {
        select!(
            "memberships m JOIN users u ON u.id = m.user_id
             WHERE m.environment_id = $1 AND m.organization_id = $2 ",
            $rest
        )
    };
}

/// The user that `which` names.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    which: &UserRef,
) -> Result<Option<User>, Error> {
    let statement = match which {
        UserRef::Id(id) => select!("AND u.id = $2").bind(env).bind(*id),
        UserRef::ExternalId(id) => select!("AND u.external_id = $2").bind(env).bind(id),
    };
    Ok(statement.optional(tx).await?)
}

/// The user with this address.
pub async fn find_by_email(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    email: &Email,
) -> Result<Option<User>, Error> {
    Ok(select!("AND u.email_key = $2").bind(env).bind(email.key()).optional(tx).await?)
}

/// The same, for changing it or its memberships in this transaction. The user's row is the lock of the memberships:
/// whoever adds one or takes the last one away holds it (PostgreSQL; SQLite has one writer anyway).
pub async fn find_for_update(
    tx: &mut Tx,
    env: EnvironmentId,
    which: &UserRef,
) -> Result<Option<User>, Error> {
    let lock = match which {
        UserRef::Id(id) => {
            sql!("UPDATE users SET updated_at = updated_at WHERE environment_id = $1 AND id = $2")
                .bind(env)
                .bind(*id)
        }
        UserRef::ExternalId(id) => {
            sql!("UPDATE users SET updated_at = updated_at WHERE environment_id = $1 AND external_id = $2")
                .bind(env)
                .bind(id)
        }
    };
    if lock.execute(tx).await? == 0 {
        return Ok(None);
    }
    find(tx, env, which).await
}

/// Adds a user.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, user: &User) -> Result<(), Error> {
    let statement = sql!(
        "INSERT INTO users (environment_id, id, external_id, given_name, family_name, name, locale, phone_number,
             preferred_username, picture, gender, groups_json, profile_metadata, custom_attributes, email_verified,
             phone_number_verified, metadata, search_key, updated_at, last_login_at, email, email_key, profile_id,
             created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
             $23, $24)"
    );
    let statement = bind_all(statement.bind(env).bind(user.id), user)?;
    let statement = statement.bind(user.email.as_str()).bind(user.email.key()).bind(user.profile.id);
    run(statement.bind(user.created_at), tx).await
}

/// Stores every value of a user that can change.
pub async fn update(tx: &mut Tx, env: EnvironmentId, user: &User) -> Result<(), Error> {
    let statement = sql!(
        "UPDATE users SET external_id = $3, given_name = $4, family_name = $5, name = $6, locale = $7,
             phone_number = $8, preferred_username = $9, picture = $10, gender = $11, groups_json = $12,
             profile_metadata = $13, custom_attributes = $14, email_verified = $15, phone_number_verified = $16,
             metadata = $17, search_key = $18, updated_at = $19, last_login_at = $20
         WHERE environment_id = $1 AND id = $2"
    );
    run(bind_all(statement.bind(env).bind(user.id), user)?, tx).await
}

/// `$3` to `$20`.
fn bind_all(statement: Sql, user: &User) -> Result<Sql, Error> {
    let profile = &user.profile;
    Ok(statement
        .bind(&user.external_id)
        .bind(&profile.given_name)
        .bind(&profile.family_name)
        .bind(&profile.name)
        .bind(&profile.locale)
        .bind(&profile.phone_number)
        .bind(&profile.preferred_username)
        .bind(&profile.picture)
        .bind(&profile.gender)
        .bind(to_json(&profile.groups)?)
        .bind(to_json(&profile.metadata)?)
        .bind(to_json(&profile.custom_attributes)?)
        .bind(profile.email_verified)
        .bind(profile.phone_number_verified)
        .bind(to_json(&user.metadata)?)
        .bind(user.search_key())
        .bind(user.updated_at)
        .bind(user.last_login_at))
}

async fn run(statement: Sql, tx: &mut Tx) -> Result<(), Error> {
    statement
        .execute(tx)
        .await
        .on_unique("users_environment_id_email_key_key", || {
            Error::already_exists(
                "email: a user with this e-mail already exists; add it to the organization with CreateMembership",
            )
        })
        .on_unique("users_environment_id_external_id_key", || {
            Error::already_exists("external_id: a user with this external_id already exists")
        })?;
    Ok(())
}

/// Stores that a user signs in now, and holds the user's row. Tells whether there is one.
pub async fn signed_in(tx: &mut Tx, env: EnvironmentId, id: UserId, now: Timestamp) -> Result<bool, Error> {
    let signed_in = sql!("UPDATE users SET last_login_at = $3 WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(signed_in > 0)
}

/// Deletes a user with all that belongs to it. Tells whether it was there.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, id: UserId) -> Result<bool, Error> {
    let deleted = sql!("DELETE FROM users WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(deleted > 0)
}

/// Deletes a user who has no membership. The caller holds the user's row: see [`find_for_update`].
pub async fn delete_without_membership(tx: &mut Tx, env: EnvironmentId, id: UserId) -> Result<bool, Error> {
    let deleted = sql!(
        "DELETE FROM users WHERE environment_id = $1 AND id = $2
             AND NOT EXISTS (SELECT 1 FROM memberships WHERE environment_id = $1 AND user_id = $2)"
    )
    .bind(env)
    .bind(id)
    .execute(tx)
    .await?;
    Ok(deleted > 0)
}

/// One page of all users, in the order of the window.
pub async fn page(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    window: paging::Window,
) -> Result<Vec<User>, Error> {
    let (statement, from) = match window.from {
        paging::From::After(id) => (select!("AND u.id > $2 ORDER BY u.id LIMIT $3"), id),
        paging::From::Before(id) => (select!("AND u.id < $2 ORDER BY u.id DESC LIMIT $3"), id),
        paging::From::Newest => (select!("AND u.id < $2 ORDER BY u.id DESC LIMIT $3"), i64::MAX),
    };
    Ok(statement.bind(env).bind(from).bind(window.limit()).all(tx).await?)
}

/// One page of an organization's members, by the user's id.
pub async fn page_of_organization(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
    window: paging::Window,
) -> Result<Vec<User>, Error> {
    let (statement, from) = match window.from {
        paging::From::After(id) => (select!(members "AND m.user_id > $3 ORDER BY m.user_id LIMIT $4"), id),
        paging::From::Before(id) => {
            (select!(members "AND m.user_id < $3 ORDER BY m.user_id DESC LIMIT $4"), id)
        }
        paging::From::Newest => {
            (select!(members "AND m.user_id < $3 ORDER BY m.user_id DESC LIMIT $4"), i64::MAX)
        }
    };
    Ok(statement.bind(env).bind(organization).bind(from).bind(window.limit()).all(tx).await?)
}

/// Those of these users that are still there, in no order.
pub async fn these(tx: &mut impl Queryable, env: EnvironmentId, ids: &[i64]) -> Result<Vec<User>, Error> {
    let list = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let statement = by_dialect!(
        postgres: text!(
            "users u WHERE u.environment_id = $1 ",
            "AND u.id = ANY (CAST(string_to_array($2, ',') AS BIGINT[]))"
        ),
        sqlite: text!(
            "users u WHERE u.environment_id = $1 ",
            "AND u.id IN (SELECT value FROM json_each('[' || $2 || ']'))"
        ),
    );
    Ok(statement.bind(env).bind(list).all(tx).await?)
}
