//! SQLite's group commit: who shares a commit, who fails with it, who sees what when.
use crate::{ids, insert, sqlite, write};
use futures_util::future::join_all;
use gatewright::{
    db::{Db, Tx},
    error::{Error, Kind},
    sql,
};
use std::time::Duration;
use tokio::{task::JoinHandle, time::sleep};

type Commit = JoinHandle<Result<(), Error>>;

/// Commits `ids`, one transaction each, and returns a transaction that comes before the disk: theirs are released, not durable.
async fn before_the_disk(db: &Db, ids: &[i64]) -> (Vec<Commit>, Tx) {
    let first = db.write().await.unwrap();
    let mut commits = Vec::new();
    for &id in ids {
        let mine = db.clone();
        commits.push(tokio::spawn(async move {
            let mut tx = mine.write().await?;
            insert(id).execute(&mut tx).await?;
            tx.commit().await
        }));
        // Lets it get in the queue for the lock before the next one.
        sleep(Duration::from_millis(20)).await;
    }
    let mine = db.clone();
    let last = tokio::spawn(async move { mine.write().await.unwrap() });
    sleep(Duration::from_millis(20)).await;
    drop(first);
    (commits, last.await.unwrap())
}

async fn results(commits: Vec<Commit>) -> Vec<Result<(), Kind>> {
    join_all(commits).await.into_iter().map(|result| result.unwrap().map_err(|e| e.kind())).collect()
}

