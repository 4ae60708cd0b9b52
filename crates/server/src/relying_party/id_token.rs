//! The checks on an ID token whose signature is verified (OpenID Connect Core §3.1.3.7).
use super::model::{UpstreamError, shown};
use gatewright_jose::{TimeClaims, Verified, check_times};
use serde_json::{Map, Value as Json};

/// What a provider says of a person.
pub type Claims = Map<String, Json>;

/// Clocks of providers may be ahead of ours by so many seconds.
const LEEWAY: i64 = 60;
/// Core §2.
const MAX_SUBJECT: usize = 255;

/// What the token must say.
#[derive(Debug)]
pub struct Expected<'a> {
    /// Byte for byte.
    pub issuer: &'a str,
    /// Ours.
    pub client_id: &'a str,
    /// Of this sign-in.
    pub nonce: &'a str,
    /// What came with it.
    pub access_token: Option<&'a str>,
    /// Seconds since 1970.
    pub now: i64,
}

/// Checks the claims of an ID token.
///
/// # Errors
/// `invalid_id_token`
pub fn check(verified: &Verified, expected: &Expected<'_>) -> Result<Claims, UpstreamError> {
    let claims: Claims = serde_json::from_slice(&verified.payload)
        .map_err(|_| refused("read the claims of the ID token", "a JSON object", "something else"))?;
    check_issuer(&claims, expected.issuer)?;
    check_audience(&claims, expected.client_id)?;
    check_authorized_party(&claims, expected.client_id)?;
    check_time(&claims, expected.now)?;
    check_nonce(&claims, expected.nonce)?;
    check_access_token(&claims, verified, expected.access_token)?;
    check_subject(&claims)?;
    Ok(claims)
}

fn refused(step: &'static str, expected: impl Into<String>, got: impl Into<String>) -> UpstreamError {
    UpstreamError::new("invalid_id_token", step, expected, got)
}

/// A claim, fit to be shown.
fn said(claims: &Claims, name: &str) -> String {
    claims.get(name).map_or_else(|| "none".to_owned(), |value| shown(&value.to_string()))
}

fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Json::as_str)
}

fn check_issuer(claims: &Claims, issuer: &str) -> Result<(), UpstreamError> {
    if text(claims, "iss") == Some(issuer) {
        return Ok(());
    }
    Err(refused("check the issuer of the ID token", format!("iss {issuer:?}"), said(claims, "iss")))
}

fn check_audience(claims: &Claims, client_id: &str) -> Result<(), UpstreamError> {
    let is_ours = match claims.get("aud") {
        Some(Json::String(audience)) => audience == client_id,
        Some(Json::Array(audiences)) => {
            audiences.iter().all(Json::is_string) && audiences.iter().any(|audience| audience == client_id)
        }
        _ => false,
    };
    if is_ours {
        return Ok(());
    }
    Err(refused("check the audience of the ID token", format!("aud with {client_id:?}"), said(claims, "aud")))
}

/// A token for several, or one that says for whom it was made, must have been made for us.
fn check_authorized_party(claims: &Claims, client_id: &str) -> Result<(), UpstreamError> {
    let is_for_several =
        claims.get("aud").and_then(Json::as_array).is_some_and(|audiences| audiences.len() > 1);
    if text(claims, "azp") == Some(client_id) || (!is_for_several && !claims.contains_key("azp")) {
        return Ok(());
    }
    let expected = format!("azp {client_id:?}");
    Err(refused("check the authorized party of the ID token", expected, said(claims, "azp")))
}

fn check_time(claims: &Claims, now: i64) -> Result<(), UpstreamError> {
    let step = "check the times of the ID token";
    let number = |name: &str| claims.get(name).and_then(Json::as_i64);
    let (Some(exp), Some(iat)) = (number("exp"), number("iat")) else {
        let got = format!("exp {} and iat {}", said(claims, "exp"), said(claims, "iat"));
        return Err(refused(step, "whole numbers as exp and iat", got));
    };
    let nbf = match claims.get("nbf") {
        None => iat,
        Some(_) => {
            number("nbf").ok_or_else(|| refused(step, "a whole number as nbf", said(claims, "nbf")))?
        }
    };
    check_times(TimeClaims { exp, nbf, iat }, now, LEEWAY).map_err(|error| {
        let got = format!("exp {exp}, iat {iat}, nbf {nbf}: {error}");
        refused(step, format!("a token that is valid at {now}; do both clocks go right?"), got)
    })
}

