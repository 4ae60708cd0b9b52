//! Plain HTTP: OAuth, discovery, probes, and the page at `/`.
use super::{RequestLimits, errors, reference, serve};
use crate::{app::App, ctx::Arrival, error::Error, oauth};
use axum::{
    Extension, Router,
    body::Body,
    extract::{Request, State},
    response::Response,
    routing::{get, post},
};
use gatewright_api::plan::Method;
use http::{HeaderName, HeaderValue, StatusCode, header};
use std::sync::Arc;

/// A request's id, and the environment that it was sent to.
#[derive(Clone)]
pub struct Arrived(pub Arc<str>, pub Result<Arrival, Arc<Error>>);

#[derive(Clone)]
struct Web {
    app: Arc<App>,
    limits: RequestLimits,
}

/// Every route that is neither gRPC nor under `/api/v1`.
pub fn router(app: Arc<App>, limits: RequestLimits, built: Vec<&'static Method>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/healthz", get(|| async { text(StatusCode::OK, "ok\n") }))
        .route("/ready", get(ready))
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/.well-known/oauth-authorization-server", get(discovery))
        .route("/keys", get(keys))
        .route("/oauth/token", post(token))
        .merge(reference::router(built))
        .fallback(|| async { text(StatusCode::NOT_FOUND, "there is nothing at this address\n") })
        .method_not_allowed_fallback(|| async {
            text(StatusCode::METHOD_NOT_ALLOWED, "this method is not possible here\n")
        })
        .with_state(Web { app, limits })
}

async fn home(Extension(Arrived(_, arrival)): Extension<Arrived>) -> Response {
    let url = arrival.map(|arrival| arrival.environment.url.clone()).unwrap_or_default();
    text(
        StatusCode::OK,
        format!(
            "Gatewright {}\n\nThis is the environment URL {url}\nfor SDKs of the Scalekit API: gRPC, REST under \
             {url}/api/v1 and OAuth.\n\nAPI reference: {url}/docs/api\nDiscovery: {url}/.well-known/openid-configuration\n",
            env!("CARGO_PKG_VERSION")
        ),
    )
}

/// Whether it makes sense to send requests here.
async fn ready(State(web): State<Web>) -> Response {
    match web.app.db.ping().await {
        Ok(()) => text(StatusCode::OK, "ready\n"),
        Err(error) => {
            errors::report(&error);
            let mut response = text(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n");
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
    }
}

async fn discovery(Extension(Arrived(request_id, arrival)): Extension<Arrived>) -> Response {
    match arrival {
        Ok(arrival) => public(oauth::discovery(&arrival.environment).to_string()),
        Err(error) => errors::rest(&error, &request_id),
    }
}

async fn keys(
    State(web): State<Web>,
    Extension(Arrived(request_id, arrival)): Extension<Arrived>,
) -> Response {
    let answer = async { Ok(web.app.keys.of(&web.app, &arrival?.environment).await?.jwks.clone()) };
    match answer.await {
        Ok(jwks) => public(jwks),
        Err(error) => {
            let error: Arc<Error> = error;
            errors::report(&error);
            errors::rest(&error, &request_id)
        }
    }
}

async fn token(
    State(web): State<Web>,
    Extension(Arrived(request_id, arrival)): Extension<Arrived>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let answer = async {
        let arrival = arrival.map_err(oauth::OAuthError::from)?;
        let body = serve::read_body(body, oauth::MAX_BODY_BYTES, web.limits.body_timeout)
            .await
            .map_err(|error| oauth::OAuthError::from(Arc::new(error)))?;
        oauth::token(&web.app, &arrival, &parts.headers, &body).await
    };
    let mut response = match answer.await {
        Ok(tokens) => errors::json_response(200, tokens),
        Err(error) => oauth_failure(&error, &request_id),
    };
    // RFC 6749 §5.1.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// RFC 6749 §5.2.
fn oauth_failure(error: &oauth::OAuthError, request_id: &str) -> Response {
    if let Some(fault) = error.fault() {
        errors::report(fault);
    } else {
        tracing::debug!(request.id = request_id, "token request refused: {error}");
    }
    let body = serde_json::json!({"error": error.code(), "error_description": error.description()});
    let mut response = errors::json_response(error.http_status(), body.to_string());
    if error.http_status() == 401 {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="token""#));
    }
    if let Some(seconds) = error.retry_after_seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// JSON for anybody, scripts of any origin included.
fn public(body: String) -> Response {
    let mut response = errors::json_response(200, body);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn text(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    response
}
