//! `ConnectionService`: messages to operations and back; what is in a connection is in `messages.rs`. And
//! `EnvironmentService.GenerateNewSamlCertificate`, whose certificates only connections use.
use super::{
    lists::{self, Filter},
    messages,
    model::NewConnection,
    ops::{self, Whole},
    sp_certificates,
    test_results::{self, TestStatus},
    updates,
};
use crate::{
    ctx::Ctx,
    error::{Error, Kind},
    ids::{self, ConnectionId, EnvironmentId, OrganizationId},
    paging::{List, Sizes, Window, total_size},
    rpc::Routes,
    structs,
};
use gatewright_api::{
    rpc::{connection_service as api, environment_service},
    scalekit::v1::{connections as pb, environments},
};

type Reply<T> = Result<T, Error>;

/// The rpcs that are built: all of the service.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::CreateEnvironmentConnection, _, _>(create_of_environment);
    routes.serve::<api::CreateConnection, _, _>(create);
    routes.serve::<api::AssignDomainsToConnection, _, _>(assign_domains);
    routes.serve::<api::GetEnvironmentConnection, _, _>(get_of_environment);
    routes.serve::<api::GetConnection, _, _>(get);
    routes.serve::<api::ListConnections, _, _>(list);
    routes.serve::<api::ListOrganizationConnections, _, _>(list_of_organizations);
    routes.serve::<api::SearchOrganizationConnections, _, _>(search);
    routes.serve::<api::UpdateEnvironmentConnection, _, _>(update_of_environment);
    routes.serve::<api::UpdateConnection, _, _>(update);
    routes.serve::<api::DeleteEnvironmentConnection, _, _>(delete_of_environment);
    routes.serve::<api::DeleteConnection, _, _>(delete);
    routes.serve::<api::EnableEnvironmentConnection, _, _>(enable_of_environment);
    routes.serve::<api::EnableConnection, _, _>(enable);
    routes.serve::<api::DisableEnvironmentConnection, _, _>(disable_of_environment);
    routes.serve::<api::DisableConnection, _, _>(disable);
    routes.serve::<api::GetConnectionTestResult, _, _>(test_result);
    routes.serve::<api::ListAppConnections, _, _>(list_apps);
    routes.serve::<api::GetConnectionContext, _, _>(context);
    routes.serve::<api::UpdateConnectionContext, _, _>(set_context);
    routes.serve::<environment_service::GenerateNewSamlCertificate, _, _>(generate_certificate);
}

fn organization(id: &str) -> Reply<OrganizationId> {
    ids::parse("organization_id", id)
}

fn connection_id(field: &'static str, id: &str) -> Reply<ConnectionId> {
    ids::parse(field, id)
}

