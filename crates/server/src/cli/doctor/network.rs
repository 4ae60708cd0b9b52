//! Addresses, the public URL, the limit on files and the clock.
use super::Finding;
use crate::{
    config::{Config, Listen, TlsMode},
    time::Timestamp,
    transport::serve,
};
use std::{io, net::SocketAddr, time::Duration};
use tokio::net::TcpListener;

/// 2026-01-01: no release of this program is older.
const NO_EARLIER: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

pub(super) fn public_url(config: &Config) -> Finding {
    let check = "public URL";
    let url = config.public_url();
    let speaks_tls = config.tls.mode != TlsMode::Off;
    if url.is_https() && !speaks_tls {
        let message = format!("{url} is https, but this server speaks clear text");
        let remedy = "a proxy in front must terminate TLS, and speak HTTP/2 to this server for gRPC; or set tls.cert and tls.key";
        return Finding::warning(check, message, remedy);
    }
    if !url.is_https() && speaks_tls {
        let message = format!("{url} is http, but this server speaks TLS");
        return Finding::error(check, message, "make server.public_url an https URL");
    }
    if !url.is_https() && !url.is_loopback() {
        let message = format!("{url} sends secrets and tokens in clear over the network");
        return Finding::warning(
            check,
            message,
            "use https: set tls.cert and tls.key, or put a proxy in front",
        );
    }
    if !url.is_loopback() && config.server.listen.ip().is_loopback() && speaks_tls {
        let message = format!("{url} is public, but the server listens on {} only", config.server.listen);
        return Finding::warning(
            check,
            message,
            "listen on 0.0.0.0, unless something on this machine forwards to it",
        );
    }
    Finding::ok(check, url.to_string())
}

pub(super) async fn ports(config: &Config) -> Vec<Finding> {
    let mut findings = vec![port("listen", "--listen", config.server.listen).await];
    if let Listen::At(address) = config.telemetry.metrics_listen {
        findings.push(port("metrics", "telemetry.metrics_listen", address).await);
        if !address.ip().is_loopback() {
            let message = format!("{address} can be reached from other machines, and nothing guards it");
            findings.push(Finding::warning(
                "metrics",
                message,
                "listen on 127.0.0.1, or let a firewall guard it",
            ));
        }
    }
    findings
}

async fn port(check: &'static str, setting: &str, address: SocketAddr) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok(check, format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let remedy =
                format!("that is right if the server is running; otherwise choose another with {setting}");
            Finding::warning(check, format!("{address} is in use"), remedy)
        }
        Err(error) => {
            let message = format!("cannot listen on {address}: {error}");
            Finding::error(check, message, format!("choose another address with {setting}"))
        }
    }
}

pub(super) fn open_files(config: &Config) -> Option<Finding> {
    let files = serve::open_file_limit()?;
    let wanted = usize::try_from(config.limits.max_connections.0).unwrap_or(usize::MAX);
    let possible = serve::Limits::from(&config.limits).max_connections;
    Some(if possible < wanted {
        let message =
            format!("at most {files}, which is enough for {possible} connections, not for {wanted}");
        let remedy =
            "raise it (ulimit -n, or LimitNOFILE in the systemd unit), or lower limits.max_connections";
        Finding::warning("open files", message, remedy)
    } else {
        Finding::ok("open files", format!("at most {files}"))
    })
}

/// `newest` is the newest time in the database.
pub(super) fn clock(now: Timestamp, newest: Option<Timestamp>) -> Finding {
    let check = "clock";
    let remedy = "set the clock (NTP): tokens and certificates depend on it";
    if now < NO_EARLIER {
        return Finding::error(check, format!("it says {now}, which is in the past"), remedy);
    }
    match newest {
        // Nodes can be apart by a little.
        Some(newest) if newest > now.plus(Duration::from_secs(60)) => {
            Finding::error(check, format!("it says {now}, but the database has an event of {newest}"), remedy)
        }
        _ => Finding::ok(check, now.to_string()),
    }
}
