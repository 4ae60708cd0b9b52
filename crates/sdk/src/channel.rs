//! The gRPC half of the transport: one HTTP/2 connection, opened at the first call and again after a failure.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::future::BoxFuture;
use tonic::Code;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::error::{Result, ScalekitError};
use crate::http::check_runtime;

/// Pings show that an idle connection is dead before a call finds out.
const PING_INTERVAL: Duration = Duration::from_secs(60);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// What a connection needs to know.
#[derive(Debug)]
pub(crate) struct ChannelConfig<'a> {
    pub(crate) env_url: &'a str,
    pub(crate) user_agent: &'a str,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) ca_pem: Option<&'a [u8]>,
}

/// The connection. A Tokio runtime drives it, so a client that is used from several runtimes (as in tests) gets a new
/// one in each.
pub(crate) struct Connection {
    endpoint: Endpoint,
    current: Mutex<Option<(tokio::runtime::Id, Channel)>>,
}

impl Connection {
    pub(crate) fn new(config: &ChannelConfig<'_>) -> Result<Self> {
        let failed =
            |error| ScalekitError::invalid_argument("cannot set up the connection").with_source(error);
        let mut endpoint = Endpoint::from_shared(config.env_url.to_owned())
            .and_then(|endpoint| endpoint.user_agent(config.user_agent))
            .map_err(failed)?
            .http2_keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .keep_alive_while_idle(true);
        if let Some(timeout) = config.connect_timeout {
            endpoint = endpoint.connect_timeout(timeout);
        }
        if config.env_url.starts_with("https://") {
            endpoint = with_tls(endpoint, config.ca_pem).map_err(failed)?;
        }
        Ok(Self { endpoint, current: Mutex::new(None) })
    }

    /// The channel of the running runtime.
    pub(crate) fn channel(&self) -> Result<GrpcAnswersOnly> {
        let runtime = check_runtime()?.id();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            Some((id, channel)) if *id == runtime => Ok(GrpcAnswersOnly(channel.clone())),
            _ => {
                let channel = self.endpoint.connect_lazy();
                *current = Some((runtime, channel.clone()));
                Ok(GrpcAnswersOnly(channel))
            }
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Turns an answer that is not gRPC, such as a proxy's error page, into a status. Tonic would try to read its body.
#[derive(Clone)]
pub(crate) struct GrpcAnswersOnly(pub(crate) Channel);

impl Service<http::Request<Body>> for GrpcAnswersOnly {
    type Response = http::Response<Body>;
    type Error = tonic::transport::Error;
    type Future = BoxFuture<'static, std::result::Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<std::result::Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answer = self.0.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            match not_grpc(answer.status(), answer.headers()) {
                Some(status) => Ok(status.into_http()),
                None => Ok(answer),
            }
        })
    }
}

/// The status of an answer that is not gRPC, by the table that gRPC has for this case
/// (`http-grpc-status-mapping.md`).
fn not_grpc(http: http::StatusCode, headers: &http::HeaderMap) -> Option<tonic::Status> {
    let content_type = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if http == http::StatusCode::OK {
        let is_grpc = content_type.is_some_and(|value| value.starts_with("application/grpc"));
        return (!is_grpc).then(|| tonic::Status::unknown("the answer is not gRPC"));
    }
    let code = match http.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    };
    Some(tonic::Status::new(code, format!("the server answered HTTP {http}")))
}

/// The system's roots and the extra ones. A system without any (a minimal container) is fine if there are extra ones.
fn with_tls(
    endpoint: Endpoint,
    ca_pem: Option<&[u8]>,
) -> std::result::Result<Endpoint, tonic::transport::Error> {
    let Some(pem) = ca_pem else {
        return endpoint.tls_config(ClientTlsConfig::new().with_native_roots());
    };
    let extra = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
    match endpoint.clone().tls_config(extra.clone().with_native_roots()) {
        Ok(endpoint) => Ok(endpoint),
        Err(_) => endpoint.tls_config(extra),
    }
}
