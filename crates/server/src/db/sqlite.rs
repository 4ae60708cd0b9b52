//! SQLite, called inline: short reads on a few connections, writes on one, with group commit.
//!
//! A sync of the disk costs as much as dozens of transactions, so several share one. The first [`SqliteTx`] opens an
//! outer transaction, each `SqliteTx` is a savepoint in it. `commit()` releases the savepoint and then waits for the
//! *outer* `COMMIT`, which a thread of its own runs: it takes the same fair lock as the writers, hence comes after those
//! that queued before it, and they share its sync. Other connections, hence all reads, see nothing of the outer
//! transaction until then. If it fails, so does everyone who waits for it.
//!
//! Deferred constraints (`DEFERRABLE`) are not for this: they are checked at the outer `COMMIT`, which would make one
//! transaction's fault everybody's.
use super::{
    Counters, OpenOptions,
    error::{BUSY, DISK, DbError},
    value::{Row, Value},
};
use crate::error::{Error, Kind};
use rusqlite::{Connection, OpenFlags, Statement, config::DbConfig, types::ValueRef};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex as StdMutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};
use tokio::{
    sync::{Mutex, OwnedMutexGuard, oneshot},
    time::{Instant, sleep, timeout},
};

/// Most transactions that share one commit, so that the first of them does not wait for long.
const MAX_BATCH: usize = 64;
/// How often the first of a batch lets others go on before it has the batch committed.
const MAX_ROUNDS: usize = 10;
/// How long a new connection waits for a database that another program keeps locked.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// Statements kept prepared per connection: more than the program has.
const PREPARED: usize = 512;

pub(super) struct Sqlite {
    path: PathBuf,
    options: OpenOptions,
    writer: Arc<Mutex<Writer>>,
    readers: StdMutex<Vec<Connection>>,
    committer: mpsc::Sender<Message>,
    /// Transactions that ever waited for a commit.
    released: Arc<AtomicU64>,
    closed: Arc<AtomicBool>,
    counters: Arc<Counters>,
}

enum Message {
    /// A transaction waits for the outer commit.
    Commit,
    /// Commit what waits, close, answer.
    Close(oneshot::Sender<()>),
}

/// The one connection that writes. Invariant while nobody holds the lock: the outer transaction is open if and only if
/// somebody waits for its commit.
struct Writer {
    /// Gone once closed.
    conn: Option<Connection>,
    /// Whether the outer transaction is open.
    open: bool,
    /// Those whose savepoints are released, not yet durable.
    waiting: Vec<oneshot::Sender<Result<(), DbError>>>,
    counters: Arc<Counters>,
}

impl Sqlite {
    pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<Self, Error> {
        create(path)?;
        let conn = connect(path).map_err(|e| cannot_open(path, e))?;
        // From here on a busy database is awaited by `begin`, not by a blocked thread. What a savepoint needs for its undoing
        // is kept in memory: it would be written to a temporary file and thrown away a moment later.
        conn.busy_timeout(Duration::ZERO)
            .and_then(|()| conn.pragma_update(None, "temp_store", "MEMORY"))
            .map_err(|e| cannot_open(path, e))?;
        let counters = Arc::new(Counters::default());
        let writer =
            Writer { conn: Some(conn), open: false, waiting: Vec::new(), counters: counters.clone() };
        let writer = Arc::new(Mutex::new(writer));
        let closed = Arc::new(AtomicBool::new(false));
        let (committer, messages) = mpsc::channel();
        let (its_writer, its_closed) = (writer.clone(), closed.clone());
        thread::Builder::new()
            .name("sqlite-commit".to_owned())
            .spawn(move || run_committer(&messages, &its_writer, &its_closed))
            .map_err(Error::internal)?;
        let readers = StdMutex::new(Vec::new());
        Ok(Self {
            path: path.to_owned(),
            options: options.clone(),
            writer,
            readers,
            committer,
            released: Arc::default(),
            closed,
            counters,
        })
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Runs `f` on a connection that sees committed data only and cannot write.
    fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T, DbError>) -> Result<T, DbError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        let idle = self.idle().pop();
        let conn = match idle {
            Some(conn) => conn,
            None => {
                let conn = connect(&self.path)?;
                conn.pragma_update(None, "query_only", true)?;
                conn
            }
        };
        let result = f(&conn);
        let mut idle = self.idle();
        if idle.len() < self.options.pool_size && !self.closed.load(Ordering::Acquire) {
            idle.push(conn);
        }
        result
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn rows(&self, text: &str, values: &[Value]) -> Result<Vec<Row>, DbError> {
        self.read(|conn| rows(conn, text, values))
    }

