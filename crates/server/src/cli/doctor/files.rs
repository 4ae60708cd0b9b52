//! The data folder, the master key and the TLS files.
use super::Finding;
use crate::{
    config::{Config, DatabaseUrl, TlsMode},
    time::Timestamp,
    transport::tls::{Certificate, LocalAuthority},
    vault::Vault,
};
use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn data_dir(config: &Config) -> Vec<Finding> {
    let (check, path) = ("data folder", &config.server.data_dir);
    let shown = path.display();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return vec![Finding::ok(check, format!("{shown} does not exist yet; the first start makes it"))];
        }
        Err(error) => {
            let remedy = "give this user the right to enter the folders above it";
            return vec![Finding::error(check, format!("cannot look at {shown}: {error}"), remedy)];
        }
    };
    if !metadata.is_dir() {
        return vec![Finding::error(
            check,
            format!("{shown} is not a folder"),
            "choose another with --data-dir",
        )];
    }
    let mut findings = Vec::new();
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let message = format!("{shown} is open to other users (mode {mode:o})");
        findings.push(Finding::warning(check, message, format!("chmod 700 {shown}")));
    }
    match try_write(path) {
        Ok(()) => findings.push(Finding::ok(check, format!("{shown} can be written"))),
        Err(error) => {
            let message = format!("{shown} cannot be written: {error}");
            let remedy = "give this user the right to write there, or free space on the disk";
            findings.push(Finding::error(check, message, remedy));
        }
    }
    findings
}

fn try_write(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".doctor-{}", std::process::id()));
    let written = fs::write(&path, b"gatewright doctor");
    let removed = fs::remove_file(&path);
    written.and(removed)
}

pub(super) fn master_key(config: &Config) -> Vec<Finding> {
    let (check, path) = ("master key", config.master_key_file());
    let shown = path.display();
    if !path.exists() && !database_exists(config) {
        return vec![Finding::ok(check, format!("{shown} does not exist yet; the first start makes it"))];
    }
    if let Err(error) = Vault::open_file(&path, false) {
        let text = error.to_string();
        let (message, remedy) =
            text.split_once("\n  help: ").unwrap_or((&text, "restore it from your backup"));
        return vec![Finding::error(check, message, remedy)];
    }
    let mut findings =
        vec![Finding::ok(check, format!("{shown} can be read; keep a backup apart from the database"))];
    findings.extend(others_can_read(check, &path));
    if config.credentials_file().exists() {
        findings.extend(others_can_read("credentials", &config.credentials_file()));
    }
    findings
}

/// Whether it is certain that there was a first start. PostgreSQL is looked at elsewhere.
fn database_exists(config: &Config) -> bool {
    matches!(config.database_url(), DatabaseUrl::Sqlite(path) if path.exists())
}

fn others_can_read(check: &'static str, path: &Path) -> Option<Finding> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let shown = path.display();
    let message = format!("{shown} is open to other users (mode {mode:o})");
    (mode & 0o077 != 0).then(|| Finding::error(check, message, format!("chmod 600 {shown}")))
}

pub(super) fn tls(config: &Config, now: Timestamp) -> Vec<Finding> {
    let check = "TLS";
    match (config.tls.mode, &config.tls.cert, &config.tls.key) {
        (TlsMode::Files, Some(cert), Some(key)) => certificate(config, cert, key, now),
        (TlsMode::Local, ..) => {
            let authority = LocalAuthority::new(config.local_tls_dir(), config.public_url().host());
            let (cert, key): (PathBuf, PathBuf) = (authority.certificate_file(), authority.key_file());
            if !cert.exists() {
                return vec![Finding::ok(check, "the local authority is made when the server starts")];
            }
            certificate(config, &cert, &key, now)
        }
        _ => vec![Finding::ok(check, "off; the server speaks clear text")],
    }
}

fn certificate(config: &Config, cert: &Path, key: &Path, now: Timestamp) -> Vec<Finding> {
    let check = "TLS";
    let certificate = match Certificate::load(cert, key) {
        Ok(certificate) => certificate,
        Err(error) => return vec![Finding::error(check, error.to_string(), error.help())],
    };
    let local = config.tls.mode == TlsMode::Local;
    let renew = if local { "restart the server: it renews its local certificate" } else { "renew it" };
    let shown = cert.display();
    let mut findings: Vec<Finding> = others_can_read(check, key).into_iter().collect();
    match certificate.validity {
        Some(validity) if validity.until.is_past(now) => {
            findings.push(Finding::error(check, format!("{shown} expired at {}", validity.until), renew));
        }
        Some(validity) if now < validity.from => {
            let message = format!("{shown} is valid only from {}", validity.from);
            findings.push(Finding::error(check, message, "check the clock of this machine"));
        }
        Some(validity) if validity.until.is_past(now.plus(DAY * 14)) => {
            findings.push(Finding::warning(check, format!("{shown} expires at {}", validity.until), renew));
        }
        Some(validity) => {
            findings.push(Finding::ok(check, format!("{shown} is valid until {}", validity.until)))
        }
        None => findings.push(Finding::ok(check, format!("{shown} and its key belong together"))),
    }
    let host = config.public_url().host().to_owned();
    if !certificate.covers(&host) {
        let message = format!("{shown} is not for {host}, but for {}", certificate.hosts.join(", "));
        let remedy = "clients will refuse it: get a certificate for the host of server.public_url";
        findings.push(Finding::error(check, message, if local { renew } else { remedy }));
    }
    findings
}
