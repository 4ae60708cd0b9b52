//! The database: does it open, is it sound, does its version fit.
use super::Finding;
use crate::{
    cli::Failure,
    config::{Config, DatabaseUrl},
    db::{self, Db, MIGRATIONS},
    events, keys,
    time::{Clock, Timestamp},
    vault::Vault,
};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

const CHECK: &str = "database";

/// Findings, and the newest time that is stored.
pub(super) async fn check(config: &Config, clock: &Clock) -> (Vec<Finding>, Option<Timestamp>) {
    let url = config.database_url();
    if let DatabaseUrl::Sqlite(path) = &url {
        if !path.exists() {
            let message = format!("{} does not exist yet; the first start makes it", path.display());
            return (vec![Finding::ok(CHECK, message)], None);
        }
        if let Some(damage) = damage(path).await {
            return (vec![damage], None);
        }
    }
    let db = match Db::open(&url).await {
        Ok(db) => db,
        Err(error) => return (vec![failed(error)], None),
    };
    let product = match url {
        DatabaseUrl::Sqlite(_) => "SQLite, sound",
        DatabaseUrl::Postgres(_) => "PostgreSQL, in a supported version",
    };
    let mut findings = vec![Finding::ok(CHECK, format!("{url} opens ({product})"))];
    let mut newest = None;
    match db::pending(&db, MIGRATIONS).await {
        Ok(pending) if pending.is_empty() => {
            findings.push(Finding::ok(CHECK, "its tables are up to date"));
            newest = events::newest(&db).await.unwrap_or_default();
            findings.extend(master_key(config, &db, clock).await);
        }
        Ok(pending) => {
            let message = format!("{} migrations are to be applied", pending.len());
            findings.push(Finding::ok(CHECK, format!("{message}; the next start does it")));
        }
        Err(error) => findings.push(failed(error)),
    }
    db.close().await;
    (findings, newest)
}

/// Whether the master key is the one that the database was made with. That it is there is checked elsewhere.
async fn master_key(config: &Config, db: &Db, clock: &Clock) -> Option<Finding> {
    let vault = Vault::open_file(&config.master_key_file(), false).ok()?;
    let check = "master key";
    Some(match keys::check_master_key(db, &vault, clock.now()).await {
        Ok(()) => Finding::ok(check, "it opens the signing keys in the database"),
        Err(error) => {
            use std::error::Error as _;
            let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            let remedy = "restore the master key that this database was made with (security.master_key_file)";
            Finding::error(check, format!("it does not open the signing keys: {cause}"), remedy)
        }
    })
}

fn failed(error: crate::error::Error) -> Finding {
    let failure = Failure::from(error);
    Finding::error(
        CHECK,
        failure.message(),
        failure.help().unwrap_or("check database.url, and that the database runs"),
    )
}

/// SQLite's own look at every page; it reads the whole file.
async fn damage(path: &Path) -> Option<Finding> {
    let (path, shown) = (path.to_owned(), path.display().to_string());
    let check = move || -> rusqlite::Result<String> {
        let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
    };
    let restore =
        "stop the server and restore the file from a backup; `sqlite3 FILE .recover` may save the rest";
    match tokio::task::spawn_blocking(check).await {
        Ok(Ok(answer)) if answer == "ok" => None,
        Ok(Ok(answer)) => Some(Finding::error(CHECK, format!("{shown} is damaged: {answer}"), restore)),
        Ok(Err(error)) => Some(Finding::error(
            CHECK,
            format!("{shown} cannot be read: {error}"),
            "check that it is a SQLite database and that this user may read and write it; or restore it from a backup",
        )),
        Err(error) => {
            Some(Finding::error(CHECK, error.to_string(), "this is a fault of the program: report it"))
        }
    }
}
