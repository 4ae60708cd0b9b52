//! The roles and permissions that an environment is born with, `management.md` 4.1.
use super::{
    model::{Permission, Role, Scope},
    permission_store, store,
};
use crate::{
    db::Tx,
    error::Error,
    ids::{EnvironmentId, IdSource, RoleId},
    time::Timestamp,
};

const PERMISSIONS: [(&str, &str, bool); 12] = [
    // name, description, whether a member has it
    ("sk_org_settings_read", "See the organization's settings", true),
    ("sk_org_settings_manage", "Change the organization's settings", false),
    ("sk_org_users_read", "See the organization's users", true),
    ("sk_org_users_invite", "Invite users to the organization", false),
    ("sk_org_users_delete", "Remove users from the organization", false),
    ("sk_org_users_role_change", "Change the roles of the organization's users", false),
    ("sk_org_sso_read", "See the single sign-on connections", false),
    ("sk_org_sso_manage", "Set up single sign-on connections", false),
    ("sk_org_scim_read", "See the directory connections", false),
    ("sk_org_scim_manage", "Set up directory connections", false),
    ("sk_org_session_policy_read", "See the session policy", false),
    ("sk_org_session_policy_manage", "Change the session policy", false),
];

/// Adds the roles `admin` (default of creators, every built-in permission) and `member` (default of members).
///
/// # Errors
/// Those of the database.
pub async fn create_built_in(
    tx: &mut Tx,
    env: EnvironmentId,
    ids: &IdSource,
    now: Timestamp,
) -> Result<(), Error> {
    let mut admin = built_in_role(ids.next(now), "admin", "Admin", "Manages the organization");
    let mut member = built_in_role(ids.next(now), "member", "Member", "Belongs to the organization");
    admin.default_creator = true;
    member.default_member = true;
    store::insert(tx, env, &admin).await?;
    store::insert(tx, env, &member).await?;
    for (name, description, of_members) in PERMISSIONS {
        let permission = Permission {
            id: ids.next(now),
            name: name.to_owned(),
            description: description.to_owned(),
            built_in: true,
            created_at: now,
            updated_at: now,
        };
        permission_store::insert(tx, env, &permission).await?;
        let holders: &[RoleId] = if of_members { &[admin.id, member.id] } else { &[admin.id] };
        for role in holders {
            permission_store::grant(tx, env, *role, permission.id).await?;
        }
    }
    Ok(())
}

fn built_in_role(id: RoleId, name: &str, display_name: &str, description: &str) -> Role {
    Role {
        id,
        scope: Scope::Environment,
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        description: description.to_owned(),
        base: None,
        default_creator: false,
        default_member: false,
        dependents: 0,
    }
}
