//! The HTTP half of the transport: `/oauth/token` and `/keys`.

use std::fmt;
use std::time::Duration;

use bytes::BytesMut;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{self, Result, ScalekitError};

/// More than any token answer or key set has.
const MAX_BODY: usize = 1024 * 1024;

/// HTTP client of one environment. Redirects are off: none of these endpoints redirects, and following one would
/// carry the secret elsewhere.
pub(crate) struct Http {
    client: reqwest::Client,
    env_url: String,
}

/// A successful answer of the token endpoint, RFC 6749 §5.1.
#[derive(Deserialize)]
pub(crate) struct TokenResponse {
    pub(crate) access_token: Option<String>,
    pub(crate) token_type: Option<String>,
    /// Seconds.
    pub(crate) expires_in: Option<u64>,
    pub(crate) scope: Option<String>,
    pub(crate) id_token: Option<String>,
    pub(crate) refresh_token: Option<String>,
}

/// Says what is missing in words that do not contain the answer.
pub(crate) fn required(value: Option<String>, name: &str) -> Result<String> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        ScalekitError::invalid_response(format!("missing {name} in the token endpoint's answer"))
    })
}

impl Http {
    pub(crate) fn new(client: reqwest::Client, env_url: String) -> Self {
        Self { client, env_url }
    }

    /// Sends a form to the token endpoint; empty values are left out.
    pub(crate) async fn token(
        &self,
        form: &[(&str, &str)],
        timeout: Option<Duration>,
    ) -> Result<TokenResponse> {
        let form: Vec<_> = form.iter().filter(|(_, value)| !value.is_empty()).collect();
        let request = self.client.post(format!("{}/oauth/token", self.env_url)).form(&form);
        send(request, timeout).await
    }

    /// Fetches a JSON document below the environment's URL.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        send(self.client.get(format!("{}{path}", self.env_url)), None).await
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("env_url", &self.env_url).finish_non_exhaustive()
    }
}

/// Without a runtime the libraries below would panic.
pub(crate) fn check_runtime() -> Result<tokio::runtime::Handle> {
    tokio::runtime::Handle::try_current()
        .map_err(|error| ScalekitError::internal("needs a Tokio runtime").with_source(error))
}

async fn send<T: DeserializeOwned>(
    mut request: reqwest::RequestBuilder,
    timeout: Option<Duration>,
) -> Result<T> {
    check_runtime()?;
    if let Some(timeout) = timeout {
        request = request.timeout(timeout);
    }
    let request = request.header(http::header::ACCEPT, "application/json");
    let response = request.send().await.map_err(error::from_reqwest)?;
    let status = response.status();
    let request_id = response.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    let request_id = request_id.map(str::to_owned);
    let body = read(response).await?;
    if !status.is_success() {
        return Err(error::from_http(status.as_u16(), request_id, &body));
    }
    // The parser's own message could quote a token; where it stopped is enough.
    serde_json::from_slice(&body).map_err(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        ScalekitError::invalid_response(format!("the answer is not the expected JSON ({place})"))
    })
}

async fn read(mut response: reqwest::Response) -> Result<BytesMut> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(error::from_reqwest)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(ScalekitError::invalid_response("the answer is larger than 1 MiB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
