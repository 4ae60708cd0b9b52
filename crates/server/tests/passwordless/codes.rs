//! Codes, over gRPC and REST, and what happens to a request in its life.
use crate::{EVA, NOW, code, frozen, invalid, mail, mailed_code, other_than, refused, send, settings, to};
use gatewright::{
    connections::settings::CodeType,
    email::Email,
    environments::TestUsers,
    error::Kind,
    passwordless::{self, PasswordlessType, Settings},
    sql,
};
use gatewright_api::{rpc::passwordless_service as rpc, scalekit::v1::auth::passwordless as pb};
use gatewright_testkit::{Server, database_tests};
use pb::verify_password_less_request::AuthCredential;
use serde_json::json;
use std::time::Duration;
use tonic::Code;

const SEND: &str = "/api/v1/passwordless/email/send";
const VERIFY: &str = "/api/v1/passwordless/email/verify";
const RESEND: &str = "/api/v1/passwordless/email/resend";

fn presented(code: &str, id: &str) -> pb::VerifyPasswordLessRequest {
    pb::VerifyPasswordLessRequest {
        auth_credential: Some(AuthCredential::Code(code.to_owned())),
        auth_request_id: Some(id.to_owned()),
    }
}

async fn rows(t: &Server) -> i64 {
    sql!("SELECT COUNT(*) FROM passwordless_requests").one(&mut t.app.db.read()).await.unwrap()
}

