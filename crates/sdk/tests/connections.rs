//! *Connections* against the real server.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use gatewright_sdk::ScalekitClient;
use gatewright_sdk::connection::{ConnectionProvider, ConnectionStatus, ConnectionType};
use gatewright_sdk::messages::v1::connections::connection::Settings;
use gatewright_testkit::{Server, api_tests};

fn client(t: &Server) -> ScalekitClient {
    ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap()
}

async fn organization(client: &ScalekitClient) -> String {
    client.organization().create_organization("Acme").await.unwrap().id
}

api_tests! {
    async fn a_connection_lives_from_creation_to_deletion(t: Server) {
        let client = client(&t);
        let acme = organization(&client).await;
        let connections = client.connection();
        let made = connections
            .create_connection(&acme, ConnectionType::Oidc, ConnectionProvider::IdpSimulator)
            .provider_key("test-key")
            .key_id("acme")
            .await
            .unwrap();
        assert!(made.id.starts_with("conn_"));
        assert_eq!((made.connection_type, made.provider), (ConnectionType::Oidc, ConnectionProvider::IdpSimulator));
        assert_eq!((made.status, made.enabled), (ConnectionStatus::Completed, false));
        assert_eq!((made.provider_key.as_str(), made.key_id.as_deref()), ("test-key", Some("acme")));
        assert_eq!(made.organization_id.as_deref(), Some(acme.as_str()));
        assert_eq!(made.test_connection_uri, format!("{}/sso/v1/oidc/{}/test", t.url, made.id));
        assert!(made.create_time.is_some() && made.create_time == made.update_time);
        assert_eq!(connections.get_connection(&acme, &made.id).await.unwrap(), made);
        let enabled = connections.enable_connection(&acme, &made.id).await.unwrap();
        assert_eq!((enabled.enabled, enabled.error_message), (true, None));
        assert!(connections.get_connection(&acme, &made.id).await.unwrap().enabled);
        assert!(!connections.disable_connection(&acme, &made.id).await.unwrap().enabled);
        let Some(Settings::OidcConfig(config)) = made.into_message().settings else { panic!("no OIDC settings") };
        assert!(config.redirect_uri.ends_with("/callback"));
        let id = connections.list_connections(&acme).include_all().await.unwrap().first().unwrap().id.clone();
        connections.delete_connection(&acme, &id).await.unwrap();
        assert!(connections.get_connection(&acme, &id).await.unwrap_err().is_not_found());
        assert!(connections.delete_connection(&acme, &id).await.unwrap_err().is_not_found());
    }

    async fn connections_are_listed_by_organization_and_by_domain(t: Server) {
        let client = client(&t);
        let acme = organization(&client).await;
        let connections = client.connection();
        let simulator = connections.create_connection(&acme, ConnectionType::Saml, ConnectionProvider::IdpSimulator).await.unwrap();
        let draft = connections.create_connection(&acme, ConnectionType::Saml, ConnectionProvider::Okta).await.unwrap();
        connections.enable_connection(&acme, &simulator.id).await.unwrap();
        client.domain().create_domain(&acme, "acme.example").await.unwrap();
        for list in [connections.list_connections(&acme), connections.list_connections_by_domain("acme.example")] {
            let usable = list.clone().await.unwrap();
            assert_eq!(usable.iter().map(|found| &found.id).collect::<Vec<_>>(), [&simulator.id]);
            let first = usable.first().unwrap();
            assert_eq!((first.organization_name.as_str(), first.enabled), ("Acme", true));
            assert_eq!((first.organization_id.as_ref(), first.status), (Some(&acme), ConnectionStatus::Completed));
            let all = list.include_all().await.unwrap();
            assert_eq!(all.iter().map(|found| &found.id).collect::<Vec<_>>(), [&simulator.id, &draft.id]);
        }
        assert!(connections.list_connections_by_domain("nobody.example").await.unwrap().is_empty());
        assert!(connections.list_connections_by_domain("nobody").await.unwrap_err().is_bad_request());
        assert!(connections.list_connections("org_1").await.unwrap_err().is_not_found());
    }

    async fn what_cannot_be_done_says_why(t: Server) {
        let client = client(&t);
        let (acme, other) = (organization(&client).await, organization(&client).await);
        let connections = client.connection();
        let social = connections.create_connection(&acme, ConnectionType::OAuth, ConnectionProvider::Google);
        assert!(social.await.unwrap_err().is_bad_request());
        let agent = connections.create_connection(&acme, ConnectionType::Other(7), ConnectionProvider::Custom);
        assert!(agent.await.unwrap_err().is_bad_request());
        let draft = connections.create_connection(&acme, ConnectionType::Oidc, ConnectionProvider::Okta).key_id("a").await.unwrap();
        let twice = connections.create_connection(&acme, ConnectionType::Oidc, ConnectionProvider::Okta).key_id("a");
        assert!(twice.await.unwrap_err().is_conflict());
        let error = connections.enable_connection(&acme, &draft.id).await.unwrap_err();
        assert!(error.is_bad_request());
        assert_eq!(error.error_code(), Some("FAILED_PRECONDITION"));
        assert!(error.message().contains("DRAFT"), "{error}");
        assert!(connections.get_connection(&other, &draft.id).await.unwrap_err().is_not_found());
        assert!(connections.disable_connection(&other, &draft.id).await.unwrap_err().is_not_found());
    }

    async fn there_are_no_agent_connectors(t: Server) {
        let client = client(&t);
        let page = client.connection().list_app_connections().provider("x").query("abc").await.unwrap();
        assert_eq!((page.connections.len(), page.total_size, page.next_page_token), (0, 0, None));
        assert!(client.connection().list_app_connections().stream().try_collect().await.unwrap().is_empty());
        assert!(client.connection().list_app_connections().page_size(31).await.unwrap_err().is_bad_request());
    }
}
