//! OpenID Connect: where the provider is, and what we are to it. `auth.md` 4.2
use super::{Problems, set};
use crate::{secret::Secret, stored::stored_enum};
use serde::{Deserialize, Serialize};

stored_enum! {
    /// What is asked for (OpenID Connect Core §5.4).
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    OidcScope {
        /// Makes it OpenID Connect.
        Openid = "openid",
        /// Names, picture, locale.
        Profile = "profile",
        /// Mail address.
        Email = "email",
        /// Postal address.
        Address = "address",
        /// Phone number.
        Phone = "phone",
    }
}
stored_enum! {
    /// How the server says who it is at the token endpoint (RFC 6749 §2.3.1).
    #[derive(Default, Serialize, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    TokenAuth {
        /// In the form.
        UrlParams = "URL_PARAMS",
        /// By HTTP Basic, which every provider must take.
        #[default]
        BasicAuth = "BASIC_AUTH",
    }
}

/// Settings of an OIDC connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OidcSettings {
    /// As the provider's tokens say it.
    pub issuer: Option<String>,
    /// Where the endpoints were read.
    pub discovery_endpoint: Option<String>,
    /// Authorization endpoint.
    pub authorize_uri: Option<String>,
    /// Token endpoint.
    pub token_uri: Option<String>,
    /// UserInfo endpoint.
    pub user_info_uri: Option<String>,
    /// The provider's keys.
    pub jwks_uri: Option<String>,
    /// What the provider calls us.
    pub client_id: Option<String>,
    /// What is asked for.
    pub scopes: Vec<OidcScope>,
    /// How the server says who it is.
    pub token_auth: TokenAuth,
    /// Whether PKCE (S256) is used towards the provider.
    pub pkce_enabled: bool,
    /// Whether a sign-out here also signs out there.
    pub idp_logout_required: bool,
    /// Whether each sign-in overwrites the user's profile.
    pub sync_user_profile_on_login: bool,
    /// Whether a first sign-in makes the user and the membership.
    pub jit_provisioning: bool,
}

impl Default for OidcSettings {
    fn default() -> Self {
        Self {
            issuer: None,
            discovery_endpoint: None,
            authorize_uri: None,
            token_uri: None,
            user_info_uri: None,
            jwks_uri: None,
            client_id: None,
            scopes: vec![OidcScope::Openid, OidcScope::Profile, OidcScope::Email],
            token_auth: TokenAuth::default(),
            pkce_enabled: true,
            idp_logout_required: false,
            sync_user_profile_on_login: false,
            jit_provisioning: true,
        }
    }
}

/// What a discovery document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// Where it was.
    pub endpoint: String,
    /// The issuer, as tokens have it.
    pub issuer: String,
    /// Authorization endpoint.
    pub authorize_uri: String,
    /// Token endpoint.
    pub token_uri: String,
    /// UserInfo endpoint, if there is one.
    pub user_info_uri: Option<String>,
    /// The provider's keys.
    pub jwks_uri: String,
}

/// What to change; what is none stays, an empty text takes the value away.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "see OidcSettings")]
pub struct OidcUpdate {
    pub issuer: Option<String>,
    pub discovery_endpoint: Option<String>,
    pub authorize_uri: Option<String>,
    pub token_uri: Option<String>,
    pub user_info_uri: Option<String>,
    pub jwks_uri: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<Secret<String>>,
    pub scopes: Option<Vec<OidcScope>>,
    pub token_auth: Option<TokenAuth>,
    pub pkce_enabled: Option<bool>,
    pub idp_logout_required: Option<bool>,
    pub sync_user_profile_on_login: Option<bool>,
    pub jit_provisioning: Option<bool>,
    /// The document that the request names, read.
    pub discovered: Option<Discovered>,
}

impl OidcUpdate {
    /// Whether the request enters endpoints itself.
    pub fn has_endpoints(&self) -> bool {
        let given = [&self.authorize_uri, &self.token_uri, &self.jwks_uri];
        given.iter().any(|uri| uri.as_ref().is_some_and(|uri| !uri.is_empty()))
    }
}

impl OidcSettings {
    /// Client id, secret, issuer, and where to go.
    pub(super) fn is_complete(&self, has_secret: bool) -> bool {
        let parts = [&self.client_id, &self.issuer, &self.authorize_uri, &self.token_uri, &self.jwks_uri];
        has_secret && parts.iter().all(|part| part.is_some())
    }

    pub(super) fn update(&mut self, update: OidcUpdate, problems: &mut Problems) {
        if let Some(found) = update.discovered {
            self.discovery_endpoint = Some(found.endpoint);
            self.issuer = Some(found.issuer);
            self.authorize_uri = Some(found.authorize_uri);
            self.token_uri = Some(found.token_uri);
            self.user_info_uri = found.user_info_uri;
            self.jwks_uri = Some(found.jwks_uri);
        } else {
            problems.set_url("issuer", &mut self.issuer, update.issuer);
            problems.set_url("discovery_endpoint", &mut self.discovery_endpoint, update.discovery_endpoint);
        }
        problems.set_url("authorize_uri", &mut self.authorize_uri, update.authorize_uri);
        problems.set_url("token_uri", &mut self.token_uri, update.token_uri);
        problems.set_url("user_info_uri", &mut self.user_info_uri, update.user_info_uri);
        problems.set_url("jwks_uri", &mut self.jwks_uri, update.jwks_uri);
        problems.set_text("client_id", &mut self.client_id, update.client_id);
        if let Some(mut scopes) = update.scopes {
            if !scopes.contains(&OidcScope::Openid) {
                scopes.insert(0, OidcScope::Openid); // without it, it is not OpenID Connect (Core §3.1.2.1)
            }
            self.scopes = scopes;
        }
        set(&mut self.token_auth, update.token_auth);
        set(&mut self.pkce_enabled, update.pkce_enabled);
        set(&mut self.idp_logout_required, update.idp_logout_required);
        set(&mut self.sync_user_profile_on_login, update.sync_user_profile_on_login);
        set(&mut self.jit_provisioning, update.jit_provisioning);
    }
}
