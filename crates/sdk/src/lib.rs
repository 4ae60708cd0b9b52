//! `ScalekitClient` for Rust: organizations, users, roles, machine clients and tokens of a Scalekit environment, in the
//! vendor's cloud or on any server that speaks its API.
//!
//! # Install
//!
//! ```toml
//! [dependencies]
//! gatewright-sdk = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```
//!
//! Rust 1.95 or newer. The runtime is Tokio, and only Tokio. TLS is rustls with AWS-LC; a C compiler is needed to
//! build, nothing else.
//!
//! # Start
//!
//! ```no_run
//! use gatewright_sdk::{ScalekitClient, ScalekitError};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let client = ScalekitClient::new(
//!         std::env::var("SCALEKIT_ENVIRONMENT_URL")?,
//!         std::env::var("SCALEKIT_CLIENT_ID")?,
//!         std::env::var("SCALEKIT_CLIENT_SECRET")?,
//!     )?;
//!
//!     let acme = client.organization().create_organization("Acme").external_id("crm-7").await?;
//!     println!("created {}", acme.id);
//!
//!     let mut all = client.organization().list_organization().stream();
//!     while let Some(organization) = all.try_next().await? {
//!         println!("{} {}", organization.id, organization.display_name);
//!     }
//!
//!     match client.organization().get_organization("org_0").await {
//!         Err(error) if error.is_not_found() => println!("no such organization"),
//!         other => println!("{}", other?.display_name),
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # What you want to do
//!
//! Names are those of the vendor's SDK reference in snake_case. What a method needs is an argument; options are
//! setters on what it returns, which is sent when it is awaited.
//!
//! | task | method |
//! | --- | --- |
//! | all of a login, on axum | the module `axum`, with the feature of that name |
//! | send a user to the login page | [`get_authorization_url`](ScalekitClient::get_authorization_url), [`generate_pkce`](ScalekitClient::generate_pkce) |
//! | finish the login | [`authenticate_with_code`](ScalekitClient::authenticate_with_code) |
//! | continue a login that began at the identity provider | [`get_idp_initiated_login_claims`](ScalekitClient::get_idp_initiated_login_claims) |
//! | keep a session going | [`refresh_access_token`](ScalekitClient::refresh_access_token) |
//! | check a caller's token | [`validate_token`](ScalekitClient::validate_token), [`validate_access_token`](ScalekitClient::validate_access_token), [`verify_scopes`](ScalekitClient::verify_scopes) |
//! | log out | [`get_logout_url`](ScalekitClient::get_logout_url) |
//! | get a token for a machine | [`generate_client_token`](ScalekitClient::generate_client_token), [`get_client_access_token`](ScalekitClient::get_client_access_token) |
//! | receive a webhook | [`verify_webhook_payload`](ScalekitClient::verify_webhook_payload), [`webhooks::verify`] |
//! | answer an interceptor | [`verify_interceptor_payload`](ScalekitClient::verify_interceptor_payload), [`webhooks::verify_interceptor`] |
//! | add a customer | [`create_organization`](Organizations::create_organization) |
//! | find customers | [`get_organization`](Organizations::get_organization), [`get_organization_by_external_id`](Organizations::get_organization_by_external_id), [`list_organization`](Organizations::list_organization), [`search_organization`](Organizations::search_organization) |
//! | change or remove a customer | [`update_organization`](Organizations::update_organization), [`delete_organization`](Organizations::delete_organization), and both by external id |
//! | switch SSO or SCIM on | [`update_organization_settings`](Organizations::update_organization_settings) |
//! | let a customer's admin in | [`generate_portal_link`](Organizations::generate_portal_link) |
//! | limit users | [`upsert_user_management_settings`](Organizations::upsert_user_management_settings) |
//! | limit sessions | [`update_organization_session_policy`](Organizations::update_organization_session_policy) |
//! | add or invite a user | [`create_user_and_membership`](Users::create_user_and_membership), [`create_membership`](Users::create_membership), [`resend_invite`](Users::resend_invite) |
//! | find users | [`get_user`](Users::get_user), [`list_users`](Users::list_users), [`search_users`](Users::search_users), [`list_organization_users`](Users::list_organization_users) |
//! | change or remove a user | [`update_user`](Users::update_user), [`delete_user`](Users::delete_user), [`update_membership`](Users::update_membership), [`delete_membership`](Users::delete_membership) |
//! | see and change a user's roles | [`list_user_roles`](Users::list_user_roles), [`assign_user_roles`](Users::assign_user_roles), [`list_user_permissions`](Users::list_user_permissions) |
//! | add or remove a customer's domain | [`create_domain`](Domains::create_domain), [`delete_domain`](Domains::delete_domain), [`verify_domain`](Domains::verify_domain) |
//! | see a customer's domains | [`list_domains`](Domains::list_domains), [`get_domain`](Domains::get_domain) |
//! | set up a customer's SSO | [`create_connection`](Connections::create_connection), [`enable_connection`](Connections::enable_connection), [`disable_connection`](Connections::disable_connection) |
//! | find the SSO of a customer or a domain | [`list_connections`](Connections::list_connections), [`list_connections_by_domain`](Connections::list_connections_by_domain), [`get_connection`](Connections::get_connection) |
//! | set up a customer's directory | [`create_directory`](Directories::create_directory), [`create_directory_secret`](Directories::create_directory_secret), [`enable_directory`](Directories::enable_directory), [`assign_roles`](Directories::assign_roles) |
//! | read a customer's directory | [`list_directory_users`](Directories::list_directory_users), [`list_directory_groups`](Directories::list_directory_groups) |
//! | let a customer's programs in | [`create_organization_client`](M2m::create_organization_client), [`add_organization_client_secret`](M2m::add_organization_client_secret) |
//! | give out and check API keys | [`create_token`](ApiTokens::create_token), [`validate_token`](ApiTokens::validate_token), [`invalidate_token`](ApiTokens::invalidate_token) |
//! | see and end a user's sessions | [`get_user_sessions`](Sessions::get_user_sessions), [`revoke_session`](Sessions::revoke_session), [`revoke_all_user_sessions`](Sessions::revoke_all_user_sessions) |
//! | see and remove a user's passkeys | [`list_credentials`](WebAuthn::list_credentials), [`delete_credential`](WebAuthn::delete_credential) |
//! | sign in on a login page of your own | [`get_login_request_details`](Auth::get_login_request_details), [`update_login_user_details`](Auth::update_login_user_details) |
//! | prove an e-mail address | [`send_passwordless_email`](Passwordless::send_passwordless_email), [`verify_passwordless_email`](Passwordless::verify_passwordless_email), [`resend_passwordless_email`](Passwordless::resend_passwordless_email) |
//! | define roles and permissions | [`create_role`](Roles::create_role), [`create_organization_role`](Roles::create_organization_role), [`create_permission`](Permissions::create_permission), [`add_permissions_to_role`](Permissions::add_permissions_to_role) |
//! | choose default roles | [`update_default_roles`](Roles::update_default_roles), [`update_default_organization_roles`](Roles::update_default_organization_roles) |
//! | brand the login page | [`update_organization_branding`](Organizations::update_organization_branding) |
//!
//! # Errors
//!
//! Everything fails with [`ScalekitError`]; its documentation says what to do for each kind.
//!
//! # Retries and deadlines
//!
//! A call is repeated with a new token, once, if the server answers UNAUTHENTICATED, and after a wait of
//! `min(1000·2^n, 30000)` ms × 0.5..1.0 if it is UNAVAILABLE or cannot be reached; three times in all, and never for
//! anything else. Switch it off with `.without_retries()` on a call or on the
//! [builder](ScalekitClientBuilder::without_retries). The requests to the token endpoint on a user's behalf (code
//! exchange, refresh) are never repeated: their inputs can be used once.
//!
//! A call has 20 seconds, its retries and waits included; `.timeout(…)` on a call or on the
//! [builder](ScalekitClientBuilder::timeout) sets another limit. Dropping the future cancels the call.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod api_token;
pub mod auth;
#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub mod axum;
mod builder;
mod call;
mod channel;
mod client;
mod clock;
pub mod connection;
mod convert;
pub mod directory;
pub mod domain;
mod error;
pub mod events;
mod http;
mod jwks;
mod jwt;
pub mod m2m;
mod oauth;
pub mod organization;
mod paging;
pub mod passwordless;
pub mod permission;
pub mod pkce;
mod random;
pub mod resource;
mod retry;
pub mod role;
pub mod session;
mod token;
mod urls;
pub mod user;
pub mod webauthn;
pub mod webhooks;

