//! Brings the database's schema up to this program's version. Forward only; what was applied never changes.
use super::{
    Db, Inner, Sql, Statement, Tx, WriteTx,
    error::DbError,
    value::{FromRow, Row},
};
use crate::{
    error::{Error, Kind},
    time::Timestamp,
};
use aws_lc_rs::digest;
use rusqlite::{Connection, TransactionBehavior};
use std::sync::Arc;

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Number in front of the file's name.
    pub version: i64,
    /// Rest of the file's name, without suffix.
    pub name: &'static str,
    /// The statements for PostgreSQL.
    pub postgres: &'static str,
    /// The statements for SQLite.
    pub sqlite: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL
)";
const SELECT: &str = "SELECT version, name, checksum FROM schema_migrations ORDER BY version";
const INSERT: &str =
    "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";
/// PostgreSQL's advisory lock: any number that nobody else uses in this database.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7162534019283746)";

static APPLIED: Statement = Statement::new(SELECT, SELECT, file!(), line!());
static RECORD: Statement = Statement::new(INSERT, INSERT, file!(), line!());

struct Applied {
    version: i64,
    name: String,
    checksum: String,
}
impl FromRow for Applied {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self { version: row.next()?, name: row.next()?, checksum: row.next()? })
    }
}

/// Applies those of `migrations` (ascending, normally [`MIGRATIONS`]) that are missing, each in a transaction with its
/// record, and returns them. Several nodes may do this at once. If none is missing this is one `SELECT`.
///
/// # Errors
/// `FAILED_PRECONDITION`, for the operator: the database is newer than the program, an applied migration was changed, or
/// one cannot be applied.
pub async fn migrate(
    db: &Db,
    migrations: &'static [Migration],
    now: Timestamp,
) -> Result<Vec<&'static Migration>, Error> {
    if pending(db, migrations).await?.is_empty() {
        return Ok(Vec::new());
    }
    match &db.0 {
        Inner::Sqlite(sqlite) => {
            let sqlite = Arc::clone(sqlite);
            let task = tokio::task::spawn_blocking(move || {
                let mut conn = sqlite.migration_connection()?;
                let mut done = Vec::new();
                while let Some(migration) = sqlite_next(&mut conn, migrations, now)? {
                    done.push(migration);
                }
                Ok(done)
            });
            task.await.map_err(Error::internal)?
        }
        Inner::Postgres(_) => {
            let mut done = Vec::new();
            while let Some(migration) = postgres_next(db, migrations, now).await? {
                done.push(migration);
            }
            Ok(done)
        }
    }
}

/// Those of `migrations` that are not applied yet.
///
/// # Errors
/// As [`migrate`].
pub async fn pending(db: &Db, migrations: &'static [Migration]) -> Result<Vec<&'static Migration>, Error> {
    let applied = match Sql::new(&APPLIED).all(&mut db.read()).await {
        Err(e) if e.is_missing_table() => Vec::new(),
        other => other?,
    };
    missing(&applied, migrations, |migration| match &db.0 {
        Inner::Sqlite(_) => migration.sqlite,
        Inner::Postgres(_) => migration.postgres,
    })
}

fn missing(
    applied: &[Applied],
    migrations: &'static [Migration],
    text: impl Fn(&'static Migration) -> &'static str,
) -> Result<Vec<&'static Migration>, Error> {
    let refuse = |message| Err(Error::new(Kind::FailedPrecondition, message));
    let newest = migrations.last().map_or(0, |migration| migration.version);
    if let Some(last) = applied.last().filter(|last| last.version > newest) {
        return refuse(format!(
            "the database is at version {}, this gatewright knows up to {newest}: start a newer gatewright",
            last.version
        ));
    }
    for row in applied {
        let Some(migration) = migrations.iter().find(|migration| migration.version == row.version) else {
            return refuse(format!(
                "the database has migration {:04}_{}, which this gatewright does not know: start the one that made it",
                row.version, row.name
            ));
        };
        if checksum(text(migration)) != row.checksum {
            return refuse(format!(
                "migration {:04}_{} was changed after it was applied to this database: start the gatewright that applied it",
                migration.version, migration.name
            ));
        }
    }
    let is_missing = |m: &&Migration| !applied.iter().any(|row| row.version == m.version);
    Ok(migrations.iter().filter(is_missing).collect())
}

/// SHA-256 of the text, in hexadecimal.
fn checksum(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn failed(migration: &Migration, error: impl std::fmt::Display) -> Error {
    let Migration { version, name, .. } = migration;
    Error::new(Kind::FailedPrecondition, format!("migration {version:04}_{name} cannot be applied: {error}"))
}

/// Applies the first that is missing. SQLite's write lock keeps other nodes out meanwhile.
fn sqlite_next(
    conn: &mut Connection,
    migrations: &'static [Migration],
    now: Timestamp,
) -> Result<Option<&'static Migration>, Error> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(DbError::from)?;
    let applied = sqlite_applied(&tx).map_err(DbError::from)?;
    let Some(migration) = missing(&applied, migrations, |m| m.sqlite)?.into_iter().next() else {
        return Ok(None);
    };
    let apply = || {
        tx.execute_batch(migration.sqlite)?;
        // Foreign keys are off on this connection, so that tables can be rebuilt: checks them now.
        let broken = tx.prepare("PRAGMA foreign_key_check")?.exists([])?;
        let record = (migration.version, migration.name, checksum(migration.sqlite), now.as_micros());
        tx.execute(INSERT, record)?;
        Ok(broken)
    };
    if apply().map_err(|e: rusqlite::Error| failed(migration, e))? {
        return Err(failed(migration, "it would leave foreign keys that point at nothing"));
    }
    tx.commit().map_err(|e| failed(migration, e))?;
    Ok(Some(migration))
}

fn sqlite_applied(conn: &Connection) -> rusqlite::Result<Vec<Applied>> {
    conn.execute_batch(TABLE)?;
    let mut select = conn.prepare(SELECT)?;
    let rows = select.query_map([], |row| {
        Ok(Applied { version: row.get(0)?, name: row.get(1)?, checksum: row.get(2)? })
    })?;
    rows.collect()
}

/// Applies the first that is missing. An advisory lock keeps other nodes out until the end of the transaction.
async fn postgres_next(
    db: &Db,
    migrations: &'static [Migration],
    now: Timestamp,
) -> Result<Option<&'static Migration>, Error> {
    let mut tx = db.write().await?;
    batch(&mut tx, LOCK).await?;
    batch(&mut tx, TABLE).await?;
    let applied = Sql::new(&APPLIED).all(&mut tx).await?;
    let Some(migration) = missing(&applied, migrations, |m| m.postgres)?.into_iter().next() else {
        return Ok(None);
    };
    batch(&mut tx, migration.postgres).await.map_err(|e| failed(migration, e))?;
    let record = Sql::new(&RECORD).bind(migration.version).bind(migration.name);
    record.bind(checksum(migration.postgres)).bind(now).execute(&mut tx).await?;
    tx.commit().await?;
    Ok(Some(migration))
}

async fn batch(tx: &mut Tx, text: &str) -> Result<(), DbError> {
    match &mut tx.tx {
        WriteTx::Postgres(tx) => tx.batch(text).await,
        WriteTx::Sqlite(_) => Err(DbError::fault("SQLite is migrated on a connection of its own")),
    }
}
