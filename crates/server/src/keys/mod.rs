//! Signing keys: one RSA key signs an environment's tokens; its successor is published before it signs.
//!
//! Vendor SDKs fetch `/keys` once and never again, so a new key is published for days before its first signature, and
//! an old one until the last token that it signed is dead.
mod ops;
mod ring;
mod store;

pub use ops::{KeyState, check_master_key, create_first, list, revoke, rotate};
pub use ring::{EnvironmentKeys, KeyRing};
pub use store::StoredKey;

use std::time::Duration;

/// How long a key is published before it signs, unless the operator says otherwise: a deployment cycle of customers.
pub const PUBLISH_BEFORE_SIGNING: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long a superseded key stays published: the longest token (`management.md` 12.3: 43,200 minutes), and a day.
pub const PUBLISH_AFTER_SIGNING: Duration = Duration::from_secs((30 + 1) * 24 * 60 * 60);
