//! Plain data of secrets.
use crate::{
    entropy,
    error::{Error, Kind},
    ids::StoredSecretId,
    secret::Secret,
    time::Timestamp,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::time::Duration;

/// How long the secret before a rotation signs too.
pub const GRACE: Duration = Duration::from_secs(24 * 3600);
/// Secrets that an environment may have: the list has no pages.
const MAX_SECRETS: usize = 100;

/// A secret as it is stored.
#[derive(Clone, Debug)]
pub struct StoredSecret {
    /// `sec_…`
    pub id: StoredSecretId,
    /// Last four characters, by which people tell secrets apart.
    pub suffix: String,
    /// The secret, sealed.
    pub sealed: Vec<u8>,
    /// The one before, sealed, and until when it signs.
    pub previous: Option<(Vec<u8>, Timestamp)>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl StoredSecret {
    /// The error for one that does not exist.
    pub fn not_found(id: StoredSecretId) -> Error {
        Error::not_found(format!("secret {id}"))
    }
}

/// A new secret in the form that libraries of Standard Webhooks read: `whsec_` and 32 random bytes in base64.
///
/// # Errors
/// `INTERNAL` if the system has no randomness to give.
pub fn generate() -> Result<Secret<String>, Error> {
    Ok(Secret::new(format!("whsec_{}", STANDARD.encode(entropy::bytes::<32>()?))))
}

/// The last four characters.
pub fn suffix(secret: &Secret<String>) -> String {
    let text = secret.expose();
    text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned()
}

/// Whether one more may be made.
///
/// # Errors
/// `FAILED_PRECONDITION`
pub fn check_room(count: usize) -> Result<(), Error> {
    if count < MAX_SECRETS {
        return Ok(());
    }
    let text = format!("the environment has {MAX_SECRETS} secrets already; delete some that nothing uses");
    Err(Error::new(Kind::FailedPrecondition, text))
}
