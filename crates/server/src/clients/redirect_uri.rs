//! Which URIs a client may register (`auth.md` 9.2). At sign-in they are compared as strings, so that a URI must be
//! written as a browser would write it.
use crate::hostname;
use std::net::{Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

const MAX_LENGTH: usize = 256;

/// What a URI is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// `redirect_uri` of a sign-in.
    PostLogin,
    /// `post_logout_redirect_uri`.
    PostLogout,
    /// Where the browser is sent to start a sign-in.
    InitiateLogin,
    /// Called by this server when a session ends.
    BackChannelLogout,
}

/// What counts for the client.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Whether real customers use the environment.
    pub production: bool,
    /// Whether the client is an app on a device: it listens on the loopback interface (RFC 8252 §7.3).
    pub native: bool,
}

impl Rules {
    /// What is wrong with a URI.
    pub fn problem(self, uri: &str, purpose: Use) -> Option<&'static str> {
        if uri.is_empty() || uri.len() > MAX_LENGTH {
            return Some("must be 1 to 256 characters");
        }
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !br#"<>"\^`|"#.contains(&byte);
        if !uri.bytes().all(is_plain) {
            return Some("must be written in ASCII without spaces: percent-encode other characters");
        }
        if uri.contains('#') {
            return Some("must not have a fragment");
        }
        if uri.contains('?') && purpose != Use::BackChannelLogout {
            return Some("must not have a query");
        }
        let Some((scheme, rest)) = uri.split_once(':') else {
            return Some("must be an absolute URI, such as https://app.example/callback");
        };
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => self.web(uri, scheme, rest, purpose),
            other => custom(other, rest, purpose),
        }
    }

    fn web(self, uri: &str, scheme: &str, rest: &str, purpose: Use) -> Option<&'static str> {
        let Some(rest) = rest.strip_prefix("//") else {
            return Some("must have // after the scheme");
        };
        let (authority, path) = rest.split_at_checked(end_of_authority(rest)).unwrap_or((rest, ""));
        if authority.contains('@') {
            return Some("must not have a user name");
        }
        let host = host_of(authority);
        if let Some(problem) = placeholders(host, path, purpose).or_else(|| self.wildcard(uri, host, purpose))
        {
            return Some(problem);
        }
        // With plain characters in the place of templates and wildcard, a browser must read it as it is written.
        let plain = plain(uri);
        let Ok(url) = Url::parse(&plain) else { return Some("must be a valid URL") };
        let after_scheme = plain.get(scheme.len() + 3..).unwrap_or_default();
        let (authority, rest) =
            after_scheme.split_at_checked(end_of_authority(after_scheme)).unwrap_or_default();
        let path_written = rest.split('?').next().unwrap_or_default();
        let same_host = url.host_str().is_some_and(|read| host_of(authority).eq_ignore_ascii_case(read));
        let same_path = path_written == url.path() || path_written.is_empty();
        if !same_host || !same_path {
            return Some("must be written as browsers write it: no dot segments, the host in its usual form");
        }
        let local = is_local(&url);
        if self.production && local && !(self.native && purpose != Use::BackChannelLogout) {
            return Some("must not be on this machine (localhost) in a production environment");
        }
        if self.production && scheme.eq_ignore_ascii_case("http") && !local {
            return Some("must be https in a production environment");
        }
        None
    }

    /// `auth.md` 9.2.2.
    fn wildcard(self, uri: &str, host: &str, purpose: Use) -> Option<&'static str> {
        if !uri.contains('*') {
            return None;
        }
        if self.production {
            return Some("must not have a wildcard in a production environment");
        }
        if matches!(purpose, Use::InitiateLogin | Use::BackChannelLogout) {
            return Some("must not have a wildcard");
        }
        let only = "must have at most one *, in the first label of the host, not right below a public suffix";
        let Some((label, parent)) = host.split_once('.') else { return Some(only) };
        let is_one = uri.matches('*').count() == 1 && label.contains('*');
        (!is_one || parent.contains("{{") || hostname::is_public_suffix(&parent.to_ascii_lowercase()))
            .then_some(only)
    }
}

