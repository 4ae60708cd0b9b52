//! A request of a browser for a hosted page, and the answer with its cookies.
use super::{
    Arrived, Web,
    cookies::{self, Browser, Cookies},
    failure, text,
};
use crate::{
    ctx::Ctx,
    error::Error,
    login::{self, Go, Outcome, Reader, Trouble, TroubleKind, Visitor},
    pages,
    transport::{errors, serve},
};
use axum::{Extension, body::Body, extract::Request, response::Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use std::sync::Arc;

/// Largest form of a page; a passkey's assertion is the largest thing in one.
pub const MAX_FORM: usize = 64 * 1024;

/// What the edge found out about a request.
pub type Arriving = Extension<Arrived>;

/// A request of a browser.
pub struct Visit {
    /// The environment, and nobody in particular.
    pub ctx: Ctx,
    /// What the browser brought.
    pub cookies: Cookies,
    /// Which browser it is.
    pub browser: Browser,
    /// `Accept-Language`
    pub languages: String,
    /// `User-Agent`
    pub user_agent: String,
}

impl Visit {
    /// A request, or the answer to one that cannot be let in.
    pub fn new(web: &Web, arrived: Arrived, headers: &HeaderMap) -> Result<Self, Response> {
        let request_id = arrived.0.clone();
        Self::of(web, arrived, headers).map_err(|error| failure(&error, &request_id))
    }

    fn of(web: &Web, arrived: Arrived, headers: &HeaderMap) -> Result<Self, Arc<Error>> {
        let ctx = arrived.visit(&web.app)?;
        let cookies = Cookies::of(headers, ctx.environment());
        let browser = cookies.browser().map_err(Arc::new)?;
        let text = |name: header::HeaderName| {
            let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            value.chars().take(512).collect::<String>()
        };
        let (languages, user_agent) = (text(header::ACCEPT_LANGUAGE), text(header::USER_AGENT));
        Ok(Self { ctx, cookies, browser, languages, user_agent })
    }

    /// Who looks at a page.
    pub fn reader(&self) -> Reader<'_> {
        Reader { languages: &self.languages, browser: self.browser.token() }
    }

    /// Who takes a step.
    pub fn visitor<'a>(&'a self, hash: &'a [u8]) -> Visitor<'a> {
        Visitor { browser_hash: hash, session: self.cookies.session(), user_agent: &self.user_agent }
    }

    /// With the answer's cookies.
    pub async fn answer(&self, outcome: Outcome) -> Response {
        let mut response = match outcome.go {
            Go::Away(url) => redirect(&url),
            Go::Page(id) => redirect(&format!("/a/auth/login?request={id}")),
            Go::Stop(trouble) => self.stop(&trouble).await,
        };
        if let Some((token, end)) = outcome.session {
            let cookie = cookies::set_session(self.ctx.environment(), &token, self.ctx.now(), end);
            add_cookie(&mut response, cookie);
        }
        self.with_browser(response)
    }

    /// Whether a form was made for this browser.
    pub fn is_genuine(&self, what: Option<&str>, csrf: &str) -> bool {
        let is_of_browser = |what| pages::check_csrf(self.browser.token(), what, csrf);
        !self.browser.is_new && what.is_some_and(is_of_browser)
    }

    /// The answer to a form that was not.
    pub async fn forged(&self) -> Response {
        let text = "the form was not made for this browser, or its cookie is gone";
        let trouble = Trouble::new(TroubleKind::Forged, "invalid_request", text);
        self.answer(Go::Stop(trouble).into()).await
    }

    /// A new browser gets its cookie.
    pub fn with_browser(&self, mut response: Response) -> Response {
        if self.browser.is_new {
            add_cookie(&mut response, cookies::set_browser(self.ctx.environment(), &self.browser));
        }
        response
    }

    /// The page that says why it does not go on.
    pub async fn stop(&self, trouble: &Trouble) -> Response {
        if let Some(fault) = &trouble.fault {
            errors::report(fault);
        }
        match login::stop(&self.ctx, trouble, &self.languages).await {
            Ok(response) => response,
            Err(error) => self.broken(error),
        }
    }

    /// A fault.
    pub fn broken(&self, error: Error) -> Response {
        failure(&Arc::new(error), self.ctx.request_id())
    }
}

/// Adds `Set-Cookie`.
pub fn add_cookie(response: &mut Response, cookie: Result<HeaderValue, Error>) {
    match cookie {
        Ok(cookie) => {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Err(error) => errors::report(&error),
    }
}

/// By GET, whatever the request was (RFC 9700 §4.12).
pub fn redirect(url: &str) -> Response {
    let mut response = text(StatusCode::SEE_OTHER, "");
    match HeaderValue::from_str(url) {
        Ok(value) => {
            response.headers_mut().insert(header::LOCATION, value);
        }
        Err(error) => errors::report(&Error::internal(error)),
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// A parameter of a query or a form.
pub fn value(encoded: &[u8], name: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(encoded);
    pairs.find(|(other, _)| other == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// A parameter of a query.
pub fn query(uri: &Uri, name: &str) -> String {
    value(uri.query().unwrap_or_default().as_bytes(), name)
}

/// A browser and its form.
pub async fn read(
    web: &Web,
    arrived: Arrived,
    request: Request,
) -> Result<(Visit, Uri, bytes::Bytes), Response> {
    let (parts, body): (_, Body) = request.into_parts();
    let visit = Visit::new(web, arrived, &parts.headers)?;
    let body = serve::read_body(body, MAX_FORM, web.limits.body_timeout).await;
    let body = body.map_err(|error| visit.broken(error))?;
    Ok((visit, parts.uri, body))
}
