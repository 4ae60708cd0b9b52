//! Lists of connections, without their settings.
use super::model::{ConnectionType, Provider, Status};
use crate::{
    ctx::Ctx,
    db::{FromRow, ReadTx, Row, Sql},
    domains,
    error::Error,
    hostname,
    ids::{ConnectionId, EnvironmentId, OrganizationId},
    organizations::{self, OrganizationRef},
    paging::{self, List, Page, Sizes, Window},
    sql,
    time::Timestamp,
};

const SIZES: Sizes = Sizes { default: 10, max: 30 };
/// Most connections of a list without pages.
const MAX_UNPAGED: i64 = 1_000;

/// A connection in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// `conn_…`
    pub id: ConnectionId,
    /// Whose, and its name; none: the environment's.
    pub organization: Option<(OrganizationId, String)>,
    /// By which protocol or method.
    pub kind: ConnectionType,
    /// Who runs the other side.
    pub provider: Provider,
    /// The application's key of the provider.
    pub provider_key: String,
    /// Names it in URLs.
    pub key_id: Option<String>,
    /// How far it is configured.
    pub status: Status,
    /// Whether people may sign in.
    pub enabled: bool,
    /// On its button.
    pub ui_button_title: String,
    /// Names of the domains that are assigned to it.
    pub domains: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl FromRow for Listed {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let id = row.next()?;
        let (organization, name): (Option<OrganizationId>, Option<String>) = (row.next()?, row.next()?);
        let (kind, provider): (String, String) = (row.next()?, row.next()?);
        let (provider_key, key_id) = (row.next()?, row.next()?);
        let status: String = row.next()?;
        let (enabled, ui_button_title) = (row.next()?, row.next()?);
        let domains: Option<String> = row.next()?;
        Ok(Self {
            id,
            organization: organization.map(|id| (id, name.unwrap_or_default())),
            kind: ConnectionType::parse(&kind)?,
            provider: Provider::parse(&provider)?,
            provider_key,
            key_id,
            status: Status::parse(&status)?,
            enabled,
            ui_button_title,
            domains: domains.iter().flat_map(|names| names.split(',')).map(str::to_owned).collect(),
            created_at: row.next()?,
        })
    }
}

/// Which connections of organizations to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// None can pass.
    pub nothing: bool,
    /// This one.
    pub id: Option<ConnectionId>,
    /// Of this organization.
    pub organization: Option<OrganizationId>,
    /// Of this provider, by name or by key.
    pub provider: Option<String>,
    /// Of this type.
    pub kind: Option<ConnectionType>,
    /// As far configured as this.
    pub status: Option<Status>,
    /// Enabled, or disabled.
    pub enabled: Option<bool>,
}

/// What lists have of each connection. No name of a domain has a comma.
macro_rules! listed {
    ($rest:expr) => {
        sql!(concat!(
            "SELECT c.id, c.organization_id, o.display_name, c.type, c.provider, c.provider_key, c.key_id, c.status,
                    c.enabled, c.ui_button_title,
                    (SELECT string_agg(d.domain, ',' ORDER BY d.domain) FROM domains d WHERE d.connection_id = c.id),
                    c.created_at
             FROM connections c LEFT JOIN organizations o ON o.id = c.organization_id
             WHERE c.environment_id = $1 ",
            $rest
        ))
    };
}

/// Those that people can sign in through, or all (`management.md` 6.3).
macro_rules! usable {
    ($rest:literal) => {
        listed!(concat!(
            "AND (CAST($2 AS BOOLEAN) = TRUE OR (c.enabled = TRUE AND c.status = 'COMPLETED')) ",
            $rest
        ))
    };
}

/// The conditions that pages and counts share, but for the organization.
macro_rules! filtered {
    ($head:literal, $organization:literal, $order:literal) => {
        concat!(
            $head,
            "AND c.organization_id IS NOT NULL AND c.id > $2 AND c.id < $3
             AND (CAST($4 AS TEXT) IS NULL OR c.provider = upper($4) OR c.provider_key = $4)
             AND (CAST($5 AS TEXT) IS NULL OR c.type = $5)
             AND (CAST($6 AS TEXT) IS NULL OR c.status = $6)
             AND (CAST($7 AS BOOLEAN) IS NULL OR c.enabled = $7) AND ",
            $organization,
            $order
        )
    };
}

