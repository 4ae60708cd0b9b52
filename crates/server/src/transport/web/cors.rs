//! Which pages of other origins may call by script (the Fetch standard, "HTTP-CORS protocol"). What is public is open to all
//! of them; the endpoints of OAuth are to those of the environment's clients. None of them looks at cookies.
use super::{Arrived, Web, text};
use crate::clients;
use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, OPTIONS");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, accept, accept-language, origin, x-requested-with, mcp-protocol-version",
);

/// For what anybody may read.
pub async fn open(request: Request, next: Next) -> Response {
    let mut response = match is_preflight(&request) {
        true => preflight(),
        false => next.run(request).await,
    };
    let any = HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
    response
}

/// For pages of the environment's clients.
pub async fn registered(
    State(web): State<Web>,
    Extension(arrived): Extension<Arrived>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = match origin {
        Some(origin) if is_registered(&web, arrived, &origin).await => Some(origin),
        _ => None,
    };
    let mut response = match is_preflight(&request) {
        true if allowed.is_some() => preflight(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = allowed {
        allow(headers, origin);
    }
    response
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("www-authenticate"));
}

/// If it cannot be told, the page may not.
async fn is_registered(web: &Web, arrived: Arrived, origin: &HeaderValue) -> bool {
    let (Ok(origin), Ok(arrival)) = (origin.to_str(), &arrived.1) else { return false };
    match clients::origins(&web.app, arrival.environment.id).await {
        Ok(origins) => origins.allow(origin),
        Err(error) => {
            crate::transport::errors::report(&error);
            false
        }
    }
}

/// What is left of `OPTIONS`: a route must take it, or these layers do not see it.
pub async fn no_preflight() -> Response {
    text(StatusCode::METHOD_NOT_ALLOWED, "pages of this origin may not call this by script\n")
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}
