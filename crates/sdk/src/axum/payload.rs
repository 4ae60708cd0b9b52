//! What a session cookie holds.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::config::Shared;
use super::error::SessionError;
use super::{FRESH_TOKEN_LEEWAY, MAX_COOKIE};
use crate::error::ScalekitError;
use crate::jwt::{self, Claims};
use crate::{AuthenticationResponse, RefreshTokenResponse};

/// The member names are those of the vendor's adapters for Python.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Payload {
    /// The claims of the access token. They are not stored twice: an administrator's would not fit into a cookie.
    #[serde(skip)]
    pub(super) user: Claims,
    pub(super) access_token: String,
    #[serde(default)]
    pub(super) refresh_token: Option<String>,
    pub(super) id_token: String,
    /// End of the access token by this machine's clock, seconds since 1970.
    pub(super) expires_at: i64,
}

impl Payload {
    /// After a code exchange.
    pub(super) async fn of_login(
        shared: &Shared,
        login: AuthenticationResponse,
    ) -> Result<Self, SessionError> {
        let user = access_claims(shared, &login.access_token).await?;
        Ok(Self {
            expires_at: ends_at(shared, login.expires_in, &user),
            user,
            access_token: login.access_token,
            refresh_token: login.refresh_token,
            id_token: login.id_token,
        })
    }

    /// After a refresh. Without a new id token the first one stays, for the logout.
    pub(super) async fn refreshed(
        &self,
        shared: &Shared,
        new: RefreshTokenResponse,
    ) -> Result<Self, SessionError> {
        let user = access_claims(shared, &new.access_token).await?;
        if user.get("sub") != self.user.get("sub") {
            return Err(ScalekitError::token_validation("the new access token is somebody else's").into());
        }
        Ok(Self {
            expires_at: ends_at(shared, new.expires_in, &user),
            user,
            access_token: new.access_token,
            refresh_token: Some(new.refresh_token),
            id_token: new.id_token.unwrap_or_else(|| self.id_token.clone()),
        })
    }

    /// The value of the cookie.
    pub(super) fn seal(&self, shared: &Shared) -> Result<String, SessionError> {
        let json = serde_json::to_vec(self)
            .map_err(|error| ScalekitError::internal("the session is not JSON").with_source(error))?;
        let value = shared.keys.seal(json)?;
        if value.len() > MAX_COOKIE {
            return Err(SessionError::TooLarge(value.len()));
        }
        Ok(value)
    }

    pub(super) fn open(shared: &Shared, value: &str) -> Option<Self> {
        let mut payload: Self = serde_json::from_slice(&shared.keys.open(value)?).ok()?;
        // It was verified before it was sealed.
        payload.user = jwt::read_unverified(&payload.access_token)?;
        Some(payload)
    }

    pub(super) fn sid(&self) -> Option<&str> {
        self.user.get("sid").and_then(Value::as_str)
    }

    /// Seconds that the access token has left.
    pub(super) fn seconds_left(&self, shared: &Shared) -> i64 {
        self.expires_at.saturating_sub(shared.client.clock().now().as_second())
    }
}

async fn access_claims(shared: &Shared, token: &str) -> Result<Claims, ScalekitError> {
    let check = shared.client.validate_token::<Claims>(token);
    check.issuer(&shared.issuer).audience(shared.client.client_id()).leeway(FRESH_TOKEN_LEEWAY).await
}

/// By what the server said of the token's life, since clocks differ; by the token itself otherwise.
fn ends_at(shared: &Shared, expires_in: Option<u64>, claims: &Claims) -> i64 {
    let now = shared.client.clock().now().as_second();
    let from_now = expires_in.and_then(|life| i64::try_from(life).ok()).map(|life| now.saturating_add(life));
    from_now.or_else(|| claims.get("exp").and_then(Value::as_i64)).unwrap_or(now)
}
