//! The configuration: one TOML file, then environment variables, then flags; the later is the stronger.
//!
//! Each section is one file and one struct; a key's name, type, default and documentation are written once, there.
mod database;
mod development;
mod dns;
mod error;
mod limits;
mod mail;
mod outbound;
mod rate;
mod section;
mod security;
mod server;
mod sessions;
mod social;
mod sources;
mod telemetry;
mod tls;
mod units;

pub use crate::db::DatabaseUrl;
pub use database::Database;
pub use development::Development;
pub use dns::{Dns, NameServer};
pub use error::ConfigError;
pub use limits::Limits;
pub use mail::{FromAddress, FromName, Mail, Password, Port, SmtpSecurity};
pub use outbound::Outbound;
pub use rate::Rate;
pub use section::{Key, Setting};
pub use security::{EnvironmentType, Security};
pub use server::{PublicUrl, Server};
pub use sessions::Sessions;
pub use social::Social;
pub use sources::{Raw, Sources, variable};
pub use telemetry::{LogFilter, LogFormat, OtlpEndpoint, Telemetry};
pub use tls::{Tls, TlsMode};
pub use units::{Count, Listen, Network, Size, Span};

use sources::Values;
use std::{collections::BTreeSet, net::SocketAddr, path::PathBuf};

/// Everything that can be set, checked. Its `Debug` has no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[database]`
    pub database: Database,
    /// `[tls]`
    pub tls: Tls,
    /// `[limits]`
    pub limits: Limits,
    /// `[telemetry]`
    pub telemetry: Telemetry,
    /// `[security]`
    pub security: Security,
    /// `[rate]`
    pub rate: Rate,
    /// `[dns]`
    pub dns: Dns,
    /// `[mail]`
    pub mail: Mail,
    /// `[outbound]`
    pub outbound: Outbound,
    /// `[sessions]`
    pub sessions: Sessions,
    /// `[development]`
    pub development: Development,
    /// `[social]`
    pub social: Social,
    /// The file that was read.
    pub file: Option<PathBuf>,
    set: BTreeSet<&'static str>,
}

