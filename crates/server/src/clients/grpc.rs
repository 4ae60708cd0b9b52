//! `ClientService`: messages to model and back.
use super::{
    authorized_domains,
    model::{
        ApplicationUpdate, Client, ClientId, ClientSecret, ClientType, CustomClaims, MACHINE_TOKEN_SECONDS,
        NewApplication, NewOrganizationClient, NewSecret,
    },
    ops,
};
use crate::{
    ctx::Ctx,
    error::Error,
    ids,
    paging::total_size,
    rpc::Routes,
    update::{Change, Mask},
};
use gatewright_api::{
    rpc::{client_service as api, domain_service},
    scalekit::v1::clients as pb,
};

type Reply<T> = Result<T, Error>;

/// Fields of an application that a mask may name.
const MUTABLE: &[&str] = &[
    "name",
    "post_login_uris",
    "post_logout_redirect_uris",
    "back_channel_logout_uris",
    "initiate_login_uri",
    "access_token_expiry",
    "scopes",
    "custom_claims",
    "disallow_scalekit_api_access",
    "grant_types",
    "enforce_pkce",
    "ip_allowlist",
];
/// Fields that it may name without effect: they are output only.
const OUTPUT_ONLY: &[&str] =
    &["id", "keyId", "key_id", "client_type", "create_time", "update_time", "secrets"];

/// The rpcs that are built: applications and machine clients, and what `DomainService` has to do with redirect URIs.
pub fn routes(routes: &mut Routes) {
    routes.serve::<domain_service::ListAuthorizedDomains, _, _>(authorized_domains::list);
    routes.serve::<api::ListClient, _, _>(list);
    routes.serve::<api::CreateClient, _, _>(create);
    routes.serve::<api::GetClient, _, _>(get);
    routes.serve::<api::UpdateClient, _, _>(update);
    routes.serve::<api::DeleteClient, _, _>(delete);
    routes.serve::<api::AddEnvironmentRedirectUri, _, _>(add_redirect_uri);
    routes.serve::<api::RemoveEnvironmentRedirectUri, _, _>(remove_redirect_uri);
    routes.serve::<api::SetEnvironmentInitiateLoginUri, _, _>(set_initiate_login_uri);
    routes.serve::<api::CreateClientSecret, _, _>(create_secret);
    routes.serve::<api::UpdateClientSecret, _, _>(update_secret);
    routes.serve::<api::DeleteClientSecret, _, _>(delete_secret);
    routes.serve::<api::CreateOrganizationClient, _, _>(create_machine);
    routes.serve::<api::GetOrganizationClient, _, _>(get_machine);
    routes.serve::<api::UpdateOrganizationClient, _, _>(update_machine);
    routes.serve::<api::DeleteOrganizationClient, _, _>(delete_machine);
    routes.serve::<api::ListOrganizationClients, _, _>(list_machines);
    routes.serve::<api::CreateOrganizationClientSecret, _, _>(create_machine_secret);
    routes.serve::<api::DeleteOrganizationClientSecret, _, _>(delete_machine_secret);
}

/// What a request says of an application: the messages of create and update have the same fields.
macro_rules! application_values {
    ($new:ident, $mask:ident, $name:expr) => {
        ApplicationUpdate {
            name: $name,
            post_login: $mask.collection("post_login_uris", $new.post_login_uris, Vec::is_empty),
            post_logout: $mask.collection(
                "post_logout_redirect_uris",
                $new.post_logout_redirect_uris,
                Vec::is_empty,
            ),
            back_channel_logout: $mask.collection(
                "back_channel_logout_uris",
                $new.back_channel_logout_uris,
                Vec::is_empty,
            ),
            initiate_login: $mask.string("initiate_login_uri", $new.initiate_login_uri),
            token_lifetime_seconds: $mask.value("access_token_expiry", seconds($new.access_token_expiry)),
            scopes: $mask.collection("scopes", $new.scopes, Vec::is_empty),
            custom_claims: $mask.collection("custom_claims", claims($new.custom_claims), Vec::is_empty),
            management_access: $mask.value(
                "disallow_scalekit_api_access",
                $new.disallow_scalekit_api_access.map(|barred| !barred),
            ),
            grant_types: $mask.collection("grant_types", $new.grant_types, Vec::is_empty),
            enforce_pkce: $mask.value("enforce_pkce", $new.enforce_pkce),
            ip_allowlist: $mask.value("ip_allowlist", $new.ip_allowlist.map(networks)),
        }
    };
}

