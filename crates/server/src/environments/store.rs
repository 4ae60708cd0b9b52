//! SQL of environments.
use super::{
    custom_domain::{CustomDomain, DomainStatus},
    features::Features,
    model::{Environment, EnvironmentType, Region},
    settings::{self, Settings},
};
use crate::{
    db::{FromRow, OnViolation as _, Queryable, ReadTx, Row, Tx},
    error::Error,
    ids::EnvironmentId,
    paging, sql,
    time::Timestamp,
};

/// Reads the columns that every statement here selects, in their order.
impl FromRow for Environment {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let (id, display_name) = (row.next()?, row.next()?);
        let (scheme, domain): (String, String) = (row.next()?, row.next()?);
        let (kind, region) = (row.next::<String>()?, row.next::<String>()?);
        let (custom, status, since): (Option<String>, Option<String>, Option<Timestamp>) =
            (row.next()?, row.next()?, row.next()?);
        let custom_domain = match (custom, status, since) {
            (Some(name), Some(status), Some(since)) => {
                Some(CustomDomain { name, status: DomainStatus::parse(&status)?, since })
            }
            _ => None,
        };
        Ok(Self {
            id,
            display_name,
            url: format!("{scheme}://{domain}"),
            domain,
            custom_domain,
            kind: EnvironmentType::parse(&kind),
            region: Region::parse(&region),
            created_at: row.next()?,
            updated_at: row.next()?,
            settings: Settings {
                session: settings::parse(row.next()?)?,
                user_management: settings::parse(row.next()?)?,
                features: settings::parse(row.next()?)?,
            },
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT e.id, e.display_name, e.scheme, e.domain, e.type, e.region_code, e.custom_domain,
                    e.custom_domain_status, e.custom_domain_since, e.created_at, e.updated_at,
                    (SELECT s.value FROM environment_settings s WHERE s.environment_id = e.id AND s.name = 'session'),
                    (SELECT s.value FROM environment_settings s
                     WHERE s.environment_id = e.id AND s.name = 'user_management'),
                    (SELECT s.value FROM environment_settings s WHERE s.environment_id = e.id AND s.name = 'features')
             FROM environments e ",
            $rest
        ))
    };
}

/// Every environment of the installation, the default one first.
pub async fn all(tx: &mut ReadTx) -> Result<Vec<Environment>, Error> {
    Ok(select!("ORDER BY e.id").all(tx).await?)
}

/// One page of all environments, in the order of the window.
pub async fn page(tx: &mut ReadTx, window: paging::Window) -> Result<Vec<Environment>, Error> {
    let (statement, from) = match window.from {
        paging::From::After(id) => (select!("WHERE e.id > $1 ORDER BY e.id LIMIT $2"), id),
        paging::From::Before(id) => (select!("WHERE e.id < $1 ORDER BY e.id DESC LIMIT $2"), id),
        paging::From::Newest => (select!("WHERE e.id < $1 ORDER BY e.id DESC LIMIT $2"), i64::MAX),
    };
    Ok(statement.bind(from).bind(window.limit()).all(tx).await?)
}

/// How many environments there are.
pub async fn count(tx: &mut ReadTx) -> Result<i64, Error> {
    Ok(sql!("SELECT COUNT(*) FROM environments").one(tx).await?)
}

/// The environment as it is now.
pub async fn find(tx: &mut impl Queryable, id: EnvironmentId) -> Result<Option<Environment>, Error> {
    Ok(select!("WHERE e.id = $1").bind(id).optional(tx).await?)
}

/// The number that every change to an environment raises.
pub async fn version(tx: &mut impl Queryable) -> Result<i64, Error> {
    let version: Option<i64> =
        sql!("SELECT value FROM installation WHERE name = 'environments'").optional(tx).await?;
    Ok(version.unwrap_or_default())
}

