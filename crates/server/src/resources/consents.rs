//! Consents: which user let which client of a resource act with which scopes. The consent page writes them.
use super::{model::Resource, store};
use crate::{
    by_dialect,
    clients::{Client, ClientId},
    ctx::Ctx,
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::Error,
    ids::{ConsentId, EnvironmentId, ResourceClientId, ResourceId},
    paging::{self, List, Page, Sizes, Window},
    sql, text,
    time::Timestamp,
};

pub(super) const SIZES: Sizes = Sizes { default: 10, max: 30 };
/// Consents that one client shows, the newest.
const MAX_SHOWN: i64 = 1000;

/// A consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// `usrcnst_…`
    pub id: ConsentId,
    /// Whose it is: `usr_…`, or what the application's own sign-in page calls the user.
    pub external_user_id: String,
    /// Which client it is for.
    pub client: ResourceClientId,
    /// The client's name.
    pub client_name: String,
    /// What the user let it do.
    pub scopes: Vec<String>,
    /// When.
    pub granted_at: Timestamp,
}

impl FromRow for Consent {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            external_user_id: row.next()?,
            client: row.next()?,
            client_name: row.next()?,
            scopes: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
            granted_at: row.next()?,
        })
    }
}

/// A consent to be stored.
#[derive(Clone, Debug)]
pub struct NewConsent {
    /// Whose client it is.
    pub resource: ResourceId,
    /// Which client it is for.
    pub client: ResourceClientId,
    /// Whose it is.
    pub external_user_id: String,
    /// What the user let it do.
    pub scopes: Vec<String>,
}

/// Stores what a user agreed to, in place of what was agreed before.
///
/// # Errors
/// `NOT_FOUND` if the client is gone.
pub async fn grant(
    tx: &mut Tx,
    env: EnvironmentId,
    id: ConsentId,
    new: &NewConsent,
    now: Timestamp,
) -> Result<ConsentId, Error> {
    Ok(sql!(
        "INSERT INTO consents (environment_id, id, resource_id, client_id, external_user_id, search_key, scopes,
                               granted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (client_id, external_user_id) DO UPDATE SET scopes = $7, granted_at = $8 RETURNING id"
    )
    .bind(env)
    .bind(id)
    .bind(new.resource)
    .bind(new.client)
    .bind(&new.external_user_id)
    .bind(text::fold(&new.external_user_id))
    .bind(serde_json::to_string(&new.scopes).map_err(Error::internal)?)
    .bind(now)
    .one(tx)
    .await
    .on_foreign_key(|| Client::not_found(new.client))?)
}

/// What a user agreed to let a client do; none if the user never did.
///
/// # Errors
/// Those of the database.
pub async fn consented(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    client: ResourceClientId,
    external_user_id: &str,
) -> Result<Option<Vec<String>>, Error> {
    let scopes: Option<String> = sql!(
        "SELECT scopes FROM consents WHERE environment_id = $1 AND client_id = $2 AND external_user_id = $3"
    )
    .bind(env)
    .bind(client)
    .bind(external_user_id)
    .optional(tx)
    .await?;
    scopes.map(|scopes| serde_json::from_str(&scopes).map_err(Error::internal)).transpose()
}

/// The newest consents to a client, newest first.
///
/// # Errors
/// Those of the database.
pub async fn to_client(ctx: &Ctx, client: ResourceClientId) -> Result<Vec<Consent>, Error> {
    Ok(sql!(
        "SELECT s.id, s.external_user_id, s.client_id, c.name, s.scopes, s.granted_at
         FROM consents s JOIN clients c ON c.id = s.client_id
         WHERE s.environment_id = $1 AND s.client_id = $2 ORDER BY s.id DESC LIMIT $3"
    )
    .bind(ctx.environment().id)
    .bind(client)
    .bind(MAX_SHOWN)
    .all(&mut ctx.db().read())
    .await?)
}

