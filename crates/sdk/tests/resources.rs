//! *Resource* and *Events* against the real server.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use gatewright::resources::{self, NewConsent};
use gatewright_sdk::ScalekitClient;
use gatewright_sdk::resource::ResourceType;
use gatewright_testkit::{Server, api_tests};
use serde_json::{Value as Json, json};

const MCP: &str = "https://mcp.acme.test/mcp";

fn client(t: &Server) -> ScalekitClient {
    ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap()
}

/// A resource with one of the environment's two scopes.
async fn resource(t: &Server, name: &str) -> String {
    let api = t.api().await;
    for scope in ["todo:read", "other"] {
        let status =
            api.post("/api/v1/permissions", json!({"name": scope, "description": scope})).await.status;
        assert!(status == 201 || status == 409);
    }
    let uri = format!("{MCP}/{name}");
    let body =
        json!({"resource_type": "MCP_SERVER", "name": name, "resource_uri": uri, "scopes": ["todo:read"]});
    let answer = api.post("/api/v1/resources", body).await;
    answer.json["resource"]["id"].as_str().unwrap().to_owned()
}

async fn consent(t: &Server, resource: &str, client: &str, user: &str) {
    let new = NewConsent {
        resource: resource.parse().unwrap(),
        client: client.parse().unwrap(),
        external_user_id: user.to_owned(),
        scopes: vec!["todo:read".to_owned()],
    };
    let (env, now) = (t.operator.environment().id, t.app.clock.now());
    let mut tx = t.app.db.write().await.unwrap();
    resources::grant(&mut tx, env, t.app.ids.next(now), &new, now).await.unwrap();
    tx.commit().await.unwrap();
}

