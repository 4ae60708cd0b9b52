//! The requests behind the client's own methods.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::user::text;
use super::{
    AuthenticatedUser, AuthenticationResponse, ClientToken, IdpInitiatedLoginClaims, RefreshTokenResponse,
};
use crate::call::Answer;
use crate::client::Inner;
use crate::error::{Result, ScalekitError};
use crate::http::required;
use crate::jwt::{self, Claims, TokenValidationOptions};

/// Clocks of a server that has just issued a token and of this machine may differ by this.
const FRESH_TOKEN_LEEWAY: Duration = Duration::from_secs(60);

fn not_empty(value: &str, what: &str) -> Result<()> {
    if value.is_empty() {
        return Err(ScalekitError::invalid_argument(format!("{what} is required")));
    }
    Ok(())
}

/// Debug without the fields, which are credentials.
macro_rules! opaque_debug {
    ($name:ident $(<$param:ident>)?) => {
        impl $(<$param>)? fmt::Debug for $name $(<$param>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

/// Request of [`authenticate_with_code`](crate::ScalekitClient::authenticate_with_code).
#[derive(Clone)]
#[must_use = "a request is sent when it is awaited"]
pub struct AuthenticateWithCode {
    client: Arc<Inner>,
    code: String,
    redirect_uri: String,
    code_verifier: String,
    timeout: Option<Duration>,
}
opaque_debug!(AuthenticateWithCode);

impl AuthenticateWithCode {
    pub(crate) fn new(client: Arc<Inner>, code: String, redirect_uri: String) -> Self {
        Self { client, code, redirect_uri, code_verifier: String::new(), timeout: None }
    }

    /// The PKCE verifier whose challenge was in the authorization URL.
    pub fn code_verifier(mut self, code_verifier: impl Into<String>) -> Self {
        self.code_verifier = code_verifier.into();
        self
    }

    /// Deadline in place of the client's.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    async fn send(self) -> Result<AuthenticationResponse> {
        not_empty(&self.code, "code")?;
        not_empty(&self.redirect_uri, "redirect_uri")?;
        let credentials = &self.client.credentials;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", self.code.as_str()),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("client_id", credentials.client_id.as_str()),
            ("client_secret", credentials.secret()),
            ("code_verifier", self.code_verifier.as_str()),
        ];
        let answer = self.client.http.token(&form, self.timeout).await?;
        let id_token = required(answer.id_token, "id_token")?;
        let access_token = required(answer.access_token, "access_token")?;
        // OpenID Connect Core §3.1.3.7: signature, expiry, and that it is for this client.
        let options =
            TokenValidationOptions::new().audience(credentials.client_id.as_str()).leeway(FRESH_TOKEN_LEEWAY);
        let claims = jwt::validate(&self.client, &id_token, &options).await?;
        let first_amr = claims.get("amr").and_then(|amr| amr.get(0)).and_then(Value::as_str);
        Ok(AuthenticationResponse {
            user: AuthenticatedUser::from_claims(&claims),
            id_token,
            access_token,
            expires_in: answer.expires_in,
            refresh_token: answer.refresh_token.filter(|token| !token.is_empty()),
            connection_id: first_amr.map(str::to_owned),
            organization_id: text(&claims, "oid"),
            id_token_claims: Value::Object(claims),
        })
    }
}

impl IntoFuture for AuthenticateWithCode {
    type Output = Result<AuthenticationResponse>;
    type IntoFuture = Answer<AuthenticationResponse>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// Request of [`refresh_access_token`](crate::ScalekitClient::refresh_access_token).
#[derive(Clone)]
#[must_use = "a request is sent when it is awaited"]
pub struct RefreshAccessToken {
    client: Arc<Inner>,
    refresh_token: String,
    timeout: Option<Duration>,
}
opaque_debug!(RefreshAccessToken);

impl RefreshAccessToken {
    pub(crate) fn new(client: Arc<Inner>, refresh_token: String) -> Self {
        Self { client, refresh_token, timeout: None }
    }

    /// Deadline in place of the client's.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    async fn send(self) -> Result<RefreshTokenResponse> {
        not_empty(&self.refresh_token, "refresh token")?;
        let credentials = &self.client.credentials;
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", self.refresh_token.as_str()),
            ("client_id", credentials.client_id.as_str()),
            ("client_secret", credentials.secret()),
        ];
        let answer = self.client.http.token(&form, self.timeout).await?;
        Ok(RefreshTokenResponse {
            access_token: required(answer.access_token, "access_token")?,
            refresh_token: required(answer.refresh_token, "refresh_token")?,
            id_token: answer.id_token.filter(|token| !token.is_empty()),
            expires_in: answer.expires_in,
        })
    }
}

