//! Plain data of directories, and the rules on it.
use crate::{
    error::{Error, Kind, Violation},
    ids::{DirectoryId, OrganizationId},
    stored::stored_enum,
    text,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::HashSet;

stored_enum! {
    /// How changes reach a directory.
    DirectoryType {
        /// The provider pushes them by SCIM 2.0.
        Scim = "SCIM",
        /// Not in use.
        Ldap = "LDAP",
        /// They are read from the provider at intervals.
        Poll = "POLL",
    }
}
stored_enum! {
    /// Who runs a directory.
    Provider {
        /// Any other one that speaks SCIM.
        Other = "",
        /// Okta.
        Okta = "OKTA",
        /// Google Workspace.
        Google = "GOOGLE",
        /// Microsoft Entra ID.
        MicrosoftAd = "MICROSOFT_AD",
        /// Auth0.
        Auth0 = "AUTH0",
        /// OneLogin.
        OneLogin = "ONELOGIN",
        /// JumpCloud.
        JumpCloud = "JUMPCLOUD",
        /// Ping Identity.
        PingIdentity = "PING_IDENTITY",
    }
}
stored_enum! {
    /// How far a directory is set up.
    Status {
        /// Begun.
        Draft = "DRAFT",
        /// Being set up.
        InProgress = "IN_PROGRESS",
        /// Done.
        Completed = "COMPLETED",
    }
}

impl Provider {
    /// Its name for people, which is a directory's name at first.
    pub const fn display_name(self) -> &'static str {
        match self {
            Self::Other => "Custom Provider",
            Self::Okta => "Okta",
            Self::Google => "Google Workspace",
            Self::MicrosoftAd => "Microsoft Entra ID",
            Self::Auth0 => "Auth0",
            Self::OneLogin => "OneLogin",
            Self::JumpCloud => "JumpCloud",
            Self::PingIdentity => "Ping Identity",
        }
    }
}

/// Which SCIM attribute fills an attribute of the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeMapping {
    /// The application's attribute, 1 to 32 characters.
    pub key: String,
    /// Path of the SCIM attribute, 1 to 32 characters.
    pub map_to: String,
    /// For people; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub display_name: String,
}

/// A group at the provider of a polled directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackedGroup {
    /// The provider's id, up to 256 characters.
    pub external_id: String,
    /// For people; empty if only the id is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    /// Address of the group, if it has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
}

/// Counts of a directory, and when its parts last changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Users in it.
    pub users: i64,
    /// Groups in it.
    pub groups: i64,
    /// When a user last changed.
    pub user_updated_at: Option<Timestamp>,
    /// When a group last changed.
    pub group_updated_at: Option<Timestamp>,
}

/// A directory of an organization.
#[derive(Clone, Debug, PartialEq)]
pub struct Directory {
    /// `dir_…`
    pub id: DirectoryId,
    /// Whose.
    pub organization: OrganizationId,
    /// For people: 1 to 256 characters.
    pub name: String,
    /// How changes reach it.
    pub kind: DirectoryType,
    /// Who runs it.
    pub provider: Provider,
    /// Whether it takes in changes.
    pub enabled: bool,
    /// How far it is set up.
    pub status: Status,
    /// Account with which it is polled; empty if there is none.
    pub email: String,
    /// The provider's groups that are polled; none means all.
    pub tracked_groups: Option<Vec<TrackedGroup>>,
    /// What is not mapped follows the defaults.
    pub attribute_mappings: Vec<AttributeMapping>,
    /// Its counts.
    pub stats: Stats,
    /// When the last change was taken in.
    pub last_synced_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its configuration was last changed.
    pub updated_at: Timestamp,
}

/// What to change of a directory; what is none stays as it is.
#[derive(Clone, Debug, Default)]
pub struct DirectoryUpdate {
    /// See [`Directory::name`].
    pub name: Option<String>,
    /// See [`Directory::kind`].
    pub kind: Option<DirectoryType>,
    /// See [`Directory::provider`].
    pub provider: Option<Provider>,
    /// See [`Directory::status`].
    pub status: Option<Status>,
    /// Whether to enable it. Disabling has an operation of its own: on the wire it cannot be told from saying nothing.
    pub enable: bool,
    /// Replaces all mappings.
    pub attribute_mappings: Option<Vec<AttributeMapping>>,
    /// Replaces the choice of groups.
    pub tracked_groups: Option<Vec<TrackedGroup>>,
}

impl DirectoryUpdate {
    /// Checks what can be checked without the directory.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if a list has more than [`MAX_ITEMS`].
    pub fn check(&self) -> Result<(), Error> {
        check_count("directory.mappings", self.attribute_mappings.as_ref().map_or(0, Vec::len))?;
        check_count("directory.groups", self.tracked_groups.as_ref().map_or(0, Vec::len))
    }
}

