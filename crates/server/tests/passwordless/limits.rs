//! Limits and single use, on one node and on two.
use crate::{
    EVA, LIMITED, NOW, at_once, code, frozen, invalid, mailed_code, mailed_token, other_than, refused, send,
    settings, to,
};
use gatewright::{
    error::Kind,
    passwordless::{self, PasswordlessType, Presented},
};
use gatewright_testkit::{Options, Server, database_tests};
use std::time::Duration;

const TRIES: usize = 20;

async fn another_node(t: &Server) -> Server {
    t.second_node_with(Options { frozen_at: Some(NOW), ..Options::default() }).await
}

database_tests! {
    async fn the_sixth_wrong_code_is_one_too_many(kind: Database) {
        let t = frozen(kind).await;
        let settings = settings(PasswordlessType::Otp);
        let sent = send(&t, &settings, EVA).await;
        let right = mailed_code(&t).await;
        let wrong = other_than(&right);
        for _ in 0..5 {
            assert_eq!(refused(code(&t.operator, &settings, &sent, wrong).await), invalid("code"));
        }
        for tried in [wrong, right.as_str()] {
            let error = code(&t.operator, &settings, &sent, tried).await.unwrap_err();
            assert_eq!((error.kind(), error.code()), (Kind::ResourceExhausted, "RATE_LIMITED"));
            assert_eq!(error.retry_after_seconds(), Some(600));
        }
        // Neither another mail nor another node makes it better.
        passwordless::resend(&t.operator, &settings, &sent.auth_request_id).await.unwrap();
        let right = mailed_code(&t).await;
        let node = another_node(&t).await;
        assert_eq!(refused(code(&node.operator, &settings, &sent, &right).await), LIMITED);
        t.advance(Duration::from_secs(599));
        assert_eq!(refused(code(&t.operator, &settings, &sent, &right).await), LIMITED);
        t.advance(Duration::from_secs(1));
        assert_eq!(refused(code(&t.operator, &settings, &sent, wrong).await), invalid("code"));
        assert!(code(&t.operator, &settings, &sent, &right).await.is_ok());
        assert_eq!(refused(code(&t.operator, &settings, &sent, &right).await), invalid("code"));
    }

    async fn of_many_wrong_codes_at_once_five_are_compared(kind: Database) {
        let t = frozen(kind).await;
        let node = another_node(&t).await;
        let settings = settings(PasswordlessType::Otp);
        let sent = send(&t, &settings, EVA).await;
        let wrong = other_than(&mailed_code(&t).await);
        let results = at_once((0..TRIES).map(|number| {
            let (ctx, settings, sent) = ([&t, &node][number % 2].operator.clone(), settings.clone(), sent.clone());
            async move { refused(code(&ctx, &settings, &sent, wrong).await) }
        }))
        .await;
        let compared = results.iter().filter(|result| **result == invalid("code")).count();
        let limited = results.iter().filter(|result| **result == LIMITED).count();
        assert_eq!((compared, limited), (5, TRIES - 5), "{results:?}");
    }

    async fn of_many_right_ones_at_once_one_counts(kind: Database) {
        let t = frozen(kind).await;
        let node = another_node(&t).await;
        let settings = settings(PasswordlessType::LinkOtp);
        let sent = send(&t, &settings, EVA).await;
        let (right, token) = (mailed_code(&t).await, mailed_token(&t).await);
        let results = at_once((0..TRIES).map(|number| {
            let (ctx, settings, sent) = ([&t, &node][number % 2].operator.clone(), settings.clone(), sent.clone());
            let (right, token) = (right.clone(), token.clone());
            async move {
                let presented = if number % 4 < 2 { Presented::Code(&right) } else { Presented::LinkToken(&token) };
                passwordless::verify(&ctx, &settings, presented, Some(&sent.auth_request_id)).await
            }
        }))
        .await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        assert!(results.into_iter().filter_map(Result::err).all(|error| error.kind() == Kind::InvalidArgument));
    }

    async fn an_address_gets_two_mails_a_minute(kind: Database) {
        let t = frozen(kind).await;
        let node = another_node(&t).await;
        let settings = settings(PasswordlessType::Otp);
        let results = at_once((0..10).map(|number| {
            let (ctx, settings) = ([&t, &node][number % 2].operator.clone(), settings.clone());
            let email = if number % 3 == 0 { "EVA@Kontor.example" } else { EVA };
            async move { passwordless::send(&ctx, &settings, to(email)).await }
        }))
        .await;
        let sent: Vec<_> = results.iter().flatten().collect();
        assert_eq!(sent.len(), 2, "{results:?}");
        for error in results.iter().filter_map(|result| result.as_ref().err()) {
            assert_eq!((error.kind(), error.code()), (Kind::ResourceExhausted, "RATE_LIMITED"));
            assert_eq!(error.retry_after_seconds(), Some(60));
        }
        t.run_jobs().await;
        assert_eq!(t.inbox().await.len(), 2);
        send(&t, &settings, "bob@kontor.example").await;
        let again = passwordless::resend(&t.operator, &settings, &sent[0].auth_request_id).await;
        assert_eq!(refused(again), LIMITED);
        t.advance(Duration::from_secs(60));
        passwordless::resend(&t.operator, &settings, &sent[0].auth_request_id).await.unwrap();
        send(&t, &settings, EVA).await;
        assert_eq!(refused(passwordless::send(&t.operator, &settings, to(EVA)).await), LIMITED);
    }

    async fn a_resend_that_is_refused_changes_nothing(kind: Database) {
        let t = frozen(kind).await;
        let settings = settings(PasswordlessType::Otp);
        let sent = send(&t, &settings, EVA).await;
        passwordless::resend(&t.operator, &settings, &sent.auth_request_id).await.unwrap();
        let right = mailed_code(&t).await;
        assert_eq!(refused(passwordless::resend(&t.operator, &settings, &sent.auth_request_id).await), LIMITED);
        assert!(code(&t.operator, &settings, &sent, &right).await.is_ok());
    }

    async fn an_address_gets_ten_mails_an_hour(kind: Database) {
        let t = frozen(kind).await;
        let settings = settings(PasswordlessType::Otp);
        for _ in 0..10 {
            send(&t, &settings, EVA).await;
            t.advance(Duration::from_secs(60));
        }
        let error = passwordless::send(&t.operator, &settings, to(EVA)).await.unwrap_err();
        assert_eq!((error.kind(), error.retry_after_seconds()), (Kind::ResourceExhausted, Some(3000)));
        t.advance(Duration::from_secs(3000));
        send(&t, &settings, EVA).await;
    }
}