/// A scheme of an app (RFC 8252 §7.1): `app://path`, `com.example.app:/path`.
fn custom(scheme: &str, rest: &str, purpose: Use) -> Option<&'static str> {
    let starts = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    if !starts || !scheme.chars().all(is_scheme) {
        return Some("must be an absolute URI, such as https://app.example/callback");
    }
    if matches!(purpose, Use::InitiateLogin | Use::BackChannelLogout) {
        return Some("must be a web address");
    }
    let dangerous = [
        "javascript",
        "data",
        "vbscript",
        "file",
        "blob",
        "about",
        "filesystem",
        "view-source",
        "ws",
        "wss",
        "ftp",
    ];
    if dangerous.contains(&scheme) {
        return Some("must not have a scheme that browsers run or open by themselves");
    }
    if !rest.starts_with('/') {
        return Some("must have a / after the scheme, such as com.example.app:/callback");
    }
    rest.contains(['{', '}', '*'])
        .then_some("must not have templates or wildcards behind an app's own scheme")
}

/// Where host and port end (RFC 3986 §3.2).
pub(super) fn end_of_authority(after_scheme: &str) -> usize {
    after_scheme.find(['/', '?']).unwrap_or(after_scheme.len())
}

/// The host without its port. A colon inside brackets belongs to an IPv6 address.
pub fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}

/// Templates (`auth.md` 9.2.4) fill a whole label, the whole host or a whole segment of the path.
fn placeholders(host: &str, path: &str, purpose: Use) -> Option<&'static str> {
    let has_braces = |text: &str| text.contains(['{', '}']);
    if !has_braces(host) && !has_braces(path) {
        return None;
    }
    if purpose == Use::BackChannelLogout {
        return Some("must not have a template");
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let is_template = |part: &str| {
        let name = part.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        name.is_some_and(|name| (1..=25).contains(&name.len()) && name.chars().all(is_name))
    };
    let is_fine = |part: &str| !has_braces(part) || is_template(part);
    (!host.split('.').all(is_fine) || !path.split('/').all(is_fine)).then_some(
        "must have a template such as {{org_slug}} as a whole label of the host or a whole path segment only",
    )
}

