//! The configuration of log streams through the API.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright::sql;
use gatewright_api::{rpc::log_stream_service as rpc, scalekit::v1::logstreams as pb};
use gatewright_testkit::{Api, Server, api_tests};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use tonic::Code;

const PATH: &str = "/api/v1/logstreams";
const KEY: &str = "0123456789abcdef0123456789abWXYZ";

fn datadog() -> Json {
    json!({"provider": "DATADOG", "display_name": "SIEM", "config": {"datadog": {"site": "datadoghq.eu"}},
        "credentials": {"datadog": {"api_key": KEY}}, "event_types": ["organization.created"]})
}

fn crowdstrike() -> Json {
    json!({"provider": "CROWDSTRIKE", "display_name": "Falcon", "enabled": false,
        "config": {"crowdstrike": {"ingest_url": "https://ingest.crowdstrike.test/x"}},
        "credentials": {"crowdstrike": {"ingest_token": "short"}}})
}

async fn create(api: &Api, body: Json) -> Json {
    let answer = api.post(PATH, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json["log_stream"].clone()
}

async fn sealed(t: &Server, api: &Api) -> Vec<Vec<u8>> {
    sql!("SELECT credential_sealed FROM log_streams WHERE environment_id = $1 ORDER BY id")
        .bind(api.environment)
        .all(&mut t.app.db.read())
        .await
        .unwrap()
}

api_tests! {
    async fn a_stream_lives_from_creation_to_deletion(t: Server) {
        let api = t.api().await;
        assert_eq!(api.get(PATH).await.json, json!({"log_streams": [], "proxy_service_account_email": ""}));
        let made = create(&api, datadog()).await;
        let mut expected = json!({"id": made["id"], "provider": "DATADOG", "display_name": "SIEM", "enabled": true,
            "config": {"datadog": {"site": "datadoghq.eu"}}, "event_types": ["organization.created"],
            "credential_hint": "****WXYZ", "status": "PENDING", "update_time": made["update_time"]});
        assert_eq!(made, expected);
        let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
        assert_eq!(api.get(&path).await.json["log_stream"], expected);
        let other = create(&api, crowdstrike()).await;
        assert_eq!((&other["status"], &other["credential_hint"]), (&json!("DISABLED"), &json!("****")), "nothing of a short one");
        assert_eq!(api.get(PATH).await.json["log_streams"], json!([other, made]));

        let stored = sealed(&t, &api).await;
        assert!(stored.iter().all(|sealed| !sealed.windows(8).any(|part| KEY.as_bytes().windows(8).any(|key| key == part))));
        let answer = api.patch(&path, json!({"display_name": "Other", "enabled": false})).await;
        for (name, value) in [("display_name", json!("Other")), ("enabled", json!(false)), ("status", json!("DISABLED")),
            ("update_time", answer.json["log_stream"]["update_time"].clone())] {
            expected[name] = value;
        }
        assert_eq!(answer.json["log_stream"], expected, "{}", answer.text);
        assert_eq!(sealed(&t, &api).await[0], stored[0], "the credential stays");
        let change = json!({"display_name": "Other", "config": {"datadog": {"site": "us5.datadoghq.com"}},
            "credentials": {"datadog": {"api_key": "another-api-key-1234"}}});
        let changed = api.patch(&path, change).await.json["log_stream"].clone();
        assert_eq!((&changed["config"]["datadog"]["site"], &changed["credential_hint"]), (&json!("us5.datadoghq.com"), &json!("****1234")));
        assert_ne!(sealed(&t, &api).await[0], stored[0]);

        assert_eq!(api.delete(&path).await.json, json!({}));
        for answer in [api.delete(&path).await, api.get(&path).await, api.patch(&path, datadog()).await] {
            answer.failure(404, 5);
        }
    }

    async fn there_is_one_stream_to_a_provider_also_for_ten_at_once(t: Server) {
        let api = Arc::new(t.api().await);
        let tries = (0..10).map(|_| {
            let api = api.clone();
            tokio::spawn(async move { api.post(PATH, datadog()).await })
        });
        let mut statuses = Vec::new();
        for one in tries.collect::<Vec<_>>() {
            let answer = one.await.unwrap();
            statuses.push(answer.status);
            if answer.status != 200 {
                assert!(answer.failure(409, 6).starts_with("provider"));
            }
        }
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    }

    async fn bad_values_are_refused_by_name(t: Server) {
        let api = t.api().await;
        let made = create(&api, datadog()).await;
        for (change, field) in [
            (json!({"display_name": ""}), "log_stream.display_name"),
            (json!({"display_name": "x".repeat(256)}), "log_stream.display_name"),
            (json!({"display_name": "\u{202e}x"}), "log_stream.display_name"),
            (json!({"config": {"crowdstrike": {"ingest_url": "http://a.test"}}}), "log_stream.config.crowdstrike.ingest_url"),
            (json!({"config": {"crowdstrike": {"ingest_url": "https://u:p@a.test"}}}), "log_stream.config.crowdstrike.ingest_url"),
            (json!({"config": {"datadog": {"site": "datadoghq.eu"}}}), "log_stream.provider"),
            (json!({"credentials": {"datadog": {"api_key": "x"}}}), "log_stream.credentials"),
            (json!({"credentials": {"crowdstrike": {"ingest_token": "a b"}}}), "log_stream.credentials"),
            (json!({"credentials": null}), "log_stream.credentials"),
            (json!({"config": null}), "log_stream.config"),
            (json!({"provider": null}), "log_stream.provider"),
            (json!({"event_types": ["DROP TABLE"]}), "log_stream.event_types[0]"),
            (json!({"event_types": vec!["a"; 51]}), "log_stream.event_types"),
        ] {
            let mut body = crowdstrike();
            for (name, value) in change.as_object().unwrap() {
                body[name] = value.clone();
            }
            let answer = api.post(PATH, body).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations()[0].0, field, "{change}: {}", answer.text);
        }
        for site in ["evil.test", "datadoghq.eu.evil.test", "evildatadoghq.eu", "datadoghq.eu/x", "x@datadoghq.eu"] {
            let change = json!({"display_name": "S", "config": {"datadog": {"site": site}}});
            api.patch(&format!("{PATH}/{}", made["id"].as_str().unwrap()), change).await.failure(400, 3);
        }
        let other = json!({"display_name": "S", "provider": "CROWDSTRIKE"});
        api.patch(&format!("{PATH}/{}", made["id"].as_str().unwrap()), other).await.failure(400, 3);
        let google = json!({"provider": "GOOGLE_SECOPS", "display_name": "G"});
        api.post(PATH, google).await.failure(400, 9);
        assert_eq!(api.get(PATH).await.json["log_streams"], json!([made]));
    }

    async fn another_environments_stream_does_not_exist(t: Server) {
        let api = t.api().await;
        let made = create(&api, datadog()).await;
        let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
        let other = t.add_environment("other.test").await;
        let other = t.api_in(&other).await;
        create(&other, datadog()).await;
        for answer in [other.get(&path).await, other.patch(&path, datadog()).await, other.delete(&path).await] {
            answer.failure(404, 5);
        }
        api.get(&format!("{PATH}/usr_1")).await.failure(400, 3);
    }

    async fn nothing_is_said_to_be_delivered(t: Server) {
        let api = t.api().await;
        let id = create(&api, datadog()).await["id"].as_str().unwrap().to_owned();
        let tested = api.call::<rpc::TestLogStreamConnection>(pb::TestLogStreamConnectionRequest { id: id.clone() }).await;
        assert_eq!(tested.unwrap_err().code, Code::Unimplemented);
        let listed = api.call::<rpc::ListLogStreamDeliveries>(pb::ListLogStreamDeliveriesRequest { id, ..Default::default() }).await;
        assert_eq!(listed.unwrap_err().code, Code::Unimplemented);
    }
}
