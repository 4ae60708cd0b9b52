//! Plain data of organizations, and the rules on it.
use crate::{
    environments::{Environment, Region},
    error::{Error, Kind, Violation},
    ids::OrganizationId,
    text,
    time::Timestamp,
    update::Change,
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

use super::session_policy::SessionPolicy;

/// A customer of the application.
#[derive(Clone, Debug, PartialEq)]
pub struct Organization {
    /// `org_…`
    pub id: OrganizationId,
    /// For people: 1 to 200 characters, not unique.
    pub display_name: String,
    /// The application's own key for this customer: up to 255 characters, unique in the environment.
    pub external_id: Option<String>,
    /// Lower-case DNS labels joined by dots, unique in the environment. Redirect templates use it.
    pub slug: Option<String>,
    /// `https`, up to 1,024 characters.
    pub logo_url: Option<String>,
    /// The environment's.
    pub region: Region,
    /// At most 10 pairs.
    pub metadata: BTreeMap<String, String>,
    /// What the customer's IT may set up by itself.
    pub features: Features,
    /// Limit on members and pending invitations; none means no limit.
    pub max_allowed_users: Option<i32>,
    /// The customer's own session limits.
    pub session_policy: SessionPolicy,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Modules of an organization. All off at first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Single sign-on in portal and widgets.
    pub sso: bool,
    /// SCIM in portal and widgets.
    pub dir_sync: bool,
    /// Domains in portal and widgets.
    pub domain_verification: bool,
    /// The customer may tighten the session policy.
    pub session_policy: bool,
}

impl Features {
    /// Every feature with its state, in the order in which they are printed.
    pub fn all(self) -> [(&'static str, bool); 4] {
        [
            ("sso", self.sso),
            ("dir_sync", self.dir_sync),
            ("domain_verification", self.domain_verification),
            ("session_policy", self.session_policy),
        ]
    }

    /// Switches one. `directory_sync` is another name of `dir_sync`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a name that is none.
    pub fn set(&mut self, name: &str, enabled: bool, field: String) -> Result<(), Error> {
        let feature = match name {
            "sso" => &mut self.sso,
            "dir_sync" | "directory_sync" => &mut self.dir_sync,
            "domain_verification" => &mut self.domain_verification,
            "session_policy" => &mut self.session_policy,
            _ => {
                let known = self.all().map(|(name, _)| name).join(", ");
                return Err(Error::invalid(field, "feature.known", format!("must be one of {known}")));
            }
        };
        *feature = enabled;
        Ok(())
    }
}

/// How a request names an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrganizationRef {
    /// By our id.
    Id(OrganizationId),
    /// By the application's.
    ExternalId(String),
}

impl fmt::Display for OrganizationRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "organization {id}"),
            Self::ExternalId(id) => write!(f, "organization with external_id \"{id}\""),
        }
    }
}

/// An organization to be made.
#[derive(Clone, Debug, Default)]
pub struct NewOrganization {
    /// See [`Organization::display_name`].
    pub display_name: String,
    /// Empty counts as absent.
    pub external_id: Option<String>,
    /// Lengths have been checked by the proto's rules.
    pub metadata: BTreeMap<String, String>,
    /// The proto's pattern has been checked.
    pub slug: Option<String>,
    /// Empty counts as absent.
    pub logo_url: Option<String>,
    /// If given, it must be the environment's.
    pub region: Option<Region>,
}

/// What to change of an organization.
#[derive(Clone, Debug, Default)]
pub struct OrganizationUpdate {
    /// Cannot be cleared.
    pub display_name: Change<String>,
    /// See [`Organization::external_id`].
    pub external_id: Change<String>,
    /// Replaces all pairs.
    pub metadata: Change<BTreeMap<String, String>>,
    /// See [`Organization::slug`].
    pub slug: Change<String>,
    /// See [`Organization::logo_url`].
    pub logo_url: Change<String>,
}

impl OrganizationUpdate {
    /// Whether it leaves alone what is the environment's to change: ids, and values that redirect templates use.
    pub fn is_only_a_name(&self) -> bool {
        matches!(self.external_id, Change::Keep)
            && matches!(self.metadata, Change::Keep)
            && matches!(self.slug, Change::Keep)
            && matches!(self.logo_url, Change::Keep)
    }
}

