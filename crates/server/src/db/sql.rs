//! Statements: one literal text for both databases, values bound to it, run on a [`Tx`] or a [`ReadTx`].
use super::{
    Change, Db, DbKind, Inner, ReadTx, Tx, WriteTx,
    error::DbError,
    value::{FromRow, Row, Value},
};
use crate::error::{Error, Kind};

/// The text of one statement, and where it is in the source.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// As PostgreSQL gets it; empty if it is for SQLite only.
    pub postgres: &'static str,
    /// As SQLite gets it; empty if it is for PostgreSQL only.
    pub sqlite: &'static str,
    /// Source file.
    pub file: &'static str,
    /// Line in the file.
    pub line: u32,
    /// Whether it only reads, on both databases.
    only_reads: bool,
    /// The table that it inserts into, updates or deletes from.
    changes: Option<Change>,
}

impl Statement {
    /// For `sql!` and `by_dialect!`.
    pub const fn new(postgres: &'static str, sqlite: &'static str, file: &'static str, line: u32) -> Self {
        let only_reads =
            (postgres.is_empty() || is_select(postgres)) && (sqlite.is_empty() || is_select(sqlite));
        let changes = change(if postgres.is_empty() { sqlite } else { postgres });
        Self { postgres, sqlite, file, line, only_reads, changes }
    }
}

/// Every statement in the program, so that a test can prepare them all on both databases.
#[linkme::distributed_slice]
pub static STATEMENTS: [Statement];

/// Starts a statement: `sql!("SELECT id FROM roles WHERE environment_id = $1").bind(environment)`. The text is a
/// literal: SQL is never built from input.
#[macro_export]
macro_rules! sql {
    ($text:expr) => {
        $crate::by_dialect!(postgres: $text, sqlite: $text)
    };
}

/// Starts the rare statement that the two databases spell differently. The parameters are the same. With `only`, it is a
/// statement of one database: the other has nothing like it.
#[macro_export]
macro_rules! by_dialect {
    (only postgres: $text:expr $(,)?) => {
        $crate::by_dialect!(postgres: $text, sqlite: "")
    };
    (only sqlite: $text:expr $(,)?) => {
        $crate::by_dialect!(postgres: "", sqlite: $text)
    };
    (postgres: $postgres:expr, sqlite: $sqlite:expr $(,)?) => {{
        #[expect(
            unsafe_code,
            reason = "linkme puts the text into a link section, from where the test of all finds it"
        )]
        #[$crate::db::linkme::distributed_slice($crate::db::STATEMENTS)]
        #[linkme(crate = $crate::db::linkme)]
        static STATEMENT: $crate::db::Statement =
            $crate::db::Statement::new($postgres, $sqlite, file!(), line!());
        $crate::db::Sql::new(&STATEMENT)
    }};
}

/// A statement with the values of its parameters.
#[derive(Debug)]
#[must_use = "a statement does nothing until it is run"]
pub struct Sql {
    statement: &'static Statement,
    values: Vec<Value>,
    scans: bool,
}

mod sealed {
    /// Where a statement runs.
    pub enum Target<'a> {
        Read(&'a super::Db),
        Write(&'a mut super::Tx),
    }
    pub trait Sealed {
        fn target(&mut self) -> Target<'_>;
        fn kind(&self) -> super::DbKind;
    }
}
use sealed::{Sealed, Target};

/// Where rows can be read: a [`Tx`], or a [`ReadTx`], which refuses everything but `SELECT`. Store functions that only
/// read take `tx: &mut impl Queryable`.
pub trait Queryable: Sealed + Send {
    /// Which database it is.
    fn db_kind(&self) -> DbKind {
        self.kind()
    }
}
impl Sealed for Tx {
    fn target(&mut self) -> Target<'_> {
        Target::Write(self)
    }
    fn kind(&self) -> DbKind {
        match self.tx {
            WriteTx::Sqlite(_) => DbKind::Sqlite,
            WriteTx::Postgres(_) => DbKind::Postgres,
        }
    }
}
impl Queryable for Tx {}
impl Sealed for ReadTx {
    fn target(&mut self) -> Target<'_> {
        Target::Read(&self.0)
    }
    fn kind(&self) -> DbKind {
        self.0.kind()
    }
}
impl Queryable for ReadTx {}

impl Tx {
    fn changes(&mut self, statement: &'static Statement) {
        if let Some(change) = statement.changes
            && !self.changed.contains(&change)
        {
            self.changed.push(change);
        }
    }
}

impl Sql {
    /// For `sql!` and `by_dialect!`.
    pub fn new(statement: &'static Statement) -> Self {
        Self { statement, values: Vec::new(), scans: false }
    }

    /// Gives `$1` its value, the next call `$2`, and so on.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Says that it may look at a great many rows. SQLite then reads on a thread of its own, so that the threads that serve
    /// requests do not wait.
    pub fn scans(mut self) -> Self {
        self.scans = true;
        self
    }

    /// Runs it and tells how many rows it changed.
    ///
    /// # Errors
    /// A broken key, or that the database could not do it. The transaction is over then: it can only be dropped.
    pub async fn execute(self, tx: &mut Tx) -> Result<u64, DbError> {
        self.check()?;
        tx.changes(self.statement);
        match &mut tx.tx {
            WriteTx::Sqlite(tx) => tx.execute(self.statement.sqlite, &self.values),
            WriteTx::Postgres(tx) => tx.execute(self.statement.postgres, &self.values).await,
        }
    }

