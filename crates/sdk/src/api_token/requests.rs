//! The requests.

use std::sync::Arc;
use std::time::Duration;

use gatewright_api::rpc::api_token_service as rpc;
use gatewright_api::scalekit::v1::tokens as pb;
use jiff::Timestamp;

use super::model::{ApiToken, NewApiToken};
use crate::call::{self, Answer, CallOptions, request};
use crate::client::Inner;
use crate::convert::{into_timestamp, present};
use crate::error::{ErrorKind, Result, ScalekitError, ServerErrorKind};
use crate::paging::{self, ListStream, Page};

/// Largest page; used by streams, which go through all of the list.
const MAX_PAGE: i32 = 30;

request! {
    /// Request of [`create_token`](super::ApiTokens::create_token).
    CreateToken, rpc::CreateToken => NewApiToken,
    NewApiToken::from_message
}

impl CreateToken {
    fn values(&mut self) -> &mut pb::CreateToken {
        self.message.token.get_or_insert_default()
    }

    /// The member of the organization, `usr_…`, for whom the key acts. It ends with the membership.
    pub fn user_id(mut self, user_id: impl Into<String>) -> Self {
        self.values().user_id = user_id.into();
        self
    }

    /// What validation shall return: at most 20 pairs, keys of 1 to 30, values of 1 to 256 characters.
    pub fn custom_claims<K: Into<String>, V: Into<String>>(
        mut self,
        custom_claims: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let claims = custom_claims.into_iter().map(|(key, value)| (key.into(), value.into()));
        self.values().custom_claims = claims.collect();
        self
    }

    /// When the key expires; never if not set.
    pub fn expiry(mut self, expiry: Timestamp) -> Self {
        self.values().expiry = into_timestamp(Some(expiry));
        self
    }

    /// What the key is for, at most 255 characters.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.values().description = description.into();
        self
    }
}

request! {
    /// Request of [`invalidate_token`](super::ApiTokens::invalidate_token).
    InvalidateToken, rpc::InvalidateToken => (),
    |()| Ok(())
}

request! {
    /// Request of [`update_token`](super::ApiTokens::update_token).
    UpdateToken, rpc::UpdateToken => ApiToken,
    |answer| present(answer.token_info, "token_info").map(Into::into)
}

impl UpdateToken {
    /// New description; the empty string removes it.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.message.description = Some(description.into());
        self
    }

    /// New claims, which replace all present ones. An empty list changes nothing: the last claim cannot be removed.
    pub fn custom_claims<K: Into<String>, V: Into<String>>(
        mut self,
        custom_claims: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let claims = custom_claims.into_iter().map(|(key, value)| (key.into(), value.into()));
        self.message.custom_claims = claims.collect();
        self
    }
}

/// Request of [`validate_token`](super::ApiTokens::validate_token).
#[derive(Clone)]
#[must_use = "a request is sent when it is awaited"]
pub struct ValidateApiToken {
    client: Arc<Inner>,
    options: CallOptions,
    message: pb::ValidateTokenRequest,
}

impl std::fmt::Debug for ValidateApiToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ValidateApiToken").finish_non_exhaustive()
    }
}

impl ValidateApiToken {
    pub(crate) fn new(client: Arc<Inner>, token: String) -> Self {
        Self { client, options: CallOptions::default(), message: pb::ValidateTokenRequest { token } }
    }

    /// Deadline of this call, retries included, in place of the client's.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// Sends this call once, whatever the answer.
    pub fn without_retries(mut self) -> Self {
        self.options.without_retries = true;
        self
    }

    /// The protobuf message that awaiting would send.
    pub fn into_message(self) -> pb::ValidateTokenRequest {
        self.message
    }
}

impl IntoFuture for ValidateApiToken {
    type Output = Result<ApiToken>;
    type IntoFuture = Answer<ApiToken>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            if self.message.token.is_empty() {
                return Err(ScalekitError::token_validation("the token is empty"));
            }
            let answer = call::call::<rpc::ValidateToken>(&self.client, self.message, &self.options).await;
            present(answer.map_err(not_valid)?.token_info, "token_info").map(Into::into)
        })
    }
}

/// What the vendor's SDKs raise their token-validation exception for.
fn not_valid(error: ScalekitError) -> ScalekitError {
    use ServerErrorKind::{BadRequest, Forbidden, NotFound, Unauthorized};
    match error.kind() {
        ErrorKind::Server(BadRequest | Unauthorized | Forbidden | NotFound) => {
            ScalekitError::token_validation("the token is not valid").with_source(error)
        }
        _ => error,
    }
}

request! {
    /// Request of [`list_tokens`](super::ApiTokens::list_tokens).
    ListTokens, rpc::ListTokens => ListTokensResponse,
    |answer| Ok(answer.into())
}

impl ListTokens {
    /// Only keys of this member, `usr_…`.
    pub fn user_id(mut self, user_id: impl Into<String>) -> Self {
        self.message.user_id = Some(user_id.into());
        self
    }

    /// Keys per page, at most 30. Default 10.
    pub fn page_size(mut self, page_size: i32) -> Self {
        self.message.page_size = page_size;
        self
    }

    /// Token of the page to get, from an earlier answer to the same query.
    pub fn page_token(mut self, page_token: impl Into<String>) -> Self {
        self.message.page_token = page_token.into();
        self
    }

    /// All pages from here on, each fetched when it is asked for. Without a page size they are as large as the server
    /// allows.
    pub fn pages(mut self) -> ListStream<ListTokensResponse> {
        if self.message.page_size == 0 {
            self.message.page_size = MAX_PAGE;
        }
        let first = self.message.page_token.clone();
        paging::pages(first, move |token| self.clone().page_token(token).into_future())
    }

    /// All keys from here on; the next page is fetched when the last is used up.
    pub fn stream(self) -> ListStream<ApiToken> {
        paging::items(self.pages())
    }
}

/// One page of [`list_tokens`](super::ApiTokens::list_tokens).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ListTokensResponse {
    /// The active keys of this page, newest first.
    pub tokens: Vec<ApiToken>,
    /// Number of active keys on all pages.
    pub total_count: i32,
    /// Token of the next page; None on the last one.
    pub next_page_token: Option<String>,
    /// Token of the page before; None on the first one.
    pub prev_page_token: Option<String>,
}

impl From<pb::ListTokensResponse> for ListTokensResponse {
    fn from(message: pb::ListTokensResponse) -> Self {
        let token = |token: String| Some(token).filter(|token| !token.is_empty());
        Self {
            tokens: message.tokens.into_iter().map(Into::into).collect(),
            total_count: message.total_count,
            next_page_token: token(message.next_page_token),
            prev_page_token: token(message.prev_page_token),
        }
    }
}

impl Page for ListTokensResponse {
    type Item = ApiToken;

    fn next_page_token(&self) -> Option<&str> {
        self.next_page_token.as_deref()
    }

    fn into_items(self) -> Vec<ApiToken> {
        self.tokens
    }
}
