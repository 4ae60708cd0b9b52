//! SQL of environments.
use super::model::{Environment, EnvironmentType, Region};
use crate::{
    db::{FromRow, OnViolation as _, ReadTx, Row, Tx},
    error::Error,
    ids::EnvironmentId,
    sql,
    time::Timestamp,
};

impl FromRow for Environment {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let (id, display_name) = (row.next()?, row.next()?);
        let (scheme, domain): (String, String) = (row.next()?, row.next()?);
        Ok(Self {
            id,
            display_name,
            url: format!("{scheme}://{domain}"),
            domain,
            kind: EnvironmentType::parse(&row.next::<String>()?),
            region: Region::parse(&row.next::<String>()?),
            created_at: row.next()?,
            updated_at: row.next()?,
        })
    }
}

/// Every environment of the installation, the default one first.
pub async fn all(tx: &mut ReadTx) -> Result<Vec<Environment>, Error> {
    Ok(sql!(
        "SELECT id, display_name, scheme, domain, type, region_code, created_at, updated_at FROM environments ORDER BY id"
    )
    .all(tx)
    .await?)
}

/// Adds an environment.
pub async fn insert(tx: &mut Tx, environment: &Environment) -> Result<(), Error> {
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
    .on_unique("environments_domain_key", || Error::already_exists("another environment has this domain"))?;
    Ok(())
}

/// Moves an environment to another host.
pub async fn set_domain(tx: &mut Tx, id: EnvironmentId, domain: &str, now: Timestamp) -> Result<(), Error> {
    sql!("UPDATE environments SET domain = $2, updated_at = $3 WHERE id = $1")
        .bind(id)
        .bind(domain)
        .bind(now)
        .execute(tx)
        .await
        .on_unique("environments_domain_key", || {
            Error::already_exists("another environment has this domain")
        })?;
    Ok(())
}

/// Says how clients reach this installation: every environment alike.
pub async fn set_scheme(tx: &mut Tx, scheme: &str, now: Timestamp) -> Result<(), Error> {
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
