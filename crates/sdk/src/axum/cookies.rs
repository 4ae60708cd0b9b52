//! The three cookies of an application: the session, and state and return path of a login.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, header};

/// The encrypted session.
pub(super) const SESSION: &str = "sk_session";
/// The state of the login that is under way.
pub(super) const STATE: &str = "sk_oauth_state";
/// Where the person wanted to go.
pub(super) const RETURN_TO: &str = "sk_return_to";
/// How long a login may take, in seconds.
pub(super) const LOGIN_SECONDS: u32 = 600;
/// A path that is longer is forgotten.
const MAX_PATH: usize = 1024;

/// A cookie of a request; none if there are two of this name, because one of them is somebody else's.
pub(super) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut found = lines.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// `Set-Cookie`, for so many seconds or as long as the browser runs. None for what cannot be in a header.
pub(super) fn set(name: &str, value: &str, seconds: Option<u32>, is_secure: bool) -> Option<HeaderValue> {
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let secure = if is_secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{name}={value}; Path=/{age}; HttpOnly; SameSite=Lax{secure}")).ok()
}

/// `Set-Cookie` that takes a cookie away.
pub(super) fn clear(name: &str, is_secure: bool) -> Option<HeaderValue> {
    set(name, "", Some(0), is_secure)
}

/// A path on this origin, if it is nothing else: browsers read `//host` and `/\host` as another one.
pub(super) fn local_path(path: &str) -> Option<&str> {
    let mut bytes = path.bytes();
    let is_absolute = bytes.next() == Some(b'/') && bytes.next() != Some(b'/');
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (is_absolute && is_plain && path.len() <= MAX_PATH).then_some(path)
}

pub(super) fn encode_path(path: &str) -> String {
    URL_SAFE_NO_PAD.encode(path)
}

/// The path of a cookie, checked again: cookies are the browser's.
pub(super) fn decode_path(value: &str) -> Option<String> {
    let path = String::from_utf8(URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
    local_path(&path).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_origin_are_returned_to() {
        for good in ["/", "/reports?q=1#top", "/a//b", "/%2F%2Fevil.example"] {
            assert_eq!(local_path(good), Some(good));
            assert_eq!(decode_path(&encode_path(good)).as_deref(), Some(good));
        }
        let long = format!("/{}", "a".repeat(1024));
        for bad in [
            "",
            "reports",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example/",
            "/a\\b",
            "/\t/evil.example",
            "/a b",
            "/a\r\nset-cookie: x=1",
            "/é",
            "javascript:alert(1)",
            long.as_str(),
        ] {
            assert_eq!(local_path(bad), None, "{bad}");
            assert_eq!(decode_path(&encode_path(bad)), None, "{bad}");
        }
        assert_eq!(decode_path("no base64!"), None);
    }

    #[test]
    fn a_cookie_that_comes_twice_is_none() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; sk_session=x.y; b=2"));
        assert_eq!(find(&headers, SESSION), Some("x.y"));
        assert_eq!(find(&headers, "session"), None);
        headers.append(header::COOKIE, HeaderValue::from_static("sk_session=z"));
        assert_eq!(find(&headers, SESSION), None);
    }

    #[test]
    fn cookies_have_all_attributes() {
        let cookie = set(SESSION, "v", None, true).unwrap();
        assert_eq!(cookie, "sk_session=v; Path=/; HttpOnly; SameSite=Lax; Secure");
        let cookie = clear(STATE, false).unwrap();
        assert_eq!(cookie, "sk_oauth_state=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        assert!(set(SESSION, "a\nb", None, true).is_none());
    }
}