/// What another process would see.
fn seen_by_others(folder: &tempfile::TempDir) -> i64 {
    let conn = rusqlite::Connection::open(folder.path().join("test.db")).unwrap();
    conn.query_one("SELECT COUNT(*) FROM things", [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_seen_nor_acknowledged_before_it_is_durable() {
    let (folder, db) = sqlite(5_000).await;
    let (commits, mut last) = before_the_disk(&db, &[1, 2]).await;
    let inside: Vec<i64> = sql!("SELECT id FROM things ORDER BY id").all(&mut last).await.unwrap();
    assert_eq!(inside, [1, 2], "the next transaction does see it");
    sleep(Duration::from_millis(100)).await;
    assert!(commits.iter().all(|commit| !commit.is_finished()));
    assert_eq!(ids(&db).await, Vec::<i64>::new());
    assert_eq!(seen_by_others(&folder), 0);

    // A rolled back transaction harms nobody.
    insert(3).execute(&mut last).await.unwrap();
    drop(last);
    assert_eq!(results(commits).await, [Ok(()), Ok(())]);
    assert_eq!(ids(&db).await, [1, 2]);
    assert_eq!(seen_by_others(&folder), 2);
}

/// As on a full disk: the database may not grow. SQLite makes a limit below its size the size.
async fn stop_growth(tx: &mut Tx) {
    sql!("PRAGMA max_page_count = 1").execute(tx).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_fails_the_whole_batch_and_the_next_one_works() {
    let (_folder, db) = sqlite(5_000).await;
    let (commits, mut last) = before_the_disk(&db, &[1, 2]).await;
    stop_growth(&mut last).await;
    // One row without a statement journal: SQLite undoes the whole outer transaction.
    let body = vec![7_u8; 1_000_000];
    let full =
        sql!("INSERT INTO things (id, body) VALUES (3, $1)").bind(body).execute(&mut last).await.unwrap_err();
    let full = Error::from(full);
    assert_eq!(full.kind(), Kind::Unavailable);
    assert!(full.message().contains("disk"), "{full}");
    assert_eq!(results(commits).await, [Err(Kind::Unavailable), Err(Kind::Unavailable)]);
    assert!(insert(4).execute(&mut last).await.is_err(), "it is dead");
    assert_eq!(last.commit().await.unwrap_err().kind(), Kind::Internal);
    assert_eq!(ids(&db).await, Vec::<i64>::new());

    let mut tx = db.write().await.unwrap();
    sql!("PRAGMA max_page_count = 1000000").execute(&mut tx).await.unwrap();
    insert(5).execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ids(&db).await, [5]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_that_undoes_one_statement_harms_only_its_transaction() {
    let (_folder, db) = sqlite(5_000).await;
    let (commits, mut last) = before_the_disk(&db, &[1]).await;
    stop_growth(&mut last).await;
    // Many rows, any of which may break a key, have a statement journal.
    let many = sql!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
         INSERT INTO things (id, name, tag) SELECT i + 100, 'a long enough name of a thing', i FROM n"
    );
    assert_eq!(Error::from(many.execute(&mut last).await.unwrap_err()).kind(), Kind::Unavailable);
    drop(last);
    assert_eq!(results(commits).await, [Ok(())]);
    assert_eq!(ids(&db).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_outer_commit_fails_all_who_wait_for_it() {
    let (_folder, db) = sqlite(5_000).await;
    let (commits, mut last) = before_the_disk(&db, &[1, 2]).await;
    // The simplest way to make COMMIT itself fail; the product has no deferred keys.
    sql!("PRAGMA defer_foreign_keys = ON").execute(&mut last).await.unwrap();
    sql!("INSERT INTO things (id, owner_id) VALUES (3, 99)").execute(&mut last).await.unwrap();
    assert_eq!(last.commit().await.unwrap_err().kind(), Kind::Internal);
    assert_eq!(results(commits).await, [Err(Kind::Internal), Err(Kind::Internal)]);
    assert_eq!(ids(&db).await, Vec::<i64>::new());
    write(&db, insert(4)).await;
    assert_eq!(ids(&db).await, [4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_writers_share_commits() {
    let (folder, db) = sqlite(5_000).await;
    let before = db.commit_stats();
    let writers = (0..16_i64).map(|writer| {
        let db = db.clone();
        tokio::spawn(async move {
            for i in 0..20 {
                write(&db, insert(writer * 100 + i)).await;
            }
        })
    });
    join_all(writers).await.into_iter().for_each(Result::unwrap);
    let after = db.commit_stats();
    let (transactions, commits) = (after.transactions - before.transactions, after.commits - before.commits);
    assert_eq!(transactions, 320);
    assert!(commits < 160, "{commits} commits for {transactions} transactions");
    assert_eq!(seen_by_others(&folder), 320);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_queue_is_committed_in_bounded_batches() {
    let (_folder, db) = sqlite(5_000).await;
    let queue: Vec<i64> = (0..150).collect();
    let before = db.commit_stats();
    let first = db.write().await.unwrap();
    let commits: Vec<Commit> = queue
        .iter()
        .map(|&id| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut tx = db.write().await?;
                insert(id).execute(&mut tx).await?;
                tx.commit().await
            })
        })
        .collect();
    sleep(Duration::from_millis(100)).await;
    drop(first);
    assert!(results(commits).await.iter().all(Result::is_ok));
    let commits = db.commit_stats().commits - before.commits;
    assert!((3..=15).contains(&commits), "{commits} commits of at most 64 transactions for 150");
    assert_eq!(ids(&db).await, queue);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_nobody_awaits_any_more_still_happens() {
    let (_folder, db) = sqlite(5_000).await;
    let (commits, last) = before_the_disk(&db, &[1, 2]).await;
    commits[0].abort();
    drop(last);
    assert!(commits.into_iter().next_back().unwrap().await.unwrap().is_ok());
    assert_eq!(ids(&db).await, [1, 2]);
}

/// On one thread: if waiting for the other process blocked it, nobody would ever release the lock.
#[tokio::test(flavor = "current_thread")]
async fn another_process_with_the_lock_is_awaited_without_blocking() {
    let (folder, db) = sqlite(300).await;
    let other = rusqlite::Connection::open(folder.path().join("test.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(db.write().await.unwrap_err().kind(), Kind::Unavailable);
    let release = async {
        sleep(Duration::from_millis(50)).await;
        other.execute_batch("COMMIT").unwrap();
    };
    tokio::join!(write(&db, insert(1)), release);
    assert_eq!(ids(&db).await, [1]);
}

#[tokio::test]
async fn a_transaction_inside_another_is_told_so() {
    let (_folder, db) = sqlite(100).await;
    let outer = db.write().await.unwrap();
    assert_eq!(db.write().await.unwrap_err().kind(), Kind::Unavailable);
    drop(outer);
    write(&db, insert(1)).await;
}

#[tokio::test]
async fn closing_checkpoints_and_ends_all_use() {
    let (folder, db) = sqlite(5_000).await;
    write(&db, insert(1)).await;
    let log = folder.path().join("test.db-wal");
    assert!(log.exists());
    db.close().await;
    assert!(!log.exists(), "SQLite removes the log when the last connection has checkpointed it");
    assert_eq!(db.write().await.unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(db.ping().await.unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(seen_by_others(&folder), 1);
}

#[tokio::test]
async fn the_last_clone_closes() {
    let (folder, db) = sqlite(5_000).await;
    write(&db.clone(), insert(1)).await;
    drop(db);
    let log = folder.path().join("test.db-wal");
    for _ in 0..100 {
        if !log.exists() {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("still open after five seconds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_is_alone_shares_its_commit_with_nobody() {
    let (_folder, db) = sqlite(5_000).await;
    let before = db.commit_stats();
    let mut first = db.write().await.unwrap();
    insert(1).execute(&mut first).await.unwrap();
    let mine = db.clone();
    let alone = tokio::spawn(async move {
        let mut tx = mine.write_alone().await.unwrap();
        insert(2).execute(&mut tx).await.unwrap();
        tx.commit().await
    });
    sleep(Duration::from_millis(20)).await;
    let mine = db.clone();
    let after = tokio::spawn(async move {
        let mut tx = mine.write().await.unwrap();
        insert(3).execute(&mut tx).await.unwrap();
        tx.commit().await
    });
    sleep(Duration::from_millis(20)).await;
    first.commit().await.unwrap();
    alone.await.unwrap().unwrap();
    after.await.unwrap().unwrap();
    assert_eq!(ids(&db).await, [1, 2, 3]);
    let done = db.commit_stats();
    assert_eq!((done.transactions - before.transactions, done.commits - before.commits), (3, 3));

    let mut undone = db.write_alone().await.unwrap();
    insert(4).execute(&mut undone).await.unwrap();
    drop(undone);
    assert_eq!(ids(&db).await, [1, 2, 3]);
}