fn check_nonce(claims: &Claims, nonce: &str) -> Result<(), UpstreamError> {
    let got = match text(claims, "nonce") {
        Some(found) if found == nonce => return Ok(()),
        Some(_) => "that of another one",
        None => "none",
    };
    Err(refused("check the nonce of the ID token", "the nonce of this sign-in", got))
}

/// Core §3.1.3.8: where there is a hash of the access token, it is that of the one that came with it.
fn check_access_token(
    claims: &Claims,
    verified: &Verified,
    access_token: Option<&str>,
) -> Result<(), UpstreamError> {
    let (Some(hash), Some(token)) = (claims.get("at_hash"), access_token) else { return Ok(()) };
    if hash.as_str() == Some(verified.half_hash(token).as_str()) {
        return Ok(());
    }
    Err(refused("check at_hash of the ID token", "the hash of the access token", "another one"))
}

fn check_subject(claims: &Claims) -> Result<(), UpstreamError> {
    let is_subject = |sub: &str| (1..=MAX_SUBJECT).contains(&sub.len()) && !sub.chars().any(char::is_control);
    if text(claims, "sub").is_some_and(is_subject) {
        return Ok(());
    }
    let expected = "a sub of 1 to 255 characters";
    Err(refused("check the subject of the ID token", expected, said(claims, "sub")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatewright_jose::{ForeignKeys, SigningKey};
    use serde_json::json;
    use std::sync::OnceLock;

    const EXPECTED: Expected<'static> = Expected {
        issuer: "https://idp.example",
        client_id: "gw",
        nonce: "n-1",
        access_token: Some("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
        now: 1_000,
    };

    fn key() -> &'static SigningKey {
        static KEY: OnceLock<SigningKey> = OnceLock::new();
        KEY.get_or_init(|| SigningKey::from_pkcs8("k", &SigningKey::generate().unwrap()).unwrap())
    }

    fn result(claims: &Json) -> Result<Claims, UpstreamError> {
        let keys = ForeignKeys::parse(json!({"keys": [key().jwk()]}).to_string().as_bytes()).unwrap();
        let token = key().sign(claims.to_string().as_bytes()).unwrap();
        check(&keys.verify(&token).unwrap(), &EXPECTED)
    }

    fn good() -> Json {
        json!({"iss": "https://idp.example", "aud": "gw", "sub": "u1", "exp": 1_300, "iat": 1_000, "nonce": "n-1"})
    }

    fn with(changes: &Json) -> Json {
        let mut claims = good();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    #[test]
    fn good_tokens_pass() {
        for changes in [
            json!({}),
            json!({"aud": ["gw"]}),
            json!({"aud": ["gw", "other"], "azp": "gw"}),
            json!({"azp": "gw"}),
            json!({"iat": 1_060, "nbf": 1_060}),
            json!({"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"}),
        ] {
            assert_eq!(result(&with(&changes)).unwrap()["sub"], "u1", "{changes}");
        }
    }

    #[test]
    fn each_check_refuses_and_says_what_it_saw() {
        for (changes, step) in [
            (json!({"iss": "https://idp.example/"}), "issuer"),
            (json!({"iss": null}), "issuer"),
            (json!({"aud": "gw2"}), "audience"),
            (json!({"aud": ["gw", 1]}), "audience"),
            (json!({"aud": {"gw": true}}), "audience"),
            (json!({"aud": ["gw", "other"]}), "authorized party"),
            (json!({"aud": ["gw", "other"], "azp": "other"}), "authorized party"),
            (json!({"azp": "other"}), "authorized party"),
            (json!({"exp": 1_000}), "times"),
            (json!({"exp": "1300"}), "times"),
            (json!({"exp": 1300.5}), "times"),
            (json!({"exp": null}), "times"),
            (json!({"iat": null}), "times"),
            (json!({"iat": 1_061}), "times"),
            (json!({"nbf": 1_061}), "times"),
            (json!({"nbf": "0"}), "times"),
            (json!({"nonce": "n-2"}), "nonce"),
            (json!({"nonce": null}), "nonce"),
            (json!({"at_hash": "77QmUPtjPfzWtF2AnpK9Rq"}), "at_hash"),
            (json!({"at_hash": 7}), "at_hash"),
            (json!({"sub": ""}), "subject"),
            (json!({"sub": 7}), "subject"),
            (json!({"sub": "x".repeat(256)}), "subject"),
            (json!({"sub": "a\nb"}), "subject"),
        ] {
            let error = result(&with(&changes)).unwrap_err();
            assert_eq!(error.code, "invalid_id_token", "{changes}");
            assert!(error.step.contains(step), "{changes}: {error}");
        }
    }
}
