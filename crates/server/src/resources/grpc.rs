//! `ClientService`'s resources, their clients and consents: messages to model and back.
use super::{
    clients as ops_of_clients,
    consents::{self, Consent},
    model::{Resource, ResourceType, ResourceUpdate, SignInPage},
    ops::{self, WithScopes},
    own_consents, scope_grpc, target,
};
use crate::{
    clients::{
        Registration, RegistrationRequest, ResourceClientValues, WithSecrets, claims, machine, plain, seconds,
    },
    ctx::Ctx,
    error::Error,
    ids,
    paging::total_size,
    rpc::Routes,
    structs,
    update::{Change, Mask},
};
use gatewright_api::{rpc::client_service as api, scalekit::v1::clients as pb};
use serde_json::json;

type Reply<T> = Result<T, Error>;

/// Fields of a resource that a mask may name.
const MUTABLE: &[&str] = &[
    "name",
    "description",
    "resource_uri",
    "resource_id",
    "access_token_expiry",
    "refresh_token_expiry",
    "disable_dynamic_client_registration",
    "logo_uri",
    "provider",
    "scopes",
    "custom_connection_settings",
    "intersect_scopes_user_permission",
    "enable_cimd",
    "xaa_enabled",
    "cimd_client_allowlist",
    "cimd_client_allowlist_enabled",
    "resource_scope_selection_allowed",
];
/// Fields that it may name without effect: they are output only.
const OUTPUT_ONLY: &[&str] = &[
    "id",
    "resource_type",
    "create_time",
    "update_time",
    "protected_metadata",
    "protected_metadata_uri",
    "connection_details",
    "disallow_connection_update",
];
/// Fields of a resource's client for which a mask counts.
const CLIENT_MASKED: &[&str] = &["scopes", "custom_claims", "redirect_uris"];
/// Fields for which it does not: what is not empty replaces them.
const CLIENT_UNMASKED: &[&str] = &["name", "description", "expiry", "audience"];

/// The rpcs that are built.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::CreateResource, _, _>(create);
    routes.serve::<api::GetResource, _, _>(get);
    routes.serve::<api::ListResources, _, _>(list);
    routes.serve::<api::UpdateResource, _, _>(update);
    routes.serve::<api::DeleteResource, _, _>(delete);
    routes.serve::<api::DeleteResourceProvider, _, _>(delete_provider);
    routes.serve::<api::EnsureResourceConnection, _, _>(ensure_connection);
    routes.serve::<api::CreateResourceClient, _, _>(create_client);
    routes.serve::<api::UpdateResourceClient, _, _>(update_client);
    routes.serve::<api::GetResourceClient, _, _>(get_client);
    routes.serve::<api::ListResourceClients, _, _>(list_clients);
    routes.serve::<api::DeleteResourceClient, _, _>(delete_client);
    routes.serve::<api::RegisterClient, _, _>(register_client);
    routes.serve::<api::ListResourceUserConsents, _, _>(list_consents);
    routes.serve::<api::RevokeUserConsent, _, _>(revoke_consent);
    routes.serve::<api::ListCurrentAgentConsents, _, _>(list_own_consents);
    routes.serve::<api::RevokeCurrentAgentConsent, _, _>(revoke_own_consent);
    scope_grpc::routes(routes);
}

