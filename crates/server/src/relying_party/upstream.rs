//! A connection as a client sees it: where the provider is, and who we are there.
use super::{id_token::Claims, model::UpstreamError, social};
use crate::{
    connections::{
        self, Connection,
        settings::{OidcSettings, Settings, TokenAuth},
    },
    ctx::Ctx,
    secret::Secret,
};
use gatewright_jose::Verified;
use serde_json::Value as Json;
use url::Url;

/// Where a provider is, and who we are there.
#[derive(Debug)]
pub struct Upstream {
    /// Authorization endpoint.
    pub authorize_uri: Url,
    /// Token endpoint.
    pub token_uri: Url,
    /// UserInfo endpoint, if it is to be asked.
    pub user_info_uri: Option<Url>,
    /// Whose ID tokens count, and where the keys for them are.
    pub issuer: Option<Issuer>,
    /// What the provider calls us.
    pub client_id: String,
    /// How we prove it.
    pub client_secret: Secret<String>,
    /// Where we say so.
    pub token_auth: TokenAuth,
    /// Parameters of the authorization request that only this provider has, and `scope`.
    pub extra: Vec<(String, String)>,
    /// `prompt`, unless the sign-in wants another one.
    pub prompt: Option<String>,
    /// Whether PKCE (S256) is used.
    pub pkce: bool,
    /// Where the provider sends browsers back to.
    pub redirect_uri: String,
    /// Whether its URLs may be plain HTTP.
    pub plain_http: bool,
}

/// Who signs ID tokens.
#[derive(Debug)]
pub struct Issuer {
    /// `iss`, byte for byte; but `{tid}` in it stands for the token's own `tid`: Microsoft's tenants share their keys.
    pub name: String,
    /// The keys.
    pub jwks_uri: Url,
}

impl Issuer {
    /// The name that a token must have, whose signature is verified.
    pub fn name_for(&self, verified: &Verified) -> String {
        let claims: Claims = serde_json::from_slice(&verified.payload).unwrap_or_default();
        let tenant = claims.get("tid").and_then(Json::as_str).unwrap_or_default();
        self.name.replace("{tid}", tenant)
    }
}

impl Upstream {
    /// What the connection's settings say.
    ///
    /// # Errors
    /// `connection_not_active` for one that is not complete or whose type is another one.
    pub fn of(ctx: &Ctx, connection: &Connection) -> Result<Self, UpstreamError> {
        match &connection.settings {
            Settings::Oidc(settings) => Self::of_oidc(ctx, connection, settings),
            Settings::OAuth(settings) => social::upstream(ctx, connection, settings),
            _ => Err(incomplete("a connection of type OIDC or OAUTH", connection.kind().as_str())),
        }
    }

    fn of_oidc(ctx: &Ctx, connection: &Connection, settings: &OidcSettings) -> Result<Self, UpstreamError> {
        let scopes: Vec<&str> = settings.scopes.iter().map(|scope| scope.as_str()).collect();
        let user_info_uri = settings.user_info_uri.as_deref();
        Ok(Self {
            authorize_uri: url("authorize_uri", settings.authorize_uri.as_deref())?,
            token_uri: url("token_uri", settings.token_uri.as_deref())?,
            user_info_uri: user_info_uri.map(|uri| url("user_info_uri", Some(uri))).transpose()?,
            issuer: Some(Issuer {
                name: settings.issuer.clone().ok_or_else(|| incomplete("an issuer", "none"))?,
                jwks_uri: url("jwks_uri", settings.jwks_uri.as_deref())?,
            }),
            client_id: settings.client_id.clone().ok_or_else(|| incomplete("a client_id", "none"))?,
            client_secret: secret(ctx, connection)?,
            token_auth: settings.token_auth,
            extra: vec![("scope".to_owned(), scopes.join(" "))],
            prompt: None,
            pkce: settings.pkce_enabled,
            redirect_uri: connection.url("callback"),
            plain_http: connection.debug_enabled,
        })
    }
}

/// A URL of the configuration.
///
/// # Errors
/// `connection_not_active` without one.
pub fn url(field: &str, text: Option<&str>) -> Result<Url, UpstreamError> {
    let text = text.ok_or_else(|| incomplete(field, "none"))?;
    Url::parse(text).map_err(|_| incomplete(&format!("a URL as {field}"), "another text"))
}

/// The connection's own client secret.
///
/// # Errors
/// `connection_not_active` without one.
pub fn secret(ctx: &Ctx, connection: &Connection) -> Result<Secret<String>, UpstreamError> {
    connections::client_secret(ctx, connection)?.ok_or_else(|| incomplete("a client_secret", "none"))
}

/// The configuration lacks something.
pub fn incomplete(expected: &str, got: &str) -> UpstreamError {
    UpstreamError::new("connection_not_active", "read the connection's configuration", expected, got)
        .describing("this way to sign in is not set up completely")
}
