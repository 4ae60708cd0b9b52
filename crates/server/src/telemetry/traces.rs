//! Spans to an OpenTelemetry collector, over OTLP/HTTP with protobuf.
use crate::config::{ConfigError, OtlpEndpoint};
use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{Protocol, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use std::{fmt, future::Future, sync::Arc, time::Duration};
use tokio::runtime::Handle;
use tracing_subscriber::{Layer, Registry, filter::LevelFilter};

/// How long a collector may take for the last spans.
const FLUSH: Duration = Duration::from_secs(5);

/// The running exporter.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// The exporter, and the layer that feeds it.
    pub(super) fn start(
        endpoint: &OtlpEndpoint,
        host: &str,
    ) -> Result<(Self, Box<dyn Layer<Registry> + Send + Sync>), ConfigError> {
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.0))
            .with_timeout(FLUSH)
            .build()
            .map_err(|error| ConfigError::new(format!("cannot send traces to {}: {error}", endpoint.0)))?;
        let resource = Resource::builder()
            .with_service_name("gatewright")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attribute(KeyValue::new("server.address", host.to_owned()))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(OnRuntime { exporter: Arc::new(exporter), runtime: Handle::current() })
            .with_resource(resource)
            .build();
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("gatewright"))
            .with_location(false)
            .with_threads(false)
            .with_filter(LevelFilter::INFO)
            .boxed();
        Ok((Self(provider), layer))
    }

    /// Sends what is left. The provider blocks while it waits, so it gets a thread that may.
    pub(super) async fn shutdown(self) {
        let done = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(FLUSH)).await;
        if let Ok(Err(error)) = done {
            tracing::warn!("the last traces were not sent: {error}");
        }
    }
}

/// The batch processor has a thread without a runtime; the HTTP client needs one, so each export runs on ours.
struct OnRuntime<E> {
    exporter: Arc<E>,
    runtime: Handle,
}

impl<E> fmt::Debug for OnRuntime<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnRuntime")
    }
}

impl<E: SpanExporter + 'static> SpanExporter for OnRuntime<E> {
    fn export(&self, batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        let exporter = Arc::clone(&self.exporter);
        let task = self.runtime.spawn(async move { exporter.export(batch).await });
        async move { task.await.unwrap_or_else(|error| Err(OTelSdkError::InternalFailure(error.to_string()))) }
    }

    fn set_resource(&mut self, resource: &Resource) {
        // Before the first export nobody else holds the exporter.
        if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
            exporter.set_resource(resource);
        }
    }
}