/// What a request says of a resource: the messages of create and update have the same fields, of other types.
macro_rules! resource_values {
    ($new:ident, $mask:ident, $($flag:ident)?) => {{
        let uri_field = if $new.resource_uri.is_empty() { "resource_id" } else { "resource_uri" };
        let uri = if $new.resource_uri.is_empty() { $new.resource_id } else { $new.resource_uri };
        let uri = match $mask.collection(uri_field, uri, String::is_empty) {
            Change::Keep => $mask.collection("resource_uri", String::new(), String::is_empty),
            change => change,
        };
        ResourceUpdate {
            name: $mask.collection("name", $new.name, String::is_empty),
            description: $mask.collection("description", $new.description, String::is_empty),
            uri,
            logo_uri: $mask.collection("logo_uri", $new.logo_uri, String::is_empty),
            provider: $mask.collection("provider", $new.provider, String::is_empty),
            access_token_seconds: $mask.value("access_token_expiry", seconds($new.access_token_expiry)),
            refresh_token_seconds: $mask.value("refresh_token_expiry", seconds($new.refresh_token_expiry)),
            registration_disabled: $mask.value(
                "disable_dynamic_client_registration",
                $($flag)?($new.disable_dynamic_client_registration),
            ),
            cimd_enabled: $mask.value("enable_cimd", $($flag)?($new.enable_cimd)),
            cimd_allowlist_enabled: $mask.value(
                "cimd_client_allowlist_enabled",
                $($flag)?($new.cimd_client_allowlist_enabled),
            ),
            cimd_allowlist: $mask.collection(
                "cimd_client_allowlist",
                allowlist($new.cimd_client_allowlist),
                Vec::is_empty,
            ),
            xaa_enabled: $mask.value("xaa_enabled", $($flag)?($new.xaa_enabled)),
            intersect_permissions: $mask.value(
                "intersect_scopes_user_permission",
                $($flag)?($new.intersect_scopes_user_permission),
            ),
            scope_selection_allowed: $mask.value(
                "resource_scope_selection_allowed",
                $($flag)?($new.resource_scope_selection_allowed),
            ),
            authorize_uri: Change::Keep,
            scopes: $mask.collection("scopes", $new.scopes, Vec::is_empty),
        }
    }};
}

fn resource_type(number: i32) -> Result<ResourceType, Error> {
    pb::ResourceType::try_from(number)
        .ok()
        .and_then(|kind| ResourceType::parse(kind.as_str_name()))
        .ok_or_else(|| Error::invalid("resource_type", "enum.defined_only", "must be a type of resource"))
}

async fn create(ctx: Ctx, request: pb::CreateResourceRequest) -> Reply<pb::CreateResourceResponse> {
    let new = request.resource.unwrap_or_default();
    let kind = resource_type(new.resource_type)?;
    let all = Mask::parse(None, "resource", MUTABLE, OUTPUT_ONLY)?;
    let values = resource_values!(new, all, Some);
    let resource = ops::create(&ctx, kind, values).await?;
    Ok(pb::CreateResourceResponse { resource: Some(resource_message(&ctx, resource)?) })
}

async fn get(ctx: Ctx, request: pb::GetResourceRequest) -> Reply<pb::GetResourceResponse> {
    let resource = ops::get(&ctx, ids::parse("resource_id", &request.resource_id)?).await?;
    Ok(pb::GetResourceResponse { resource: Some(resource_message(&ctx, resource)?) })
}

async fn list(ctx: Ctx, request: pb::ListResourcesRequest) -> Reply<pb::ListResourcesResponse> {
    let kind = resource_type(request.resource_type)?;
    let (page, total) = ops::list(&ctx, kind, request.page_size, &request.page_token).await?;
    let messages = page.items.into_iter().map(|resource| resource_message(&ctx, resource));
    Ok(pb::ListResourcesResponse {
        total_size: total_size(total),
        next_page_token: page.next_token,
        resources: messages.collect::<Result<_, _>>()?,
        prev_page_token: page.prev_token,
    })
}

async fn update(ctx: Ctx, request: pb::UpdateResourceRequest) -> Reply<pb::UpdateResourceResponse> {
    let id = ids::parse("resource_id", &request.resource_id)?;
    let mask = Mask::parse(request.update_mask, "resource", MUTABLE, OUTPUT_ONLY)?;
    let new = request.resource.unwrap_or_default();
    let page = new.settings.clone().map(|settings| match settings {
        pb::update_resource::Settings::CustomConnectionSettings(settings) => settings.authorize_uri,
    });
    let update = ResourceUpdate {
        authorize_uri: mask.value("custom_connection_settings", page),
        ..resource_values!(new, mask,)
    };
    let resource = ops::update(&ctx, id, update).await?;
    Ok(pb::UpdateResourceResponse { resource: Some(resource_message(&ctx, resource)?) })
}

