//! What a mail is made of.
use crate::{
    email::Email,
    error::Error,
    ids::{EnvironmentId, MailId, OrganizationId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// How long a mail is tried to be sent, if what it carries does not expire earlier.
const TRIED: Duration = Duration::from_secs(24 * 3600);

macro_rules! use_cases {
    ($($(#[$about:meta])* $variant:ident = $name:literal;)*) => {
        /// What a mail is for; the names are the API's (`management.md` 12.5).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum UseCase { $($(#[$about])* $variant,)* }

        impl UseCase {
            /// Every use case.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// As the API and the database call it.
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }
        }
    };
}

use_cases! {
    /// Somebody was added to an organization; a link accepts.
    UserInvite = "USER_INVITE";
    /// Log in with a code.
    UserLoginOtp = "USER_LOGIN_OTP";
    /// Log in with a link.
    UserLoginLink = "USER_LOGIN_LINK";
    /// Log in with a link or a code.
    UserLoginLinkOtp = "USER_LOGIN_LINK_OTP";
    /// Sign up with a code.
    UserSignupOtp = "USER_SIGNUP_OTP";
    /// Sign up with a link.
    UserSignupLink = "USER_SIGNUP_LINK";
    /// Sign up with a link or a code.
    UserSignupLinkOtp = "USER_SIGNUP_LINK_OTP";
}

impl UseCase {
    /// From what is stored.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|case| case.name() == name)
    }
}

/// What a template is filled with. Values are plain text; templates escape them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Variables {
    /// The application's name; the configured sender's name if there is none.
    pub app_name: Option<String>,
    /// Of the organization that it is about.
    pub organization_name: Option<String>,
    /// Of the receiver.
    pub user_name: Option<String>,
    /// Of whoever invited the receiver.
    pub inviter_name: Option<String>,
    /// An http or https URL that accepts, logs in or signs up.
    pub link: Option<String>,
    /// The code to type in.
    pub otp: Option<String>,
    /// What the caller of the API gave for templates of its own.
    pub custom: BTreeMap<String, String>,
}

/// A mail to be sent.
#[derive(Clone, Debug)]
pub struct NewMail<'a> {
    /// Which template.
    pub use_case: UseCase,
    /// To whom.
    pub recipient: &'a Email,
    /// The organization that it is about, whose template wins.
    pub organization: Option<OrganizationId>,
    /// What the template is filled with.
    pub variables: Variables,
    /// When its code or link stops being valid.
    pub expires_at: Timestamp,
}

/// A mail as it is stored.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Whose it is.
    pub environment: EnvironmentId,
    /// `mail_…`
    pub id: MailId,
    /// Which template.
    pub use_case: UseCase,
    /// To whom.
    pub recipient: Email,
    /// The organization that it is about.
    pub organization: Option<OrganizationId>,
    /// What the template is filled with.
    pub variables: Variables,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When its code or link stops being valid.
    pub expires_at: Timestamp,
    /// When it was sent, or put into the inbox.
    pub sent_at: Option<Timestamp>,
}

impl Mail {
    /// When it is given up: a stale code is never sent, and an invitation is tried for a day.
    pub fn give_up_at(&self) -> Timestamp {
        self.expires_at.min(self.created_at.plus(TRIED))
    }
}

/// How long that is from `now`, for people: `9 minutes`, `14 days, 6 hours`. Two units, the smaller one rounded down, but
/// never nothing.
pub fn relative(now: Timestamp, then: Timestamp) -> String {
    let seconds = (then.as_micros().saturating_sub(now.as_micros()) + 999_999).div_euclid(1_000_000);
    // Half a minute spent on the way is no news.
    let minutes = ((seconds + 30) / 60).max(1);
    let units = [(minutes / 1440, "day"), (minutes / 60 % 24, "hour"), (minutes % 60, "minute")];
    let mut shown = units.into_iter().skip_while(|(count, _)| *count == 0).take(2);
    let one = |(count, unit): (i64, &str)| match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    };
    let first = shown.next().map(one).unwrap_or_default();
    match shown.next().filter(|(count, _)| *count > 0).map(one) {
        Some(second) => format!("{first}, {second}"),
        None => first,
    }
}

/// Text of others in a header: one line, no characters that reorder it, of a length that programs show.
pub fn one_line(text: &str) -> String {
    let hidden =
        |c: char| matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let line: String = text.chars().map(|c| if c.is_control() || hidden(c) { ' ' } else { c }).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// A link in a mail leads to a web page and nowhere else.
///
/// # Errors
/// `INTERNAL`: links are made by this server.
pub fn check_link(link: &str) -> Result<(), Error> {
    let web = link.starts_with("https://") || link.starts_with("http://");
    if web && link.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(());
    }
    Err(Error::internal("a link in a mail must be an http or https URL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn spans_are_written_with_two_units() {
        for (seconds, text) in [
            (0, "1 minute"),
            (61, "1 minute"),
            (299, "5 minutes"),
            (600, "10 minutes"),
            (3600, "1 hour"),
            (3660, "1 hour, 1 minute"),
            (86_400, "1 day"),
            (86_400 + 120, "1 day"),
            (14 * 86_400 + 6 * 3600, "14 days, 6 hours"),
        ] {
            assert_eq!(relative(at(0), at(seconds)), text, "{seconds}");
        }
        assert_eq!(relative(at(100), at(0)), "1 minute");
    }

    #[test]
    fn a_header_has_one_line() {
        assert_eq!(one_line("Acme\r\nBcc: all@acme.example"), "Acme Bcc: all@acme.example");
        assert_eq!(one_line(" a\u{2028}b\u{202e}c\0d\u{85}e "), "a b c d e");
        assert_eq!(one_line(&"ü".repeat(300)).chars().count(), 201);
        assert_eq!(one_line("Zoë & Söhne"), "Zoë & Söhne");
    }

    #[test]
    fn links_lead_to_the_web() {
        assert!(check_link("https://auth.example/magicLink/x?a=b").is_ok());
        for link in ["javascript:alert(1)", "//x", "https://a b", "https://a\r\nX: y", "data:text/html,x"] {
            assert!(check_link(link).is_err(), "{link}");
        }
    }

    #[test]
    fn a_mail_is_given_up_when_its_code_expires_and_after_a_day_at_the_latest() {
        let mail = |expires_at| Mail {
            environment: EnvironmentId::from_i64(1),
            id: MailId::from_i64(1),
            use_case: UseCase::UserInvite,
            recipient: Email::parse("ann@acme.example").unwrap(),
            organization: None,
            variables: Variables::default(),
            created_at: at(0),
            expires_at: at(expires_at),
            sent_at: None,
        };
        assert_eq!(mail(300).give_up_at(), at(300));
        assert_eq!(mail(14 * 86_400).give_up_at(), at(86_400));
    }

    #[test]
    fn use_cases_are_found_by_their_names() {
        for case in UseCase::ALL {
            assert_eq!(UseCase::parse(case.name()), Some(*case));
        }
        assert_eq!(UseCase::parse("LOGIN"), None);
    }
}
