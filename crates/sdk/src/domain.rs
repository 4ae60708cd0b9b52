//! Domains of organizations: the reference's class *Domains*.

use std::sync::Arc;

use gatewright_api::rpc::domain_service as rpc;
use gatewright_api::scalekit::v1::domains as pb;
use jiff::Timestamp;

use crate::call::request;
use crate::client::Inner;
use crate::convert::{into_timestamp, open_enum, present, timestamp};

/// Operations on domains; made by [`ScalekitClient::domain`](crate::ScalekitClient::domain).
///
/// Besides the errors named with each method, any call can fail as described at
/// [`Organizations`](crate::Organizations).
#[derive(Clone, Debug)]
pub struct Domains {
    client: Arc<Inner>,
}

impl Domains {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    fn client(&self) -> Arc<Inner> {
        Arc::clone(&self.client)
    }

    /// Adds a domain, such as `acme.com`, to an organization. Without
    /// [`domain_type`](CreateDomain::domain_type) its people are sent to the organization's SSO.
    ///
    /// Added by a backend it counts as verified at once. Permission `organizations:write`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the name is malformed, a public suffix, a public or
    /// disposable mail provider's, or the organization has it already (`error_code` is then `ALREADY_EXISTS`);
    /// [`Conflict`](crate::ServerErrorKind::Conflict) when it is another organization's verified domain;
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::domain::DomainType;
    ///
    /// let domain = client
    ///     .domain()
    ///     .create_domain("org_12345", "acme.com")
    ///     .domain_type(DomainType::OrganizationDomain)
    ///     .await?;
    /// println!("{} {}", domain.id, domain.verification_status);
    /// # Ok(()) }
    /// ```
    pub fn create_domain(&self, organization_id: impl Into<String>, name: impl Into<String>) -> CreateDomain {
        let identities = Some(pb::create_domain_request::Identities::OrganizationId(organization_id.into()));
        let domain = Some(pb::CreateDomain { domain: name.into(), domain_type: 0 });
        CreateDomain::new(self.client(), pb::CreateDomainRequest { identities, domain, connection_id: None })
    }

    /// Returns one domain, `dom_…`, of an organization.
    ///
    /// Permission `organizations:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization or the domain does not exist.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let domain = client.domain().get_domain("org_12345", "dom_12345").await?;
    /// println!("{} is for {}: {}", domain.domain, domain.domain_type, domain.verification_status);
    /// # Ok(()) }
    /// ```
    pub fn get_domain(&self, organization_id: impl Into<String>, domain_id: impl Into<String>) -> GetDomain {
        let identities = Some(pb::get_domain_request::Identities::OrganizationId(organization_id.into()));
        GetDomain::new(self.client(), pb::GetDomainRequest { identities, id: domain_id.into() })
    }

    /// Lists the domains of an organization, newest first: 30 of them, or as many as
    /// [`page_size`](ListDomains::page_size) says. Pages have numbers here, no tokens.
    ///
    /// Permission `organizations:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::domain::DomainType;
    ///
    /// let page = client.domain().list_domains("org_12345").domain_type(DomainType::AllowedEmailDomain).await?;
    /// for domain in page.domains {
    ///     println!("{}", domain.domain);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_domains(&self, organization_id: impl Into<String>) -> ListDomains {
        let identities = Some(pb::list_domain_request::Identities::OrganizationId(organization_id.into()));
        ListDomains::new(self.client(), pb::ListDomainRequest { identities, ..Default::default() })
    }

    /// Removes a domain from an organization: its people are no longer sent to SSO, nor offered to join.
    ///
    /// Permission `organizations:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization or the domain does not exist, also on a
    /// second call.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.domain().delete_domain("org_12345", "dom_12345").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_domain(
        &self,
        organization_id: impl Into<String>,
        domain_id: impl Into<String>,
    ) -> DeleteDomain {
        let identities = Some(pb::delete_domain_request::Identities::OrganizationId(organization_id.into()));
        let message = pb::DeleteDomainRequest { identities, id: domain_id.into(), connection_id: None };
        DeleteDomain::new(self.client(), message)
    }

    /// Looks for the domain's TXT record now, and tells whether the domain is verified. A missing record is no error.
    ///
    /// Permission `organizations:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization or the domain does not exist.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// if !client.domain().verify_domain("org_12345", "dom_12345").await? {
    ///     println!("the record is not there yet");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn verify_domain(
        &self,
        organization_id: impl Into<String>,
        domain_id: impl Into<String>,
    ) -> VerifyDomain {
        let identities = Some(pb::verify_domain_request::Identities::OrganizationId(organization_id.into()));
        VerifyDomain::new(self.client(), pb::VerifyDomainRequest { identities, id: domain_id.into() })
    }
}

