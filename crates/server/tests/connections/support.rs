//! What these tests do over and over.
use gatewright::{sql, time::Timestamp};
use gatewright_api::{rpc::connection_service as rpc, scalekit::v1::connections as pb};
use gatewright_testkit::{Api, Failure, Server, WebServer};
use pb::{ConnectionProvider as Provider, ConnectionType as Type, update_connection::Settings};

pub fn path(organization: &str) -> String {
    format!("/api/v1/organizations/{organization}/connections")
}

pub fn new(kind: Type, provider: Provider) -> pb::CreateConnection {
    let key = if provider == Provider::Scalekit { "SCALEKIT" } else { "" };
    pb::CreateConnection {
        provider: provider.into(),
        r#type: kind.into(),
        provider_key: key.to_owned(),
        key_id: (kind == Type::Webauthn).then(|| "WEBAUTHN".to_owned()),
        ..Default::default()
    }
}

pub async fn try_create(
    api: &Api,
    organization: &str,
    connection: pb::CreateConnection,
) -> Result<pb::Connection, Failure> {
    let request = pb::CreateConnectionRequest {
        organization_id: organization.to_owned(),
        connection: Some(connection),
    };
    Ok(api.call::<rpc::CreateConnection>(request).await?.connection.unwrap())
}

pub async fn create(api: &Api, organization: &str, kind: Type, provider: Provider) -> pb::Connection {
    try_create(api, organization, new(kind, provider)).await.unwrap()
}

/// One of the environment.
pub async fn try_create_own(api: &Api, connection: pb::CreateConnection) -> Result<pb::Connection, Failure> {
    let request = pb::CreateEnvironmentConnectionRequest { connection: Some(connection), flags: None };
    Ok(api.call::<rpc::CreateEnvironmentConnection>(request).await?.connection.unwrap())
}

pub async fn get(api: &Api, connection: &pb::Connection) -> pb::Connection {
    let request = pb::GetEnvironmentConnectionRequest { connection_id: connection.id.clone() };
    api.call::<rpc::GetEnvironmentConnection>(request).await.unwrap().connection.unwrap()
}

/// A change that repeats the provider, as each must.
pub fn change(connection: &pb::Connection) -> pb::UpdateConnection {
    pb::UpdateConnection {
        provider: connection.provider,
        provider_key: connection.provider_key.clone(),
        ..Default::default()
    }
}

/// A change of the settings alone.
pub fn settings(connection: &pb::Connection, settings: Settings) -> pb::UpdateConnection {
    pb::UpdateConnection { settings: Some(settings), ..change(connection) }
}

pub async fn update(
    api: &Api,
    connection: &pb::Connection,
    new: pb::UpdateConnection,
) -> Result<pb::Connection, Failure> {
    let request = pb::UpdateEnvironmentConnectionRequest {
        connection_id: connection.id.clone(),
        connection: Some(new),
    };
    Ok(api.call::<rpc::UpdateEnvironmentConnection>(request).await?.connection.unwrap())
}

pub fn toggle(connection: &pb::Connection) -> pb::ToggleConnectionRequest {
    pb::ToggleConnectionRequest {
        organization_id: connection.organization_id.clone().unwrap(),
        id: connection.id.clone(),
    }
}

pub async fn enable(api: &Api, connection: &pb::Connection) -> Result<bool, Failure> {
    Ok(api.call::<rpc::EnableConnection>(toggle(connection)).await?.enabled)
}

/// A simulator, enabled.
pub async fn simulator(api: &Api, organization: &str) -> pb::Connection {
    let made = create(api, organization, Type::Oidc, Provider::IdpSimulator).await;
    assert!(enable(api, &made).await.unwrap());
    made
}

pub fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// OIDC settings that need no document.
pub fn endpoints() -> pb::OidcConnectionConfig {
    pb::OidcConnectionConfig {
        issuer: text("https://idp.example"),
        authorize_uri: text("https://idp.example/authorize"),
        token_uri: text("https://idp.example/token"),
        jwks_uri: text("https://idp.example/keys"),
        client_id: text("gatewright"),
        client_secret: text("s3cret-of-the-idp"),
        ..Default::default()
    }
}

