//! SQL of sessions. What a session is now follows from the row and the clock: one that has ended may not have been
//! settled yet, and counts nowhere all the same.
use super::{
    login::{Authenticated, Authentication},
    model::{Device, Location, Session, Status},
};
use crate::{
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::Error,
    ids::{ApplicationId, EnvironmentId, OrganizationId, SessionId, UserId},
    paging, sql,
    time::Timestamp,
    user_agent::UserAgent,
};

/// Reads the columns that every statement here selects, in their order.
impl FromRow for Session {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let mut session = Self {
            id: row.next()?,
            user: row.next()?,
            organization: row.next()?,
            organizations: Vec::new(),
            clients: Vec::new(),
            created_at: row.next()?,
            updated_at: row.next()?,
            authenticated_at: row.next()?,
            last_active_at: row.next()?,
            idle_minutes: row.next()?,
            idle_expires_at: row.next()?,
            absolute_expires_at: row.next()?,
            ended_at: row.next()?,
            status: Status::parse(&row.next::<String>()?)?,
            device: device(row)?,
        };
        if session.status == Status::Expired {
            session.ended_at = Some(session.idle_expires_at);
        }
        Ok(session)
    }
}

fn device(row: &mut Row) -> Result<Device, Error> {
    Ok(Device {
        agent: UserAgent {
            raw: row.next()?,
            os: row.next()?,
            os_version: row.next()?,
            browser: row.next()?,
            browser_version: row.next()?,
            device_type: row.next()?,
        },
        ip: row.next()?,
        location: Location {
            region: row.next()?,
            region_subdivision: row.next()?,
            city: row.next()?,
            latitude: row.next()?,
            longitude: row.next()?,
        },
    })
}

/// Whether the user is still an active member of an organization of the session `s`, or of the one that is named.
macro_rules! belongs {
    ($organization:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM session_organizations x
                 JOIN memberships m ON m.environment_id = x.environment_id
                     AND m.organization_id = x.organization_id AND m.user_id = x.user_id
                 JOIN organizations o ON o.id = x.organization_id
                 WHERE x.environment_id = $1 AND x.session_id = s.id AND m.status = 'ACTIVE' ",
            $organization,
            ")"
        )
    };
}

/// The status at the time `$2`.
macro_rules! status {
    () => {
        concat!(
            "CASE WHEN s.status <> 'ACTIVE' THEN s.status WHEN s.idle_expires_at <= $2 THEN 'EXPIRED'
                  WHEN ",
            belongs!(""),
            " THEN 'ACTIVE' ELSE 'REVOKED' END"
        )
    };
}

macro_rules! select {
    ($rest:expr) => {
        sql!(concat!(
            "SELECT s.id, s.user_id, s.organization_id, s.created_at, s.updated_at,
                    CASE WHEN s.authenticated_at = 0 THEN s.created_at ELSE s.authenticated_at END, s.last_active_at,
                    s.idle_minutes,
                    s.idle_expires_at, s.absolute_expires_at, s.ended_at, ",
            status!(),
            ",
                    s.user_agent, s.os, s.os_version, s.browser, s.browser_version, s.device_type, s.ip_address,
                    s.region, s.region_subdivision, s.city, s.latitude, s.longitude
             FROM sessions s WHERE s.environment_id = $1 ",
            $rest
        ))
    };
}

/// How to find one session.
#[derive(Clone, Debug)]
pub enum Key {
    /// By its id.
    Id(SessionId),
    /// By the hash of its token.
    Token(Vec<u8>),
}

/// One session as of `now`, whatever its status.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    which: Key,
    now: Timestamp,
) -> Result<Option<Session>, Error> {
    let statement = match which {
        Key::Id(id) => select!("AND s.id = $3").bind(env).bind(now).bind(id),
        Key::Token(hash) => select!("AND s.token_hash = $3").bind(env).bind(now).bind(hash),
    };
    let Some(mut session) = statement.optional::<Session>(tx).await? else { return Ok(None) };
    complete(tx, env, std::slice::from_mut(&mut session)).await?;
    Ok(Some(session))
}

