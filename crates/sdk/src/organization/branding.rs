//! The branding of an organization's pages.

use gatewright_api::rpc::organization_service as rpc;
use gatewright_api::scalekit::v1::organizations as pb;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::call::request;
use crate::convert::{into_struct, into_timestamp, json, open_enum, present, timestamp};

open_enum! {
    /// Whose branding an organization's pages show.
    BrandingSource {
        /// Not set; refused on input.
        Unspecified = 0 "BRANDING_SOURCE_UNSPECIFIED",
        /// The environment's branding; the default.
        Environment = 1 "BRANDING_SOURCE_ENVIRONMENT",
        /// The organization's own settings.
        Custom = 2 "BRANDING_SOURCE_CUSTOM",
    }
}

/// The branding of an organization's pages.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OrganizationBranding {
    /// Whose branding is shown.
    pub source: BrandingSource,
    /// The organization's saved settings, present whatever the source.
    pub customization_settings: Option<Map<String, Value>>,
    /// When they were last saved, UTC; None if never.
    pub update_time: Option<Timestamp>,
}

impl OrganizationBranding {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::OrganizationBranding {
        pb::OrganizationBranding {
            source: self.source.into(),
            customization_settings: self.customization_settings.map(into_struct),
            update_time: into_timestamp(self.update_time),
        }
    }
}

impl From<pb::OrganizationBranding> for OrganizationBranding {
    fn from(message: pb::OrganizationBranding) -> Self {
        Self {
            source: message.source.into(),
            customization_settings: message.customization_settings.map(json),
            update_time: timestamp(message.update_time),
        }
    }
}

request! {
    /// Request of [`get_organization_branding`](super::Organizations::get_organization_branding).
    GetOrganizationBranding, rpc::GetOrganizationBranding => OrganizationBranding,
    |answer| present(answer.branding, "branding").map(Into::into)
}

request! {
    /// Request of [`update_organization_branding`](super::Organizations::update_organization_branding).
    UpdateOrganizationBranding, rpc::UpdateOrganizationBranding => OrganizationBranding,
    |answer| present(answer.branding, "branding").map(Into::into)
}

impl UpdateOrganizationBranding {
    /// Settings that replace the saved ones.
    pub fn customization_settings(mut self, settings: Map<String, Value>) -> Self {
        self.message.customization_settings = Some(into_struct(settings));
        self
    }
}
