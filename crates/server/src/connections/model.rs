//! Plain data of connections, and the rules on it.
use super::{
    problems::Problems,
    settings::{Settings, SettingsUpdate},
};
use crate::{
    environments::{Environment, EnvironmentType},
    error::{Error, Kind},
    ids::{ConnectionId, OrganizationId},
    secret::Secret,
    stored::stored_enum,
    text,
    time::Timestamp,
    update::Change,
};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// What a client secret looks like when it is read. Written back, it changes nothing.
pub const MASK: &str = "**********";

const MAX_KEY: usize = 300;
const MAX_TITLE: usize = 200;
const MAX_SECRET: usize = 4096;

stored_enum! {
    /// By which protocol or method people sign in.
    ConnectionType {
        /// OpenID Connect.
        Oidc = "OIDC",
        /// SAML 2.0.
        Saml = "SAML",
        /// Social login.
        OAuth = "OAUTH",
        /// Codes and links by mail.
        Passwordless = "PASSWORDLESS",
        /// Passkeys.
        WebAuthn = "WEBAUTHN",
    }
}
stored_enum! {
    /// Who runs the other side. The names are the API's.
    #[expect(missing_docs, reason = "products")]
    Provider {
        Okta = "OKTA",
        Google = "GOOGLE",
        MicrosoftAd = "MICROSOFT_AD",
        Auth0 = "AUTH0",
        OneLogin = "ONELOGIN",
        PingIdentity = "PING_IDENTITY",
        JumpCloud = "JUMPCLOUD",
        Custom = "CUSTOM",
        GitHub = "GITHUB",
        GitLab = "GITLAB",
        LinkedIn = "LINKEDIN",
        Salesforce = "SALESFORCE",
        Microsoft = "MICROSOFT",
        IdpSimulator = "IDP_SIMULATOR",
        Scalekit = "SCALEKIT",
        Adfs = "ADFS",
    }
}
stored_enum! {
    /// How far a connection is configured.
    Status {
        /// Not at all.
        Draft = "DRAFT",
        /// In part.
        InProgress = "IN_PROGRESS",
        /// It can be enabled.
        Completed = "COMPLETED",
    }
}
stored_enum! {
    /// How the provider's endpoints and keys get into the configuration.
    ConfigurationType {
        /// From a document of the provider's.
        Discovery = "DISCOVERY",
        /// Field by field.
        Manual = "MANUAL",
    }
}

impl Provider {
    /// The provider that a request names: by itself, or by a key, which for most is the name in any case.
    pub fn named(provider: Option<Self>, key: &str) -> Self {
        provider.unwrap_or_else(|| Self::parse(&key.to_ascii_uppercase()).unwrap_or(Self::Custom))
    }
}

impl ConnectionType {
    /// Enterprise connections are organizations', all others the environment's.
    pub fn is_of_organization(self) -> bool {
        matches!(self, Self::Oidc | Self::Saml)
    }
}

/// A connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// `conn_…`
    pub id: ConnectionId,
    /// Whose; none: the environment's.
    pub organization: Option<OrganizationId>,
    /// Who runs the other side.
    pub provider: Provider,
    /// The application's key of the provider; may be empty.
    pub provider_key: String,
    /// Names the connection in URLs instead of its id; unique in the organization, or among those of the environment.
    pub key_id: Option<String>,
    /// Whether people may sign in. Only complete ones may.
    pub enabled: bool,
    /// Whether the provider's URLs may be plain HTTP. Never in production.
    pub debug_enabled: bool,
    /// On its button; may be empty.
    pub ui_button_title: String,
    /// How it is configured; none: nobody said.
    pub configuration_type: Option<ConfigurationType>,
    /// The provider's attribute for each of ours; what is not in it follows the defaults.
    pub attribute_mapping: BTreeMap<String, String>,
    /// By its type.
    pub settings: Settings,
    /// The client secret under the master key.
    pub secret_sealed: Option<Vec<u8>>,
    /// The environment's URL when it was made: a later one would break what is configured at the provider.
    pub base_url: String,
    /// When the IdP's metadata is read again.
    pub metadata_due_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A connection to be made.
