//! What signed-in persons may call, by cookie and by token: their own, and their organization as far as their roles say.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright::{
    sql,
    transport::reach::{self, REACH, Reach},
};
use gatewright_api::{
    METHODS,
    plan::{Callers, Method},
};
use gatewright_testkit::{Api, Person, Server, api_tests, frame};
use serde_json::{Value as Json, json};
use tonic::Code;

fn is_for_persons(method: &Method) -> bool {
    method.callers.intersects(Callers::SESSION) || method.callers.intersects(Callers::USER)
}

#[test]
fn each_rpc_of_persons_has_one_decision() {
    for method in METHODS.iter().filter(|method| is_for_persons(method)) {
        assert!(reach::of(method.path).is_some(), "{}: no decision in transport/reach.rs", method.path);
    }
    for (name, reach) in REACH {
        let found: Vec<_> = METHODS
            .iter()
            .filter(|method| reach::of(method.path).is_some() && method.path.ends_with(&format!(".{name}")))
            .collect();
        assert_eq!(found.len(), 1, "{name}");
        assert!(is_for_persons(found[0]), "{name} is not for persons");
        assert_eq!(REACH.iter().filter(|(other, _)| other == name).count(), 1, "{name} twice");
        if let Reach::Organization { field, permission, .. } = reach {
            assert!(found[0].input.fields.iter().any(|one| one.name == *field), "{name} has no {field}");
            assert!(permission.starts_with("sk_org_"), "{name}");
        }
    }
}

/// A message with a text in one field.
fn message(method: &Method, name: &str, text: &str) -> Vec<u8> {
    let field = method.input.fields.iter().find(|field| field.name == name).unwrap();
    let mut bytes = Vec::new();
    prost::encoding::string::encode(field.number, &text.to_owned(), &mut bytes);
    bytes
}

/// Calls an rpc over gRPC with the cookie; the message needs not be complete.
async fn call(t: &Server, browser: &Person<'_>, method: &Method, message: &[u8]) -> (Code, String) {
    let headers: Vec<(&str, &str)> =
        browser.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = t.raw_grpc(method.path, &headers, frame(message)).await;
    if answer.headers.get("grpc-status").is_none_or(|status| status == "0") {
        return (Code::Ok, String::new());
    }
    let failure = answer.failure();
    (failure.code, failure.message)
}

