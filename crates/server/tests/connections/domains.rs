//! Domains and the connections that their people sign in through.
use super::support::*;
use gatewright::{
    domains::{self, DomainType, NewDomain, Proof},
    organizations::OrganizationRef,
};
use gatewright_api::{
    rpc::{connection_service as rpc, domain_service},
    scalekit::v1::{connections as pb, domains as domain_pb},
};
use gatewright_testkit::{Api, Failure, api_tests};
use pb::{ConnectionProvider as Provider, ConnectionType as Type};
use serde_json::json;
use tonic::Code;

fn domains_path(organization: &str) -> String {
    format!("/api/v1/organizations/{organization}/domains")
}

async fn add(api: &Api, organization: &str, domain: &str) -> String {
    let answer = api.post(&domains_path(organization), json!({"domain": domain})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json["domain"]["id"].as_str().unwrap().to_owned()
}

async fn assign(api: &Api, connection: &pb::Connection, ids: &[&str]) -> Result<Vec<String>, Failure> {
    let request = pb::AssignDomainsToConnectionRequest {
        organization_id: connection.organization_id.clone().unwrap(),
        connection_id: connection.id.clone(),
        domain_ids: ids.iter().map(|&id| id.to_owned()).collect(),
    };
    let answer = api.call::<rpc::AssignDomainsToConnection>(request).await?;
    Ok(names(&answer.connection.unwrap()))
}

fn names(connection: &pb::Connection) -> Vec<String> {
    connection.domains.iter().map(|domain| domain.domain.clone()).collect()
}

async fn by_domain(api: &Api, domain: &str) -> Vec<String> {
    let request = pb::ListConnectionsRequest { domain: text(domain), ..Default::default() };
    let found = api.call::<rpc::ListConnections>(request).await.unwrap().connections;
    found.into_iter().map(|connection| connection.id).collect()
}

api_tests! {
    async fn an_assignment_replaces_the_one_before(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let (one, two) = (simulator(&api, &acme.id).await, simulator(&api, &acme.id).await);
        let (b, a) = (add(&api, &acme.id, "b.example").await, add(&api, &acme.id, "a.example").await);
        assert_eq!(assign(&api, &one, &[&b, &a, &b]).await.unwrap(), ["a.example", "b.example"]);
        let listed = api.get(&format!("/api/v1/connections?organization_id={}", acme.id)).await.json;
        assert_eq!(listed["connections"][0]["domains"], json!(["a.example", "b.example"]));
        assert_eq!(listed["connections"][1]["domains"], json!([]));
        assert_eq!(assign(&api, &two, &[&a]).await.unwrap(), ["a.example"], "it moves over");
        assert_eq!(names(&get(&api, &one).await), ["b.example"]);
        assert_eq!(assign(&api, &one, &[]).await.unwrap(), [""; 0]);
        assert_eq!(names(&get(&api, &two).await), ["a.example"]);
        let only = api.get(&format!("{}?connection_id={}", domains_path(&acme.id), two.id)).await.json;
        assert_eq!(only["domains"].as_array().unwrap().len(), 1);
        assert_eq!(only["domains"][0]["id"], *a);
        // A domain outlives its connection.
        assert_eq!(api.delete(&format!("{}/{}", path(&acme.id), two.id)).await.status, 200);
        assert_eq!(api.get(&format!("{}/{a}", domains_path(&acme.id))).await.status, 200);
        let none = api.get(&format!("{}?connection_id={}", domains_path(&acme.id), two.id)).await.json;
        assert_eq!(none["domains"], json!([]));
    }

    async fn ten_assignments_at_once_wait_for_each_other(t: Server) {
        let api = std::sync::Arc::new(t.api().await);
        let acme = api.organization("Acme").create().await;
        let (one, two) = (simulator(&api, &acme.id).await, simulator(&api, &acme.id).await);
        let (a, b) = (add(&api, &acme.id, "a.example").await, add(&api, &acme.id, "b.example").await);
        let calls: Vec<_> = (0..10)
            .map(|number| {
                let (api, connection) = (api.clone(), if number % 2 == 0 { one.clone() } else { two.clone() });
                let ids = if number % 3 == 0 { [a.clone(), b.clone()] } else { [b.clone(), a.clone()] };
                tokio::spawn(async move { assign(&api, &connection, &[&ids[0], &ids[1]]).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap(), ["a.example", "b.example"]);
        }
        let (of_one, of_two) = (names(&get(&api, &one).await), names(&get(&api, &two).await));
        assert!(of_one.is_empty() != of_two.is_empty(), "{of_one:?} {of_two:?}");
    }

    async fn only_own_domains_for_signing_in_are_assigned(t: Server) {
        let other = t.add_environment("other").await;
        let (api, there) = (t.api().await, t.api_in(&other).await);
        let (acme, second) = (api.organization("Acme").create().await, api.organization("Second").create().await);
        let elsewhere = there.organization("Elsewhere").create().await;
        let connection = simulator(&api, &acme.id).await;
        let own = add(&api, &acme.id, "acme.example").await;
        let (foreign, far) = (add(&api, &second.id, "second.example").await, add(&there, &elsewhere.id, "far.example").await);
        let joining = api.post(&domains_path(&acme.id), json!({"domain": "join.example", "domain_type": "ALLOWED_EMAIL_DOMAIN"})).await;
        let joining = joining.json["domain"]["id"].as_str().unwrap().to_owned();
        assign(&api, &connection, &[&own]).await.unwrap();
        let before = state(&t, &api).await;
        for (id, code) in [
            (foreign.as_str(), Code::NotFound),
            (&far, Code::NotFound),
            ("dom_1", Code::NotFound),
            (&joining, Code::InvalidArgument),
            ("x", Code::InvalidArgument),
            (&acme.id, Code::InvalidArgument),
        ] {
            assert_eq!(assign(&api, &connection, &[id]).await.unwrap_err().code, code, "{id}");
        }
        let many: Vec<&str> = (0..51).map(|_| own.as_str()).collect();
        assert_eq!(assign(&api, &connection, &many).await.unwrap_err().code, Code::InvalidArgument);
        assert_eq!(state(&t, &api).await, before);
    }

    async fn a_domain_names_its_connection(t: Server) {
        let api = t.api().await;
        let (acme, second) = (api.organization("Acme").create().await, api.organization("Second").create().await);
        let (one, two) = (simulator(&api, &acme.id).await, simulator(&api, &acme.id).await);
        let foreign = simulator(&api, &second.id).await;
        let social = try_create_own(&api, new(Type::Oauth, Provider::Google)).await.unwrap();
        let request = domain_pb::CreateDomainRequest {
            identities: Some(domain_pb::create_domain_request::Identities::OrganizationId(acme.id.clone())),
            domain: Some(domain_pb::CreateDomain { domain: "acme.example".into(), domain_type: 0 }),
            connection_id: Some(one.id.clone()),
        };
        let made = api.call::<domain_service::CreateDomain>(request.clone()).await.unwrap().domain.unwrap();
        assert_eq!(names(&get(&api, &one).await), ["acme.example"]);
        let update = |connection: &str| format!("{}/{}?connection_id={connection}", domains_path(&acme.id), made.id);
        let moved = api.patch(&update(&two.id), json!({})).await;
        assert_eq!((moved.status, &moved.json["domain"]["id"]), (200, &json!(made.id)), "{}", moved.text);
        assert_eq!(names(&get(&api, &two).await), ["acme.example"]);
        let before = state(&t, &api).await;
        for (id, status) in [(foreign.id.as_str(), 404), (&social.id, 404), ("conn_1", 404), ("x", 400), (&made.id, 400)] {
            api.patch(&update(id), json!({})).await.failure(status, if status == 404 { 5 } else { 3 });
            let new = format!("{}?connection_id={id}", domains_path(&acme.id));
            api.post(&new, json!({"domain": "new.example"})).await.failure(status, if status == 404 { 5 } else { 3 });
        }
        let unnamed = domain_pb::UpdateDomainRequest {
            identities: Some(domain_pb::update_domain_request::Identities::OrganizationId(acme.id.clone())),
            id: made.id.clone(),
            ..Default::default()
        };
        api.call::<domain_service::UpdateDomain>(unnamed.clone()).await.unwrap();
        assert_eq!(state(&t, &api).await, before, "nothing was named");
        let none = domain_pb::UpdateDomainRequest { connection_id: text(""), ..unnamed.clone() };
        api.call::<domain_service::UpdateDomain>(none).await.unwrap();
        assert!(names(&get(&api, &two).await).is_empty());
        let gone = domain_pb::UpdateDomainRequest { id: "dom_1".to_owned(), ..unnamed };
        assert_eq!(api.call::<domain_service::UpdateDomain>(gone).await.unwrap_err().code, Code::NotFound);
    }

    async fn a_domain_leads_to_its_verified_owner(t: Server) {
        let api = t.api().await;
        let (acme, thief) = (api.organization("Acme").create().await, api.organization("Thief").create().await);
        let (one, two) = (simulator(&api, &acme.id).await, simulator(&api, &acme.id).await);
        let bait = simulator(&api, &thief.id).await;
        let which = OrganizationRef::Id(thief.id.parse().unwrap());
        let new = NewDomain { name: "acme.example".into(), kind: DomainType::Organization, proof: Proof::Dns };
        let pending = domains::create(&t.operator, &which, new, None).await.unwrap();
        assign(&api, &bait, &[&pending.id.to_string()]).await.unwrap();
        assert!(by_domain(&api, "acme.example").await.is_empty(), "nobody owns it yet");
        let id = add(&api, &acme.id, "acme.example").await;
        assert_eq!(by_domain(&api, "ACME.example").await, [one.id.clone(), two.id.clone()]);
        assign(&api, &two, &[&id]).await.unwrap();
        assert_eq!(by_domain(&api, "acme.example").await, [two.id.clone(), one.id.clone()], "the assigned one comes first");
        api.call::<rpc::DisableConnection>(toggle(&one)).await.unwrap();
        assert_eq!(by_domain(&api, "acme.example").await, std::slice::from_ref(&two.id));
        assert!(by_domain(&api, "sub.acme.example").await.is_empty());
        let long = format!("{}.example", ["x".repeat(60).as_str(); 3].join("."));
        add(&api, &acme.id, &long).await;
        assert_eq!(by_domain(&api, &long).await, std::slice::from_ref(&two.id), "more than 32 characters");
        let both = format!("/api/v1/connections?domain=acme.example&organization_id={}", thief.id);
        assert_eq!(api.get(&both).await.json["connections"], json!([]));
        for bad in ["x", "10.0.0.1", "a@b.example", "%25", "*.acme.example"] {
            api.get(&format!("/api/v1/connections?domain={bad}")).await.failure(400, 3);
        }
        api.get(&format!("/api/v1/connections?domain={}", "x".repeat(256))).await.failure(400, 3);
    }
}
