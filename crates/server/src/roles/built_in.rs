//! The roles and permissions that an environment is born with, `management.md` 4.1.
use super::store;
use crate::{
    db::Tx,
    error::Error,
    ids::{EnvironmentId, IdSource, PermissionId, RoleId},
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
    let admin = store::NewRole {
        id: ids.next(now),
        name: "admin",
        display_name: "Admin",
        description: "Manages the organization",
        default_creator: true,
        default_member: false,
    };
    let member = store::NewRole {
        id: ids.next(now),
        name: "member",
        display_name: "Member",
        description: "Belongs to the organization",
        default_creator: false,
        default_member: true,
    };
    store::insert_role(tx, env, &admin).await?;
    store::insert_role(tx, env, &member).await?;
    for (name, description, of_members) in PERMISSIONS {
        let id: PermissionId = ids.next(now);
        store::insert_built_in_permission(tx, env, id, name, description, now).await?;
        let holders: &[RoleId] = if of_members { &[admin.id, member.id] } else { &[admin.id] };
        for role in holders {
            store::grant(tx, env, *role, id).await?;
        }
    }
    Ok(())
}
