//! `OrganizationService`: messages to model and back.
use super::{
    branding::{self, Branding, BrandingSource},
    model::{NewOrganization, Organization, OrganizationRef, OrganizationUpdate},
    ops,
    portal_links::{self, PortalLink},
    session_policy::{PolicySource, SessionPolicy},
};
use crate::{
    ctx::Ctx,
    environments::{Limit, Region},
    error::Error,
    ids,
    paging::total_size,
    rpc::Routes,
    structs,
    update::Mask,
};
use gatewright_api::{
    rpc::organization_service as api,
    scalekit::v1::{commons, organizations as pb},
};

type Reply<T> = Result<T, Error>;

/// Fields that an update mask may name.
const MUTABLE: &[&str] = &["display_name", "external_id", "metadata", "slug", "logo_url"];
/// Fields that it may name without effect: they are output only.
const OUTPUT_ONLY: &[&str] = &["id", "create_time", "update_time", "region_code", "settings"];

/// The rpcs that are built: all of the service.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::CreateOrganization, _, _>(create);
    routes.serve::<api::GetOrganization, _, _>(get);
    routes.serve::<api::GetOrganizationByExternalId, _, _>(get_by_external_id);
    routes.serve::<api::ListOrganization, _, _>(list);
    routes.serve::<api::SearchOrganization, _, _>(search);
    routes.serve::<api::UpdateOrganization, _, _>(update);
    routes.serve::<api::DeleteOrganization, _, _>(delete);
    routes.serve::<api::GeneratePortalLink, _, _>(generate_portal_link);
    routes.serve::<api::GetPortalLinks, _, _>(get_portal_links);
    routes.serve::<api::DeletePortalLink, _, _>(delete_portal_links);
    routes.serve::<api::DeletePortalLinkByID, _, _>(delete_portal_link);
    routes.serve::<api::UpdateOrganizationSettings, _, _>(update_settings);
    routes.serve::<api::UpsertUserManagementSettings, _, _>(upsert_user_management);
    routes.serve::<api::GetOrganizationUserManagementSetting, _, _>(get_user_management);
    routes.serve::<api::GetOrganizationSessionPolicy, _, _>(get_session_policy);
    routes.serve::<api::UpdateOrganizationSessionPolicy, _, _>(update_session_policy);
    routes.serve::<api::GetApplicationSessionPolicy, _, _>(get_application_session_policy);
    routes.serve::<api::GetOrganizationBranding, _, _>(get_branding);
    routes.serve::<api::UpdateOrganizationBranding, _, _>(update_branding);
}

async fn create(ctx: Ctx, request: pb::CreateOrganizationRequest) -> Reply<pb::CreateOrganizationResponse> {
    let new = request.organization.unwrap_or_default();
    let region = region(new.region_code)?;
    let organization = ops::create(
        &ctx,
        NewOrganization {
            display_name: new.display_name,
            external_id: new.external_id,
            metadata: new.metadata,
            slug: new.slug,
            logo_url: new.logo_url,
            region,
        },
    )
    .await?;
    Ok(pb::CreateOrganizationResponse { organization: Some(message(organization)) })
}

async fn get(ctx: Ctx, request: pb::GetOrganizationRequest) -> Reply<pb::GetOrganizationResponse> {
    let organization = ops::get(&ctx, &identity(request.identities.map(Into::into))?).await?;
    Ok(pb::GetOrganizationResponse { organization: Some(message(organization)) })
}

async fn get_by_external_id(
    ctx: Ctx,
    request: pb::GetOrganizationRequest,
) -> Reply<pb::GetOrganizationResponse> {
    let Some(pb::get_organization_request::Identities::ExternalId(id)) = request.identities else {
        return Err(Error::invalid(
            "external_id",
            "required",
            "ExternalId is required, and id must not be set",
        ));
    };
    let organization = ops::get(&ctx, &OrganizationRef::ExternalId(id)).await?;
    Ok(pb::GetOrganizationResponse { organization: Some(message(organization)) })
}

async fn list(ctx: Ctx, request: pb::ListOrganizationsRequest) -> Reply<pb::ListOrganizationsResponse> {
    let (page, total) = ops::list(&ctx, request.page_size, &request.page_token, request.external_id).await?;
    Ok(pb::ListOrganizationsResponse {
        next_page_token: page.next_token,
        total_size: total_size(total),
        organizations: page.items.into_iter().map(message).collect(),
        prev_page_token: page.prev_token,
    })
}

