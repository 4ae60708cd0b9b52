//! Passkeys of users: the reference's class *WebAuthn*.

use std::sync::Arc;

use gatewright_api::rpc::web_authn_service as rpc;
use gatewright_api::scalekit::v1::auth::webauthn::{self as pb, web_authn_credential as part};
use jiff::Timestamp;

use crate::call::request;
use crate::client::Inner;
use crate::convert::{into_timestamp, present, timestamp};

/// Operations on passkeys; made by [`ScalekitClient::webauthn`](crate::ScalekitClient::webauthn). Users register them on
/// the hosted pages.
///
/// Besides the errors named with each method, any call can fail as described at
/// [`Organizations`](crate::Organizations).
#[derive(Clone, Debug)]
pub struct WebAuthn {
    client: Arc<Inner>,
}

impl WebAuthn {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    fn client(&self) -> Arc<Inner> {
        Arc::clone(&self.client)
    }

    /// Lists the passkeys of a user, `usr_…`, newest first.
    ///
    /// Permission `users:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the user does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the id is empty or malformed.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// for passkey in client.webauthn().list_credentials("usr_123456").await?.credentials {
    ///     println!("{} {:?}", passkey.id, passkey.display_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_credentials(&self, user_id: impl Into<String>) -> ListCredentials {
        ListCredentials::new(self.client(), pb::ListCredentialsRequest { user_id: user_id.into() })
    }

    /// Renames a passkey, `cred_…`; 1 to 120 characters.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the passkey does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the name is empty, too long or invisible, or the id is
    /// malformed.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let passkey = client.webauthn().update_credential("cred_123", "My YubiKey").await?;
    /// println!("{:?}", passkey.display_name);
    /// # Ok(()) }
    /// ```
    pub fn update_credential(
        &self,
        credential_id: impl Into<String>,
        display_name: impl Into<String>,
    ) -> UpdateCredential {
        let (credential_id, display_name) = (credential_id.into(), display_name.into());
        UpdateCredential::new(self.client(), pb::UpdateCredentialRequest { credential_id, display_name })
    }

    /// Deletes a passkey, `cred_…`. Pass the answer to the browser's `PublicKeyCredential.signalUnknownCredential()`,
    /// so that the authenticator can forget the passkey too.
    ///
    /// Permission `users:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the passkey does not exist, also on a second call.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let gone = client.webauthn().delete_credential("cred_123").await?;
    /// println!("{} at {}", gone.credential_id, gone.rp_id);
    /// # Ok(()) }
    /// ```
    pub fn delete_credential(&self, credential_id: impl Into<String>) -> DeleteCredential {
        let message = pb::DeleteCredentialRequest { credential_id: credential_id.into() };
        DeleteCredential::new(self.client(), message)
    }
}

request! {
    /// Request of [`list_credentials`](WebAuthn::list_credentials).
    ListCredentials, rpc::ListCredentials => ListCredentialsResponse,
    |answer| Ok(answer.into())
}

request! {
    /// Request of [`update_credential`](WebAuthn::update_credential).
    UpdateCredential, rpc::UpdateCredential => WebAuthnCredential,
    |answer| present(answer.credential, "credential").map(Into::into)
}

request! {
    /// Request of [`delete_credential`](WebAuthn::delete_credential).
    DeleteCredential, rpc::DeleteCredential => UnknownCredentialOptions,
    |answer| present(answer.unknown_credential_options, "unknown_credential_options").map(Into::into)
}

/// Answer of [`list_credentials`](WebAuthn::list_credentials).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ListCredentialsResponse {
    /// The passkeys, newest first.
    pub credentials: Vec<WebAuthnCredential>,
    /// For the browser's `PublicKeyCredential.signalAllAcceptedCredentials()`.
    pub all_accepted_credentials_options: AllAcceptedCredentialsOptions,
}

impl ListCredentialsResponse {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::ListCredentialsResponse {
        let options = self.all_accepted_credentials_options;
        pb::ListCredentialsResponse {
            credentials: self.credentials.into_iter().map(WebAuthnCredential::into_message).collect(),
            all_accepted_credentials_options: Some(pb::AllAcceptedCredentialsOptions {
                rp_id: options.rp_id,
                user_id: options.user_id,
                all_accepted_credential_ids: options.all_accepted_credential_ids,
            }),
        }
    }
}

impl From<pb::ListCredentialsResponse> for ListCredentialsResponse {
    fn from(message: pb::ListCredentialsResponse) -> Self {
        let options = message.all_accepted_credentials_options.unwrap_or_default();
        Self {
            credentials: message.credentials.into_iter().map(Into::into).collect(),
            all_accepted_credentials_options: AllAcceptedCredentialsOptions {
                rp_id: options.rp_id,
                user_id: options.user_id,
                all_accepted_credential_ids: options.all_accepted_credential_ids,
            },
        }
    }
}

/// Tells a browser which passkeys of a user exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllAcceptedCredentialsOptions {
    /// Relying-party id, a host name.
    pub rp_id: String,
    /// The user handle, base64url.
    pub user_id: String,
    /// Raw ids of all passkeys, base64url.
    pub all_accepted_credential_ids: Vec<String>,
}

