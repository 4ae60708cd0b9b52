//! What our own mails say. One function per language: a translation is another function with the same arms.
use super::model::UseCase;

/// What the words are about. Every field is one line of plain text.
pub struct Facts<'a> {
    /// The application.
    pub app: &'a str,
    /// The organization, if it is about one.
    pub organization: Option<&'a str>,
    /// Who invited.
    pub inviter: Option<&'a str>,
    /// How long the code or link is valid, `10 minutes`.
    pub expiry: &'a str,
}

/// The words of one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// BCP 47.
    pub language: &'static str,
    /// The subject; also the title.
    pub subject: String,
    /// The first line, large.
    pub heading: String,
    /// What it is about.
    pub introduction: String,
    /// Above the code.
    pub code: &'static str,
    /// Between code and link, if there are both.
    pub or: &'static str,
    /// On the button.
    pub button: &'static str,
    /// Above the link, for programs that show no button.
    pub copy: &'static str,
    /// How long it is valid.
    pub expiry: String,
    /// For people who did not expect the mail.
    pub unexpected: String,
    /// Before the hello to a person with a name, and after it.
    pub hello: (&'static str, &'static str),
}

/// In English.
pub fn english(case: UseCase, facts: &Facts<'_>) -> Words {
    let (app, expiry) = (facts.app, facts.expiry);
    let base = Words {
        language: "en",
        subject: String::new(),
        heading: String::new(),
        introduction: String::new(),
        code: "Your code",
        or: "Or, in the browser in which you began:",
        button: "Continue",
        copy: "If the button does not work, open this link:",
        expiry: format!("It is valid for {expiry} and works once."),
        unexpected: format!(
            "If you did not ask for this, you can ignore this mail; nobody can enter {app} with your address alone."
        ),
        hello: ("Hello ", ","),
    };
    match case {
        UseCase::UserInvite => invitation(base, facts),
        UseCase::UserLoginOtp => Words {
            subject: format!("Your code for {app}"),
            heading: format!("Log in to {app}"),
            introduction: "Enter this code where you began to log in. Give it to nobody: we never ask for it.".to_owned(),
            ..base
        },
        UseCase::UserLoginLink => Words {
            subject: format!("Your link to log in to {app}"),
            heading: format!("Log in to {app}"),
            introduction: "This link logs you in. Open it in the browser in which you began.".to_owned(),
            button: "Log in",
            ..base
        },
        UseCase::UserLoginLinkOtp => Words {
            subject: format!("Log in to {app}"),
            heading: format!("Log in to {app}"),
            introduction: "Enter this code where you began to log in, or use the link below. Give it to nobody: we never ask for it.".to_owned(),
            button: "Log in",
            ..base
        },
        UseCase::UserSignupOtp => Words {
            subject: format!("Your code for {app}"),
            heading: format!("Welcome to {app}"),
            introduction: "Enter this code where you began to sign up, to confirm your address.".to_owned(),
            ..base
        },
        UseCase::UserSignupLink => Words {
            subject: format!("Confirm your address for {app}"),
            heading: format!("Welcome to {app}"),
            introduction: "This link confirms your address and finishes your registration.".to_owned(),
            button: "Confirm address",
            ..base
        },
        UseCase::UserSignupLinkOtp => Words {
            subject: format!("Confirm your address for {app}"),
            heading: format!("Welcome to {app}"),
            introduction: "Enter this code where you began to sign up, or use the link below.".to_owned(),
            button: "Confirm address",
            ..base
        },
    }
}

fn invitation(base: Words, facts: &Facts<'_>) -> Words {
    let (app, expiry) = (facts.app, facts.expiry);
    let place = match facts.organization {
        Some(organization) if organization != app => format!("{organization} on {app}"),
        _ => app.to_owned(),
    };
    let introduction = match facts.inviter {
        Some(inviter) => format!("{inviter} has invited you to join {place}."),
        None => format!("You have been invited to join {place}."),
    };
    Words {
        subject: format!("You are invited to {place}"),
        heading: format!("Join {}", facts.organization.unwrap_or(app)),
        introduction,
        button: "Accept the invitation",
        expiry: format!("The invitation is valid for {expiry}."),
        unexpected: "If you do not know who invited you, you can ignore this mail.".to_owned(),
        ..base
    }
}
