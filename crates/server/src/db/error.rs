//! Why a statement failed, told alike for both databases.
use crate::error::{Error, Kind};
use std::{error::Error as StdError, fmt};

/// A statement, or a transaction, that failed. It becomes an [`Error`] by `?`; [`OnViolation`] first gives the broken
/// keys their meaning. The text has names of constraints and codes, never a value.
pub struct DbError {
    cause: Cause,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plain {
    /// A foreign key points at nothing, or something still points here.
    ForeignKey,
    /// Lost a race that PostgreSQL noticed.
    Conflict,
    /// The database cannot serve just now; the caller is told this.
    Unavailable(&'static str),
    /// The table is not there, as before the first migration.
    MissingTable,
    /// A fault of ours.
    Fault,
}

enum Cause {
    Plain(Plain),
    Unique(String),
    /// What the caller shall see is already known.
    Decided(Error),
}

/// Told to callers when the disk is full or broken.
pub(super) const DISK: &str = "the server's disk is full or failing: nothing was stored, try again later";
/// Told to callers when no lock or connection came free in time.
pub(super) const BUSY: &str = "the database is busy: try again";
/// Told to callers when the database does not answer.
pub(super) const GONE: &str = "the database does not answer: try again";

impl DbError {
    fn plain(cause: Plain, text: impl fmt::Display) -> Self {
        Self { cause: Cause::Plain(cause), text: text.to_string() }
    }
    pub(super) fn fault(text: impl fmt::Display) -> Self {
        Self::plain(Plain::Fault, text)
    }
    pub(super) fn unavailable(message: &'static str, text: impl fmt::Display) -> Self {
        Self::plain(Plain::Unavailable(message), text)
    }
    /// The same failure for another who suffers from it.
    pub(super) fn duplicate(&self) -> Self {
        let cause = match &self.cause {
            Cause::Plain(plain) => *plain,
            Cause::Unique(_) | Cause::Decided(_) => Plain::Fault,
        };
        Self::plain(cause, &self.text)
    }
    pub(super) fn is_missing_table(&self) -> bool {
        matches!(self.cause, Cause::Plain(Plain::MissingTable))
    }

    /// The unique key that the statement broke: `table_column_column_key`, or `table_pkey` for a primary key.
    pub fn unique_key(&self) -> Option<&str> {
        match &self.cause {
            Cause::Unique(key) => Some(key),
            _ => None,
        }
    }
    /// Whether the statement broke a foreign key.
    pub fn is_foreign_key(&self) -> bool {
        matches!(self.cause, Cause::Plain(Plain::ForeignKey))
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl fmt::Debug for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DbError({})", self.text)
    }
}
impl StdError for DbError {}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error.cause {
            Cause::Decided(decided) => decided,
            Cause::Plain(Plain::Unavailable(message)) => Self::unavailable(message, error.text),
            Cause::Plain(Plain::Conflict) => {
                Self::new(Kind::Aborted, "another request changed the same data: try again")
                    .with_source(error.text)
            }
            Cause::Plain(Plain::ForeignKey | Plain::MissingTable | Plain::Fault) | Cause::Unique(_) => {
                Self::internal(error.text)
            }
        }
    }
}
impl From<Error> for DbError {
    fn from(error: Error) -> Self {
        Self { text: error.to_string(), cause: Cause::Decided(error) }
    }
}

