//! Codes and links by mail. `auth.md` 4.4.1
use super::{Problems, set};
use crate::stored::stored_enum;
use serde::{Deserialize, Serialize};

stored_enum! {
    /// What a mail has in it.
    #[derive(Default, Serialize, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    EmailContent {
        /// A magic link.
        Link = "LINK",
        /// A code.
        #[default]
        Otp = "OTP",
        /// Both.
        LinkOtp = "LINK_OTP",
    }
}
stored_enum! {
    /// What a code is made of.
    #[derive(Default, Serialize, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    CodeType {
        /// Digits.
        #[default]
        Numeric = "NUMERIC",
        /// Letters and digits.
        Alphanumeric = "ALPHANUMERIC",
    }
}

/// Settings of the passwordless method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordlessSettings {
    /// What a mail has in it.
    pub content: EmailContent,
    /// Mails to one address in a minute.
    pub frequency: u32,
    /// Seconds that codes and links are valid, 60 to 3600.
    pub validity: u32,
    /// Whether a link must be opened in the browser that asked for it.
    pub enforce_same_browser_origin: bool,
    /// Characters of a code.
    pub code_length: u32,
    /// What a code is made of.
    pub code_type: CodeType,
    /// Whether sending again makes a new code and link.
    pub regenerate_on_resend: bool,
}

impl Default for PasswordlessSettings {
    fn default() -> Self {
        Self {
            content: EmailContent::Otp,
            frequency: 2,
            validity: 3600,
            enforce_same_browser_origin: false,
            code_length: 6,
            code_type: CodeType::Numeric,
            regenerate_on_resend: true,
        }
    }
}

/// What to change; what is none stays.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "see PasswordlessSettings")]
pub struct PasswordlessUpdate {
    pub content: Option<EmailContent>,
    pub frequency: Option<u32>,
    pub validity: Option<u32>,
    pub enforce_same_browser_origin: Option<bool>,
    pub code_length: Option<u32>,
    pub code_type: Option<CodeType>,
    pub regenerate_on_resend: Option<bool>,
}

impl PasswordlessSettings {
    pub(super) fn update(&mut self, update: PasswordlessUpdate, problems: &mut Problems) {
        // Fewer characters could be guessed within the allowed attempts; more nobody types.
        for (field, value, allowed, text) in [
            ("frequency", update.frequency, 1..=10, "must be 1 to 10 mails a minute"),
            ("validity", update.validity, 60..=3600, "must be 60 to 3600 seconds"),
            ("code_challenge_length", update.code_length, 6..=20, "must be 6 to 20 characters"),
        ] {
            if value.is_some_and(|value| !allowed.contains(&value)) {
                problems.add(field, "uint32.range", text);
            }
        }
        set(&mut self.content, update.content);
        set(&mut self.frequency, update.frequency);
        set(&mut self.validity, update.validity);
        set(&mut self.enforce_same_browser_origin, update.enforce_same_browser_origin);
        set(&mut self.code_length, update.code_length);
        set(&mut self.code_type, update.code_type);
        set(&mut self.regenerate_on_resend, update.regenerate_on_resend);
    }
}
