//! Who may call what: every rpc, over gRPC and over each of its REST bindings, with every kind of credential. The cases
//! come from the table of methods, so that a new rpc is covered without being asked for.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what goes wrong in a test shall stop it"
)]

use gatewright::{
    clients::NewOrganizationClient,
    time::Timestamp,
    transport::rest::{Route, Router},
};
use gatewright_api::{
    METHODS,
    plan::{Callers, Method},
    rpc::organization_service::CreateOrganization,
    scalekit::v1::organizations as pb,
};
use gatewright_testkit::{Answer, Failure, Grpc, Options, Server, api_tests, database_tests};
use std::time::Duration;
use tonic::Code;

/// 2026-03-01.
const START: Timestamp = Timestamp::from_micros(1_772_323_200_000_000);

/// How a call ended: the gRPC code (0 for success), the message, and the permissions that it asks for.
type Outcome = (i32, String, Vec<String>);

fn of_grpc(answer: Result<(), Failure>) -> Outcome {
    match answer {
        Ok(()) => (0, String::new(), Vec::new()),
        Err(failure) => {
            assert_eq!(failure.info.error_code, name_of(failure.code), "{failure:?}");
            let permissions = failure.info.resource_info.unwrap_or_default().required_permissions;
            (failure.code.into(), failure.message, permissions)
        }
    }
}

fn name_of(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::NotFound => "NOT_FOUND",
        Code::PermissionDenied => "PERMISSION_DENIED",
        // Of what waits to be configured, as passkeys.
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Unauthenticated => "UNAUTHENTICATED",
        other => panic!("{other:?} is not among the answers that the gate's tests expect"),
    }
}

/// The outcome of a REST call, after a check that its status and envelope are those of the code.
fn of_rest(method: &Method, answer: &Answer) -> Outcome {
    if answer.status < 300 {
        assert_eq!(answer.status, method.success_status, "{}", method.path);
        return (0, String::new(), Vec::new());
    }
    let code = answer.json["code"].as_i64().unwrap_or_else(|| panic!("{}: {}", method.path, answer.text));
    let status = match code {
        3 => 400,
        5 => 404,
        7 => 403,
        9 => 400,
        12 => 501,
        16 => 401,
        _ => panic!("{}: {}", method.path, answer.text),
    };
    let message = answer.failure(status, code).to_owned();
    let permissions = &answer.json["details"][0]["resource_info"]["required_permissions"];
    let permissions = permissions.as_array().map(Vec::as_slice).unwrap_or_default();
    let permissions = permissions.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    (i32::try_from(code).unwrap(), message, permissions)
}

/// A path of the template, with values that look like ids.
fn fill(template: &str) -> String {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').expect("a closed variable");
        path.push_str(before);
        path.push_str(match name.rsplit('.').next().unwrap() {
            "organization_id" | "org_id" => "org_264905529753604096",
            "user_id" => "usr_264905529753604096",
            "connection_id" => "conn_264905529753604096",
            "directory_id" => "dir_264905529753604096",
            "session_id" => "ses_264905529753604096",
            "client_id" => "skc_264905529753604096",
            "environment_id" | "env_id" => "env_264905529753604096",
            "link_id" => "lnk_264905529753604096",
            "dek_version" | "version" => "1",
            _ => "id_264905529753604096",
        });
        rest = after;
    }
    path + rest
}

/// Calls everything with `authorization` (none if empty) and checks each outcome with `expected`.
async fn call_everything(t: &Server, authorization: &str, expected: impl Fn(&Method, &Outcome)) {
    let values: &[&str] = if authorization.is_empty() { &[] } else { &[authorization] };
    let grpc = Grpc::connect(&t.url, "").await.with_authorization(values);
    for method in &METHODS {
        let outcome = of_grpc(grpc.call_path(method.path).await);
        expected(method, &outcome);
        for binding in method.bindings {
            let url = format!("{}{}", t.url, fill(binding.template));
            let mut request = t.http.request(binding.verb.parse().unwrap(), url);
            if !authorization.is_empty() {
                request = request.header("authorization", authorization);
            }
            let answer = gatewright_testkit::json(request).await;
            expected(method, &of_rest(method, &answer));
        }
    }
}

fn is_public(method: &Method) -> bool {
    method.callers.intersects(Callers::NONE)
}

