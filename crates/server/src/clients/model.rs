//! Plain data of clients.
use super::{ip_allowlist::IpAllowlist, resource_client::Registration, rules};
use crate::{
    ctx::{Caller, Ctx},
    entropy,
    environments::Environment,
    error::{Error, Kind},
    ids::{
        ApplicationId, ClientSecretId, OrganizationClientId, OrganizationId, ParseIdError, ResourceClientId,
        ResourceId,
    },
    secret::Secret,
    time::Timestamp,
    update::Change,
    vault,
};
use std::{fmt, str::FromStr};

/// A client's id. The prefix tells its kind, so that a machine client of an organization is never taken for an
/// application of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientId {
    /// `skc_…`
    Application(ApplicationId),
    /// `m2morg_…`
    Organization(OrganizationClientId),
    /// `m2m_…`
    Resource(ResourceClientId),
}

impl ClientId {
    /// The number that a database row holds.
    pub const fn as_i64(self) -> i64 {
        match self {
            Self::Application(id) => id.as_i64(),
            Self::Organization(id) => id.as_i64(),
            Self::Resource(id) => id.as_i64(),
        }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application(id) => id.fmt(f),
            Self::Organization(id) => id.fmt(f),
            Self::Resource(id) => id.fmt(f),
        }
    }
}

impl FromStr for ClientId {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let other = || text.parse().map(Self::Organization).or_else(|_| text.parse().map(Self::Resource));
        text.parse().map(Self::Application).or_else(|error| other().map_err(|_: ParseIdError| error))
    }
}

/// What a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientType {
    /// `ENV`: the environment's own application, which cannot be deleted.
    Environment,
    /// `WEB_APP`: an application on a server, which keeps a secret.
    WebApp,
    /// `SPA`: an application in the browser, without secrets.
    SinglePage,
    /// `NTV`: an application on a phone or desktop, without secrets.
    Native,
    /// A machine client of an organization.
    Organization(OrganizationId),
    /// A client of a protected resource.
    Resource(ResourceId),
}

impl ClientType {
    /// As stored, and as the API says it for applications.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "ENV",
            Self::WebApp => "WEB_APP",
            Self::SinglePage => "SPA",
            Self::Native => "NTV",
            Self::Organization(_) => "ORGANIZATION",
            Self::Resource(_) => "RESOURCE",
        }
    }

    /// A type of application by its name.
    pub fn application(name: &str) -> Option<Self> {
        [Self::Environment, Self::WebApp, Self::SinglePage, Self::Native]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }

    /// Whether it can keep a secret (RFC 6749 §2.1).
    pub const fn is_confidential(self) -> bool {
        !matches!(self, Self::SinglePage | Self::Native)
    }

    /// Whether its tokens are for somebody else's API, never for the management API.
    pub const fn is_machine(self) -> bool {
        matches!(self, Self::Organization(_) | Self::Resource(_))
    }

    /// What it may do at the token endpoint unless it is told otherwise.
    pub const fn grant_types(self) -> &'static [GrantType] {
        match self {
            Self::Environment | Self::WebApp | Self::Resource(_) => {
                &[GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials]
            }
            Self::SinglePage | Self::Native => &[GrantType::AuthorizationCode, GrantType::RefreshToken],
            Self::Organization(_) => &[GrantType::ClientCredentials],
        }
    }
}

/// A way to get tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// `authorization_code`
    AuthorizationCode,
    /// `refresh_token`
    RefreshToken,
    /// `client_credentials`
    ClientCredentials,
}

impl GrantType {
    /// The word of RFC 6749.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }

    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials]
            .into_iter()
            .find(|grant| grant.as_str() == word)
    }
}

/// Seconds that tokens of a machine client last, if the client does not say.
pub const MACHINE_TOKEN_SECONDS: i64 = 3600;

/// Keys and values, in the order in which they were given.
pub type CustomClaims = Vec<(String, String)>;

