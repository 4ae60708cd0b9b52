//! `[sessions]`: what is known of where people sign in.
use super::section::section;
use std::path::PathBuf;

section! {
    /// What is known of where people sign in.
    Sessions = "sessions" {
        /// A file in MaxMind's format (`.mmdb`) of cities or countries, by which sessions tell country, place and coordinates
        /// of the address that somebody signed in from. It is read at the start. Unset: sessions tell the address alone.
        location_file: Option<PathBuf> = "";
    }
}
