//! Memberships through the API: adding, changing and removing members, their roles, the limit, and deleted organizations.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "what goes wrong in a test shall stop it")]

use gatewright::{
    by_dialect,
    db::{DbKind, Tx},
    ids::OrganizationId,
    sql,
};
use gatewright_api::{
    rpc::{organization_service, user_service as rpc},
    scalekit::v1::{commons, organizations, users as pb},
};
use gatewright_testkit::{Api, Failure, Server, api_tests};
use pb::{
    create_membership_request::Identities as Created, delete_membership_request::Identities as Deleted,
    update_membership_request::Identities as Updated,
};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tonic::Code;

async fn organization(api: &Api, name: &str) -> String {
    api.organization(name).create().await.id
}

fn named(names: &[&str]) -> Vec<commons::Role> {
    names.iter().map(|&name| commons::Role { name: name.to_owned(), ..Default::default() }).collect()
}

async fn add(api: &Api, organization: &str, user: &str, roles: &[&str]) -> Result<pb::User, Failure> {
    let request = pb::CreateMembershipRequest {
        organization_id: organization.to_owned(),
        membership: Some(pb::CreateMembership { roles: named(roles), ..Default::default() }),
        send_invitation_email: Some(false),
        identities: Some(Created::Id(user.to_owned())),
    };
    Ok(api.call::<rpc::CreateMembership>(request).await?.user.unwrap())
}

async fn change(
    api: &Api,
    organization: &str,
    user: &str,
    membership: pb::UpdateMembership,
) -> Result<pb::User, Failure> {
    let request = pb::UpdateMembershipRequest {
        organization_id: organization.to_owned(),
        membership: Some(membership),
        identities: Some(Updated::Id(user.to_owned())),
    };
    Ok(api.call::<rpc::UpdateMembership>(request).await?.user.unwrap())
}

async fn remove(api: &Api, organization: &str, user: &str, cascade: Option<bool>) -> Result<(), Failure> {
    let request = pb::DeleteMembershipRequest {
        organization_id: organization.to_owned(),
        cascade,
        identities: Some(Deleted::Id(user.to_owned())),
    };
    api.call::<rpc::DeleteMembership>(request).await
}

async fn set_limit(api: &Api, organization: &str, limit: i32) {
    let request = organizations::UpsertUserManagementSettingsRequest {
        organization_id: organization.to_owned(),
        settings: Some(organizations::OrganizationUserManagementSettings { max_allowed_users: Some(limit) }),
    };
    api.call::<organization_service::UpsertUserManagementSettings>(request).await.unwrap();
    api.told().await;
}

fn role_names(user: &pb::User, organization: &str) -> Vec<String> {
    let member = user.memberships.iter().find(|member| member.organization_id == organization).unwrap();
    member.roles.iter().map(|role| role.name.clone()).collect()
}

async fn told_names(api: &Api) -> Vec<String> {
    api.told().await.into_iter().map(|event| event.name).collect()
}

const UPDATED: &str = "user.organization_membership_updated";
const DELETED: &str = "user.organization_membership_deleted";

