//! The client object.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::api_token::ApiTokens;
use crate::auth::Auth;
use crate::builder::ScalekitClientBuilder;
use crate::channel::Connection;
use crate::clock::Clock;
use crate::connection::Connections;
use crate::directory::Directories;
use crate::domain::Domains;
use crate::error::Result;
use crate::events::Events;
use crate::http::Http;
use crate::jwks::Jwks;
use crate::jwt;
use crate::m2m::M2m;
use crate::oauth::{
    AuthenticateWithCode, GenerateClientToken, GetIdpInitiatedLoginClaims, RefreshAccessToken,
    ValidateAccessToken, ValidateToken,
};
use crate::organization::Organizations;
use crate::passwordless::Passwordless;
use crate::permission::Permissions;
use crate::pkce::Pkce;
use crate::resource::Resources;
use crate::role::Roles;
use crate::session::Sessions;
use crate::token::{Credentials, TokenSource};
use crate::urls::{self, AuthorizationUrlOptions, LogoutUrlOptions};
use crate::user::Users;
use crate::webauthn::WebAuthn;
use crate::webhooks;

/// Everything that the clones of a client share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) env_url: String,
    pub(crate) credentials: Credentials,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_retries: u32,
    pub(crate) http: Http,
    pub(crate) connection: Connection,
    pub(crate) tokens: TokenSource,
    pub(crate) jwks: Jwks,
    pub(crate) clock: Clock,
}

/// Entry to the whole API of one environment.
///
/// Make one and keep it: clones are cheap and share the connection, the client's token and the environment's keys.
/// A class of the SDK reference is a method here, such as [`organization`](Self::organization).
#[derive(Clone)]
pub struct ScalekitClient {
    inner: Arc<Inner>,
}

impl ScalekitClient {
    /// A client with the default options. Sends nothing; the first call gets a token.
    ///
    /// # Errors
    /// As [`ScalekitClientBuilder::build`].
    ///
    /// ```
    /// use gatewright_sdk::ScalekitClient;
    ///
    /// let client = ScalekitClient::new("https://acme.scalekit.com", "skc_1", "test_secret")?;
    /// # Ok::<(), gatewright_sdk::ScalekitError>(())
    /// ```
    pub fn new(
        env_url: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
    ) -> Result<Self> {
        Self::builder().env_url(env_url).client_id(client_id).client_secret(client_secret).build()
    }

    /// A client with options: extra certificates, time-outs, retries, user agent, no secret.
    ///
    /// ```
    /// use std::time::Duration;
    /// use gatewright_sdk::ScalekitClient;
    ///
    /// let client = ScalekitClient::builder()
    ///     .env_url("https://acme.scalekit.com")
    ///     .client_id("skc_1")
    ///     .client_secret("test_secret")
    ///     .timeout(Duration::from_secs(5))
    ///     .build()?;
    /// # Ok::<(), gatewright_sdk::ScalekitError>(())
    /// ```
    pub fn builder() -> ScalekitClientBuilder {
        ScalekitClientBuilder::new()
    }

