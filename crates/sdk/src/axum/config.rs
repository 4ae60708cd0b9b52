//! The settings of an application's sessions.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::{Host, Url};

use super::crypto::Keys;
use super::ended::{EndedSessions, MemoryEndedSessions};
use super::error::SessionError;
use super::layer::SessionLayer;
use super::refresh::Refresher;
use crate::ScalekitClient;
use crate::error::{Result, ScalekitError};

const MIN_SECRET: usize = 32;
/// Longer than access tokens usually live.
const REMEMBER_ENDED: Duration = Duration::from_secs(24 * 60 * 60);

/// Sign-in and sessions of one web application; see the [module](super). Clones are cheap and share everything.
#[derive(Clone)]
pub struct Sessions {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) client: ScalekitClient,
    pub(super) issuer: String,
    /// Scheme, host and port, without a slash.
    pub(super) origin: String,
    pub(super) is_secure: bool,
    pub(super) keys: Keys,
    pub(super) paths: Paths,
    pub(super) scopes: Vec<String>,
    pub(super) logs_out_everywhere: bool,
    pub(super) refresh_before: i64,
    pub(super) refresher: Refresher,
    pub(super) ended: Arc<dyn EndedSessions>,
    pub(super) remember_ended: Duration,
    on_failure: Arc<OnFailure>,
}

type OnFailure = dyn Fn(&SessionError) + Send + Sync;

#[derive(Clone)]
pub(super) struct Paths {
    pub(super) login: String,
    pub(super) callback: String,
    pub(super) logout: String,
    pub(super) backchannel_logout: String,
    pub(super) after_login: String,
    pub(super) after_logout: String,
}

impl Shared {
    pub(super) fn callback_uri(&self) -> String {
        format!("{}{}", self.origin, self.paths.callback)
    }

    pub(super) fn tell(&self, error: &SessionError) {
        (self.on_failure)(error);
    }
}

impl Sessions {
    /// Starts with the client, the application's address as browsers see it, such as `https://app.example.com`, and
    /// the secret of its cookies: at least 32 random characters, the same on each of its servers.
    ///
    /// ```
    /// use gatewright_sdk::{ScalekitClient, axum::Sessions};
    ///
    /// let client = ScalekitClient::new("https://acme.scalekit.com", "skc_1", "test_secret")?;
    /// let sessions = Sessions::builder(client, "https://app.example.com", "0123456789abcdef0123456789abcdef")
    ///     .after_login("/dashboard")
    ///     .build()?;
    /// # Ok::<(), gatewright_sdk::ScalekitError>(())
    /// ```
    pub fn builder(
        client: ScalekitClient,
        base_url: impl Into<String>,
        cookie_secret: impl Into<String>,
    ) -> SessionsBuilder {
        SessionsBuilder::new(client, base_url.into(), cookie_secret.into())
    }

    /// Reads and renews the session of each request for the handlers inside it.
    #[must_use]
    pub fn layer(&self) -> SessionLayer {
        SessionLayer::new(self.clone())
    }

    /// Where the server sends the browser back to: register it as a redirect URI.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        self.shared.callback_uri()
    }

    /// Where the browser goes after a logout: register it as a post-logout redirect URI.
    #[must_use]
    pub fn post_logout_redirect_uri(&self) -> String {
        format!("{}{}", self.shared.origin, self.shared.paths.after_logout)
    }

    /// Where the server tells that a session has ended: register it as a back-channel logout URI.
    #[must_use]
    pub fn backchannel_logout_uri(&self) -> String {
        format!("{}{}", self.shared.origin, self.shared.paths.backchannel_logout)
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("redirect_uri", &self.redirect_uri()).finish_non_exhaustive()
    }
}

/// Builds [`Sessions`]; made by [`Sessions::builder`].
#[must_use]
pub struct SessionsBuilder {
    client: ScalekitClient,
    base_url: String,
    cookie_secret: String,
    issuer: Option<String>,
    paths: Paths,
    scopes: Vec<String>,
    logs_out_everywhere: bool,
    refresh_before: Duration,
    ended: Option<Arc<dyn EndedSessions>>,
    remember_ended: Duration,
    on_failure: Arc<OnFailure>,
}

impl SessionsBuilder {
    fn new(client: ScalekitClient, base_url: String, cookie_secret: String) -> Self {
        let path = str::to_owned;
        Self {
            client,
            base_url,
            cookie_secret,
            issuer: None,
            paths: Paths {
                login: path("/login"),
                callback: path("/callback"),
                logout: path("/logout"),
                backchannel_logout: path("/backchannel-logout"),
                after_login: path("/"),
                after_logout: path("/"),
            },
            scopes: ["openid", "profile", "email", "offline_access"].map(str::to_owned).to_vec(),
            logs_out_everywhere: true,
            refresh_before: Duration::from_secs(10),
            ended: None,
            remember_ended: REMEMBER_ENDED,
            on_failure: Arc::new(|_| {}),
        }
    }

    /// Path that begins a login. Default `/login`.
    pub fn login_path(mut self, path: impl Into<String>) -> Self {
        self.paths.login = path.into();
        self
    }

    /// Path that the server sends the browser back to. Default `/callback`.
    pub fn callback_path(mut self, path: impl Into<String>) -> Self {
        self.paths.callback = path.into();
        self
    }

    /// Path that ends the session. Default `/logout`.
    pub fn logout_path(mut self, path: impl Into<String>) -> Self {
        self.paths.logout = path.into();
        self
    }

    /// Path at which the server tells that a session has ended. Default `/backchannel-logout`.
    pub fn backchannel_logout_path(mut self, path: impl Into<String>) -> Self {
        self.paths.backchannel_logout = path.into();
        self
    }

