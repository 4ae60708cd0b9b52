//! How long sessions and tokens live, and the session cookie, `management.md` 12.3.
use super::{model::Environment, settings::Setting};
use crate::{error::Error, hostname};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Minutes that the absolute limit of sessions may have.
pub const ABSOLUTE: RangeInclusive<i64> = 1..=525_600;
/// Minutes that the idle limit of sessions may have.
pub const IDLE: RangeInclusive<i64> = 1..=10_080;
/// Minutes that an access token may live.
pub(super) const TOKEN: RangeInclusive<i64> = 1..=43_200;

/// A time as a request gives it: a number of minutes, hours or days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub amount: i32,
    /// Minutes in the unit.
    pub unit_minutes: i64,
}

impl Limit {
    /// In minutes, within `range`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` that names the field.
    pub fn minutes(self, field: &'static str, range: RangeInclusive<i64>) -> Result<i32, Error> {
        let minutes = i64::from(self.amount).saturating_mul(self.unit_minutes);
        if !range.contains(&minutes) {
            let (low, high) = range.into_inner();
            return Err(Error::invalid(
                field,
                "session_policy.range",
                format!("must be {low} to {high} minutes, and is {minutes}"),
            ));
        }
        i32::try_from(minutes).map_err(Error::internal)
    }
}

/// How long the browser keeps the session cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CookiePersistence {
    /// Until the session ends.
    #[default]
    Persistent,
    /// Until the browser is closed.
    Session,
}

/// The cookie's `SameSite`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CookieSameSite {
    /// `Lax`
    #[default]
    Lax,
    /// `None`: for pages that are shown inside other sites.
    None,
}

/// How long sessions and tokens live, in minutes, and the session cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionSettings {
    /// Life of a user's access token.
    pub access_token_minutes: i32,
    /// Life of a client-credentials token.
    pub client_access_token_minutes: i32,
    /// Longest life of a session.
    pub absolute_minutes: i32,
    /// Whether the server keeps sessions.
    pub management_enabled: bool,
    /// Whether a session ends without use.
    pub idle_enabled: bool,
    /// Longest time without use.
    pub idle_minutes: i32,
    /// How long the browser keeps the cookie.
    pub cookie_persistence: CookiePersistence,
    /// The cookie's `SameSite`.
    pub cookie_same_site: CookieSameSite,
    /// The cookie's `Domain`; none for the host alone.
    pub cookie_domain: Option<String>,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            access_token_minutes: 5,
            client_access_token_minutes: 24 * 60,
            absolute_minutes: 30 * 24 * 60,
            management_enabled: true,
            idle_enabled: true,
            idle_minutes: 7 * 24 * 60,
            cookie_persistence: CookiePersistence::default(),
            cookie_same_site: CookieSameSite::default(),
            cookie_domain: None,
        }
    }
}

impl Setting for SessionSettings {
    const NAME: &'static str = "session";
}

impl SessionSettings {
    /// A session outlives its idle limit, and both an access token: otherwise nothing would ever end by them.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`
    pub fn check(&self) -> Result<(), Error> {
        const ABSOLUTE_FIELD: &str = "session_settings.absolute_session_timeout";
        const IDLE_FIELD: &str = "session_settings.idle_session_timeout";
        let token = self.access_token_minutes;
        let ordered = |field, ok: bool, than: &str, minutes: i32| {
            let text = format!("must be longer than {than}, {minutes} minutes");
            if ok { Ok(()) } else { Err(Error::invalid(field, "session_policy.order", text)) }
        };
        ordered(ABSOLUTE_FIELD, self.absolute_minutes > token, "access_token_expiry", token)?;
        if self.idle_enabled {
            let idle = self.idle_minutes;
            ordered(IDLE_FIELD, idle > token, "access_token_expiry", token)?;
            ordered(ABSOLUTE_FIELD, self.absolute_minutes > idle, "idle_session_timeout", idle)?;
        }
        Ok(())
    }
}

/// The `Domain` of the cookie, which browsers take only from hosts below it (RFC 6265 §5.3). None for an empty text.
///
/// # Errors
/// `INVALID_ARGUMENT`
pub(super) fn cookie_domain(environment: &Environment, text: &str) -> Result<Option<String>, Error> {
    const FIELD: &str = "session_settings.cookie_custom_domain";
    if text.is_empty() {
        return Ok(None);
    }
    let domain = hostname::parse(text.strip_prefix('.').unwrap_or(text))
        .map_err(|problem| Error::invalid(FIELD, "hostname", problem))?;
    if hostname::is_public_suffix(&domain) {
        return Err(Error::invalid(FIELD, "cookie.public_suffix", "must not be a public suffix"));
    }
    let hosts = std::iter::once(environment.host()).chain(environment.active_custom_domain());
    if !{ hosts }.any(|host| is_within(host, &domain)) {
        let text = format!("must be a host of the environment ({}), or above one", environment.domain);
        return Err(Error::invalid(FIELD, "cookie.domain", text));
    }
    Ok(Some(domain))
}

fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_for_the_host_or_what_is_above_it() {
        assert!(is_within("auth.acme.example", "acme.example") && is_within("acme.example", "acme.example"));
        assert!(
            !is_within("badacme.example", "acme.example") && !is_within("acme.example", "auth.acme.example")
        );
    }

    #[test]
    fn what_was_stored_before_a_setting_existed_has_its_default() {
        let stored: SessionSettings = serde_json::from_str(r#"{"absolute_minutes": 60, "gone": 1}"#).unwrap();
        assert_eq!(stored, SessionSettings { absolute_minutes: 60, ..SessionSettings::default() });
    }
}
