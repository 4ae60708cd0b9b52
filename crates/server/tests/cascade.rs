//! What goes with an organization when it is deleted, and what stays.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use gatewright::{clients::NewOrganizationClient, sql};
use gatewright_api::{rpc::organization_service as rpc, scalekit::v1::organizations as pb};
use gatewright_testkit::{Api, Failure, Server, api_tests};
use serde_json::json;
use tonic::Code;

const PATH: &str = "/api/v1/organizations";

/// An organization with one of everything that can belong to it, and a token of its machine client.
struct Furnished {
    organization: pb::Organization,
    client: (String, String),
    token: String,
}

async fn furnish(t: &Server, api: &Api, name: &str) -> Furnished {
    let organization = api.organization(name).external_id(name).slug(name).create().await;
    let path = format!("{PATH}/{}", organization.id);
    for _ in 0..2 {
        assert_eq!(api.send("PUT", &format!("{path}/portal_links"), "").await.status, 200);
    }
    let branding = json!({"source": "BRANDING_SOURCE_CUSTOM", "customization_settings": {"colour": "red"}});
    assert_eq!(api.put(&format!("{path}/portal_customizations"), branding).await.status, 200);
    let new = NewOrganizationClient { name: "Nightly".to_owned(), ..NewOrganizationClient::default() };
    let client = t.organization_client(&organization.id, new).await;
    let token = t.token_of(&client.0, &client.1).await;
    Furnished { organization, client, token }
}

/// Clients and secrets that the environment's organizations have.
async fn clients(t: &Server, api: &Api) -> (i64, i64) {
    let tx = &mut t.app.db.read();
    let clients =
        sql!("SELECT COUNT(*) FROM clients WHERE environment_id = $1 AND organization_id IS NOT NULL")
            .bind(api.environment)
            .one(tx)
            .await
            .unwrap();
    let secrets = sql!(
        "SELECT COUNT(*) FROM client_secrets s JOIN clients c ON c.id = s.client_id
         WHERE s.environment_id = $1 AND c.organization_id IS NOT NULL"
    )
    .bind(api.environment)
    .one(tx)
    .await
    .unwrap();
    (clients, secrets)
}

