//! `gatewright migrate`
use super::{Common, Failure, runtime, settings, write_out};
use crate::{
    db::{self, Db, MIGRATIONS},
    time::Clock,
};
use std::process::ExitCode;

/// Bring the database up to date and stop.
///
/// `serve` does the same when it starts. Migrations go forward only: make a backup first.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Only say what would be applied.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let config = settings::load(&args.common, None)?;
    if let db::DatabaseUrl::Sqlite(path) = config.database_url()
        && let Some(folder) = path.parent()
        && !folder.as_os_str().is_empty()
    {
        crate::bootstrap::make_data_dir(folder)?;
    }
    runtime()?.block_on(async {
        let db = Db::open(&config.database_url()).await?;
        let migrations = if args.dry_run {
            db::pending(&db, MIGRATIONS).await?
        } else {
            db::migrate(&db, MIGRATIONS, Clock::System.now()).await?
        };
        let verb = if args.dry_run { "would apply" } else { "applied" };
        for migration in &migrations {
            write_out(&format!("{verb} {:04}_{}\n", migration.version, migration.name));
        }
        if migrations.is_empty() {
            write_out("the database is up to date\n");
        }
        db.close().await;
        Ok(ExitCode::SUCCESS)
    })
}
