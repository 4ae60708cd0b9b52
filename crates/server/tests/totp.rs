//! Authenticator apps through the API.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright::{sql, time::Timestamp, totp};
use gatewright_api::{rpc::totp_service as rpc, scalekit::v1::auth::totp as pb};
use gatewright_testkit::{Api, Database, Options, Server, database_tests};
use serde_json::{Value as Json, json};
use std::time::Duration;
use tonic::Code;

/// 2026-03-01T00:00:00Z.
const START: Timestamp = Timestamp::from_micros(1_772_323_200_000_000);
const STEP: Duration = Duration::from_secs(30);

async fn frozen(kind: Database) -> Server {
    Server::start_with(kind, Options { frozen_at: Some(START), ..Options::default() }).await
}

/// An app: it reads the URI, and shows codes.
struct App {
    id: String,
    secret: Vec<u8>,
}

impl App {
    async fn register(api: &Api, whose: Json) -> Self {
        let answer = api.post("/api/v1/totp/registration", whose).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let registration = &answer.json["totp_registration"];
        let uri = registration["qr_code_uri"].as_str().unwrap();
        let secret = uri.split_once("?secret=").unwrap().1.split_once('&').unwrap().0;
        Self { id: registration["id"].as_str().unwrap().to_owned(), secret: unbase32(secret) }
    }

    /// The code that the app shows, some steps from now.
    fn code(&self, t: &Server, steps: i64) -> String {
        totp::code_at(&self.secret, t.app.clock.now().as_seconds() / 30 + steps)
    }

    /// A code that is wrong now.
    fn wrong(&self, t: &Server) -> String {
        let right: Vec<String> = (-1..=1).map(|steps| self.code(t, steps)).collect();
        ["000000", "000001", "000002", "000003"]
            .into_iter()
            .find(|code| !right.iter().any(|r| r == code))
            .unwrap()
            .to_owned()
    }

    async fn enable(&self, api: &Api, code: &str) -> Vec<String> {
        let answer = api.post(&format!("/api/v1/totp/{}/enable", self.id), json!({"code": code})).await;
        assert_eq!((answer.status, &answer.json["id"]), (200, &json!(self.id)), "{}", answer.text);
        serde_json::from_value(answer.json["backup_codes"].clone()).unwrap()
    }

    async fn verify(&self, api: &Api, code: &str) -> bool {
        let answer = api.post(&format!("/api/v1/totp/{}/verify", self.id), json!({"code": code})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json["valid"].as_bool().unwrap()
    }
}

fn unbase32(text: &str) -> Vec<u8> {
    let value =
        |letter: u8| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).unwrap();
    let bits: Vec<usize> =
        text.bytes().flat_map(|letter| (0..5).rev().map(move |bit| value(letter) >> bit & 1)).collect();
    bits.chunks_exact(8)
        .map(|byte| u8::try_from(byte.iter().fold(0, |number, bit| number << 1 | bit)).unwrap())
        .collect()
}

async fn user(api: &Api) -> String {
    let acme = api.organization("Acme").create().await;
    api.member(&acme.id, "dana@acme.example").create().await.id
}

async fn count(t: &Server, api: &Api) -> (i64, i64) {
    let tx = &mut t.app.db.read();
    let registrations = sql!("SELECT COUNT(*) FROM totp_registrations WHERE environment_id = $1");
    let codes = sql!("SELECT COUNT(*) FROM totp_backup_codes WHERE environment_id = $1");
    (
        registrations.bind(api.environment).one(tx).await.unwrap(),
        codes.bind(api.environment).one(tx).await.unwrap(),
    )
}

