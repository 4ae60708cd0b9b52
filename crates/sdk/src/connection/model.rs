//! What connections are.

use gatewright_api::scalekit::v1::connections as pb;
use jiff::Timestamp;

use crate::convert::{open_enum, timestamp};
use crate::domain::Domain;

open_enum! {
    /// By which protocol or method people sign in. Those of agent connectors are `Other`.
    ConnectionType {
        /// Not set.
        Unspecified = 0 "INVALID",
        /// Enterprise SSO with OpenID Connect.
        Oidc = 1 "OIDC",
        /// Enterprise SSO with SAML 2.0.
        Saml = 2 "SAML",
        /// Social login.
        OAuth = 4 "OAUTH",
        /// Codes and links by e-mail.
        Passwordless = 5 "PASSWORDLESS",
        /// Passkeys.
        WebAuthn = 9 "WEBAUTHN",
    }
}

open_enum! {
    /// Who runs the other side of a connection.
    ConnectionProvider {
        /// Not set.
        Unspecified = 0 "CONNECTION_PROVIDER_UNSPECIFIED",
        /// Okta.
        Okta = 1 "OKTA",
        /// Google Workspace, or Google as social login.
        Google = 2 "GOOGLE",
        /// Microsoft Entra ID.
        MicrosoftAd = 3 "MICROSOFT_AD",
        /// Auth0.
        Auth0 = 4 "AUTH0",
        /// OneLogin.
        OneLogin = 5 "ONELOGIN",
        /// Ping Identity.
        PingIdentity = 6 "PING_IDENTITY",
        /// JumpCloud.
        JumpCloud = 7 "JUMPCLOUD",
        /// Any other.
        Custom = 8 "CUSTOM",
        /// GitHub, as social login.
        GitHub = 9 "GITHUB",
        /// GitLab, as social login.
        GitLab = 10 "GITLAB",
        /// LinkedIn, as social login.
        LinkedIn = 11 "LINKEDIN",
        /// Salesforce, as social login.
        Salesforce = 12 "SALESFORCE",
        /// Microsoft accounts, as social login.
        Microsoft = 13 "MICROSOFT",
        /// The server's simulator, for trying SSO without an identity provider. Not in production.
        IdpSimulator = 14 "IDP_SIMULATOR",
        /// The server itself, for methods without an identity provider.
        Scalekit = 15 "SCALEKIT",
        /// Microsoft AD FS.
        Adfs = 16 "ADFS",
    }
}

open_enum! {
    /// How far a connection is configured.
    ConnectionStatus {
        /// Not set.
        Unspecified = 0 "CONNECTION_STATUS_UNSPECIFIED",
        /// Not at all.
        Draft = 1 "DRAFT",
        /// In part.
        InProgress = 2 "IN_PROGRESS",
        /// It can be enabled.
        Completed = 3 "COMPLETED",
    }
}

/// A connection with its configuration.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Connection {
    /// Id, `conn_…`.
    pub id: String,
    /// By which protocol or method people sign in.
    pub connection_type: ConnectionType,
    /// Who runs the other side.
    pub provider: ConnectionProvider,
    /// How far it is configured.
    pub status: ConnectionStatus,
    /// Whether people may sign in through it.
    pub enabled: bool,
    /// Id of the organization, `org_…`; None for one of the environment.
    pub organization_id: Option<String>,
    /// Your key of the provider; may be empty.
    pub provider_key: String,
    /// Key that names it in authorization URLs, if it has one.
    pub key_id: Option<String>,
    /// Label of its button on the login page; may be empty.
    pub ui_button_title: String,
    /// Where a browser begins a test of it, which logs nobody in.
    pub test_connection_uri: String,
    /// Domains whose people are sent to it.
    pub domains: Vec<Domain>,
    /// When it was created, UTC.
    pub create_time: Option<Timestamp>,
    /// When it was last changed, UTC.
    pub update_time: Option<Timestamp>,
    /// The message in full: the configuration of its type, attribute mapping and more. Secrets are masked.
    pub message: Box<pb::Connection>,
}

impl Connection {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::Connection {
        *self.message
    }
}

impl From<pb::Connection> for Connection {
    fn from(message: pb::Connection) -> Self {
        Self {
            id: message.id.clone(),
            connection_type: message.r#type.into(),
            provider: message.provider.into(),
            status: message.status.into(),
            enabled: message.enabled,
            organization_id: message.organization_id.clone().filter(|id| !id.is_empty()),
            provider_key: message.provider_key.clone(),
            key_id: message.key_id.clone().filter(|key| !key.is_empty()),
            ui_button_title: message.ui_button_title.clone(),
            test_connection_uri: message.test_connection_uri.clone(),
            domains: message.domains.iter().cloned().map(Into::into).collect(),
            create_time: timestamp(message.create_time),
            update_time: timestamp(message.update_time),
            message: Box::new(message),
        }
    }
}

/// A connection in a list, without its configuration.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ListedConnection {
    /// Id, `conn_…`.
    pub id: String,
    /// By which protocol or method people sign in.
    pub connection_type: ConnectionType,
    /// Who runs the other side.
    pub provider: ConnectionProvider,
    /// How far it is configured.
    pub status: ConnectionStatus,
    /// Whether people may sign in through it.
    pub enabled: bool,
    /// Id of the organization, `org_…`; None for one of the environment.
    pub organization_id: Option<String>,
    /// Name of the organization; empty for one of the environment.
    pub organization_name: String,
    /// Your key of the provider; may be empty.
    pub provider_key: String,
    /// Key that names it in authorization URLs, if it has one.
    pub key_id: Option<String>,
    /// Label of its button on the login page; may be empty.
    pub ui_button_title: String,
    /// Names of the domains whose people are sent to it.
    pub domains: Vec<String>,
    /// When it was created, UTC.
    pub created_at: Option<Timestamp>,
}

impl From<pb::ListConnection> for ListedConnection {
    fn from(message: pb::ListConnection) -> Self {
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            id: message.id,
            connection_type: message.r#type.into(),
            provider: message.provider.into(),
            status: message.status.into(),
            enabled: message.enabled,
            organization_id: given(message.organization_id),
            organization_name: message.organization_name,
            provider_key: message.provider_key,
            key_id: given(message.key_id),
            ui_button_title: message.ui_button_title,
            domains: message.domains,
            created_at: timestamp(message.created_at),
        }
    }
}

/// State of a connection after [`enable_connection`](super::Connections::enable_connection) or
/// [`disable_connection`](super::Connections::disable_connection).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToggleConnectionResponse {
    /// Whether people may sign in through it now.
    pub enabled: bool,
    /// Why it could not be changed; None when all went well.
    pub error_message: Option<String>,
}

impl From<pb::ToggleConnectionResponse> for ToggleConnectionResponse {
    fn from(message: pb::ToggleConnectionResponse) -> Self {
        Self { enabled: message.enabled, error_message: message.error_message }
    }
}