async fn search(ctx: Ctx, request: pb::SearchOrganizationsRequest) -> Reply<pb::SearchOrganizationsResponse> {
    let (page, total) = ops::search(&ctx, &request.query, request.page_size, &request.page_token).await?;
    Ok(pb::SearchOrganizationsResponse {
        next_page_token: page.next_token,
        total_size: total_size(total),
        organizations: page.items.into_iter().map(message).collect(),
        prev_page_token: page.prev_token,
    })
}

async fn update(ctx: Ctx, request: pb::UpdateOrganizationRequest) -> Reply<pb::UpdateOrganizationResponse> {
    let which = identity(request.identities.map(Into::into))?;
    let mask = Mask::parse(request.update_mask, "organization", MUTABLE, OUTPUT_ONLY)?;
    let new = request.organization.unwrap_or_default();
    let update = OrganizationUpdate {
        display_name: mask.string("display_name", new.display_name),
        external_id: mask.string("external_id", new.external_id),
        metadata: mask.collection("metadata", new.metadata, |map| map.is_empty()),
        slug: mask.string("slug", new.slug),
        logo_url: mask.string("logo_url", new.logo_url),
    };
    if !update.is_only_a_name() {
        ctx.require_environment_level()?;
    }
    let organization = ops::update(&ctx, &which, update).await?;
    Ok(pb::UpdateOrganizationResponse { organization: Some(message(organization)) })
}

async fn delete(ctx: Ctx, request: pb::DeleteOrganizationRequest) -> Reply<()> {
    ops::delete(&ctx, &identity(request.identities.map(Into::into))?).await
}

async fn generate_portal_link(
    ctx: Ctx,
    request: pb::GeneratePortalLinkRequest,
) -> Reply<pb::GeneratePortalLinkResponse> {
    let organization = ids::parse("id", &request.id)?;
    let mut features = Vec::new();
    // Not by `request.features()`, which leaves out unknown numbers: a link for none is a link for all.
    for &feature in &request.features {
        match pb::Feature::try_from(feature) {
            Ok(pb::Feature::DirSync) => features.push("dir_sync"),
            Ok(pb::Feature::Sso) => features.push("sso"),
            Ok(pb::Feature::Unspecified) | Err(_) => {
                return Err(Error::invalid("features", "enum.defined_only", "must be sso or dir_sync"));
            }
        }
    }
    #[expect(deprecated, reason = "older clients say it with these")]
    for (asked, feature) in [(request.sso, "sso"), (request.directory_sync, "dir_sync")] {
        if asked == Some(true) {
            features.push(feature);
        }
    }
    features.sort_unstable();
    features.dedup();
    let link = portal_links::generate(&ctx, organization, &features).await?;
    Ok(pb::GeneratePortalLinkResponse { link: Some(link_message(link)) })
}

async fn get_portal_links(ctx: Ctx, request: pb::GetPortalLinkRequest) -> Reply<pb::GetPortalLinksResponse> {
    let links = portal_links::list(&ctx, ids::parse("id", &request.id)?).await?;
    Ok(pb::GetPortalLinksResponse { links: links.into_iter().map(link_message).collect() })
}

async fn delete_portal_links(ctx: Ctx, request: pb::DeletePortalLinkRequest) -> Reply<()> {
    portal_links::delete_all(&ctx, ids::parse("id", &request.id)?).await
}

async fn delete_portal_link(ctx: Ctx, request: pb::DeletePortalLinkByIdRequest) -> Reply<()> {
    let organization = ids::parse("id", &request.id)?;
    portal_links::delete(&ctx, organization, ids::parse("link_id", &request.link_id)?).await
}

async fn update_settings(
    ctx: Ctx,
    request: pb::UpdateOrganizationSettingsRequest,
) -> Reply<pb::GetOrganizationResponse> {
    let features = request.settings.unwrap_or_default().features;
    let features: Vec<_> = features.into_iter().map(|feature| (feature.name, feature.enabled)).collect();
    let organization = ops::set_features(&ctx, ids::parse("id", &request.id)?, &features).await?;
    Ok(pb::GetOrganizationResponse { organization: Some(message(organization)) })
}

async fn upsert_user_management(
    ctx: Ctx,
    request: pb::UpsertUserManagementSettingsRequest,
) -> Reply<pb::UpsertUserManagementSettingsResponse> {
    let id = ids::parse("organization_id", &request.organization_id)?;
    let limit = request.settings.and_then(|settings| settings.max_allowed_users);
    let organization = ops::set_max_users(&ctx, id, limit).await?;
    Ok(pb::UpsertUserManagementSettingsResponse { settings: Some(user_management(&organization)) })
}

