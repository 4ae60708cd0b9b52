//! Typed identifiers: a prefix and a decimal number, `org_264905529753604096`.
use crate::{error::Error, time::Timestamp};
use std::{fmt, hash, marker::PhantomData, str::FromStr, sync::Mutex};

/// What an [`Id`] points at, and the prefix that says so on the wire.
pub trait Kind {
    /// In front of the underscore.
    const PREFIX: &'static str;
    /// For messages, `organization`.
    const NAME: &'static str;
}

/// Identifier of one `K`. Sorts by creation time; it is no secret. At most 32 characters.
pub struct Id<K>(i64, PhantomData<fn() -> K>);

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Id<K> {}
impl<K> hash::Hash for Id<K> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K> Id<K> {
    /// From the number that a database row holds.
    pub const fn from_i64(number: i64) -> Self {
        Self(number, PhantomData)
    }
    /// The number that a database row holds.
    pub const fn as_i64(self) -> i64 {
        self.0
    }
}
impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", K::PREFIX, self.0)
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As in a database row: a number. For JSON that the server keeps for itself.
impl<K> serde::Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(self.0)
    }
}
impl<'de, K> serde::Deserialize<'de> for Id<K> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        serde::Deserialize::deserialize(from).map(Self::from_i64)
    }
}

/// The text is not an id of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the id of {article} {name}: {prefix}_ and a number", article = article(.name))]
pub struct ParseIdError {
    /// The prefix that was expected.
    pub prefix: &'static str,
    /// What the id should point at.
    pub name: &'static str,
}

fn article(name: &str) -> &'static str {
    if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = ParseIdError;
    /// One spelling per id: the right prefix, no sign, no leading zero, at most `i64::MAX`.
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let error = ParseIdError { prefix: K::PREFIX, name: K::NAME };
        let digits = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_')).ok_or(error)?;
        if digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(error);
        }
        digits.parse().map(Self::from_i64).map_err(|_| error)
    }
}

/// The id that stands in a field of a request.
///
/// # Errors
/// `INVALID_ARGUMENT` that names the field.
pub fn parse<K: Kind>(field: &'static str, text: &str) -> Result<Id<K>, Error> {
    text.parse().map_err(|error: ParseIdError| Error::invalid(field, "id", error.to_string()))
}

macro_rules! kinds {
    ($($kind:ident = $prefix:literal, $name:literal, $id:ident);* $(;)?) => { $(
        #[doc = concat!("Marks ids of ", $name, "s.")]
        #[derive(Debug)]
        pub enum $kind {}
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
            const NAME: &'static str = $name;
        }
        #[doc = concat!("`", $prefix, "_…`")]
        pub type $id = Id<$kind>;
    )* };
}

// Every prefix of the product; `management.md` 0.5 lists those of the interface.
kinds! {
    EnvironmentKind = "env", "environment", EnvironmentId;
    OrganizationKind = "org", "organization", OrganizationId;
    PortalLinkKind = "lnk", "portal link", PortalLinkId;
    ApplicationKind = "skc", "application", ApplicationId;
    OrganizationClientKind = "m2morg", "organization client", OrganizationClientId;
    ClientSecretKind = "sks", "client secret", ClientSecretId;
    SigningKeyKind = "snk", "signing key", SigningKeyId;
    TokenKind = "tkn", "token", TokenId;
    RoleKind = "role", "role", RoleId;
    PermissionKind = "perm", "permission", PermissionId;
    EventKind = "evt", "event", EventId;
    RequestKind = "req", "request", RequestId;
    UserKind = "usr", "user", UserId;
    UserProfileKind = "usp", "user profile", UserProfileId;
    DomainKind = "dom", "domain", DomainId;
    ConnectionKind = "conn", "connection", ConnectionId;
    ConnectionTestKind = "test", "connection test", ConnectionTestId;
    IdpCertificateKind = "cert", "IdP certificate", IdpCertificateId;
    SpCertificateKind = "cer", "SP certificate", SpCertificateId;
    DirectoryKind = "dir", "directory", DirectoryId;
    DirectorySecretKind = "sks", "directory secret", DirectorySecretId;
    DirectoryUserKind = "diruser", "directory user", DirectoryUserId;
    DirectoryGroupKind = "dirgroup", "directory group", DirectoryGroupId;
    SessionKind = "ses", "session", SessionId;
    ApiTokenKind = "apit", "API token", ApiTokenId;
    CredentialKind = "cred", "passkey", CredentialId;
    TotpRegistrationKind = "totp", "TOTP registration", TotpRegistrationId;
    LoginRequestKind = "lri", "login request", LoginRequestId;
    JobKind = "job", "job", JobId;
    MailKind = "mail", "mail", MailId;
    EmailServerKind = "esr", "e-mail server", EmailServerId;
    EmailTemplateKind = "tpl", "e-mail template", EmailTemplateId;
    InvitationKind = "inv", "invitation", InvitationId;
    PasswordlessRequestKind = "ar", "passwordless request", PasswordlessRequestId;
    AssetKind = "asset", "asset", AssetId;
    WorkspaceKind = "wks", "workspace", WorkspaceId;
    MemberKind = "mem", "member", MemberId;
    FixedDashboardRoleKind = "skr", "fixed dashboard role", FixedDashboardRoleId;
    DashboardRoleKind = "skdr", "dashboard role", DashboardRoleId;
    ResourceKind = "res", "resource", ResourceId;
    ResourceClientKind = "m2m", "resource client", ResourceClientId;
    ScopeKind = "scp", "scope", ScopeId;
    ConsentKind = "usrcnst", "consent", ConsentId;
    AuthRequestKind = "req", "sign-in", AuthRequestId;
    LogStreamKind = "lgs", "log stream", LogStreamId;
    StoredSecretKind = "sec", "secret", StoredSecretId;
    GrantKind = "grant", "grant", GrantId;
}

