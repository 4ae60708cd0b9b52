use super::*;
use crate::{
    email::Email,
    ids::{EnvironmentId, MailId},
    mail::{UseCase, Variables},
};

const NOW: Timestamp = Timestamp::from_micros(1_772_884_800_000_000);

fn from() -> Mailbox {
    Mailbox::new(Some("Acme <Apps>".to_owned()), "no-reply@localhost".parse().unwrap())
}

fn mail(use_case: UseCase, variables: Variables) -> Mail {
    Mail {
        environment: EnvironmentId::from_i64(1),
        id: MailId::from_i64(7),
        use_case,
        recipient: Email::parse("Ann@Bücher.example").unwrap(),
        organization: None,
        variables,
        created_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(600)),
        sent_at: None,
    }
}

fn full() -> Variables {
    Variables {
        organization_name: Some("Nordlicht".to_owned()),
        user_name: Some("Ann".to_owned()),
        inviter_name: Some("Bob".to_owned()),
        link: Some("https://auth.example/l?a=1&b=2".to_owned()),
        otp: Some("424242".to_owned()),
        ..Variables::default()
    }
}

#[test]
fn every_use_case_says_what_it_carries_in_both_forms() {
    for case in UseCase::ALL {
        let out = render(&from(), &mail(*case, full()), NOW).unwrap();
        for text in [&out.text, &out.html] {
            assert!(text.contains("424242") && text.contains("10 minutes") && text.contains("Ann"), "{text}");
        }
        assert!(out.text.contains("https://auth.example/l?a=1&b=2"), "{}", out.text);
        assert!(out.html.contains("href=\"https://auth.example/l?a=1&#38;b=2\""), "{}", out.html);
        assert!(!out.subject.is_empty() && !out.subject.contains('\n'));
        assert!(!out.text.contains("\n\n\n") && !out.text.contains('{'), "{}", out.text);
        let bare = render(&from(), &mail(*case, Variables::default()), NOW).unwrap();
        assert!(!bare.html.contains("href") && !bare.text.contains("\n\n\n"), "{}", bare.text);
    }
}

#[test]
fn an_invitation_reads_like_one() {
    let out = render(&from(), &mail(UseCase::UserInvite, Variables { otp: None, ..full() }), NOW).unwrap();
    assert_eq!(out.subject, "You are invited to Nordlicht on Acme <Apps>");
    assert_eq!(
        out.text,
        "Join Nordlicht\n\nHello Ann,\n\nBob has invited you to join Nordlicht on Acme <Apps>.\n\n\
         Accept the invitation:\n\nhttps://auth.example/l?a=1&b=2\n\nThe invitation is valid for 10 minutes.\n\n\
         If you do not know who invited you, you can ignore this mail.\n\n-- \nAcme <Apps>"
    );
    assert!(out.html.contains("Acme &#60;Apps&#62;") && !out.html.contains("<Apps>"));
}

#[test]
fn values_are_text_and_nothing_else() {
    let evil = "<script>alert(1)</script>\r\nBcc: all@acme.example\" onload=\"x {{ otp }}";
    let variables = Variables {
        organization_name: Some(evil.to_owned()),
        user_name: Some(evil.to_owned()),
        inviter_name: Some(evil.to_owned()),
        app_name: Some(evil.to_owned()),
        otp: Some(evil.to_owned()),
        ..full()
    };
    for case in UseCase::ALL {
        let mail = mail(*case, variables.clone());
        let out = render(&from(), &mail, NOW).unwrap();
        assert!(!out.html.contains("<script") && !out.html.contains("\" onload"), "{}", out.html);
        assert!(!out.subject.contains(['\r', '\n']));
        let message = String::from_utf8(build(&from(), &mail, out.clone()).unwrap().formatted()).unwrap();
        let (head, _) = message.split_once("\r\n\r\n").unwrap();
        assert!(!head.to_lowercase().contains("\nbcc:"), "{head}");
    }
    let script = Variables { link: Some("javascript:alert(1)".to_owned()), ..Variables::default() };
    assert!(render(&from(), &mail(UseCase::UserInvite, script), NOW).is_err());
}

#[test]
fn every_attempt_is_the_same_message() {
    let mail = mail(UseCase::UserLoginOtp, full());
    let message = |at| {
        String::from_utf8(build(&from(), &mail, render(&from(), &mail, at).unwrap()).unwrap().formatted())
            .unwrap()
    };
    let (first, second) = (message(NOW), message(NOW.plus(Duration::from_secs(300))));
    for line in [
        "Message-ID: <mail_7@localhost>",
        "Date: Sat, 07 Mar 2026 12:00:00 +0000",
        "To: Ann@xn--bcher-kva.example",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ] {
        assert!(first.contains(&format!("{line}\r\n")), "{line} in {first}");
        assert!(second.contains(&format!("{line}\r\n")), "{line} in {second}");
    }
    assert!(first.contains("multipart/alternative") && first.contains("10 minutes"), "{first}");
    assert!(second.contains("5 minutes"), "{second}");
}

#[test]
fn our_own_words_are_templates_that_say_the_same() {
    use crate::mail::templates::{Parts, values};
    for case in UseCase::ALL {
        let otp = full().otp.filter(|_| case.name().contains("OTP"));
        let link = full()
            .link
            .filter(|_| !case.name().ends_with("LOGIN_OTP") && !case.name().ends_with("SIGNUP_OTP"));
        let Rendered { subject, text, html } = as_template(*case, otp.is_some(), link.is_some()).unwrap();
        let parts = Parts { subject, html, plain: text };
        parts.check().unwrap();
        let mail = mail(*case, Variables { otp, link, user_name: None, inviter_name: None, ..full() });
        let filled = parts.render(&values(&mail, "Acme <Apps>", NOW)).unwrap();
        let ours = render(&from(), &mail, NOW).unwrap();
        assert_eq!((&filled.subject, &filled.text), (&ours.subject, &ours.text), "{case:?}");
        // Two engines write the same character differently.
        let same = |html: &str| {
            html.replace("&#60;", "&lt;")
                .replace("&#62;", "&gt;")
                .replace("&#38;", "&amp;")
                .replace("&#x2f;", "/")
        };
        assert_eq!(same(&filled.html), same(&ours.html), "{case:?}");
    }
}