/// The same, for changing it in this transaction (PostgreSQL; SQLite has one writer anyway).
pub async fn find_for_update(
    tx: &mut Tx,
    env: EnvironmentId,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<Session>, Error> {
    sql!("UPDATE sessions SET updated_at = updated_at WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    find(tx, env, Key::Id(id), now).await
}

/// Which sessions of a user to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Any of these; every status if there are none.
    pub statuses: Vec<Status>,
    /// Not created before.
    pub start: Option<Timestamp>,
    /// Not created after.
    pub end: Option<Timestamp>,
}

impl Filter {
    /// The statuses as `,A,B,`, to look one up by its place; none if every status will do.
    fn statuses_text(&self) -> Option<String> {
        let names: Vec<&str> = self.statuses.iter().map(|status| status.as_str()).collect();
        (!names.is_empty()).then(|| format!(",{},", names.join(",")))
    }
}

/// Which sessions a list has, and what more.
macro_rules! listed {
    ($rest:literal) => {
        concat!(
            "AND s.user_id = $3 AND (CAST($4 AS TEXT) IS NULL OR replace($4, ',' || ",
            status!(),
            " || ',', '') <> $4)
             AND (CAST($5 AS BIGINT) IS NULL OR s.created_at >= $5)
             AND (CAST($6 AS BIGINT) IS NULL OR s.created_at <= $6) ",
            $rest
        )
    };
}

/// One page of a user's sessions, in the order of the window.
pub async fn page(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    (user, filter): (UserId, &Filter),
    now: Timestamp,
    window: paging::Window,
) -> Result<Vec<Session>, Error> {
    let (statement, from) = match window.from {
        paging::From::After(id) => (select!(listed!("AND s.id > $7 ORDER BY s.id LIMIT $8")), id),
        paging::From::Before(id) => (select!(listed!("AND s.id < $7 ORDER BY s.id DESC LIMIT $8")), id),
        paging::From::Newest => (select!(listed!("AND s.id < $7 ORDER BY s.id DESC LIMIT $8")), i64::MAX),
    };
    let statement = statement.bind(env).bind(now).bind(user).bind(filter.statuses_text());
    let statement = statement.bind(filter.start).bind(filter.end).bind(from).bind(window.limit());
    let mut sessions = statement.all(tx).await?;
    complete(tx, env, &mut sessions).await?;
    Ok(sessions)
}

/// How many sessions of a user pass the filter.
pub async fn count(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    (user, filter): (UserId, &Filter),
    now: Timestamp,
) -> Result<i64, Error> {
    let statement =
        sql!(concat!("SELECT COUNT(*) FROM sessions s WHERE s.environment_id = $1 ", listed!("")));
    let statement = statement.bind(env).bind(now).bind(user).bind(filter.statuses_text());
    Ok(statement.bind(filter.start).bind(filter.end).one(tx).await?)
}

/// Reads organizations and clients of sessions, which are of one user.
async fn complete(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    sessions: &mut [Session],
) -> Result<(), Error> {
    let numbers = || sessions.iter().map(|session| session.id.as_i64());
    let (Some(first), Some(last), Some(user)) =
        (numbers().min(), numbers().max(), sessions.first().map(|session| session.user))
    else {
        return Ok(());
    };
    let organizations: Vec<(SessionId, OrganizationId)> = sql!(
        "SELECT x.session_id, x.organization_id FROM session_organizations x
         JOIN memberships m ON m.environment_id = x.environment_id AND m.organization_id = x.organization_id
             AND m.user_id = x.user_id
         JOIN organizations o ON o.id = x.organization_id
         WHERE x.environment_id = $1 AND x.user_id = $2 AND x.session_id >= $3 AND x.session_id <= $4
             AND m.status = 'ACTIVE'
         ORDER BY x.entered_at, x.organization_id"
    )
    .bind(env)
    .bind(user)
    .bind(first)
    .bind(last)
    .all(tx)
    .await?;
    let clients: Vec<(SessionId, ApplicationId, OrganizationId)> = sql!(
        "SELECT session_id, client_id, organization_id FROM session_clients
         WHERE environment_id = $1 AND user_id = $2 AND session_id >= $3 AND session_id <= $4 ORDER BY client_id"
    )
    .bind(env)
    .bind(user)
    .bind(first)
    .bind(last)
    .all(tx)
    .await?;
    for session in sessions {
        let own = organizations.iter().filter(|(id, _)| *id == session.id);
        session.organizations = own.map(|(_, organization)| *organization).collect();
        let own = clients.iter().filter(|(id, _, _)| *id == session.id);
        session.clients = own.map(|(_, client, organization)| (*client, *organization)).collect();
    }
    Ok(())
}

/// Adds a session, without organizations and clients yet.
pub async fn insert(
    tx: &mut Tx,
    env: EnvironmentId,
    session: &Session,
    token_hash: Vec<u8>,
) -> Result<(), Error> {
    let (agent, location) = (&session.device.agent, &session.device.location);
    sql!(
        "INSERT INTO sessions (environment_id, id, user_id, token_hash, organization_id, status, idle_minutes,
             created_at, updated_at, authenticated_at, last_active_at, idle_expires_at, absolute_expires_at,
             user_agent, os, os_version, browser, browser_version, device_type, ip_address, region,
             region_subdivision, city, latitude, longitude)
         VALUES ($1, $2, $3, $4, $5, 'ACTIVE', $6, $7, $7, $7, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
             $19, $20, $21)"
    )
    .bind(env)
    .bind(session.id)
    .bind(session.user)
    .bind(token_hash)
    .bind(session.organization)
    .bind(session.idle_minutes)
    .bind(session.created_at)
    .bind(session.idle_expires_at)
    .bind(session.absolute_expires_at)
    .bind(&agent.raw)
    .bind(&agent.os)
    .bind(&agent.os_version)
    .bind(&agent.browser)
    .bind(&agent.browser_version)
    .bind(&agent.device_type)
    .bind(&session.device.ip)
    .bind(&location.region)
    .bind(&location.region_subdivision)
    .bind(&location.city)
    .bind(&location.latitude)
    .bind(&location.longitude)
    .execute(tx)
    .await?;
    Ok(())
}

