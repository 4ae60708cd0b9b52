//! What happens at once, on one node and on two.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use gatewright_api::{
    rpc::organization_service as rpc,
    scalekit::v1::{commons::TimeUnit, organizations as pb},
};
use gatewright_testkit::{Api, Database, Failure, Server, api_tests};
use pb::{
    delete_organization_request::Identities as Deleted, update_organization_request::Identities as Updated,
};
use std::sync::Arc;
use tonic::Code;

const TRIES: usize = 10;

fn new(number: usize) -> pb::CreateOrganization {
    pb::CreateOrganization { display_name: format!("Try {number}"), ..Default::default() }
}

async fn create(api: Arc<Api>, organization: pb::CreateOrganization) -> Result<pb::Organization, Failure> {
    let request = pb::CreateOrganizationRequest { organization: Some(organization) };
    Ok(api.call::<rpc::CreateOrganization>(request).await?.organization.unwrap())
}

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

/// Exactly one was made, all others were told so, and one event says it.
async fn assert_one_won(api: &Api, results: &[Result<pb::Organization, Failure>], field: &str) {
    let made: Vec<_> = results.iter().flatten().cloned().collect();
    assert_eq!(made.len(), 1, "{results:?}");
    for failure in results.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(failure.code, Code::AlreadyExists, "{failure:?}");
        assert!(failure.message.contains(field), "{failure:?}");
    }
    let told = api.told().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].organization.unwrap().to_string(), made[0].id);
    assert!(api.organizations().await.contains(&made[0]));
}

async fn one_external_id_and_one_slug(apis: &[Arc<Api>]) {
    let api = |number: usize| apis[number % apis.len()].clone();
    let results = at_once((0..TRIES).map(|number| {
        create(api(number), pb::CreateOrganization { external_id: Some("crm-7".into()), ..new(number) })
    }))
    .await;
    assert_eq!(results.len(), TRIES);
    assert_one_won(&apis[0], &results, "external_id").await;
    let results = at_once((0..TRIES).map(|number| {
        create(api(number), pb::CreateOrganization { slug: Some("acme".into()), ..new(number) })
    }))
    .await;
    assert_one_won(&apis[0], &results, "slug").await;
    assert_eq!(apis[0].organizations().await.len(), 2);
}

fn update(id: &str, organization: pb::UpdateOrganization) -> pb::UpdateOrganizationRequest {
    pb::UpdateOrganizationRequest {
        identities: Some(Updated::Id(id.to_owned())),
        organization: Some(organization),
        update_mask: None,
    }
}

