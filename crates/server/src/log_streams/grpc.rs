//! `LogStreamService`: messages to model and back.
use super::{
    model::{self, Config, LogStream, Values},
    ops,
};
use crate::{ctx::Ctx, error::Error, ids, rpc::Routes, secret::Secret};
use gatewright_api::{
    rpc::log_stream_service as api,
    scalekit::v1::logstreams::{
        self as pb, log_stream_config as config, log_stream_credentials as credentials,
    },
};

type Reply<T> = Result<T, Error>;

/// The rpcs that are built. Tests of a connection and the list of deliveries follow with the delivery.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::ListLogStreams, _, _>(list);
    routes.serve::<api::GetLogStream, _, _>(get);
    routes.serve::<api::CreateLogStream, _, _>(create);
    routes.serve::<api::UpdateLogStream, _, _>(update);
    routes.serve::<api::DeleteLogStream, _, _>(delete);
}

async fn list(ctx: Ctx, _: pb::ListLogStreamsRequest) -> Reply<pb::ListLogStreamsResponse> {
    let log_streams = ops::list(&ctx).await?.into_iter().map(message).collect();
    Ok(pb::ListLogStreamsResponse { log_streams, proxy_service_account_email: String::new() })
}

async fn get(ctx: Ctx, request: pb::GetLogStreamRequest) -> Reply<pb::GetLogStreamResponse> {
    let stream = ops::get(&ctx, ids::parse("id", &request.id)?).await?;
    Ok(pb::GetLogStreamResponse { log_stream: Some(message(stream)) })
}

async fn create(ctx: Ctx, request: pb::CreateLogStreamRequest) -> Reply<pb::CreateLogStreamResponse> {
    let stream = ops::create(&ctx, values(request.log_stream)?).await?;
    Ok(pb::CreateLogStreamResponse { log_stream: Some(message(stream)) })
}

async fn update(ctx: Ctx, request: pb::UpdateLogStreamRequest) -> Reply<pb::UpdateLogStreamResponse> {
    let id = ids::parse("id", &request.id)?;
    let stream = ops::update(&ctx, id, values(request.log_stream)?).await?;
    Ok(pb::UpdateLogStreamResponse { log_stream: Some(message(stream)) })
}

async fn delete(ctx: Ctx, request: pb::DeleteLogStreamRequest) -> Reply<()> {
    ops::delete(&ctx, ids::parse("id", &request.id)?).await
}

fn values(written: Option<pb::LogStreamWrite>) -> Result<Values, Error> {
    let written = written.ok_or_else(|| Error::invalid("log_stream", "required", "is required"))?;
    let provider = match written.provider() {
        pb::LogStreamProvider::Unspecified => "",
        pb::LogStreamProvider::Datadog => "DATADOG",
        pb::LogStreamProvider::Crowdstrike => "CROWDSTRIKE",
        pb::LogStreamProvider::GoogleSecops => return Err(model::no_service_account()),
    };
    let config = match written.config.and_then(|config| config.config) {
        None => None,
        Some(config::Config::Datadog(datadog)) => Some(Config::Datadog { site: datadog.site }),
        Some(config::Config::Crowdstrike(crowdstrike)) => {
            Some(Config::Crowdstrike { ingest_url: crowdstrike.ingest_url })
        }
        Some(config::Config::GoogleSecops(_)) => return Err(model::no_service_account()),
    };
    let credential = written.credentials.and_then(|given| given.credentials).map(|given| match given {
        credentials::Credentials::Datadog(datadog) => ("DATADOG", Secret::new(datadog.api_key)),
        credentials::Credentials::Crowdstrike(crowdstrike) => {
            ("CROWDSTRIKE", Secret::new(crowdstrike.ingest_token))
        }
    });
    Ok(Values {
        display_name: written.display_name,
        enabled: written.enabled,
        provider,
        config,
        credential,
        event_types: written.event_types,
    })
}

fn message(stream: LogStream) -> pb::LogStream {
    let (provider, config) = match stream.config {
        Config::Datadog { site } => {
            (pb::LogStreamProvider::Datadog, config::Config::Datadog(pb::DatadogConfig { site }))
        }
        Config::Crowdstrike { ingest_url } => (
            pb::LogStreamProvider::Crowdstrike,
            config::Config::Crowdstrike(pb::CrowdstrikeConfig { ingest_url }),
        ),
    };
    // Nothing was delivered yet.
    let status = if stream.enabled { pb::LogStreamStatus::Pending } else { pb::LogStreamStatus::Disabled };
    pb::LogStream {
        id: stream.id.to_string(),
        provider: provider.into(),
        display_name: stream.display_name,
        enabled: stream.enabled,
        config: Some(pb::LogStreamConfig { config: Some(config) }),
        event_types: stream.event_types,
        credential_hint: stream.credential_hint,
        status: status.into(),
        last_delivered_at: None,
        update_time: Some(stream.updated_at.into()),
    }
}
