//! The authentication log through the API. Sign-ins follow; here they are written as those will write them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright::{
    auth_logs::{self, AuthRequest, AuthStatus, TakingPart},
    time::Timestamp,
};
use gatewright_testkit::{Api, Options, Server, api_tests, database_tests};
use serde_json::{Value as Json, json};
use std::time::Duration;

const PATH: &str = "/api/v1/logs/authentication/requests";
const NOW: Timestamp = Timestamp::from_micros(1_772_884_800_000_000);

fn started(t: &Server, client: &str, email: &str, status: AuthStatus) -> AuthRequest {
    let now = t.app.clock.now();
    let entry = AuthRequest::started(t.app.ids.next(now), client.to_owned(), now);
    AuthRequest { email: email.to_owned(), status, ..entry }
}

async fn record(t: &Server, api: &Api, entry: &AuthRequest) -> String {
    let mut tx = t.app.db.write().await.unwrap();
    auth_logs::record(&mut tx, api.environment, entry).await.unwrap();
    tx.commit().await.unwrap();
    entry.id.to_string()
}

/// The ids that a query finds, how many it counts, and the next page.
async fn list(api: &Api, query: &str) -> (Vec<String>, u64, String) {
    let answer = api.get(&format!("{PATH}?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let entries = answer.json["authRequests"].as_array().unwrap().iter();
    let ids = entries.map(|entry| entry["auth_request_id"].as_str().unwrap().to_owned()).collect();
    let next = answer.json["next_page_token"].as_str().unwrap().to_owned();
    (ids, answer.json["total_size"].as_u64().unwrap(), next)
}

api_tests! {
    async fn an_entry_tells_all_that_is_known(t: Server) {
        let api = t.api().await;
        assert_eq!(api.get(PATH).await.json, json!({"next_page_token": "", "prev_page_token": "", "total_size": 0, "authRequests": []}));
        let mut entry = started(&t, "skc_1", "", AuthStatus::Initiated);
        let id = record(&t, &api, &entry).await;
        let first = api.get(PATH).await.json["authRequests"][0].clone();
        assert_eq!((&first["status"], &first["organization_id"], &first["email"]), (&json!("INITIATED"), &json!(""), &json!("")));
        let part = TakingPart { connection_id: "conn_5".into(), organization_id: "org_7".into(),
            connection_type: "SAML".into(), connection_provider: "OKTA".into() };
        entry.organization = Some("org_7".parse().unwrap());
        entry.connection = Some("conn_5".parse().unwrap());
        entry.connection_type = "SAML".into();
        entry.connection_provider = "OKTA".into();
        entry.connections = vec![part];
        entry.email = "Timo@Nordlicht.example".into();
        entry.status = AuthStatus::Success;
        entry.workflow = "sso".into();
        entry.client_name = "Default".into();
        entry.client_type = "ENV".into();
        assert_eq!(record(&t, &api, &entry).await, id, "one entry for each sign-in");
        let listed = api.get(PATH).await.json;
        assert_eq!(listed["total_size"], 1);
        assert_eq!(listed["authRequests"][0], json!({
            "organization_id": "org_7", "environment_id": api.environment.to_string(), "connection_id": "conn_5",
            "auth_request_id": id, "email": "Timo@Nordlicht.example", "connection_type": "SAML", "connection_provider": "OKTA",
            "status": "SUCCESS", "timestamp": first["timestamp"],
            "connection_details": [{"connection_id": "conn_5", "organization_id": "org_7", "connection_type": "SAML", "connection_provider": "OKTA"}],
            "workflow": "sso", "resource_id": "", "resource_name": "", "resource_type": "", "connected_account_identifier": "",
            "client_id": "skc_1", "client_name": "Default", "client_type": "ENV"}));
        assert!(id.starts_with("req_"));
    }

    async fn filters_find_what_they_say(t: Server) {
        let api = t.api().await;
        let mut ids = Vec::new();
        for (client, email, status) in [
            ("skc_1", "ann@a.test", AuthStatus::Success),
            ("m2m_2", "Ann@A.test", AuthStatus::Failed),
            ("skc_1", "bob@a.test", AuthStatus::Pending),
        ] {
            let mut entry = started(&t, client, email, status);
            if client == "m2m_2" {
                entry.resource_id = "res_9".into();
            }
            ids.insert(0, record(&t, &api, &entry).await);
        }
        let all = api.get(PATH).await.json["authRequests"].clone();
        let times: Vec<&str> = all.as_array().unwrap().iter().map(|entry| entry["timestamp"].as_str().unwrap()).collect();
        for (query, expected) in [
            (String::new(), &ids[..]),
            ("email=ANN@a.test".into(), &ids[1..]),
            ("email=ann@a.test&client_id=skc_1".into(), &ids[2..]),
            ("email=ann%25".into(), &[]),
            ("status=success&status=Failed".into(), &ids[1..]),
            ("status=INITIATED".into(), &[]),
            ("client_id=skc_1&status=PENDING".into(), &ids[..1]),
            ("resource_id=res_9".into(), &ids[1..2]),
            ("resource_id=res_9&client_id=skc_1".into(), &[]),
            (format!("start_time={}", times[1]), &ids[..2]),
            (format!("end_time={}", times[1]), &ids[1..]),
            (format!("start_time={}&end_time={}", times[1], times[1]), &ids[1..2]),
            ("connected_account_identifier=x".into(), &[]),
        ] {
            let found = list(&api, &query).await;
            assert_eq!((found.0.as_slice(), found.1), (expected, expected.len() as u64), "{query}");
        }
        for query in ["status=DONE", "page_token=nonsense", &format!("start_time={}&end_time={}", times[0], times[2])] {
            api.get(&format!("{PATH}?{query}")).await.failure(400, 3);
        }
        let other = t.add_environment("other.test").await;
        assert_eq!(list(&t.api_in(&other).await, "").await.1, 0);
    }

    async fn pages_are_newest_first_and_of_one_query(t: Server) {
        let api = t.api().await;
        let mut ids = Vec::new();
        for _ in 0..7 {
            ids.insert(0, record(&t, &api, &started(&t, "skc_1", "ann@a.test", AuthStatus::Success)).await);
        }
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let (page, total, next) = list(&api, &format!("email=ann@a.test&page_size=3&page_token={token}")).await;
            assert_eq!(total, 7);
            seen.extend(page);
            if next.is_empty() {
                break;
            }
            api.get(&format!("{PATH}?page_token={next}")).await.failure(400, 3);
            token = next;
        }
        assert_eq!(seen, ids);
        assert_eq!(list(&api, "page_size=1000").await.0.len(), 7, "too large a size counts as 100");
        let second: Json = api.get(&format!("{PATH}?email=ann@a.test&page_token={token}")).await.json;
        let back = second["prev_page_token"].as_str().unwrap();
        assert_eq!(list(&api, &format!("email=ann@a.test&page_size=3&page_token={back}")).await.0, ids[3..6]);
    }
}

database_tests! {
    async fn entries_are_kept_for_ninety_days(kind: Database) {
        let t = Server::start_with(kind, Options { frozen_at: Some(NOW), ..Options::default() }).await;
        t.run_jobs().await; // from here on, periodic jobs are known
        let api = t.api().await;
        record(&t, &api, &started(&t, "skc_1", "", AuthStatus::Failed)).await;
        t.advance(Duration::from_secs(89 * 86_400));
        let kept = record(&t, &t.api().await, &started(&t, "skc_1", "", AuthStatus::Failed)).await;
        t.run_jobs().await;
        assert_eq!(list(&t.api().await, "").await.1, 2);
        t.advance(Duration::from_secs(2 * 86_400));
        t.run_jobs().await;
        assert_eq!(list(&t.api().await, "").await.0, [kept]);
    }
}
