//! Magic links.
use crate::{EVA, code, frozen, invalid, mail, mailed_code, mailed_token, refused, send, settings, to};
use gatewright::{
    ctx::Ctx,
    error::Error,
    passwordless::{self, NewRequest, PasswordlessType, Presented, Settings, Verified},
};
use gatewright_testkit::{Options, Server, database_tests};
use serde_json::json;

async fn follow(ctx: &Ctx, settings: &Settings, token: &str, id: Option<&str>) -> Result<Verified, Error> {
    passwordless::verify(ctx, settings, Presented::LinkToken(token), id).await
}

database_tests! {
    async fn a_link_leads_to_the_application_and_proves_once(kind: Database) {
        let t = frozen(kind).await;
        let settings = settings(PasswordlessType::Link);
        let sent = send(&t, &settings, EVA).await;
        assert_eq!(sent.kind, PasswordlessType::Link);
        let mail = mail(&t).await;
        assert_eq!((mail.use_case.name(), mail.otp), ("USER_LOGIN_LINK", None));
        let link = mail.link.unwrap();
        let token = link.strip_prefix("https://app.kontor.example/pl?x=1&link_token=").unwrap();
        assert!(token.len() == 38 && token.ends_with("_l"), "{token}");
        assert_eq!(refused(code(&t.operator, &settings, &sent, "000000").await), invalid("code"), "there is none");
        for bad in ["", "x", &token[..37], &format!("{token}x"), &token.to_uppercase()] {
            assert_eq!(refused(follow(&t.operator, &settings, bad, None).await), invalid("link_token"), "{bad}");
        }
        // Without the rule of the same browser, the id of another request does no harm.
        let verified = follow(&t.operator, &settings, token, Some("another")).await.unwrap();
        assert_eq!((verified.email.as_str(), verified.kind), (EVA, PasswordlessType::Link));
        assert_eq!(refused(follow(&t.operator, &settings, token, None).await), invalid("link_token"));
    }

    async fn code_and_link_are_one_proof(kind: Database) {
        let t = frozen(kind).await;
        let settings = settings(PasswordlessType::LinkOtp);
        let sent = send(&t, &settings, EVA).await;
        let (mailed, token) = (mailed_code(&t).await, mailed_token(&t).await);
        assert!(follow(&t.operator, &settings, &token, None).await.is_ok());
        assert_eq!(refused(code(&t.operator, &settings, &sent, &mailed).await), invalid("code"));
        let sent = send(&t, &settings, EVA).await;
        let (mailed, token) = (mailed_code(&t).await, mailed_token(&t).await);
        assert!(code(&t.operator, &settings, &sent, &mailed).await.is_ok());
        assert_eq!(refused(follow(&t.operator, &settings, &token, None).await), invalid("link_token"));
    }

    async fn the_same_browser_may_be_wanted(kind: Database) {
        let t = frozen(kind).await;
        let settings = Settings { same_browser: true, ..settings(PasswordlessType::Link) };
        let (sent, token) = (send(&t, &settings, EVA).await, mailed_token(&t).await);
        let other = send(&t, &settings, EVA).await;
        for id in [None, Some(""), Some("x"), Some(other.auth_request_id.as_str())] {
            let result = follow(&t.operator, &settings, &token, id).await;
            assert_eq!(refused(result), invalid("auth_request_id"), "{id:?}");
        }
        assert!(follow(&t.operator, &settings, &token, Some(&sent.auth_request_id)).await.is_ok());
        let again = follow(&t.operator, &settings, &token, Some(&sent.auth_request_id)).await;
        assert_eq!(refused(again), invalid("link_token"));
    }

    async fn sending_again_makes_a_new_link_or_repeats_it(kind: Database) {
        let t = frozen(kind).await;
        let renewing = settings(PasswordlessType::LinkOtp);
        let (sent, first) = (send(&t, &renewing, EVA).await, mailed_token(&t).await);
        passwordless::resend(&t.operator, &renewing, &sent.auth_request_id).await.unwrap();
        let second = mailed_token(&t).await;
        assert_ne!(first, second);
        assert_eq!(refused(follow(&t.operator, &renewing, &first, None).await), invalid("link_token"));
        assert!(follow(&t.operator, &renewing, &second, None).await.is_ok());
        let repeating = Settings { new_credentials_on_resend: false, ..renewing };
        let sent = send(&t, &repeating, "bob@kontor.example").await;
        let first = mail(&t).await;
        passwordless::resend(&t.operator, &repeating, &sent.auth_request_id).await.unwrap();
        let second = mail(&t).await;
        assert_ne!(first.id, second.id);
        assert_eq!((first.otp, first.link), (second.otp, second.link));
    }

    async fn a_link_needs_a_place_on_the_web(kind: Database) {
        let t = frozen(kind).await;
        let settings = settings(PasswordlessType::LinkOtp);
        for uri in [None, Some("javascript:alert(1)"), Some("app.kontor.example"), Some("myapp://pl"), Some("https://a@b.example/")] {
            let new = NewRequest { magiclink_auth_uri: uri.map(str::to_owned), ..to(EVA) };
            let result = passwordless::send(&t.operator, &settings, new).await;
            assert_eq!(refused(result), invalid("magiclink_auth_uri"), "{uri:?}");
        }
        // Where there is no link, it does not matter.
        let otp = Settings { kind: PasswordlessType::Otp, ..settings };
        let new = NewRequest { magiclink_auth_uri: Some("javascript:alert(1)".to_owned()), ..to(EVA) };
        assert!(passwordless::send(&t.operator, &otp, new).await.is_ok());
        assert_eq!(mail(&t).await.link, None);
    }

    async fn production_has_links_to_its_applications_only(kind: Database) {
        let production = vec![("security.environment_type", "production".to_owned())];
        let t = Server::start_with(kind, Options { settings: production, ..Options::default() }).await;
        let (api, ctx) = (t.api().await, &t.operator);
        let settings = settings(PasswordlessType::Link);
        let to_app = |uri: &str| NewRequest { magiclink_auth_uri: Some(uri.to_owned()), ..to(EVA) };
        let here = "https://app.kontor.example/pl?x=1";
        assert_eq!(refused(passwordless::send(ctx, &settings, to_app(here)).await), invalid("magiclink_auth_uri"));
        for uri in ["https://app.kontor.example/callback", "https://{{org_slug}}.kontor.example/callback"] {
            let answer = api.post("/api/v1/environment/redirect-uris", json!({"redirect_uri": uri})).await;
            assert!(answer.status < 300, "{}", answer.text);
        }
        assert!(passwordless::send(ctx, &settings, to_app(here)).await.is_ok());
        for uri in ["http://app.kontor.example/pl", "https://app.kontor.example:8443/pl", "https://evil.example/", "https://acme.kontor.example/"] {
            let result = passwordless::send(ctx, &settings, to_app(uri)).await;
            assert_eq!(refused(result), invalid("magiclink_auth_uri"), "{uri}");
        }
    }
}
