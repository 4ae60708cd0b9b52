//! The database layer, on SQLite and on a real PostgreSQL.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod commits;
mod migrations;
mod open;
mod statements;

use gatewright::{
    db::{DatabaseUrl, Db, OpenOptions, Sql},
    sql,
};
use std::sync::atomic::{AtomicU32, Ordering};

/// A database of its own on the server that `GATEWRIGHT_TEST_POSTGRES` names, such as `postgres://postgres@localhost/postgres`.
struct TestDatabase {
    name: String,
    admin: tokio_postgres::Client,
    address: String,
    url: DatabaseUrl,
}
impl TestDatabase {
    fn admin_url() -> String {
        std::env::var("GATEWRIGHT_TEST_POSTGRES").unwrap_or_else(|_| {
            panic!("set GATEWRIGHT_TEST_POSTGRES to the URL of a PostgreSQL superuser: these tests run on both databases")
        })
    }
    async fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let mut url = url::Url::parse(&Self::admin_url()).unwrap();
        let (admin, connection) = tokio_postgres::connect(url.as_str(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let name = format!("gw_db_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        admin.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        url.set_path(&name);
        Self { name, admin, address: url.to_string(), url: url.as_str().parse().unwrap() }
    }
    async fn remove(self) {
        self.admin.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await.unwrap();
    }
}

/// Runs a test on an empty database of each kind.
async fn on_both(test: impl AsyncFn(&DatabaseUrl)) {
    let folder = tempfile::tempdir().unwrap();
    test(&DatabaseUrl::Sqlite(folder.path().join("test.db"))).await;
    let database = TestDatabase::create().await;
    test(&database.url).await;
    database.remove().await;
}

/// As [`on_both`], with the tables below.
async fn with_tables(test: impl AsyncFn(Db)) {
    on_both(async |url| {
        let db = Db::open(url).await.unwrap();
        create_tables(&db).await;
        test(db).await;
    })
    .await;
}

async fn write(db: &Db, statement: Sql) -> u64 {
    let mut tx = db.write().await.unwrap();
    let changed = statement.execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    changed
}

async fn create_tables(db: &Db) {
    write(db, sql!("CREATE TABLE owners (id BIGINT NOT NULL PRIMARY KEY)")).await;
    write(
        db,
        sql!(
            "CREATE TABLE things (
                id BIGINT NOT NULL PRIMARY KEY,
                owner_id BIGINT REFERENCES owners (id),
                name TEXT,
                tag TEXT,
                flag BOOLEAN,
                body BYTEA,
                used_at BIGINT,
                CONSTRAINT things_name_tag_key UNIQUE (name, tag)
            )"
        ),
    )
    .await;
}

fn insert(id: i64) -> Sql {
    sql!("INSERT INTO things (id) VALUES ($1)").bind(id)
}

async fn ids(db: &Db) -> Vec<i64> {
    sql!("SELECT id FROM things ORDER BY id").all(&mut db.read()).await.unwrap()
}

/// A SQLite database with the tables, in a folder that lives as long as the test.
async fn sqlite(wait_millis: u64) -> (tempfile::TempDir, Db) {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("test.db"));
    let options =
        OpenOptions { wait: std::time::Duration::from_millis(wait_millis), ..OpenOptions::default() };
    let db = Db::open_in(&url, &options).await.unwrap();
    create_tables(&db).await;
    (folder, db)
}
