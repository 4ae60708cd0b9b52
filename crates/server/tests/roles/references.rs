//! How many roles a request may name.
use crate::{create, refused};
use gatewright_api::{
    rpc::user_service as rpc,
    scalekit::v1::{commons, users as pb},
};
use gatewright_testkit::{Api, Failure, api_tests};
use pb::update_membership_request::Identities;
use tonic::Code;

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("r{number}")).collect()
}

async fn replace(api: &Api, organization: &str, user: &str, roles: &[String]) -> Result<pb::User, Failure> {
    let role = |name: &String| commons::Role { name: name.clone(), ..Default::default() };
    let roles = roles.iter().map(role).collect();
    let request = pb::UpdateMembershipRequest {
        organization_id: organization.to_owned(),
        membership: Some(pb::UpdateMembership { roles, ..Default::default() }),
        identities: Some(Identities::Id(user.to_owned())),
    };
    Ok(api.call::<rpc::UpdateMembership>(request).await?.user.unwrap())
}

async fn assign(api: &Api, organization: &str, user: &str, roles: &[String]) -> Result<usize, Failure> {
    let role = |name: &String| pb::AssignRoleRequest { role_name: name.clone(), ..Default::default() };
    let request = pb::AssignUserRolesRequest {
        organization_id: organization.to_owned(),
        user_id: user.to_owned(),
        roles: roles.iter().map(role).collect(),
    };
    Ok(api.call::<rpc::AssignUserRoles>(request).await?.roles.len())
}

api_tests! {
    async fn a_hundred_roles_are_named_in_one_request(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await.id;
        let user = api.member(&acme, "ann@acme.example").create().await.id;
        let all = numbered(101);
        for name in all.iter().take(100) {
            create(&api, name, None, &[]).await.unwrap();
        }
        let changed = replace(&api, &acme, &user, &all[..100]).await.unwrap();
        assert_eq!(changed.memberships[0].roles.len(), 100);
        api.told().await;

        let before = api.people().await;
        // None of them is looked up: the unknown one would be NOT_FOUND.
        for failure in [
            refused(replace(&api, &acme, &user, &all).await, Code::InvalidArgument, "at most 100 items"),
            refused(assign(&api, &acme, &user, &all).await, Code::InvalidArgument, "at most 100 items"),
        ] {
            assert_eq!(failure.violations(), [("roles", "repeated.max_items")]);
        }
        refused(assign(&api, &acme, &user, &all[1..]).await, Code::NotFound, "r100");
        assert_eq!(api.people().await, before);
        assert!(api.told().await.is_empty());
    }

    async fn a_role_that_is_named_again_does_not_count(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await.id;
        let user = api.member(&acme, "ann@acme.example").create().await.id;
        let pair = ["admin".to_owned(), "member".to_owned()];
        let often = pair.iter().cycle().take(202).cloned().collect::<Vec<_>>();
        let changed = replace(&api, &acme, &user, &often).await.unwrap();
        assert_eq!(changed.memberships[0].roles.len(), 2);
        assert_eq!(assign(&api, &acme, &user, &often).await.unwrap(), 2);
    }
}