/// Where a client's users may be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uris {
    /// `redirect_uri`s of sign-in.
    pub post_login: Vec<String>,
    /// Where to after logout.
    pub post_logout: Vec<String>,
    /// What is told when a session ends.
    pub back_channel_logout: Vec<String>,
    /// Where the application starts a sign-in.
    pub initiate_login: Option<String>,
    /// Where to when a request names no `redirect_uri`.
    pub default_redirect: Option<String>,
}

/// An OAuth client.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// `client_id` of OAuth.
    pub id: ClientId,
    /// What it is.
    pub kind: ClientType,
    /// The organization's own key at the vendor's, for organization clients.
    pub organization_external_id: Option<String>,
    /// For people, at most 128 characters.
    pub name: String,
    /// At most 512 characters.
    pub description: String,
    /// Whether its tokens may call the management API.
    pub management_access: bool,
    /// Seconds that its tokens last, if not as long as the environment says.
    pub token_lifetime_seconds: Option<i64>,
    /// Scopes that it may ask for.
    pub scopes: Vec<String>,
    /// Audiences of its tokens.
    pub audiences: Vec<String>,
    /// Claims that its tokens carry under `custom_claims`.
    pub custom_claims: CustomClaims,
    /// What it may do at the token endpoint.
    pub grant_types: Vec<GrantType>,
    /// Whether a sign-in needs PKCE (RFC 7636).
    pub enforce_pkce: bool,
    /// From where it may get and use tokens of its own.
    pub ip_allowlist: IpAllowlist,
    /// Where its users may be sent.
    pub uris: Uris,
    /// What it said of itself, if it registered itself.
    pub registration: Option<Registration>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// An application to be made.
#[derive(Clone, Debug)]
pub struct NewApplication {
    /// For people, 1 to 128 characters.
    pub name: String,
    /// `WEB_APP`, `SPA` or `NTV`.
    pub kind: String,
    /// What it shall be.
    pub values: ApplicationUpdate,
}

/// What to change of an application.
#[derive(Clone, Debug, Default)]
pub struct ApplicationUpdate {
    /// Cannot be cleared.
    pub name: Change<String>,
    /// See [`Uris::post_login`].
    pub post_login: Change<Vec<String>>,
    /// See [`Uris::post_logout`].
    pub post_logout: Change<Vec<String>>,
    /// See [`Uris::back_channel_logout`].
    pub back_channel_logout: Change<Vec<String>>,
    /// See [`Uris::initiate_login`].
    pub initiate_login: Change<String>,
    /// See [`Client::token_lifetime_seconds`].
    pub token_lifetime_seconds: Change<i64>,
    /// See [`Client::scopes`].
    pub scopes: Change<Vec<String>>,
    /// See [`Client::custom_claims`].
    pub custom_claims: Change<CustomClaims>,
    /// See [`Client::management_access`]; clearing it gives what a new application has.
    pub management_access: Change<bool>,
    /// Words of RFC 6749; clearing them gives what a new application has.
    pub grant_types: Change<Vec<String>>,
    /// See [`Client::enforce_pkce`].
    pub enforce_pkce: Change<bool>,
    /// Whether it counts, and its networks.
    pub ip_allowlist: Change<(bool, Vec<String>)>,
}

/// A machine client of an organization, to be made; or what to change of one, where what is empty stays.
#[derive(Clone, Debug, Default)]
pub struct NewOrganizationClient {
    /// For people, at most 128 characters.
    pub name: String,
    /// At most 512 characters.
    pub description: String,
    /// Scopes that it may ask for.
    pub scopes: Vec<String>,
    /// Audiences of its tokens.
    pub audiences: Vec<String>,
    /// Claims that its tokens carry.
    pub custom_claims: CustomClaims,
    /// Seconds that its tokens last; at least 300.
    pub token_lifetime_seconds: Option<i64>,
}

