//! API keys: opaque, long-lived tokens of an organization or one of its members; the class `token` of newer vendor SDKs.

mod model;
mod requests;

use std::sync::Arc;

use gatewright_api::scalekit::v1::tokens as pb;

pub use model::{ApiToken, NewApiToken};
pub use requests::{
    CreateToken, InvalidateToken, ListTokens, ListTokensResponse, UpdateToken, ValidateApiToken,
};

use crate::client::Inner;

/// Operations on API keys; made by [`ScalekitClient::token`](crate::ScalekitClient::token).
///
/// Besides the errors named with each method, any call can fail as described at
/// [`Organizations`](crate::Organizations).
#[derive(Clone, Debug)]
pub struct ApiTokens {
    client: Arc<Inner>,
}

impl ApiTokens {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    fn client(&self) -> Arc<Inner> {
        Arc::clone(&self.client)
    }

    /// Creates an API key for an organization, or for a member of it. The key is in the answer, this once.
    ///
    /// Permission `api_credentials:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization or the user does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the user is no member, the expiry is in the past, or a
    /// value breaks its rule.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let new = client
    ///     .token()
    ///     .create_token("org_12345")
    ///     .user_id("usr_12345")
    ///     .custom_claims([("team", "ops")])
    ///     .description("CI")
    ///     .await?;
    /// println!("{} {}", new.token_id, new.token);
    /// # Ok(()) }
    /// ```
    pub fn create_token(&self, organization_id: impl Into<String>) -> CreateToken {
        let token = pb::CreateToken { organization_id: organization_id.into(), ..Default::default() };
        CreateToken::new(self.client(), pb::CreateTokenRequest { token: Some(token) })
    }

    /// Checks a key that a caller presented, and returns what it stands for.
    ///
    /// The server answers with what was true at most a second ago. In development environments the key's id,
    /// `apit_…`, passes for the key; never rely on that. Permission `api_credentials:read`.
    ///
    /// # Errors
    /// [`TokenValidation`](crate::ErrorKind::TokenValidation) when the key is empty, unknown, expired or invalidated;
    /// the server's error is its source.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient, presented: &str) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let key = client.token().validate_token(presented).await?;
    /// println!("{} {:?} {:?}", key.organization_id, key.user_id, key.roles);
    /// # Ok(()) }
    /// ```
    pub fn validate_token(&self, token: impl Into<String>) -> ValidateApiToken {
        ValidateApiToken::new(self.client(), token.into())
    }

    /// Ends a key, given itself or its id (`apit_…`), for good. Doing it again is no error.
    ///
    /// Permission `api_credentials:rotate`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when there never was such a key.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.token().invalidate_token("apit_12345").await?;
    /// # Ok(()) }
    /// ```
    pub fn invalidate_token(&self, token: impl Into<String>) -> InvalidateToken {
        InvalidateToken::new(self.client(), pb::InvalidateTokenRequest { token: token.into() })
    }

    /// Lists the active keys of an organization, newest first.
    ///
    /// Awaited it gives one page; [`stream`](ListTokens::stream) and [`pages`](ListTokens::pages) go through all of
    /// them. Permission `api_credentials:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the page size is above 30, or the page token is
    /// malformed or of another list.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let mut all = client.token().list_tokens("org_12345").user_id("usr_12345").stream();
    /// while let Some(key) = all.try_next().await? {
    ///     println!("{} …{} {:?}", key.token_id, key.token_suffix, key.description);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_tokens(&self, organization_id: impl Into<String>) -> ListTokens {
        let message = pb::ListTokensRequest { organization_id: organization_id.into(), ..Default::default() };
        ListTokens::new(self.client(), message)
    }

    /// Changes description or claims of a key, given itself or its id (`apit_…`).
    ///
    /// Permission `api_credentials:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the key is unknown, expired or invalidated;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when a value breaks its rule.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.token().update_token("apit_12345").description("Nightly build").await?;
    /// # Ok(()) }
    /// ```
    pub fn update_token(&self, token: impl Into<String>) -> UpdateToken {
        UpdateToken::new(self.client(), pb::UpdateTokenRequest { token: token.into(), ..Default::default() })
    }
}
