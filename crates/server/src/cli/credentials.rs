//! `gatewright credentials`
use super::{Common, Failure, Serving, runtime, settings, write_out};
use crate::{bootstrap, clients, ids::EnvironmentId, time::Clock};
use std::{path::PathBuf, process::ExitCode};

/// Make new API credentials.
///
/// Writes a file that a shell can read (mode 0600); the secret is shown nowhere else. Two secrets can be active at a
/// time, so that programs can change over one by one: make a new one, give it to all, then repeat with --revoke-others.
/// The server may be running.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    serving: Serving,
    /// File to write [default: credentials.env in the data folder, credentials-ID.env with --environment]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Id of the environment (env_…) [default: the first one]
    #[arg(long, value_name = "ID")]
    environment: Option<EnvironmentId>,
    /// Secrets made earlier stop working at once
    #[arg(long)]
    revoke_others: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let config = settings::load(&args.common, Some(&args.serving))?;
    let file = config.credentials_file();
    let path = args.output.clone().unwrap_or_else(|| match args.environment {
        Some(id) => file.with_file_name(format!("credentials-{id}.env")),
        None => file,
    });
    runtime()?.block_on(async {
        let opened = bootstrap::open(&config, Clock::System, bootstrap::Purpose::Command).await?;
        let ctx = match args.environment {
            Some(id) => opened.operator_in(id).await?,
            None => opened.operator()?,
        };
        let (client, secret) = clients::issue_secret(&ctx, args.revoke_others).await.map_err(|error| {
            let failure = Failure::from(error);
            if args.revoke_others { failure } else { failure.with_help("repeat with --revoke-others") }
        })?;
        bootstrap::write_credentials(&path, &ctx.environment().url, client, &secret)?;
        let others = if args.revoke_others { "; earlier secrets no longer work" } else { "" };
        write_out(&format!(
            "wrote new credentials of {client} for {url} to {path}{others}\nuse them with: set -a; . {path}; set +a\n",
            url = ctx.environment().url,
            path = path.display()
        ));
        opened.app.db.close().await;
        Ok(ExitCode::SUCCESS)
    })
}
