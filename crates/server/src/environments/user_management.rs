//! Who may sign up and join organizations, `management.md` 12.1 and 5.5.
use super::settings::Setting;
use crate::{email::Email, error::Error, hostname};
use serde::{Deserialize, Serialize};

/// Who may sign up and join organizations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct UserManagement {
    /// Whether several users may have one e-mail address.
    pub allow_duplicate_identities: bool,
    /// Whether a user may belong to several organizations.
    pub allow_multiple_memberships: bool,
    /// Whether people may sign up and so create an organization.
    pub allow_organization_signup: bool,
    /// The relationship `SINGLE_ORGANIZATION`: the other way to say that a user may belong to one only.
    pub single_organization: bool,
    /// Whether `max_users_limit` counts.
    pub max_users_limit_enabled: bool,
    /// Most organizations that one user may create, 1 to 99999.
    pub max_users_limit: Option<i32>,
    /// Life of an invitation, 1 to 43200.
    pub invitation_minutes: u32,
    /// Whether addresses of throw-away mail services are refused.
    pub block_disposable_email_domains: bool,
    /// Whether addresses of public mail providers are refused.
    pub block_public_email_domains: bool,
    /// Whether each SSO login overwrites the profile.
    pub sync_user_profile_on_signin: bool,
    /// Whether hosted pages check that a person is there.
    pub bot_detection: Option<bool>,
    /// Whether people are let pass while that check is out of order.
    pub fail_open: Option<bool>,
}

impl Default for UserManagement {
    fn default() -> Self {
        Self {
            allow_duplicate_identities: false,
            allow_multiple_memberships: true,
            allow_organization_signup: true,
            single_organization: false,
            max_users_limit_enabled: false,
            max_users_limit: None,
            invitation_minutes: 15 * 24 * 60,
            block_disposable_email_domains: false,
            block_public_email_domains: false,
            sync_user_profile_on_signin: false,
            bot_detection: None,
            fail_open: None,
        }
    }
}

impl Setting for UserManagement {
    const NAME: &'static str = "user_management";
}

impl UserManagement {
    /// Whether a user may belong to more than one organization.
    pub const fn many_organizations(&self) -> bool {
        self.allow_multiple_memberships && !self.single_organization
    }

    /// Whether a new user may have this address, and one who is invited.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` that names `field`.
    pub fn check_address(&self, field: &'static str, email: &Email) -> Result<(), Error> {
        if self.block_disposable_email_domains && hostname::is_disposable(email.domain()) {
            let text = "must not be of a provider of disposable addresses";
            return Err(Error::invalid(field, "email.disposable", text));
        }
        if self.block_public_email_domains && hostname::is_public_mail(email.domain()) {
            let text = "must be an address of an organization, not of a public mail provider";
            return Err(Error::invalid(field, "email.public", text));
        }
        Ok(())
    }
}
