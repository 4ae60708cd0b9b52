//! Gatewright: B2B authentication in one binary, speaking Scalekit's API on the wire.
//!
//! `ARCHITECTURE.md` is the map. A request enters in [`transport`], passes its gate, is decided in a slice
//! (`organizations`, …), stored through [`db`] and answered.

// The five small things that all code uses.
pub mod entropy;
pub mod error;
pub mod ids;
pub mod secret;
pub mod time;

// What slices are built with.
pub mod app;
pub mod config;
pub mod ctx;
pub mod db;
pub mod paging;
mod rate;
pub mod rpc;
mod structs;
mod text;
mod update;
pub mod vault;

// Slices. Each may use those above it.
pub mod clients;
pub mod environments;
pub mod events;
pub mod keys;
pub mod oauth;
pub mod organizations;
pub mod roles;

// The edge: the only ones that know all slices.
pub mod bootstrap;
pub mod cli;
pub mod telemetry;
pub mod transport;
