//! SQL of domains.
use super::{
    assignment::connection_not_found,
    model::{Domain, DomainType, TxtRecord, VerificationMethod, VerificationStatus},
};
use crate::{
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::Error,
    ids::{ConnectionId, DomainId, EnvironmentId, OrganizationId},
    organizations::{Organization, OrganizationRef},
    sql,
    time::Timestamp,
};

/// Reads the columns that every statement here selects, in their order.
impl FromRow for Domain {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let (id, organization, name) = (row.next()?, row.next()?, row.next()?);
        let kind = DomainType::parse(&row.next::<String>()?)?;
        let status = VerificationStatus::parse(&row.next::<String>()?)?;
        let method = VerificationMethod::parse(&row.next::<String>()?)?;
        let (value, until): (Option<String>, Option<Timestamp>) = (row.next()?, row.next()?);
        Ok(Self {
            id,
            organization,
            name,
            kind,
            status,
            method,
            txt_record: value.zip(until).map(|(value, until)| TxtRecord::new(value, until)),
            created_at: row.next()?,
            updated_at: row.next()?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT id, organization_id, domain, type, verification_status, verification_method, txt_record_value,
                    verify_until, created_at, updated_at
             FROM domains WHERE environment_id = $1 ",
            $rest
        ))
    };
}

/// A statement that changes domains and gives them back.
macro_rules! returning {
    ($change:literal) => {
        sql!(concat!(
            $change,
            " RETURNING id, organization_id, domain, type, verification_status, verification_method,
                  txt_record_value, verify_until, created_at, updated_at"
        ))
    };
}

/// Adds a domain. False if a unique key is taken: by this organization, or by the domain's owner.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, domain: &Domain) -> Result<bool, Error> {
    let inserted = sql!(
        "INSERT INTO domains (environment_id, id, organization_id, domain, type, verified_domain, verification_status,
             verification_method, txt_record_value, verify_until, checks, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12) ON CONFLICT DO NOTHING"
    )
    .bind(env)
    .bind(domain.id)
    .bind(domain.organization)
    .bind(&domain.name)
    .bind(domain.kind.as_str())
    .bind(domain.owned_name())
    .bind(domain.status.as_str())
    .bind(domain.method.as_str())
    .bind(domain.txt_record.as_ref().map(|record| record.value.as_str()))
    .bind(domain.txt_record.as_ref().map(|record| record.until))
    .bind(domain.created_at)
    .bind(domain.updated_at)
    .execute(tx)
    .await
    .on_foreign_key(|| Organization::not_found(&OrganizationRef::Id(domain.organization)))?;
    Ok(inserted > 0)
}

/// One domain of an organization.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
    id: DomainId,
) -> Result<Option<Domain>, Error> {
    Ok(select!("AND organization_id = $2 AND id = $3")
        .bind(env)
        .bind(organization)
        .bind(id)
        .optional(tx)
        .await?)
}

/// The organization's domain of this name and type.
pub async fn find_by_name(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    domain: &Domain,
) -> Result<Option<Domain>, Error> {
    Ok(select!("AND organization_id = $2 AND domain = $3 AND type = $4")
        .bind(env)
        .bind(domain.organization)
        .bind(&domain.name)
        .bind(domain.kind.as_str())
        .optional(tx)
        .await?)
}

/// Whether some organization owns the name.
pub async fn is_owned(tx: &mut impl Queryable, env: EnvironmentId, name: &str) -> Result<bool, Error> {
    let owned: i64 = sql!("SELECT COUNT(*) FROM domains WHERE environment_id = $1 AND verified_domain = $2")
        .bind(env)
        .bind(name)
        .one(tx)
        .await?;
    Ok(owned > 0)
}

/// The domains that are assigned to a connection, by name.
///
/// # Errors
/// Those of the database.
pub async fn of_connection(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    connection: ConnectionId,
) -> Result<Vec<Domain>, Error> {
    Ok(select!("AND connection_id = $2 ORDER BY domain").bind(env).bind(connection).all(tx).await?)
}

/// The organization that owns the name, and the connection to which it is assigned.
///
/// # Errors
/// Those of the database.
pub async fn owner(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    name: &str,
) -> Result<Option<(OrganizationId, Option<ConnectionId>)>, Error> {
    Ok(sql!(
        "SELECT organization_id, connection_id FROM domains WHERE environment_id = $1 AND verified_domain = $2"
    )
    .bind(env)
    .bind(name)
    .optional(tx)
    .await?)
}

/// The organizations that people with addresses of this name may join, the oldest first.
///
/// # Errors
/// Those of the database.
pub async fn joinable(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    name: &str,
) -> Result<Vec<OrganizationId>, Error> {
    Ok(sql!(
        "SELECT organization_id FROM domains
         WHERE environment_id = $1 AND domain = $2 AND type = 'ALLOWED_EMAIL_DOMAIN'
             AND verification_status IN ('VERIFIED', 'AUTO_VERIFIED')
         ORDER BY organization_id LIMIT $3"
    )
    .bind(env)
    .bind(name)
    .bind(MAX_JOINABLE)
    .all(tx)
    .await?)
}

