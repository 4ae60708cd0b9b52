//! `EnvironmentService`, but for settings: messages to model and back.
use super::{
    assets::{self, AssetCategory},
    branding::{self, Branding, Context},
    custom_domain::{self, DomainStatus},
    features::Features,
    model::{Environment, EnvironmentType, Region},
    ops, settings_grpc,
};
use crate::{ctx::Ctx, error::Error, ids, ids::EnvironmentId, paging::total_size, rpc::Routes, structs};
use gatewright_api::{
    rpc::environment_service as api,
    scalekit::v1::{commons, environments as pb},
};

type Reply<T> = Result<T, Error>;

/// The rpcs of the service that need no later slice.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::GetEnvironment, _, _>(get);
    routes.serve::<api::ListEnvironment, _, _>(list);
    routes.serve::<api::UpdateEnvironment, _, _>(update);
    routes.serve::<api::UpdateEnvironmentDomain, _, _>(update_domain);
    routes.serve::<api::GetRequiredDNSRecords, _, _>(get_dns_records);
    routes.serve::<api::VerifyDNSRecords, _, _>(verify_dns_records);
    routes.serve::<api::CreateCustomDomain, _, _>(create_custom_domain);
    routes.serve::<api::CheckCustomDomainStatus, _, _>(check_custom_domain);
    routes.serve::<api::GetPortalCustomization, _, _>(get_branding);
    routes.serve::<api::UpdatePortalCustomization, _, _>(update_branding);
    routes.serve::<api::CreateAssetUploadURL, _, _>(create_asset);
    routes.serve::<api::GetContext, _, _>(get_context);
    routes.serve::<api::UpdateContext, _, _>(update_context);
    routes.serve::<api::GetFeatures, _, _>(get_features);
    routes.serve::<api::UpdateFeatures, _, _>(update_features);
    routes.serve::<api::EnableFeature, _, _>(enable_feature);
    routes.serve::<api::DisableFeature, _, _>(disable_feature);
    routes.serve::<api::EnableFSAFeature, _, _>(enable_full_stack);
    routes.serve::<api::DisableFSAFeature, _, _>(disable_full_stack);
    routes.serve::<api::GetHostScopedPublicFeatureFlags, _, _>(get_public_flags);
    settings_grpc::routes(routes);
}

async fn get(ctx: Ctx, request: pb::GetEnvironmentRequest) -> Reply<pb::GetEnvironmentResponse> {
    let environment = ops::get_environment(&ctx, ids::parse("id", &request.id)?).await?;
    Ok(pb::GetEnvironmentResponse { environment: Some(message(&environment)) })
}

async fn list(ctx: Ctx, request: pb::ListEnvironmentsRequest) -> Reply<pb::ListEnvironmentsResponse> {
    let (page, total) = ops::list(&ctx, request.page_size, &request.page_token).await?;
    Ok(pb::ListEnvironmentsResponse {
        next_page_token: page.next_token,
        total_size: total_size(total),
        environments: page.items.iter().map(message).collect(),
    })
}

async fn update(ctx: Ctx, request: pb::UpdateEnvironmentRequest) -> Reply<pb::UpdateEnvironmentResponse> {
    let id = ids::parse("id", &request.id)?;
    let environment = match request.environment.unwrap_or_default().display_name {
        Some(name) => ops::rename(&ctx, id, &name).await?,
        None => ops::get_environment(&ctx, id).await?,
    };
    Ok(pb::UpdateEnvironmentResponse { environment: Some(message(&environment)) })
}

async fn update_domain(
    ctx: Ctx,
    request: pb::UpdateEnvironmentDomainRequest,
) -> Reply<pb::UpdateEnvironmentResponse> {
    let id = ids::parse("id", &request.id)?;
    let environment = match request.environment.unwrap_or_default().domain {
        Some(domain) => ops::move_to(&ctx, id, &domain).await?,
        None => ops::get_environment(&ctx, id).await?,
    };
    Ok(pb::UpdateEnvironmentResponse { environment: Some(message(&environment)) })
}

