//! Organizations: the reference's class *Organizations*.

mod branding;
mod list;
mod model;
mod portal;
mod requests;
mod session_policy;
mod settings;
mod update;

use std::sync::Arc;

use gatewright_api::scalekit::v1::organizations as pb;

pub use branding::{
    BrandingSource, GetOrganizationBranding, OrganizationBranding, UpdateOrganizationBranding,
};
pub use list::{
    ListOrganization, ListOrganizationsResponse, SearchOrganization, SearchOrganizationsResponse,
};
pub(crate) use model::metadata;
pub use model::{Organization, OrganizationFeature, OrganizationSettings, RegionCode};
pub use portal::{
    DeletePortalLink, DeletePortalLinkById, GeneratePortalLink, GetPortalLinks, Link, PortalFeature,
};
pub use requests::{CreateOrganization, DeleteOrganization, GetOrganization, GetOrganizationByExternalId};
pub use session_policy::{
    ApplicationSessionPolicy, GetApplicationSessionPolicy, GetOrganizationSessionPolicy,
    OrganizationSessionPolicy, SessionPolicySource, TimeUnit, UpdateOrganizationSessionPolicy,
};
pub use settings::{
    GetOrganizationUserManagementSetting, OrganizationUserManagementSettings, UpdateOrganizationSettings,
    UpsertUserManagementSettings,
};
pub use update::UpdateOrganization;

use crate::client::Inner;

/// Operations on organizations; made by [`ScalekitClient::organization`](crate::ScalekitClient::organization).
///
/// Besides the errors named with each method, any call can fail with
/// [`Unauthorized`](crate::ServerErrorKind::Unauthorized) (credentials refused),
/// [`Forbidden`](crate::ServerErrorKind::Forbidden) (permission missing),
/// [`BadRequest`](crate::ServerErrorKind::BadRequest) (a field breaks a rule; see
/// [`field_violations`](crate::ScalekitError::field_violations)),
/// [`TooManyRequests`](crate::ServerErrorKind::TooManyRequests), and without an answer from the server.
#[derive(Clone, Debug)]
pub struct Organizations {
    client: Arc<Inner>,
}

impl Organizations {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    fn client(&self) -> Arc<Inner> {
        Arc::clone(&self.client)
    }

    /// Creates an organization with this display name, 1 to 200 characters.
    ///
    /// Permission `organizations:write`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the name, slug, logo or metadata break their rules;
    /// [`Conflict`](crate::ServerErrorKind::Conflict) when another organization has the external id or slug.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let acme = client
    ///     .organization()
    ///     .create_organization("Acme Corporation")
    ///     .external_id("customer_12345")
    ///     .metadata([("plan", "enterprise")])
    ///     .await?;
    /// println!("{}", acme.id);
    /// # Ok(()) }
    /// ```
    pub fn create_organization(&self, name: impl Into<String>) -> CreateOrganization {
        CreateOrganization::named(self.client(), name.into())
    }

