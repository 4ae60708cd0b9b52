//! Gatewright: B2B authentication in one binary, speaking Scalekit's API on the wire.
//!
//! `ARCHITECTURE.md` is the map. A request enters in [`transport`], passes its gate, is decided in a slice
//! (`organizations`, …), stored through [`db`] and answered.

// Each module may use those of its own group and of the groups above: `tests/architecture.rs` sees to it.

// The five small things that all code uses.
pub mod entropy;
pub mod error;
pub mod ids;
pub mod secret;
pub mod time;

// Where things are kept, and how that is set.
pub mod config;
pub mod db;
pub mod dns;
pub mod vault;

// What slices are built with.
pub mod app;
pub mod ctx;
pub mod email;
mod hostname;
pub mod lists;
mod outbound;
pub mod paging;
mod rate;
mod remembered;
pub mod rpc;
mod stored;
mod structs;
mod text;
mod update;
mod user_agent;

// Slices: what every environment has.
pub mod environments;
pub mod jobs;
pub mod mail;

pub mod auth_logs;
pub mod events;
pub mod keys;
pub mod log_streams;
pub mod roles;
pub mod secrets;

// Slices: what is made of that.
pub mod connections;
pub mod directories;
pub mod domains;
pub mod identities;
pub mod organizations;
pub mod pages;
pub mod passkeys;
pub mod sessions;
pub mod totp;
pub mod user_attributes;
pub mod users;

// Slices: machines that act for them.
pub mod clients;
pub mod oauth;
pub mod resources;
pub mod tokens;

// Slices: signing in.
pub mod login;
pub mod passwordless;
pub mod relying_party;
// Slices: the people who work in the dashboard.
pub mod members;

// The edge: the only ones that know all slices.
pub mod bootstrap;
pub mod cli;
pub mod telemetry;
pub mod transport;