    pub(crate) fn from_inner(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    #[cfg(any(test, feature = "axum"))]
    pub(crate) fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// URL of the environment, without a slash at the end; also the `iss` of its tokens unless it has several domains.
    pub fn env_url(&self) -> &str {
        &self.inner.env_url
    }

    /// Id of the client.
    pub fn client_id(&self) -> &str {
        &self.inner.credentials.client_id
    }

    /// Organizations: your customers, each with its users, connections and settings.
    pub fn organization(&self) -> Organizations {
        Organizations::new(Arc::clone(&self.inner))
    }

    /// Roles of the environment and of organizations.
    pub fn role(&self) -> Roles {
        Roles::new(Arc::clone(&self.inner))
    }

    /// Permissions, and which roles have them.
    pub fn permission(&self) -> Permissions {
        Permissions::new(Arc::clone(&self.inner))
    }

    /// Users and their memberships in organizations.
    pub fn user(&self) -> Users {
        Users::new(Arc::clone(&self.inner))
    }

    /// Domains of organizations, by which people are sent to SSO or may join.
    pub fn domain(&self) -> Domains {
        Domains::new(Arc::clone(&self.inner))
    }

    /// Connections: the ways in which a customer's people sign in.
    pub fn connection(&self) -> Connections {
        Connections::new(Arc::clone(&self.inner))
    }

    /// Directories: users and groups that a customer's identity provider keeps up to date.
    pub fn directory(&self) -> Directories {
        Directories::new(Arc::clone(&self.inner))
    }

    /// Machine clients of organizations, with which a customer's programs call your API.
    pub fn m2m(&self) -> M2m {
        M2m::new(Arc::clone(&self.inner))
    }

    /// Proofs of e-mail addresses by code and magic link.
    pub fn passwordless(&self) -> Passwordless {
        Passwordless::new(Arc::clone(&self.inner))
    }

    /// Protected resources (MCP servers and other APIs), their clients, and the consents of users to those.
    pub fn resource(&self) -> Resources {
        Resources::new(Arc::clone(&self.inner))
    }

    /// What happened in the environment.
    pub fn events(&self) -> Events {
        Events::new(Arc::clone(&self.inner))
    }

    /// API keys of organizations and their members.
    pub fn token(&self) -> ApiTokens {
        ApiTokens::new(Arc::clone(&self.inner))
    }

    /// Sessions of users.
    pub fn session(&self) -> Sessions {
        Sessions::new(Arc::clone(&self.inner))
    }

    /// Passkeys of users.
    pub fn webauthn(&self) -> WebAuthn {
        WebAuthn::new(Arc::clone(&self.inner))
    }

    /// Sign-ins on a login page of your own.
    pub fn auth(&self) -> Auth {
        Auth::new(Arc::clone(&self.inner))
    }

    /// URL of the login page: send the browser there. Nothing is sent by this call.
    ///
    /// `redirect_uri` must be registered; the answer comes there as `code` and `state`, or as `error`.
    /// Needs no permission and cannot fail.
    ///
    /// ```
    /// # fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::AuthorizationUrlOptions;
    ///
    /// let pkce = client.generate_pkce()?;
    /// let options = AuthorizationUrlOptions::new().organization_id("org_1").state("k3JH").pkce(&pkce);
    /// let url = client.get_authorization_url("https://app.example.com/callback", &options);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn get_authorization_url(&self, redirect_uri: &str, options: &AuthorizationUrlOptions) -> String {
        urls::authorization_url(&self.inner.env_url, self.client_id(), redirect_uri, options)
    }

    /// URL that ends the user's session: send the browser there. Nothing is sent by this call.
    ///
    /// Needs no permission and cannot fail.
    ///
    /// ```
    /// # fn run(client: gatewright_sdk::ScalekitClient, id_token: &str) {
    /// use gatewright_sdk::LogoutUrlOptions;
    ///
    /// let options = LogoutUrlOptions::new()
    ///     .id_token_hint(id_token)
    ///     .post_logout_redirect_uri("https://app.example.com/");
    /// let url = client.get_logout_url(&options);
    /// # }
    /// ```
    #[must_use]
    pub fn get_logout_url(&self, options: &LogoutUrlOptions) -> String {
        urls::logout_url(&self.inner.env_url, options)
    }

    /// Exchanges the code of a login for tokens and the user.
    ///
    /// `redirect_uri` must equal the one of [`get_authorization_url`](Self::get_authorization_url). The id token is
    /// verified: signature, expiry, and that it is for this client. Needs no permission.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) with `error_code` `invalid_grant` for a code that is unknown,
    /// expired, used, or of another client or `redirect_uri`, and for a wrong verifier;
    /// [`Unauthorized`](crate::ServerErrorKind::Unauthorized) with `invalid_client` for a wrong secret;
    /// [`TokenValidation`](crate::ErrorKind::TokenValidation) for a bad id token.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient, code: &str, code_verifier: &str)
    /// # -> Result<(), gatewright_sdk::ScalekitError> {
    /// let login = client
    ///     .authenticate_with_code(code, "https://app.example.com/callback")
    ///     .code_verifier(code_verifier)
    ///     .await?;
    /// println!("{:?} of {:?}", login.user.email, login.organization_id);
    /// # Ok(()) }
    /// ```
    pub fn authenticate_with_code(
        &self,
        code: impl Into<String>,
        redirect_uri: impl Into<String>,
    ) -> AuthenticateWithCode {
        AuthenticateWithCode::new(Arc::clone(&self.inner), code.into(), redirect_uri.into())
    }

