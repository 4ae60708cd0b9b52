//! Directories through the API, over gRPC and over REST. The mirror is filled as the SCIM endpoint will fill it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod configuration;
mod contents;
mod limits;
mod support;
