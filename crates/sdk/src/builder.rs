//! Construction of a client with options.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::ScalekitClient;
use crate::call::SDK_VERSION;
use crate::channel::{ChannelConfig, Connection};
use crate::client::Inner;
use crate::clock::Clock;
use crate::error::{Result, ScalekitError};
use crate::http::Http;
use crate::jwks::Jwks;
use crate::token::{Credentials, TokenSource};

const CALL_TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_RETRIES: u32 = 3;

/// Builds a [`ScalekitClient`]; made by [`ScalekitClient::builder`].
#[derive(Clone)]
#[must_use]
pub struct ScalekitClientBuilder {
    env_url: String,
    client_id: String,
    client_secret: Option<SecretString>,
    ca_pem: Option<Vec<u8>>,
    timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    max_retries: u32,
    user_agent_suffix: Option<String>,
}

impl ScalekitClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            env_url: String::new(),
            client_id: String::new(),
            client_secret: None,
            ca_pem: None,
            timeout: Some(CALL_TIMEOUT),
            connect_timeout: Some(CONNECT_TIMEOUT),
            max_retries: MAX_RETRIES,
            user_agent_suffix: None,
        }
    }

    /// URL of the environment, such as `https://acme.scalekit.com`. Required. Slashes at the end are removed.
    pub fn env_url(mut self, env_url: impl Into<String>) -> Self {
        self.env_url = env_url.into();
        self
    }

    /// Id of the client, `skc_…`. Required.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// Secret of the client. Without one, URLs, token checks and code exchange with PKCE work, and each call of the
    /// API fails with [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn client_secret(mut self, client_secret: impl Into<String>) -> Self {
        self.client_secret = Some(client_secret.into().into()).filter(|secret| !is_empty(secret));
        self
    }

    /// Certificates in PEM that are trusted besides the system's, for a server with a certificate of your own CA.
    pub fn ca_certificates_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pem = Some(pem.into());
        self
    }

    /// Deadline of each call, retries included. Default 20 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Lets calls take as long as they take.
    pub fn without_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }

    /// Deadline for opening a connection. Default 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// How often a call is repeated at most. Default 3. What is repeated is on the
    /// [first page](crate#retries-and-deadlines).
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.max_retries = max_retries;
        self
    }

    /// Sends every call once. A token that was refused is still replaced for the next call.
    pub fn without_retries(self) -> Self {
        self.max_retries(0)
    }

    /// Text appended to the user agent, such as `acme-shop/1.4`.
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent_suffix = Some(suffix.into());
        self
    }

    /// Makes the client. Sends nothing, and needs no Tokio runtime yet.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) for a URL that is not `http(s)://host[:port]`,
    /// an empty client id, certificates that are not PEM, or a system without trusted certificates.
    pub fn build(self) -> Result<ScalekitClient> {
        let env_url = parse_env_url(&self.env_url)?;
        if self.client_id.trim().is_empty() {
            return Err(ScalekitError::invalid_argument("client id is required"));
        }
        let user_agent = match &self.user_agent_suffix {
            Some(suffix) => format!("{SDK_VERSION} {suffix}"),
            None => SDK_VERSION.to_owned(),
        };
        let connection = Connection::new(&ChannelConfig {
            env_url: &env_url,
            user_agent: &user_agent,
            connect_timeout: self.connect_timeout,
            ca_pem: self.ca_pem.as_deref(),
        })?;
        let http = Http::new(self.http_client(&user_agent)?, env_url.clone());
        Ok(ScalekitClient::from_inner(Arc::new(Inner {
            env_url,
            credentials: Credentials { client_id: self.client_id, client_secret: self.client_secret },
            timeout: self.timeout,
            max_retries: self.max_retries,
            http,
            connection,
            tokens: TokenSource::default(),
            jwks: Jwks::default(),
            clock: Clock::default(),
        })))
    }

    fn http_client(&self, user_agent: &str) -> Result<reqwest::Client> {
        let failed =
            |error: reqwest::Error| ScalekitError::invalid_argument("cannot set up HTTP").with_source(error);
        let mut http =
            reqwest::Client::builder().user_agent(user_agent).redirect(reqwest::redirect::Policy::none());
        if let Some(timeout) = self.timeout {
            http = http.timeout(timeout);
        }
        if let Some(timeout) = self.connect_timeout {
            http = http.connect_timeout(timeout);
        }
        if let Some(pem) = &self.ca_pem {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(failed)?;
            if certificates.is_empty() {
                return Err(ScalekitError::invalid_argument("the extra certificates are not PEM"));
            }
            http = http.tls_certs_merge(certificates);
        }
        http.build().map_err(failed)
    }
}

impl fmt::Debug for ScalekitClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScalekitClientBuilder")
            .field("env_url", &self.env_url)
            .field("client_id", &self.client_id)
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("max_retries", &self.max_retries)
            .finish_non_exhaustive()
    }
}

fn is_empty(secret: &SecretString) -> bool {
    secrecy::ExposeSecret::expose_secret(secret).is_empty()
}

/// Checks the URL and returns it without slashes at the end. The text is kept otherwise: `iss` is compared with it.
fn parse_env_url(env_url: &str) -> Result<String> {
    let refuse = |what: &str| Err(ScalekitError::invalid_argument(format!("the environment URL {what}")));
    let trimmed = env_url.trim().trim_end_matches('/');
    let url = match Url::parse(trimmed) {
        Ok(url) => url,
        Err(error) => {
            return refuse("is not a URL").map_err(|refused: ScalekitError| refused.with_source(error));
        }
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return refuse("must start with https:// (or http://) and a host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must not contain credentials");
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return refuse("must end after the host and port");
    }
    Ok(trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn slashes_at_the_end_are_removed() {
        for url in ["https://a.test", "https://a.test/", "https://a.test//", " http://127.0.0.1:8080/ "] {
            let parsed = parse_env_url(url).unwrap();
            assert_eq!(parsed, url.trim().trim_end_matches('/'));
        }
    }

    #[test]
    fn other_urls_are_refused() {
        for url in [
            "",
            "a.test",
            "ftp://a.test",
            "https://",
            "https://u:p@a.test",
            "https://a.test/path",
            "https://a.test?x=1",
            "https://a.test#x",
            "unix:/run/x",
        ] {
            let error = parse_env_url(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{url}");
        }
    }

    #[test]
    fn a_client_is_built_without_a_runtime_and_shows_no_secret() {
        let builder =
            ScalekitClient::builder().env_url("https://a.test/").client_id("skc_1").client_secret("s3cr3t");
        assert!(!format!("{builder:?}").contains("s3cr3t"));
        let client = builder.build().unwrap();
        assert!(!format!("{client:?}").contains("s3cr3t"));
        assert!(!format!("{:?}", client.organization()).contains("s3cr3t"));
        assert!(!format!("{:?}", client.organization().get_organization("org_1")).contains("s3cr3t"));
    }

    #[test]
    fn an_empty_client_id_and_bad_certificates_are_refused() {
        let builder = || ScalekitClient::builder().env_url("https://a.test");
        assert_eq!(builder().build().unwrap_err().kind(), ErrorKind::InvalidArgument);
        let bad = builder().client_id("skc_1").ca_certificates_pem("no pem").build();
        assert_eq!(bad.unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}
