//! Without a server: the inbox for developers, or nothing.
use crate::{DAY, MINUTE, NOW, code, frozen, invitation, jobs_left, queue, stored};
use gatewright::{
    email::Email,
    mail::{self, Delivery, NewMail, UseCase},
    sql,
};
use gatewright_testkit::database_tests;

database_tests! {
    async fn mails_are_kept_to_be_read_and_forgotten_after_a_week(kind: Database) {
        let t = frozen(kind, Vec::new()).await;
        t.run_jobs().await; // from here on, periodic jobs are known
        let id = queue(&t, UseCase::UserInvite, "ann@acme.example", invitation(), 14 * DAY).await;
        queue(&t, UseCase::UserLoginOtp, "bob@acme.example", code(), 10 * MINUTE).await;
        assert_eq!(t.run_jobs().await, 2);
        let mails = t.inbox().await;
        assert_eq!(mails.iter().map(|mail| mail.recipient.as_str()).collect::<Vec<_>>(), ["ann@acme.example", "bob@acme.example"]);
        assert_eq!(mails[0].link, invitation().link);
        assert_eq!(mails[1].otp.as_deref(), Some("424242"));
        assert_eq!(mails[1].subject, "Your code for Gatewright");
        assert_eq!((mails[0].id, mails[0].sent_at), (id, Some(NOW)));
        assert_eq!(jobs_left(&t).await, 0);
        t.advance(7 * DAY + 61 * MINUTE);
        t.run_jobs().await;
        assert_eq!(t.inbox().await.len(), 0);
        assert!(!stored(&t, id).await.unwrap().has_content);
        t.advance(23 * DAY);
        t.run_jobs().await;
        assert_eq!(stored(&t, id).await, None);
    }

    async fn what_mails_say_is_sealed_in_the_database(kind: Database) {
        let t = frozen(kind, Vec::new()).await;
        let id = queue(&t, UseCase::UserLoginOtp, "ann@acme.example", code(), 10 * MINUTE).await;
        let sealed: Vec<u8> = sql!("SELECT content_sealed FROM mails WHERE environment_id = $1 AND id = $2")
            .bind(t.operator.environment().id)
            .bind(id)
            .one(&mut t.app.db.read())
            .await
            .unwrap();
        assert!(!sealed.windows(6).any(|bytes| bytes == b"424242"));
        let payloads: Vec<String> = sql!("SELECT payload FROM jobs").all(&mut t.app.db.read()).await.unwrap();
        assert!(payloads.iter().any(|payload| payload == &format!("{{\"mail\":{}}}", id.as_i64())), "{payloads:?}");
    }

    async fn an_undone_change_sends_nothing(kind: Database) {
        let t = frozen(kind, Vec::new()).await;
        let recipient = &Email::parse("ann@acme.example").unwrap();
        let mut tx = t.app.db.write().await.unwrap();
        let mail = NewMail { use_case: UseCase::UserInvite, recipient, organization: None, variables: invitation(), expires_at: NOW.plus(DAY) };
        mail::queue(&mut tx, &t.operator, mail).await.unwrap();
        drop(tx);
        assert_eq!((t.run_jobs().await, t.inbox().await.len()), (0, 0));
    }

    async fn in_production_mails_wait_and_are_given_up(kind: Database) {
        let t = frozen(kind, vec![("security.environment_type", "production".to_owned())]).await;
        assert!(matches!(t.app.mail.delivery(), Delivery::Off));
        let id = queue(&t, UseCase::UserLoginOtp, "ann@acme.example", code(), 10 * MINUTE).await;
        t.run_jobs().await;
        let mail = stored(&t, id).await.unwrap();
        assert!(mail.has_content && mail.last_error.as_deref().unwrap().starts_with("mail is off"), "{mail:?}");
        assert!(mail::page(&t.app, "/mail").await.unwrap().is_none(), "nobody reads along");
        t.advance(10 * MINUTE);
        t.run_jobs().await;
        let mail = stored(&t, id).await.unwrap();
        assert!(!mail.has_content && mail.failed_at.is_some());
    }

    async fn pages_show_mails_without_trusting_them(kind: Database) {
        let t = frozen(kind, Vec::new()).await;
        let mut variables = invitation();
        variables.user_name = Some("<script>alert(1)</script>".to_owned());
        let id = queue(&t, UseCase::UserInvite, "ann@acme.example", variables, 14 * DAY).await;
        let page = async |path: String| mail::page(&t.app, &path).await.unwrap().unwrap();
        let list = page("/mail".to_owned()).await;
        assert!(list.status == 200 && list.body.contains("ann@acme.example") && list.body.contains(&id.to_string()));
        assert!(list.body.contains("2026-03-07 12:00:00 UTC"), "{}", list.body);
        let one = page(format!("/mail/{id}")).await;
        assert!(one.body.contains("sandbox=\"allow-popups allow-popups-to-escape-sandbox\""), "{}", one.body);
        assert!(one.body.contains("href=\"https://auth.acme.example/invite?t=a.b&#38;x=1\""), "{}", one.body);
        let html = page(format!("/mail/{id}/html")).await;
        assert!(html.policy.starts_with("sandbox ") && !html.policy.contains("script"), "{}", html.policy);
        for page in [&list, &one, &html] {
            assert!(!page.body.contains("<script"), "{}", page.body);
            assert!(page.policy.contains("default-src 'none'"));
        }
        let text = page(format!("/mail/{id}/text")).await;
        assert_eq!(text.content_type, "text/plain; charset=utf-8");
        assert!(text.body.contains("Hello <script>alert(1)</script>,"), "plain text is plain");
        assert_eq!(page("/mail/style.css".to_owned()).await.content_type, "text/css; charset=utf-8");
        for path in ["/mail/mail_1", "/mail/usr_1", "/mail/..", &format!("/mail/{id}/other")] {
            assert_eq!(page(path.to_owned()).await.status, 404, "{path}");
        }
    }
}
