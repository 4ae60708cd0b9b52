//! Checks on registered claims (RFC 7519 §4.1).
use serde::Deserialize;

/// `exp`, `nbf` and `iat`: required, and integers. A claim of another type fails to decode rather than counting as
/// absent.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct TimeClaims {
    /// Seconds since 1970 after which the token is dead.
    pub exp: i64,
    /// Seconds since 1970 before which it is not alive yet.
    pub nbf: i64,
    /// Seconds since 1970 at which it was made.
    pub iat: i64,
}

/// Why a token's times do not allow its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// `now >= exp` (RFC 7519 §4.1.4).
    #[error("token is expired")]
    Expired,
    /// `now < nbf` or `now < iat`, beyond the leeway.
    #[error("token is not valid yet")]
    NotYetValid,
}

/// Checks the times of a token at `now` (seconds since 1970). `leeway` seconds are forgiven for `nbf` and `iat` only:
/// an expired token is expired.
///
/// # Errors
/// [`ClaimsError`]
pub fn check_times(claims: TimeClaims, now: i64, leeway: i64) -> Result<(), ClaimsError> {
    if now >= claims.exp {
        return Err(ClaimsError::Expired);
    }
    if now.saturating_add(leeway) < claims.nbf || now.saturating_add(leeway) < claims.iat {
        return Err(ClaimsError::NotYetValid);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lives_from_nbf_to_just_before_exp() {
        let claims = TimeClaims { exp: 200, nbf: 100, iat: 100 };
        assert_eq!(check_times(claims, 99, 0), Err(ClaimsError::NotYetValid));
        assert_eq!(check_times(claims, 99, 1), Ok(()));
        assert_eq!(check_times(claims, 199, 0), Ok(()));
        assert_eq!(check_times(claims, 200, 60), Err(ClaimsError::Expired));
    }

    #[test]
    fn times_of_another_type_are_no_times() {
        for text in
            [r#"{"exp":"9","nbf":1,"iat":1}"#, r#"{"exp":1.5,"nbf":1,"iat":1}"#, r#"{"nbf":1,"iat":1}"#]
        {
            assert!(serde_json::from_str::<TimeClaims>(text).is_err(), "{text}");
        }
    }
}