async fn list(ctx: Ctx, request: pb::ListClientsRequest) -> Reply<pb::ListClientsResponse> {
    let types = request.filter.unwrap_or_default().client_type;
    let (page, total) = ops::list(&ctx, &types, request.page_size, &request.page_token).await?;
    let key_id = key_id(&ctx).await?;
    Ok(pb::ListClientsResponse {
        total_size: total_size(total),
        clients: page.items.into_iter().map(|client| application(client, &key_id)).collect(),
        next_page_token: page.next_token,
        prev_page_token: page.prev_token,
    })
}

async fn create(ctx: Ctx, request: pb::CreateClientRequest) -> Reply<pb::CreateClientResponse> {
    let new = request.client.unwrap_or_default();
    let all = Mask::parse(None, "client", MUTABLE, OUTPUT_ONLY)?;
    let values = application_values!(new, all, Change::Keep);
    let client = ops::create(&ctx, NewApplication { name: new.name, kind: new.client_type, values }).await?;
    Ok(pb::CreateClientResponse { client: Some(application(client, &key_id(&ctx).await?)) })
}

async fn get(ctx: Ctx, request: pb::GetClientRequest) -> Reply<pb::GetClientResponse> {
    let client = ops::get(&ctx, ids::parse("client_id", &request.client_id)?).await?;
    Ok(pb::GetClientResponse { client: Some(application(client, &key_id(&ctx).await?)) })
}

async fn update(ctx: Ctx, request: pb::UpdateClientRequest) -> Reply<pb::UpdateClientResponse> {
    let id = ids::parse("client_id", &request.client_id)?;
    let mask = Mask::parse(request.mask, "client", MUTABLE, OUTPUT_ONLY)?;
    let mut new = request.client.unwrap_or_default();
    let name = mask.collection("name", std::mem::take(&mut new.name), String::is_empty);
    let update = application_values!(new, mask, name);
    let client = ops::update(&ctx, id, update).await?;
    Ok(pb::UpdateClientResponse { client: Some(application(client, &key_id(&ctx).await?)) })
}

async fn delete(ctx: Ctx, request: pb::DeleteClientRequest) -> Reply<()> {
    ops::delete(&ctx, ids::parse("client_id", &request.client_id)?).await
}

async fn add_redirect_uri(
    ctx: Ctx,
    request: pb::AddEnvironmentRedirectUriRequest,
) -> Reply<pb::EnvironmentLoginUrisResponse> {
    Ok(login_uris(ops::add_redirect_uri(&ctx, request.redirect_uri).await?))
}

async fn remove_redirect_uri(
    ctx: Ctx,
    request: pb::RemoveEnvironmentRedirectUriRequest,
) -> Reply<pb::EnvironmentLoginUrisResponse> {
    Ok(login_uris(ops::remove_redirect_uri(&ctx, &request.redirect_uri).await?))
}

async fn set_initiate_login_uri(
    ctx: Ctx,
    request: pb::SetEnvironmentInitiateLoginUriRequest,
) -> Reply<pb::EnvironmentLoginUrisResponse> {
    Ok(login_uris(ops::set_initiate_login_uri(&ctx, request.initiate_login_uri).await?))
}

/// Whose secrets these rpcs are for. Those of an organization's client have rpcs of their own.
fn keeper(client_id: &str) -> Result<ClientId, Error> {
    match ids::parse("client_id", client_id) {
        Ok(id) => Ok(ClientId::Application(id)),
        Err(error) => client_id.parse().map(ClientId::Resource).map_err(|_| error),
    }
}

async fn create_secret(
    ctx: Ctx,
    request: pb::CreateClientSecretRequest,
) -> Reply<pb::CreateClientSecretResponse> {
    let new = ops::add_secret(&ctx, keeper(&request.client_id)?).await?;
    Ok(pb::CreateClientSecretResponse { plain_secret: plain(&new), secret: Some(secret(new.shown())) })
}

async fn update_secret(
    ctx: Ctx,
    request: pb::UpdateClientSecretRequest,
) -> Reply<pb::UpdateClientSecretResponse> {
    let id = keeper(&request.client_id)?;
    let secret_id = ids::parse("secret_id", &request.secret_id)?;
    // The status is all that can change: a mask that does not name it changes nothing.
    let mask = Mask::parse(request.mask, "secret", &["status"], &["id", "secret_suffix", "expire_time"])?;
    let asked = request.secret.unwrap_or_default().status;
    let active = match pb::ClientSecretStatus::try_from(asked) {
        Ok(pb::ClientSecretStatus::Active) => true,
        Ok(pb::ClientSecretStatus::Inactive) => false,
        Err(_) => {
            return Err(Error::invalid("secret.status", "enum.defined_only", "must be ACTIVE or INACTIVE"));
        }
    };
    let stored = match mask.value("status", Some(active)) {
        Change::Set(active) => ops::set_secret_status(&ctx, id, secret_id, active).await?,
        Change::Keep | Change::Clear => ops::get_secret(&ctx, id, secret_id).await?,
    };
    Ok(pb::UpdateClientSecretResponse { secret: Some(secret(stored)) })
}

