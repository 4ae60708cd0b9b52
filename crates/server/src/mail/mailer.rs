//! Where mails go on this installation.
use super::smtp::Smtp;
use crate::config::{Config, ConfigError, EnvironmentType};
use lettre::{Address, message::Mailbox};

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
    app_name: String,
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
        let app_name = settings.from_name.0.clone();
        let address = match &settings.from_address {
            Some(address) => address.0.clone(),
            None => Address::new("no-reply", "localhost")
                .map_err(|error| ConfigError::new(format!("no sender: {error}")))?,
        };
        Ok(Self { delivery, from: Mailbox::new(Some(app_name.clone()), address), app_name })
    }

    /// Where mails go.
    pub fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// Who they come from.
    pub(super) fn from(&self) -> &Mailbox {
        &self.from
    }

    /// What they call the application, unless it has a name of its own.
    pub(super) fn app_name(&self) -> &str {
        &self.app_name
    }
}
