//! Files that were uploaded for pages.
use super::{Arrived, Web, failure, text};
use crate::{
    environments::assets::{self, Asset},
    transport::serve,
};
use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use http::{HeaderName, HeaderValue, StatusCode};

/// Uploads and what was uploaded.
pub fn routes() -> Router<Web> {
    Router::new().route("/assets/{name}", get(fetch_asset).put(upload_asset))
}

async fn fetch_asset(
    State(web): State<Web>,
    Extension(Arrived(request_id, arrival)): Extension<Arrived>,
    Path(name): Path<String>,
) -> Response {
    let answer = async { Ok(assets::fetch(&web.app, &arrival?.environment, &name).await?) };
    match answer.await {
        Ok(asset) => file(asset),
        Err(error) => failure(&error, &request_id),
    }
}

#[derive(serde::Deserialize)]
struct Upload {
    #[serde(default)]
    token: String,
}

async fn upload_asset(
    State(web): State<Web>,
    Extension(Arrived(request_id, arrival)): Extension<Arrived>,
    Path(name): Path<String>,
    Query(Upload { token }): Query<Upload>,
    body: Body,
) -> Response {
    let answer = async {
        let environment = arrival?.environment;
        let body = serve::read_body(body, assets::MAX_BYTES, web.limits.body_timeout).await?;
        Ok(assets::upload(&web.app, &environment, &name, &token, &body).await?)
    };
    match answer.await {
        Ok(()) => text(StatusCode::OK, "ok\n"),
        Err(error) => failure(&error, &request_id),
    }
}

/// A file that was uploaded. It never changes; a browser takes it for nothing but what it is said to be.
fn file(asset: Asset) -> Response {
    let mut response = Response::new(asset.content.into());
    for (name, value) in [
        ("content-type", asset.media_type),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("access-control-allow-origin", "*"),
        ("cross-origin-resource-policy", "cross-origin"),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
