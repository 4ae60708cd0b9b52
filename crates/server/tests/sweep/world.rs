//! One thing of each kind in an environment, to have ids of.
use gatewright_testkit::{Api, Server};
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// Ids by prefix.
#[derive(Debug, Default)]
pub struct World(HashMap<String, String>);

impl World {
    pub fn get(&self, prefix: &str) -> Option<&str> {
        self.0.get(prefix).map(String::as_str)
    }

    /// Keeps every id in an answer, unless there is one of its kind.
    fn learn(&mut self, answer: &Json) {
        match answer {
            Json::String(text) => {
                if let Some((prefix, digits)) = text.rsplit_once('_')
                    && digits.len() > 10
                    && digits.bytes().all(|byte| byte.is_ascii_digit())
                {
                    self.0.entry(prefix.to_owned()).or_insert_with(|| text.clone());
                }
            }
            Json::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Json::Object(fields) => fields.values().for_each(|value| self.learn(value)),
            _ => {}
        }
    }

    async fn post(&mut self, api: &Api, path: &str, body: Json) {
        let answer = api.post(path, body).await;
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.text);
        self.learn(&answer.json);
    }

    /// What an application can make.
    pub async fn build(api: &Api) -> Self {
        let mut new = Self::default();
        new.0.insert("env".to_owned(), api.environment.to_string());
        new.post(api, "/api/v1/organizations", json!({"display_name": "Acme", "external_id": "acme"})).await;
        let organization = format!("/api/v1/organizations/{}", new.0["org"]);
        new.post(api, "/api/v1/permissions", json!({"name": "sweep:all", "description": "All"})).await;
        let role = json!({"name": "sweeper", "display_name": "Sweeper"});
        new.post(api, "/api/v1/roles", role).await;
        new.post(
            api,
            &format!("{organization}/users?send_invitation_email=false"),
            json!({"email": "ada@acme.example"}),
        )
        .await;
        new.post(api, &format!("{organization}/domains"), json!({"domain": "acme.example"})).await;
        let connection = json!({"provider": "OKTA", "type": "OIDC"});
        new.post(api, &format!("{organization}/connections"), connection).await;
        let directory = json!({"directory_type": "SCIM", "directory_provider": "OKTA"});
        new.post(api, &format!("{organization}/directories"), directory).await;
        new.post(api, &format!("{organization}/clients"), json!({"name": "Machine"})).await;
        let token = json!({"organization_id": new.0["org"], "description": "For sweeping"});
        new.post(api, "/api/v1/tokens", token).await;
        new
    }

    /// What only the server itself makes.
    pub async fn add_internals(&mut self, server: &Server) {
        let (session, _) = server.sign_in(&self.0["usr"], &self.0["org"]).await;
        self.0.insert("ses".to_owned(), session.id.to_string());
        let passkey = server.passkey(&self.0["usr"], b"sweep").await;
        self.0.insert("cred".to_owned(), passkey.id.to_string());
        self.0.insert("skc".to_owned(), server.client_id.clone());
    }
}
