//! Plain data of roles and permissions, and the rules on it.
use crate::{
    error::{Error, Kind},
    ids::{OrganizationId, PermissionId, RoleId},
    text,
    time::Timestamp,
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeSet, fmt};

/// Most roles in a chain of inheritance, the role itself included.
pub const MAX_DEPTH: i64 = 10;

/// What the names of built-in permissions start with.
const BUILT_IN_PREFIX: &str = "sk_";

/// Where a role can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In every organization of the environment.
    Environment,
    /// In one organization.
    Organization(OrganizationId),
}

impl Scope {
    /// As stored: 0, or the organization's number.
    pub const fn as_i64(self) -> i64 {
        match self {
            Self::Environment => 0,
            Self::Organization(id) => id.as_i64(),
        }
    }
    /// The organization, if it is one.
    pub const fn organization(self) -> Option<OrganizationId> {
        match self {
            Self::Environment => None,
            Self::Organization(id) => Some(id),
        }
    }
}

/// A named set of permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// `role_…`
    pub id: RoleId,
    /// Where it can be used.
    pub scope: Scope,
    /// Its identifier: 1 to 64 letters, digits and underscores. Never changes.
    pub name: String,
    /// For people: 1 to 100 characters.
    pub display_name: String,
    /// For people: up to 2,000 characters.
    pub description: String,
    /// The role that it inherits from.
    pub base: Option<Base>,
    /// Whether who creates an organization gets it.
    pub default_creator: bool,
    /// Whether who joins an organization gets it.
    pub default_member: bool,
    /// How many roles inherit directly from it.
    pub dependents: i64,
}

/// A role that another one inherits from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// `role_…`
    pub id: RoleId,
    /// Its name.
    pub name: String,
}

/// Something that a user may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// `perm_…`
    pub id: PermissionId,
    /// Its identifier: 1 to 64 letters, digits, `_` and `:`. Never changes.
    pub name: String,
    /// For people: up to 2,000 characters.
    pub description: String,
    /// Whether it is one that every environment has, and nobody can change.
    pub built_in: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A permission as a role gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role that gives it.
    pub role: RoleId,
    /// Name of the role that it comes from: that one, or one that it inherits from.
    pub origin: String,
    /// What it gives.
    pub permission: Permission,
}

/// How a request names a role.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RoleRef {
    /// By our id.
    Id(RoleId),
    /// By its name.
    Name(String),
}

impl fmt::Display for RoleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "role {id}"),
            Self::Name(name) => write!(f, "role \"{name}\""),
        }
    }
}

/// A role to be made. The proto's rules have been checked.
#[derive(Clone, Debug)]
pub struct NewRole {
    /// See [`Role::name`].
    pub name: String,
    /// See [`Role::display_name`].
    pub display_name: String,
    /// See [`Role::description`].
    pub description: String,
    /// Name of the role to inherit from.
    pub extends: Option<String>,
    /// Names of its own permissions.
    pub permissions: BTreeSet<String>,
}

/// What to change of a role: what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct RoleUpdate {
    /// See [`Role::display_name`].
    pub display_name: Option<String>,
    /// See [`Role::description`].
    pub description: Option<String>,
    /// Name of the role to inherit from.
    pub extends: Option<String>,
    /// Replaces all its own permissions, if there are any.
    pub permissions: BTreeSet<String>,
}

impl Role {
    /// Checks what the proto's rules cannot say.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`
    pub fn check(&self) -> Result<(), Error> {
        match text::name_problem(&self.display_name) {
            Some(problem) => Err(Error::invalid("role.display_name", "display_name", problem)),
            None => Ok(()),
        }
    }

    /// `data` of its events, `management.md` 13.4.10.
    pub fn event_data(&self) -> Json {
        json!({
            "id": self.id.to_string(),
            "name": self.name,
            "display_name": self.display_name,
            "description": self.description,
            "extends": self.base.as_ref().map(|base| &base.name),
        })
    }

    /// The error of a role that is not there.
    pub fn not_found(which: &RoleRef) -> Error {
        Error::new(Kind::NotFound, format!("{which} not found"))
    }

    /// The same, by name.
    pub fn unknown(name: &str) -> Error {
        Self::not_found(&RoleRef::Name(name.to_owned()))
    }
}

impl Permission {
    /// Refuses names that are kept for built-in permissions.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`
    pub fn check_new_name(name: &str) -> Result<(), Error> {
        if name.starts_with(BUILT_IN_PREFIX) {
            let problem = "must not start with sk_, which is kept for built-in permissions";
            return Err(Error::invalid("permission.name", "permission.name.reserved", problem));
        }
        Ok(())
    }

    /// Refuses to change or delete a built-in one.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION`
    pub fn require_own(&self) -> Result<(), Error> {
        if self.built_in {
            let text = format!("permission \"{}\" is built in: it cannot be changed or deleted", self.name);
            return Err(Error::new(Kind::FailedPrecondition, text));
        }
        Ok(())
    }

    /// `data` of its events, `management.md` 13.4.10.
    pub fn event_data(&self) -> Json {
        json!({"id": self.id.to_string(), "name": self.name, "description": self.description})
    }

    /// The error of a permission that is not there.
    pub fn unknown(name: &str) -> Error {
        Error::new(Kind::NotFound, format!("permission \"{name}\" not found"))
    }
}