impl Client {
    pub(super) fn new(id: ClientId, kind: ClientType, now: Timestamp) -> Self {
        Self {
            id,
            kind,
            organization_external_id: None,
            name: String::new(),
            description: String::new(),
            management_access: kind == ClientType::Environment,
            token_lifetime_seconds: None,
            scopes: Vec::new(),
            audiences: Vec::new(),
            custom_claims: Vec::new(),
            grant_types: kind.grant_types().to_vec(),
            enforce_pkce: !kind.is_confidential(),
            ip_allowlist: IpAllowlist::default(),
            uris: Uris::default(),
            registration: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// The environment's own application.
    pub fn default_application(id: ApplicationId, now: Timestamp) -> Self {
        let client = Self::new(ClientId::Application(id), ClientType::Environment, now);
        Self { name: "Default".to_owned(), ..client }
    }

    /// A further application.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong.
    pub fn application(ctx: &Ctx, new: NewApplication) -> Result<Self, Error> {
        let kind = match ClientType::application(&new.kind) {
            None | Some(ClientType::Environment) => {
                return Err(Error::invalid(
                    "client.client_type",
                    "client_type",
                    "must be WEB_APP, SPA or NTV",
                ));
            }
            Some(kind) => kind,
        };
        let mut client = Self::new(ClientId::Application(ctx.new_id()), kind, ctx.now());
        client.name = new.name;
        client.update(ctx, new.values)?;
        client.updated_at = client.created_at;
        Ok(client)
    }

    /// A machine client of an organization.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong.
    pub fn of_organization(
        ctx: &Ctx,
        organization: OrganizationId,
        new: NewOrganizationClient,
    ) -> Result<Self, Error> {
        let kind = ClientType::Organization(organization);
        let mut client = Self::new(ClientId::Organization(ctx.new_id()), kind, ctx.now());
        client.fill(ctx, new)?;
        client.updated_at = client.created_at;
        Ok(client)
    }

    /// Changes what `values` has of a machine client. Tells whether anything is different now.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong.
    pub fn fill(&mut self, ctx: &Ctx, values: NewOrganizationClient) -> Result<bool, Error> {
        let before = self.clone();
        replace(&mut self.name, values.name, |text| text.is_empty());
        replace(&mut self.description, values.description, |text| text.is_empty());
        replace(&mut self.scopes, values.scopes, |list| list.is_empty());
        replace(&mut self.audiences, values.audiences, |list| list.is_empty());
        replace(&mut self.custom_claims, values.custom_claims, |list| list.is_empty());
        self.token_lifetime_seconds = values.token_lifetime_seconds.or(self.token_lifetime_seconds);
        rules::check(self, ctx)?;
        Ok(self.touch(&before, ctx.now()))
    }

    /// Changes an application. Tells whether anything is different now.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong.
    pub fn update(&mut self, ctx: &Ctx, update: ApplicationUpdate) -> Result<bool, Error> {
        let before = self.clone();
        match update.name {
            Change::Keep => {}
            Change::Set(name) => self.name = name,
            Change::Clear => self.name.clear(),
        }
        set(&mut self.uris.post_login, update.post_login);
        set(&mut self.uris.post_logout, update.post_logout);
        set(&mut self.uris.back_channel_logout, update.back_channel_logout);
        update.initiate_login.apply(&mut self.uris.initiate_login);
        update.token_lifetime_seconds.apply(&mut self.token_lifetime_seconds);
        set(&mut self.scopes, update.scopes);
        set(&mut self.custom_claims, update.custom_claims);
        match update.management_access {
            Change::Keep => {}
            Change::Set(access) => self.management_access = access,
            Change::Clear => self.management_access = self.kind == ClientType::Environment,
        }
        match update.grant_types {
            Change::Keep => {}
            Change::Set(words) => self.grant_types = rules::grant_types(self.kind, &words)?,
            Change::Clear => self.grant_types = self.kind.grant_types().to_vec(),
        }
        set(&mut self.enforce_pkce, update.enforce_pkce);
        match update.ip_allowlist {
            Change::Keep => {}
            Change::Set((opted_in, networks)) => {
                self.ip_allowlist = IpAllowlist::parse(opted_in, &networks)?;
            }
            Change::Clear => self.ip_allowlist = IpAllowlist::default(),
        }
        // Nothing that is kept on a user's device proves who it is (RFC 8252 §8.5): such a client has PKCE and no more.
        if !self.kind.is_confidential() {
            self.enforce_pkce = true;
            self.management_access = false;
        }
        self.uris.follow_default();
        rules::check(self, ctx)?;
        Ok(self.touch(&before, ctx.now()))
    }

    /// Notes when it was changed, if it was.
    pub fn touch(&mut self, before: &Self, now: Timestamp) -> bool {
        let changed = self != before;
        if changed {
            self.updated_at = now;
        }
        changed
    }

    /// Seconds that a token of its own lasts.
    pub fn lifetime_seconds(&self, environment: &Environment) -> i64 {
        self.token_lifetime_seconds.unwrap_or(match self.kind {
            ClientType::Organization(_) | ClientType::Resource(_) => MACHINE_TOKEN_SECONDS,
            _ => environment.client_token_seconds(),
        })
    }

    /// Whether the client may use this grant.
    pub fn allows(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Whether it keeps no secret (RFC 6749 §2.1): what runs on a user's device, or registered itself.
    pub fn is_public(&self) -> bool {
        !self.kind.is_confidential() || self.registration.is_some()
    }

    /// The error of a client that is not there.
    pub fn not_found(id: impl fmt::Display) -> Error {
        Error::new(Kind::NotFound, format!("client {id} not found"))
    }
}

impl Uris {
    /// Keeps the default among the URIs that there are: the first one without a template, `auth.md` 6.1.
    pub fn follow_default(&mut self) {
        let is_plain = |uri: &&String| !uri.contains("{{") && !uri.contains('*');
        let there = |uri: &String| self.post_login.contains(uri) || self.initiate_login.as_ref() == Some(uri);
        if !self.default_redirect.as_ref().is_some_and(there) {
            let mut all = self.post_login.iter().chain(&self.initiate_login);
            self.default_redirect = all.find(is_plain).cloned();
        }
    }
}

pub(super) fn replace<T>(place: &mut T, value: T, is_empty: impl Fn(&T) -> bool) {
    if !is_empty(&value) {
        *place = value;
    }
}

pub(super) fn set<T: Default>(place: &mut T, change: Change<T>) {
    match change {
        Change::Keep => {}
        Change::Set(value) => *place = value,
        Change::Clear => *place = T::default(),
    }
}

/// A secret without its plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSecret {
    /// `sks_…`
    pub id: ClientSecretId,
    /// Last four characters, by which people tell secrets apart.
    pub suffix: String,
    /// Whether it can be used.
    pub active: bool,
    /// `skc_…`, or `operator`.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it can no longer be used.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to within a minute.
    pub last_used_at: Option<Timestamp>,
}

/// A secret that is about to be stored. The plain text is in here for the one answer that shows it.
#[derive(Debug)]
pub struct NewSecret {
    /// `sks_…`
    pub id: ClientSecretId,
    /// What the client presents.
    pub plain: Secret<String>,
    /// `skc_…`, or `operator`.
    pub created_by: Option<String>,
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
        Ok(Self { id, plain: Secret::new(plain), created_by: None, created_at: now })
    }

    /// The same, made by the caller.
    ///
    /// # Errors
    /// As [`NewSecret::generate`].
    pub fn made_by(ctx: &Ctx) -> Result<Self, Error> {
        let created_by = match ctx.caller() {
            Caller::Client(id) => Some(id.to_string()),
            Caller::Person { user, .. } => Some(user.to_string()),
            Caller::Operator => Some("operator".to_owned()),
            Caller::Anonymous | Caller::Server => None,
        };
        Ok(Self { created_by, ..Self::generate(ctx.new_id(), ctx.now())? })
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

    /// How it is shown from now on.
    pub fn shown(&self) -> ClientSecret {
        ClientSecret {
            id: self.id,
            suffix: self.suffix().to_owned(),
            active: true,
            created_by: self.created_by.clone(),
            created_at: self.created_at,
            updated_at: self.created_at,
            expires_at: None,
            last_used_at: None,
        }
    }
}
