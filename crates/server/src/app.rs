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
    secret::Secret,
    sessions::Places,
    time::Clock,
    tokens::ValidTokens,
    vault::Vault,
};

/// Settings of the process that requests look at.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether new development environments have the Test Organization.
    pub test_organization: bool,
    /// For social providers in development environments.
    pub social: Social,
}

/// What the operator has set for social providers; see `[social]` of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Social {
    /// Client id and secret at Google.
    pub google: Option<(String, Secret<String>)>,
    /// A server that stands in for all providers.
    pub stand_in_url: Option<String>,
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
    /// Where addresses are.
    pub places: Places,
    /// Keys of providers that people sign in at.
    pub provider_keys: ProviderKeys,
    /// Calls a minute.
    pub rates: RateLimits,
    /// Settings of the process.
    pub settings: Settings,
}
