//! The two addresses that a browser is sent to: authorization and logout.

use url::form_urlencoded::byte_serialize;

const DEFAULT_SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// Options of [`get_authorization_url`](crate::ScalekitClient::get_authorization_url). Empty values are left out.
///
/// ```
/// use gatewright_sdk::AuthorizationUrlOptions;
///
/// let options = AuthorizationUrlOptions::new().organization_id("org_1").state("k3JH");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct AuthorizationUrlOptions {
    scopes: Vec<String>,
    state: String,
    nonce: String,
    login_hint: String,
    domain_hint: String,
    connection_id: String,
    organization_id: String,
    provider: String,
    code_challenge: String,
    code_challenge_method: String,
    prompt: String,
}

impl AuthorizationUrlOptions {
    /// No options: scopes `openid profile email`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Scopes to ask for in place of `openid profile email`. Add `offline_access` for a refresh token.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// A value that comes back with the answer. Make it random, keep it in the user's session and compare: this is
    /// what stops a forged answer (RFC 6749 §10.12).
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = state.into();
        self
    }

    /// A value that comes back inside the id token.
    pub fn nonce(mut self, nonce: impl Into<String>) -> Self {
        self.nonce = nonce.into();
        self
    }

    /// Who will probably log in, usually an e-mail address.
    pub fn login_hint(mut self, login_hint: impl Into<String>) -> Self {
        self.login_hint = login_hint.into();
        self
    }

    /// Domain whose identity provider to use; sent as `domain_hint` and `domain`.
    pub fn domain_hint(mut self, domain_hint: impl Into<String>) -> Self {
        self.domain_hint = domain_hint.into();
        self
    }

    /// Connection to log in with, `conn_…`.
    pub fn connection_id(mut self, connection_id: impl Into<String>) -> Self {
        self.connection_id = connection_id.into();
        self
    }

    /// Organization to log in to, `org_…`.
    pub fn organization_id(mut self, organization_id: impl Into<String>) -> Self {
        self.organization_id = organization_id.into();
        self
    }

    /// Social provider, such as `google`, `github` or `microsoft`.
    pub fn provider(mut self, provider: impl Into<String>) -> Self {
        self.provider = provider.into();
        self
    }

    /// PKCE challenge; see [`pkce`](Self::pkce) for both values at once.
    pub fn code_challenge(mut self, code_challenge: impl Into<String>) -> Self {
        self.code_challenge = code_challenge.into();
        self
    }

    /// How the challenge was made; the server accepts `S256`.
    pub fn code_challenge_method(mut self, code_challenge_method: impl Into<String>) -> Self {
        self.code_challenge_method = code_challenge_method.into();
        self
    }

    /// Challenge and method of a [`Pkce`](crate::pkce::Pkce).
    pub fn pkce(self, pkce: &crate::pkce::Pkce) -> Self {
        self.code_challenge(&pkce.code_challenge).code_challenge_method(pkce.code_challenge_method)
    }

    /// What the user is shown: `login`, `consent`, `create`, ….
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = prompt.into();
        self
    }
}

/// Options of [`get_logout_url`](crate::ScalekitClient::get_logout_url). Empty values are left out.
#[derive(Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct LogoutUrlOptions {
    id_token_hint: String,
    post_logout_redirect_uri: String,
    state: String,
}

impl LogoutUrlOptions {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id token from the login; it may have expired.
    pub fn id_token_hint(mut self, id_token_hint: impl Into<String>) -> Self {
        self.id_token_hint = id_token_hint.into();
        self
    }

    /// Where the browser goes afterwards; must be registered.
    pub fn post_logout_redirect_uri(mut self, post_logout_redirect_uri: impl Into<String>) -> Self {
        self.post_logout_redirect_uri = post_logout_redirect_uri.into();
        self
    }

    /// A value that comes back with the redirect.
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = state.into();
        self
    }
}

impl std::fmt::Debug for LogoutUrlOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogoutUrlOptions")
            .field("post_logout_redirect_uri", &self.post_logout_redirect_uri)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

