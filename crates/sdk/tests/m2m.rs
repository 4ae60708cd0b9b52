//! *M2m* against the real server.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use gatewright_sdk::m2m::ClientSecretStatus;
use gatewright_sdk::{ScalekitClient, ServerErrorKind};
use gatewright_testkit::{Server, api_tests};
use serde_json::Value as Json;

fn client(t: &Server) -> ScalekitClient {
    ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap()
}

async fn organization(client: &ScalekitClient) -> String {
    client.organization().create_organization("Acme").await.unwrap().id
}

api_tests! {
    async fn a_machine_client_lives_from_creation_to_deletion(t: Server) {
        let client = client(&t);
        let (m2m, org) = (client.m2m(), organization(&client).await);
        let new = m2m
            .create_organization_client(&org)
            .name("Nightly batch")
            .description("Runs at night")
            .scopes(["orders:read", "orders:write"])
            .audience(["https://api.acme.test"])
            .custom_claims([("team", "logistics")])
            .expiry(600)
            .await
            .unwrap();
        assert!(!format!("{new:?}").contains(&new.plain_secret));
        let made = new.client;
        assert!(made.client_id.starts_with("m2morg_"));
        assert_eq!((made.name.as_str(), made.description.as_str()), ("Nightly batch", "Runs at night"));
        assert_eq!((made.scopes.len(), made.audience.len(), made.expiry), (2, 1, 600));
        assert_eq!(made.custom_claims["team"], "logistics");
        assert_eq!(made.secrets[0].status, ClientSecretStatus::Active);
        assert!(new.plain_secret.ends_with(&made.secrets[0].secret_suffix));
        assert_eq!(m2m.get_organization_client(&org, &made.client_id).await.unwrap(), made);

        let changed = m2m.update_organization_client(&org, &made.client_id).scopes(["orders:read"]).await.unwrap();
        assert_eq!((changed.scopes.len(), &changed.name, changed.expiry), (1, &made.name, 600));
        m2m.delete_organization_client(&org, &made.client_id).await.unwrap();
        let error = m2m.delete_organization_client(&org, &made.client_id).await.unwrap_err();
        assert!(error.is_not_found());
        assert!(m2m.get_organization_client(&org, &made.client_id).await.unwrap_err().is_not_found());
    }

    async fn a_machine_gets_a_token_that_the_application_understands(t: Server) {
        let client = client(&t);
        let (m2m, org) = (client.m2m(), organization(&client).await);
        let new = m2m.create_organization_client(&org).scopes(["a:read", "a:write"]).audience(["api.acme.test"]).await.unwrap();
        let token = client.generate_client_token(&new.client.client_id, &new.plain_secret).scopes(["a:read"]).await.unwrap();
        let claims: Json = client
            .validate_token(&token.access_token)
            .audience("api.acme.test")
            .required_scopes(["a:read"])
            .await
            .unwrap();
        assert_eq!((claims["sub"].as_str(), claims["oid"].as_str()), (Some(new.client.client_id.as_str()), Some(org.as_str())));
        let machine = ScalekitClient::new(&t.url, &new.client.client_id, &new.plain_secret).unwrap();
        let error = machine.organization().list_organization().await.unwrap_err();
        assert_eq!(error.kind(), gatewright_sdk::ErrorKind::Server(ServerErrorKind::Forbidden));
    }

    async fn a_machines_secret_is_rotated(t: Server) {
        let client = client(&t);
        let (m2m, org) = (client.m2m(), organization(&client).await);
        let new = m2m.create_organization_client(&org).await.unwrap();
        let (id, first) = (new.client.client_id.clone(), new.client.secrets[0].id.clone());
        let error = m2m.remove_organization_client_secret(&org, &id, &first).await.unwrap_err();
        assert!(error.is_bad_request());
        assert_eq!(error.message(), "last client cannot be deleted");
        let second = m2m.add_organization_client_secret(&org, &id).await.unwrap();
        assert!(!format!("{second:?}").contains(&second.plain_secret));
        m2m.remove_organization_client_secret(&org, &id, &first).await.unwrap();
        assert_eq!(m2m.get_organization_client(&org, &id).await.unwrap().secrets, [second.secret]);
        assert!(client.generate_client_token(&id, &new.plain_secret).await.is_err());
        assert!(client.generate_client_token(&id, &second.plain_secret).await.is_ok());
    }

    async fn machine_clients_come_in_pages_and_streams(t: Server) {
        let client = client(&t);
        let (m2m, org) = (client.m2m(), organization(&client).await);
        let empty = m2m.list_organization_clients(&org).await.unwrap();
        assert_eq!((empty.total_size, empty.clients.len()), (0, 0));
        for number in 0..3 {
            m2m.create_organization_client(&org).name(format!("Machine {number}")).await.unwrap();
        }
        let page = m2m.list_organization_clients(&org).page_size(2).await.unwrap();
        assert_eq!((page.total_size, page.clients.len()), (3, 2));
        let token = page.next_page_token.unwrap();
        let last = m2m.list_organization_clients(&org).page_size(2).page_token(token).await.unwrap();
        assert_eq!((last.clients[0].name.as_str(), last.next_page_token), ("Machine 0", None));
        let all = m2m.list_organization_clients(&org).page_size(2).stream().try_collect().await.unwrap();
        assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Machine 2", "Machine 1", "Machine 0"]);
        assert!(m2m.list_organization_clients("org_1").await.unwrap_err().is_not_found());
        let error = m2m.create_organization_client(&org).scopes(["a b"]).await.unwrap_err();
        assert_eq!(error.field_violations()[0].field, "client.scopes[0]");
    }
}
