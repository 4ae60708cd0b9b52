//! Changes of roles and permissions at once, on one node and on two.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright::{
    error::Kind,
    ids::{OrganizationId, RoleId, UserId},
    roles::{self, RoleRef},
    sql,
};
use gatewright_api::{rpc::roles_service as rpc, scalekit::v1::roles as pb};
use gatewright_testkit::{Api, Database, Failure, Server, api_tests};
use std::{collections::HashMap, sync::Arc};
use tonic::Code;

const TRIES: usize = 10;

/// Runs all at once: none of them starts before every one is ready.
async fn at_once<T: Send + 'static>(
    calls: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let calls: Vec<_> = calls.into_iter().collect();
    let barrier = Arc::new(tokio::sync::Barrier::new(calls.len()));
    let tasks: Vec<_> = calls
        .into_iter()
        .map(|call| {
            let barrier = barrier.clone();
            tokio::spawn(async move {
                barrier.wait().await;
                call.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

async fn create(api: Arc<Api>, name: String) -> Result<String, Failure> {
    let role = pb::CreateRole { display_name: name.clone(), name, ..Default::default() };
    let answer = api.call::<rpc::CreateRole>(pb::CreateRoleRequest { role: Some(role) }).await?;
    Ok(answer.role.unwrap().id)
}

async fn create_in(api: Arc<Api>, org_id: String, name: String) -> Result<String, Failure> {
    let role = pb::CreateOrganizationRole { display_name: name.clone(), name, ..Default::default() };
    let request = pb::CreateOrganizationRoleRequest { org_id, role: Some(role) };
    Ok(api.call::<rpc::CreateOrganizationRole>(request).await?.role.unwrap().id)
}

async fn extend(api: Arc<Api>, name: String, base: String) -> Result<(), Failure> {
    let role = Some(pb::UpdateRole { extends: Some(base), ..Default::default() });
    api.call::<rpc::UpdateRole>(pb::UpdateRoleRequest { role_name: name, role }).await.map(|_| ())
}

async fn delete(api: Arc<Api>, name: String) -> Result<(), Failure> {
    api.call::<rpc::DeleteRole>(pb::DeleteRoleRequest { role_name: name, ..Default::default() }).await
}

async fn bases(api: &Api) -> HashMap<String, Option<String>> {
    let roles = api.call::<rpc::ListRoles>(pb::ListRolesRequest::default()).await.unwrap().roles;
    roles.into_iter().map(|role| (role.name, role.extends)).collect()
}

fn count_ok<T>(results: &[Result<T, Failure>]) -> usize {
    results.iter().filter(|result| result.is_ok()).count()
}

fn assert_others<T: std::fmt::Debug>(results: &[Result<T, Failure>], code: Code) {
    for failure in results.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(failure.code, code, "{results:?}");
    }
}

/// Of ten creations of one name, in the environment and in one organization alike, one wins.
async fn one_name(apis: &[Arc<Api>]) {
    let api = |number: usize| apis[number % apis.len()].clone();
    let acme = apis[0].organization("Acme").create().await.id;
    for round in 0..3 {
        apis[0].told().await;
        let results = at_once((0..TRIES).map(|number| create(api(number), format!("e{round}")))).await;
        assert_eq!(count_ok(&results), 1, "{results:?}");
        assert_others(&results, Code::AlreadyExists);
        let results =
            at_once((0..TRIES).map(|number| create_in(api(number), acme.clone(), format!("o{round}")))).await;
        assert_eq!(count_ok(&results), 1, "{results:?}");
        assert_others(&results, Code::AlreadyExists);
        // Half in the environment, half in the organization: they share the name.
        let results =
            at_once((0..TRIES).map(|number| {
                let (api, acme, name) = (api(number), acme.clone(), format!("b{round}"));
                async move {
                    if number % 4 < 2 { create(api, name).await } else { create_in(api, acme, name).await }
                }
            }))
            .await;
        assert_eq!(count_ok(&results), 1, "{results:?}");
        assert_others(&results, Code::AlreadyExists);
        assert_eq!(apis[0].told().await.len(), 3);
    }
}

/// Changes that would together close a cycle: all but one can be, and none inherits from itself at the end.
async fn cycles(apis: &[Arc<Api>]) {
    let api = |number: usize| apis[number % apis.len()].clone();
    for round in 0..5 {
        let name = |number: usize| format!("loop{round}_{}", number % 3);
        for number in 0..3 {
            create(api(0), name(number)).await.unwrap();
        }
        let results = at_once((0..3).map(|number| extend(api(number), name(number), name(number + 1)))).await;
        assert_eq!(count_ok(&results), 2, "{results:?}");
        assert_others(&results, Code::InvalidArgument);
        let bases = bases(&apis[0]).await;
        for number in 0..3 {
            let (mut at, mut steps) = (name(number), 0);
            while let Some(base) = bases[&at].clone() {
                (at, steps) = (base, steps + 1);
                assert!(steps < 3, "{bases:?}");
            }
        }
    }
}

/// Two halves of a chain that would be too long together.
async fn depth(apis: &[Arc<Api>]) {
    let api = |number: usize| apis[number % apis.len()].clone();
    for round in 0..3 {
        let name = |chain: &str, number: usize| format!("{chain}{round}_{number}");
        for (chain, length) in [("a", 4), ("b", 4), ("c", 4)] {
            for number in 0..length {
                create(api(0), name(chain, number)).await.unwrap();
                if number > 0 {
                    extend(api(0), name(chain, number), name(chain, number - 1)).await.unwrap();
                }
            }
        }
        let results =
            at_once([extend(api(0), name("b", 0), name("a", 3)), extend(api(1), name("c", 0), name("b", 3))])
                .await;
        assert_eq!(count_ok(&results), 1, "{results:?}");
        assert_others(&results, Code::InvalidArgument);
    }
}

/// A membership row, as the users slice writes it.
async fn assign(
    t: &Server,
    env: gatewright::ids::EnvironmentId,
    organization: OrganizationId,
    user: i64,
    role: RoleId,
) -> bool {
    let mut tx = t.app.db.write().await.unwrap();
    let added = sql!(
        "INSERT INTO membership_roles (environment_id, organization_id, user_id, role_id) VALUES ($1, $2, $3, $4)"
    )
    .bind(env)
    .bind(organization)
    .bind(user)
    .bind(role)
    .execute(&mut tx)
    .await;
    match added {
        Ok(_) => {
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
            tx.commit().await.unwrap();
            true
        }
        Err(_) => false,
    }
}

async fn add_user(t: &Server, api: &Api, organization: OrganizationId, user: i64) {
    let mut tx = t.app.db.write().await.unwrap();
    sql!(
        "INSERT INTO users (environment_id, id, email, email_key, profile_id, given_name, family_name, name, locale,
           phone_number, preferred_username, picture, gender, groups_json, profile_metadata, custom_attributes,
           metadata, email_verified, phone_number_verified, search_key, created_at, updated_at)
         VALUES ($1, $2, $3, $3, $2, '', '', '', '', '', '', '', '', '[]', '{}', '{}', '{}', $4, $4, $3, 1, 1)"
    )
    .bind(api.environment)
    .bind(user)
    .bind(format!("u{user}@example.com"))
    .bind(false)
    .execute(&mut tx)
    .await
    .unwrap();
    sql!(
        "INSERT INTO memberships (environment_id, organization_id, user_id, status, metadata, provisioning_method,
           created_at, resent_count)
         VALUES ($1, $2, $3, 'ACTIVE', '{}', 'direct_provision', 1, 0)"
    )
    .bind(api.environment)
    .bind(organization)
    .bind(user)
    .execute(&mut tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

async fn two_nodes() -> (Server, Server, [Arc<Api>; 2]) {
    let first = Server::start(Database::Postgres).await;
    let second = first.second_node().await;
    let apis = [Arc::new(first.api().await), Arc::new(second.api().await)];
    (first, second, apis)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_agree_on_names_and_chains() {
    let (_first, _second, apis) = two_nodes().await;
    one_name(&apis).await;
    cycles(&apis).await;
    depth(&apis).await;
}

api_tests! {
    async fn of_ten_creations_of_one_name_one_wins(t: Server) {
        one_name(&[Arc::new(t.api().await)]).await;
    }

    async fn no_cycle_is_closed_at_once(t: Server) {
        cycles(&[Arc::new(t.api().await)]).await;
    }

    async fn no_chain_gets_too_long_at_once(t: Server) {
        depth(&[Arc::new(t.api().await)]).await;
    }

    async fn of_ten_creations_of_one_permission_and_ten_deletions_one_wins(t: Server) {
        let api = Arc::new(t.api().await);
        let results = at_once((0..TRIES).map(|_| {
            let api = api.clone();
            let permission = Some(pb::CreatePermission { name: "a:b".to_owned(), description: String::new() });
            async move {
                api.call::<rpc::CreatePermission>(pb::CreatePermissionRequest { permission }).await.map(|_| ())
            }
        }))
        .await;
        assert_eq!(count_ok(&results), 1, "{results:?}");
        assert_others(&results, Code::AlreadyExists);
        let results = at_once((0..TRIES).map(|_| {
            let api = api.clone();
            async move {
                let request = pb::DeletePermissionRequest { permission_name: "a:b".to_owned() };
                api.call::<rpc::DeletePermission>(request).await
            }
        }))
        .await;
        assert_eq!(count_ok(&results), 1, "{results:?}");
        assert_others(&results, Code::NotFound);
        assert_eq!(api.told().await.len(), 2);
    }

    async fn permissions_given_at_once_are_all_there(t: Server) {
        let api = Arc::new(t.api().await);
        create(api.clone(), "buyer".to_owned()).await.unwrap();
        let names: Vec<String> = (0..TRIES).map(|number| format!("p{number}")).collect();
        for name in &names {
            let permission = Some(pb::CreatePermission { name: name.clone(), description: String::new() });
            api.call::<rpc::CreatePermission>(pb::CreatePermissionRequest { permission }).await.unwrap();
        }
        for result in at_once(names.clone().into_iter().map(|name| {
            let api = api.clone();
            async move {
                let request =
                    pb::AddPermissionsToRoleRequest { role_name: "buyer".to_owned(), permission_names: vec![name] };
                api.call::<rpc::AddPermissionsToRole>(request).await
            }
        }))
        .await
        {
            result.unwrap();
        }
        let request = pb::ListRolePermissionsRequest { role_name: "buyer".to_owned() };
        let given = api.call::<rpc::ListRolePermissions>(request).await.unwrap().permissions;
        assert_eq!(given.into_iter().map(|permission| permission.name).collect::<Vec<_>>(), names);
    }

    async fn there_is_always_one_default(t: Server) {
        let api = Arc::new(t.api().await);
        for number in 0..TRIES {
            create(api.clone(), format!("r{number}")).await.unwrap();
        }
        let results = at_once((0..TRIES * 2).map(|number| {
            let (api, name) = (api.clone(), format!("r{}", number / 2));
            async move {
                if number % 2 == 1 {
                    return delete(api, name).await;
                }
                let request = pb::UpdateDefaultRolesRequest {
                    default_creator_role: Some(name.clone()),
                    default_member_role: Some(name),
                    ..Default::default()
                };
                api.call::<rpc::UpdateDefaultRoles>(request).await.map(|_| ())
            }
        }))
        .await;
        for failure in results.iter().filter_map(|result| result.as_ref().err()) {
            assert!(matches!(failure.code, Code::NotFound | Code::FailedPrecondition), "{failure:?}");
        }
        let roles = api.call::<rpc::ListRoles>(pb::ListRolesRequest::default()).await.unwrap().roles;
        assert_eq!(roles.iter().filter(|role| role.default_member).count(), 1, "{roles:?}");
        assert_eq!(roles.iter().filter(|role| role.default_creator).count(), 1, "{roles:?}");
    }

    async fn no_membership_loses_a_role_that_is_deleted_at_once(t: Server) {
        let api = Arc::new(t.api().await);
        let acme = api.organization("Acme").create().await.id;
        let organization: OrganizationId = acme.parse().unwrap();
        let t = Arc::new(t);
        for round in 1..=10_i64 {
            add_user(&t, &api, organization, round).await;
            let role = create(api.clone(), format!("r{round}")).await.unwrap();
            let id: RoleId = role.parse().unwrap();
            let (server, env) = (t.clone(), api.environment);
            let given = tokio::spawn(async move { assign(&server, env, organization, round, id).await });
            let deleted = tokio::spawn(delete(api.clone(), format!("r{round}")));
            let (given, deleted) = (given.await.unwrap(), deleted.await.unwrap());
            assert_ne!(given, deleted.is_ok(), "round {round}: {deleted:?}");
            let tx = &mut t.app.db.read();
            let has = roles::assigned_to(tx, env, organization, UserId::from_i64(round)).await.unwrap();
            assert_eq!(has.len(), usize::from(given), "round {round}");
        }
    }

    async fn memberships_are_told_their_roles(t: Server) {
        let api = Arc::new(t.api().await);
        let acme = api.organization("Acme").create().await.id;
        let other = api.organization("Other").create().await.id;
        let (acme_id, other_id): (OrganizationId, OrganizationId) = (acme.parse().unwrap(), other.parse().unwrap());
        let buyer = create(api.clone(), "buyer".to_owned()).await.unwrap();
        extend(api.clone(), "buyer".to_owned(), "member".to_owned()).await.unwrap();
        let clerk = create_in(api.clone(), acme.clone(), "clerk".to_owned()).await.unwrap();
        let (buyer, clerk): (RoleId, RoleId) = (buyer.parse().unwrap(), clerk.parse().unwrap());
        let (env, user) = (api.environment, UserId::from_i64(7));
        let name = |name: &str| RoleRef::Name(name.to_owned());
        let tx = &mut t.app.db.read();

        let given = [name("clerk"), name("buyer"), RoleRef::Id(clerk)];
        assert_eq!(roles::resolve(tx, env, acme_id, &given).await.unwrap(), [clerk, buyer]);
        for foreign in [name("clerk"), RoleRef::Id(clerk), name("nobody")] {
            let error = roles::resolve(tx, env, other_id, &[name("buyer"), foreign]).await.unwrap_err();
            assert_eq!(error.kind(), Kind::NotFound);
        }

        add_user(&t, &api, acme_id, 7).await;
        add_user(&t, &api, other_id, 8).await;
        for (organization, user, role) in [(acme_id, 7, buyer), (acme_id, 7, clerk), (other_id, 8, buyer)] {
            assert!(assign(&t, env, organization, user, role).await);
        }
        let names = |roles: Vec<roles::RoleSummary>| roles.into_iter().map(|role| role.name).collect::<Vec<_>>();
        assert_eq!(names(roles::assigned_to(tx, env, acme_id, user).await.unwrap()), ["buyer", "clerk"]);
        assert!(roles::assigned_to(tx, env, other_id, user).await.unwrap().is_empty());
        let all = roles::assigned_to_users(tx, env, &[user, UserId::from_i64(8)]).await.unwrap();
        let all: Vec<_> = all.into_iter().map(|one| (one.user.as_i64(), one.organization, one.role.name)).collect();
        assert_eq!(all.len(), 3);
        for expected in [(7, acme_id, "buyer"), (7, acme_id, "clerk"), (8, other_id, "buyer")] {
            assert!(all.contains(&(expected.0, expected.1, expected.2.to_owned())), "{all:?}");
        }
        assert!(roles::assigned_to_users(tx, env, &[]).await.unwrap().is_empty());

        assert_eq!(names(roles::with_bases(tx, env, &[clerk, buyer]).await.unwrap()), ["buyer", "clerk", "member"]);
        let gives = roles::effective_permissions(tx, env, &[clerk, buyer]).await.unwrap();
        let gives: Vec<_> = gives.into_iter().map(|permission| permission.name).collect();
        assert_eq!(gives, ["sk_org_settings_read", "sk_org_users_read"]);
        assert!(roles::effective_permissions(tx, env, &[]).await.unwrap().is_empty());

        let request = pb::UpdateDefaultOrganizationRolesRequest {
            org_id: acme.clone(), default_member_role: "clerk".to_owned(),
        };
        api.call::<rpc::UpdateDefaultOrganizationRoles>(request).await.unwrap();
        for (organization, user, default) in [(acme_id, 9, "clerk"), (other_id, 10, "member")] {
            add_user(&t, &api, organization, user).await;
            let user = UserId::from_i64(user);
            let mut tx = t.app.db.write().await.unwrap();
            let given = roles::assign_default(&mut tx, env, organization, user).await.unwrap();
            assert_eq!(given.name, default);
            assert_eq!(roles::assigned_to(&mut tx, env, organization, user).await.unwrap(), [given]);
            tx.commit().await.unwrap();
        }
        let admin = roles::default_creator_role(tx, env).await.unwrap();
        assert_eq!(roles::resolve(tx, env, acme_id, &[name("admin")]).await.unwrap(), [admin]);
    }
}
