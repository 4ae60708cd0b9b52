//! What hosted pages fetch: style sheet and script.
use super::{Web, text};
use crate::pages::assets;
use axum::{Router, extract::Path, response::Response, routing::get};
use http::{HeaderName, HeaderValue, StatusCode};

/// Files by the hash of what is in them.
pub fn routes() -> Router<Web> {
    Router::new().route("/pages/{file}", get(async |Path(file): Path<String>| asset(&file)))
}

fn asset(file: &str) -> Response {
    let Some(asset) = assets::find(file) else {
        return text(StatusCode::NOT_FOUND, "there is nothing at this address\n");
    };
    let mut response = Response::new(asset.content.into());
    for (name, value) in [
        ("content-type", asset.media_type),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