database_tests! {
    async fn an_app_lives_from_registration_to_disabling(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let dana = user(&api).await;
        api.told().await;
        let answer = api.post("/api/v1/totp/registration", json!({"user_id": dana})).await;
        let registration = &answer.json["totp_registration"];
        assert!(registration["id"].as_str().unwrap().starts_with("totp_"));
        assert_eq!((&registration["user_id"], &registration["create_time"]), (&json!(dana), &json!("2026-03-01T00:00:00Z")));
        let uri = registration["qr_code_uri"].as_str().unwrap();
        assert!(uri.starts_with("otpauth://totp/Default:dana%40acme.example?secret=") && uri.ends_with("&issuer=Default&algorithm=SHA1&digits=6&period=30"), "{uri}");
        let app = App::register(&api, json!({"user_id": dana})).await;
        assert_eq!(count(&t, &api).await, (1, 0), "the one that was not enabled is gone");
        let verify_user = async |code: &str| api.post(&format!("/api/v1/user/{dana}/totp:verify"), json!({"code": code})).await;
        verify_user("123456").await.failure(404, 5);
        api.post(&format!("/api/v1/totp/{}/verify", app.id), json!({"code": app.code(&t, 0)})).await.failure(400, 9);
        api.post(&format!("/api/v1/totp/{}/enable", app.id), json!({"code": app.wrong(&t)})).await.failure(400, 3);
        let backup_codes = app.enable(&api, &app.code(&t, 0)).await;
        assert_eq!(backup_codes.len(), 10);
        assert!(!app.verify(&api, &app.code(&t, 0)).await, "the code that enabled it was used");
        t.advance(STEP);
        let code = app.code(&t, 0);
        assert_eq!(verify_user(&code).await.json, json!({"valid": true}));
        assert_eq!(verify_user(&code).await.json, json!({"valid": false}), "a second time");
        assert!(!app.verify(&api, &code).await);
        assert!(!app.verify(&api, &app.code(&t, -1)).await, "nor an earlier one");
        assert!(app.verify(&api, &app.code(&t, 1)).await, "a clock that is ahead");
        t.advance(3 * STEP);
        let code = app.code(&t, 0);
        assert!(app.verify(&api, &format!("{} {}", &code[..3], &code[3..])).await);
        api.post(&format!("/api/v1/totp/{}/disable", app.id), json!({"code": code})).await.failure(400, 3);
        let answer = api.post(&format!("/api/v1/totp/{}/disable", app.id), json!({"code": backup_codes[9].to_lowercase()})).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
        api.post(&format!("/api/v1/totp/{}/verify", app.id), json!({"code": code})).await.failure(404, 5);
        verify_user(&code).await.failure(404, 5);
        assert_eq!(count(&t, &api).await, (0, 0));
        assert!(api.told().await.is_empty());
    }

    async fn a_backup_code_is_good_for_once(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let app = App::register(&api, json!({"account_name": "dana's laptop"})).await;
        let codes = app.enable(&api, &app.code(&t, 0)).await;
        assert!(app.verify(&api, &codes[0]).await && !app.verify(&api, &codes[0]).await);
        assert!(app.verify(&api, &codes[1].replace('-', "")).await);
        let other = App::register(&api, json!({"account_name": "other"})).await;
        other.enable(&api, &other.code(&t, 0)).await;
        assert!(!other.verify(&api, &codes[2]).await);
        let stored: Vec<Vec<u8>> = sql!("SELECT code_hash FROM totp_backup_codes WHERE environment_id = $1")
            .bind(api.environment).all(&mut t.app.db.read()).await.unwrap();
        assert_eq!(stored.len(), 20);
        assert!(stored.iter().all(|hash| hash.len() == 32));
        let sealed: Vec<Vec<u8>> = sql!("SELECT secret_sealed FROM totp_registrations WHERE environment_id = $1")
            .bind(api.environment).all(&mut t.app.db.read()).await.unwrap();
        assert!(sealed.iter().all(|sealed| !sealed.windows(20).any(|part| part == app.secret)));
    }

    async fn after_five_wrong_codes_it_rests(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let app = App::register(&api, json!({"account_name": "dana"})).await;
        app.enable(&api, &app.code(&t, 0)).await;
        t.advance(STEP);
        for _ in 0..4 {
            assert!(!app.verify(&api, &app.wrong(&t)).await);
        }
        assert!(app.verify(&api, &app.code(&t, 0)).await, "a right one, and they count anew");
        t.advance(STEP);
        for code in ["", "x", "12345", "1234567", &app.wrong(&t)] {
            let answer = api.post(&format!("/api/v1/totp/{}/verify", app.id), json!({"code": code})).await;
            if code.is_empty() {
                answer.failure(400, 3);
            } else {
                assert_eq!(answer.json, json!({"valid": false}), "{code}");
            }
        }
        assert!(!app.verify(&api, &app.wrong(&t)).await);
        for action in ["verify", "disable"] {
            let refused = api.post(&format!("/api/v1/totp/{}/{action}", app.id), json!({"code": app.code(&t, 0)})).await;
            refused.failure(429, 8);
            assert!(refused.text.contains("RATE_LIMITED"), "{}", refused.text);
        }
        t.advance(Duration::from_secs(599));
        let refused = api.post(&format!("/api/v1/totp/{}/verify", app.id), json!({"code": app.code(&t, 0)})).await;
        refused.failure(429, 8);
        t.advance(Duration::from_secs(1));
        assert!(app.verify(&api, &app.code(&t, 0)).await);
    }

    async fn ten_callers_use_a_code_once(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let app = App::register(&api, json!({"account_name": "dana"})).await;
        let backup = app.enable(&api, &app.code(&t, 0)).await.remove(0);
        t.advance(STEP);
        for code in [app.code(&t, 0), backup] {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..10 {
                let (grpc, registration_id, code) = (api.grpc.clone(), app.id.clone(), code.clone());
                tasks.spawn(async move {
                    let request = pb::VerifyRegistrationCodeRequest { registration_id, code };
                    match grpc.call::<rpc::VerifyRegistrationCode>(request).await {
                        Ok(answer) => answer.valid,
                        Err(failure) => {
                            assert_eq!(failure.code, Code::ResourceExhausted);
                            false
                        }
                    }
                });
            }
            assert_eq!(tasks.join_all().await.into_iter().filter(|valid| *valid).count(), 1);
            t.advance(Duration::from_secs(600));
        }
    }

    async fn a_user_has_one_enabled_app(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let dana = user(&api).await;
        let first = App::register(&api, json!({"user_id": dana})).await;
        first.enable(&api, &first.code(&t, 0)).await;
        api.post(&format!("/api/v1/totp/{}/enable", first.id), json!({"code": first.code(&t, 1)})).await.failure(400, 9);
        let second = App::register(&api, json!({"user_id": dana})).await;
        let enable = format!("/api/v1/totp/{}/enable", second.id);
        api.post(&enable, json!({"code": second.code(&t, 0)})).await.failure(409, 6);
        let mut tasks = tokio::task::JoinSet::new();
        let third = App::register(&api, json!({"account_name": "dana"})).await;
        for _ in 0..10 {
            let (grpc, registration_id, code) = (api.grpc.clone(), third.id.clone(), third.code(&t, 0));
            tasks.spawn(async move {
                let request = pb::EnableRegistrationTotpRequest { registration_id, code };
                grpc.call::<rpc::EnableTOTP>(request).await.is_ok()
            });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|done| *done).count(), 1);
        assert_eq!(count(&t, &api).await, (3, 20));
        t.advance(STEP);
        api.post(&format!("/api/v1/totp/{}/disable", first.id), json!({"code": first.code(&t, 0)})).await;
        second.enable(&api, &second.code(&t, 0)).await;
        assert_eq!(api.delete(&format!("/api/v1/users/{dana}")).await.status, 200);
        assert_eq!(count(&t, &api).await, (1, 10));
    }

    async fn what_is_not_enabled_within_a_day_is_gone(kind: Database) {
        let t = frozen(kind).await;
        let app = App::register(&t.api().await, json!({"account_name": "dana"})).await;
        t.run_jobs().await;
        t.advance(Duration::from_secs(86_400));
        let api = t.api().await;
        for action in ["enable", "verify", "disable"] {
            let path = format!("/api/v1/totp/{}/{action}", app.id);
            api.post(&path, json!({"code": app.code(&t, 0)})).await.failure(404, 5);
        }
        assert_eq!(count(&t, &api).await, (1, 0));
        t.run_jobs().await;
        assert_eq!(count(&t, &api).await, (0, 0));
    }

    async fn bad_input_changes_nothing(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let dana = user(&api).await;
        let app = App::register(&api, json!({"user_id": dana})).await;
        app.enable(&api, &app.code(&t, 0)).await;
        let other = t.add_environment("other").await;
        let other = t.api_in(&other).await;
        for whose in [json!({}), json!({"user_id": "usr_"}), json!({"user_id": "dana"}), json!({"account_name": ""}), json!({"account_name": "\u{202e}x"}),
            json!({"account_name": "é".repeat(356)}), json!({"account_name": "é".repeat(355)}), json!({"account_name": "a\u{0}b"})] {
            api.post("/api/v1/totp/registration", whose).await.failure(400, 3);
        }
        api.post("/api/v1/totp/registration", json!({"user_id": "usr_1"})).await.failure(404, 5);
        other.post("/api/v1/totp/registration", json!({"user_id": dana})).await.failure(404, 5);
        other.post(&format!("/api/v1/user/{dana}/totp:verify"), json!({"code": "123456"})).await.failure(404, 5);
        api.post("/api/v1/user/usr_1/totp:verify", json!({"code": "123456"})).await.failure(404, 5);
        for action in ["enable", "verify", "disable"] {
            t.advance(STEP);
            other.post(&format!("/api/v1/totp/{}/{action}", app.id), json!({"code": app.code(&t, 0)})).await.failure(404, 5);
            api.post(&format!("/api/v1/totp/totp_1/{action}"), json!({"code": "123456"})).await.failure(404, 5);
            api.post(&format!("/api/v1/totp/x/{action}"), json!({"code": "123456"})).await.failure(400, 3);
            api.post(&format!("/api/v1/totp/{}/{action}", app.id), json!({})).await.failure(400, 3);
        }
        assert_eq!(count(&t, &api).await, (1, 10));
        assert!(app.verify(&api, &app.code(&t, 0)).await, "no try was counted, no code spent");
    }
}
