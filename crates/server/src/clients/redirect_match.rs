//! Whether a URI that a request names is one that the client registered (`auth.md` 9.2.3, RFC 9700 §4.1.3): the same
//! string, or what an organization template, a development wildcard or a loopback port may stand for.
use super::{
    ClientType,
    redirect_uri::{Rules, Use, end_of_authority, host_of},
};
use crate::{
    environments::{Environment, EnvironmentType},
    hostname,
    organizations::Organization,
};

/// Against what a URI is compared.
#[derive(Clone, Copy, Debug)]
pub struct Registered<'a> {
    /// The client's URIs for this use.
    pub uris: &'a [String],
    /// What the client is.
    pub kind: ClientType,
    /// Where.
    pub environment: &'a Environment,
    /// The organization in context, which templates are filled from.
    pub organization: Option<&'a Organization>,
}

impl Registered<'_> {
    /// Whether `given` is one of them.
    pub fn contains(&self, given: &str) -> bool {
        self.uris.iter().any(|uri| self.is(uri, given))
    }

    /// The first of them that a browser can be sent to as it is.
    pub fn first(&self) -> Option<String> {
        let plain = self.uris.iter().find(|uri| !uri.contains(['*', '{']));
        plain.cloned().or_else(|| self.uris.iter().find_map(|uri| self.expand(uri)))
    }

    fn is(&self, uri: &str, given: &str) -> bool {
        if uri.contains("{{") {
            return self.expand(uri).is_some_and(|expanded| expanded == given);
        }
        uri == given || self.is_wildcard_of(uri, given) || self.is_loopback_of(uri, given)
    }

    fn rules(&self) -> Rules {
        Rules { production: self.environment.kind == EnvironmentType::Production, native: self.is_native() }
    }

    fn is_native(&self) -> bool {
        matches!(self.kind, ClientType::Native | ClientType::Resource(_))
    }

    /// A template with the organization's values (`auth.md` 9.2.4); none if one is missing or does not fit its place.
    /// What came of it must be a URI that could be registered, so that no value brings a path, a user name or a port.
    pub fn expand(&self, template: &str) -> Option<String> {
        let organization = self.organization?;
        let (scheme, rest) = template.split_once("://")?;
        let (authority, path) = rest.split_at_checked(end_of_authority(rest))?;
        let host = host_of(authority);
        let port = authority.strip_prefix(host)?;
        // Whoever may edit the slug would choose where codes go.
        if host.starts_with("{{") && !host.contains('.') && self.rules().production {
            return None;
        }
        let host = match name_of(host) {
            Some(name) => Some(value(organization, name)?).filter(|value| is_host(value)),
            None => fill(host, '.', organization, |value| !value.contains('.') && is_host(value)),
        }?;
        let path = fill(path, '/', organization, is_segment)?;
        let expanded = format!("{scheme}://{host}{port}{path}");
        self.rules().problem(&expanded, Use::PostLogin).is_none().then_some(expanded)
    }

    /// `*` stands for letters, digits and hyphens of one label, at least one (`auth.md` 9.2.2).
    fn is_wildcard_of(&self, pattern: &str, given: &str) -> bool {
        let Some((before, after)) = pattern.split_once('*') else { return false };
        let middle = given.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        !self.rules().production
            && middle.is_some_and(|middle| {
                !middle.is_empty() && middle.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            })
            && self.rules().problem(given, Use::PostLogin).is_none()
    }

    /// An app listens on whatever port of the loopback interface is free (RFC 8252 §7.3). Agents say `localhost` too,
    /// which browsers resolve to it.
    fn is_loopback_of(&self, uri: &str, given: &str) -> bool {
        let without_port = |uri: &str| -> Option<(String, String)> {
            let rest = uri.strip_prefix("http://")?;
            let (authority, path) = rest.split_at_checked(end_of_authority(rest))?;
            let host = host_of(authority);
            let port = authority.strip_prefix(host)?;
            let is_port = port.is_empty()
                || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
            let is_local = host == "127.0.0.1"
                || host == "[::1]"
                || (host == "localhost" && matches!(self.kind, ClientType::Resource(_)));
            (is_port && is_local).then(|| (host.to_owned(), path.to_owned()))
        };
        let registered = without_port(uri);
        self.is_native() && registered.is_some() && registered == without_port(given)
    }
}

/// Fills the parts of a text that are templates as a whole.
fn fill(
    text: &str,
    separator: char,
    organization: &Organization,
    fits: impl Fn(&str) -> bool,
) -> Option<String> {
    let parts = text.split(separator).map(|part| match name_of(part) {
        Some(name) => value(organization, name).filter(|value| fits(value)),
        None => Some(part.to_owned()),
    });
    Some(parts.collect::<Option<Vec<_>>>()?.join(&separator.to_string()))
}

fn name_of(part: &str) -> Option<&str> {
    part.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).filter(|name| !name.contains('{'))
}

fn value(organization: &Organization, name: &str) -> Option<String> {
    match name {
        "org_slug" => organization.slug.clone(),
        "external_id" => organization.external_id.clone(),
        key => organization.metadata.get(key).cloned(),
    }
}

fn is_host(value: &str) -> bool {
    value.is_ascii()
        && (hostname::parse(value).is_ok() || hostname::parse(&format!("{value}.example")).is_ok())
}

fn is_segment(value: &str) -> bool {
    !value.is_empty()
        && !matches!(value, "." | "..")
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}
