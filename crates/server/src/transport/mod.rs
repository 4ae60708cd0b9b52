//! How requests come in and answers go out: gRPC, HTTP/JSON over the same table of methods, and plain OAuth, on one
//! port.
pub mod errors;
pub mod gate;
pub mod grpc;
pub mod json;
mod persons;
pub mod reach;
mod reference;
mod registration;
pub mod rest;
mod rest_api;
pub mod serve;
pub mod tls;
pub mod validate;
mod web;
pub mod wire;

use crate::{app::App, ctx::Ctx, error::Error, rpc::Routes};
use axum::body::Body;
use gatewright_api::{METHODS, plan::Method};
use http::{HeaderValue, Request, Response};
use serve::Peer;
use std::{sync::Arc, time::Duration};
use tracing::Instrument as _;

/// Limits on one request.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// Largest body.
    pub max_body_bytes: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long a request may take in all.
    pub request_timeout: Duration,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            max_body_bytes: 4 << 20,
            body_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(60),
        }
    }
}

/// Everything that answers requests.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    routes: Routes,
    rest: rest::Router,
    web: axum::Router,
    limits: RequestLimits,
}

impl Server {
    /// Builds the tables of routes.
    ///
    /// # Errors
    /// A fault in the protos: two rpcs at one path, or a rule that the validator does not know.
    pub fn new(app: Arc<App>, routes: Routes, limits: RequestLimits) -> Result<Arc<Self>, String> {
        let unknown = validate::unknown_expressions();
        if !unknown.is_empty() {
            return Err(format!("rules that the validator does not know: {}", unknown.join("; ")));
        }
        let rest = rest::Router::new(&METHODS)?;
        let built = METHODS.iter().filter(|method| routes.serves(method)).collect();
        let web = web::router(app.clone(), limits, built);
        Ok(Arc::new(Self { app, routes, rest, web, limits }))
    }

    /// What the requests share.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Which rpcs are built.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Checks what persons reach, validates a message and lets its rpc answer it.
    async fn call(&self, method: &'static Method, ctx: Ctx, message: &[u8]) -> Result<Vec<u8>, Error> {
        reach::check(&ctx, method, message).await?;
        if self.routes.serves(method) {
            validate::check(method.input, message)?;
        }
        self.routes.call(method, ctx, message).await
    }

    /// Answers one request of any protocol, and logs it.
    pub async fn handle<B>(self: Arc<Self>, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let request_id = grpc::new_request_id(&self.app);
        let mut request = request.map(Body::new);
        collapse_slashes(&mut request);
        let seen = Seen::of(&request);
        let span = tracing::info_span!("request", request.id = %request_id);
        let response = self.dispatch(&request_id, request).instrument(span).await;
        let response = with_request_id(response, &request_id);
        seen.finished(&request_id, &response);
        response
    }

    async fn dispatch(self: &Arc<Self>, request_id: &Arc<str>, mut request: Request<Body>) -> Response<Body> {
        let peer = request.extensions().get::<Peer>().copied();
        let arrival =
            gate::arrive(&self.app, request_id.clone(), request.uri(), request.headers(), peer).await;
        if grpc::is_grpc(request.headers()) {
            return grpc::handle(self, arrival, request_id, request).await;
        }
        if rest_api::is_api(&self.rest, request.uri().path()) {
            let answer = rest_api::handle(self, arrival, request);
            return match tokio::time::timeout(self.limits.request_timeout, answer).await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) => rest_api::failure(&error, request_id),
                Err(_) => rest_api::failure(&timed_out(), request_id),
            };
        }
        request.extensions_mut().insert(web::Arrived(request_id.clone(), arrival.map_err(Arc::new)));
        match tower::ServiceExt::oneshot(self.web.clone(), request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// The answer to a request that hit a fault of ours and panicked.
    pub fn after_panic(&self, content_type: Option<&HeaderValue>) -> Response<Body> {
        let request_id = grpc::new_request_id(&self.app);
        let error = Error::internal("a request panicked");
        let mut headers = http::HeaderMap::new();
        if let Some(value) = content_type {
            headers.insert(http::header::CONTENT_TYPE, value.clone());
        }
        let response = if grpc::is_grpc(&headers) {
            grpc::failure(&error, &request_id)
        } else {
            rest_api::failure(&error, &request_id)
        };
        with_request_id(response, &request_id)
    }
}

fn with_request_id(mut response: Response<Body>, request_id: &str) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

fn timed_out() -> Error {
    Error::new(crate::error::Kind::DeadlineExceeded, "the request took too long")
}

/// An environment URL that ends in a slash makes SDKs ask for `//oauth/token`.
fn collapse_slashes(request: &mut Request<Body>) {
    let path = request.uri().path();
    if !path.contains("//") {
        return;
    }
    let mut collapsed = String::with_capacity(path.len());
    for letter in path.chars() {
        if letter != '/' || !collapsed.ends_with('/') {
            collapsed.push(letter);
        }
    }
    if let Some(query) = request.uri().query() {
        collapsed.push('?');
        collapsed.push_str(query);
    }
    let mut parts = request.uri().clone().into_parts();
    if let Ok(path) = collapsed.parse() {
        parts.path_and_query = Some(path);
        if let Ok(uri) = http::Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
}

/// What the log says of a request, taken before it is consumed. Paths may carry ids, queries may carry more: only the
/// path is kept.
struct Seen {
    started: std::time::Instant,
    method: http::Method,
    path: String,
    sdk: Option<String>,
}

/// At most so many bytes of a text.
fn start(text: &str, bytes: usize) -> String {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default().to_owned()
}

impl Seen {
    fn of(request: &Request<Body>) -> Self {
        let sdk = request.headers().get("x-sdk-version").and_then(|value| value.to_str().ok());
        Self {
            started: std::time::Instant::now(),
            method: request.method().clone(),
            path: start(request.uri().path(), 256),
            sdk: sdk.map(|text| start(text, 64)),
        }
    }

    fn finished(&self, request_id: &str, response: &Response<Body>) {
        let elapsed = self.started.elapsed();
        let http_status = response.status().as_u16();
        let grpc_status = response.headers().get("grpc-status").and_then(|value| value.to_str().ok());
        let status = grpc_status.map_or_else(|| http_status.to_string(), |code| format!("grpc {code}"));
        metrics::counter!("gatewright_requests_total", "status" => status.clone()).increment(1);
        metrics::histogram!("gatewright_request_seconds").record(elapsed.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a duration for people")]
        let duration_ms = elapsed.as_micros() as f64 / 1000.0;
        tracing::info!(
            request.id = request_id,
            http.method = %self.method,
            http.path = self.path,
            status,
            duration_ms,
            sdk = self.sdk,
            "{} {} {status}",
            self.method,
            self.path
        );
    }
}
