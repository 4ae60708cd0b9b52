//! The database: one SQL text for SQLite and PostgreSQL, and the only code that knows both.
//!
//! - [`Db::read`] gives a [`ReadTx`]: each statement on it sees what is committed when it starts. Nothing is held between
//!   two statements, so it is no snapshot; what must be seen together is read by one statement, or in a [`Tx`].
//! - [`Db::write`] gives a [`Tx`]. On SQLite there is one at a time, first come, first served; see `sqlite` for how
//!   several of them share one sync of the disk. Within it: no network, no hashing, no second `write()`.
//! - A [`Tx`] is over after its first failed statement, on both databases, and dropping it undoes it.
//! - Nothing may leave the process (an answer, a mail, a cache entry) before [`Tx::commit`] has returned.
mod error;
mod migrate;
mod postgres;
mod sql;
mod sqlite;
mod url;
mod value;

pub use error::{DbError, OnViolation};
#[doc(hidden)]
pub use linkme;
pub use migrate::{MIGRATIONS, Migration, migrate, pending};
pub use sql::{Queryable, STATEMENTS, Sql, Statement};
pub use url::DatabaseUrl;
pub use value::{FromColumn, FromRow, Row, Value};

use crate::error::Error;
use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DbKind {
    /// A file on this machine.
    Sqlite,
    /// A server, shared by several nodes.
    Postgres,
}

/// How a database is used.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// PostgreSQL: most connections at a time. SQLite: most idle read connections.
    pub pool_size: usize,
    /// How long to wait for a connection, or for SQLite's write lock, before the answer is `UNAVAILABLE`.
    pub wait: Duration,
}
impl Default for OpenOptions {
    fn default() -> Self {
        Self { pool_size: 16, wait: Duration::from_secs(5) }
    }
}

/// An open database. Cheap to clone; the last clone closes it.
#[derive(Clone)]
pub struct Db(Inner, Arc<Changes>);

/// How many transactions of this node have changed which table.
#[derive(Debug, Default)]
struct Changes(Mutex<HashMap<&'static str, Counts>>);

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// With new rows, too.
    all: u64,
    /// Of rows that were there.
    of_rows: u64,
}

impl Changes {
    fn count(&self, changed: &[Change]) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changed {
            let counts = counts.entry(change.table).or_default();
            counts.all += 1;
            counts.of_rows += u64::from(!change.inserts);
        }
    }

    fn sum(&self, tables: &[&str], of: impl Fn(&Counts) -> u64) -> u64 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.iter().filter_map(|table| counts.get(table)).map(of).sum()
    }
}

/// What a statement changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    table: &'static str,
    inserts: bool,
}

#[derive(Clone)]
enum Inner {
    Sqlite(Arc<sqlite::Sqlite>),
    Postgres(Arc<postgres::Postgres>),
}

/// Where one statement after the other can be read, each on the latest committed state.
#[derive(Debug)]
pub struct ReadTx(Db);

/// A write transaction. Dropping it undoes it.
#[must_use = "a transaction that is not committed is undone"]
pub struct Tx {
    tx: WriteTx,
    /// Who waits for the commit.
    waiters: Vec<Arc<tokio::sync::Notify>>,
    /// What its statements name as that which they change.
    changed: Vec<Change>,
    changes: Arc<Changes>,
}

enum WriteTx {
    Sqlite(sqlite::SqliteTx),
    Postgres(Box<postgres::PostgresTx>),
}

/// How much work the commits did; the quotient is the number of transactions per sync of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitStats {
    /// Write transactions that were committed.
    pub transactions: u64,
    /// Commits of the database; on SQLite one may hold many transactions.
    pub commits: u64,
}

#[derive(Debug, Default)]
struct Counters {
    transactions: AtomicU64,
    commits: AtomicU64,
}
impl Counters {
    fn committed(&self, transactions: usize) {
        self.transactions.fetch_add(transactions as u64, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("gatewright_db_transactions_total").increment(transactions as u64);
        metrics::counter!("gatewright_db_commits_total").increment(1);
    }
    fn stats(&self) -> CommitStats {
        CommitStats {
            transactions: self.transactions.load(Ordering::Relaxed),
            commits: self.commits.load(Ordering::Relaxed),
        }
    }
}

impl Db {
    /// Opens the database with the default options. Creates a SQLite file that is not there yet.
    ///
    /// # Errors
    /// For the operator: what is wrong with the URL, the folder, the file or the server, and what to do.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, Error> {
        Self::open_in(url, &OpenOptions::default()).await
    }