/// Tells a browser that a passkey no longer exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownCredentialOptions {
    /// Relying-party id, a host name.
    pub rp_id: String,
    /// Raw id of the passkey, base64url.
    pub credential_id: String,
}

impl UnknownCredentialOptions {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::UnknownCredentialOptions {
        pb::UnknownCredentialOptions { rp_id: self.rp_id, credential_id: self.credential_id }
    }
}

impl From<pb::UnknownCredentialOptions> for UnknownCredentialOptions {
    fn from(message: pb::UnknownCredentialOptions) -> Self {
        Self { rp_id: message.rp_id, credential_id: message.credential_id }
    }
}

/// A passkey of a user. Texts that are not known are empty.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct WebAuthnCredential {
    /// Id, `cred_…`.
    pub id: String,
    /// Id of the user, `usr_…`.
    pub user_id: String,
    /// The credential id of WebAuthn.
    pub credential_id: Vec<u8>,
    /// How the authenticator attested itself, `none` for most.
    pub attestation_type: String,
    /// Name that was given to it; None until then.
    pub display_name: Option<String>,
    /// The authenticator that holds it.
    pub authenticator: Authenticator,
    /// How browsers reach the authenticator, `internal` or `usb` for example.
    pub transports: Vec<String>,
    /// What the authenticator said at registration.
    pub authenticator_flags: AuthenticatorFlags,
    /// Browser in which it was registered.
    pub user_agent: UserAgent,
    /// Where it was registered from.
    pub client_info: ClientInfo,
    /// When it was registered, UTC.
    pub created_at: Option<Timestamp>,
    /// When the record was last changed, UTC.
    pub updated_at: Option<Timestamp>,
}

impl WebAuthnCredential {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::WebAuthnCredential {
        pb::WebAuthnCredential {
            id: self.id,
            user_id: self.user_id,
            credential_id: self.credential_id,
            attestation_type: self.attestation_type,
            authenticator: Some(self.authenticator.into_message()),
            transports: self.transports,
            authenticator_flags: Some(self.authenticator_flags.into_message()),
            created_at: into_timestamp(self.created_at),
            updated_at: into_timestamp(self.updated_at),
            user_agent: Some(self.user_agent.into_message()),
            client_info: Some(self.client_info.into_message()),
            display_name: self.display_name,
        }
    }
}

impl From<pb::WebAuthnCredential> for WebAuthnCredential {
    fn from(message: pb::WebAuthnCredential) -> Self {
        Self {
            id: message.id,
            user_id: message.user_id,
            credential_id: message.credential_id,
            attestation_type: message.attestation_type,
            display_name: message.display_name,
            authenticator: message.authenticator.unwrap_or_default().into(),
            transports: message.transports,
            authenticator_flags: message.authenticator_flags.unwrap_or_default().into(),
            user_agent: message.user_agent.unwrap_or_default().into(),
            client_info: message.client_info.unwrap_or_default().into(),
            created_at: timestamp(message.created_at),
            updated_at: timestamp(message.updated_at),
        }
    }
}

/// A part of a passkey: the same fields in our type and in the message.
macro_rules! parts {
    ($($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* })*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name { $($(#[$doc])* pub $field: $type,)* }

        impl $name {
            /// The generated protobuf message.
            pub fn into_message(self) -> part::$name {
                part::$name { $($field: self.$field,)* }
            }
        }

        impl From<part::$name> for $name {
            fn from(message: part::$name) -> Self {
                Self { $($field: message.$field,)* }
            }
        }
    )* };
}

parts! {
    /// The authenticator that holds a passkey.
    Authenticator {
        /// Its model, a UUID (AAGUID).
        aaguid: String,
        /// Name of the model.
        name: String,
        /// `platform` or `cross-platform`.
        attachment: String,
        /// Icon for dark backgrounds.
        icon_dark: String,
        /// Icon for light backgrounds.
        icon_light: String,
    }
    /// What an authenticator said at registration.
    AuthenticatorFlags {
        /// The user was there.
        user_present: bool,
        /// The authenticator verified the user, by PIN or body.
        user_verified: bool,
        /// The passkey can be synced.
        backup_eligible: bool,
        /// The passkey is synced.
        backup_state: bool,
    }
    /// Browser in which a passkey was registered.
    UserAgent {
        /// The `User-Agent` header.
        raw: String,
        /// Page that describes the agent.
        url: String,
        /// Browser.
        browser: String,
        /// Its version.
        browser_version: String,
        /// Operating system.
        os: String,
        /// Its version.
        os_version: String,
        /// `desktop`, `mobile`, `tablet` or `other`.
        device_type: String,
        /// Model of the device.
        device_model: String,
    }
    /// Where a passkey was registered from.
    ClientInfo {
        /// IP address.
        ip: String,
        /// Country.
        region: String,
        /// State or province.
        region_subdivision: String,
        /// City.
        city: String,
    }
}
