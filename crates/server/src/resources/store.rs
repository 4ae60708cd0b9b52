//! SQL of resources, their scopes, and consents.
use super::model::{Resource, ResourceType, SignInPage};
use crate::{
    db::{FromRow, OnViolation as _, Queryable, Row, Sql, Tx},
    error::Error,
    ids::{ConnectionId, EnvironmentId, PermissionId, ResourceId},
    paging, sql,
};
use std::collections::{HashMap, HashSet};

/// Reads the columns that every statement here selects, in their order.
impl FromRow for Resource {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            kind: ResourceType::parse(&row.next::<String>()?)
                .ok_or_else(|| Error::internal("unknown type of resource"))?,
            name: row.next()?,
            description: row.next()?,
            uri: row.next()?,
            logo_uri: row.next()?,
            provider: row.next()?,
            access_token_seconds: row.next()?,
            refresh_token_seconds: row.next()?,
            registration_disabled: row.next()?,
            cimd_enabled: row.next()?,
            cimd_allowlist_enabled: row.next()?,
            cimd_allowlist: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
            xaa_enabled: row.next()?,
            intersect_permissions: row.next()?,
            scope_selection_allowed: row.next()?,
            sign_in_page: sign_in_page(row.next()?, row.next()?),
            created_at: row.next()?,
            updated_at: row.next()?,
        })
    }
}

fn sign_in_page(connection: Option<ConnectionId>, authorize_uri: Option<String>) -> Option<SignInPage> {
    connection.map(|connection| SignInPage { connection, authorize_uri })
}

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT id, type, name, description, uri, logo_uri, provider, access_token_seconds,
                    refresh_token_seconds, registration_disabled, cimd_enabled, cimd_allowlist_enabled,
                    cimd_allowlist, xaa_enabled, intersect_permissions, scope_selection_allowed, connection_id,
                    authorize_uri, created_at, updated_at
             FROM resources WHERE environment_id = $1 ",
            $rest
        ))
    };
}

/// The resource with this id.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: ResourceId,
) -> Result<Option<Resource>, Error> {
    Ok(select!("AND id = $2").bind(env).bind(id).optional(tx).await?)
}

/// The same, held until the transaction ends.
pub async fn find_for_update(
    tx: &mut Tx,
    env: EnvironmentId,
    id: ResourceId,
) -> Result<Option<Resource>, Error> {
    let held = sql!("UPDATE resources SET updated_at = updated_at WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    if held == 0 { Ok(None) } else { find(tx, env, id).await }
}

/// Adds a resource, without its scopes.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, resource: &Resource) -> Result<(), Error> {
    let statement = sql!(
        "INSERT INTO resources (environment_id, id, name, description, uri, logo_uri, provider,
             access_token_seconds, refresh_token_seconds, registration_disabled, cimd_enabled,
             cimd_allowlist_enabled, cimd_allowlist, xaa_enabled, intersect_permissions, scope_selection_allowed,
             connection_id, authorize_uri, updated_at, created_at, type)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)"
    );
    bind_all(statement.bind(env).bind(resource.id), resource)?
        .bind(resource.created_at)
        .bind(resource.kind.as_str())
        .execute(tx)
        .await
        .on_unique("resources_environment_id_uri_key", uri_taken)?;
    Ok(())
}

/// Stores every value of a resource that can change, apart from its scopes.
pub async fn update(tx: &mut Tx, env: EnvironmentId, resource: &Resource) -> Result<(), Error> {
    let statement = sql!(
        "UPDATE resources SET name = $3, description = $4, uri = $5, logo_uri = $6, provider = $7,
             access_token_seconds = $8, refresh_token_seconds = $9, registration_disabled = $10, cimd_enabled = $11,
             cimd_allowlist_enabled = $12, cimd_allowlist = $13, xaa_enabled = $14, intersect_permissions = $15,
             scope_selection_allowed = $16, connection_id = $17, authorize_uri = $18, updated_at = $19
         WHERE environment_id = $1 AND id = $2"
    );
    bind_all(statement.bind(env).bind(resource.id), resource)?
        .execute(tx)
        .await
        .on_unique("resources_environment_id_uri_key", uri_taken)?;
    Ok(())
}

fn uri_taken() -> Error {
    Error::already_exists("resource_uri: another resource has this URI")
}

/// `$3` to `$19`.
fn bind_all(statement: Sql, resource: &Resource) -> Result<Sql, Error> {
    let page = resource.sign_in_page.as_ref();
    Ok(statement
        .bind(&resource.name)
        .bind(&resource.description)
        .bind(&resource.uri)
        .bind(&resource.logo_uri)
        .bind(&resource.provider)
        .bind(resource.access_token_seconds)
        .bind(resource.refresh_token_seconds)
        .bind(resource.registration_disabled)
        .bind(resource.cimd_enabled)
        .bind(resource.cimd_allowlist_enabled)
        .bind(serde_json::to_string(&resource.cimd_allowlist).map_err(Error::internal)?)
        .bind(resource.xaa_enabled)
        .bind(resource.intersect_permissions)
        .bind(resource.scope_selection_allowed)
        .bind(page.map(|page| page.connection))
        .bind(page.and_then(|page| page.authorize_uri.clone()))
        .bind(resource.updated_at))
}

