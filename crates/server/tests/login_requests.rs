//! Sign-ins on the application's own page: its two calls, and what the hosted pages will do before and after them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright::{
    ids::{AuthRequestId, ConnectionId},
    login::{self, NewLoginRequest, ReportedUser, Resource},
    sql,
    time::Timestamp,
};
use gatewright_api::{rpc::auth_service as rpc, scalekit::v1::auth as pb};
use gatewright_testkit::{Answer, Api, Database, Options, Server, database_tests};
use serde_json::{Value as Json, json};
use std::time::Duration;
use tonic::Code;

/// 2026-03-01T00:00:00Z.
const START: Timestamp = Timestamp::from_micros(1_772_323_200_000_000);
const CONNECTION: ConnectionId = ConnectionId::from_i64(731_209_900_777_001);
const SIGN_IN: AuthRequestId = AuthRequestId::from_i64(731_209_902_000_002);
const URL: &str = "https://agent.example/client.json";

async fn frozen(kind: Database) -> Server {
    Server::start_with(kind, Options { frozen_at: Some(START), ..Options::default() }).await
}

/// An organization's client stands in for one of a resource.
async fn client(t: &Server, api: &Api) -> (String, i64) {
    let organization = api.organization("Acme").create().await;
    let new =
        gatewright::clients::NewOrganizationClient { name: "Pocket Agent".to_owned(), ..Default::default() };
    let (id, _) = t.organization_client(&organization.id, new).await;
    let number = id.rsplit_once('_').unwrap().1.parse().unwrap();
    (id, number)
}

async fn open(t: &Server, client: i64) -> (String, String) {
    let request = NewLoginRequest {
        auth_request: SIGN_IN,
        connection: CONNECTION,
        client,
        sk_client_id: format!("m2m_{client}"),
        requested_client_id: URL.to_owned(),
        is_dcr: false,
        is_cimd: true,
        scopes: vec!["todo:read".to_owned(), "todo:write".to_owned()],
        resource: Resource { id: "res_1".to_owned(), name: "Globex Todo".to_owned() },
    };
    let mut tx = t.app.db.write().await.unwrap();
    let (login, state) = login::open(&mut tx, &t.operator, request).await.unwrap();
    tx.commit().await.unwrap();
    (login.id.to_string(), state.expose().clone())
}