type Call = std::pin::Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// Each of several changes of different parts is there at the end, and each has its event.
async fn changes_of_different_parts(apis: &[Arc<Api>]) {
    let api = |number: usize| apis[number % apis.len()].clone();
    let made = create(api(0), new(0)).await.unwrap();
    apis[0].told().await;
    let id = &made.id;
    let some = |text: &str| Some(text.to_owned());
    let parts = [
        pb::UpdateOrganization { display_name: some("New name"), ..Default::default() },
        pb::UpdateOrganization { external_id: some("crm-9"), ..Default::default() },
        pb::UpdateOrganization { slug: some("new-slug"), ..Default::default() },
        pb::UpdateOrganization { logo_url: some("https://cdn.example/l.png"), ..Default::default() },
        pb::UpdateOrganization { metadata: [("plan".into(), "team".into())].into(), ..Default::default() },
    ];
    let updates = parts.into_iter().enumerate().map(|(number, part)| {
        let (api, request) = (api(number), update(id, part));
        async move { api.call::<rpc::UpdateOrganization>(request).await.map(|_| ()) }
    });
    let features = ["sso", "dir_sync", "domain_verification", "session_policy"].into_iter().enumerate();
    let features = features.map(|(number, name)| {
        let feature = pb::OrganizationSettingsFeature { name: name.to_owned(), enabled: true };
        let settings = Some(pb::OrganizationSettings { features: vec![feature] });
        let request = pb::UpdateOrganizationSettingsRequest { id: id.clone(), settings };
        let api = api(number);
        async move { api.call::<rpc::UpdateOrganizationSettings>(request).await.map(|_| ()) }
    });
    let limit = {
        let settings = Some(pb::OrganizationUserManagementSettings { max_allowed_users: Some(5) });
        let request = pb::UpsertUserManagementSettingsRequest { organization_id: id.clone(), settings };
        let api = api(1);
        async move { api.call::<rpc::UpsertUserManagementSettings>(request).await.map(|_| ()) }
    };
    let policy = {
        let mut request = pb::UpdateOrganizationSessionPolicyRequest {
            organization_id: id.clone(),
            absolute_session_timeout: Some(8),
            idle_session_timeout_enabled: Some(false),
            ..Default::default()
        };
        request.set_policy_source(pb::SessionPolicyType::Custom);
        request.set_absolute_session_timeout_unit(TimeUnit::Hours);
        let api = api(0);
        async move { api.call::<rpc::UpdateOrganizationSessionPolicy>(request).await.map(|_| ()) }
    };
    let mut calls: Vec<Call> = Vec::new();
    for call in updates {
        calls.push(Box::pin(call));
    }
    for call in features {
        calls.push(Box::pin(call));
    }
    calls.push(Box::pin(limit));
    calls.push(Box::pin(policy));
    let count = calls.len();
    for result in at_once(calls).await {
        result.unwrap();
    }
    let after = apis[0].find(id).await.unwrap();
    assert_eq!(after.display_name, "New name");
    assert_eq!(after.external_id.as_deref(), Some("crm-9"));
    assert_eq!(after.slug.as_deref(), Some("new-slug"));
    assert_eq!(after.logo_url.as_deref(), Some("https://cdn.example/l.png"));
    assert_eq!(after.metadata.len(), 1);
    assert!(after.settings.unwrap().features.iter().all(|feature| feature.enabled));
    let policies = apis[0].state().await.policies;
    assert_eq!(policies[0].max_allowed_users, Some(5));
    assert_eq!((policies[0].source.as_str(), policies[0].absolute_minutes), ("CUSTOM", Some(480)));
    assert_eq!(apis[0].told().await.len(), count);
}

async fn two_nodes() -> (Server, Server, [Arc<Api>; 2]) {
    let first = Server::start(Database::Postgres).await;
    let second = first.second_node().await;
    let apis = [Arc::new(first.api().await), Arc::new(second.api().await)];
    (first, second, apis)
}