    pub(super) fn prepare(&self, text: &str) -> Result<(), DbError> {
        self.read(|conn| Ok(conn.prepare(text).map(drop)?))
    }

    pub(super) async fn write(&self, alone: bool) -> Result<SqliteTx, DbError> {
        let lock = timeout(self.options.wait, self.writer.clone().lock_owned()).await;
        let mut writer = lock.map_err(|_| DbError::unavailable(BUSY, "the write lock stayed in use"))?;
        if writer.waiting.len() >= MAX_BATCH || alone && !writer.waiting.is_empty() {
            writer = commit_now(writer).await?;
        }
        let mut tx = SqliteTx {
            writer,
            committer: self.committer.clone(),
            released: self.released.clone(),
            alone,
            failed: false,
            over: false,
        };
        tx.begin(self.options.wait).await?;
        Ok(tx)
    }

    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.idle().clear();
        let (answer, answered) = oneshot::channel();
        if self.committer.send(Message::Close(answer)).is_ok() {
            // An error means that the committer has already closed it.
            let _ = answered.await;
        }
    }

    /// A connection of its own for migrations, which need foreign keys off (a rebuilt parent table would otherwise
    /// delete its children) and wait long for each other.
    pub(super) fn migration_connection(&self) -> Result<Connection, DbError> {
        let conn = connect(&self.path)?;
        conn.busy_timeout(Duration::from_secs(60))?;
        conn.pragma_update(None, "foreign_keys", false)?;
        Ok(conn)
    }
}

/// The committer may not be the next in the queue: commits on a thread where blocking is fine, without giving the lock up.
async fn commit_now(mut writer: OwnedMutexGuard<Writer>) -> Result<OwnedMutexGuard<Writer>, DbError> {
    let task = tokio::task::spawn_blocking(move || {
        writer.commit().tell();
        writer
    });
    task.await.map_err(DbError::fault)
}

fn run_committer(messages: &mpsc::Receiver<Message>, writer: &Mutex<Writer>, closed: &AtomicBool) {
    let mut answer = None;
    // Ends when it is told to, or when the last `Sqlite` and `SqliteTx` are gone.
    while let Ok(message) = messages.recv() {
        match message {
            Message::Commit => {
                // The next writer begins before those who have waited are told: its batch is what the disk waits for.
                let stored = writer.blocking_lock().commit();
                stored.tell();
            }
            Message::Close(to) => {
                answer = Some(to);
                break;
            }
        }
    }
    closed.store(true, Ordering::Release);
    let mut writer = writer.blocking_lock();
    writer.commit().tell();
    // Closing the last connection checkpoints the log into the database.
    drop(writer.conn.take());
    drop(writer);
    if let Some(answer) = answer {
        // Whoever asked may have stopped waiting.
        let _ = answer.send(());
    }
}

impl Writer {
    fn conn(&self) -> Result<&Connection, DbError> {
        self.conn.as_ref().ok_or_else(closed)
    }

    fn run(&self, text: &str) -> Result<(), DbError> {
        self.conn()?.prepare_cached(text)?.raw_execute()?;
        Ok(())
    }

    /// Makes durable what waits. Those who wait are yet to be told, unless it failed.
    fn commit(&mut self) -> Stored {
        if self.waiting.is_empty() {
            return Stored(Vec::new());
        }
        match self.run("COMMIT") {
            Ok(()) => {
                self.open = false;
                self.counters.committed(self.waiting.len());
                Stored(std::mem::take(&mut self.waiting))
            }
            Err(error) => {
                self.abort(&error);
                Stored(Vec::new())
            }
        }
    }

    /// Undoes the outer transaction and fails all who wait for it.
    fn abort(&mut self, error: &DbError) {
        if self.conn.as_ref().is_some_and(|conn| !conn.is_autocommit()) && self.run("ROLLBACK").is_err() {
            // A connection that cannot even roll back is of no use; closing it undoes the transaction.
            drop(self.conn.take());
        }
        self.open = false;
        for waiting in self.waiting.drain(..) {
            // Whoever asked may have stopped waiting.
            let _ = waiting.send(Err(error.duplicate()));
        }
    }

    /// Undoes the innermost transaction.
    fn undo(&mut self) {
        if !self.open {
            return;
        }
        let undone = match self.waiting.is_empty() {
            true => self.run("ROLLBACK").inspect(|()| self.open = false),
            false => self.run("ROLLBACK TO t").and_then(|()| self.run("RELEASE t")),
        };
        if let Err(error) = undone {
            self.abort(&error);
        }
    }
}

