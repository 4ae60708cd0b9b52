//! Flags that several commands share, and the configuration that they are a part of.
use super::Failure;
use crate::config::{Config, Sources};
use std::path::PathBuf;

/// Flags of every command.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Common {
    /// Configuration file [default: ./gatewright.toml, if there is one]
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub config: Option<PathBuf>,
    /// Folder of the database, keys and credentials [default: ./gatewright-data]
    #[arg(long, value_name = "DIR", help_heading = "Settings")]
    pub data_dir: Option<String>,
    /// sqlite:PATH or postgres://USER@HOST/NAME [default: SQLite in the data folder]
    ///
    /// Other users of this machine can see it while the command runs: give a URL with a password in
    /// GATEWRIGHT_DATABASE__URL, or in a file that database.url_file names.
    #[arg(long, value_name = "URL", help_heading = "Settings")]
    pub database_url: Option<String>,
    /// What clients call the server [default: http(s)://localhost and the port]
    #[arg(long, value_name = "URL", help_heading = "Settings")]
    pub public_url: Option<String>,
    /// What to log: error, warn, info, debug, or levels by target [default: info]
    #[arg(long, value_name = "FILTER", help_heading = "Settings")]
    pub log: Option<String>,
    /// text or json [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = "Settings")]
    pub log_format: Option<String>,
}

/// Flags of commands that concern the listening server.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Serving {
    /// Address and port [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT", help_heading = "Settings")]
    pub listen: Option<String>,
    /// off, files or local: `local` makes an authority for localhost and says how SDKs trust it [default: off]
    #[arg(long, value_name = "MODE", help_heading = "Settings")]
    pub tls: Option<String>,
    /// PEM file of the certificate chain; turns TLS on
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub tls_cert: Option<String>,
    /// PEM file of the certificate's key
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub tls_key: Option<String>,
    /// Where Prometheus finds /metrics, or off [default: 127.0.0.1:9464]
    #[arg(long, value_name = "ADDRESS:PORT", help_heading = "Settings")]
    pub metrics_listen: Option<String>,
}

/// The configuration of this process, with these flags on top.
///
/// # Errors
/// Exit code 2, with the key and what was expected.
pub fn load(common: &Common, serving: Option<&Serving>) -> Result<Config, Failure> {
    let mut flags = vec![
        ("server.data_dir", &common.data_dir),
        ("server.public_url", &common.public_url),
        ("database.url", &common.database_url),
        ("telemetry.log_filter", &common.log),
        ("telemetry.log_format", &common.log_format),
    ];
    if let Some(serving) = serving {
        flags.extend([
            ("server.listen", &serving.listen),
            ("tls.mode", &serving.tls),
            ("tls.cert", &serving.tls_cert),
            ("tls.key", &serving.tls_key),
            ("telemetry.metrics_listen", &serving.metrics_listen),
        ]);
    }
    let flags = flags.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect();
    Ok(Config::load(&Sources::of_process(common.config.clone(), flags)?)?)
}
