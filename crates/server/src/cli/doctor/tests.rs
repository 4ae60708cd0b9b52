use super::*;
use crate::{bootstrap, config::Sources};
use std::{fs, os::unix::fs::PermissionsExt as _};

struct Installation {
    folder: tempfile::TempDir,
    flags: Vec<(&'static str, String)>,
}

fn installation() -> Installation {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").display().to_string();
    let flags = [
        ("server.data_dir", data.as_str()),
        ("server.listen", "127.0.0.1:0"),
        ("telemetry.metrics_listen", "off"),
    ];
    Installation { flags: flags.map(|(key, value)| (key, value.to_owned())).into(), folder }
}

impl Installation {
    fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.flags.push((key, value.into()));
        self
    }
    fn config(&self) -> Config {
        Config::load(&Sources { flags: self.flags.clone(), ..Sources::default() }).unwrap()
    }
    async fn started(self) -> Self {
        let opened = bootstrap::open(&self.config(), Clock::System, bootstrap::Purpose::Serve).await.unwrap();
        opened.app.db.close().await;
        self
    }
    async fn examine(&self) -> Vec<Finding> {
        examine(&self.config(), &Clock::System).await
    }
    /// Message and remedy of everything that is not well.
    async fn problems(&self) -> Vec<(&'static str, Status, String)> {
        let bad = |f: Finding| {
            (f.status != Status::Ok)
                .then(|| (f.check, f.status, format!("{} → {}", f.message, f.remedy.unwrap())))
        };
        self.examine()
            .await
            .into_iter()
            .filter_map(bad)
            .filter(|(check, ..)| *check != "open files")
            .collect()
    }
    fn data(&self, file: &str) -> std::path::PathBuf {
        self.folder.path().join("data").join(file)
    }
}

#[tokio::test]
async fn nothing_is_wrong_before_and_after_the_first_start() {
    let before = installation();
    assert_eq!(before.problems().await, []);
    assert!(!before.data("").exists(), "looking makes nothing");
    let after = before.started().await;
    assert_eq!(after.problems().await, []);
    let findings = after.examine().await;
    assert!(text(&findings).contains("✓ database       its tables are up to date"), "{}", text(&findings));
    let json: serde_json::Value = serde_json::from_str(&json(&findings).unwrap()).unwrap();
    assert_eq!(json["ok"], true);
    assert_eq!(json["checks"][0]["check"], "configuration");
}

#[tokio::test]
async fn a_missing_or_public_master_key_is_an_error() {
    let it = installation().started().await;
    fs::set_permissions(it.data("master.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let problems = it.problems().await;
    assert!(
        matches!(&problems[..], [("master key", Status::Error, text)] if text.contains("chmod 600")),
        "{problems:?}"
    );
    fs::remove_file(it.data("master.key")).unwrap();
    let problems = it.problems().await;
    assert!(
        matches!(&problems[..], [("master key", Status::Error, text)] if text.contains("restore")),
        "{problems:?}"
    );
}

#[tokio::test]
async fn a_damaged_database_is_an_error() {
    let it = installation().started().await;
    let mut bytes = fs::read(it.data("gatewright.db")).unwrap();
    let middle = bytes.len() / 2;
    bytes[4096..middle].fill(0x5a);
    fs::write(it.data("gatewright.db"), bytes).unwrap();
    let problems = it.problems().await;
    assert!(
        problems.iter().any(|(check, status, _)| (*check, *status) == ("database", Status::Error)),
        "{problems:?}"
    );
    fs::write(it.data("gatewright.db"), "this is no database, but a text that somebody wrote").unwrap();
    let problems = it.problems().await;
    assert!(
        problems.iter().any(|(check, status, _)| (*check, *status) == ("database", Status::Error)),
        "{problems:?}"
    );
}

#[tokio::test]
async fn urls_that_cannot_work_are_noticed() {
    let behind_proxy = installation().with("server.public_url", "https://auth.test");
    assert!(
        matches!(&behind_proxy.problems().await[..], [("public URL", Status::Warning, text)] if text.contains("proxy"))
    );
    let clear = installation().with("server.public_url", "http://auth.test");
    assert!(
        matches!(&clear.problems().await[..], [("public URL", Status::Warning, text)] if text.contains("in clear"))
    );
    let wrong = installation().with("server.public_url", "http://localhost").with("tls.mode", "local");
    assert!(matches!(&wrong.problems().await[..], [("public URL", Status::Error, _)]));
}

#[tokio::test]
async fn a_certificate_for_another_host_is_an_error() {
    use crate::transport::tls::LocalAuthority;
    let it = installation();
    let authority = LocalAuthority::new(it.data("tls"), "localhost");
    authority.ensure(Clock::System.now()).unwrap();
    fs::set_permissions(it.data(""), fs::Permissions::from_mode(0o700)).unwrap();
    let it = it
        .with("tls.cert", authority.certificate_file().display().to_string())
        .with("tls.key", authority.key_file().display().to_string())
        .with("server.public_url", "https://auth.test")
        .with("server.listen", "0.0.0.0:0");
    let problems = it.problems().await;
    assert!(
        matches!(&problems[..], [("TLS", Status::Error, text)] if text.contains("not for auth.test, but for localhost")),
        "{problems:?}"
    );
    let it = it.with("server.public_url", "https://localhost");
    assert_eq!(it.problems().await, []);
    let it = it.with("tls.key", it_ca_key(&authority));
    assert!(
        matches!(&it.problems().await[..], [("TLS", Status::Error, text)] if text.contains("is not the key"))
    );
}

fn it_ca_key(authority: &crate::transport::tls::LocalAuthority) -> String {
    authority.authority_file().with_file_name("ca-key.pem").display().to_string()
}

#[test]
fn a_clock_behind_the_database_is_an_error() {
    use crate::time::Timestamp;
    let now = Clock::System.now();
    assert_eq!(network::clock(now, Some(now)).status, Status::Ok);
    assert_eq!(
        network::clock(now, Some(now.plus(std::time::Duration::from_secs(3600)))).status,
        Status::Error
    );
    assert_eq!(network::clock(Timestamp::from_micros(0), None).status, Status::Error);
}
