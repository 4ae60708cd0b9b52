//! Answers to browsers.

use ::axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};

/// 302, as the vendor's adapters answer; kept by no cache.
pub(super) fn redirect(location: &str) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    match HeaderValue::from_str(location) {
        Ok(location) => {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    never_cached(response)
}

pub(super) fn never_cached(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(super) fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A login failed twice in a row: the person decides whether to try again.
pub(super) fn failed(status: StatusCode, login_path: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Not signed in</title><body style=\"font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem\">\
         <h1>You are not signed in</h1><p>Signing in did not work. If it fails again, check that cookies are allowed, \
         or ask your administrator.</p><p><a href=\"{}\">Try again</a></p></body></html>",
        login_path.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;"),
    );
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    never_cached((status, kind, page).into_response())
}
