//! Protected resources (MCP servers and other APIs), their clients, and the consents of users: the class of newer vendor
//! SDKs.

mod model;
mod requests;

use std::sync::Arc;

use gatewright_api::scalekit::v1::clients as pb;

pub use model::{
    ConsentedUser, ListResourceClientsResponse, NewResourceClient, Resource, ResourceClient,
    ResourceClientDetails, ResourceType, Scope, UserConsent,
};
pub use requests::{
    CreateResourceClient, CreateResourceClientSecret, DeleteResourceClient, DeleteResourceClientSecret,
    GetResource, GetResourceClient, ListResourceClients, ListResources, ListResourcesResponse,
    ListUserConsents, ListUserConsentsResponse, RevokeUserConsent, UpdateResourceClient,
};

use crate::client::Inner;

/// Operations on resources; made by [`ScalekitClient::resource`](crate::ScalekitClient::resource).
///
/// A client without redirect URIs gets tokens with
/// [`generate_client_token`](crate::ScalekitClient::generate_client_token); the resource checks them with
/// [`validate_token`](crate::ScalekitClient::validate_token), its URL or id being the audience. Besides the errors named
/// with each method, any call can fail as described at [`Organizations`](crate::Organizations).
#[derive(Clone, Debug)]
pub struct Resources {
    client: Arc<Inner>,
}

impl Resources {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    fn client(&self) -> Arc<Inner> {
        Arc::clone(&self.client)
    }

    /// Lists the resources of one type, newest first.
    ///
    /// Awaited it gives one page; [`stream`](ListResources::stream) and [`pages`](ListResources::pages) go through all
    /// of them. Permission `mcp_servers:read`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the page token is malformed or of another list.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::resource::ResourceType;
    ///
    /// let all = client.resource().list_resources(ResourceType::McpServer).stream().try_collect().await?;
    /// println!("{}", all.len());
    /// # Ok(()) }
    /// ```
    pub fn list_resources(&self, resource_type: ResourceType) -> ListResources {
        let message = pb::ListResourcesRequest { resource_type: resource_type.into(), ..Default::default() };
        ListResources::new(self.client(), message)
    }

    /// Returns one resource, `res_…`, with every scope of the environment.
    ///
    /// Permission `mcp_servers:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it does not exist.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let resource = client.resource().get_resource("res_12345").await?;
    /// println!("{:?}", resource.enabled_scopes().collect::<Vec<_>>());
    /// # Ok(()) }
    /// ```
    pub fn get_resource(&self, resource_id: impl Into<String>) -> GetResource {
        let message = pb::GetResourceRequest { resource_id: resource_id.into() };
        GetResource::new(self.client(), message)
    }

    /// Creates a client of a resource. Its first secret is in the answer, this once.
    ///
    /// Permission `api_credentials:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the resource does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when a value breaks its rule.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let new = client.resource().create_resource_client("res_12345").name("Batch").scopes(["todo:read"]).await?;
    /// println!("{} {}", new.client.client_id, new.plain_secret);
    /// # Ok(()) }
    /// ```
    pub fn create_resource_client(&self, resource_id: impl Into<String>) -> CreateResourceClient {
        let message = pb::CreateResourceClientRequest {
            resource_id: resource_id.into(),
            client: Some(pb::ResourceClient::default()),
        };
        CreateResourceClient::new(self.client(), message)
    }

    /// Returns one client, `m2m_…`, of a resource, and who consented to it.
    ///
    /// Permission `api_credentials:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it does not exist or is another resource's.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let details = client.resource().get_resource_client("res_12345", "m2m_12345").await?;
    /// println!("{} {}", details.client.name, details.consented_users.len());
    /// # Ok(()) }
    /// ```
    pub fn get_resource_client(
        &self,
        resource_id: impl Into<String>,
        client_id: impl Into<String>,
    ) -> GetResourceClient {
        let message =
            pb::GetResourceClientRequest { resource_id: resource_id.into(), client_id: client_id.into() };
        GetResourceClient::new(self.client(), message)
    }

