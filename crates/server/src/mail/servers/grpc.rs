//! `EmailService`, the half about servers: messages to model and back.
use super::{
    EmailServer, NewSettings, Provider,
    ops::{self, Configuration, Upsert},
};
use crate::{
    ctx::Ctx,
    error::Error,
    ids::{self, EmailServerId},
    rpc::Routes,
    secret::Secret,
};
use gatewright_api::{rpc::email_service as api, scalekit::v1::emails as pb};

type Reply<T> = Result<T, Error>;

/// Three messages have the same fields.
macro_rules! new_settings {
    ($message:ident) => {
        NewSettings {
            host: $message.host,
            port: $message.port,
            username: $message.username,
            password: Secret::new($message.password),
            from_email: $message.from_email,
            from_name: $message.from_name,
        }
    };
}

/// The rpcs about servers.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::CreateEmailServer, _, _>(create);
    routes.serve::<api::GetEmailServer, _, _>(get);
    routes.serve::<api::ListEmailServers, _, _>(list);
    routes.serve::<api::UpdateEmailServerSettings, _, _>(update);
    routes.serve::<api::EnableEmailServer, _, _>(enable);
    routes.serve::<api::DisableEmailServer, _, _>(disable);
    routes.serve::<api::DeleteEmailServer, _, _>(delete);
    routes.serve::<api::GetEmailConfiguration, _, _>(get_configuration);
    routes.serve::<api::UpsertEmailConfiguration, _, _>(upsert_configuration);
}

async fn create(ctx: Ctx, request: pb::CreateEmailServerRequest) -> Reply<pb::CreateEmailServerResponse> {
    let provider = provider(request.provider())?;
    let Some(settings) = request.settings else {
        return Err(Error::invalid("settings", "required", "value is required"));
    };
    let new = new_settings!(settings);
    let server = ops::create(&ctx, provider, new).await?;
    Ok(pb::CreateEmailServerResponse { server: Some(message(server)) })
}

async fn get(ctx: Ctx, request: pb::GetEmailServerRequest) -> Reply<pb::GetEmailServerResponse> {
    let server = ops::get(&ctx, id(&request.server_id)?).await?;
    Ok(pb::GetEmailServerResponse { server: Some(message(server)) })
}

async fn list(ctx: Ctx, (): ()) -> Reply<pb::ListEmailServerResponse> {
    let servers = ops::list(&ctx).await?.into_iter().map(message).collect();
    Ok(pb::ListEmailServerResponse { servers })
}

async fn update(ctx: Ctx, request: pb::PatchEmailServerSettingsRequest) -> Reply<pb::GetEmailServerResponse> {
    let settings = request.settings.unwrap_or_default();
    let new = new_settings!(settings);
    let server = ops::update(&ctx, id(&request.server_id)?, new).await?;
    Ok(pb::GetEmailServerResponse { server: Some(message(server)) })
}

async fn enable(ctx: Ctx, request: pb::EnableEmailServerRequest) -> Reply<pb::EnableEmailServerResponse> {
    let id = id(&request.server_id)?;
    let before = ops::enable(&ctx, id).await?;
    Ok(pb::EnableEmailServerResponse {
        active_server_id: Some(id.to_string()),
        last_active_server_id: before.map(|id| id.to_string()),
    })
}

async fn disable(ctx: Ctx, request: pb::DisableEmailServerRequest) -> Reply<()> {
    ops::disable(&ctx, id(&request.server_id)?).await
}

async fn delete(ctx: Ctx, request: pb::DeleteEmailServerRequest) -> Reply<()> {
    ops::delete(&ctx, id(&request.server_id)?).await
}

async fn get_configuration(ctx: Ctx, (): ()) -> Reply<pb::GetEmailConfigurationResponse> {
    let Configuration { from_name, from_address, server } = ops::configuration(&ctx).await?;
    Ok(pb::GetEmailConfigurationResponse {
        default_from_name: from_name,
        default_from_address: from_address,
        email_server_selected: selected(server.as_ref()).into(),
        server: server.map(message),
    })
}

async fn upsert_configuration(
    ctx: Ctx,
    request: pb::UpsertEmailConfigurationRequest,
) -> Reply<pb::UpsertEmailConfigurationResponse> {
    let server = request.server.map(upsert).transpose()?;
    let Configuration { from_name, from_address, server } =
        ops::configure(&ctx, &request.default_from_name, server).await?;
    Ok(pb::UpsertEmailConfigurationResponse {
        default_from_name: from_name,
        default_from_address: from_address,
        email_server_selected: selected(server.as_ref()).into(),
        server: server.map(message),
    })
}

fn upsert(server: pb::UpsertEmailConfigurationServer) -> Reply<Upsert> {
    let provider = provider(server.provider())?;
    let settings = server.settings.unwrap_or_default();
    Ok(Upsert {
        id: Some(&server.id)
            .filter(|text| !text.is_empty())
            .map(|text| ids::parse("server.id", text))
            .transpose()?,
        provider,
        settings: new_settings!(settings),
        enabled: server.enabled.unwrap_or_default(),
    })
}

fn id(text: &str) -> Reply<EmailServerId> {
    ids::parse("server_id", text)
}

fn provider(provider: pb::EmailServerProvider) -> Reply<Provider> {
    match provider {
        pb::EmailServerProvider::Sendgrid => Ok(Provider::Sendgrid),
        pb::EmailServerProvider::Postmark => Ok(Provider::Postmark),
        pb::EmailServerProvider::Other => Ok(Provider::Other),
        pb::EmailServerProvider::EmailServerUnspecified => {
            Err(Error::invalid("provider", "required", "must be SENDGRID, POSTMARK or OTHER"))
        }
    }
}

fn selected(server: Option<&EmailServer>) -> pb::EmailServerType {
    if server.is_some_and(|server| server.enabled) {
        pb::EmailServerType::Customer
    } else {
        pb::EmailServerType::Inhouse
    }
}

fn message(server: EmailServer) -> pb::EmailServer {
    let provider = match server.provider {
        Provider::Sendgrid => pb::EmailServerProvider::Sendgrid,
        Provider::Postmark => pb::EmailServerProvider::Postmark,
        Provider::Other => pb::EmailServerProvider::Other,
    };
    let settings = server.settings;
    pb::EmailServer {
        updated_at: Some(server.updated_at.into()),
        id: server.id.to_string(),
        provider: provider.into(),
        enabled: server.enabled,
        settings: Some(pb::email_server::Settings::SmtpSettings(pb::SmtpServerSettings {
            host: settings.host,
            port: settings.port.into(),
            username: settings.username,
            password: String::new(),
            from_email: settings.from.email.to_string(),
            from_name: settings.from.name.unwrap_or_default(),
        })),
    }
}
