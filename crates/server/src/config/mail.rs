//! `[mail]`: how mails to users are sent.
use super::{
    ConfigError, Values,
    section::{Setting, section, text},
    sources::Raw,
    units::{Span, words},
};
use crate::secret::Secret;
use lettre::Address;
use std::path::PathBuf;

section! {
    /// How mails to users are sent.
    Mail = "mail" {
        /// Name or address of the SMTP server. Unset: in development, mails are kept in an inbox beside `/metrics`; in
        /// production, mail is off.
        smtp_host: Option<String> = "";
        /// Its port. Unset: 587 with STARTTLS, 465 with TLS, 25 with neither.
        smtp_port: Option<Port> = "";
        /// `starttls`: TLS after the greeting, always; `tls`: from the first byte; `none`: never.
        smtp_security: SmtpSecurity = "starttls";
        /// Account at the SMTP server. Unset: no authentication.
        smtp_username: Option<String> = "";
        /// The account's password.
        smtp_password: Option<Password> = "";
        /// A file that holds the password. Not together with `smtp_password`.
        smtp_password_file: Option<PathBuf> = "";
        /// PEM file of an authority to trust beside those of the system.
        smtp_ca_file: Option<PathBuf> = "";
        /// Address that mails come from. Needed with `smtp_host`.
        from_address: Option<FromAddress> = "";
        /// Name that mails come from, and that they call the application.
        from_name: FromName = "Gatewright";
        /// How long the SMTP server may take for one answer, at most `60s`.
        timeout: Span = "20s";
    }
}

/// How the connection to the SMTP server is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS after the greeting.
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// None.
    None,
}
words!(SmtpSecurity, "starttls, tls or none", "starttls" => Starttls, "tls" => Tls, "none" => None);

impl SmtpSecurity {
    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Starttls => "STARTTLS",
            Self::Tls => "TLS",
            Self::None => "clear text",
        }
    }
}

/// A TCP port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port(pub u16);

impl Setting for Port {
    const EXPECTED: &'static str = "a port from 1 to 65535";
    fn parse(raw: &Raw) -> Result<Self, String> {
        match text(raw)?.parse() {
            Ok(port @ 1..) => Ok(Self(port)),
            _ => Err(String::new()),
        }
    }
}

/// A password; never shown.
#[derive(Clone, Debug)]
pub struct Password(pub Secret<String>);

impl Setting for Password {
    const EXPECTED: &'static str = "a text";
    fn parse(raw: &Raw) -> Result<Self, String> {
        text(raw).map(|text| Self(Secret::new(text.to_owned())))
    }
}

/// An e-mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromAddress(pub Address);

impl Setting for FromAddress {
    const EXPECTED: &'static str = "an e-mail address, such as no-reply@acme.example";
    fn parse(raw: &Raw) -> Result<Self, String> {
        let text = text(raw)?;
        if !text.is_ascii() || text.contains('"') {
            return Err("must be ASCII, without a quoted part".to_owned());
        }
        let address: Address = text.parse().map_err(|_| String::new())?;
        Ok(Self(address))
    }
}

/// A name in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromName(pub String);

impl Setting for FromName {
    const EXPECTED: &'static str = "a name of 1 to 100 characters";
    fn parse(raw: &Raw) -> Result<Self, String> {
        let name = text(raw)?.trim();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(String::new());
        }
        Ok(Self(name.to_owned()))
    }
}

impl Mail {
    /// The port of the SMTP server.
    pub fn port(&self) -> u16 {
        let usual = match self.smtp_security {
            SmtpSecurity::Starttls => 587,
            SmtpSecurity::Tls => 465,
            SmtpSecurity::None => 25,
        };
        self.smtp_port.map_or(usual, |port| port.0)
    }