    /// As [`Db::open`], with options.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub async fn open_in(url: &DatabaseUrl, options: &OpenOptions) -> Result<Self, Error> {
        let inner = match url {
            DatabaseUrl::Sqlite(path) => Inner::Sqlite(Arc::new(sqlite::Sqlite::open(path, options)?)),
            DatabaseUrl::Postgres(url) => {
                Inner::Postgres(Arc::new(postgres::Postgres::open(url.expose(), options).await?))
            }
        };
        Ok(Self(inner, Arc::default()))
    }

    /// For reading. Costs nothing; connections are taken per statement.
    pub fn read(&self) -> ReadTx {
        ReadTx(self.clone())
    }

    /// Begins a write transaction.
    ///
    /// # Errors
    /// `UNAVAILABLE` if no lock or connection came free in time, or the database is gone.
    pub async fn write(&self) -> Result<Tx, Error> {
        self.begin(false).await
    }

    /// Begins a write transaction that shares SQLite's commit with no other, for what makes others' savepoints dear
    /// (virtual tables). It keeps the writer until it is durable.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_alone(&self) -> Result<Tx, Error> {
        self.begin(true).await
    }

    async fn begin(&self, alone: bool) -> Result<Tx, Error> {
        let tx = match &self.0 {
            Inner::Sqlite(db) => WriteTx::Sqlite(db.write(alone).await?),
            Inner::Postgres(db) => WriteTx::Postgres(Box::new(db.write().await?)),
        };
        Ok(Tx { tx, waiters: Vec::new(), changed: Vec::new(), changes: self.1.clone() })
    }

    /// Whether it answers, for the readiness probe.
    ///
    /// # Errors
    /// `UNAVAILABLE`
    pub async fn ping(&self) -> Result<(), Error> {
        static PING: Statement = Statement::new("SELECT 1", "SELECT 1", file!(), line!());
        Sql::new(&PING).one::<i64>(&mut self.read()).await?;
        Ok(())
    }

    /// Which database it is.
    pub fn kind(&self) -> DbKind {
        match &self.0 {
            Inner::Sqlite(_) => DbKind::Sqlite,
            Inner::Postgres(_) => DbKind::Postgres,
        }
    }

    /// How many transactions and commits there were since it was opened.
    pub fn commit_stats(&self) -> CommitStats {
        self.counters().stats()
    }

    fn counters(&self) -> &Counters {
        match &self.0 {
            Inner::Sqlite(db) => db.counters(),
            Inner::Postgres(db) => db.counters(),
        }
    }

    /// How many transactions of this node have changed one of these tables by a statement that names it; what cascades
    /// does not count. What was read before this number rose is old.
    pub fn changes_of(&self, tables: &[&str]) -> u64 {
        self.1.sum(tables, |counts| counts.all)
    }

    /// As [`Db::changes_of`], without those that only added rows.
    pub fn changes_of_rows(&self, tables: &[&str]) -> u64 {
        self.1.sum(tables, |counts| counts.of_rows)
    }

    /// Ends all use of it: waits for the transactions under way, then closes. Later uses fail with `UNAVAILABLE`.
    pub async fn close(&self) {
        match &self.0 {
            Inner::Sqlite(db) => db.close().await,
            Inner::Postgres(db) => db.close(),
        }
    }

    /// Asks the database to prepare a statement without running it; for the test of all [`STATEMENTS`].
    ///
    /// # Errors
    /// The database's objection, with the place in the source.
    pub async fn prepare(&self, statement: &Statement) -> Result<(), Error> {
        let result = match &self.0 {
            Inner::Sqlite(_) if statement.sqlite.is_empty() => Ok(()),
            Inner::Postgres(_) if statement.postgres.is_empty() => Ok(()),
            Inner::Sqlite(db) => db.prepare(statement.sqlite),
            Inner::Postgres(db) => db.prepare(statement.postgres).await,
        };
        result.map_err(|e| Error::internal(format!("{}:{}: {e}", statement.file, statement.line)))
    }
}

impl Tx {
    /// Makes it durable. When this returns `Ok`, it is on disk.
    ///
    /// # Errors
    /// `UNAVAILABLE` if the disk is full or the connection was lost, `ABORTED` if it lost a race. If the connection was
    /// lost it is unknown whether it was stored; otherwise it was not.
    pub async fn commit(self) -> Result<(), Error> {
        let result = match self.tx {
            WriteTx::Sqlite(tx) => tx.commit().await,
            WriteTx::Postgres(tx) => tx.commit().await,
        };
        // After an error, too: it may be stored all the same.
        self.changes.count(&self.changed);
        result?;
        for waiter in self.waiters {
            waiter.notify_one();
        }
        Ok(())
    }

    /// Wakes whoever waits for `waiter` once this is committed.
    pub fn notify_after_commit(&mut self, waiter: &Arc<tokio::sync::Notify>) {
        if !self.waiters.iter().any(|known| Arc::ptr_eq(known, waiter)) {
            self.waiters.push(waiter.clone());
        }
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Db({:?})", self.kind())
    }
}
impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tx")
    }
}
