//! Asks the UserInfo endpoint (OpenID Connect Core §5.3).
use super::{
    id_token::Claims,
    model::{UpstreamError, shown},
};
use crate::{ctx::Ctx, outbound::Question, secret::Secret};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use url::Url;

const CODE: &str = "user_info_retrieve_failed";
const STEP: &str = "read the profile of the user";
const MAX_ANSWER: usize = 256 * 1024;

/// The JSON that the bearer of the access token may read.
///
/// # Errors
/// `user_info_retrieve_failed`
pub async fn read<T: DeserializeOwned>(
    ctx: &Ctx,
    url: &Url,
    plain_http: bool,
    access_token: Option<&Secret<String>>,
) -> Result<T, UpstreamError> {
    let token = access_token.ok_or_else(|| {
        let expected = "an access token from the token endpoint to ask with";
        UpstreamError::new(CODE, STEP, expected, "none")
    })?;
    let answer = ctx.app().outbound.ask(url, plain_http, MAX_ANSWER, Question::GetAs(token)).await;
    let answer = answer.map_err(|error| refused(format!("nothing: the endpoint {error}")))?;
    if answer.status != 200 {
        return Err(refused(format!("status {}", answer.status)));
    }
    serde_json::from_slice(&answer.body).map_err(|_| refused("something else with status 200".to_owned()))
}

fn refused(got: String) -> UpstreamError {
    UpstreamError::new(CODE, STEP, "status 200 and the profile as JSON", got)
}

/// The claims of the UserInfo endpoint, if they are about the ID token's subject: another's must not be used (Core §5.3.2).
///
/// # Errors
/// `user_info_retrieve_failed`
pub fn check_subject(claims: &Claims, subject: &str) -> Result<(), UpstreamError> {
    match claims.get("sub").and_then(Json::as_str) {
        Some(found) if found == subject => Ok(()),
        found => {
            let got = found.map_or_else(|| "none".to_owned(), |found| shown(&format!("{found:?}")));
            let expected = format!("sub {:?}, as in the ID token", shown(subject));
            Err(UpstreamError::new(CODE, "check the subject of the profile", expected, got))
        }
    }
}
