//! `/oidc/logout`, where applications send the browser.
use super::{
    Arrived, Web,
    cookies::{self, Cookies},
    visit,
};
use crate::{
    ctx::Ctx,
    oauth::{self, Form, Logout, OAuthError},
    organizations::Organization,
    pages::{self, ConfirmLogout, ErrorPage, Look, SignedOut},
    secret::Secret,
    transport::{errors, serve},
};
use axum::{
    Extension, Router,
    body::Bytes,
    extract::{RawQuery, Request, State},
    response::Response,
    routing::get,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// Logout.
pub fn routes() -> Router<Web> {
    Router::new().route("/oidc/logout", get(log_out).post(log_out))
}

/// A request with what it brought.
struct Asked {
    ctx: Ctx,
    headers: HeaderMap,
    query: String,
    body: Bytes,
    method: Method,
}

async fn log_out(
    State(web): State<Web>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let request_id = arrived.0.clone();
    let (parts, body) = request.into_parts();
    let ctx = match arrived.visit(&web.app) {
        Ok(ctx) => ctx,
        Err(error) => return errors::rest(&error, &request_id),
    };
    let body = match parts.method {
        Method::POST => serve::read_body(body, oauth::MAX_BODY_BYTES, web.limits.body_timeout).await,
        _ => Ok(Bytes::new()),
    };
    let asked = |body| Asked {
        ctx,
        headers: parts.headers,
        query: query.unwrap_or_default(),
        body,
        method: parts.method,
    };
    match body {
        Ok(body) => asked(body).answer().await,
        Err(error) => asked(Bytes::new()).refuse(&error.into()).await,
    }
}

impl Asked {
    async fn answer(self) -> Response {
        match self.decide().await {
            Ok(Logout::Done { location, sign_in }) => self.done(location, sign_in).await,
            Ok(Logout::Confirm { session, email, organization }) => {
                let csrf = pages::csrf(&self.cookie(), &session.to_string());
                // The form sends the parameters again, in its address.
                let query = match self.method == Method::GET {
                    true => self.query.clone(),
                    false => String::from_utf8_lossy(&self.body).into_owned(),
                };
                let action = format!("/oidc/logout?{query}");
                self.page(StatusCode::OK, &ConfirmLogout { csrf, action, email }, organization.as_deref())
                    .await
            }
            Err(error) => self.refuse(&error).await,
        }
    }

    async fn decide(&self) -> Result<Logout, OAuthError> {
        let cookies = Cookies::of(&self.headers, self.ctx.environment());
        let query = Form::of_query(&self.query)?;
        if self.method != Method::POST {
            return oauth::log_out(&self.ctx, &query, cookies.session(), false).await;
        }
        let form = Form::parse(&self.headers, &self.body)?;
        // Our page's form has the parameters in its address, and the person's word in its body.
        let parameters = if self.query.is_empty() { &form } else { &query };
        let confirmed = match (form.get("csrf"), cookies.session()) {
            (Some(csrf), Some(token)) => oauth::is_confirmed(&self.ctx, token, csrf).await?,
            _ => false,
        };
        oauth::log_out(&self.ctx, parameters, cookies.session(), confirmed).await
    }

    /// The cookie's token, under which forms are bound to the browser.
    fn cookie(&self) -> Secret<String> {
        let cookies = Cookies::of(&self.headers, self.ctx.environment());
        Secret::new(cookies.session().unwrap_or_default().to_owned())
    }

    async fn done(&self, location: Option<String>, sign_in: Option<String>) -> Response {
        let mut response = match location {
            Some(location) => visit::redirect(&location),
            None => self.page(StatusCode::OK, &SignedOut { sign_in_href: sign_in }, None).await,
        };
        visit::add_cookie(&mut response, cookies::clear_session(self.ctx.environment()));
        response
    }

    /// A browser gets a page, a program JSON. Nobody is redirected to what was not checked.
    async fn refuse(&self, error: &OAuthError) -> Response {
        if let Some(fault) = error.fault() {
            errors::report(fault);
        }
        let accepts =
            self.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
        if accepts.contains("text/html") {
            let mut page = ErrorPage::of(error.code(), self.ctx.request_id());
            page.details = Some(error.description().to_owned());
            return self.page(status, &page, None).await;
        }
        let body = serde_json::json!({"error": error.code(), "error_description": error.description()});
        let mut response = errors::json_response(status.as_u16(), body.to_string());
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    async fn page(
        &self,
        status: StatusCode,
        page: &impl pages::Page,
        organization: Option<&Organization>,
    ) -> Response {
        let language = self.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let query = Form::of_query(&self.query).ok();
        let ui_locales = query.as_ref().and_then(|query| query.get("ui_locales"));
        match Look::of(&self.ctx, organization, language.unwrap_or_default(), ui_locales).await {
            Ok(look) => pages::respond(&look, status, page),
            Err(error) => {
                errors::report(&error);
                errors::rest(&error, self.ctx.request_id())
            }
        }
    }
}
