//! *Domains* against the real server.
#![expect(clippy::unwrap_used, reason = "tests")]

use gatewright::{
    domains::{self, NewDomain, Proof},
    organizations::OrganizationRef,
};
use gatewright_sdk::ScalekitClient;
use gatewright_sdk::domain::{DomainType, VerificationMethod, VerificationStatus};
use gatewright_testkit::{DnsServer, Options, Server, api_tests, database_tests};

fn client(t: &Server) -> ScalekitClient {
    ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap()
}

async fn organization(client: &ScalekitClient, name: &str) -> String {
    client.organization().create_organization(name).await.unwrap().id
}

api_tests! {
    async fn a_domain_lives_from_creation_to_deletion(t: Server) {
        let client = client(&t);
        let acme = organization(&client, "Acme").await;
        let domain = client.domain().create_domain(&acme, "Acme.example").await.unwrap();
        assert!(domain.id.starts_with("dom_") && domain.environment_id.starts_with("env_"));
        assert_eq!((domain.domain.as_str(), &domain.organization_id), ("acme.example", &acme));
        assert_eq!(domain.domain_type, DomainType::OrganizationDomain);
        assert_eq!(domain.verification_status, VerificationStatus::Verified);
        assert_eq!(domain.verification_method, VerificationMethod::Admin);
        assert_eq!((&domain.txt_record_key, &domain.txt_record_secret), (&None, &None));
        assert!(domain.create_time.is_some());

        assert_eq!(client.domain().get_domain(&acme, &domain.id).await.unwrap(), domain);
        assert_eq!(client.domain().list_domains(&acme).await.unwrap().domains, std::slice::from_ref(&domain));
        assert!(client.domain().verify_domain(&acme, &domain.id).await.unwrap());

        client.domain().delete_domain(&acme, &domain.id).await.unwrap();
        assert!(client.domain().get_domain(&acme, &domain.id).await.unwrap_err().is_not_found());
        assert!(client.domain().delete_domain(&acme, &domain.id).await.unwrap_err().is_not_found());
        assert!(client.domain().list_domains(&acme).await.unwrap().domains.is_empty());
    }

    async fn domains_are_listed_by_type_in_numbered_pages(t: Server) {
        let client = client(&t);
        let acme = organization(&client, "Acme").await;
        for name in ["a.example", "b.example", "c.example"] {
            client.domain().create_domain(&acme, name).await.unwrap();
        }
        let allowed =
            client.domain().create_domain(&acme, "a.example").domain_type(DomainType::AllowedEmailDomain);
        let allowed = allowed.await.unwrap();
        assert_eq!(allowed.verification_status, VerificationStatus::AutoVerified);
        let page = client.domain().list_domains(&acme).page_size(3).page_number(1).await.unwrap();
        assert_eq!((page.page_size, page.page_number), (3, 1));
        let names: Vec<&str> = page.domains.iter().map(|domain| domain.domain.as_str()).collect();
        assert_eq!(names, ["a.example"]);
        let page =
            client.domain().list_domains(&acme).domain_type(DomainType::AllowedEmailDomain).await.unwrap();
        assert_eq!(page.domains, [allowed]);
    }

    async fn a_domain_that_cannot_be_added_says_why(t: Server) {
        let client = client(&t);
        let (acme, other) = (organization(&client, "Acme").await, organization(&client, "Other").await);
        client.domain().create_domain(&acme, "acme.example").await.unwrap();
        let own = client.domain().create_domain(&acme, "ACME.example").await.unwrap_err();
        assert!(own.is_bad_request());
        assert_eq!(own.error_code(), Some("ALREADY_EXISTS"));
        assert!(client.domain().create_domain(&other, "acme.example").await.unwrap_err().is_conflict());
        for name in ["gmail.com", "mailinator.com", "co.uk", "10.0.0.1", "x"] {
            let error = client.domain().create_domain(&acme, name).await.unwrap_err();
            assert!(error.is_bad_request(), "{error}");
            assert_eq!(error.field_violations().first().unwrap().field, "domain.domain");
        }
        assert!(client.domain().create_domain("org_1", "b.example").await.unwrap_err().is_not_found());
        assert!(client.domain().list_domains("org_1").await.unwrap_err().is_not_found());
    }
}

database_tests! {
    async fn a_domain_is_proved_by_its_record(kind: Database) {
        let dns = DnsServer::start().await;
        let t = Server::start_with(kind, Options { settings: dns.settings(), ..Options::default() }).await;
        let client = client(&t);
        let acme = organization(&client, "Acme").await;
        let new = NewDomain {
            name: "acme.example".to_owned(),
            kind: domains::DomainType::Organization,
            proof: Proof::Dns,
        };
        domains::create(&t.operator, &OrganizationRef::Id(acme.parse().unwrap()), new, None)
            .await.unwrap();
        let plain = client.domain().list_domains(&acme).await.unwrap().domains.remove(0);
        assert_eq!((plain.verification_status, plain.txt_record_secret), (VerificationStatus::Pending, None));
        let listed = client.domain().list_domains(&acme).include_verification_details().await.unwrap();
        let domain = listed.domains.into_iter().next().unwrap();
        let (key, value) = (domain.txt_record_key.unwrap(), domain.txt_record_secret.unwrap());
        assert!(!client.domain().verify_domain(&acme, &domain.id).await.unwrap());
        dns.publish(&format!("{key}.acme.example"), &[&value]);
        assert!(client.domain().verify_domain(&acme, &domain.id).await.unwrap());
        let proved = client.domain().get_domain(&acme, &domain.id).await.unwrap();
        assert!(proved.verification_status.is_verified());
        assert_eq!(proved.verification_method, VerificationMethod::Dns);
    }
}