pub(crate) fn authorization_url(
    env_url: &str,
    client_id: &str,
    redirect_uri: &str,
    options: &AuthorizationUrlOptions,
) -> String {
    let scope = if options.scopes.is_empty() { DEFAULT_SCOPES.join(" ") } else { options.scopes.join(" ") };
    let mut query = Query::default();
    query.always("response_type", "code");
    query.always("client_id", client_id);
    query.always("redirect_uri", redirect_uri);
    query.always("scope", &scope);
    query.unless_empty("state", &options.state);
    query.unless_empty("nonce", &options.nonce);
    query.unless_empty("login_hint", &options.login_hint);
    query.unless_empty("domain_hint", &options.domain_hint);
    query.unless_empty("domain", &options.domain_hint);
    query.unless_empty("connection_id", &options.connection_id);
    query.unless_empty("organization_id", &options.organization_id);
    query.unless_empty("code_challenge", &options.code_challenge);
    query.unless_empty("code_challenge_method", &options.code_challenge_method);
    query.unless_empty("provider", &options.provider);
    query.unless_empty("prompt", &options.prompt);
    format!("{env_url}/oauth/authorize?{}", query.0)
}

pub(crate) fn logout_url(env_url: &str, options: &LogoutUrlOptions) -> String {
    let mut query = Query::default();
    query.unless_empty("id_token_hint", &options.id_token_hint);
    query.unless_empty("post_logout_redirect_uri", &options.post_logout_redirect_uri);
    query.unless_empty("state", &options.state);
    let separator = if query.0.is_empty() { "" } else { "?" };
    format!("{env_url}/oidc/logout{separator}{}", query.0)
}

#[derive(Default)]
struct Query(String);

impl Query {
    fn always(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        // A space becomes %20, which is read alike in paths, queries and forms; a literal plus is %2B by now.
        let encoded: String = byte_serialize(value.as_bytes()).collect();
        self.0.push_str(&encoded.replace('+', "%20"));
    }

    fn unless_empty(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.always(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(url: &str) -> Vec<(String, String)> {
        url::Url::parse(url).unwrap().query_pairs().into_owned().collect()
    }

    #[test]
    fn without_options_it_has_the_four_fixed_parameters() {
        let url = authorization_url(
            "https://a.test",
            "skc_1",
            "https://app.test/cb",
            &AuthorizationUrlOptions::new(),
        );
        assert_eq!(
            url,
            "https://a.test/oauth/authorize?response_type=code&client_id=skc_1\
             &redirect_uri=https%3A%2F%2Fapp.test%2Fcb&scope=openid%20profile%20email"
        );
    }

    #[test]
    fn every_option_has_its_parameter_and_the_domain_has_two() {
        let options = AuthorizationUrlOptions::new()
            .scopes(["openid", "offline_access"])
            .state("s&t=1")
            .nonce("n")
            .login_hint("dana+x@globex.test")
            .domain_hint("globex.test")
            .connection_id("conn_1")
            .organization_id("org_1")
            .provider("google")
            .code_challenge("cc")
            .code_challenge_method("S256")
            .prompt("login");
        let url = authorization_url("https://a.test", "skc_1", "https://app.test/cb?x=1", &options);
        let expected = [
            ("response_type", "code"),
            ("client_id", "skc_1"),
            ("redirect_uri", "https://app.test/cb?x=1"),
            ("scope", "openid offline_access"),
            ("state", "s&t=1"),
            ("nonce", "n"),
            ("login_hint", "dana+x@globex.test"),
            ("domain_hint", "globex.test"),
            ("domain", "globex.test"),
            ("connection_id", "conn_1"),
            ("organization_id", "org_1"),
            ("code_challenge", "cc"),
            ("code_challenge_method", "S256"),
            ("provider", "google"),
            ("prompt", "login"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs(&url), expected);
    }

    #[test]
    fn an_empty_list_of_scopes_gives_the_default() {
        let options = AuthorizationUrlOptions::new().scopes(Vec::<String>::new());
        let url = authorization_url("https://a.test", "c", "r", &options);
        assert!(url.ends_with("&scope=openid%20profile%20email"));
    }

    #[test]
    fn logout_has_its_parameters_in_order_and_no_lonely_question_mark() {
        assert_eq!(logout_url("https://a.test", &LogoutUrlOptions::new()), "https://a.test/oidc/logout");
        let options = LogoutUrlOptions::new()
            .state("s")
            .post_logout_redirect_uri("https://app.test/")
            .id_token_hint("e.y.J");
        assert_eq!(
            logout_url("https://a.test", &options),
            "https://a.test/oidc/logout?id_token_hint=e.y.J&post_logout_redirect_uri=https%3A%2F%2Fapp.test%2F&state=s"
        );
        assert!(!format!("{options:?}").contains("e.y.J"));
    }
}