/// The URI with a letter in the place of each template and of the wildcard.
fn plain(uri: &str) -> String {
    let mut plain = String::with_capacity(uri.len());
    let mut rest = uri;
    while let Some((before, after)) = rest.split_once("{{") {
        plain.push_str(before);
        plain.push('x');
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain.replace('*', "x")
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip == Ipv4Addr::UNSPECIFIED,
        Some(Host::Ipv6(ip)) => {
            ip.is_loopback()
                || ip == Ipv6Addr::UNSPECIFIED
                || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DEVELOPMENT: Rules = Rules { production: false, native: false };
    const PRODUCTION: Rules = Rules { production: true, native: false };

    fn allowed(rules: Rules, uri: &str) -> bool {
        rules.problem(uri, Use::PostLogin).is_none()
    }

    #[test]
    fn web_addresses_and_app_schemes_are_allowed_everywhere() {
        for uri in [
            "https://app.globex.test/callback",
            "https://app.globex.test",
            "https://app.globex.test/",
            "https://APP.globex.test:8443/a/b/",
            "https://xn--bcher-kva.example/cb",
            "https://app.globex.test/%C3%A9/cb",
            "https://{{org_slug}}/cb",
            "https://{{org_slug}}.globex.test/cb",
            "https://app.globex.test/{{external_id}}/cb",
            "https://{{shop}}.app.{{org_slug}}.test:8443/{{a-b}}",
            "app://path",
            "com.example.app:/path",
            "com.example.app://callback/done",
        ] {
            assert!(allowed(DEVELOPMENT, uri), "{uri}: {:?}", DEVELOPMENT.problem(uri, Use::PostLogin));
            assert!(allowed(PRODUCTION, uri), "{uri}: {:?}", PRODUCTION.problem(uri, Use::PostLogin));
        }
    }

    #[test]
    fn development_alone_has_clear_text_this_machine_and_wildcards() {
        for uri in [
            "http://app.globex.test/cb",
            "http://localhost:3000/cb",
            "https://localhost/cb",
            "http://shop.localhost/cb",
            "http://127.0.0.1:8080/cb",
            "http://[::1]:8080/cb",
            "https://*.globex.test/cb",
            "https://auth-*.globex.test",
            "https://*.auth.globex.test/cb",
        ] {
            assert!(allowed(DEVELOPMENT, uri), "{uri}: {:?}", DEVELOPMENT.problem(uri, Use::PostLogin));
            assert!(!allowed(PRODUCTION, uri), "{uri}");
        }
        let native = Rules { production: true, native: true };
        for uri in ["http://127.0.0.1:8080/cb", "http://localhost/cb", "http://[::1]/cb"] {
            assert!(allowed(native, uri), "{uri}");
        }
        assert!(!allowed(native, "http://app.globex.test/cb"));
    }

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        let long = format!("https://app.globex.test/{}", "a".repeat(256));
        for uri in [
            "",
            "callback",
            "/callback",
            "//globex.test",
            "https:",
            "https://",
            "https:/globex.test",
            "https:globex.test",
            "https://globex.test/cb?x=1",
            "https://globex.test/cb#x",
            "https://me@globex.test/cb",
            "https://globex.test:99999/cb",
            "https://globex.test/a/../b",
            "https://globex.test/./b",
            "https://0x7f.1/cb",
            "https://2130706433/cb",
            "https://bücher.example/cb",
            "https://globex.test/é",
            "https://globex.test/a b",
            "https://globex.test\\@evil.test/",
            "https://globex.test/\u{202e}",
            "https://globex.test/cb\n",
            "https://*.test",
            "https://*.co.uk/cb",
            "https://*.*.globex.test",
            "https://globex.*.test",
            "https://auth.*.globex.test",
            "https://globex.test/*",
            "https://*",
            "https://*.{{org_slug}}/cb",
            "https://app-{{org_slug}}.globex.test/cb",
            "https://{{org_slug}}x/cb",
            "https://globex.test/x{{external_id}}",
            "https://globex.test/{{}}",
            "https://globex.test/{{a b}}",
            "https://globex.test/{a}",
            "https://globex.test:{{port}}/",
            "{{scheme}}://globex.test/",
            "javascript:alert(1)",
            "JavaScript://%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "app:path",
            "app://*",
            "app://{{org_slug}}",
            "1app://x",
            &long,
        ] {
            assert!(!allowed(DEVELOPMENT, uri), "{uri}");
            assert!(!allowed(PRODUCTION, uri), "{uri}");
        }
    }

    #[test]
    fn each_use_has_its_own_rules() {
        let problem = |uri, purpose| DEVELOPMENT.problem(uri, purpose).is_some();
        assert!(problem("app://start", Use::InitiateLogin));
        assert!(problem("https://*.globex.test/", Use::InitiateLogin));
        assert!(!problem("https://{{org_slug}}.globex.test/start", Use::InitiateLogin));
        assert!(!problem("https://globex.test/logout?app=1", Use::BackChannelLogout));
        assert!(problem("https://{{org_slug}}.globex.test/logout", Use::BackChannelLogout));
        assert!(problem("app://logout", Use::BackChannelLogout));
        assert!(!problem("app://logout", Use::PostLogout));
    }

    proptest! {
        #[test]
        fn any_text_is_allowed_or_refused(uri in "\\PC{0,60}|https?://[a-z.*{}:@\\[\\]0-9/?#]{0,40}") {
            for purpose in [Use::PostLogin, Use::InitiateLogin, Use::BackChannelLogout] {
                let _ = DEVELOPMENT.problem(&uri, purpose);
            }
        }
    }
}