/// Stores that a session was authenticated for an organization now. Tells whether its user is an active member there.
pub async fn put_organization(
    tx: &mut Tx,
    env: EnvironmentId,
    session: &Session,
    proof: &Authentication,
    now: Timestamp,
) -> Result<bool, Error> {
    let organization = proof.organization;
    let put = sql!(
        "INSERT INTO session_organizations (environment_id, session_id, organization_id, user_id, entered_at,
             connection_id, authenticated_at)
         SELECT $1, $2, m.organization_id, m.user_id, CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT)
         FROM memberships m JOIN organizations o ON o.id = m.organization_id
         WHERE m.environment_id = $1 AND m.organization_id = $3 AND m.user_id = $4 AND m.status = 'ACTIVE'
         ON CONFLICT (environment_id, session_id, organization_id) DO UPDATE SET entered_at = excluded.entered_at,
             connection_id = excluded.connection_id, authenticated_at = excluded.authenticated_at"
    )
    .bind(env)
    .bind(session.id)
    .bind(organization)
    .bind(session.user)
    .bind(now)
    .bind(proof.connection)
    .bind(proof.at)
    .execute(tx)
    .await
    .on_foreign_key(|| Error::not_found(format!("membership in organization {organization}")))?;
    Ok(put > 0)
}

impl FromRow for Authenticated {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self { organization: row.next()?, connection: row.next()?, at: row.next()? })
    }
}

