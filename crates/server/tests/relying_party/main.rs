//! Being a client of other people's login, against providers that say what a test wants.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what goes wrong in a test shall stop it"
)]

mod browser;
mod hostile;
mod oidc;
mod social;
mod support;
mod test_organization;
