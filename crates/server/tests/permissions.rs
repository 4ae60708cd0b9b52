//! Permissions through the API, and which roles have them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright_api::{rpc::roles_service as rpc, scalekit::v1::roles as pb};
use gatewright_testkit::{Api, Failure, api_tests};
use serde_json::json;
use std::time::Duration;
use tonic::Code;

const PATH: &str = "/api/v1/permissions";

async fn create(api: &Api, name: &str, description: &str) -> Result<pb::Permission, Failure> {
    let permission =
        Some(pb::CreatePermission { name: name.to_owned(), description: description.to_owned() });
    let answer = api.call::<rpc::CreatePermission>(pb::CreatePermissionRequest { permission }).await?;
    Ok(answer.permission.unwrap())
}

async fn get(api: &Api, name: &str) -> Result<pb::Permission, Failure> {
    let request = pb::GetPermissionRequest { permission_name: name.to_owned() };
    Ok(api.call::<rpc::GetPermission>(request).await?.permission.unwrap())
}

async fn update(api: &Api, name: &str, body: &str, description: &str) -> Result<pb::Permission, Failure> {
    let permission =
        Some(pb::CreatePermission { name: body.to_owned(), description: description.to_owned() });
    let request = pb::UpdatePermissionRequest { permission_name: name.to_owned(), permission };
    Ok(api.call::<rpc::UpdatePermission>(request).await?.permission.unwrap())
}

async fn delete(api: &Api, name: &str) -> Result<(), Failure> {
    api.call::<rpc::DeletePermission>(pb::DeletePermissionRequest { permission_name: name.to_owned() }).await
}

async fn page(api: &Api, kind: pb::PermissionType, size: u32, token: &str) -> pb::ListPermissionsResponse {
    let mut request = pb::ListPermissionsRequest {
        page_size: Some(size),
        page_token: Some(token.to_owned()),
        ..Default::default()
    };
    request.set_type(kind);
    api.call::<rpc::ListPermissions>(request).await.unwrap()
}

async fn own(api: &Api) -> Vec<String> {
    names(page(api, pb::PermissionType::Environment, 100, "").await.permissions)
}

async fn role(api: &Api, name: &str, extends: Option<&str>) {
    let role = pb::CreateRole {
        name: name.to_owned(),
        display_name: name.to_owned(),
        extends: extends.map(str::to_owned),
        ..Default::default()
    };
    api.call::<rpc::CreateRole>(pb::CreateRoleRequest { role: Some(role) }).await.unwrap();
}

async fn add(api: &Api, role: &str, permissions: &[&str]) -> Result<Vec<String>, Failure> {
    let request = pb::AddPermissionsToRoleRequest {
        role_name: role.to_owned(),
        permission_names: permissions.iter().map(|&name| name.to_owned()).collect(),
    };
    Ok(names(api.call::<rpc::AddPermissionsToRole>(request).await?.permissions))
}

async fn remove(api: &Api, role: &str, permission: &str) -> Result<(), Failure> {
    let request = pb::RemovePermissionFromRoleRequest {
        role_name: role.to_owned(),
        permission_name: permission.to_owned(),
    };
    api.call::<rpc::RemovePermissionFromRole>(request).await
}

async fn direct(api: &Api, role: &str) -> Result<Vec<String>, Failure> {
    let request = pb::ListRolePermissionsRequest { role_name: role.to_owned() };
    Ok(names(api.call::<rpc::ListRolePermissions>(request).await?.permissions))
}

async fn effective(api: &Api, role: &str) -> Result<Vec<String>, Failure> {
    let request = pb::ListEffectiveRolePermissionsRequest { role_name: role.to_owned() };
    Ok(names(api.call::<rpc::ListEffectiveRolePermissions>(request).await?.permissions))
}

fn names(permissions: Vec<pb::Permission>) -> Vec<String> {
    permissions.into_iter().map(|permission| permission.name).collect()
}

