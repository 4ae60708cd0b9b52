//! What a dashboard role can allow.

/// Whether a permission concerns the workspace or an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// The installation.
    Workspace,
    /// One environment.
    Environment,
}

impl Tier {
    /// As printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Environment => "environment",
        }
    }
}

/// Something that a member may do.
#[derive(Clone, Copy, Debug)]
pub struct DashboardPermission {
    /// As rpcs name it.
    pub key: &'static str,
    /// Heading under which the dashboard shows it.
    pub group: &'static str,
    /// Where it counts.
    pub tier: Tier,
    /// What it allows.
    pub description: &'static str,
    /// Whether to think twice.
    pub sensitive: bool,
}

macro_rules! catalogue {
    ($($group:literal, $tier:ident { $($key:literal $description:literal $($sensitive:ident)?;)* })*) => {
        /// Every permission.
        pub const CATALOGUE: &[DashboardPermission] = &[$($(DashboardPermission {
            key: $key,
            group: $group,
            tier: Tier::$tier,
            description: $description,
            sensitive: catalogue!(@ $($sensitive)?),
        },)*)*];
    };
    (@ sensitive) => { true };
    (@) => { false };
}

catalogue! {
    "Organizations", Environment {
        "organizations:read" "See organizations and their settings";
        "organizations:write" "Create and change organizations";
        "organizations:delete" "Delete organizations with all that belongs to them" sensitive;
        "portal_links:manage" "Make links to the admin portal";
    }
    "Users", Environment {
        "users:read" "See users, memberships and attributes";
        "users:write" "Create, invite and change users";
        "users:delete" "Delete users" sensitive;
        "sessions:read" "See sessions";
        "sessions:revoke" "End sessions";
    }
    "Single sign-on and provisioning", Environment {
        "sso:read" "See connections";
        "sso:write" "Create and change connections";
        "scim:read" "See directories";
        "scim:write" "Create and change directories";
    }
    "Roles", Environment {
        "app_authorization:read" "See roles and permissions";
        "app_authorization:write" "Create and change roles and permissions";
    }
    "Developers", Environment {
        "api_credentials:read" "See applications and API clients";
        "api_credentials:write" "Create and change applications and API clients" sensitive;
        "api_credentials:rotate" "Make and end secrets" sensitive;
        "webhooks:read" "See webhooks";
        "webhooks:write" "Create and change webhooks";
        "interceptors:read" "See interceptors";
        "interceptors:write" "Create and change interceptors";
    }
    "Customization", Environment {
        "branding:read" "See branding";
        "branding:write" "Change branding";
        "email:read" "See mail servers and templates";
        "email:write" "Change mail servers and templates";
        "custom_domain:read" "See custom domains";
        "custom_domain:write" "Change custom domains and hosts" sensitive;
    }
    "Settings", Environment {
        "environment_settings:read" "See settings";
        "environment_settings:write" "Change settings";
        "encryption_keys:read" "See encryption keys";
        "encryption_keys:write" "Create and activate encryption keys" sensitive;
        "encryption_keys:destroy" "Destroy encryption keys" sensitive;
    }
    "Agents", Environment {
        "agent_connectors:read" "See connectors of agents";
        "mcp_servers:read" "See MCP servers";
        "mcp_servers:write" "Create and change MCP servers";
    }
    "Logs", Environment {
        "auth_logs:read" "See who signed in";
        "events:read" "See events";
    }
    "Workspace", Workspace {
        "workspace:read" "See the workspace";
        "workspace:write" "Change the workspace";
        "environments:create" "Create environments";
        "environments:write" "Rename environments";
        "master_keys:read" "See master keys";
        "billing:read" "See plan and usage";
        "billing:write" "Change the plan";
    }
    "Team", Workspace {
        "members:read" "See members";
        "members:write" "Invite, change and remove members" sensitive;
        "dashboard_roles:read" "See dashboard roles";
        "dashboard_roles:write" "Create and change dashboard roles" sensitive;
        "environment_access:read" "See the roles that members have in single environments";
        "environment_access:write" "Give members other roles in single environments" sensitive;
    }
}

/// The permission with this key.
pub fn find(key: &str) -> Option<&'static DashboardPermission> {
    CATALOGUE.iter().find(|permission| permission.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatewright_api::{METHODS, plan::Callers};

    #[test]
    fn every_permission_that_an_rpc_asks_of_the_dashboard_can_be_granted() {
        let mut asked = 0;
        for method in METHODS.iter().filter(|method| method.callers.intersects(Callers::WORKSPACE)) {
            for key in method.permissions.iter().filter(|key| key.contains(':')) {
                assert!(find(key).is_some(), "{} asks for {key}", method.name);
                asked += 1;
            }
        }
        assert!(asked > 200, "{asked}");
        let mut keys: Vec<_> = CATALOGUE.iter().map(|permission| permission.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), CATALOGUE.len());
    }
}