api_tests! {
    async fn a_user_joins_a_second_organization(t: Server) {
        let api = t.api().await;
        let (acme, other) = (organization(&api, "Acme").await, organization(&api, "Other").await);
        let user = api.member(&acme, "ann@acme.example").external_id("u 7").create().await;
        api.told().await;
        let joined = add(&api, &other, &user.id, &["admin", "member", "admin"]).await.unwrap();
        assert_eq!(joined.memberships.len(), 2);
        assert_eq!(joined.memberships[0], user.memberships[0]);
        assert_eq!(joined.memberships[1].organization_id, other);
        assert_eq!(joined.memberships[1].membership_status(), commons::MembershipStatus::Active);
        assert_eq!(role_names(&joined, &other), ["admin", "member"], "each once");
        assert_eq!(api.find_user(&user.id).await, Some(joined));
        assert_eq!(told_names(&api).await, ["user.organization_membership_created"]);

        let third = organization(&api, "Third").await;
        let path = format!("/api/v1/memberships/organizations/{third}/users:external/u%207");
        let answer = api.post(&format!("{path}?send_invitation_email=false"), json!({"metadata": {"seat": "12"}})).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(answer.json["user"]["memberships"][2]["metadata"], json!({"seat": "12"}));
        assert_eq!(answer.json["user"]["memberships"][2]["roles"][0]["name"], "member");
        let answer = api.patch(&path, json!({"roles": [{"name": "admin"}]})).await;
        assert_eq!(answer.json["user"]["memberships"][2]["roles"][0]["name"], "admin", "{}", answer.text);
        assert_eq!(answer.json["user"]["memberships"][2]["metadata"], json!({"seat": "12"}));
        let answer = api.delete(&path).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
        api.delete(&path).await.failure(404, 5);
    }

    async fn who_cannot_be_added_is_refused(t: Server) {
        let api = t.api().await;
        let (acme, other) = (organization(&api, "Acme").await, organization(&api, "Other").await);
        let user = api.member(&acme, "ann@acme.example").create().await;
        let invited = api.member(&acme, "bob@acme.example").invited().create().await;
        let before = api.people().await;
        for member in [&user.id, &invited.id] {
            let failure = add(&api, &acme, member, &[]).await.unwrap_err();
            assert_eq!(failure.code, Code::AlreadyExists, "{failure:?}");
        }
        assert_eq!(add(&api, &other, &user.id, &["nobody"]).await.unwrap_err().code, Code::NotFound);
        assert_eq!(add(&api, &other, "usr_123456789012345678", &[]).await.unwrap_err().code, Code::NotFound);
        assert_eq!(add(&api, "org_1", &user.id, &[]).await.unwrap_err().code, Code::NotFound);
        assert_eq!(add(&api, "usr_1", &user.id, &[]).await.unwrap_err().code, Code::InvalidArgument);
        assert_eq!(add(&api, &other, &user.id, &[""]).await.unwrap_err().code, Code::InvalidArgument);
        let request = pb::CreateMembershipRequest {
            organization_id: other.clone(), identities: Some(Created::Id(user.id.clone())), ..Default::default() };
        let failure = api.call::<rpc::CreateMembership>(request.clone()).await.unwrap_err();
        assert_eq!(failure.code, Code::InvalidArgument, "a membership is required");
        let request = pb::CreateMembershipRequest { identities: None,
            membership: Some(pb::CreateMembership::default()), ..request };
        assert_eq!(api.call::<rpc::CreateMembership>(request).await.unwrap_err().code, Code::InvalidArgument);
        assert_eq!(api.people().await, before);
    }

    async fn an_update_replaces_what_is_not_empty(t: Server) {
        let api = t.api().await;
        let acme = organization(&api, "Acme").await;
        let user = api.member(&acme, "ann@acme.example").role("admin").create().await;
        api.told().await;
        let metadata: std::collections::BTreeMap<_, _> = [("seat".to_owned(), "12".to_owned())].into();
        let update = pb::UpdateMembership { metadata: metadata.clone(), ..Default::default() };
        let changed = change(&api, &acme, &user.id, update.clone()).await.unwrap();
        assert_eq!((role_names(&changed, &acme), &changed.memberships[0].metadata), (vec!["admin".to_owned()], &metadata));
        let told = api.told().await;
        assert_eq!((told.len(), told[0].name.as_str()), (1, UPDATED));
        assert_eq!(told[0].data["membership"]["metadata"], json!({"seat": "12"}));

        let roles = pb::UpdateMembership { roles: named(&["member"]), ..Default::default() };
        let changed = change(&api, &acme, &user.id, roles.clone()).await.unwrap();
        assert_eq!((role_names(&changed, &acme), &changed.memberships[0].metadata), (vec!["member".to_owned()], &metadata));
        assert_eq!(changed.memberships[0].permissions.len(), 2);
        assert_eq!(api.told().await[0].data["membership"]["roles"], json!(["member"]));

        for same in [update, roles, pb::UpdateMembership::default()] {
            assert_eq!(change(&api, &acme, &user.id, same).await.unwrap(), changed);
        }
        assert!(api.told().await.is_empty(), "without a difference nothing is told");
        let before = api.people().await;
        let unknown = pb::UpdateMembership { roles: named(&["member", "nobody"]), metadata: [("other".into(), "x".into())].into() };
        assert_eq!(change(&api, &acme, &user.id, unknown).await.unwrap_err().code, Code::NotFound);
        let other = organization(&api, "Other").await;
        api.told().await;
        let update = pb::UpdateMembership { roles: named(&["admin"]), ..Default::default() };
        assert_eq!(change(&api, &other, &user.id, update.clone()).await.unwrap_err().code, Code::NotFound);
        assert_eq!(change(&api, "org_1", &user.id, update).await.unwrap_err().code, Code::NotFound);
        let after = api.people().await;
        assert_eq!((after.memberships, after.roles, after.users), (before.memberships, before.roles, before.users));
    }

    async fn removing_the_last_membership_keeps_the_account_unless_it_cascades(t: Server) {
        let api = t.api().await;
        let (acme, other) = (organization(&api, "Acme").await, organization(&api, "Other").await);
        let user = api.member(&acme, "ann@acme.example").create().await;
        add(&api, &other, &user.id, &[]).await.unwrap();
        api.told().await;
        remove(&api, &other, &user.id, Some(true)).await.unwrap();
        assert_eq!(api.find_user(&user.id).await.unwrap().memberships.len(), 1, "another membership is left");
        remove(&api, &acme, &user.id, None).await.unwrap();
        assert!(api.find_user(&user.id).await.unwrap().memberships.is_empty());
        assert_eq!(told_names(&api).await, [DELETED, DELETED]);
        assert_eq!(remove(&api, &acme, &user.id, None).await.unwrap_err().code, Code::NotFound);
        assert!(api.people().await.roles.is_empty());

        add(&api, &acme, &user.id, &[]).await.unwrap();
        remove(&api, &acme, &user.id, Some(true)).await.unwrap();
        assert_eq!(api.find_user(&user.id).await, None);
        assert_eq!(remove(&api, &acme, &user.id, Some(true)).await.unwrap_err().code, Code::NotFound);
    }

    async fn roles_are_given_and_taken_one_by_one(t: Server) {
        let api = t.api().await;
        let acme = organization(&api, "Acme").await;
        let user = api.member(&acme, "ann@acme.example").create().await;
        api.told().await;
        let path = format!("/api/v1/organizations/{acme}/users/{}", user.id);
        let listed = api.get(&format!("{path}/roles")).await.json;
        assert_eq!(listed["roles"].as_array().unwrap().len(), 1);
        assert_eq!(listed["roles"][0]["name"], "member");
        let before = api.get(&format!("{path}/permissions")).await.json;
        assert_eq!(before["permissions"].as_array().unwrap().len(), 2);
        assert_eq!(before["permissions"][0]["name"], "sk_org_settings_read");

        let answer = api.post(&format!("{path}/roles"), json!([{"role_name": "admin"}, {"role_name": "member"}])).await;
        let names: Vec<_> = answer.json["roles"].as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["admin", "member"], "{}", answer.text);
        assert_eq!(told_names(&api).await, [UPDATED]);
        assert_eq!(api.post(&format!("{path}/roles"), json!([{"role_name": "admin"}])).await.status, 200);
        assert!(api.told().await.is_empty());
        let after = api.get(&format!("{path}/permissions")).await.json;
        assert_eq!(after["permissions"].as_array().unwrap().len(), 12, "each once");

        assert_eq!(api.delete(&format!("{path}/roles/admin")).await.status, 200);
        assert_eq!(told_names(&api).await, [UPDATED]);
        api.delete(&format!("{path}/roles/admin")).await.failure(404, 5);
        api.delete(&format!("{path}/roles/nobody")).await.failure(404, 5);
        api.post(&format!("{path}/roles"), json!([{"role_name": "nobody"}])).await.failure(404, 5);
        api.post(&format!("{path}/roles"), json!([{"role_name": ""}])).await.failure(400, 3);
        api.post(&format!("{path}/roles"), json!([])).await.failure(400, 3);
        let role = answer.json["roles"][0]["id"].as_str().unwrap();
        assert_eq!(api.post(&format!("{path}/roles"), json!([{"id": role}])).await.json, answer.json, "older clients");
        let other = organization(&api, "Other").await;
        for part in ["roles", "permissions"] {
            api.get(&format!("/api/v1/organizations/{other}/users/{}/{part}", user.id)).await.failure(404, 5);
            api.get(&format!("/api/v1/organizations/{acme}/users/usr_1/{part}")).await.failure(404, 5);
            api.get(&format!("/api/v1/organizations/{acme}/users/org_1/{part}")).await.failure(400, 3);
        }
    }

    async fn the_limit_counts_active_members_and_open_invitations(t: Server) {
        let api = t.api().await;
        let acme = organization(&api, "Acme").await;
        set_limit(&api, &acme, 2).await;
        let ann = api.member(&acme, "ann@acme.example").create().await;
        api.member(&acme, "bob@acme.example").invited().create().await;
        let before = api.people().await;
        for new in [api.member(&acme, "c@acme.example"), api.member(&acme, "c@acme.example").invited()] {
            let failure = new.try_create().await.unwrap_err();
            assert_eq!(failure.code, Code::FailedPrecondition);
            assert!(failure.message.contains("limit of 2 users"), "{}", failure.message);
        }
        let other = organization(&api, "Other").await;
        let eve = api.member(&other, "eve@other.example").create().await;
        assert_eq!(add(&api, &acme, &eve.id, &[]).await.unwrap_err().code, Code::FailedPrecondition);
        assert_eq!(add(&api, &acme, &ann.id, &[]).await.unwrap_err().code, Code::AlreadyExists);
        assert_eq!(api.people().await.memberships.len(), before.memberships.len() + 1);
        remove(&api, &acme, &ann.id, None).await.unwrap();
        add(&api, &acme, &eve.id, &[]).await.unwrap();
        // Lowering it removes nobody, and 0 is none.
        set_limit(&api, &acme, 1).await;
        assert_eq!(add(&api, &acme, &ann.id, &[]).await.unwrap_err().code, Code::FailedPrecondition);
        set_limit(&api, &acme, 0).await;
        add(&api, &acme, &ann.id, &[]).await.unwrap();
    }

    async fn of_ten_who_take_the_last_three_places_three_win(t: Server) {
        let api = Arc::new(t.api().await);
        let acme = organization(&api, "Acme").await;
        set_limit(&api, &acme, 3).await;
        let tries = (0..10).map(|number| {
            let (api, acme) = (api.clone(), acme.clone());
            tokio::spawn(async move { api.member(&acme, &format!("u{number}@acme.example")).invited().try_create().await })
        });
        let results = futures_util::future::join_all(tries).await;
        let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().map(Result::unwrap).partition(Result::is_ok);
        assert_eq!(won.len(), 3);
        assert!(lost.into_iter().all(|result| result.unwrap_err().code == Code::FailedPrecondition));
        let people = api.people().await;
        assert_eq!((people.users.len(), people.memberships.len(), people.mails.len()), (3, 3, 3));
        assert_eq!(api.told().await.len(), 3);
    }

    async fn a_limit_that_is_set_while_some_are_about_to_join_holds_for_them(t: Server) {
        let api = Arc::new(t.api().await);
        let acme = organization(&api, "Acme").await;
        let mut tx = hold_for_a_while(&t, &api, &acme).await;
        let joins: Vec<_> = (0..3).map(|number| {
            let (api, acme) = (api.clone(), acme.clone());
            tokio::spawn(async move { api.member(&acme, &format!("u{number}@acme.example")).try_create().await })
        }).collect();
        until_waiting(&t, 3).await;
        sql!("UPDATE organizations SET max_allowed_users = 1 WHERE environment_id = $1 AND id = $2")
            .bind(api.environment).bind(acme.parse::<OrganizationId>().unwrap()).execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let results = futures_util::future::join_all(joins).await;
        let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().map(Result::unwrap).partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        assert!(lost.into_iter().all(|result| result.unwrap_err().code == Code::FailedPrecondition));
        assert_eq!(api.people().await.memberships.len(), 1);
    }

    async fn who_sets_a_limit_waits_for_those_who_are_joining(t: Server) {
        let api = Arc::new(t.api().await);
        let acme = organization(&api, "Acme").await;
        let id: OrganizationId = acme.parse().unwrap();
        // As somebody who is about to join and saw no limit.
        let mut tx = t.app.db.write().await.unwrap();
        let kept: i64 = by_dialect!(
            postgres: "SELECT id FROM organizations WHERE environment_id = $1 AND id = $2 FOR KEY SHARE",
            sqlite: "SELECT id FROM organizations WHERE environment_id = $1 AND id = $2",
        ).bind(api.environment).bind(id).one(&mut tx).await.unwrap();
        assert_eq!(kept, id.as_i64());
        let setter = { let (api, acme) = (api.clone(), acme.clone());
            tokio::spawn(async move { set_limit(&api, &acme, 1).await }) };
        until_waiting(&t, 1).await;
        assert!(!setter.is_finished());
        tx.commit().await.unwrap();
        setter.await.unwrap();

        // Many of both at once, none of which ever has to give up.
        let calls: Vec<_> = (0..24).map(|number| {
            let (api, acme) = (api.clone(), acme.clone());
            tokio::spawn(async move {
                if number % 3 == 0 {
                    set_limit(&api, &acme, [0, 5][number / 3 % 2]).await;
                    return Code::Ok;
                }
                let joined = api.member(&acme, &format!("u{number}@acme.example")).try_create().await;
                joined.err().map_or(Code::Ok, |failure| failure.code)
            })
        }).collect();
        let codes: Vec<_> = futures_util::future::join_all(calls).await.into_iter().map(Result::unwrap).collect();
        assert!(codes.iter().all(|code| [Code::Ok, Code::FailedPrecondition].contains(code)), "{codes:?}");
    }

    async fn who_named_no_role_gets_the_default_of_the_moment(t: Server) {
        let api = Arc::new(t.api().await);
        let acme = organization(&api, "Acme").await;
        let id: OrganizationId = acme.parse().unwrap();
        let role = id.as_i64() + 1;
        let mut tx = t.app.db.write().await.unwrap();
        sql!(
            "INSERT INTO roles (environment_id, id, scope, name, display_name, description, default_creator,
                default_member)
             SELECT environment_id, $2, 0, 'guest', 'Guest', '', FALSE, FALSE FROM organizations
             WHERE environment_id = $1 AND id = $3"
        ).bind(api.environment).bind(role).bind(id).execute(&mut tx).await.unwrap();
        sql!(
            "INSERT INTO organization_default_roles (environment_id, organization_id, member_role_id)
             VALUES ($1, $2, $3)"
        ).bind(api.environment).bind(id).bind(role).execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = hold_for_a_while(&t, &api, &acme).await;
        let join = { let (api, acme) = (api.clone(), acme.clone());
            tokio::spawn(async move { api.member(&acme, "ann@acme.example").try_create().await }) };
        until_waiting(&t, 1).await;
        sql!("DELETE FROM roles WHERE environment_id = $1 AND id = $2")
            .bind(api.environment).bind(role).execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let joined = join.await.unwrap().unwrap();
        assert_eq!(role_names(&joined, &acme), ["member"]);
    }

    async fn of_ten_who_add_one_user_one_wins(t: Server) {
        let api = Arc::new(t.api().await);
        let (acme, other) = (organization(&api, "Acme").await, organization(&api, "Other").await);
        let user = api.member(&acme, "ann@acme.example").create().await;
        api.told().await;
        let tries = (0..10).map(|_| {
            let (api, other, user) = (api.clone(), other.clone(), user.id.clone());
            tokio::spawn(async move { add(&api, &other, &user, &[]).await })
        });
        let results = futures_util::future::join_all(tries).await;
        let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().map(Result::unwrap).partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        assert!(lost.into_iter().all(|result| result.unwrap_err().code == Code::AlreadyExists));
        assert_eq!(api.told().await.len(), 1);
    }

    async fn roles_that_are_given_at_once_are_all_there(t: Server) {
        let api = Arc::new(t.api().await);
        let acme = organization(&api, "Acme").await;
        let user = api.member(&acme, "ann@acme.example").create().await;
        api.told().await;
        let tries = (0..10).map(|number| {
            let (api, path) = (api.clone(), format!("/api/v1/organizations/{acme}/users/{}/roles", user.id));
            let role = if number % 2 == 0 { "admin" } else { "member" };
            tokio::spawn(async move { api.post(&path, json!([{"role_name": role}])).await.status })
        });
        for status in futures_util::future::join_all(tries).await {
            assert_eq!(status.unwrap(), 200);
        }
        assert_eq!(role_names(&api.find_user(&user.id).await.unwrap(), &acme), ["admin", "member"]);
        assert_eq!(told_names(&api).await, [UPDATED], "one of them changed something");
    }

    async fn members_of_a_deleted_organization_go_at_once_and_users_with_nothing_else_follow(t: Server) {
        let api = t.api().await;
        let (acme, other) = (organization(&api, "Acme").await, organization(&api, "Other").await);
        let only = api.member(&acme, "ann@acme.example").create().await;
        let both = api.member(&acme, "bob@acme.example").create().await;
        add(&api, &other, &both.id, &[]).await.unwrap();
        let none = api.member(&other, "eve@other.example").create().await;
        remove(&api, &other, &none.id, None).await.unwrap();
        api.told().await;
        let answer = api.delete(&format!("/api/v1/organizations/{acme}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        // Before the job: nobody sees the membership any more, and it can be used for nothing.
        assert!(api.find_user(&only.id).await.unwrap().memberships.is_empty());
        assert_eq!(api.find_user(&both.id).await.unwrap().memberships.len(), 1);
        assert_eq!(remove(&api, &acme, &only.id, None).await.unwrap_err().code, Code::NotFound);
        assert_eq!(add(&api, &acme, &both.id, &[]).await.unwrap_err().code, Code::NotFound);
        assert_eq!(told_names(&api).await, ["organization.deleted"]);

        t.run_jobs().await;
        assert_eq!(api.find_user(&only.id).await, None);
        assert_eq!(api.find_user(&both.id).await.unwrap().memberships.len(), 1);
        assert!(api.find_user(&none.id).await.is_some(), "who had no membership before stays");
        let told = api.told().await;
        assert_eq!(told.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), [DELETED, DELETED]);
        assert_eq!(told[0].organization.unwrap().to_string(), acme);
        assert_eq!(told[0].data["organization"]["display_name"], "Acme");
        assert!(told[0].data["organization"].get("deleted_at").is_none());
        assert_eq!(told[0].data["user"]["id"], only.id);
        assert_eq!((told[0].actor_type.as_str(), told[1].data["user"]["id"].as_str()), ("MACHINE", Some(both.id.as_str())));
        assert_eq!(api.people().await.memberships.len(), 1);
        t.run_jobs().await;
        assert!(api.told().await.is_empty(), "nothing twice");
    }

    async fn whoever_joins_while_the_organization_goes_is_not_left_behind(t: Server) {
        let api = Arc::new(t.api().await);
        for round in 0..5 {
            let acme = organization(&api, "Acme").await;
            let path = format!("/api/v1/organizations/{acme}");
            let joins = (0..6).map(|number| {
                let (api, acme) = (api.clone(), acme.clone());
                tokio::spawn(async move { api.member(&acme, &format!("u{round}.{number}@acme.example")).try_create().await })
            });
            let joins: Vec<_> = joins.collect();
            let deletion = { let (api, path) = (api.clone(), path.clone()); tokio::spawn(async move { api.delete(&path).await.status }) };
            for join in joins {
                if let Err(failure) = join.await.unwrap() {
                    assert_eq!(failure.code, Code::NotFound, "{failure:?}");
                }
            }
            assert_eq!(deletion.await.unwrap(), 200);
            t.run_jobs().await;
            let people = api.people().await;
            assert_eq!((people.users.len(), people.memberships.len(), people.roles.len()), (0, 0, 0));
        }
    }

    async fn nobody_waits_while_a_large_organization_goes(t: Server) {
        let api = Arc::new(t.api().await);
        let (acme, other) = (organization(&api, "Acme").await, organization(&api, "Other").await);
        let members = 3_000;
        fill(&t, &api, &acme, members).await;
        let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let others = {
            let (api, other, done) = (api.clone(), other.clone(), done.clone());
            tokio::spawn(async move {
                let (mut slowest, mut number) = (Duration::ZERO, 0);
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let start = Instant::now();
                    api.member(&other, &format!("u{number}@other.example")).create().await;
                    slowest = slowest.max(start.elapsed());
                    number += 1;
                }
                (slowest, number)
            })
        };
        let start = Instant::now();
        assert_eq!(api.delete(&format!("/api/v1/organizations/{acme}")).await.status, 200);
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        t.run_jobs().await;
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        let (slowest, number) = others.await.unwrap();
        assert!(slowest < Duration::from_secs(1), "{slowest:?} of {number}");
        assert!(number > 0);
        let people = api.people().await;
        assert_eq!(people.users.len(), number);
        assert_eq!(people.events.iter().filter(|event| event.name == DELETED).count(), members);
    }
}

