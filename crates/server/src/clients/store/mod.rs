//! SQL of clients.
pub mod secrets;

use super::{
    ip_allowlist::IpAllowlist,
    model::{Client, ClientId, ClientType, GrantType, Uris},
};
use crate::{
    db::{FromRow, OnViolation as _, Queryable, Row, Sql, Tx},
    error::Error,
    ids::{ApplicationId, EnvironmentId, OrganizationClientId, OrganizationId, ResourceClientId, ResourceId},
    paging, sql,
    time::Timestamp,
};
use serde::{Serialize, de::DeserializeOwned};

/// Reads the columns that every statement here selects, in their order.
impl FromRow for Client {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let (number, kind): (i64, String) = (row.next()?, row.next()?);
        let organization: Option<OrganizationId> = row.next()?;
        let resource: Option<ResourceId> = row.next()?;
        let (id, kind) = match (organization, resource) {
            (Some(organization), _) => (
                ClientId::Organization(OrganizationClientId::from_i64(number)),
                ClientType::Organization(organization),
            ),
            (None, Some(resource)) => {
                (ClientId::Resource(ResourceClientId::from_i64(number)), ClientType::Resource(resource))
            }
            (None, None) => (
                ClientId::Application(ApplicationId::from_i64(number)),
                ClientType::application(&kind).ok_or_else(|| Error::internal("unknown type of client"))?,
            ),
        };
        Ok(Self {
            id,
            kind,
            organization_external_id: row.next()?,
            name: row.next()?,
            description: row.next()?,
            management_access: row.next()?,
            token_lifetime_seconds: row.next()?,
            scopes: json(row)?,
            audiences: json(row)?,
            custom_claims: json(row)?,
            grant_types: grant_types(&json::<Vec<String>>(row)?),
            enforce_pkce: row.next()?,
            ip_allowlist: IpAllowlist::parse(row.next()?, &json::<Vec<String>>(row)?)
                .map_err(Error::internal)?,
            uris: Uris {
                post_login: json(row)?,
                post_logout: json(row)?,
                back_channel_logout: json(row)?,
                initiate_login: row.next()?,
                default_redirect: row.next()?,
            },
            registration: row
                .next::<Option<String>>()?
                .map(|text| serde_json::from_str(&text).map_err(Error::internal))
                .transpose()?,
            created_at: row.next()?,
            updated_at: row.next()?,
        })
    }
}

fn json<T: DeserializeOwned>(row: &mut Row) -> Result<T, Error> {
    serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)
}

fn to_json<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::internal)
}

fn grant_types(words: &[String]) -> Vec<GrantType> {
    words.iter().filter_map(|word| GrantType::parse(word)).collect()
}

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT c.id, c.type, c.organization_id, c.resource_id, o.external_id, c.name, c.description, c.management_access,
                    c.token_lifetime_seconds, c.scopes, c.audiences, c.custom_claims, c.grant_types, c.enforce_pkce,
                    c.ip_allowlist_opted_in, c.ip_allowlist, c.post_login_uris, c.post_logout_redirect_uris,
                    c.back_channel_logout_uris, c.initiate_login_uri, c.default_redirect_uri, c.registration,
                    c.created_at, c.updated_at
             FROM clients c LEFT JOIN organizations o ON o.id = c.organization_id
             WHERE c.environment_id = $1 ",
            $rest
        ))
    };
}

/// The client with this id, if it is of the kind that the id says.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: ClientId,
) -> Result<Option<Client>, Error> {
    let client: Option<Client> = select!("AND c.id = $2").bind(env).bind(id.as_i64()).optional(tx).await?;
    Ok(client.filter(|client| client.id == id))
}