/// Tells every node that environments or their settings change with this transaction, of which there is one at a time:
/// the others wait until it ends.
pub async fn change(tx: &mut Tx) -> Result<(), Error> {
    sql!(
        "INSERT INTO installation (name, value) VALUES ('environments', 1)
         ON CONFLICT (name) DO UPDATE SET value = installation.value + 1"
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds an environment, with the features that it begins with.
pub async fn insert(tx: &mut Tx, environment: &Environment) -> Result<(), Error> {
    change(tx).await?;
    require_free(tx, environment.id, &environment.domain).await?;
    sql!(
        "INSERT INTO environments (id, display_name, scheme, domain, type, region_code, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)"
    )
    .bind(environment.id)
    .bind(&environment.display_name)
    .bind(environment.scheme())
    .bind(&environment.domain)
    .bind(environment.kind.as_str())
    .bind(environment.region.as_str())
    .bind(environment.created_at)
    .execute(tx)
    .await
    .on_unique("environments_domain_key", domain_taken)?;
    let features = &environment.settings.features;
    if *features != Features::default() {
        settings::put(tx, environment.id, features, environment.created_at).await?;
    }
    Ok(())
}

/// Stores the name, after [`change`].
pub(super) async fn set_display_name(
    tx: &mut Tx,
    id: EnvironmentId,
    name: &str,
    now: Timestamp,
) -> Result<(), Error> {
    sql!("UPDATE environments SET display_name = $2, updated_at = $3 WHERE id = $1")
        .bind(id)
        .bind(name)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Moves an environment to another host.
pub async fn set_domain(tx: &mut Tx, id: EnvironmentId, domain: &str, now: Timestamp) -> Result<(), Error> {
    change(tx).await?;
    require_free(tx, id, domain).await?;
    sql!("UPDATE environments SET domain = $2, updated_at = $3 WHERE id = $1")
        .bind(id)
        .bind(domain)
        .bind(now)
        .execute(tx)
        .await
        .on_unique("environments_domain_key", domain_taken)?;
    Ok(())
}

/// Stores the customer's host and its status, after [`change`].
pub(super) async fn set_custom_domain(
    tx: &mut Tx,
    id: EnvironmentId,
    custom: &CustomDomain,
    now: Timestamp,
) -> Result<(), Error> {
    if custom.is_active() {
        require_free(tx, id, &custom.name).await?;
    }
    sql!(
        "UPDATE environments SET custom_domain = $2, custom_domain_status = $3, custom_domain_since = $4,
             updated_at = $5
         WHERE id = $1"
    )
    .bind(id)
    .bind(&custom.name)
    .bind(custom.status.as_str())
    .bind(custom.since)
    .bind(now)
    .execute(tx)
    .await
    .on_unique("environments_custom_domain_key", domain_taken)?;
    Ok(())
}

/// No two environments answer at one host, be it the own one or the customer's. The caller has called [`change`], so
/// that nobody takes it meanwhile.
async fn require_free(tx: &mut Tx, id: EnvironmentId, domain: &str) -> Result<(), Error> {
    let name = domain.split(':').next().unwrap_or_default();
    let others: i64 = sql!(
        "SELECT COUNT(*) FROM environments WHERE id <> $1
             AND (domain = $2 OR custom_domain = $3 AND custom_domain_status = 'ACTIVE')"
    )
    .bind(id)
    .bind(domain)
    .bind(name)
    .one(tx)
    .await?;
    if others == 0 { Ok(()) } else { Err(domain_taken()) }
}

fn domain_taken() -> Error {
    Error::already_exists("domain: another environment has this domain")
}

/// Says how clients reach this installation: every environment alike.
pub async fn set_scheme(tx: &mut Tx, scheme: &str, now: Timestamp) -> Result<(), Error> {
    change(tx).await?;
    sql!("UPDATE environments SET scheme = $1, updated_at = $2 WHERE scheme <> $1")
        .bind(scheme)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Holds the environment until the transaction ends: what spans rows of it is decided one after the other, on PostgreSQL
/// too. New rows that refer to the environment need not wait.
pub async fn lock(tx: &mut Tx, id: EnvironmentId) -> Result<(), Error> {
    sql!("UPDATE environments SET updated_at = updated_at WHERE id = $1").bind(id).execute(tx).await?;
    Ok(())
}
