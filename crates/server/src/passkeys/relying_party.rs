//! For whom passkeys are: the relying party of WebAuthn.
use crate::environments::Environment;

/// The relying party of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// RP ID (WebAuthn §5.1.2): a host name.
    pub id: String,
    /// Origins that may use its passkeys.
    pub origins: Vec<String>,
}

impl RelyingParty {
    /// The environment itself. Until the passkey connection can say otherwise it is the only one.
    pub fn of(environment: &Environment) -> Self {
        let host = url::Url::parse(&environment.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        Self { id: host.unwrap_or_default(), origins: vec![environment.url.clone()] }
    }
}
