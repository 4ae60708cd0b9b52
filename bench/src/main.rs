//! Prints how fast and how small the server is, each figure beside a limit that is measured in the same run on the same
//! machine. `bench/README.md` explains every row.
mod api;
mod browser;
mod exchanges;
mod fill;
mod http1;
mod limits;
mod load;
mod phases;
mod process;
mod report;

use anyhow::{Context as _, Result};
use clap::Parser;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

// The same allocator as the server, so that clients do not slow the measurement down more than they must.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the server against limits of this machine, and says whether the goals are reached.
///
/// Exit code: 0 if every goal to reach is reached, 1 if not, 2 if the measurement failed.
#[derive(Debug, Parser)]
#[command(name = "gatewright-bench", version)]
struct Args {
    /// The server's program; by default `gatewright` beside this program, which must be a release build.
    #[arg(long)]
    server: Option<PathBuf>,
    /// Keep the server's data in this PostgreSQL database, which must be empty, instead of SQLite. Rows whose limit is
    /// SQLite's are left out.
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Where the databases go; by default beside this program. Not a folder in memory: syncs cost nothing there.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// Seconds for each measurement.
    #[arg(long, default_value_t = 6.0)]
    seconds: f64,
    /// A second for each measurement and few restarts: to see whether all is well, not to compare.
    #[arg(long)]
    quick: bool,
    /// Also fill a database with so many users, a tenth as many organizations and a hundredth as many members of one of
    /// them, and compare each operation with the same one on a small database.
    #[arg(long, value_name = "USERS", value_parser = clap::value_parser!(u32).range(1000..))]
    fill: Option<u32>,
    /// With --fill: leave all else out.
    #[arg(long, requires = "fill")]
    only_fill: bool,
    /// Print JSON instead of the table.
    #[arg(long)]
    json: bool,
}

/// What the measurements need to know.
#[derive(Debug)]
pub struct Plan {
    server: PathBuf,
    postgres: Option<String>,
    folder: tempfile::TempDir,
    per_measurement: Duration,
    restarts: usize,
    fill: Option<u32>,
    only_fill: bool,
}

impl Plan {
    fn new(args: &Args) -> Result<Self> {
        let own = std::env::current_exe().context("where this program is")?;
        let beside = own.parent().context("this program is in no folder")?;
        let server = args.server.clone().unwrap_or_else(|| beside.join("gatewright"));
        anyhow::ensure!(
            server.exists(),
            "{} is missing: build it with cargo build --release -p gatewright, or name it with --server",
            server.display()
        );
        let parent: &Path = args.dir.as_deref().unwrap_or(beside);
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(parent)?;
        let seconds = if args.quick { 1.0 } else { args.seconds };
        Ok(Self {
            server,
            postgres: args.postgres.clone(),
            folder,
            per_measurement: Duration::try_from_secs_f64(seconds).context("--seconds")?,
            restarts: if args.quick { 5 } else { 20 },
            fill: args.fill,
            only_fill: args.only_fill,
        })
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            report::progress(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> Result<bool> {
    let plan = Plan::new(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(phases::all(&plan))?;
    let text = if args.json { report.json() } else { report.table() };
    report::print(&text)?;
    Ok(report.reached())
}
