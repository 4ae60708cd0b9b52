//! Users through the API: create, get, update, delete, list and search, over gRPC and over REST.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "what goes wrong in a test shall stop it")]

use gatewright_api::{
    rpc::user_service as rpc,
    scalekit::v1::{commons, users as pb},
};
use gatewright_testkit::{Api, Failure, api_tests};
use pb::{
    delete_user_request::Identities as Deleted, get_user_request::Identities as Got,
    update_user_request::Identities as Updated,
};
use serde_json::json;
use std::sync::Arc;
use tonic::Code;

async fn acme(api: &Api) -> String {
    let id = api.organization("Acme").create().await.id;
    api.told().await;
    id
}

async fn update(api: &Api, id: &str, user: pb::UpdateUser) -> Result<pb::User, Failure> {
    let request = pb::UpdateUserRequest { identities: Some(Updated::Id(id.to_owned())), user: Some(user) };
    Ok(api.call::<rpc::UpdateUser>(request).await?.user.unwrap())
}

async fn delete(api: &Api, identity: Deleted) -> Result<(), Failure> {
    api.call::<rpc::DeleteUser>(pb::DeleteUserRequest { identities: Some(identity) }).await
}

fn profile(user: &pb::User) -> &commons::UserProfile {
    user.user_profile.as_ref().unwrap()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

api_tests! {
    async fn an_email_is_enough_to_create(t: Server) {
        let api = t.api().await;
        let acme = acme(&api).await;
        let user = api.member(&acme, "Ann.Lee@Acme.example").create().await;
        assert!(user.id.starts_with("usr_") && (19..=25).contains(&user.id.len()), "{}", user.id);
        assert!(profile(&user).id.starts_with("usp_"));
        assert_eq!(user.environment_id, api.environment.to_string());
        assert_eq!(user.email, "Ann.Lee@Acme.example", "as it was typed");
        assert_eq!((user.external_id.as_deref(), user.last_login_time), (None, None));
        assert_eq!(user.create_time, user.update_time);
        assert!(profile(&user).email_verified, "the application vouches for it");
        assert_eq!(user.memberships.len(), 1);
        let member = &user.memberships[0];
        assert_eq!(member.organization_id, acme);
        assert_eq!(member.membership_status(), commons::MembershipStatus::Active);
        assert_eq!(member.provisioning_method.as_deref(), Some("direct_provision"));
        assert_eq!((member.display_name.as_deref(), member.name.as_deref()), (Some("Acme"), Some("Acme")));
        assert!(member.join_time.is_some() && member.expires_at.is_none() && member.created_at.is_none());
        assert_eq!(member.roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>(), ["member"]);
        assert_eq!(member.permissions, ["sk_org_settings_read", "sk_org_users_read"]);
        assert_eq!(api.find_user(&user.id).await, Some(user.clone()));
        assert!(api.people().await.mails.is_empty());

        let told = api.told().await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((told[0].name.as_str(), told[0].object.as_str()),
            ("user.organization_membership_created", "OrgMembership"));
        assert_eq!(told[0].organization.unwrap().to_string(), acme);
        assert_eq!(told[0].data["organization"]["id"], acme);
        assert_eq!(told[0].data["user"]["id"], user.id);
        assert_eq!(told[0].data["user"]["email"], "Ann.Lee@Acme.example");
        assert_eq!(told[0].data["user"]["external_id"], "");
        assert_eq!(told[0].data["user"]["user_profile"]["groups"], json!(null));
        assert_eq!(told[0].data["membership"]["roles"], json!(["member"]));
    }

    async fn everything_that_is_created_comes_back_over_rest(t: Server) {
        let api = t.api().await;
        let acme = acme(&api).await;
        let body = json!({
            "email": "nora@acme.example", "externalId": "u 7/7", "metadata": {"department": "Sales"},
            "userProfile": {"firstName": "Nora", "lastName": "Lind", "locale": "nb-NO",
                "phone_number": "+47 22 33 44 55", "preferred_username": "nora", "gender": "female",
                "picture": "https://cdn.example/n.png", "groups": ["sales", "oslo"],
                "metadata": {"idp": "okta"}, "customAttributes": {"badge": "42"}},
            "membership": {"roles": [{"name": "admin"}], "metadata": {"seat": "window"},
                "inviter_email": "boss@acme.example"}});
        let path = format!("/api/v1/organizations/{acme}/users?send_invitation_email=false");
        let answer = api.post(&path, body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let user = &answer.json["user"];
        assert_eq!(user["email"], "nora@acme.example");
        assert_eq!(user["external_id"], "u 7/7");
        assert_eq!(user["metadata"], json!({"department": "Sales"}));
        let profile = &user["user_profile"];
        let expected = json!({"id": profile["id"], "given_name": "Nora", "family_name": "Lind", "first_name": "Nora",
            "last_name": "Lind", "name": "Nora Lind", "locale": "nb-NO", "email_verified": true,
            "phone_number": "+47 22 33 44 55", "phone_number_verified": false, "preferred_username": "nora",
            "picture": "https://cdn.example/n.png", "gender": "female", "groups": ["sales", "oslo"],
            "metadata": {"idp": "okta"}, "custom_attributes": {"badge": "42"}, "external_identities": []});
        assert_eq!(profile, &expected);
        let member = &user["memberships"][0];
        assert_eq!(member["membership_status"], "ACTIVE");
        assert_eq!(member["metadata"], json!({"seat": "window"}));
        assert_eq!(member["inviter_email"], "boss@acme.example");
        assert_eq!(member["roles"][0]["name"], "admin");
        assert!(member["permissions"].as_array().unwrap().len() >= 12, "{member}");
        assert!(member.get("expires_at").is_none());
        let id = user["id"].as_str().unwrap();
        assert_eq!(api.get(&format!("/api/v1/users/{id}")).await.json, answer.json);
        assert_eq!(api.get("/api/v1/users:external/u%207%2F7").await.json, answer.json);
    }

    async fn a_taken_email_or_external_id_is_refused_in_any_case(t: Server) {
        let api = t.api().await;
        let acme = acme(&api).await;
        let other = api.organization("Other").create().await.id;
        api.member(&acme, "ann@acme.example").external_id("u-7").create().await;
        let bob = api.member(&acme, "bob@acme.example").external_id("u-8").create().await;
        let before = api.people().await;
        for organization in [&acme, &other] {
            let failure = api.member(organization, "ANN@ACME.EXAMPLE").try_create().await.unwrap_err();
            assert_eq!(failure.code, Code::AlreadyExists);
            assert!(failure.message.starts_with("email:"), "{}", failure.message);
        }
        let failure = api.member(&acme, "c@acme.example").external_id("u-7").try_create().await.unwrap_err();
        assert_eq!(failure.code, Code::AlreadyExists);
        assert!(failure.message.starts_with("external_id:"), "{}", failure.message);
        let change = pb::UpdateUser { external_id: some("u-7"), ..Default::default() };
        assert_eq!(update(&api, &bob.id, change).await.unwrap_err().code, Code::AlreadyExists);
        assert_eq!(api.people().await, before);
    }

    async fn bad_values_are_refused_and_named(t: Server) {
        let api = t.api().await;
        let acme = acme(&api).await;
        let before = api.people().await;
        let path = format!("/api/v1/organizations/{acme}/users");
        let long = "x".repeat(257);
        let pairs: std::collections::BTreeMap<String, &str> = (0..21).map(|n| (format!("key{n}"), "v")).collect();
        for (field, body) in [
            ("user.email", json!({"email": ""})),
            ("user.email", json!({"email": "ann"})),
            ("user.email", json!({"email": "ann@acme"})),
            ("user.email", json!({"email": "ann@acme.example\r\nBcc: x@y.example"})),
            ("user.email", json!({"email": "a..b@acme.example"})),
            ("user.email", json!({"email": "ann@1.2.3.4"})),
            ("user.email", json!({"email": "\u{200b}ann@acme.example"})),
            ("user.email", json!({"email": format!("{}@acme.example", "a".repeat(65))})),
            ("user.external_id", json!({"email": "a@b.example", "external_id": "x".repeat(511)})),
            ("user.external_id", json!({"email": "a@b.example", "external_id": "a\nb"})),
            ("user.metadata", json!({"email": "a@b.example", "metadata": {"ab": "v"}})),
            ("user.metadata", json!({"email": "a@b.example", "metadata": {"abc": long}})),
            ("user.metadata", json!({"email": "a@b.example", "metadata": {"abc": ""}})),
            ("user.metadata", json!({"email": "a@b.example", "metadata": pairs})),
            ("user.user_profile.given_name", json!({"email": "a@b.example", "user_profile": {"given_name": "x".repeat(256)}})),
            ("user.user_profile.first_name", json!({"email": "a@b.example", "user_profile": {"first_name": "x".repeat(201)}})),
            ("user.user_profile.family_name", json!({"email": "a@b.example", "user_profile": {"family_name": "\u{202e}evil"}})),
            ("user.user_profile.locale", json!({"email": "a@b.example", "user_profile": {"locale": "not a tag"}})),
            ("user.user_profile.phone_number", json!({"email": "a@b.example", "user_profile": {"phone_number": "call me"}})),
            ("user.user_profile.picture", json!({"email": "a@b.example", "user_profile": {"picture": "javascript:alert(1)"}})),
            ("user.user_profile.picture", json!({"email": "a@b.example", "user_profile": {"picture": "x".repeat(2049)}})),
            ("user.user_profile.groups", json!({"email": "a@b.example", "user_profile": {"groups": ["a", "a"]}})),
            ("user.user_profile.groups", json!({"email": "a@b.example", "user_profile": {"groups": vec!["g"; 51]}})),
            ("user.user_profile.custom_attributes", json!({"email": "a@b.example", "user_profile": {"custom_attributes": {"x": "y"}}})),
            ("user.membership.inviter_email", json!({"email": "a@b.example", "membership": {"inviter_email": "a@b"}})),
            ("user.membership.inviter_email", json!({"email": "a@b.example", "membership": {"inviter_email": "a@localhost"}})),
            ("user.membership.roles[0]", json!({"email": "a@b.example", "membership": {"roles": [{}]}})),
            ("user.membership.roles[0].id", json!({"email": "a@b.example", "membership": {"roles": [{"id": "perm_1"}]}})),
        ] {
            let answer = api.post(&path, body.clone()).await;
            let text = answer.failure(400, 3);
            assert!(text.starts_with(field), "{body}: {text}");
        }
        api.post(&path, json!({"email": "a@b.example", "membership": {"roles": [{"name": "nobody"}]}})).await.failure(404, 5);
        api.post("/api/v1/organizations/org_1/users", json!({"email": "a@b.example"})).await.failure(404, 5);
        api.post("/api/v1/organizations/usr_1/users", json!({"email": "a@b.example"})).await.failure(400, 3);
        assert_eq!(api.people().await, before);
    }

    async fn an_update_changes_what_is_present(t: Server) {
        let api = t.api().await;
        let acme = acme(&api).await;
        let made = api.member(&acme, "nora@acme.example").external_id("u-7").create().await;
        api.told().await;
        let new = pb::UpdateUserProfile {
            given_name: some("Nora"),
            family_name: some("Lind"),
            groups: vec!["sales".into()],
            custom_attributes: [("badge".into(), "42".into())].into(),
            ..Default::default()
        };
        let metadata = [("department".to_owned(), "Sales".to_owned())].into();
        let user = pb::UpdateUser { external_id: some("u-9"), user_profile: Some(new), metadata };
        let updated = update(&api, &made.id, user).await.unwrap();
        assert_eq!(profile(&updated).name, "Nora Lind");
        assert_eq!((updated.external_id.as_deref(), updated.email.as_str()), (Some("u-9"), "nora@acme.example"));
        assert_ne!(updated.update_time, made.update_time);
        assert_eq!((updated.create_time, &updated.memberships), (made.create_time, &made.memberships));
        assert_eq!(api.find_user(&made.id).await, Some(updated.clone()));

        #[expect(deprecated, reason = "older clients write it")]
        let new = pb::UpdateUserProfile { last_name: some("Berg"), name: some("N. Berg"), ..Default::default() };
        let user = pb::UpdateUser { user_profile: Some(new), ..Default::default() };
        let renamed = update(&api, &made.id, user).await.unwrap();
        assert_eq!((profile(&renamed).family_name.as_str(), profile(&renamed).name.as_str()), ("Berg", "N. Berg"));
        assert_eq!(profile(&renamed).groups, ["sales"], "an empty list says nothing");
        assert_eq!((&renamed.metadata, renamed.external_id.as_deref()), (&updated.metadata, Some("u-9")));

        let unchanged = update(&api, &made.id, pb::UpdateUser::default()).await.unwrap();
        assert_eq!(unchanged, renamed);
        let cleared = pb::UpdateUser { external_id: some(""), ..Default::default() };
        assert_eq!(update(&api, &made.id, cleared).await.unwrap().external_id, None);
        let rest = api.patch(&format!("/api/v1/users/{}", made.id),
            json!({"email": "evil@acme.example", "user_profile": {"email_verified": false, "gender": ""}})).await;
        assert_eq!(rest.status, 200, "{}", rest.text);
        assert_eq!(rest.json["user"]["email"], "nora@acme.example");
        assert_eq!(rest.json["user"]["user_profile"]["email_verified"], true);
        assert!(api.told().await.is_empty(), "the catalogue has no event for it");
    }

    async fn update_and_delete_by_external_id(t: Server) {
        let api = t.api().await;
        let acme = acme(&api).await;
        let made = api.member(&acme, "nora@acme.example").external_id("u-7").create().await;
        let answer = api.patch("/api/v1/users:external/u-7", json!({"metadata": {"title": "Boss"}})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json["user"]["id"], made.id);
        api.told().await;
        delete(&api, Deleted::ExternalId("u-7".into())).await.unwrap();
        assert_eq!(api.told().await[0].name, "user.organization_membership_deleted");
        assert_eq!(delete(&api, Deleted::ExternalId("u-7".into())).await.unwrap_err().code, Code::NotFound);
        api.get("/api/v1/users:external/u-7").await.failure(404, 5);
        api.patch("/api/v1/users:external/u-7", json!({"metadata": {"title": "Boss"}})).await.failure(404, 5);
        // E-mail and external id are free again.
        let again = api.member(&acme, "nora@acme.example").external_id("u-7").create().await;
        assert_ne!(again.id, made.id);
    }

    async fn deleting_a_user_takes_all_memberships_and_tells_of_each(t: Server) {
        let api = t.api().await;
        let (acme, other) = (acme(&api).await, api.organization("Other").create().await.id);
        let user = api.member(&acme, "ann@acme.example").create().await;
        let kept = api.member(&acme, "bob@acme.example").create().await;
        let request = pb::CreateMembershipRequest {
            organization_id: other.clone(),
            membership: Some(pb::CreateMembership::default()),
            send_invitation_email: Some(true),
            identities: Some(pb::create_membership_request::Identities::Id(user.id.clone())),
        };
        api.call::<rpc::CreateMembership>(request).await.unwrap();
        api.told().await;
        let answer = api.delete(&format!("/api/v1/users/{}", user.id)).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
        let told = api.told().await;
        assert_eq!(told.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(),
            ["user.organization_membership_deleted"; 2]);
        let organizations: Vec<_> = told.iter().map(|event| event.organization.unwrap().to_string()).collect();
        assert_eq!(organizations, [acme, other]);
        let people = api.people().await;
        assert_eq!(people.users, [kept]);
        assert_eq!((people.memberships.len(), people.roles.len()), (1, 1));
        assert_eq!(api.find_user(&user.id).await, None);
        api.delete(&format!("/api/v1/users/{}", user.id)).await.failure(404, 5);
        assert!(api.told().await.is_empty());
    }

    async fn a_user_who_goes_before_the_members_of_a_deleted_organization_is_told_of_once(t: Server) {
        let api = t.api().await;
        let (acme, other) = (acme(&api).await, api.organization("Other").create().await.id);
        let user = api.member(&acme, "ann@acme.example").create().await;
        let last = api.member(&acme, "bob@acme.example").create().await;
        let request = pb::CreateMembershipRequest {
            organization_id: other.clone(),
            membership: Some(pb::CreateMembership::default()),
            send_invitation_email: Some(false),
            identities: Some(pb::create_membership_request::Identities::Id(user.id.clone())),
        };
        api.call::<rpc::CreateMembership>(request).await.unwrap();
        assert_eq!(api.delete(&format!("/api/v1/organizations/{acme}")).await.status, 200);
        api.told().await;

        delete(&api, Deleted::Id(user.id.clone())).await.unwrap();
        let told = api.told().await;
        assert_eq!(told.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(),
            ["user.organization_membership_deleted"; 2]);
        let organizations: Vec<_> = told.iter().map(|event| event.organization.unwrap().to_string()).collect();
        assert_eq!(organizations, [acme.as_str(), other.as_str()]);
        assert!(told.iter().all(|event| event.data["user"]["id"] == user.id), "{told:?}");
        let by_user = told[0].data["organization"].clone();
        assert_eq!((&by_user["id"], &by_user["display_name"]), (&json!(acme), &json!("Acme")));
        assert!(by_user.get("deleted_at").is_none());

        t.run_jobs().await;
        let told = api.told().await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].name, "user.organization_membership_deleted");
        assert_eq!((&told[0].data["user"]["id"], &told[0].data["organization"]), (&json!(last.id), &by_user));
        let people = api.people().await;
        assert_eq!((people.users.len(), people.memberships.len(), people.roles.len()), (0, 0, 0));
    }

    async fn lists_are_paged_newest_first_both_ways(t: Server) {
        let api = t.api().await;
        let (acme, other) = (acme(&api).await, api.organization("Other").create().await.id);
        let mut made = Vec::new();
        for number in 0..5 {
            made.push(api.member(&acme, &format!("u{number}@acme.example")).create().await.id);
        }
        api.member(&other, "x@other.example").create().await;
        made.reverse();
        let ids = |users: &[pb::User]| users.iter().map(|user| user.id.clone()).collect::<Vec<_>>();
        let request = pb::ListOrganizationUsersRequest {
            organization_id: acme.clone(), page_size: 2, page_token: String::new() };
        let list = async |token: &str| {
            let request = pb::ListOrganizationUsersRequest { page_token: token.to_owned(), ..request.clone() };
            api.call::<rpc::ListOrganizationUsers>(request).await.unwrap()
        };
        let first = list("").await;
        assert_eq!((ids(&first.users), first.total_size), (made[..2].to_vec(), 5));
        assert_eq!(first.prev_page_token, "");
        let second = list(&first.next_page_token).await;
        assert_eq!(ids(&second.users), made[2..4]);
        let third = list(&second.next_page_token).await;
        assert_eq!((ids(&third.users), third.next_page_token.as_str()), (made[4..].to_vec(), ""));
        assert_eq!(ids(&list(&third.prev_page_token).await.users), made[2..4]);
        let users = api.call::<rpc::ListUsers>(pb::ListUsersRequest { page_size: 3, ..Default::default() }).await.unwrap();
        assert_eq!((users.users.len(), users.total_size), (3, 6));
        assert_eq!(users.users[0].email, "x@other.example");
        // A token belongs to its list and organization.
        for path in [
            format!("/api/v1/organizations/{acme}/users?page_token={}", users.next_page_token),
            format!("/api/v1/organizations/{other}/users?page_token={}", first.next_page_token),
            format!("/api/v1/users?page_token={}", first.next_page_token),
        ] {
            assert!(api.get(&path).await.failure(400, 3).starts_with("page_token"));
        }
        api.get(&format!("/api/v1/organizations/{acme}/users?page_size=101")).await.failure(400, 3);
        api.get("/api/v1/organizations/org_1/users").await.failure(404, 5);
        assert_eq!(api.get("/api/v1/users?page_size=1000").await.json["users"].as_array().unwrap().len(), 6);
    }

    async fn search_finds_parts_of_email_id_and_external_id(t: Server) {
        let api = t.api().await;
        let (acme, other) = (acme(&api).await, api.organization("Other").create().await.id);
        let ann = api.member(&acme, "Ann.Lee@acme.example").external_id("CRM_100%").create().await;
        let bob = api.member(&other, "bob@other.example").create().await;
        let search = async |query: &str| {
            let request = pb::SearchUsersRequest { query: query.to_owned(), ..Default::default() };
            let answer = api.call::<rpc::SearchUsers>(request).await.unwrap();
            assert_eq!(usize::try_from(answer.total_size).unwrap(), answer.users.len());
            answer.users.into_iter().map(|user| user.id).collect::<Vec<_>>()
        };
        assert_eq!(search("ann.LEE").await, [ann.id.as_str()]);
        assert_eq!(search("EXAMPLE").await, [bob.id.clone(), ann.id.clone()]);
        assert_eq!(search("crm_100%").await, [ann.id.as_str()]);
        assert_eq!(search(&ann.id[4..]).await, [ann.id.as_str()]);
        for nothing in ["%%%", "___", "a%e", "' OR 1=1 --", "\\\\\\"] {
            assert_eq!(search(nothing).await, Vec::<String>::new(), "{nothing}");
        }
        let path = format!("/api/v1/organizations/{acme}/users:search?query=");
        let answer = api.get(&format!("{path}example")).await;
        assert_eq!((&answer.json["total_size"], &answer.json["users"][0]["id"]), (&json!(1), &json!(ann.id)));
        api.get(&format!("{path}ab")).await.failure(400, 3);
        api.get(&format!("{path}abc&page_size=31")).await.failure(400, 3);
        api.get("/api/v1/organizations/org_1/users:search?query=abc").await.failure(404, 5);
        api.get("/api/v1/users:search?query=ab").await.failure(400, 3);
    }

    async fn ids_are_checked_by_kind_and_environment(t: Server) {
        let other = t.add_environment("other").await;
        let (api, there) = (t.api().await, t.api_in(&other).await);
        let acme = acme(&api).await;
        let theirs = there.organization("Theirs").create().await.id;
        let user = there.member(&theirs, "ann@acme.example").external_id("u-7").create().await;
        let before = there.people().await;
        for (method, path, body) in [
            ("GET", format!("/api/v1/users/{}", user.id), ""),
            ("GET", "/api/v1/users:external/u-7".to_owned(), ""),
            ("PATCH", format!("/api/v1/users/{}", user.id), r#"{"external_id": "x"}"#),
            ("DELETE", format!("/api/v1/users/{}", user.id), ""),
            ("DELETE", "/api/v1/users:external/u-7".to_owned(), ""),
            ("GET", format!("/api/v1/organizations/{theirs}/users"), ""),
            ("POST", format!("/api/v1/organizations/{theirs}/users"), r#"{"email": "b@acme.example"}"#),
            ("POST", format!("/api/v1/memberships/organizations/{acme}/users/{}", user.id), "{}"),
            ("PATCH", format!("/api/v1/memberships/organizations/{theirs}/users/{}", user.id), r#"{"roles": [{"name": "admin"}]}"#),
            ("DELETE", format!("/api/v1/memberships/organizations/{theirs}/users/{}", user.id), ""),
            ("PATCH", format!("/api/v1/invites/organizations/{theirs}/users/{}/resend", user.id), "{}"),
            ("GET", format!("/api/v1/organizations/{theirs}/users/{}/roles", user.id), ""),
            ("POST", format!("/api/v1/organizations/{theirs}/users/{}/roles", user.id), r#"[{"role_name": "admin"}]"#),
            ("DELETE", format!("/api/v1/organizations/{theirs}/users/{}/roles/member", user.id), ""),
            ("GET", format!("/api/v1/organizations/{theirs}/users/{}/permissions", user.id), ""),
        ] {
            let answer = api.send(method, &path, body).await;
            let text = answer.failure(404, 5);
            assert!(!text.contains("environment"), "{text}");
        }
        assert_eq!(there.people().await, before);
        assert!(api.users().await.is_empty());
        // The same e-mail and external id are free here.
        api.member(&acme, "ann@acme.example").external_id("u-7").create().await;
        for id in ["org_1", "usr_", "usr_01", "usr_x", "USR_123456789012345678", "usr_99999999999999999999"] {
            api.get(&format!("/api/v1/users/{id}")).await.failure(400, 3);
            api.delete(&format!("/api/v1/users/{id}")).await.failure(400, 3);
        }
        let request = pb::GetUserRequest { identities: None };
        assert_eq!(api.call::<rpc::GetUser>(request).await.unwrap_err().code, Code::InvalidArgument);
        let request = pb::GetUserRequest { identities: Some(Got::ExternalId("x".repeat(511))) };
        assert_eq!(api.call::<rpc::GetUser>(request).await.unwrap_err().code, Code::InvalidArgument);
    }

    async fn of_ten_creations_with_one_email_or_external_id_one_wins(t: Server) {
        let api = Arc::new(t.api().await);
        let acme = acme(&api).await;
        for round in 0..2 {
            let tries = (0..10).map(|number| {
                let (api, acme) = (api.clone(), acme.clone());
                tokio::spawn(async move {
                    let email = if round == 0 { "Ann@acme.example".to_owned() } else { format!("b{number}@acme.example") };
                    let new = api.member(&acme, &email).invited();
                    if round == 0 { new.try_create().await } else { new.external_id("u-7").try_create().await }
                })
            });
            let mut made = 0;
            for result in futures_util::future::join_all(tries).await {
                match result.unwrap() {
                    Ok(_) => made += 1,
                    Err(failure) => assert_eq!(failure.code, Code::AlreadyExists, "{failure:?}"),
                }
            }
            assert_eq!(made, 1);
            let people = api.people().await;
            assert_eq!((people.users.len(), people.memberships.len(), people.mails.len()), (round + 1, round + 1, round + 1));
            assert_eq!(api.told().await.len(), 1, "a refused one tells nothing");
        }
    }

    async fn of_ten_deletions_one_wins(t: Server) {
        let api = Arc::new(t.api().await);
        let acme = acme(&api).await;
        let user = api.member(&acme, "ann@acme.example").create().await;
        api.told().await;
        let tries = (0..10).map(|_| {
            let (api, id) = (api.clone(), user.id.clone());
            tokio::spawn(async move { delete(&api, Deleted::Id(id)).await })
        });
        let results = futures_util::future::join_all(tries).await;
        let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().map(Result::unwrap).partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        assert!(lost.into_iter().all(|result| result.unwrap_err().code == Code::NotFound));
        assert_eq!(api.told().await.len(), 1);
    }

    async fn a_machine_client_of_an_organization_may_not_see_users(t: Server) {
        let api = t.api().await;
        let acme = acme(&api).await;
        let user = api.member(&acme, "ann@acme.example").create().await;
        let new = gatewright::clients::NewOrganizationClient { name: "m".to_owned(), ..Default::default() };
        let (id, secret) = t.organization_client(&acme, new).await;
        let token = t.token_of(&id, &secret).await;
        for (method, path) in [
            ("GET", "/api/v1/users".to_owned()),
            ("GET", format!("/api/v1/users/{}", user.id)),
            ("GET", format!("/api/v1/organizations/{acme}/users")),
            ("DELETE", format!("/api/v1/users/{}", user.id)),
        ] {
            assert_eq!(t.rest(method, &path, "", &token).await.status, 403, "{method} {path}");
        }
        assert_eq!(api.users().await, [user]);
    }
}
