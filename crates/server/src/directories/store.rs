//! SQL of directories and their secrets.
use super::model::{Directory, DirectoryType, Provider, Stats, Status};
use crate::{
    db::{FromRow, OnViolation as _, Queryable, Row, Sql, Tx},
    error::Error,
    ids::{DirectoryId, EnvironmentId, OrganizationId},
    organizations::{Organization, OrganizationRef},
    sql,
};

/// Reads the columns that every statement here selects, in their order.
impl FromRow for Directory {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            organization: row.next()?,
            name: row.next()?,
            kind: DirectoryType::parse(&row.next::<String>()?)?,
            provider: Provider::parse(&row.next::<String>()?)?,
            enabled: row.next()?,
            status: Status::parse(&row.next::<String>()?)?,
            email: row.next()?,
            tracked_groups: match row.next::<Option<String>>()? {
                Some(text) => Some(serde_json::from_str(&text).map_err(Error::internal)?),
                None => None,
            },
            attribute_mappings: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
            stats: Stats {
                users: row.next()?,
                groups: row.next()?,
                user_updated_at: row.next()?,
                group_updated_at: row.next()?,
            },
            last_synced_at: row.next()?,
            created_at: row.next()?,
            updated_at: row.next()?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT id, organization_id, name, type, provider, enabled, status, email, tracked_groups,
                    attribute_mappings, total_users, total_groups, user_updated_at, group_updated_at, last_synced_at,
                    created_at, updated_at
             FROM directories WHERE environment_id = $1 AND organization_id = $2 ",
            $rest
        ))
    };
}

/// One directory of an organization.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
    id: DirectoryId,
) -> Result<Option<Directory>, Error> {
    Ok(select!("AND id = $3").bind(env).bind(organization).bind(id).optional(tx).await?)
}

/// The same, for changing it in this transaction: PostgreSQL locks the row, SQLite has one writer anyway.
pub async fn find_for_update(
    tx: &mut Tx,
    env: EnvironmentId,
    organization: OrganizationId,
    id: DirectoryId,
) -> Result<Option<Directory>, Error> {
    let lock = sql!(
        "UPDATE directories SET updated_at = updated_at WHERE environment_id = $1 AND organization_id = $2 AND id = $3"
    );
    if lock.bind(env).bind(organization).bind(id).execute(tx).await? == 0 {
        return Ok(None);
    }
    find(tx, env, organization, id).await
}

/// The organization's directories, oldest first.
pub async fn all(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
) -> Result<Vec<Directory>, Error> {
    Ok(select!("ORDER BY id").bind(env).bind(organization).all(tx).await?)
}

/// Adds a directory.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, directory: &Directory) -> Result<(), Error> {
    let statement = sql!(
        "INSERT INTO directories (environment_id, id, name, type, provider, enabled, status, tracked_groups,
             attribute_mappings, updated_at, organization_id, email, context, total_users, total_groups, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '{}', 0, 0, $13)"
    );
    bind_all(statement.bind(env).bind(directory.id), directory)?
        .bind(directory.organization)
        .bind(&directory.email)
        .bind(directory.created_at)
        .execute(tx)
        .await
        .on_foreign_key(|| Organization::not_found(&OrganizationRef::Id(directory.organization)))?;
    Ok(())
}

/// Stores every value of a directory that its operations change.
pub async fn update(tx: &mut Tx, env: EnvironmentId, directory: &Directory) -> Result<(), Error> {
    let statement = sql!(
        "UPDATE directories SET name = $3, type = $4, provider = $5, enabled = $6, status = $7, tracked_groups = $8,
             attribute_mappings = $9, updated_at = $10
         WHERE environment_id = $1 AND id = $2"
    );
    bind_all(statement.bind(env).bind(directory.id), directory)?.execute(tx).await?;
    Ok(())
}

/// `$3` to `$10`.
fn bind_all(statement: Sql, directory: &Directory) -> Result<Sql, Error> {
    let tracked_groups = directory.tracked_groups.as_ref().map(serde_json::to_string).transpose();
    let mappings = serde_json::to_string(&directory.attribute_mappings);
    Ok(statement
        .bind(&directory.name)
        .bind(directory.kind.as_str())
        .bind(directory.provider.as_str())
        .bind(directory.enabled)
        .bind(directory.status.as_str())
        .bind(tracked_groups.map_err(Error::internal)?)
        .bind(mappings.map_err(Error::internal)?)
        .bind(directory.updated_at))
}

/// Deletes a directory with all that is in it.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, id: DirectoryId) -> Result<(), Error> {
    sql!("DELETE FROM directories WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}

/// The JSON object that the set-up pages keep with a directory.
pub async fn context(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
    id: DirectoryId,
) -> Result<Option<String>, Error> {
    Ok(sql!("SELECT context FROM directories WHERE environment_id = $1 AND organization_id = $2 AND id = $3")
        .bind(env)
        .bind(organization)
        .bind(id)
        .optional(tx)
        .await?)
}

/// Replaces it. Tells whether the directory is there.
pub async fn set_context(
    tx: &mut Tx,
    env: EnvironmentId,
    organization: OrganizationId,
    id: DirectoryId,
    context: &str,
) -> Result<bool, Error> {
    let changed = sql!(
        "UPDATE directories SET context = $4 WHERE environment_id = $1 AND organization_id = $2 AND id = $3"
    )
    .bind(env)
    .bind(organization)
    .bind(id)
    .bind(context)
    .execute(tx)
    .await?;
    Ok(changed > 0)
}