/// How a session was authenticated, the latest first.
pub async fn proofs(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: SessionId,
) -> Result<Vec<Authenticated>, Error> {
    Ok(sql!(
        "SELECT x.organization_id, x.connection_id, COALESCE(x.authenticated_at, x.entered_at)
         FROM session_organizations x JOIN memberships m ON m.environment_id = x.environment_id
             AND m.organization_id = x.organization_id AND m.user_id = x.user_id AND m.status = 'ACTIVE'
         WHERE x.environment_id = $1 AND x.session_id = $2 ORDER BY 3 DESC, x.organization_id"
    )
    .bind(env)
    .bind(id)
    .all(tx)
    .await?)
}

/// Stores that an application takes part in a session, with the organization that is active there.
pub async fn put_client(
    tx: &mut Tx,
    env: EnvironmentId,
    session: &Session,
    client: ApplicationId,
    organization: OrganizationId,
) -> Result<(), Error> {
    sql!(
        "INSERT INTO session_clients (environment_id, session_id, client_id, organization_id, user_id)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (environment_id, session_id, client_id) DO UPDATE SET organization_id = excluded.organization_id"
    )
    .bind(env)
    .bind(session.id)
    .bind(client)
    .bind(organization)
    .bind(session.user)
    .execute(tx)
    .await
    .on_foreign_key(|| Error::not_found(format!("application {client}")))?;
    Ok(())
}

