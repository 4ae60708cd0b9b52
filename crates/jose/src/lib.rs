//! JWS and JWT as this product uses them: compact serialization (RFC 7515 §7.1), RS256 only, keys parsed once.
//!
//! The algorithm comes from the key, never from the token; `jku`, `jwk`, `x5u`, `x5c` are never read and `crit` is
//! refused. Nothing here knows a clock: the caller passes the time.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod claims;
mod jwk;
mod jws;

pub use claims::{ClaimsError, TimeClaims, check_times};
pub use jwk::{Jwk, JwkSet};
pub use jws::{Header, JwsError, SigningKey, VerifyingKey, decode_header, verify};
