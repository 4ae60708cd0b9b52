//! Shows every hosted page in every state, for people who judge how pages look and for the browser tests:
//! `cargo run -p gatewright-testkit --example pages` prints where.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool for developers: what goes wrong here shall stop it"
)]

use axum::{
    Json, Router,
    extract::Path,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use gatewright::pages::{LANGUAGES, Language, Look, assets, gallery};
use http::{StatusCode, header};
use serde_json::json;
use std::fmt::Write as _;

/// A brand that uses what there is.
fn brand() -> serde_json::Value {
    let logo = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 120 32'%3E%3Crect width='32' height='32' rx='8' fill='%23d97706'/%3E%3Cpath d='M42 10h70M42 22h46' stroke='%23888' stroke-width='5'/%3E%3C/svg%3E";
    json!({
        "app_name": "Fieldwork",
        "accent_color": "#d97706",
        "background_color": "#fff7ed",
        "border_radius": "large",
        "heading_alignment": "center",
        "logo_alignment": "center",
        "logo_placement": "outside",
        "logo_url": logo,
        "privacy_url": "https://fieldwork.example/privacy",
        "social_buttons_placement": "above",
        "support_email": "help@fieldwork.example",
        "terms_url": "https://fieldwork.example/terms",
    })
}

/// `plain` or `branded`.
fn look(language: &'static Language, kind: &str) -> Look {
    let brand = brand();
    Look::sample(language, (kind == "branded").then_some(&brand))
}

async fn index() -> Html<String> {
    let mut html = String::from("<!doctype html><title>Pages</title><style>a{margin-right:1em}</style>");
    for kind in ["plain", "branded"] {
        for exhibit in gallery::exhibits() {
            write!(html, "<p>{kind} {} ", exhibit.name).unwrap();
            for Language { tag, .. } in LANGUAGES {
                write!(html, "<a href=\"/{kind}/{tag}/{}\">{tag}</a>", exhibit.name).unwrap();
            }
        }
    }
    Html(html)
}

/// The names of all states of all pages, one a line.
async fn names() -> String {
    gallery::exhibits().iter().map(|exhibit| format!("{}\n", exhibit.name)).collect()
}

async fn page(Path((kind, tag, name)): Path<(String, String, String)>) -> Response {
    let language = LANGUAGES.iter().find(|language| language.tag == tag);
    let exhibit = gallery::exhibits().into_iter().find(|exhibit| exhibit.name == name);
    match (language, exhibit) {
        (Some(language), Some(exhibit)) => (exhibit.show)(&look(language, &kind)),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn asset(Path(file): Path<String>) -> Response {
    match assets::find(&file) {
        Some(asset) => ([(header::CONTENT_TYPE, asset.media_type)], asset.content).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn theme() -> Response {
    let sheet = look(LANGUAGES.first().unwrap(), "branded").sheet().to_owned();
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], sheet).into_response()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/", get(index))
        .route("/names", get(names))
        .route("/pages/{file}", get(asset))
        .route("/pages/theme/sample/{file}", get(theme))
        .route("/a/auth/passkey/begin", post(async || Json(json!({}))))
        .route("/{kind}/{language}/{name}", get(page));
    axum::serve(listener, router).await.unwrap();
}
