//! JWS and JWT as this product uses them: compact serialization (RFC 7515 §7.1). Its own tokens are RS256 only, with keys
//! parsed once; those of other issuers may have any algorithm of an allow-list ([`ForeignKeys`]).
//!
//! The algorithm comes from the key, never from the token; `jku`, `jwk`, `x5u`, `x5c` are never read and `crit` is
//! refused. Nothing here knows a clock: the caller passes the time.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod claims;
mod foreign;
mod jwk;
mod jws;

pub use claims::{ClaimsError, TimeClaims, check_times};
pub use foreign::{ForeignError, ForeignKeys, Verified};
pub use jwk::{Jwk, JwkSet};
pub use jws::{Header, JwsError, SigningKey, VerifyingKey, decode_header, verify};
