//! How an organization's hosted pages look: as the environment's, or with settings of its own.
use super::{
    model::{Organization, OrganizationRef},
    store,
};
use crate::{
    ctx::Ctx,
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    environments,
    error::Error,
    events::{self, EventType},
    ids::{EnvironmentId, OrganizationId},
    sql,
    time::Timestamp,
};
use serde_json::Value as Json;

/// Whose settings count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrandingSource {
    /// The environment's.
    Environment,
    /// The organization's own.
    Custom,
}

/// An organization's branding.
#[derive(Clone, Debug, PartialEq)]
pub struct Branding {
    /// Whose settings count.
    pub source: BrandingSource,
    /// The organization's own settings, kept also while the environment's count.
    pub settings: Option<Json>,
    /// When it was last saved; none if it never was.
    pub updated_at: Option<Timestamp>,
}

impl Branding {
    /// Of an organization that never chose.
    const NEVER_SAVED: Self = Self { source: BrandingSource::Environment, settings: None, updated_at: None };
}

impl FromRow for Branding {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let custom = row.next::<String>()? == "CUSTOM";
        let settings: Option<String> = row.next()?;
        Ok(Self {
            source: if custom { BrandingSource::Custom } else { BrandingSource::Environment },
            settings: settings
                .map(|text| serde_json::from_str(&text))
                .transpose()
                .map_err(Error::internal)?,
            updated_at: Some(row.next()?),
        })
    }
}

/// The organization's branding.
///
/// # Errors
/// `PERMISSION_DENIED` if the environment's feature is off; `NOT_FOUND`
pub async fn get(ctx: &Ctx, id: OrganizationId) -> Result<Branding, Error> {
    require_feature(ctx)?;
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    require_organization(&mut tx, env, id).await?;
    Ok(find(&mut tx, env, id).await?.unwrap_or(Branding::NEVER_SAVED))
}

/// Chooses whose settings count. New settings replace the saved ones; without new ones the saved ones count again.
/// Without a difference nothing is stored and nothing told.
///
/// # Errors
/// `PERMISSION_DENIED` if the environment's feature is off; `NOT_FOUND`; `INVALID_ARGUMENT` for the organization's own
/// without any, or for settings over 64 KiB or with scripts.
pub async fn set(
    ctx: &Ctx,
    id: OrganizationId,
    source: BrandingSource,
    settings: Option<Json>,
) -> Result<Branding, Error> {
    const FIELD: &str = "customization_settings";
    require_feature(ctx)?;
    if let Some(settings) = &settings {
        environments::check_branding(FIELD, settings)?;
    }
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let which = OrganizationRef::Id(id);
    // For update: of two changes at once, the later one must see what the earlier one saved.
    let organization =
        store::find_for_update(&mut tx, env, &which).await?.ok_or_else(|| Organization::not_found(&which))?;
    let saved = find(&mut tx, env, id).await?.unwrap_or(Branding::NEVER_SAVED);
    let settings = settings.or_else(|| saved.settings.clone());
    if source == BrandingSource::Custom && settings.is_none() {
        return Err(Error::invalid(FIELD, "required", "is required: no settings have been saved yet"));
    }
    if source == saved.source && settings == saved.settings {
        // What was read may be another caller's, and is not durable before this returns.
        tx.commit().await?;
        return Ok(saved);
    }
    let now = ctx.now();
    let branding = Branding { source, settings, updated_at: Some(now) };
    store_branding(&mut tx, env, id, &branding, now).await?;
    let data = organization.event_data();
    events::emit(&mut tx, ctx, EventType::OrganizationUpdated, Some(id), &data).await?;
    tx.commit().await?;
    Ok(branding)
}

/// The organization's own settings, if they count.
///
/// # Errors
/// Those of the database.
pub async fn in_force(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: OrganizationId,
) -> Result<Option<Json>, Error> {
    let found = find(tx, env, id).await?.filter(|branding| branding.source == BrandingSource::Custom);
    Ok(found.and_then(|branding| branding.settings))
}

fn require_feature(ctx: &Ctx) -> Result<(), Error> {
    ctx.environment().settings.features.require_organization_branding()
}

async fn require_organization(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: OrganizationId,
) -> Result<(), Error> {
    let which = OrganizationRef::Id(id);
    store::find(tx, env, &which).await?.map(|_| ()).ok_or_else(|| Organization::not_found(&which))
}

async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: OrganizationId,
) -> Result<Option<Branding>, Error> {
    Ok(sql!(
        "SELECT source, settings, updated_at FROM organization_branding
         WHERE environment_id = $1 AND organization_id = $2"
    )
    .bind(env)
    .bind(id)
    .optional(tx)
    .await?)
}

async fn store_branding(
    tx: &mut Tx,
    env: EnvironmentId,
    id: OrganizationId,
    branding: &Branding,
    now: Timestamp,
) -> Result<(), Error> {
    let source = match branding.source {
        BrandingSource::Environment => "ENVIRONMENT",
        BrandingSource::Custom => "CUSTOM",
    };
    sql!(
        "INSERT INTO organization_branding (environment_id, organization_id, source, settings, updated_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (organization_id) DO UPDATE SET source = $3, settings = $4, updated_at = $5"
    )
    .bind(env)
    .bind(id)
    .bind(source)
    .bind(branding.settings.as_ref().map(Json::to_string))
    .bind(now)
    .execute(tx)
    .await
    .on_foreign_key(|| Organization::not_found(&OrganizationRef::Id(id)))?;
    Ok(())
}