#[derive(Clone, Debug)]
pub struct NewConnection {
    /// Whose; none: the environment's.
    pub organization: Option<OrganizationId>,
    /// Who runs the other side; `provider_key` says it, too.
    pub provider: Option<Provider>,
    /// By which protocol or method.
    pub kind: ConnectionType,
    /// See [`Connection::provider_key`].
    pub provider_key: String,
    /// See [`Connection::key_id`].
    pub key_id: Option<String>,
    /// What the set-up pages keep: a JSON object.
    pub context: String,
}

/// What to change; what is none stays as it is.
#[derive(Debug, Default)]
pub struct ConnectionUpdate {
    /// The type cannot change: another one is refused.
    pub kind: Option<ConnectionType>,
    pub provider: Option<Provider>,
    pub provider_key: Option<String>,
    pub key_id: Option<String>,
    pub debug_enabled: Option<bool>,
    pub ui_button_title: Option<String>,
    pub configuration_type: Option<ConfigurationType>,
    pub attribute_mapping: Option<BTreeMap<String, String>>,
    pub settings: Option<SettingsUpdate>,
}

impl ConnectionUpdate {
    /// What the request says of the client secret.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for one that cannot be one.
    pub fn secret(&mut self) -> Result<Change<Secret<String>>, Error> {
        let secret = match &mut self.settings {
            Some(SettingsUpdate::Oidc(update)) => update.client_secret.take(),
            Some(SettingsUpdate::OAuth(update)) => update.client_secret.take(),
            _ => None,
        };
        let Some(secret) = secret.filter(|secret| secret.expose() != MASK) else {
            return Ok(Change::Keep);
        };
        if secret.expose().is_empty() {
            return Ok(Change::Clear);
        }
        if secret.expose().len() > MAX_SECRET || text::control_problem(secret.expose()).is_some() {
            let prefix = self.settings.as_ref().map_or("", SettingsUpdate::prefix);
            let text = "must be at most 4096 characters without control characters";
            return Err(Error::invalid(format!("{prefix}client_secret"), "client_secret", text));
        }
        Ok(Change::Set(secret))
    }
}

impl Connection {
    /// Checks what the proto's rules cannot say, and makes the connection, which is disabled.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong.
    pub fn new(
        id: ConnectionId,
        now: Timestamp,
        environment: &Environment,
        new: NewConnection,
    ) -> Result<Self, Error> {
        let mut problems = Problems::new("connection.", false);
        if new.kind.is_of_organization() != new.organization.is_some() {
            problems.add("type", "connection.scope", match new.organization {
                Some(_) => "must be OIDC or SAML: other types are connections of the environment",
                None => "must be OAUTH, PASSWORDLESS or WEBAUTHN: OIDC and SAML connections belong to an organization",
            });
        }
        let provider = Provider::named(new.provider, &new.provider_key);
        check_provider(provider, environment, &mut problems);
        check_key("key_id", new.key_id.as_deref(), &mut problems);
        check_key("provider_key", Some(&new.provider_key), &mut problems);
        problems.finish()?;
        let is_social = new.kind == ConnectionType::OAuth;
        let provider_key = match new.provider_key {
            // What authorization requests say as `provider`.
            key if key.is_empty() && is_social => provider.as_str().to_ascii_lowercase(),
            key => key,
        };
        Ok(Self {
            id,
            organization: new.organization,
            provider,
            provider_key,
            key_id: new.key_id.filter(|key| !key.is_empty()),
            enabled: false,
            debug_enabled: false,
            ui_button_title: String::new(),
            configuration_type: None,
            attribute_mapping: BTreeMap::new(),
            settings: Settings::new(new.kind, environment),
            secret_sealed: None,
            base_url: environment.url.clone(),
            metadata_due_at: None,
            created_at: now,
            updated_at: now,
        })
    }

