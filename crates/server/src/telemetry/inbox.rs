//! The inbox for developers, beside `/metrics`. It has codes and links in it, so it is for browsers on this machine alone.
use crate::{app::App, mail, transport::serve::Peer};
use axum::body::Body;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use std::net::IpAddr;

/// The answer to a request for `/mail`. None for other paths, for other machines, and if there is no inbox.
pub(super) async fn answer(app: &App, request: &Request<Incoming>) -> Option<Response<Body>> {
    let path = request.uri().path();
    if request.method() != Method::GET
        || !(path == "/mail" || path.starts_with("/mail/"))
        || !is_local(request)
    {
        return None;
    }
    match mail::page(app, path).await {
        Ok(page) => page.map(response),
        Err(error) => {
            tracing::error!(%error, "the inbox cannot be shown");
            let page = "the inbox cannot be shown; the log says why\n".to_owned();
            let (content_type, policy) = ("text/plain; charset=utf-8", "default-src 'none'");
            Some(response(mail::Page { status: 500, content_type, policy, body: page }))
        }
    }
}

/// From this machine, and under a name of this machine: a page elsewhere whose name suddenly leads here is not let in
/// (DNS rebinding).
fn is_local(request: &Request<Incoming>) -> bool {
    let peer =
        request.extensions().get::<Peer>().is_some_and(|peer| peer.addr.ip().to_canonical().is_loopback());
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    peer && is_loopback_name(host)
}

fn is_loopback_name(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn response(page: mail::Page) -> Response<Body> {
    let mut response = Response::new(Body::from(page.body));
    *response.status_mut() = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(page.content_type));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(page.policy));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_open_the_inbox() {
        for name in ["localhost", "LOCALHOST:9464", "127.0.0.1:9464", "[::1]:9464", "127.1.2.3"] {
            assert!(is_loopback_name(name), "{name}");
        }
        for name in ["", "evil.example:9464", "localhost.evil.example", "192.0.2.1", "127.0.0.1.nip.io:9464"]
        {
            assert!(!is_loopback_name(name), "{name}");
        }
    }
}
