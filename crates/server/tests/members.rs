//! Members of the dashboard and their roles, as the operator and as an application handle them.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "what goes wrong in a test shall stop it")]

use gatewright::error::{Error, Kind};
use gatewright_api::{
    rpc::members_service as rpc,
    scalekit::v1::{members as pb, users},
};
use gatewright_testkit::{Server, api_tests};
use serde_json::json;
use std::{collections::HashSet, sync::Arc};

async fn create(t: &Server, email: &str, role: &str) -> Result<pb::Member, Error> {
    let member = pb::Member { email: email.into(), dashboard_role_name: role.into(), ..Default::default() };
    let request = pb::CreateMemberRequest { member: Some(member) };
    Ok(t.as_operator::<rpc::CreateMember>(&request).await?.member.unwrap())
}

async fn get(t: &Server, id: &str) -> Result<pb::GetMemberResponse, Error> {
    t.as_operator::<rpc::GetMember>(&pb::GetMemberRequest { id: id.to_owned() }).await
}

async fn assign(t: &Server, member: &str, role: &str) -> Result<(), Error> {
    let request = pb::AssignDashboardRoleRequest { member_id: member.into(), role: role.into() };
    t.as_operator::<rpc::AssignDashboardRole>(&request).await.map(drop)
}

async fn delete(t: &Server, id: &str) -> Result<(), Error> {
    t.as_operator::<rpc::DeleteMember>(&pb::DeleteMemberRequest { id: id.to_owned() }).await
}

async fn custom(t: &Server, name: &str, permissions: &[&str]) -> Result<pb::DashboardRole, Error> {
    let permissions = permissions.iter().map(|&key| key.to_owned()).collect();
    let request =
        pb::CreateDashboardRoleRequest { name: name.into(), description: "What for".into(), permissions };
    Ok(t.as_operator::<rpc::CreateDashboardRole>(&request).await?.role.unwrap())
}

async fn roles(t: &Server) -> Vec<pb::DashboardRole> {
    t.as_operator::<rpc::ListDashboardRoles>(&pb::ListDashboardRolesRequest {}).await.unwrap().roles
}

fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> Kind {
    result.unwrap_err().kind()
}