async fn get_user_management(
    ctx: Ctx,
    request: pb::GetOrganizationUserManagementSettingsRequest,
) -> Reply<pb::GetOrganizationUserManagementSettingsResponse> {
    let organization = by_id(&ctx, &request.organization_id).await?;
    Ok(pb::GetOrganizationUserManagementSettingsResponse { settings: Some(user_management(&organization)) })
}

async fn get_session_policy(
    ctx: Ctx,
    request: pb::GetOrganizationSessionPolicyRequest,
) -> Reply<pb::GetOrganizationSessionPolicyResponse> {
    ctx.environment().settings.features.require_session_policy()?;
    let organization = by_id(&ctx, &request.organization_id).await?;
    Ok(pb::GetOrganizationSessionPolicyResponse {
        policy: Some(policy_message(&organization.session_policy)),
    })
}

async fn update_session_policy(
    ctx: Ctx,
    request: pb::UpdateOrganizationSessionPolicyRequest,
) -> Reply<pb::UpdateOrganizationSessionPolicyResponse> {
    let id = ids::parse("organization_id", &request.organization_id)?;
    let policy = match request.policy_source() {
        pb::SessionPolicyType::Application => SessionPolicy::default(),
        pb::SessionPolicyType::Custom => SessionPolicy::custom(
            ctx.environment(),
            limit(
                request.absolute_session_timeout,
                ("absolute_session_timeout_unit", request.absolute_session_timeout_unit),
            )?,
            request.idle_session_timeout_enabled,
            limit(
                request.idle_session_timeout,
                ("idle_session_timeout_unit", request.idle_session_timeout_unit),
            )?,
        )?,
        pb::SessionPolicyType::Unspecified => {
            return Err(Error::invalid("policy_source", "required", "must be APPLICATION or CUSTOM"));
        }
    };
    let organization = ops::set_session_policy(&ctx, id, policy).await?;
    Ok(pb::UpdateOrganizationSessionPolicyResponse {
        policy: Some(policy_message(&organization.session_policy)),
    })
}

async fn get_application_session_policy(
    ctx: Ctx,
    request: pb::GetApplicationSessionPolicyRequest,
) -> Reply<pb::GetApplicationSessionPolicyResponse> {
    by_id(&ctx, &request.organization_id).await?;
    let policy = ctx.environment().session_policy();
    let minutes = Some(commons::TimeUnit::Minutes.into());
    Ok(pb::GetApplicationSessionPolicyResponse {
        application_policy: Some(pb::ApplicationSessionPolicySettings {
            absolute_session_timeout: policy.absolute_minutes,
            idle_session_timeout_enabled: policy.idle_enabled,
            idle_session_timeout: policy.idle_minutes,
            access_token_expiry: policy.access_token_minutes,
            absolute_session_timeout_unit: minutes,
            idle_session_timeout_unit: minutes,
        }),
    })
}

async fn get_branding(
    ctx: Ctx,
    request: pb::GetOrganizationBrandingRequest,
) -> Reply<pb::GetOrganizationBrandingResponse> {
    let branding = branding::get(&ctx, ids::parse("organization_id", &request.organization_id)?).await?;
    Ok(pb::GetOrganizationBrandingResponse { branding: Some(branding_message(branding)?) })
}

async fn update_branding(
    ctx: Ctx,
    request: pb::UpdateOrganizationBrandingRequest,
) -> Reply<pb::UpdateOrganizationBrandingResponse> {
    let id = ids::parse("organization_id", &request.organization_id)?;
    let source = match request.source() {
        pb::BrandingSource::Custom => BrandingSource::Custom,
        _ => BrandingSource::Environment,
    };
    let settings = request.customization_settings.map(structs::to_json);
    let branding = branding::set(&ctx, id, source, settings).await?;
    Ok(pb::UpdateOrganizationBrandingResponse { branding: Some(branding_message(branding)?) })
}

async fn by_id(ctx: &Ctx, id: &str) -> Reply<Organization> {
    ops::get(ctx, &OrganizationRef::Id(ids::parse("organization_id", id)?)).await
}

/// The two ways to name an organization, the same in three requests.
enum Identity {
    Id(String),
    ExternalId(String),
}