async fn delete_secret(ctx: Ctx, request: pb::DeleteClientSecretRequest) -> Reply<()> {
    let id = keeper(&request.client_id)?;
    ops::remove_secret(&ctx, id, ids::parse("secret_id", &request.secret_id)?).await
}

async fn create_machine(
    ctx: Ctx,
    request: pb::CreateOrganizationClientRequest,
) -> Reply<pb::CreateOrganizationClientResponse> {
    let organization = ids::parse("organization_id", &request.organization_id)?;
    let new = values(request.client.unwrap_or_default());
    let (client, first) = ops::create_organization_client(&ctx, organization, new).await?;
    Ok(pb::CreateOrganizationClientResponse {
        client: Some(machine((client, vec![first.shown()]))),
        plain_secret: plain(&first),
    })
}

async fn get_machine(
    ctx: Ctx,
    request: pb::GetOrganizationClientRequest,
) -> Reply<pb::GetOrganizationClientResponse> {
    let organization = ids::parse("organization_id", &request.organization_id)?;
    let id = ids::parse("client_id", &request.client_id)?;
    let client = ops::get_organization_client(&ctx, organization, id).await?;
    Ok(pb::GetOrganizationClientResponse { client: Some(machine(client)) })
}

async fn update_machine(
    ctx: Ctx,
    request: pb::UpdateOrganizationClientRequest,
) -> Reply<pb::UpdateOrganizationClientResponse> {
    let organization = ids::parse("organization_id", &request.organization_id)?;
    let id = ids::parse("client_id", &request.client_id)?;
    let new = values(request.client.unwrap_or_default());
    let client = ops::update_organization_client(&ctx, organization, id, new).await?;
    Ok(pb::UpdateOrganizationClientResponse { client: Some(machine(client)) })
}

async fn delete_machine(ctx: Ctx, request: pb::DeleteOrganizationClientRequest) -> Reply<()> {
    let organization = ids::parse("organization_id", &request.organization_id)?;
    ops::delete_organization_client(&ctx, organization, ids::parse("client_id", &request.client_id)?).await
}

async fn list_machines(
    ctx: Ctx,
    request: pb::ListOrganizationClientsRequest,
) -> Reply<pb::ListOrganizationClientsResponse> {
    let organization = ids::parse("organization_id", &request.organization_id)?;
    let (page, total) =
        ops::list_organization_clients(&ctx, organization, request.page_size, &request.page_token).await?;
    Ok(pb::ListOrganizationClientsResponse {
        next_page_token: page.next_token,
        total_size: total_size(total),
        clients: page.items.into_iter().map(machine).collect(),
        prev_page_token: page.prev_token,
    })
}

async fn create_machine_secret(
    ctx: Ctx,
    request: pb::CreateOrganizationClientSecretRequest,
) -> Reply<pb::CreateOrganizationClientSecretResponse> {
    let organization = ids::parse("organization_id", &request.organization_id)?;
    let id = ids::parse("client_id", &request.client_id)?;
    let new = ops::add_organization_secret(&ctx, organization, id).await?;
    let (plain_secret, secret) = (plain(&new), Some(secret(new.shown())));
    Ok(pb::CreateOrganizationClientSecretResponse { plain_secret, secret })
}

async fn delete_machine_secret(ctx: Ctx, request: pb::DeleteOrganizationClientSecretRequest) -> Reply<()> {
    let organization = ids::parse("organization_id", &request.organization_id)?;
    let id = ids::parse("client_id", &request.client_id)?;
    let secret = ids::parse("secret_id", &request.secret_id)?;
    ops::remove_organization_secret(&ctx, organization, id, secret).await
}

/// 0 means what the environment has.
pub fn seconds(seconds: i64) -> Option<i64> {
    Some(seconds).filter(|&seconds| seconds != 0)
}

/// Claims of a message.
pub fn claims(claims: Vec<pb::CustomClaim>) -> CustomClaims {
    claims.into_iter().map(|claim| (claim.key, claim.value)).collect()
}

fn claim_messages(claims: CustomClaims) -> Vec<pb::CustomClaim> {
    claims.into_iter().map(|(key, value)| pb::CustomClaim { key, value }).collect()
}