open_enum! {
    /// What a domain is for.
    DomainType {
        /// Not set.
        Unspecified = 0 "DOMAIN_TYPE_UNSPECIFIED",
        /// People with such an address may join the organization by themselves.
        AllowedEmailDomain = 1 "ALLOWED_EMAIL_DOMAIN",
        /// People with such an address sign in by the organization's SSO.
        OrganizationDomain = 2 "ORGANIZATION_DOMAIN",
    }
}

open_enum! {
    /// How far the verification is.
    VerificationStatus {
        /// Not set.
        Unspecified = 0 "VERIFICATION_STATUS_UNSPECIFIED",
        /// The server is looking for the DNS record.
        Pending = 1 "PENDING",
        /// Verified by DNS or by your word.
        Verified = 2 "VERIFIED",
        /// The record was not found in time. Final.
        Failed = 3 "FAILED",
        /// Valid without verification; treat it as `Verified`.
        AutoVerified = 4 "AUTO_VERIFIED",
    }
}

open_enum! {
    /// How a domain is verified.
    VerificationMethod {
        /// Not set.
        Unspecified = 0 "VERIFICATION_METHOD_UNSPECIFIED",
        /// By your word.
        Admin = 1 "ADMIN",
        /// By a TXT record that the customer publishes.
        Dns = 2 "DNS",
        /// Needs no verification.
        NotApplicable = 3 "NOT_APPLICABLE",
    }
}

impl VerificationStatus {
    /// Whether the domain works: `Verified` or `AutoVerified`.
    pub fn is_verified(self) -> bool {
        matches!(self, Self::Verified | Self::AutoVerified)
    }
}

/// A domain of an organization.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Domain {
    /// Id, `dom_…`.
    pub id: String,
    /// Host name in lower case, in ASCII (`xn--…` where it has other letters).
    pub domain: String,
    /// What it is for.
    pub domain_type: DomainType,
    /// Id of the organization, `org_…`.
    pub organization_id: String,
    /// Id of the environment, `env_…`.
    pub environment_id: String,
    /// How far the verification is.
    pub verification_status: VerificationStatus,
    /// How it is verified.
    pub verification_method: VerificationMethod,
    /// Name of the TXT record to publish, relative to the domain; None where there is none to publish, and in lists
    /// that were not asked for it.
    pub txt_record_key: Option<String>,
    /// Value of the TXT record; as the key.
    pub txt_record_secret: Option<String>,
    /// When it was added, UTC.
    pub create_time: Option<Timestamp>,
    /// When it was last changed, UTC.
    pub update_time: Option<Timestamp>,
}

impl Domain {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::Domain {
        pb::Domain {
            id: self.id,
            domain: self.domain,
            environment_id: self.environment_id,
            organization_id: self.organization_id,
            txt_record_key: self.txt_record_key.unwrap_or_default(),
            txt_record_secret: self.txt_record_secret.unwrap_or_default(),
            verification_status: self.verification_status.into(),
            create_time: into_timestamp(self.create_time),
            update_time: into_timestamp(self.update_time),
            domain_type: self.domain_type.into(),
            verification_method: self.verification_method.into(),
        }
    }
}