/// What anybody gets who is not known.
fn refused(method: &Method, outcome: &Outcome, message: &str) {
    if is_public(method) {
        assert!(![7, 13, 16].contains(&outcome.0), "{} is public: {outcome:?}", method.path);
    } else {
        assert_eq!((outcome.0, outcome.1.as_str()), (16, message), "{}", method.path);
    }
}

/// What an application of the environment gets.
fn let_in_if_allowed(t: &Server, method: &Method, outcome: &Outcome) {
    let (code, message, permissions) = outcome;
    if !is_public(method) && !method.callers.intersects(Callers::CLIENT) {
        assert_eq!(*code, 7, "{}: {message}", method.path);
        assert_eq!(permissions, method.permissions, "{}", method.path);
        assert!(message.contains(method.name), "{message}");
    } else if t.edge.routes().serves(method) {
        assert!([0, 3, 5, 9].contains(code), "{}: {code} {message}", method.path);
    } else {
        assert_eq!(*code, 12, "{}: {message}", method.path);
        assert!(message.contains(method.name), "{message}");
    }
}

#[test]
fn every_binding_leads_to_its_own_rpc() {
    let router = Router::new(&METHODS).unwrap();
    for method in &METHODS {
        for binding in method.bindings {
            let path = fill(binding.template);
            let Route::Found(found) = router.find(binding.verb, &path).unwrap() else {
                panic!("{} {path} is not found", binding.verb)
            };
            assert_eq!(found.method.path, method.path, "{} {path}", binding.verb);
        }
    }
}

#[test]
fn the_rpcs_that_anybody_may_call_are_few_and_none_is_blocked_by_mistake() {
    let public = METHODS.iter().filter(|method| is_public(method)).count();
    assert!(public <= 20, "{public} rpcs are public: security.md T4 knows about 19");
    for method in METHODS.iter().filter(|method| method.callers == Callers(0)) {
        assert!(method.permissions.is_empty(), "{} is blocked, but names permissions", method.path);
    }
    for method in METHODS.iter().filter(|method| is_public(method)) {
        let migration = method.service.contains("Migration");
        assert!(!migration, "{} must not be public", method.path);
    }
}

