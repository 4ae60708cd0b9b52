//! What a refresh token is: `rt_` and the base64url of the number of its grant, its own number, and a MAC over both and the
//! grant's random seed.
//!
//! So nothing that could be presented is stored; each token that there ever was is known again, however often it was
//! rotated since; and its successor can be told a second time to a client that lost the answer
//! (`docs/decisions/0026-codes-and-refresh-tokens.md`).
use super::store::Family;
use crate::{
    ids::GrantId,
    secret::Secret,
    time::Timestamp,
    vault::{self, Place, Vault},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use std::time::Duration;

const PREFIX: &str = "rt_";
/// Two numbers and a MAC.
const BYTES: usize = 8 + 8 + 32;
/// How long the predecessor of the token that counts is good for the same successor: two tabs, or a lost answer.
pub const GRACE: Duration = Duration::from_secs(30);

/// A refresh token as it was presented: it may be made up until [`Presented::is_genuine`].
#[derive(Debug)]
pub struct Presented {
    /// Whose it says to be.
    pub family: GrantId,
    /// Its number.
    pub generation: i64,
    mac: Vec<u8>,
}

/// Where a genuine token stands among those of its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Current,
    /// The next one counts, since a moment ago.
    JustRotated,
    /// It was rotated before that: two hold it who should not (RFC 9700 §4.14.2).
    Spent,
    /// It was never given out: the database is older than the token.
    Unknown,
}

impl Presented {
    /// Reads a token; none if it has another form.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL.decode(text.strip_prefix(PREFIX)?).ok().filter(|bytes| bytes.len() == BYTES)?;
        let (family, rest) = bytes.split_first_chunk::<8>()?;
        let (generation, mac) = rest.split_first_chunk::<8>()?;
        Some(Self {
            family: GrantId::from_i64(i64::from_be_bytes(*family)),
            generation: i64::from_be_bytes(*generation),
            mac: mac.to_vec(),
        })
    }

    /// Whether this server made it.
    pub fn is_genuine(&self, vault: &Vault, family: &Family) -> bool {
        vault::equal(&self.mac, &mac(vault, family, self.generation))
    }

    /// See [`Standing`].
    pub fn standing(&self, family: &Family, now: Timestamp) -> Standing {
        match family.generation.saturating_sub(self.generation) {
            0 => Standing::Current,
            1 if !family.rotated_at.plus(GRACE).is_past(now) => Standing::JustRotated,
            age if age > 0 => Standing::Spent,
            _ => Standing::Unknown,
        }
    }
}

/// The token of a family with this number.
pub fn token(vault: &Vault, family: &Family, generation: i64) -> Secret<String> {
    let mut bytes = Vec::with_capacity(BYTES);
    bytes.extend_from_slice(&family.id.as_i64().to_be_bytes());
    bytes.extend_from_slice(&generation.to_be_bytes());
    bytes.extend_from_slice(&mac(vault, family, generation));
    Secret::new(format!("{PREFIX}{}", BASE64URL.encode(bytes)))
}

fn mac(vault: &Vault, family: &Family, generation: i64) -> Vec<u8> {
    let place = Place { column: "refresh_tokens.seed", row: family.id.as_i64() };
    let mut content = family.seed.clone();
    content.extend_from_slice(&generation.to_be_bytes());
    vault.tag(place, &content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::{Grant, Subject};
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

    fn family(generation: i64) -> Family {
        let subject = Subject::External {
            sub: "dana".to_owned(),
            session: "ses_1".parse().unwrap(),
            organization: None,
            organization_external_id: None,
            roles: Vec::new(),
            identity: Box::default(),
        };
        let grant = Grant {
            auth_request: "req_1".parse().unwrap(),
            client: "skc_1".parse().unwrap(),
            subject,
            connection: None,
            scopes: Vec::new(),
            resource: None,
            nonce: None,
            auth_time: START,
            custom_claims: serde_json::Map::new(),
        };
        let (rotated_at, expires_at) = (START, START.plus(Duration::from_secs(86_400)));
        let id = GrantId::from_i64(7);
        Family { id, grant, without_secret: false, seed: vec![5; 32], generation, rotated_at, expires_at }
    }

    #[test]
    fn a_token_is_known_again_and_a_changed_one_is_not() {
        let (vault, family) = (Vault::new(&[1; 32]).unwrap(), family(3));
        for generation in [1, 2, 3, 4] {
            let text = token(&vault, &family, generation).expose().clone();
            let presented = Presented::parse(&text).unwrap();
            assert_eq!((presented.family, presented.generation), (family.id, generation));
            assert!(presented.is_genuine(&vault, &family));
            let other = Family { seed: vec![6; 32], ..self::family(3) };
            assert!(!presented.is_genuine(&vault, &other));
            assert!(!presented.is_genuine(&Vault::new(&[2; 32]).unwrap(), &family));
            for at in PREFIX.len()..text.len() {
                let letter = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
                let mut changed = text.clone();
                changed.replace_range(at..=at, letter);
                let is_ours =
                    |token: &Presented| token.family == family.id && token.is_genuine(&vault, &family);
                assert!(!Presented::parse(&changed).is_some_and(|token| is_ours(&token)), "{at}");
            }
        }
    }

    #[test]
    fn the_predecessor_is_good_for_half_a_minute() {
        let presented = |generation| Presented { family: GrantId::from_i64(7), generation, mac: Vec::new() };
        let family = family(3);
        let at = |seconds| START.plus(Duration::from_secs(seconds));
        assert_eq!(presented(3).standing(&family, at(1000)), Standing::Current);
        assert_eq!(presented(2).standing(&family, at(29)), Standing::JustRotated);
        assert_eq!(presented(2).standing(&family, at(30)), Standing::Spent);
        assert_eq!(presented(1).standing(&family, at(1)), Standing::Spent);
        assert_eq!(presented(4).standing(&family, at(1)), Standing::Unknown);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(rt_)?[A-Za-z0-9_-]{0,80}|\\PC{0,80}") {
            let _ = Presented::parse(&text);
        }
    }
}
