//! Update with keep, set and clear per field.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gatewright_api::rpc::organization_service as rpc;
use gatewright_api::scalekit::v1::organizations as pb;
use pb::update_organization_request::Identities;

use super::model::{Organization, metadata};
use crate::call::{self, Answer, CallOptions};
use crate::client::Inner;
use crate::convert::present;
use crate::error::Result;

/// What happens to a field.
#[derive(Clone, Debug, Default)]
enum Change<T> {
    #[default]
    Keep,
    Set(T),
    Clear,
}

impl<T> Change<T> {
    fn is_kept(&self) -> bool {
        matches!(self, Self::Keep)
    }

    fn is_cleared(&self) -> bool {
        matches!(self, Self::Clear)
    }

    fn into_value(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }
}

/// Request of [`update_organization`](super::Organizations::update_organization) and its sibling by external id.
///
/// A field is kept unless it is set or cleared.
#[derive(Clone, Debug)]
#[must_use = "a request is sent when it is awaited"]
pub struct UpdateOrganization {
    client: Arc<Inner>,
    options: CallOptions,
    identity: Identities,
    display_name: Change<String>,
    external_id: Change<String>,
    metadata: Change<BTreeMap<String, String>>,
    slug: Change<String>,
    logo_url: Change<String>,
    update_mask: Option<Vec<String>>,
}

impl UpdateOrganization {
    pub(crate) fn by_id(client: Arc<Inner>, id: String) -> Self {
        Self::new(client, Identities::Id(id))
    }

    pub(crate) fn by_external_id(client: Arc<Inner>, external_id: String) -> Self {
        Self::new(client, Identities::ExternalId(external_id))
    }

    fn new(client: Arc<Inner>, identity: Identities) -> Self {
        Self {
            client,
            options: CallOptions::default(),
            identity,
            display_name: Change::Keep,
            external_id: Change::Keep,
            metadata: Change::Keep,
            slug: Change::Keep,
            logo_url: Change::Keep,
            update_mask: None,
        }
    }

    /// New name, 1 to 200 characters.
    pub fn display_name(mut self, display_name: impl Into<String>) -> Self {
        self.display_name = Change::Set(display_name.into());
        self
    }

    /// New id of your own, at most 255 characters; unique in the environment.
    pub fn external_id(mut self, external_id: impl Into<String>) -> Self {
        self.external_id = Change::Set(external_id.into());
        self
    }

    /// Removes your own id.
    pub fn clear_external_id(mut self) -> Self {
        self.external_id = Change::Clear;
        self
    }

    /// New labels, which replace all present ones. An empty list removes them.
    pub fn metadata<K, V>(mut self, pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        let pairs = metadata(pairs);
        self.metadata = if pairs.is_empty() { Change::Clear } else { Change::Set(pairs) };
        self
    }

    /// Removes all labels.
    pub fn clear_metadata(mut self) -> Self {
        self.metadata = Change::Clear;
        self
    }

    /// New name in addresses; the empty string removes it.
    pub fn slug(mut self, slug: impl Into<String>) -> Self {
        self.slug = Change::Set(slug.into());
        self
    }

    /// Removes the name in addresses.
    pub fn clear_slug(mut self) -> Self {
        self.slug = Change::Clear;
        self
    }

    /// New `https` address of the logo, at most 1024 characters; the empty string removes it.
    pub fn logo_url(mut self, logo_url: impl Into<String>) -> Self {
        self.logo_url = Change::Set(logo_url.into());
        self
    }

    /// Removes the logo.
    pub fn clear_logo_url(mut self) -> Self {
        self.logo_url = Change::Clear;
        self
    }

    /// Sends exactly this mask, such as `["display_name", "slug"]`: the named fields get what was set, and are cleared
    /// where nothing was set. Not needed otherwise; the request finds out by itself whether it needs a mask.
    pub fn update_mask<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> Self {
        self.update_mask = Some(paths.into_iter().map(Into::into).collect());
        self
    }

    /// Deadline of this call, retries included, in place of the client's.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// Sends this call once, whatever the answer.
    pub fn without_retries(mut self) -> Self {
        self.options.without_retries = true;
        self
    }

    /// The mask to send. Setting, and clearing slug and logo (by the empty string), work without one; removing the
    /// external id and the metadata does not, and a mask must then name every field that changes.
    fn mask(&self) -> Option<Vec<String>> {
        if let Some(paths) = &self.update_mask {
            return Some(paths.clone());
        }
        if !self.external_id.is_cleared() && !self.metadata.is_cleared() {
            return None;
        }
        let fields = [
            ("display_name", self.display_name.is_kept()),
            ("external_id", self.external_id.is_kept()),
            ("metadata", self.metadata.is_kept()),
            ("slug", self.slug.is_kept()),
            ("logo_url", self.logo_url.is_kept()),
        ];
        Some(fields.into_iter().filter(|(_, kept)| !kept).map(|(name, _)| name.to_owned()).collect())
    }