api_tests! {
    async fn nobody_gets_in_without_a_token(t: Server) {
        call_everything(&t, "", |method, outcome| refused(method, outcome, "Token empty")).await;
    }

    async fn nor_with_an_empty_or_another_kind_of_credential(t: Server) {
        for value in ["Bearer ", "Basic c2tjXzE6c2VjcmV0"] {
            call_everything(&t, value, |method, outcome| refused(method, outcome, "Token empty")).await;
        }
    }

    async fn an_application_may_call_what_is_open_to_clients_and_nothing_else(t: Server) {
        let value = format!("Bearer {}", t.token().await);
        call_everything(&t, &value, |method, outcome| let_in_if_allowed(&t, method, outcome)).await;
    }

    async fn the_token_of_another_environment_is_no_token(t: Server) {
        let other = t.add_environment("other").await;
        let value = format!("Bearer {}", t.token_in(&other).await);
        let text = "token is signed with a key that is not this environment's";
        call_everything(&t, &value, |method, outcome| refused(method, outcome, text)).await;
    }

    async fn a_machine_client_of_an_organization_may_call_nothing(t: Server) {
        let organization = pb::CreateOrganization { display_name: "Globex".into(), ..Default::default() };
        let request = pb::CreateOrganizationRequest { organization: Some(organization) };
        let made = t.grpc().await.call::<CreateOrganization>(request).await.unwrap();
        let id = made.organization.unwrap().id;
        let (client, secret) = t.organization_client(&id, NewOrganizationClient::default()).await;
        let value = format!("Bearer {}", t.token_of(&client, &secret).await);
        call_everything(&t, &value, |method, outcome| {
            if is_public(method) {
                refused(method, outcome, "");
            } else {
                // Not UNAUTHENTICATED: a new token would not help, and SDKs would ask for one again and again.
                assert_eq!(outcome.0, 7, "{}: {outcome:?}", method.path);
            }
        })
        .await;
    }

    async fn a_valid_value_counts_wherever_it_stands(t: Server) {
        let (good, stale) = (format!("Bearer {}", t.token().await), "Bearer stale.stale.stale");
        let path = "/scalekit.v1.organizations.OrganizationService/ListOrganization";
        let grpc = Grpc::connect(&t.url, "").await;
        for values in [vec![stale, &good], vec![&good, stale], vec![&good, &good], vec!["Basic eDp5", &good]]
        {
            grpc.with_authorization(&values).call_path(path).await.unwrap();
        }
        let failure = grpc.with_authorization(&[stale, stale]).call_path(path).await.unwrap_err();
        assert_eq!((failure.code, failure.message.as_str()), (Code::Unauthenticated, "token is malformed"));
        // RFC 9110 §5.3 would allow a list here, RFC 6750 does not: two tokens in one value are no token.
        let joined = format!("{stale}, {good}");
        let failure = grpc.with_authorization(&[&joined]).call_path(path).await.unwrap_err();
        assert_eq!(failure.code, Code::Unauthenticated);
    }

    async fn a_token_that_may_nothing_does_not_spoil_one_that_may(t: Server) {
        let request = pb::CreateOrganizationRequest {
            organization: Some(pb::CreateOrganization {
                display_name: "Globex".into(),
                ..Default::default()
            }),
        };
        let grpc = t.grpc().await;
        let id = grpc.call::<CreateOrganization>(request).await.unwrap().organization.unwrap().id;
        let (client, secret) = t.organization_client(&id, NewOrganizationClient::default()).await;
        let powerless = format!("Bearer {}", t.token_of(&client, &secret).await);
        let good = grpc.authorization[0].clone();
        let path = "/scalekit.v1.organizations.OrganizationService/ListOrganization";
        for values in [[powerless.as_str(), &good], [&good, powerless.as_str()]] {
            grpc.with_authorization(&values).call_path(path).await.unwrap();
        }
        // Nor does a malformed one turn the refusal into a reason to fetch a new token.
        let values = [powerless.as_str(), "Bearer stale.stale.stale"];
        let failure = grpc.with_authorization(&values).call_path(path).await.unwrap_err();
        assert_eq!(failure.code, Code::PermissionDenied);
    }

    async fn the_scheme_may_be_written_in_any_case(t: Server) {
        let token = t.token().await;
        for scheme in ["bearer", "BEARER", "Bearer "] {
            let request = t.http.get(format!("{}/api/v1/organizations", t.url));
            let answer = request.header("authorization", format!("{scheme} {token}")).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{scheme}");
        }
    }

    async fn a_token_in_the_query_or_the_body_is_not_seen(t: Server) {
        let token = t.token().await;
        let path = format!("/api/v1/organizations?access_token={token}");
        assert_eq!(t.rest("GET", &path, "", "").await.failure(401, 16), "Token empty");
        let body = format!(r#"{{"display_name":"x","access_token":"{token}"}}"#);
        assert_eq!(t.rest("POST", "/api/v1/organizations", &body, "").await.failure(401, 16), "Token empty");
        let answer =
            t.http.get(format!("{}/api/v1/organizations", t.url)).header("cookie", format!("token={token}"));
        assert_eq!(gatewright_testkit::json(answer).await.failure(401, 16), "Token empty");
    }

    async fn a_client_without_management_access_is_sent_away_when_it_calls(t: Server) {
        use gatewright::sql;
        let token = t.token().await;
        let env = t.operator.environment().id;
        let mut tx = t.app.db.write().await.unwrap();
        let changed = sql!("UPDATE clients SET management_access = $2 WHERE environment_id = $1")
            .bind(env)
            .bind(false)
            .execute(&mut tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(changed, 1);
        let answer = t.rest("GET", "/api/v1/organizations", "", &token).await;
        assert!(answer.failure(401, 16).contains("management API"), "{}", answer.text);
        t.token().await; // it still gets a token: spec/README.md
    }

    async fn the_token_of_a_deleted_client_is_dead_at_once(t: Server) {
        use gatewright::sql;
        let token = t.token().await;
        let env = t.operator.environment().id;
        let mut tx = t.app.db.write().await.unwrap();
        sql!("DELETE FROM clients WHERE environment_id = $1").bind(env).execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let answer = t.rest("GET", "/api/v1/organizations", "", &token).await;
        assert_eq!(answer.failure(401, 16), "the client of this token does not exist");
    }
}

database_tests! {
    async fn an_expired_token_is_no_token(kind: Database) {
        let t = Server::start_with(kind, Options { frozen_at: Some(START), ..Options::default() }).await;
        let value = format!("Bearer {}", t.token().await);
        t.advance(Duration::from_secs(86_399));
        assert_eq!(t.rest("GET", "/api/v1/organizations", "", &value[7..]).await.status, 200);
        t.advance(Duration::from_secs(1));
        call_everything(&t, &value, |method, outcome| refused(method, outcome, "token is expired")).await;
    }
}
