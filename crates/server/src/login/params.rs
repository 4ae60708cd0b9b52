//! Parameters of a request for authorization, from a query or a form.
use http::Uri;
use std::collections::BTreeMap;

/// Most characters of one parameter. A `state` or `login_hint` may be long.
const MAX_VALUE: usize = 8192;

/// The parameters of a request for authorization.
#[derive(Debug, Default)]
pub struct Params {
    values: BTreeMap<String, String>,
    /// The first parameter that is not as it must be, with what it must be.
    problem: Option<(String, &'static str)>,
}

impl Params {
    /// Reads the query of a URI.
    pub fn of_query(uri: &Uri) -> Self {
        Self::parse(uri.query().unwrap_or_default().as_bytes())
    }

    /// Reads a form or a query. A parameter without a value counts as absent (RFC 6749 §3.1). The same value twice is one:
    /// SDKs say some things twice; two values are a fault, found by [`Params::problem`].
    pub fn parse(encoded: &[u8]) -> Self {
        let mut params = Self::default();
        for (name, value) in url::form_urlencoded::parse(encoded) {
            if value.is_empty() {
                continue;
            }
            let problem = if value.len() > MAX_VALUE {
                Some("must have at most 8192 characters")
            } else if value.chars().any(|c| c.is_control() || c == '\u{fffd}') {
                Some("must be text without control characters")
            } else if params.values.get(name.as_ref()).is_some_and(|other| *other != value) {
                Some("must not be given twice")
            } else {
                None
            };
            match problem {
                Some(problem) => {
                    let shown = name.chars().filter(|c| !c.is_control()).take(60).collect();
                    params.problem.get_or_insert((shown, problem));
                }
                None => {
                    params.values.entry(name.into_owned()).or_insert_with(|| value.into_owned());
                }
            }
        }
        params
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// What is wrong with a parameter.
    pub fn problem(&self) -> Option<String> {
        self.problem.as_ref().map(|(name, problem)| format!("{name} {problem}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_twice_is_one_and_two_values_are_a_fault() {
        let params = Params::parse(b"domain=a.example&domain=a.example&x=&scope=openid+email");
        assert_eq!((params.get("domain"), params.get("x")), (Some("a.example"), None));
        assert_eq!((params.get("scope"), params.problem()), (Some("openid email"), None));
        let params = Params::parse(b"redirect_uri=https://a&redirect_uri=https://b");
        assert_eq!(params.problem().as_deref(), Some("redirect_uri must not be given twice"));
        assert!(Params::parse(b"state=%00").problem().is_some());
    }

    proptest! {
        #[test]
        fn anything_is_read(text in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Params::parse(&text);
        }
    }
}
