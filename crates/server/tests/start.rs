//! Starting: what the first start makes, that later ones leave it alone, and what an operator is told when it cannot be done.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what goes wrong in a test shall stop it")]

use gatewright::{
    bootstrap::{self, Opened, Purpose},
    clients,
    config::{Config, Sources},
    db::MIGRATIONS,
    environments::EnvironmentType,
    sql,
    time::Clock,
};
use gatewright_testkit::{Database, TestDatabase, database_tests};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// A data folder and a database, neither of which has been used yet.
struct Place {
    folder: tempfile::TempDir,
    database: TestDatabase,
}

impl Place {
    async fn new(kind: Database) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database: TestDatabase::create(kind).await }
    }

    fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn config(&self) -> Config {
        self.config_with(&[])
    }

    fn config_with(&self, more: &[(&'static str, &str)]) -> Config {
        let mut flags = vec![
            ("server.data_dir", self.data_dir().display().to_string()),
            ("server.public_url", "http://auth.example.test:8080".to_owned()),
            ("database.url", self.database.url.clone()),
        ];
        flags.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Config::load(&Sources { flags, ..Sources::default() }).unwrap()
    }

    async fn open(&self) -> Opened {
        bootstrap::open(&self.config(), Clock::System, Purpose::Serve).await.unwrap()
    }

    /// A value of `credentials.env`.
    fn credential(&self, name: &str) -> String {
        let text = fs::read_to_string(self.data_dir().join("credentials.env")).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("{name} is not in {text}")).to_owned()
    }

    /// Whether the application and secret of `credentials.env` are right.
    async fn credentials_work(&self, opened: &Opened) -> bool {
        let environment = opened.app.environments.default_environment().unwrap();
        let (id, secret) = (self.credential("SCALEKIT_CLIENT_ID"), self.credential("SCALEKIT_CLIENT_SECRET"));
        clients::authenticate(&opened.app, &environment, &id, &secret).await.unwrap().is_some()
    }
}