/// What the token endpoint says to a client.
async fn token_answer(t: &Server, client: &(String, String)) -> (u16, serde_json::Value) {
    let form = [("grant_type", "client_credentials"), ("client_id", &client.0), ("client_secret", &client.1)];
    let answer = t.http.post(format!("{}/oauth/token", t.url)).form(&form).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// What the API says to a token.
async fn refusal(api: &Api, token: &str) -> Failure {
    let grpc = api.grpc.with_authorization(&[&format!("Bearer {token}")]);
    grpc.call::<rpc::ListOrganization>(pb::ListOrganizationsRequest::default()).await.unwrap_err()
}

api_tests! {
    async fn all_that_belongs_to_an_organization_goes_with_it(t: Server) {
        let api = t.api().await;
        let (gone, kept) = (furnish(&t, &api, "gone").await, furnish(&t, &api, "kept").await);
        assert_eq!(clients(&t, &api).await, (2, 2));
        let before = api.state().await;
        assert_eq!((before.portal_links.len(), before.brandings.len()), (4, 2));
        api.told().await;

        let answer = api.delete(&format!("{PATH}/{}", gone.organization.id)).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));

        let after = api.state().await;
        assert_eq!(after.organizations, std::slice::from_ref(&kept.organization));
        assert_eq!(after.policies, before.policies[1..]);
        assert_eq!(after.portal_links, before.portal_links[2..]);
        assert_eq!(after.brandings, before.brandings[1..]);
        assert_eq!(clients(&t, &api).await, (1, 1));
        for part in [
            "",
            "/portal_customizations",
            "/session-policy",
            "/application-session-policy",
            "/settings/usermanagement",
        ] {
            api.get(&format!("{PATH}/{}{part}", gone.organization.id)).await.failure(404, 5);
        }
        api.get(&format!("{PATH}:external/gone")).await.failure(404, 5);
        let told = api.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].name, "organization.deleted");
        assert_eq!(told[0].organization.unwrap().to_string(), gone.organization.id);
        assert_eq!(told[0].data["external_id"], "gone");
        let deleted_at = told[0].data["deleted_at"].as_str().unwrap();
        assert!(deleted_at > told[0].data["update_time"].as_str().unwrap());
        assert_eq!(after.events[..before.events.len()], before.events, "the log outlives what it tells of");
    }

    async fn machine_clients_of_a_deleted_organization_stop_at_once(t: Server) {
        let api = t.api().await;
        let (gone, kept) = (furnish(&t, &api, "gone").await, furnish(&t, &api, "kept").await);
        assert_eq!(
            refusal(&api, &gone.token).await.code,
            Code::PermissionDenied,
            "known, and not for this API"
        );
        let request = pb::DeleteOrganizationRequest {
            identities: Some(pb::delete_organization_request::Identities::ExternalId("gone".to_owned())),
        };
        api.call::<rpc::DeleteOrganization>(request).await.unwrap();

        let (status, answer) = token_answer(&t, &gone.client).await;
        assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")));
        let failure = refusal(&api, &gone.token).await;
        assert_eq!(failure.code, Code::Unauthenticated, "{failure:?}");
        assert_eq!(t.rest("GET", PATH, "", &gone.token).await.status, 401);

        assert_eq!(token_answer(&t, &kept.client).await.0, 200);
        assert_eq!(refusal(&api, &kept.token).await.code, Code::PermissionDenied);
    }

    async fn a_new_organization_with_the_old_names_starts_from_nothing(t: Server) {
        let api = t.api().await;
        let gone = furnish(&t, &api, "acme").await;
        let path = format!("{PATH}/{}", gone.organization.id);
        api.patch(&format!("{path}/settings"), json!({"features": [{"name": "sso", "enabled": true}]})).await;
        api.patch(&format!("{path}/settings/usermanagement"), json!({"settings": {"max_allowed_users": 5}}))
            .await;
        api.delete(&path).await;
        let new = api.organization("acme").external_id("acme").slug("acme").create().await;
        assert_ne!(new.id, gone.organization.id);
        assert!(new.settings.unwrap().features.iter().all(|feature| !feature.enabled));
        let path = format!("{PATH}/{}", new.id);
        assert_eq!(api.get(&format!("{path}/settings/usermanagement")).await.json, json!({"settings": {}}));
        let branding = api.get(&format!("{path}/portal_customizations")).await;
        assert_eq!(branding.json, json!({"branding": {"source": "BRANDING_SOURCE_ENVIRONMENT"}}));
        let state = api.state().await;
        assert_eq!(
            (state.portal_links.len(), state.brandings.len(), clients(&t, &api).await),
            (0, 0, (0, 0))
        );
    }

    async fn a_refused_deletion_takes_nothing_away(t: Server) {
        let other = t.add_environment("other").await;
        let (api, there) = (t.api().await, t.api_in(&other).await);
        let kept = furnish(&t, &api, "kept").await;
        let before = api.state().await;
        there.delete(&format!("{PATH}/{}", kept.organization.id)).await.failure(404, 5);
        let request = pb::DeleteOrganizationRequest {
            identities: Some(pb::delete_organization_request::Identities::ExternalId("kept".to_owned())),
        };
        assert_eq!(there.call::<rpc::DeleteOrganization>(request).await.unwrap_err().code, Code::NotFound);
        let own = api.grpc.with_authorization(&[&format!("Bearer {}", kept.token)]);
        let request = pb::DeleteOrganizationRequest {
            identities: Some(pb::delete_organization_request::Identities::Id(kept.organization.id.clone())),
        };
        assert_eq!(
            own.call::<rpc::DeleteOrganization>(request).await.unwrap_err().code,
            Code::PermissionDenied
        );
        assert_eq!(api.state().await, before);
        assert_eq!(clients(&t, &api).await, (1, 1));
        assert!(there.events().await.is_empty());
    }
}
