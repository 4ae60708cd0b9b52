//! What a resource's clients get tokens for, and how the resource's authorization server describes itself.
use super::{model::Resource, store};
use crate::{
    app::App,
    clients::{Client, ClientType},
    environments::Environment,
    error::Error,
    ids::ResourceId,
};
use serde_json::{Value as Json, json};

/// What a token of a resource's client is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `res_…`
    pub resource: ResourceId,
    /// The resource's URL, if it has one, and its id.
    pub audiences: Vec<String>,
    /// Scopes that the resource has.
    pub scopes: Vec<String>,
    /// Seconds that the token lasts.
    pub seconds: i64,
    /// Seconds that refresh tokens last.
    pub refresh_seconds: i64,
    /// Whether a user's token has only scopes that the user has as permissions.
    pub intersect_permissions: bool,
}

/// What a token of this client is for; none if it is not the client of a resource.
///
/// # Errors
/// Those of the database.
pub async fn target_of(
    app: &App,
    environment: &Environment,
    client: &Client,
) -> Result<Option<Target>, Error> {
    let ClientType::Resource(id) = client.kind else { return Ok(None) };
    let mut tx = app.db.read();
    let resource = store::find(&mut tx, environment.id, id).await?.ok_or_else(|| Resource::not_found(id))?;
    Ok(Some(Target {
        resource: id,
        audiences: resource.audiences(),
        scopes: store::enabled_scopes(&mut tx, environment.id, id).await?,
        seconds: client.token_lifetime_seconds.unwrap_or(resource.access_token_seconds),
        refresh_seconds: resource.refresh_token_seconds,
        intersect_permissions: resource.intersect_permissions,
    }))
}

/// Describes the authorization server of a resource (RFC 8414 §2, `auth.md` 1.4); none if there is no such resource.
///
/// # Errors
/// Those of the database.
pub async fn metadata(app: &App, environment: &Environment, id: ResourceId) -> Result<Option<Json>, Error> {
    let mut tx = app.db.read();
    let Some(resource) = store::find(&mut tx, environment.id, id).await? else { return Ok(None) };
    let (url, scopes) = (&environment.url, store::enabled_scopes(&mut tx, environment.id, id).await?);
    let mut metadata = json!({
        "issuer": issuer(url, id),
        "authorization_endpoint": format!("{url}/resources/{id}/oauth/authorize"),
        "token_endpoint": format!("{url}/resources/{id}/oauth/token"),
        "jwks_uri": format!("{url}/keys"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_post", "client_secret_basic"],
        "scopes_supported": scopes,
        "client_id_metadata_document_supported": resource.cimd_enabled,
    });
    if let Some(metadata) = metadata.as_object_mut().filter(|_| !resource.registration_disabled) {
        let endpoint = format!("{url}/api/v1/resources/{id}/clients:register");
        metadata.insert("registration_endpoint".to_owned(), endpoint.into());
    }
    Ok(Some(metadata))
}

/// Which authorization server an MCP server names in its metadata.
pub fn issuer(environment_url: &str, id: ResourceId) -> String {
    format!("{environment_url}/resources/{id}")
}
