//! Users for tests of an application, who sign in with a fixed code, `management.md` 12.4.
use super::settings::Setting;
use crate::{email::Email, error::Error};
use serde::{Deserialize, Serialize};

/// Most addresses.
const MAX: usize = 5;
/// What marks an address: nobody has a mailbox there by accident.
const MARK: &str = "+sktest";

/// Users who sign in with a fixed code and get no mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TestUsers {
    /// Whether they can.
    pub enabled: bool,
    /// Six digits.
    pub code: String,
    /// Folded addresses, at most 5.
    pub emails: Vec<String>,
}

impl Default for TestUsers {
    fn default() -> Self {
        Self { enabled: false, code: "424242".to_owned(), emails: Vec::new() }
    }
}

impl Setting for TestUsers {
    const NAME: &'static str = "test_users";
}

impl TestUsers {
    /// The code that this address signs in with, in place of one that is mailed; none if it is no test user's.
    pub fn code_of(&self, email: &Email) -> Option<&str> {
        let is_listed = self.enabled && self.emails.iter().any(|listed| listed == email.key());
        is_listed.then_some(self.code.as_str())
    }

    /// Replaces the code.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`
    pub(super) fn set_code(&mut self, code: String) -> Result<(), Error> {
        if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            let field = "test_user.static_confirmation_code";
            return Err(Error::invalid(field, "test_user.code", "must be exactly 6 digits"));
        }
        self.code = code;
        Ok(())
    }

    /// Replaces the addresses. Each is kept once.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`
    pub(super) fn set_emails(&mut self, emails: &[String]) -> Result<(), Error> {
        let mut keys = Vec::new();
        for (index, text) in emails.iter().enumerate() {
            let refused = |problem: String| {
                Error::invalid(format!("test_user.emails[{index}]"), "test_user.email", problem)
            };
            let email = Email::parse(text).map_err(|problem| refused(problem.to_owned()))?;
            let local = email.key().split('@').next().unwrap_or_default();
            if local.find(MARK).is_none_or(|at| at == 0) {
                let text = format!("must have {MARK} after the name, such as ann{MARK}@acme.example");
                return Err(refused(text));
            }
            if !keys.iter().any(|key| key == email.key()) {
                keys.push(email.key().to_owned());
            }
        }
        if keys.len() > MAX {
            return Err(Error::invalid(
                "test_user.emails",
                "repeated.max_items",
                format!("must be at most {MAX}"),
            ));
        }
        self.emails = keys;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_addresses_of_an_enabled_list_have_a_code() {
        let mut users = TestUsers::default();
        users.set_emails(&["Ann+SKtest@Acme.example".into(), "ann+sktest@acme.example".into()]).unwrap();
        assert_eq!(users.emails, ["ann+sktest@acme.example"]);
        let ann = Email::parse("ANN+sktest@acme.example").unwrap();
        assert_eq!(users.code_of(&ann), None, "not enabled");
        users.enabled = true;
        assert_eq!(users.code_of(&ann), Some("424242"));
        assert_eq!(users.code_of(&Email::parse("bob+sktest@acme.example").unwrap()), None);
    }

    #[test]
    fn addresses_bear_the_mark_and_codes_six_digits() {
        let mut users = TestUsers::default();
        for bad in ["ann@x.test", "sktest+ann@x.test", "ann+test@x.test", "+sktest@x.test"] {
            assert!(users.set_emails(&[bad.into()]).is_err(), "{bad}");
        }
        for bad in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"] {
            assert!(users.set_code(bad.into()).is_err(), "{bad}");
        }
        let six = (0..6).map(|n| format!("u{n}+sktest@x.test")).collect::<Vec<_>>();
        assert!(users.set_emails(&six).is_err() && users.set_emails(&six[1..]).is_ok());
        assert_eq!(users.code, "424242");
    }
}
