//! What members may do is answered from memory: what a node changes it knows at once, other nodes within a second.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright::time::Timestamp;
use gatewright_testkit::{Api, Options, Server, database_tests};
use serde_json::json;
use std::time::Duration;

/// 2026-03-01T00:00:00Z. The clock stands still: on one node nothing is forgotten because of its age.
const START: Timestamp = Timestamp::from_micros(1_772_323_200_000_000);

fn frozen() -> Options {
    Options { frozen_at: Some(START), ..Options::default() }
}

/// A permission, a role without any, and a member with it: the paths of the member's permissions and of the role's.
async fn buyer(api: &Api) -> (String, String) {
    for name in ["orders:read", "orders:write"] {
        let permission = json!({"name": name, "description": "Orders"});
        assert_eq!(api.post("/api/v1/permissions", permission).await.status, 201);
    }
    let role = json!({"name": "buyer", "display_name": "Buyer"});
    assert_eq!(api.post("/api/v1/roles", role).await.status, 201);
    let acme = api.organization("Acme").create().await.id;
    let user = api.member(&acme, "ann@acme.example").role("buyer").create().await.id;
    (format!("/api/v1/organizations/{acme}/users/{user}/permissions"), format!("/api/v1/users/{user}"))
}

async fn give(api: &Api, permission: &str) {
    let body = json!({"permission_names": [permission]});
    assert_eq!(api.post("/api/v1/roles/buyer/permissions", body).await.status, 200);
}

/// What the member may do, as both answers that tell it say.
async fn permissions(api: &Api, (list, user): &(String, String)) -> Vec<String> {
    let listed = api.get(list).await.json["permissions"].clone();
    let names: Vec<String> =
        listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    let shown = api.get(user).await.json["user"]["memberships"][0]["permissions"].clone();
    assert_eq!(shown, json!(names));
    names
}

database_tests! {
    async fn a_node_knows_its_own_changes_at_once(kind: Database) {
        let t = Server::start_with(kind, frozen()).await;
        let api = t.api().await;
        let paths = buyer(&api).await;
        assert!(permissions(&api, &paths).await.is_empty());
        give(&api, "orders:read").await;
        assert_eq!(permissions(&api, &paths).await, ["orders:read"]);
        give(&api, "orders:write").await;
        assert_eq!(permissions(&api, &paths).await, ["orders:read", "orders:write"]);
        assert_eq!(api.delete("/api/v1/roles/buyer/permissions/orders:read").await.status, 200);
        assert_eq!(permissions(&api, &paths).await, ["orders:write"]);
        assert_eq!(api.delete("/api/v1/permissions/orders:write").await.status, 200);
        assert!(permissions(&api, &paths).await.is_empty());
        // What the role inherits counts as well.
        assert_eq!(api.put("/api/v1/roles/buyer", json!({"extends": "member"})).await.status, 200);
        assert_eq!(permissions(&api, &paths).await, ["sk_org_settings_read", "sk_org_users_read"]);
    }

    async fn other_nodes_know_within_a_second(kind: Database) {
        let t = Server::start_with(kind, frozen()).await;
        let second = t.second_node_with(frozen()).await;
        let (api, there) = (t.api().await, second.api().await);
        let paths = buyer(&api).await;
        give(&api, "orders:read").await;
        assert_eq!(permissions(&there, &paths).await, ["orders:read"]);
        assert_eq!(api.delete("/api/v1/roles/buyer/permissions/orders:read").await.status, 200);
        assert!(permissions(&api, &paths).await.is_empty());
        second.advance(Duration::from_millis(999));
        assert_eq!(permissions(&there, &paths).await, ["orders:read"], "from memory");
        second.advance(Duration::from_millis(1));
        assert!(permissions(&there, &paths).await.is_empty());
    }
}