api_tests! {
    async fn of_ten_creations_with_one_external_id_or_slug_one_wins(t: Server) {
        one_external_id_and_one_slug(&[Arc::new(t.api().await)]).await;
    }

    async fn changes_of_different_parts_all_survive(t: Server) {
        changes_of_different_parts(&[Arc::new(t.api().await)]).await;
    }

    async fn of_ten_changes_to_one_external_id_one_wins(t: Server) {
        let api = Arc::new(t.api().await);
        let mut ids = Vec::new();
        for number in 0..TRIES {
            ids.push(create(api.clone(), new(number)).await.unwrap().id);
        }
        api.told().await;
        let results =
            at_once(ids.into_iter().map(|id| {
                let (api, part) = (
                    api.clone(),
                    pb::UpdateOrganization { external_id: Some("crm-7".into()), ..Default::default() },
                );
                async move {
                    Ok(api.call::<rpc::UpdateOrganization>(update(&id, part)).await?.organization.unwrap())
                }
            }))
            .await;
        assert_one_won(&api, &results, "external_id").await;
    }

    async fn of_ten_deletions_one_wins(t: Server) {
        let api = Arc::new(t.api().await);
        let made = create(api.clone(), new(0)).await.unwrap();
        api.told().await;
        let results = at_once((0..TRIES).map(|_| {
            let request = pb::DeleteOrganizationRequest { identities: Some(Deleted::Id(made.id.clone())) };
            let api = api.clone();
            async move { api.call::<rpc::DeleteOrganization>(request).await }
        }))
        .await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        assert!(
            results
                .iter()
                .flat_map(|result| result.as_ref().err())
                .all(|failure| failure.code == Code::NotFound)
        );
        let told = api.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].name, "organization.deleted");
        assert!(api.organizations().await.is_empty());
    }

    async fn branding_that_was_saved_survives_changes_of_the_source_at_once(t: Server) {
        let api = Arc::new(t.api().await);
        for round in 0..5 {
            let made = create(api.clone(), new(round)).await.unwrap();
            let request = |source: pb::BrandingSource, colour: Option<&str>| {
                let organization_id = made.id.clone();
                let mut request =
                    pb::UpdateOrganizationBrandingRequest { organization_id, ..Default::default() };
                request.set_source(source);
                request.customization_settings = colour.map(|colour| {
                    let kind = Some(prost_types::value::Kind::StringValue(colour.to_owned()));
                    prost_types::Struct {
                        fields: [("colour".to_owned(), prost_types::Value { kind })].into(),
                    }
                });
                request
            };
            let first = request(pb::BrandingSource::Environment, Some("blue"));
            api.call::<rpc::UpdateOrganizationBranding>(first).await.unwrap();
            let mut requests = vec![request(pb::BrandingSource::Custom, Some("red"))];
            for number in 1..TRIES {
                let sources = [pb::BrandingSource::Environment, pb::BrandingSource::Custom];
                requests.push(request(sources[number % 2], None));
            }
            let calls = requests.into_iter().map(|request| {
                let api = api.clone();
                async move { api.call::<rpc::UpdateOrganizationBranding>(request).await }
            });
            for result in at_once(calls).await {
                result.unwrap();
            }
            let stored = api.state().await.brandings;
            assert_eq!(stored.last().unwrap().2.as_deref(), Some(r#"{"colour":"red"}"#), "round {round}");
        }
    }

    async fn what_is_read_while_others_write_is_whole(t: Server) {
        let api = Arc::new(t.api().await);
        let made = create(api.clone(), new(0)).await.unwrap();
        let writers = (0..TRIES).map(|number| {
            let (api, id) = (api.clone(), made.id.clone());
            let part = pb::UpdateOrganization {
                display_name: Some(format!("n{number}")),
                slug: Some(format!("n{number}")),
                ..Default::default()
            };
            tokio::spawn(async move { api.call::<rpc::UpdateOrganization>(update(&id, part)).await.unwrap() })
        });
        let writers: Vec<_> = writers.collect();
        for _ in 0..20 {
            let seen = api.find(&made.id).await.unwrap();
            assert!(
                seen.slug.is_none() || seen.slug.as_deref() == Some(seen.display_name.as_str()),
                "{seen:?}"
            );
        }
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(api.told().await.len(), 1 + TRIES);
    }
}

mod two_nodes_on_postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_ten_creations_with_one_external_id_or_slug_one_wins() {
        let (_first, _second, apis) = two_nodes().await;
        one_external_id_and_one_slug(&apis).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn changes_of_different_parts_all_survive() {
        let (_first, _second, apis) = two_nodes().await;
        changes_of_different_parts(&apis).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_one_node_wrote_the_other_one_reads_and_pages() {
        let (_first, _second, [one, two]) = two_nodes().await;
        let mut ids = Vec::new();
        for number in 0..4 {
            let api = if number % 2 == 0 { &one } else { &two };
            ids.push(create(api.clone(), new(number)).await.unwrap().id);
        }
        ids.reverse();
        let listed: Vec<String> = two.organizations().await.into_iter().map(|o| o.id).collect();
        assert_eq!(listed, ids);
        let request = pb::ListOrganizationsRequest { page_size: 1, ..Default::default() };
        let page = one.call::<rpc::ListOrganization>(request.clone()).await.unwrap();
        let next = pb::ListOrganizationsRequest { page_token: page.next_page_token, ..request };
        assert_eq!(two.call::<rpc::ListOrganization>(next).await.unwrap().organizations[0].id, ids[1]);
        assert_eq!(one.events().await, two.events().await);
        assert_eq!(one.events().await.len(), 4);
    }
}
