//! Connections: the reference's class *Connections*.

mod model;
mod requests;

use std::sync::Arc;

use gatewright_api::scalekit::v1::connections as pb;

pub use model::{
    Connection, ConnectionProvider, ConnectionStatus, ConnectionType, ListedConnection,
    ToggleConnectionResponse,
};
pub use requests::{
    CreateConnection, DeleteConnection, DisableConnection, EnableConnection, GetConnection,
    ListAppConnections, ListAppConnectionsResponse, ListConnections,
};

use crate::client::Inner;

/// Operations on connections; made by [`ScalekitClient::connection`](crate::ScalekitClient::connection).
///
/// Besides the errors named with each method, any call can fail as described at
/// [`Organizations`](crate::Organizations), and with [`NotFound`](crate::ServerErrorKind::NotFound) when the
/// organization or the connection does not exist, or the connection belongs to another organization.
#[derive(Clone, Debug)]
pub struct Connections {
    client: Arc<Inner>,
}

impl Connections {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    fn client(&self) -> Arc<Inner> {
        Arc::clone(&self.client)
    }

    /// Returns one connection, `conn_…`, of an organization, with its configuration; secrets are masked.
    ///
    /// Permission `sso:read`.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let connection = client.connection().get_connection("org_12345", "conn_12345").await?;
    /// println!("{} with {}: {}", connection.provider, connection.connection_type, connection.status);
    /// # Ok(()) }
    /// ```
    pub fn get_connection(
        &self,
        organization_id: impl Into<String>,
        connection_id: impl Into<String>,
    ) -> GetConnection {
        let message =
            pb::GetConnectionRequest { organization_id: organization_id.into(), id: connection_id.into() };
        GetConnection::new(self.client(), message)
    }

    /// Lists the connections of an organization that people can sign in through, oldest first;
    /// [`include_all`](ListConnections::include_all) adds the others.
    ///
    /// Permission `sso:read`.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// for connection in client.connection().list_connections("org_12345").include_all().await? {
    ///     println!("{} {} {}", connection.id, connection.provider, connection.enabled);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_connections(&self, organization_id: impl Into<String>) -> ListConnections {
        let organization_id = Some(organization_id.into());
        ListConnections::new(
            self.client(),
            pb::ListConnectionsRequest { organization_id, ..Default::default() },
        )
    }

    /// Lists the connections of the organization that owns an e-mail domain, such as `acme.com`; those to which the
    /// domain is assigned come first. Empty when nobody owns it.
    ///
    /// Permission `sso:read`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when it is no domain.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// match client.connection().list_connections_by_domain("acme.com").await?.first() {
    ///     Some(connection) => println!("sign in through {}", connection.id),
    ///     None => println!("no SSO for this domain"),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_connections_by_domain(&self, domain: impl Into<String>) -> ListConnections {
        let domain = Some(domain.into());
        ListConnections::new(self.client(), pb::ListConnectionsRequest { domain, ..Default::default() })
    }

    /// Creates an enterprise connection (OIDC or SAML) of an organization. It is a disabled draft: the customer's
    /// administrator completes it in the portal.
    ///
    /// Permission `sso:write`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) for another type, or a bad key;
    /// [`Conflict`](crate::ServerErrorKind::Conflict) when the organization has a connection with this
    /// [`key_id`](CreateConnection::key_id).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::connection::{ConnectionProvider, ConnectionType};
    ///
    /// let connection = client
    ///     .connection()
    ///     .create_connection("org_12345", ConnectionType::Saml, ConnectionProvider::Okta)
    ///     .key_id("acme-okta")
    ///     .await?;
    /// println!("{}", connection.id);
    /// # Ok(()) }
    /// ```
    pub fn create_connection(
        &self,
        organization_id: impl Into<String>,
        connection_type: ConnectionType,
        provider: ConnectionProvider,
    ) -> CreateConnection {
        let connection = pb::CreateConnection {
            r#type: connection_type.into(),
            provider: provider.into(),
            ..Default::default()
        };
        let message = pb::CreateConnectionRequest {
            organization_id: organization_id.into(),
            connection: Some(connection),
        };
        CreateConnection::new(self.client(), message)
    }

    /// Lets people sign in through a connection. One that is enabled already stays so.
    ///
    /// Permission `sso:write`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) with `FAILED_PRECONDITION` as
    /// [`error_code`](crate::ScalekitError::error_code) when its configuration is not complete.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// assert!(client.connection().enable_connection("org_12345", "conn_12345").await?.enabled);
    /// # Ok(()) }
    /// ```
    pub fn enable_connection(
        &self,
        organization_id: impl Into<String>,
        connection_id: impl Into<String>,
    ) -> EnableConnection {
        EnableConnection::new(self.client(), toggle(organization_id.into(), connection_id.into()))
    }

    /// Stops people from signing in through a connection. Sessions that exist stay valid. One that is disabled already
    /// stays so.
    ///
    /// Permission `sso:write`.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// assert!(!client.connection().disable_connection("org_12345", "conn_12345").await?.enabled);
    /// # Ok(()) }
    /// ```
    pub fn disable_connection(
        &self,
        organization_id: impl Into<String>,
        connection_id: impl Into<String>,
    ) -> DisableConnection {
        DisableConnection::new(self.client(), toggle(organization_id.into(), connection_id.into()))
    }

    /// Deletes a connection, also one that is enabled. Users keep their accounts.
    ///
    /// Permission `sso:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) also on a second call.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.connection().delete_connection("org_12345", "conn_12345").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_connection(
        &self,
        organization_id: impl Into<String>,
        connection_id: impl Into<String>,
    ) -> DeleteConnection {
        let message =
            pb::DeleteConnectionRequest { organization_id: organization_id.into(), id: connection_id.into() };
        DeleteConnection::new(self.client(), message)
    }

    /// Lists connections of agent connectors, of which Gatewright has none.
    ///
    /// Awaited it gives one page; [`stream`](ListAppConnections::stream) and [`pages`](ListAppConnections::pages) go
    /// through all of them. Permission `agent_connectors:read`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the page size is above 30, or the query has fewer than 3
    /// characters.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// println!("{}", client.connection().list_app_connections().await?.total_size);
    /// # Ok(()) }
    /// ```
    pub fn list_app_connections(&self) -> ListAppConnections {
        ListAppConnections::new(self.client(), pb::ListAppConnectionsRequest::default())
    }
}

fn toggle(organization_id: String, id: String) -> pb::ToggleConnectionRequest {
    pb::ToggleConnectionRequest { organization_id, id }
}
