//! What this machine can do at best: a bare signature, a bare commit loop, a bare select loop.
use anyhow::{Context as _, Result};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use rusqlite::{Connection, params};
use std::{
    fs,
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

/// Signatures of one thread, and the CPU time that they took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signing {
    /// How many.
    pub count: f64,
    /// CPU time, user and system.
    pub cpu: Duration,
}

impl Signing {
    /// Adds another slice of the same measurement.
    pub fn add(&mut self, other: Self) {
        self.count += other.count;
        self.cpu += other.cpu;
    }

    /// CPU microseconds for one signature.
    pub fn micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.count
    }
}

/// Signs with RSA-2048 and SHA-256 on one thread, a message of a token's size.
///
/// # Errors
/// The key cannot be made or used; Linux does not say what the thread used.
pub fn sign(key: &RsaKeyPair, length: Duration) -> Result<Signing> {
    let message = [b'x'; 700];
    let mut signature = vec![0; key.public_modulus_len()];
    let (mut count, begun, cpu) = (0.0, Instant::now(), thread_cpu()?);
    while begun.elapsed() < length {
        for _ in 0..50 {
            let made = key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), black_box(&message), &mut signature);
            made.ok().context("signing failed")?;
        }
        count += 50.0;
    }
    Ok(Signing { count, cpu: thread_cpu()?.saturating_sub(cpu) })
}

/// A new key for [`sign`].
///
/// # Errors
/// The system's generator fails.
pub fn signing_key() -> Result<RsaKeyPair> {
    RsaKeyPair::generate(KeySize::Rsa2048).ok().context("cannot make a key")
}

/// CPU time of this thread. The first number is nanoseconds (`Documentation/scheduler/sched-stats.rst`).
fn thread_cpu() -> Result<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split_whitespace().next().context("schedstat is empty")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

/// The smallest program that stores an organization and its event durably, one after the other.
#[derive(Debug)]
pub struct Bare {
    connection: Connection,
    next: i64,
}

impl Bare {
    /// Opens a new database in `folder` with the server's own settings of the log, so that syncs cost the same.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn open(folder: &Path) -> Result<Self> {
        let connection = Connection::open(folder.join("bare.db"))?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000;
             CREATE TABLE organizations (id INTEGER PRIMARY KEY, row TEXT NOT NULL);
             CREATE TABLE events (id INTEGER PRIMARY KEY, row TEXT NOT NULL);",
        )?;
        Ok(Self { connection, next: 0 })
    }

    /// Commits a row of an organization's size and one of its event's until the time is up. Returns commits per second.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn commits(&mut self, length: Duration) -> Result<f64> {
        let (organization, event) = ("o".repeat(220), "e".repeat(620));
        let (begun, first) = (Instant::now(), self.next);
        while begun.elapsed() < length {
            let tx = self.connection.transaction()?;
            tx.prepare_cached("INSERT INTO organizations VALUES (?1, ?2)")?
                .execute(params![self.next, organization])?;
            tx.prepare_cached("INSERT INTO events VALUES (?1, ?2)")?.execute(params![self.next, event])?;
            tx.commit()?;
            self.next += 1;
        }
        Ok(per_second(self.next - first, begun.elapsed()))
    }

    /// Reads organizations by id until the time is up. Returns reads per second.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn selects(&self, length: Duration) -> Result<f64> {
        let (mut count, begun) = (0, Instant::now());
        let mut select = self.connection.prepare("SELECT id, row FROM organizations WHERE id = ?1")?;
        while begun.elapsed() < length {
            for _ in 0..100 {
                let id = (count * 7919) % self.next.max(1);
                let row: String = select.query_row([id], |row| row.get(1))?;
                black_box(row);
                count += 1;
            }
        }
        Ok(per_second(count, begun.elapsed()))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of seconds' work")]
fn per_second(count: i64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