    /// Exchanges a refresh token for a new access token and a new refresh token; keep the new one.
    ///
    /// Needs no permission.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) with `error_code` `invalid_grant` when the token is unknown,
    /// expired, revoked or used, or the session has ended;
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an empty token.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient, old: &str) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let tokens = client.refresh_access_token(old).await?;
    /// # let _ = (tokens.access_token, tokens.refresh_token);
    /// # Ok(()) }
    /// ```
    pub fn refresh_access_token(&self, refresh_token: impl Into<String>) -> RefreshAccessToken {
        RefreshAccessToken::new(Arc::clone(&self.inner), refresh_token.into())
    }

    /// Whether a token is genuine and valid now. False on any failure, also when the environment's keys cannot be
    /// fetched; [`validate_token`](Self::validate_token) tells why.
    ///
    /// Needs no permission.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient, token: &str) {
    /// if client.validate_access_token(token).audience("skc_1").await {
    ///     println!("welcome");
    /// }
    /// # }
    /// ```
    pub fn validate_access_token(&self, token: impl Into<String>) -> ValidateAccessToken {
        ValidateAccessToken::new(Arc::clone(&self.inner), token.into())
    }

    /// Checks a token and returns its claims as `T`, which may be `serde_json::Value`.
    ///
    /// Checked are the signature (RS256 only, with the key that the environment publishes under the token's `kid`),
    /// `exp`, which must be there, `nbf`, and what is asked for: issuer, audience, scopes. Keys are kept for ten
    /// minutes and fetched again for an unknown `kid`, at most once a minute. Needs no permission.
    ///
    /// # Errors
    /// [`TokenValidation`](crate::ErrorKind::TokenValidation) when a check fails or the claims do not fit `T`;
    /// [`Transport`](crate::ErrorKind::Transport), [`Timeout`](crate::ErrorKind::Timeout) or a server error when the
    /// keys cannot be fetched.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient, token: &str) -> Result<(), gatewright_sdk::ScalekitError> {
    /// #[derive(serde::Deserialize)]
    /// struct Claims { sub: String, oid: Option<String> }
    ///
    /// let claims: Claims =
    ///     client.validate_token(token).issuer(client.env_url()).required_scopes(["orders:read"]).await?;
    /// println!("{} of {:?}", claims.sub, claims.oid);
    /// # Ok(()) }
    /// ```
    pub fn validate_token<T>(&self, token: impl Into<String>) -> ValidateToken<T> {
        ValidateToken::new(Arc::clone(&self.inner), token.into())
    }

    /// Whether a token has all these scopes. **The token is not verified**: do that first, or ask
    /// [`validate_token`](Self::validate_token) for both at once. False for a token that cannot be read.
    ///
    /// Scopes are read from the list `scopes`, else from the string `scope`. Needs no permission.
    ///
    /// ```
    /// # fn run(client: gatewright_sdk::ScalekitClient, token: &str) {
    /// let may_write = client.verify_scopes(token, ["read:user", "write:user"]);
    /// # }
    /// ```
    #[must_use]
    pub fn verify_scopes<S: Into<String>>(
        &self,
        token: &str,
        required_scopes: impl IntoIterator<Item = S>,
    ) -> bool {
        let required: Vec<String> = required_scopes.into_iter().map(Into::into).collect();
        jwt::verify_scopes(token, &required)
    }

    /// Checks the token of a login that began at the identity provider (query parameter `idp_initiated_login`) and
    /// returns what is needed to begin a login from this side.
    ///
    /// The claims are only a hint where to send the user: they log nobody in. Needs no permission.
    ///
    /// # Errors
    /// As [`validate_token`](Self::validate_token).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient, token: &str) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::AuthorizationUrlOptions;
    ///
    /// let claims = client.get_idp_initiated_login_claims(token).await?;
    /// let options = AuthorizationUrlOptions::new()
    ///     .connection_id(claims.connection_id)
    ///     .organization_id(claims.organization_id)
    ///     .login_hint(claims.login_hint)
    ///     .state(claims.relay_state.unwrap_or_default());
    /// let url = client.get_authorization_url("https://app.example.com/callback", &options);
    /// # Ok(()) }
    /// ```
    pub fn get_idp_initiated_login_claims(
        &self,
        idp_initiated_login_token: impl Into<String>,
    ) -> GetIdpInitiatedLoginClaims {
        GetIdpInitiatedLoginClaims::new(Arc::clone(&self.inner), idp_initiated_login_token.into())
    }

    /// Gets a token for any machine client by its id and secret.
    ///
    /// Needs no permission.
    ///
    /// # Errors
    /// [`Unauthorized`](crate::ServerErrorKind::Unauthorized) with `error_code` `invalid_client` for a wrong id or
    /// secret; [`BadRequest`](crate::ServerErrorKind::BadRequest) with `invalid_scope`;
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an empty id or secret.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient, secret: &str) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let token = client.generate_client_token("m2morg_1", secret).scopes(["orders:read"]).await?;
    /// println!("valid for {:?}", token.expires_in);
    /// # Ok(()) }
    /// ```
    pub fn generate_client_token(
        &self,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
    ) -> GenerateClientToken {
        GenerateClientToken::new(Arc::clone(&self.inner), client_id.into(), client_secret.into())
    }

    /// The client's own access token, as its calls use it: fetched when needed, kept, renewed before it expires.
    ///
    /// Needs no permission.
    ///
    /// # Errors
    /// [`Unauthorized`](crate::ServerErrorKind::Unauthorized) for wrong credentials;
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a client without a secret.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let bearer = client.get_client_access_token().await?;
    /// # Ok(()) }
    /// ```
    pub async fn get_client_access_token(&self) -> Result<String> {
        let inner = &self.inner;
        let token = inner.tokens.get(&inner.http, &inner.credentials, &inner.clock).await?;
        Ok(token.value().to_owned())
    }

    /// A new PKCE verifier and challenge (RFC 7636); the same as [`Pkce::generate`].
    ///
    /// # Errors
    /// [`Internal`](crate::ErrorKind::Internal) when the system has no randomness.
    ///
    /// ```
    /// # let client = gatewright_sdk::ScalekitClient::new("https://acme.scalekit.com", "skc_1", "x")?;
    /// let pkce = client.generate_pkce()?;
    /// assert_eq!(pkce.code_verifier.len(), 64);
    /// # Ok::<(), gatewright_sdk::ScalekitError>(())
    /// ```
    pub fn generate_pkce(&self) -> Result<Pkce> {
        Pkce::generate()
    }

    /// Checks that a webhook is authentic and at most five minutes old; see [`webhooks::verify`].
    ///
    /// `payload` must be the body as received. Needs no permission.
    ///
    /// # Errors
    /// [`WebhookVerification`](crate::ErrorKind::WebhookVerification).
    ///
    /// ```
    /// # fn run(client: gatewright_sdk::ScalekitClient, headers: http::HeaderMap, body: Vec<u8>, secret: &str)
    /// # -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.verify_webhook_payload(secret, &headers, &body)?;
    /// # Ok(()) }
    /// ```
    pub fn verify_webhook_payload<H: webhooks::Headers + ?Sized>(
        &self,
        secret: &str,
        headers: &H,
        payload: impl AsRef<[u8]>,
    ) -> Result<()> {
        webhooks::verify(secret, headers, payload.as_ref(), self.inner.clock.now())
    }

    /// Checks that a call to an interceptor is authentic and at most five minutes old; see
    /// [`webhooks::verify_interceptor`].
    ///
    /// `payload` must be the body as received. Needs no permission.
    ///
    /// # Errors
    /// [`WebhookVerification`](crate::ErrorKind::WebhookVerification).
    ///
    /// ```
    /// # fn run(client: gatewright_sdk::ScalekitClient, headers: http::HeaderMap, body: Vec<u8>, secret: &str)
    /// # -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.verify_interceptor_payload(secret, &headers, &body)?;
    /// # Ok(()) }
    /// ```
    pub fn verify_interceptor_payload<H: webhooks::Headers + ?Sized>(
        &self,
        secret: &str,
        headers: &H,
        payload: impl AsRef<[u8]>,
    ) -> Result<()> {
        webhooks::verify_interceptor(secret, headers, payload.as_ref(), self.inner.clock.now())
    }
}

impl fmt::Debug for ScalekitClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScalekitClient")
            .field("env_url", &self.inner.env_url)
            .field("client_id", &self.inner.credentials.client_id)
            .finish_non_exhaustive()
    }
}