async fn delete(ctx: Ctx, request: pb::DeleteResourceRequest) -> Reply<()> {
    ops::delete(&ctx, ids::parse("resource_id", &request.resource_id)?).await
}

async fn delete_provider(
    ctx: Ctx,
    request: pb::DeleteResourceProviderRequest,
) -> Reply<pb::GetResourceResponse> {
    let resource = ops::delete_provider(&ctx, ids::parse("resource_id", &request.resource_id)?).await?;
    Ok(pb::GetResourceResponse { resource: Some(resource_message(&ctx, resource)?) })
}

async fn ensure_connection(
    ctx: Ctx,
    request: pb::EnsureResourceConnectionRequest,
) -> Reply<pb::EnsureResourceConnectionResponse> {
    let resource = ops::ensure_connection(&ctx, ids::parse("resource_id", &request.resource_id)?).await?;
    Ok(pb::EnsureResourceConnectionResponse { connection: connection(&resource)? })
}

async fn create_client(
    ctx: Ctx,
    request: pb::CreateResourceClientRequest,
) -> Reply<pb::CreateResourceClientResponse> {
    let id = ids::parse("resource_id", &request.resource_id)?;
    let all = Mask::parse(None, "client", CLIENT_MASKED, CLIENT_UNMASKED)?;
    let values = client_values(&all, request.client.unwrap_or_default());
    let (resource, client, first) = ops_of_clients::create(&ctx, id, values).await?;
    Ok(pb::CreateResourceClientResponse {
        plain_secret: plain(&first),
        client: Some(client_message(&resource, (client, vec![first.shown()]))),
    })
}

async fn update_client(
    ctx: Ctx,
    request: pb::UpdateResourceClientRequest,
) -> Reply<pb::UpdateResourceClientResponse> {
    let resource = ids::parse("resource_id", &request.resource_id)?;
    let id = ids::parse("client_id", &request.client_id)?;
    let mask = Mask::parse(request.update_mask, "client", CLIENT_MASKED, CLIENT_UNMASKED)?;
    let values = client_values(&mask, request.client.unwrap_or_default());
    let (resource, client) = ops_of_clients::update(&ctx, resource, id, values).await?;
    Ok(pb::UpdateResourceClientResponse { client: Some(client_message(&resource, client)) })
}

async fn get_client(ctx: Ctx, request: pb::GetResourceClientRequest) -> Reply<pb::GetResourceClientResponse> {
    let resource = ids::parse("resource_id", &request.resource_id)?;
    let id = ids::parse("client_id", &request.client_id)?;
    let (resource, client) = ops_of_clients::get(&ctx, resource, id).await?;
    let consents = consents::to_client(&ctx, id).await?.into_iter();
    let consented_users = consents.map(|consent| pb::ConsentedUser {
        consent_id: consent.id.to_string(),
        external_user_id: consent.external_user_id,
        scopes: consent.scopes,
    });
    Ok(pb::GetResourceClientResponse {
        client: Some(client_message(&resource, client)),
        consented_users: consented_users.collect(),
    })
}

async fn list_clients(
    ctx: Ctx,
    request: pb::ListResourceClientsRequest,
) -> Reply<pb::ListResourceClientsResponse> {
    let id = ids::parse("resource_id", &request.resource_id)?;
    let (resource, listed) = ops_of_clients::list(&ctx, id).await?;
    let size = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
    Ok(pb::ListResourceClientsResponse {
        clients: listed.clients.into_iter().map(|client| client_message(&resource, client)).collect(),
        total_dcr_clients: size(listed.registered),
        total_static_clients: size(listed.made),
    })
}

async fn delete_client(
    ctx: Ctx,
    request: pb::DeleteResourceClientRequest,
) -> Reply<pb::DeleteResourceClientResponse> {
    let resource = ids::parse("resource_id", &request.resource_id)?;
    ops_of_clients::delete(&ctx, resource, ids::parse("client_id", &request.client_id)?).await?;
    Ok(pb::DeleteResourceClientResponse {})
}

