//! Where the answer to a request for authorization goes. Only a checked URI makes a [`RedirectTarget`], so that nobody is
//! ever redirected to another one (RFC 9700 §4.11).
use serde::{Deserialize, Serialize};

/// A redirect URI that was found registered, and what every answer to it carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedirectTarget {
    uri: String,
    /// As the client sent it.
    state: Option<String>,
    /// Of the metadata that the client used (RFC 9207).
    issuer: String,
}

impl RedirectTarget {
    /// The caller has compared the URI with those that the client registered.
    pub(super) fn new(uri: String, state: Option<String>, issuer: String) -> Self {
        Self { uri, state, issuer }
    }

    /// `redirect_uri` of the request.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The redirect URI with a code (RFC 6749 §4.1.2).
    pub fn success(&self, code: &str) -> String {
        self.with(&[("code", code)])
    }

    /// The redirect URI with an error (RFC 6749 §4.1.2.1).
    pub fn error(&self, code: &str, description: &str) -> String {
        self.with(&[("error", code), ("error_description", description)])
    }

    fn with(&self, answer: &[(&str, &str)]) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        let pairs = answer.iter().copied().chain(state).chain([("iss", self.issuer.as_str())]);
        with_query(&self.uri, pairs)
    }
}

/// A URI with more in its query; a fragment cannot be there.
pub fn with_query<'a>(uri: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_go_to_the_uri_as_it_is_written() {
        let target = |uri: &str| {
            RedirectTarget::new(uri.to_owned(), Some("a b&c".to_owned()), "https://auth.example".to_owned())
        };
        assert_eq!(
            target("https://app.example/cb").success("x_y"),
            "https://app.example/cb?code=x_y&state=a+b%26c&iss=https%3A%2F%2Fauth.example"
        );
        assert_eq!(
            target("com.example.app:/cb").error("access_denied", "no"),
            "com.example.app:/cb?error=access_denied&error_description=no&state=a+b%26c&iss=https%3A%2F%2Fauth.example"
        );
    }
}
