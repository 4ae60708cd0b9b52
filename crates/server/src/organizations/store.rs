//! SQL of organizations.
use super::{
    model::{Features, Organization, OrganizationRef},
    session_policy::{PolicySource, SessionPolicy},
};
use crate::{
    by_dialect,
    db::{FromRow, OnViolation as _, Queryable, Row, Sql, Tx},
    environments::Region,
    error::Error,
    ids::{EnvironmentId, OrganizationId},
    paging, sql,
};

/// Reads the columns that every statement here selects, in their order.
impl FromRow for Organization {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            display_name: row.next()?,
            external_id: row.next()?,
            slug: row.next()?,
            logo_url: row.next()?,
            region: Region::parse(&row.next::<String>()?),
            metadata: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
            features: Features {
                sso: row.next()?,
                dir_sync: row.next()?,
                domain_verification: row.next()?,
                session_policy: row.next()?,
            },
            max_allowed_users: small(row.next()?)?,
            session_policy: SessionPolicy {
                source: PolicySource::parse(&row.next::<String>()?),
                absolute_minutes: small(row.next()?)?,
                idle_enabled: row.next()?,
                idle_minutes: small(row.next()?)?,
            },
            created_at: row.next()?,
            updated_at: row.next()?,
        })
    }
}

fn small(number: Option<i64>) -> Result<Option<i32>, Error> {
    number.map(i32::try_from).transpose().map_err(Error::internal)
}

macro_rules! text {
    ($rest:literal) => {
        concat!(
            "SELECT id, display_name, external_id, slug, logo_url, region_code, metadata, sso_enabled,
                    dir_sync_enabled, domain_verification_enabled, session_policy_enabled, max_allowed_users,
                    session_policy_source, absolute_session_minutes, idle_session_enabled, idle_session_minutes,
                    created_at, updated_at
             FROM organizations WHERE environment_id = $1 ",
            $rest
        )
    };
}

macro_rules! select {
    ($rest:literal) => {
        sql!(text!($rest))
    };
    (postgres: $postgres:literal, sqlite: $sqlite:literal) => {
        by_dialect!(postgres: text!($postgres), sqlite: text!($sqlite))
    };
}

/// The organization that `which` names.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    which: &OrganizationRef,
) -> Result<Option<Organization>, Error> {
    let statement = match which {
        OrganizationRef::Id(id) => select!("AND id = $2").bind(env).bind(*id),
        OrganizationRef::ExternalId(id) => select!("AND external_id = $2").bind(env).bind(id),
    };
    Ok(statement.optional(tx).await?)
}

/// The same, for changing it in this transaction: PostgreSQL locks the row, SQLite has one writer anyway.
pub async fn find_for_update(
    tx: &mut Tx,
    env: EnvironmentId,
    which: &OrganizationRef,
) -> Result<Option<Organization>, Error> {
    let lock = match which {
        OrganizationRef::Id(id) => {
            sql!("UPDATE organizations SET updated_at = updated_at WHERE environment_id = $1 AND id = $2")
                .bind(env)
                .bind(*id)
        }
        OrganizationRef::ExternalId(id) => sql!(
            "UPDATE organizations SET updated_at = updated_at WHERE environment_id = $1 AND external_id = $2"
        )
        .bind(env)
        .bind(id),
    };
    if lock.execute(tx).await? == 0 {
        return Ok(None);
    }
    find(tx, env, which).await
}

/// The same, alone: this waits for those who are adding something to it, and they for this. Who sets a limit must count
/// with everybody who did not see it. A transaction that [`keep`]s the organization already must not call this: two of
/// them would wait for each other.
pub async fn find_alone(
    tx: &mut Tx,
    env: EnvironmentId,
    which: &OrganizationRef,
) -> Result<Option<Organization>, Error> {
    let Some(found) = find(tx, env, which).await? else { return Ok(None) };
    let lock = by_dialect!(
        postgres: "SELECT id FROM organizations WHERE environment_id = $1 AND id = $2 FOR UPDATE",
        sqlite: "SELECT id FROM organizations WHERE environment_id = $1 AND id = $2",
    );
    let held: Option<OrganizationId> = lock.bind(env).bind(found.id).optional(tx).await?;
    // What was read before the lock may be old.
    if held.is_none() { Ok(None) } else { find(tx, env, which).await }
}

