//! The client's own token: fetched once for concurrent callers, renewed before it expires.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use tonic::metadata::{Ascii, MetadataValue};

use crate::clock::Clock;
use crate::error::{Result, ScalekitError};
use crate::http::{Http, required};

/// A token is renewed when a tenth of its life is left, but not earlier than this before its end.
const RENEW_BEFORE: Duration = Duration::from_secs(60);
/// After a failed renewal a token that still works is used for this long before the next try.
const RENEW_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Client id and secret; a client that only checks tokens has no secret.
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<SecretString>,
}

impl Credentials {
    /// The secret, or nothing; an empty form value is not sent.
    pub(crate) fn secret(&self) -> &str {
        self.client_secret.as_ref().map_or("", |secret| secret.expose_secret())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// An access token of the client itself.
pub(crate) struct AccessToken {
    value: SecretString,
    /// `Bearer …`, ready to send.
    pub(crate) header: MetadataValue<Ascii>,
    /// None when the server did not say how long it lives.
    life: Option<Life>,
}

struct Life {
    renew_at: Instant,
    ends_at: Instant,
}

impl AccessToken {
    pub(crate) fn value(&self) -> &str {
        self.value.expose_secret()
    }

    fn is_fresh(&self, now: Instant) -> bool {
        self.life.as_ref().is_none_or(|life| now < life.renew_at)
    }

    fn is_alive(&self, now: Instant) -> bool {
        self.life.as_ref().is_none_or(|life| now < life.ends_at)
    }
}

/// Keeps the token.
#[derive(Default)]
pub(crate) struct TokenSource {
    current: RwLock<Option<Arc<AccessToken>>>,
    /// Held while a token is fetched; the content is the last fetch's failure.
    flight: tokio::sync::Mutex<Option<(Instant, ScalekitError)>>,
}

impl TokenSource {
    fn current(&self) -> Option<Arc<AccessToken>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, token: Option<Arc<AccessToken>>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// A token that should work.
    pub(crate) async fn get(
        &self,
        http: &Http,
        credentials: &Credentials,
        clock: &Clock,
    ) -> Result<Arc<AccessToken>> {
        let asked = clock.instant();
        if let Some(token) = self.current().filter(|token| token.is_fresh(asked)) {
            return Ok(token);
        }
        let mut failure = self.flight.lock().await;
        let now = clock.instant();
        let old = self.current().filter(|token| token.is_alive(now));
        if let Some(token) = &old {
            let failed_just_now = failure.as_ref().is_some_and(|(at, _)| now < *at + RENEW_AGAIN_AFTER);
            if token.is_fresh(now) || failed_just_now {
                return Ok(Arc::clone(token));
            }
        } else if let Some((_, error)) = failure.as_ref().filter(|(at, _)| *at >= asked) {
            // The fetch that this caller waited for failed: it gets the same answer, not a queue of more tries.
            return Err(error.clone());
        }
        match fetch(http, credentials, clock).await {
            Ok(token) => {
                let token = Arc::new(token);
                self.replace(Some(Arc::clone(&token)));
                *failure = None;
                Ok(token)
            }
            Err(error) => {
                *failure = Some((clock.instant(), error.clone()));
                old.ok_or(error)
            }
        }
    }

    /// Forgets a token that the server refused, unless another has taken its place already.
    pub(crate) fn reject(&self, refused: &Arc<AccessToken>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|token| Arc::ptr_eq(token, refused)) {
            *current = None;
        }
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource").finish_non_exhaustive()
    }
}

async fn fetch(http: &Http, credentials: &Credentials, clock: &Clock) -> Result<AccessToken> {
    if credentials.client_secret.is_none() {
        return Err(ScalekitError::invalid_argument("client secret is required for authentication"));
    }
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", credentials.client_id.as_str()),
        ("client_secret", credentials.secret()),
    ];
    let asked = clock.instant();
    let answer = http.token(&form, None).await?;
    let value = required(answer.access_token, "access_token")?;
    let mut header = MetadataValue::try_from(format!("Bearer {value}"))
        .map_err(|_| ScalekitError::invalid_response("the access token is not a header value"))?;
    header.set_sensitive(true);
    let life = answer.expires_in.map(Duration::from_secs).and_then(|life| {
        Some(Life {
            renew_at: asked.checked_add(life - RENEW_BEFORE.min(life / 10))?,
            ends_at: asked.checked_add(life)?,
        })
    });
    Ok(AccessToken { value: value.into(), header, life })
}
