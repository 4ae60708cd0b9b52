//! Registering passkeys and signing in with them: what an authenticator does, bent in every way, against the slice.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what goes wrong in a test shall stop it"
)]

use gatewright::{
    error::{Error, Kind},
    ids::{ConnectionId, UserId},
    passkeys::{self, Passkey},
    sessions::{Device, Location},
    sql,
    time::Timestamp,
};
use gatewright_testkit::{
    AAGUID, Api, Authenticator, Database, FIREFOX, Options, Server, api_tests, database_tests,
};
use serde_json::{Value as Json, json};
use std::time::Duration;

const BROWSER: &[u8] = b"hash of the cookie of a browser.";

fn device() -> Device {
    Device::new(FIREFOX, None, Location::default())
}

async fn users(t: &Server, api: &Api) -> (UserId, UserId) {
    t.enable_passkeys(api).await;
    let acme = api.organization("Acme").create().await;
    let dana = api.member(&acme.id, "dana@acme.example").create().await;
    let erin = api.member(&acme.id, "erin@acme.example").create().await;
    (dana.id.parse().unwrap(), erin.id.parse().unwrap())
}

async fn begin(t: &Server, user: UserId) -> (String, Json) {
    passkeys::begin_registration(&t.operator, user).await.unwrap()
}

async fn finish(t: &Server, user: UserId, id: &str, answer: Json) -> Result<Passkey, Error> {
    passkeys::finish_registration(&t.operator, user, Some(id), answer, device()).await
}

/// An authenticator with a passkey of the user.
async fn registered(t: &Server, user: UserId) -> Authenticator {
    let mut authenticator = Authenticator::new(&t.url);
    let (id, options) = begin(t, user).await;
    let answer = authenticator.create(&options);
    finish(t, user, &id, answer).await.unwrap();
    authenticator
}

async fn ask(t: &Server) -> (String, Json) {
    passkeys::begin_authentication(&t.operator, BROWSER, None).await.unwrap()
}

async fn answer(t: &Server, id: &str, answer: Json) -> Result<UserId, Error> {
    passkeys::finish_authentication(&t.operator, BROWSER, id, answer).await
}

async fn sign_in(t: &Server, authenticator: &Authenticator) -> Result<UserId, Error> {
    let (id, options) = ask(t).await;
    answer(t, &id, authenticator.get(&options)).await
}

fn assert_refused<T>(result: Result<T, Error>, what: &str) {
    match result {
        Ok(_) => panic!("{what} was accepted"),
        Err(error) => assert_eq!(error.kind(), Kind::InvalidArgument, "{what}: {error:?}"),
    }
}

async fn open_ceremonies(api: &Api) -> i64 {
    sql!("SELECT COUNT(*) FROM passkey_ceremonies WHERE environment_id = $1")
        .bind(api.environment)
        .one(&mut api.app().db.read())
        .await
        .unwrap()
}

async fn stored(api: &Api, user: UserId) -> Json {
    api.get(&format!("/api/v1/webauthn/credentials?user_id={user}")).await.json["credentials"].clone()
}

/// The passkey connection.
async fn connection(api: &Api) -> String {
    let id: ConnectionId = sql!("SELECT id FROM connections WHERE environment_id = $1 AND type = 'WEBAUTHN'")
        .bind(api.environment)
        .one(&mut api.app().db.read())
        .await
        .unwrap();
    format!("/api/v1/connections/{id}")
}

/// Changes its settings.
async fn configure(api: &Api, settings: Json) {
    let body = json!({"provider": "SCALEKIT", "provider_key": "SCALEKIT", "webauthn_config": settings});
    let changed = api.patch(&connection(api).await, body).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
}

/// 2026-03-01T00:00:00Z.
const START: Timestamp = Timestamp::from_micros(1_772_323_200_000_000);

async fn frozen(kind: Database) -> Server {
    Server::start_with(kind, Options { frozen_at: Some(START), ..Options::default() }).await
}