    /// The protobuf message that awaiting would send.
    pub fn into_message(self) -> pb::UpdateOrganizationRequest {
        let mask = self.mask();
        let emptied = |field: Change<String>| match field {
            Change::Clear if mask.is_none() => Some(String::new()),
            other => other.into_value(),
        };
        let organization = pb::UpdateOrganization {
            display_name: self.display_name.into_value(),
            external_id: self.external_id.into_value(),
            metadata: self.metadata.into_value().unwrap_or_default(),
            slug: emptied(self.slug),
            logo_url: emptied(self.logo_url),
        };
        pb::UpdateOrganizationRequest {
            organization: Some(organization),
            update_mask: mask.map(|paths| prost_types::FieldMask { paths }),
            identities: Some(self.identity),
        }
    }
}

impl IntoFuture for UpdateOrganization {
    type Output = Result<Organization>;
    type IntoFuture = Answer<Organization>;

    fn into_future(self) -> Self::IntoFuture {
        let (client, options) = (Arc::clone(&self.client), self.options.clone());
        call::send::<rpc::UpdateOrganization, _>(client, self.into_message(), options, |answer| {
            present(answer.organization, "organization").map(Into::into)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScalekitClient;

    fn update() -> UpdateOrganization {
        let client = ScalekitClient::new("http://a.test", "skc_1", "s").unwrap();
        client.organization().update_organization("org_1")
    }

    fn sent(request: UpdateOrganization) -> (pb::UpdateOrganization, Option<Vec<String>>) {
        let message = request.into_message();
        assert_eq!(message.identities, Some(Identities::Id("org_1".into())));
        (message.organization.unwrap(), message.update_mask.map(|mask| mask.paths))
    }

    #[test]
    fn what_is_kept_is_absent_and_needs_no_mask() {
        assert_eq!(sent(update()), (pb::UpdateOrganization::default(), None));
    }

    #[test]
    fn what_is_set_is_present_without_a_mask() {
        let request =
            update().display_name("A").external_id("x").metadata([("key", "v")]).slug("s").logo_url("l");
        let expected = pb::UpdateOrganization {
            display_name: Some("A".into()),
            external_id: Some("x".into()),
            metadata: metadata([("key", "v")]),
            slug: Some("s".into()),
            logo_url: Some("l".into()),
        };
        assert_eq!(sent(request), (expected, None));
    }

    #[test]
    fn slug_and_logo_are_cleared_by_the_empty_string() {
        let expected = pb::UpdateOrganization {
            slug: Some(String::new()),
            logo_url: Some(String::new()),
            ..Default::default()
        };
        assert_eq!(sent(update().clear_slug().clear_logo_url()), (expected, None));
    }

    #[test]
    fn clearing_metadata_or_the_external_id_names_every_change_in_a_mask() {
        let expected = pb::UpdateOrganization { display_name: Some("A".into()), ..Default::default() };
        let request = update().display_name("A").clear_metadata().clear_slug();
        let mask = ["display_name", "metadata", "slug"].map(String::from).to_vec();
        assert_eq!(sent(request), (expected, Some(mask)));
        let (_, mask) = sent(update().clear_external_id());
        assert_eq!(mask, Some(vec!["external_id".to_owned()]));
        let (_, mask) = sent(update().metadata(Vec::<(String, String)>::new()));
        assert_eq!(mask, Some(vec!["metadata".to_owned()]));
    }

    #[test]
    fn an_explicit_mask_is_sent_as_it_is() {
        let (organization, mask) =
            sent(update().slug("s").clear_logo_url().update_mask(["slug", "logo_url"]));
        assert_eq!(organization.slug.as_deref(), Some("s"));
        assert_eq!(organization.logo_url, None);
        assert_eq!(mask, Some(vec!["slug".to_owned(), "logo_url".to_owned()]));
    }

    #[test]
    fn the_sibling_names_the_organization_by_external_id() {
        let client = ScalekitClient::new("http://a.test", "skc_1", "s").unwrap();
        let message = client.organization().update_organization_by_external_id("crm-7").into_message();
        assert_eq!(message.identities, Some(Identities::ExternalId("crm-7".into())));
    }
}