async fn get_dns_records(ctx: Ctx, request: pb::GetDnsRecordsRequest) -> Reply<pb::GetDnsRecordsResponse> {
    let id = ids::parse("id", &request.id)?;
    let record = custom_domain::record(&ctx, id, &request.custom_domain).await?;
    let record = pb::DnsRecords { host_name: record.name, r#type: "CNAME".to_owned(), value: record.target };
    Ok(pb::GetDnsRecordsResponse { dns_records: vec![record] })
}

async fn verify_dns_records(ctx: Ctx, request: pb::GetDnsRecordsRequest) -> Reply<()> {
    custom_domain::verify(&ctx, ids::parse("id", &request.id)?, &request.custom_domain).await
}

async fn create_custom_domain(
    ctx: Ctx,
    request: pb::CreateCustomDomainRequest,
) -> Reply<pb::CreateCustomDomainResponse> {
    let id = ids::parse("id", &request.id)?;
    let environment = custom_domain::create(&ctx, id, &request.custom_domain).await?;
    Ok(pb::CreateCustomDomainResponse { environment: Some(message(&environment)) })
}

async fn check_custom_domain(
    ctx: Ctx,
    request: pb::GetEnvironmentRequest,
) -> Reply<pb::GetEnvironmentResponse> {
    let environment = custom_domain::check(&ctx, ids::parse("id", &request.id)?).await?;
    Ok(pb::GetEnvironmentResponse { environment: Some(message(&environment)) })
}

async fn get_branding(
    ctx: Ctx,
    request: pb::GetPortalCustomizationRequest,
) -> Reply<pb::GetPortalCustomizationResponse> {
    let id = named_or_own(&ctx, &request.id)?;
    let branding: Branding = ops::get(&ctx, id).await?;
    let settings = pb::PortalSettings {
        custom_branding: true,
        new_self_serve_sso_scim: true,
        enable_conn_delete: true,
        mcp_consent_screen_v2: false,
    };
    Ok(pb::GetPortalCustomizationResponse {
        environment_id: id.to_string(),
        customization_settings: branding.settings.map(to_struct).transpose()?,
        settings: Some(settings),
        organization_customizations: None,
    })
}

async fn update_branding(
    ctx: Ctx,
    request: pb::UpdatePortalCustomizationRequest,
) -> Reply<pb::UpdatePortalCustomizationResponse> {
    let settings = structs::to_json(request.customization_settings.unwrap_or_default());
    branding::check("customization_settings", &settings)?;
    let branding =
        ops::change(&ctx, ids::parse("id", &request.id)?, |_, _| Ok(Branding { settings: Some(settings) }));
    Ok(pb::UpdatePortalCustomizationResponse {
        customization_settings: branding.await?.settings.map(to_struct).transpose()?,
        environment_id: request.id,
    })
}

async fn create_asset(
    ctx: Ctx,
    request: pb::CreateAssetUploadUrlRequest,
) -> Reply<pb::CreateAssetUploadUrlResponse> {
    let settings = request.asset_settings.unwrap_or_default();
    let category = match settings.category() {
        pb::AssetCategory::PortalCustomizationImage => AssetCategory::Image,
        pb::AssetCategory::PortalCustomizationFont => AssetCategory::Font,
        pb::AssetCategory::Unspecified => {
            return Err(Error::invalid("asset_settings.category", "required", "must be an image or a font"));
        }
    };
    let urls = assets::create(&ctx, ids::parse("id", &request.id)?, category, &settings.extension).await?;
    Ok(pb::CreateAssetUploadUrlResponse { upload_url: urls.upload, fetch_url: urls.fetch })
}

async fn get_context(ctx: Ctx, request: pb::GetContextRequest) -> Reply<pb::GetContextResponse> {
    let kept: Context = ops::get(&ctx, ids::parse("environment_id", &request.environment_id)?).await?;
    Ok(pb::GetContextResponse { context: kept.context.map(to_struct).transpose()? })
}

async fn update_context(ctx: Ctx, request: pb::UpdateContextRequest) -> Reply<()> {
    let id = ids::parse("environment_id", &request.environment_id)?;
    let context = structs::to_json(request.context.unwrap_or_default());
    branding::check_size("context", &context)?;
    ops::change(&ctx, id, |_, _| Ok(Context { context: Some(context) })).await?;
    Ok(())
}

async fn get_features(ctx: Ctx, request: pb::GetFeaturesRequest) -> Reply<pb::GetFeaturesResponse> {
    let features: Features = ops::get(&ctx, named_or_own(&ctx, &request.id)?).await?;
    Ok(pb::GetFeaturesResponse { features: features_message(&features) })
}

async fn update_features(ctx: Ctx, request: pb::UpdateFeaturesRequest) -> Reply<pb::GetFeaturesResponse> {
    let features = ops::change(&ctx, ids::parse("id", &request.id)?, |_, mut features: Features| {
        for feature in &request.features {
            features = features.with(&feature.name, feature.enabled).ok_or_else(|| {
                let text = format!("\"{}\" is no feature of environments", feature.name);
                Error::invalid("features", "feature.name", text)
            })?;
        }
        Ok(features)
    });
    Ok(pb::GetFeaturesResponse { features: features_message(&features.await?) })
}

async fn enable_feature(ctx: Ctx, request: pb::EnableFeatureRequest) -> Reply<()> {
    turn(&ctx, ids::parse("id", &request.id)?, &request.feature_id, true).await
}

async fn disable_feature(ctx: Ctx, request: pb::DisableFeatureRequest) -> Reply<()> {
    turn(&ctx, ids::parse("id", &request.id)?, &request.feature_id, false).await
}

async fn enable_full_stack(ctx: Ctx, request: pb::EnableFsaFeatureRequest) -> Reply<()> {
    let id = named_or_own(&ctx, &request.id)?;
    turn(&ctx, id, "full_stack_auth", true).await
}

async fn disable_full_stack(ctx: Ctx, (): ()) -> Reply<()> {
    turn(&ctx, ctx.environment().id, "full_stack_auth", false).await
}

async fn turn(ctx: &Ctx, id: EnvironmentId, name: &str, enabled: bool) -> Reply<()> {
    let unknown = || Error::not_found(format!("feature \"{name}\""));
    ops::change(ctx, id, |_, features: Features| features.with(name, enabled).ok_or_else(unknown)).await?;
    Ok(())
}

/// In the words of OpenFeature.
async fn get_public_flags(ctx: Ctx, (): ()) -> Reply<pb::GetHostScopedPublicFeatureFlagsResponse> {
    let flags = ctx.environment().settings.features.all().map(|(name, enabled)| pb::PublicHostFeatureFlag {
        key: name.to_owned(),
        value: Some(prost_types::Value { kind: Some(prost_types::value::Kind::BoolValue(enabled)) }),
        variant: if enabled { "on" } else { "off" }.to_owned(),
        reason: "STATIC".to_owned(),
        error: String::new(),
    });
    Ok(pb::GetHostScopedPublicFeatureFlagsResponse { flags: flags.into() })
}

fn features_message(features: &Features) -> Vec<pb::EnvironmentFeature> {
    let all = features.all().map(|(name, enabled)| pb::EnvironmentFeature { name: name.to_owned(), enabled });
    all.into()
}

/// The caller's, where the interface allows to name none.
fn named_or_own(ctx: &Ctx, id: &str) -> Reply<EnvironmentId> {
    if id.is_empty() { Ok(ctx.environment().id) } else { ids::parse("id", id) }
}

fn to_struct(object: serde_json::Value) -> Reply<prost_types::Struct> {
    structs::from_json_text(&object.to_string())
}

/// An environment as the API shows it.
pub fn message(environment: &Environment) -> pb::Environment {
    let status = environment.custom_domain.as_ref().map(|custom| match custom.status {
        DomainStatus::Initial => pb::CustomDomainStatus::Initial,
        DomainStatus::Pending => pb::CustomDomainStatus::Pending,
        DomainStatus::Active => pb::CustomDomainStatus::Active,
        DomainStatus::Failed => pb::CustomDomainStatus::Failed,
    });
    let region = match environment.region {
        Region::Us => commons::RegionCode::Us,
        Region::Eu => commons::RegionCode::Eu,
    };
    let kind = match environment.kind {
        EnvironmentType::Production => commons::EnvironmentType::Prd,
        EnvironmentType::Development => commons::EnvironmentType::Dev,
    };
    pb::Environment {
        id: environment.id.to_string(),
        create_time: Some(environment.created_at.into()),
        update_time: Some(environment.updated_at.into()),
        display_name: environment.display_name.clone(),
        domain: environment.domain.clone(),
        region_code: region.into(),
        r#type: kind.into(),
        custom_domain: environment.custom_domain.as_ref().map(|custom| custom.name.clone()),
        custom_domain_status: status.unwrap_or_default().into(),
    }
}
