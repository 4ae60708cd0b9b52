//! Sign-in and sessions of a web application on axum.
//!
//! Feature `axum`. One layer and four routes: people sign in on the hosted pages, the session is an encrypted cookie, and
//! handlers ask for it with an extractor. There is nothing to store on the server.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use gatewright_sdk::ScalekitClient;
//! use gatewright_sdk::axum::{RequirePermission, Session, Sessions};
//!
//! async fn home(session: Option<Session>) -> String {
//!     match session {
//!         Some(session) => format!("Hello {}", session.user().name.unwrap_or_default()),
//!         None => "Hello. Go to /login".to_owned(),
//!     }
//! }
//!
//! async fn dashboard(session: Session) -> String {
//!     format!("{} is in {:?} as {:?}", session.user_id(), session.organization_id(), session.roles().collect::<Vec<_>>())
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let client = ScalekitClient::new("https://auth.example.com", "skc_1", std::env::var("SCALEKIT_CLIENT_SECRET")?)?;
//!     let sessions = Sessions::builder(client, "https://app.example.com", std::env::var("COOKIE_SECRET")?).build()?;
//!     let reports = Router::new()
//!         .route("/reports", get(|| async { "for those who may" }))
//!         .route_layer(RequirePermission::new("reports:read"));
//!     let app = Router::new()
//!         .route("/", get(home))
//!         .route("/dashboard", get(dashboard))
//!         .merge(reports)
//!         .merge(sessions.routes())
//!         .layer(sessions.layer());
//!     axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await?;
//!     Ok(())
//! }
//! ```
//!
//! # What it does
//!
//! | when | what |
//! | --- | --- |
//! | `/login` | 302 to the hosted pages with state, nonce and PKCE; `return_to`, `prompt`, `organization_id` and other hints are taken from the query, and `idp_initiated_login` is understood |
//! | `/callback` | state, issuer, code, id token with nonce, access token: all checked; then the session's cookie, and back to the page. Whatever fails leads back to the login, a second time to a page |
//! | a request | the cookie is decrypted when a handler asks for the session; an access token with less than ten seconds is renewed, once for all requests that need it |
//! | the server refuses to renew | the cookie is taken away, and a handler that needs a session sends the browser to the login |
//! | the server cannot be reached | the session goes on while its access token lives; then handlers answer 503, and the cookie stays |
//! | `/logout` | the cookie goes, and the session on the server ends |
//! | `/backchannel-logout` | the server tells that a session has ended; its cookie counts no more. Register the URL for that |
//!
//! # The cookie
//!
//! `sk_session` is `HttpOnly`, `SameSite=Lax`, and `Secure` unless the application is on `http://localhost`. It holds the
//! tokens, AES-256-GCM under a key that HKDF-SHA256 derives from the cookie secret: the format of the vendor's adapters, without
//! their copy of the access token's claims, with which an administrator's session would not fit. It may have 3800
//! characters; a login that needs more fails with [`SessionError::TooLarge`]. Whoever changes the cookie secret signs
//! everybody out of the application.
//!
//! Requests that change something must still be protected from other sites' forms: `SameSite=Lax` keeps the cookie from
//! cross-site POSTs, so change nothing on GET.

mod backchannel;
mod config;
mod cookies;
mod crypto;
mod ended;
mod error;
mod guard;
mod layer;
mod login;
mod pages;
mod payload;
mod refresh;
mod session;
mod visit;

use std::time::Duration;

pub use config::{Sessions, SessionsBuilder};
pub use ended::{EndedSessions, LogoutNotice, MemoryEndedSessions, StoreAnswer};
pub use error::SessionError;
pub use guard::{RequirePermission, RequirePermissionService};
pub use layer::{SessionLayer, SessionService};
pub use session::{Forbidden, Session, SessionRejection};

/// Most characters of the session's cookie: browsers keep 4096 bytes with name and attributes.
const MAX_COOKIE: usize = 3800;
/// Clocks of the server that has just issued a token and of this machine may differ by this.
const FRESH_TOKEN_LEEWAY: Duration = Duration::from_secs(60);