api_tests! {
    async fn a_member_is_created_changed_and_removed(t: Server) {
        let request = json!({"email": "Ann@Acme.example", "first_name": "Ann", "last_name": "Lee", "metadata": {"team": "core"},
            "user_profile": {"locale": "en-GB"}});
        let api = t.api().await;
        let made = api.post("/api/v1/members", request).await;
        assert_eq!(made.status, 200, "{}", made.text);
        let member = &made.json["member"];
        let id = member["id"].as_str().unwrap().to_owned();
        assert!(id.starts_with("mem_") && member["workspace_id"].as_str().unwrap().starts_with("wks_"));
        assert_eq!((&member["email"], &member["first_name"], &member["role"]), (&json!("Ann@Acme.example"), &json!("Ann"), &json!("USER")));
        assert_eq!(member["user_profile"]["name"], "Ann Lee");
        assert_eq!(member["dashboard_role"]["name"], "no_access", "an application gives no other");
        assert_eq!(api.get(&format!("/api/v1/members/{id}")).await.json, json!({"member": member, "dashboard_permissions": []}));

        let patch = json!({"last_name": "Li", "metadata": {"floor": "3"}, "user_profile": {"locale": "de"}});
        let changed = api.patch(&format!("/api/v1/members/{id}"), patch).await.json["member"].clone();
        assert_eq!((&changed["last_name"], &changed["metadata"]), (&json!("Li"), &json!({"floor": "3"})));
        assert_eq!((&changed["user_profile"]["locale"], &changed["user_profile"]["name"]), (&json!("de"), &json!("Ann Li")));
        assert_eq!(api.patch(&format!("/api/v1/members/{id}"), json!({})).await.json["member"]["metadata"], json!({"floor": "3"}));
        let bad = api.patch(&format!("/api/v1/members/{id}"), json!({"user_profile": {"locale": "?"}})).await;
        assert_eq!(bad.violations()[0].0, "member.user_profile.locale");

        api.post("/api/v1/members", json!({"email": "ann@ACME.example"})).await.failure(409, 6);
        api.post("/api/v1/members", json!({"email": "no address"})).await.failure(400, 3);
        assert_eq!(api.delete(&format!("/api/v1/members/{id}")).await.text, "{}");
        api.delete(&format!("/api/v1/members/{id}")).await.failure(404, 5);
        api.get(&format!("/api/v1/members/{id}")).await.failure(404, 5);
        api.get("/api/v1/members/usr_123456789012345678").await.failure(400, 3);
        assert!(api.told().await.is_empty(), "the catalogue has no events of members");
    }

    async fn members_are_listed_in_pages(t: Server) {
        let api = t.api().await;
        let mut ids = Vec::new();
        for number in 0..5 {
            ids.insert(0, create(&t, &format!("m{number}@acme.example"), "").await.unwrap().id);
        }
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = api.get(&format!("/api/v1/members?page_size=2&page_token={token}")).await.json;
            assert_eq!(page["total_size"], 5);
            seen.extend(page["members"].as_array().unwrap().iter().map(|member| member["id"].as_str().unwrap().to_owned()));
            token = page["next_page_token"].as_str().unwrap().to_owned();
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, ids);
        api.get("/api/v1/members?page_token=nonsense").await.failure(400, 3);
    }

    async fn an_invitation_is_a_mail_with_a_link(t: Server) {
        let api = t.api().await;
        let made = api.post("/api/v1/members/invites", json!({"email": "bob@acme.example"})).await;
        assert_eq!(made.status, 200, "{}", made.text);
        t.run_jobs().await;
        let mails = t.inbox().await;
        assert_eq!((mails.len(), mails[0].recipient.as_str()), (1, "bob@acme.example"));
        api.post("/api/v1/members/invites", json!({"email": "BOB@acme.example"})).await.failure(409, 6);
        api.post("/api/v1/members/invites", json!({"email": "bob"})).await.failure(400, 3);
        assert_eq!(t.inbox().await.len(), 1);
    }

    async fn an_application_handles_only_members_without_access(t: Server) {
        let api = t.api().await;
        let admin = create(&t, "root@acme.example", "admin").await.unwrap();
        create(&t, "root2@acme.example", "admin").await.unwrap();
        let path = format!("/api/v1/members/{}", admin.id);
        for role in ["admin", "developer", "member"] {
            let body = json!({"email": "eve@acme.example", "dashboard_role_name": role});
            api.post("/api/v1/members", body).await.failure(403, 7);
        }
        api.post("/api/v1/members", json!({"email": "eve@acme.example", "role": "ADMIN"})).await.failure(403, 7);
        api.patch(&path, json!({"first_name": "Eve"})).await.failure(403, 7);
        api.delete(&path).await.failure(403, 7);
        let made = create(&t, "eve@acme.example", "no_access").await.unwrap();
        let env = t.operator.environment().id.to_string();
        let (member_id, role) = (made.id.clone(), "developer".to_owned());
        let request = pb::SetDashboardEnvironmentRoleRequest { member_id, environment_id: env, role };
        t.as_operator::<rpc::SetDashboardEnvironmentRole>(&request).await.unwrap();
        api.delete(&format!("/api/v1/members/{}", made.id)).await.failure(403, 7);
        for path in ["/api/v1/dashboard/roles", "/api/v1/dashboard/permissions"] {
            api.get(path).await.failure(403, 7);
        }
        api.post(&format!("/api/v1/dashboard/members/{}/role", made.id), json!({"role": "admin"})).await.failure(403, 7);
        assert_eq!(get(&t, &admin.id).await.unwrap().member.unwrap(), admin);
    }

    async fn the_operator_gives_any_role_but_keeps_an_administrator(t: Server) {
        let member = create(&t, "ann@acme.example", "").await.unwrap();
        assert_eq!(member.dashboard_role.as_ref().unwrap().name, "member");
        let admin = create(&t, "root@acme.example", "admin").await.unwrap();
        assert_eq!(admin.role(), pb::MemberRole::Admin);
        let other = pb::Member { email: "root2@acme.example".into(), role: pb::MemberRole::Admin.into(), ..Default::default() };
        let second = t.as_operator::<rpc::CreateMember>(&pb::CreateMemberRequest { member: Some(other) }).await.unwrap().member.unwrap();
        assert_eq!(second.dashboard_role.unwrap().id, "skr_1");
        assert_eq!(kind(create(&t, "x@acme.example", "king").await), Kind::NotFound);

        assign(&t, &second.id, "developer").await.unwrap();
        assert_eq!(kind(assign(&t, &admin.id, "skr_2").await), Kind::FailedPrecondition);
        assert_eq!(kind(delete(&t, &admin.id).await), Kind::FailedPrecondition);
        assign(&t, &admin.id, "admin").await.unwrap();
        assign(&t, &member.id, "Admin").await.unwrap();
        delete(&t, &admin.id).await.unwrap();
        assert_eq!(kind(delete(&t, &admin.id).await), Kind::NotFound);
        assert_eq!(kind(assign(&t, &admin.id, "admin").await), Kind::NotFound);
        assert_eq!(kind(assign(&t, &member.id, "king").await), Kind::NotFound);
    }

    async fn the_last_administrator_is_not_taken_twice(t: Server) {
        let t = Arc::new(t);
        let mut admins = Vec::new();
        for number in 0..4 {
            admins.push(create(&t, &format!("a{number}@acme.example"), "admin").await.unwrap().id);
        }
        let calls: Vec<_> = admins.into_iter().cycle().take(8).enumerate().map(|(number, id)| {
            let t = t.clone();
            tokio::spawn(async move {
                if number % 2 == 0 { delete(&t, &id).await } else { assign(&t, &id, "member").await }
            })
        }).collect();
        for call in calls {
            let _ = call.await.unwrap();
        }
        let list = t.as_operator::<rpc::ListMembers>(&pb::ListMemberRequest::default()).await.unwrap();
        let admins = list.members.iter().filter(|member| member.role() == pb::MemberRole::Admin).count();
        assert_eq!(admins, 1);
    }

    async fn permissions_and_fixed_roles_are_listed(t: Server) {
        let catalogue = t.as_operator::<rpc::ListDashboardPermissions>(&pb::ListDashboardPermissionsRequest {}).await.unwrap().permissions;
        let keys: HashSet<&str> = catalogue.iter().map(|permission| permission.key.as_str()).collect();
        assert_eq!(keys.len(), catalogue.len());
        let of = |key: &str| catalogue.iter().find(|permission| permission.key == key).unwrap();
        assert_eq!((of("users:read").tier.as_str(), of("members:write").tier.as_str()), ("environment", "workspace"));
        assert!(of("encryption_keys:destroy").sensitive && !of("users:read").sensitive);
        let fixed = roles(&t).await;
        assert_eq!(fixed.iter().map(|role| role.name.as_str()).collect::<Vec<_>>(), ["admin", "developer", "member", "no_access"]);
        assert!(fixed.iter().all(|role| role.is_fixed) && fixed[0].permissions.len() == keys.len() && fixed[3].permissions.is_empty());
    }

    async fn custom_roles_have_names_of_their_own(t: Server) {
        let role = custom(&t, "Support", &["users:write", "users:read", "users:read"]).await.unwrap();
        assert!(role.id.starts_with("skdr_") && !role.is_fixed);
        assert_eq!((role.display_name.as_str(), role.permissions.as_slice()), ("Support", ["users:read", "users:write"].map(str::to_owned).as_slice()));
        assert_eq!(roles(&t).await[4], role);
        for (name, permissions, expected) in [
            ("support", &["users:read"][..], Kind::AlreadyExists),
            ("ADMIN", &["users:read"], Kind::AlreadyExists),
            ("Other", &[], Kind::InvalidArgument),
            ("Other", &["users:eat"], Kind::InvalidArgument),
            (" ", &["users:read"], Kind::InvalidArgument),
        ] {
            assert_eq!(kind(custom(&t, name, permissions).await), expected, "{name}");
        }
        let update = async |id: &str, name: &str, permissions: &[&str]| {
            let permissions = permissions.iter().map(|&key| key.to_owned()).collect();
            let request = pb::UpdateDashboardRoleRequest { role_id: id.into(), name: name.into(), description: String::new(), permissions };
            t.as_operator::<rpc::UpdateDashboardRole>(&request).await.map(|answer| answer.role.unwrap())
        };
        let second = custom(&t, "Auditor", &["events:read"]).await.unwrap();
        assert_eq!(kind(update(&second.id, "SUPPORT", &["events:read"]).await), Kind::AlreadyExists);
        assert_eq!(kind(update("skr_1", "Admin 2", &["events:read"]).await), Kind::InvalidArgument);
        assert_eq!(kind(update("skdr_1", "Nobody", &["events:read"]).await), Kind::NotFound);
        let updated = update(&second.id, "Auditors", &["auth_logs:read"]).await.unwrap();
        assert_eq!((updated.description.as_str(), updated.permissions.as_slice()), ("", ["auth_logs:read".to_owned()].as_slice()));
        assert_eq!(roles(&t).await[4], updated, "by name");

        let member = create(&t, "ann@acme.example", "auditors").await.unwrap();
        let delete_role = async |id: &str| {
            t.as_operator::<rpc::DeleteDashboardRole>(&pb::DeleteDashboardRoleRequest { role_id: id.into() }).await.map(drop)
        };
        assert_eq!(kind(delete_role(&second.id).await), Kind::Aborted);
        assert_eq!(get(&t, &member.id).await.unwrap().dashboard_permissions, ["auth_logs:read"]);
        assign(&t, &member.id, &role.id).await.unwrap();
        delete_role(&second.id).await.unwrap();
        assert_eq!(kind(delete_role(&second.id).await), Kind::NotFound);
        assert_eq!(kind(delete_role("skr_4").await), Kind::InvalidArgument);
        delete(&t, &member.id).await.unwrap();
        delete_role(&role.id).await.unwrap();
        assert_eq!(roles(&t).await.len(), 4);
    }

    async fn an_environment_can_have_another_role(t: Server) {
        let other = t.add_environment("other").await;
        let (here, there) = (t.operator.environment().id.to_string(), t.app.environments.at(&other.host).unwrap().id.to_string());
        let member = create(&t, "ann@acme.example", "member").await.unwrap().id;
        let set = async |environment: &str, role: &str| {
            let (member_id, environment_id) = (member.clone(), environment.to_owned());
            let request = pb::SetDashboardEnvironmentRoleRequest { member_id, environment_id, role: role.to_owned() };
            t.as_operator::<rpc::SetDashboardEnvironmentRole>(&request).await.map(drop)
        };
        let clear = async |environment: &str| {
            let (member_id, environment_id) = (member.clone(), environment.to_owned());
            let request = pb::ClearDashboardEnvironmentRoleRequest { member_id, environment_id };
            t.as_operator::<rpc::ClearDashboardEnvironmentRole>(&request).await.map(drop)
        };
        let effective = async || {
            let request = pb::ListDashboardMemberEnvironmentRolesRequest { member_id: member.clone() };
            let all = t.as_operator::<rpc::ListDashboardMemberEnvironmentRoles>(&request).await.unwrap().environments;
            all.into_iter().map(|one| (one.environment_id, one.effective_role.unwrap().name, one.is_override)).collect::<Vec<_>>()
        };
        let support = custom(&t, "Support", &["users:write", "members:write"]).await.unwrap();
        set(&there, "admin").await.unwrap();
        set(&here, "support").await.unwrap();
        assert_eq!(effective().await, [(here.clone(), "Support".to_owned(), true), (there.clone(), "admin".to_owned(), true)]);
        // Of a role in an environment, only what concerns environments counts.
        let allowed = get(&t, &member).await.unwrap().dashboard_permissions;
        assert!(allowed.contains(&"users:write".to_owned()) && allowed.contains(&"members:read".to_owned()));
        assert!(!allowed.contains(&"members:write".to_owned()) && !allowed.contains(&"users:read".to_owned()));
        let in_use = t.as_operator::<rpc::DeleteDashboardRole>(&pb::DeleteDashboardRoleRequest { role_id: support.id }).await;
        assert_eq!(kind(in_use), Kind::Aborted);
        clear(&here).await.unwrap();
        clear(&here).await.unwrap();
        assert_eq!(effective().await, [(here, "member".to_owned(), false), (there, "admin".to_owned(), true)]);
        assert_eq!(kind(set("env_1", "admin").await), Kind::NotFound);
        assert_eq!(kind(clear("env_1").await), Kind::NotFound);
        delete(&t, &member).await.unwrap();
        assert_eq!(kind(set(&t.operator.environment().id.to_string(), "admin").await), Kind::NotFound);
    }

    async fn of_ten_who_create_one_member_one_does(t: Server) {
        let t = Arc::new(t);
        let calls: Vec<_> = (0..10).map(|_| {
            let t = t.clone();
            tokio::spawn(async move { create(&t, "ann@acme.example", "").await.map(drop) })
        }).collect();
        let mut made = 0;
        for call in calls {
            match call.await.unwrap() {
                Ok(()) => made += 1,
                Err(error) => assert_eq!(error.kind(), Kind::AlreadyExists),
            }
        }
        assert_eq!(made, 1);
    }

    async fn who_calls_is_no_member_yet(t: Server) {
        t.api().await.get("/api/v1/members:this").await.failure(501, 12);
        let update = pb::UpdateMember { user_profile: Some(users::UpdateUserProfile::default()), ..Default::default() };
        let request = pb::UpdateCurrentMemberRequest { member: Some(update) };
        assert_eq!(kind(t.as_operator::<rpc::UpdateCurrentMember>(&request).await), Kind::Unimplemented);
    }
}