pub fn oidc(connection: &pb::Connection) -> pb::OidcConnectionConfig {
    match connection.settings.clone() {
        Some(pb::connection::Settings::OidcConfig(config)) => config,
        other => panic!("{other:?}"),
    }
}

pub fn saml(connection: &pb::Connection) -> pb::SamlConnectionConfigResponse {
    match connection.settings.clone() {
        Some(pb::connection::Settings::SamlConfig(config)) => config,
        other => panic!("{other:?}"),
    }
}

/// The settings that let a server fetch from the loopback address, where the fake providers are.
pub fn local() -> Vec<(&'static str, String)> {
    vec![("outbound.allowed_networks", "127.0.0.0/8".to_owned())]
}

/// A certificate of an identity provider, in base64.
pub fn certificate() -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    STANDARD.encode(certificate.der())
}

/// Metadata of a SAML identity provider.
pub fn metadata(entity: &str, certificates: &[&str]) -> Vec<u8> {
    let keys: String = certificates
        .iter()
        .map(|certificate| {
            format!(
                "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
                 <ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
                 </md:KeyDescriptor>"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{entity}\">\
         <md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}\
         <md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://idp.example/slo\"/>\
         <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example/sso\"/>\
         </md:IDPSSODescriptor></md:EntityDescriptor>"
    )
    .into_bytes()
}

/// A discovery document of an issuer.
pub fn discovery(issuer: &str) -> serde_json::Value {
    serde_json::json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
    })
}

pub fn json(value: &serde_json::Value) -> gatewright_testkit::WebAnswer {
    gatewright_testkit::WebAnswer::Ok(value.to_string().into_bytes())
}

/// A connection whose provider may be spoken to in clear.
pub async fn debugged(api: &Api, organization: &str, kind: Type) -> pb::Connection {
    let made = create(api, organization, kind, Provider::Custom).await;
    update(api, &made, pb::UpdateConnection { debug_enabled: Some(true), ..change(&made) }).await.unwrap()
}

/// A request for a document at a path of the server.
pub fn from_metadata(connection: &pb::Connection, web: &WebServer, path: &str) -> pb::UpdateConnection {
    let config =
        pb::SamlConnectionConfigRequest { idp_metadata_url: Some(web.url(path)), ..Default::default() };
    settings(connection, Settings::SamlConfig(config))
}

/// A row of `connections` in this file's words.
type Stored = (i64, bool, String, String, Timestamp);

/// Rows of the environment, and its events, to see that a refused call changed nothing.
pub async fn state(t: &Server, api: &Api) -> (Vec<Stored>, Vec<(i64, Option<i64>)>, usize) {
    let tx = &mut t.app.db.read();
    let connections = sql!(
        "SELECT id, enabled, settings, context, updated_at FROM connections WHERE environment_id = $1 ORDER BY id"
    )
    .bind(api.environment)
    .all(tx)
    .await
    .unwrap();
    let domains = sql!("SELECT id, connection_id FROM domains WHERE environment_id = $1 ORDER BY id")
        .bind(api.environment)
        .all(tx)
        .await
        .unwrap();
    (connections, domains, api.events().await.len())
}

/// Every byte of every column that could hold a secret in clear.
pub async fn is_anywhere(t: &Server, secret: &str) -> bool {
    let tx = &mut t.app.db.read();
    let rows: Vec<(String, String, Option<Vec<u8>>)> =
        sql!("SELECT settings, context, client_secret_sealed FROM connections WHERE environment_id = $1")
            .bind(t.operator.environment().id)
            .all(tx)
            .await
            .unwrap();
    let events: Vec<String> = sql!("SELECT data FROM events WHERE environment_id = $1")
        .bind(t.operator.environment().id)
        .all(tx)
        .await
        .unwrap();
    let in_bytes = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
    events.iter().any(|data| data.contains(secret))
        || rows.iter().any(|(settings, context, sealed)| {
            settings.contains(secret) || context.contains(secret) || sealed.as_deref().is_some_and(in_bytes)
        })
}
