//! Sessions of users: the reference's class *Sessions*.

mod model;
mod requests;

use std::sync::Arc;

use gatewright_api::scalekit::v1::sessions as pb;

pub use model::{AuthenticatedClient, DeviceDetails, Location, RevokedSession, Session, SessionStatus};
pub use requests::{
    GetSession, GetUserSessions, RevokeAllUserSessions, RevokeAllUserSessionsResponse, RevokeSession,
    UserSessions,
};

use crate::client::Inner;

/// Operations on sessions; made by [`ScalekitClient::session`](crate::ScalekitClient::session).
///
/// Besides the errors named with each method, any call can fail as described at
/// [`Organizations`](crate::Organizations).
#[derive(Clone, Debug)]
pub struct Sessions {
    client: Arc<Inner>,
}

impl Sessions {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    fn client(&self) -> Arc<Inner> {
        Arc::clone(&self.client)
    }

    /// Returns one session, `ses_…`; its id is the `sid` of the tokens.
    ///
    /// Permission `sessions:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the session does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the id is malformed.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let session = client.session().get_session("ses_123456").await?;
    /// println!("{} {} on {}", session.status, session.device.browser, session.device.os);
    /// # Ok(()) }
    /// ```
    pub fn get_session(&self, session_id: impl Into<String>) -> GetSession {
        GetSession::new(self.client(), pb::SessionDetailsRequest { session_id: session_id.into() })
    }

    /// Lists the sessions of a user, `usr_…`, newest first.
    ///
    /// Awaited it gives one page; [`stream`](GetUserSessions::stream) and [`pages`](GetUserSessions::pages) go through
    /// all of them. Permission `sessions:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the user does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the id is malformed, the range of time ends before it
    /// starts, or the page token is malformed or of another list.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::session::SessionStatus;
    ///
    /// let mut active = client.session().get_user_sessions("usr_123456").status([SessionStatus::Active]).stream();
    /// while let Some(session) = active.try_next().await? {
    ///     println!("{} since {:?}", session.device.browser, session.created_at);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn get_user_sessions(&self, user_id: impl Into<String>) -> GetUserSessions {
        let message = pb::UserSessionDetailsRequest { user_id: user_id.into(), ..Default::default() };
        GetUserSessions::new(self.client(), message)
    }

    /// Ends a session now: its refresh tokens stop at once, access tokens when they expire. One that has ended already
    /// is returned as it is.
    ///
    /// Permission `sessions:revoke`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the session does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the id is malformed.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let revoked = client.session().revoke_session("ses_123456").await?;
    /// println!("ended at {:?}", revoked.expired_at);
    /// # Ok(()) }
    /// ```
    pub fn revoke_session(&self, session_id: impl Into<String>) -> RevokeSession {
        RevokeSession::new(self.client(), pb::RevokeSessionRequest { session_id: session_id.into() })
    }

    /// Ends all active sessions of a user, `usr_…`, together. Without any the answer is empty.
    ///
    /// Permission `sessions:revoke`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the user does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the id is malformed.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let revoked = client.session().revoke_all_user_sessions("usr_123456").await?;
    /// println!("ended {} sessions", revoked.total_revoked);
    /// # Ok(()) }
    /// ```
    pub fn revoke_all_user_sessions(&self, user_id: impl Into<String>) -> RevokeAllUserSessions {
        RevokeAllUserSessions::new(
            self.client(),
            pb::RevokeAllUserSessionsRequest { user_id: user_id.into() },
        )
    }
}
