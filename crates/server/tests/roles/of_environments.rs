//! What roles are, give and inherit.
use crate::{
    PATH, create, create_in, extending, get, get_in, grants, list, names, permission, refused, some, update,
};
use gatewright_api::{rpc::roles_service as rpc, scalekit::v1::roles as pb};
use gatewright_testkit::api_tests;
use serde_json::json;
use tonic::Code;

api_tests! {
    async fn every_environment_has_admin_and_member(t: Server) {
        let api = t.api().await;
        let roles = list(&api, "permissions").await;
        assert_eq!(names(&roles), ["admin", "member"]);
        let flags: Vec<_> = roles.iter().map(|role| (role.default_creator, role.default_member)).collect();
        assert_eq!(flags, [(true, false), (false, true)]);
        assert_eq!(roles[0].permissions.len(), 12);
        assert_eq!(
            grants(&roles[1]),
            [("sk_org_settings_read", "member"), ("sk_org_users_read", "member")]
        );
        let other = t.add_environment("second.example").await;
        let second = t.api_in(&other).await;
        assert_eq!(names(&list(&second, "").await), ["admin", "member"]);
        assert_ne!(list(&second, "").await[0].id, roles[0].id);
    }

    async fn a_role_is_created_read_and_told(t: Server) {
        let api = t.api().await;
        permission(&api, "orders:approve").await;
        api.told().await;
        let body = json!({"name": "buyer", "display_name": "Buyer", "description": "Places orders",
            "extends": "member", "permissions": ["orders:approve", "orders:approve"]});
        let answer = api.post(PATH, body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let role = &answer.json["role"];
        let id = role["id"].as_str().unwrap();
        assert!(id.starts_with("role_"));
        assert_eq!(answer.json, json!({"role": {"id": id, "name": "buyer", "display_name": "Buyer",
            "description": "Places orders", "default_creator": false, "default_member": false,
            "extends": "member", "permissions": [], "dependent_roles_count": 0, "is_org_role": false}}));
        assert_eq!(api.get(&format!("{PATH}/buyer")).await.json, answer.json);
        let direct = get(&api, "buyer", "permissions").await.unwrap();
        assert_eq!(grants(&direct), [("orders:approve", "buyer")]);
        let all = get(&api, "buyer", "permissions:all").await.unwrap();
        assert_eq!(
            grants(&all),
            [("orders:approve", "buyer"), ("sk_org_settings_read", "member"), ("sk_org_users_read", "member")]
        );
        assert!(all.permissions.iter().all(|grant| grant.id.starts_with("perm_") && grant.create_time.is_some()));
        assert_eq!(get(&api, "member", "").await.unwrap().dependent_roles_count, 1);
        let told = api.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].name.as_str(), told[0].object.as_str()), ("role.created", "Role"));
        assert_eq!(told[0].organization, None);
        assert_eq!(told[0].data, json!({"id": id, "name": "buyer", "display_name": "Buyer",
            "description": "Places orders", "extends": "member"}));
    }

    async fn lists_are_in_the_order_of_names_with_what_was_asked_for(t: Server) {
        let api = t.api().await;
        for (name, extends) in [("b", Some("member")), ("Z", None), ("a_1", None), ("B2", Some("b"))] {
            create(&api, name, extends, &["sk_org_sso_read"]).await.unwrap();
        }
        let plain = list(&api, "").await;
        assert_eq!(names(&plain), ["B2", "Z", "a_1", "admin", "b", "member"]);
        assert!(plain.iter().all(|role| role.permissions.is_empty()));
        let all = list(&api, "permissions:all").await;
        assert_eq!(
            grants(&all[0]),
            [("sk_org_settings_read", "member"), ("sk_org_sso_read", "B2"), ("sk_org_users_read", "member")],
            "what both have comes from the nearest"
        );
        assert_eq!(grants(&list(&api, "permissions").await[0]), [("sk_org_sso_read", "B2")]);
        let bad = api.get(&format!("{PATH}?include=users")).await;
        assert_eq!(bad.status, 400, "{}", bad.text);
    }

    async fn bad_input_is_refused_and_changes_nothing(t: Server) {
        let api = t.api().await;
        let before = list(&api, "permissions").await;
        for name in ["", "with-hyphen", "with space", "ä", &"x".repeat(65)] {
            let failure = refused(create(&api, name, None, &[]).await, Code::InvalidArgument, "role.name");
            assert_eq!(failure.violations()[0].0, "role.name", "{failure:?}");
        }
        refused(create(&api, "x", Some("nobody"), &[]).await, Code::NotFound, "nobody");
        refused(create(&api, "x", None, &["sk_org_sso_read", "no:such"]).await, Code::NotFound, "no:such");
        let answer = api.post(PATH, json!({"name": "x", "display_name": "\u{200b}"})).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert_eq!(answer.violations(), [("role.display_name", "display_name")]);
        let long = api.post(PATH, json!({"name": "x", "display_name": "X", "description": "d".repeat(2001)})).await;
        assert_eq!(long.status, 400);
        let many: Vec<String> = (0..101).map(|number| format!("p{number}")).collect();
        let many = api.post(PATH, json!({"name": "x", "display_name": "X", "permissions": many})).await;
        assert_eq!(many.status, 400);
        refused(get(&api, "nobody", "").await, Code::NotFound, "nobody");
        refused(get(&api, "no-such-role", "").await, Code::InvalidArgument, "role_name");
        refused(create(&api, "member", None, &[]).await, Code::AlreadyExists, "member");
        assert_eq!(list(&api, "permissions").await, before);
        assert!(api.told().await.is_empty());
    }

    async fn an_update_changes_what_is_given(t: Server) {
        let api = t.api().await;
        let made = create(&api, "buyer", Some("member"), &["sk_org_sso_read", "sk_org_scim_read"]).await.unwrap();
        api.told().await;
        let changed = pb::UpdateRole { description: some("Places orders"), ..Default::default() };
        let after = update(&api, "buyer", changed).await.unwrap();
        assert_eq!(after, pb::Role { description: "Places orders".to_owned(), ..made.clone() });
        let changed = pb::UpdateRole {
            display_name: some("Buyer"),
            permissions: vec!["sk_org_scim_read".to_owned(), "sk_org_users_read".to_owned()],
            ..extending("admin")
        };
        let answer = api.put(&format!("{PATH}/buyer"), json!({"displayName": "Buyer", "extends": "admin",
            "permissions": ["sk_org_scim_read", "sk_org_users_read"]})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let after = get(&api, "buyer", "permissions").await.unwrap();
        assert_eq!((after.display_name.as_str(), after.extends.as_deref()), ("Buyer", Some("admin")));
        assert_eq!(grants(&after), [("sk_org_scim_read", "buyer"), ("sk_org_users_read", "buyer")]);
        assert_eq!(api.told().await.iter().filter(|event| event.name == "role.updated").count(), 2);

        update(&api, "buyer", changed).await.unwrap();
        update(&api, "buyer", pb::UpdateRole::default()).await.unwrap();
        assert!(api.told().await.is_empty(), "no difference, nothing to tell");

        refused(update(&api, "buyer", extending("nobody")).await, Code::NotFound, "nobody");
        let unknown = pb::UpdateRole { display_name: some("X"), permissions: vec!["no:such".into()], ..Default::default() };
        refused(update(&api, "buyer", unknown).await, Code::NotFound, "no:such");
        refused(update(&api, "nobody", extending("admin")).await, Code::NotFound, "nobody");
        let empty = pb::UpdateRole { description: some(""), ..Default::default() };
        refused(update(&api, "buyer", empty).await, Code::InvalidArgument, "description");
        assert_eq!(get(&api, "buyer", "permissions").await.unwrap(), after);
        assert!(api.told().await.is_empty());
    }

    async fn built_in_roles_can_be_edited(t: Server) {
        let api = t.api().await;
        let changed = pb::UpdateRole {
            display_name: some("Owner"),
            permissions: vec!["sk_org_sso_read".to_owned()],
            ..Default::default()
        };
        update(&api, "admin", changed).await.unwrap();
        let after = get(&api, "admin", "permissions:all").await.unwrap();
        assert_eq!((after.display_name.as_str(), after.default_creator), ("Owner", true));
        assert_eq!(grants(&after), [("sk_org_sso_read", "admin")]);
    }

    async fn inheritance_has_no_cycle_and_ends_at_ten(t: Server) {
        let api = t.api().await;
        create(&api, "r1", None, &["sk_org_sso_read"]).await.unwrap();
        for number in 2..=10 {
            create(&api, &format!("r{number}"), Some(&format!("r{}", number - 1)), &[]).await.unwrap();
        }
        assert_eq!(grants(&get(&api, "r10", "permissions:all").await.unwrap()), [("sk_org_sso_read", "r1")]);
        let failure = refused(create(&api, "r11", Some("r10"), &[]).await, Code::InvalidArgument, "11 roles");
        assert_eq!(failure.violations(), [("role.extends", "role.depth")]);
        // A tree that hangs under a leaf counts with its own height.
        create(&api, "top", None, &[]).await.unwrap();
        create(&api, "leaf", Some("top"), &[]).await.unwrap();
        refused(update(&api, "top", extending("r9")).await, Code::InvalidArgument, "11 roles");
        assert_eq!(update(&api, "top", extending("r8")).await.unwrap().extends.as_deref(), Some("r8"));
        for base in ["r1", "r2", "r10", "leaf"] {
            let failure = refused(update(&api, "r1", extending(base)).await, Code::InvalidArgument, "itself");
            assert_eq!(failure.violations(), [("role.extends", "role.cycle")]);
        }
        assert_eq!(get(&api, "r1", "").await.unwrap().extends, None);
    }

    async fn a_base_can_be_left(t: Server) {
        let api = t.api().await;
        create(&api, "buyer", Some("member"), &["sk_org_sso_read"]).await.unwrap();
        let organization = api.organization("Acme").create().await.id;
        create_in(&api, &organization, "clerk", Some("buyer"), &["sk_org_scim_read"]).await.unwrap();
        let dependents = |name: &str| pb::ListDependentRolesRequest { role_name: name.to_owned() };
        let found = api.call::<rpc::ListDependentRoles>(dependents("buyer")).await.unwrap().roles;
        assert_eq!(names(&found), ["clerk"]);
        assert!(found[0].is_org_role);
        api.told().await;

        assert_eq!(api.delete(&format!("{PATH}/buyer/base")).await.status, 200);
        let after = get(&api, "buyer", "permissions:all").await.unwrap();
        assert_eq!((after.extends.clone(), grants(&after)), (None, vec![("sk_org_sso_read", "buyer")]));
        assert_eq!(api.told().await.len(), 1);
        let request = pb::DeleteRoleBaseRequest { role_name: "buyer".to_owned() };
        api.call::<rpc::DeleteRoleBase>(request).await.unwrap();
        assert!(api.told().await.is_empty(), "there was none");

        let request = |name: &str| pb::DeleteOrganizationRoleBaseRequest {
            org_id: organization.clone(), role_name: name.to_owned(),
        };
        refused(api.call::<rpc::DeleteOrganizationRoleBase>(request("buyer")).await, Code::NotFound, "buyer");
        api.call::<rpc::DeleteOrganizationRoleBase>(request("clerk")).await.unwrap();
        assert_eq!(grants(&get_in(&api, &organization, "clerk").await.unwrap()), [("sk_org_scim_read", "clerk")]);
        let told = api.told().await;
        assert_eq!(told[0].organization.unwrap().to_string(), organization);
        assert!(api.call::<rpc::ListDependentRoles>(dependents("buyer")).await.unwrap().roles.is_empty());
        refused(api.call::<rpc::ListDependentRoles>(dependents("nobody")).await, Code::NotFound, "nobody");
        refused(
            api.call::<rpc::DeleteRoleBase>(pb::DeleteRoleBaseRequest { role_name: "nobody".into() }).await,
            Code::NotFound,
            "nobody",
        );
    }
}
