//! From a stored mail to a message (RFC 5322, RFC 2046): rendered when it is sent, so that nothing rendered is stored.
use super::{
    model::{Mail, UseCase, check_link, one_line, relative},
    words::{self, Facts, Words},
};
use crate::{error::Error, time::Timestamp};
use askama::Template;
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use std::time::{Duration, SystemTime};

/// A mail in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// `text/plain`
    pub text: String,
    /// `text/html`
    pub html: String,
}

/// What both templates are filled with.
struct Content<'a> {
    words: Words,
    app: &'a str,
    user: Option<&'a str>,
    otp: Option<&'a str>,
    link: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "mail/mail.html")]
struct Html<'a> {
    it: &'a Content<'a>,
}

#[derive(Template)]
#[template(path = "mail/mail.txt", escape = "none")]
struct Text<'a> {
    it: &'a Content<'a>,
}

/// The mail in our own words, as it reads at `now`.
///
/// # Errors
/// `INTERNAL` for a link that leads nowhere on the web.
pub fn render(from: &Mailbox, mail: &Mail, now: Timestamp) -> Result<Rendered, Error> {
    let variables = &mail.variables;
    if let Some(link) = &variables.link {
        check_link(link)?;
    }
    let line = |text: &Option<String>| text.as_deref().map(one_line).filter(|line| !line.is_empty());
    let app = line(&variables.app_name).unwrap_or_else(|| app_name(from));
    let (organization, inviter, user) =
        (line(&variables.organization_name), line(&variables.inviter_name), line(&variables.user_name));
    let otp = line(&variables.otp);
    let facts = Facts {
        app: &app,
        organization: organization.as_deref(),
        inviter: inviter.as_deref(),
        expiry: &relative(now, mail.expires_at),
    };
    let words = words::english(mail.use_case, &facts);
    let link = variables.link.as_deref();
    compose(&Content { words, app: &app, user: user.as_deref(), otp: otp.as_deref(), link })
}

/// What we say ourselves, written as a customer's template.
///
/// # Errors
/// `INTERNAL`
pub fn as_template(use_case: UseCase, has_code: bool, has_link: bool) -> Result<Rendered, Error> {
    let app = "{{ app_name }}";
    let facts = Facts {
        app,
        organization: Some("{{ organization_name }}"),
        inviter: None,
        expiry: "{{ expiry_time_relative }}",
    };
    compose(&Content {
        words: words::english(use_case, &facts),
        app,
        user: None,
        otp: has_code.then_some("{{ otp }}"),
        link: has_link.then_some("{{ link }}"),
    })
}

fn compose(content: &Content<'_>) -> Result<Rendered, Error> {
    Ok(Rendered {
        subject: one_line(&content.words.subject),
        html: Html { it: content }.render().map_err(Error::internal)?,
        text: Text { it: content }.render().map_err(Error::internal)?,
    })
}

/// What mails from this sender call the application, if it has no name of its own.
pub fn app_name(from: &Mailbox) -> String {
    from.name.clone().unwrap_or_default()
}

/// `<mail_7@acme.example>`: the same for every attempt at a mail.
pub fn message_id(from: &Mailbox, mail: &Mail) -> String {
    format!("<{}@{}>", mail.id, from.email.domain())
}

/// The message as it goes to the server.
///
/// # Errors
/// `INTERNAL` if it cannot be written.
pub fn build(from: &Mailbox, mail: &Mail, rendered: Rendered) -> Result<Message, Error> {
    let local = mail.recipient.as_str().rsplit_once('@').map_or("", |(local, _)| local);
    let to = Address::new(local, mail.recipient.domain()).map_err(Error::internal)?;
    let micros = u64::try_from(mail.created_at.as_micros()).unwrap_or(0);
    let mut message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(one_line(&rendered.subject))
        .date(SystemTime::UNIX_EPOCH + Duration::from_micros(micros))
        .message_id(Some(message_id(from, mail)))
        .multipart(MultiPart::alternative_plain_html(rendered.text, rendered.html))
        .map_err(Error::internal)?;
    // No out-of-office answers (RFC 3834 §5).
    let name = HeaderName::new_from_ascii_str("Auto-Submitted");
    message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
    Ok(message)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
