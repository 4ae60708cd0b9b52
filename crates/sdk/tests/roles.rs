//! *Roles* and *Permissions* against the real server.
#![expect(clippy::unwrap_used, reason = "tests")]

use gatewright_sdk::permission::PermissionType;
use gatewright_sdk::role::{Role, RoleInclude};
use gatewright_sdk::{ScalekitClient, ScalekitError};
use gatewright_testkit::{Server, api_tests};

fn client(t: &Server) -> ScalekitClient {
    ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap()
}

fn names(roles: &[Role]) -> Vec<&str> {
    roles.iter().map(|role| role.name.as_str()).collect()
}

fn grants(role: &Role) -> Vec<(&str, &str)> {
    role.permissions.iter().map(|one| (one.name.as_str(), one.role_name.as_str())).collect()
}

/// Every error of the server has a code and a request id.
fn checked(error: ScalekitError) -> ScalekitError {
    assert!(error.error_code().is_some_and(|code| !code.is_empty()), "{error:?}");
    assert!(error.request_id().is_some_and(|id| !id.is_empty()), "{error:?}");
    error
}

api_tests! {
    async fn a_role_lives_from_creation_to_deletion(t: Server) {
        let client = client(&t);
        let (roles, permissions) = (client.role(), client.permission());
        for name in ["content:read", "content:write"] {
            permissions.create_permission(name).await.unwrap();
        }
        let editor = roles
            .create_role("content_editor", "Content editor")
            .description("Writes articles")
            .extends("member")
            .permissions(["content:read"])
            .await
            .unwrap();
        assert!(editor.id.starts_with("role_"));
        assert_eq!((editor.name.as_str(), editor.display_name.as_str()), ("content_editor", "Content editor"));
        assert_eq!((editor.description.as_str(), editor.extends.as_deref()), ("Writes articles", Some("member")));
        assert!(!editor.is_org_role && !editor.default_creator && !editor.default_member);

        assert_eq!(roles.get_role("content_editor").await.unwrap(), editor);
        let own = roles.get_role("content_editor").include(RoleInclude::Permissions).await.unwrap();
        assert_eq!(grants(&own), [("content:read", "content_editor")]);
        let all = roles.get_role("content_editor").include(RoleInclude::AllPermissions).await.unwrap();
        assert_eq!(grants(&all).len(), 3);
        assert!(grants(&all).contains(&("sk_org_users_read", "member")));
        assert_eq!(names(&roles.list_roles().await.unwrap()), ["admin", "content_editor", "member"]);
        let listed = roles.list_roles().include(RoleInclude::AllPermissions).await.unwrap();
        assert_eq!(listed.iter().find(|role| role.name == "content_editor"), Some(&all));
        assert_eq!(names(&roles.list_dependent_roles("member").await.unwrap()), ["content_editor"]);
        assert_eq!(roles.get_role_users_count("content_editor").await.unwrap(), 0);

        let update = roles.update_role("content_editor").display_name("Editor").permissions(["content:write"]);
        assert_eq!(update.await.unwrap().display_name, "Editor");
        let after = roles.get_role("content_editor").include(RoleInclude::Permissions).await.unwrap();
        assert_eq!((after.description.as_str(), grants(&after)), ("Writes articles", vec![("content:write", "content_editor")]));
        roles.delete_role_base("content_editor").await.unwrap();
        assert_eq!(roles.get_role("content_editor").await.unwrap().extends, None);

        let error = checked(roles.create_role("content_editor", "Again").await.unwrap_err());
        assert!(error.is_conflict());
        let error = checked(roles.update_role("content_editor").extends("content_editor").await.unwrap_err());
        assert!(error.is_bad_request());
        assert_eq!(error.field_violations().first().unwrap().field, "role.extends");
        assert!(checked(roles.create_role("with-hyphen", "X").await.unwrap_err()).is_bad_request());
        assert!(checked(roles.create_role("x", "X").extends("nobody").await.unwrap_err()).is_not_found());

        roles.create_role("chief", "Chief").extends("content_editor").await.unwrap();
        let error = checked(roles.delete_role("content_editor").await.unwrap_err());
        assert_eq!((error.is_bad_request(), error.error_code()), (true, Some("FAILED_PRECONDITION")));
        roles.delete_role("content_editor").reassign_role_name("member").await.unwrap();
        assert!(checked(roles.get_role("content_editor").await.unwrap_err()).is_not_found());
        assert_eq!(roles.get_role("chief").await.unwrap().extends.as_deref(), Some("member"));
    }

    async fn an_organization_has_roles_of_its_own(t: Server) {
        let client = client(&t);
        let roles = client.role();
        let acme = client.organization().create_organization("Acme").await.unwrap().id;
        let lead = roles
            .create_organization_role(&acme, "lead", "Lead")
            .description("Leads")
            .extends("member")
            .permissions(["sk_org_users_invite"])
            .await
            .unwrap();
        assert!(lead.is_org_role);
        assert_eq!(roles.get_organization_role(&acme, "lead").await.unwrap(), lead);
        let all = roles.get_organization_role(&acme, "lead").include(RoleInclude::AllPermissions).await.unwrap();
        assert_eq!(grants(&all).len(), 3);
        let list = roles.list_organization_roles(&acme).include(RoleInclude::Permissions).await.unwrap();
        assert_eq!(names(&list), ["admin", "lead", "member"]);
        assert_eq!(names(&roles.list_roles().await.unwrap()), ["admin", "member"]);
        assert_eq!(roles.get_organization_role_users_count(&acme, "lead").await.unwrap(), 0);

        let update = roles.update_organization_role(&acme, "lead").display_name("Team lead").description("Leads teams");
        assert_eq!(update.await.unwrap().display_name, "Team lead");
        roles.delete_organization_role_base(&acme, "lead").await.unwrap();
        assert_eq!(roles.get_organization_role(&acme, "lead").await.unwrap().extends, None);

        let default = roles.update_default_organization_roles(&acme, "lead").await.unwrap();
        assert!(default.default_member);
        let error = checked(roles.delete_organization_role(&acme, "lead").reassign_role_name("member").await.unwrap_err());
        assert_eq!(error.error_code(), Some("FAILED_PRECONDITION"));
        roles.update_default_organization_roles(&acme, "member").await.unwrap();
        roles.delete_organization_role(&acme, "lead").await.unwrap();
        assert!(checked(roles.get_organization_role(&acme, "lead").await.unwrap_err()).is_not_found());
        assert!(checked(roles.list_organization_roles("org_77").await.unwrap_err()).is_not_found());
        assert!(checked(roles.create_organization_role(&acme, "admin", "X").await.unwrap_err()).is_conflict());
    }

    async fn new_members_and_creators_get_the_defaults(t: Server) {
        let roles = client(&t).role();
        roles.create_role("viewer", "Viewer").await.unwrap();
        let defaults = roles.update_default_roles("admin").default_member_role("viewer").await.unwrap();
        assert_eq!((defaults.default_creator.name.as_str(), defaults.default_member.name.as_str()), ("admin", "viewer"));
        let defaults = roles.update_default_roles("viewer").await.unwrap();
        assert_eq!((defaults.default_creator.name.as_str(), defaults.default_member.name.as_str()), ("viewer", "viewer"));
        assert!(checked(roles.update_default_roles("nobody").await.unwrap_err()).is_not_found());
    }

    async fn a_permission_lives_from_creation_to_deletion(t: Server) {
        let permissions = client(&t).permission();
        let made = permissions.create_permission("invoices:read").description("See invoices").await.unwrap();
        assert!(made.id.starts_with("perm_") && !made.is_scalekit_permission && made.create_time.is_some());
        assert_eq!(permissions.get_permission("invoices:read").await.unwrap(), made);
        let after = permissions.update_permission("invoices:read", "See all invoices").await.unwrap();
        assert_eq!(after.description, "See all invoices");
        assert!(checked(permissions.create_permission("invoices:read").await.unwrap_err()).is_conflict());
        let error = checked(permissions.create_permission("in voices").await.unwrap_err());
        assert_eq!(error.field_violations().first().unwrap().constraint, "permission.name.format");
        let error = checked(permissions.delete_permission("sk_org_users_read").await.unwrap_err());
        assert_eq!(error.error_code(), Some("FAILED_PRECONDITION"));
        permissions.delete_permission("invoices:read").await.unwrap();
        assert!(checked(permissions.get_permission("invoices:read").await.unwrap_err()).is_not_found());
    }

    async fn permissions_come_in_pages_and_streams_by_name(t: Server) {
        let permissions = client(&t).permission();
        for name in ["c", "a", "b"] {
            permissions.create_permission(name).await.unwrap();
        }
        let own = || permissions.list_permissions().permission_type(PermissionType::Environment);
        let first = own().page_size(2).await.unwrap();
        assert_eq!((first.permissions.len(), first.total_size, first.prev_page_token.as_deref()), (2, 3, None));
        let second = own().page_size(2).page_token(first.next_page_token.unwrap()).await.unwrap();
        assert_eq!(second.permissions.first().unwrap().name, "c");
        assert!(second.next_page_token.is_none() && second.prev_page_token.is_some());
        let all = own().page_size(1).stream().try_collect().await.unwrap();
        assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(permissions.list_permissions().stream().try_collect().await.unwrap().len(), 15);
        let built_in = permissions.list_permissions().permission_type(PermissionType::Scalekit).await.unwrap();
        assert!(built_in.permissions.iter().all(|one| one.is_scalekit_permission));
        assert!(checked(permissions.list_permissions().page_size(0).await.unwrap_err()).is_bad_request());
    }

    async fn a_role_gains_and_loses_permissions(t: Server) {
        let client = client(&t);
        let permissions = client.permission();
        permissions.create_permission("content:read").await.unwrap();
        client.role().create_role("editor", "Editor").extends("member").await.unwrap();
        let all = permissions.add_permissions_to_role("editor", ["content:read", "sk_org_sso_read"]).await.unwrap();
        assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["content:read", "sk_org_sso_read"]);
        assert_eq!(permissions.list_role_permissions("editor").await.unwrap(), all);
        assert_eq!(permissions.list_effective_role_permissions("editor").await.unwrap().len(), 4);
        permissions.remove_permission_from_role("editor", "sk_org_sso_read").await.unwrap();
        assert_eq!(permissions.list_role_permissions("editor").await.unwrap().len(), 1);
        let error = permissions.remove_permission_from_role("editor", "sk_org_users_read").await.unwrap_err();
        assert!(checked(error).is_not_found(), "inherited, not its own");
        assert!(checked(permissions.add_permissions_to_role("editor", ["no:such"]).await.unwrap_err()).is_not_found());
    }
}
