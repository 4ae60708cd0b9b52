//! Proof that a form was made for the browser that sends it (OWASP: the signed double-submit pattern).
use crate::{secret::Secret, vault};
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The value of the field `csrf`: HMAC-SHA256 of what the form belongs to (a sign-in's or a session's id) under the
/// browser's token, which another site cannot read.
pub fn csrf(browser_token: &Secret<String>, what: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, browser_token.expose().as_bytes());
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, format!("csrf:{what}").as_bytes()))
}

/// Whether `given` is what [`csrf`] made.
pub fn check_csrf(browser_token: &Secret<String>, what: &str, given: &str) -> bool {
    vault::equal(csrf(browser_token, what).as_bytes(), given.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_of_one_browser_and_one_sign_in() {
        let [mine, other] = ["a".repeat(43), "b".repeat(43)].map(Secret::new);
        let token = csrf(&mine, "req_1");
        assert!(check_csrf(&mine, "req_1", &token));
        assert!(!check_csrf(&other, "req_1", &token));
        assert!(!check_csrf(&mine, "req_2", &token));
        assert!(!check_csrf(&mine, "req_1", ""));
        assert!(!check_csrf(&mine, "req_1", token.get(1..).unwrap()));
    }
}
