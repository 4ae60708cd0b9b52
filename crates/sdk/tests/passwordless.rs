//! *Passwordless* against the real server.
#![expect(clippy::unwrap_used, reason = "tests")]

use gatewright_sdk::passwordless::{Credential, PasswordlessType, TemplateType};
use gatewright_sdk::{ErrorKind, ScalekitClient, ServerErrorKind};
use gatewright_testkit::{Server, api_tests};

fn client(t: &Server) -> ScalekitClient {
    ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap()
}

/// The code in the newest mail.
async fn mailed_code(t: &Server) -> String {
    t.run_jobs().await;
    t.inbox().await.pop().unwrap().otp.unwrap()
}

api_tests! {
    async fn an_address_is_proven_by_the_mailed_code(t: Server) {
        let passwordless = client(&t).passwordless();
        let sent = passwordless
            .send_passwordless_email("user@acme.example")
            .template(TemplateType::Signup)
            .state("random-state")
            .expires_in(600)
            .template_variables([("plan", "team")])
            .magiclink_auth_uri("https://app.acme.example/verify")
            .await
            .unwrap();
        assert_eq!((sent.expires_in, sent.passwordless_type), (600, PasswordlessType::Otp));
        let left = sent.expires_at.unwrap().as_second() - gatewright_sdk::Timestamp::now().as_second();
        assert!((595..=600).contains(&left), "{left}");
        let code = mailed_code(&t).await;
        let verify = || passwordless.verify_passwordless_email(Credential::code(&code)).auth_request_id(&sent.auth_request_id);
        assert!(!format!("{:?} {:?}", Credential::code(&code), verify()).contains(&code));
        let proof = verify().await.unwrap();
        assert_eq!((proof.email.as_str(), proof.state.as_deref()), ("user@acme.example", Some("random-state")));
        assert_eq!((proof.template, proof.passwordless_type), (TemplateType::Signup, PasswordlessType::Otp));
        assert_eq!(verify().await.unwrap_err().kind(), ErrorKind::Server(ServerErrorKind::BadRequest));
    }

    async fn a_mail_is_sent_again_but_not_too_often(t: Server) {
        let passwordless = client(&t).passwordless();
        let sent = passwordless.send_passwordless_email("user@acme.example").await.unwrap();
        assert_eq!(sent.expires_in, 3600);
        let again = passwordless.resend_passwordless_email(&sent.auth_request_id).await.unwrap();
        let error = passwordless.resend_passwordless_email(&sent.auth_request_id).await.unwrap_err();
        assert_eq!((error.kind(), error.error_code()), (ErrorKind::Server(ServerErrorKind::TooManyRequests), Some("RATE_LIMITED")));
        let code = mailed_code(&t).await;
        let proof = passwordless.verify_passwordless_email(Credential::code(code)).auth_request_id(again.auth_request_id).await;
        assert_eq!(proof.unwrap().template, TemplateType::Signin);
    }

    async fn what_proves_nothing_is_a_bad_request(t: Server) {
        let passwordless = client(&t).passwordless();
        for error in [
            passwordless.verify_passwordless_email(Credential::link_token("unknown_l")).await.unwrap_err(),
            passwordless.verify_passwordless_email(Credential::code("123456")).await.unwrap_err(),
            passwordless.verify_passwordless_email(Credential::code("123456")).auth_request_id("unknown").await.unwrap_err(),
            passwordless.resend_passwordless_email("unknown").await.unwrap_err(),
            passwordless.send_passwordless_email("acme.example").await.unwrap_err(),
            passwordless.send_passwordless_email("user@acme.example").expires_in(59).await.unwrap_err(),
            passwordless.send_passwordless_email("user@acme.example").template_variables([("otp", "1")]).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Server(ServerErrorKind::BadRequest), "{error:?}");
            assert!(!error.field_violations().is_empty(), "{error:?}");
        }
    }
}