/// The same, held until the transaction ends: what spans its secrets or URIs is decided one after the other, on
/// PostgreSQL too.
pub async fn find_for_update(tx: &mut Tx, env: EnvironmentId, id: ClientId) -> Result<Option<Client>, Error> {
    let held = sql!("UPDATE clients SET updated_at = updated_at WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id.as_i64())
        .execute(tx)
        .await?;
    if held == 0 { Ok(None) } else { find(tx, env, id).await }
}

/// The environment's own application.
pub async fn default_of(tx: &mut impl Queryable, env: EnvironmentId) -> Result<Option<ApplicationId>, Error> {
    Ok(sql!("SELECT id FROM clients WHERE environment_id = $1 AND type = 'ENV' ORDER BY id LIMIT 1")
        .bind(env)
        .optional(tx)
        .await?)
}

/// The redirect URIs of all applications.
pub async fn post_login_uris(tx: &mut impl Queryable, env: EnvironmentId) -> Result<Vec<String>, Error> {
    let lists: Vec<String> =
        sql!("SELECT post_login_uris FROM clients WHERE environment_id = $1 AND type <> 'ORGANIZATION'")
            .bind(env)
            .all(tx)
            .await?;
    let lists: Result<Vec<Vec<String>>, _> = lists.iter().map(|list| serde_json::from_str(list)).collect();
    Ok(lists.map_err(Error::internal)?.concat())
}

/// Where pages of all clients are: redirect URIs of sign-in and logout.
pub async fn page_uris(tx: &mut impl Queryable, env: EnvironmentId) -> Result<Vec<String>, Error> {
    let lists: Vec<(String, String)> = sql!(
        "SELECT post_login_uris, post_logout_redirect_uris FROM clients
         WHERE environment_id = $1 AND type <> 'ORGANIZATION'"
    )
    .bind(env)
    .all(tx)
    .await?;
    let mut uris = Vec::new();
    for list in lists.iter().flat_map(|(login, logout)| [login, logout]) {
        uris.extend(serde_json::from_str::<Vec<String>>(list).map_err(Error::internal)?);
    }
    Ok(uris)
}

/// The URIs of all clients that a browser may be sent to after logout.
pub async fn post_logout_uris(tx: &mut impl Queryable, env: EnvironmentId) -> Result<Vec<String>, Error> {
    let lists: Vec<String> = sql!(
        "SELECT post_logout_redirect_uris FROM clients
         WHERE environment_id = $1 AND post_logout_redirect_uris <> '[]'"
    )
    .bind(env)
    .all(tx)
    .await?;
    let lists: Result<Vec<Vec<String>>, _> = lists.iter().map(|list| serde_json::from_str(list)).collect();
    Ok(lists.map_err(Error::internal)?.concat())
}

/// Adds a client.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, client: &Client) -> Result<(), Error> {
    let (organization, resource) = match client.kind {
        ClientType::Organization(organization) => (Some(organization), None),
        ClientType::Resource(resource) => (None, Some(resource)),
        _ => (None, None),
    };
    let registration = client.registration.as_ref().map(to_json).transpose()?;
    let statement = sql!(
        "INSERT INTO clients (environment_id, id, name, description, management_access, token_lifetime_seconds,
             scopes, audiences, custom_claims, grant_types, enforce_pkce, ip_allowlist_opted_in, ip_allowlist,
             post_login_uris, post_logout_redirect_uris, back_channel_logout_uris, initiate_login_uri,
             default_redirect_uri, updated_at, created_at, type, organization_id,
             resource_id, registration)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                 $23, $24)"
    );
    bind_all(statement.bind(env).bind(client.id.as_i64()), client)?
        .bind(client.created_at)
        .bind(client.kind.as_str())
        .bind(organization)
        .bind(resource)
        .bind(registration)
        .execute(tx)
        .await
        .on_foreign_key(|| match client.kind {
            ClientType::Organization(organization) => {
                Error::not_found(format!("organization {organization}"))
            }
            ClientType::Resource(resource) => Error::not_found(format!("resource {resource}")),
            _ => Error::internal("the environment of the client does not exist"),
        })?;
    Ok(())
}

/// Stores every value of a client that can change.
pub async fn update(tx: &mut Tx, env: EnvironmentId, client: &Client) -> Result<(), Error> {
    let statement = sql!(
        "UPDATE clients SET name = $3, description = $4, management_access = $5, token_lifetime_seconds = $6,
             scopes = $7, audiences = $8, custom_claims = $9, grant_types = $10, enforce_pkce = $11,
             ip_allowlist_opted_in = $12, ip_allowlist = $13, post_login_uris = $14,
             post_logout_redirect_uris = $15, back_channel_logout_uris = $16, initiate_login_uri = $17,
             default_redirect_uri = $18, updated_at = $19
         WHERE environment_id = $1 AND id = $2"
    );
    bind_all(statement.bind(env).bind(client.id.as_i64()), client)?.execute(tx).await?;
    Ok(())
}

