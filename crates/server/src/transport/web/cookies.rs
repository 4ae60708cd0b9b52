//! The two cookies of hosted pages: the session's, and one by which a browser is known again during sign-ins.
//!
//! Both hold random tokens of which the database has hashes. Over HTTPS their names begin with `__Host-`, so that no other
//! host can set them (RFC 6265bis §4.1.3.2), unless the environment wants the session's for a whole domain.
use crate::{
    entropy,
    environments::{CookiePersistence, CookieSameSite, Environment},
    error::Error,
    secret::Secret,
    time::Timestamp,
    vault,
};
use http::{HeaderMap, HeaderValue, header};

const SESSION: &str = "gw_session";
const BROWSER: &str = "gw_browser";
/// How long a browser is known again, in seconds: longer than any sign-in takes.
const BROWSER_SECONDS: i64 = 24 * 3600;
/// A token has this many characters (`entropy::token`); anything else is none of ours.
const LENGTH: std::ops::RangeInclusive<usize> = 32..=64;

/// The cookies of a request.
#[derive(Debug)]
pub struct Cookies {
    session: Option<Secret<String>>,
    browser: Option<Secret<String>>,
}

/// The browser of a sign-in.
#[derive(Debug)]
pub struct Browser {
    token: Secret<String>,
    /// It is new: the answer must bring it its cookie.
    pub is_new: bool,
}

impl Browser {
    /// By which the database knows it: SHA-256 of its token.
    pub fn hash(&self) -> Vec<u8> {
        vault::hash(self.token.expose())
    }
    /// Its token: proof that a form was made for this browser is derived from it.
    pub fn token(&self) -> &Secret<String> {
        &self.token
    }
}

impl Cookies {
    /// Reads the cookies of a request. A cookie that comes twice counts as none: one of the two is somebody else's.
    pub fn of(headers: &HeaderMap, environment: &Environment) -> Self {
        Self {
            session: find(headers, &session_name(environment)),
            browser: find(headers, &browser_name(environment)),
        }
    }

    /// The token of the session.
    pub fn session(&self) -> Option<&str> {
        self.session.as_ref().map(|token| token.expose().as_str())
    }

    /// The browser, if it is known.
    pub fn known_browser(&self) -> Option<Browser> {
        self.browser.clone().map(|token| Browser { token, is_new: false })
    }

    /// The browser, known or new.
    ///
    /// # Errors
    /// `INTERNAL` without randomness.
    pub fn browser(&self) -> Result<Browser, Error> {
        match self.known_browser() {
            Some(browser) => Ok(browser),
            None => Ok(Browser { token: Secret::new(entropy::token()?), is_new: true }),
        }
    }
}

/// `Set-Cookie` for a new browser.
///
/// # Errors
/// `INTERNAL` for what cannot be a header.
pub fn set_browser(environment: &Environment, browser: &Browser) -> Result<HeaderValue, Error> {
    let name = browser_name(environment);
    let secure = secure(environment);
    value(&format!(
        "{name}={}; Path=/; Max-Age={BROWSER_SECONDS}; HttpOnly; SameSite=Lax{secure}",
        browser.token.expose()
    ))
}

/// `Set-Cookie` for a session that lasts until `end`.
///
/// # Errors
/// `INTERNAL` for what cannot be a header.
pub fn set_session(
    environment: &Environment,
    token: &Secret<String>,
    now: Timestamp,
    end: Timestamp,
) -> Result<HeaderValue, Error> {
    let settings = &environment.settings.session;
    let age = match settings.cookie_persistence {
        CookiePersistence::Persistent => {
            format!("; Max-Age={}", (end.as_seconds() - now.as_seconds()).max(1))
        }
        CookiePersistence::Session => String::new(),
    };
    value(&format!("{}={}{age}{}", session_name(environment), token.expose(), attributes(environment)))
}

/// `Set-Cookie` that takes the session's cookie away.
///
/// # Errors
/// `INTERNAL` for what cannot be a header.
pub fn clear_session(environment: &Environment) -> Result<HeaderValue, Error> {
    value(&format!("{}=; Max-Age=0{}", session_name(environment), attributes(environment)))
}

fn attributes(environment: &Environment) -> String {
    let settings = &environment.settings.session;
    let secure = secure(environment);
    // Browsers refuse `None` without `Secure`.
    let same_site = match settings.cookie_same_site {
        CookieSameSite::None if !secure.is_empty() => "None",
        _ => "Lax",
    };
    let domain = settings.cookie_domain.as_ref().map_or(String::new(), |domain| format!("; Domain={domain}"));
    format!("; Path=/; HttpOnly; SameSite={same_site}{secure}{domain}")
}

fn secure(environment: &Environment) -> &'static str {
    if environment.url.starts_with("https://") { "; Secure" } else { "" }
}

fn session_name(environment: &Environment) -> String {
    match (&environment.settings.session.cookie_domain, secure(environment)) {
        (None, secure) if !secure.is_empty() => format!("__Host-{SESSION}"),
        (Some(_), secure) if !secure.is_empty() => format!("__Secure-{SESSION}"),
        _ => SESSION.to_owned(),
    }
}

fn browser_name(environment: &Environment) -> String {
    if secure(environment).is_empty() { BROWSER.to_owned() } else { format!("__Host-{BROWSER}") }
}

fn find(headers: &HeaderMap, name: &str) -> Option<Secret<String>> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(other, _)| *other == name).map(|(_, value)| value);
    let is_token = |value: &&str| {
        LENGTH.contains(&value.len())
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    match (found.next().filter(is_token), found.next()) {
        (Some(value), None) => Some(Secret::new(value.to_owned())),
        _ => None,
    }
}

fn value(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text).map_err(Error::internal)?;
    value.set_sensitive(true);
    Ok(value)
}
