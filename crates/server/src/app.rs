//! What every request may use, built once.
use crate::{
    clients::{KnownClients, KnownOrigins, SecretUses},
    config::Network,
    db::Db,
    dns::Dns,
    environments,
    ids::IdSource,
    jobs,
    keys::KeyRing,
    mail::Mailer,
    outbound::Outbound,
    rate::RateLimits,
    relying_party::ProviderKeys,
    roles::Permitted,
    time::Clock,
    tokens::ValidTokens,
    vault::Vault,
};

/// Settings of the process that requests look at.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
}

/// What every request may use.
#[derive(Debug)]
pub struct App {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// New ids.
    pub ids: IdSource,
    /// The master key.
    pub vault: Vault,
    /// Questions to the DNS.
    pub dns: Dns,
    /// What customers' URLs lead to.
    pub outbound: Outbound,
    /// The environments, by host.
    pub environments: environments::Directory,
    /// Tells this node's workers of new jobs.
    pub jobs: jobs::Wake,
    /// Where mails go.
    pub mail: Mailer,
    /// Signing keys.
    pub keys: KeyRing,
    /// When clients' secrets were last used, until that is stored.
    pub secret_uses: SecretUses,
    /// Clients that asked for a token a moment ago.
    pub known_clients: KnownClients,
    /// Pages that may call OAuth by script, as they were a moment ago.
    pub known_origins: KnownOrigins,
    /// What roles permit, as it was a moment ago.
    pub permitted: Permitted,
    /// API keys that were found valid a moment ago.
    pub api_tokens: ValidTokens,
    /// Keys of providers that people sign in at.
    pub provider_keys: ProviderKeys,
    /// Calls a minute.
    pub rates: RateLimits,
    /// Settings of the process.
    pub settings: Settings,
}
