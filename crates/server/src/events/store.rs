//! SQL of events.
use super::model::{Event, EventType};
use crate::{
    db::{Db, FromRow, ReadTx, Row, Sql, Tx},
    environments,
    error::Error,
    ids::{AuthRequestId, EnvironmentId, IdSource, OrganizationId},
    paging, sql,
    time::Timestamp,
};
use std::time::Duration;

/// Who did it, and through which request.
pub struct Origin<'a> {
    /// `API`, `HUMAN` or `MACHINE`.
    pub actor_type: &'static str,
    /// The actor's id.
    pub actor_id: String,
    /// Address, or empty.
    pub ip_address: String,
    /// `req_…`
    pub request_id: &'a str,
    /// The sign-in that the event is a step of.
    pub sign_in: Option<AuthRequestId>,
}

/// Adds an event.
pub async fn insert(
    tx: &mut Tx,
    env: EnvironmentId,
    event: &Event,
    origin: &Origin<'_>,
) -> Result<(), Error> {
    sql!(
        "INSERT INTO events (environment_id, id, type, object, organization_id, occurred_at, data, source, actor_type,
                             actor_id, ip_address, request_id, auth_request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'SCALEKIT', $8, $9, $10, $11, $12)"
    )
    .bind(env)
    .bind(event.id)
    .bind(&event.name)
    .bind(&event.object)
    .bind(event.organization)
    .bind(event.occurred_at)
    .bind(&event.data)
    .bind(origin.actor_type)
    .bind(&origin.actor_id)
    .bind(&origin.ip_address)
    .bind(origin.request_id)
    .bind(origin.sign_in)
    .execute(tx)
    .await?;
    Ok(())
}

impl FromRow for Event {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            name: row.next()?,
            object: row.next()?,
            organization: row.next()?,
            occurred_at: row.next()?,
            data: row.next()?,
        })
    }
}

/// Which events to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// No event can pass.
    pub nothing: bool,
    /// Any of these types; every type if there are none.
    pub types: Vec<String>,
    /// Of this organization.
    pub organization: Option<OrganizationId>,
    /// Not before.
    pub start: Option<Timestamp>,
    /// Not after.
    pub end: Option<Timestamp>,
    /// `SCALEKIT` or `DIR_SYNC`.
    pub source: Option<&'static str>,
    /// Steps of this sign-in.
    pub sign_in: Option<AuthRequestId>,
}

impl Filter {
    /// The types as `,a,b,`, to look one up by its place; none if every type will do.
    fn types_text(&self) -> Option<String> {
        (!self.types.is_empty()).then(|| format!(",{},", self.types.join(",")))
    }
}

/// One page, in the order of the window. A filter by organization has an index of its own.
pub async fn page(
    tx: &mut ReadTx,
    env: EnvironmentId,
    filter: &Filter,
    window: paging::Window,
) -> Result<Vec<Event>, Error> {
    let (low, high) = filter.id_bounds();
    let (low, high, is_newer) = match window.from {
        paging::From::Newest => (low, high, false),
        paging::From::Before(id) => (low, high.min(id), false),
        paging::From::After(id) => (low.max(id), high, true),
    };
    let statement = match (filter.sign_in, filter.organization, is_newer) {
        (Some(_), _, false) => older_of_sign_in(),
        (Some(_), _, true) => newer_of_sign_in(),
        (None, None, false) => older(),
        (None, None, true) => newer(),
        (None, Some(_), false) => older_of_organization(),
        (None, Some(_), true) => newer_of_organization(),
    };
    Ok(filter.bind(statement.bind(env), low, high).bind(window.limit()).scans().all(tx).await?)
}

/// How many events pass the filter.
pub async fn count(tx: &mut ReadTx, env: EnvironmentId, filter: &Filter) -> Result<i64, Error> {
    let (low, high) = filter.id_bounds();
    let statement = match (filter.sign_in, filter.organization) {
        (Some(_), _) => count_of_sign_in(),
        (None, Some(_)) => count_of_organization(),
        (None, None) => count_all(),
    };
    Ok(filter.bind(statement.bind(env), low, high).scans().one(tx).await?)
}

impl Filter {
    /// Ids follow time, so a span of time is a span of ids, both ends excluded; `occurred_at` settles the edges.
    fn id_bounds(&self) -> (i64, i64) {
        let low = self.start.map_or(0, |start| IdSource::first_at(start.minus(CLOCK_STEP)) - 1);
        let high = self.end.map_or(i64::MAX, |end| IdSource::first_at(end.plus(CLOCK_STEP)));
        (low, high)
    }