impl Organization {
    /// Checks what the proto's rules cannot say, and makes the organization.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong.
    pub fn new(
        id: OrganizationId,
        now: Timestamp,
        environment: &Environment,
        new: NewOrganization,
    ) -> Result<Self, Error> {
        let organization = Self {
            id,
            display_name: new.display_name,
            external_id: new.external_id.filter(|text| !text.is_empty()),
            slug: new.slug,
            logo_url: new.logo_url.filter(|text| !text.is_empty()),
            region: environment.region,
            metadata: new.metadata,
            features: Features::default(),
            max_allowed_users: None,
            session_policy: SessionPolicy::default(),
            created_at: now,
            updated_at: now,
        };
        let mut violations = organization.violations();
        if new.region.is_some_and(|region| region != environment.region) {
            violations.push(Violation {
                field: "organization.region_code".to_owned(),
                description: format!("must be the environment's region, {}", environment.region.as_str())
                    .into(),
                constraint: "region_code".into(),
            });
        }
        refuse(violations)?;
        Ok(organization)
    }

    /// Applies a change. Tells whether anything is different now.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong.
    pub fn update(&mut self, now: Timestamp, update: OrganizationUpdate) -> Result<bool, Error> {
        let before = self.clone();
        match update.display_name {
            Change::Keep => {}
            Change::Set(name) => self.display_name = name,
            Change::Clear => {
                return Err(Error::invalid("organization.display_name", "required", "cannot be cleared"));
            }
        }
        update.external_id.apply(&mut self.external_id);
        update.slug.apply(&mut self.slug);
        update.logo_url.apply(&mut self.logo_url);
        match update.metadata {
            Change::Keep => {}
            Change::Set(metadata) => self.metadata = metadata,
            Change::Clear => self.metadata.clear(),
        }
        refuse(self.violations())?;
        let changed = *self != before;
        if changed {
            self.updated_at = now;
        }
        Ok(changed)
    }

    fn violations(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        let mut check = |field: &str, problem: Option<&'static str>, constraint: &'static str| {
            if let Some(description) = problem {
                let field = format!("organization.{field}");
                violations.push(Violation {
                    field,
                    description: description.into(),
                    constraint: constraint.into(),
                });
            }
        };
        check("display_name", text::name_problem(&self.display_name), "display_name");
        if let Some(id) = &self.external_id {
            let problem = if id.chars().count() > 255 {
                Some("must be at most 255 characters")
            } else {
                text::control_problem(id)
            };
            check("external_id", problem, "external_id");
        }
        if let Some(url) = &self.logo_url {
            check("logo_url", logo_problem(url), "logo_url");
        }
        violations
    }

    /// What search looks in: name, id and external id, case-folded.
    pub fn search_key(&self) -> String {
        let external_id = self.external_id.as_deref().unwrap_or_default();
        text::fold(&format!("{}\n{}\n{external_id}", self.display_name, self.id))
    }

    /// `data` of its events, `management.md` 13.4.1.
    pub fn event_data(&self) -> EventData<'_> {
        EventData {
            id: self.id.to_string(),
            display_name: &self.display_name,
            external_id: self.external_id.as_deref(),
            region_code: self.region.as_str(),
            metadata: &self.metadata,
            slug: self.slug.as_deref(),
            logo_url: self.logo_url.as_deref(),
            settings: EventSettings {
                features: self.features.all().map(|(name, enabled)| EventFeature { name, enabled }),
            },
            create_time: self.created_at.to_string(),
            update_time: self.updated_at.to_string(),
            deleted_at: None,
        }
    }

    /// The error of an organization that is not there.
    pub fn not_found(which: &OrganizationRef) -> Error {
        Error::new(Kind::NotFound, format!("{which} not found"))
    }
}

/// An organization as its events carry it.
#[derive(Debug, Serialize)]
pub struct EventData<'a> {
    id: String,
    display_name: &'a str,
    external_id: Option<&'a str>,
    region_code: &'static str,
    metadata: &'a BTreeMap<String, String>,
    slug: Option<&'a str>,
    logo_url: Option<&'a str>,
    settings: EventSettings,
    create_time: String,
    update_time: String,
    /// Of a deletion only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct EventSettings {
    features: [EventFeature; 4],
}

#[derive(Debug, Serialize)]
struct EventFeature {
    name: &'static str,
    enabled: bool,
}

fn refuse(violations: Vec<Violation>) -> Result<(), Error> {
    if violations.is_empty() { Ok(()) } else { Err(Error::violations(violations)) }
}

fn logo_problem(url: &str) -> Option<&'static str> {
    match url::Url::parse(url) {
        Ok(parsed)
            if parsed.scheme() == "https" && parsed.username().is_empty() && parsed.password().is_none() =>
        {
            text::control_problem(url)
        }
        _ => Some("must be an https URL without credentials"),
    }
}
