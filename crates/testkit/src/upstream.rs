//! An identity provider of a customer's that says what a test wants, good and bad: OpenID Connect over [`WebServer`].
use crate::{Api, Server, WebAnswer, WebServer};
use gatewright::{
    connections::{self, Connection},
    ctx::Ctx,
    ids::ConnectionId,
};
use gatewright_api::{rpc::connection_service as rpc, scalekit::v1::connections as pb};
use gatewright_jose::SigningKey;
use pb::{ConnectionProvider, ConnectionType, update_connection::Settings};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use url::Url;

/// The settings that let a server ask providers on the loopback address.
pub fn local_network() -> Vec<(&'static str, String)> {
    vec![("outbound.allowed_networks", "127.0.0.0/8".to_owned())]
}

/// An OpenID provider at a port of its own.
#[derive(Debug)]
pub struct Idp {
    /// What it answers.
    pub web: WebServer,
    key: SigningKey,
}

impl Idp {
    /// What it calls the server.
    pub const CLIENT_ID: &'static str = "gatewright at idp";
    /// By which it knows the server.
    pub const CLIENT_SECRET: &'static str = "s3cret/of the+idp";
    /// The access token that it gives.
    pub const ACCESS_TOKEN: &'static str = "at-upstream-1";

    /// Starts it, with its discovery document and its keys.
    pub async fn start() -> Self {
        let key = SigningKey::from_pkcs8("k1", &SigningKey::generate().unwrap()).unwrap();
        let idp = Self { web: WebServer::start().await, key };
        let issuer = idp.issuer();
        idp.json(
            "/.well-known/openid-configuration",
            &json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize?app=7"),
                "token_endpoint": format!("{issuer}/token"),
                "userinfo_endpoint": format!("{issuer}/userinfo"),
                "jwks_uri": format!("{issuer}/keys"),
            }),
        );
        idp.json("/keys", &json!({"keys": [idp.key.jwk()]}));
        idp
    }

    /// `iss`
    pub fn issuer(&self) -> String {
        self.web.url("")
    }

    /// From now on a path answers with this JSON.
    pub fn json(&self, path: &str, body: &Json) {
        self.web.answer(path, WebAnswer::Ok(body.to_string().into_bytes()));
    }

    /// The keys are others from now on, and what it signs is signed with the new one.
    pub fn roll_keys(&mut self, kid: &str) {
        self.key = SigningKey::from_pkcs8(kid, &SigningKey::generate().unwrap()).unwrap();
        self.json("/keys", &json!({"keys": [self.key.jwk()]}));
    }

    /// Its public key.
    pub fn jwk(&self) -> Json {
        serde_json::to_value(self.key.jwk()).unwrap()
    }

    /// An ID token.
    pub fn sign(&self, claims: &Json) -> String {
        self.key.sign(claims.to_string().as_bytes()).unwrap()
    }

    /// The claims that answer an authorization request.
    pub fn claims(&self, ctx: &Ctx, request: &Url) -> Json {
        let now = ctx.now().as_seconds();
        json!({
            "iss": self.issuer(),
            "aud": Self::CLIENT_ID,
            "sub": "idp|ann",
            "iat": now,
            "exp": now + 300,
            "nonce": parameters(request)["nonce"],
            "email": "Ann@acme.example",
            "email_verified": true,
        })
    }

    /// From now on the token endpoint gives an ID token with these claims, and the UserInfo endpoint a name.
    pub fn will_say(&self, claims: &Json) {
        self.will_give(&json!(self.sign(claims)));
        self.json(
            "/userinfo",
            &json!({"sub": claims["sub"], "name": "Ann Ahorn", "email": "other@acme.example"}),
        );
    }

    /// From now on the token endpoint gives this as the ID token.
    pub fn will_give(&self, id_token: &Json) {
        let tokens =
            json!({"access_token": Self::ACCESS_TOKEN, "token_type": "Bearer", "id_token": id_token});
        self.json("/token", &tokens);
    }

    /// An enabled connection of the organization to it, by discovery.
    pub async fn connect(&self, t: &Server, api: &Api, organization: &str) -> Connection {
        self.connect_with(t, api, organization, pb::OidcConnectionConfig::default()).await
    }

    /// The same with other settings.
    pub async fn connect_with(
        &self,
        t: &Server,
        api: &Api,
        organization: &str,
        config: pb::OidcConnectionConfig,
    ) -> Connection {
        let request = pb::CreateConnectionRequest {
            organization_id: organization.to_owned(),
            connection: Some(pb::CreateConnection {
                provider: ConnectionProvider::Custom.into(),
                r#type: ConnectionType::Oidc.into(),
                ..Default::default()
            }),
        };
        let made = api.call::<rpc::CreateConnection>(request).await.unwrap().connection.unwrap();
        let change = pb::UpdateConnection {
            provider: made.provider,
            debug_enabled: Some(true),
            settings: Some(Settings::OidcConfig(pb::OidcConnectionConfig {
                issuer: Some(self.issuer()),
                client_id: Some(Self::CLIENT_ID.to_owned()),
                client_secret: Some(Self::CLIENT_SECRET.to_owned()),
                ..config
            })),
            ..Default::default()
        };
        let request = pb::UpdateEnvironmentConnectionRequest {
            connection_id: made.id.clone(),
            connection: Some(change),
        };
        api.call::<rpc::UpdateEnvironmentConnection>(request).await.unwrap();
        let toggle =
            pb::ToggleConnectionRequest { organization_id: organization.to_owned(), id: made.id.clone() };
        assert!(api.call::<rpc::EnableConnection>(toggle).await.unwrap().enabled);
        connection(t, &made.id).await
    }
}

/// A connection as the server has it.
pub async fn connection(t: &Server, id: &str) -> Connection {
    let (env, id): (_, ConnectionId) = (t.operator.environment().id, id.parse().unwrap());
    connections::find(&mut t.app.db.read(), env, None, id).await.unwrap().expect("the connection")
}

/// The parameters of a URL.
pub fn parameters(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}