/// Hands out ids: 41 bits of milliseconds since 2024, 10 of node, 12 of sequence. Strictly rising on one node, also
/// when the clock steps back.
#[derive(Debug)]
pub struct IdSource {
    node: i64,
    last: Mutex<(i64, i64)>,
}

impl IdSource {
    const EPOCH_MILLIS: i64 = 1_704_067_200_000;
    const SEQUENCES: i64 = 1 << 12;

    /// A source for the node with this number; only its last 10 bits count.
    pub fn new(node: i64) -> Self {
        Self { node: node & 0x3ff, last: Mutex::new((0, 0)) }
    }

    /// The next id of any kind.
    pub fn next<K>(&self, now: Timestamp) -> Id<K> {
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let millis = (now.as_micros() / 1000 - Self::EPOCH_MILLIS).max(last.0);
        *last = match *last {
            (m, sequence) if m == millis && sequence + 1 < Self::SEQUENCES => (millis, sequence + 1),
            (m, _) if m == millis => (millis + 1, 0),
            _ => (millis, 0),
        };
        Id::from_i64((last.0 << 22) | (self.node << 12) | last.1)
    }

    /// The smallest number that an id made at `time` can have: turns a time into a bound on ids.
    pub fn first_at(time: Timestamp) -> i64 {
        (time.as_micros() / 1000 - Self::EPOCH_MILLIS).clamp(0, (1 << 41) - 1) << 22
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_id_has_one_spelling(number in 1..=i64::MAX) {
            let id = OrganizationId::from_i64(number);
            prop_assert_eq!(id.to_string().parse::<OrganizationId>().unwrap(), id);
            prop_assert!(id.to_string().len() <= 32);
        }

        #[test]
        fn parsing_never_panics_and_is_the_inverse_of_printing(text in "\\PC{0,40}|org_[0-9+-]{0,22}") {
            if let Ok(id) = text.parse::<OrganizationId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn refuses_other_kinds_signs_zeros_and_overflow() {
        for text in [
            "",
            "org",
            "org_",
            "org_0",
            "org_01",
            "org_+1",
            "org_-1",
            "usr_1",
            "org_9223372036854775808",
            "org_1 ",
        ] {
            assert!(text.parse::<OrganizationId>().is_err(), "{text}");
        }
        let message = "usr_1".parse::<OrganizationId>().unwrap_err().to_string();
        assert_eq!(message, "must be the id of an organization: org_ and a number");
    }

    #[test]
    fn ids_rise_when_the_clock_does_not() {
        let source = IdSource::new(1023);
        let now = Timestamp::from_micros(1_767_225_600_000_000);
        let first: EventId = source.next(now);
        assert_eq!(first.as_i64() >> 12 & 0x3ff, 1023);
        let mut last = first.as_i64();
        for step in 0..10_000 {
            let next: EventId = source.next(Timestamp::from_micros(now.as_micros() - step));
            assert!(next.as_i64() > last);
            last = next.as_i64();
        }
    }
}
