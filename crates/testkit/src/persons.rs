//! Signed-in persons: their calls by the session's cookie, as the pages of the environment make them, and their tokens.
use crate::{Answer, Server, http};
use gatewright::{
    ids::{OrganizationId, SessionId, TokenId, UserId},
    sessions::Session,
};
use serde_json::{Value as Json, json};

/// The browser of somebody who has signed in.
#[derive(Debug)]
pub struct Person<'a> {
    server: &'a Server,
    /// The session, as it began.
    pub session: Session,
    /// Token in the cookie.
    pub token: String,
    /// Sent with each request.
    pub headers: Vec<(&'static str, String)>,
}

impl Server {
    /// Signs an active member in; the browser says as browsers do that its requests come from the environment's pages.
    pub async fn person(&self, user: &str, organization: &str) -> Person<'_> {
        let (session, token) = self.sign_in(user, organization).await;
        let headers = vec![
            ("cookie", format!("gw_session={token}")),
            ("sec-fetch-site", "same-origin".to_owned()),
            ("user-agent", crate::FIREFOX.to_owned()),
        ];
        Person { server: self, session, token, headers }
    }

    /// Claims of an access token that is given out in a session.
    pub fn user_claims(&self, user: UserId, organization: OrganizationId, session: SessionId) -> Json {
        let now = self.app.clock.now();
        let jti: TokenId = self.app.ids.next(now);
        let seconds = now.as_seconds();
        json!({
            "iss": self.url, "sub": user.to_string(), "aud": [self.client_id], "client_id": self.client_id,
            "oid": organization.to_string(), "sid": session.to_string(), "jti": jti.to_string(),
            "iat": seconds, "nbf": seconds, "exp": seconds + 300,
        })
    }
}

impl Person<'_> {
    /// Sends `body` as it is.
    pub async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let url = format!("http://{}{path}", self.server.address);
        let mut request = self.server.http.request(method.parse().unwrap(), url);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        http::json(request).await
    }
    /// `GET`
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }
    /// `POST`
    pub async fn post(&self, path: &str, body: Json) -> Answer {
        self.send("POST", path, &body.to_string()).await
    }
    /// `PATCH`
    pub async fn patch(&self, path: &str, body: Json) -> Answer {
        self.send("PATCH", path, &body.to_string()).await
    }
    /// `DELETE`
    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, "").await
    }
}
