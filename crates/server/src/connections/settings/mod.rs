//! What is configured of a connection, by its type. Stored as JSON, but for the secret, which is sealed beside it.
mod oauth;
mod oidc;
mod passwordless;
mod saml;
mod webauthn;

pub use oauth::{OAuthSettings, OAuthUpdate};
pub use oidc::{Discovered, OidcScope, OidcSettings, OidcUpdate, TokenAuth};
pub use passwordless::{CodeType, EmailContent, PasswordlessSettings, PasswordlessUpdate};
pub use saml::{Binding, NameIdFormat, SamlSettings, SamlUpdate, SigningOption};
pub use webauthn::{
    Attestation, Authenticators, RelyingParty, Selection, Timeouts, WebAuthnSettings, WebAuthnUpdate,
};

use super::{
    model::{ConnectionType, Provider},
    problems::Problems,
};
use crate::{environments::Environment, error::Error};
use serde::Serialize;

/// The settings of one connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Settings {
    /// Enterprise SSO with OpenID Connect.
    Oidc(OidcSettings),
    /// Enterprise SSO with SAML 2.0.
    Saml(SamlSettings),
    /// Social login.
    OAuth(OAuthSettings),
    /// Codes and links by mail.
    Passwordless(PasswordlessSettings),
    /// Passkeys.
    WebAuthn(WebAuthnSettings),
}

/// What to change of them.
#[derive(Debug)]
pub enum SettingsUpdate {
    /// See [`OidcSettings`].
    Oidc(OidcUpdate),
    /// See [`SamlSettings`].
    Saml(SamlUpdate),
    /// See [`OAuthSettings`].
    OAuth(OAuthUpdate),
    /// See [`PasswordlessSettings`].
    Passwordless(PasswordlessUpdate),
    /// See [`WebAuthnSettings`].
    WebAuthn(WebAuthnUpdate),
}

impl Settings {
    /// Those of a new connection.
    pub fn new(kind: ConnectionType, environment: &Environment) -> Self {
        match kind {
            ConnectionType::Oidc => Self::Oidc(OidcSettings::default()),
            ConnectionType::Saml => Self::Saml(SamlSettings::default()),
            ConnectionType::OAuth => Self::OAuth(OAuthSettings::default()),
            ConnectionType::Passwordless => Self::Passwordless(PasswordlessSettings::default()),
            ConnectionType::WebAuthn => Self::WebAuthn(WebAuthnSettings::of(environment)),
        }
    }

    /// Which type of connection has them.
    pub fn kind(&self) -> ConnectionType {
        match self {
            Self::Oidc(_) => ConnectionType::Oidc,
            Self::Saml(_) => ConnectionType::Saml,
            Self::OAuth(_) => ConnectionType::OAuth,
            Self::Passwordless(_) => ConnectionType::Passwordless,
            Self::WebAuthn(_) => ConnectionType::WebAuthn,
        }
    }

    /// Whether users can sign in by them.
    pub fn is_complete(&self, provider: Provider, has_secret: bool) -> bool {
        match self {
            Self::Oidc(settings) => settings.is_complete(has_secret),
            Self::Saml(settings) => settings.is_complete(),
            Self::OAuth(settings) => settings.is_complete(provider, has_secret),
            Self::Passwordless(_) | Self::WebAuthn(_) => true,
        }
    }

    /// Whether nobody has configured anything.
    pub fn is_untouched(&self) -> bool {
        match self {
            Self::Oidc(settings) => *settings == OidcSettings::default(),
            Self::Saml(settings) => *settings == SamlSettings::default(),
            Self::OAuth(settings) => *settings == OAuthSettings::default(),
            Self::Passwordless(_) | Self::WebAuthn(_) => false,
        }
    }

    /// Changes what the update says.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with every field that is wrong, or for settings of another type.
    pub fn update(&mut self, update: SettingsUpdate, plain_http: bool) -> Result<(), Error> {
        let (field, kind) = (update.field(), self.kind());
        let mut problems = Problems::new(update.prefix(), plain_http);
        match (self, update) {
            (Self::Oidc(settings), SettingsUpdate::Oidc(update)) => settings.update(update, &mut problems),
            (Self::Saml(settings), SettingsUpdate::Saml(update)) => settings.update(update, &mut problems),
            (Self::OAuth(settings), SettingsUpdate::OAuth(update)) => settings.update(update, &mut problems),
            (Self::Passwordless(settings), SettingsUpdate::Passwordless(update)) => {
                settings.update(update, &mut problems);
            }
            (Self::WebAuthn(settings), SettingsUpdate::WebAuthn(update)) => {
                settings.update(update, &mut problems);
            }
            _ => {
                let text = format!("does not belong to a connection of type {}", kind.as_str());
                return Err(Error::invalid(field, "settings.type", text));
            }
        }
        problems.finish()
    }

    /// As stored.
    ///
    /// # Errors
    /// `INTERNAL`
    pub fn to_json(&self) -> Result<String, Error> {
        fn text(settings: &impl Serialize) -> Result<String, Error> {
            serde_json::to_string(settings).map_err(Error::internal)
        }
        match self {
            Self::Oidc(settings) => text(settings),
            Self::Saml(settings) => text(settings),
            Self::OAuth(settings) => text(settings),
            Self::Passwordless(settings) => text(settings),
            Self::WebAuthn(settings) => text(settings),
        }
    }

    /// From what is stored.
    ///
    /// # Errors
    /// `INTERNAL`
    pub fn parse(kind: ConnectionType, text: &str) -> Result<Self, Error> {
        match kind {
            ConnectionType::Oidc => serde_json::from_str(text).map(Self::Oidc),
            ConnectionType::Saml => serde_json::from_str(text).map(Self::Saml),
            ConnectionType::OAuth => serde_json::from_str(text).map(Self::OAuth),
            ConnectionType::Passwordless => serde_json::from_str(text).map(Self::Passwordless),
            ConnectionType::WebAuthn => serde_json::from_str(text).map(Self::WebAuthn),
        }
        .map_err(Error::internal)
    }
}

impl SettingsUpdate {
    /// Its name in a request.
    fn field(&self) -> &'static str {
        self.prefix().trim_end_matches('.')
    }

    /// In front of the names of its fields.
    pub fn prefix(&self) -> &'static str {
        match self {
            Self::Oidc(_) => "connection.oidc_config.",
            Self::Saml(_) => "connection.saml_config.",
            Self::OAuth(_) => "connection.oauth_config.",
            Self::Passwordless(_) => "connection.passwordless_config.",
            Self::WebAuthn(_) => "connection.webauthn_config.",
        }
    }
}

/// Replaces a value if the request gives one.
fn set<T>(value: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *value = new;
    }
}
