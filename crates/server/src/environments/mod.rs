//! Environments: isolated tenants of the installation, each with its own URL, keys, data, credentials and settings.
//!
//! Invariants: every row of customer data belongs to exactly one; a request belongs to the environment whose host it
//! was sent to; the issuer of tokens comes from configuration, never from a header; every change to an environment or
//! its settings raises one number, by which each node knows within a second that it must read them again.
pub mod assets;
mod branding;
mod custom_domain;
mod directory;
mod features;
mod grpc;
mod model;
mod ops;
mod session_settings;
mod settings;
mod settings_grpc;
pub mod store;
mod test_users;
mod user_management;

pub use branding::{Branding, check as check_branding};
pub use custom_domain::{CustomDomain, DomainStatus};
pub use directory::Directory;
pub use features::Features;
pub use grpc::{message, routes};
pub use model::{ApplicationSessionPolicy, Environment, EnvironmentType, Region};
pub use ops::check_name;
pub use session_settings::{ABSOLUTE, CookiePersistence, CookieSameSite, IDLE, Limit, SessionSettings};
pub use settings::{Setting, Settings, find as find_setting};
pub use test_users::TestUsers;
pub use user_management::UserManagement;
