//! `[telemetry]`: logs, metrics and traces.
use super::{
    section::{Setting, section, text},
    sources::Raw,
    units::{Listen, words},
};

section! {
    /// Logs, metrics and traces.
    Telemetry = "telemetry" {
        /// Where Prometheus finds `/metrics`; keep it away from the public. `off` for none.
        metrics_listen: Listen = "127.0.0.1:9464";
        /// `text` for people, `json` for machines: one object a line.
        log_format: LogFormat = "text";
        /// What to log: a level, or levels by target, such as `info,gatewright=debug`.
        log_filter: LogFilter = "info";
        /// Where an OpenTelemetry collector takes traces over HTTP, such as `http://127.0.0.1:4318`. Unset: no traces.
        otlp_endpoint: Option<OtlpEndpoint> = "";
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
words!(LogFormat, "text or json", "text" => Text, "json" => Json);

/// What is logged; `tracing_subscriber::EnvFilter` understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(pub String);

impl Setting for LogFilter {
    const EXPECTED: &'static str =
        "a level (error, warn, info, debug, trace, off) or levels by target, such as info,gatewright=debug";
    fn parse(raw: &Raw) -> Result<Self, String> {
        // A lone word that is no level would be taken for a target, and silence everything.
        const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];
        let text = match raw {
            Raw::List(parts) => parts.join(","),
            raw => text(raw)?.to_owned(),
        };
        for part in text.split(',').map(str::trim) {
            if !part.contains(['=', '[']) && !LEVELS.contains(&part.to_ascii_lowercase().as_str()) {
                return Err(format!("\"{part}\" is no level"));
            }
        }
        match tracing_subscriber::EnvFilter::try_new(&text) {
            Ok(_) => Ok(Self(text)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Base URL of a collector; `/v1/traces` is added (OTLP specification, "OTLP/HTTP Request").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpEndpoint(pub String);

impl Setting for OtlpEndpoint {
    const EXPECTED: &'static str = "the URL of a collector, such as http://127.0.0.1:4318";
    fn parse(raw: &Raw) -> Result<Self, String> {
        let url = url::Url::parse(text(raw)?).map_err(|error| error.to_string())?;
        match url.scheme() {
            "http" | "https" => Ok(Self(url.as_str().trim_end_matches('/').to_owned())),
            _ => Err("must start with http:// or https://".to_owned()),
        }
    }
}
