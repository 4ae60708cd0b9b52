//! The API over gRPC, with as little around it as possible.
use anyhow::Result;
use gatewright_api::{Rpc, rpc::organization_service as api, scalekit::v1::organizations as pb};
use tonic::{
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

/// A channel with a token. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Api {
    channel: Channel,
    authorization: MetadataValue<Ascii>,
}

impl Api {
    /// Connects with HTTP/2 in clear.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn connect(url: &str, token: &str) -> Result<Self> {
        let channel = Endpoint::from_shared(url.to_owned())?.connect().await?;
        Ok(Self { channel, authorization: format!("Bearer {token}").parse()? })
    }

    /// Calls an rpc.
    ///
    /// # Errors
    /// It is refused.
    pub async fn call<R: Rpc>(&self, message: R::Request) -> Result<R::Response>
    where
        R::Request: Sync,
        R::Response: Sync,
    {
        let mut request = tonic::Request::new(message);
        request.metadata_mut().insert("authorization", self.authorization.clone());
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await?;
        let path = http::uri::PathAndQuery::from_static(R::PATH);
        let codec = tonic_prost::ProstCodec::<R::Request, R::Response>::default();
        Ok(client.unary(request, path, codec).await?.into_inner())
    }

    /// Creates an organization of the usual size and returns its id.
    ///
    /// # Errors
    /// It is refused.
    pub async fn create(&self, number: u64) -> Result<String> {
        let organization = pb::CreateOrganization {
            display_name: format!("Organization {number} of the bench"),
            external_id: Some(format!("bench-{number}")),
            metadata: [("plan".to_owned(), "enterprise".to_owned())].into(),
            ..Default::default()
        };
        let request = pb::CreateOrganizationRequest { organization: Some(organization) };
        let made = self.call::<api::CreateOrganization>(request).await?;
        Ok(made.organization.unwrap_or_default().id)
    }

    /// Reads one organization.
    ///
    /// # Errors
    /// It is refused.
    pub async fn get(&self, id: &str) -> Result<()> {
        let identities = Some(pb::get_organization_request::Identities::Id(id.to_owned()));
        self.call::<api::GetOrganization>(pb::GetOrganizationRequest { identities }).await?;
        Ok(())
    }

    /// Reads the first page of ten.
    ///
    /// # Errors
    /// It is refused.
    pub async fn list(&self) -> Result<()> {
        let request = pb::ListOrganizationsRequest { page_size: 10, ..Default::default() };
        let page = self.call::<api::ListOrganization>(request).await?;
        anyhow::ensure!(
            page.organizations.len() == 10,
            "{} organizations on a page",
            page.organizations.len()
        );
        Ok(())
    }

    /// Finds the one organization of this number.
    ///
    /// # Errors
    /// It is refused or not found.
    pub async fn search(&self, number: u64) -> Result<()> {
        let query = format!("Organization {number} of");
        let request = pb::SearchOrganizationsRequest { query, page_size: 10, ..Default::default() };
        let page = self.call::<api::SearchOrganization>(request).await?;
        anyhow::ensure!(page.organizations.len() == 1, "{} organizations found", page.organizations.len());
        Ok(())
    }
}
