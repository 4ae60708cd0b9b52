//! What a resource and its clients are.

use std::collections::BTreeMap;

use gatewright_api::scalekit::v1::clients as pb;
use jiff::Timestamp;

use crate::convert::{open_enum, present, timestamp};
use crate::error::Result;
use crate::m2m::ClientSecret;

open_enum! {
    /// Kind of a resource.
    ResourceType {
        /// None given.
        Unspecified = 0 "RESOURCE_TYPE_UNSPECIFIED",
        /// A web application.
        Web = 1 "WEB",
        /// A mobile application.
        Mobile = 2 "MOBILE",
        /// A desktop application.
        Desktop = 3 "DESKTOP",
        /// An API server.
        Server = 4 "SERVER",
        /// An MCP server.
        McpServer = 5 "MCP_SERVER",
    }
}

/// A scope of the environment, as a resource has it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Scope {
    /// Id, `scp_…`.
    pub id: String,
    /// What tokens carry.
    pub name: String,
    /// For people.
    pub description: String,
    /// Whether it belongs to the resource.
    pub enabled: bool,
}

/// An MCP server or another API that clients get tokens for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Resource {
    /// Id, `res_…`.
    pub id: String,
    /// What it is.
    pub resource_type: ResourceType,
    /// Name for people.
    pub name: String,
    /// For people.
    pub description: String,
    /// Its URL, to the letter; None if it has none.
    pub resource_uri: Option<String>,
    /// Every scope of the environment: [`enabled_scopes`](Self::enabled_scopes) are the resource's.
    pub scopes: Vec<Scope>,
    /// Seconds that its access tokens last.
    pub access_token_expiry: i64,
    /// Seconds that its refresh tokens last.
    pub refresh_token_expiry: i64,
    /// Whether clients may not register themselves.
    pub disable_dynamic_client_registration: bool,
    /// Where it should publish its metadata (RFC 9728); None without a URL.
    pub protected_metadata_uri: Option<String>,
    /// When it was created, UTC.
    pub create_time: Option<Timestamp>,
    /// When it was last changed, UTC.
    pub update_time: Option<Timestamp>,
}

impl Resource {
    /// Names of the scopes that belong to it.
    pub fn enabled_scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().filter(|scope| scope.enabled).map(|scope| scope.name.as_str())
    }
}

fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

impl From<pb::Resource> for Resource {
    fn from(message: pb::Resource) -> Self {
        let scope = |scope: pb::Scope| Scope {
            id: scope.id,
            name: scope.name,
            description: scope.description,
            enabled: scope.enabled,
        };
        Self {
            id: message.id,
            resource_type: message.resource_type.into(),
            name: message.name,
            description: message.description,
            resource_uri: given(message.resource_uri),
            scopes: message.scopes.into_iter().map(scope).collect(),
            access_token_expiry: message.access_token_expiry,
            refresh_token_expiry: message.refresh_token_expiry,
            disable_dynamic_client_registration: message.disable_dynamic_client_registration,
            protected_metadata_uri: given(message.protected_metadata_uri),
            create_time: timestamp(message.create_time),
            update_time: timestamp(message.update_time),
        }
    }
}

/// A client of a resource.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ResourceClient {
    /// Its id at the token endpoint, `m2m_…`.
    pub client_id: String,
    /// Id of the resource, `res_…`.
    pub resource_id: String,
    /// Name for people.
    pub name: String,
    /// For people.
    pub description: String,
    /// Scopes that it may ask for.
    pub scopes: Vec<String>,
    /// Audience of its tokens, which the server chooses.
    pub audience: Vec<String>,
    /// Claims that its tokens carry under `custom_claims`.
    pub custom_claims: BTreeMap<String, String>,
    /// Seconds that its tokens last.
    pub expiry: i64,
    /// Where its users are sent back to; without any it gets tokens of its own only.
    pub redirect_uris: Vec<String>,
    /// Whether it registered itself.
    pub is_dcr: bool,
    /// Its secrets, oldest first.
    pub secrets: Vec<ClientSecret>,
    /// When it was created, UTC.
    pub create_time: Option<Timestamp>,
    /// When it was last changed, UTC.
    pub update_time: Option<Timestamp>,
}

