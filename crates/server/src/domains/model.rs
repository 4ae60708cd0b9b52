//! Plain data of domains, and the rules on it.
use crate::{
    error::Error,
    hostname,
    ids::{DomainId, EnvironmentId, OrganizationId},
    stored::stored_enum,
    time::Timestamp,
};
use serde_json::{Value as Json, json};
use std::time::Duration;

/// Name of the TXT record, below the domain.
const TXT_RECORD_KEY: &str = "scalekit-domain-verification";
/// Start of its value.
const TXT_RECORD_PREFIX: &str = "sk_dom_verify_";
/// How long the record is looked for, `management.md` 5.3.
const WINDOW: Duration = Duration::from_secs(72 * 3600);

stored_enum! {
    /// What a domain is for.
    DomainType {
        /// Sends its people to the organization's SSO.
        Organization = "ORGANIZATION_DOMAIN",
        /// Lets its people join the organization.
        AllowedEmail = "ALLOWED_EMAIL_DOMAIN",
    }
}
stored_enum! {
    /// How far the verification is.
    VerificationStatus {
        /// The TXT record is looked for.
        Pending = "PENDING",
        /// The organization is the owner.
        Verified = "VERIFIED",
        /// The record was not found in time, or another organization was faster. Final.
        Failed = "FAILED",
        /// Needs no verification.
        AutoVerified = "AUTO_VERIFIED",
    }
}
stored_enum! {
    /// How a domain is verified.
    VerificationMethod {
        /// By the word of the environment's own callers.
        Admin = "ADMIN",
        /// By a TXT record.
        Dns = "DNS",
        /// Not at all.
        NotApplicable = "NOT_APPLICABLE",
    }
}

/// What proves that the organization owns a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The word of the environment's own callers (API, dashboard).
    Word,
    /// A TXT record: for whoever acts for the organization (portal, widgets). `management.md` 5.1
    Dns,
}

/// What the customer publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxtRecord {
    /// Name relative to the domain.
    pub key: &'static str,
    /// A random value.
    pub value: String,
    /// Until when it is looked for.
    pub until: Timestamp,
}

/// A domain of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// `dom_…`
    pub id: DomainId,
    /// Whose.
    pub organization: OrganizationId,
    /// ASCII in lower case.
    pub name: String,
    /// What it is for.
    pub kind: DomainType,
    /// How far the verification is.
    pub status: VerificationStatus,
    /// How it is verified.
    pub method: VerificationMethod,
    /// If it is verified by DNS.
    pub txt_record: Option<TxtRecord>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A domain to be added.
#[derive(Clone, Debug)]
pub struct NewDomain {
    /// As somebody wrote it.
    pub name: String,
    /// What it is for.
    pub kind: DomainType,
    /// What proves it.
    pub proof: Proof,
}

impl Domain {
    /// Checks what the proto's rules cannot say, and makes the domain. `token` is random and goes into the TXT record.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a name that no customer can own.
    pub fn new(
        id: DomainId,
        now: Timestamp,
        organization: OrganizationId,
        new: &NewDomain,
        token: &str,
    ) -> Result<Self, Error> {
        let name = ownable_name(&new.name)?;
        let (status, method) = match (new.kind, new.proof) {
            (DomainType::AllowedEmail, _) => {
                (VerificationStatus::AutoVerified, VerificationMethod::NotApplicable)
            }
            (DomainType::Organization, Proof::Word) => {
                (VerificationStatus::Verified, VerificationMethod::Admin)
            }
            (DomainType::Organization, Proof::Dns) => (VerificationStatus::Pending, VerificationMethod::Dns),
        };
        let txt_record = (method == VerificationMethod::Dns)
            .then(|| TxtRecord::new(format!("{TXT_RECORD_PREFIX}{token}"), now.plus(WINDOW)));
        Ok(Self {
            id,
            organization,
            name,
            kind: new.kind,
            status,
            method,
            txt_record,
            created_at: now,
            updated_at: now,
        })
    }

    /// The name, if this row makes its organization the owner.
    pub fn owned_name(&self) -> Option<&str> {
        let owned = self.kind == DomainType::Organization && self.status == VerificationStatus::Verified;
        owned.then_some(self.name.as_str())
    }

