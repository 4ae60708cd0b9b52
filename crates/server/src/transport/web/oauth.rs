//! OAuth and its discovery.
use super::{Arrived, Web, failure};
use crate::{
    error::Error,
    ids::ResourceId,
    oauth, resources,
    transport::{errors, serve},
};
use axum::{
    Extension, Router,
    extract::{Path, Request, State},
    response::Response,
    routing::{get, post},
};
use http::{HeaderValue, header};
use std::sync::Arc;

/// The endpoints that machines call.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/.well-known/oauth-authorization-server", get(discovery))
        .route("/keys", get(keys))
        .route("/oauth/token", post(token))
        .route("/resources/{resource}/oauth/token", post(resource_token))
        .route("/resources/{resource}/.well-known/oauth-authorization-server", get(resource_discovery))
        .route("/.well-known/oauth-authorization-server/resources/{resource}", get(resource_discovery))
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
    Extension(arrived): Extension<Arrived>,
    resource: Option<ResourceId>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = arrived.0.clone();
    let answer = async {
        let ctx = arrived.visit(&web.app).map_err(oauth::OAuthError::from)?;
        let body = serve::read_body(body, oauth::MAX_BODY_BYTES, web.limits.body_timeout)
            .await
            .map_err(|error| oauth::OAuthError::from(Arc::new(error)))?;
        oauth::token(&ctx, resource, &parts.headers, &body).await
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
