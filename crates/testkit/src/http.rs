//! HTTP/JSON as a plain client.
use crate::Server;
use serde_json::Value as Json;

/// An answer of `/api/v1`.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body, as JSON; null if it is not JSON.
    pub json: Json,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The fields that broke rules, with the rules' ids.
    pub fn violations(&self) -> Vec<(&str, &str)> {
        let violations = &self.json["details"][0]["validation_error_info"]["field_violations"];
        let all = violations.as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().map(|v| (v["field"].as_str().unwrap(), v["constraint"].as_str().unwrap())).collect()
    }

    /// Checks that this is a failure in the documented envelope, and gives its message.
    pub fn failure(&self, status: u16, code: i64) -> &str {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.json["code"], code, "{}", self.text);
        let details = self.json["details"].as_array().expect("details");
        assert_eq!(details.len(), 1, "{}", self.text);
        assert_eq!(details[0]["@type"], "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo");
        assert!(details[0]["error_code"].as_str().is_some_and(|code| !code.is_empty()), "{}", self.text);
        assert!(details[0]["request_info"]["request_id"].as_str().unwrap().starts_with("req_"));
        self.json["message"].as_str().expect("a message")
    }
}

impl Server {
    /// Sends a request with a token (none if empty) and reads the answer.
    pub async fn rest(&self, method: &str, path: &str, body: &str, token: &str) -> Answer {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.url));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        json(request).await
    }
}

/// Sends a request and reads the answer.
pub async fn json(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    Answer { status, headers, json: serde_json::from_str(&text).unwrap_or_default(), text }
}
