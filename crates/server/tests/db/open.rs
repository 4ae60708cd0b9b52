//! Opening: what the operator is told when it cannot be done.
use crate::{TestDatabase, insert, sqlite, write};
use gatewright::{
    by_dialect,
    db::{DatabaseUrl, Db},
    error::{Error, Kind},
};
use std::fs;

async fn refused(url: &str) -> String {
    let url: DatabaseUrl = url.parse().unwrap();
    Db::open(&url).await.unwrap_err().message().to_owned()
}

#[test]
fn urls_that_are_none_are_refused() {
    for text in ["", "sqlite:", "sqlite::memory:", "mysql://localhost/x", "sqlite:http://x"] {
        let error: Error = text.parse::<DatabaseUrl>().unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument, "{text}");
    }
    for (text, shown) in [("data/x.db", "sqlite:data/x.db"), ("sqlite:///var/x.db", "sqlite:/var/x.db")] {
        assert_eq!(text.parse::<DatabaseUrl>().unwrap().to_string(), shown);
    }
}

#[test]
fn a_password_is_never_shown() {
    let url: DatabaseUrl = "postgres://me:hunter2@db.example/prod?password=hunter2".parse().unwrap();
    assert_eq!(format!("{url} {url:?}"), "postgres://db.example:5432/prod postgres://db.example:5432/prod");
}

#[tokio::test]
async fn files_that_cannot_be_used_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    assert!(refused(&path("missing/x.db")).await.contains("Its folder must exist and be writable"));
    assert!(refused(&path("")).await.contains("cannot open the database"));
    fs::write(
        path("text.db"),
        "this is no database, but a text that is longer than the header of one".repeat(20),
    )
    .unwrap();
    assert!(refused(&path("text.db")).await.contains("is not a SQLite database"));
}

/// Each of them switches the new file to the write-ahead log, and SQLite makes nobody wait for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn programs_that_make_a_new_database_together_all_get_it() {
    for _ in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let url: DatabaseUrl = folder.path().join("new.db").display().to_string().parse().unwrap();
        let open = || {
            let url = url.clone();
            tokio::spawn(async move { Db::open(&url).await })
        };
        for opened in (0..8).map(|_| open()).collect::<Vec<_>>() {
            opened.await.unwrap().unwrap().ping().await.unwrap();
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, db) = sqlite(5_000).await;
    write(&db, insert(1)).await;
    for name in ["test.db", "test.db-wal"] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn servers_that_cannot_be_used_are_explained() {
    let message = refused("postgres://me:hunter2@127.0.0.1:1/x").await;
    assert!(
        message.contains("cannot connect to the database") && message.contains("check host, port"),
        "{message}"
    );
    assert!(!message.contains("hunter2"));
    let mut url = url::Url::parse(&TestDatabase::admin_url()).unwrap();
    url.set_path("no_such_database");
    assert!(refused(url.as_str()).await.contains("create it"));
    url.set_query(Some("sslmode=allow"));
    assert!(refused(url.as_str()).await.contains("sslmode=allow is not"));
    url.set_query(Some("sslmode=require&sslrootcert=no-such-file.pem"));
    assert!(refused(url.as_str()).await.contains("sslrootcert=no-such-file.pem cannot be read"));
    url.set_query(Some("nonsense=1"));
    assert!(refused(url.as_str()).await.contains("the database URL is not valid"));
}

#[tokio::test]
async fn a_statement_of_postgresql_ends_after_a_minute_unless_its_operator_says_otherwise() {
    let server = TestDatabase::create().await;
    for (query, expected) in
        [("", ["1min", "1min"]), ("?options=-c%20statement_timeout%3D5s", ["5s", "1min"])]
    {
        let url: DatabaseUrl = format!("{}{query}", server.address).parse().unwrap();
        let db = Db::open(&url).await.unwrap();
        let limits: (String, String) = by_dialect!(
            postgres: "SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')",
            sqlite: "SELECT '', ''"
        )
        .one(&mut db.read())
        .await
        .unwrap();
        assert_eq!([limits.0.as_str(), limits.1.as_str()], expected);
        db.close().await;
    }
    server.remove().await;
}