impl From<pb::M2mClient> for ResourceClient {
    fn from(message: pb::M2mClient) -> Self {
        Self {
            client_id: message.client_id,
            resource_id: message.resource_id,
            name: message.name,
            description: message.description,
            scopes: message.scopes,
            audience: message.audience,
            custom_claims: message.custom_claims.into_iter().map(|claim| (claim.key, claim.value)).collect(),
            expiry: message.expiry,
            redirect_uris: message.redirect_uris,
            is_dcr: message.is_dcr,
            secrets: message.secrets.into_iter().map(Into::into).collect(),
            create_time: timestamp(message.create_time),
            update_time: timestamp(message.update_time),
        }
    }
}

/// A client of a resource that was just created, with its first secret.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct NewResourceClient {
    /// The client.
    pub client: ResourceClient,
    /// Its secret in plain text: shown here and never again. Not part of `Debug`.
    pub plain_secret: String,
}

impl std::fmt::Debug for NewResourceClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewResourceClient").field("client", &self.client).finish_non_exhaustive()
    }
}

impl NewResourceClient {
    pub(crate) fn from_message(message: pb::CreateResourceClientResponse) -> Result<Self> {
        let client = present(message.client, "client")?;
        Ok(Self { client: client.into(), plain_secret: message.plain_secret })
    }
}

/// A user who consented to a client.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConsentedUser {
    /// Id of the consent, `usrcnst_…`.
    pub consent_id: String,
    /// Who consented.
    pub external_user_id: String,
    /// To what.
    pub scopes: Vec<String>,
}

/// A client, and who consented to it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ResourceClientDetails {
    /// The client.
    pub client: ResourceClient,
    /// The newest consents.
    pub consented_users: Vec<ConsentedUser>,
}

impl ResourceClientDetails {
    pub(crate) fn from_message(message: pb::GetResourceClientResponse) -> Result<Self> {
        let user = |user: pb::ConsentedUser| ConsentedUser {
            consent_id: user.consent_id,
            external_user_id: user.external_user_id,
            scopes: user.scopes,
        };
        Ok(Self {
            client: present(message.client, "client")?.into(),
            consented_users: message.consented_users.into_iter().map(user).collect(),
        })
    }
}

/// The clients of a resource.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ListResourceClientsResponse {
    /// The newest ones, newest first.
    pub clients: Vec<ResourceClient>,
    /// How many registered themselves.
    pub total_dcr_clients: i32,
    /// How many were made.
    pub total_static_clients: i32,
}

impl From<pb::ListResourceClientsResponse> for ListResourceClientsResponse {
    fn from(message: pb::ListResourceClientsResponse) -> Self {
        Self {
            clients: message.clients.into_iter().map(Into::into).collect(),
            total_dcr_clients: message.total_dcr_clients,
            total_static_clients: message.total_static_clients,
        }
    }
}

/// What a user let a client do.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UserConsent {
    /// Id, `usrcnst_…`.
    pub id: String,
    /// Who consented.
    pub external_user_id: String,
    /// To which client, `m2m_…`.
    pub client_id: String,
    /// The client's name.
    pub client_name: String,
    /// To what.
    pub scopes: Vec<String>,
    /// When, UTC.
    pub granted_at: Option<Timestamp>,
}

impl From<pb::ResourceUserConsent> for UserConsent {
    fn from(message: pb::ResourceUserConsent) -> Self {
        Self {
            id: message.id,
            external_user_id: message.external_user_id,
            client_id: message.client_id,
            client_name: message.client_name,
            scopes: message.scopes,
            granted_at: timestamp(message.granted_at),
        }
    }
}
