//! What can be used in an environment at all.
use super::settings::Setting;
use crate::error::{Error, Kind};
use serde::{Deserialize, Serialize};

/// What can be used at all. In a self-hosted server everything, until it is turned off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Features {
    /// Users, sessions and invitations are kept here; without it, only single parts such as SSO and SCIM are used.
    pub full_stack_auth: bool,
    /// Organizations may have branding of their own.
    pub organization_branding: bool,
    /// Organizations may have session limits of their own.
    pub session_policy: bool,
}

impl Default for Features {
    fn default() -> Self {
        Self { full_stack_auth: true, organization_branding: true, session_policy: true }
    }
}

impl Setting for Features {
    const NAME: &'static str = "features";
}

impl Features {
    /// Each with its name in the API.
    pub const fn all(&self) -> [(&'static str, bool); 3] {
        [
            ("full_stack_auth", self.full_stack_auth),
            ("organization_branding", self.organization_branding),
            ("session_policy", self.session_policy),
        ]
    }

    /// Whether organizations may have branding of their own.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`
    pub fn require_organization_branding(&self) -> Result<(), Error> {
        if self.organization_branding {
            Ok(())
        } else {
            Err(is_off(Kind::PermissionDenied, "organization_branding"))
        }
    }

    /// Whether organizations may have session limits of their own.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`
    pub fn require_session_policy(&self) -> Result<(), Error> {
        if self.session_policy { Ok(()) } else { Err(is_off(Kind::PermissionDenied, "session_policy")) }
    }

    /// Whether users, sessions and invitations are kept here.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION`, as `management.md` 3.5 has it.
    pub fn require_full_stack_auth(&self) -> Result<(), Error> {
        if self.full_stack_auth { Ok(()) } else { Err(is_off(Kind::FailedPrecondition, "full_stack_auth")) }
    }

    /// Turns the feature of this name on or off. None if there is no such feature.
    #[must_use]
    pub fn with(mut self, name: &str, enabled: bool) -> Option<Self> {
        let place = match name {
            "full_stack_auth" => &mut self.full_stack_auth,
            "organization_branding" => &mut self.organization_branding,
            "session_policy" => &mut self.session_policy,
            _ => return None,
        };
        *place = enabled;
        Some(self)
    }
}

fn is_off(kind: Kind, name: &str) -> Error {
    Error::new(kind, format!("the feature {name} is off in this environment; turn it on first"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_has_a_name_that_turns_it() {
        for (name, _) in Features::default().all() {
            let off = Features::default().with(name, false).unwrap();
            let states: Vec<_> = off.all().into_iter().filter(|(_, enabled)| !enabled).collect();
            assert_eq!(states, [(name, false)]);
        }
        assert_eq!(Features::default().with("sso", true), None);
    }
}
