//! The session as handlers see it.

use std::fmt;
use std::sync::Arc;

use ::axum::extract::{FromRequestParts, OptionalFromRequestParts};
use ::axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::error::SessionError;
use super::payload::Payload;
use super::visit::Visit;
use super::{cookies, pages};
use crate::jwt::{self, Claims};
use crate::{AuthenticatedUser, Timestamp};

/// Who is signed in: an extractor. Without a session the browser is sent to the login and comes back afterwards; take
/// `Option<Session>` where people may also be signed out.
///
/// All it tells is from tokens that were verified when they came, and that the cookie has kept unreadable and unchangeable.
///
/// ```
/// use gatewright_sdk::axum::Session;
///
/// async fn home(session: Option<Session>) -> String {
///     match session {
///         Some(session) => format!("{} of {:?}", session.user_id(), session.organization_id()),
///         None => "nobody".to_owned(),
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Session {
    payload: Arc<Payload>,
    visit: Arc<Visit>,
}

impl Session {
    /// The user, `usr_…`.
    #[must_use]
    pub fn user_id(&self) -> &str {
        self.text("sub").unwrap_or_default()
    }

    /// The organization that the user is in, `org_…`.
    #[must_use]
    pub fn organization_id(&self) -> Option<&str> {
        self.text("oid")
    }

    /// The session on the server, `ses_…`.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.text("sid")
    }

    /// Names of the user's roles in the organization. A change is seen after the next refresh.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.list("roles")
    }

    /// Names of the user's permissions in the organization. A change is seen after the next refresh.
    pub fn permissions(&self) -> impl Iterator<Item = &str> {
        self.list("permissions")
    }

    /// Whether the user has a permission.
    #[must_use]
    pub fn has_permission(&self, permission: &str) -> bool {
        self.permissions().any(|name| name == permission)
    }

    /// Whether the user has a role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|name| name == role)
    }

    /// Fails without a permission; for handlers that return a `Result`.
    ///
    /// # Errors
    /// [`Forbidden`], which answers with 403.
    ///
    /// ```
    /// use gatewright_sdk::axum::{Forbidden, Session};
    ///
    /// async fn delete_report(session: Session) -> Result<&'static str, Forbidden> {
    ///     session.require_permission("reports:delete")?;
    ///     Ok("deleted")
    /// }
    /// ```
    pub fn require_permission(&self, permission: &str) -> Result<(), Forbidden> {
        if self.has_permission(permission) { Ok(()) } else { Err(Forbidden::new(permission)) }
    }

    /// Name, e-mail address and more, from the id token.
    #[must_use]
    pub fn user(&self) -> AuthenticatedUser {
        let claims = jwt::read_unverified(&self.payload.id_token).unwrap_or_default();
        AuthenticatedUser::from_claims(&claims)
    }

    /// All claims of the access token.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.payload.user
    }

    /// For calls on the user's behalf.
    #[must_use]
    pub fn access_token(&self) -> &str {
        &self.payload.access_token
    }

    /// The id token of the login, or of a later refresh.
    #[must_use]
    pub fn id_token(&self) -> &str {
        &self.payload.id_token
    }

    /// End of the access token; it is renewed before.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_second(self.payload.expires_at).unwrap_or(Timestamp::MAX)
    }

    /// The session with new tokens now, so that changed roles and permissions count at once. The browser gets the new
    /// cookie with this answer. Without a refresh token the session stays as it is.
    ///
    /// # Errors
    /// [`SessionError`]; the session may be over on the server.
    pub async fn refresh(&self) -> Result<Self, SessionError> {
        let new = self.visit.refresh(&self.payload).await?;
        let payload = new.unwrap_or_else(|| Arc::clone(&self.payload));
        Ok(Self { payload, visit: Arc::clone(&self.visit) })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.payload.user.get(name).and_then(Value::as_str)
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.payload.user.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("user_id", &self.user_id())
            .field("organization_id", &self.organization_id())
            .field("session_id", &self.session_id())
            .finish_non_exhaustive()
    }
}

/// The session of a request inside the layer.
pub(super) async fn find(parts: &Parts) -> Result<Option<Session>, SessionRejection> {
    let Some(visit) = parts.extensions.get::<Arc<Visit>>() else { return Err(SessionRejection::NoLayer) };
    let payload = visit.session().await.map_err(|_| SessionRejection::Unavailable)?;
    Ok(payload.map(|payload| Session { payload, visit: Arc::clone(visit) }))
}

/// The session, or the way to the login and back to the page.
pub(super) async fn require(parts: &Parts) -> Result<Session, SessionRejection> {
    if let Some(session) = find(parts).await? {
        return Ok(session);
    }
    let Some(visit) = parts.extensions.get::<Arc<Visit>>() else { return Err(SessionRejection::NoLayer) };
    let login = &visit.shared.paths.login;
    // Only a page can be returned to.
    let path = visit.uri.path_and_query().map(http::uri::PathAndQuery::as_str);
    let path = path.filter(|_| parts.method == Method::GET).and_then(cookies::local_path);
    let location = match path {
        Some(path) => {
            let query =
                url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", path).finish();
            format!("{login}?{query}")
        }
        None => login.clone(),
    };
    Err(SessionRejection::SignIn { location })
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        require(parts).await
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Session {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        find(parts).await
    }
}

/// Why a request has no [`Session`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionRejection {
    /// Nobody is signed in: 302 to the login.
    SignIn {
        /// The login's path, with the page to return to.
        location: String,
    },
    /// The server or the store of ended sessions is not there, and the access token has run out: 503.
    Unavailable,
    /// The route is not inside a [`SessionLayer`](super::SessionLayer): 500.
    NoLayer,
}

impl IntoResponse for SessionRejection {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn { location } => pages::redirect(&location),
            Self::Unavailable => {
                let text = "The session cannot be renewed at the moment. Try again in a minute.\n";
                let mut response = (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
                response
            }
            Self::NoLayer => (StatusCode::INTERNAL_SERVER_ERROR, "the route is not inside a SessionLayer\n")
                .into_response(),
        }
    }
}

/// The user lacks a permission: 403.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forbidden {
    permission: String,
}

impl Forbidden {
    pub(super) fn new(permission: &str) -> Self {
        Self { permission: permission.to_owned() }
    }

    /// The permission that is missing.
    #[must_use]
    pub fn permission(&self) -> &str {
        &self.permission
    }
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this needs the permission {}", self.permission)
    }
}

impl std::error::Error for Forbidden {}

impl IntoResponse for Forbidden {
    fn into_response(self) -> Response {
        (StatusCode::FORBIDDEN, format!("{self}\n")).into_response()
    }
}
