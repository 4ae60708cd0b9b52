//! Over SMTP, with a server that is not always kind.
use crate::{DAY, MINUTE, NOW, Stored, code, frozen, invitation, jobs_left, queue, sending_by, stored};
use gatewright::mail::{UseCase, Variables};
use gatewright_testkit::{Options, Server, SmtpOptions, SmtpSink, database_tests};
use std::time::{Duration, Instant};

/// Lets 5 minutes pass, many times, running what is due.
async fn let_pass(t: &Server, times: u32) {
    for _ in 0..times {
        t.advance(5 * MINUTE);
        t.run_jobs().await;
    }
}

database_tests! {
    async fn a_mail_arrives_in_both_forms_and_what_it_said_is_forgotten(kind: Database) {
        let sink = SmtpSink::start(SmtpOptions::default()).await;
        let t = sending_by(kind, &sink).await;
        let id = queue(&t, UseCase::UserInvite, "Zoe.Lee@Bücher.example", invitation(), 14 * DAY).await;
        assert!(stored(&t, id).await.unwrap().has_content);
        assert_eq!(sink.attempts(), 0, "nothing is sent by the request");
        assert_eq!(t.run_jobs().await, 1);
        let mails = sink.received();
        let [mail] = mails.as_slice() else { panic!("{mails:?}") };
        assert_eq!(mail.from, "no-reply@acme.example");
        assert_eq!(mail.to, ["Zoe.Lee@xn--bcher-kva.example"]);
        assert_eq!(mail.header("subject").unwrap(), "You are invited to Nordlicht & Söhne on Acme");
        assert_eq!(mail.header("from").unwrap(), "Acme <no-reply@acme.example>");
        assert_eq!(mail.header("message-id").unwrap(), format!("<{id}@acme.example>"));
        assert_eq!(mail.header("auto-submitted").unwrap(), "auto-generated");
        let text = mail.part("text/plain").unwrap();
        assert!(text.contains("Hello Zoë,") && text.contains("\nhttps://auth.acme.example/invite?t=a.b&x=1\n"), "{text}");
        assert!(text.contains("valid for 14 days."), "{text}");
        let html = mail.part("text/html").unwrap();
        assert!(html.contains("href=\"https://auth.acme.example/invite?t=a.b&#38;x=1\""), "{html}");
        assert!(html.contains("Nordlicht &#38; Söhne"), "{html}");
        assert!(mail.data.lines().all(|line| line.len() <= 998), "RFC 5322 §2.1.1");
        let expected = Stored { has_content: false, sent_at: Some(NOW), failed_at: None, last_error: None };
        assert_eq!(stored(&t, id).await.unwrap(), expected);
        assert_eq!((jobs_left(&t).await, t.run_jobs().await), (0, 0));
    }

    async fn starttls_and_credentials_are_used(kind: Database) {
        let account = Some(("acme".to_owned(), "hunter2 ü".to_owned()));
        let sink = SmtpSink::start(SmtpOptions { starttls: true, account, ..SmtpOptions::default() }).await;
        let t = sending_by(kind, &sink).await;
        for number in 0..3 {
            queue(&t, UseCase::UserLoginOtp, &format!("a{number}@acme.example"), code(), 10 * MINUTE).await;
        }
        t.run_jobs().await;
        let mails = sink.received();
        assert_eq!(mails.len(), 3);
        assert!(mails.iter().all(|mail| mail.tls && mail.user.as_deref() == Some("acme")));
        assert!(mails[0].part("text/plain").unwrap().contains("\n    424242\n"));
    }

    async fn a_server_without_a_trusted_certificate_gets_nothing(kind: Database) {
        let account = Some(("acme".to_owned(), "hunter2".to_owned()));
        let sink = SmtpSink::start(SmtpOptions { starttls: true, account, ..SmtpOptions::default() }).await;
        let mut settings = sink.settings();
        settings.retain(|(key, _)| *key != "mail.smtp_ca_file");
        let t = frozen(kind, settings).await;
        let id = queue(&t, UseCase::UserLoginOtp, "ann@acme.example", code(), 10 * MINUTE).await;
        t.run_jobs().await;
        let error = stored(&t, id).await.unwrap().last_error.unwrap();
        assert!(error.contains("certificate"), "{error}");
        assert_eq!((sink.attempts(), jobs_left(&t).await), (0, 1));
    }

    async fn a_server_that_offers_no_tls_gets_nothing(kind: Database) {
        let sink = SmtpSink::start(SmtpOptions::default()).await;
        let mut settings = sink.settings();
        settings.push(("mail.smtp_security", "starttls".to_owned()));
        let t = frozen(kind, settings).await;
        queue(&t, UseCase::UserLoginOtp, "ann@acme.example", code(), 10 * MINUTE).await;
        t.run_jobs().await;
        assert_eq!((sink.attempts(), jobs_left(&t).await), (0, 1));
    }

    async fn wrong_credentials_do_not_cost_the_mail(kind: Database) {
        let account = |password: &str| Some(("acme".to_owned(), password.to_owned()));
        let sink = SmtpSink::start(SmtpOptions { account: account("right"), ..SmtpOptions::default() }).await;
        let mut settings = sink.settings();
        settings.push(("mail.smtp_password", "wrong".to_owned()));
        let t = frozen(kind, settings).await;
        let id = queue(&t, UseCase::UserInvite, "ann@acme.example", invitation(), 14 * DAY).await;
        t.run_jobs().await;
        let mail = stored(&t, id).await.unwrap();
        assert!(mail.has_content && mail.failed_at.is_none());
        assert!(mail.last_error.as_deref().unwrap().contains("535"), "{mail:?}");
        // The operator puts it right and starts again.
        let again = t.second_node_with(Options { frozen_at: Some(NOW.plus(MINUTE)), settings: sink.settings(), ..Options::default() }).await;
        again.run_jobs().await;
        assert_eq!(sink.received().len(), 1);
    }

    async fn a_refusal_for_now_is_tried_again_as_the_same_message(kind: Database) {
        let answers = vec!["451 4.3.0 try later", "421 4.7.0 too busy"];
        let sink = SmtpSink::start(SmtpOptions { answers, ..SmtpOptions::default() }).await;
        let t = sending_by(kind, &sink).await;
        let id = queue(&t, UseCase::UserLoginOtp, "ann@acme.example", code(), 10 * MINUTE).await;
        t.run_jobs().await;
        let mail = stored(&t, id).await.unwrap();
        assert!(mail.has_content && mail.sent_at.is_none() && mail.failed_at.is_none());
        assert!(mail.last_error.as_deref().unwrap().contains("try later"), "{mail:?}");
        t.advance(Duration::from_secs(2));
        t.run_jobs().await;
        t.advance(Duration::from_secs(3));
        assert_eq!(t.run_jobs().await, 0, "the second pause is longer");
        t.advance(Duration::from_secs(1));
        t.run_jobs().await;
        assert_eq!((sink.attempts(), sink.received().len()), (3, 1));
        let expected = Stored { has_content: false, sent_at: Some(NOW.plus(Duration::from_secs(6))), failed_at: None, last_error: None };
        assert_eq!(stored(&t, id).await.unwrap(), expected);
    }

    async fn a_lost_answer_leads_to_the_same_message_again(kind: Database) {
        let sink = SmtpSink::start(SmtpOptions { hang_up_after_taking: 1, ..SmtpOptions::default() }).await;
        let t = sending_by(kind, &sink).await;
        queue(&t, UseCase::UserLoginOtp, "ann@acme.example", code(), 10 * MINUTE).await;
        t.run_jobs().await;
        t.advance(Duration::from_secs(2));
        t.run_jobs().await;
        let mails = sink.received();
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[0].header("message-id"), mails[1].header("message-id"));
        assert_eq!(jobs_left(&t).await, 0);
    }

    async fn a_refusal_for_good_ends_it_visibly(kind: Database) {
        let sink = SmtpSink::start(SmtpOptions::default()).await;
        let t = sending_by(kind, &sink).await;
        let bad = queue(&t, UseCase::UserInvite, "nobody@acme.example", invitation(), 14 * DAY).await;
        let good = queue(&t, UseCase::UserInvite, "ann@acme.example", invitation(), 14 * DAY).await;
        t.run_jobs().await;
        let mail = stored(&t, bad).await.unwrap();
        assert_eq!((mail.has_content, mail.sent_at, mail.failed_at), (false, None, Some(NOW)));
        assert!(mail.last_error.as_deref().unwrap().contains("no such user"), "{mail:?}");
        assert_eq!(stored(&t, good).await.unwrap().sent_at, Some(NOW));
        assert_eq!(jobs_left(&t).await, 0);
        let_pass(&t, 3).await;
        assert_eq!(sink.received().len(), 1);
    }

    async fn a_code_is_tried_until_it_expires_and_never_sent_stale(kind: Database) {
        let sink = SmtpSink::start(SmtpOptions::default()).await;
        let (address, settings) = (sink.address, sink.settings());
        sink.stop().await;
        let t = frozen(kind, settings).await;
        let stale = queue(&t, UseCase::UserLoginOtp, "ann@acme.example", code(), 10 * MINUTE).await;
        let lucky = queue(&t, UseCase::UserLoginOtp, "bob@acme.example", code(), 30 * MINUTE).await;
        let invite = queue(&t, UseCase::UserInvite, "cy@acme.example", invitation(), 14 * DAY).await;
        t.run_jobs().await;
        let_pass(&t, 2).await;
        let mail = stored(&t, stale).await.unwrap();
        assert_eq!((mail.has_content, mail.sent_at, mail.failed_at), (false, None, Some(NOW.plus(10 * MINUTE))));
        assert!(mail.last_error.is_some(), "why it could not be sent");
        assert_eq!(jobs_left(&t).await, 2);
        let sink = SmtpSink::start_at(address, SmtpOptions::default()).await;
        let_pass(&t, 2).await;
        let mut to: Vec<_> = sink.received().into_iter().flat_map(|mail| mail.to).collect();
        to.sort();
        assert_eq!(to, ["bob@acme.example", "cy@acme.example"]);
        assert!(stored(&t, lucky).await.unwrap().sent_at.is_some());
        assert!(stored(&t, invite).await.unwrap().sent_at.is_some());
    }

    async fn an_invitation_is_tried_for_a_day(kind: Database) {
        let sink = SmtpSink::start(SmtpOptions::default()).await;
        let settings = sink.settings();
        sink.stop().await;
        let t = frozen(kind, settings).await;
        let id = queue(&t, UseCase::UserInvite, "ann@acme.example", invitation(), 14 * DAY).await;
        t.run_jobs().await;
        let_pass(&t, 24 * 12 - 1).await;
        assert!(stored(&t, id).await.unwrap().has_content);
        let_pass(&t, 2).await;
        let mail = stored(&t, id).await.unwrap();
        assert!(!mail.has_content && mail.failed_at.is_some());
        assert_eq!(jobs_left(&t).await, 0);
    }

    async fn a_slow_server_delays_nobody(kind: Database) {
        // 5 seconds a line (F7): no mail gets through while this test lasts.
        let sink = SmtpSink::start(SmtpOptions { delay: Duration::from_secs(5), ..SmtpOptions::default() }).await;
        let mut settings = sink.settings();
        settings.push(("mail.timeout", "20s".to_owned()));
        let t = Server::start_with(kind, Options { settings, run_jobs: true, ..Options::default() }).await;
        let api = t.api().await;
        let mut times = Vec::new();
        for number in 0..50 {
            let begun = Instant::now();
            queue(&t, UseCase::UserLoginOtp, &format!("a{number}@acme.example"), code(), 10 * MINUTE).await;
            times.push(begun.elapsed());
            let begun = Instant::now();
            api.organization(&format!("Organization {number}")).create().await;
            times.push(begun.elapsed());
        }
        times.sort();
        let p99 = times[times.len() * 99 / 100];
        assert!(p99 < Duration::from_millis(300), "{p99:?}");
        assert!(sink.received().is_empty());
    }

    async fn a_slow_server_gets_the_mails_in_the_end(kind: Database) {
        let sink = SmtpSink::start(SmtpOptions { delay: Duration::from_millis(150), ..SmtpOptions::default() }).await;
        let t = Server::start_with(kind, Options { settings: sink.settings(), run_jobs: true, ..Options::default() }).await;
        for number in 0..20 {
            queue(&t, UseCase::UserLoginOtp, &format!("a{number}@acme.example"), code(), 10 * MINUTE).await;
        }
        let mut to: Vec<_> = sink.wait_for(20).await.into_iter().flat_map(|mail| mail.to).collect();
        to.sort();
        to.dedup();
        assert_eq!((to.len(), sink.attempts()), (20, 20), "each once");
    }

    async fn names_cannot_add_headers_or_markup(kind: Database) {
        let sink = SmtpSink::start(SmtpOptions::default()).await;
        let t = sending_by(kind, &sink).await;
        let evil = "X\r\nBcc: all@acme.example\r\n\r\n.\r\nMAIL FROM:<a@b> <img src=x onerror=alert(1)>";
        let variables = Variables {
            organization_name: Some(evil.to_owned()),
            user_name: Some(evil.to_owned()),
            inviter_name: Some(evil.to_owned()),
            app_name: Some(evil.to_owned()),
            ..invitation()
        };
        queue(&t, UseCase::UserInvite, "ann@acme.example", variables, DAY).await;
        t.run_jobs().await;
        let mails = sink.received();
        let [mail] = mails.as_slice() else { panic!("{mails:?}") };
        assert_eq!((mail.to.as_slice(), mail.header("bcc")), (["ann@acme.example".to_owned()].as_slice(), None));
        assert!(!mail.header("subject").unwrap().contains(['\r', '\n']));
        assert!(!mail.part("text/html").unwrap().contains("<img"));
    }

    async fn bad_links_are_refused_before_anything_is_stored(kind: Database) {
        let t = frozen(kind, Vec::new()).await;
        let recipient = &gatewright::email::Email::parse("ann@acme.example").unwrap();
        let variables = Variables { link: Some("javascript:alert(1)".to_owned()), ..Variables::default() };
        let mail = gatewright::mail::NewMail { use_case: UseCase::UserInvite, recipient, organization: None, variables, expires_at: NOW.plus(DAY) };
        let mut tx = t.app.db.write().await.unwrap();
        assert!(gatewright::mail::queue(&mut tx, &t.operator, mail).await.is_err());
        drop(tx);
        assert_eq!(jobs_left(&t).await, 0);
    }
}
