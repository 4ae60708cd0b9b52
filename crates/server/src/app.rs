//! What every request may use, built once.
use crate::{
    clients::SecretUses, config::Network, db::Db, environments, ids::IdSource, keys::KeyRing,
    rate::RateLimits, time::Clock, vault::Vault,
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
    /// The environments, by host.
    pub environments: environments::Directory,
    /// Signing keys.
    pub keys: KeyRing,
    /// When clients' secrets were last used, until that is stored.
    pub secret_uses: SecretUses,
    /// Calls a minute.
    pub rates: RateLimits,
    /// Settings of the process.
    pub settings: Settings,
}
