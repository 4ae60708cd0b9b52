//! Databases for tests, each empty and alone.
use std::sync::atomic::{AtomicU32, Ordering};

/// Variable with the URL of a PostgreSQL server on which tests may create databases.
const VARIABLE: &str = "GATEWRIGHT_TEST_POSTGRES";

/// Which database a test wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file in a temporary folder.
    Sqlite,
    /// A new database on the server that the environment names.
    Postgres,
}

/// A database that is gone when this is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    /// For `database.url`.
    pub url: String,
    postgres: Option<String>,
    _folder: Option<tempfile::TempDir>,
}

impl TestDatabase {
    /// Makes an empty database.
    pub async fn create(kind: Database) -> Self {
        match kind {
            Database::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite:{}", folder.path().join("test.db").display());
                Self { url, postgres: None, _folder: Some(folder) }
            }
            Database::Postgres => {
                static NUMBER: AtomicU32 = AtomicU32::new(0);
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                let name = format!("gw_test_{}_{number}", std::process::id());
                admin(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
                admin(&format!("CREATE DATABASE {name}")).await;
                let (server, _) =
                    server_url().rsplit_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
                Self { url: format!("{server}/{name}"), postgres: Some(name), _folder: None }
            }
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some(name) = self.postgres.take() else { return };
        // A runtime of its own: a test that panics drops this while its runtime is going away.
        let dropper = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(admin(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
        });
        let _ = dropper.join();
    }
}

fn server_url() -> String {
    std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!("{VARIABLE} is not set: run ./test, which starts a PostgreSQL server for the tests")
    })
}

async fn admin(statement: &str) {
    let (client, connection) = tokio_postgres::connect(&server_url(), tokio_postgres::NoTls)
        .await
        .unwrap_or_else(|error| panic!("{VARIABLE} cannot be reached: {error}"));
    let connection = tokio::spawn(connection);
    client.batch_execute(statement).await.expect(statement);
    drop(client);
    let _ = connection.await;
}