api_tests! {
    async fn a_passkey_is_registered_and_signs_in(t: Server) {
        let api = t.api().await;
        let (dana, erin) = users(&t, &api).await;
        let (id, options) = begin(&t, dana).await;
        assert_eq!(options["rp"]["id"], "localhost");
        assert_eq!(options["user"]["name"], "dana@acme.example");
        assert_eq!(options["timeout"], 300_000);
        assert_eq!(options["attestation"], "none");
        assert_eq!(options["authenticatorSelection"], json!({"residentKey": "required", "requireResidentKey": true, "userVerification": "required"}));
        assert_eq!(options["excludeCredentials"], json!([]));
        let algorithms: Vec<_> = options["pubKeyCredParams"].as_array().unwrap().iter().map(|one| one["alg"].as_i64().unwrap()).collect();
        assert!(algorithms.contains(&-7) && algorithms.contains(&-257), "{algorithms:?}");
        let mut authenticator = Authenticator::new(&t.url);
        let answer = authenticator.create(&options);
        let passkey = finish(&t, dana, &id, answer).await.unwrap();
        assert_eq!((passkey.credential.user, &passkey.credential.raw_id), (dana, &authenticator.raw_id));
        let shown = stored(&api, dana).await;
        assert_eq!(shown[0]["id"], passkey.id.to_string());
        assert_eq!(shown[0]["attestation_type"], "none");
        assert_eq!(shown[0]["authenticator"]["aaguid"], "67617465-7772-6967-6874-2d7465737473", "{AAGUID:?}");
        assert_eq!(shown[0]["authenticator"]["attachment"], "platform");
        assert_eq!(shown[0]["transports"], json!(["hybrid", "internal"]));
        assert_eq!(shown[0]["authenticator_flags"], json!({"user_present": true, "user_verified": true, "backup_eligible": true, "backup_state": true}));

        let (id, options) = ask(&t).await;
        assert_eq!((&options["rpId"], &options["allowCredentials"], &options["userVerification"]), (&json!("localhost"), &json!([]), &json!("required")));
        assert_eq!(self::answer(&t, &id, authenticator.get(&options)).await.unwrap(), dana);
        assert_eq!(sign_in(&t, &authenticator).await.unwrap(), dana, "as often as one likes, without a counter");
        assert_eq!(sign_in(&t, &registered(&t, erin).await).await.unwrap(), erin);
        assert_eq!(open_ceremonies(&api).await, 0);
        let mut tx = t.app.db.read();
        assert!(passkeys::has_any(&mut tx, api.environment, dana).await.unwrap());
        let (_, options) = begin(&t, dana).await;
        assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
        api.delete(&format!("/api/v1/webauthn/credentials/{}", passkey.id)).await;
        assert!(!passkeys::has_any(&mut tx, api.environment, dana).await.unwrap());
        assert_refused(sign_in(&t, &authenticator).await, "a deleted passkey");
    }

    async fn bent_registrations_are_refused(t: Server) {
        let api = t.api().await;
        let (dana, erin) = users(&t, &api).await;
        type Bend = fn(&mut Authenticator);
        let bends: [(&str, Bend); 11] = [
            ("another origin", |a| a.origin = "https://evil.example".to_owned()),
            ("another port", |a| a.origin = "http://localhost:1".to_owned()),
            ("another scheme", |a| a.origin = a.origin.replace("http", "https")),
            ("a host below", |a| a.origin = a.origin.replace("localhost", "x.localhost")),
            ("another RP", |a| a.rp_id = "evil.example".to_owned()),
            ("no presence", |a| a.flags = 0x04),
            ("no verification", |a| a.flags = 0x01),
            ("a frame", |a| a.client_data = json!({"crossOrigin": true})),
            ("a frame by name", |a| a.client_data = json!({"topOrigin": "https://evil.example"})),
            ("the other ceremony", |a| a.client_data = json!({"type": "webauthn.get"})),
            ("an own challenge", |a| a.client_data = json!({"challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})),
        ];
        for (what, bend) in bends {
            let (id, options) = begin(&t, dana).await;
            let mut authenticator = Authenticator::new(&t.url);
            bend(&mut authenticator);
            let answer = authenticator.create(&options);
            assert_refused(finish(&t, dana, &id, answer.clone()).await, what);
            assert_refused(passkeys::finish_registration(&t.operator, dana, None, answer, device()).await, what);
        }
        for answer in [json!(null), json!({}), json!([]), json!({"id": 1, "rawId": "", "type": "public-key", "response": {"clientDataJSON": "e30", "attestationObject": ""}})] {
            let (id, _) = begin(&t, dana).await;
            assert_refused(finish(&t, dana, &id, answer.clone()).await, &answer.to_string());
        }
        let (id, options) = begin(&t, dana).await;
        let answer = Authenticator::new(&t.url).create(&options);
        assert_refused(finish(&t, erin, &id, answer.clone()).await, "somebody else's registration");
        finish(&t, dana, &id, answer.clone()).await.unwrap();
        assert_refused(finish(&t, dana, &id, answer).await, "a registration twice");
        assert_eq!(stored(&api, erin).await, json!([]));
        assert_eq!(stored(&api, dana).await.as_array().unwrap().len(), 1);
    }

    async fn a_credential_is_registered_once(t: Server) {
        let api = t.api().await;
        let (dana, erin) = users(&t, &api).await;
        let mut authenticator = registered(&t, dana).await;
        for user in [dana, erin] {
            let (id, options) = begin(&t, user).await;
            let answer = authenticator.create(&options);
            let error = finish(&t, user, &id, answer).await.unwrap_err();
            // The user's own is in the list of those to leave out; webauthn-rs may say so first.
            assert!([Kind::AlreadyExists, Kind::InvalidArgument].contains(&error.kind()), "{error:?}");
        }
        assert_eq!(stored(&api, erin).await, json!([]));
    }

    async fn bent_sign_ins_are_refused(t: Server) {
        let api = t.api().await;
        let (dana, erin) = users(&t, &api).await;
        let mut authenticator = registered(&t, dana).await;
        let other = registered(&t, erin).await;
        let (origin, rp_id, flags) = (authenticator.origin.clone(), authenticator.rp_id.clone(), authenticator.flags);
        let handle = authenticator.user_handle.clone();
        type Bend = fn(&mut Authenticator);
        let bends: [(&str, Bend); 12] = [
            ("another origin", |a| a.origin = "https://evil.example".to_owned()),
            ("another port", |a| a.origin = "http://localhost:1".to_owned()),
            ("another RP", |a| a.rp_id = "evil.example".to_owned()),
            ("no presence", |a| a.flags = 0x04),
            ("no verification", |a| a.flags = 0x01),
            ("no backup any more", |a| a.flags = 0x05),
            ("a frame", |a| a.client_data = json!({"crossOrigin": true})),
            ("a frame by name", |a| a.client_data = json!({"topOrigin": "https://evil.example"})),
            ("the other ceremony", |a| a.client_data = json!({"type": "webauthn.create"})),
            ("an own challenge", |a| a.client_data = json!({"challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})),
            ("no handle", |a| a.user_handle = None),
            ("no user", |a| a.user_handle = Some(vec![0; 16])),
        ];
        for (what, bend) in bends {
            bend(&mut authenticator);
            assert_refused(sign_in(&t, &authenticator).await, what);
            (authenticator.origin, authenticator.rp_id, authenticator.flags) = (origin.clone(), rp_id.clone(), flags);
            (authenticator.user_handle, authenticator.client_data) = (handle.clone(), json!({}));
            assert_eq!(sign_in(&t, &authenticator).await.unwrap(), dana, "after {what}");
        }
        authenticator.user_handle.clone_from(&other.user_handle);
        assert_refused(sign_in(&t, &authenticator).await, "the handle of somebody else");
        authenticator.user_handle = handle;
        let id = std::mem::replace(&mut authenticator.raw_id, other.raw_id.clone());
        assert_refused(sign_in(&t, &authenticator).await, "the credential of somebody else");
        authenticator.raw_id = id;
        let (id, options) = ask(&t).await;
        let mut bad = authenticator.get(&options);
        bad["response"]["signature"] = other.get(&options)["response"]["signature"].clone();
        assert_refused(answer(&t, &id, bad).await, "the signature of somebody else");
    }

    async fn a_sign_in_is_of_one_browser_and_once(t: Server) {
        let api = t.api().await;
        let (dana, _) = users(&t, &api).await;
        let authenticator = registered(&t, dana).await;
        let (id, options) = ask(&t).await;
        let response = authenticator.get(&options);
        let elsewhere = passkeys::finish_authentication(&t.operator, b"another browser", &id, response.clone()).await;
        assert_refused(elsewhere, "another browser");
        let (other, _) = ask(&t).await;
        assert_refused(answer(&t, &other, response.clone()).await, "another ceremony");
        let (registration, _) = begin(&t, dana).await;
        assert_refused(answer(&t, &registration, response.clone()).await, "a registration");
        assert_refused(finish(&t, dana, &id, response.clone()).await, "a sign-in as a registration");
        assert_eq!(answer(&t, &id, response.clone()).await.unwrap(), dana, "none of this used it up");
        assert_refused(answer(&t, &id, response.clone()).await, "the same again");
        let (id, options) = ask(&t).await;
        let mut bad = authenticator.get(&options);
        bad["response"]["signature"] = json!("AAAA");
        assert_refused(answer(&t, &id, bad).await, "no signature");
        assert_refused(answer(&t, &id, authenticator.get(&options)).await, "a second try");
    }

    async fn an_address_limits_a_sign_in_without_telling(t: Server) {
        let api = t.api().await;
        let (dana, _) = users(&t, &api).await;
        let authenticator = registered(&t, dana).await;
        let mut shapes = Vec::new();
        for (email, expected) in [(" ", None), ("Dana@ACME.example", Some(dana)), ("erin@acme.example", None), ("nobody@acme.example", None)] {
            let begun = passkeys::begin_authentication(&t.operator, BROWSER, Some(email)).await;
            let Ok((id, mut options)) = begun else {
                assert_refused(begun, email);
                continue;
            };
            let result = answer(&t, &id, authenticator.get(&options)).await;
            assert_eq!(result.ok(), expected, "{email}");
            options["challenge"] = json!("");
            shapes.push(options);
        }
        assert!(shapes.len() == 3 && shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:?}");
    }

    async fn a_counter_never_goes_back(t: Server) {
        let api = t.api().await;
        let (dana, _) = users(&t, &api).await;
        let mut authenticator = Authenticator::new(&t.url);
        authenticator.counter = 7;
        let (id, options) = begin(&t, dana).await;
        let response = authenticator.create(&options);
        finish(&t, dana, &id, response).await.unwrap();
        for (counter, expected) in [(8, true), (8, false), (7, false), (0, false), (9, true), (u32::MAX, true), (0, false)] {
            authenticator.counter = counter;
            assert_eq!(sign_in(&t, &authenticator).await.is_ok(), expected, "{counter}");
        }
    }

    async fn of_twenty_answers_one_counts(t: Server) {
        let api = t.api().await;
        let (dana, _) = users(&t, &api).await;
        let mut authenticator = Authenticator::new(&t.url);
        let (id, options) = begin(&t, dana).await;
        let response = authenticator.create(&options);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (ctx, id, response) = (t.operator.clone(), id.clone(), response.clone());
            tasks.spawn(async move { passkeys::finish_registration(&ctx, dana, Some(&id), response, device()).await.is_ok() });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|done| *done).count(), 1);
        let (id, options) = ask(&t).await;
        let response = authenticator.get(&options);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (ctx, id, response) = (t.operator.clone(), id.clone(), response.clone());
            tasks.spawn(async move { passkeys::finish_authentication(&ctx, BROWSER, &id, response).await.is_ok() });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|done| *done).count(), 1);
        authenticator.counter = 1;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (id, options) = ask(&t).await;
            let (ctx, response) = (t.operator.clone(), authenticator.get(&options));
            tasks.spawn(async move { passkeys::finish_authentication(&ctx, BROWSER, &id, response).await.is_ok() });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|done| *done).count(), 1, "one state of the counter");
    }

    async fn what_cannot_be_checked_is_not_promised(t: Server) {
        let api = t.api().await;
        let (dana, _) = users(&t, &api).await;
        configure(&api, json!({"authenticators": {"validate_entry": true}})).await;
        let error = passkeys::begin_registration(&t.operator, dana).await.unwrap_err();
        assert_eq!(error.kind(), Kind::FailedPrecondition);
        assert!(error.message().contains("FIDO Metadata Service"), "{}", error.message());
        ask(&t).await;
    }
}