async fn refused(config: &Config) -> String {
    match bootstrap::open(config, Clock::System, Purpose::Serve).await {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

async fn count_of(opened: &Opened, kind: &str) -> i64 {
    let mut tx = opened.app.db.read();
    let rows: (i64, i64, i64) = sql!(
        "SELECT (SELECT COUNT(*) FROM environments), (SELECT COUNT(*) FROM clients), (SELECT COUNT(*) FROM signing_keys)"
    )
    .one(&mut tx)
    .await
    .unwrap();
    match kind {
        "environments" => rows.0,
        "clients" => rows.1,
        _ => rows.2,
    }
}

database_tests! {
    async fn the_first_start_makes_everything_readable_by_its_owner_only(kind: Database) {
        let place = Place::new(kind).await;
        let opened = place.open().await;
        let data = place.data_dir();
        assert_eq!(opened.credentials, Some(data.join("credentials.env")));
        assert_eq!(opened.applied.len(), MIGRATIONS.len());
        assert_eq!(names_in(&data), ["credentials.env", "master.key"]);
        assert_eq!((mode(&data), mode(&data.join("master.key"))), (0o700, 0o600));
        assert_eq!(mode(&data.join("credentials.env")), 0o600);

        let environment = opened.app.environments.default_environment().unwrap();
        assert_eq!(
            (environment.url.as_str(), environment.kind),
            ("http://auth.example.test:8080", EnvironmentType::Development)
        );
        for name in ["SCALEKIT_ENVIRONMENT_URL", "SCALEKIT_ENV_URL"] {
            assert_eq!(place.credential(name), environment.url);
        }
        assert!(place.credential("SCALEKIT_CLIENT_ID").starts_with("skc_"));
        assert!(place.credentials_work(&opened).await);
        let env = environment.id;
        let roles: Vec<String> = sql!("SELECT name FROM roles WHERE environment_id = $1 ORDER BY name")
            .bind(env)
            .all(&mut opened.app.db.read())
            .await
            .unwrap();
        assert_eq!(roles, ["admin", "member"]);
    }

    async fn a_second_start_changes_nothing(kind: Database) {
        let place = Place::new(kind).await;
        let first = place.open().await;
        let text = fs::read(place.data_dir().join("credentials.env")).unwrap();
        let key = fs::read(place.data_dir().join("master.key")).unwrap();
        let environment = first.app.environments.default_environment().unwrap();
        first.app.db.close().await;
        drop(first);
        let second = place.open().await;
        assert_eq!((second.credentials.clone(), second.applied.len()), (None, 0));
        assert_eq!(fs::read(place.data_dir().join("credentials.env")).unwrap(), text);
        assert_eq!(fs::read(place.data_dir().join("master.key")).unwrap(), key);
        assert_eq!(second.app.environments.default_environment().unwrap(), environment);
        assert!(place.credentials_work(&second).await);
        for what in ["environments", "clients", "signing_keys"] {
            assert_eq!(count_of(&second, what).await, 1, "{what}");
        }
    }

    async fn the_credentials_file_may_be_taken_away(kind: Database) {
        let place = Place::new(kind).await;
        place.open().await;
        let path = place.data_dir().join("credentials.env");
        fs::remove_file(&path).unwrap();
        assert_eq!(place.open().await.credentials, None);
        assert!(!path.exists(), "a secret that nobody knows any more cannot come back");
    }

    async fn credentials_of_a_start_that_did_not_finish_are_replaced(kind: Database) {
        let place = Place::new(kind).await;
        fs::create_dir_all(place.data_dir()).unwrap();
        let path = place.data_dir().join("credentials.env");
        fs::write(&path, "SCALEKIT_CLIENT_ID=skc_1\nSCALEKIT_CLIENT_SECRET=old\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let opened = place.open().await;
        assert!(place.credentials_work(&opened).await);
        assert_eq!(mode(&path), 0o600);
        assert_eq!(
            names_in(&place.data_dir()),
            ["credentials.env", "master.key"],
            "nothing is left lying about"
        );
    }

    async fn another_public_url_moves_the_environment(kind: Database) {
        let place = Place::new(kind).await;
        let before = place.open().await.app.environments.default_environment().unwrap();
        let config = place.config_with(&[("server.public_url", "https://login.example.test")]);
        let moved = bootstrap::open(&config, Clock::System, Purpose::Serve).await.unwrap();
        let after = moved.app.environments.default_environment().unwrap();
        assert_eq!((after.id, after.url.as_str()), (before.id, "https://login.example.test"));
        assert!(after.updated_at > before.updated_at);
        assert_eq!(count_of(&moved, "environments").await, 1);
        let credentials = fs::read_to_string(config.credentials_file()).unwrap();
        assert!(credentials.contains("SCALEKIT_ENVIRONMENT_URL=https://login.example.test\n"), "{credentials}");
        assert!(credentials.contains("SCALEKIT_ENV_URL=https://login.example.test\n"), "{credentials}");
        let at = |host: &str| moved.app.environments.at(host).map(|environment| environment.id);
        assert_eq!(at("auth.example.test:8080"), None);
        for host in ["login.example.test", "LOGIN.example.test:443", "localhost:1", "127.0.0.1", "[::1]:8080"]
        {
            assert_eq!(at(host), Some(before.id), "{host}");
        }
        for host in [
            "",
            "login.example.test:8080",
            "login.example.test.",
            "x.login.example.test",
            "localhost.evil.test",
            "127.0.0.1.evil.test",
        ] {
            assert_eq!(at(host), None, "{host}");
        }
        assert!(place.credentials_work(&moved).await);
    }

    async fn a_command_works_on_what_is_there_and_makes_nothing(kind: Database) {
        let place = Place::new(kind).await;
        let command = || async {
            let config = place.config_with(&[("server.public_url", "https://elsewhere.example.test")]);
            bootstrap::open(&config, Clock::System, Purpose::Command).await
        };
        let text = command().await.map(drop).unwrap_err().to_string();
        assert!(text.contains("nothing is set up at") && text.contains("gatewright serve"), "{text}");
        assert!(!place.data_dir().exists(), "it made the data folder");
        let served = place.open().await.app.environments.default_environment().unwrap();
        let found = command().await.unwrap();
        assert_eq!(found.app.environments.default_environment().unwrap(), served, "it moved the environment");
        assert!(place.credentials_work(&found).await);
    }

    async fn two_nodes_that_start_together_make_one_environment(kind: Database) {
        for _ in 0..3 {
            let place = Place::new(kind).await;
            let config = place.config();
            let start = || {
                let config = config.clone();
                tokio::spawn(
                    async move { bootstrap::open(&config, Clock::System, Purpose::Serve).await.unwrap() },
                )
            };
            let (one, other) = (start(), start());
            let (one, other) = (one.await.unwrap(), other.await.unwrap());
            assert!(
                one.credentials.is_some() != other.credentials.is_some(),
                "exactly one of them was the first"
            );
            assert_eq!(one.applied.len() + other.applied.len(), MIGRATIONS.len());
            for node in [&one, &other] {
                for what in ["environments", "clients", "signing_keys"] {
                    assert_eq!(count_of(node, what).await, 1, "{what}");
                }
                assert!(place.credentials_work(node).await);
            }
            assert_eq!(names_in(&place.data_dir()), ["credentials.env", "master.key"]);
        }
    }

    async fn a_node_with_a_folder_of_its_own_needs_the_first_ones_master_key(kind: Database) {
        let place = Place::new(kind).await;
        let first = place.open().await;
        let folder = tempfile::tempdir().unwrap();
        let config = place.config_with(&[("server.data_dir", &folder.path().display().to_string())]);
        let text = refused(&config).await;
        assert!(text.contains("is missing") && text.contains("security.master_key_file"), "{text}");
        fs::copy(place.data_dir().join("master.key"), folder.path().join("master.key")).unwrap();
        let second = bootstrap::open(&config, Clock::System, Purpose::Serve).await.unwrap();
        assert_eq!(second.credentials, None);
        assert_eq!(
            first.app.environments.default_environment(),
            second.app.environments.default_environment()
        );
        assert_eq!(names_in(folder.path()), ["master.key"]);
    }

    async fn each_start_has_a_number_of_its_own(kind: Database) {
        let place = Place::new(kind).await;
        let nodes = [place.open().await, place.open().await, place.open().await];
        let mut ids = std::collections::BTreeSet::new();
        for node in &nodes {
            let operator = node.operator().unwrap();
            for _ in 0..2000 {
                let id: gatewright::ids::EventId = operator.new_id();
                assert!(ids.insert(id.as_i64()), "an id came twice");
            }
        }
    }

    async fn a_database_of_a_newer_version_is_left_alone(kind: Database) {
        let place = Place::new(kind).await;
        let opened = place.open().await;
        let mut tx = opened.app.db.write().await.unwrap();
        sql!("INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (9999, 'future', 'x', 0)")
            .execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let text = refused(&place.config()).await;
        assert!(text.contains("version 9999") && text.contains("start a newer gatewright"), "{text}");
    }

    async fn a_folder_that_cannot_be_written_is_named_with_the_way_out(kind: Database) {
        let place = Place::new(kind).await;
        let file = place.folder.path().join("file");
        fs::write(&file, "").unwrap();
        let below = file.join("data").display().to_string();
        for folder in [below.as_str(), file.to_str().unwrap(), "/proc/gatewright"] {
            let text = refused(&place.config_with(&[("server.data_dir", folder)])).await;
            assert!(text.contains(folder) && text.contains("another server.data_dir"), "{text}");
        }
        // Where the folder is there, but nothing can be written to it. (Permissions do not stop root; /proc does.)
        let text = refused(&place.config_with(&[("server.data_dir", "/proc")])).await;
        assert!(
            text.contains("/proc/master.key") && text.contains("help: give this user the right"),
            "{text}"
        );
        // Nothing was begun: the next start is the first one.
        assert!(place.open().await.credentials.is_some());
    }
}

#[tokio::test]
async fn the_database_is_in_the_data_folder_unless_said_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("a/b");
    let flags = vec![("server.data_dir", data.display().to_string())];
    let config = Config::load(&Sources { flags, ..Sources::default() }).unwrap();
    let opened = bootstrap::open(&config, Clock::System, Purpose::Serve).await.unwrap();
    opened.app.db.close().await;
    let names = names_in(&data);
    assert!(names.contains(&"gatewright.db".to_owned()), "{names:?}");
    for name in names {
        assert_eq!(mode(&data.join(&name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_not_touched() {
    let place = Place::new(Database::Sqlite).await;
    let path = PathBuf::from(place.database.url.strip_prefix("sqlite:").unwrap());
    let text = "this is no database, but somebody's letter; ".repeat(100);
    fs::write(&path, &text).unwrap();
    let message = refused(&place.config()).await;
    assert!(
        message.contains(path.to_str().unwrap()) && message.contains("is not a SQLite database"),
        "{message}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_damaged_database_is_an_error_and_not_a_new_beginning() {
    let place = Place::new(Database::Sqlite).await;
    let opened = place.open().await;
    opened.app.db.close().await;
    drop(opened);
    let path = PathBuf::from(place.database.url.strip_prefix("sqlite:").unwrap());
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    let message = refused(&place.config()).await;
    assert!(!message.is_empty() && message != "internal error", "{message}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_explained() {
    let place = Place::new(Database::Sqlite).await;
    let config = place.config_with(&[("database.url", "postgres://me:hunter2@127.0.0.1:9/nothing")]);
    let message = refused(&config).await;
    assert!(message.contains("check host, port, sslmode") && !message.contains("hunter2"), "{message}");
}
