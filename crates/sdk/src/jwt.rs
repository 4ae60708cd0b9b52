//! Checks of the environment's tokens.

use std::time::Duration;

use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Map, Value};

use crate::client::Inner;
use crate::error::{Result, ScalekitError};

/// Claims of a token.
pub(crate) type Claims = Map<String, Value>;

/// What a token must satisfy beyond its signature, `exp` and `nbf`.
///
/// ```
/// use gatewright_sdk::TokenValidationOptions;
///
/// let options = TokenValidationOptions::new()
///     .issuer("https://acme.example.com")
///     .audience("skc_1")
///     .required_scopes(["orders:read"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct TokenValidationOptions {
    issuers: Vec<String>,
    audiences: Vec<String>,
    required_scopes: Vec<String>,
    leeway: Duration,
}

impl TokenValidationOptions {
    /// Signature, `exp` and `nbf` only.
    pub fn new() -> Self {
        Self::default()
    }

    /// `iss` must be this; called again, one of these. Compared exactly.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// `aud` must contain this; called again, at least one of these.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// The token must have all these scopes; called again, these too.
    pub fn required_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.required_scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// How far this machine's clock may be from the server's when `exp` and `nbf` are checked. Default 0, whole
    /// seconds count.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }
}

/// Checks signature and claims.
pub(crate) async fn validate(
    client: &Inner,
    token: &str,
    options: &TokenValidationOptions,
) -> Result<Claims> {
    if token.is_empty() {
        return Err(ScalekitError::token_validation("token is required"));
    }
    let header = jsonwebtoken::decode_header(token)
        .map_err(|error| ScalekitError::token_validation("malformed token").with_source(error))?;
    // Before the key is looked up: a token of another algorithm must not cause a request.
    if header.alg != Algorithm::RS256 {
        return Err(ScalekitError::token_validation("the token is not signed with RS256"));
    }
    // RFC 7515 §4.1.11: extensions that must be understood, and we know none.
    if header.crit.is_some() {
        return Err(ScalekitError::token_validation("the token has critical extensions"));
    }
    let kid = header.kid.ok_or_else(|| ScalekitError::token_validation("the token has no kid"))?;
    let key = client.jwks.key(&kid, &client.http, &client.clock).await?;
    let decoded = jsonwebtoken::decode::<Claims>(token, &key, &signature_only())
        .map_err(|error| ScalekitError::token_validation("invalid signature").with_source(error))?;
    check_claims(&decoded.claims, options, client.clock.now().as_second())?;
    Ok(decoded.claims)
}

/// The claims are checked by [`check_claims`], with our clock.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

fn check_claims(claims: &Claims, options: &TokenValidationOptions, now: i64) -> Result<()> {
    check_times(claims, options.leeway, now)?;
    if !options.issuers.is_empty() {
        let issuer = claims.get("iss").and_then(Value::as_str);
        if !issuer.is_some_and(|issuer| options.issuers.iter().any(|expected| expected == issuer)) {
            return Err(ScalekitError::token_validation("the token is of another issuer"));
        }
    }
    if !options.audiences.is_empty() {
        let audiences = strings(claims.get("aud"));
        if !options.audiences.iter().any(|expected| audiences.contains(&expected.as_str())) {
            return Err(ScalekitError::token_validation("the token is for another audience"));
        }
    }
    let missing = missing_scopes(claims, &options.required_scopes);
    if missing.is_empty() {
        return Ok(());
    }
    Err(ScalekitError::token_validation(format!("Token missing required scopes: {}", missing.join(", "))))
}

/// RFC 7519 §4.1.4: now must be before `exp`; §4.1.5: now must not be before `nbf`.
fn check_times(claims: &Claims, leeway: Duration, now: i64) -> Result<()> {
    let leeway = i64::try_from(leeway.as_secs()).unwrap_or(i64::MAX);
    let Some(exp) = claims.get("exp") else {
        return Err(ScalekitError::token_validation("the token has no exp"));
    };
    if numeric_date(exp)?.saturating_add(leeway) <= now {
        return Err(ScalekitError::token_validation("the token has expired"));
    }
    if let Some(nbf) = claims.get("nbf")
        && now < numeric_date(nbf)?.saturating_sub(leeway)
    {
        return Err(ScalekitError::token_validation("the token is not valid yet"));
    }
    Ok(())
}

/// RFC 7519 §2: a number of seconds, perhaps with a fraction.
fn numeric_date(value: &Value) -> Result<i64> {
    let whole = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64));
    whole.ok_or_else(|| ScalekitError::token_validation("exp and nbf must be numbers"))
}

/// A claim that is one string or a list of them.
fn strings(claim: Option<&Value>) -> Vec<&str> {
    match claim {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// `scopes` is a list in the environment's tokens; `scope` is the usual string with spaces (RFC 8693 §4.2).
fn scopes(claims: &Claims) -> Vec<&str> {
    let claim = claims.get("scopes").filter(|claim| !claim.is_null()).or_else(|| claims.get("scope"));
    match claim {
        Some(Value::String(text)) => text.split_whitespace().collect(),
        other => strings(other),
    }
}

fn missing_scopes<'a>(claims: &Claims, required: &'a [String]) -> Vec<&'a str> {
    let present = scopes(claims);
    required.iter().map(String::as_str).filter(|scope| !present.contains(scope)).collect()
}

