//! Logs, metrics and traces of the process. No secret is ever put into any of them.
mod inbox;
mod lines;
mod metrics;
#[cfg(feature = "otlp")]
mod traces;

use crate::{
    app::App,
    config::{Config, ConfigError, Listen, LogFormat},
};
use ::metrics::set_global_recorder;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::{future::Future, io::IsTerminal as _, sync::Arc};
use tokio::net::TcpListener;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Upper ends of the buckets of `*_seconds`.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What any client can make these libraries warn of is no news, and would let it fill the disk. A filter that names them
/// is the stronger.
const QUIET: &str = "h2=error,hyper=error,hyper_util=error,rustls=error,tokio_rustls=error";

/// What is to be stopped in order at the end.
pub struct Telemetry {
    metrics: PrometheusHandle,
    #[cfg(feature = "otlp")]
    traces: Option<traces::Traces>,
    /// Dropped last, also when the start fails.
    _last_lines: lines::LastLines,
}

/// Starts logs, metrics and, if a collector is configured, traces. Must be called in a tokio runtime, once.
///
/// # Errors
/// A collector is configured that cannot be used.
pub fn init(config: &Config) -> Result<Telemetry, ConfigError> {
    let settings = &config.telemetry;
    let filter = EnvFilter::try_new(format!("{QUIET},{}", settings.log_filter.0))
        .map_err(|error| ConfigError::new(format!("bad value of telemetry.log_filter: {error}")))?;
    // The layers are of one type, so that any of them can be left out.
    let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> =
        vec![log_layer(settings.log_format, filter)];
    #[cfg(feature = "otlp")]
    let traces = match &settings.otlp_endpoint {
        Some(endpoint) => {
            let (traces, layer) = traces::Traces::start(endpoint, config.public_url().host())?;
            layers.push(layer);
            Some(traces)
        }
        None => None,
    };
    #[cfg(not(feature = "otlp"))]
    if settings.otlp_endpoint.is_some() {
        return Err(ConfigError::new("telemetry.otlp_endpoint is set, but this build has no OpenTelemetry")
            .with_help("use a build with the cargo feature `otlp`, which is on by default"));
    }
    // Both fail only if there is one already, as in a test that starts two servers in one process.
    let _ = tracing_subscriber::registry().with(std::mem::take(&mut layers)).try_init();
    log_panics();
    Ok(Telemetry {
        metrics: recorder()?,
        #[cfg(feature = "otlp")]
        traces,
        _last_lines: lines::LastLines,
    })
}

impl Telemetry {
    /// Serves `/metrics` at this listener until `shutdown`, and beside it, to this machine alone, the inbox of an
    /// installation that sends no mail.
    pub async fn serve_metrics(
        &self,
        listener: TcpListener,
        app: Arc<App>,
        shutdown: impl Future<Output = ()>,
    ) {
        metrics::serve(self.metrics.clone(), listener, Some(app), shutdown).await;
    }

    /// Sends the traces that are still waiting, for at most five seconds, and writes the last lines of the log.
    pub async fn shutdown(self) {
        #[cfg(feature = "otlp")]
        if let Some(traces) = self.traces {
            traces.shutdown().await;
        }
    }
}

/// The listener of `/metrics`. `None` if it is off, or if the default address is taken, which is not worth a failed start.
///
/// # Errors
/// The address that the configuration names cannot be used.
pub async fn bind_metrics(config: &Config) -> Result<Option<TcpListener>, ConfigError> {
    let Listen::At(address) = config.telemetry.metrics_listen else { return Ok(None) };
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if config.is_set("telemetry.metrics_listen") => {
            Err(ConfigError::new(format!("cannot listen on {address} for metrics: {error}"))
                .with_help("set telemetry.metrics_listen to a free address, or to \"off\""))
        }
        Err(error) => {
            tracing::warn!("no metrics: cannot listen on {address}: {error}; set telemetry.metrics_listen");
            Ok(None)
        }
    }
}

/// To stderr: stdout is for what a command answers.
fn log_layer(format: LogFormat, filter: EnvFilter) -> Box<dyn Layer<Registry> + Send + Sync> {
    let layer = tracing_subscriber::fmt::layer().with_writer(lines::to_stderr());
    match format {
        LogFormat::Text => layer.with_ansi(std::io::stderr().is_terminal()).with_filter(filter).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_filter(filter).boxed(),
    }
}

/// A panic is a fault of ours that somebody must look at, so it goes where errors go.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let payload = panic.payload_as_str().unwrap_or("with a value that is no text");
        tracing::error!(code.location = place, "panicked at {place}: {payload}");
    }));
}

fn recorder() -> Result<PrometheusHandle, ConfigError> {
    let matcher = metrics_exporter_prometheus::Matcher::Suffix("_seconds".to_owned());
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(matcher, SECONDS)
        .map_err(|error| ConfigError::new(format!("metrics cannot start: {error}")))?
        .build_recorder();
    let handle = recorder.handle();
    let _ = set_global_recorder(recorder);
    Ok(handle)
}

#[cfg(test)]
mod tests;
