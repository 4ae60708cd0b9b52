//! A connection as a client sees it: where the provider is, and who we are there.
use super::model::UpstreamError;
use crate::{
    connections::{
        self, Connection,
        settings::{OidcSettings, Settings, TokenAuth},
    },
    ctx::Ctx,
    secret::Secret,
};
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
    /// `scope`
    pub scope: String,
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
    /// `iss`, byte for byte.
    pub name: String,
    /// The keys.
    pub jwks_uri: Url,
}

impl Upstream {
    /// What the connection's settings say.
    ///
    /// # Errors
    /// `connection_not_active` for one that is not complete or whose type is another one.
    pub fn of(ctx: &Ctx, connection: &Connection) -> Result<Self, UpstreamError> {
        match &connection.settings {
            Settings::Oidc(settings) => Self::of_oidc(ctx, connection, settings),
            _ => Err(incomplete("a connection of type OIDC", connection.kind().as_str())),
        }
    }

    fn of_oidc(ctx: &Ctx, connection: &Connection, settings: &OidcSettings) -> Result<Self, UpstreamError> {
        let scopes: Vec<&str> = settings.scopes.iter().map(|scope| scope.as_str()).collect();
        Ok(Self {
            authorize_uri: url("authorize_uri", settings.authorize_uri.as_ref())?,
            token_uri: url("token_uri", settings.token_uri.as_ref())?,
            user_info_uri: settings
                .user_info_uri
                .as_ref()
                .map(|uri| url("user_info_uri", Some(uri)))
                .transpose()?,
            issuer: Some(Issuer {
                name: settings.issuer.clone().ok_or_else(|| incomplete("an issuer", "none"))?,
                jwks_uri: url("jwks_uri", settings.jwks_uri.as_ref())?,
            }),
            client_id: settings.client_id.clone().ok_or_else(|| incomplete("a client_id", "none"))?,
            client_secret: secret(ctx, connection)?,
            token_auth: settings.token_auth,
            scope: scopes.join(" "),
            pkce: settings.pkce_enabled,
            redirect_uri: connection.url("callback"),
            plain_http: connection.debug_enabled,
        })
    }
}

fn url(field: &str, text: Option<&String>) -> Result<Url, UpstreamError> {
    let text = text.ok_or_else(|| incomplete(field, "none"))?;
    Url::parse(text).map_err(|_| incomplete(&format!("a URL as {field}"), "another text"))
}

fn secret(ctx: &Ctx, connection: &Connection) -> Result<Secret<String>, UpstreamError> {
    connections::client_secret(ctx, connection)?.ok_or_else(|| incomplete("a client_secret", "none"))
}

fn incomplete(expected: &str, got: &str) -> UpstreamError {
    UpstreamError::new("connection_not_active", "read the connection's configuration", expected, got)
        .describing("this way to sign in is not set up completely")
}
