//! Lists and searches.
use super::support::*;
use gatewright_api::{rpc::connection_service as rpc, scalekit::v1::connections as pb};
use gatewright_testkit::{Api, api_tests};
use pb::{ConnectionProvider as Provider, ConnectionStatus as Status, ConnectionType as Type};
use serde_json::json;

fn ids(connections: &[pb::ListConnection]) -> Vec<&str> {
    connections.iter().map(|connection| connection.id.as_str()).collect()
}

async fn list(api: &Api, request: pb::ListConnectionsRequest) -> Vec<pb::ListConnection> {
    api.call::<rpc::ListConnections>(request).await.unwrap().connections
}

fn of(organization: &str, include: Option<&str>) -> pb::ListConnectionsRequest {
    pb::ListConnectionsRequest {
        organization_id: text(organization),
        domain: None,
        include: include.map(str::to_owned),
    }
}

async fn search(
    api: &Api,
    request: pb::SearchOrganizationConnectionsRequest,
) -> pb::SearchOrganizationConnectionsResponse {
    api.call::<rpc::SearchOrganizationConnections>(request).await.unwrap()
}

api_tests! {
    async fn a_list_has_what_people_can_use_unless_all_is_asked_for(t: Server) {
        let api = t.api().await;
        let (acme, other) = (api.organization("Acme").create().await, api.organization("Other").create().await);
        let draft = create(&api, &acme.id, Type::Saml, Provider::Okta).await;
        let first = simulator(&api, &acme.id).await;
        let disabled = create(&api, &acme.id, Type::Oidc, Provider::IdpSimulator).await;
        let second = simulator(&api, &acme.id).await;
        simulator(&api, &other.id).await;
        let usable = list(&api, of(&acme.id, None)).await;
        assert_eq!(ids(&usable), [&first.id, &second.id], "oldest first");
        let all = list(&api, of(&acme.id, Some("all"))).await;
        assert_eq!(ids(&all), [&draft.id, &first.id, &disabled.id, &second.id]);
        assert_eq!(
            all[0],
            pb::ListConnection {
                id: draft.id.clone(),
                provider: Provider::Okta.into(),
                r#type: Type::Saml.into(),
                status: Status::Draft.into(),
                enabled: false,
                organization_id: acme.id.clone(),
                organization_name: "Acme".to_owned(),
                created_at: draft.create_time,
                ..Default::default()
            }
        );
        let everything = list(&api, pb::ListConnectionsRequest { include: text("all"), ..Default::default() }).await;
        assert_eq!(everything.len(), 6, "with the environment's own");
        assert_eq!((everything[0].organization_id.as_str(), everything[0].organization_name.as_str()), ("", ""));
        api.get("/api/v1/connections?organization_id=org_1").await.failure(404, 5);
        api.get("/api/v1/connections?organization_id=usr_1").await.failure(400, 3);
    }

    async fn pages_have_the_connections_of_all_organizations(t: Server) {
        let api = t.api().await;
        let (acme, other) = (api.organization("Acme").create().await, api.organization("Other").create().await);
        let mut made = Vec::new();
        for number in 0..7 {
            let organization = if number % 2 == 0 { &acme.id } else { &other.id };
            made.push(create(&api, organization, Type::Saml, Provider::Okta).await.id);
        }
        made.reverse();
        let path = "/api/v1/organizations/-/connections";
        let (mut found, mut token) = (Vec::new(), String::new());
        loop {
            let page = api.get(&format!("{path}?page_size=3&page_token={token}")).await.json;
            assert_eq!(page["total_size"], 7, "not the environment's own");
            let page_ids = page["connections"].as_array().unwrap().iter();
            found.extend(page_ids.map(|connection| connection["id"].as_str().unwrap().to_owned()));
            token = page["next_page_token"].as_str().unwrap().to_owned();
            if token.is_empty() {
                let back = page["prev_page_token"].as_str().unwrap();
                let back = api.get(&format!("{path}?page_size=3&page_token={back}")).await.json;
                assert_eq!(back["connections"][0]["id"], made[3]);
                break;
            }
        }
        assert_eq!(found, made);
        api.get(&format!("{path}?page_size=31")).await.failure(400, 3);
        api.get(&format!("{path}?page_token=x")).await.failure(400, 3);
    }

    async fn a_search_takes_all_filters_together(t: Server) {
        let api = t.api().await;
        let (acme, other) = (api.organization("Acme").create().await, api.organization("Other").create().await);
        let okta = create(&api, &acme.id, Type::Saml, Provider::Okta).await;
        let live = simulator(&api, &acme.id).await;
        let custom = pb::CreateConnection { provider_key: "our-idp".to_owned(), ..new(Type::Oidc, Provider::Unspecified) };
        let custom = try_create(&api, &other.id, custom).await.unwrap();
        type Search = pb::SearchOrganizationConnectionsRequest;
        for (request, expected) in [
            (Search::default(), vec![&custom, &live, &okta]),
            (Search { query: text(&acme.id), ..Default::default() }, vec![&live, &okta]),
            (Search { query: text(&format!(" {} ", live.id)), ..Default::default() }, vec![&live]),
            (Search { query: text("Acme"), ..Default::default() }, vec![]),
            (Search { query: text("%"), ..Default::default() }, vec![]),
            (Search { query: text("org_1"), ..Default::default() }, vec![]),
            (Search { provider: text("OKTA"), ..Default::default() }, vec![&okta]),
            (Search { provider: text("okta"), ..Default::default() }, vec![&okta]),
            (Search { provider: text("our-idp"), ..Default::default() }, vec![&custom]),
            (Search { provider: text("our_idp"), ..Default::default() }, vec![]),
            (Search { status: Some(Status::Completed.into()), ..Default::default() }, vec![&live]),
            (Search { status: Some(Status::Unspecified.into()), ..Default::default() }, vec![&custom, &live, &okta]),
            (Search { connection_type: Some(Type::Oidc.into()), ..Default::default() }, vec![&custom, &live]),
            (Search { connection_type: Some(Type::Bearer.into()), ..Default::default() }, vec![]),
            (Search { enabled: Some(true), ..Default::default() }, vec![&live]),
            (Search { enabled: Some(false), connection_type: Some(Type::Oidc.into()), ..Default::default() }, vec![&custom]),
            (Search { query: text(&acme.id), enabled: Some(false), ..Default::default() }, vec![&okta]),
        ] {
            let found = search(&api, request.clone()).await;
            assert_eq!(ids(&found.connections), expected.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), "{request:?}");
            assert_eq!(found.total_size as usize, expected.len(), "{request:?}");
        }
        let first = search(&api, Search { page_size: 1, ..Default::default() }).await;
        let other = Search { page_size: 1, page_token: first.next_page_token.clone(), enabled: Some(true), ..Default::default() };
        assert!(api.call::<rpc::SearchOrganizationConnections>(other).await.is_err(), "a token of another search");
        let next = Search { page_size: 1, page_token: first.next_page_token, ..Default::default() };
        assert_eq!(ids(&search(&api, next).await.connections), [&live.id]);
        api.get("/api/v1/organizations/-/connections:search?status=9").await.failure(400, 3);
        let long = format!("/api/v1/organizations/-/connections:search?query={}", "x".repeat(101));
        api.get(&long).await.failure(400, 3);
    }

    async fn another_environment_lists_nothing_of_this_one(t: Server) {
        let other = t.add_environment("other").await;
        let (here, there) = (t.api().await, t.api_in(&other).await);
        let acme = here.organization("Acme").create().await;
        let made = simulator(&here, &acme.id).await;
        there.get(&format!("/api/v1/connections?organization_id={}", acme.id)).await.failure(404, 5);
        let everything = there.get("/api/v1/connections?include=all").await.json;
        assert_eq!(everything["connections"].as_array().unwrap().len(), 1);
        let found = there.get(&format!("/api/v1/organizations/-/connections:search?query={}", made.id)).await.json;
        assert_eq!(found["connections"], json!([]));
    }
}
