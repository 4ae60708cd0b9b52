//! How an environment does it: its passwordless connection, and its test users.
use super::model::PasswordlessType;
use crate::{
    connections::{
        self,
        settings::{CodeType, EmailContent, PasswordlessSettings, Settings as ConnectionSettings},
    },
    ctx::Ctx,
    email::Email,
    environments::{self, TestUsers},
    error::Error,
};

/// The environment's settings, `auth.md` 4.4.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether it is offered at all.
    pub enabled: bool,
    /// What mails contain.
    pub kind: PasswordlessType,
    /// Mails to one address in a minute.
    pub mails_a_minute: usize,
    /// Seconds that a code or link is valid unless the request says otherwise, 60 to 3600.
    pub valid_seconds: u32,
    /// Characters of a code.
    pub code_length: usize,
    /// What codes are made of.
    pub code_type: CodeType,
    /// Whether a link counts only together with the `auth_request_id`, which the application keeps in the browser.
    pub same_browser: bool,
    /// Whether sending again makes a new code and link, which voids the former ones.
    pub new_credentials_on_resend: bool,
    /// Addresses that get no mail and always the same code.
    pub test_users: TestUsers,
}

impl Default for Settings {
    fn default() -> Self {
        Self::new(true, &PasswordlessSettings::default(), TestUsers::default())
    }
}

impl Settings {
    fn new(enabled: bool, connection: &PasswordlessSettings, test_users: TestUsers) -> Self {
        let kind = match connection.content {
            EmailContent::Link => PasswordlessType::Link,
            EmailContent::Otp => PasswordlessType::Otp,
            EmailContent::LinkOtp => PasswordlessType::LinkOtp,
        };
        Self {
            enabled,
            kind,
            mails_a_minute: connection.frequency as usize,
            valid_seconds: connection.validity,
            code_length: connection.code_length as usize,
            code_type: connection.code_type,
            same_browser: connection.enforce_same_browser_origin,
            new_credentials_on_resend: connection.regenerate_on_resend,
            test_users,
        }
    }

    /// The settings of the environment. Without a passwordless connection they are the defaults.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn of(ctx: &Ctx) -> Result<Self, Error> {
        let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
        let connection = connections::passwordless(&mut tx, env).await?;
        let test_users = environments::find_setting(&mut tx, env).await?;
        Ok(match connection.as_ref().map(|connection| (connection.enabled, &connection.settings)) {
            Some((enabled, ConnectionSettings::Passwordless(settings))) => {
                Self::new(enabled, settings, test_users)
            }
            _ => Self { test_users, ..Self::default() },
        })
    }

    /// The code of a test user. None for everybody else, and where mails have no code.
    pub(super) fn test_code(&self, email: &Email, kind: PasswordlessType) -> Option<&str> {
        self.test_users.code_of(email).filter(|_| kind.has_code())
    }
}
