//! What a person does on the hosted pages, for tests of applications.
use crate::{Browser, Server, Shown};
use gatewright::mail::InboxMail;
use serde_json::{Value as Json, json};

impl Server {
    /// Registers the addresses of an application with the default one: where sign-ins and where logouts come back to.
    pub async fn register_application(&self, callback: &str, signed_out: &str) {
        let changes = json!({"post_login_uris": [callback], "post_logout_redirect_uris": [signed_out]});
        let api = self.api().await;
        let answer = api.patch(&format!("/api/v1/clients/{}", self.client_id), changes).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }

    /// The newest mail, after those that are due have been sent.
    pub async fn newest_mail(&self) -> InboxMail {
        self.run_jobs().await;
        self.inbox().await.pop().expect("a mail")
    }

    /// Types an address on the first page, and the mailed code on the next one.
    pub async fn sign_in_by_code(&self, browser: &mut Browser, page: &Shown, email: &str) -> Shown {
        let page = browser.submit(page, "/a/auth/email", &[("email", email)]).await;
        assert_eq!(page.status, 200, "{}", page.html);
        let code = self.newest_mail().await.otp.expect("a code");
        browser.submit(&page, "/a/auth/code", &[("code", &code)]).await
    }

    /// Signs somebody up by a mailed code, with an organization of her own, and follows until the browser is sent away.
    pub async fn sign_up(&self, browser: &mut Browser, authorize: &str, email: &str, company: &str) -> Shown {
        let page = browser.open(authorize).await;
        assert_eq!(page.status, 200, "{}", page.html);
        let page = self.sign_in_by_code(browser, &page, email).await;
        let fields = [("organization_name", company), ("given_name", "Ada"), ("family_name", "Lovelace")];
        let done = browser.submit(&page, "/a/auth/create", &fields).await;
        assert!(done.away.is_some(), "{} {}", done.status, done.html);
        done
    }

    /// A token with these claims and this type, signed with the environment's key.
    pub async fn signed(&self, typ: &str, claims: &Json) -> String {
        let keys = self.app.keys.of(&self.app, self.operator.environment()).await.unwrap();
        let key = keys.signing(self.app.clock.now()).unwrap();
        key.sign_as(typ, claims.to_string().as_bytes()).unwrap()
    }
}
