//! Tells applications that a session has ended (OpenID Connect Back-Channel Logout 1.0): a job for the session, and then one
//! for each address, which is repeated by itself.
use crate::{
    clients::{self, ClientId},
    environments::EnvironmentType,
    error::Error,
    ids::{ApplicationId, SessionId, TokenId, UserId},
    jobs::{self, Failure, Job, Run},
    outbound::Question,
    sessions::{self, SessionEnded},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use url::Url;

/// Seconds that a logout token lasts (§2.4: at most two minutes).
const TOKEN_SECONDS: i64 = 120;
/// Nobody reads more of the answer.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

impl Job for SessionEnded {
    const NAME: &'static str = "oauth.session_ended";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let ctx = run.ctx()?;
        let env = ctx.environment().id;
        let id = SessionId::from_i64(self.session);
        let Some(session) = sessions::find(&mut ctx.db().read(), ctx, id).await? else { return Ok(()) };
        let mut notices = Vec::new();
        for (client, _) in &session.clients {
            let found =
                clients::store::find(&mut ctx.db().read(), env, ClientId::Application(*client)).await?;
            let uris = found.map(|client| client.uris.back_channel_logout).unwrap_or_default();
            let (session, user, client) = (id.as_i64(), session.user.as_i64(), client.as_i64());
            notices.extend(uris.into_iter().map(|uri| Notify { session, user, client, uri }));
        }
        let mut tx = ctx.db().write().await?;
        for notice in &notices {
            jobs::enqueue(&mut tx, ctx.app(), Some(env), notice, ctx.now()).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Tells one application at one address.
#[derive(Debug, Serialize, Deserialize)]
pub struct Notify {
    session: i64,
    user: i64,
    client: i64,
    uri: String,
}

impl Job for Notify {
    const NAME: &'static str = "oauth.notify_logout";
    // Later, the application has learnt of it when it wanted to refresh.
    const GIVE_UP_AFTER: Duration = Duration::from_secs(3600);

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let ctx = run.ctx()?;
        let url = Url::parse(&self.uri).map_err(|_| Failure::GiveUp("the address is no URL".to_owned()))?;
        let token = self.logout_token(run).await?;
        let form = [("logout_token", token.as_str())];
        let plain_http = ctx.environment().kind == EnvironmentType::Development;
        let question = Question::Post(&form, None);
        let answer = ctx.app().outbound.ask(&url, plain_http, MAX_ANSWER_BYTES, question).await;
        match answer.map(|answer| answer.status) {
            Ok(200 | 204) => Ok(()),
            Ok(status) => Err(Failure::Retry(format!("the application answered with status {status}"))),
            Err(error) => Err(Failure::Retry(format!("the address {error}"))),
        }
    }
}

impl Notify {
    /// §2.4. It is made anew with each attempt: it does not last long.
    async fn logout_token(&self, run: &Run) -> Result<String, Error> {
        let ctx = run.ctx()?;
        let jti: TokenId = ctx.new_id();
        let now = ctx.now();
        let claims = json!({
            "iss": ctx.environment().url,
            "sub": UserId::from_i64(self.user).to_string(),
            "aud": [ApplicationId::from_i64(self.client).to_string()],
            "iat": now.as_seconds(),
            "exp": now.as_seconds() + TOKEN_SECONDS,
            "jti": jti.to_string(),
            "sid": SessionId::from_i64(self.session).to_string(),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        });
        let keys = ctx.app().keys.of(ctx.app(), ctx.environment()).await?;
        let claims = serde_json::to_vec(&claims).map_err(Error::internal)?;
        keys.signing(now)?.sign_as("logout+jwt", &claims).map_err(Error::internal)
    }
}
