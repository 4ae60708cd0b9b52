//! `[outbound]`: where the server may go when a customer names a URL.
use super::{section::section, units::Network};

section! {
    /// Where the server may go when a customer names a URL.
    Outbound = "outbound" {
        /// Addresses or networks that are not public, and that URLs of customers (an identity provider's metadata, say) may
        /// lead to all the same, on any port. Name the networks of identity providers on your premises; all other private,
        /// loopback and link-local addresses are refused.
        allowed_networks: Vec<Network> = "";
    }
}
