//! Plain data of API keys.
use crate::{
    entropy,
    error::{Error, Kind},
    ids::{ApiTokenId, EnvironmentId, OrganizationId, UserId},
    remembered::Remembered,
    secret::Secret,
    time::Timestamp,
    vault,
};
use std::collections::BTreeMap;

/// An API key, as validation tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// `apit_…`
    pub id: ApiTokenId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The organization's key at the application's.
    pub organization_external_id: Option<String>,
    /// For whom it acts; none for a key of the organization itself.
    pub user: Option<TokenUser>,
    /// At most 20 pairs.
    pub custom_claims: BTreeMap<String, String>,
    /// At most 255 characters.
    pub description: Option<String>,
    /// Last four characters.
    pub suffix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it can no longer be used; none means never.
    pub expires_at: Option<Timestamp>,
}

/// Keys that were found valid a moment ago, by environment and hash, so that an application may ask with each of its
/// requests.
pub type ValidTokens = Remembered<(EnvironmentId, [u8; 32]), ApiToken>;

/// The member for whom a key acts, as of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenUser {
    /// `usr_…`
    pub id: UserId,
    /// The user's key at the application's.
    pub external_id: Option<String>,
    /// As it was given.
    pub email: String,
    /// Names of the roles in the organization.
    pub roles: Vec<String>,
}

/// An API key to be made.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    /// Whose it shall be.
    pub organization: OrganizationId,
    /// For whom it shall act: a member.
    pub user: Option<UserId>,
    /// The proto's rules have been checked.
    pub custom_claims: BTreeMap<String, String>,
    /// Empty counts as absent.
    pub description: String,
    /// In the future, or never.
    pub expires_at: Option<Timestamp>,
}

/// How a request names an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// By its id.
    Id(ApiTokenId),
    /// By itself: SHA-256 of it.
    Hash([u8; 32]),
}

impl Key {
    /// Reads what a request has; any text may be a key.
    pub fn parse(text: &str) -> Self {
        match text.parse() {
            Ok(id) => Self::Id(id),
            Err(_) => Self::Hash(hash(text)),
        }
    }

    /// The error of a key that is none, is dead, or is another environment's.
    pub fn not_found() -> Error {
        Error::new(Kind::NotFound, "token not found: it is unknown, expired or invalidated")
    }
}

/// SHA-256, as it is stored.
pub fn hash(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(vault::hash(text)) {
        *to = from;
    }
    bytes
}

const PREFIX: &str = "gwt_";
const CHARACTERS: usize = 43;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new key: a prefix that scanners find and 43 characters of Base62, which are 256 random bits.
///
/// # Errors
/// `INTERNAL` if the system has no randomness to give.
pub fn generate() -> Result<Secret<String>, Error> {
    let mut text = String::with_capacity(PREFIX.len() + CHARACTERS);
    text.push_str(PREFIX);
    while text.len() < PREFIX.len() + CHARACTERS {
        // A byte above 247 would make some characters likelier than others.
        let fair = entropy::bytes::<64>()?.into_iter().filter(|&byte| byte < 248);
        let letters = fair.filter_map(|byte| BASE62.get(usize::from(byte % 62)).copied().map(char::from));
        text.extend(letters.take(PREFIX.len() + CHARACTERS - text.len()));
    }
    Ok(Secret::new(text))
}

/// The last four characters, by which people tell keys apart.
pub fn suffix(text: &str) -> &str {
    text.get(text.len().saturating_sub(4)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_base62_of_256_bits_and_never_alike() {
        let (one, two) = (generate().unwrap(), generate().unwrap());
        let random = one.expose().strip_prefix("gwt_").unwrap();
        assert_eq!(random.len(), 43);
        assert!(random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(one.expose(), two.expose());
        assert!(matches!(Key::parse(one.expose()), Key::Hash(_)));
        assert_eq!(suffix(one.expose()).len(), 4);
    }

    #[test]
    fn only_a_whole_id_is_an_id() {
        assert!(matches!(Key::parse("apit_731211000000001"), Key::Id(_)));
        for text in ["", "apit_", "apit_x", "apit_01", " apit_1", "org_1", "é"] {
            assert!(matches!(Key::parse(text), Key::Hash(_)), "{text}");
        }
    }
}