/// Stores that a session, which the caller holds, was used, with its deadlines, active organization and new token.
pub async fn update(
    tx: &mut Tx,
    env: EnvironmentId,
    session: &Session,
    token_hash: Vec<u8>,
) -> Result<(), Error> {
    sql!(
        "UPDATE sessions SET token_hash = $3, organization_id = $4, idle_minutes = $5, updated_at = $6,
             last_active_at = $7, idle_expires_at = $8, absolute_expires_at = $9, authenticated_at = $10
         WHERE environment_id = $1 AND id = $2"
    )
    .bind(env)
    .bind(session.id)
    .bind(token_hash)
    .bind(session.organization)
    .bind(session.idle_minutes)
    .bind(session.updated_at)
    .bind(session.last_active_at)
    .bind(session.idle_expires_at)
    .bind(session.absolute_expires_at)
    .bind(session.authenticated_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Microseconds in a minute, for deadlines that SQL reckons.
const MINUTE: i64 = 60_000_000;

/// Moves the idle deadline of a session that is used in an organization. Tells whether it may be: it has not ended, and
/// its user is still an active member there. The row is held from then on, so that whatever is given out in the same
/// transaction is given out before the session ends.
pub async fn touch(
    tx: &mut Tx,
    env: EnvironmentId,
    id: SessionId,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<bool, Error> {
    let touched = sql!(concat!(
        "UPDATE sessions AS s SET last_active_at = $2, updated_at = $2, organization_id = $4,
             idle_expires_at = CASE WHEN s.idle_minutes IS NULL OR $2 + s.idle_minutes * $5 > s.absolute_expires_at
                                    THEN s.absolute_expires_at ELSE $2 + s.idle_minutes * $5 END
         WHERE s.environment_id = $1 AND s.id = $3 AND s.status = 'ACTIVE' AND s.idle_expires_at > $2 AND ",
        belongs!("AND x.organization_id = $4")
    ))
    .bind(env)
    .bind(now)
    .bind(id)
    .bind(organization)
    .bind(MINUTE)
    .execute(tx)
    .await?;
    Ok(touched > 0)
}

/// Whether a session that has not ended can be used in an organization.
pub async fn goes_on(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: SessionId,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<bool, Error> {
    let found: Option<SessionId> = sql!(concat!(
        "SELECT s.id FROM sessions s
         WHERE s.environment_id = $1 AND s.id = $3 AND s.status = 'ACTIVE' AND s.idle_expires_at > $2 AND ",
        belongs!("AND x.organization_id = $4")
    ))
    .bind(env)
    .bind(now)
    .bind(id)
    .bind(organization)
    .optional(tx)
    .await?;
    Ok(found.is_some())
}

/// Ends a session whose time is not over. Tells whether this did it.
pub async fn end(
    tx: &mut Tx,
    env: EnvironmentId,
    id: SessionId,
    status: Status,
    now: Timestamp,
) -> Result<bool, Error> {
    let ended = sql!(
        "UPDATE sessions SET status = $4, ended_at = $2, updated_at = $2
         WHERE environment_id = $1 AND id = $3 AND status = 'ACTIVE' AND idle_expires_at > $2"
    )
    .bind(env)
    .bind(now)
    .bind(id)
    .bind(status.as_str())
    .execute(tx)
    .await?;
    Ok(ended > 0)
}

/// Whether an application takes part in a session that wants to be told of its end.
pub async fn has_listeners(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: SessionId,
) -> Result<bool, Error> {
    let found: Option<ApplicationId> = sql!(
        "SELECT x.client_id FROM session_clients x JOIN clients c ON c.id = x.client_id
         WHERE x.environment_id = $1 AND x.session_id = $2 AND c.back_channel_logout_uris <> '[]' LIMIT 1"
    )
    .bind(env)
    .bind(id)
    .optional(tx)
    .await?;
    Ok(found.is_some())
}

/// Settles a session whose time is over. Tells whether this did it.
pub async fn expire(tx: &mut Tx, env: EnvironmentId, id: SessionId, now: Timestamp) -> Result<bool, Error> {
    let expired = sql!(
        "UPDATE sessions SET status = 'EXPIRED', ended_at = idle_expires_at, updated_at = $2
         WHERE environment_id = $1 AND id = $3 AND status = 'ACTIVE' AND idle_expires_at <= $2"
    )
    .bind(env)
    .bind(now)
    .bind(id)
    .execute(tx)
    .await?;
    Ok(expired > 0)
}

/// A user's sessions that were not ended, the oldest first: all of them, or only those whose user has left every
/// organization that they were authenticated for. The time of some may be over: [`end`] knows.
pub async fn open_of_user(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    user: UserId,
    only_left: bool,
) -> Result<Vec<SessionId>, Error> {
    Ok(sql!(concat!(
        "SELECT s.id FROM sessions s
         WHERE s.environment_id = $1 AND s.user_id = $2 AND s.status = 'ACTIVE' AND (NOT $3 OR NOT ",
        belongs!(""),
        ") ORDER BY s.id"
    ))
    .bind(env)
    .bind(user)
    .bind(only_left)
    .all(tx)
    .await?)
}

/// Some sessions whose time is over and that are not settled.
pub async fn overdue(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    now: Timestamp,
    most: i64,
) -> Result<Vec<SessionId>, Error> {
    Ok(sql!(
        "SELECT id FROM sessions WHERE environment_id = $1 AND status = 'ACTIVE' AND idle_expires_at <= $2
         ORDER BY idle_expires_at LIMIT $3"
    )
    .bind(env)
    .bind(now)
    .bind(most)
    .all(tx)
    .await?)
}

/// The environments with such sessions.
pub async fn environments_to_settle(
    tx: &mut impl Queryable,
    now: Timestamp,
) -> Result<Vec<EnvironmentId>, Error> {
    Ok(sql!("SELECT DISTINCT environment_id FROM sessions WHERE status = 'ACTIVE' AND idle_expires_at <= $1")
        .bind(now)
        .all(tx)
        .await?)
}

/// Deletes some of the sessions that have ended and whose time was over before `then`. Tells how many.
pub async fn delete_old(tx: &mut Tx, then: Timestamp, most: i64) -> Result<u64, Error> {
    Ok(sql!(
        "DELETE FROM sessions WHERE id IN (
             SELECT id FROM sessions WHERE status IN ('EXPIRED', 'LOGOUT', 'REVOKED') AND idle_expires_at < $1 LIMIT $2)"
    )
    .bind(then)
    .bind(most)
    .execute(tx)
    .await?)
}
