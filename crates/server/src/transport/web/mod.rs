//! Plain HTTP: OAuth, discovery, hosted pages, probes, uploaded files, and the page at `/`. One file for each kind, with its
//! own routes.
mod cookies;
mod cors;
mod files;
mod login;
mod logout;
mod oauth;
mod pages;
mod profile;
mod relying_party;
mod simulator;
mod visit;

use super::{RequestLimits, errors, gate, reference};
use crate::{
    app::App,
    ctx::{Arrival, Ctx},
    error::Error,
};
use axum::{Extension, Router, body::Body, extract::State, response::Response, routing::get};
use gatewright_api::plan::Method;
use http::{HeaderName, HeaderValue, StatusCode, header};
use std::sync::Arc;

pub(super) use cookies::Cookies;

/// A request's id, and the environment that it was sent to.
#[derive(Clone)]
pub struct Arrived(pub Arc<str>, pub Result<Arrival, Arc<Error>>);

impl Arrived {
    /// The request as that of somebody who is not known, or known by a cookie only: pages and protocol endpoints.
    fn visit(self, app: &Arc<App>) -> Result<Ctx, Arc<Error>> {
        gate::visit(app, &self.1?).map_err(Arc::new)
    }
}

#[derive(Clone)]
struct Web {
    app: Arc<App>,
    limits: RequestLimits,
}

/// Every route that is neither gRPC nor under `/api/v1`.
pub fn router(app: Arc<App>, limits: RequestLimits, built: Vec<&'static Method>) -> Router {
    let web = Web { app, limits };
    Router::new()
        .route("/", get(home))
        .route("/healthz", get(|| async { text(StatusCode::OK, "ok\n") }))
        .route("/ready", get(ready))
        .merge(reference::router(built))
        .merge(oauth::routes(&web))
        .merge(files::routes())
        .merge(login::routes())
        .merge(logout::routes())
        .merge(pages::routes())
        .merge(profile::routes())
        .merge(relying_party::routes())
        .merge(simulator::routes())
        .fallback(|| async { text(StatusCode::NOT_FOUND, "there is nothing at this address\n") })
        .method_not_allowed_fallback(|| async {
            text(StatusCode::METHOD_NOT_ALLOWED, "this method is not possible here\n")
        })
        .with_state(web)
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

fn failure(error: &Arc<Error>, request_id: &str) -> Response {
    errors::report(error);
    errors::rest(error, request_id)
}

fn text(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    response
}
