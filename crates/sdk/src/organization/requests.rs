//! Create, get, delete.

use std::sync::Arc;

use gatewright_api::rpc::organization_service as rpc;
use gatewright_api::scalekit::v1::organizations as pb;

use super::model::{Organization, RegionCode, metadata};
use crate::call::request;
use crate::client::Inner;
use crate::convert::present;

request! {
    /// Request of [`create_organization`](super::Organizations::create_organization).
    CreateOrganization, rpc::CreateOrganization => Organization,
    |answer| present(answer.organization, "organization").map(Into::into)
}

impl CreateOrganization {
    pub(crate) fn named(client: Arc<Inner>, display_name: String) -> Self {
        let organization = pb::CreateOrganization { display_name, ..Default::default() };
        Self::new(client, pb::CreateOrganizationRequest { organization: Some(organization) })
    }

    fn with(mut self, change: impl FnOnce(&mut pb::CreateOrganization)) -> Self {
        change(self.message.organization.get_or_insert_default());
        self
    }

    /// Your own id of it, at most 255 characters; unique in the environment. With it the call is safe to repeat.
    pub fn external_id(self, external_id: impl Into<String>) -> Self {
        self.with(|organization| organization.external_id = Some(external_id.into()))
    }

    /// Labels in place of those set before; at most 10, keys of 3 to 25, values of 1 to 256 characters.
    pub fn metadata<K, V>(self, pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        self.with(|organization| organization.metadata = metadata(pairs))
    }

    /// Name in addresses: lower-case DNS labels, at most 253 characters; unique in the environment.
    pub fn slug(self, slug: impl Into<String>) -> Self {
        self.with(|organization| organization.slug = Some(slug.into()))
    }

    /// `https` address of a logo, at most 1024 characters.
    pub fn logo_url(self, logo_url: impl Into<String>) -> Self {
        self.with(|organization| organization.logo_url = Some(logo_url.into()))
    }

    /// Where its data is kept; the environment's region when not set.
    pub fn region_code(self, region_code: RegionCode) -> Self {
        self.with(|organization| organization.region_code = region_code.into())
    }
}

request! {
    /// Request of [`get_organization`](super::Organizations::get_organization).
    GetOrganization, rpc::GetOrganization => Organization,
    |answer| present(answer.organization, "organization").map(Into::into)
}

impl GetOrganization {
    pub(crate) fn by_id(client: Arc<Inner>, id: String) -> Self {
        let identities = Some(pb::get_organization_request::Identities::Id(id));
        Self::new(client, pb::GetOrganizationRequest { identities })
    }
}

request! {
    /// Request of [`get_organization_by_external_id`](super::Organizations::get_organization_by_external_id).
    GetOrganizationByExternalId, rpc::GetOrganizationByExternalId => Organization,
    |answer| present(answer.organization, "organization").map(Into::into)
}

impl GetOrganizationByExternalId {
    pub(crate) fn by_external_id(client: Arc<Inner>, external_id: String) -> Self {
        let identities = Some(pb::get_organization_request::Identities::ExternalId(external_id));
        Self::new(client, pb::GetOrganizationRequest { identities })
    }
}

request! {
    /// Request of [`delete_organization`](super::Organizations::delete_organization) and its sibling by external id.
    DeleteOrganization, rpc::DeleteOrganization => (),
    |()| Ok(())
}

impl DeleteOrganization {
    pub(crate) fn by_id(client: Arc<Inner>, id: String) -> Self {
        let identities = Some(pb::delete_organization_request::Identities::Id(id));
        Self::new(client, pb::DeleteOrganizationRequest { identities })
    }

    pub(crate) fn by_external_id(client: Arc<Inner>, external_id: String) -> Self {
        let identities = Some(pb::delete_organization_request::Identities::ExternalId(external_id));
        Self::new(client, pb::DeleteOrganizationRequest { identities })
    }
}