    /// `data` of its events, `management.md` 13.4.2.
    pub fn event_data(&self, environment: EnvironmentId) -> Json {
        let record = self.txt_record.as_ref();
        json!({
            "id": self.id.to_string(),
            "domain": self.name,
            "domain_type": self.kind.as_str(),
            "organization_id": self.organization.to_string(),
            "environment_id": environment.to_string(),
            "txt_record_key": record.map_or("", |record| record.key),
            "txt_record_secret": record.map_or("", |record| record.value.as_str()),
            "verification_status": self.status.as_str(),
            "verification_method": self.method.as_str(),
            "updated_at": self.updated_at.to_string(),
        })
    }
}

impl TxtRecord {
    /// The record with this value.
    pub fn new(value: String, until: Timestamp) -> Self {
        Self { key: TXT_RECORD_KEY, value, until }
    }

    /// Whether a text at the record's name is the value: quotes and white space that people add are passed over.
    pub fn is_proved_by(&self, text: &[u8]) -> bool {
        let text = String::from_utf8_lossy(text);
        text.trim_matches(|letter: char| letter.is_whitespace() || letter == '"') == self.value
    }
}

/// One spelling of a name that a customer can own.
fn ownable_name(text: &str) -> Result<String, Error> {
    let refused = |constraint, description| Err(Error::invalid("domain.domain", constraint, description));
    let name = match hostname::parse(text) {
        Ok(name) => name,
        Err(description) => return refused("hostname", description),
    };
    if hostname::is_public_suffix(&name) {
        return refused(
            "domain.public_suffix",
            "must not be a public suffix, below which anybody can have a name",
        );
    }
    if hostname::is_public_mail(&name) {
        return refused(
            "domain.public",
            "must not be a public mail provider's, at which anybody can have an address",
        );
    }
    if hostname::is_disposable(&name) {
        return refused("domain.disposable", "must not be a provider of disposable addresses");
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(name: &str, kind: DomainType, proof: Proof) -> Result<Domain, Error> {
        let new = NewDomain { name: name.to_owned(), kind, proof };
        Domain::new(
            DomainId::from_i64(1),
            Timestamp::from_micros(0),
            OrganizationId::from_i64(2),
            &new,
            "t0k",
        )
    }

    #[test]
    fn type_and_proof_decide_status_and_method() {
        for (kind, proof, status, method) in [
            (DomainType::Organization, Proof::Word, "VERIFIED", "ADMIN"),
            (DomainType::Organization, Proof::Dns, "PENDING", "DNS"),
            (DomainType::AllowedEmail, Proof::Word, "AUTO_VERIFIED", "NOT_APPLICABLE"),
            (DomainType::AllowedEmail, Proof::Dns, "AUTO_VERIFIED", "NOT_APPLICABLE"),
        ] {
            let domain = made("acme.com", kind, proof).unwrap();
            assert_eq!((domain.status.as_str(), domain.method.as_str()), (status, method));
            assert_eq!(domain.txt_record.is_some(), method == "DNS");
            assert_eq!(domain.owned_name().is_some(), status == "VERIFIED");
        }
    }

    #[test]
    fn the_record_is_found_in_quotes_and_white_space_and_nowhere_else() {
        let record = made("acme.com", DomainType::Organization, Proof::Dns).unwrap().txt_record.unwrap();
        assert_eq!(record.value, "sk_dom_verify_t0k");
        assert_eq!(record.until.as_seconds(), 72 * 3600);
        for text in ["sk_dom_verify_t0k", "\"sk_dom_verify_t0k\"", " sk_dom_verify_t0k\n"] {
            assert!(record.is_proved_by(text.as_bytes()), "{text:?}");
        }
        for text in
            ["", "\"", "sk_dom_verify_", "sk_dom_verify_T0K", "x sk_dom_verify_t0k", "sk_dom_verify_t0k2"]
        {
            assert!(!record.is_proved_by(text.as_bytes()), "{text:?}");
        }
        assert!(!record.is_proved_by(&[0xff, 0xfe]));
    }

    #[test]
    fn names_that_nobody_can_own_are_refused() {
        for (name, constraint) in [
            ("co.uk", "domain.public_suffix"),
            ("github.io", "domain.public_suffix"),
            ("gmail.com", "domain.public"),
            ("GMAIL.com.", "domain.public"),
            ("mailinator.com", "domain.disposable"),
            ("*.acme.com", "hostname"),
            ("10.0.0.1", "hostname"),
        ] {
            let error = made(name, DomainType::AllowedEmail, Proof::Word).unwrap_err();
            assert_eq!(error.field_violations()[0].constraint, constraint, "{name}");
        }
    }
}
