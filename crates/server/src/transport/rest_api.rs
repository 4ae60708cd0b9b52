//! HTTP/JSON, nearly all of it under `/api/v1`: the routes, the messages and the statuses all come from the protos.
use super::{Server, errors, gate, json, registration, rest, serve};
use crate::{
    ctx::Arrival,
    error::{Error, Kind},
};
use axum::body::Body;
use http::{HeaderValue, Request, Response, StatusCode, header};
use std::sync::Arc;

/// Whether a path belongs to the API: those under `/api/`, and the few that the protos put elsewhere, such as
/// `/.well-known/webauthn`.
pub fn is_api(router: &rest::Router, path: &str) -> bool {
    path.starts_with("/api/") || !matches!(router.find("", path), Ok(rest::Route::NotFound))
}

/// Answers a request for an rpc.
pub async fn handle(
    server: &Arc<Server>,
    arrival: Result<Arrival, Error>,
    request: Request<Body>,
) -> Result<Response<Body>, Error> {
    let arrival = arrival?;
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    // RFC 9110 §9.3.2: HEAD is GET without the body, which hyper leaves out.
    let verb = if parts.method == http::Method::HEAD { "GET" } else { parts.method.as_str() };
    let found = match server.rest.find(verb, path)? {
        rest::Route::Found(found) => found,
        rest::Route::MethodNotAllowed(allowed) => return Ok(not_allowed(&arrival, &parts.method, &allowed)),
        rest::Route::NotFound => {
            let shown: String = path.chars().take(200).collect();
            return Err(Error::new(Kind::NotFound, format!("there is nothing at {shown}")));
        }
    };
    let ctx = gate::enter(&server.app, &arrival, &parts.headers, (&parts.method, found.method)).await?;
    let body = serve::read_body(body, server.limits.max_body_bytes, server.limits.body_timeout).await?;
    let message = rest::request(&found, parts.uri.query(), &body)?;
    let answer = server.call(found.method, ctx, &message).await;
    if registration::is_registration(found.method) {
        return registration::answer(&message, answer, &arrival.request_id);
    }
    let answer = answer?;
    let mut text = Vec::with_capacity(answer.len() * 2 + 64);
    json::from_wire(found.method.output, &answer, &mut text)?;
    Ok(errors::json_response(found.method.success_status, text))
}

fn not_allowed(arrival: &Arrival, method: &http::Method, allowed: &[&'static str]) -> Response<Body> {
    let list = allowed.join(", ");
    let error = Error::new(Kind::Unimplemented, format!("{method} is not possible here; use {list}"));
    let mut response = errors::rest(&error, &arrival.request_id);
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    if let Ok(list) = HeaderValue::from_str(&list) {
        response.headers_mut().insert(header::ALLOW, list);
    }
    response
}

/// The envelope of a failure, and a line in the log where it is ours.
pub fn failure(error: &Error, request_id: &str) -> Response<Body> {
    errors::report(error);
    errors::rest(error, request_id)
}