/// `$3` to `$19`.
fn bind_all(statement: Sql, client: &Client) -> Result<Sql, Error> {
    let grants: Vec<&str> = client.grant_types.iter().map(|grant| grant.as_str()).collect();
    let networks: Vec<&str> = client.ip_allowlist.networks().map(|(text, _)| text).collect();
    Ok(statement
        .bind(&client.name)
        .bind(&client.description)
        .bind(client.management_access)
        .bind(client.token_lifetime_seconds)
        .bind(to_json(&client.scopes)?)
        .bind(to_json(&client.audiences)?)
        .bind(to_json(&client.custom_claims)?)
        .bind(to_json(&grants)?)
        .bind(client.enforce_pkce)
        .bind(client.ip_allowlist.opted_in)
        .bind(to_json(&networks)?)
        .bind(to_json(&client.uris.post_login)?)
        .bind(to_json(&client.uris.post_logout)?)
        .bind(to_json(&client.uris.back_channel_logout)?)
        .bind(&client.uris.initiate_login)
        .bind(&client.uris.default_redirect)
        .bind(client.updated_at))
}

/// Deletes a client with its secrets. Tells whether it was there.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, id: ClientId) -> Result<bool, Error> {
    let deleted = sql!("DELETE FROM clients WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id.as_i64())
        .execute(tx)
        .await?;
    Ok(deleted > 0)
}

/// The newest clients of a resource, at most `most`.
pub async fn of_resource(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    resource: ResourceId,
    most: i64,
) -> Result<Vec<Client>, Error> {
    let statement = select!("AND c.resource_id = $2 ORDER BY c.id DESC LIMIT $3");
    Ok(statement.bind(env).bind(resource).bind(most).all(tx).await?)
}

/// How many clients of a resource registered themselves, and how many were made.
pub async fn count_of_resource(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    resource: ResourceId,
) -> Result<(i64, i64), Error> {
    Ok(sql!(
        "SELECT COUNT(registration), COUNT(*) - COUNT(registration) FROM clients
         WHERE environment_id = $1 AND resource_id = $2"
    )
    .bind(env)
    .bind(resource)
    .one(tx)
    .await?)
}

/// Deletes some clients that registered themselves before `then`, and that no user has consented to. Tells how many.
pub async fn delete_unused(tx: &mut Tx, then: Timestamp, most: i64) -> Result<u64, Error> {
    Ok(sql!(
        "DELETE FROM clients WHERE id IN (
             SELECT c.id FROM clients c
             WHERE c.registration IS NOT NULL AND c.created_at <= $1
               AND NOT EXISTS (SELECT 1 FROM consents s WHERE s.client_id = c.id)
             ORDER BY c.id LIMIT $2)"
    )
    .bind(then)
    .bind(most)
    .execute(tx)
    .await?)
}

/// Which clients a list is of.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// Applications of these types; a place that is not needed repeats another.
    Applications([ClientType; 4]),
    /// Machine clients of this organization.
    OfOrganization(OrganizationId),
}

/// One page of clients, in the order of the window.
pub async fn page(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    which: Which,
    window: paging::Window,
) -> Result<Vec<Client>, Error> {
    use paging::From::{After, Before, Newest};
    let from = match window.from {
        After(id) | Before(id) => id,
        Newest => i64::MAX,
    };
    let statement = match (which, window.from) {
        (Which::Applications(_), After(_)) => {
            select!("AND c.id > $2 AND c.type IN ($4, $5, $6, $7) ORDER BY c.id LIMIT $3")
        }
        (Which::Applications(_), _) => {
            select!("AND c.id < $2 AND c.type IN ($4, $5, $6, $7) ORDER BY c.id DESC LIMIT $3")
        }
        (Which::OfOrganization(_), After(_)) => {
            select!("AND c.id > $2 AND c.organization_id = $4 ORDER BY c.id LIMIT $3")
        }
        (Which::OfOrganization(_), _) => {
            select!("AND c.id < $2 AND c.organization_id = $4 ORDER BY c.id DESC LIMIT $3")
        }
    };
    Ok(bind_which(statement.bind(env).bind(from).bind(window.limit()), which).all(tx).await?)
}

/// How many of them there are.
pub async fn count(tx: &mut impl Queryable, env: EnvironmentId, which: Which) -> Result<i64, Error> {
    let statement = match which {
        Which::Applications(_) => {
            sql!("SELECT COUNT(*) FROM clients WHERE environment_id = $1 AND type IN ($2, $3, $4, $5)")
        }
        Which::OfOrganization(_) => {
            sql!("SELECT COUNT(*) FROM clients WHERE environment_id = $1 AND organization_id = $2")
        }
    };
    Ok(bind_which(statement.bind(env), which).one(tx).await?)
}

fn bind_which(statement: Sql, which: Which) -> Sql {
    match which {
        Which::Applications(kinds) => kinds.iter().fold(statement, |sql, kind| sql.bind(kind.as_str())),
        Which::OfOrganization(id) => statement.bind(id),
    }
}
