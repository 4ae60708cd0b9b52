//! `[social]`: the operator's own credentials at social providers, for development.
use super::{ConfigError, mail::Password, section::section, server::PublicUrl};

section! {
    /// The operator's own credentials at social providers, for development environments only.
    Social = "social" {
        /// Client id at Google that connections with `use_platform_creds` sign in with. Register
        /// `{environment URL}/sso/v1/oauth/{connection}/callback` there.
        google_client_id: Option<String> = "";
        /// The secret that goes with it.
        google_client_secret: Option<Password> = "";
        /// A server that stands in for all social providers, for tests without the internet: in development environments,
        /// `https://github.com/login/oauth/authorize` becomes `{stand_in_url}/github.com/login/oauth/authorize`, and so all
        /// endpoints that no connection overrides.
        stand_in_url: Option<PublicUrl> = "";
    }
}

impl Social {
    /// One without the other is an error.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.google_client_id.is_some() == self.google_client_secret.is_some() {
            return Ok(());
        }
        Err(ConfigError::new("only one of social.google_client_id and social.google_client_secret is set")
            .with_help("set both, or neither"))
    }
}
