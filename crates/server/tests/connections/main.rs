//! Connections through the API, over gRPC and over REST.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what goes wrong in a test shall stop it"
)]

mod domains;
mod environment;
mod imports;
mod lists;
mod organization;
mod settings;
mod support;
