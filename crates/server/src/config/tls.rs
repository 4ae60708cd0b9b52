//! `[tls]`: whether the server itself speaks TLS, and with which certificate.
use super::{section::section, units::words};
use std::path::PathBuf;

section! {
    /// Whether the server itself speaks TLS, and with which certificate.
    Tls = "tls" {
        /// `off`: clear text, a proxy may terminate TLS. `files`: the certificate of `cert` and `key`. `local`: a
        /// certificate for localhost, signed by a local authority that is made once. `files` is understood when `cert` is set.
        mode: TlsMode = "off";
        /// PEM file of the certificate and its chain, leaf first. It is read again when it changes.
        cert: Option<PathBuf> = "";
        /// PEM file of the certificate's private key.
        key: Option<PathBuf> = "";
    }
}

/// Where the certificate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Clear text.
    Off,
    /// Files that somebody else renews.
    Files,
    /// A local authority in the data folder.
    Local,
}
words!(TlsMode, "off, files or local", "off" => Off, "files" => Files, "local" => Local);
