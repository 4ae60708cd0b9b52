//! What signed-in persons ask about themselves: who they are, their session, passkeys and consents.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what goes wrong in a test shall stop it"
)]

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use gatewright::{
    ids::{ConsentId, ResourceClientId, ResourceId},
    sql,
};
use gatewright_testkit::{Answer, Api, Authenticator, Person, Server, api_tests, json as http_json};
use serde_json::{Value as Json, json};

const PATH: &str = "/api/v1/webauthn";

/// Bytes of the API's JSON, which is base64 in the plain alphabet.
fn bytes(value: &Json) -> Json {
    json!(STANDARD.encode(URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()))
}

async fn members(api: &Api) -> (String, String, String) {
    let acme = api.organization("Acme").create().await.id;
    let dana = api.member(&acme, "dana@acme.example").create().await.id;
    let erin = api.member(&acme, "erin@acme.example").create().await.id;
    (acme, dana, erin)
}

async fn finish_registration(person: &Person<'_>, answer: &Json) -> Answer {
    let response = &answer["response"];
    person
        .post(
            &format!("{PATH}/registration:finish"),
            json!({
                "credential_id": bytes(&answer["rawId"]),
                "attestation_object": bytes(&response["attestationObject"]),
                "client_data_json": bytes(&response["clientDataJSON"]),
                "type": "public-key",
                "transports": response["transports"],
                "authenticator_attachment": "cross-platform",
                "client_extension_results": {"credProps": {"rk": true}},
            }),
        )
        .await
}

/// Calls what anybody may call.
async fn public(t: &Server, path: &str, body: Json) -> Answer {
    http_json(t.http.post(format!("{}{PATH}/{path}", t.url)).json(&body)).await
}

async fn sign_in(t: &Server, authenticator: &Authenticator, email: Option<&str>) -> Answer {
    let begun = public(t, "authentication:begin", json!({"email": email})).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    let answer = authenticator.get(&begun.json["options"]["publicKey"]);
    let response = &answer["response"];
    public(
        t,
        "authentication:finish",
        json!({
            "session_id": begun.json["session_id"],
            "credential_id": bytes(&answer["rawId"]),
            "type": "public-key",
            "response": {
                "authenticator_data": bytes(&response["authenticatorData"]),
                "client_data_json": bytes(&response["clientDataJSON"]),
                "signature": bytes(&response["signature"]),
                "user_handle": bytes(&response["userHandle"]),
            },
        }),
    )
    .await
}