impl Config {
    /// Reads and checks all sources. `&Sources::default()` gives the defaults.
    ///
    /// # Errors
    /// The first unknown key or bad value, with where it is, what was expected and the nearest known key.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let values = Values::read(sources)?;
        let mut config = Self {
            server: Server::read(&values)?,
            database: Database::read(&values)?,
            tls: Tls::read(&values)?,
            limits: Limits::read(&values)?,
            telemetry: Telemetry::read(&values)?,
            security: Security::read(&values)?,
            rate: Rate::read(&values)?,
            dns: Dns::read(&values)?,
            mail: Mail::read(&values)?,
            outbound: Outbound::read(&values)?,
            sessions: Sessions::read(&values)?,
            development: Development::read(&values)?,
            social: Social::read(&values)?,
            file: sources.file.clone(),
            set: values.keys().collect(),
        };
        config.settle_tls(&values)?;
        config.settle_database(&values)?;
        config.mail.settle(&values)?;
        config.social.check()?;
        if config.limits.max_header_size.0 < 8192 {
            return Err(
                ConfigError::new("limits.max_header_size is too small").with_help("expected at least 8KiB")
            );
        }
        Ok(config)
    }

    /// Whether somebody set the key, rather than its default being used.
    pub fn is_set(&self, key: &str) -> bool {
        self.set.contains(key)
    }

    /// The URL that clients use. Once the port is known, put the real address into `server.listen`.
    pub fn public_url(&self) -> PublicUrl {
        let https = self.tls.mode != TlsMode::Off;
        let port = self.server.listen.port();
        self.server.public_url.clone().unwrap_or_else(|| PublicUrl::localhost(https, port))
    }

    /// The database to open.
    pub fn database_url(&self) -> DatabaseUrl {
        let file = || DatabaseUrl::Sqlite(self.server.data_dir.join("gatewright.db"));
        self.database.url.clone().unwrap_or_else(file)
    }

    /// The file of the master key.
    pub fn master_key_file(&self) -> PathBuf {
        let file = || self.server.data_dir.join("master.key");
        self.security.master_key_file.clone().unwrap_or_else(file)
    }

    /// The file that gets the first credentials, for a shell to read.
    pub fn credentials_file(&self) -> PathBuf {
        self.server.data_dir.join("credentials.env")
    }

    /// The folder of the local certificate authority.
    pub fn local_tls_dir(&self) -> PathBuf {
        self.server.data_dir.join("tls")
    }

    /// Puts in the address that the listener really has.
    pub fn set_listen(&mut self, address: SocketAddr) {
        self.server.listen = address;
    }

    /// The certificate files imply the mode; half of a pair is an error.
    fn settle_tls(&mut self, values: &Values) -> Result<(), ConfigError> {
        let place = |key| values.origin(key).unwrap_or("the defaults").to_owned();
        match (&self.tls.cert, &self.tls.key, self.tls.mode) {
            (Some(_), Some(_), TlsMode::Off) if !self.is_set("tls.mode") => self.tls.mode = TlsMode::Files,
            (Some(_), Some(_), TlsMode::Files) | (None, None, TlsMode::Off | TlsMode::Local) => {}
            (Some(_), None, _) => {
                let message = format!("tls.cert is set in {}, but tls.key is not", place("tls.cert"));
                return Err(
                    ConfigError::new(message).with_help("set both (--tls-cert and --tls-key), or neither")
                );
            }
            (None, Some(_), _) => {
                let message = format!("tls.key is set in {}, but tls.cert is not", place("tls.key"));
                return Err(
                    ConfigError::new(message).with_help("set both (--tls-cert and --tls-key), or neither")
                );
            }
            (None, None, TlsMode::Files) => {
                let message = format!("tls.mode is \"files\" in {}, but there are none", place("tls.mode"));
                return Err(ConfigError::new(message)
                    .with_help("set tls.cert and tls.key (--tls-cert and --tls-key)"));
            }
            (Some(_), Some(_), mode) => {
                let message = format!("tls.mode is \"{mode}\" in {}, but tls.cert is set", place("tls.mode"));
                return Err(
                    ConfigError::new(message).with_help("leave tls.mode out, or remove tls.cert and tls.key")
                );
            }
        }
        Ok(())
    }

    /// A URL in a file becomes the URL.
    fn settle_database(&mut self, values: &Values) -> Result<(), ConfigError> {
        let Some(path) = self.database.url_file.clone() else { return Ok(()) };
        let place = values.origin("database.url_file").unwrap_or("the defaults");
        if self.database.url.is_some() {
            return Err(ConfigError::new(format!(
                "database.url and database.url_file ({place}) are both set"
            ))
            .with_help("set one of them"));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let message = format!("cannot read {} (database.url_file in {place}): {error}", path.display());
            ConfigError::new(message).with_help("the file must hold the database URL alone")
        })?;
        let url = DatabaseUrl::parse(&Raw::Text(text)).map_err(|why| {
            ConfigError::new(format!("bad database URL in {}: {why}", path.display()))
                .with_help(format!("expected {}", DatabaseUrl::EXPECTED))
        })?;
        self.database.url = Some(url);
        Ok(())
    }
}

/// Every key there is, in the order of the documentation.
pub fn reference() -> impl Iterator<Item = &'static Key> {
    [
        Server::KEYS,
        Database::KEYS,
        Tls::KEYS,
        Limits::KEYS,
        Telemetry::KEYS,
        Security::KEYS,
        Rate::KEYS,
        Dns::KEYS,
        Mail::KEYS,
        Outbound::KEYS,
        Sessions::KEYS,
        Development::KEYS,
        Social::KEYS,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests;