/// Those whose transactions are durable now.
#[must_use = "they wait to be told"]
struct Stored(Vec<oneshot::Sender<Result<(), DbError>>>);

impl Stored {
    fn tell(self) {
        for waiting in self.0 {
            // Whoever asked may have stopped waiting.
            let _ = waiting.send(Ok(()));
        }
    }
}

/// Has the batch committed when it is dropped, so that nobody waits in vain if the first one's caller goes away.
struct FirstOfBatch(mpsc::Sender<Message>);

impl FirstOfBatch {
    /// Lets the tasks run that are ready to, for as long as they bring further transactions: their share of the commit is
    /// then much cheaper than a commit of their own. Nothing waits while there is nothing to do.
    async fn wait_for_others(self, released: &AtomicU64) {
        for _ in 0..MAX_ROUNDS {
            let before = released.load(Ordering::Relaxed);
            tokio::task::yield_now().await;
            if released.load(Ordering::Relaxed) == before {
                break;
            }
        }
    }
}

impl Drop for FirstOfBatch {
    fn drop(&mut self) {
        // If the committer has ended, so have the answers: whoever waits for one learns it from that.
        let _ = self.0.send(Message::Commit);
    }
}

/// A savepoint in the outer transaction, and the write lock.
pub(super) struct SqliteTx {
    writer: OwnedMutexGuard<Writer>,
    committer: mpsc::Sender<Message>,
    /// Transactions that ever waited for a commit.
    released: Arc<AtomicU64>,
    /// Whether its commit is its own.
    alone: bool,
    /// A statement failed: nothing more is accepted.
    failed: bool,
    /// Released, or undone with the outer transaction: there is nothing left to undo.
    over: bool,
}

impl SqliteTx {
    /// Opens the outer transaction if nobody has, waiting while another process (an admin command) holds the lock.
    async fn begin(&mut self, wait: Duration) -> Result<(), DbError> {
        let deadline = Instant::now() + wait;
        let mut pause = Duration::from_millis(1);
        while !self.writer.open {
            let conn = self.writer.conn()?;
            match conn.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.raw_execute()) {
                Ok(_) => self.writer.open = true,
                Err(e) if is_busy(&e) && Instant::now() < deadline => {
                    sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_millis(50));
                }
                Err(e) => return Err(e.into()),
            }
        }
        self.run(|conn| Ok(conn.prepare_cached("SAVEPOINT t")?.raw_execute().map(drop)?))
    }

    fn run<T>(&mut self, f: impl FnOnce(&Connection) -> Result<T, DbError>) -> Result<T, DbError> {
        if self.failed {
            return Err(DbError::fault("the transaction is over: a statement in it has failed"));
        }
        let conn = self.writer.conn()?;
        let result = f(conn);
        if let Err(error) = &result {
            self.failed = true;
            // Some errors (disk full, I/O, no memory) undo the whole outer transaction, not just this statement.
            if conn.is_autocommit() {
                self.over = true;
                self.writer.abort(error);
            }
        }
        result
    }

    pub(super) fn rows(&mut self, text: &str, values: &[Value]) -> Result<Vec<Row>, DbError> {
        self.run(|conn| rows(conn, text, values))
    }

    pub(super) fn execute(&mut self, text: &str, values: &[Value]) -> Result<u64, DbError> {
        self.run(|conn| {
            let mut statement = conn.prepare_cached(text)?;
            bind(&mut statement, values)?;
            if statement.column_count() == 0 {
                return Ok(statement.raw_execute()? as u64);
            }
            let mut rows = statement.raw_query();
            let mut count = 0;
            while rows.next()?.is_some() {
                count += 1;
            }
            Ok(count)
        })
    }

    pub(super) async fn commit(mut self) -> Result<(), DbError> {
        self.run(|conn| Ok(conn.prepare_cached("RELEASE t")?.raw_execute().map(drop)?))?;
        self.over = true;
        let (answer, answered) = oneshot::channel();
        self.writer.waiting.push(answer);
        if self.alone {
            // Without giving the lock up. If the caller goes away, it is committed all the same.
            let done = tokio::task::spawn_blocking(move || self.writer.commit().tell());
            done.await.map_err(DbError::fault)?;
            return answered.await.unwrap_or_else(|_| Err(closed()));
        }
        let first = (self.writer.waiting.len() == 1).then(|| FirstOfBatch(self.committer.clone()));
        let released = self.released.clone();
        released.fetch_add(1, Ordering::Relaxed);
        drop(self);
        if let Some(first) = first {
            first.wait_for_others(&released).await;
        }
        answered.await.unwrap_or_else(|_| Err(closed()))
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        if !self.over {
            self.writer.undo();
        }
    }
}