fn new_connection(
    organization: Option<OrganizationId>,
    new: Option<pb::CreateConnection>,
) -> Reply<NewConnection> {
    let Some(new) = new else { return Err(Error::invalid("connection", "required", "is required")) };
    Ok(NewConnection {
        organization,
        provider: updates::provider(new.provider)?,
        kind: updates::kind("connection.type", new.r#type)?
            .ok_or_else(|| Error::invalid("connection.type", "required", "is required"))?,
        provider_key: new.provider_key,
        key_id: new.key_id,
        context: new.context.map_or_else(|| "{}".to_owned(), |context| structs::to_json(context).to_string()),
    })
}

async fn create_of_environment(
    ctx: Ctx,
    request: pb::CreateEnvironmentConnectionRequest,
) -> Reply<pb::CreateConnectionResponse> {
    if request.flags.is_some_and(|flags| flags.is_app) {
        let text = "connections of agent connectors (flags.is_app) are not built in this server";
        return Err(Error::new(Kind::Unimplemented, text));
    }
    let whole = ops::create(&ctx, new_connection(None, request.connection)?).await?;
    Ok(pb::CreateConnectionResponse { connection: Some(messages::connection(&ctx, whole)) })
}

async fn create(ctx: Ctx, request: pb::CreateConnectionRequest) -> Reply<pb::CreateConnectionResponse> {
    let organization = organization(&request.organization_id)?;
    let whole = ops::create(&ctx, new_connection(Some(organization), request.connection)?).await?;
    Ok(pb::CreateConnectionResponse { connection: Some(messages::connection(&ctx, whole)) })
}

async fn assign_domains(
    ctx: Ctx,
    request: pb::AssignDomainsToConnectionRequest,
) -> Reply<pb::AssignDomainsToConnectionResponse> {
    let organization = organization(&request.organization_id)?;
    let id = connection_id("connection_id", &request.connection_id)?;
    let domains: Vec<_> =
        request.domain_ids.iter().map(|id| ids::parse("domain_ids", id)).collect::<Reply<_>>()?;
    let whole = ops::assign_domains(&ctx, organization, id, &domains).await?;
    Ok(pb::AssignDomainsToConnectionResponse { connection: Some(messages::connection(&ctx, whole)) })
}

fn got(ctx: &Ctx, whole: Whole) -> pb::GetConnectionResponse {
    pb::GetConnectionResponse { connection: Some(messages::connection(ctx, whole)) }
}

/// Like all of the environment, also for organizations' connections: `management.md` A.3.
async fn get_of_environment(
    ctx: Ctx,
    request: pb::GetEnvironmentConnectionRequest,
) -> Reply<pb::GetConnectionResponse> {
    let id = connection_id("connection_id", &request.connection_id)?;
    Ok(got(&ctx, ops::get(&ctx, None, id).await?))
}

async fn get(ctx: Ctx, request: pb::GetConnectionRequest) -> Reply<pb::GetConnectionResponse> {
    let (organization, id) = (organization(&request.organization_id)?, connection_id("id", &request.id)?);
    Ok(got(&ctx, ops::get(&ctx, Some(organization), id).await?))
}

async fn list(ctx: Ctx, request: pb::ListConnectionsRequest) -> Reply<pb::ListConnectionsResponse> {
    let organization = request.organization_id.as_deref().map(organization).transpose()?;
    let all = request.include.is_some_and(|include| include.split(',').any(|part| part.trim() == "all"));
    let found = lists::list(&ctx, organization, request.domain.as_deref(), all).await?;
    Ok(pb::ListConnectionsResponse { connections: found.into_iter().map(messages::listed).collect() })
}

async fn list_of_organizations(
    ctx: Ctx,
    request: pb::ListOrganizationConnectionsRequest,
) -> Reply<pb::ListOrganizationConnectionsResponse> {
    let (page, total) =
        lists::search(&ctx, &Filter::default(), request.page_size, &request.page_token).await?;
    Ok(pb::ListOrganizationConnectionsResponse {
        next_page_token: page.next_token,
        total_size: total_size(total),
        prev_page_token: page.prev_token,
        connections: page.items.into_iter().map(messages::listed).collect(),
    })
}

async fn search(
    ctx: Ctx,
    request: pb::SearchOrganizationConnectionsRequest,
) -> Reply<pb::SearchOrganizationConnectionsResponse> {
    let query = request.query.as_deref().map(str::trim).filter(|query| !query.is_empty());
    let (id, organization) = (query.map(str::parse), query.map(str::parse));
    // A type of agent connectors is a type all the same; there are just none of them.
    let kind = request.connection_type.filter(|kind| *kind != 0).map(messages::known_kind);
    let filter = Filter {
        nothing: matches!((&id, &organization), (Some(Err(_)), Some(Err(_)))) || kind == Some(None),
        id: id.and_then(Result::ok),
        organization: organization.and_then(Result::ok),
        provider: request.provider.filter(|provider| !provider.is_empty()),
        kind: kind.flatten(),
        status: request.status.and_then(messages::known_status),
        enabled: request.enabled,
    };
    let (page, total) = lists::search(&ctx, &filter, request.page_size, &request.page_token).await?;
    Ok(pb::SearchOrganizationConnectionsResponse {
        next_page_token: page.next_token,
        total_size: total_size(total),
        prev_page_token: page.prev_token,
        connections: page.items.into_iter().map(messages::listed).collect(),
    })
}

async fn update_of_environment(
    ctx: Ctx,
    request: pb::UpdateEnvironmentConnectionRequest,
) -> Reply<pb::UpdateConnectionResponse> {
    let id = connection_id("connection_id", &request.connection_id)?;
    apply(ctx, None, id, request.connection).await
}

async fn update(ctx: Ctx, request: pb::UpdateConnectionRequest) -> Reply<pb::UpdateConnectionResponse> {
    let (organization, id) = (organization(&request.organization_id)?, connection_id("id", &request.id)?);
    apply(ctx, Some(organization), id, request.connection).await
}

async fn apply(
    ctx: Ctx,
    organization: Option<OrganizationId>,
    id: ConnectionId,
    update: Option<pb::UpdateConnection>,
) -> Reply<pb::UpdateConnectionResponse> {
    let update = updates::update(&ctx, update.unwrap_or_default())?;
    let whole = ops::update(&ctx, organization, id, update).await?;
    Ok(pb::UpdateConnectionResponse { connection: Some(messages::connection(&ctx, whole)) })
}

async fn delete_of_environment(ctx: Ctx, request: pb::DeleteEnvironmentConnectionRequest) -> Reply<()> {
    ops::delete(&ctx, None, connection_id("connection_id", &request.connection_id)?).await
}

async fn delete(ctx: Ctx, request: pb::DeleteConnectionRequest) -> Reply<()> {
    let (organization, id) = (organization(&request.organization_id)?, connection_id("id", &request.id)?);
    ops::delete(&ctx, Some(organization), id).await
}

type Toggled = Reply<pb::ToggleConnectionResponse>;

async fn enable_of_environment(ctx: Ctx, request: pb::ToggleEnvironmentConnectionRequest) -> Toggled {
    toggle(&ctx, None, ("connection_id", &request.connection_id), true).await
}

async fn disable_of_environment(ctx: Ctx, request: pb::ToggleEnvironmentConnectionRequest) -> Toggled {
    toggle(&ctx, None, ("connection_id", &request.connection_id), false).await
}

async fn enable(ctx: Ctx, request: pb::ToggleConnectionRequest) -> Toggled {
    toggle(&ctx, Some(organization(&request.organization_id)?), ("id", &request.id), true).await
}

async fn disable(ctx: Ctx, request: pb::ToggleConnectionRequest) -> Toggled {
    toggle(&ctx, Some(organization(&request.organization_id)?), ("id", &request.id), false).await
}

async fn toggle(
    ctx: &Ctx,
    organization: Option<OrganizationId>,
    (field, id): (&'static str, &str),
    enabled: bool,
) -> Toggled {
    ops::set_enabled(ctx, organization, connection_id(field, id)?, enabled).await?;
    Ok(pb::ToggleConnectionResponse { enabled, error_message: None })
}

async fn test_result(
    ctx: Ctx,
    request: pb::GetConnectionTestResultRequest,
) -> Reply<pb::GetConnectionTestResultResponse> {
    let id = connection_id("connection_id", &request.connection_id)?;
    let result =
        test_results::get(&ctx, id, ids::parse("test_request_id", &request.test_request_id)?).await?;
    let status = match result.status {
        TestStatus::Pending => pb::TestResultStatus::Pending,
        TestStatus::Success => pb::TestResultStatus::Success,
        TestStatus::Failure => pb::TestResultStatus::Failure,
    };
    let error = result.error.as_ref();
    Ok(pb::GetConnectionTestResultResponse {
        status: status.into(),
        user_info: result.user_info,
        error: error.map(|error| error.code.clone()),
        error_description: error.map(|error| error.description.clone()),
        error_details: error.map(|error| error.details.clone()),
    })
}

/// There are no agent connectors here.
async fn list_apps(
    ctx: Ctx,
    request: pb::ListAppConnectionsRequest,
) -> Reply<pb::ListAppConnectionsResponse> {
    // There is none, so that every token is another list's.
    let (list, sizes) = (List::named("connections:apps"), Sizes { default: 10, max: 30 });
    Window::parse(&ctx, &list, sizes, request.page_size, &request.page_token)?;
    Ok(pb::ListAppConnectionsResponse::default())
}

/// An empty id of an organization stands for none: the path without one has none.
fn of(organization_id: &str) -> Reply<Option<OrganizationId>> {
    Some(organization_id).filter(|id| !id.is_empty()).map(organization).transpose()
}

async fn context(
    ctx: Ctx,
    request: pb::GetConnectionContextRequest,
) -> Reply<pb::GetConnectionContextResponse> {
    let id = connection_id("connection_id", &request.connection_id)?;
    let context = ops::context(&ctx, of(&request.organization_id)?, id).await?;
    Ok(pb::GetConnectionContextResponse { context: Some(structs::from_json_text(&context)?) })
}

async fn set_context(ctx: Ctx, request: pb::UpdateConnectionContextRequest) -> Reply<()> {
    let id = connection_id("connection_id", &request.connection_id)?;
    let context = structs::to_json(request.context.unwrap_or_default()).to_string();
    ops::set_context(&ctx, of(&request.organization_id)?, id, &context).await
}

async fn generate_certificate(
    ctx: Ctx,
    request: environments::GenerateSamlCertificateRequest,
) -> Reply<environments::GenerateSamlCertificateResponse> {
    let id: EnvironmentId = ids::parse("id", &request.id)?;
    if id != ctx.environment().id {
        return Err(Error::not_found(format!("environment {id}")));
    }
    let made = sp_certificates::generate(&ctx).await?;
    Ok(environments::GenerateSamlCertificateResponse {
        id: made.id.to_string(),
        certificate: made.pem,
        expiry: made.expires_at.as_seconds(),
    })
}
