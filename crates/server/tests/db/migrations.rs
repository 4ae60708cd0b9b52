//! Migrations: once each, by whoever comes first, and never changed.
use crate::on_both;
use gatewright::{
    db::{Db, DbKind, MIGRATIONS, Migration, migrate, pending},
    error::{Error, Kind},
    sql,
    time::Timestamp,
};

const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

const fn portable(version: i64, name: &'static str, text: &'static str) -> Migration {
    Migration { version, name, postgres: text, sqlite: text }
}
const PARENTS: Migration = portable(
    1,
    "parents",
    "CREATE TABLE parents (id BIGINT NOT NULL PRIMARY KEY);
     CREATE TABLE children (id BIGINT NOT NULL PRIMARY KEY, parent_id BIGINT NOT NULL REFERENCES parents (id) ON DELETE CASCADE);
     INSERT INTO parents (id) VALUES (1);
     INSERT INTO children (id, parent_id) VALUES (2, 1);",
);
static ONE: &[Migration] = &[PARENTS];
static TWO: &[Migration] = &[PARENTS, portable(2, "more", "ALTER TABLE parents ADD COLUMN name TEXT")];

fn versions(migrations: &[&Migration]) -> Vec<i64> {
    migrations.iter().map(|migration| migration.version).collect()
}
async fn tables(db: &Db) -> i64 {
    let children = sql!("SELECT COUNT(*) FROM children JOIN parents ON parents.id = parent_id");
    children.one(&mut db.read()).await.unwrap()
}

#[tokio::test]
async fn each_is_applied_once_and_recorded() {
    on_both(async |url| {
        let db = Db::open(url).await.unwrap();
        assert_eq!(versions(&pending(&db, ONE).await.unwrap()), [1]);
        assert_eq!(versions(&migrate(&db, ONE, NOW).await.unwrap()), [1]);
        assert_eq!(versions(&migrate(&db, TWO, NOW).await.unwrap()), [2]);
        assert_eq!(versions(&migrate(&db, TWO, NOW).await.unwrap()), Vec::<i64>::new());
        let rows: Vec<(i64, String, Timestamp)> =
            sql!("SELECT version, name, applied_at FROM schema_migrations ORDER BY version")
                .all(&mut db.read())
                .await
                .unwrap();
        assert_eq!(rows, [(1, "parents".to_owned(), NOW), (2, "more".to_owned(), NOW)]);
        assert_eq!(tables(&db).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_together_share_the_work() {
    on_both(async |url| {
        let mut nodes = Vec::new();
        for _ in 0..4 {
            let db = Db::open(url).await.unwrap();
            nodes.push(tokio::spawn(async move { migrate(&db, TWO, NOW).await.map(|done| versions(&done)) }));
        }
        let mut done = Vec::new();
        for node in nodes {
            done.extend(node.await.unwrap().unwrap());
        }
        done.sort_unstable();
        assert_eq!(done, [1, 2]);
    })
    .await;
}

async fn refused(db: &Db, migrations: &'static [Migration]) -> String {
    let error: Error = migrate(db, migrations, NOW).await.unwrap_err();
    assert_eq!(error.kind(), Kind::FailedPrecondition);
    error.message().to_owned()
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    static SEVEN: &[Migration] = &[PARENTS, portable(7, "later", "CREATE TABLE later (id BIGINT)")];
    on_both(async |url| {
        let db = Db::open(url).await.unwrap();
        migrate(&db, SEVEN, NOW).await.unwrap();
        assert_eq!(
            refused(&db, TWO).await,
            "the database is at version 7, this gatewright knows up to 2: start a newer gatewright"
        );
    })
    .await;
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    static CHANGED: &[Migration] = &[portable(1, "parents", "CREATE TABLE parents (id BIGINT)")];
    on_both(async |url| {
        let db = Db::open(url).await.unwrap();
        migrate(&db, ONE, NOW).await.unwrap();
        assert!(
            refused(&db, CHANGED)
                .await
                .starts_with("migration 0001_parents was changed after it was applied")
        );
    })
    .await;
}

#[tokio::test]
async fn a_failing_migration_leaves_nothing_behind() {
    static BAD: &[Migration] =
        &[PARENTS, portable(2, "bad", "CREATE TABLE half (id BIGINT); CREATE TABLE parents (id BIGINT)")];
    on_both(async |url| {
        let db = Db::open(url).await.unwrap();
        let message = refused(&db, BAD).await;
        assert!(message.starts_with("migration 0002_bad cannot be applied: "), "{message}");
        assert_eq!(versions(&pending(&db, TWO).await.unwrap()), [2], "the first is kept");
        assert!(sql!("SELECT id FROM half").all::<i64>(&mut db.read()).await.is_err());
        assert_eq!(versions(&migrate(&db, TWO, NOW).await.unwrap()), [2]);
    })
    .await;
}

/// SQLite changes a column by making the table anew; that must not delete the rows that point at it.
#[tokio::test]
async fn a_parent_table_can_be_rebuilt_on_sqlite() {
    static REBUILT: &[Migration] = &[
        PARENTS,
        portable(
            2,
            "rebuild",
            "CREATE TABLE parents_new (id BIGINT NOT NULL PRIMARY KEY, name TEXT);
             INSERT INTO parents_new (id) SELECT id FROM parents;
             DROP TABLE parents;
             ALTER TABLE parents_new RENAME TO parents;",
        ),
    ];
    static BROKEN: &[Migration] = &[PARENTS, portable(2, "break", "DELETE FROM parents")];
    on_both(async |url| {
        let db = Db::open(url).await.unwrap();
        if db.kind() == DbKind::Postgres {
            return;
        }
        migrate(&db, ONE, NOW).await.unwrap();
        assert!(refused(&db, BROKEN).await.contains("foreign keys that point at nothing"));
        migrate(&db, REBUILT, NOW).await.unwrap();
        assert_eq!(tables(&db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_real_ones_apply_on_both() {
    on_both(async |url| {
        let db = Db::open(url).await.unwrap();
        let done = migrate(&db, MIGRATIONS, NOW).await.unwrap();
        assert_eq!(done.len(), MIGRATIONS.len());
        assert_eq!(pending(&db, MIGRATIONS).await.unwrap().len(), 0);
    })
    .await;
}