/// Deletes a resource with its clients and consents. Tells whether it was there.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, id: ResourceId) -> Result<bool, Error> {
    let deleted = sql!("DELETE FROM resources WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(deleted > 0)
}

/// One page of the resources of a type, in the order of the window.
pub async fn page(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    kind: ResourceType,
    window: paging::Window,
) -> Result<Vec<Resource>, Error> {
    use paging::From::{After, Before, Newest};
    let (statement, from) = match window.from {
        After(id) => (select!("AND type = $2 AND id > $3 ORDER BY id LIMIT $4"), id),
        Before(id) => (select!("AND type = $2 AND id < $3 ORDER BY id DESC LIMIT $4"), id),
        Newest => (select!("AND type = $2 AND id <= $3 ORDER BY id DESC LIMIT $4"), i64::MAX),
    };
    Ok(statement.bind(env).bind(kind.as_str()).bind(from).bind(window.limit()).all(tx).await?)
}

/// How many resources of a type there are.
pub async fn count(tx: &mut impl Queryable, env: EnvironmentId, kind: ResourceType) -> Result<i64, Error> {
    Ok(sql!("SELECT COUNT(*) FROM resources WHERE environment_id = $1 AND type = $2")
        .bind(env)
        .bind(kind.as_str())
        .one(tx)
        .await?)
}

/// The permissions that are scopes of each of these resources, which are all of one type.
pub async fn scopes_of(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    page: &[Resource],
) -> Result<HashMap<ResourceId, HashSet<PermissionId>>, Error> {
    let numbers = page.iter().map(|resource| resource.id.as_i64());
    let (Some(first), Some(last), Some(one)) = (numbers.clone().min(), numbers.max(), page.first()) else {
        return Ok(HashMap::new());
    };
    let rows: Vec<(ResourceId, PermissionId)> = sql!(
        "SELECT s.resource_id, s.permission_id FROM resources r JOIN resource_scopes s ON s.resource_id = r.id
         WHERE r.environment_id = $1 AND r.type = $2 AND r.id >= $3 AND r.id <= $4"
    )
    .bind(env)
    .bind(one.kind.as_str())
    .bind(first)
    .bind(last)
    .all(tx)
    .await?;
    let mut scopes: HashMap<ResourceId, HashSet<PermissionId>> = HashMap::new();
    for (resource, permission) in rows {
        scopes.entry(resource).or_default().insert(permission);
    }
    Ok(scopes)
}

/// Names of the scopes that the resource's tokens may have, by name.
pub async fn enabled_scopes(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    resource: ResourceId,
) -> Result<Vec<String>, Error> {
    Ok(sql!(
        "SELECT p.name FROM resource_scopes s JOIN permissions p ON p.id = s.permission_id
         WHERE s.environment_id = $1 AND s.resource_id = $2
           AND NOT EXISTS (SELECT 1 FROM disabled_scopes d
                           WHERE d.environment_id = $1 AND d.permission_id = s.permission_id)
         ORDER BY p.name"
    )
    .bind(env)
    .bind(resource)
    .all(tx)
    .await?)
}

/// Takes all scopes from a resource.
pub async fn clear_scopes(tx: &mut Tx, env: EnvironmentId, resource: ResourceId) -> Result<(), Error> {
    sql!("DELETE FROM resource_scopes WHERE environment_id = $1 AND resource_id = $2")
        .bind(env)
        .bind(resource)
        .execute(tx)
        .await?;
    Ok(())
}

/// Gives a scope to a resource.
pub async fn add_scope(
    tx: &mut Tx,
    env: EnvironmentId,
    resource: ResourceId,
    permission: PermissionId,
) -> Result<(), Error> {
    sql!("INSERT INTO resource_scopes (environment_id, resource_id, permission_id) VALUES ($1, $2, $3)")
        .bind(env)
        .bind(resource)
        .bind(permission)
        .execute(tx)
        .await
        .on_foreign_key(|| Error::not_found("a permission that was just deleted"))?;
    Ok(())
}

/// Permissions that no token carries as a scope.
pub async fn disabled(tx: &mut impl Queryable, env: EnvironmentId) -> Result<HashSet<PermissionId>, Error> {
    let rows: Vec<PermissionId> =
        sql!("SELECT permission_id FROM disabled_scopes WHERE environment_id = $1").bind(env).all(tx).await?;
    Ok(rows.into_iter().collect())
}

/// Lets tokens carry a permission as a scope, or not.
pub async fn set_disabled(
    tx: &mut Tx,
    env: EnvironmentId,
    permission: PermissionId,
    disabled: bool,
) -> Result<(), Error> {
    let statement = if disabled {
        sql!(
            "INSERT INTO disabled_scopes (environment_id, permission_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
        )
    } else {
        sql!("DELETE FROM disabled_scopes WHERE environment_id = $1 AND permission_id = $2")
    };
    statement.bind(env).bind(permission).execute(tx).await.on_foreign_key(|| Error::not_found("scope"))?;
    Ok(())
}
