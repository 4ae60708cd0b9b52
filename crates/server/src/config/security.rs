//! `[security]`: the master key, and whom to believe.
use super::{
    section::section,
    units::{Network, words},
};
use std::path::PathBuf;

section! {
    /// The master key, and whom to believe.
    Security = "security" {
        /// File of the key that encrypts signing keys and other secrets at rest. Made at the first start; back it up apart
        /// from the database. Unset: `master.key` in `server.data_dir`.
        master_key_file: Option<PathBuf> = "";
        /// Type of the first environment, `development` or `production`.
        environment_type: EnvironmentType = "development";
        /// Proxies whose `X-Forwarded-For` is believed: addresses or networks.
        trusted_proxies: Vec<Network> = "";
    }
}

/// What the first environment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvironmentType {
    /// For trying things.
    Development,
    /// For customers.
    Production,
}
words!(EnvironmentType, "development or production", "development" => Development, "production" => Production);