async fn take(t: &Server, connection: ConnectionId, state: &str) -> Option<(AuthRequestId, ReportedUser)> {
    let mut tx = t.app.db.write().await.unwrap();
    let taken = login::take(&mut tx, &t.operator, connection, state).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

async fn report(api: &Api, connection: &str, id: &str, user: &Json) -> Answer {
    api.post(&format!("/api/v1/connections/{connection}/auth-requests/{id}/user"), user.clone()).await
}

fn dana() -> Json {
    json!({
        "sub": "u-4471", "email": "dana@globex.example", "name": "Dana Reyes", "email_verified": true,
        "roles": ["support"], "organization_external_id": "t-77", "organization_external_name": "Globex",
        "custom_attributes": {"tier": "gold", "limits": {"rows": 500}},
    })
}

database_tests! {
    async fn a_user_signs_in_on_the_applications_page(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let (_, number) = client(&t, &api).await;
        let (id, state) = open(&t, number).await;
        api.told().await;
        let details = api.get(&format!("/api/v1/auth-requests/{id}")).await;
        assert_eq!(details.status, 200, "{}", details.text);
        assert_eq!(details.json, json!({
            "auth_request": {"id": SIGN_IN.to_string(), "scopes": ["todo:read", "todo:write"]},
            "client": {"client_id": URL, "sk_client_id": format!("m2m_{number}"), "client_name": "Pocket Agent", "is_dcr": false, "is_cimd": true},
            "resource": {"id": "res_1", "name": "Globex Todo"},
        }));
        assert!(!details.text.contains(&state));
        assert_eq!(take(&t, CONNECTION, &state).await, None, "nothing was reported yet");
        let connection = CONNECTION.to_string();
        let answer = report(&api, &connection, &id, &dana()).await;
        assert_eq!((answer.status, &answer.json), (200, &json!({"auth_request_id": SIGN_IN.to_string()})), "{}", answer.text);
        assert_eq!(report(&api, &connection, &id, &dana()).await.json, answer.json, "the same again");
        let mut mallory = dana();
        mallory["sub"] = json!("u-1");
        for other in [mallory, json!({"login_failed": true})] {
            report(&api, &connection, &id, &other).await.failure(400, 3);
        }
        assert_eq!(take(&t, ConnectionId::from_i64(1), &state).await, None);
        assert_eq!(take(&t, CONNECTION, &format!("{state}x")).await, None);
        let (sign_in, user) = take(&t, CONNECTION, &state).await.unwrap();
        assert_eq!((sign_in, user.sub.as_str(), user.email.as_str()), (SIGN_IN, "u-4471", "dana@globex.example"));
        assert_eq!((user.email_verified, user.login_failed, user.roles), (true, false, vec!["support".to_owned()]));
        assert_eq!(user.custom_attributes, json!({"tier": "gold", "limits": {"rows": 500}}));
        assert_eq!(user.organization_external_name.as_deref(), Some("Globex"));
        assert_eq!(take(&t, CONNECTION, &state).await, None, "a second time");
        api.get(&format!("/api/v1/auth-requests/{id}")).await.failure(400, 3);
        report(&api, &connection, &id, &dana()).await.failure(400, 3);
        assert!(api.told().await.is_empty());
    }

    async fn a_failed_sign_in_needs_no_user(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let (id, state) = open(&t, client(&t, &api).await.1).await;
        let answer = report(&api, &CONNECTION.to_string(), &id, &json!({"login_failed": true})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(take(&t, CONNECTION, &state).await.unwrap().1.login_failed);
    }

    async fn a_login_request_lives_fifteen_minutes(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let (id, state) = open(&t, client(&t, &api).await.1).await;
        t.run_jobs().await;
        t.advance(Duration::from_secs(899));
        assert_eq!(report(&api, &CONNECTION.to_string(), &id, &dana()).await.status, 200);
        t.advance(Duration::from_secs(1));
        assert_eq!(take(&t, CONNECTION, &state).await, None);
        api.get(&format!("/api/v1/auth-requests/{id}")).await.failure(400, 3);
        report(&api, &CONNECTION.to_string(), &id, &dana()).await.failure(400, 3);
        t.run_jobs().await;
        let left: i64 = sql!("SELECT COUNT(*) FROM login_requests WHERE environment_id = $1")
            .bind(api.environment).one(&mut t.app.db.read()).await.unwrap();
        assert_eq!(left, 0, "what was said of the user is gone");
    }

    async fn ten_browsers_use_a_state_once_and_ten_reports_agree(kind: Database) {
        let t = std::sync::Arc::new(frozen(kind).await);
        let api = t.api().await;
        let (id, state) = open(&t, client(&t, &api).await.1).await;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..10 {
            let (grpc, login_request_id) = (api.grpc.clone(), id.clone());
            tasks.spawn(async move {
                let user = pb::User { sub: format!("u-{number}"), email: "dana@globex.example".to_owned(), ..Default::default() };
                let request = pb::UpdateLoginUserDetailsRequest { connection_id: CONNECTION.to_string(), login_request_id, user: Some(user) };
                grpc.call::<rpc::UpdateLoginUserDetails>(request).await.is_ok().then_some(number)
            });
        }
        let winners: Vec<i32> = tasks.join_all().await.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let (t, state) = (t.clone(), state.clone());
            tasks.spawn(async move { take(&t, CONNECTION, &state).await });
        }
        let taken: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].1.sub, format!("u-{}", winners[0]));
    }

    async fn bad_input_is_refused_and_changes_nothing(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let (client_id, number) = client(&t, &api).await;
        let (id, state) = open(&t, number).await;
        let connection = CONNECTION.to_string();
        let other = t.add_environment("other").await;
        let other = t.api_in(&other).await;
        let user = |change: Json| {
            let mut user = dana();
            user.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            user
        };
        for bad in [
            json!({}),
            json!({"sub": "u-1"}),
            json!({"email": "dana@globex.example"}),
            user(json!({"sub": ""})),
            user(json!({"email": ""})),
            user(json!({"email": "dana"})),
            user(json!({"email": "a@b@globex.example"})),
            user(json!({"sub": "x".repeat(256)})),
            user(json!({"sub": "a\nb"})),
            user(json!({"organization_external_name": "x".repeat(201)})),
            user(json!({"organization_external_name": "\u{202e}evil"})),
            user(json!({"custom_attributes": {"a": "x".repeat(16_384)}})),
            user(json!({"custom_attributes": "text"})),
        ] {
            report(&api, &connection, &id, &bad).await.failure(400, 3);
        }
        for (connection, id, status, code) in [
            ("conn_1", id.as_str(), 404, 5),
            ("res_1", &id, 400, 3),
            (&connection, "lri_1", 400, 3),
            (&connection, "x", 400, 3),
            (&connection, "req_731209902000002", 400, 3),
        ] {
            report(&api, connection, id, &dana()).await.failure(status, code);
        }
        other.get(&format!("/api/v1/auth-requests/{id}")).await.failure(400, 3);
        report(&other, &connection, &id, &dana()).await.failure(400, 3);
        for id in ["lri_1", "lri_", "x"] {
            api.get(&format!("/api/v1/auth-requests/{id}")).await.failure(400, 3);
        }
        let failure = api.call::<rpc::GetLoginRequestDetails>(pb::GetLoginRequestDetailsRequest::default()).await.unwrap_err();
        assert_eq!(failure.code, Code::InvalidArgument);
        assert_eq!(take(&t, CONNECTION, &state).await, None, "nothing was stored");
        let organizations = api.organizations().await;
        let path = format!("/api/v1/organizations/{}/clients/{client_id}", organizations[0].id);
        assert_eq!(api.delete(&path).await.status, 200);
        api.get(&format!("/api/v1/auth-requests/{id}")).await.failure(404, 5);
    }
}