database_tests! {
    async fn a_code_proves_an_address_once(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let request = pb::SendPasswordlessRequest {
            email: "Eva@Kontor.example".to_owned(),
            template: Some(pb::TemplateType::Signup.into()),
            state: Some("s-1".to_owned()),
            expires_in: Some(300),
            ..Default::default()
        };
        let sent = api.call::<rpc::SendPasswordlessEmail>(request).await.unwrap();
        assert_eq!((sent.expires_in, sent.expires_at), (300, NOW.as_seconds() + 300));
        assert_eq!(sent.passwordless_type(), pb::PasswordlessType::Otp);
        assert!(sent.auth_request_id.len() == 43);
        let mail = mail(&t).await;
        assert_eq!((mail.use_case.name(), mail.recipient.as_str()), ("USER_SIGNUP_OTP", "Eva@Kontor.example"));
        let code = mail.otp.unwrap();
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        assert_eq!((mail.link, mail.expires_at), (None, NOW.plus(Duration::from_secs(300))));

        let wrong = api.call::<rpc::VerifyPasswordlessEmail>(presented(other_than(&code), &sent.auth_request_id)).await;
        let failure = wrong.unwrap_err();
        assert_eq!((failure.code, failure.violations()), (Code::InvalidArgument, vec![("code", "passwordless.code")]));
        let verified = api.call::<rpc::VerifyPasswordlessEmail>(presented(&code, &sent.auth_request_id)).await.unwrap();
        let expected = pb::VerifyPasswordLessResponse {
            email: "Eva@Kontor.example".to_owned(),
            state: Some("s-1".to_owned()),
            template: Some(pb::TemplateType::Signup.into()),
            passwordless_type: pb::PasswordlessType::Otp.into(),
        };
        assert_eq!(verified, expected);
        let again = api.call::<rpc::VerifyPasswordlessEmail>(presented(&code, &sent.auth_request_id)).await;
        assert_eq!(again.unwrap_err().code, Code::InvalidArgument);
        let resent = rpc_resend(&sent.auth_request_id);
        assert_eq!(api.call::<rpc::ResendPasswordlessEmail>(resent).await.unwrap_err().code, Code::InvalidArgument);
        assert!(api.events().await.is_empty() && api.users().await.is_empty(), "nothing but the proof");
    }

    async fn rest_says_the_same(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let answer = api.post(SEND, json!({"email": EVA, "template": "SIGNIN", "expiresIn": 600})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let id = answer.json["auth_request_id"].as_str().unwrap().to_owned();
        let expires_at = (NOW.as_seconds() + 600).to_string();
        let expected = json!({"auth_request_id": id, "expires_at": expires_at, "expires_in": 600, "passwordless_type": "OTP"});
        assert_eq!(answer.json, expected);
        let again = api.post(RESEND, json!({"auth_request_id": id})).await;
        assert_eq!(again.json, expected);
        let code = mailed_code(&t).await;
        let answer = api.post(VERIFY, json!({"code": code, "auth_request_id": id})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json["email"], EVA);
        assert_eq!((&answer.json["template"], &answer.json["passwordless_type"]), (&json!("SIGNIN"), &json!("OTP")));
        assert_eq!(api.post(VERIFY, json!({"code": code, "auth_request_id": id})).await.violations(), [("code", "passwordless.code")]);
        assert_eq!(api.post(VERIFY, json!({"code": code})).await.violations(), [("auth_request_id", "required")]);
        assert_eq!(api.post(VERIFY, json!({"auth_request_id": id})).await.violations(), [("auth_credential", "required")]);
        let answer = api.post(VERIFY, json!({"link_token": "x_l"})).await;
        assert_eq!(answer.violations(), [("link_token", "passwordless.link_token")]);
    }

    async fn bad_input_sends_nothing(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        for (body, violation) in [
            (json!({"email": "eva"}), ("email", "string.email")),
            (json!({"email": "eva@localhost"}), ("email", "email")),
            (json!({"email": EVA, "expires_in": 59}), ("expires_in", "passwordless.expires_in")),
            (json!({"email": EVA, "expires_in": 3601}), ("expires_in", "passwordless.expires_in")),
            (json!({"email": EVA, "expires_in": 0}), ("expires_in", "passwordless.expires_in")),
            (json!({"email": EVA, "state": ""}), ("state", "string.min_len")),
            (json!({"email": EVA, "template_variables": {"otp": "1"}}), ("template_variables[otp]", "passwordless.reserved_variable")),
            (json!({"email": EVA, "template_variables": {"expiry_time_relative": "1"}}), ("template_variables[expiry_time_relative]", "passwordless.reserved_variable")),
        ] {
            let answer = api.post(SEND, body.clone()).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations(), [violation], "{body}");
        }
        assert_eq!((rows(&t).await, t.run_jobs().await), (0, 0));
        for expires_in in [60, 3600] {
            assert_eq!(api.post(SEND, json!({"email": EVA, "expires_in": expires_in})).await.status, 200);
        }
    }

    async fn codes_are_valid_for_an_hour_unless_told_otherwise(kind: Database) {
        let t = frozen(kind).await;
        let settings = settings(PasswordlessType::Otp);
        let sent = send(&t, &settings, EVA).await;
        assert_eq!((sent.expires_in, sent.expires_at), (3600, NOW.plus(Duration::from_secs(3600))));
        let first = mailed_code(&t).await;
        t.advance(Duration::from_secs(3599));
        let late = send(&t, &Settings { valid_seconds: 60, ..settings.clone() }, EVA).await;
        assert_eq!(late.expires_in, 60);
        assert!(code(&t.operator, &settings, &sent, &first).await.is_ok());
        let second = mailed_code(&t).await;
        t.advance(Duration::from_secs(60));
        assert_eq!(refused(code(&t.operator, &settings, &late, &second).await), invalid("code"));
        let resent = passwordless::resend(&t.operator, &settings, &late.auth_request_id).await;
        assert_eq!(refused(resent), invalid("auth_request_id"));
    }

    async fn sending_again_makes_a_new_code_or_repeats_it(kind: Database) {
        let t = frozen(kind).await;
        let renewing = settings(PasswordlessType::Otp);
        let sent = send(&t, &renewing, EVA).await;
        let first = mailed_code(&t).await;
        t.advance(Duration::from_secs(600));
        let resent = passwordless::resend(&t.operator, &renewing, &sent.auth_request_id).await.unwrap();
        assert_eq!(resent.auth_request_id, sent.auth_request_id);
        assert_eq!((resent.expires_in, resent.expires_at), (3600, NOW.plus(Duration::from_secs(4200))));
        let second = mailed_code(&t).await;
        if first != second {
            assert_eq!(refused(code(&t.operator, &renewing, &sent, &first).await), invalid("code"));
        }
        assert!(code(&t.operator, &renewing, &sent, &second).await.is_ok());

        let repeating = Settings { new_credentials_on_resend: false, ..renewing };
        let sent = send(&t, &repeating, "bob@kontor.example").await;
        let first = mailed_code(&t).await;
        t.advance(Duration::from_secs(3000));
        passwordless::resend(&t.operator, &repeating, &sent.auth_request_id).await.unwrap();
        let again = mail(&t).await;
        assert_eq!((again.recipient.as_str(), again.otp.as_ref()), ("bob@kontor.example", Some(&first)));
        t.advance(Duration::from_secs(3000));
        assert!(code(&t.operator, &repeating, &sent, &first).await.is_ok());
    }

    async fn a_code_may_be_typed_with_spaces_and_small_letters(kind: Database) {
        let t = frozen(kind).await;
        let settings = Settings { code_type: CodeType::Alphanumeric, code_length: 8, ..settings(PasswordlessType::Otp) };
        let sent = send(&t, &settings, EVA).await;
        let made = mailed_code(&t).await;
        let typed = format!(" {} {}", &made[..4], made[4..].to_lowercase());
        assert!(code(&t.operator, &settings, &sent, &typed).await.is_ok(), "{made}");
    }

    async fn nothing_readable_is_stored(kind: Database) {
        let t = frozen(kind).await;
        let settings = Settings { new_credentials_on_resend: false, ..settings(PasswordlessType::LinkOtp) };
        let sent = send(&t, &settings, EVA).await;
        let mail = mail(&t).await;
        let (code, link) = (mail.otp.unwrap(), mail.link.unwrap());
        let token = link.split_once("link_token=").unwrap().1;
        let row: (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>) =
            sql!("SELECT request_hash, code_tag, link_hash, content_sealed FROM passwordless_requests")
                .one(&mut t.app.db.read())
                .await
                .unwrap();
        for bytes in [row.0, row.1, row.2, row.3] {
            for secret in [code.as_str(), token, &sent.auth_request_id] {
                assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()));
            }
        }
    }

    async fn test_users_have_their_code_and_get_no_mail(kind: Database) {
        let t = frozen(kind).await;
        let email = Email::parse("Ann+sktest@kontor.example").unwrap();
        let users = TestUsers { enabled: true, code: "424242".to_owned(), emails: vec![email.key().to_owned()] };
        let settings = Settings { test_users: users, ..settings(PasswordlessType::LinkOtp) };
        for _ in 0..3 {
            let sent = send(&t, &settings, "ann+SKTEST@kontor.example").await;
            let resent = passwordless::resend(&t.operator, &settings, &sent.auth_request_id).await.unwrap();
            assert_eq!(refused(code(&t.operator, &settings, &resent, "424243").await), invalid("code"));
            assert!(code(&t.operator, &settings, &resent, "424242").await.is_ok());
        }
        t.run_jobs().await;
        assert!(t.inbox().await.is_empty());
        let sent = send(&t, &settings, "ann@kontor.example").await;
        if mailed_code(&t).await != "424242" {
            assert_eq!(refused(code(&t.operator, &settings, &sent, "424242").await), invalid("code"));
        }
    }

    async fn where_it_is_off_nothing_works(kind: Database) {
        let t = frozen(kind).await;
        let on = settings(PasswordlessType::Otp);
        let sent = send(&t, &on, EVA).await;
        let mailed = mailed_code(&t).await;
        let off = Settings { enabled: false, ..on };
        let is_off = (Kind::FailedPrecondition, String::new());
        assert_eq!(refused(passwordless::send(&t.operator, &off, to(EVA)).await), is_off);
        assert_eq!(refused(passwordless::resend(&t.operator, &off, &sent.auth_request_id).await), is_off);
        assert_eq!(refused(code(&t.operator, &off, &sent, &mailed).await), is_off);
    }

    async fn another_environment_knows_nothing_of_it(kind: Database) {
        let t = frozen(kind).await;
        let settings = settings(PasswordlessType::Otp);
        let sent = send(&t, &settings, EVA).await;
        let mailed = mailed_code(&t).await;
        let other = t.api_in(&t.add_environment("other").await).await;
        let there = other.call::<rpc::VerifyPasswordlessEmail>(presented(&mailed, &sent.auth_request_id)).await;
        assert_eq!(there.unwrap_err().code, Code::InvalidArgument);
        let there = other.call::<rpc::ResendPasswordlessEmail>(rpc_resend(&sent.auth_request_id)).await;
        assert_eq!(there.unwrap_err().violations(), [("auth_request_id", "passwordless.request")]);
        assert!(code(&t.operator, &settings, &sent, &mailed).await.is_ok());
    }

    async fn requests_are_forgotten_a_day_after_they_expire(kind: Database) {
        let t = frozen(kind).await;
        t.run_jobs().await;
        let settings = settings(PasswordlessType::Otp);
        send(&t, &settings, EVA).await;
        t.advance(Duration::from_secs(3600 + 86_400 - 1));
        send(&t, &settings, "bob@kontor.example").await;
        t.run_jobs().await;
        assert_eq!((rows(&t).await, addresses(&t).await), (2, 1));
        t.advance(Duration::from_secs(3700));
        t.run_jobs().await;
        assert_eq!((rows(&t).await, addresses(&t).await), (1, 0));
    }
}

async fn addresses(t: &Server) -> i64 {
    sql!("SELECT COUNT(*) FROM passwordless_addresses").one(&mut t.app.db.read()).await.unwrap()
}

fn rpc_resend(id: &str) -> pb::ResendPasswordlessRequest {
    pb::ResendPasswordlessRequest { auth_request_id: id.to_owned() }
}
