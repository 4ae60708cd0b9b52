//! Domains through the API, over gRPC and over REST, and their proof by a DNS server.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
use gatewright::{
    domains::{self, DomainType, NewDomain, Proof, VerificationStatus},
    organizations::OrganizationRef,
    sql,
    time::Timestamp,
};
use gatewright_api::{
    Rpc,
    rpc::domain_service as rpc,
    scalekit::v1::{domains as pb, organizations::Organization},
};
use gatewright_testkit::{Api, Database, DnsServer, Failure, Options, Server, api_tests, database_tests};
use pb::create_domain_request::Identities as Created;
use serde_json::{Value as Json, json};
use std::{sync::Arc, time::Duration};
use tonic::Code;

const RECORD: &str = "scalekit-domain-verification";

fn path(organization: &str) -> String {
    format!("/api/v1/organizations/{organization}/domains")
}

async fn try_create(
    api: &Api,
    organization: &str,
    domain: &str,
    kind: pb::DomainType,
) -> Result<pb::Domain, Failure> {
    let request = pb::CreateDomainRequest {
        identities: Some(Created::OrganizationId(organization.to_owned())),
        domain: Some(pb::CreateDomain { domain: domain.to_owned(), domain_type: kind.into() }),
        connection_id: None,
    };
    Ok(api.call::<rpc::CreateDomain>(request).await?.domain.unwrap())
}

async fn create(api: &Api, organization: &str, domain: &str) -> pb::Domain {
    try_create(api, organization, domain, pb::DomainType::Unspecified).await.unwrap()
}

async fn allow(api: &Api, organization: &str, domain: &str) -> pb::Domain {
    try_create(api, organization, domain, pb::DomainType::AllowedEmailDomain).await.unwrap()
}

async fn list(api: &Api, organization: &str) -> Vec<pb::Domain> {
    let request = pb::ListDomainRequest {
        identities: Some(pb::list_domain_request::Identities::OrganizationId(organization.to_owned())),
        include: Some("verification_details".to_owned()),
        ..Default::default()
    };
    api.call::<rpc::ListDomains>(request).await.unwrap().domains
}

async fn verify(api: &Api, organization: &str, id: &str) -> Result<bool, Failure> {
    let request = pb::VerifyDomainRequest {
        identities: Some(pb::verify_domain_request::Identities::OrganizationId(organization.to_owned())),
        id: id.to_owned(),
    };
    Ok(api.call::<rpc::VerifyDomain>(request).await?.verified)
}

/// As the portal will add one.
async fn pending(t: &Server, organization: &str, name: &str) -> domains::Domain {
    let which = OrganizationRef::Id(organization.parse().unwrap());
    let new = NewDomain { name: name.to_owned(), kind: DomainType::Organization, proof: Proof::Dns };
    domains::create(&t.operator, &which, new, None).await.unwrap()
}

fn publish(dns: &DnsServer, domain: &domains::Domain) {
    let record = domain.txt_record.as_ref().unwrap();
    dns.publish(&format!("{RECORD}.{}", domain.name), &[&record.value]);
}

async fn status(api: &Api, organization: &str, id: impl ToString) -> pb::VerificationStatus {
    let id = id.to_string();
    list(api, organization).await.iter().find(|domain| domain.id == id).unwrap().verification_status()
}

/// Id, name, status, owned name, and when it was changed.
type DomainRow = (i64, String, String, Option<String>, Timestamp);

/// Every row of the environment, to see that a refused call changed nothing.
async fn state(t: &Server, api: &Api) -> (Vec<DomainRow>, usize) {
    let rows = sql!(
        "SELECT id, domain, verification_status, verified_domain, updated_at FROM domains
         WHERE environment_id = $1 ORDER BY id"
    );
    (rows.bind(api.environment).all(&mut t.app.db.read()).await.unwrap(), api.events().await.len())
}

async fn refused<R: Rpc>(api: &Api, request: R::Request, code: Code) {
    let failure = api.call::<R>(request).await.err().expect("a refusal");
    assert_eq!(failure.code, code, "{failure:?}");
}