impl Directory {
    /// A new directory: enabled, being set up, without secrets.
    pub fn new(
        id: DirectoryId,
        now: Timestamp,
        organization: OrganizationId,
        kind: DirectoryType,
        provider: Provider,
    ) -> Self {
        Self {
            id,
            organization,
            name: provider.display_name().to_owned(),
            kind,
            provider,
            enabled: true,
            status: Status::InProgress,
            email: String::new(),
            tracked_groups: None,
            attribute_mappings: Vec::new(),
            stats: Stats::default(),
            last_synced_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Applies a change, whose lists are not too long. Tells whether anything is different now.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong.
    pub fn update(&mut self, now: Timestamp, update: DirectoryUpdate) -> Result<bool, Error> {
        let before = self.clone();
        if let Some(name) = update.name {
            if let Some(problem) = text::name_problem(&name) {
                return Err(Error::invalid("directory.name", "name", problem));
            }
            self.name = name;
        }
        self.kind = update.kind.unwrap_or(self.kind);
        self.provider = update.provider.unwrap_or(self.provider);
        self.status = update.status.unwrap_or(self.status);
        self.enabled |= update.enable;
        if let Some(mappings) = update.attribute_mappings {
            check_mappings("directory.mappings", &mappings)?;
            self.attribute_mappings = mappings;
        }
        if let Some(groups) = update.tracked_groups {
            self.require_polled("groups are chosen")?;
            self.tracked_groups = Some(groups);
        }
        let changed = *self != before;
        if changed {
            self.updated_at = now;
        }
        Ok(changed)
    }

    /// # Errors
    /// `FAILED_PRECONDITION` if the provider pushes the changes.
    pub fn require_polled(&self, what: &str) -> Result<(), Error> {
        if self.kind == DirectoryType::Poll {
            return Ok(());
        }
        let (id, kind) = (self.id, self.kind.as_str());
        let text = format!("directory {id} is of type {kind}; {what} only in directories of type POLL");
        Err(Error::new(Kind::FailedPrecondition, text))
    }

    /// `data` of its events, `management.md` 13.4.4.
    pub fn event_data(&self) -> Json {
        json!({
            "id": self.id.to_string(),
            "organization_id": self.organization.to_string(),
            "directory_type": self.kind.as_str(),
            "provider": provider_name(self.provider),
            "enabled": self.enabled,
            "status": self.status.as_str(),
            "last_sync_at": self.last_synced_at.map(|time| time.to_string()),
            "updated_at": self.updated_at.to_string(),
        })
    }
}

/// As the interface spells it.
fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Other => "DIRECTORY_PROVIDER_UNSPECIFIED",
        known => known.as_str(),
    }
}

/// Most groups, mappings of attributes or roles of groups in one request: each list is stored in one transaction, during
/// which others wait.
pub const MAX_ITEMS: usize = 1_000;

/// # Errors
/// `INVALID_ARGUMENT` if a list has more than [`MAX_ITEMS`].
pub fn check_count(field: &str, count: usize) -> Result<(), Error> {
    if count > MAX_ITEMS {
        let description = format!("must have at most {MAX_ITEMS} items");
        return Err(Error::invalid(field, "repeated.max_items", description));
    }
    Ok(())
}

/// An attribute has one source.
///
/// # Errors
/// `INVALID_ARGUMENT` for a key that is there twice, or that has control characters.
pub fn check_mappings(field: &str, mappings: &[AttributeMapping]) -> Result<(), Error> {
    let (mut seen, mut violations) = (HashSet::new(), Vec::new());
    for (index, mapping) in mappings.iter().enumerate() {
        let mut violation = |name: &str, constraint: &'static str, description: &'static str| {
            violations.push(Violation {
                field: format!("{field}[{index}].{name}"),
                description: description.into(),
                constraint: constraint.into(),
            });
        };
        for (name, value) in [("key", &mapping.key), ("map_to", &mapping.map_to)] {
            if let Some(problem) = text::name_problem(value) {
                violation(name, "name", problem);
            }
        }
        if !seen.insert(mapping.key.as_str()) {
            violation("key", "unique", "must not be mapped twice");
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Error::violations(violations)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(kind: DirectoryType) -> Directory {
        let (id, organization) = (DirectoryId::from_i64(1), OrganizationId::from_i64(2));
        Directory::new(id, Timestamp::from_micros(0), organization, kind, Provider::Okta)
    }

    fn mapping(key: &str) -> AttributeMapping {
        AttributeMapping { key: key.into(), map_to: "title".into(), display_name: String::new() }
    }

    #[test]
    fn an_update_without_a_difference_is_none() {
        let mut directory = directory(DirectoryType::Scim);
        let later = Timestamp::from_micros(7);
        let same = DirectoryUpdate { name: Some("Okta".into()), enable: true, ..Default::default() };
        assert!(!directory.update(later, same).unwrap());
        assert_eq!(directory.updated_at, Timestamp::from_micros(0));
        let other = DirectoryUpdate { status: Some(Status::Completed), ..Default::default() };
        assert!(directory.update(later, other).unwrap());
        assert_eq!(directory.updated_at, later);
    }

    #[test]
    fn groups_are_chosen_in_polled_directories_only() {
        let update = || DirectoryUpdate { tracked_groups: Some(Vec::new()), ..Default::default() };
        let now = Timestamp::from_micros(1);
        let refused = directory(DirectoryType::Scim).update(now, update()).unwrap_err();
        assert_eq!(refused.kind(), Kind::FailedPrecondition);
        assert!(directory(DirectoryType::Poll).update(now, update()).unwrap());
    }

    #[test]
    fn an_attribute_is_mapped_once() {
        assert!(check_mappings("m", &[mapping("a"), mapping("b")]).is_ok());
        let error = check_mappings("m", &[mapping("a"), mapping("a"), mapping("\u{200b}")]).unwrap_err();
        let fields: Vec<&str> =
            error.field_violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["m[1].key", "m[2].key"]);
    }
}