/// Says what a broken key means to the caller. Calls can follow one another; `?` ends the chain.
pub trait OnViolation: Sized {
    /// If the unique key with this name was broken, the error is `error`.
    fn on_unique(self, key: &str, error: impl FnOnce() -> Error) -> Self;
    /// If a foreign key was broken, the error is `error`. SQLite does not say which one, so there is no name.
    fn on_foreign_key(self, error: impl FnOnce() -> Error) -> Self;
}
impl<T> OnViolation for Result<T, DbError> {
    fn on_unique(self, key: &str, error: impl FnOnce() -> Error) -> Self {
        self.map_err(|e| if e.unique_key() == Some(key) { error().with_source(e.text).into() } else { e })
    }
    fn on_foreign_key(self, error: impl FnOnce() -> Error) -> Self {
        self.map_err(|e| if e.is_foreign_key() { error().with_source(e.text).into() } else { e })
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let (code, text) = match &error {
            rusqlite::Error::SqliteFailure(code, text) => (*code, text.clone().unwrap_or_default()),
            rusqlite::Error::SqlInputError { error, msg, .. } => (*error, msg.clone()),
            other => return Self::fault(other),
        };
        let told = format!(
            "sqlite {}: {}",
            code.extended_code,
            if text.is_empty() { code.to_string() } else { text.clone() }
        );
        match (code.code, code.extended_code) {
            (_, rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE) => {
                Self { cause: Cause::Unique(sqlite_key(&text, false)), text: told }
            }
            (_, rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY | rusqlite::ffi::SQLITE_CONSTRAINT_ROWID) => {
                Self { cause: Cause::Unique(sqlite_key(&text, true)), text: told }
            }
            (_, rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => Self::plain(Plain::ForeignKey, told),
            (Code::DiskFull | Code::SystemIoFailure | Code::ReadOnly | Code::CannotOpen, _) => {
                Self::unavailable(DISK, told)
            }
            (Code::DatabaseBusy | Code::DatabaseLocked, _) => Self::unavailable(BUSY, told),
            _ if text.starts_with("no such table") => Self::plain(Plain::MissingTable, told),
            _ => Self::fault(told),
        }
    }
}

/// SQLite names the columns, `UNIQUE constraint failed: t.a, t.b`; PostgreSQL the constraint. This makes it `t_a_b_key`.
fn sqlite_key(text: &str, primary: bool) -> String {
    let columns = text.rsplit_once(": ").map_or(text, |(_, columns)| columns);
    // A unique index on an expression has no columns to tell: `index 'name'`.
    if let Some(name) = columns.strip_prefix("index '").and_then(|rest| rest.strip_suffix('\'')) {
        return name.to_owned();
    }
    let table = columns.split_once('.').map_or(columns, |(table, _)| table);
    if primary {
        return format!("{table}_pkey");
    }
    let names: Vec<_> = columns.split(", ").filter_map(|c| c.split_once('.').map(|(_, name)| name)).collect();
    format!("{table}_{}_key", names.join("_"))
}

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            return if error.is_closed() || is_io(&error) {
                Self::unavailable(GONE, chain(&error))
            } else {
                Self::fault(chain(&error))
            };
        };
        // Not `Display`: its DETAIL has the values of the broken key.
        let code = db.code().code();
        let constraint = db.constraint().unwrap_or_default();
        let told = format!("postgres {code}: {}", db.message());
        match code {
            "23505" => Self { cause: Cause::Unique(constraint.to_owned()), text: told },
            "23503" => Self::plain(Plain::ForeignKey, told),
            "40001" | "40P01" => Self::plain(Plain::Conflict, told),
            "42P01" => Self::plain(Plain::MissingTable, told),
            "53100" => Self::unavailable(DISK, told),
            // Too many connections, shutting down, starting up, a standby, a cancelled statement, a lock timeout.
            "53200" | "53300" | "57P01" | "57P02" | "57P03" | "25006" | "57014" | "55P03" => {
                Self::unavailable(BUSY, told)
            }
            _ if code.starts_with("08") => Self::unavailable(GONE, told),
            _ => Self::fault(told),
        }
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    let mut source = error.source();
    while let Some(inner) = source {
        if inner.is::<std::io::Error>() {
            return true;
        }
        source = inner.source();
    }
    false
}

/// An error and its causes on one line. Some errors already tell their cause.
pub(super) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let cause = inner.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        source = inner.source();
    }
    text
}

impl From<deadpool_postgres::PoolError> for DbError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        use deadpool_postgres::{PoolError, TimeoutType};
        match error {
            PoolError::Backend(inner) => Self::from(inner),
            PoolError::Timeout(TimeoutType::Wait) => {
                Self::unavailable(BUSY, "every pooled connection stayed in use")
            }
            other => Self::unavailable(GONE, chain(&other)),
        }
    }
}