impl IntoFuture for RefreshAccessToken {
    type Output = Result<RefreshTokenResponse>;
    type IntoFuture = Answer<RefreshTokenResponse>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// Request of [`generate_client_token`](crate::ScalekitClient::generate_client_token).
#[derive(Clone)]
#[must_use = "a request is sent when it is awaited"]
pub struct GenerateClientToken {
    client: Arc<Inner>,
    client_id: String,
    client_secret: SecretString,
    scope: String,
    timeout: Option<Duration>,
}
opaque_debug!(GenerateClientToken);

impl GenerateClientToken {
    pub(crate) fn new(client: Arc<Inner>, client_id: String, client_secret: String) -> Self {
        Self { client, client_id, client_secret: client_secret.into(), scope: String::new(), timeout: None }
    }

    /// Scopes to ask for; all of the client's when none are named.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes: Vec<S> = scopes.into_iter().collect();
        self.scope = scopes.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" ");
        self
    }

    /// Deadline in place of the client's.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    async fn send(self) -> Result<ClientToken> {
        not_empty(&self.client_id, "client id")?;
        not_empty(self.client_secret.expose_secret(), "client secret")?;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
            ("scope", self.scope.as_str()),
        ];
        let answer = self.client.http.token(&form, self.timeout).await?;
        Ok(ClientToken {
            access_token: required(answer.access_token, "access_token")?,
            token_type: answer.token_type,
            expires_in: answer.expires_in,
            scope: answer.scope,
        })
    }
}

impl IntoFuture for GenerateClientToken {
    type Output = Result<ClientToken>;
    type IntoFuture = Answer<ClientToken>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// The setters that every request with a token to check has.
macro_rules! validation_setters {
    () => {
        /// `iss` must be this; called again, one of these.
        pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
            self.options = self.options.issuer(issuer);
            self
        }

        /// `aud` must contain this; called again, at least one of these.
        pub fn audience(mut self, audience: impl Into<String>) -> Self {
            self.options = self.options.audience(audience);
            self
        }

        /// The token must have all these scopes.
        pub fn required_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
            self.options = self.options.required_scopes(scopes);
            self
        }

        /// How far this machine's clock may be from the server's. Default 0.
        pub fn leeway(mut self, leeway: Duration) -> Self {
            self.options = self.options.leeway(leeway);
            self
        }

        /// All options at once, in place of those set before.
        pub fn options(mut self, options: TokenValidationOptions) -> Self {
            self.options = options;
            self
        }
    };
}

/// Request of [`validate_token`](crate::ScalekitClient::validate_token).
#[must_use = "a token is checked when the request is awaited"]
pub struct ValidateToken<T> {
    client: Arc<Inner>,
    token: String,
    options: TokenValidationOptions,
    claims: PhantomData<fn() -> T>,
}
opaque_debug!(ValidateToken<T>);

impl<T> ValidateToken<T> {
    pub(crate) fn new(client: Arc<Inner>, token: String) -> Self {
        Self { client, token, options: TokenValidationOptions::new(), claims: PhantomData }
    }

    validation_setters!();
}

fn typed<T: DeserializeOwned>(claims: Claims) -> Result<T> {
    serde_json::from_value(Value::Object(claims)).map_err(|error| {
        ScalekitError::token_validation("the claims do not have the expected form").with_source(error)
    })
}

impl<T: DeserializeOwned + 'static> IntoFuture for ValidateToken<T> {
    type Output = Result<T>;
    type IntoFuture = Answer<T>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { typed(jwt::validate(&self.client, &self.token, &self.options).await?) })
    }
}

/// Request of [`validate_access_token`](crate::ScalekitClient::validate_access_token).
#[derive(Clone)]
#[must_use = "a token is checked when the request is awaited"]
pub struct ValidateAccessToken {
    client: Arc<Inner>,
    token: String,
    options: TokenValidationOptions,
}
opaque_debug!(ValidateAccessToken);

impl ValidateAccessToken {
    pub(crate) fn new(client: Arc<Inner>, token: String) -> Self {
        Self { client, token, options: TokenValidationOptions::new() }
    }

    validation_setters!();
}

impl IntoFuture for ValidateAccessToken {
    type Output = bool;
    type IntoFuture = BoxFuture<'static, bool>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { jwt::validate(&self.client, &self.token, &self.options).await.is_ok() })
    }
}

/// Request of [`get_idp_initiated_login_claims`](crate::ScalekitClient::get_idp_initiated_login_claims).
#[derive(Clone)]
#[must_use = "a token is checked when the request is awaited"]
pub struct GetIdpInitiatedLoginClaims {
    client: Arc<Inner>,
    token: String,
    options: TokenValidationOptions,
}
opaque_debug!(GetIdpInitiatedLoginClaims);

impl GetIdpInitiatedLoginClaims {
    pub(crate) fn new(client: Arc<Inner>, token: String) -> Self {
        Self { client, token, options: TokenValidationOptions::new() }
    }

    validation_setters!();
}

impl IntoFuture for GetIdpInitiatedLoginClaims {
    type Output = Result<IdpInitiatedLoginClaims>;
    type IntoFuture = Answer<IdpInitiatedLoginClaims>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { typed(jwt::validate(&self.client, &self.token, &self.options).await?) })
    }
}
