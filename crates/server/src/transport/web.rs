//! Plain HTTP: OAuth, discovery, probes, uploaded files, and the page at `/`.
use super::{RequestLimits, errors, reference, serve};
use crate::{
    app::App,
    ctx::Arrival,
    environments::assets::{self, Asset},
    error::Error,
    ids::ResourceId,
    oauth, resources,
};
use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, Query, Request, State},
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
        .route("/assets/{name}", get(fetch_asset).put(upload_asset))
        .route("/resources/{resource}/oauth/token", post(resource_token))
        .route("/resources/{resource}/.well-known/oauth-authorization-server", get(resource_discovery))
        .route("/.well-known/oauth-authorization-server/resources/{resource}", get(resource_discovery))
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

/// The authorization server of one resource (RFC 8414 §3.1, and the form with the well-known part at the end).
async fn resource_discovery(
    State(web): State<Web>,
    Extension(Arrived(request_id, arrival)): Extension<Arrived>,
    Path(resource): Path<String>,
) -> Response {
    let found = async {
        let arrival = arrival?;
        let Ok(id) = resource.parse::<ResourceId>() else { return Ok(None) };
        resources::metadata(&web.app, &arrival.environment, id).await.map_err(Arc::new)
    };
    match found.await {
        Ok(Some(metadata)) => public(metadata.to_string()),
        Ok(None) => errors::rest(&Error::not_found("this resource"), &request_id),
        Err(error) => {
            let error: Arc<Error> = error;
            errors::report(&error);
            errors::rest(&error, &request_id)
        }
    }
}

async fn keys(
    State(web): State<Web>,
    Extension(Arrived(request_id, arrival)): Extension<Arrived>,
) -> Response {
    let answer = async { Ok(web.app.keys.of(&web.app, &arrival?.environment).await?.jwks.clone()) };
    match answer.await {
        Ok(jwks) => public(jwks),
        Err(error) => failure(&error, &request_id),
    }
}

async fn token(web: State<Web>, arrived: Extension<Arrived>, request: Request) -> Response {
    answer_token_request(web, arrived, None, request).await
}

/// The same for one resource's clients. No client is of a resource that does not exist.
async fn resource_token(
    web: State<Web>,
    arrived: Extension<Arrived>,
    Path(resource): Path<String>,
    request: Request,
) -> Response {
    let resource = resource.parse().unwrap_or(ResourceId::from_i64(0));
    answer_token_request(web, arrived, Some(resource), request).await
}

async fn answer_token_request(
    State(web): State<Web>,
    Extension(Arrived(request_id, arrival)): Extension<Arrived>,
    resource: Option<ResourceId>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let answer = async {
        let arrival = arrival.map_err(oauth::OAuthError::from)?;
        let body = serve::read_body(body, oauth::MAX_BODY_BYTES, web.limits.body_timeout)
            .await
            .map_err(|error| oauth::OAuthError::from(Arc::new(error)))?;
        oauth::token(&web.app, &arrival, resource, &parts.headers, &body).await
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

async fn fetch_asset(
    State(web): State<Web>,
    Extension(Arrived(request_id, arrival)): Extension<Arrived>,
    Path(name): Path<String>,
) -> Response {
    let answer = async { Ok(assets::fetch(&web.app, &arrival?.environment, &name).await?) };
    match answer.await {
        Ok(asset) => file(asset),
        Err(error) => failure(&error, &request_id),
    }
}

#[derive(serde::Deserialize)]
struct Upload {
    #[serde(default)]
    token: String,
}

async fn upload_asset(
    State(web): State<Web>,
    Extension(Arrived(request_id, arrival)): Extension<Arrived>,
    Path(name): Path<String>,
    Query(Upload { token }): Query<Upload>,
    body: Body,
) -> Response {
    let answer = async {
        let environment = arrival?.environment;
        let body = serve::read_body(body, assets::MAX_BYTES, web.limits.body_timeout).await?;
        Ok(assets::upload(&web.app, &environment, &name, &token, &body).await?)
    };
    match answer.await {
        Ok(()) => text(StatusCode::OK, "ok\n"),
        Err(error) => failure(&error, &request_id),
    }
}

fn failure(error: &Arc<Error>, request_id: &str) -> Response {
    errors::report(error);
    errors::rest(error, request_id)
}

/// A file that was uploaded. It never changes; a browser takes it for nothing but what it is said to be.
fn file(asset: Asset) -> Response {
    let mut response = Response::new(asset.content.into());
    for (name, value) in [
        ("content-type", asset.media_type),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("access-control-allow-origin", "*"),
        ("cross-origin-resource-policy", "cross-origin"),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
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