/// Runs all at once: none of them starts before every one is ready.
async fn at_once<T: Send + 'static>(
    calls: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let calls: Vec<_> = calls.into_iter().collect();
    let barrier = Arc::new(tokio::sync::Barrier::new(calls.len()));
    let tasks = calls.into_iter().map(|call| {
        let barrier = barrier.clone();
        tokio::spawn(async move {
            barrier.wait().await;
            call.await
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

async fn organizations(api: &Api, count: usize) -> Vec<Organization> {
    let mut all = Vec::new();
    for number in 0..count {
        all.push(api.organization(&format!("Organization {number}")).create().await);
    }
    api.told().await;
    all
}

api_tests! {
    async fn an_organization_domain_of_the_api_is_verified_at_once(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        api.told().await;
        let made = create(&api, &acme.id, "Acme.Example.").await;
        assert!(made.id.starts_with("dom_"));
        assert_eq!(made.domain, "acme.example");
        assert_eq!(
            (made.organization_id.as_str(), made.environment_id.as_str()),
            (acme.id.as_str(), api.environment.to_string().as_str())
        );
        assert_eq!(made.domain_type(), pb::DomainType::OrganizationDomain);
        assert_eq!(made.verification_status(), pb::VerificationStatus::Verified);
        assert_eq!(made.verification_method(), pb::VerificationMethod::Admin);
        assert_eq!((made.txt_record_key.as_str(), made.txt_record_secret.as_str()), ("", ""));
        assert_eq!(made.create_time, made.update_time);
        assert_eq!(list(&api, &acme.id).await, std::slice::from_ref(&made));
        assert!(verify(&api, &acme.id, &made.id).await.unwrap());

        let told = api.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!(
            (told[0].name.as_str(), told[0].object.as_str()),
            ("organization.domain_created", "Organization")
        );
        assert_eq!(told[0].organization.unwrap().to_string(), acme.id);
        let expected = json!({"id": made.id, "domain": "acme.example", "domain_type": "ORGANIZATION_DOMAIN",
            "organization_id": acme.id, "environment_id": api.environment.to_string(), "txt_record_key": "",
            "txt_record_secret": "", "verification_status": "VERIFIED", "verification_method": "ADMIN",
            "updated_at": told[0].data["updated_at"]});
        assert_eq!(told[0].data, expected);
    }

    async fn an_allowed_email_domain_needs_no_proof_and_no_owner(t: Server) {
        let api = t.api().await;
        let [one, two] = organizations(&api, 2).await.try_into().unwrap();
        let made = allow(&api, &one.id, "acme.example").await;
        assert_eq!(made.domain_type(), pb::DomainType::AllowedEmailDomain);
        assert_eq!(made.verification_status(), pb::VerificationStatus::AutoVerified);
        assert_eq!(made.verification_method(), pb::VerificationMethod::NotApplicable);
        assert!(verify(&api, &one.id, &made.id).await.unwrap());
        allow(&api, &two.id, "acme.example").await;
        create(&api, &two.id, "acme.example").await;
        assert_eq!((list(&api, &one.id).await.len(), list(&api, &two.id).await.len()), (1, 2));
        assert_eq!(api.told().await.len(), 3);
    }

    async fn rest_creates_with_200_and_speaks_snake_case(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let path = path(&acme.id);
        let answer =
            api.post(&path, json!({"domain": "acme.example", "domainType": "ORGANIZATION_DOMAIN"})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let id = answer.json["domain"]["id"].as_str().unwrap().to_owned();
        let time = answer.json["domain"]["create_time"].clone();
        let expected = json!({"domain": {"id": id, "domain": "acme.example", "environment_id": api.environment.to_string(),
            "organization_id": acme.id, "txt_record_key": "", "txt_record_secret": "",
            "verification_status": "VERIFIED", "create_time": time, "update_time": time,
            "domain_type": "ORGANIZATION_DOMAIN", "verification_method": "ADMIN"}});
        assert_eq!(answer.json, expected);
        let got = api.get(&format!("{path}/{id}")).await;
        assert_eq!((got.status, &got.json), (200, &expected));
        let listed = api.get(&path).await;
        let expected = json!({"page_size": 30, "page_number": 0, "domains": [expected["domain"]]});
        assert_eq!((listed.status, &listed.json), (200, &expected));
        let verified = api.send("PATCH", &format!("{path}/{id}:verify"), "").await;
        assert_eq!((verified.status, &verified.json), (200, &json!({"verified": true})));
        let deleted = api.delete(&format!("{path}/{id}")).await;
        assert_eq!((deleted.status, deleted.text.as_str()), (200, "{}"));
        api.get(&format!("{path}/{id}")).await.failure(404, 5);
    }

    async fn a_domain_is_once_of_each_type_and_owned_once(t: Server) {
        let api = t.api().await;
        let [one, two] = organizations(&api, 2).await.try_into().unwrap();
        create(&api, &one.id, "bücher.example").await;
        allow(&api, &one.id, "bücher.example").await;
        let before = state(&t, &api).await;
        for spelling in ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example", "bücher.example."] {
            for kind in [pb::DomainType::OrganizationDomain, pb::DomainType::AllowedEmailDomain] {
                let failure = try_create(&api, &one.id, spelling, kind).await.unwrap_err();
                assert_eq!(failure.code, Code::InvalidArgument, "{failure:?}");
                assert_eq!(failure.info.error_code, "ALREADY_EXISTS");
                assert_eq!(failure.violations(), [("domain.domain", "domain.unique")]);
                assert!(failure.message.contains("already exists"), "{failure:?}");
            }
            let failure = try_create(&api, &two.id, spelling, pb::DomainType::Unspecified).await.unwrap_err();
            assert_eq!(
                (failure.code, failure.info.error_code.as_str()),
                (Code::AlreadyExists, "ALREADY_EXISTS")
            );
            assert!(!failure.message.contains(&one.id), "{failure:?}");
        }
        assert_eq!(state(&t, &api).await, before);
        // Subdomains are domains of their own.
        create(&api, &two.id, "shop.bücher.example").await;
    }

    async fn names_that_no_customer_can_own_are_refused(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let before = state(&t, &api).await;
        for (name, constraint) in [
            ("a.b", "string.min_len"),
            ("", "required"),
            (&format!("{}.example", "a.".repeat(125)), "string.max_len"),
            (&format!("{}.example", "a".repeat(64)), "hostname"),
            ("https://acme.example", "hostname"),
            ("acme.example:443", "hostname"),
            ("user@acme.example", "hostname"),
            ("*.acme.example", "hostname"),
            ("192.0.2.1", "hostname"),
            ("localhost", "hostname"),
            ("acme..example", "hostname"),
            ("acme.example\u{0}", "string.no_nul"),
            ("acme\r\nx.example", "hostname"),
            ("ac%me_.example", "hostname"),
            ("co.uk", "domain.public_suffix"),
            ("github.io", "domain.public_suffix"),
            ("gmail.com", "domain.public"),
            ("Outlook.COM", "domain.public"),
            ("mailinator.com", "domain.disposable"),
        ] {
            let kind = pb::DomainType::AllowedEmailDomain;
            let failure = try_create(&api, &acme.id, name, kind).await.expect_err(name);
            assert_eq!(failure.code, Code::InvalidArgument, "{name:?} {failure:?}");
            let violations = failure.violations();
            assert!(violations.contains(&("domain.domain", constraint)), "{name:?} {violations:?}");
            let answer = api.post(&path(&acme.id), json!({"domain": name})).await;
            answer.failure(400, 3);
        }
        let kind = json!({"domain": "acme.example", "domain_type": 77});
        api.post(&path(&acme.id), kind).await.failure(400, 3);
        api.post(&path(&acme.id), json!({"domain": "acme.example", "domain_type": "NONE"}))
            .await
            .failure(400, 3);
        assert_eq!(state(&t, &api).await, before);
        create(&api, &acme.id, "customerdomain-1772884800.com").await;
    }

    async fn lists_have_numbered_pages_newest_first(t: Server) {
        let api = t.api().await;
        let [acme, other] = organizations(&api, 2).await.try_into().unwrap();
        create(&api, &other.id, "other.example").await;
        for number in 0..5 {
            create(&api, &acme.id, &format!("d{number}.example")).await;
        }
        allow(&api, &acme.id, "d0.example").await;
        let path = path(&acme.id);
        let names = |answer: &Json| -> Vec<String> {
            let domains = answer["domains"].as_array().unwrap();
            domains.iter().map(|domain| domain["domain"].as_str().unwrap().to_owned()).collect()
        };
        let page = api.get(&format!("{path}?page_size=4")).await.json;
        assert_eq!((&page["page_size"], &page["page_number"]), (&json!(4), &json!(0)));
        assert_eq!(names(&page), ["d0.example", "d4.example", "d3.example", "d2.example"]);
        let page = api.get(&format!("{path}?page_size=4&page_number=1")).await.json;
        assert_eq!((&page["page_size"], &page["page_number"]), (&json!(4), &json!(1)));
        assert_eq!(names(&page), ["d1.example", "d0.example"]);
        let page = api.get(&format!("{path}?page_size=4&page_number=2")).await.json;
        assert!(names(&page).is_empty());
        let far = api.get(&format!("{path}?page_size=1000&page_number=2147483647")).await.json;
        assert_eq!((&far["page_size"], names(&far).len()), (&json!(100), 0));
        assert_eq!(
            names(&api.get(&format!("{path}?domain_type=ALLOWED_EMAIL_DOMAIN")).await.json),
            ["d0.example"]
        );
        assert_eq!(names(&api.get(&format!("{path}?domain_type=ORGANIZATION_DOMAIN")).await.json).len(), 5);
        assert_eq!(
            names(&api.get(&format!("{path}?domain_type=DOMAIN_TYPE_UNSPECIFIED")).await.json).len(),
            6
        );
        api.get(&format!("{path}?page_size=-1")).await.failure(400, 3);
        api.get(&format!("{path}?page_number=-1")).await.failure(400, 3);
        api.get(&format!("{path}?domain_type=9")).await.failure(400, 3);
    }

    async fn a_deleted_domain_is_free_again(t: Server) {
        let api = t.api().await;
        let [one, two] = organizations(&api, 2).await.try_into().unwrap();
        let made = create(&api, &one.id, "acme.example").await;
        api.told().await;
        api.delete(&format!("{}/{}", path(&one.id), made.id)).await;
        let told = api.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].name, "organization.domain_deleted");
        assert_eq!(told[0].data["verification_status"], "VERIFIED");
        assert!(list(&api, &one.id).await.is_empty());
        api.delete(&format!("{}/{}", path(&one.id), made.id)).await.failure(404, 5);
        assert!(api.told().await.is_empty());
        create(&api, &two.id, "acme.example").await;
        api.delete(&format!("/api/v1/organizations/{}", two.id)).await;
        create(&api, &one.id, "acme.example").await;
        assert_eq!(state(&t, &api).await.0.len(), 1);
    }

    async fn an_organization_may_be_named_by_its_external_id(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").external_id("crm-7").create().await;
        let external = || "crm-7".to_owned();
        let request = pb::CreateDomainRequest {
            identities: Some(Created::ExternalId(external())),
            domain: Some(pb::CreateDomain { domain: "acme.example".into(), domain_type: 0 }),
            connection_id: None,
        };
        let made = api.call::<rpc::CreateDomain>(request.clone()).await.unwrap().domain.unwrap();
        assert_eq!(made.organization_id, acme.id);
        let get = pb::GetDomainRequest {
            identities: Some(pb::get_domain_request::Identities::ExternalId(external())),
            id: made.id.clone(),
        };
        assert_eq!(api.call::<rpc::GetDomain>(get).await.unwrap().domain, Some(made.clone()));
        let verify = pb::VerifyDomainRequest {
            identities: Some(pb::verify_domain_request::Identities::ExternalId(external())),
            id: made.id.clone(),
        };
        assert!(api.call::<rpc::VerifyDomain>(verify).await.unwrap().verified);
        let list = pb::ListDomainRequest {
            identities: Some(pb::list_domain_request::Identities::ExternalId(external())),
            ..Default::default()
        };
        assert_eq!(api.call::<rpc::ListDomains>(list).await.unwrap().domains, std::slice::from_ref(&made));
        let delete = pb::DeleteDomainRequest {
            identities: Some(pb::delete_domain_request::Identities::ExternalId(external())),
            id: made.id,
            connection_id: None,
        };
        api.call::<rpc::DeleteDomain>(delete).await.unwrap();
        let nobody = Created::ExternalId("crm-8".to_owned());
        refused::<rpc::CreateDomain>(
            &api,
            pb::CreateDomainRequest { identities: Some(nobody), ..request.clone() },
            Code::NotFound,
        )
        .await;
        refused::<rpc::CreateDomain>(
            &api,
            pb::CreateDomainRequest { identities: None, ..request.clone() },
            Code::InvalidArgument,
        )
        .await;
        let long = Created::ExternalId("x".repeat(33));
        refused::<rpc::CreateDomain>(
            &api,
            pb::CreateDomainRequest { identities: Some(long), ..request },
            Code::InvalidArgument,
        )
        .await;
    }

    async fn domains_of_others_do_not_exist(t: Server) {
        let other = t.add_environment("other").await;
        let (here, there) = (t.api().await, t.api_in(&other).await);
        let [mine, second] = organizations(&here, 2).await.try_into().unwrap();
        let theirs = there.organization("Theirs").create().await;
        let domain = create(&here, &mine.id, "acme.example").await;
        let foreign = create(&there, &theirs.id, "acme.example").await;
        let before = (state(&t, &here).await, state(&t, &there).await);
        for (organization, id, status) in [
            (&mine.id, &foreign.id, 404),
            (&second.id, &domain.id, 404),
            (&theirs.id, &foreign.id, 404),
            (&"org_1".to_owned(), &domain.id, 404),
            (&mine.id, &"dom_1".to_owned(), 404),
            (&mine.id, &mine.id, 400),
            (&mine.id, &"dom_01".to_owned(), 400),
            (&mine.id, &"x".to_owned(), 400),
            (&domain.id, &domain.id, 400),
        ] {
            let path = format!("{}/{id}", path(organization));
            let code = if status == 404 { 5 } else { 3 };
            here.get(&path).await.failure(status, code);
            here.delete(&path).await.failure(status, code);
            here.send("PATCH", &format!("{path}:verify"), "").await.failure(status, code);
        }
        here.get(&path(&theirs.id)).await.failure(404, 5);
        here.post(&path(&theirs.id), json!({"domain": "new.example"})).await.failure(404, 5);
        assert_eq!((state(&t, &here).await, state(&t, &there).await), before);
    }

    async fn of_ten_organizations_that_add_one_domain_one_wins(t: Server) {
        let api = Arc::new(t.api().await);
        let all = organizations(&api, 10).await;
        let results = at_once(all.iter().map(|organization| {
            let (api, id) = (api.clone(), organization.id.clone());
            async move { try_create(&api, &id, "acme.example", pb::DomainType::OrganizationDomain).await }
        }))
        .await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        for failure in results.iter().flat_map(|result| result.as_ref().err()) {
            assert_eq!(failure.code, Code::AlreadyExists, "{failure:?}");
        }
        assert_eq!(state(&t, &api).await.0.len(), 1);
        assert_eq!(api.told().await.len(), 1);
    }

    async fn of_ten_that_add_one_domain_to_an_organization_one_wins(t: Server) {
        let api = Arc::new(t.api().await);
        let [acme] = organizations(&api, 1).await.try_into().unwrap();
        for kind in [pb::DomainType::OrganizationDomain, pb::DomainType::AllowedEmailDomain] {
            let results = at_once((0..10).map(|_| {
                let (api, id) = (api.clone(), acme.id.clone());
                async move { try_create(&api, &id, "acme.example", kind).await }
            }))
            .await;
            assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
            for failure in results.iter().flat_map(|result| result.as_ref().err()) {
                assert_eq!(failure.info.error_code, "ALREADY_EXISTS", "{failure:?}");
            }
            assert_eq!(api.told().await.len(), 1);
        }
    }
}

async fn with_dns(kind: Database) -> (Server, Api, DnsServer) {
    let dns = DnsServer::start().await;
    let t = Server::start_with(kind, Options { settings: dns.settings(), ..Options::default() }).await;
    let api = t.api().await;
    (t, api, dns)
}

database_tests! {
    async fn a_txt_record_proves_a_domain(kind: Database) {
        let (t, api, dns) = with_dns(kind).await;
        let [acme] = organizations(&api, 1).await.try_into().unwrap();
        let made = pending(&t, &acme.id, "acme.example").await;
        let id = made.id.to_string();
        let value = made.txt_record.clone().unwrap().value;
        assert!(value.starts_with("sk_dom_verify_") && value.len() >= 14 + 22, "{value}");
        let listed = list(&api, &acme.id).await;
        assert_eq!((listed[0].txt_record_key.as_str(), &listed[0].txt_record_secret), (RECORD, &value));
        assert_eq!(listed[0].verification_method(), pb::VerificationMethod::Dns);
        let plain = api.get(&path(&acme.id)).await.json;
        assert_eq!(plain["domains"][0]["txt_record_secret"], "", "only with include=verification_details");
        assert_eq!(api.told().await[0].data["verification_status"], "PENDING");

        let name = format!("{RECORD}.acme.example");
        assert!(!verify(&api, &acme.id, &id).await.unwrap());
        assert_eq!(dns.asked()[0], name);
        dns.publish(&name, &["v=spf1 -all"]);
        dns.publish(&name, &["sk_dom_verify_of_somebody_else"]);
        dns.publish("acme.example", &[&value]);
        assert!(!verify(&api, &acme.id, &id).await.unwrap());
        assert_eq!(status(&api, &acme.id, &id).await, pb::VerificationStatus::Pending);
        assert!(api.told().await.is_empty());

        // In two segments, and in the quotes that some people type.
        let (first, second) = value.split_at(20);
        dns.publish(&name, &["\"", first, second, "\" "]);
        assert!(verify(&api, &acme.id, &id).await.unwrap());
        let proved = list(&api, &acme.id).await.remove(0);
        assert_eq!(proved.verification_status(), pb::VerificationStatus::Verified);
        assert!(proved.update_time.unwrap().nanos != proved.create_time.unwrap().nanos);
        let told = api.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].name, "organization.domain_dns_verification_success");
        assert_eq!(told[0].data["verification_status"], "VERIFIED");
        assert_eq!(told[0].data["txt_record_secret"], value);

        dns.asked();
        dns.withdraw(&name);
        assert!(verify(&api, &acme.id, &id).await.unwrap());
        assert!(dns.asked().is_empty(), "what is proved is not asked for again");
        assert!(api.told().await.is_empty());
    }

    async fn the_first_that_proves_a_domain_is_its_owner(kind: Database) {
        let (t, api, dns) = with_dns(kind).await;
        let [one, two, three] = organizations(&api, 3).await.try_into().unwrap();
        let (first, second) =
            (pending(&t, &one.id, "acme.example").await, pending(&t, &two.id, "acme.example").await);
        let unrelated = pending(&t, &three.id, "other.example").await;
        assert_ne!(first.txt_record, second.txt_record);
        publish(&dns, &first);
        publish(&dns, &second);
        api.told().await;
        assert!(verify(&api, &two.id, &second.id.to_string()).await.unwrap());
        assert_eq!(status(&api, &one.id, first.id).await, pb::VerificationStatus::Failed);
        assert_eq!(status(&api, &three.id, unrelated.id).await, pb::VerificationStatus::Pending);
        assert!(!verify(&api, &one.id, &first.id.to_string()).await.unwrap(), "failure is final");
        let told = api.told().await;
        let told: Vec<_> =
            told.iter().map(|event| (event.name.as_str(), event.organization.unwrap().to_string())).collect();
        assert_eq!(
            told,
            [
                ("organization.domain_dns_verification_success", two.id.clone()),
                ("organization.domain_dns_verification_failed", one.id.clone()),
            ]
        );
        // The word of the environment's own callers ends a search, too.
        create(&api, &one.id, "other.example").await;
        assert_eq!(status(&api, &three.id, unrelated.id).await, pb::VerificationStatus::Failed);
        // Who owns a domain already leaves nothing to prove; the wait is for its release.
        let late = pending(&t, &three.id, "acme.example").await;
        publish(&dns, &late);
        assert!(!verify(&api, &three.id, &late.id.to_string()).await.unwrap());
        assert_eq!(status(&api, &three.id, late.id).await, pb::VerificationStatus::Pending);
        api.delete(&format!("{}/{}", path(&two.id), second.id)).await;
        assert!(verify(&api, &three.id, &late.id.to_string()).await.unwrap());
        assert_eq!(late.status, VerificationStatus::Pending);
    }

    async fn of_ten_proofs_of_one_domain_at_once_one_wins(kind: Database) {
        let (t, api, dns) = with_dns(kind).await;
        let api = Arc::new(api);
        let mut waiting = Vec::new();
        for organization in organizations(&api, 10).await {
            let domain = pending(&t, &organization.id, "acme.example").await;
            publish(&dns, &domain);
            waiting.push((organization.id, domain.id.to_string()));
        }
        api.told().await;
        let results = at_once(waiting.iter().cloned().map(|(organization, id)| {
            let api = api.clone();
            async move { verify(&api, &organization, &id).await.unwrap() }
        }))
        .await;
        assert_eq!(results.iter().filter(|&&verified| verified).count(), 1, "{results:?}");
        let (rows, _) = state(&t, &api).await;
        assert_eq!(rows.iter().filter(|row| row.2 == "VERIFIED" && row.3.is_some()).count(), 1);
        assert_eq!(rows.iter().filter(|row| row.2 == "FAILED" && row.3.is_none()).count(), 9);
        let told = api.told().await;
        assert_eq!(told.iter().filter(|event| event.name.ends_with("_success")).count(), 1);
        assert_eq!(told.iter().filter(|event| event.name.ends_with("_failed")).count(), 9);
    }

    async fn of_ten_calls_that_prove_one_domain_each_succeeds_and_one_tells(kind: Database) {
        let (t, api, dns) = with_dns(kind).await;
        let api = Arc::new(api);
        let [acme] = organizations(&api, 1).await.try_into().unwrap();
        let domain = pending(&t, &acme.id, "acme.example").await;
        publish(&dns, &domain);
        api.told().await;
        let results = at_once((0..10).map(|_| {
            let (api, organization, id) = (api.clone(), acme.id.clone(), domain.id.to_string());
            async move { verify(&api, &organization, &id).await.unwrap() }
        }))
        .await;
        assert_eq!(results, [true; 10]);
        assert_eq!(api.told().await.len(), 1);
    }

    async fn the_search_ends_after_72_hours(kind: Database) {
        let dns = DnsServer::start().await;
        let start = Timestamp::from_micros(1_772_884_800_000_000);
        let options = Options { settings: dns.settings(), frozen_at: Some(start), ..Options::default() };
        let t = Server::start_with(kind, options).await;
        let api = t.api().await;
        let [acme] = organizations(&api, 1).await.try_into().unwrap();
        let made = pending(&t, &acme.id, "acme.example").await;
        api.told().await;
        t.advance(Duration::from_secs(72 * 3600 - 1));
        let api = t.api().await;
        api.told().await;
        assert!(!verify(&api, &acme.id, &made.id.to_string()).await.unwrap());
        assert_eq!(status(&api, &acme.id, made.id).await, pb::VerificationStatus::Pending);
        t.advance(Duration::from_secs(1));
        assert!(!verify(&api, &acme.id, &made.id.to_string()).await.unwrap());
        assert_eq!(status(&api, &acme.id, made.id).await, pb::VerificationStatus::Failed);
        let told = api.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].name, "organization.domain_dns_verification_failed");
        publish(&dns, &made);
        assert!(!verify(&api, &acme.id, &made.id.to_string()).await.unwrap());
        assert!(api.told().await.is_empty());
        // Deleted and added again it has another value to publish.
        api.delete(&format!("{}/{}", path(&acme.id), made.id)).await;
        let again = pending(&t, &acme.id, "acme.example").await;
        assert_ne!(again.txt_record.as_ref().unwrap().value, made.txt_record.as_ref().unwrap().value);
        publish(&dns, &again);
        assert!(verify(&api, &acme.id, &again.id.to_string()).await.unwrap());
    }

    async fn dns_servers_that_do_not_answer_are_no_proof_and_no_error(kind: Database) {
        let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let settings = vec![("dns.resolver", silent.local_addr().unwrap().to_string())];
        let t = Server::start_with(kind, Options { settings, ..Options::default() }).await;
        let api = t.api().await;
        let [acme] = organizations(&api, 1).await.try_into().unwrap();
        let made = pending(&t, &acme.id, "acme.example").await;
        let id = made.id.to_string();
        let asked = tokio::time::timeout(Duration::from_secs(15), verify(&api, &acme.id, &id));
        assert!(!asked.await.expect("an answer in time").unwrap());
        assert_eq!(status(&api, &acme.id, made.id).await, pb::VerificationStatus::Pending);
    }

    async fn records_are_looked_for_in_the_background(kind: Database) {
        let dns = DnsServer::start().await;
        let start = Timestamp::from_micros(1_772_884_800_000_000);
        let options = Options { settings: dns.settings(), frozen_at: Some(start), ..Options::default() };
        let t = Server::start_with(kind, options).await;
        let api = t.api().await;
        let [one, two] = organizations(&api, 2).await.try_into().unwrap();
        let found = pending(&t, &one.id, "found.example").await;
        let (lost, gone) =
            (pending(&t, &two.id, "lost.example").await, pending(&t, &two.id, "gone.example").await);
        api.delete(&format!("{}/{}", path(&two.id), gone.id)).await;
        api.told().await;
        let asked = |name: &str| dns.asked().iter().filter(|asked| asked.ends_with(name)).count();
        t.run_jobs().await;
        assert!(dns.asked().is_empty(), "nobody has had time to publish anything");
        // Pauses of 1, 2, 5, 10, 30 minutes, then an hour.
        for (number, minutes) in [1, 2, 5, 10, 30, 60, 60].into_iter().enumerate() {
            t.advance(Duration::from_secs(minutes * 60 - 1));
            t.run_jobs().await;
            assert_eq!(asked("lost.example"), 0, "check {number} is early");
            if number == 3 {
                publish(&dns, &found);
            }
            t.advance(Duration::from_secs(1));
            t.run_jobs().await;
            let names = dns.asked();
            assert_eq!(
                names.iter().filter(|name| name.ends_with("lost.example")).count(),
                1,
                "check {number}"
            );
            let looked = names.iter().any(|name| name.ends_with("found.example"));
            assert_eq!(looked, number <= 3, "what is found is not looked for again");
            assert!(!names.iter().any(|name| name.ends_with("gone.example")));
        }
        let told = api.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].name, "organization.domain_dns_verification_success");
        assert_eq!(
            (told[0].data["id"].as_str().unwrap(), told[0].organization.unwrap().to_string()),
            (found.id.to_string().as_str(), one.id.clone())
        );
        let api = t.api().await;
        assert_eq!(status(&api, &two.id, lost.id).await, pb::VerificationStatus::Pending);
        api.told().await;
        // 168 minutes are over. In the end it fails by itself, to the second.
        t.advance(Duration::from_secs(72 * 3600 - 168 * 60 - 1));
        t.run_jobs().await;
        assert!(api.told().await.is_empty());
        t.advance(Duration::from_secs(1));
        t.run_jobs().await;
        let told = api.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].name, "organization.domain_dns_verification_failed");
        assert_eq!(told[0].data["id"], lost.id.to_string());
        dns.asked();
        t.advance(Duration::from_secs(86_400));
        t.run_jobs().await;
        assert!(dns.asked().is_empty());
        let left: i64 =
            sql!("SELECT COUNT(*) FROM jobs WHERE environment_id = $1 AND name = 'domains.check'")
                .bind(api.environment)
                .one(&mut t.app.db.read())
                .await
                .unwrap();
        assert_eq!(left, 0);
    }
}