async fn register_client(ctx: Ctx, request: pb::RegisterClientRequest) -> Reply<pb::RegisterClientResponse> {
    let id = ids::parse("res_id", &request.res_id)?;
    let new = request.client.unwrap_or_default();
    let asked = RegistrationRequest {
        name: new.client_name,
        description: new.description,
        redirect_uris: new.redirect_uris,
        scopes: new.scope.split_ascii_whitespace().map(str::to_owned).collect(),
        about: Registration {
            client_uri: new.client_uri,
            logo_uri: new.logo_uri,
            tos_uri: new.tos_uri,
            policy_uri: new.policy_uri,
        },
    };
    let (resource, client) = ops_of_clients::register(&ctx, id, asked).await?;
    let client = client_message(&resource, (client, Vec::new()));
    Ok(pb::RegisterClientResponse {
        client_id: client.client_id,
        secrets: Vec::new(),
        name: client.name,
        description: client.description,
        create_time: client.create_time,
        update_time: client.update_time,
        scopes: client.scopes,
        audience: client.audience,
        custom_claims: Vec::new(),
        expiry: client.expiry,
        resource_id: client.resource_id,
        redirect_uris: client.redirect_uris,
        client_secret: String::new(),
        client_secret_expires_at: 0,
    })
}

async fn list_consents(
    ctx: Ctx,
    request: pb::ListResourceUserConsentsRequest,
) -> Reply<pb::ListResourceUserConsentsResponse> {
    let id = ids::parse("resource_id", &request.resource_id)?;
    let users = request.filter.unwrap_or_default().external_user_id;
    let (page, total) =
        consents::list(&ctx, id, &users, &request.search, request.page_size, &request.page_token).await?;
    Ok(pb::ListResourceUserConsentsResponse {
        total_size: total_size(total),
        next_page_token: page.next_token,
        consents: page.items.into_iter().map(consent_message).collect(),
        prev_page_token: page.prev_token,
    })
}

async fn list_own_consents(
    ctx: Ctx,
    request: pb::ListCurrentAgentConsentsRequest,
) -> Reply<pb::ListCurrentAgentConsentsResponse> {
    let (page, total) = own_consents::list(&ctx, request.page_size, &request.page_token).await?;
    Ok(pb::ListCurrentAgentConsentsResponse {
        total_size: total_size(total),
        next_page_token: page.next_token,
        prev_page_token: page.prev_token,
        consents: page.items.into_iter().map(consent_message).collect(),
    })
}

async fn revoke_own_consent(
    ctx: Ctx,
    request: pb::RevokeCurrentAgentConsentRequest,
) -> Reply<pb::RevokeCurrentAgentConsentResponse> {
    own_consents::revoke(&ctx, ids::parse("consent_id", &request.consent_id)?).await?;
    Ok(pb::RevokeCurrentAgentConsentResponse {})
}

async fn revoke_consent(
    ctx: Ctx,
    request: pb::RevokeUserConsentRequest,
) -> Reply<pb::RevokeUserConsentResponse> {
    let client = ids::parse("client_id", &request.client_id)?;
    consents::revoke(&ctx, client, ids::parse("consent_id", &request.consent_id)?).await?;
    Ok(pb::RevokeUserConsentResponse {})
}