    /// All rows.
    ///
    /// # Errors
    /// As [`Sql::execute`]; also if a row is not a `T`.
    pub async fn all<T: FromRow>(self, tx: &mut impl Queryable) -> Result<Vec<T>, DbError> {
        self.rows(tx).await?.into_iter().map(read).collect()
    }

    /// The row, if there is one.
    ///
    /// # Errors
    /// As [`Sql::all`]; also if there are several.
    pub async fn optional<T: FromRow>(self, tx: &mut impl Queryable) -> Result<Option<T>, DbError> {
        let statement = self.statement;
        let mut rows = self.rows(tx).await?.into_iter();
        match (rows.next(), rows.next()) {
            (row, None) => row.map(read).transpose(),
            (_, Some(_)) => {
                Err(DbError::fault(format!("{}:{}: several rows", statement.file, statement.line)))
            }
        }
    }

    /// The row that is surely there, such as a count's.
    ///
    /// # Errors
    /// As [`Sql::optional`]; also if there is none.
    pub async fn one<T: FromRow>(self, tx: &mut impl Queryable) -> Result<T, DbError> {
        let statement = self.statement;
        let row = self.optional(tx).await?;
        row.ok_or_else(|| DbError::fault(format!("{}:{}: no row", statement.file, statement.line)))
    }

    async fn rows(self, tx: &mut impl Queryable) -> Result<Vec<Row>, DbError> {
        self.check()?;
        let Statement { postgres, sqlite, only_reads, .. } = *self.statement;
        match tx.target() {
            Target::Read(_) if !only_reads => {
                Err(DbError::fault(format!("not a SELECT, needs db.write(): {sqlite}")))
            }
            Target::Read(db) => match &db.0 {
                Inner::Sqlite(db) if self.scans => {
                    let (db, values) = (db.clone(), self.values);
                    let scan = tokio::task::spawn_blocking(move || db.rows(sqlite, &values));
                    scan.await.map_err(|error| DbError::fault(format!("a scan ended early: {error}")))?
                }
                Inner::Sqlite(db) => {
                    // Reads are inline and always ready; this lets other tasks run now and then.
                    tokio::task::coop::consume_budget().await;
                    db.rows(sqlite, &self.values)
                }
                Inner::Postgres(db) => db.rows(postgres, &self.values).await,
            },
            Target::Write(tx) => {
                tx.changes(self.statement);
                match &mut tx.tx {
                    WriteTx::Sqlite(tx) => tx.rows(sqlite, &self.values),
                    WriteTx::Postgres(tx) => tx.rows(postgres, &self.values).await,
                }
            }
        }
    }

    /// PostgreSQL cannot store U+0000 in a text; so that both behave alike, SQLite shall not either.
    fn check(&self) -> Result<(), DbError> {
        let has_nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
        if self.values.iter().any(has_nul) {
            return Err(
                Error::new(Kind::InvalidArgument, "text must not contain the character U+0000").into()
            );
        }
        Ok(())
    }
}

fn read<T: FromRow>(mut row: Row) -> Result<T, DbError> {
    let value = T::from_row(&mut row)?;
    row.finish(value)
}

/// Also not `WITH x AS (DELETE …) SELECT` nor `SELECT … FOR UPDATE`. Evaluated when the program is built.
const fn is_select(text: &str) -> bool {
    let mut words = Words { rest: text };
    let first = words.next();
    if !is_word(first, "SELECT") && !is_word(first, "WITH") {
        return false;
    }
    loop {
        let word = words.next();
        if is_word(word, "INSERT") || is_word(word, "UPDATE") || is_word(word, "DELETE") {
            return false;
        }
        if word.is_empty() {
            return true;
        }
    }
}

/// The first table after `INSERT INTO`, `UPDATE` or `DELETE FROM`. Evaluated when the program is built.
const fn change(text: &'static str) -> Option<Change> {
    let mut words = Words { rest: text };
    loop {
        let word = words.next();
        let inserts = is_word(word, "INSERT");
        // `INTO` or `FROM` is between.
        if inserts || is_word(word, "DELETE") {
            words.next();
        }
        if inserts || is_word(word, "DELETE") || is_word(word, "UPDATE") {
            let table = words.next();
            return if table.is_empty() { None } else { Some(Change { table, inserts }) };
        }
        if word.is_empty() {
            return None;
        }
    }
}

const fn is_word(word: &str, wanted: &str) -> bool {
    word.eq_ignore_ascii_case(wanted)
}

/// Runs of ASCII letters, digits and underscores.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    /// The next one; empty at the end.
    const fn next(&mut self) -> &'a str {
        let bytes = self.rest.as_bytes();
        let mut begin = 0;
        while begin < bytes.len() && !is_letter(bytes, begin) {
            begin += 1;
        }
        let mut end = begin;
        while end < bytes.len() && is_letter(bytes, end) {
            end += 1;
        }
        let (head, rest) = self.rest.split_at(end);
        self.rest = rest;
        head.split_at(begin).1
    }
}

#[expect(clippy::indexing_slicing, reason = "within bounds, and checked by the compiler for every statement")]
const fn is_letter(bytes: &[u8], at: usize) -> bool {
    bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_'
}
