//! What an API key is.

use std::collections::BTreeMap;

use gatewright_api::scalekit::v1::tokens as pb;
use jiff::Timestamp;

use crate::convert::{into_timestamp, present, timestamp};
use crate::error::Result;

/// An API key without its text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ApiToken {
    /// Id, `apit_…`.
    pub token_id: String,
    /// Id of the organization, `org_…`.
    pub organization_id: String,
    /// Your own id of the organization.
    pub organization_external_id: Option<String>,
    /// Id of the member for whom it acts, `usr_…`; None for a key of the organization itself.
    pub user_id: Option<String>,
    /// Your own id of the member.
    pub user_external_id: Option<String>,
    /// The member's e-mail address.
    pub email: Option<String>,
    /// Names of the roles that the member has in the organization now.
    pub roles: Vec<String>,
    /// What you attached to the key.
    pub custom_claims: BTreeMap<String, String>,
    /// What the key is for.
    pub description: Option<String>,
    /// Last four characters, to tell keys apart.
    pub token_suffix: String,
    /// When it expires, UTC; None means never.
    pub expiry: Option<Timestamp>,
    /// When it was created, UTC.
    pub created_at: Option<Timestamp>,
}

impl ApiToken {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::Token {
        pb::Token {
            token_id: self.token_id,
            organization_id: self.organization_id,
            organization_external_id: self.organization_external_id.unwrap_or_default(),
            user_id: self.user_id,
            user_external_id: self.user_external_id,
            custom_claims: self.custom_claims,
            expiry: into_timestamp(self.expiry),
            created_at: into_timestamp(self.created_at),
            description: self.description,
            token_suffix: self.token_suffix,
            email: self.email,
            roles: self.roles,
        }
    }
}

impl From<pb::Token> for ApiToken {
    fn from(message: pb::Token) -> Self {
        let external_id = message.organization_external_id;
        Self {
            token_id: message.token_id,
            organization_id: message.organization_id,
            organization_external_id: Some(external_id).filter(|id| !id.is_empty()),
            user_id: message.user_id,
            user_external_id: message.user_external_id,
            email: message.email,
            roles: message.roles,
            custom_claims: message.custom_claims,
            description: message.description,
            token_suffix: message.token_suffix,
            expiry: timestamp(message.expiry),
            created_at: timestamp(message.created_at),
        }
    }
}

/// An API key that was just created.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct NewApiToken {
    /// The key: shown here and never again. Not part of `Debug`.
    pub token: String,
    /// Id, `apit_…`.
    pub token_id: String,
    /// Its record.
    pub token_info: ApiToken,
}

impl std::fmt::Debug for NewApiToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewApiToken").field("token_info", &self.token_info).finish_non_exhaustive()
    }
}

impl NewApiToken {
    pub(crate) fn from_message(message: pb::CreateTokenResponse) -> Result<Self> {
        let token_info = present(message.token_info, "token_info")?.into();
        Ok(Self { token: message.token, token_id: message.token_id, token_info })
    }
}
