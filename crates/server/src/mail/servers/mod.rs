//! Mail servers of the environment's own, and how mails are signed without one.
//!
//! Invariants: at most one server is in use, by a key of the database; a password is stored sealed and never shown; the
//! way to a server is always TLS.
mod grpc;
mod ops;
mod route;
pub(super) mod store;

pub(super) use grpc::routes;
pub(super) use route::open;

use crate::{error::Error, ids::EmailServerId, secret::Secret, stored::stored_enum, text, time::Timestamp};
use lettre::{Address, message::Mailbox};

stored_enum! {
    /// Who runs it.
    Provider {
        /// SendGrid.
        Sendgrid = "SENDGRID",
        /// Postmark.
        Postmark = "POSTMARK",
        /// Anybody else.
        Other = "OTHER",
    }
}

/// A server, without its password.
#[derive(Clone, Debug)]
pub struct EmailServer {
    /// `esr_…`
    pub id: EmailServerId,
    /// Who runs it.
    pub provider: Provider,
    /// How it is reached.
    pub settings: Settings,
    /// Whether it is in use.
    pub enabled: bool,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// How a server is reached, and who its mails come from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name or address.
    pub host: String,
    /// 465: TLS from the first byte; every other: STARTTLS.
    pub port: u16,
    /// The account.
    pub username: String,
    /// Who mails come from.
    pub from: Mailbox,
}

/// The same as a request has it.
#[derive(Debug)]
pub struct NewSettings {
    /// Name or address.
    pub host: String,
    /// 1 to 65535
    pub port: i64,
    /// The account.
    pub username: String,
    /// Empty leaves the stored one.
    pub password: Secret<String>,
    /// Who mails come from.
    pub from_email: String,
    /// The name with it.
    pub from_name: String,
}

impl NewSettings {
    /// Checks what the proto cannot say.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`
    pub fn check(self) -> Result<(Settings, Option<Secret<String>>), Error> {
        let bad = |field: &str, problem: &'static str| {
            Error::invalid(format!("settings.{field}"), "email_server.settings", problem)
        };
        let host = url::Host::parse(&self.host)
            .map_err(|_| bad("host", "must be the name or address of a server, such as smtp.acme.example"))?;
        let port = u16::try_from(self.port).ok().filter(|port| *port > 0);
        let port = port.ok_or_else(|| bad("port", "must be 1 to 65535"))?;
        // SASL PLAIN (RFC 4616) ends the name with a control character.
        let visible = "must not contain control characters";
        if self.username.chars().any(char::is_control) {
            return Err(bad("username", visible));
        }
        let password = Some(self.password).filter(|password| !password.expose().is_empty());
        if password.as_ref().is_some_and(|text| text.expose().chars().any(char::is_control)) {
            return Err(bad("password", visible));
        }
        let from_name = parse_from_name(&self.from_name).map_err(|problem| bad("from_name", problem))?;
        let address: Option<Address> =
            Some(&self.from_email).filter(|text| is_plain(text)).and_then(|text| text.parse().ok());
        let address = address.ok_or_else(|| bad("from_email", "must be an e-mail address in ASCII"))?;
        let settings = Settings {
            host: host.to_string().trim_matches(['[', ']']).to_owned(),
            port,
            username: self.username,
            from: Mailbox::new(Some(from_name), address),
        };
        Ok((settings, password))
    }
}

fn is_plain(text: &str) -> bool {
    text.is_ascii() && !text.contains('"')
}

/// A sender's name, in one line.
fn parse_from_name(name: &str) -> Result<String, &'static str> {
    let name = name.trim();
    text::name_problem(name).map_or_else(|| Ok(name.to_owned()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> NewSettings {
        NewSettings {
            host: "smtp.acme.example".to_owned(),
            port: 587,
            username: "acme".to_owned(),
            password: Secret::new("hunter2".to_owned()),
            from_email: "no-reply@acme.example".to_owned(),
            from_name: "Acme".to_owned(),
        }
    }

    #[test]
    fn a_server_has_a_name_or_an_address() {
        for (host, stored) in [
            ("SMTP.acme.example", "smtp.acme.example"),
            ("192.0.2.1", "192.0.2.1"),
            ("[2001:db8::1]", "2001:db8::1"),
        ] {
            let (settings, password) = NewSettings { host: host.to_owned(), ..new() }.check().unwrap();
            assert_eq!((settings.host.as_str(), password.unwrap().expose().as_str()), (stored, "hunter2"));
        }
        let kept = NewSettings { password: Secret::new(String::new()), ..new() }.check().unwrap();
        assert!(kept.1.is_none());
    }

    #[test]
    fn what_makes_no_mail_is_refused() {
        let text = str::to_owned;
        for (bad, field) in [
            (NewSettings { host: text("smtp acme"), ..new() }, "settings.host"),
            (NewSettings { host: text("acme.example:25"), ..new() }, "settings.host"),
            (NewSettings { port: 0, ..new() }, "settings.port"),
            (NewSettings { port: 65536, ..new() }, "settings.port"),
            (NewSettings { port: -1, ..new() }, "settings.port"),
            (NewSettings { username: text("a\0b"), ..new() }, "settings.username"),
            (NewSettings { password: Secret::new(text("a\r\nQUIT")), ..new() }, "settings.password"),
            (NewSettings { from_email: text("acme.example"), ..new() }, "settings.from_email"),
            (NewSettings { from_email: text("a@b.example, c@d.example"), ..new() }, "settings.from_email"),
            (
                NewSettings { from_email: text("a@b.example\r\nBcc: c@d.example"), ..new() },
                "settings.from_email",
            ),
            (NewSettings { from_name: text(" "), ..new() }, "settings.from_name"),
            (NewSettings { from_name: text("Acme\r\nBcc: a@b.example"), ..new() }, "settings.from_name"),
        ] {
            assert_eq!(bad.check().unwrap_err().field_violations()[0].field, field);
        }
    }
}
