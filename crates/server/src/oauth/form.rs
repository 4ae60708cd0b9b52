//! Parameters of a request as `application/x-www-form-urlencoded`.
use super::OAuthError;
use http::{HeaderMap, header};
use std::borrow::Cow;

/// The parameters of a form. A parameter without a value counts as absent, one that comes twice is an error
/// (RFC 6749 §3.1).
#[derive(Debug)]
pub struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Form<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// `invalid_request` for another content type, text that is not UTF-8, or a parameter that comes twice.
    pub fn parse(headers: &HeaderMap, body: &'a [u8]) -> Result<Self, OAuthError> {
        let content_type =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(OAuthError::invalid_request("the body must be application/x-www-form-urlencoded"));
        }
        Self::collect(body)
    }

    /// Reads the query of a URL.
    ///
    /// # Errors
    /// `invalid_request` for text that is not UTF-8, or a parameter that comes twice.
    pub fn of_query(query: &'a str) -> Result<Self, OAuthError> {
        Self::collect(query.as_bytes())
    }

    fn collect(text: &'a [u8]) -> Result<Self, OAuthError> {
        let mut parameters: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            if value.is_empty() {
                continue;
            }
            let shown = || name.chars().take(100).collect::<String>();
            if value.contains(['\0', '\u{fffd}']) {
                return Err(OAuthError::invalid_request(format!("{} is not valid text", shown())));
            }
            if parameters.iter().any(|(other, _)| *other == name) {
                return Err(OAuthError::invalid_request(format!("{} is given twice", shown())));
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(body: &[u8]) -> Result<Form<'_>, OAuthError> {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            "application/x-www-form-urlencoded; charset=utf-8".parse().unwrap(),
        );
        Form::parse(&headers, body)
    }

    #[test]
    fn empty_is_absent_and_twice_is_an_error() {
        let form = parse(b"a=1&b=&c=%C3%A9+x").unwrap();
        assert_eq!((form.get("a"), form.get("b"), form.get("c")), (Some("1"), None, Some("é x")));
        assert_eq!(parse(b"a=1&a=1").unwrap_err().code(), "invalid_request");
        assert_eq!(parse(b"a=%ff").unwrap_err().code(), "invalid_request");
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&body);
        }
    }
}
