//! Dashboard roles: four fixed ones, and those that a workspace makes.
use super::permissions::{self, CATALOGUE, Tier};
use crate::{
    ctx::{Caller, Ctx},
    error::{Error, Kind},
    ids::{DashboardRoleId, FixedDashboardRoleId},
    stored::stored_enum,
    text,
};
use std::collections::BTreeSet;

stored_enum! {
    /// The fixed roles.
    FixedRole {
        /// May do everything.
        Admin = "admin",
        /// May do everything in environments, and see the workspace.
        Developer = "developer",
        /// May see everything.
        Member = "member",
        /// May do nothing, until an environment says otherwise.
        NoAccess = "no_access",
    }
}

impl FixedRole {
    /// In the order of what they allow.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Developer, Self::Member, Self::NoAccess];

    fn id(self) -> FixedDashboardRoleId {
        FixedDashboardRoleId::from_i64(match self {
            Self::Admin => 1,
            Self::Developer => 2,
            Self::Member => 3,
            Self::NoAccess => 4,
        })
    }

    const fn about(self) -> (&'static str, &'static str) {
        match self {
            Self::Admin => ("Admin", "May do everything"),
            Self::Developer => ("Developer", "May do everything in environments, and see the workspace"),
            Self::Member => ("Member", "May see everything"),
            Self::NoAccess => ("No access", "May do nothing, until an environment says otherwise"),
        }
    }

    fn allows(self, key: &str, tier: Tier) -> bool {
        match self {
            Self::Admin => true,
            Self::Developer => tier == Tier::Environment || key.ends_with(":read"),
            Self::Member => key.ends_with(":read"),
            Self::NoAccess => false,
        }
    }
}

/// Which role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleKey {
    /// A fixed one.
    Fixed(FixedRole),
    /// One of the workspace's.
    Custom(DashboardRoleId),
}

/// A named set of permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DashboardRole {
    /// Which.
    pub key: RoleKey,
    /// Its name, 1 to 100 characters, unique without regard to case.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Keys of the catalogue, in its order.
    pub permissions: Vec<String>,
}

impl DashboardRole {
    /// A fixed role.
    pub fn fixed(role: FixedRole) -> Self {
        let allowed = CATALOGUE.iter().filter(|permission| role.allows(permission.key, permission.tier));
        Self {
            key: RoleKey::Fixed(role),
            name: role.as_str().to_owned(),
            description: role.about().1.to_owned(),
            permissions: allowed.map(|permission| permission.key.to_owned()).collect(),
        }
    }

    /// A role of the workspace's.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a bad name, or no or unknown permissions; `ALREADY_EXISTS` for the name of a fixed role.
    pub fn custom(
        id: DashboardRoleId,
        name: String,
        description: String,
        permissions: &[String],
    ) -> Result<Self, Error> {
        if let Some(problem) = text::name_problem(&name) {
            return Err(Error::invalid("name", "name", problem));
        }
        if description.chars().count() > 500 {
            return Err(Error::invalid("description", "string.max_len", "must be at most 500 characters"));
        }
        if FixedRole::ALL.iter().any(|role| role.as_str() == text::fold(&name)) {
            return Err(name_taken());
        }
        if permissions.is_empty() {
            return Err(Error::invalid("permissions", "repeated.min_items", "must be at least one"));
        }
        if let Some(unknown) = permissions.iter().find(|key| permissions::find(key).is_none()) {
            let text = format!("\"{unknown}\" is no permission of the dashboard");
            return Err(Error::invalid("permissions", "permission", text));
        }
        let wanted: BTreeSet<&str> = permissions.iter().map(String::as_str).collect();
        let sorted = CATALOGUE.iter().filter(|permission| wanted.contains(permission.key));
        let permissions = sorted.map(|permission| permission.key.to_owned()).collect();
        Ok(Self { key: RoleKey::Custom(id), name, description, permissions })
    }

    /// `skr_…` or `skdr_…`
    pub fn id(&self) -> String {
        match self.key {
            RoleKey::Fixed(role) => role.id().to_string(),
            RoleKey::Custom(id) => id.to_string(),
        }
    }

    /// For people.
    pub fn display_name(&self) -> &str {
        match self.key {
            RoleKey::Fixed(role) => role.about().0,
            RoleKey::Custom(_) => &self.name,
        }
    }

    /// Whether it is the role of administrators.
    pub fn is_admin(&self) -> bool {
        self.key == RoleKey::Fixed(FixedRole::Admin)
    }

    /// Whether the caller may give this role to somebody, or take it away: nobody handles more than he has. An application
    /// has the permissions of one environment, and a role counts in all of them or in another.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`
    pub fn check_authority(&self, ctx: &Ctx) -> Result<(), Error> {
        match ctx.caller() {
            Caller::Operator | Caller::Server => Ok(()),
            _ if self.permissions.is_empty() => Ok(()),
            _ => Err(Error::new(
                Kind::PermissionDenied,
                format!("the role {} allows more than the caller may do", self.name),
            )),
        }
    }
}

/// Another role has the name.
pub fn name_taken() -> Error {
    Error::already_exists("name: a dashboard role with this name exists already")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fixed_role_allows_less_than_the_one_before() {
        let counts = FixedRole::ALL.map(|role| DashboardRole::fixed(role).permissions.len());
        assert_eq!((counts[0], counts[3]), (CATALOGUE.len(), 0));
        assert!(counts[0] > counts[1] && counts[1] > counts[2] && counts[2] > 10, "{counts:?}");
        let developer = DashboardRole::fixed(FixedRole::Developer).permissions;
        assert!(
            !developer.contains(&"members:write".to_owned()) && developer.contains(&"sso:write".to_owned())
        );
    }
}
