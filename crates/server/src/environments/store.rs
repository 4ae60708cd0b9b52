//! SQL of environments.
use super::model::{Environment, EnvironmentType, Region};
use crate::{
    db::{FromRow, OnViolation as _, ReadTx, Row, Tx},
    error::Error,
    ids::EnvironmentId,
    sql,
    time::Timestamp,
};

/// An environment as it is stored: without the scheme, which is configuration.
pub struct Stored(Environment);

impl Stored {
    /// Completes the URL.
    pub fn at(self, scheme: &str) -> Environment {
        let url = format!("{scheme}://{}", self.0.domain);
        Environment { url, ..self.0 }
    }
}

impl FromRow for Stored {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self(Environment {
            id: row.next()?,
            display_name: row.next()?,
            domain: row.next()?,
            url: String::new(),
            kind: EnvironmentType::parse(&row.next::<String>()?),
            region: Region::parse(&row.next::<String>()?),
            created_at: row.next()?,
            updated_at: row.next()?,
        }))
    }
}

/// Every environment of the installation.
pub async fn all(tx: &mut ReadTx) -> Result<Vec<Stored>, Error> {
    Ok(sql!(
        "SELECT id, display_name, domain, type, region_code, created_at, updated_at FROM environments ORDER BY id"
    )
    .all(tx)
    .await?)
}

/// Adds an environment.
pub async fn insert(tx: &mut Tx, environment: &Environment) -> Result<(), Error> {
    sql!(
        "INSERT INTO environments (id, display_name, domain, type, region_code, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)"
    )
    .bind(environment.id)
    .bind(&environment.display_name)
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