async fn features(api: &Api, organization: &str, enabled: bool) {
    let all = ["sso", "dir_sync", "domain_verification", "session_policy"]
        .map(|name| json!({"name": name, "enabled": enabled}));
    let body = json!({"features": all});
    let answer = api.patch(&format!("/api/v1/organizations/{organization}/settings"), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Two organizations, an administrator and a member of the first, and one of the second.
struct World {
    acme: String,
    globex: String,
    admin: String,
    member: String,
    stranger: String,
}

async fn world(api: &Api) -> World {
    let acme = api.organization("Acme").external_id("crm-1").metadata("plan", "gold").create().await.id;
    let globex = api.organization("Globex").create().await.id;
    let admin = api.member(&acme, "ann@acme.example").create().await.id;
    let member = api.member(&acme, "max@acme.example").create().await.id;
    let stranger = api.member(&globex, "eve@globex.example").create().await.id;
    let roles = json!([{"role_name": "admin"}]);
    let answer = api.post(&format!("/api/v1/organizations/{acme}/users/{admin}/roles"), roles).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    World { acme, globex, admin, member, stranger }
}

api_tests! {
    async fn every_rpc_keeps_to_its_decision(t: Server) {
        let api = t.api().await;
        let world = world(&api).await;
        features(&api, &world.acme, true).await;
        features(&api, &world.globex, true).await;
        let admin = t.person(&world.admin, &world.acme).await;
        let member = t.person(&world.member, &world.acme).await;
        let before = api.state().await;
        let readable = ["sk_org_settings_read", "sk_org_users_read"];
        for method in METHODS.iter().filter(|method| !method.callers.intersects(Callers::NONE)) {
            let (code, text) = call(&t, &admin, method, &[]).await;
            if !method.callers.intersects(Callers::SESSION) {
                assert_eq!((code, text.as_str()), (Code::Unauthenticated, "Token empty"), "{}", method.path);
                continue;
            }
            match reach::of(method.path).unwrap() {
                Reach::No(why) => {
                    assert_eq!(code, Code::PermissionDenied, "{}: {text}", method.path);
                    assert!(text.contains(why), "{}: {text}", method.path);
                }
                Reach::Own => assert!([Code::Ok, Code::NotFound, Code::InvalidArgument, Code::Unimplemented].contains(&code), "{}: {code} {text}", method.path),
                Reach::Organization { field, permission, .. } => {
                    assert_eq!(code, Code::InvalidArgument, "{}: without an organization: {text}", method.path);
                    for other in [world.globex.as_str(), "org_1"] {
                        let (code, text) = call(&t, &admin, method, &message(method, field, other)).await;
                        assert_eq!((code, text), (Code::NotFound, format!("organization {other} not found")), "{}", method.path);
                    }
                    if method.input.fields.iter().any(|field| field.name == "external_id" && field.oneof.is_some()) && field == "id" {
                        let (code, _) = call(&t, &admin, method, &message(method, "external_id", "crm-1")).await;
                        assert_eq!(code, Code::InvalidArgument, "{}: by external id", method.path);
                    }
                    let own = message(method, field, &world.acme);
                    let (code, text) = call(&t, &admin, method, &own).await;
                    let may = [Code::Ok, Code::NotFound, Code::InvalidArgument, Code::FailedPrecondition, Code::Unimplemented];
                    // The environment's feature of session policies is off in a new environment.
                    let is_off = code == Code::PermissionDenied && permission.contains("session_policy");
                    assert!(may.contains(&code) || is_off, "{}: {code} {text}", method.path);
                    let (code, text) = call(&t, &member, method, &own).await;
                    if !readable.contains(&permission) {
                        assert_eq!(code, Code::PermissionDenied, "{}: {text}", method.path);
                        assert!(text.contains(permission), "{}: {text}", method.path);
                    } else {
                        assert!(may.contains(&code), "{}: {code} {text}", method.path);
                    }
                }
            }
        }
        let after = api.state().await;
        assert_eq!((before.brandings, before.policies), (after.brandings, after.policies));
        features(&api, &world.acme, false).await;
        for method in &METHODS {
            let Some(Reach::Organization { field, feature: Some(feature), .. }) = reach::of(method.path) else { continue };
            let (code, text) = call(&t, &admin, method, &message(method, field, &world.acme)).await;
            assert_eq!(code, Code::PermissionDenied, "{}: {text}", method.path);
            assert!(text.contains(feature), "{}: {text}", method.path);
        }
    }

    async fn a_session_calls_until_it_ends_and_from_own_pages_only(t: Server) {
        let api = t.api().await;
        let world = world(&api).await;
        let mut max = t.person(&world.member, &world.acme).await;
        let path = "/api/v1/webauthn/credentials";
        assert_eq!(max.get(path).await.status, 200);
        let own = max.headers.clone();
        for (site, origin, status) in [("cross-site", "https://evil.example", 403), ("same-site", &t.url, 403), ("", "https://evil.example", 403), ("", "", 403), ("", &t.url, 404), ("same-origin", &t.url, 404)] {
            max.headers = own.iter().filter(|(name, _)| *name != "sec-fetch-site").cloned().collect();
            for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
                if !value.is_empty() {
                    max.headers.push((name, value.to_owned()));
                }
            }
            let answer = max.delete(&format!("{path}/cred_1")).await;
            assert_eq!(answer.status, status, "{site} {origin}: {}", answer.text);
        }
        max.headers.clone_from(&own);
        for cookie in ["", "gw_session=", "gw_session=x", &format!("gw_session={0}; gw_session={0}", max.token), &format!("__Host-gw_session={}", max.token), &format!("gw_session={}x", max.token)] {
            max.headers[0].1 = cookie.to_owned();
            max.get(path).await.failure(401, 16);
        }
        max.headers = own;
        let other = t.add_environment("other").await;
        max.headers.push(("host", other.host.clone()));
        max.get(path).await.failure(401, 16);
        max.headers.pop();
        // An application's token beside a cookie: the token calls.
        max.headers.push(("authorization", format!("Bearer {}", api.token)));
        assert!(max.get(path).await.failure(400, 3).contains("user_id"));
        max.headers.pop();
        assert_eq!(max.get(path).await.status, 200);
        api.post(&format!("/api/v1/sessions/{}/revoke", max.session.id), json!({})).await;
        max.get(path).await.failure(401, 16);
    }

    async fn who_left_the_organization_calls_nothing(t: Server) {
        let api = t.api().await;
        let world = world(&api).await;
        let max = t.person(&world.member, &world.acme).await;
        let token = t.signed("JWT", &t.user_claims(max.session.user, max.session.organization, max.session.id)).await;
        assert_eq!(max.get(&format!("/api/v1/users/{}", world.member)).await.status, 200);
        api.delete(&format!("/api/v1/memberships/organizations/{}/users/{}", world.acme, world.member)).await;
        max.get(&format!("/api/v1/users/{}", world.member)).await.failure(401, 16);
        t.rest("GET", "/api/v1/users:this", "", &token).await.failure(401, 16);
    }

    async fn a_users_token_is_checked_against_its_session(t: Server) {
        let api = t.api().await;
        let world = world(&api).await;
        let (session, _) = t.sign_in(&world.member, &world.acme).await;
        let (other, _) = t.sign_in(&world.stranger, &world.globex).await;
        let claims = t.user_claims(session.user, session.organization, session.id);
        // Whatever it answers when it is let in, these it never answers then.
        let refused = |status: u16| [401, 403].contains(&status);
        let path = "/api/v1/users:this";
        let answer = t.rest("GET", path, "", &t.signed("JWT", &claims).await).await;
        assert!(!refused(answer.status), "{}", answer.text);
        for (name, value) in [
            ("sid", json!(other.id.to_string())), ("sid", json!("ses_1")), ("sid", Json::Null), ("sid", json!(7)),
            ("oid", json!(world.globex)), ("oid", json!("org_1")), ("oid", Json::Null),
            ("sub", json!(world.stranger)), ("sub", json!("usr_1")), ("sub", json!("conn_1;max")),
            ("aud", json!(["https://mcp.example"])), ("aud", json!([])), ("aud", json!("x")),
            ("jti", Json::Null), ("jti", json!("x")), ("nbf", Json::Null), ("at_hash", json!("bm9uZQ")),
            ("client_id", Json::Null), ("iss", json!("https://other.example")), ("exp", json!(1)),
        ] {
            let mut bent = claims.clone();
            if value.is_null() {
                bent.as_object_mut().unwrap().remove(name);
            } else {
                bent[name] = value.clone();
            }
            let answer = t.rest("GET", path, "", &t.signed("JWT", &bent).await).await;
            assert_eq!(answer.status, 401, "{name} {value}: {}", answer.text);
        }
        let token = t.signed("JWT", &claims).await;
        for path in ["/api/v1/users", "/api/v1/webauthn/credentials", &format!("/api/v1/organizations/{}", world.acme)] {
            t.rest("GET", path, "", &token).await.failure(403, 7);
        }
        api.post(&format!("/api/v1/sessions/{}/revoke", session.id), json!({})).await;
        assert_eq!(t.rest("GET", path, "", &token).await.status, 401);
    }

    async fn persons_see_and_change_what_is_their_own(t: Server) {
        let api = t.api().await;
        let world = world(&api).await;
        let max = t.person(&world.member, &world.acme).await;
        let own = t.passkey(&world.member, b"of max").await;
        let other = t.passkey(&world.admin, b"of ann").await;
        for query in ["", &format!("?user_id={}", world.admin), "?user_id=usr_1"] {
            let listed = max.get(&format!("/api/v1/webauthn/credentials{query}")).await.json;
            let ids: Vec<_> = listed["credentials"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
            assert_eq!(ids, [own.id.to_string()], "one's own, whoever is asked for");
        }
        let of = |passkey: &gatewright::passkeys::Passkey| format!("/api/v1/webauthn/credentials/{}", passkey.id);
        max.patch(&of(&other), json!({"display_name": "mine"})).await.failure(404, 5);
        max.delete(&of(&other)).await.failure(404, 5);
        assert_eq!(max.patch(&of(&own), json!({"display_name": "Phone"})).await.json["credential"]["display_name"], "Phone");
        let ann = t.person(&world.admin, &world.acme).await;
        max.get(&format!("/api/v1/users/{}/sessions", world.admin)).await.failure(404, 5);
        let sessions = max.get(&format!("/api/v1/users/{}/sessions", world.member)).await.json;
        assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
        max.post(&format!("/api/v1/sessions/{}/revoke", ann.session.id), json!({})).await.failure(404, 5);
        assert_eq!(ann.get("/api/v1/webauthn/credentials").await.status, 200, "still there");
        let second = t.person(&world.member, &world.acme).await;
        assert_eq!(max.post(&format!("/api/v1/sessions/{}/revoke", second.session.id), json!({})).await.status, 200);
        second.get("/api/v1/webauthn/credentials").await.failure(401, 16);
        max.get(&format!("/api/v1/users/{}", world.admin)).await.failure(404, 5);
        max.get(&format!("/api/v1/users/{}", world.stranger)).await.failure(404, 5);
        assert_eq!(max.get(&format!("/api/v1/users/{}", world.member)).await.json["user"]["id"], world.member);
        assert_eq!(max.delete(&of(&own)).await.status, 200);
    }

    async fn taking_a_passkey_away_needs_a_fresh_proof(t: Server) {
        let api = t.api().await;
        let world = world(&api).await;
        let max = t.person(&world.member, &world.acme).await;
        let own = t.passkey(&world.member, b"of max").await;
        let mut tx = t.app.db.write().await.unwrap();
        sql!("UPDATE sessions SET authenticated_at = created_at - 600000001 WHERE environment_id = $1").bind(api.environment)
            .execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let path = format!("/api/v1/webauthn/credentials/{}", own.id);
        assert!(max.delete(&path).await.failure(400, 9).contains("sign in again"));
        assert_eq!(max.patch(&path, json!({"display_name": "Phone"})).await.status, 200, "a name opens no door");
        assert_eq!(max.delete(&path).await.status, 400);
        let again = t.person(&world.member, &world.acme).await;
        assert_eq!(again.delete(&path).await.status, 200);
    }

    async fn an_administrator_manages_the_own_organization(t: Server) {
        let api = t.api().await;
        let world = world(&api).await;
        let ann = t.person(&world.admin, &world.acme).await;
        // Ann and Max are in Globex too, and the application knows something of Max.
        for user in [&world.admin, &world.member] {
            let body = json!({"membership": {}});
            let path = format!("/api/v1/memberships/organizations/{}/users/{user}?send_invitation_email=false", world.globex);
            assert!(api.post(&path, body).await.status < 300);
        }
        api.patch(&format!("/api/v1/users/{}", world.member), json!({"external_id": "emp-1", "metadata": {"score": "7"}})).await;
        let listed = ann.get(&format!("/api/v1/organizations/{}/users", world.acme)).await;
        let users = listed.json["users"].as_array().unwrap();
        assert_eq!(users.len(), 2, "{}", listed.text);
        for user in users {
            let is_ann = user["id"] == world.admin;
            assert_eq!(user["memberships"].as_array().unwrap().len(), if is_ann { 2 } else { 1 }, "{user}");
            assert_eq!(user["memberships"][0]["organization_id"], world.acme);
        }
        assert!(!listed.text.contains("emp-1") && !listed.text.contains("score"), "{}", listed.text);
        let path = format!("/api/v1/organizations/{}", world.acme);
        for body in [json!({"slug": "x"}), json!({"metadata": {"plan": "platinum"}}), json!({"external_id": "crm-2"}), json!({"display_name": "A", "logo_url": "https://a.example/l.png"})] {
            ann.patch(&path, body).await.failure(403, 7);
        }
        assert_eq!(ann.patch(&path, json!({"display_name": "Acme 2"})).await.json["organization"]["display_name"], "Acme 2");
        let changed = api.told().await.pop().unwrap();
        assert_eq!((changed.actor_type.as_str(), changed.actor_id.as_str()), ("HUMAN", world.admin.as_str()));
        let membership = format!("/api/v1/memberships/organizations/{}/users/{}", world.acme, world.member);
        ann.delete(&format!("{membership}?cascade=true")).await.failure(403, 7);
        assert_eq!(ann.delete(&membership).await.status, 200);
        assert!(api.find_user(&world.member).await.is_some());
        features(&api, &world.acme, true).await;
        let made = ann.post(&format!("/api/v1/organizations/{}/domains", world.acme), json!({"domain": "acme.example"})).await;
        assert_eq!(made.json["domain"]["verification_status"], "PENDING", "nobody's word is enough: {}", made.text);
    }
}
