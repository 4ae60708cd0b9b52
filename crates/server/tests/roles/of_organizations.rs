//! Roles of organizations, and what both share: names, defaults, boundaries.
use crate::{
    PATH, count_in, create, create_in, delete_in, extending, get, get_in, grants, list, list_in, member,
    names, refused, set_default_in, set_defaults, some, update, update_in,
};
use gatewright_api::{rpc::roles_service as rpc, scalekit::v1::roles as pb};
use gatewright_testkit::api_tests;
use serde_json::json;
use tonic::Code;

api_tests! {
    async fn an_organizations_roles_are_its_own(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await.id;
        let other = api.organization("Other").create().await.id;
        api.told().await;
        let made = create_in(&api, &acme, "clerk", Some("member"), &["sk_org_sso_read"]).await.unwrap();
        assert!(made.is_org_role && made.id.starts_with("role_"));
        let told = api.told().await;
        assert_eq!((told[0].name.as_str(), told[0].organization.unwrap().to_string()), ("role.created", acme.clone()));
        create_in(&api, &acme, "chief", Some("clerk"), &["sk_org_sso_manage"]).await.unwrap();
        // The same name in another organization is another role.
        let theirs = create_in(&api, &other, "clerk", None, &[]).await.unwrap();
        assert_ne!(theirs.id, made.id);

        let roles = list_in(&api, &acme, "permissions:all").await.unwrap();
        assert_eq!(names(&roles), ["admin", "chief", "clerk", "member"]);
        assert_eq!(roles.iter().map(|role| role.is_org_role).collect::<Vec<_>>(), [false, true, true, false]);
        assert_eq!(
            grants(&roles[1]),
            [("sk_org_settings_read", "member"), ("sk_org_sso_manage", "chief"), ("sk_org_sso_read", "clerk"),
                ("sk_org_users_read", "member")]
        );
        assert_eq!(names(&list(&api, "").await), ["admin", "member"]);
        assert_eq!(names(&list_in(&api, &other, "").await.unwrap()), ["admin", "clerk", "member"]);
        assert_eq!(get_in(&api, &acme, "clerk").await.unwrap().id, made.id);
        assert!(!get_in(&api, &acme, "member").await.unwrap().is_org_role);
        refused(get_in(&api, &other, "chief").await, Code::NotFound, "chief");
        refused(get(&api, "clerk", "").await, Code::NotFound, "clerk");

        // One of another organization, and one of an organization for all, is no base.
        refused(update_in(&api, &other, "clerk", extending("chief")).await, Code::NotFound, "chief");
        refused(update(&api, "admin", extending("clerk")).await, Code::NotFound, "clerk");
        // What is the environment's is not the organization's to change.
        let changed = pb::UpdateRole { display_name: some("X"), ..Default::default() };
        refused(update_in(&api, &acme, "member", changed.clone()).await, Code::NotFound, "member");
        refused(delete_in(&api, &acme, "member", None).await, Code::NotFound, "member");
        refused(update_in(&api, &acme, "clerk", extending("chief")).await, Code::InvalidArgument, "itself");
        let path = format!("/api/v1/organizations/{acme}/roles/clerk");
        let answer = api.put(&path, json!({"display_name": "X", "permissions": ["sk_org_scim_read"]})).await;
        assert_eq!(answer.json["role"]["display_name"], "X", "{}", answer.text);
        assert_eq!(get_in(&api, &other, "clerk").await.unwrap(), theirs);

        delete_in(&api, &other, "clerk", None).await.unwrap();
        refused(delete_in(&api, &other, "clerk", None).await, Code::NotFound, "clerk");
        assert_eq!(get_in(&api, &acme, "clerk").await.unwrap().id, made.id);
    }

    async fn names_are_unique_across_environment_and_organization(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await.id;
        create_in(&api, &acme, "clerk", None, &[]).await.unwrap();
        create(&api, "buyer", None, &[]).await.unwrap();
        api.told().await;
        refused(create(&api, "buyer", None, &[]).await, Code::AlreadyExists, "buyer");
        refused(create(&api, "clerk", None, &[]).await, Code::AlreadyExists, "clerk");
        refused(create_in(&api, &acme, "clerk", None, &[]).await, Code::AlreadyExists, "clerk");
        refused(create_in(&api, &acme, "buyer", None, &[]).await, Code::AlreadyExists, "buyer");
        assert!(api.told().await.is_empty());
        assert_eq!(names(&list_in(&api, &acme, "").await.unwrap()), ["admin", "buyer", "clerk", "member"]);
    }

    async fn defaults_are_chosen_for_all_and_for_one(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await.id;
        let other = api.organization("Other").create().await.id;
        create(&api, "buyer", None, &[]).await.unwrap();
        create_in(&api, &acme, "clerk", None, &[]).await.unwrap();
        api.told().await;
        let pair = |creator: &str, member: &str| (creator.to_owned(), member.to_owned());
        assert_eq!(set_defaults(&api, Some("buyer"), None).await.unwrap(), pair("buyer", "member"));
        assert_eq!(set_defaults(&api, Some("admin"), Some("buyer")).await.unwrap(), pair("admin", "buyer"));
        assert_eq!(api.told().await.len(), 2 + 3, "each role that became or ceased to be one, once");
        assert_eq!(set_defaults(&api, Some("admin"), Some("buyer")).await.unwrap(), pair("admin", "buyer"));
        assert!(api.told().await.is_empty());
        let flags = |roles: Vec<pb::Role>| -> Vec<(String, bool, bool)> {
            roles.into_iter().filter(|role| role.default_creator || role.default_member)
                .map(|role| (role.name, role.default_creator, role.default_member)).collect()
        };
        let of_environment = vec![("admin".to_owned(), true, false), ("buyer".to_owned(), false, true)];
        assert_eq!(flags(list(&api, "").await), of_environment);
        assert_eq!(flags(list_in(&api, &acme, "").await.unwrap()), of_environment);

        let role = set_default_in(&api, &acme, "clerk").await.unwrap();
        assert!(role.default_member && role.is_org_role);
        let told = api.told().await;
        assert_eq!((told.len(), told[0].organization.unwrap().to_string()), (1, acme.clone()));
        set_default_in(&api, &acme, "clerk").await.unwrap();
        assert!(api.told().await.is_empty());
        let of_acme = vec![("admin".to_owned(), true, false), ("clerk".to_owned(), false, true)];
        assert_eq!(flags(list_in(&api, &acme, "").await.unwrap()), of_acme);
        assert_eq!(flags(list_in(&api, &other, "").await.unwrap()), of_environment);
        assert!(!get_in(&api, &acme, "buyer").await.unwrap().default_member);
        assert_eq!(set_default_in(&api, &acme, "member").await.unwrap().name, "member");

        refused(set_defaults(&api, None, Some("member")).await, Code::InvalidArgument, "default_creator_role");
        refused(set_defaults(&api, Some("nobody"), None).await, Code::NotFound, "nobody");
        refused(set_defaults(&api, Some("clerk"), None).await, Code::NotFound, "clerk");
        refused(set_default_in(&api, &other, "clerk").await, Code::NotFound, "clerk");
        refused(set_default_in(&api, "org_1", "member").await, Code::NotFound, "org_1");
        assert_eq!(flags(list(&api, "").await), of_environment);
        for path in [format!("{PATH}:set_defaults"), format!("{PATH}/default")] {
            let answer = api.patch(&path, json!({"default_creator_role": "admin"})).await;
            assert_eq!(answer.json["default_member"]["name"], "buyer", "{}", answer.text);
        }
        let old = pb::UpdateDefaultRole { id: get(&api, "member", "").await.unwrap().id, name: None };
        let mut request =
            pb::UpdateDefaultRolesRequest { default_creator_role: some("admin"), ..Default::default() };
        #[expect(deprecated, reason = "older clients say it so")]
        {
            request.default_member = Some(old);
        }
        let answer = api.call::<rpc::UpdateDefaultRoles>(request).await.unwrap();
        assert_eq!(answer.default_member.unwrap().name, "member");
    }

    async fn an_organization_takes_its_roles_along(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await.id;
        let first = create_in(&api, &acme, "first", Some("member"), &["sk_org_sso_read"]).await.unwrap();
        create_in(&api, &acme, "second", Some("first"), &[]).await.unwrap();
        set_default_in(&api, &acme, "second").await.unwrap();
        member(&t, &api, &acme, 1, &[&first]).await;
        assert_eq!(api.delete(&format!("/api/v1/organizations/{acme}")).await.status, 200);
        assert_eq!(names(&list(&api, "").await), ["admin", "member"]);
        assert_eq!(get(&api, "member", "").await.unwrap().dependent_roles_count, 0);
        refused(list_in(&api, &acme, "").await, Code::NotFound, &acme);
        create(&api, "first", None, &[]).await.unwrap();
    }

    async fn unknown_and_malformed_organizations_are_refused(t: Server) {
        let api = t.api().await;
        let gone = "org_77";
        refused(create_in(&api, gone, "clerk", None, &[]).await, Code::NotFound, gone);
        refused(list_in(&api, gone, "").await, Code::NotFound, gone);
        refused(get_in(&api, gone, "member").await, Code::NotFound, gone);
        refused(update_in(&api, gone, "member", extending("admin")).await, Code::NotFound, gone);
        refused(delete_in(&api, gone, "member", None).await, Code::NotFound, gone);
        refused(count_in(&api, gone, "member").await, Code::NotFound, gone);
        refused(list_in(&api, "acme", "").await, Code::InvalidArgument, "org_id");
        refused(list_in(&api, "org_x", "").await, Code::InvalidArgument, "org_id");
        refused(count_in(&api, "acme", "member").await, Code::InvalidArgument, "org_id");
        assert!(api.told().await.is_empty());
    }

    async fn environments_do_not_see_each_other(t: Server) {
        let api = t.api().await;
        let second = t.api_in(&t.add_environment("second.example").await).await;
        let acme = api.organization("Acme").create().await.id;
        create(&api, "buyer", None, &[]).await.unwrap();
        create_in(&api, &acme, "clerk", None, &[]).await.unwrap();
        let theirs = second.organization("Theirs").create().await.id;
        // The same names are free there.
        create_in(&second, &theirs, "buyer", None, &[]).await.unwrap();
        create(&second, "clerk", None, &[]).await.unwrap();
        let (mine, before) = (list_in(&api, &acme, "permissions").await.unwrap(), api.events().await);
        second.told().await;
        refused(list_in(&second, &acme, "").await, Code::NotFound, &acme);
        refused(get_in(&second, &acme, "clerk").await, Code::NotFound, &acme);
        refused(create_in(&second, &acme, "new", None, &[]).await, Code::NotFound, &acme);
        refused(update_in(&second, &acme, "clerk", extending("admin")).await, Code::NotFound, &acme);
        refused(delete_in(&second, &acme, "clerk", None).await, Code::NotFound, &acme);
        refused(set_default_in(&second, &acme, "admin").await, Code::NotFound, &acme);
        refused(count_in(&second, &acme, "clerk").await, Code::NotFound, &acme);
        refused(get(&second, "buyer", "").await, Code::NotFound, "buyer");
        let mine_by_id = mine.iter().find(|role| role.name == "admin").unwrap().id.clone();
        let answer = second.delete(&format!("{PATH}/clerk?reassign_role_id={mine_by_id}")).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert_eq!(list_in(&api, &acme, "permissions").await.unwrap(), mine);
        assert_eq!(api.events().await, before);
        assert!(second.told().await.is_empty());
    }
}