    fn bind(&self, statement: Sql, low: i64, high: i64) -> Sql {
        statement
            .bind(low)
            .bind(high)
            .bind(self.types_text())
            .bind(self.start)
            .bind(self.end)
            .bind(self.source)
            .bind(self.organization)
            .bind(self.sign_in)
    }
}

/// How far an id may run ahead of the clock after the clock stepped back.
const CLOCK_STEP: Duration = Duration::from_secs(3600);

/// The columns, the conditions that every listing shares, and what differs: the organization and the order.
/// `replace` finds a type in `,a,b,` without wildcards, alike on both databases.
macro_rules! events {
    ($columns:literal, $organization:literal, $order:literal) => {
        sql!(concat!(
            "SELECT ",
            $columns,
            " FROM events WHERE environment_id = $1 AND id > $2 AND id < $3
                AND (CAST($4 AS TEXT) IS NULL OR replace($4, ',' || type || ',', '') <> $4)
                AND (CAST($5 AS BIGINT) IS NULL OR occurred_at >= $5)
                AND (CAST($6 AS BIGINT) IS NULL OR occurred_at <= $6)
                AND (CAST($7 AS TEXT) IS NULL OR source = $7) AND ",
            $organization,
            $order
        ))
    };
    (page $organization:literal, $order:literal) => {
        events!("id, type, object, organization_id, occurred_at, data", $organization, $order)
    };
}

fn older() -> Sql {
    events!(page "CAST($8 AS BIGINT) IS NULL AND CAST($9 AS BIGINT) IS NULL", " ORDER BY id DESC LIMIT $10")
}
fn newer() -> Sql {
    events!(page "CAST($8 AS BIGINT) IS NULL AND CAST($9 AS BIGINT) IS NULL", " ORDER BY id LIMIT $10")
}
fn older_of_organization() -> Sql {
    events!(page "organization_id = $8 AND CAST($9 AS BIGINT) IS NULL", " ORDER BY id DESC LIMIT $10")
}
fn newer_of_organization() -> Sql {
    events!(page "organization_id = $8 AND CAST($9 AS BIGINT) IS NULL", " ORDER BY id LIMIT $10")
}
fn count_all() -> Sql {
    events!("COUNT(*)", "CAST($8 AS BIGINT) IS NULL AND CAST($9 AS BIGINT) IS NULL", "")
}
fn count_of_organization() -> Sql {
    events!("COUNT(*)", "organization_id = $8 AND CAST($9 AS BIGINT) IS NULL", "")
}

/// The steps of one sign-in are few, so that the organization is looked at afterwards.
macro_rules! of_sign_in {
    ($columns:literal, $order:literal) => {
        events!(
            $columns,
            "auth_request_id = $9 AND (CAST($8 AS BIGINT) IS NULL OR organization_id = $8)",
            $order
        )
    };
}

fn older_of_sign_in() -> Sql {
    of_sign_in!("id, type, object, organization_id, occurred_at, data", " ORDER BY id DESC LIMIT $10")
}
fn newer_of_sign_in() -> Sql {
    of_sign_in!("id, type, object, organization_id, occurred_at, data", " ORDER BY id LIMIT $10")
}
fn count_of_sign_in() -> Sql {
    of_sign_in!("COUNT(*)", "")
}

/// When the newest event of any environment happened: no clock of ours should be behind that.
///
/// # Errors
/// Those of the database.
pub async fn newest(db: &Db) -> Result<Option<Timestamp>, Error> {
    let mut newest = None;
    for environment in environments::store::all(&mut db.read()).await? {
        let last: Option<Timestamp> =
            sql!("SELECT occurred_at FROM events WHERE environment_id = $1 ORDER BY id DESC LIMIT 1")
                .bind(environment.id)
                .optional(&mut db.read())
                .await?;
        newest = newest.max(last);
    }
    Ok(newest)
}

/// The data of an organization's last event of this type.
///
/// # Errors
/// Those of the database.
pub async fn last_data(
    db: &Db,
    env: EnvironmentId,
    organization: OrganizationId,
    kind: EventType,
) -> Result<Option<serde_json::Value>, Error> {
    let text: Option<String> = sql!(
        "SELECT data FROM events WHERE environment_id = $1 AND organization_id = $2 AND type = $3
         ORDER BY id DESC LIMIT 1"
    )
    .bind(env)
    .bind(organization)
    .bind(kind.name())
    .optional(&mut db.read())
    .await?;
    text.map(|text| serde_json::from_str(&text).map_err(Error::internal)).transpose()
}
