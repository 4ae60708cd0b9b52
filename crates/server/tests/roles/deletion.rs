//! What becomes of users and of roles that inherit from a deleted one.
use crate::{
    PATH, assignments, count, count_in, create, create_in, delete, delete_in, extending, get, get_in, grants,
    list, member, names, refused, set_default_in, set_defaults, update,
};
use gatewright_testkit::api_tests;
use serde_json::json;
use tonic::Code;

api_tests! {
    async fn a_default_role_is_not_deleted(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await.id;
        create(&api, "buyer", None, &[]).await.unwrap();
        create_in(&api, &acme, "clerk", None, &[]).await.unwrap();
        set_default_in(&api, &acme, "clerk").await.unwrap();
        for name in ["admin", "member"] {
            refused(delete(&api, name, Some("buyer")).await, Code::FailedPrecondition, "default");
        }
        refused(delete_in(&api, &acme, "clerk", Some("buyer")).await, Code::FailedPrecondition, &acme);
        set_default_in(&api, &acme, "buyer").await.unwrap();
        delete_in(&api, &acme, "clerk", None).await.unwrap();
        refused(delete(&api, "buyer", Some("admin")).await, Code::FailedPrecondition, &acme);
        set_default_in(&api, &acme, "admin").await.unwrap();
        set_defaults(&api, Some("buyer"), Some("buyer")).await.unwrap();
        delete(&api, "member", None).await.unwrap();
        assert_eq!(names(&list(&api, "").await), ["admin", "buyer"]);
        refused(delete(&api, "buyer", Some("admin")).await, Code::FailedPrecondition, "default");
    }

    async fn users_move_to_the_replacement(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await.id;
        let other = api.organization("Other").create().await.id;
        let buyer = create(&api, "buyer", None, &[]).await.unwrap();
        let seller = create(&api, "seller", None, &[]).await.unwrap();
        let clerk = create_in(&api, &acme, "clerk", None, &[]).await.unwrap();
        member(&t, &api, &acme, 1, &[&buyer]).await;
        member(&t, &api, &acme, 2, &[&buyer, &seller, &clerk]).await;
        member(&t, &api, &other, 3, &[&buyer]).await;
        assert_eq!((count(&api, "buyer").await, count(&api, "seller").await, count(&api, "admin").await), (3, 1, 0));
        assert_eq!(count_in(&api, &acme, "buyer").await.unwrap(), 2);
        assert_eq!(count_in(&api, &acme, "clerk").await.unwrap(), 1);
        refused(count_in(&api, &other, "clerk").await, Code::NotFound, "clerk");
        assert_eq!(api.get(&format!("{PATH}/buyer/users:count")).await.json, json!({"count": "3"}));
        api.told().await;

        let before = assignments(&t, &api).await;
        refused(delete(&api, "buyer", None).await, Code::FailedPrecondition, "3 users");
        refused(delete(&api, "buyer", Some("buyer")).await, Code::InvalidArgument, "another role");
        refused(delete(&api, "buyer", Some("nobody")).await, Code::InvalidArgument, "nobody");
        refused(delete(&api, "buyer", Some("clerk")).await, Code::InvalidArgument, "clerk");
        refused(delete(&api, "nobody", Some("buyer")).await, Code::NotFound, "nobody");
        assert_eq!(assignments(&t, &api).await, before);
        assert!(api.told().await.is_empty());

        assert_eq!(api.delete(&format!("{PATH}/buyer?reassign_role_name=seller")).await.status, 200);
        let pair = |user, role: &str| (user, role.to_owned());
        assert_eq!(
            assignments(&t, &api).await,
            [pair(1, "seller"), pair(2, "clerk"), pair(2, "seller"), pair(3, "seller")]
        );
        refused(get(&api, "buyer", "").await, Code::NotFound, "buyer");
        let told = api.told().await;
        assert_eq!((told.len(), told[0].name.as_str()), (1, "role.deleted"));
        assert_eq!(told[0].data["name"], "buyer");

        // An organization's role may give way to one of the environment; the older form names the role by its id.
        refused(delete_in(&api, &acme, "clerk", None).await, Code::FailedPrecondition, "1 users");
        delete_in(&api, &acme, "clerk", Some("admin")).await.unwrap();
        let admin = get(&api, "admin", "").await.unwrap().id;
        assert_eq!(api.delete(&format!("{PATH}/seller?reassign_role_id={admin}")).await.status, 200);
        assert_eq!(assignments(&t, &api).await, [pair(1, "admin"), pair(2, "admin"), pair(3, "admin")]);
    }

    async fn dependents_move_to_the_replacement(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await.id;
        create(&api, "base", None, &["sk_org_sso_read"]).await.unwrap();
        create(&api, "child", Some("base"), &[]).await.unwrap();
        create(&api, "grandchild", Some("child"), &[]).await.unwrap();
        create_in(&api, &acme, "clerk", Some("base"), &[]).await.unwrap();
        api.told().await;
        refused(delete(&api, "base", None).await, Code::FailedPrecondition, "2 roles");
        for replacement in ["child", "grandchild"] {
            let refusal = delete(&api, "base", Some(replacement)).await;
            let failure = refused(refusal, Code::InvalidArgument, "inherit from itself");
            assert_eq!(failure.violations(), [("reassign_role_name", "role.cycle")]);
        }
        assert_eq!(get(&api, "child", "").await.unwrap().extends.as_deref(), Some("base"));
        assert!(api.told().await.is_empty());
        delete(&api, "base", Some("member")).await.unwrap();
        let after = get(&api, "grandchild", "permissions:all").await.unwrap();
        assert_eq!(grants(&after), [("sk_org_settings_read", "member"), ("sk_org_users_read", "member")]);
        assert_eq!(get_in(&api, &acme, "clerk").await.unwrap().extends.as_deref(), Some("member"));
        let told: Vec<_> = api.told().await.into_iter()
            .map(|event| (event.name, event.data["name"].as_str().unwrap().to_owned(), event.organization.is_some()))
            .collect();
        let event = |name: &str, role: &str, of_organization| (name.to_owned(), role.to_owned(), of_organization);
        assert_eq!(
            told,
            [event("role.updated", "child", false), event("role.updated", "clerk", true),
                event("role.deleted", "base", false)]
        );
        // A replacement must not make a chain too long either.
        create(&api, "r1", None, &[]).await.unwrap();
        for number in 2..=9 {
            create(&api, &format!("r{number}"), Some(&format!("r{}", number - 1)), &[]).await.unwrap();
        }
        create(&api, "old", None, &[]).await.unwrap();
        update(&api, "child", extending("old")).await.unwrap();
        refused(delete(&api, "old", Some("r9")).await, Code::InvalidArgument, "11 roles");
        delete(&api, "old", Some("r8")).await.unwrap();
    }
}