    /// What goes together goes together; a password in a file becomes the password.
    pub(super) fn settle(&mut self, values: &Values) -> Result<(), ConfigError> {
        let place = |key| values.origin(key).unwrap_or("the defaults").to_owned();
        let wrong = |message: String, help: &'static str| Err(ConfigError::new(message).with_help(help));
        if let Some(path) = &self.smtp_password_file {
            let origin = place("mail.smtp_password_file");
            if self.smtp_password.is_some() {
                let message =
                    format!("mail.smtp_password and mail.smtp_password_file ({origin}) are both set");
                return wrong(message, "set one of them");
            }
            let text = std::fs::read_to_string(path).map_err(|error| {
                let shown = path.display();
                ConfigError::new(format!(
                    "cannot read {shown} (mail.smtp_password_file in {origin}): {error}"
                ))
                .with_help("the file must hold the password alone")
            })?;
            self.smtp_password = Some(Password(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned())));
        }
        if self.timeout.0.as_secs() > 60 {
            return wrong(
                format!("mail.timeout in {} is too long", place("mail.timeout")),
                "expected at most 60s",
            );
        }
        let Some(host) = &self.smtp_host else {
            let alone =
                ["mail.smtp_port", "mail.smtp_username", "mail.smtp_password", "mail.smtp_password_file"];
            return match alone.into_iter().find(|key| values.origin(key).is_some()) {
                Some(key) => wrong(
                    format!("{key} is set in {}, but mail.smtp_host is not", place(key)),
                    "set mail.smtp_host, or leave both out",
                ),
                None => Ok(()),
            };
        };
        if self.from_address.is_none() {
            let message =
                format!("mail.smtp_host is set in {}, but mail.from_address is not", place("mail.smtp_host"));
            return wrong(message, "set mail.from_address to an address that the server may send from");
        }
        if self.smtp_username.is_some() != self.smtp_password.is_some() {
            return wrong(
                "mail.smtp_username and mail.smtp_password belong together".to_owned(),
                "set both, or neither",
            );
        }
        let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if self.smtp_username.is_some() && self.smtp_security == SmtpSecurity::None && !here {
            return wrong(
                format!(
                    "mail.smtp_security in {} would send the password in clear",
                    place("mail.smtp_security")
                ),
                "use starttls or tls",
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, ConfigError, Sources};

    fn load(flags: &[(&'static str, &str)]) -> Result<Config, ConfigError> {
        let flags = flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        Config::load(&Sources { flags, ..Sources::default() })
    }

    const HOST: (&str, &str) = ("mail.smtp_host", "smtp.acme.example");
    const FROM: (&str, &str) = ("mail.from_address", "no-reply@acme.example");

    #[test]
    fn the_port_follows_the_security() {
        for (security, port) in [("starttls", 587), ("tls", 465), ("none", 25)] {
            assert_eq!(load(&[HOST, FROM, ("mail.smtp_security", security)]).unwrap().mail.port(), port);
        }
        assert_eq!(load(&[HOST, FROM, ("mail.smtp_port", "2525")]).unwrap().mail.port(), 2525);
    }

    #[test]
    fn what_belongs_together_is_set_together() {
        let error = |flags: &[(&'static str, &str)]| load(flags).unwrap_err().to_string();
        assert!(error(&[HOST]).contains("mail.from_address is not"));
        assert!(error(&[("mail.smtp_username", "acme")]).contains("mail.smtp_host is not"));
        assert!(error(&[HOST, FROM, ("mail.smtp_username", "acme")]).contains("belong together"));
        let account = [HOST, FROM, ("mail.smtp_username", "acme"), ("mail.smtp_password", "hunter2")];
        let clear = [&account[..], &[("mail.smtp_security", "none")]].concat();
        assert!(error(&clear).contains("in clear"));
        let here = [&clear[..], &[("mail.smtp_host", "127.0.0.1")]].concat();
        assert!(load(&here).is_ok());
        assert!(error(&[HOST, FROM, ("mail.timeout", "61s")]).contains("too long"));
    }

    #[test]
    fn values_that_make_no_mail_are_refused() {
        for (key, value) in [
            ("mail.from_address", "acme.example"),
            ("mail.from_address", "a@acme.example, b@acme.example"),
            ("mail.from_address", "\"a b\"@acme.example"),
            ("mail.from_address", "a@acme.example\r\nBcc: b@acme.example"),
            ("mail.from_name", " "),
            ("mail.from_name", "Acme\r\nBcc: b@acme.example"),
            ("mail.smtp_port", "0"),
            ("mail.smtp_port", "65536"),
            ("mail.smtp_security", "ssl"),
        ] {
            assert!(load(&[HOST, FROM, (key, value)]).is_err(), "{key} = {value:?}");
        }
    }

    #[test]
    fn the_password_can_be_in_a_file_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "hunter2 \n").unwrap();
        let file = file.display().to_string();
        let account =
            [HOST, FROM, ("mail.smtp_username", "acme"), ("mail.smtp_password_file", file.as_str())];
        let config = load(&account).unwrap();
        assert_eq!(config.mail.smtp_password.as_ref().unwrap().0.expose(), "hunter2 ");
        assert!(!format!("{config:?}").contains("hunter2"));
        let both = [&account[..], &[("mail.smtp_password", "hunter2")]].concat();
        let error = load(&both).unwrap_err();
        assert!(error.to_string().contains("both set") && !error.to_string().contains("hunter2"));
    }
}
