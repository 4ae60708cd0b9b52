//! *Users & Memberships* against the real server.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use gatewright_sdk::user::{MembershipStatus, UserProfileInput};
use gatewright_sdk::{ScalekitClient, ScalekitError, Users};
use gatewright_testkit::{Server, api_tests};

struct Client {
    client: ScalekitClient,
    acme: String,
}

impl Client {
    async fn new(t: &Server) -> Self {
        let client = ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap();
        let acme = client.organization().create_organization("Acme").await.unwrap().id;
        Self { client, acme }
    }
    fn users(&self) -> Users {
        self.client.user()
    }
    async fn organization(&self, name: &str) -> String {
        self.client.organization().create_organization(name).await.unwrap().id
    }
}

/// Every error of the server has a code and a request id.
fn checked(error: ScalekitError) -> ScalekitError {
    assert!(error.error_code().is_some_and(|code| !code.is_empty()), "{error:?}");
    assert!(error.request_id().is_some_and(|id| !id.is_empty()), "{error:?}");
    error
}

fn names(roles: &[gatewright_sdk::user::MembershipRole]) -> Vec<&str> {
    roles.iter().map(|role| role.name.as_str()).collect()
}

api_tests! {
    async fn a_user_lives_from_creation_to_deletion(t: Server) {
        let c = Client::new(&t).await;
        let profile = UserProfileInput::new()
            .given_name("John")
            .family_name("Doe")
            .locale("en-GB")
            .phone_number("+14155550123")
            .preferred_username("jd")
            .picture("https://cdn.test/j.png")
            .gender("male")
            .groups(["sales"])
            .metadata([("source", "crm")])
            .custom_attributes([("badge", "42")]);
        let john = c
            .users()
            .create_user_and_membership(&c.acme, "John.Doe@company.test")
            .external_id("employee_42")
            .user_profile(profile)
            .metadata([("department", "Engineering")])
            .roles(["admin"])
            .membership_metadata([("seat", "12")])
            .inviter_email("boss@company.test")
            .send_invitation_email(false)
            .await
            .unwrap();
        assert!(john.id.starts_with("usr_") && john.environment_id.starts_with("env_"));
        assert_eq!((john.email.as_str(), john.external_id.as_deref()), ("John.Doe@company.test", Some("employee_42")));
        assert_eq!(john.metadata["department"], "Engineering");
        let profile = john.user_profile.clone().unwrap();
        assert_eq!((profile.name.as_str(), profile.locale.as_str()), ("John Doe", "en-GB"));
        assert_eq!((profile.groups, profile.email_verified), (vec!["sales".to_owned()], true));
        assert_eq!((profile.custom_attributes["badge"].as_str(), profile.metadata["source"].as_str()), ("42", "crm"));
        let membership = john.membership(&c.acme).unwrap();
        assert_eq!(membership.membership_status, MembershipStatus::Active);
        assert_eq!(names(&membership.roles), ["admin"]);
        assert_eq!((membership.metadata["seat"].as_str(), membership.permissions.len()), ("12", 12));
        assert_eq!(membership.inviter_email.as_deref(), Some("boss@company.test"));
        assert!(membership.join_time.is_some() && membership.expires_at.is_none());

        assert_eq!(c.users().get_user(&john.id).await.unwrap(), john);
        assert_eq!(c.users().get_user_by_external_id("employee_42").await.unwrap(), john);
        c.users().delete_user(&john.id).await.unwrap();
        assert!(checked(c.users().get_user(&john.id).await.unwrap_err()).is_not_found());
        assert!(checked(c.users().delete_user(&john.id).await.unwrap_err()).is_not_found());

        c.users().create_user_and_membership(&c.acme, "b@company.test").external_id("b").await.unwrap();
        c.users().delete_user_by_external_id("b").await.unwrap();
        assert!(checked(c.users().get_user_by_external_id("b").await.unwrap_err()).is_not_found());
    }

    async fn a_user_is_updated_field_by_field(t: Server) {
        let c = Client::new(&t).await;
        let made = c.users().create_user_and_membership(&c.acme, "nora@company.test").external_id("n-1").await.unwrap();
        let profile = UserProfileInput::new().given_name("Nora").family_name("Lind");
        let updated = c.users().update_user(&made.id).user_profile(profile).metadata([("title", "Boss")]).await.unwrap();
        let profile = updated.user_profile.clone().unwrap();
        assert_eq!((profile.name.as_str(), updated.metadata["title"].as_str()), ("Nora Lind", "Boss"));
        assert_eq!(updated.external_id.as_deref(), Some("n-1"));
        assert_eq!(c.users().update_user(&made.id).await.unwrap(), updated, "nothing is set");
        let renamed = c.users().update_user_by_external_id("n-1").external_id("n-2").await.unwrap();
        assert_eq!(renamed.external_id.as_deref(), Some("n-2"));
        let cleared = c.users().update_user(&made.id).external_id("").await.unwrap();
        assert_eq!(cleared.external_id, None);
        let missing = c.users().update_user_by_external_id("n-2").metadata([("title", "x")]).await.unwrap_err();
        assert!(checked(missing).is_not_found());
    }

    async fn users_are_listed_and_searched(t: Server) {
        let c = Client::new(&t).await;
        let mut made = Vec::new();
        for number in 0..5 {
            let email = format!("u{number}@company.test");
            made.insert(0, c.users().create_user_and_membership(&c.acme, email).await.unwrap().id);
        }
        let other = c.organization("Other").await;
        c.users().create_user_and_membership(&other, "eve@other.test").await.unwrap();
        let page = c.users().list_organization_users(&c.acme).page_size(2).await.unwrap();
        assert_eq!((page.users.len(), page.total_size, page.prev_page_token.as_deref()), (2, 5, None));
        let next = c.users().list_organization_users(&c.acme).page_size(2).page_token(page.next_page_token.unwrap()).await.unwrap();
        assert_eq!(next.users[0].id, made[2]);
        let all = c.users().list_organization_users(&c.acme).page_size(2).stream().try_collect().await.unwrap();
        assert_eq!(all.into_iter().map(|user| user.id).collect::<Vec<_>>(), made);
        assert_eq!(c.users().list_users().await.unwrap().total_size, 6);
        let pages = c.users().list_users().page_size(4).pages().try_collect().await.unwrap();
        assert_eq!(pages.iter().map(|page| page.users.len()).collect::<Vec<_>>(), [4, 2]);
        assert_eq!(c.users().search_users("U3@COMPANY").await.unwrap().users[0].id, made[1]);
        assert_eq!(c.users().search_users(".test").stream().try_collect().await.unwrap().len(), 6);
        assert_eq!(c.users().search_organization_users(&other, ".test").page_size(1).await.unwrap().total_size, 1);
        assert!(checked(c.users().search_users("u3").await.unwrap_err()).is_bad_request());
        assert!(checked(c.users().list_organization_users("org_1").await.unwrap_err()).is_not_found());
        assert!(checked(c.users().search_organization_users("org_1", "abc").await.unwrap_err()).is_not_found());
    }

    async fn memberships_are_created_changed_and_deleted(t: Server) {
        let c = Client::new(&t).await;
        let user = c.users().create_user_and_membership(&c.acme, "a@company.test").external_id("a-1").await.unwrap();
        let (second, third) = (c.organization("Second").await, c.organization("Third").await);
        let joined = c
            .users()
            .create_membership(&second, &user.id)
            .roles(["admin"])
            .metadata([("seat", "1")])
            .send_invitation_email(false)
            .await
            .unwrap();
        assert_eq!(names(&joined.membership(&second).unwrap().roles), ["admin"]);
        let invited = c.users().create_membership_by_external_id(&third, "a-1").inviter_email("b@company.test").await.unwrap();
        let invited = invited.membership(&third).unwrap().clone();
        assert_eq!(invited.membership_status, MembershipStatus::PendingInvite);
        assert_eq!(invited.provisioning_method.as_deref(), Some("invitation"));
        assert!(checked(c.users().create_membership(&third, &user.id).await.unwrap_err()).is_conflict());

        let changed = c.users().update_membership(&second, &user.id).roles(["member"]).await.unwrap();
        let membership = changed.membership(&second).unwrap();
        assert_eq!((names(&membership.roles), membership.metadata["seat"].as_str()), (vec!["member"], "1"));
        let changed = c.users().update_membership_by_external_id(&second, "a-1").metadata([("seat", "2")]).await.unwrap();
        assert_eq!(changed.membership(&second).unwrap().metadata["seat"], "2");

        c.users().delete_membership(&second, &user.id).await.unwrap();
        assert!(checked(c.users().delete_membership(&second, &user.id).await.unwrap_err()).is_not_found());
        c.users().delete_membership_by_external_id(&third, "a-1").await.unwrap();
        c.users().delete_membership(&c.acme, &user.id).await.unwrap();
        assert!(c.users().get_user(&user.id).await.unwrap().memberships.is_empty(), "the account stays");
        c.users().create_membership(&second, &user.id).await.unwrap();
        c.users().delete_membership(&second, &user.id).cascade(true).await.unwrap();
        assert!(checked(c.users().get_user(&user.id).await.unwrap_err()).is_not_found());
    }

    async fn an_invitation_is_sent_and_sent_again(t: Server) {
        let c = Client::new(&t).await;
        let user = c.users().create_user_and_membership(&c.acme, "a@company.test").send_invitation_email(true).await.unwrap();
        let invite = c.users().resend_invite(&c.acme, &user.id).await.unwrap();
        assert_eq!((invite.organization_id.as_str(), invite.user_id.as_str()), (c.acme.as_str(), user.id.as_str()));
        assert_eq!((invite.status.as_str(), invite.resent_count), ("PENDING_INVITE", 1));
        assert_eq!(invite.expires_at, user.memberships[0].expires_at);
        assert!(invite.resent_at.is_some() && invite.created_at.is_some());
        t.run_jobs().await;
        assert_eq!(t.inbox().await.len(), 2);
        let other = c.organization("Other").await;
        assert!(checked(c.users().resend_invite(&other, &user.id).await.unwrap_err()).is_not_found());
    }

    async fn roles_and_permissions_of_a_member(t: Server) {
        let c = Client::new(&t).await;
        let user = c.users().create_user_and_membership(&c.acme, "a@company.test").await.unwrap();
        assert_eq!(names(&c.users().list_user_roles(&c.acme, &user.id).await.unwrap()), ["member"]);
        assert_eq!(names(&c.users().assign_user_roles(&c.acme, &user.id, ["admin"]).await.unwrap()), ["admin", "member"]);
        assert_eq!(c.users().list_user_permissions(&c.acme, &user.id).await.unwrap().len(), 12);
        c.users().remove_user_role(&c.acme, &user.id, "admin").await.unwrap();
        let permissions = c.users().list_user_permissions(&c.acme, &user.id).await.unwrap();
        assert_eq!(permissions.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["sk_org_settings_read", "sk_org_users_read"]);
        assert!(checked(c.users().remove_user_role(&c.acme, &user.id, "admin").await.unwrap_err()).is_not_found());
        assert!(checked(c.users().assign_user_roles(&c.acme, &user.id, ["nobody"]).await.unwrap_err()).is_not_found());
    }

    async fn bad_input_of_users_names_its_field(t: Server) {
        let c = Client::new(&t).await;
        let error = checked(c.users().create_user_and_membership(&c.acme, "not an address").await.unwrap_err());
        assert!(error.is_bad_request());
        assert_eq!(error.field_violations()[0].field, "user.email");
        c.users().create_user_and_membership(&c.acme, "a@company.test").external_id("a-1").await.unwrap();
        assert!(checked(c.users().create_user_and_membership(&c.acme, "A@company.test").await.unwrap_err()).is_conflict());
        let taken = c.users().create_user_and_membership(&c.acme, "b@company.test").external_id("a-1").await;
        assert!(checked(taken.unwrap_err()).is_conflict());
        assert!(checked(c.users().create_user_and_membership("org_1", "b@company.test").await.unwrap_err()).is_not_found());
        assert!(checked(c.users().get_user("org_1").await.unwrap_err()).is_bad_request());
    }

    async fn twenty_creations_with_one_email_make_one(t: Server) {
        let c = Client::new(&t).await;
        let tries = (0..20).map(|_| c.users().create_user_and_membership(&c.acme, "a@company.test").into_future());
        let outcomes = futures_util::future::join_all(tries).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for error in outcomes.into_iter().filter_map(Result::err) {
            assert!(checked(error).is_conflict());
        }
        assert_eq!(c.users().list_users().await.unwrap().total_size, 1);
    }
}