macro_rules! identity_from {
    ($($module:ident)*) => { $(
        impl From<pb::$module::Identities> for Identity {
            fn from(identity: pb::$module::Identities) -> Self {
                match identity {
                    pb::$module::Identities::Id(id) => Self::Id(id),
                    pb::$module::Identities::ExternalId(id) => Self::ExternalId(id),
                }
            }
        }
    )* };
}
identity_from!(get_organization_request update_organization_request delete_organization_request);

fn identity(identity: Option<Identity>) -> Reply<OrganizationRef> {
    match identity {
        Some(Identity::Id(id)) => Ok(OrganizationRef::Id(ids::parse::<ids::OrganizationKind>("id", &id)?)),
        Some(Identity::ExternalId(id)) => Ok(OrganizationRef::ExternalId(id)),
        None => Err(Error::invalid("id", "required", "id or external_id is required")),
    }
}

fn region(code: i32) -> Reply<Option<Region>> {
    match commons::RegionCode::try_from(code) {
        Ok(commons::RegionCode::Unspecified) => Ok(None),
        Ok(commons::RegionCode::Us) => Ok(Some(Region::Us)),
        Ok(commons::RegionCode::Eu) => Ok(Some(Region::Eu)),
        Err(_) => Err(Error::invalid("organization.region_code", "enum.defined_only", "must be US or EU")),
    }
}

/// `unit` with the name of its field; a number that is no unit would otherwise pass for minutes.
fn limit(amount: Option<i32>, (field, unit): (&'static str, Option<i32>)) -> Reply<Option<Limit>> {
    let unit_minutes = match commons::TimeUnit::try_from(unit.unwrap_or_default()) {
        Ok(commons::TimeUnit::Hours) => 60,
        Ok(commons::TimeUnit::Days) => 24 * 60,
        Ok(commons::TimeUnit::Minutes | commons::TimeUnit::SessionTimeUnitUnspecified) => 1,
        Err(_) => return Err(Error::invalid(field, "enum.defined_only", "must be MINUTES, HOURS or DAYS")),
    };
    Ok(amount.map(|amount| Limit { amount, unit_minutes }))
}

fn message(organization: Organization) -> pb::Organization {
    let features = organization
        .features
        .all()
        .map(|(name, enabled)| pb::OrganizationSettingsFeature { name: name.to_owned(), enabled });
    let region = match organization.region {
        Region::Us => commons::RegionCode::Us,
        Region::Eu => commons::RegionCode::Eu,
    };
    pb::Organization {
        id: organization.id.to_string(),
        create_time: Some(organization.created_at.into()),
        update_time: Some(organization.updated_at.into()),
        display_name: organization.display_name,
        region_code: region.into(),
        external_id: organization.external_id,
        metadata: organization.metadata,
        settings: Some(pb::OrganizationSettings { features: features.into() }),
        slug: organization.slug,
        logo_url: organization.logo_url,
    }
}

fn link_message(link: PortalLink) -> pb::Link {
    pb::Link { id: link.id.to_string(), location: link.location, expire_time: Some(link.expires_at.into()) }
}

fn user_management(organization: &Organization) -> pb::OrganizationUserManagementSettings {
    pb::OrganizationUserManagementSettings { max_allowed_users: organization.max_allowed_users }
}

/// Limits are always in minutes, and left out while the application's count.
fn policy_message(policy: &SessionPolicy) -> pb::OrganizationSessionPolicySettings {
    match policy.source {
        PolicySource::Application => pb::OrganizationSessionPolicySettings {
            policy_source: pb::SessionPolicyType::Application.into(),
            ..Default::default()
        },
        PolicySource::Custom => pb::OrganizationSessionPolicySettings {
            policy_source: pb::SessionPolicyType::Custom.into(),
            absolute_session_timeout: policy.absolute_minutes,
            absolute_session_timeout_unit: policy.absolute_minutes.map(|_| commons::TimeUnit::Minutes.into()),
            idle_session_timeout_enabled: policy.idle_enabled,
            idle_session_timeout: policy.idle_minutes,
            idle_session_timeout_unit: policy.idle_minutes.map(|_| commons::TimeUnit::Minutes.into()),
        },
    }
}

fn branding_message(branding: Branding) -> Reply<pb::OrganizationBranding> {
    let source = match branding.source {
        BrandingSource::Environment => pb::BrandingSource::Environment,
        BrandingSource::Custom => pb::BrandingSource::Custom,
    };
    Ok(pb::OrganizationBranding {
        source: source.into(),
        customization_settings: branding
            .settings
            .map(|settings| structs::from_json_text(&settings.to_string()))
            .transpose()?,
        update_time: branding.updated_at.map(Into::into),
    })
}