    /// By which protocol or method people sign in.
    pub fn kind(&self) -> ConnectionType {
        self.settings.kind()
    }

    /// Whether people can sign in through it.
    pub fn is_usable(&self) -> bool {
        self.enabled && self.status() == Status::Completed
    }

    /// How far it is configured. The simulator needs no configuration.
    pub fn status(&self) -> Status {
        let has_secret = self.secret_sealed.is_some();
        if self.provider == Provider::IdpSimulator || self.settings.is_complete(self.provider, has_secret) {
            Status::Completed
        } else if self.settings.is_untouched() && !has_secret {
            Status::Draft
        } else {
            Status::InProgress
        }
    }

    /// Applies a change, whose documents were read and whose secret was sealed before. Tells whether anything is different now.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong; `FAILED_PRECONDITION` if an enabled connection would no longer
    /// be complete.
    pub fn update(
        &mut self,
        now: Timestamp,
        environment: &Environment,
        update: ConnectionUpdate,
        secret_sealed: Change<Vec<u8>>,
    ) -> Result<bool, Error> {
        let before = self.clone();
        secret_sealed.apply(&mut self.secret_sealed);
        self.update_common(environment, &update)?;
        if let Some(settings) = update.settings {
            if let SettingsUpdate::Saml(saml) = &settings
                && let Some(title) = &saml.ui_button_title
            {
                self.set_title("connection.saml_config.", title)?;
            }
            self.settings.update(settings, self.debug_enabled)?;
        }
        if self.enabled && self.status() != Status::Completed {
            return Err(Error::new(
                Kind::FailedPrecondition,
                "the connection is enabled and would no longer be complete: disable it first",
            ));
        }
        let changed = *self != before;
        if changed {
            self.updated_at = now;
        }
        Ok(changed)
    }

    /// What every type has.
    fn update_common(&mut self, environment: &Environment, update: &ConnectionUpdate) -> Result<(), Error> {
        let mut problems = Problems::new("connection.", false);
        if update.kind.is_some_and(|kind| kind != self.kind()) {
            problems.add(
                "type",
                "immutable",
                format!("is {} and cannot change; create another connection", self.kind().as_str()),
            );
        }
        if update.debug_enabled == Some(true) && environment.kind == EnvironmentType::Production {
            problems.add("debug_enabled", "development_only", "is possible in development environments only");
        }
        if let Some(provider) = update.provider {
            check_provider(provider, environment, &mut problems);
        }
        check_key("key_id", update.key_id.as_deref(), &mut problems);
        check_key("provider_key", update.provider_key.as_deref(), &mut problems);
        for (key, value) in update.attribute_mapping.iter().flatten() {
            if text::name_problem(key).or_else(|| text::name_problem(value)).is_some() {
                let text = "must have visible keys and values without control characters";
                problems.add("attribute_mapping", "text", text);
            }
        }
        problems.finish()?;
        if let Some(title) = &update.ui_button_title {
            self.set_title("connection.", title)?;
        }
        self.provider = update.provider.unwrap_or(self.provider);
        if let Some(key) = &update.provider_key {
            self.provider_key.clone_from(key);
        }
        if let Some(key) = &update.key_id {
            self.key_id = Some(key.clone());
        }
        self.debug_enabled = update.debug_enabled.unwrap_or(self.debug_enabled);
        self.configuration_type = update.configuration_type.or(self.configuration_type);
        if let Some(mapping) = &update.attribute_mapping {
            self.attribute_mapping.clone_from(mapping);
        }
        Ok(())
    }

    fn set_title(&mut self, prefix: &'static str, title: &str) -> Result<(), Error> {
        let mut problems = Problems::new(prefix, false);
        if title.chars().count() > MAX_TITLE {
            problems.add("ui_button_title", "string.max_len", "must be at most 200 characters");
        } else if let Some(problem) = text::name_problem(title).filter(|_| !title.is_empty()) {
            problems.add("ui_button_title", "name", problem);
        }
        problems.finish()?;
        title.clone_into(&mut self.ui_button_title);
        Ok(())
    }

