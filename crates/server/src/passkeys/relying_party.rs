//! For whom passkeys are: the relying party of WebAuthn.
use crate::{
    connections::{
        self,
        settings::{Settings, WebAuthnSettings},
    },
    db::Queryable,
    environments::Environment,
    error::{Error, Kind},
};
use std::time::Duration;
use webauthn_rs::prelude::{Url, Webauthn, WebauthnBuilder};

/// The relying party of an environment, as its passkey connection says, or without one the environment itself.
#[derive(Clone, Debug, PartialEq)]
pub struct RelyingParty {
    /// RP ID (WebAuthn §5.1.2): a host name.
    pub id: String,
    /// Origins that may use its passkeys; the environment's own is one of them.
    pub origins: Vec<String>,
    /// Whether people may register passkeys and sign in with them: there is a passkey connection, and it is enabled. Tokens
    /// name it as the connection by which somebody signed in.
    pub enabled: bool,
    /// What the connection says, or what is said by default.
    pub settings: WebAuthnSettings,
}

impl RelyingParty {
    /// That of an environment.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn of(tx: &mut impl Queryable, environment: &Environment) -> Result<Self, Error> {
        let connection = connections::webauthn(tx, environment.id).await?;
        let enabled = connection.as_ref().is_some_and(|connection| connection.enabled);
        let settings = match connection.map(|connection| connection.settings) {
            Some(Settings::WebAuthn(settings)) => settings,
            _ => WebAuthnSettings::of(environment),
        };
        let mut origins = settings.rp.origins.clone();
        if !origins.contains(&environment.url) {
            origins.push(environment.url.clone());
        }
        Ok(Self { id: choose(&settings.rp.ids, &environment.url), origins, enabled, settings })
    }

    /// The same, for a ceremony.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION` if passkeys are disabled.
    pub async fn enabled(tx: &mut impl Queryable, environment: &Environment) -> Result<Self, Error> {
        let found = Self::of(tx, environment).await?;
        if found.enabled {
            return Ok(found);
        }
        Err(Error::new(
            Kind::FailedPrecondition,
            "passkeys are disabled; create a connection of type WEBAUTHN and enable it",
        ))
    }

    /// Refuses registrations if the connection wants authenticators checked against the FIDO Metadata Service, which this
    /// server does not read: to let them pass unchecked would be worse.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION`
    pub fn check_registration(&self) -> Result<(), Error> {
        let wanted = &self.settings.authenticators;
        if !(wanted.validate_entry || wanted.validate_anchors || wanted.validate_attestation_type)
            && wanted.desired_status.is_empty()
        {
            return Ok(());
        }
        let text = "authenticators cannot be checked against the FIDO Metadata Service; set \
                    authenticators.validate_entry, validate_anchors and validate_attestation_type to false and \
                    desired_authenticator_status to nothing in the passkey connection";
        Err(Error::new(Kind::FailedPrecondition, text))
    }

    /// What makes and checks challenges.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION` for an environment at an IP address: passkeys need a host name (WebAuthn §5.1.2).
    pub fn webauthn(&self, name: &str, timeout: Duration) -> Result<Webauthn, Error> {
        let own = format!("https://{}", self.id);
        let parse = |origin: &String| Url::parse(origin).ok();
        let (first, others): (Vec<Url>, Vec<Url>) = self
            .origins
            .iter()
            .filter_map(parse)
            .partition(|origin| origin.domain().is_some_and(|host| covers(&self.id, host)));
        // webauthn-rs wants one origin of the RP ID first; with related origins only, that of the RP ID itself is.
        let mut allowed = first.into_iter().chain(parse(&own)).chain(others);
        let first = allowed.next().ok_or_else(|| Error::internal("an RP ID that is no host"))?;
        let builder = WebauthnBuilder::new(&self.id, &first).map_err(|error| {
            let text =
                "passkeys need an environment URL with a host name, such as https://login.acme.example";
            Error::new(Kind::FailedPrecondition, text).with_source(error)
        })?;
        let builder = builder.rp_name(name).timeout(timeout);
        let builder = self
            .origins
            .iter()
            .filter_map(parse)
            .fold(builder, |builder, origin| builder.append_allowed_origin(&origin));
        builder.build().map_err(Error::internal)
    }
}

/// The RP ID for pages of the environment: one that covers their host (WebAuthn §5.1.2); else the first, which
/// names the environment among its related origins (§5.11).
fn choose(ids: &[String], url: &str) -> String {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let covering = ids.iter().find(|id| covers(id, &host));
    covering.or(ids.first()).cloned().unwrap_or(host)
}

/// Whether the RP ID is the host, or a domain above it.
fn covers(id: &str, host: &str) -> bool {
    host.strip_suffix(id).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rp_id_covers_the_host() {
        for (id, host, expected) in [
            ("acme.example", "acme.example", true),
            ("acme.example", "login.acme.example", true),
            ("acme.example", "notacme.example", false),
            ("login.acme.example", "acme.example", false),
        ] {
            assert_eq!(covers(id, host), expected, "{id} {host}");
        }
        let ids = ["other.example".to_owned(), "acme.example".to_owned()];
        assert_eq!(choose(&ids, "https://login.acme.example"), "acme.example");
        assert_eq!(choose(&ids, "https://third.example:8443"), "other.example");
        assert_eq!(choose(&[], "http://localhost:8080"), "localhost");
    }
}
