//! What an organization is.

use std::collections::BTreeMap;

use gatewright_api::scalekit::v1::organizations as pb;
use jiff::Timestamp;

use crate::convert::{into_timestamp, open_enum, timestamp};

open_enum! {
    /// Where an organization's data is kept.
    RegionCode {
        /// Not set.
        Unspecified = 0 "REGION_CODE_UNSPECIFIED",
        /// United States.
        Us = 1 "US",
        /// European Union.
        Eu = 2 "EU",
    }
}

/// A customer of your product.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Organization {
    /// Id, `org_…`.
    pub id: String,
    /// Name for people, 1 to 200 characters; not unique.
    pub display_name: String,
    /// Your own id of it, at most 255 characters; unique in the environment.
    pub external_id: Option<String>,
    /// Name in addresses: lower-case DNS labels, at most 253 characters; unique in the environment.
    pub slug: Option<String>,
    /// `https` address of a logo.
    pub logo_url: Option<String>,
    /// Where its data is kept.
    pub region_code: RegionCode,
    /// At most 10 labels: keys of 3 to 25, values of 1 to 256 characters.
    pub metadata: BTreeMap<String, String>,
    /// Its features and their state, if the answer has them.
    pub settings: Option<OrganizationSettings>,
    /// When it was created, UTC.
    pub create_time: Option<Timestamp>,
    /// When it was last changed, UTC.
    pub update_time: Option<Timestamp>,
}

impl Organization {
    /// Whether a feature, such as `sso` or `dir_sync`, is on; false also when the answer has no settings.
    pub fn feature_enabled(&self, name: &str) -> bool {
        self.settings.as_ref().is_some_and(|settings| settings.is_enabled(name))
    }

    /// The generated protobuf message.
    pub fn into_message(self) -> pb::Organization {
        pb::Organization {
            id: self.id,
            create_time: into_timestamp(self.create_time),
            update_time: into_timestamp(self.update_time),
            display_name: self.display_name,
            region_code: self.region_code.into(),
            external_id: self.external_id,
            metadata: self.metadata,
            settings: self.settings.map(OrganizationSettings::into_message),
            slug: self.slug,
            logo_url: self.logo_url,
        }
    }
}

impl From<pb::Organization> for Organization {
    fn from(message: pb::Organization) -> Self {
        Self {
            id: message.id,
            display_name: message.display_name,
            external_id: message.external_id,
            slug: message.slug,
            logo_url: message.logo_url,
            region_code: message.region_code.into(),
            metadata: message.metadata,
            settings: message.settings.map(Into::into),
            create_time: timestamp(message.create_time),
            update_time: timestamp(message.update_time),
        }
    }
}

/// Features of an organization: on output all that exist, on input those to change.
///
/// ```
/// use gatewright_sdk::organization::OrganizationSettings;
///
/// let settings = OrganizationSettings::new().feature("sso", true).feature("dir_sync", false);
/// assert_eq!(settings, OrganizationSettings::from([("sso", true), ("dir_sync", false)]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrganizationSettings {
    /// The features.
    pub features: Vec<OrganizationFeature>,
}

/// A feature and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrganizationFeature {
    /// `sso`, `dir_sync`, `domain_verification` or `session_policy`.
    pub name: String,
    /// Whether it is on.
    pub enabled: bool,
}

impl OrganizationSettings {
    /// No features.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a feature.
    #[must_use]
    pub fn feature(mut self, name: impl Into<String>, enabled: bool) -> Self {
        self.features.push(OrganizationFeature { name: name.into(), enabled });
        self
    }

    /// Whether a feature is on.
    pub fn is_enabled(&self, name: &str) -> bool {
        self.features.iter().any(|feature| feature.name == name && feature.enabled)
    }

    /// The generated protobuf message.
    pub fn into_message(self) -> pb::OrganizationSettings {
        let features = self.features.into_iter();
        let features = features
            .map(|feature| pb::OrganizationSettingsFeature { name: feature.name, enabled: feature.enabled });
        pb::OrganizationSettings { features: features.collect() }
    }
}

impl From<pb::OrganizationSettings> for OrganizationSettings {
    fn from(message: pb::OrganizationSettings) -> Self {
        let features = message.features.into_iter();
        let features =
            features.map(|feature| OrganizationFeature { name: feature.name, enabled: feature.enabled });
        Self { features: features.collect() }
    }
}

impl<S: Into<String>, const N: usize> From<[(S, bool); N]> for OrganizationSettings {
    fn from(features: [(S, bool); N]) -> Self {
        features.into_iter().fold(Self::new(), |settings, (name, enabled)| settings.feature(name, enabled))
    }
}

/// Pairs of anything like strings as metadata.
pub(crate) fn metadata<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<String, String>
where
    K: Into<String>,
    V: Into<String>,
{
    pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> pb::Organization {
        pb::Organization {
            id: "org_1".into(),
            create_time: Some(prost_types::Timestamp { seconds: 1_767_225_600, nanos: 5_000 }),
            update_time: None,
            display_name: "Acme".into(),
            region_code: 2,
            external_id: Some("crm-7".into()),
            metadata: metadata([("plan", "pro")]),
            settings: Some(OrganizationSettings::from([("sso", true)]).into_message()),
            slug: Some("acme".into()),
            logo_url: Some("https://a.test/l.png".into()),
        }
    }

    #[test]
    fn an_organization_goes_to_the_message_and_back() {
        let organization = Organization::from(message());
        assert_eq!(organization.region_code, RegionCode::Eu);
        assert!(organization.feature_enabled("sso"));
        assert!(!organization.feature_enabled("dir_sync"));
        assert_eq!(organization.into_message(), message());
    }

    #[test]
    fn an_unknown_region_survives() {
        let newer = pb::Organization { region_code: 77, ..message() };
        let organization = Organization::from(newer.clone());
        assert_eq!(organization.region_code, RegionCode::Other(77));
        assert_eq!(organization.region_code.to_string(), "UNKNOWN");
        assert_eq!(organization.into_message(), newer);
    }
}
