//! Users and groups in a directory, and the roles of groups.
use super::support::*;
use gatewright::{
    directories::mirror::{self, NewUser},
    ids::DirectoryId,
    time::Timestamp,
};
use gatewright_api::{rpc::directory_service as rpc, scalekit::v1::directories as pb};
use gatewright_testkit::{Failure, Options, Server, api_tests, database_tests};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tonic::Code;

api_tests! {
    async fn users_come_with_their_groups_in_pages_newest_first(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let (made, other) = (
            create(&api, &acme.id, pb::DirectoryType::Scim).await,
            create(&api, &acme.id, pb::DirectoryType::Scim).await,
        );
        let (buyers, sellers) = (add_group(&t, &made, "Buyers").await, add_group(&t, &made, "Sellers").await);
        let elsewhere = add_group(&t, &other, "Buyers").await;
        let mut ids = Vec::new();
        for number in 0..12 {
            let user = add_user(&t, &made, &format!("u{number}")).await;
            let stranger = add_user(&t, &other, &format!("u{number}")).await;
            join(&t, &other, elsewhere, stranger).await;
            if number % 3 == 0 {
                join(&t, &made, buyers, user).await;
            }
            if number == 9 {
                join(&t, &made, sellers, user).await;
            }
            ids.push(user.to_string());
        }
        let page = users(&api, users_of(&made)).await;
        assert_eq!((page.users.len(), page.total_size), (10, 12));
        assert_eq!(names(&page)[..3], ["u11", "u10", "u9"]);
        assert_eq!(page.prev_page_token, "");
        let user = &page.users[2];
        assert_eq!(
            (&user.id, user.email.as_str(), user.given_name.as_str(), user.family_name.as_str()),
            (&ids[9], "u9@acme.example", "Mara", "Lund")
        );
        assert_eq!(user.emails, ["u9@acme.example", "u9@mail.example"]);
        assert_eq!(user.user_detail, None);
        let groups: Vec<_> =
            user.groups.iter().map(|group| (group.display_name.as_str(), group.total_users)).collect();
        assert_eq!(groups, [("Buyers", 4), ("Sellers", 1)]);
        assert!(page.users[0].groups.is_empty());
        let next = users(
            &api,
            pb::ListDirectoryUsersRequest { page_token: page.next_page_token.clone(), ..users_of(&made) },
        )
        .await;
        assert_eq!((names(&next), next.next_page_token.as_str()), (vec!["u1", "u0"], ""));
        let back = users(
            &api,
            pb::ListDirectoryUsersRequest { page_token: next.prev_page_token, ..users_of(&made) },
        )
        .await;
        assert_eq!(names(&back), names(&page));

        let members = pb::ListDirectoryUsersRequest {
            directory_group_id: Some(buyers.to_string()),
            page_size: 3,
            ..users_of(&made)
        };
        let page = users(&api, members.clone()).await;
        assert_eq!((names(&page), page.total_size), (vec!["u9", "u6", "u3"], 4));
        let next = users(
            &api,
            pb::ListDirectoryUsersRequest { page_token: page.next_page_token.clone(), ..members.clone() },
        )
        .await;
        assert_eq!(names(&next), ["u0"]);
        let back =
            users(&api, pb::ListDirectoryUsersRequest { page_token: next.prev_page_token, ..members }).await;
        assert_eq!(names(&back), ["u9", "u6", "u3"]);
        // A group of another directory has no members here.
        let strange = pb::ListDirectoryUsersRequest {
            directory_group_id: Some(elsewhere.to_string()),
            ..users_of(&made)
        };
        let page = users(&api, strange).await;
        assert_eq!((page.users.len(), page.total_size), (0, 0));

        let detail =
            pb::ListDirectoryUsersRequest { include_detail: Some(true), page_size: 1, ..users_of(&made) };
        assert!(
            users(&api, detail).await.users[0].user_detail.as_ref().unwrap().fields.contains_key("userName")
        );
        let token =
            pb::ListDirectoryUsersRequest { page_token: back.next_page_token.clone(), ..users_of(&made) };
        let failure = api.call::<rpc::ListDirectoryUsers>(token).await.unwrap_err();
        assert_eq!(failure.code, Code::InvalidArgument, "a token of another query");
        for bad in [
            pb::ListDirectoryUsersRequest { page_size: 31, ..users_of(&made) },
            pb::ListDirectoryUsersRequest { page_token: "x".into(), ..users_of(&made) },
            pb::ListDirectoryUsersRequest {
                directory_group_id: Some("dirgroup_x".into()),
                ..users_of(&made)
            },
            pb::ListDirectoryUsersRequest { directory_group_id: Some(ids[0].clone()), ..users_of(&made) },
        ] {
            assert_eq!(
                api.call::<rpc::ListDirectoryUsers>(bad).await.unwrap_err().code,
                Code::InvalidArgument
            );
        }
    }

    async fn groups_have_counts_a_summary_and_detail_when_asked(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, pb::DirectoryType::Scim).await;
        let mut ids = Vec::new();
        for number in 0..11 {
            ids.push(add_group(&t, &made, &format!("g{number}")).await);
        }
        let (mara, timo) = (add_user(&t, &made, "mara").await, add_user(&t, &made, "timo").await);
        for user in [mara, timo] {
            join(&t, &made, ids[10], user).await;
        }
        let page = api.call::<rpc::ListDirectoryGroups>(groups_of(&made)).await.unwrap();
        assert_eq!((page.groups.len(), page.total_size), (10, 11));
        assert_eq!((page.groups[0].display_name.as_str(), page.groups[0].total_users), ("g10", 2));
        assert_eq!(page.groups[0].group_detail, None);
        let next = pb::ListDirectoryGroupsRequest {
            page_token: page.next_page_token,
            include_detail: Some(true),
            include_external_groups: Some(true),
            ..groups_of(&made)
        };
        let next = api.call::<rpc::ListDirectoryGroups>(next).await.unwrap();
        assert_eq!((next.groups.len(), next.groups[0].display_name.as_str()), (1, "g0"));
        assert!(next.groups[0].group_detail.is_some());
        let request = pb::ListDirectoryGroupsSummaryRequest {
            organization_id: acme.id.clone(),
            directory_id: made.id.clone(),
        };
        let summary = api.call::<rpc::ListDirectoryGroupsSummary>(request).await.unwrap();
        assert_eq!(
            (summary.groups.len(), summary.total_size, summary.groups[10].display_name.as_str()),
            (11, 11, "g0")
        );

        // Counts follow removals.
        let whole = get(&api, &made).await;
        assert_eq!((whole.total_users, whole.total_groups), (2, 11));
        assert!(whole.last_synced_at.is_some() && whole.stats.unwrap().user_updated_at.is_some());
        let id: DirectoryId = made.id.parse().unwrap();
        let mut tx = t.app.db.write().await.unwrap();
        assert!(mirror::remove_user(&mut tx, &t.operator, id, timo).await.unwrap());
        assert!(!mirror::remove_user(&mut tx, &t.operator, id, timo).await.unwrap());
        assert!(mirror::remove_group(&mut tx, &t.operator, id, ids[0]).await.unwrap());
        tx.commit().await.unwrap();
        let page = api.call::<rpc::ListDirectoryGroups>(groups_of(&made)).await.unwrap();
        assert_eq!((page.groups[0].total_users, page.total_size, page.next_page_token.as_str()), (1, 10, ""));
        let whole = get(&api, &made).await;
        assert_eq!((whole.total_users, whole.total_groups), (1, 10));
    }

    async fn the_mirror_keeps_its_own_rules(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let (made, other) = (
            create(&api, &acme.id, pb::DirectoryType::Scim).await,
            create(&api, &acme.id, pb::DirectoryType::Scim).await,
        );
        let (mara, group) = (add_user(&t, &made, "Mara").await, add_group(&t, &other, "Buyers").await);
        let before = state(&t, &api).await;
        let id: DirectoryId = made.id.parse().unwrap();
        let twin = NewUser { user_name: "mARA".to_owned(), ..NewUser::default() };
        let mut tx = t.app.db.write().await.unwrap();
        let error = mirror::add_user(&mut tx, &t.operator, id, &twin).await.unwrap_err();
        assert_eq!(error.code(), "ALREADY_EXISTS");
        drop(tx);
        let mut tx = t.app.db.write().await.unwrap();
        let error = mirror::add_member(&mut tx, &t.operator, id, group, mara).await.unwrap_err();
        assert_eq!(error.code(), "NOT_FOUND", "a group of another directory");
        drop(tx);
        let mut tx = t.app.db.write().await.unwrap();
        let nowhere = DirectoryId::from_i64(1);
        assert_eq!(
            mirror::add_user(&mut tx, &t.operator, nowhere, &twin).await.unwrap_err().code(),
            "NOT_FOUND"
        );
        drop(tx);
        assert_eq!(state(&t, &api).await, before);
    }

    async fn roles_of_groups_are_replaced_as_a_whole(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let (made, other) = (
            create(&api, &acme.id, pb::DirectoryType::Scim).await,
            create(&api, &acme.id, pb::DirectoryType::Scim).await,
        );
        let (buyers, sellers) = (add_group(&t, &made, "Buyers").await, add_group(&t, &made, "Sellers").await);
        let elsewhere = add_group(&t, &other, "Buyers").await;
        let assign = async |pairs: &[(String, &str, &str)]| {
            let assignments = pairs
                .iter()
                .map(|(group, role, id)| pb::RoleAssignment {
                    group_id: group.clone(),
                    role_name: (*role).to_owned(),
                    role_id: (*id).to_owned(),
                })
                .collect();
            let request = pb::AssignRolesRequest {
                organization_id: acme.id.clone(),
                id: made.id.clone(),
                role_assignments: Some(pb::RoleAssignments { assignments }),
            };
            Ok::<_, Failure>(
                api.call::<rpc::AssignRoles>(request).await?.role_assignments.unwrap().assignments,
            )
        };
        let both =
            assign(&[(sellers.to_string(), "admin", ""), (buyers.to_string(), "admin", "")]).await.unwrap();
        assert_eq!(
            both.iter().map(|one| (one.group_id.clone(), one.role_name.as_str())).collect::<Vec<_>>(),
            [(buyers.to_string(), "admin"), (sellers.to_string(), "admin")]
        );
        assert!(both[0].role_id.starts_with("role_"));
        assert_eq!(get(&api, &made).await.role_assignments.unwrap().assignments, both);
        let before = state(&t, &api).await;
        for (pairs, code) in [
            (vec![(buyers.to_string(), "nobody", "")], Code::NotFound),
            (vec![(elsewhere.to_string(), "member", "")], Code::NotFound),
            (vec![("dirgroup_1".to_owned(), "member", "")], Code::NotFound),
            (
                vec![(buyers.to_string(), "member", ""), (buyers.to_string(), "admin", "")],
                Code::InvalidArgument,
            ),
            (vec![(buyers.to_string(), "member", both[0].role_id.as_str())], Code::InvalidArgument),
            (vec![(buyers.to_string(), "no role", "")], Code::InvalidArgument),
            (vec![(buyers.to_string(), "", "")], Code::InvalidArgument),
            (vec![("buyers".to_owned(), "member", "")], Code::InvalidArgument),
        ] {
            assert_eq!(assign(&pairs).await.unwrap_err().code, code, "{pairs:?}");
        }
        assert_eq!(state(&t, &api).await, before);
        assert_eq!(get(&api, &made).await.role_assignments.unwrap().assignments, both);
        let body = json!({"assignments": [{"group_id": buyers.to_string(), "role_name": "member"}]});
        let answer = api.put(&format!("{}/{}/groups/-/roles:assign", path(&acme.id), made.id), body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json["role_assignments"]["assignments"].as_array().unwrap().len(), 1);
        assert!(assign(&[]).await.unwrap().is_empty());
        assert!(get(&api, &made).await.role_assignments.unwrap().assignments.is_empty());
    }

    async fn a_role_goes_only_with_another_one_for_its_groups(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, pb::DirectoryType::Scim).await;
        let (buyers, sellers) = (add_group(&t, &made, "Buyers").await, add_group(&t, &made, "Sellers").await);
        for name in ["buyer", "clerk"] {
            let role = json!({"name": name, "display_name": name});
            assert_eq!(api.post("/api/v1/roles", role).await.status, 201);
        }
        let groups = format!("{}/{}/groups/-/roles:assign", path(&acme.id), made.id);
        let body = json!({"assignments": [{"group_id": buyers.to_string(), "role_name": "buyer"},
            {"group_id": sellers.to_string(), "role_name": "member"}]});
        assert_eq!(api.put(&groups, body).await.status, 200);
        let answer = api.delete("/api/v1/roles/buyer").await;
        assert!(answer.failure(400, 9).contains("1 groups of directories"), "{}", answer.text);
        assert_eq!(api.delete("/api/v1/roles/buyer?reassign_role_name=clerk").await.status, 200);
        let roles = get(&api, &made).await.role_assignments.unwrap().assignments;
        let mut roles: Vec<_> = roles.iter().map(|one| (one.group_id.clone(), one.role_name.as_str())).collect();
        roles.sort_unstable();
        assert_eq!(roles, [(buyers.to_string(), "clerk"), (sellers.to_string(), "member")]);
        assert_eq!(api.put(&groups, json!({"assignments": []})).await.status, 200);
        assert_eq!(api.delete("/api/v1/roles/clerk").await.status, 200, "nothing has it any more");
    }

    async fn users_that_come_at_once_are_all_counted(t: Server) {
        let t = Arc::new(t);
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = Arc::new(create(&api, &acme.id, pb::DirectoryType::Scim).await);
        let group = add_group(&t, &made, "All").await;
        let tasks = (0..10).map(|number| {
            let (t, made) = (t.clone(), made.clone());
            tokio::spawn(async move {
                let user = add_user(&t, &made, &format!("u{number}")).await;
                assert!(join(&t, &made, group, user).await);
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!(get(&api, &made).await.total_users, 10);
        let page = api.call::<rpc::ListDirectoryGroups>(groups_of(&made)).await.unwrap();
        assert_eq!(page.groups[0].total_users, 10);
    }
}

database_tests! {
    async fn updated_after_is_inclusive_and_zero_is_no_filter(kind: Database) {
        let start = Timestamp::from_micros(1_772_884_800_000_000);
        let t = Server::start_with(kind, Options { frozen_at: Some(start), ..Options::default() }).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, pb::DirectoryType::Scim).await;
        for name in ["first", "second", "third"] {
            let user = add_user(&t, &made, name).await;
            let group = add_group(&t, &made, name).await;
            assert!(join(&t, &made, group, user).await);
            t.advance(Duration::from_secs(10));
        }
        let at = |seconds: i64| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let ask = async |time| {
            users(&api, pb::ListDirectoryUsersRequest { updated_after: time, ..users_of(&made) }).await
        };
        let second = start.as_seconds() + 10;
        let page = ask(at(second)).await;
        assert_eq!((names(&page), page.total_size), (vec!["third", "second"], 2));
        assert_eq!(names(&ask(at(second + 1)).await), ["third"]);
        for zero in [None, at(0)] {
            assert_eq!(ask(zero).await.total_size, 3);
        }
        let page = api
            .get(&format!("{}/{}/groups?updated_after=2026-03-07T12:00:10Z", path(&acme.id), made.id))
            .await;
        assert_eq!(
            (&page.json["total_size"], page.json["groups"].as_array().map(Vec::len)),
            (&json!(2), Some(2))
        );
        let bad = api.get(&format!("{}/{}/groups?updated_after=yesterday", path(&acme.id), made.id)).await;
        bad.failure(400, 3);
    }
}