fn allowlist(entries: Vec<pb::CimdAllowlistEntry>) -> Vec<(String, String)> {
    entries.into_iter().map(|entry| (entry.r#type, entry.value)).collect()
}

/// The audience is the server's to choose: what a caller sends is left aside.
fn client_values(mask: &Mask, client: pb::ResourceClient) -> ResourceClientValues {
    ResourceClientValues {
        name: client.name,
        description: client.description,
        scopes: mask.collection("scopes", client.scopes, Vec::is_empty),
        custom_claims: mask.collection("custom_claims", claims(client.custom_claims), Vec::is_empty),
        redirect_uris: mask.collection("redirect_uris", client.redirect_uris, Vec::is_empty),
        token_lifetime_seconds: seconds(client.expiry),
    }
}

fn client_message(resource: &Resource, (client, secrets): WithSecrets) -> pb::M2mClient {
    let expiry = client.token_lifetime_seconds.unwrap_or(resource.access_token_seconds);
    pb::M2mClient { audience: resource.audiences(), expiry, ..machine((client, secrets)) }
}

fn consent_message(consent: Consent) -> pb::ResourceUserConsent {
    pb::ResourceUserConsent {
        id: consent.id.to_string(),
        external_user_id: consent.external_user_id,
        client_id: consent.client.to_string(),
        client_name: consent.client_name,
        scopes: consent.scopes,
        granted_at: Some(consent.granted_at.into()),
    }
}

fn connection(resource: &Resource) -> Result<Option<pb::ResourceConnection>, Error> {
    let Some(SignInPage { connection, authorize_uri }) = &resource.sign_in_page else { return Ok(None) };
    let settings = match authorize_uri {
        Some(uri) => json!({"authorize_uri": uri}),
        None => json!({}),
    };
    Ok(Some(pb::ResourceConnection {
        id: connection.to_string(),
        r#type: pb::ResourceConnectionType::Custom.into(),
        status: if authorize_uri.is_some() { "COMPLETED" } else { "DRAFT" }.to_owned(),
        enabled: authorize_uri.is_some(),
        settings: Some(structs::from_json_text(&settings.to_string())?),
        provider: resource.provider.clone(),
    }))
}

/// What the resource publishes of itself (RFC 9728 §2).
fn protected_metadata(ctx: &Ctx, resource: &Resource, scopes: &[&str]) -> Result<prost_types::Struct, Error> {
    let id = resource.id.to_string();
    let metadata = json!({
        "resource": resource.uri.as_ref().unwrap_or(&id),
        "authorization_servers": [target::issuer(&ctx.environment().url, resource.id)],
        "bearer_methods_supported": ["header"],
        "scopes_supported": scopes,
    });
    structs::from_json_text(&metadata.to_string())
}

fn resource_message(ctx: &Ctx, (resource, scopes): WithScopes) -> Result<pb::Resource, Error> {
    let enabled: Vec<&str> =
        scopes.iter().filter(|scope| scope.enabled).map(|scope| scope.name.as_str()).collect();
    let kind = pb::ResourceType::from_str_name(resource.kind.as_str()).unwrap_or_default();
    let entry = |(kind, value): &(String, String)| pb::CimdAllowlistEntry {
        r#type: kind.clone(),
        value: value.clone(),
    };
    Ok(pb::Resource {
        id: resource.id.to_string(),
        resource_type: kind.into(),
        protected_metadata: Some(protected_metadata(ctx, &resource, &enabled)?),
        protected_metadata_uri: resource.metadata_uri().unwrap_or_default(),
        resource_id: resource.uri.clone().unwrap_or_else(|| resource.id.to_string()),
        connection_details: connection(&resource)?,
        disallow_connection_update: false,
        scopes: scopes.into_iter().map(scope_grpc::message).collect(),
        cimd_client_allowlist: resource.cimd_allowlist.iter().map(entry).collect(),
        resource_uri: resource.uri.unwrap_or_default(),
        name: resource.name,
        description: resource.description,
        disable_dynamic_client_registration: resource.registration_disabled,
        logo_uri: resource.logo_uri,
        access_token_expiry: resource.access_token_seconds,
        refresh_token_expiry: resource.refresh_token_seconds,
        create_time: Some(resource.created_at.into()),
        update_time: Some(resource.updated_at.into()),
        provider: resource.provider,
        intersect_scopes_user_permission: resource.intersect_permissions,
        enable_cimd: resource.cimd_enabled,
        xaa_enabled: resource.xaa_enabled,
        cimd_client_allowlist_enabled: resource.cimd_allowlist_enabled,
        resource_scope_selection_allowed: resource.scope_selection_allowed,
    })
}