/// Most organizations that one person is offered to join.
const MAX_JOINABLE: i64 = 50;

/// Assigns a domain to a connection of its organization, or to none. False if the domain or the connection is not there.
pub async fn set_connection(
    tx: &mut Tx,
    env: EnvironmentId,
    domain: &Domain,
    connection: Option<ConnectionId>,
    now: Timestamp,
) -> Result<bool, Error> {
    let set = sql!(
        "UPDATE domains SET connection_id = $3, updated_at = $4
         WHERE environment_id = $1 AND id = $2 AND (CAST($3 AS BIGINT) IS NULL OR EXISTS (
             SELECT 1 FROM connections c
             WHERE c.environment_id = $1 AND c.id = $3 AND c.organization_id = domains.organization_id))"
    )
    .bind(env)
    .bind(domain.id)
    .bind(connection)
    .bind(now)
    .execute(tx)
    .await
    .on_foreign_key(|| match connection {
        Some(id) => connection_not_found(id, domain.organization),
        None => Error::internal("no connection has no key"),
    })?;
    Ok(set > 0)
}

/// A numbered page of the organization's domains, newest first; all types or one, of every connection or one.
pub async fn page(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
    (kind, connection): (Option<DomainType>, Option<ConnectionId>),
    (size, offset): (i64, i64),
) -> Result<Vec<Domain>, Error> {
    Ok(select!(
        "AND organization_id = $2 AND (CAST($5 AS TEXT) IS NULL OR type = $5)
         AND (CAST($6 AS BIGINT) IS NULL OR connection_id = $6) ORDER BY id DESC LIMIT $3 OFFSET $4"
    )
    .bind(env)
    .bind(organization)
    .bind(size)
    .bind(offset)
    .bind(kind.map(DomainType::as_str))
    .bind(connection)
    .all(tx)
    .await?)
}

/// Makes a domain's organization its owner. None if it waits no longer.
pub async fn set_verified(
    tx: &mut Tx,
    env: EnvironmentId,
    id: DomainId,
    now: Timestamp,
) -> Result<Option<Domain>, Error> {
    Ok(returning!(
        "UPDATE domains SET verification_status = 'VERIFIED', verified_domain = domain, updated_at = $3
         WHERE environment_id = $1 AND id = $2 AND verification_status = 'PENDING'"
    )
    .bind(env)
    .bind(id)
    .bind(now)
    .optional(tx)
    .await?)
}

/// Ends the search for a record without success. None if it has ended already.
pub async fn set_failed(
    tx: &mut Tx,
    env: EnvironmentId,
    id: DomainId,
    now: Timestamp,
) -> Result<Option<Domain>, Error> {
    Ok(returning!(
        "UPDATE domains SET verification_status = 'FAILED', updated_at = $3
         WHERE environment_id = $1 AND id = $2 AND verification_status = 'PENDING'"
    )
    .bind(env)
    .bind(id)
    .bind(now)
    .optional(tx)
    .await?)
}

/// Ends the search of all who wait for this name. The domains that failed by that.
pub async fn fail_waiting(
    tx: &mut Tx,
    env: EnvironmentId,
    name: &str,
    now: Timestamp,
) -> Result<Vec<Domain>, Error> {
    Ok(returning!(
        "UPDATE domains SET verification_status = 'FAILED', updated_at = $3
         WHERE environment_id = $1 AND domain = $2 AND verification_status = 'PENDING'"
    )
    .bind(env)
    .bind(name)
    .bind(now)
    .all(tx)
    .await?)
}

/// Removes a domain of an organization, and gives it back.
pub async fn delete(
    tx: &mut Tx,
    env: EnvironmentId,
    organization: OrganizationId,
    id: DomainId,
) -> Result<Option<Domain>, Error> {
    Ok(returning!("DELETE FROM domains WHERE environment_id = $1 AND organization_id = $2 AND id = $3")
        .bind(env)
        .bind(organization)
        .bind(id)
        .optional(tx)
        .await?)
}

/// Counts one check of a domain that waits. False if there were not just `checks` so far, or it waits no longer.
pub async fn count_check(tx: &mut Tx, env: EnvironmentId, id: DomainId, checks: i64) -> Result<bool, Error> {
    let counted = sql!(
        "UPDATE domains SET checks = checks + 1
         WHERE environment_id = $1 AND id = $2 AND checks = $3 AND verification_status = 'PENDING'"
    )
    .bind(env)
    .bind(id)
    .bind(checks)
    .execute(tx)
    .await?;
    Ok(counted > 0)
}