fn closed() -> DbError {
    DbError::unavailable("the server is shutting down", "the database is closed")
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
    )
}

fn rows(conn: &Connection, text: &str, values: &[Value]) -> Result<Vec<Row>, DbError> {
    let mut statement = conn.prepare_cached(text)?;
    bind(&mut statement, values)?;
    let columns = statement.column_count();
    let mut found = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let row = (0..columns).map(|i| value(i, row.get_ref(i)?)).collect::<Result<_, DbError>>()?;
        found.push(Row::new(row));
    }
    Ok(found)
}

fn value(column: usize, value: ValueRef<'_>) -> Result<Value, DbError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(v) => Value::Int(v),
        ValueRef::Text(v) => Value::Text(str::from_utf8(v).map_err(DbError::fault)?.to_owned()),
        ValueRef::Blob(v) => Value::Bytes(v.to_vec()),
        ValueRef::Real(_) => {
            return Err(DbError::fault(format!("column {} is REAL: use BIGINT or TEXT", column + 1)));
        }
    })
}

/// To SQLite `$1` is a name, and parameters are numbered as they first appear: binds by the number in the name.
fn bind(statement: &mut Statement<'_>, values: &[Value]) -> Result<(), DbError> {
    let count = statement.parameter_count();
    if count != values.len() {
        return Err(DbError::fault(format!("{} values bound to {count} parameters", values.len())));
    }
    for index in 1..=count {
        let name = statement.parameter_name(index).unwrap_or("?");
        let number = name.strip_prefix('$').and_then(|number| number.parse::<usize>().ok());
        let value = number.and_then(|number| values.get(number.checked_sub(1)?));
        match value
            .ok_or_else(|| DbError::fault(format!("parameter {name} has no value: write $1 to ${count}")))?
        {
            Value::Null => statement.raw_bind_parameter(index, rusqlite::types::Null),
            Value::Int(v) => statement.raw_bind_parameter(index, v),
            Value::Text(v) => statement.raw_bind_parameter(index, v),
            Value::Bool(v) => statement.raw_bind_parameter(index, v),
            Value::Bytes(v) => statement.raw_bind_parameter(index, v),
        }?;
    }
    Ok(())
}

/// Makes the file if it is not there, readable by this user only; SQLite gives its log the same mode.
fn create(path: &Path) -> Result<(), Error> {
    if path.exists() {
        return Ok(());
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(Error::new(
            Kind::FailedPrecondition,
            format!(
                "cannot create the database {}: {e}. Its folder must exist and be writable by the user who runs gatewright",
                path.display()
            ),
        )),
        _ => Ok(()),
    }
}

/// Opens a connection. Several programs that make a new database together meet in its switch to the write-ahead log, where
/// SQLite reports "busy" at once instead of waiting, since each holds what the other one needs: then all begin again.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let deadline = Instant::now() + CONNECT_WAIT;
    loop {
        match try_connect(path) {
            Err(e) if is_busy(&e) && Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            result => return result,
        }
    }
}

fn try_connect(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.set_prepared_statement_cache_capacity(PREPARED);
    // Otherwise a plan that may depend on a bound value is made anew at each use, which is most of the time of a short read.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.busy_timeout(CONNECT_WAIT)?;
    // The log is overwritten once checkpointed, which syncs faster than growing it; 4000 pages are 16 MB.
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000;",
    )?;
    Ok(conn)
}

fn cannot_open(path: &Path, error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode as Code;
    let path = path.display();
    let message = match error.sqlite_error_code() {
        Some(Code::NotADatabase) => {
            format!("{path} is not a SQLite database: give another path, or move that file away")
        }
        Some(Code::CannotOpen | Code::PermissionDenied | Code::ReadOnly) => format!(
            "cannot open the database {path}: {error}. The file and its folder must be readable and writable by the user who runs gatewright"
        ),
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => {
            format!("the database {path} is locked by another program: end that program")
        }
        Some(Code::DatabaseCorrupt) => format!("the database {path} is damaged: restore it from a backup"),
        Some(Code::DiskFull | Code::SystemIoFailure) => {
            format!("cannot open the database {path}: {DISK} ({error})")
        }
        _ => format!("cannot open the database {path}: {error}"),
    };
    Error::new(Kind::FailedPrecondition, message)
}
