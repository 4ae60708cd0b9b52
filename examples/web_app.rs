//! A small web application: sign in, see who you are and what you may, refresh, switch the organization, log out:
//! `cargo run -p gatewright-sdk --example web_app`.
//! `web-app.mjs` is the same with the vendor's Node SDK; `README.md` says how to run both.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person")]

use std::{env, error::Error};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use gatewright_sdk::{
    ScalekitClient,
    axum::{Session, Sessions},
};

/// Where the application is. Both addresses are registered with the server: `redirect_uri`, `post_logout_redirect_uri`.
const ORIGIN: &str = "http://localhost:3000";
const STYLE: &str = include_str!("web_app.css");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = ScalekitClient::new(
        variable("SCALEKIT_ENVIRONMENT_URL")?,
        variable("SCALEKIT_CLIENT_ID")?,
        variable("SCALEKIT_CLIENT_SECRET")?,
    )?;
    // In production: a fixed random value, the same on each server.
    let cookie_secret =
        env::var("COOKIE_SECRET").or_else(|_| client.generate_pkce().map(|pkce| pkce.code_verifier))?;
    let sessions = Sessions::builder(client.clone(), ORIGIN, cookie_secret)
        .on_failure(|error| eprintln!("not signed in: {error}"))
        .build()?;
    let app = Router::new()
        .route("/", get(home))
        .route("/refresh", post(refresh))
        .with_state(client)
        .merge(sessions.routes())
        .layer(sessions.layer());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("Open {ORIGIN}");
    axum::serve(listener, app).await?;
    Ok(())
}

fn variable(name: &str) -> Result<String, String> {
    let hint = "set -a; . ./gatewright-data/credentials.env; set +a";
    env::var(name).map_err(|_| format!("{name} is not set; try: {hint}"))
}

async fn home(State(client): State<ScalekitClient>, session: Option<Session>) -> Html<String> {
    match session {
        None => page(
            "<h1>Welcome</h1><p>You are signed out.</p>\
             <p><a class=\"button\" href=\"/login\">Sign in</a> <a href=\"/login?prompt=create\">Create an account</a></p>",
        ),
        Some(session) => page(&dashboard(&client, &session).await),
    }
}

async fn dashboard(client: &ScalekitClient, session: &Session) -> String {
    let user = session.user();
    let organization = match session.organization_id() {
        Some(id) => match client.organization().get_organization(id).await {
            Ok(organization) => format!("{} ({id})", organization.display_name),
            Err(_) => id.to_owned(),
        },
        None => "none".to_owned(),
    };
    let facts = [
        ("Name", user.name.unwrap_or_default()),
        ("E-mail", user.email.unwrap_or_default()),
        ("User", session.user_id().to_owned()),
        ("Organization", organization),
        ("Roles", session.roles().collect::<Vec<_>>().join(", ")),
        ("Permissions", session.permissions().collect::<Vec<_>>().join(", ")),
        ("Access token until", session.expires_at().to_string()),
    ];
    let rows: String =
        facts.iter().map(|(name, fact)| format!("<dt>{name}</dt><dd>{}</dd>", escape(fact))).collect();
    format!(
        "<h1>You are signed in</h1><dl>{rows}</dl>\
         <form method=\"post\" action=\"/refresh\"><button class=\"button\">Refresh</button></form>\
         <p><a href=\"/login?prompt=select_account\">Switch organization</a> <a href=\"/logout\">Log out</a></p>"
    )
}

/// New tokens at once: the middleware does it by itself before they run out.
async fn refresh(session: Session) -> Response {
    match session.refresh().await {
        Ok(_) => Redirect::to("/").into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

fn page(content: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Example</title><style>{STYLE}</style><main>{content}</main></html>"
    ))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
