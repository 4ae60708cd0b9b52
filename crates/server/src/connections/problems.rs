//! Collects what is wrong with a request, so that it is all told at once, and the rules that several settings share.
use crate::{
    error::{Error, Violation},
    text,
};
use std::borrow::Cow;
use url::Url;

const MAX_URL: usize = 2048;
const MAX_TEXT: usize = 1024;

/// What is wrong so far.
#[derive(Debug)]
pub struct Problems {
    /// In front of each name of a field.
    prefix: &'static str,
    /// Whether URLs of the provider may be plain HTTP (`debug_enabled`).
    plain_http: bool,
    found: Vec<Violation>,
}

impl Problems {
    /// Nothing yet. `prefix` ends with a dot.
    pub fn new(prefix: &'static str, plain_http: bool) -> Self {
        Self { prefix, plain_http, found: Vec::new() }
    }

    /// One more.
    pub fn add(&mut self, field: &str, constraint: &'static str, description: impl Into<Cow<'static, str>>) {
        let field = format!("{}{field}", self.prefix);
        self.found.push(Violation { field, description: description.into(), constraint: constraint.into() });
    }

    /// # Errors
    /// `INVALID_ARGUMENT` with all of them.
    pub fn finish(self) -> Result<(), Error> {
        if self.found.is_empty() { Ok(()) } else { Err(Error::violations(self.found)) }
    }

    /// Sets an optional URL if the request gives one; an empty one takes it away.
    pub fn set_url(&mut self, field: &str, value: &mut Option<String>, new: Option<String>) {
        let Some(new) = new else { return };
        if !new.is_empty()
            && let Some(problem) = url_problem(&new, self.plain_http)
        {
            return self.add(field, "url", problem);
        }
        *value = Some(new).filter(|new| !new.is_empty());
    }

    /// Sets an optional text of up to 1024 characters if the request gives one; an empty one takes it away.
    pub fn set_text(&mut self, field: &str, value: &mut Option<String>, new: Option<String>) {
        let Some(new) = new else { return };
        if new.chars().count() > MAX_TEXT {
            return self.add(field, "string.max_len", "must be at most 1024 characters");
        }
        if let Some(problem) = text::control_problem(&new) {
            return self.add(field, "text", problem);
        }
        *value = Some(new).filter(|new| !new.is_empty());
    }
}

/// What is wrong with a URL at which a browser or this server finds the provider.
pub fn url_problem(text: &str, plain_http: bool) -> Option<&'static str> {
    if text.len() > MAX_URL {
        return Some("must be at most 2048 characters");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some("must be written in ASCII without spaces: percent-encode other characters");
    }
    let Ok(url) = Url::parse(text) else { return Some("must be a URL, such as https://idp.example/sso") };
    if !url.username().is_empty() || url.password().is_some() {
        return Some("must not have a user name");
    }
    if url.fragment().is_some() {
        return Some("must not have a fragment");
    }
    match url.scheme() {
        "https" => None,
        "http" if plain_http => None,
        "http" => Some("must be https (http needs debug_enabled, in development environments only)"),
        _ => Some("must be an https URL"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lead_to_web_servers_and_nowhere_else() {
        for url in ["https://idp.example/sso?app=1", "https://10.0.0.1:8443/adfs/ls", "https://idp.example"] {
            assert_eq!(url_problem(url, false), None, "{url}");
        }
        for url in [
            "idp.example",
            "/sso",
            "javascript:alert(1)",
            "data:text/html,x",
            "ldap://idp.example",
            "https://a:b@idp.example",
            "https://idp.example/#x",
            "https://idp.example/ x",
            "https://idp.example/\r\nX: 1",
            "https://",
            "http://idp.example",
        ] {
            assert!(url_problem(url, false).is_some(), "{url}");
        }
        assert_eq!(url_problem("http://localhost:8080/x", true), None);
        assert!(url_problem(&format!("https://idp.example/{}", "x".repeat(2048)), false).is_some());
    }
}