    /// Path to go to after a login that was not begun by a page. Default `/`.
    pub fn after_login(mut self, path: impl Into<String>) -> Self {
        self.paths.after_login = path.into();
        self
    }

    /// Path to go to after a logout. Default `/`.
    pub fn after_logout(mut self, path: impl Into<String>) -> Self {
        self.paths.after_logout = path.into();
        self
    }

    /// Scopes in place of `openid profile email offline_access`. Without `offline_access` a session lasts as long as
    /// its access token.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// `iss` of the tokens, if it is not the client's environment URL.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Logs out of this application only; the session on the server goes on, and the next login needs no page.
    pub fn logs_out_locally(mut self) -> Self {
        self.logs_out_everywhere = false;
        self
    }

    /// How long before its end an access token is renewed. Default 10 seconds.
    pub fn refresh_before(mut self, time: Duration) -> Self {
        self.refresh_before = time;
        self
    }

    /// Where to keep which sessions have ended. Default: in this process; several servers need a store in common.
    pub fn ended_sessions(mut self, store: impl EndedSessions) -> Self {
        self.ended = Some(Arc::new(store));
        self
    }

    /// How long to remember that a session has ended: at least as long as access tokens live. Default 24 hours.
    pub fn remember_ended_for(mut self, time: Duration) -> Self {
        self.remember_ended = time;
        self
    }

    /// Called with the reason when a person must sign in again though they had a session or came from the login page;
    /// for logs.
    pub fn on_failure(mut self, tell: impl Fn(&SessionError) + Send + Sync + 'static) -> Self {
        self.on_failure = Arc::new(tell);
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an address that is not a plain origin or neither https
    /// nor on this machine, a secret of fewer than 32 characters, or a path that does not begin with a slash.
    pub fn build(self) -> Result<Sessions> {
        let origin = parse_origin(&self.base_url)?;
        if self.cookie_secret.len() < MIN_SECRET {
            return Err(ScalekitError::invalid_argument("the cookie secret needs at least 32 characters"));
        }
        let paths = &self.paths;
        let all = [
            &paths.login,
            &paths.callback,
            &paths.logout,
            &paths.backchannel_logout,
            &paths.after_login,
            &paths.after_logout,
        ];
        if let Some(bad) = all.into_iter().find(|path| super::cookies::local_path(path).is_none()) {
            return Err(ScalekitError::invalid_argument(format!(
                "{bad:?} is not a path: begin it with a slash"
            )));
        }
        let shared = Shared {
            issuer: self.issuer.unwrap_or_else(|| self.client.env_url().to_owned()),
            is_secure: origin.starts_with("https:"),
            origin,
            keys: Keys::derive(&self.cookie_secret)?,
            paths: self.paths,
            scopes: self.scopes,
            logs_out_everywhere: self.logs_out_everywhere,
            refresh_before: i64::try_from(self.refresh_before.as_secs()).unwrap_or(i64::MAX),
            refresher: Refresher::default(),
            ended: self.ended.unwrap_or_else(|| Arc::new(MemoryEndedSessions::default())),
            remember_ended: self.remember_ended,
            on_failure: self.on_failure,
            client: self.client,
        };
        Ok(Sessions { shared: Arc::new(shared) })
    }
}

impl fmt::Debug for SessionsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionsBuilder").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// Cookies are `Secure` on https; over http they would be open to everybody, so that is for development only.
fn parse_origin(base_url: &str) -> Result<String> {
    let bad =
        |why: &str| Err(ScalekitError::invalid_argument(format!("the address of the application {why}")));
    let Ok(url) = Url::parse(base_url) else { return bad("is not a URL") };
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && is_local) {
        return bad("must begin with https://, or be on this machine");
    }
    let is_origin = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !is_origin || !url.username().is_empty() || url.password().is_some() {
        return bad("must be scheme, host and port only");
    }
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn builder(base_url: &str, secret: &str) -> SessionsBuilder {
        let client = ScalekitClient::new("https://auth.example", "skc_1", "s").unwrap();
        Sessions::builder(client, base_url, secret)
    }

    #[test]
    fn addresses_to_register_are_absolute() {
        let sessions =
            builder("https://App.example:443/", SECRET).callback_path("/auth/callback").build().unwrap();
        assert_eq!(sessions.redirect_uri(), "https://app.example/auth/callback");
        assert_eq!(sessions.post_logout_redirect_uri(), "https://app.example/");
        assert_eq!(sessions.backchannel_logout_uri(), "https://app.example/backchannel-logout");
        assert!(sessions.shared.is_secure);
        let local = builder("http://localhost:3000", SECRET).build().unwrap();
        assert_eq!(local.redirect_uri(), "http://localhost:3000/callback");
        assert!(!local.shared.is_secure);
    }

    #[test]
    fn unsafe_settings_are_refused() {
        for bad in [
            "http://app.example",
            "http://localhost.example",
            "app.example",
            "ftp://localhost",
            "https://app.example/app",
            "https://a:b@app.example",
            "https://app.example/?a=1",
            "https://app.example/#a",
        ] {
            assert!(builder(bad, SECRET).build().is_err(), "{bad}");
        }
        assert!(builder("https://app.example", "short").build().is_err());
        assert!(builder("https://app.example", SECRET).login_path("login").build().is_err());
        assert!(builder("https://app.example", SECRET).after_login("//evil.example").build().is_err());
    }

    #[test]
    fn no_secret_is_shown() {
        let builder = builder("https://app.example", SECRET);
        assert!(!format!("{builder:?} {:?}", builder.client).contains(SECRET));
        assert!(!format!("{:?}", builder.build().unwrap()).contains(SECRET));
    }
}
