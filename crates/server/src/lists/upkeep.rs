//! What changes of lists leave for later, done in small steps by each node.
use super::{search, sizes};
use crate::{
    db::{Db, DbKind},
    error::Error,
};
use std::{future::Future, time::Duration};
use tokio::time::{Instant, sleep};

/// How often there is a look at whether there is something to do.
const INTERVAL: Duration = Duration::from_millis(200);
/// With so many transactions a second, callers have more use for the writer than the index.
const BUSY: f64 = 1000.0;
/// The steps' own transactions are no sign of callers, however short the time.
const MIN_SECONDS: f64 = 0.01;
/// So many rows a search looks through beside the index, a tenth of a second; from then on they are indexed at any load.
const MOST_UNINDEXED: i64 = 100_000;

/// Works until `stopped`.
pub async fn run_until(db: Db, stopped: impl Future<Output = ()>) {
    tokio::pin!(stopped);
    let mut pace = Pace::new(&db);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            () = sleep(INTERVAL) => {}
        }
        let work = async {
            while !pace.is_busy(&db) || is_urgent(&db).await? {
                if !step(&db).await? {
                    break;
                }
            }
            Ok::<_, Error>(())
        };
        tokio::select! {
            () = &mut stopped => return,
            done = work => if let Err(error) = done {
                tracing::warn!(error = %error, "lists: some of what changed is not indexed or added up yet: {error}");
            }
        }
    }
}

/// How much callers write.
struct Pace {
    since: Instant,
    transactions: u64,
}

impl Pace {
    fn new(db: &Db) -> Self {
        Self { since: Instant::now(), transactions: db.commit_stats().transactions }
    }

    /// Whether they have more use for the writer than the index, judged by the transactions since the last time.
    fn is_busy(&mut self, db: &Db) -> bool {
        let before = std::mem::replace(self, Self::new(db));
        let seconds = self.since.duration_since(before.since).as_secs_f64();
        // As a rate: the time between two steps is much shorter than between two looks.
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let transactions = (self.transactions - before.transactions) as f64;
        transactions > BUSY * seconds.max(MIN_SECONDS)
    }
}

async fn is_urgent(db: &Db) -> Result<bool, Error> {
    match db.kind() {
        DbKind::Sqlite => Ok(search::unindexed(db, MOST_UNINDEXED).await? >= MOST_UNINDEXED),
        DbKind::Postgres => Ok(true),
    }
}

/// Does one step and leaves others the writer for as long as it took. Tells whether there may be more to do.
async fn step(db: &Db) -> Result<bool, Error> {
    let begun = Instant::now();
    let more = match db.kind() {
        DbKind::Postgres => sizes::add_up(db).await? > 0,
        DbKind::Sqlite if search::unindexed(db, 1).await? == 0 => false,
        DbKind::Sqlite => search::index_organizations(db).await? + search::index_users(db).await? > 0,
    };
    if more {
        sleep(begun.elapsed()).await;
    }
    Ok(more)
}

/// Does all of it now.
///
/// # Errors
/// The database fails.
pub async fn now(db: &Db) -> Result<(), Error> {
    while step(db).await? {}
    Ok(())
}