/// The connections of an organization, of a domain's owner, or all of the environment, oldest first; those to which the
/// domain is assigned come before others. Unless `all` is set, only those that people can sign in through.
///
/// # Errors
/// `NOT_FOUND` for the organization; `INVALID_ARGUMENT` for what is no domain, or without a filter where there are too
/// many for one answer.
pub async fn list(
    ctx: &Ctx,
    organization: Option<OrganizationId>,
    domain: Option<&str>,
    all: bool,
) -> Result<Vec<Listed>, Error> {
    if let Some(id) = organization {
        organizations::get(ctx, &OrganizationRef::Id(id)).await?;
    }
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let Some(domain) = domain else {
        return match organization {
            Some(organization) => of_organization(&mut tx, env, organization, all).await,
            None => of_environment(&mut tx, env, all).await,
        };
    };
    let name = hostname::parse(domain).map_err(|problem| Error::invalid("domain", "hostname", problem))?;
    // Only a verified owner: else anybody could list a connection under anybody's domain.
    let Some((owner, assigned)) = domains::owner(&mut tx, env, &name).await? else { return Ok(Vec::new()) };
    if organization.is_some_and(|organization| organization != owner) {
        return Ok(Vec::new());
    }
    let mut found = of_organization(&mut tx, env, owner, all).await?;
    found.sort_by_key(|connection| Some(connection.id) != assigned);
    Ok(found)
}

async fn of_organization(
    tx: &mut ReadTx,
    env: EnvironmentId,
    organization: OrganizationId,
    all: bool,
) -> Result<Vec<Listed>, Error> {
    Ok(usable!("AND c.organization_id = $3 ORDER BY c.id")
        .bind(env)
        .bind(all)
        .bind(organization)
        .all(tx)
        .await?)
}

async fn of_environment(tx: &mut ReadTx, env: EnvironmentId, all: bool) -> Result<Vec<Listed>, Error> {
    let most = MAX_UNPAGED;
    let statement = usable!("ORDER BY c.id LIMIT $3").bind(env).bind(all).bind(most + 1).scans();
    let found: Vec<Listed> = statement.all(tx).await?;
    if i64::try_from(found.len()).unwrap_or(i64::MAX) > most {
        let text = "is needed, or domain: there are more than 1000 connections, which ListOrganizationConnections gives in pages";
        return Err(Error::invalid("organization_id", "required", text));
    }
    Ok(found)
}

/// One page of the connections of organizations that pass the filter, newest first, and how many there are.
///
/// # Errors
/// `INVALID_ARGUMENT` for a token of another list.
pub async fn search(
    ctx: &Ctx,
    filter: &Filter,
    size: u32,
    token: &str,
) -> Result<(Page<Listed>, i64), Error> {
    let list = List::named("connections").filtered_by(&format!("{filter:?}"));
    let window = Window::parse(ctx, &list, SIZES, size, token)?;
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let (rows, total) = if filter.nothing {
        (Vec::new(), 0)
    } else {
        let total = count(filter).bind(env);
        let (low, high) = filter.id_bounds();
        (
            page(filter, env, window).all(&mut tx).await?,
            filter.bind(total, low, high).scans().one(&mut tx).await?,
        )
    };
    Ok((window.page(ctx, &list, rows, |connection| connection.id.as_i64()), total))
}

impl Filter {
    /// A filter by id is one by the bounds of ids, both excluded.
    fn id_bounds(&self) -> (i64, i64) {
        let id = self.id.map(ConnectionId::as_i64);
        (id.map_or(0, |id| id.saturating_sub(1)), id.map_or(i64::MAX, |id| id.saturating_add(1)))
    }

    fn bind(&self, statement: Sql, low: i64, high: i64) -> Sql {
        statement
            .bind(low)
            .bind(high)
            .bind(&self.provider)
            .bind(self.kind.map(ConnectionType::as_str))
            .bind(self.status.map(Status::as_str))
            .bind(self.enabled)
            .bind(self.organization)
    }
}

/// A filter by organization has an index of its own.
fn page(filter: &Filter, env: EnvironmentId, window: Window) -> Sql {
    let (low, high) = filter.id_bounds();
    let is_one = filter.organization.is_some();
    let (statement, low, high) = match window.from {
        paging::From::Newest => (older(is_one), low, high),
        paging::From::Before(id) => (older(is_one), low, high.min(id)),
        paging::From::After(id) => (newer(is_one), low.max(id), high),
    };
    filter.bind(statement.bind(env), low, high).bind(window.limit()).scans()
}

fn older(of_one: bool) -> Sql {
    if of_one {
        listed!(filtered!("", "c.organization_id = $8", " ORDER BY c.id DESC LIMIT $9"))
    } else {
        listed!(filtered!("", "CAST($8 AS BIGINT) IS NULL", " ORDER BY c.id DESC LIMIT $9"))
    }
}

fn newer(of_one: bool) -> Sql {
    if of_one {
        listed!(filtered!("", "c.organization_id = $8", " ORDER BY c.id LIMIT $9"))
    } else {
        listed!(filtered!("", "CAST($8 AS BIGINT) IS NULL", " ORDER BY c.id LIMIT $9"))
    }
}

fn count(filter: &Filter) -> Sql {
    macro_rules! count {
        ($organization:literal) => {
            sql!(filtered!(
                "SELECT COUNT(*) FROM connections c WHERE c.environment_id = $1 ",
                $organization,
                ""
            ))
        };
    }
    match filter.organization {
        Some(_) => count!("c.organization_id = $8"),
        None => count!("CAST($8 AS BIGINT) IS NULL"),
    }
}
