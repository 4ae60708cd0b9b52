//! The inbox for developers: mails of an installation without an SMTP server, as pages without script.
use super::{
    mailer::{Delivery, Mailer},
    message::{self, Rendered},
    model::{Mail, UseCase},
    store,
};
use crate::{
    app::App,
    db::ReadTx,
    error::Error,
    ids::{EnvironmentId, MailId},
    time::Timestamp,
};
use askama::Template;

/// Mails in the list.
const SHOWN: i64 = 100;

/// A mail that was kept.
#[derive(Clone, Debug)]
pub struct InboxMail {
    /// Whose it is.
    pub environment: EnvironmentId,
    /// `mail_…`
    pub id: MailId,
    /// What it is for.
    pub use_case: UseCase,
    /// To whom.
    pub recipient: String,
    /// One line.
    pub subject: String,
    /// `text/plain`
    pub text: String,
    /// `text/html`
    pub html: String,
    /// The link in it.
    pub link: Option<String>,
    /// The code in it.
    pub otp: Option<String>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When its code or link stops being valid.
    pub expires_at: Timestamp,
    /// When a job put it here.
    pub sent_at: Option<Timestamp>,
    message_id: String,
    from: String,
}

impl InboxMail {
    fn new(mailer: &Mailer, mail: Mail) -> Result<Self, Error> {
        let Rendered { subject, text, html } = message::render(mailer.from(), &mail, mail.created_at)?;
        Ok(Self {
            message_id: message::message_id(mailer.from(), &mail),
            from: mailer.from().to_string(),
            environment: mail.environment,
            id: mail.id,
            use_case: mail.use_case,
            recipient: mail.recipient.as_str().to_owned(),
            subject,
            text,
            html,
            link: mail.variables.link,
            otp: mail.variables.otp,
            created_at: mail.created_at,
            expires_at: mail.expires_at,
            sent_at: mail.sent_at,
        })
    }
}

/// The hundred newest mails that still have their content, newest first.
///
/// # Errors
/// Those of the database.
pub async fn inbox(app: &App) -> Result<Vec<InboxMail>, Error> {
    let rows = store::newest(&mut app.db.read(), SHOWN).await?;
    rows.into_iter().map(|row| InboxMail::new(&app.mail, row.open(app)?)).collect()
}

/// A page for the browser.
#[derive(Clone, Debug)]
pub struct Page {
    /// 200 or 404.
    pub status: u16,
    /// With its character set.
    pub content_type: &'static str,
    /// `Content-Security-Policy`
    pub policy: &'static str,
    /// The page.
    pub body: String,
}

/// Our own pages: no script, nothing from elsewhere; a frame for the mail.
const OURS: &str = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; \
                    form-action 'none'; frame-ancestors 'none'";
/// A mail's HTML: as strange to us as a page of somebody else's. Its links open in a tab of their own.
const THEIRS: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
                      style-src 'unsafe-inline'; img-src https: data:; base-uri 'self'; form-action 'none'; frame-ancestors 'self'";

#[derive(Template)]
#[template(path = "mail/inbox.html")]
struct List {
    mails: Vec<InboxMail>,
}

#[derive(Template)]
#[template(path = "mail/inbox_mail.html")]
struct One {
    mail: InboxMail,
}

#[derive(Template)]
#[template(path = "mail/inbox_missing.html")]
struct Missing;

/// The page at `path`, if there is an inbox.
///
/// # Errors
/// Those of the database.
pub async fn page(app: &App, path: &str) -> Result<Option<Page>, Error> {
    if !matches!(app.mail.delivery(), Delivery::Inbox) {
        return Ok(None);
    }
    let rest = path.strip_prefix("/mail").unwrap_or_default().trim_matches('/');
    let html = |body: String| page_of("text/html; charset=utf-8", OURS, body);
    let (id, part) = rest.split_once('/').unwrap_or((rest, ""));
    let found = match (id, part) {
        ("", "") => Some(html(List { mails: inbox(app).await? }.render().map_err(Error::internal)?)),
        ("style.css", "") => {
            let style = include_str!("../../templates/mail/inbox.css").to_owned();
            Some(page_of("text/css; charset=utf-8", OURS, style))
        }
        (id, part) => match find(app, id).await? {
            Some(mail) => match part {
                "" => Some(html(One { mail }.render().map_err(Error::internal)?)),
                "html" => Some(page_of("text/html; charset=utf-8", THEIRS, opening_elsewhere(&mail.html))),
                "text" => Some(page_of("text/plain; charset=utf-8", THEIRS, mail.text)),
                _ => None,
            },
            None => None,
        },
    };
    let missing = || Ok::<_, Error>(Page { status: 404, ..html(Missing.render().map_err(Error::internal)?) });
    Ok(Some(found.map_or_else(missing, Ok)?))
}

async fn find(app: &App, id: &str) -> Result<Option<InboxMail>, Error> {
    let Ok(id) = id.parse::<MailId>() else { return Ok(None) };
    let mut tx: ReadTx = app.db.read();
    let row = store::with_content(&mut tx, id).await?;
    row.map(|row| InboxMail::new(&app.mail, row.open(app)?)).transpose()
}

fn page_of(content_type: &'static str, policy: &'static str, body: String) -> Page {
    Page { status: 200, content_type, policy, body }
}

/// Links leave the frame.
fn opening_elsewhere(html: &str) -> String {
    html.replacen("<head>", "<head><base target=\"_blank\">", 1)
}

mod filters {
    use crate::time::Timestamp;

    /// `2026-03-07 12:00:00 UTC`
    #[askama::filter_fn]
    pub fn time(time: &Timestamp, _: &dyn askama::Values) -> askama::Result<String> {
        let text = Timestamp::from_micros(time.as_seconds() * 1_000_000).to_string();
        Ok(text.replace('T', " ").replace('Z', " UTC"))
    }
}