/// A transaction that whoever joins the organization waits for: it changes a key, which on PostgreSQL is the strongest
/// lock of the row.
async fn hold_for_a_while(t: &Server, api: &Api, organization: &str) -> Tx {
    let mut tx = t.app.db.write().await.unwrap();
    // On SQLite, which has one writer, the transaction alone is enough.
    let held: i64 = by_dialect!(
        postgres: "SELECT id FROM organizations WHERE environment_id = $1 AND id = $2 FOR UPDATE",
        sqlite: "SELECT id FROM organizations WHERE environment_id = $1 AND id = $2",
    )
    .bind(api.environment)
    .bind(organization.parse::<OrganizationId>().unwrap())
    .one(&mut tx)
    .await
    .unwrap();
    assert_eq!(held, organization.parse::<OrganizationId>().unwrap().as_i64());
    tx
}

/// Returns when so many requests wait for the transaction that the test holds. SQLite cannot tell: there, it is a moment
/// in which they get as far as that.
async fn until_waiting(t: &Server, requests: i64) {
    if t.app.db.kind() == DbKind::Sqlite {
        return tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let start = Instant::now();
    loop {
        let waiting: i64 = by_dialect!(
            postgres: "SELECT COUNT(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'",
            sqlite: "SELECT 0",
        )
        .one(&mut t.app.db.read())
        .await
        .unwrap();
        if waiting == requests {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(4), "{waiting} wait");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Many members by SQL: this is about how they go.
async fn fill(t: &Server, api: &Api, organization: &str, members: usize) {
    let first = api.member(organization, "u0@acme.example").create().await;
    let organization: OrganizationId = organization.parse().unwrap();
    let first: gatewright::ids::UserId = first.id.parse().unwrap();
    for number in 1..members {
        let id = first.as_i64() + i64::try_from(number).unwrap();
        let mut tx = t.app.db.write().await.unwrap();
        sql!(
            "INSERT INTO users (environment_id, id, email, email_key, profile_id, given_name, family_name, name, locale,
                phone_number, preferred_username, picture, gender, groups_json, profile_metadata, custom_attributes,
                metadata, email_verified, phone_number_verified, search_key, created_at, updated_at)
             SELECT environment_id, $3, $4, $4, $3, '', '', '', '', '', '', '', '', '[]', '{}', '{}', '{}',
                email_verified, phone_number_verified, '', created_at, updated_at
             FROM users WHERE environment_id = $1 AND id = $2"
        )
        .bind(api.environment)
        .bind(first)
        .bind(id)
        .bind(format!("u{number}@acme.example"))
        .execute(&mut tx)
        .await
        .unwrap();
        sql!(
            "INSERT INTO memberships (environment_id, organization_id, user_id, status, metadata, provisioning_method,
                created_at, resent_count)
             VALUES ($1, $2, $3, 'ACTIVE', '{}', 'direct_provision', 0, 0)"
        )
        .bind(api.environment)
        .bind(organization)
        .bind(id)
        .execute(&mut tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }
}
