//! `gatewright doctor`: what is wrong, before users find out.
mod database;
mod files;
mod mail;
mod network;

use super::{Common, Failure, Serving, runtime, settings, write_out};
use crate::{config::Config, time::Clock};
use serde::Serialize;
use std::{fmt::Write as _, process::ExitCode};

/// Check configuration, files, database, keys and TLS.
///
/// Changes nothing, and may run beside the server. Give it the flags that `serve` gets. The exit code is 1 if something
/// is wrong, and 0 if there are only warnings.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    serving: Serving,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// As it should be.
    Ok,
    /// Works, but somebody should look at it.
    Warning,
    /// Does not work.
    Error,
}

/// What one check found.
#[derive(Clone, Debug, Serialize)]
struct Finding {
    /// What was looked at, `database`.
    check: &'static str,
    status: Status,
    /// What is the case.
    message: String,
    /// What to do, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, message: message.into(), remedy: None }
    }
    fn warning(check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, status: Status::Warning, message: message.into(), remedy: Some(remedy.into()) }
    }
    fn error(check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, status: Status::Error, message: message.into(), remedy: Some(remedy.into()) }
    }
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let findings = match settings::load(&args.common, Some(&args.serving)) {
        Ok(config) => runtime()?.block_on(examine(&config, &Clock::System)),
        Err(failure) => {
            let help = failure.help().unwrap_or("see docs/configuration.md");
            vec![Finding::error("configuration", failure.message(), help)]
        }
    };
    write_out(&if args.json { json(&findings)? } else { text(&findings) });
    let failed = findings.iter().any(|finding| finding.status == Status::Error);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn examine(config: &Config, clock: &Clock) -> Vec<Finding> {
    let file =
        config.file.as_ref().map_or("no file, only defaults, variables and flags".to_owned(), |file| {
            format!("read {}", file.display())
        });
    let mut findings = vec![Finding::ok("configuration", file)];
    findings.extend(files::data_dir(config));
    let (database, newest) = database::check(config, clock).await;
    findings.extend(database);
    findings.extend(files::master_key(config));
    findings.extend(files::tls(config, clock.now()));
    findings.push(network::public_url(config));
    findings.extend(network::ports(config).await);
    findings.extend(network::open_files(config));
    findings.push(network::clock(clock.now(), newest));
    findings.push(mail::check(config).await);
    findings
}

fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let sign = match finding.status {
            Status::Ok => '✓',
            Status::Warning => '!',
            Status::Error => '✗',
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{sign} {:<14} {}", finding.check, finding.message);
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "  {:<14} → {remedy}", "");
        }
    }
    let count = |status| findings.iter().filter(|finding| finding.status == status).count();
    let _ = match (count(Status::Error), count(Status::Warning)) {
        (0, 0) => writeln!(text, "\nAll is well."),
        (errors, warnings) => writeln!(text, "\n{errors} to put right (✗), {warnings} to look at (!)."),
    };
    text
}

fn json(findings: &[Finding]) -> Result<String, Failure> {
    let ok = findings.iter().all(|finding| finding.status != Status::Error);
    let value = serde_json::json!({ "version": env!("CARGO_PKG_VERSION"), "ok": ok, "checks": findings });
    let text = serde_json::to_string_pretty(&value).map_err(|error| Failure::new(error.to_string()))?;
    Ok(text + "\n")
}

#[cfg(test)]
mod tests;
