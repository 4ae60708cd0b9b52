//! OAuth and its discovery.
use super::{Arrived, Web, cors, failure};
use crate::{
    ctx::Ctx,
    error::Error,
    ids::ResourceId,
    oauth::{self, UserInfoError},
    resources,
    transport::{errors, serve},
};
use axum::{
    Extension, Router,
    body::Bytes,
    extract::{Path, Request, State},
    middleware::{from_fn, from_fn_with_state},
    response::Response,
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, header};
use std::sync::Arc;

/// The endpoints that machines and scripts of pages call.
pub fn routes(web: &Web) -> Router<Web> {
    let public = Router::new()
        .route("/.well-known/openid-configuration", get(discovery).options(cors::no_preflight))
        .route("/.well-known/oauth-authorization-server", get(discovery).options(cors::no_preflight))
        .route("/keys", get(keys).options(cors::no_preflight))
        .route(
            "/resources/{resource}/.well-known/oauth-authorization-server",
            get(resource_discovery).options(cors::no_preflight),
        )
        .route(
            "/.well-known/oauth-authorization-server/resources/{resource}",
            get(resource_discovery).options(cors::no_preflight),
        )
        .layer(from_fn(cors::open));
    let for_clients = Router::new()
        .route("/oauth/token", post(token).options(cors::no_preflight))
        .route("/resources/{resource}/oauth/token", post(resource_token).options(cors::no_preflight))
        .route("/userinfo", get(userinfo).post(userinfo).options(cors::no_preflight))
        .route("/oauth/introspect", post(introspect).options(cors::no_preflight))
        .route("/revoke", post(revoke).options(cors::no_preflight))
        .layer(from_fn_with_state(web.clone(), cors::registered));
    public.merge(for_clients)
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
    let request_id = arrived.0.clone();
    let answer = async {
        let (ctx, headers, body) = receive(&web, arrived, request).await?;
        oauth::token(&ctx, resource, &headers, &body).await
    };
    answer_form(answer.await, &request_id)
}

/// RFC 7662.
async fn introspect(
    State(web): State<Web>,
    Extension(arrived): Extension<Arrived>,
    request: Request,
) -> Response {
    let request_id = arrived.0.clone();
    let answer = async {
        let (ctx, headers, body) = receive(&web, arrived, request).await?;
        Ok(oauth::introspect(&ctx, &headers, &body).await?.to_string())
    };
    answer_form(answer.await, &request_id)
}

/// RFC 7009.
async fn revoke(
    State(web): State<Web>,
    Extension(arrived): Extension<Arrived>,
    request: Request,
) -> Response {
    let request_id = arrived.0.clone();
    let answer = async {
        let (ctx, headers, body) = receive(&web, arrived, request).await?;
        oauth::revoke_token(&ctx, &headers, &body).await?;
        Ok(String::new())
    };
    answer_form(answer.await, &request_id)
}

/// What a form needs to be answered.
async fn receive(
    web: &Web,
    arrived: Arrived,
    request: Request,
) -> Result<(Ctx, HeaderMap, Bytes), oauth::OAuthError> {
    let (parts, body) = request.into_parts();
    let ctx = arrived.visit(&web.app)?;
    let body = serve::read_body(body, oauth::MAX_BODY_BYTES, web.limits.body_timeout).await?;
    Ok((ctx, parts.headers, body))
}

/// RFC 6749 §5.1: neither tokens nor what is said of them is kept on the way.
fn answer_form(answer: Result<String, oauth::OAuthError>, request_id: &str) -> Response {
    let mut response = match answer {
        Ok(body) => errors::json_response(200, body),
        Err(error) => oauth_failure(&error, request_id),
    };
    no_store(&mut response);
    response
}

fn no_store(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}

/// OpenID Connect Core §5.3.
async fn userinfo(
    State(web): State<Web>,
    Extension(arrived): Extension<Arrived>,
    headers: HeaderMap,
) -> Response {
    let answer = async {
        let ctx = arrived.visit(&web.app)?;
        oauth::userinfo(&ctx, &headers).await
    };
    let mut response = match answer.await {
        Ok(claims) => errors::json_response(200, claims.to_string()),
        Err(UserInfoError::Missing) => bearer_challenge(401, ""),
        Err(UserInfoError::InvalidToken) => bearer_challenge(401, "invalid_token"),
        Err(UserInfoError::InsufficientScope) => bearer_challenge(403, "insufficient_scope"),
        Err(UserInfoError::Fault(error)) => oauth_failure(&error.into(), ""),
    };
    no_store(&mut response);
    response
}

/// RFC 6750 §3: without a token, nothing is said of what was wrong with it.
fn bearer_challenge(status: u16, error: &'static str) -> Response {
    let (challenge, description) = match error {
        "" => (r#"Bearer realm="userinfo""#, "an access token is required in the Authorization header"),
        "invalid_token" => (
            r#"Bearer realm="userinfo", error="invalid_token""#,
            "the token is not a user's, has expired or was revoked, or its session has ended",
        ),
        _ => (
            r#"Bearer realm="userinfo", error="insufficient_scope", scope="openid""#,
            "the token was not granted the scope openid",
        ),
    };
    let code = if error.is_empty() { "invalid_request" } else { error };
    let body = serde_json::json!({"error": code, "error_description": description});
    let mut response = errors::json_response(status, body.to_string());
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
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

/// JSON for anybody.
fn public(body: String) -> Response {
    let mut response = errors::json_response(200, body);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