api_tests! {
    async fn resources_are_read_with_their_scopes(t: Server) {
        let client = client(&t);
        let id = resource(&t, "one").await;
        let one = client.resource().get_resource(&id).await.unwrap();
        assert_eq!((one.name.as_str(), &one.resource_type, one.access_token_expiry), ("one", &ResourceType::McpServer, 3600));
        assert_eq!(one.resource_uri.as_deref(), Some("https://mcp.acme.test/mcp/one"));
        assert_eq!((one.enabled_scopes().collect::<Vec<_>>(), one.scopes.len()), (vec!["todo:read"], 2));
        for name in ["two", "three"] {
            resource(&t, name).await;
        }
        let page = client.resource().list_resources(ResourceType::McpServer).page_size(2).await.unwrap();
        assert_eq!((page.total_size, page.resources.len()), (3, 2));
        let all = client.resource().list_resources(ResourceType::McpServer).page_size(2).stream().try_collect().await.unwrap();
        assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["three", "two", "one"]);
        assert!(client.resource().list_resources(ResourceType::Web).await.unwrap().resources.is_empty());
        assert!(client.resource().list_resources(ResourceType::Unspecified).await.unwrap_err().is_bad_request());
        assert!(client.resource().get_resource("res_1").await.unwrap_err().is_not_found());
    }

    async fn a_resources_client_lives_from_creation_to_deletion(t: Server) {
        let client = client(&t);
        let (api, id) = (client.resource(), resource(&t, "one").await);
        let new = api.create_resource_client(&id).name("Batch").description("D").scopes(["todo:read", "other"])
            .custom_claims([("team", "ops")]).expiry(600).await.unwrap();
        assert!(!format!("{new:?}").contains(&new.plain_secret));
        let made = new.client;
        assert_eq!(made.audience, ["https://mcp.acme.test/mcp/one", &id]);
        assert_eq!((made.expiry, made.is_dcr, made.secrets.len(), made.custom_claims["team"].as_str()), (600, false, 1, "ops"));
        let details = api.get_resource_client(&id, &made.client_id).await.unwrap();
        assert_eq!((&details.client, details.consented_users.len()), (&made, 0));
        let list = api.list_resource_clients(&id).await.unwrap();
        assert_eq!((list.clients.as_slice(), list.total_static_clients, list.total_dcr_clients), ([made.clone()].as_slice(), 1, 0));

        let token = client.generate_client_token(&made.client_id, &new.plain_secret).await.unwrap();
        let claims: Json = client.validate_token(&token.access_token).audience(&id).required_scopes(["todo:read"]).await.unwrap();
        assert_eq!((&claims["resid"], &claims["scopes"]), (&json!(id), &json!(["todo:read"])));

        let changed = api.update_resource_client(&id, &made.client_id).scopes(Vec::<String>::new())
            .redirect_uris(["https://app.acme.test/cb"]).await.unwrap();
        assert_eq!((changed.scopes.len(), changed.redirect_uris.len(), &changed.name), (0, 1, &made.name));
        assert_eq!(changed.custom_claims, made.custom_claims);
        api.delete_resource_client(&id, &made.client_id).await.unwrap();
        assert!(api.delete_resource_client(&id, &made.client_id).await.unwrap_err().is_not_found());
    }

    async fn a_resources_clients_secret_is_rotated(t: Server) {
        let client = client(&t);
        let (api, id) = (client.resource(), resource(&t, "one").await);
        let new = api.create_resource_client(&id).await.unwrap();
        let (client_id, first) = (new.client.client_id.clone(), new.client.secrets[0].id.clone());
        let error = api.delete_resource_client_secret(&client_id, &first).await.unwrap_err();
        assert_eq!(error.message(), "at least one secret is required");
        let second = api.create_resource_client_secret(&client_id).await.unwrap();
        api.delete_resource_client_secret(&client_id, &first).await.unwrap();
        assert!(client.generate_client_token(&client_id, &new.plain_secret).await.is_err());
        assert!(client.generate_client_token(&client_id, &second.plain_secret).await.is_ok());
    }

    async fn consents_are_listed_and_taken_back(t: Server) {
        let client = client(&t);
        let (api, id) = (client.resource(), resource(&t, "one").await);
        let one = api.create_resource_client(&id).name("Agent").await.unwrap().client.client_id;
        for user in ["ann", "bob", "carl"] {
            consent(&t, &id, &one, user).await;
        }
        let all = api.list_user_consents(&id).page_size(2).stream().try_collect().await.unwrap();
        assert_eq!(all.iter().map(|one| one.external_user_id.as_str()).collect::<Vec<_>>(), ["carl", "bob", "ann"]);
        assert_eq!((all[0].client_id.as_str(), all[0].client_name.as_str(), all[0].scopes.as_slice()), (one.as_str(), "Agent", ["todo:read".to_owned()].as_slice()));
        assert_eq!(api.list_user_consents(&id).search("AN").await.unwrap().total_size, 1);
        assert_eq!(api.list_user_consents(&id).user_ids(["bob", "CARL"]).await.unwrap().total_size, 1);
        api.revoke_user_consent(&one, &all[0].id).await.unwrap();
        assert!(api.revoke_user_consent(&one, &all[0].id).await.unwrap_err().is_not_found());
        let left = api.get_resource_client(&id, &one).await.unwrap().consented_users;
        assert_eq!(left.iter().map(|one| one.external_user_id.as_str()).collect::<Vec<_>>(), ["bob", "ann"]);
        assert!(api.list_user_consents("res_1").await.unwrap_err().is_not_found());
    }

    async fn events_are_filtered_and_come_in_pages(t: Server) {
        let client = client(&t);
        let first = client.organization().create_organization("Acme").await.unwrap();
        let other = client.organization().create_organization("Globex").await.unwrap();
        client.organization().delete_organization(&first.id).await.unwrap();
        let events = client.events();
        let created = events.list_events_paginated().event_types(["organization.created"]).page_size(1);
        let page = created.clone().await.unwrap();
        assert_eq!((page.events.len(), page.prev_page_token), (1, None));
        let event = &page.events[0];
        assert_eq!((event.event_type.as_str(), event.object.as_str(), event.organization_id.as_deref()),
            ("organization.created", "Organization", Some(other.id.as_str())));
        assert_eq!((event.data["id"].as_str(), event.display_name.as_str()), (Some(other.id.as_str()), "Organization Created"));
        assert!(event.id.starts_with("evt_") && event.occurred_at.is_some() && event.environment_id.starts_with("env_"));
        let all = created.stream().try_collect().await.unwrap();
        assert_eq!(all.iter().map(|one| one.organization_id.as_deref().unwrap()).collect::<Vec<_>>(), [&other.id, &first.id]);
        let of_first = events.list_events_paginated().organization_id(&first.id).stream().try_collect().await.unwrap();
        assert_eq!(of_first.iter().map(|one| one.event_type.as_str()).collect::<Vec<_>>(), ["organization.deleted", "organization.created"]);
        let (start, end) = (of_first[0].occurred_at.unwrap(), of_first[1].occurred_at.unwrap());
        let late = events.list_events_paginated().organization_id(&first.id).start_time(start).await.unwrap();
        assert_eq!(late.events, of_first[..1]);
        let early = events.list_events_paginated().organization_id(&first.id).end_time(end).await.unwrap();
        assert_eq!(early.events, of_first[1..]);
        assert!(events.list_events_paginated().start_time(start).end_time(end).await.unwrap_err().is_bad_request());
        for none in [events.list_events_paginated().auth_request_id("req_1"), events.list_events_paginated().connection_id("conn_1")] {
            assert!(none.await.unwrap().events.is_empty());
        }
    }
}