    /// Lists the organizations of the environment, newest first.
    ///
    /// Awaited it gives one page; [`stream`](ListOrganization::stream) and [`pages`](ListOrganization::pages) go
    /// through all of them. Permission `organizations:read`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the page token is malformed or of another query.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let page = client.organization().list_organization().page_size(20).await?;
    /// println!("{} of {}", page.organizations.len(), page.total_size);
    ///
    /// let mut all = client.organization().list_organization().stream();
    /// while let Some(organization) = all.try_next().await? {
    ///     println!("{}", organization.display_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_organization(&self) -> ListOrganization {
        ListOrganization::new(self.client(), pb::ListOrganizationsRequest::default())
    }

    /// Finds organizations whose name, id or external id contains a text of 3 to 100 characters, in any letter case.
    ///
    /// Awaited it gives one page; [`stream`](SearchOrganization::stream) and [`pages`](SearchOrganization::pages) go
    /// through all of them. Permission `organizations:read`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the text is too short or too long, the page size is
    /// above 30, or the page token is malformed or of another query.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// for organization in client.organization().search_organization("acme").await?.organizations {
    ///     println!("{}", organization.display_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn search_organization(&self, query: impl Into<String>) -> SearchOrganization {
        let message = pb::SearchOrganizationsRequest { query: query.into(), ..Default::default() };
        SearchOrganization::new(self.client(), message)
    }

    /// Returns the organization with this id, `org_…`.
    ///
    /// Permission `organizations:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it does not exist or was deleted;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the id is malformed.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let organization = client.organization().get_organization("org_12345").await?;
    /// println!("{} {:?}", organization.display_name, organization.external_id);
    /// # Ok(()) }
    /// ```
    pub fn get_organization(&self, id: impl Into<String>) -> GetOrganization {
        GetOrganization::by_id(self.client(), id.into())
    }

    /// Returns the organization that carries your own id.
    ///
    /// Permission `organizations:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when no organization has it;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when it is empty.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let organization = client.organization().get_organization_by_external_id("customer_12345").await?;
    /// println!("{}", organization.id);
    /// # Ok(()) }
    /// ```
    pub fn get_organization_by_external_id(
        &self,
        external_id: impl Into<String>,
    ) -> GetOrganizationByExternalId {
        GetOrganizationByExternalId::by_external_id(self.client(), external_id.into())
    }

    /// Changes the fields that are set or cleared; the others keep their values.
    ///
    /// Permission `organizations:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it does not exist;
    /// [`Conflict`](crate::ServerErrorKind::Conflict) when another organization has the external id or slug;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) for an empty name, a value that breaks its rule, or an
    /// unknown path in the mask.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let organization = client
    ///     .organization()
    ///     .update_organization("org_12345")
    ///     .display_name("Acme Corporation (updated)")
    ///     .metadata([("industry", "technology"), ("size", "enterprise")])
    ///     .clear_logo_url()
    ///     .await?;
    /// println!("{:?}", organization.update_time);
    /// # Ok(()) }
    /// ```
    pub fn update_organization(&self, id: impl Into<String>) -> UpdateOrganization {
        UpdateOrganization::by_id(self.client(), id.into())
    }

    /// As [`update_organization`](Self::update_organization), for the organization that carries your own id.
    ///
    /// Permission `organizations:write`.
    ///
    /// # Errors
    /// As [`update_organization`](Self::update_organization).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client
    ///     .organization()
    ///     .update_organization_by_external_id("customer_12345")
    ///     .display_name("New Company Name")
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn update_organization_by_external_id(&self, external_id: impl Into<String>) -> UpdateOrganization {
        UpdateOrganization::by_external_id(self.client(), external_id.into())
    }

    /// Deletes an organization for good, with its memberships, connections, directories, domains, roles, clients,
    /// tokens and settings, and the users who belong to no other organization.
    ///
    /// Permission `organizations:delete`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it does not exist, also on a second call.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.organization().delete_organization("org_12345").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_organization(&self, organization_id: impl Into<String>) -> DeleteOrganization {
        DeleteOrganization::by_id(self.client(), organization_id.into())
    }

    /// As [`delete_organization`](Self::delete_organization), for the organization that carries your own id.
    ///
    /// Permission `organizations:delete`.
    ///
    /// # Errors
    /// As [`delete_organization`](Self::delete_organization).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.organization().delete_organization_by_external_id("customer_12345").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_organization_by_external_id(&self, external_id: impl Into<String>) -> DeleteOrganization {
        DeleteOrganization::by_external_id(self.client(), external_id.into())
    }

    /// Creates a link into the admin portal for the organization's IT admin: it opens once, within one minute, and the
    /// portal session lasts 6 hours.
    ///
    /// Without features it opens all that are on for the organization. Permission `portal_links:manage`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when a chosen feature is off for the organization;
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::organization::PortalFeature;
    ///
    /// let link = client
    ///     .organization()
    ///     .generate_portal_link("org_12345")
    ///     .features([PortalFeature::Sso])
    ///     .await?;
    /// // Redirect the admin's browser to `link.location`.
    /// # Ok(()) }
    /// ```
    pub fn generate_portal_link(&self, organization_id: impl Into<String>) -> GeneratePortalLink {
        let message = pb::GeneratePortalLinkRequest { id: organization_id.into(), ..Default::default() };
        GeneratePortalLink::new(self.client(), message)
    }

    /// Lists the portal links of an organization. For dashboard users only: a client's token is refused.
    ///
    /// Permission `portal_links:manage`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// for link in client.organization().get_portal_links("org_12345").await? {
    ///     println!("{} until {:?}", link.id, link.expire_time);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn get_portal_links(&self, organization_id: impl Into<String>) -> GetPortalLinks {
        GetPortalLinks::new(self.client(), pb::GetPortalLinkRequest { id: organization_id.into() })
    }

    /// Revokes all portal links of an organization and ends their sessions. For dashboard users only: a client's
    /// token is refused.
    ///
    /// Permission `portal_links:manage`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.organization().delete_portal_link("org_12345").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_portal_link(&self, organization_id: impl Into<String>) -> DeletePortalLink {
        DeletePortalLink::new(self.client(), pb::DeletePortalLinkRequest { id: organization_id.into() })
    }

    /// Revokes one portal link, `lnk_…`, and ends its sessions.
    ///
    /// Permission `portal_links:manage`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization or the link does not exist.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.organization().delete_portal_link_by_id("org_12345", "lnk_1").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_portal_link_by_id(
        &self,
        organization_id: impl Into<String>,
        link_id: impl Into<String>,
    ) -> DeletePortalLinkById {
        let message = pb::DeletePortalLinkByIdRequest { id: organization_id.into(), link_id: link_id.into() };
        DeletePortalLinkById::new(self.client(), message)
    }

    /// Turns features of an organization on or off; those that are not named keep their state.
    ///
    /// The answer is the organization with all its features. Permission `organizations:write`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when a feature's name is unknown;
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let organization = client
    ///     .organization()
    ///     .update_organization_settings("org_12345", [("sso", true), ("dir_sync", true)])
    ///     .await?;
    /// assert!(organization.feature_enabled("sso"));
    /// # Ok(()) }
    /// ```
    pub fn update_organization_settings(
        &self,
        organization_id: impl Into<String>,
        settings: impl Into<OrganizationSettings>,
    ) -> UpdateOrganizationSettings {
        let message = pb::UpdateOrganizationSettingsRequest {
            id: organization_id.into(),
            settings: Some(settings.into().into_message()),
        };
        UpdateOrganizationSettings::new(self.client(), message)
    }

    /// Sets how many users an organization may have.
    ///
    /// A limit below the present number is allowed and removes nobody. Permission `organizations:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::organization::OrganizationUserManagementSettings;
    ///
    /// let limit = OrganizationUserManagementSettings::with_max_allowed_users(100);
    /// let settings = client.organization().upsert_user_management_settings("org_12345", limit).await?;
    /// println!("{:?}", settings.max_allowed_users);
    /// # Ok(()) }
    /// ```
    pub fn upsert_user_management_settings(
        &self,
        organization_id: impl Into<String>,
        settings: OrganizationUserManagementSettings,
    ) -> UpsertUserManagementSettings {
        let message = pb::UpsertUserManagementSettingsRequest {
            organization_id: organization_id.into(),
            settings: Some(settings.into_message()),
        };
        UpsertUserManagementSettings::new(self.client(), message)
    }

    /// Returns how many users an organization may have.
    ///
    /// Permission `organizations:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let settings = client.organization().get_organization_user_management_setting("org_12345").await?;
    /// println!("{:?}", settings.max_allowed_users);
    /// # Ok(()) }
    /// ```
    pub fn get_organization_user_management_setting(
        &self,
        organization_id: impl Into<String>,
    ) -> GetOrganizationUserManagementSetting {
        let message =
            pb::GetOrganizationUserManagementSettingsRequest { organization_id: organization_id.into() };
        GetOrganizationUserManagementSetting::new(self.client(), message)
    }

    /// Returns the session policy of an organization, with times in minutes.
    ///
    /// Permission `organizations:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist;
    /// [`Forbidden`](crate::ServerErrorKind::Forbidden) when the environment does not offer session policies.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let policy = client.organization().get_organization_session_policy("org_12345").await?;
    /// println!("{} {:?}", policy.policy_source, policy.absolute_session_timeout);
    /// # Ok(()) }
    /// ```
    pub fn get_organization_session_policy(
        &self,
        organization_id: impl Into<String>,
    ) -> GetOrganizationSessionPolicy {
        let message = pb::GetOrganizationSessionPolicyRequest { organization_id: organization_id.into() };
        GetOrganizationSessionPolicy::new(self.client(), message)
    }

    /// Chooses between the environment's session limits and stricter ones of the organization.
    ///
    /// [`Custom`](SessionPolicySource::Custom) needs the timeouts and can only tighten; it applies to sessions that
    /// begin from now on. Permission `organizations:write`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when a timeout is missing or out of range, or the order
    /// absolute > idle > access token is broken;
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist;
    /// [`Forbidden`](crate::ServerErrorKind::Forbidden) when the environment does not offer session policies.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::organization::{SessionPolicySource, TimeUnit};
    ///
    /// client
    ///     .organization()
    ///     .update_organization_session_policy("org_12345", SessionPolicySource::Custom)
    ///     .absolute_session_timeout(8, TimeUnit::Hours)
    ///     .idle_session_timeout_enabled(true)
    ///     .idle_session_timeout(30, TimeUnit::Minutes)
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn update_organization_session_policy(
        &self,
        organization_id: impl Into<String>,
        policy_source: SessionPolicySource,
    ) -> UpdateOrganizationSessionPolicy {
        let message = pb::UpdateOrganizationSessionPolicyRequest {
            organization_id: organization_id.into(),
            policy_source: policy_source.into(),
            ..Default::default()
        };
        UpdateOrganizationSessionPolicy::new(self.client(), message)
    }

    /// Returns the environment's session limits, which bound an organization's policy.
    ///
    /// Permission `organizations:read`.
    ///
    /// # Errors
    /// As [`get_organization_session_policy`](Self::get_organization_session_policy).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let limits = client.organization().get_application_session_policy("org_12345").await?;
    /// println!("{} {}", limits.absolute_session_timeout, limits.absolute_session_timeout_unit);
    /// # Ok(()) }
    /// ```
    pub fn get_application_session_policy(
        &self,
        organization_id: impl Into<String>,
    ) -> GetApplicationSessionPolicy {
        let message = pb::GetApplicationSessionPolicyRequest { organization_id: organization_id.into() };
        GetApplicationSessionPolicy::new(self.client(), message)
    }

    /// Returns whose branding an organization's pages show, and its saved settings.
    ///
    /// Permission `branding:read` or `organizations:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist;
    /// [`Forbidden`](crate::ServerErrorKind::Forbidden) when the environment does not offer organization branding.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let branding = client.organization().get_organization_branding("org_12345").await?;
    /// println!("{}", branding.source);
    /// # Ok(()) }
    /// ```
    pub fn get_organization_branding(&self, organization_id: impl Into<String>) -> GetOrganizationBranding {
        let message = pb::GetOrganizationBrandingRequest { organization_id: organization_id.into() };
        GetOrganizationBranding::new(self.client(), message)
    }

    /// Gives an organization its own branding, or returns it to the environment's.
    ///
    /// [`Custom`](BrandingSource::Custom) without settings brings the saved ones back. Permission `branding:write` or
    /// `organizations:write`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the settings are not valid, or none are given nor
    /// saved; [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist;
    /// [`Forbidden`](crate::ServerErrorKind::Forbidden) when the environment does not offer organization branding.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::organization::BrandingSource;
    ///
    /// client
    ///     .organization()
    ///     .update_organization_branding("org_12345", BrandingSource::Environment)
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn update_organization_branding(
        &self,
        organization_id: impl Into<String>,
        source: BrandingSource,
    ) -> UpdateOrganizationBranding {
        let message = pb::UpdateOrganizationBrandingRequest {
            organization_id: organization_id.into(),
            source: source.into(),
            ..Default::default()
        };
        UpdateOrganizationBranding::new(self.client(), message)
    }
}