/// One page of the consents to a resource's clients, newest first, and how many there are. Exact `users` outweigh
/// `search`, which finds part of a user's id.
///
/// # Errors
/// `NOT_FOUND` for an unknown resource; `INVALID_ARGUMENT` for a token of another list.
pub async fn list(
    ctx: &Ctx,
    resource: ResourceId,
    users: &[String],
    search: &str,
    size: u32,
    token: &str,
) -> Result<(Page<Consent>, i64), Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    store::find(&mut tx, env, resource).await?.ok_or_else(|| Resource::not_found(resource))?;
    let search = if users.is_empty() { search } else { "" };
    let list = List::named("consents").filtered_by(&format!("{resource}\0{users:?}\0{search}"));
    let window = Window::parse(ctx, &list, SIZES, size, token)?;
    let filter = Filter {
        users: serde_json::to_string(users).map_err(Error::internal)?,
        any_user: users.is_empty(),
        pattern: text::contains_pattern(search),
    };
    let rows = page(&mut tx, env, resource, &filter, window).await?;
    let total = count(&mut tx, env, resource, &filter).await?;
    Ok((window.page(ctx, &list, rows, |consent| consent.id.as_i64()), total))
}

/// Which consents a list shows.
struct Filter {
    /// JSON list of exact ids.
    users: String,
    /// Whether that list does not count.
    any_user: bool,
    /// For `LIKE`.
    pattern: String,
}

macro_rules! filtered {
    ($head:literal, $rest:literal) => {
        by_dialect!(
            postgres: concat!($head, " WHERE s.environment_id = $1 AND s.resource_id = $2
                AND ($3 OR s.external_user_id IN (SELECT json_array_elements_text(CAST(CAST($4 AS TEXT) AS JSON))))
                AND s.search_key LIKE $5 ESCAPE '\\' ", $rest),
            sqlite: concat!($head, " WHERE s.environment_id = $1 AND s.resource_id = $2
                AND ($3 OR s.external_user_id IN (SELECT value FROM json_each($4)))
                AND s.search_key LIKE $5 ESCAPE '\\' ", $rest)
        )
    };
}

macro_rules! select {
    ($rest:literal) => {
        filtered!(
            "SELECT s.id, s.external_user_id, s.client_id, c.name, s.scopes, s.granted_at
             FROM consents s JOIN clients c ON c.id = s.client_id",
            $rest
        )
    };
}

async fn page(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    resource: ResourceId,
    filter: &Filter,
    window: Window,
) -> Result<Vec<Consent>, Error> {
    use paging::From::{After, Before, Newest};
    let (statement, from) = match window.from {
        After(id) => (select!("AND s.id > $6 ORDER BY s.id LIMIT $7"), id),
        Before(id) => (select!("AND s.id < $6 ORDER BY s.id DESC LIMIT $7"), id),
        Newest => (select!("AND s.id <= $6 ORDER BY s.id DESC LIMIT $7"), i64::MAX),
    };
    Ok(statement
        .bind(env)
        .bind(resource)
        .bind(filter.any_user)
        .bind(&filter.users)
        .bind(&filter.pattern)
        .bind(from)
        .bind(window.limit())
        .all(tx)
        .await?)
}

async fn count(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    resource: ResourceId,
    filter: &Filter,
) -> Result<i64, Error> {
    Ok(filtered!("SELECT COUNT(*) FROM consents s", "")
        .bind(env)
        .bind(resource)
        .bind(filter.any_user)
        .bind(&filter.users)
        .bind(&filter.pattern)
        .one(tx)
        .await?)
}

/// Takes a consent back, with the refresh tokens that rest on it. Access tokens live on until they expire.
///
/// # Errors
/// `NOT_FOUND` for an unknown client, or a consent to another one.
pub async fn revoke(ctx: &Ctx, client: ResourceClientId, id: ConsentId) -> Result<(), Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let found = crate::clients::store::find(&mut tx, env, ClientId::Resource(client)).await?;
    found.ok_or_else(|| Client::not_found(client))?;
    let deleted = sql!("DELETE FROM consents WHERE environment_id = $1 AND client_id = $2 AND id = $3")
        .bind(env)
        .bind(client)
        .bind(id)
        .execute(&mut tx)
        .await?;
    if deleted == 0 {
        return Err(Error::not_found(format!("consent {id}")));
    }
    tx.commit().await
}