fn refused<T: std::fmt::Debug>(result: Result<T, Failure>, code: Code, says: &str) -> Failure {
    let failure = result.unwrap_err();
    assert_eq!(failure.code, code, "{failure:?}");
    assert!(failure.message.contains(says), "{failure:?}");
    failure
}

api_tests! {
    async fn a_permission_lives_from_creation_to_deletion(t: Server) {
        let api = t.api().await;
        let answer = api.post(PATH, json!({"name": "invoices:read", "description": "See invoices"})).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let made = &answer.json["permission"];
        let (id, time) = (made["id"].as_str().unwrap(), made["create_time"].as_str().unwrap());
        assert!(id.starts_with("perm_"));
        assert_eq!(answer.json, json!({"permission": {"id": id, "name": "invoices:read",
            "description": "See invoices", "create_time": time, "update_time": time,
            "is_scalekit_permission": false}}));
        assert_eq!(api.get(&format!("{PATH}/invoices:read")).await.json, answer.json);
        let made = get(&api, "invoices:read").await.unwrap();

        t.advance(Duration::from_secs(5));
        let body = json!({"name": "invoices:read", "description": "See all invoices"});
        let answer = api.put(&format!("{PATH}/invoices:read"), body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let after = get(&api, "invoices:read").await.unwrap();
        assert_eq!(after.description, "See all invoices");
        assert_eq!((&after.id, after.create_time), (&made.id, made.create_time));
        assert_ne!(after.update_time, made.update_time);
        assert_eq!(update(&api, "invoices:read", "invoices:read", "See all invoices").await.unwrap(), after);

        assert_eq!(api.delete(&format!("{PATH}/invoices:read")).await.status, 200);
        refused(delete(&api, "invoices:read").await, Code::NotFound, "invoices:read");
        refused(get(&api, "invoices:read").await, Code::NotFound, "invoices:read");
        let told: Vec<_> = api.told().await.into_iter()
            .map(|event| (event.name, event.object, event.organization, event.data)).collect();
        let event = |name: &str, description: &str| {
            let data = json!({"id": id, "name": "invoices:read", "description": description});
            (format!("permission.{name}"), "Permission".to_owned(), None, data)
        };
        assert_eq!(
            told,
            [event("created", "See invoices"), event("updated", "See all invoices"),
                event("deleted", "See all invoices")]
        );
    }

    async fn bad_input_is_refused_and_changes_nothing(t: Server) {
        let api = t.api().await;
        create(&api, "a:b", "").await.unwrap();
        api.told().await;
        for name in ["a b", "a-b", "ä", "a.b"] {
            let failure = refused(create(&api, name, "").await, Code::InvalidArgument, "permission.name");
            assert_eq!(failure.violations(), [("permission.name", "permission.name.format")], "{name}");
        }
        for name in ["", &"x".repeat(65)] {
            refused(create(&api, name, "").await, Code::InvalidArgument, "permission.name");
        }
        let failure = refused(create(&api, "sk_mine", "").await, Code::InvalidArgument, "sk_");
        assert_eq!(failure.violations(), [("permission.name", "permission.name.reserved")]);
        refused(create(&api, "c", &"x".repeat(2001)).await, Code::InvalidArgument, "description");
        refused(create(&api, "a:b", "again").await, Code::AlreadyExists, "a:b");
        refused(update(&api, "a:b", "other", "x").await, Code::InvalidArgument, "permission.name");
        refused(update(&api, "c", "c", "x").await, Code::NotFound, "c");
        for name in ["sk_org_users_read", "sk_org_sso_manage"] {
            refused(update(&api, name, name, "x").await, Code::FailedPrecondition, "built in");
            refused(delete(&api, name).await, Code::FailedPrecondition, "built in");
            assert!(get(&api, name).await.unwrap().is_scalekit_permission);
        }
        assert_eq!(own(&api).await, ["a:b"]);
        assert_eq!(get(&api, "a:b").await.unwrap().description, "");
        assert!(api.told().await.is_empty());
    }

    async fn lists_come_in_pages_by_name_and_by_kind(t: Server) {
        let api = t.api().await;
        for name in ["b", "a:2", "a_1", "Z", "a", "0", "_", "a1"] {
            create(&api, name, "").await.unwrap();
        }
        let sorted = ["0", "Z", "_", "a", "a1", "a:2", "a_1", "b"];
        assert_eq!(own(&api).await, sorted);
        let kind = pb::PermissionType::Environment;
        let (mut token, mut seen, mut back) = (String::new(), Vec::new(), Vec::new());
        loop {
            let next = page(&api, kind, 3, &token).await;
            assert_eq!(next.total_size, 8);
            back.push(next.prev_page_token);
            seen.push(names(next.permissions));
            token = next.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, [&sorted[..3], &sorted[3..6], &sorted[6..]]);
        assert_eq!(back[0], "");
        let first = page(&api, kind, 3, &back[1]).await;
        assert_eq!((names(first.permissions), first.prev_page_token.as_str()), (seen[0].clone(), ""));
        assert_eq!(names(page(&api, kind, 3, &back[2]).await.permissions), seen[1]);

        // Where a page's items are gone, the way back and the way on stay open.
        let token = page(&api, kind, 7, "").await.next_page_token;
        delete(&api, "b").await.unwrap();
        let empty = page(&api, kind, 7, &token).await;
        assert!(empty.permissions.is_empty() && empty.next_page_token.is_empty());
        assert_eq!(names(page(&api, kind, 7, &empty.prev_page_token).await.permissions), sorted[..7]);
        let token = page(&api, kind, 1, &page(&api, kind, 1, "").await.next_page_token).await.prev_page_token;
        delete(&api, "0").await.unwrap();
        let empty = page(&api, kind, 1, &token).await;
        assert!(empty.permissions.is_empty() && empty.prev_page_token.is_empty());
        assert_eq!(names(page(&api, kind, 1, &empty.next_page_token).await.permissions), ["Z"]);

        let built_in = page(&api, pb::PermissionType::Scalekit, 100, "").await;
        assert_eq!((built_in.permissions.len(), built_in.total_size), (12, 12));
        assert!(built_in.permissions.iter().all(|one| one.is_scalekit_permission && one.name.starts_with("sk_")));
        let all = api.get(PATH).await;
        assert_eq!(all.json["total_size"], 18, "{}", all.text);
        assert_eq!(all.json["permissions"].as_array().unwrap().len(), 18);

        for query in ["page_size=0", "page_size=101", "page_token=x", "type=OTHER"] {
            assert_eq!(api.get(&format!("{PATH}?{query}")).await.status, 400, "{query}");
        }
        let foreign = page(&api, kind, 3, "").await.next_page_token;
        assert_eq!(api.get(&format!("{PATH}?page_token={foreign}")).await.status, 400, "of another kind");
        let second = t.api_in(&t.add_environment("second.example").await).await;
        let elsewhere = second.get(&format!("{PATH}?type=ENVIRONMENT&page_token={foreign}")).await;
        assert_eq!(elsewhere.status, 400, "of another environment");
    }

    async fn roles_are_given_permissions_and_lose_them(t: Server) {
        let api = t.api().await;
        for name in ["orders:read", "orders:approve"] {
            create(&api, name, "").await.unwrap();
        }
        role(&api, "buyer", Some("member")).await;
        role(&api, "chief", Some("buyer")).await;
        api.told().await;
        let inherited = ["sk_org_settings_read", "sk_org_users_read"];
        assert_eq!(add(&api, "buyer", &["orders:read"]).await.unwrap(), ["orders:read"]);
        let both = add(&api, "buyer", &["orders:read", "orders:approve", "orders:approve"]).await.unwrap();
        assert_eq!(both, ["orders:approve", "orders:read"]);
        assert_eq!(api.told().await.iter().filter(|event| event.name == "role.updated").count(), 2);
        assert_eq!(add(&api, "buyer", &["orders:read"]).await.unwrap(), both);
        assert!(api.told().await.is_empty(), "it had that already");

        assert_eq!(direct(&api, "buyer").await.unwrap(), both);
        assert!(direct(&api, "chief").await.unwrap().is_empty());
        let all = [both.clone(), inherited.map(str::to_owned).to_vec()].concat();
        assert_eq!(effective(&api, "buyer").await.unwrap(), all);
        assert_eq!(effective(&api, "chief").await.unwrap(), all);

        let answer = api.delete("/api/v1/roles/buyer/permissions/orders:read").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(direct(&api, "buyer").await.unwrap(), ["orders:approve"]);
        assert_eq!(api.told().await.len(), 1);
        refused(remove(&api, "buyer", "orders:read").await, Code::NotFound, "orders:read");
        refused(remove(&api, "buyer", "sk_org_users_read").await, Code::NotFound, "sk_org_users_read");
        refused(remove(&api, "buyer", "no:such").await, Code::NotFound, "no:such");
        refused(remove(&api, "nobody", "orders:read").await, Code::NotFound, "nobody");
        refused(add(&api, "buyer", &["orders:read", "no:such"]).await, Code::NotFound, "no:such");
        refused(add(&api, "nobody", &["orders:read"]).await, Code::NotFound, "nobody");
        refused(add(&api, "buyer", &[]).await, Code::InvalidArgument, "permission_names");
        refused(direct(&api, "nobody").await, Code::NotFound, "nobody");
        refused(effective(&api, "nobody").await, Code::NotFound, "nobody");
        assert_eq!(direct(&api, "buyer").await.unwrap(), ["orders:approve"]);
        assert!(api.told().await.is_empty());

        let path = "/api/v1/roles/buyer/permissions";
        let answer = api.post(path, json!({"permission_names": ["orders:read"]})).await;
        assert_eq!(answer.json["permissions"][1]["name"], "orders:read", "{}", answer.text);
        let answer = api.get(&format!("{path}:all")).await;
        assert_eq!(answer.json["permissions"].as_array().unwrap().len(), 4, "{}", answer.text);
    }

    async fn a_deleted_permission_leaves_every_role(t: Server) {
        let api = t.api().await;
        create(&api, "orders:read", "").await.unwrap();
        role(&api, "buyer", None).await;
        role(&api, "seller", Some("buyer")).await;
        for name in ["buyer", "seller"] {
            add(&api, name, &["orders:read"]).await.unwrap();
        }
        api.told().await;
        delete(&api, "orders:read").await.unwrap();
        assert!(direct(&api, "buyer").await.unwrap().is_empty());
        assert!(effective(&api, "seller").await.unwrap().is_empty());
        assert_eq!(api.told().await.len(), 1);
    }

    async fn environments_do_not_see_each_other(t: Server) {
        let api = t.api().await;
        let second = t.api_in(&t.add_environment("second.example").await).await;
        create(&api, "orders:read", "mine").await.unwrap();
        create(&second, "orders:read", "theirs").await.unwrap();
        create(&api, "orders:approve", "").await.unwrap();
        second.told().await;
        refused(get(&second, "orders:approve").await, Code::NotFound, "orders:approve");
        refused(update(&second, "orders:approve", "orders:approve", "x").await, Code::NotFound, "orders:approve");
        refused(delete(&second, "orders:approve").await, Code::NotFound, "orders:approve");
        refused(add(&second, "member", &["orders:approve"]).await, Code::NotFound, "orders:approve");
        assert!(second.told().await.is_empty());
        delete(&second, "orders:read").await.unwrap();
        assert_eq!(get(&api, "orders:read").await.unwrap().description, "mine");
        assert_eq!(own(&second).await, Vec::<String>::new());
        assert_eq!(own(&api).await, ["orders:approve", "orders:read"]);
    }
}
