//! `gatewright keys`
use super::{Common, Failure, runtime, settings, write_out};
use crate::{
    bootstrap,
    config::{Raw, Setting as _, Span},
    ids::ParseIdError,
    keys::{self, KeyState},
    time::Clock,
};
use std::{process::ExitCode, time::Duration};

/// List, rotate or withdraw the keys that sign tokens.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the published keys.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Make a new key, which signs after it has been published for a while; the present one stays published until its
    /// last token has expired.
    Rotate {
        #[command(flatten)]
        common: Common,
        /// How long the new key is published before it signs, such as 12h; clients read the keys once and keep them
        #[arg(long, value_name = "DURATION", default_value = "7d")]
        sign_after: String,
    },
    /// Withdraw a key that has leaked: tokens that it signed are refused within half a minute, by every node. First make
    /// another one that signs at once: `keys rotate --sign-after 0`.
    Revoke {
        #[command(flatten)]
        common: Common,
        /// Its id, snk_…
        key: String,
    },
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.command {
        Command::List { common } => list(common),
        Command::Rotate { common, sign_after } => rotate(common, sign_after),
        Command::Revoke { common, key } => revoke(common, key),
    }
}

fn list(common: &Common) -> Result<ExitCode, Failure> {
    let config = settings::load(common, None)?;
    runtime()?.block_on(async {
        let opened = bootstrap::open(&config, Clock::System, bootstrap::Purpose::Command).await?;
        let ctx = opened.operator()?;
        write_out("KEY                       STATE     SIGNS FROM                   PUBLISHED\n");
        for (key, state) in keys::list(&ctx).await? {
            let until = key
                .published_until
                .map_or_else(|| "until superseded".to_owned(), |time| format!("until {time}"));
            let line = format!(
                "{:<25} {:<9} {:<28} {until}\n",
                key.id.to_string(),
                word(state),
                key.signs_from.to_string()
            );
            write_out(&line);
        }
        opened.app.db.close().await;
        Ok(ExitCode::SUCCESS)
    })
}

fn word(state: KeyState) -> &'static str {
    match state {
        KeyState::Waiting => "waiting",
        KeyState::Signing => "signing",
        KeyState::Retiring => "retiring",
    }
}

fn rotate(common: &Common, sign_after: &str) -> Result<ExitCode, Failure> {
    let delay = sign_delay(sign_after)?;
    let config = settings::load(common, None)?;
    runtime()?.block_on(async {
        let opened = bootstrap::open(&config, Clock::System, bootstrap::Purpose::Command).await?;
        let key = keys::rotate(&opened.operator()?, delay).await?;
        write_out(&format!("made {}; it is published now and signs from {}\n", key.id, key.signs_from));
        opened.app.db.close().await;
        Ok(ExitCode::SUCCESS)
    })
}

fn revoke(common: &Common, key: &str) -> Result<ExitCode, Failure> {
    let id = key.parse().map_err(|error: ParseIdError| {
        Failure::usage(format!("bad key \"{key}\": it {error}")).with_help("gatewright keys list shows them")
    })?;
    let config = settings::load(common, None)?;
    runtime()?.block_on(async {
        let opened = bootstrap::open(&config, Clock::System, bootstrap::Purpose::Command).await?;
        keys::revoke(&opened.operator()?, id).await?;
        write_out(&format!("withdrew {id}; running servers refuse its tokens within half a minute\n"));
        opened.app.db.close().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// `0` is possible here, for a key that has leaked.
fn sign_delay(text: &str) -> Result<Duration, Failure> {
    if matches!(text, "0" | "0s") {
        return Ok(Duration::ZERO);
    }
    Span::parse(&Raw::Text(text.to_owned())).map(|span| span.0).map_err(|why| {
        Failure::usage(format!("bad value of --sign-after = \"{text}\": {why}"))
            .with_help(format!("expected {}, or 0", Span::EXPECTED))
    })
}
