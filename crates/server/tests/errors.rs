//! What a failure looks like on the wire: management.md 0.9 and appendix C, auth.md 8.3 and 11.16.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright::{by_dialect, transport::RequestLimits};
use gatewright_api::{
    rpc::{
        client_service::UpdateClient,
        organization_service::{CreateOrganization, GetOrganization, ListOrganization, UpdateOrganization},
    },
    scalekit::v1::{
        clients,
        organizations::{self as pb, get_organization_request, update_organization_request},
    },
};
use gatewright_testkit::{Failure, Options, Server, api_tests, database_tests, frame, json};
use std::time::Duration;
use tonic::Code;

const LIST: &str = "/scalekit.v1.organizations.OrganizationService/ListOrganization";

fn create(name: &str, external_id: Option<&str>) -> pb::CreateOrganizationRequest {
    let organization = pb::CreateOrganization {
        display_name: name.into(),
        external_id: external_id.map(str::to_owned),
        ..Default::default()
    };
    pb::CreateOrganizationRequest { organization: Some(organization) }
}

/// A failure without any of the optional parts.
fn bare(failure: &Failure) -> bool {
    failure.info.resource_info.is_none()
        && failure.info.validation_error_info.is_none()
        && failure.info.help_info.is_none()
}

api_tests! {
    async fn a_failed_call_has_one_detail_that_agrees_with_its_status(t: Server) {
        let grpc = t.grpc().await;
        let identities = get_organization_request::Identities::Id("org_264905529753604096".into());
        let request = pb::GetOrganizationRequest { identities: Some(identities) };
        let failure = grpc.call::<GetOrganization>(request).await.unwrap_err();
        assert_eq!((failure.code, failure.info.error_code.as_str()), (Code::NotFound, "NOT_FOUND"));
        assert_eq!(failure.message, "organization org_264905529753604096 not found");
        assert!(bare(&failure), "{failure:?}");
        // The same over HTTP/JSON.
        let path = "/api/v1/organizations/org_264905529753604096";
        let answer = t.rest("GET", path, "", &t.token().await).await;
        assert_eq!(answer.failure(404, 5), failure.message);
        assert_eq!(answer.headers["content-type"], "application/json");
        let names: Vec<&String> = answer.json.as_object().unwrap().keys().collect();
        assert_eq!(names, ["code", "message", "details"]);
        let detail = answer.json["details"][0].as_object().unwrap();
        let names: Vec<&String> = detail.keys().collect();
        assert_eq!(names, ["@type", "error_code", "request_info"]);
        assert_eq!(detail["error_code"], "NOT_FOUND");
    }

    /// A gRPC status travels in headers, and clients take 8 KiB of them.
    async fn an_answer_that_quotes_much_still_arrives(t: Server) {
        let grpc = t.grpc().await;
        let get = |id: String| pb::GetOrganizationRequest {
            identities: Some(get_organization_request::Identities::ExternalId(id)),
        };
        for text in ["x".repeat(100_000), "ü%".repeat(50_000)] {
            let failure = grpc.call::<GetOrganization>(get(text)).await.unwrap_err();
            assert_eq!((failure.code, failure.info.error_code.as_str()), (Code::NotFound, "NOT_FOUND"));
            assert!(failure.message.len() < 600 && failure.message.ends_with('…'), "{}", failure.message);
        }
        let uris = (0..20_000).map(|n| format!("ftp://{n}.example")).collect();
        let client = Some(clients::UpdateClient { post_login_uris: uris, ..Default::default() });
        let request = clients::UpdateClientRequest { client_id: t.client_id.clone(), client, ..Default::default() };
        let failure = grpc.call::<UpdateClient>(request).await.unwrap_err();
        assert_eq!(failure.code, Code::InvalidArgument);
        assert!(!failure.violations().is_empty());
        grpc.call::<ListOrganization>(pb::ListOrganizationsRequest::default()).await.unwrap();
    }

    async fn broken_rules_are_named_by_field_and_rule(t: Server) {
        let failure = t.grpc().await.call::<CreateOrganization>(create("", None)).await.unwrap_err();
        assert_eq!(failure.code, Code::InvalidArgument);
        assert_eq!(failure.violations(), [("organization.display_name", "string.min_len")]);
        assert_eq!(failure.message, "organization.display_name: must be at least 1 character");
        let token = t.token().await;
        let answer = t.rest("POST", "/api/v1/organizations", r#"{"display_name":""}"#, &token).await;
        assert_eq!(answer.failure(400, 3), failure.message);
        assert_eq!(answer.violations(), failure.violations());
    }

    async fn a_taken_key_is_a_conflict(t: Server) {
        let grpc = t.grpc().await;
        grpc.call::<CreateOrganization>(create("One", Some("x"))).await.unwrap();
        let failure = grpc.call::<CreateOrganization>(create("Two", Some("x"))).await.unwrap_err();
        assert_eq!((failure.code, failure.info.error_code.as_str()), (Code::AlreadyExists, "ALREADY_EXISTS"));
        assert!(failure.message.contains("external"), "{}", failure.message);
        let body = r#"{"display_name":"Two","external_id":"x"}"#;
        let answer = t.rest("POST", "/api/v1/organizations", body, &t.token().await).await;
        assert_eq!(answer.failure(409, 6), failure.message);
    }

    async fn a_message_in_any_script_arrives_as_it_was_written(t: Server) {
        let grpc = t.grpc().await;
        let id = grpc.call::<CreateOrganization>(create("One", None)).await.unwrap().organization.unwrap().id;
        for path in ["größe", "名前", "🦀 100%", "a\nb", "\u{7f}"] {
            let request = pb::UpdateOrganizationRequest {
                identities: Some(update_organization_request::Identities::Id(id.clone())),
                organization: Some(pb::UpdateOrganization::default()),
                update_mask: Some(prost_types::FieldMask { paths: vec![path.to_owned()] }),
            };
            // The testkit compares grpc-message after decoding with the message in the detail, as Python does.
            let failure = grpc.call::<UpdateOrganization>(request.clone()).await.unwrap_err();
            assert_eq!(failure.code, Code::InvalidArgument);
            assert!(failure.message.contains(path.trim()), "{path}: {}", failure.message);
            let authorization = grpc.authorization[0].clone();
            let path = "/scalekit.v1.organizations.OrganizationService/UpdateOrganization";
            let body = frame(&prost::Message::encode_to_vec(&request));
            let raw = t.raw_grpc(path, &[("authorization", &authorization)], body).await;
            let message = raw.headers["grpc-message"].to_str().unwrap();
            assert!(message.is_ascii() && raw.failure().message == failure.message);
        }
    }

    async fn every_answer_names_its_request(t: Server) {
        let token = t.token().await;
        for path in ["/api/v1/organizations/org_1", "/api/v1/nothing", "/api/v1/organizations?page_token=x"] {
            let answer = t.rest("GET", path, "", &token).await;
            let id = answer.json["details"][0]["request_info"]["request_id"].as_str().unwrap();
            assert_eq!(answer.headers["x-request-id"], id, "{path}");
        }
        let mut ids = std::collections::BTreeSet::new();
        for path in [
            "/",
            "/healthz",
            "/ready",
            "/keys",
            "/nothing",
            "/.well-known/openid-configuration",
            "/api/v1/organizations",
        ] {
            let answer = t.rest("GET", path, "", &token).await;
            let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
            assert!(id.starts_with("req_"), "{id}");
            assert!(ids.insert(id), "an id came twice");
        }
        let raw = t.raw_grpc(LIST, &[], frame(b"")).await;
        assert_eq!(raw.failure().message, "Token empty"); // which compares the ids
    }

    async fn a_request_id_is_the_servers_and_not_the_clients(t: Server) {
        let request = t.http.get(format!("{}/api/v1/nothing", t.url)).header("x-request-id", "req_1");
        assert_ne!(json(request).await.headers["x-request-id"], "req_1");
    }

    async fn an_unknown_service_or_method_is_unimplemented_with_the_detail(t: Server) {
        let grpc = t.grpc().await;
        for path in [
            "/scalekit.v1.organizations.OrganizationService/Explode",
            "/scalekit.v1.organizations.organizationservice/ListOrganization",
            "/scalekit.v2.Nothing/Nothing",
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "/scalekit.v1.migrations.MigrationService/Migrate",
            "/scalekit.v1.organizations.OrganizationService/",
            "/",
        ] {
            let failure = grpc.call_path(path).await.unwrap_err();
            assert_eq!(
                (failure.code, failure.info.error_code.as_str()),
                (Code::Unimplemented, "UNIMPLEMENTED")
            );
            assert!(failure.message.contains(path), "{path}: {}", failure.message);
        }
    }

    async fn a_deadline_that_passes_ends_the_call_with_the_detail(t: Server) {
        let grpc = t.grpc().await;
        // A transaction that keeps the next one waiting: on SQLite any, on PostgreSQL one with the referenced row.
        let mut tx = t.app.db.write().await.unwrap();
        let _: i64 = by_dialect!(
            postgres: "SELECT id FROM environments WHERE id = $1 FOR UPDATE",
            sqlite: "SELECT id FROM environments WHERE id = $1"
        )
        .bind(t.operator.environment().id)
        .one(&mut tx)
        .await
        .unwrap();
        let authorization = grpc.authorization[0].clone();
        let body = frame(&prost::Message::encode_to_vec(&create("Late", None)));
        for timeout in ["100m", "100000u", "1n"] {
            let headers = [("authorization", authorization.as_str()), ("grpc-timeout", timeout)];
            let path = "/scalekit.v1.organizations.OrganizationService/CreateOrganization";
            let failure = t.raw_grpc(path, &headers, body.clone()).await.failure();
            let code = (failure.code, failure.info.error_code.as_str());
            assert_eq!(code, (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"), "{timeout}");
        }
        drop(tx);
        let list = grpc.call::<ListOrganization>(pb::ListOrganizationsRequest::default()).await.unwrap();
        assert_eq!(list.total_size, 0, "what was given up is not done after all");
        grpc.call::<CreateOrganization>(create("In time", None)).await.unwrap();
    }

    async fn an_unknown_path_is_not_found(t: Server) {
        let token = t.token().await;
        for path in [
            "/api/v1/nothing",
            "/api/",
            "/api/v2/organizations",
            "/api/v1/organizations/",
            "/api/v1/organizations/a/b/c",
        ] {
            let answer = t.rest("GET", path, "", &token).await;
            assert!(answer.failure(404, 5).contains(path), "{}", answer.text);
        }
        let long = format!("/api/v1/{}", "x".repeat(6000));
        assert!(t.rest("GET", &long, "", &token).await.failure(404, 5).len() < 300);
        let answer = t.rest("GET", "/nothing", "", "").await;
        assert_eq!((answer.status, answer.text.as_str()), (404, "there is nothing at this address\n"));
    }

    async fn a_known_path_says_which_methods_it_has(t: Server) {
        for (method, path, allow) in [
            ("PUT", "/api/v1/organizations", "GET, POST"),
            ("OPTIONS", "/api/v1/organizations", "GET, POST"),
            ("POST", "/api/v1/organizations/org_1", "DELETE, GET, PATCH"),
            ("get", "/api/v1/organizations", "GET, POST"),
        ] {
            let answer = t.rest(method, path, "", "").await;
            assert!(answer.failure(405, 12).contains(allow), "{}", answer.text);
            assert_eq!(answer.headers["allow"], allow);
        }
        for (method, path, allow) in [("POST", "/docs/api", "GET,HEAD"), ("GET", "/oauth/token", "POST,OPTIONS")] {
            let answer = t.rest(method, path, "", "").await;
            assert_eq!((answer.status, &answer.headers["allow"]), (405, &allow.parse().unwrap()));
        }
    }

    async fn duplicate_slashes_are_one(t: Server) {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", t.client_id.as_str()),
            ("client_secret", t.client_secret.as_str()),
        ];
        assert_eq!(json(t.http.post(format!("{}//oauth/token", t.url)).form(&form)).await.status, 200);
        for path in ["//keys", "///keys", "//.well-known//openid-configuration"] {
            assert_eq!(t.rest("GET", path, "", "").await.status, 200, "{path}");
        }
        let path = "//api//v1/organizations?page_token=a//b";
        assert!(t.rest("GET", path, "", &t.token().await).await.failure(400, 3).contains("page_token"));
    }

    async fn an_unknown_host_is_nobodys_environment(t: Server) {
        let host = format!("elsewhere.test:{}", t.address.port());
        let get = |path: &str| json(t.http.get(format!("{}{path}", t.url)).header("host", &host));
        for path in ["/api/v1/organizations", "/keys", "/.well-known/openid-configuration"] {
            let answer = get(path).await;
            let message = answer.failure(404, 5);
            assert!(message.contains("no environment is served at") && message.contains(&host), "{message}");
        }
        let form = [("grant_type", "client_credentials")];
        let answer =
            json(t.http.post(format!("{}/oauth/token", t.url)).header("host", &host).form(&form)).await;
        assert_eq!((answer.status, &answer.json["error"]), (404, &"invalid_request".into()));
        let raw = t.raw_grpc_to("elsewhere.test", LIST, &[], frame(b"")).await;
        assert_eq!(raw.failure().code, Code::NotFound);
        for path in ["/healthz", "/ready"] {
            assert_eq!(get(path).await.status, 200, "{path} is for probes, which know no names");
        }
    }
}

database_tests! {
    async fn over_the_limit_of_calls_an_answer_says_when_to_come_again(kind: Database) {
        let settings = vec![("rate.requests_per_minute", "5".to_owned())];
        let t = Server::start_with(kind, Options { settings, ..Options::default() }).await;
        let grpc = t.grpc().await; // fetching the token is the first call
        for _ in 0..4 {
            grpc.call_path(LIST).await.unwrap();
        }
        let failure = grpc.call_path(LIST).await.unwrap_err();
        assert_eq!(
            (failure.code, failure.info.error_code.as_str()),
            (Code::ResourceExhausted, "RATE_LIMITED")
        );
        let wait: u64 = failure.metadata.get("retry-after").unwrap().to_str().unwrap().parse().unwrap();
        assert!((1..=12).contains(&wait), "{wait}");
        let answer = t.rest("GET", "/api/v1/organizations", "", "").await;
        answer.failure(429, 8);
        assert_eq!(answer.json["details"][0]["error_code"], "RATE_LIMITED");
        assert!(answer.headers.contains_key("retry-after"));
        let form = [("grant_type", "client_credentials")];
        let answer = json(t.http.post(format!("{}/oauth/token", t.url)).form(&form)).await;
        assert_eq!((answer.status, &answer.json["error"]), (429, &"temporarily_unavailable".into()));
        assert!(answer.headers.contains_key("retry-after"));
        // What SDKs and probes need to go on is not counted.
        for path in ["/keys", "/healthz", "/.well-known/openid-configuration"] {
            assert_eq!(t.rest("GET", path, "", "").await.status, 200, "{path}");
        }
    }

    async fn a_request_that_takes_too_long_is_ended(kind: Database) {
        let limits =
            RequestLimits { request_timeout: Duration::from_millis(300), ..RequestLimits::default() };
        let t = Server::start_with(kind, Options { limits, ..Options::default() }).await;
        let token = t.token().await;
        let mut tx = t.app.db.write().await.unwrap();
        let _: i64 = by_dialect!(
            postgres: "SELECT id FROM environments WHERE id = $1 FOR UPDATE",
            sqlite: "SELECT id FROM environments WHERE id = $1"
        )
        .bind(t.operator.environment().id)
        .one(&mut tx)
        .await
        .unwrap();
        let answer = t.rest("POST", "/api/v1/organizations", r#"{"display_name":"Late"}"#, &token).await;
        answer.failure(504, 4);
        let failure = t.grpc().await.call::<CreateOrganization>(create("Late", None)).await.unwrap_err();
        assert_eq!(failure.code, Code::DeadlineExceeded);
    }
}
