//! Clients of protected resources: those that were made for one and keep a secret, and those that registered themselves
//! (RFC 7591), which are public.
use super::{
    model::{Client, ClientId, ClientType, CustomClaims, GrantType, replace, set},
    rules,
};
use crate::{ctx::Ctx, error::Error, ids::ResourceId, text, update::Change};
use serde::{Deserialize, Serialize};
use url::Url;

const MAX_URI: usize = 512;

/// What a client that registered itself says of itself, for the consent page (RFC 7591 §2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Its home page.
    pub client_uri: String,
    /// Its logo.
    pub logo_uri: String,
    /// Its terms of service.
    pub tos_uri: String,
    /// Its privacy policy.
    pub policy_uri: String,
}

/// What a client asks for when it registers itself.
#[derive(Clone, Debug, Default)]
pub struct RegistrationRequest {
    /// For people, at most 128 characters.
    pub name: String,
    /// At most 512 characters.
    pub description: String,
    /// Where its users are sent back to.
    pub redirect_uris: Vec<String>,
    /// Scopes that it may ask for.
    pub scopes: Vec<String>,
    /// See [`Registration`].
    pub about: Registration,
}

/// A client of a resource, to be made; or what to change of one, where what is empty stays.
#[derive(Clone, Debug, Default)]
pub struct ResourceClientValues {
    /// For people, at most 128 characters.
    pub name: String,
    /// At most 512 characters.
    pub description: String,
    /// Scopes that it may ask for.
    pub scopes: Change<Vec<String>>,
    /// Claims that its tokens carry.
    pub custom_claims: Change<CustomClaims>,
    /// Where its users are sent back to. Without any it gets tokens of its own only.
    pub redirect_uris: Change<Vec<String>>,
    /// Seconds that its tokens last; at least 300.
    pub token_lifetime_seconds: Option<i64>,
}

impl Client {
    /// A client of a resource, which is going to have a secret.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong.
    pub fn of_resource(ctx: &Ctx, resource: ResourceId, values: ResourceClientValues) -> Result<Self, Error> {
        let kind = ClientType::Resource(resource);
        let mut client = Self::new(ClientId::Resource(ctx.new_id()), kind, ctx.now());
        client.enforce_pkce = true;
        client.fill_resource_client(ctx, values)?;
        client.updated_at = client.created_at;
        Ok(client)
    }

    /// A client of a resource that registers itself.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong. A public client without redirect URIs could do nothing.
    pub fn registered(ctx: &Ctx, resource: ResourceId, request: RegistrationRequest) -> Result<Self, Error> {
        if request.redirect_uris.is_empty() {
            let description =
                "must have at least one item: without a secret a client has no other way to tokens";
            return Err(Error::invalid("client.redirect_uris", "repeated.min_items", description));
        }
        check_about(&request.about)?;
        let values = ResourceClientValues {
            name: request.name,
            description: request.description,
            scopes: Change::Set(request.scopes),
            redirect_uris: Change::Set(request.redirect_uris),
            ..ResourceClientValues::default()
        };
        let client = Self::of_resource(ctx, resource, values)?;
        Ok(Self { registration: Some(request.about), ..client })
    }

    /// Changes what `values` has of a resource's client. Tells whether anything is different now.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong.
    pub fn fill_resource_client(&mut self, ctx: &Ctx, values: ResourceClientValues) -> Result<bool, Error> {
        let before = self.clone();
        replace(&mut self.name, values.name, |text| text.is_empty());
        replace(&mut self.description, values.description, |text| text.is_empty());
        set(&mut self.scopes, values.scopes);
        set(&mut self.custom_claims, values.custom_claims);
        set(&mut self.uris.post_login, values.redirect_uris);
        self.token_lifetime_seconds = values.token_lifetime_seconds.or(self.token_lifetime_seconds);
        // `auth.md` 6.1: with redirect URIs it acts for users, without them for itself.
        self.grant_types = if self.uris.post_login.is_empty() {
            vec![GrantType::ClientCredentials]
        } else {
            vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
        };
        rules::check(self, ctx)?;
        Ok(self.touch(&before, ctx.now()))
    }
}

/// The consent page shows these as links and a picture: web addresses only.
fn check_about(about: &Registration) -> Result<(), Error> {
    let uris = [
        ("client.client_uri", &about.client_uri),
        ("client.logo_uri", &about.logo_uri),
        ("client.tos_uri", &about.tos_uri),
        ("client.policy_uri", &about.policy_uri),
    ];
    for (field, uri) in uris {
        let is_web = || {
            uri.len() <= MAX_URI
                && text::control_problem(uri).is_none()
                && Url::parse(uri).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
        };
        if !uri.is_empty() && !is_web() {
            return Err(Error::invalid(
                field,
                "web_uri",
                "must be an http or https URL of at most 512 characters",
            ));
        }
    }
    Ok(())
}