/// The same, for adding something to it in this transaction: until that ends, the organization cannot be deleted, while
/// others may add to it, too.
pub async fn keep(
    tx: &mut Tx,
    env: EnvironmentId,
    which: &OrganizationRef,
) -> Result<Option<Organization>, Error> {
    let Some(found) = find(tx, env, which).await? else { return Ok(None) };
    let lock = by_dialect!(
        postgres: "SELECT id FROM organizations WHERE environment_id = $1 AND id = $2 FOR KEY SHARE",
        sqlite: "SELECT id FROM organizations WHERE environment_id = $1 AND id = $2",
    );
    let kept: Option<OrganizationId> = lock.bind(env).bind(found.id).optional(tx).await?;
    Ok(kept.map(|_| found))
}

/// Adds an organization.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, organization: &Organization) -> Result<(), Error> {
    let statement = sql!(
        "INSERT INTO organizations (environment_id, id, display_name, external_id, slug, logo_url, region_code,
             metadata, search_key, sso_enabled, dir_sync_enabled, domain_verification_enabled,
             session_policy_enabled, max_allowed_users, session_policy_source, absolute_session_minutes,
             idle_session_enabled, idle_session_minutes, updated_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
    );
    let statement = bind_all(statement.bind(env).bind(organization.id), organization)?;
    run(statement.bind(organization.created_at), tx).await
}

/// Stores every value of an organization that can change.
pub async fn update(tx: &mut Tx, env: EnvironmentId, organization: &Organization) -> Result<(), Error> {
    let statement = sql!(
        "UPDATE organizations SET display_name = $3, external_id = $4, slug = $5, logo_url = $6, region_code = $7,
             metadata = $8, search_key = $9, sso_enabled = $10, dir_sync_enabled = $11,
             domain_verification_enabled = $12, session_policy_enabled = $13, max_allowed_users = $14,
             session_policy_source = $15, absolute_session_minutes = $16, idle_session_enabled = $17,
             idle_session_minutes = $18, updated_at = $19
         WHERE environment_id = $1 AND id = $2"
    );
    run(bind_all(statement.bind(env).bind(organization.id), organization)?, tx).await
}

/// `$3` to `$19`.
fn bind_all(statement: Sql, organization: &Organization) -> Result<Sql, Error> {
    let metadata = serde_json::to_string(&organization.metadata).map_err(Error::internal)?;
    Ok(statement
        .bind(&organization.display_name)
        .bind(&organization.external_id)
        .bind(&organization.slug)
        .bind(&organization.logo_url)
        .bind(organization.region.as_str())
        .bind(metadata)
        .bind(organization.search_key())
        .bind(organization.features.sso)
        .bind(organization.features.dir_sync)
        .bind(organization.features.domain_verification)
        .bind(organization.features.session_policy)
        .bind(organization.max_allowed_users)
        .bind(organization.session_policy.source.as_str())
        .bind(organization.session_policy.absolute_minutes)
        .bind(organization.session_policy.idle_enabled)
        .bind(organization.session_policy.idle_minutes)
        .bind(organization.updated_at))
}

async fn run(statement: Sql, tx: &mut Tx) -> Result<(), Error> {
    statement
        .execute(tx)
        .await
        .on_unique("organizations_environment_id_external_id_key", || {
            Error::already_exists("external_id: an organization with this external_id already exists")
        })
        .on_unique("organizations_environment_id_slug_key", || {
            Error::already_exists("slug: an organization with this slug already exists")
        })?;
    Ok(())
}

/// Deletes an organization with all that belongs to it. Tells whether it was there.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, id: OrganizationId) -> Result<bool, Error> {
    let deleted = sql!("DELETE FROM organizations WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(deleted > 0)
}

/// One page of all organizations, in the order of the window.
pub async fn page(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    window: paging::Window,
) -> Result<Vec<Organization>, Error> {
    let (statement, from) = match window.from {
        paging::From::After(id) => (select!("AND id > $2 ORDER BY id LIMIT $3"), id),
        paging::From::Before(id) => (select!("AND id < $2 ORDER BY id DESC LIMIT $3"), id),
        paging::From::Newest => (select!("AND id < $2 ORDER BY id DESC LIMIT $3"), i64::MAX),
    };
    Ok(statement.bind(env).bind(from).bind(window.limit()).all(tx).await?)
}

/// Those of these organizations that are still there, in no order.
pub async fn these(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    ids: &[i64],
) -> Result<Vec<Organization>, Error> {
    let list = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let statement = select!(
        postgres: "AND id = ANY (CAST(string_to_array($2, ',') AS BIGINT[]))",
        sqlite: "AND id IN (SELECT value FROM json_each('[' || $2 || ']'))"
    );
    Ok(statement.bind(env).bind(list).all(tx).await?)
}