    /// `data` of its events, `management.md` 13.4.3. With the state after the change where that is what is told.
    pub fn event_data(&self, with_state: bool) -> Json {
        let mut data = json!({
            "id": self.id.to_string(),
            "organization_id": self.organization.map(|id| id.to_string()).unwrap_or_default(),
            "connection_type": self.kind().as_str(),
            "provider": self.provider.as_str(),
        });
        if let Some(object) = data.as_object_mut().filter(|_| with_state) {
            object.insert("enabled".to_owned(), self.enabled.into());
            object.insert("status".to_owned(), self.status().as_str().into());
        }
        data
    }

    /// The error of a connection that is not there.
    pub fn not_found(id: ConnectionId, organization: Option<OrganizationId>) -> Error {
        match organization {
            Some(organization) => Error::not_found(format!("connection {id} of organization {organization}")),
            None => Error::not_found(format!("connection {id}")),
        }
    }
}

/// Whoever opens the simulator is whom they like to be.
fn check_provider(provider: Provider, environment: &Environment, problems: &mut Problems) {
    if provider == Provider::IdpSimulator && environment.kind == EnvironmentType::Production {
        problems.add(
            "provider",
            "development_only",
            "IDP_SIMULATOR is possible in development environments only",
        );
    }
}

/// Keys stand in URLs.
fn check_key(field: &str, key: Option<&str>, problems: &mut Problems) {
    let Some(key) = key else { return };
    if key.len() > MAX_KEY || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    {
        problems.add(field, "key", "must be at most 300 letters, digits, - _ . and :");
    } else if key.parse::<ConnectionId>().is_ok() {
        problems.add(field, "key", "must not look like the id of a connection");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connections::settings::*, environments::Region, ids::EnvironmentId};

    fn environment(kind: EnvironmentType) -> Environment {
        let time = Timestamp::from_micros(0);
        Environment {
            id: EnvironmentId::from_i64(1),
            display_name: "Test".into(),
            domain: "auth.example:8080".into(),
            custom_domain: None,
            url: "https://auth.example:8080".into(),
            kind,
            region: Region::Us,
            settings: crate::environments::Settings::default(),
            created_at: time,
            updated_at: time,
        }
    }

    fn made(kind: ConnectionType, provider: Provider) -> Connection {
        let organization = kind.is_of_organization().then(|| OrganizationId::from_i64(2));
        let new = NewConnection {
            organization,
            provider: Some(provider),
            kind,
            provider_key: String::new(),
            key_id: None,
            context: "{}".into(),
        };
        let environment = environment(EnvironmentType::Development);
        Connection::new(ConnectionId::from_i64(3), Timestamp::from_micros(0), &environment, new).unwrap()
    }

    fn update(connection: &mut Connection, update: ConnectionUpdate) -> Result<bool, Error> {
        let environment = environment(EnvironmentType::Development);
        connection.update(Timestamp::from_micros(5), &environment, update, Change::Keep)
    }

    fn oidc(settings: OidcUpdate) -> ConnectionUpdate {
        ConnectionUpdate { settings: Some(SettingsUpdate::Oidc(settings)), ..Default::default() }
    }

    #[test]
    fn a_connection_is_complete_when_all_that_is_needed_is_there() {
        let mut connection = made(ConnectionType::Oidc, Provider::Okta);
        assert_eq!(connection.status(), Status::Draft);
        let text = |text: &str| Some(text.to_owned());
        assert!(
            update(&mut connection, oidc(OidcUpdate { client_id: text("x"), ..Default::default() })).unwrap()
        );
        assert_eq!((connection.status(), connection.updated_at.as_micros()), (Status::InProgress, 5));
        connection.secret_sealed = Some(vec![1]);
        let endpoints = || OidcUpdate {
            issuer: text("https://i.example"),
            authorize_uri: text("https://i.example/a"),
            token_uri: text("https://i.example/t"),
            jwks_uri: text("https://i.example/k"),
            ..Default::default()
        };
        update(&mut connection, oidc(endpoints())).unwrap();
        assert_eq!(connection.status(), Status::Completed);
        assert!(!update(&mut connection, oidc(endpoints())).unwrap(), "nothing is different");
        connection.enabled = true;
        let gone = oidc(OidcUpdate { token_uri: text(""), ..Default::default() });
        assert_eq!(update(&mut connection, gone).unwrap_err().kind(), Kind::FailedPrecondition);
    }

    #[test]
    fn some_need_nothing() {
        assert_eq!(made(ConnectionType::Oidc, Provider::IdpSimulator).status(), Status::Completed);
        assert_eq!(made(ConnectionType::Saml, Provider::IdpSimulator).status(), Status::Completed);
        assert_eq!(made(ConnectionType::Passwordless, Provider::Scalekit).status(), Status::Completed);
        let passkeys = made(ConnectionType::WebAuthn, Provider::Scalekit);
        assert_eq!(passkeys.status(), Status::Completed);
        let Settings::WebAuthn(settings) = passkeys.settings else { panic!() };
        assert_eq!(
            (settings.rp.ids[0].as_str(), settings.rp.origins[0].as_str()),
            ("auth.example", "https://auth.example:8080")
        );
    }

    #[test]
    fn a_provider_has_a_name_or_a_key() {
        assert_eq!(Provider::named(None, "google"), Provider::Google);
        assert_eq!(Provider::named(None, "our-idp"), Provider::Custom);
        assert_eq!(Provider::named(Some(Provider::Okta), "google"), Provider::Okta);
        assert_eq!(made(ConnectionType::OAuth, Provider::GitHub).provider_key, "github");
        assert_eq!(made(ConnectionType::Saml, Provider::Okta).provider_key, "");
    }

    #[test]
    fn plain_http_is_for_development() {
        let mut connection = made(ConnectionType::Oidc, Provider::Custom);
        let http = || OidcUpdate { token_uri: Some("http://i.example/t".into()), ..Default::default() };
        assert!(update(&mut connection, oidc(http())).is_err());
        let debug = || ConnectionUpdate { debug_enabled: Some(true), ..oidc(http()) };
        let production = environment(EnvironmentType::Production);
        let refused = connection
            .clone()
            .update(Timestamp::from_micros(5), &production, debug(), Change::Keep)
            .unwrap_err();
        assert_eq!(refused.field_violations()[0].field, "connection.debug_enabled");
        assert!(update(&mut connection, debug()).unwrap());
    }

    #[test]
    fn a_masked_secret_changes_nothing() {
        let secret = |text: &str| {
            let client_secret = Some(Secret::new(text.to_owned()));
            oidc(OidcUpdate { client_secret, ..Default::default() }).secret()
        };
        assert!(matches!(secret(MASK), Ok(Change::Keep)));
        assert!(matches!(secret(""), Ok(Change::Clear)));
        assert!(matches!(secret("s3cret"), Ok(Change::Set(_))));
        assert!(secret("a\r\nb").is_err());
        assert!(secret(&"x".repeat(4097)).is_err());
    }

    #[test]
    fn settings_survive_storage() {
        for kind in [
            ConnectionType::Oidc,
            ConnectionType::Saml,
            ConnectionType::OAuth,
            ConnectionType::Passwordless,
            ConnectionType::WebAuthn,
        ] {
            let settings = made(kind, Provider::Custom).settings;
            assert_eq!(Settings::parse(kind, &settings.to_json().unwrap()).unwrap(), settings);
        }
        // What an older version stored lacks what a newer one has.
        assert!(Settings::parse(ConnectionType::Saml, "{}").is_ok());
    }
}