fn networks(list: pb::IpAllowlist) -> (bool, Vec<String>) {
    (list.opted_in, list.cidrs.into_iter().map(|entry| entry.value).collect())
}

fn values(client: pb::OrganizationClient) -> NewOrganizationClient {
    NewOrganizationClient {
        name: client.name,
        description: client.description,
        scopes: client.scopes,
        audiences: client.audience,
        custom_claims: claims(client.custom_claims),
        token_lifetime_seconds: seconds(client.expiry),
    }
}

/// What is shown once.
pub fn plain(secret: &NewSecret) -> String {
    secret.plain.expose().clone()
}

/// A secret as it is shown later.
pub fn secret(secret: ClientSecret) -> pb::ClientSecret {
    let status =
        if secret.active { pb::ClientSecretStatus::Active } else { pb::ClientSecretStatus::Inactive };
    pb::ClientSecret {
        id: secret.id.to_string(),
        create_time: Some(secret.created_at.into()),
        update_time: Some(secret.updated_at.into()),
        secret_suffix: secret.suffix,
        created_by: secret.created_by,
        status: status.into(),
        expire_time: secret.expires_at.map(Into::into),
        last_used_time: secret.last_used_at.map(Into::into),
        plain_secret: None,
    }
}

/// Which key of `/keys` signs the tokens of the environment's clients now.
async fn key_id(ctx: &Ctx) -> Result<String, Error> {
    let keys = ctx.app().keys.of(ctx.app(), ctx.environment()).await?;
    Ok(keys.signing(ctx.now())?.kid().to_owned())
}

fn application((client, secrets): ops::WithSecrets, key_id: &str) -> pb::Client {
    let entry = |(value, is_ipv4): (&str, bool)| pb::CidrEntry {
        value: value.to_owned(),
        r#type: if is_ipv4 { pb::CidrType::Ipv4 } else { pb::CidrType::Ipv6 }.into(),
    };
    let ip_allowlist = client.kind.is_confidential().then(|| pb::IpAllowlist {
        opted_in: client.ip_allowlist.opted_in,
        cidrs: client.ip_allowlist.networks().map(entry).collect(),
    });
    pb::Client {
        id: client.id.to_string(),
        key_id: key_id.to_owned(),
        create_time: Some(client.created_at.into()),
        update_time: Some(client.updated_at.into()),
        secrets: secrets.into_iter().map(secret).collect(),
        post_logout_redirect_uris: client.uris.post_logout,
        back_channel_logout_uris: client.uris.back_channel_logout,
        initiate_login_uri: client.uris.initiate_login.unwrap_or_default(),
        post_login_uris: client.uris.post_login,
        name: client.name,
        access_token_expiry: client.token_lifetime_seconds,
        scopes: client.scopes,
        custom_claims: claim_messages(client.custom_claims),
        disallow_scalekit_api_access: !client.management_access,
        grant_types: client.grant_types.iter().map(|grant| grant.as_str().to_owned()).collect(),
        client_type: client.kind.as_str().to_owned(),
        enforce_pkce: client.enforce_pkce,
        ip_allowlist,
    }
}

fn login_uris(client: Client) -> pb::EnvironmentLoginUrisResponse {
    pb::EnvironmentLoginUrisResponse {
        client_id: client.id.to_string(),
        redirect_uris: client.uris.post_login,
        post_logout_redirect_uris: client.uris.post_logout,
        initiate_login_uri: client.uris.initiate_login.unwrap_or_default(),
    }
}

/// A client of an organization or a resource.
pub fn machine((client, secrets): ops::WithSecrets) -> pb::M2mClient {
    let (organization_id, resource_id) = match client.kind {
        ClientType::Organization(organization) => (organization.to_string(), String::new()),
        ClientType::Resource(resource) => (String::new(), resource.to_string()),
        _ => (String::new(), String::new()),
    };
    pb::M2mClient {
        client_id: client.id.to_string(),
        secrets: secrets.into_iter().map(secret).collect(),
        name: client.name,
        description: client.description,
        organization_id,
        create_time: Some(client.created_at.into()),
        update_time: Some(client.updated_at.into()),
        scopes: client.scopes,
        audience: client.audiences,
        custom_claims: claim_messages(client.custom_claims),
        expiry: client.token_lifetime_seconds.unwrap_or(MACHINE_TOKEN_SECONDS),
        resource_id,
        redirect_uris: client.uris.post_login,
        is_dcr: client.registration.is_some(),
        is_cimd: false,
        metadata_uri: String::new(),
    }
}
