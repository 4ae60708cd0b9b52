//! Plain data of clients.
use crate::{
    entropy,
    error::Error,
    ids::{ApplicationId, ClientSecretId, OrganizationClientId, OrganizationId, ParseIdError},
    secret::Secret,
    time::Timestamp,
    vault,
};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// A client's id. The prefix tells its kind, so that a machine client of an organization is never taken for an
/// application of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientId {
    /// `skc_…`
    Application(ApplicationId),
    /// `m2morg_…`
    Organization(OrganizationClientId),
}

impl ClientId {
    /// The number that a database row holds.
    pub const fn as_i64(self) -> i64 {
        match self {
            Self::Application(id) => id.as_i64(),
            Self::Organization(id) => id.as_i64(),
        }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application(id) => id.fmt(f),
            Self::Organization(id) => id.fmt(f),
        }
    }
}

impl FromStr for ClientId {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        match text.parse() {
            Ok(id) => Ok(Self::Organization(id)),
            Err(_) => text.parse().map(Self::Application),
        }
    }
}

/// What a client is, as far as tokens care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientType {
    /// `ENV`: the environment's own application, which cannot be deleted.
    Environment,
    /// A machine client of an organization.
    Organization(OrganizationId),
}

/// A client with what its tokens are made of.
#[derive(Clone, Debug)]
pub struct Client {
    /// `client_id` of OAuth.
    pub id: ClientId,
    /// What it is.
    pub kind: ClientType,
    /// The organization's own key at the vendor's, for organization clients.
    pub organization_external_id: Option<String>,
    /// Whether its tokens may call the management API.
    pub management_access: bool,
    /// Seconds that its tokens last, if not as long as the environment says.
    pub token_lifetime_seconds: Option<i64>,
    /// Scopes that it may ask for.
    pub scopes: Vec<String>,
    /// Audiences of its tokens.
    pub audiences: Vec<String>,
    /// Claims that its tokens carry under `custom_claims`.
    pub custom_claims: BTreeMap<String, String>,
}

/// A machine client of an organization, to be made.
#[derive(Clone, Debug, Default)]
pub struct NewOrganizationClient {
    /// For people, at most 128 characters.
    pub name: String,
    /// Scopes that it may ask for.
    pub scopes: Vec<String>,
    /// Audiences of its tokens.
    pub audiences: Vec<String>,
    /// Claims that its tokens carry.
    pub custom_claims: BTreeMap<String, String>,
    /// Seconds that its tokens last; at least 300.
    pub token_lifetime_seconds: Option<i64>,
}

/// A secret that is about to be stored. The plain text is in here for the one answer that shows it.
#[derive(Debug)]
pub struct NewSecret {
    /// `sks_…`
    pub id: ClientSecretId,
    /// What the client presents.
    pub plain: Secret<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl NewSecret {
    /// 256 random bits with a prefix that scanners find, and no character that a form or URL must escape.
    ///
    /// # Errors
    /// `INTERNAL` if the system has no randomness to give.
    pub fn generate(id: ClientSecretId, now: Timestamp) -> Result<Self, Error> {
        let plain = format!("gws_{}", entropy::token()?);
        Ok(Self { id, plain: Secret::new(plain), created_at: now })
    }

    /// What is stored.
    pub fn hash(&self) -> Vec<u8> {
        vault::hash(self.plain.expose())
    }

    /// The last four characters, by which people tell secrets apart.
    pub fn suffix(&self) -> &str {
        let text = self.plain.expose();
        text.get(text.len().saturating_sub(4)..).unwrap_or_default()
    }
}
