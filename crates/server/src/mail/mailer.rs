//! Where mails go on this installation.
use super::smtp::Smtp;
use crate::config::{Config, ConfigError, EnvironmentType};
use lettre::{Address, message::Mailbox};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Where mails go.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// To users, by an SMTP server.
    Smtp(Smtp),
    /// Nowhere: developers read them in the browser.
    Inbox,
    /// Nowhere; production without an SMTP server.
    Off,
}

/// Sends mails, or keeps them.
#[derive(Clone, Debug)]
pub struct Mailer {
    delivery: Delivery,
    from: Mailbox,
    ca_file: Option<PathBuf>,
    timeout: Duration,
    greeting: String,
}

impl Mailer {
    /// As the configuration says. Nothing is connected yet.
    ///
    /// # Errors
    /// The file of authorities cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let settings = &config.mail;
        let delivery = match (&settings.smtp_host, config.security.environment_type) {
            (Some(host), _) => Delivery::Smtp(Smtp::new(settings, host, config.public_url().host())?),
            (None, EnvironmentType::Development) => Delivery::Inbox,
            (None, EnvironmentType::Production) => Delivery::Off,
        };
        let address = match &settings.from_address {
            Some(address) => address.0.clone(),
            None => Address::new("no-reply", "localhost")
                .map_err(|error| ConfigError::new(format!("no sender: {error}")))?,
        };
        Ok(Self {
            delivery,
            from: Mailbox::new(Some(settings.from_name.0.clone()), address),
            ca_file: settings.smtp_ca_file.clone(),
            timeout: settings.timeout.0,
            greeting: config.public_url().host().to_owned(),
        })
    }

    /// Where mails go.
    pub fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// Who they come from. The name is also what they call the application, unless it has one of its own.
    pub(super) fn from(&self) -> &Mailbox {
        &self.from
    }

    /// An authority that mail servers are trusted by beside those of the system.
    pub(super) fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// How long a mail server may take for one answer.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// What this server calls itself to mail servers.
    pub(super) fn greeting(&self) -> &str {
        &self.greeting
    }
}
