//! Machine clients of organizations, with which a customer's programs call your API: the class `m2m` of newer vendor
//! SDKs.

mod model;
mod requests;

use std::sync::Arc;

use gatewright_api::scalekit::v1::clients as pb;

pub(crate) use model::claims;
pub use model::{ClientSecret, ClientSecretStatus, M2mClient, NewClientSecret, NewM2mClient};
pub use requests::{
    AddOrganizationClientSecret, CreateOrganizationClient, DeleteOrganizationClient, GetOrganizationClient,
    ListOrganizationClients, ListOrganizationClientsResponse, RemoveOrganizationClientSecret,
    UpdateOrganizationClient,
};

use crate::client::Inner;

/// Operations on machine clients of organizations; made by [`ScalekitClient::m2m`](crate::ScalekitClient::m2m).
///
/// A customer's program gets tokens with [`generate_client_token`](crate::ScalekitClient::generate_client_token), your
/// API checks them with [`validate_token`](crate::ScalekitClient::validate_token). Such a token never opens the
/// management API. Besides the errors named with each method, any call can fail as described at
/// [`Organizations`](crate::Organizations).
#[derive(Clone, Debug)]
pub struct M2m {
    client: Arc<Inner>,
}

impl M2m {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    fn client(&self) -> Arc<Inner> {
        Arc::clone(&self.client)
    }

    /// Creates a machine client for an organization. Its first secret is in the answer, this once.
    ///
    /// Permission `api_credentials:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when a value breaks its rule.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let new = client
    ///     .m2m()
    ///     .create_organization_client("org_12345")
    ///     .name("Nightly batch")
    ///     .scopes(["orders:read"])
    ///     .audience(["https://api.example.com"])
    ///     .custom_claims([("team", "logistics")])
    ///     .await?;
    /// println!("{} {}", new.client.client_id, new.plain_secret);
    /// # Ok(()) }
    /// ```
    pub fn create_organization_client(&self, organization_id: impl Into<String>) -> CreateOrganizationClient {
        let message = pb::CreateOrganizationClientRequest {
            organization_id: organization_id.into(),
            client: Some(pb::OrganizationClient::default()),
        };
        CreateOrganizationClient::new(self.client(), message)
    }

    /// Returns one machine client, `m2morg_…`, of an organization.
    ///
    /// Permission `api_credentials:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it does not exist or is another organization's.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let machine = client.m2m().get_organization_client("org_12345", "m2morg_12345").await?;
    /// println!("{} {:?}", machine.name, machine.scopes);
    /// # Ok(()) }
    /// ```
    pub fn get_organization_client(
        &self,
        organization_id: impl Into<String>,
        client_id: impl Into<String>,
    ) -> GetOrganizationClient {
        let message = pb::GetOrganizationClientRequest {
            organization_id: organization_id.into(),
            client_id: client_id.into(),
        };
        GetOrganizationClient::new(self.client(), message)
    }

    /// Changes what is set; lists and claims replace the present ones. Nothing can be emptied.
    ///
    /// Permission `api_credentials:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it does not exist or is another organization's;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when a value breaks its rule.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client
    ///     .m2m()
    ///     .update_organization_client("org_12345", "m2morg_12345")
    ///     .scopes(["orders:read", "orders:write"])
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn update_organization_client(
        &self,
        organization_id: impl Into<String>,
        client_id: impl Into<String>,
    ) -> UpdateOrganizationClient {
        let message = pb::UpdateOrganizationClientRequest {
            organization_id: organization_id.into(),
            client_id: client_id.into(),
            client: Some(pb::OrganizationClient::default()),
        };
        UpdateOrganizationClient::new(self.client(), message)
    }

    /// Deletes a machine client with its secrets. Tokens that it has got live on until they expire.
    ///
    /// Permission `api_credentials:rotate`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it does not exist, also on a second call, or is another
    /// organization's.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.m2m().delete_organization_client("org_12345", "m2morg_12345").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_organization_client(
        &self,
        organization_id: impl Into<String>,
        client_id: impl Into<String>,
    ) -> DeleteOrganizationClient {
        let message = pb::DeleteOrganizationClientRequest {
            organization_id: organization_id.into(),
            client_id: client_id.into(),
        };
        DeleteOrganizationClient::new(self.client(), message)
    }

    /// Lists the machine clients of an organization, newest first.
    ///
    /// Awaited it gives one page; [`stream`](ListOrganizationClients::stream) and
    /// [`pages`](ListOrganizationClients::pages) go through all of them. Permission `api_credentials:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the page token is malformed or of another list.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let mut all = client.m2m().list_organization_clients("org_12345").stream();
    /// while let Some(machine) = all.try_next().await? {
    ///     println!("{} {}", machine.client_id, machine.name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_organization_clients(&self, organization_id: impl Into<String>) -> ListOrganizationClients {
        let message = pb::ListOrganizationClientsRequest {
            organization_id: organization_id.into(),
            ..Default::default()
        };
        ListOrganizationClients::new(self.client(), message)
    }

    /// Adds a secret to a machine client and returns it, this once. To rotate: add one, deploy it, remove the old one.
    ///
    /// Permission `api_credentials:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the client does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when it has five already.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let new = client.m2m().add_organization_client_secret("org_12345", "m2morg_12345").await?;
    /// println!("{}", new.plain_secret);
    /// # Ok(()) }
    /// ```
    pub fn add_organization_client_secret(
        &self,
        organization_id: impl Into<String>,
        client_id: impl Into<String>,
    ) -> AddOrganizationClientSecret {
        let message = pb::CreateOrganizationClientSecretRequest {
            organization_id: organization_id.into(),
            client_id: client_id.into(),
        };
        AddOrganizationClientSecret::new(self.client(), message)
    }

    /// Removes a secret, `sks_…`, from a machine client. Tokens that it has got live on until they expire.
    ///
    /// Permission `api_credentials:rotate`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the client or the secret does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) for the only secret.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.m2m().remove_organization_client_secret("org_12345", "m2morg_12345", "sks_12345").await?;
    /// # Ok(()) }
    /// ```
    pub fn remove_organization_client_secret(
        &self,
        organization_id: impl Into<String>,
        client_id: impl Into<String>,
        secret_id: impl Into<String>,
    ) -> RemoveOrganizationClientSecret {
        let message = pb::DeleteOrganizationClientSecretRequest {
            organization_id: organization_id.into(),
            client_id: client_id.into(),
            secret_id: secret_id.into(),
        };
        RemoveOrganizationClientSecret::new(self.client(), message)
    }
}
