//! Links that let a customer's IT into the admin portal without an account. Here are the link objects; opening one
//! follows with the portal.
use super::{
    model::{Organization, OrganizationRef},
    store,
};
use crate::{
    ctx::Ctx,
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    entropy,
    error::Error,
    ids::{EnvironmentId, OrganizationId, PortalLinkId},
    secret::Secret,
    sql,
    time::Timestamp,
    vault::{self, Place},
};
use std::time::Duration;

/// How long a link that the API made can be opened, once.
const VALID_FOR: Duration = Duration::from_secs(60);
const SEALED_IN: &str = "portal_links.token_sealed";

/// A portal link with its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalLink {
    /// `lnk_…`
    pub id: PortalLinkId,
    /// What the customer's IT opens.
    pub location: String,
    /// When it can no longer be opened.
    pub expires_at: Timestamp,
}

/// Makes a link for `features` (`sso`, `dir_sync`), or for all that the organization has if there are none.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a feature that the organization does not have.
pub async fn generate(
    ctx: &Ctx,
    organization: OrganizationId,
    features: &[&'static str],
) -> Result<PortalLink, Error> {
    let which = OrganizationRef::Id(organization);
    let env = ctx.environment().id;
    let token = Secret::new(entropy::uuid()?);
    let id: PortalLinkId = ctx.new_id();
    let sealed =
        ctx.app().vault.seal(Place { column: SEALED_IN, row: id.as_i64() }, token.expose().as_bytes())?;
    let mut tx = ctx.db().write().await?;
    let organization =
        store::find(&mut tx, env, &which).await?.ok_or_else(|| Organization::not_found(&which))?;
    let off = |name: &&str| !organization.features.all().contains(&(*name, true));
    if let Some(name) = features.iter().copied().find(off) {
        return Err(Error::invalid(
            "features",
            "feature.enabled",
            format!(
                "{name} is not enabled for the organization; enable it with UpdateOrganizationSettings first"
            ),
        ));
    }
    let created_at = ctx.now();
    let expires_at = created_at.plus(VALID_FOR);
    let link = NewLink { id, organization: organization.id, features, sealed, created_at, expires_at };
    insert(&mut tx, env, &link, &token).await?;
    tx.commit().await?;
    Ok(PortalLink { id, location: location(ctx, token.expose()), expires_at })
}

/// The organization's links that can still be opened, newest first.
///
/// # Errors
/// `NOT_FOUND`
pub async fn list(ctx: &Ctx, organization: OrganizationId) -> Result<Vec<PortalLink>, Error> {
    let which = OrganizationRef::Id(organization);
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    store::find(&mut tx, env, &which).await?.ok_or_else(|| Organization::not_found(&which))?;
    let stored = open_links(&mut tx, env, organization, ctx.now()).await?;
    stored
        .into_iter()
        .map(|link| {
            let place = Place { column: SEALED_IN, row: link.id.as_i64() };
            let token = ctx.app().vault.open(place, &link.sealed)?;
            let token = String::from_utf8_lossy(token.expose()).into_owned();
            Ok(PortalLink { id: link.id, location: location(ctx, &token), expires_at: link.expires_at })
        })
        .collect()
}

/// The organization of a link, also of one that can no longer be opened: pages that it opened are still open.
///
/// # Errors
/// Those of the database.
pub async fn organization_of(ctx: &Ctx, id: PortalLinkId) -> Result<Option<Organization>, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let organization: Option<OrganizationId> =
        sql!("SELECT organization_id FROM portal_links WHERE environment_id = $1 AND id = $2")
            .bind(env)
            .bind(id)
            .optional(&mut tx)
            .await?;
    match organization {
        Some(id) => store::find(&mut tx, env, &OrganizationRef::Id(id)).await,
        None => Ok(None),
    }
}

/// Takes back every link of the organization.
///
/// # Errors
/// `NOT_FOUND` for an unknown organization.
pub async fn delete_all(ctx: &Ctx, organization: OrganizationId) -> Result<(), Error> {
    let which = OrganizationRef::Id(organization);
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    store::find(&mut tx, env, &which).await?.ok_or_else(|| Organization::not_found(&which))?;
    sql!("DELETE FROM portal_links WHERE environment_id = $1 AND organization_id = $2")
        .bind(env)
        .bind(organization)
        .execute(&mut tx)
        .await?;
    tx.commit().await
}

/// Takes back one link.
///
/// # Errors
/// `NOT_FOUND` for a link that the organization does not have.
pub async fn delete(ctx: &Ctx, organization: OrganizationId, id: PortalLinkId) -> Result<(), Error> {
    let mut tx = ctx.db().write().await?;
    let deleted =
        sql!("DELETE FROM portal_links WHERE environment_id = $1 AND organization_id = $2 AND id = $3")
            .bind(ctx.environment().id)
            .bind(organization)
            .bind(id)
            .execute(&mut tx)
            .await?;
    if deleted == 0 {
        return Err(Error::not_found(format!("portal link {id} of organization {organization}")));
    }
    tx.commit().await
}

fn location(ctx: &Ctx, token: &str) -> String {
    format!("{}/magicLink/{token}", ctx.environment().url)
}

struct NewLink<'a> {
    id: PortalLinkId,
    organization: OrganizationId,
    features: &'a [&'static str],
    sealed: Vec<u8>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

async fn insert(
    tx: &mut Tx,
    env: EnvironmentId,
    link: &NewLink<'_>,
    token: &Secret<String>,
) -> Result<(), Error> {
    sql!(
        "INSERT INTO portal_links (environment_id, id, organization_id, token_hash, token_sealed, features,
                                   created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    )
    .bind(env)
    .bind(link.id)
    .bind(link.organization)
    .bind(vault::hash(token.expose()))
    .bind(&link.sealed)
    .bind(link.features.join(","))
    .bind(link.created_at)
    .bind(link.expires_at)
    .execute(tx)
    .await
    .on_foreign_key(|| Organization::not_found(&OrganizationRef::Id(link.organization)))?;
    Ok(())
}

/// Deletes some links of every environment that could last be opened before `then`. Tells how many.
pub(super) async fn delete_old(tx: &mut Tx, then: Timestamp, most: i64) -> Result<u64, Error> {
    Ok(sql!(
        "DELETE FROM portal_links WHERE id IN (SELECT id FROM portal_links WHERE expires_at <= $1 ORDER BY id LIMIT $2)"
    )
    .bind(then)
    .bind(most)
    .execute(tx)
    .await?)
}

struct StoredLink {
    id: PortalLinkId,
    sealed: Vec<u8>,
    expires_at: Timestamp,
}

impl FromRow for StoredLink {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self { id: row.next()?, sealed: row.next()?, expires_at: row.next()? })
    }
}

async fn open_links(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<Vec<StoredLink>, Error> {
    Ok(sql!(
        "SELECT id, token_sealed, expires_at FROM portal_links
         WHERE environment_id = $1 AND organization_id = $2 AND used_at IS NULL AND expires_at > $3
         ORDER BY id DESC"
    )
    .bind(env)
    .bind(organization)
    .bind(now)
    .all(tx)
    .await?)
}
