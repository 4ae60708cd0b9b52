//! Plain data of log streams, and the rules on it.
use crate::{
    ctx::Ctx,
    error::{Error, Kind},
    ids::LogStreamId,
    secret::Secret,
    text,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use url::Url;

const MAX_EVENT_TYPES: usize = 50;
const MAX_CREDENTIAL: usize = 512;
const MAX_URL: usize = 2048;
/// Datadog's sites are these and names below them: an API key goes nowhere else.
const DATADOG_SITES: [&str; 3] = ["datadoghq.com", "datadoghq.eu", "ddog-gov.com"];

/// Where the events go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Config {
    /// A site of Datadog.
    Datadog {
        /// `datadoghq.eu`
        site: String,
    },
    /// A CrowdStrike Falcon instance.
    Crowdstrike {
        /// Its ingest URL.
        ingest_url: String,
    },
}

impl Config {
    /// As stored, and as the API says it.
    pub const fn provider(&self) -> &'static str {
        match self {
            Self::Datadog { .. } => "DATADOG",
            Self::Crowdstrike { .. } => "CROWDSTRIKE",
        }
    }

    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Datadog { site } => {
                let is_site = |known: &&str| site == *known || site.ends_with(&format!(".{known}"));
                let is_host = site.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
                if !is_host || !DATADOG_SITES.iter().any(is_site) {
                    let description = "must be a site of Datadog, such as datadoghq.eu";
                    return Err(Error::invalid(
                        "log_stream.config.datadog.site",
                        "datadog_site",
                        description,
                    ));
                }
            }
            Self::Crowdstrike { ingest_url } => {
                let url = Url::parse(ingest_url).ok().filter(|_| ingest_url.len() <= MAX_URL);
                let is_good = |url: &Url| {
                    url.scheme() == "https" && url.username().is_empty() && url.password().is_none()
                };
                if !url.as_ref().is_some_and(is_good) {
                    let description = "must be an https URL without a user name, at most 2048 characters";
                    return Err(Error::invalid(
                        "log_stream.config.crowdstrike.ingest_url",
                        "uri",
                        description,
                    ));
                }
            }
        }
        Ok(())
    }
}

/// A log stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogStream {
    /// `lgs_…`
    pub id: LogStreamId,
    /// For people, 1 to 255 characters.
    pub display_name: String,
    /// Whether events are sent.
    pub enabled: bool,
    /// Where to.
    pub config: Config,
    /// Last characters of the credential.
    pub credential_hint: String,
    /// Types of events; empty means all.
    pub event_types: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A log stream as written: to be made, or what to change of one, where what is absent stays.
#[derive(Debug, Default)]
pub struct Values {
    /// See [`LogStream::display_name`].
    pub display_name: String,
    /// See [`LogStream::enabled`].
    pub enabled: Option<bool>,
    /// `DATADOG` or `CROWDSTRIKE`; empty in an update that does not say it.
    pub provider: &'static str,
    /// See [`LogStream::config`].
    pub config: Option<Config>,
    /// The provider that the credential is for, and the credential.
    pub credential: Option<(&'static str, Secret<String>)>,
    /// See [`LogStream::event_types`].
    pub event_types: Vec<String>,
}

impl LogStream {
    /// A new stream, and its credential.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a bad value.
    pub fn new(ctx: &Ctx, mut values: Values) -> Result<(Self, Secret<String>), Error> {
        let config = values.config.take();
        let config = config.ok_or_else(|| Error::invalid("log_stream.config", "required", "is required"))?;
        let mut stream = Self {
            id: ctx.new_id(),
            display_name: String::new(),
            enabled: true,
            config,
            credential_hint: String::new(),
            event_types: Vec::new(),
            created_at: ctx.now(),
            updated_at: ctx.now(),
        };
        if values.provider.is_empty() {
            return Err(Error::invalid("log_stream.provider", "required", "is required"));
        }
        let credential = stream
            .update(ctx, values)?
            .ok_or_else(|| Error::invalid("log_stream.credentials", "required", "is required"))?;
        Ok((stream, credential))
    }

    /// Changes what `values` has. Gives the new credential, if there is one.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a bad value, or another provider.
    pub fn update(&mut self, ctx: &Ctx, values: Values) -> Result<Option<Secret<String>>, Error> {
        let provider = self.config.provider();
        let of_other = |name: &str| !name.is_empty() && name != provider;
        let given = [
            ("log_stream.provider", values.provider),
            ("log_stream.config", values.config.as_ref().map_or("", Config::provider)),
            ("log_stream.credentials", values.credential.as_ref().map_or("", |(name, _)| name)),
        ];
        if let Some((field, _)) = given.iter().find(|(_, name)| of_other(name)) {
            return Err(Error::invalid(*field, "provider", format!("must be for {provider}")));
        }
        if !values.display_name.is_empty() {
            self.display_name = values.display_name;
        }
        self.enabled = values.enabled.unwrap_or(self.enabled);
        if let Some(config) = values.config {
            self.config = config;
        }
        if !values.event_types.is_empty() {
            self.event_types = values.event_types;
        }
        let credential = values.credential.map(|(_, credential)| credential);
        if let Some(credential) = &credential {
            self.credential_hint = hint(credential.expose())?;
        }
        self.check()?;
        self.updated_at = ctx.now();
        Ok(credential)
    }

    fn check(&self) -> Result<(), Error> {
        if let Some(description) = text::name_problem(&self.display_name) {
            return Err(Error::invalid("log_stream.display_name", "name", description));
        }
        if self.event_types.len() > MAX_EVENT_TYPES {
            let description = format!("must have at most {MAX_EVENT_TYPES} items");
            return Err(Error::invalid("log_stream.event_types", "repeated.max_items", description));
        }
        let is_name = |name: &String| {
            (1..=100).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b"._".contains(&b))
        };
        if let Some(index) = self.event_types.iter().position(|name| !is_name(name)) {
            let description = "must be a type of event, such as organization.created";
            return Err(Error::invalid(
                format!("log_stream.event_types[{index}]"),
                "event_type",
                description,
            ));
        }
        self.config.check()
    }

    /// The error for one that does not exist.
    pub fn not_found(id: LogStreamId) -> Error {
        Error::not_found(format!("log stream {id}"))
    }
}

/// Google's own way in needs a service account of the installation's.
pub fn no_service_account() -> Error {
    Error::new(
        Kind::FailedPrecondition,
        "events cannot be sent to GOOGLE_SECOPS: this installation has no Google service account",
    )
}

/// What a credential is recognised by: of a short one nothing is shown.
fn hint(credential: &str) -> Result<String, Error> {
    if credential.len() > MAX_CREDENTIAL || !credential.bytes().all(|byte| byte.is_ascii_graphic()) {
        let description = "must be 1 to 512 printable ASCII characters";
        return Err(Error::invalid("log_stream.credentials", "credential", description));
    }
    let shown = if credential.len() >= 16 { credential.len() - 4 } else { credential.len() };
    Ok(format!("****{}", credential.get(shown..).unwrap_or_default()))
}