/// The claims of a token that is not verified here.
pub(crate) fn read_unverified(token: &str) -> Option<Claims> {
    jsonwebtoken::dangerous::insecure_decode_claims(token).ok()
}

/// Whether the token, which is not verified here, has all these scopes.
pub(crate) fn verify_scopes(token: &str, required: &[String]) -> bool {
    read_unverified(token).is_some_and(|claims| missing_scopes(&claims, required).is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_767_225_600;

    fn check(claims: Value, options: &TokenValidationOptions) -> std::result::Result<(), String> {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        check_claims(&claims, options, NOW).map_err(|error| {
            assert!(error.is_token_validation());
            error.message().to_owned()
        })
    }

    #[test]
    fn exp_is_required_and_exclusive() {
        let options = TokenValidationOptions::new();
        assert_eq!(check(json!({"exp": NOW + 1}), &options), Ok(()));
        assert_eq!(check(json!({"exp": NOW}), &options), Err("the token has expired".into()));
        assert_eq!(check(json!({}), &options), Err("the token has no exp".into()));
        for bad in [json!("1767225601"), json!(null), json!([NOW + 1]), json!(true)] {
            assert!(check(json!({"exp": bad}), &options).is_err());
        }
        assert_eq!(check(json!({"exp": 1e300}), &options), Ok(()));
    }

    #[test]
    fn nbf_is_checked_when_present() {
        let options = TokenValidationOptions::new();
        assert_eq!(check(json!({"exp": NOW + 9, "nbf": NOW}), &options), Ok(()));
        assert_eq!(
            check(json!({"exp": NOW + 9, "nbf": NOW + 1}), &options),
            Err("the token is not valid yet".into())
        );
        assert!(check(json!({"exp": NOW + 9, "nbf": "0"}), &options).is_err());
    }

    #[test]
    fn leeway_widens_both_ends() {
        let options = TokenValidationOptions::new().leeway(Duration::from_secs(30));
        assert_eq!(check(json!({"exp": NOW - 29, "nbf": NOW + 30}), &options), Ok(()));
        assert!(check(json!({"exp": NOW - 30}), &options).is_err());
        assert!(check(json!({"exp": NOW, "nbf": NOW + 31}), &options).is_err());
        let endless = TokenValidationOptions::new().leeway(Duration::MAX);
        assert_eq!(check(json!({"exp": 0, "nbf": i64::MAX}), &endless), Ok(()));
    }

    #[test]
    fn an_expected_issuer_must_be_there() {
        let options = TokenValidationOptions::new().issuer("https://a.test").issuer("https://b.test");
        assert_eq!(check(json!({"exp": NOW + 1, "iss": "https://b.test"}), &options), Ok(()));
        for bad in [json!("https://b.test/"), json!(["https://b.test"]), json!(null)] {
            assert!(check(json!({"exp": NOW + 1, "iss": bad}), &options).is_err());
        }
        assert!(check(json!({"exp": NOW + 1}), &options).is_err());
    }

    #[test]
    fn the_audience_may_be_a_string_or_a_list() {
        let options = TokenValidationOptions::new().audience("x").audience("y");
        for good in [json!("x"), json!(["z", "y"])] {
            assert_eq!(check(json!({"exp": NOW + 1, "aud": good}), &options), Ok(()));
        }
        for bad in [json!("xy"), json!(["z"]), json!([]), json!([["x"]]), json!(null)] {
            assert!(check(json!({"exp": NOW + 1, "aud": bad}), &options).is_err());
        }
    }

    #[test]
    fn scopes_come_from_the_list_or_else_the_string() {
        let options = TokenValidationOptions::new().required_scopes(["a", "b"]);
        let good = [json!({"scopes": ["b", "a", "c"]}), json!({"scope": "a b"}), json!({"scopes": "a b"})];
        for claims in good {
            let Value::Object(mut claims) = claims else { panic!("an object") };
            claims.insert("exp".into(), json!(NOW + 1));
            assert_eq!(check(Value::Object(claims), &options), Ok(()));
        }
        assert_eq!(
            check(json!({"exp": NOW + 1, "scopes": ["b"], "scope": "a b"}), &options),
            Err("Token missing required scopes: a".into())
        );
        assert!(check(json!({"exp": NOW + 1}), &options).is_err());
    }

    #[test]
    fn verify_scopes_reads_without_verifying() {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let header = encode(r#"{"alg":"RS256","kid":"k"}"#);
        let token = format!("{header}.{}.c2ln", encode(r#"{"scopes":["read:user"]}"#));
        assert!(verify_scopes(&token, &["read:user".into()]));
        assert!(verify_scopes(&token, &[]));
        assert!(!verify_scopes(&token, &["write:user".into()]));
        assert!(!verify_scopes("", &[]));
        assert!(!verify_scopes("a.b.c", &[]));
    }
}
