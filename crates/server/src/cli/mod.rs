//! The commands. Answers go to stdout, logs and errors to stderr; exit codes: 0 done, 1 failed, 2 wrong usage or
//! configuration.
mod banner;
mod credentials;
mod doctor;
mod failure;
mod keys;
mod migrate;
mod out;
mod serve;
mod settings;

pub use banner::Banner;
pub use failure::Failure;
pub use out::write_out;
pub use settings::{Common, Serving};

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// B2B authentication in one binary, speaking Scalekit's API on the wire.
///
/// `gatewright serve` is all it takes to begin: it makes a database, a signing key and API credentials, and says what to
/// do next.
#[derive(Debug, Parser)]
#[command(name = "gatewright", version, arg_required_else_help = true, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "Every setting has a default. Settings come from a TOML file (--config, GATEWRIGHT_CONFIG or \
./gatewright.toml),\nthen from variables such as GATEWRIGHT_SERVER__LISTEN, then from flags; the later is the stronger.\n\
docs/configuration.md lists them all.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server.
    Serve(serve::Args),
    /// Bring the database up to date and stop. `serve` does the same when it starts.
    Migrate(migrate::Args),
    /// Check configuration, files, database, keys and TLS, and say what is wrong and how to put it right.
    Doctor(doctor::Args),
    /// Make new API credentials, or replace the present ones.
    Credentials(credentials::Args),
    /// List or rotate the keys that sign tokens.
    Keys(keys::Args),
}

/// Runs the command that the arguments of this process name.
pub fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Credentials(args) => credentials::run(&args),
        Command::Keys(args) => keys::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            out::write_err(&failure.to_string());
            ExitCode::from(failure.code())
        }
    }
}

/// A runtime with a thread for each core.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("gatewright")
        .build()
        .map_err(|error| Failure::new(format!("cannot start threads: {error}")))
}

#[cfg(test)]
mod tests;