    /// Lists the clients of a resource, newest first. Not paged.
    ///
    /// Permission `api_credentials:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the resource does not exist.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// for one in client.resource().list_resource_clients("res_12345").await?.clients {
    ///     println!("{} {}", one.client_id, one.is_dcr);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_resource_clients(&self, resource_id: impl Into<String>) -> ListResourceClients {
        let message = pb::ListResourceClientsRequest { resource_id: resource_id.into() };
        ListResourceClients::new(self.client(), message)
    }

    /// Changes what is set. Scopes, claims and redirect URIs replace the present ones and can be emptied.
    ///
    /// Permission `api_credentials:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it does not exist or is another resource's;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when a value breaks its rule.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.resource().update_resource_client("res_12345", "m2m_12345").scopes(["todo:read"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn update_resource_client(
        &self,
        resource_id: impl Into<String>,
        client_id: impl Into<String>,
    ) -> UpdateResourceClient {
        let message = pb::UpdateResourceClientRequest {
            resource_id: resource_id.into(),
            client_id: client_id.into(),
            client: Some(pb::ResourceClient::default()),
            ..Default::default()
        };
        UpdateResourceClient::new(self.client(), message)
    }

    /// Deletes a client with its secrets and consents. Tokens that it has got live on until they expire.
    ///
    /// Permission `api_credentials:rotate`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it does not exist, also on a second call, or is another
    /// resource's.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.resource().delete_resource_client("res_12345", "m2m_12345").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_resource_client(
        &self,
        resource_id: impl Into<String>,
        client_id: impl Into<String>,
    ) -> DeleteResourceClient {
        let message =
            pb::DeleteResourceClientRequest { resource_id: resource_id.into(), client_id: client_id.into() };
        DeleteResourceClient::new(self.client(), message)
    }

    /// Adds a secret to a client and returns it, this once. To rotate: add one, deploy it, delete the old one.
    ///
    /// Permission `api_credentials:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the client does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when it has five already, or registered itself.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let new = client.resource().create_resource_client_secret("m2m_12345").await?;
    /// println!("{}", new.plain_secret);
    /// # Ok(()) }
    /// ```
    pub fn create_resource_client_secret(&self, client_id: impl Into<String>) -> CreateResourceClientSecret {
        let message = pb::CreateClientSecretRequest { client_id: client_id.into() };
        CreateResourceClientSecret::new(self.client(), message)
    }

    /// Deletes a secret, `sks_…`, of a client. Tokens that it has got live on until they expire.
    ///
    /// Permission `api_credentials:rotate`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the client or the secret does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) for the only secret.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.resource().delete_resource_client_secret("m2m_12345", "sks_12345").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_resource_client_secret(
        &self,
        client_id: impl Into<String>,
        secret_id: impl Into<String>,
    ) -> DeleteResourceClientSecret {
        let message =
            pb::DeleteClientSecretRequest { client_id: client_id.into(), secret_id: secret_id.into() };
        DeleteResourceClientSecret::new(self.client(), message)
    }

    /// Lists what users let a resource's clients do, newest first.
    ///
    /// Awaited it gives one page; [`stream`](ListUserConsents::stream) and [`pages`](ListUserConsents::pages) go through
    /// all of them.
    ///
    /// Permission `mcp_servers:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the resource does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the page token is malformed or of another query.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let found = client.resource().list_user_consents("res_12345").user_ids(["usr_12345"]).await?;
    /// println!("{}", found.total_size);
    /// # Ok(()) }
    /// ```
    pub fn list_user_consents(&self, resource_id: impl Into<String>) -> ListUserConsents {
        let message =
            pb::ListResourceUserConsentsRequest { resource_id: resource_id.into(), ..Default::default() };
        ListUserConsents::new(self.client(), message)
    }

    /// Takes back a consent, `usrcnst_…`, to a client. Access tokens live on until they expire.
    ///
    /// Permission `api_credentials:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the client or the consent does not exist.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.resource().revoke_user_consent("m2m_12345", "usrcnst_12345").await?;
    /// # Ok(()) }
    /// ```
    pub fn revoke_user_consent(
        &self,
        client_id: impl Into<String>,
        consent_id: impl Into<String>,
    ) -> RevokeUserConsent {
        let message =
            pb::RevokeUserConsentRequest { client_id: client_id.into(), consent_id: consent_id.into() };
        RevokeUserConsent::new(self.client(), message)
    }
}
