//! Sessions: the API, what signing in calls, and the jobs.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright::{
    error::{Error, Kind},
    ids::{SessionId, UserId},
    sessions::{self, Authentication, Session, Status},
    sql,
    time::Timestamp,
    vault,
};
use gatewright_api::{rpc::session_service as rpc, scalekit::v1::sessions as pb};
use gatewright_testkit::{Api, Database, FIREFOX, Options, Server, StoredEvent, api_tests, database_tests};
use serde_json::{Value as Json, json};
use std::{sync::Arc, time::Duration};
use tonic::Code;

/// 2026-03-01T00:00:00Z.
const START: Timestamp = Timestamp::from_micros(1_772_323_200_000_000);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

async fn frozen(kind: Database) -> Server {
    Server::start_with(kind, Options { frozen_at: Some(START), ..Options::default() }).await
}

fn path(id: SessionId) -> String {
    format!("/api/v1/sessions/{id}")
}

async fn get(api: &Api, id: SessionId) -> Json {
    let answer = api.get(&path(id)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

async fn list(api: &Api, user: &str, query: &str) -> Json {
    let answer = api.get(&format!("/api/v1/users/{user}/sessions{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

fn ids(list: &Json, field: &str) -> Vec<String> {
    list[field]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["session_id"].as_str().unwrap().to_owned())
        .collect()
}

fn names(sessions: &[SessionId]) -> Vec<String> {
    sessions.iter().map(ToString::to_string).collect()
}

/// The ids of sessions that these events say to have ended.
fn ended(events: &[StoredEvent]) -> Vec<String> {
    let events = events.iter().filter(|event| event.name == "user.logout");
    events.map(|event| event.data["user_session"]["session_id"].as_str().unwrap().to_owned()).collect()
}

async fn touch(t: &Server, id: SessionId, organization: &str) -> bool {
    let mut tx = t.app.db.write().await.unwrap();
    let organization = organization.parse().unwrap();
    let touched = sessions::touch(&mut tx, &t.operator, id, organization).await.unwrap();
    tx.commit().await.unwrap();
    touched
}

/// Authenticates the session for a further organization: what it is then, and its new token.
async fn enter(
    t: &Server,
    id: SessionId,
    user: &str,
    organization: &str,
) -> Result<(Session, String), Error> {
    let mut tx = t.app.db.write().await?;
    let proof = Authentication {
        user: user.parse().unwrap(),
        organization: organization.parse().unwrap(),
        client: Some(t.client_id.parse().unwrap()),
        connection: None,
        at: t.operator.now(),
    };
    let (session, token) = sessions::enter(&mut tx, &t.operator, id, proof).await?;
    tx.commit().await?;
    Ok((session, token.expose().clone()))
}

async fn log_out(t: &Server, id: SessionId) -> bool {
    let mut tx = t.app.db.write().await.unwrap();
    let done = sessions::log_out(&mut tx, &t.operator, id).await.unwrap();
    tx.commit().await.unwrap();
    done
}

async fn is_token_of(t: &Server, token: &str) -> Option<SessionId> {
    let found = sessions::find_by_token(&mut t.app.db.read(), &t.operator, token).await.unwrap();
    found.map(|session| session.id)
}

async fn set_status(t: &Server, user: &str, status: &str) {
    let mut tx = t.app.db.write().await.unwrap();
    sql!("UPDATE memberships SET status = $3 WHERE environment_id = $1 AND user_id = $2")
        .bind(t.operator.environment().id)
        .bind(user.parse::<UserId>().unwrap())
        .bind(status)
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn count(t: &Server, table: &str) -> i64 {
    let env = t.operator.environment().id;
    let tx = &mut t.app.db.read();
    let statement = match table {
        "sessions" => sql!("SELECT COUNT(*) FROM sessions WHERE environment_id = $1"),
        "session_clients" => sql!("SELECT COUNT(*) FROM session_clients WHERE environment_id = $1"),
        _ => sql!("SELECT COUNT(*) FROM session_organizations WHERE environment_id = $1"),
    };
    statement.bind(env).one(tx).await.unwrap()
}

async fn rejoin(api: &Api, organization: &str, user: &str) {
    let path =
        format!("/api/v1/memberships/organizations/{organization}/users/{user}?send_invitation_email=false");
    let answer = api.post(&path, json!({})).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

database_tests! {
    async fn a_session_is_shown_and_told_as_it_began(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let user = api.member(&acme.id, "dana@acme.example").external_id("u-77").create().await;
        api.told().await;
        t.advance(MINUTE);
        let (session, token) = t.sign_in(&user.id, &acme.id).await;
        let shown = get(&api, session.id).await;
        let expected = json!({
            "session_id": session.id.to_string(),
            "user_id": user.id,
            "authenticated_organizations": [acme.id],
            "organization_id": acme.id,
            "created_at": "2026-03-01T00:01:00Z",
            "updated_at": "2026-03-01T00:01:00Z",
            "last_active_at": "2026-03-01T00:01:00Z",
            "idle_expires_at": "2026-03-08T00:01:00Z",
            "absolute_expires_at": "2026-03-31T00:01:00Z",
            "status": "active",
            "device": {
                "user_agent": FIREFOX, "os": "Linux", "os_version": "", "browser": "Firefox", "browser_version": "140.0",
                "device_type": "desktop", "ip": "198.51.100.23",
                "location": {"region": "DE", "region_subdivision": "DEHH", "city": "Hamburg", "latitude": "53.55", "longitude": "9.99"},
            },
            "authenticated_clients": [{"client_id": t.client_id, "organization_id": acme.id}],
        });
        let mut shown_fields = shown.clone();
        for absent in ["expired_at", "logout_at"] {
            assert!(shown.get(absent).is_none_or(Json::is_null), "{shown}");
            shown_fields.as_object_mut().unwrap().remove(absent);
        }
        assert_eq!(shown_fields, expected);
        assert_eq!(list(&api, &user.id, "").await["sessions"], json!([shown]));
        let told = api.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].name.as_str(), told[0].object.as_str()), ("user.login", "User"));
        assert_eq!(told[0].organization, acme.id.parse().ok());
        let data = &told[0].data;
        assert_eq!(data["user"]["email"], "dana@acme.example");
        assert_eq!(data["user"]["last_login_time"], "2026-03-01T00:01:00Z");
        let in_event = &data["user_session"];
        assert_eq!((&in_event["status"], &in_event["device"]["device_type"]), (&json!("ACTIVE"), &json!("Desktop")));
        assert_eq!((&in_event["expired_at"], &in_event["logout_at"]), (&Json::Null, &Json::Null));
        assert_eq!(in_event["authenticated_organizations"], json!([acme.id]));
        assert!(!data.to_string().contains(&token) && !shown.to_string().contains(&token));
        let login = api.find_user(&user.id).await.unwrap().last_login_time.unwrap();
        assert_eq!(Timestamp::from(login), START.plus(MINUTE));
        assert_eq!(is_token_of(&t, &token).await, Some(session.id));
        assert_eq!(is_token_of(&t, &token[1..]).await, None);
        let stored: Vec<u8> = sql!("SELECT token_hash FROM sessions WHERE environment_id = $1")
            .bind(api.environment).one(&mut t.app.db.read()).await.unwrap();
        assert_eq!(stored, vault::hash(&token));
    }

    async fn use_moves_the_idle_deadline_and_not_the_other(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let user = api.member(&acme.id, "dana@acme.example").create().await;
        let (session, token) = t.sign_in(&user.id, &acme.id).await;
        for _ in 0..4 {
            t.advance(6 * DAY);
            assert!(touch(&t, session.id, &acme.id).await);
        }
        let told = api;
        let api = t.api().await; // tokens of applications last a day
        let shown = get(&api, session.id).await;
        assert_eq!(shown["last_active_at"], "2026-03-25T00:00:00Z");
        assert_eq!(shown["idle_expires_at"], "2026-03-31T00:00:00Z", "not beyond the absolute deadline");
        told.told().await;
        t.advance(6 * DAY - MINUTE);
        assert_eq!(is_token_of(&t, &token).await, Some(session.id));
        t.advance(MINUTE);
        assert_eq!(is_token_of(&t, &token).await, None, "at the deadline, not after it");
        assert!(!touch(&t, session.id, &acme.id).await);
        assert!(!log_out(&t, session.id).await);
        let api = t.api().await;
        let ended_by_time = get(&api, session.id).await;
        assert_eq!((&ended_by_time["status"], &ended_by_time["expired_at"]), (&json!("expired"), &json!("2026-03-31T00:00:00Z")));
        assert_eq!(list(&api, &user.id, "?filter.status=expired").await["total_size"], 1);
        assert_eq!(list(&api, &user.id, "?filter.status=active").await["total_size"], 0);
        assert!(told.told().await.is_empty(), "nobody has noticed yet");
    }

    async fn what_ended_by_time_is_settled_and_told_once(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let user = api.member(&acme.id, "dana@acme.example").create().await;
        let mut all = Vec::new();
        for _ in 0..60 {
            all.push(t.sign_in(&user.id, &acme.id).await.0.id);
        }
        t.run_jobs().await;
        let other = t.add_environment("other").await;
        let other = t.api_in(&other).await;
        api.told().await;
        t.advance(8 * DAY);
        let (fresh, _) = t.sign_in(&user.id, &acme.id).await;
        t.run_jobs().await;
        let told = api.told().await;
        let mut settled = ended(&told);
        settled.sort_unstable();
        let mut expected = names(&all);
        expected.sort_unstable();
        assert_eq!(settled, expected);
        let (told_to, api) = (api, t.api().await);
        let data = &told.iter().find(|event| event.name == "user.logout").unwrap().data["user_session"];
        assert_eq!((&data["status"], &data["expired_at"]), (&json!("EXPIRED"), &json!("2026-03-08T00:00:00Z")));
        let shown = get(&api, all[0]).await;
        assert_eq!((&shown["status"], &shown["expired_at"]), (&json!("expired"), &json!("2026-03-08T00:00:00Z")));
        assert_eq!(get(&api, fresh.id).await["status"], "active");
        t.advance(2 * MINUTE);
        t.run_jobs().await;
        assert!(told_to.told().await.is_empty() && other.told().await.is_empty());
        t.advance(91 * DAY);
        t.run_jobs().await;
        let api = t.api().await;
        api.get(&path(all[0])).await.failure(404, 5);
        assert_eq!(get(&api, fresh.id).await["status"], "expired", "it would have ended later");
        assert_eq!((count(&t, "sessions").await, count(&t, "session_clients").await), (1, 1));
    }

    async fn the_stricter_policy_counts(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let (lax, strict) = (api.organization("Lax").create().await, api.organization("Strict").create().await);
        let policy = json!({"policy_source": "CUSTOM", "absolute_session_timeout": 480, "idle_session_timeout_enabled": true, "idle_session_timeout": 60});
        let answer = api.patch(&format!("/api/v1/organizations/{}/session-policy", strict.id), policy).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let user = api.member(&lax.id, "dana@acme.example").create().await;
        rejoin(&api, &strict.id, &user.id).await;
        let (first, _) = t.sign_in(&user.id, &strict.id).await;
        assert_eq!((first.idle_expires_at, first.absolute_expires_at), (START.plus(60 * MINUTE), START.plus(480 * MINUTE)));
        let (second, old) = t.sign_in(&user.id, &lax.id).await;
        t.advance(10 * MINUTE);
        let (entered, new) = enter(&t, second.id, &user.id, &strict.id).await.unwrap();
        assert_eq!(entered.organizations, [lax.id.parse().unwrap(), strict.id.parse().unwrap()]);
        let shown = get(&api, second.id).await;
        assert_eq!((&shown["idle_expires_at"], &shown["absolute_expires_at"]), (&json!("2026-03-01T01:10:00Z"), &json!("2026-03-01T08:10:00Z")));
        assert_eq!(shown["authenticated_organizations"], json!([lax.id, strict.id]));
        assert_eq!(shown["organization_id"], strict.id);
        assert_eq!(shown["authenticated_clients"], json!([{"client_id": t.client_id, "organization_id": strict.id}]));
        assert_eq!(is_token_of(&t, &old).await, None, "the token changed with the authentication");
        assert_eq!(is_token_of(&t, &new).await, Some(second.id));
        // Back in the lax one, the strict limits stay.
        let (back, _) = enter(&t, second.id, &user.id, &lax.id).await.unwrap();
        assert_eq!((back.idle_expires_at, back.absolute_expires_at), (entered.idle_expires_at, entered.absolute_expires_at));
        // A policy that changes later does not reach it.
        let policy = json!({"policy_source": "CUSTOM", "absolute_session_timeout": 30, "idle_session_timeout_enabled": true, "idle_session_timeout": 10});
        api.patch(&format!("/api/v1/organizations/{}/session-policy", strict.id), policy).await;
        assert!(touch(&t, second.id, &strict.id).await);
        assert_eq!(get(&api, second.id).await["idle_expires_at"], "2026-03-01T01:10:00Z");
    }

    async fn ten_touches_and_ten_revocations_end_it_once(kind: Database) {
        let t = Arc::new(Server::start(kind).await);
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let user = api.member(&acme.id, "dana@acme.example").create().await;
        let (session, _) = t.sign_in(&user.id, &acme.id).await;
        api.told().await;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..20 {
            let (t, acme) = (t.clone(), acme.id.clone());
            let grpc = api.grpc.clone();
            tasks.spawn(async move {
                if number % 2 == 0 {
                    touch(&t, session.id, &acme).await;
                } else {
                    let request = pb::RevokeSessionRequest { session_id: session.id.to_string() };
                    grpc.call::<rpc::RevokeSession>(request).await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(ended(&api.told().await), [session.id.to_string()]);
        assert_eq!(get(&api, session.id).await["status"], "revoked");
        assert!(!touch(&t, session.id, &acme.id).await);
    }

    async fn ten_callers_revoke_each_session_once(kind: Database) {
        let t = Arc::new(Server::start(kind).await);
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let user = api.member(&acme.id, "dana@acme.example").create().await;
        for _ in 0..5 {
            t.sign_in(&user.id, &acme.id).await;
        }
        api.told().await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let (grpc, user_id) = (api.grpc.clone(), user.id.clone());
            tasks.spawn(async move {
                let request = pb::RevokeAllUserSessionsRequest { user_id };
                grpc.call::<rpc::RevokeAllUserSessions>(request).await.unwrap().total_revoked
            });
        }
        for _ in 0..5 {
            let (t, user, acme) = (t.clone(), user.id.clone(), acme.id.clone());
            tasks.spawn(async move {
                t.sign_in(&user, &acme).await;
                0
            });
        }
        let total: u32 = tasks.join_all().await.into_iter().sum();
        let told = api.told().await;
        assert_eq!(ended(&told).len(), usize::try_from(total).unwrap());
        let left = list(&api, &user.id, "?filter.status=active").await["total_size"].as_u64().unwrap();
        assert_eq!(u64::from(total) + left, 10, "each of the ten sessions is ended once or is still there");
        assert!(total >= 5);
    }
}

api_tests! {
    async fn sessions_are_listed_in_pages_and_filtered(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let user = api.member(&acme.id, "dana@acme.example").create().await;
        let nobody = api.member(&acme.id, "erin@acme.example").create().await;
        t.sign_in(&nobody.id, &acme.id).await;
        let mut all = Vec::new();
        for _ in 0..7 {
            all.push(t.sign_in(&user.id, &acme.id).await.0);
        }
        all.reverse();
        let newest: Vec<SessionId> = all.iter().map(|session| session.id).collect();
        assert!(log_out(&t, newest[0]).await);
        api.post(&format!("{}/revoke", path(newest[1])), json!({})).await;
        let first = list(&api, &user.id, "?page_size=3").await;
        assert_eq!((ids(&first, "sessions"), &first["total_size"]), (names(&newest[..3]), &json!(7)));
        assert_eq!(first["prev_page_token"], "");
        let token = first["next_page_token"].as_str().unwrap();
        let second = list(&api, &user.id, &format!("?page_size=3&page_token={token}")).await;
        assert_eq!(ids(&second, "sessions"), names(&newest[3..6]));
        let back = second["prev_page_token"].as_str().unwrap();
        assert_eq!(ids(&list(&api, &user.id, &format!("?page_size=3&page_token={back}")).await, "sessions"), names(&newest[..3]));
        let last = second["next_page_token"].as_str().unwrap();
        let last = list(&api, &user.id, &format!("?page_size=3&page_token={last}")).await;
        assert_eq!((ids(&last, "sessions"), &last["next_page_token"]), (names(&newest[6..]), &json!("")));
        for (query, expected) in [
            ("?filter.status=active", &newest[2..]),
            ("?filter.status=logout", &newest[..1]),
            ("?filter.status=REVOKED", &newest[1..2]),
            ("?filter.status=logout&filter.status=revoked", &newest[..2]),
            ("?filter.status=expired", &newest[..0]),
            ("?page_size=1000", &newest[..]),
        ] {
            let found = list(&api, &user.id, query).await;
            assert_eq!((ids(&found, "sessions"), &found["total_size"]), (names(expected), &json!(expected.len())), "{query}");
        }
        // Both ends of the range are part of it.
        let (from, to) = (all[4].created_at, all[2].created_at);
        let range = list(&api, &user.id, &format!("?filter.start_time={from}&filter.end_time={to}")).await;
        assert_eq!(ids(&range, "sessions"), names(&newest[2..5]));
        let token = first["next_page_token"].as_str().unwrap();
        for query in [
            format!("?filter.start_time={to}&filter.end_time={from}"),
            "?filter.status=ended".to_owned(),
            format!("?filter.status=active&page_token={token}"),
            "?page_token=x".to_owned(),
        ] {
            api.get(&format!("/api/v1/users/{}/sessions{query}", user.id)).await.failure(400, 3);
        }
        api.get(&format!("/api/v1/users/{}/sessions?page_token={token}", nobody.id)).await.failure(400, 3);
    }

    async fn a_revoked_session_stays_as_it_ended(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let user = api.member(&acme.id, "dana@acme.example").create().await;
        let (session, token) = t.sign_in(&user.id, &acme.id).await;
        let (left, _) = t.sign_in(&user.id, &acme.id).await;
        assert!(log_out(&t, left.id).await);
        assert!(!log_out(&t, left.id).await);
        let told = api.told().await;
        let data = &told.last().unwrap().data["user_session"];
        assert_eq!((&data["status"], &data["expired_at"]), (&json!("LOGOUT"), &Json::Null));
        assert!(data["logout_at"].is_string());
        let revoke = async |id| api.post(&format!("{}/revoke", path(id)), json!({})).await;
        let answer = revoke(session.id).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let revoked = &answer.json["revoked_session"];
        assert_eq!((&revoked["status"], &revoked["session_id"], &revoked["user_id"]), (&json!("revoked"), &json!(session.id.to_string()), &json!(user.id)));
        assert!(revoked["expired_at"].is_string() && revoked.get("logout_at").is_none_or(Json::is_null));
        assert_eq!(get(&api, session.id).await["expired_at"], revoked["expired_at"]);
        assert_eq!(is_token_of(&t, &token).await, None, "at once");
        assert!(!touch(&t, session.id, &acme.id).await);
        assert_eq!(ended(&api.told().await), [session.id.to_string()]);
        assert_eq!(revoke(session.id).await.json["revoked_session"], *revoked, "again: unchanged");
        let of_logout = revoke(left.id).await.json["revoked_session"].clone();
        assert_eq!(of_logout["status"], "logout");
        assert!(of_logout["logout_at"].is_string() && of_logout.get("expired_at").is_none_or(Json::is_null));
        assert!(api.told().await.is_empty());
    }

    async fn all_sessions_of_a_user_end_together(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let user = api.member(&acme.id, "dana@acme.example").create().await;
        let other = api.member(&acme.id, "erin@acme.example").create().await;
        let (others, _) = t.sign_in(&other.id, &acme.id).await;
        let mut all = Vec::new();
        for _ in 0..4 {
            all.push(t.sign_in(&user.id, &acme.id).await.0.id);
        }
        log_out(&t, all[1]).await;
        api.told().await;
        let path = format!("/api/v1/users/{}/sessions/revoke", user.id);
        let answer = api.post(&path, json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let expected = names(&[all[3], all[2], all[0]]);
        assert_eq!((ids(&answer.json, "revoked_sessions"), &answer.json["total_revoked"]), (expected.clone(), &json!(3)));
        let mut told = ended(&api.told().await);
        told.reverse();
        assert_eq!(told, expected);
        let again = api.post(&path, json!({})).await;
        assert_eq!((&again.json["revoked_sessions"], &again.json["total_revoked"]), (&json!([]), &json!(0)));
        assert_eq!(get(&api, others.id).await["status"], "active");
        assert_eq!(get(&api, all[1]).await["status"], "logout");
        assert!(api.told().await.is_empty());
    }

    async fn who_leaves_the_last_organization_is_out_at_once(t: Server) {
        let api = t.api().await;
        let (acme, globex) = (api.organization("Acme").create().await, api.organization("Globex").create().await);
        let user = api.member(&acme.id, "dana@acme.example").create().await;
        rejoin(&api, &globex.id, &user.id).await;
        let (only_acme, token) = t.sign_in(&user.id, &acme.id).await;
        let (both, _) = t.sign_in(&user.id, &acme.id).await;
        enter(&t, both.id, &user.id, &globex.id).await.unwrap();
        t.run_jobs().await;
        api.told().await;
        let membership = format!("/api/v1/memberships/organizations/{}/users/{}", acme.id, user.id);
        assert_eq!(api.delete(&membership).await.status, 200);
        assert_eq!(is_token_of(&t, &token).await, None);
        assert!(!touch(&t, only_acme.id, &acme.id).await && !touch(&t, both.id, &acme.id).await);
        assert!(touch(&t, both.id, &globex.id).await, "it goes on in the other organization");
        assert_eq!(get(&api, only_acme.id).await["status"], "revoked");
        assert_eq!(list(&api, &user.id, "?filter.status=revoked").await["total_size"], 1);
        let shown = get(&api, both.id).await;
        assert_eq!((&shown["status"], &shown["authenticated_organizations"]), (&json!("active"), &json!([globex.id])));
        // Who comes back before it is settled does not come back into the session.
        rejoin(&api, &acme.id, &user.id).await;
        assert!(!touch(&t, only_acme.id, &acme.id).await);
        assert!(ended(&api.told().await).is_empty());
        t.run_jobs().await;
        let told = api.told().await;
        assert_eq!(ended(&told), [only_acme.id.to_string()]);
        assert_eq!(told.last().unwrap().actor_type, "MACHINE");
        let settled = get(&api, only_acme.id).await;
        assert_eq!(settled["status"], "revoked");
        assert!(settled["expired_at"].is_string());
        t.run_jobs().await;
        assert!(api.told().await.is_empty());
    }

    async fn sessions_end_with_their_organization_and_go_with_their_user(t: Server) {
        let api = t.api().await;
        let (acme, globex) = (api.organization("Acme").create().await, api.organization("Globex").create().await);
        let staying = api.member(&acme.id, "dana@acme.example").create().await;
        rejoin(&api, &globex.id, &staying.id).await;
        let going = api.member(&acme.id, "erin@acme.example").create().await;
        let (of_staying, token) = t.sign_in(&staying.id, &acme.id).await;
        let (of_going, _) = t.sign_in(&going.id, &acme.id).await;
        api.told().await;
        assert_eq!(api.delete(&format!("/api/v1/organizations/{}", acme.id)).await.status, 200);
        assert_eq!(is_token_of(&t, &token).await, None, "at once");
        assert_eq!(get(&api, of_staying.id).await["status"], "revoked");
        assert!(!touch(&t, of_staying.id, &acme.id).await);
        t.run_jobs().await;
        assert_eq!(ended(&api.told().await), [of_staying.id.to_string()]);
        api.get(&path(of_going.id)).await.failure(404, 5);
        let (last, token) = t.sign_in(&staying.id, &globex.id).await;
        api.told().await;
        assert_eq!(api.delete(&format!("/api/v1/users/{}", staying.id)).await.status, 200);
        api.get(&path(last.id)).await.failure(404, 5);
        api.get(&format!("/api/v1/users/{}/sessions", staying.id)).await.failure(404, 5);
        assert_eq!(is_token_of(&t, &token).await, None);
        assert!(ended(&api.told().await).is_empty());
        for table in ["sessions", "session_organizations", "session_clients"] {
            assert_eq!(count(&t, table).await, 0, "{table}");
        }
    }

    async fn an_inactive_member_has_no_session(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let user = api.member(&acme.id, "dana@acme.example").create().await;
        let (session, token) = t.sign_in(&user.id, &acme.id).await;
        set_status(&t, &user.id, "INACTIVE").await;
        assert_eq!(is_token_of(&t, &token).await, None);
        assert_eq!(get(&api, session.id).await["status"], "revoked");
        assert!(!touch(&t, session.id, &acme.id).await);
        let invited = api.member(&acme.id, "erin@acme.example").invited().create().await;
        api.told().await;
        for (user, organization, kind) in [
            (&user.id, &acme.id, Kind::FailedPrecondition),
            (&invited.id, &acme.id, Kind::FailedPrecondition),
            (&user.id, &"org_1".to_owned(), Kind::NotFound),
            (&"usr_1".to_owned(), &acme.id, Kind::NotFound),
        ] {
            let proof = Authentication {
                user: user.parse().unwrap(),
                organization: organization.parse().unwrap(),
                client: Some(t.client_id.parse().unwrap()),
        connection: None,
        at: t.operator.now(),
            };
            let mut tx = t.app.db.write().await.unwrap();
            let error = sessions::start(&mut tx, &t.operator, proof, session.device.clone()).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{user} {organization}");
        }
        assert_eq!(count(&t, "sessions").await, 1);
        assert!(api.told().await.is_empty());
    }

    async fn only_its_user_enters_a_session_that_has_not_ended(t: Server) {
        let api = t.api().await;
        let (acme, globex) = (api.organization("Acme").create().await, api.organization("Globex").create().await);
        let dana = api.member(&acme.id, "dana@acme.example").create().await;
        let erin = api.member(&globex.id, "erin@acme.example").create().await;
        let (session, token) = t.sign_in(&dana.id, &acme.id).await;
        let before = get(&api, session.id).await;
        for (user, organization, kind) in [
            (&erin.id, &globex.id, Kind::NotFound),
            (&dana.id, &globex.id, Kind::FailedPrecondition),
            (&dana.id, &"org_1".to_owned(), Kind::NotFound),
        ] {
            assert_eq!(enter(&t, session.id, user, organization).await.unwrap_err().kind(), kind);
        }
        assert_eq!(get(&api, session.id).await, before);
        assert_eq!(is_token_of(&t, &token).await, Some(session.id));
        assert!(!touch(&t, session.id, &globex.id).await, "it was not authenticated for that one");
        assert!(log_out(&t, session.id).await);
        assert_eq!(enter(&t, session.id, &dana.id, &acme.id).await.unwrap_err().kind(), Kind::NotFound);
    }

    async fn what_one_node_ends_has_ended_on_the_other(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let user = api.member(&acme.id, "dana@acme.example").create().await;
        let other = t.second_node().await;
        let (session, token) = t.sign_in(&user.id, &acme.id).await;
        assert!(touch(&other, session.id, &acme.id).await);
        assert_eq!(is_token_of(&other, &token).await, Some(session.id));
        assert_eq!(api.post(&format!("{}/revoke", path(session.id)), json!({})).await.status, 200);
        assert_eq!(is_token_of(&other, &token).await, None);
        assert!(!touch(&other, session.id, &acme.id).await && !log_out(&other, session.id).await);
    }

    async fn what_is_no_session_is_not_found(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let user = api.member(&acme.id, "dana@acme.example").create().await;
        let (session, _) = t.sign_in(&user.id, &acme.id).await;
        let other = t.add_environment("other").await;
        let other = t.api_in(&other).await;
        api.told().await;
        other.get(&path(session.id)).await.failure(404, 5);
        other.post(&format!("{}/revoke", path(session.id)), json!({})).await.failure(404, 5);
        other.get(&format!("/api/v1/users/{}/sessions", user.id)).await.failure(404, 5);
        other.post(&format!("/api/v1/users/{}/sessions/revoke", user.id), json!({})).await.failure(404, 5);
        for id in ["ses_1", "ses_9223372036854775807"] {
            api.get(&format!("/api/v1/sessions/{id}")).await.failure(404, 5);
            api.post(&format!("/api/v1/sessions/{id}/revoke"), json!({})).await.failure(404, 5);
        }
        for id in ["ses_", "ses_abc", "ses_123abc", "session_1", "ses_01", "ses_99999999999999999999", "usr_1"] {
            api.get(&format!("/api/v1/sessions/{id}")).await.failure(400, 3);
            api.post(&format!("/api/v1/sessions/{id}/revoke"), json!({})).await.failure(400, 3);
        }
        for id in ["usr_", "usr_x", "user_1", "org_1"] {
            api.get(&format!("/api/v1/users/{id}/sessions")).await.failure(400, 3);
            api.post(&format!("/api/v1/users/{id}/sessions/revoke"), json!({})).await.failure(400, 3);
        }
        api.get("/api/v1/users/usr_1/sessions").await.failure(404, 5);
        let failure = api.call::<rpc::GetSession>(pb::SessionDetailsRequest::default()).await.unwrap_err();
        assert_eq!(failure.code, Code::InvalidArgument);
        assert_eq!(get(&api, session.id).await["status"], Status::Active.wire_name());
        assert!(api.told().await.is_empty() && other.told().await.is_empty());
    }
}