impl From<pb::Domain> for Domain {
    fn from(message: pb::Domain) -> Self {
        let text = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            id: message.id,
            domain: message.domain,
            domain_type: message.domain_type.into(),
            organization_id: message.organization_id,
            environment_id: message.environment_id,
            verification_status: message.verification_status.into(),
            verification_method: message.verification_method.into(),
            txt_record_key: text(message.txt_record_key),
            txt_record_secret: text(message.txt_record_secret),
            create_time: timestamp(message.create_time),
            update_time: timestamp(message.update_time),
        }
    }
}

/// One page of [`list_domains`](Domains::list_domains).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ListDomainResponse {
    /// Domains per page.
    pub page_size: i32,
    /// Number of this page, counted from 0.
    pub page_number: i32,
    /// The domains of this page, newest first. Fewer than `page_size`: it is the last one.
    pub domains: Vec<Domain>,
}

impl ListDomainResponse {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::ListDomainResponse {
        pb::ListDomainResponse {
            page_size: self.page_size,
            page_number: self.page_number,
            domains: self.domains.into_iter().map(Domain::into_message).collect(),
        }
    }
}

impl From<pb::ListDomainResponse> for ListDomainResponse {
    fn from(message: pb::ListDomainResponse) -> Self {
        Self {
            page_size: message.page_size,
            page_number: message.page_number,
            domains: message.domains.into_iter().map(Into::into).collect(),
        }
    }
}

request! {
    /// Request of [`create_domain`](Domains::create_domain).
    CreateDomain, rpc::CreateDomain => Domain,
    |answer| present(answer.domain, "domain").map(Into::into)
}

impl CreateDomain {
    /// What the domain is for; `OrganizationDomain` when not set.
    pub fn domain_type(mut self, domain_type: DomainType) -> Self {
        self.message.domain.get_or_insert_default().domain_type = domain_type.into();
        self
    }
}

request! {
    /// Request of [`get_domain`](Domains::get_domain).
    GetDomain, rpc::GetDomain => Domain,
    |answer| present(answer.domain, "domain").map(Into::into)
}

request! {
    /// Request of [`list_domains`](Domains::list_domains).
    ListDomains, rpc::ListDomains => ListDomainResponse,
    |answer| Ok(answer.into())
}

impl ListDomains {
    /// Only domains of this type.
    pub fn domain_type(mut self, domain_type: DomainType) -> Self {
        self.message.domain_type = domain_type.into();
        self
    }

    /// Domains per page, at most 100. Default 30.
    pub fn page_size(mut self, page_size: i32) -> Self {
        self.message.page_size = Some(page_size);
        self
    }

    /// Number of the page, counted from 0.
    pub fn page_number(mut self, page_number: i32) -> Self {
        self.message.page_number = Some(page_number);
        self
    }

    /// Adds name and value of the TXT records to publish.
    pub fn include_verification_details(mut self) -> Self {
        self.message.include = Some("verification_details".to_owned());
        self
    }
}

request! {
    /// Request of [`delete_domain`](Domains::delete_domain).
    DeleteDomain, rpc::DeleteDomain => (),
    |()| Ok(())
}

request! {
    /// Request of [`verify_domain`](Domains::verify_domain).
    VerifyDomain, rpc::VerifyDomain => bool,
    |answer| Ok(answer.verified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_goes_to_the_message_and_back() {
        let message = pb::Domain {
            id: "dom_1".into(),
            domain: "acme.com".into(),
            environment_id: "env_1".into(),
            organization_id: "org_1".into(),
            txt_record_key: "key".into(),
            txt_record_secret: String::new(),
            verification_status: 1,
            create_time: Some(prost_types::Timestamp { seconds: 1_767_225_600, nanos: 5_000 }),
            update_time: None,
            domain_type: 2,
            verification_method: 77,
        };
        let domain = Domain::from(message.clone());
        assert_eq!(
            (domain.txt_record_key.as_deref(), domain.txt_record_secret.as_deref()),
            (Some("key"), None)
        );
        assert_eq!(domain.verification_status.as_str(), "PENDING");
        assert!(!domain.verification_status.is_verified() && VerificationStatus::AutoVerified.is_verified());
        assert_eq!(domain.verification_method, VerificationMethod::Other(77));
        assert_eq!(domain.into_message(), message);
    }
}