database_tests! {
    async fn a_ceremony_ends_by_the_clock(kind: Database) {
        let t = frozen(kind).await;
        t.run_jobs().await;
        let api = t.api().await;
        let (dana, _) = users(&t, &api).await;
        let authenticator = registered(&t, dana).await;
        let (id, options) = ask(&t).await;
        let (registration, creation) = begin(&t, dana).await;
        t.advance(Duration::from_secs(300));
        assert_refused(answer(&t, &id, authenticator.get(&options)).await, "a sign-in too late");
        let late = Authenticator::new(&t.url).create(&creation);
        assert_refused(finish(&t, dana, &registration, late).await, "a registration too late");
        assert_eq!(open_ceremonies(&api).await, 2);
        t.advance(Duration::from_secs(300));
        ask(&t).await;
        t.run_jobs().await;
        assert_eq!(open_ceremonies(&api).await, 1);
        let path = format!("/api/v1/users/{dana}");
        begin(&t, dana).await;
        assert_eq!(api.delete(&path).await.status, 200);
        assert_eq!(open_ceremonies(&api).await, 1, "a registration goes with its user");
    }

    async fn the_connection_has_a_say(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let (dana, _) = users(&t, &api).await;
        let authenticator = registered(&t, dana).await;
        let app = "https://app.localhost";
        let settings = json!({
            "rp": {"ids": ["acme.example", "localhost"], "origins": [app]},
            "attestation": {"conveyance_preference": "direct"},
            "authenticator_selection": {"user_verification": "discouraged", "authenticator_attachment": "cross-platform"},
            "timeout": {"registration": "600s", "registration_uvd": "300s", "login": "120s", "login_uvd": "300s"},
        });
        configure(&api, settings).await;
        let path = connection(&api).await;
        assert_eq!(api.patch(&format!("{path}:disable"), json!({})).await.status, 200);
        for result in [passkeys::begin_registration(&t.operator, dana).await, passkeys::begin_authentication(&t.operator, BROWSER, None).await] {
            assert_eq!(result.unwrap_err().kind(), Kind::FailedPrecondition, "disabled");
        }
        assert_eq!(api.patch(&format!("{path}:enable"), json!({})).await.status, 200);
        let (registration, options) = begin(&t, dana).await;
        assert_eq!((&options["timeout"], &options["attestation"]), (&json!(600_000), &json!("direct")));
        let selection = &options["authenticatorSelection"];
        assert_eq!((&selection["authenticatorAttachment"], &selection["userVerification"]), (&json!("cross-platform"), &json!("required")));
        let mut related = Authenticator::new(&t.url);
        related.origin = app.to_owned();
        let response = related.create(&options);
        finish(&t, dana, &registration, response).await.unwrap();
        assert_eq!(sign_in(&t, &related).await.unwrap(), dana);
        assert_eq!(sign_in(&t, &authenticator).await.unwrap(), dana, "the environment's own pages, too");
        let (sign_in, options) = ask(&t).await;
        assert_eq!(options["timeout"], 120_000);
        t.advance(Duration::from_secs(120));
        assert_refused(answer(&t, &sign_in, authenticator.get(&options)).await, "too late");
        let public = api.get("/.well-known/webauthn").await;
        assert_eq!(public.json["origins"], json!([app, t.url]));
    }
}
