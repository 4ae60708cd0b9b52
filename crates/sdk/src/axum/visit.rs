//! The session of one request: read when a handler asks for it, renewed if it is due, told to the browser at the end.

use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, HeaderValue, Uri, header};
use tokio::sync::OnceCell;

use super::config::Shared;
use super::cookies;
use super::error::SessionError;
use super::payload::Payload;
use super::refresh::Refresher;

/// What the layer gives to the handlers of a request.
pub(super) struct Visit {
    pub(super) shared: Arc<Shared>,
    /// As the layer saw it: inside `Router::nest` the request's own is shorter.
    pub(super) uri: Uri,
    cookie: Option<String>,
    session: OnceCell<Option<Arc<Payload>>>,
    /// `Set-Cookie` of the answer.
    change: Mutex<Option<HeaderValue>>,
}

impl Visit {
    pub(super) fn new(shared: Arc<Shared>, uri: Uri, headers: &HeaderMap) -> Self {
        let cookie = cookies::find(headers, cookies::SESSION).map(str::to_owned);
        Self { shared, uri, cookie, session: OnceCell::new(), change: Mutex::new(None) }
    }

    /// The session, if there is one that goes on.
    pub(super) async fn session(&self) -> Result<Option<Arc<Payload>>, SessionError> {
        self.session.get_or_try_init(|| self.read()).await.cloned()
    }

    async fn read(&self) -> Result<Option<Arc<Payload>>, SessionError> {
        let Some(cookie) = &self.cookie else { return Ok(None) };
        let Some(payload) = Payload::open(&self.shared, cookie).map(Arc::new) else {
            self.forget();
            return Ok(None);
        };
        if let Some(sid) = payload.sid()
            && self.shared.ended.has_ended(sid).await.map_err(SessionError::Store)?
        {
            self.forget();
            return Ok(None);
        }
        if payload.seconds_left(&self.shared) >= self.shared.refresh_before {
            return Ok(Some(payload));
        }
        self.renew(payload).await
    }

    async fn renew(&self, old: Arc<Payload>) -> Result<Option<Arc<Payload>>, SessionError> {
        let is_alive = old.seconds_left(&self.shared) > 0;
        match self.refresh(&old).await {
            Ok(Some(new)) => Ok(Some(new)),
            Ok(None) if is_alive => Ok(Some(old)),
            Ok(None) => {
                self.forget();
                Ok(None)
            }
            Err(error) => {
                self.shared.tell(&error);
                match error {
                    SessionError::Client(_) if error.is_temporary() && is_alive => Ok(Some(old)),
                    _ if error.is_temporary() => Err(error),
                    _ => {
                        self.forget();
                        Ok(None)
                    }
                }
            }
        }
    }

    /// New tokens now. None without a refresh token.
    pub(super) async fn refresh(&self, old: &Arc<Payload>) -> Result<Option<Arc<Payload>>, SessionError> {
        let Some(token) = &old.refresh_token else { return Ok(None) };
        let new = Refresher::refresh(&self.shared, old, token).await.map_err(own)?;
        let value = new.seal(&self.shared)?;
        self.change(cookies::set(cookies::SESSION, &value, None, self.shared.is_secure));
        Ok(Some(new))
    }

    fn forget(&self) {
        self.change(cookies::clear(cookies::SESSION, self.shared.is_secure));
    }

    fn change(&self, cookie: Option<HeaderValue>) {
        *self.change.lock().unwrap_or_else(PoisonError::into_inner) = cookie;
    }

    /// Adds what has changed to an answer, which is then for this browser alone. A handler that sets the cookie itself, as
    /// login and logout do, has the last word.
    pub(super) fn finish(&self, headers: &mut HeaderMap) {
        let change = self.change.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(cookie) = change else { return };
        let own = format!("{}=", cookies::SESSION);
        let is_set = headers
            .get_all(header::SET_COOKIE)
            .iter()
            .any(|line| line.as_bytes().starts_with(own.as_bytes()));
        if !is_set {
            headers.append(header::SET_COOKIE, cookie);
            headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        }
    }
}

/// An error that several requests got.
fn own(error: Arc<SessionError>) -> SessionError {
    Arc::try_unwrap(error).unwrap_or_else(|shared| match &*shared {
        SessionError::Client(error) => SessionError::Client(error.clone()),
        SessionError::TooLarge(length) => SessionError::TooLarge(*length),
        other => SessionError::Client(crate::ScalekitError::internal(other.to_string())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScalekitClient;
    use crate::axum::Sessions;

    /// `{"alg":"RS256"}` and `{"sub":"usr_1"}`.
    const ACCESS_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c3JfMSJ9.AA";

    /// An application whose server cannot be reached, and a session whose access token ends in so many seconds.
    fn visit(left: i64, refresh_token: Option<&str>) -> Visit {
        let client = ScalekitClient::new("http://127.0.0.1:1", "skc_1", "s").unwrap();
        let sessions = Sessions::builder(client, "http://localhost:3000", "0123456789abcdef0123456789abcdef");
        let shared = sessions.build().unwrap().shared;
        let payload = Payload {
            user: serde_json::Map::new(),
            access_token: ACCESS_TOKEN.to_owned(),
            refresh_token: refresh_token.map(str::to_owned),
            id_token: "i".to_owned(),
            expires_at: shared.client.clock().now().as_second() + left,
        };
        let cookie = format!("sk_session={}", payload.seal(&shared).unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        Visit::new(shared, Uri::from_static("/"), &headers)
    }

    fn cookie_of(visit: &Visit) -> Option<String> {
        let mut headers = HeaderMap::new();
        visit.finish(&mut headers);
        headers.get(header::SET_COOKIE).map(|value| value.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_fresh_session_needs_no_server() {
        let visit = visit(11, Some("rt_1"));
        assert!(visit.session().await.unwrap().is_some());
        assert_eq!(cookie_of(&visit), None);
    }

    #[tokio::test]
    async fn without_the_server_a_session_goes_on_while_its_token_lives() {
        let alive = visit(5, Some("rt_1"));
        assert!(alive.session().await.unwrap().is_some());
        assert_eq!(cookie_of(&alive), None);
        let dead = visit(-1, Some("rt_1"));
        let refused = dead.session().await.err().unwrap();
        assert!(refused.is_temporary());
        assert_eq!(cookie_of(&dead), None, "the cookie stays: the server will be back");
    }

    #[tokio::test]
    async fn without_a_refresh_token_a_session_ends_with_its_access_token() {
        assert!(visit(5, None).session().await.unwrap().is_some());
        let dead = visit(0, None);
        assert!(dead.session().await.unwrap().is_none());
        assert!(cookie_of(&dead).unwrap().contains("Max-Age=0"));
    }

    #[tokio::test]
    async fn a_handler_that_sets_the_cookie_has_the_last_word() {
        let dead = visit(0, None);
        dead.session().await.unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::SET_COOKIE, "sk_session=new; Path=/".parse().unwrap());
        dead.finish(&mut headers);
        assert_eq!(headers.get_all(header::SET_COOKIE).iter().count(), 1);
    }

    #[test]
    fn a_session_that_does_not_fit_is_refused() {
        let visit = visit(5, None);
        let payload = Payload {
            user: serde_json::Map::new(),
            access_token: "a".repeat(2900),
            refresh_token: None,
            id_token: String::new(),
            expires_at: 0,
        };
        assert!(matches!(payload.seal(&visit.shared), Err(SessionError::TooLarge(3801..))));
    }
}