async fn forget_proofs(t: &Server, api: &Api) {
    let mut tx = t.app.db.write().await.unwrap();
    sql!("UPDATE sessions SET authenticated_at = created_at - 600000001 WHERE environment_id = $1")
        .bind(api.environment)
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// A consent of somebody to a client of a resource.
async fn consent(t: &Server, api: &Api, user: &str) -> ConsentId {
    let made = api
        .post("/api/v1/resources", json!({"name": format!("MCP {user}"), "resource_type": "MCP_SERVER"}))
        .await;
    let resource = made.json["resource"]["id"].as_str().unwrap().to_owned();
    let client = api.post(&format!("/api/v1/resources/{resource}/clients"), json!({"name": "Agent"})).await;
    let client =
        client.json["client"]["client_id"].as_str().unwrap_or_else(|| panic!("{}", client.text)).to_owned();
    let (resource, client): (ResourceId, ResourceClientId) =
        (resource.parse().unwrap(), client.parse().unwrap());
    let id: ConsentId = t.app.ids.next(t.app.clock.now());
    let mut tx = t.app.db.write().await.unwrap();
    sql!("INSERT INTO consents (environment_id, id, resource_id, client_id, external_user_id, search_key, scopes, granted_at)
          VALUES ($1, $2, $3, $4, $5, $5, '[\"files:read\"]', $6)")
        .bind(api.environment).bind(id).bind(resource).bind(client).bind(user).bind(t.app.clock.now())
        .execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    id
}

api_tests! {
    async fn a_person_registers_a_passkey_and_anybody_signs_in_with_one(t: Server) {
        let api = t.api().await;
        let (acme, dana, erin) = members(&api).await;
        let person = t.person(&dana, &acme).await;
        let begun = person.post(&format!("{PATH}/registration:begin"), json!({})).await;
        assert_eq!(begun.status, 200, "{}", begun.text);
        let options = &begun.json["options"]["publicKey"];
        assert_eq!((&options["user"]["name"], &options["timeout"]), (&json!("dana@acme.example"), &json!(300_000)));
        let mut authenticator = Authenticator::new(&t.url);
        let answer = authenticator.create(options);
        let other = t.person(&erin, &acme).await;
        finish_registration(&other, &answer).await.failure(400, 3);
        let done = finish_registration(&person, &answer).await;
        assert_eq!((done.status, done.json), (200, json!({"success": true})));
        finish_registration(&person, &answer).await.failure(400, 3);
        let listed = person.get(&format!("{PATH}/credentials")).await.json;
        assert_eq!(listed["credentials"][0]["authenticator"]["attachment"], "cross-platform");
        for email in [None, Some("dana@acme.example")] {
            let answer = sign_in(&t, &authenticator, email).await;
            assert_eq!(answer.json, json!({"success": true, "user_id": dana, "session_token": ""}), "{}", answer.text);
        }
        sign_in(&t, &authenticator, Some("erin@acme.example")).await.failure(400, 3);
        public(&t, "authentication:begin", json!({"email": "x"})).await.failure(400, 3);
        let mut unknown = Authenticator::new(&t.url);
        unknown.user_handle = Some(vec![1; 16]);
        sign_in(&t, &unknown, None).await.failure(400, 3);
    }

    async fn registering_needs_a_person_and_a_fresh_proof(t: Server) {
        let api = t.api().await;
        let (acme, dana, _) = members(&api).await;
        let path = format!("{PATH}/registration:begin");
        assert!(api.post(&path, json!({})).await.failure(400, 9).contains("signed-in user"));
        let person = t.person(&dana, &acme).await;
        let begun = person.post(&path, json!({})).await;
        let answer = Authenticator::new(&t.url).create(&begun.json["options"]["publicKey"]);
        forget_proofs(&t, &api).await;
        assert!(person.post(&path, json!({})).await.failure(400, 9).contains("sign in again"));
        finish_registration(&person, &answer).await.failure(400, 9);
        assert_eq!(finish_registration(&t.person(&dana, &acme).await, &answer).await.status, 200);
    }

    async fn a_person_learns_who_she_is(t: Server) {
        let api = t.api().await;
        let (acme, dana, _) = members(&api).await;
        let person = t.person(&dana, &acme).await;
        let session = &person.session;
        let token = t.signed("JWT", &t.user_claims(session.user, session.organization, session.id)).await;
        for path in ["/api/v1/users:this", "/api/v1/users/me"] {
            for answer in [person.get(path).await, t.rest("GET", path, "", &token).await] {
                assert_eq!(answer.status, 200, "{}", answer.text);
                assert_eq!((&answer.json["user"]["id"], &answer.json["user"]["email"]), (&json!(dana), &json!("dana@acme.example")));
                assert_eq!(answer.json["current_session_id"], session.id.to_string());
            }
        }
        api.get("/api/v1/users:this").await.failure(403, 7);
        let path = format!("/api/v1/environments/{}/sessions:me", api.environment);
        let shown = person.get(&path).await;
        assert_eq!(shown.json, json!({
            "session_expiry": session.absolute_expires_at.to_string(),
            "access_token_expiry": session.idle_expires_at.to_string(),
            "organization_id": acme, "subject": dana, "email": "dana@acme.example",
        }), "{}", shown.text);
        person.get("/api/v1/environments/env_1/sessions:me").await.failure(404, 5);
        t.rest("GET", &path, "", &token).await.failure(403, 7);
    }

    async fn a_person_takes_back_what_she_let_agents_do(t: Server) {
        let api = t.api().await;
        let (acme, dana, erin) = members(&api).await;
        let (first, second) = (consent(&t, &api, &dana).await, consent(&t, &api, &dana).await);
        let of_erin = consent(&t, &api, &erin).await;
        let person = t.person(&dana, &acme).await;
        let path = "/api/v1/agent-consents:this";
        let listed = person.get(path).await.json;
        assert_eq!(listed["total_size"], 2);
        let ids: Vec<_> = listed["consents"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        assert_eq!(ids, [second.to_string(), first.to_string()]);
        assert_eq!((&listed["consents"][0]["client_name"], &listed["consents"][0]["scopes"]), (&json!("Agent"), &json!(["files:read"])));
        let page = person.get(&format!("{path}?page_size=1")).await.json;
        let next = person.get(&format!("{path}?page_size=1&page_token={}", page["next_page_token"].as_str().unwrap())).await.json;
        assert_eq!(next["consents"][0]["id"], first.to_string());
        person.delete(&format!("{path}/{of_erin}")).await.failure(404, 5);
        person.delete(&format!("{path}/x")).await.failure(400, 3);
        let token = t.signed("JWT", &t.user_claims(person.session.user, person.session.organization, person.session.id)).await;
        assert_eq!(t.rest("DELETE", &format!("{path}/{first}"), "", &token).await.status, 200);
        person.delete(&format!("{path}/{first}")).await.failure(404, 5);
        assert_eq!(person.get(path).await.json["total_size"], 1);
        assert_eq!(t.person(&erin, &acme).await.get(path).await.json["total_size"], 1);
        api.get(path).await.failure(403, 7);
    }
}
