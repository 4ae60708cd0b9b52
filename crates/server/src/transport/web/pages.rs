//! What hosted pages fetch: style sheets and the script.
use super::{Arrived, Web, failure, text};
use crate::pages::{assets, theme_sheet};
use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use http::{HeaderName, HeaderValue, StatusCode};

const FOREVER: &str = "public, max-age=31536000, immutable";

/// Files by the hash of what is in them.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/pages/{file}", get(async |Path(file): Path<String>| asset(&file)))
        .route("/pages/theme/{scope}/{file}", get(theme))
}

fn asset(file: &str) -> Response {
    match assets::find(file) {
        Some(asset) => answer(asset.media_type, FOREVER, asset.content),
        None => missing(),
    }
}

async fn theme(
    State(web): State<Web>,
    Extension(arrived): Extension<Arrived>,
    Path((scope, file)): Path<(String, String)>,
) -> Response {
    let request_id = arrived.0.clone();
    let found = async { Ok(theme_sheet(&arrived.visit(&web.app)?, &scope, &file).await?) };
    match found.await {
        Ok(Some((sheet, true))) => answer("text/css; charset=utf-8", FOREVER, sheet),
        Ok(Some((sheet, false))) => answer("text/css; charset=utf-8", "no-cache", sheet),
        Ok(None) => missing(),
        Err(error) => failure(&error, &request_id),
    }
}

fn missing() -> Response {
    text(StatusCode::NOT_FOUND, "there is nothing at this address\n")
}

fn answer(media_type: &'static str, cache_control: &'static str, content: impl Into<Body>) -> Response {
    let mut response = Response::new(content.into());
    for (name, value) in [
        ("content-type", media_type),
        ("cache-control", cache_control),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