#[cfg(test)]
mod tests;

/// The generated protobuf messages, for `into_message` and [`ScalekitError::unpacked_details`].
pub use gatewright_api::scalekit as messages;
pub use jiff::Timestamp;

pub use api_token::{ApiToken, ApiTokens};
pub use auth::Auth;
pub use builder::ScalekitClientBuilder;
pub use client::ScalekitClient;
pub use connection::{Connection, Connections};
pub use directory::{Directories, Directory};
pub use domain::{Domain, Domains};
pub use error::{
    ErrDetail, ErrorInfo, ErrorKind, FieldViolation, GrpcStatus, Result, ScalekitError, ServerErrorKind,
};
pub use events::{Event, Events};
pub use jwt::TokenValidationOptions;
pub use m2m::{M2m, M2mClient};
pub use oauth::{
    AuthenticateWithCode, AuthenticatedUser, AuthenticationResponse, ClientToken, GenerateClientToken,
    GetIdpInitiatedLoginClaims, Identity, IdpInitiatedLoginClaims, RefreshAccessToken, RefreshTokenResponse,
    ValidateAccessToken, ValidateToken,
};
pub use organization::{Organization, Organizations};
pub use paging::ListStream;
pub use passwordless::Passwordless;
pub use permission::{Permission, Permissions};
pub use pkce::Pkce;
pub use resource::{Resource, ResourceClient, Resources};
pub use role::{Role, Roles};
pub use session::{Session, Sessions};
pub use urls::{AuthorizationUrlOptions, LogoutUrlOptions};
pub use user::{User, Users};
pub use webauthn::{WebAuthn, WebAuthnCredential};
