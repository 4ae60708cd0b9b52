use super::*;
use std::fs;

struct Given {
    folder: tempfile::TempDir,
    sources: Sources,
}

fn given(file: &str) -> Given {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatewright.toml");
    fs::write(&path, file).unwrap();
    Given { sources: Sources { file: Some(path), ..Sources::default() }, folder }
}

impl Given {
    fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.push((name.to_owned(), value.to_owned()));
        self
    }
    fn flag(mut self, key: &'static str, value: &str) -> Self {
        self.sources.flags.push((key, value.to_owned()));
        self
    }
    fn config(&self) -> Config {
        Config::load(&self.sources).unwrap()
    }
    /// The message and the help, with the folder's name taken out.
    fn error(&self) -> (String, String) {
        let error = Config::load(&self.sources).map(drop).unwrap_err();
        let message = error.to_string().replace(&format!("{}/", self.folder.path().display()), "");
        (message, error.help().unwrap_or_default().to_owned())
    }
}

#[test]
fn nothing_at_all_is_a_configuration() {
    let config = Config::load(&Sources::default()).unwrap();
    assert_eq!(config.public_url().as_str(), "http://localhost:8080");
    assert_eq!(config.database_url().to_string(), "sqlite:./gatewright-data/gatewright.db");
    assert_eq!(config.limits.max_body_size, Size(4 << 20));
    assert!(!config.is_set("server.listen"));
}

#[test]
fn every_default_is_a_value_of_its_key() {
    for key in reference() {
        if !key.default.is_empty() {
            let flags = vec![(key.name, key.default.to_owned())];
            Config::load(&Sources { flags, ..Sources::default() }).unwrap();
        }
        assert!(key.doc.trim().ends_with('.'), "{} has no documentation", key.name);
    }
}

#[test]
fn flags_beat_variables_beat_the_file() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\npublic_url = \"https://a.test\"\n[limits]\nmax_connections = 7\n";
    let base = given(file);
    assert_eq!(base.config().server.listen.port(), 1);
    assert_eq!(base.config().limits.max_connections, Count(7));
    let with_variable =
        base.variable("GATEWRIGHT_SERVER__LISTEN", "127.0.0.1:2").variable("HOME", "/nowhere");
    assert_eq!(with_variable.config().server.listen.port(), 2);
    let with_flag = with_variable.flag("server.listen", "127.0.0.1:3");
    assert_eq!(with_flag.config().server.listen.port(), 3);
    assert_eq!(with_flag.config().public_url().as_str(), "https://a.test");
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_one() {
    let (message, help) = given("[server]\n\nlisen = \"127.0.0.1:1\"\n").error();
    assert_eq!(message, "unknown key server.lisen in gatewright.toml:3");
    assert_eq!(help, "did you mean server.listen?");
    let (message, help) = given("[tls]\nfoo.bar = 1\n").error();
    assert_eq!(message, "unknown key tls.foo in gatewright.toml:2");
    assert_eq!(help, "the keys of [tls] are mode, cert, key");
    let (message, help) = given("\n[severs]\na = 1\n").error();
    assert_eq!(message, "unknown section [severs] in gatewright.toml:2");
    assert_eq!(help, "did you mean [server]?");
    let (message, help) = given("listen = \"127.0.0.1:1\"\n").error();
    assert_eq!(message, "unknown key listen in gatewright.toml:1: every key is in a section");
    assert_eq!(help, "write it below a line [server]");
}

#[test]
fn a_bad_value_is_named_with_its_place_and_what_was_expected() {
    let (message, help) = given("[limits]\nheader_timeout = 10\n").error();
    assert_eq!(
        message,
        "bad value of limits.header_timeout in gatewright.toml:2 = \"10\": the unit is missing"
    );
    assert!(help.starts_with("expected a duration with its unit"), "{help}");
    let (message, _) = given("").variable("GATEWRIGHT_TELEMETRY__LOG_FORMAT", "xml").error();
    assert_eq!(
        message,
        "bad value of telemetry.log_format in the environment variable GATEWRIGHT_TELEMETRY__LOG_FORMAT = \"xml\""
    );
    let (message, _) = given("").flag("telemetry.log_filter", "verbose").error();
    assert!(message.contains("\"verbose\" is no level"), "{message}");
    let (message, _) = given("[server]\nlisten = { host = \"a\" }\n").error();
    assert_eq!(message, "bad value of server.listen in gatewright.toml:2: found a table");
    let (message, _) = given("[server]\nlisten = [\"127.0.0.1:1\"]\n").error();
    assert!(message.contains("a list is not possible here"), "{message}");
}

#[test]
fn broken_toml_has_its_line() {
    let (message, _) = given("[server]\nlisten = \"127.0.0.1:1\n").error();
    assert!(message.starts_with("gatewright.toml:2 is not valid TOML: "), "{message}");
    let mut missing = given("");
    missing.sources.file = Some(missing.folder.path().join("missing.toml"));
    assert!(missing.error().0.starts_with("cannot read the configuration file missing.toml: "));
}

#[test]
fn unknown_variables_of_ours_are_errors() {
    let (message, help) = given("").variable("GATEWRIGHT_SERVER__LISTE", "x").error();
    assert_eq!(message, "unknown environment variable GATEWRIGHT_SERVER__LISTE");
    assert_eq!(help, "did you mean GATEWRIGHT_SERVER__LISTEN?");
    let (_, help) = given("").variable("GATEWRIGHT_SERVER_LISTEN", "x").error();
    assert_eq!(help, "did you mean GATEWRIGHT_SERVER__LISTEN?");
    let (_, help) = given("").variable("GATEWRIGHT_NONSENSE", "x").error();
    assert!(help.contains("GATEWRIGHT_SERVER__LISTEN"), "{help}");
    // What Kubernetes sets for a service called gatewright is not ours.
    let quiet = given("")
        .variable("GATEWRIGHT_SERVICE_HOST", "10.0.0.1")
        .variable("GATEWRIGHT_PORT_8080_TCP_ADDR", "10.0.0.1")
        .variable("GATEWRIGHT_CONFIG", "gatewright.toml");
    quiet.config();
}

#[test]
fn the_database_password_is_never_shown() {
    let config = given("[database]\nurl = \"postgres://u:hunter2@db/app\"\n").config();
    assert!(!format!("{config:?} {}", config.database_url()).contains("hunter2"));
    let (message, help) = given("[database]\nurl = \"postgress://u:hunter2@db/app\"\n").error();
    assert!(message.starts_with("bad value of database.url in gatewright.toml:2"), "{message}");
    assert!(!format!("{message}{help}").contains("hunter2"));
}

#[test]
fn a_database_url_can_be_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    fs::write(&file, "postgres://u:hunter2@db/app\n").unwrap();
    let path = file.display().to_string();
    let config = given("").flag("database.url_file", &path).config();
    assert!(
        matches!(config.database_url(), DatabaseUrl::Postgres(url) if url.expose() == "postgres://u:hunter2@db/app")
    );
    let both = given("[database]\nurl = \"sqlite:a.db\"\n").flag("database.url_file", &path);
    assert!(both.error().0.contains("are both set"));
    fs::write(&file, "hunter2").unwrap();
    let (message, help) = given("").flag("database.url_file", &path).error();
    assert!(!format!("{message}{help}").contains("hunter2"), "{message}");
}

#[test]
fn certificate_files_come_in_pairs_and_imply_their_mode() {
    let pair = given("[tls]\ncert = \"a.pem\"\nkey = \"b.pem\"\n");
    assert_eq!(pair.config().tls.mode, TlsMode::Files);
    assert_eq!(pair.config().public_url().as_str(), "https://localhost:8080");
    assert_eq!(
        given("").flag("tls.cert", "a.pem").error().0,
        "tls.cert is set in the command line, but tls.key is not"
    );
    assert!(given("").flag("tls.key", "a.pem").error().0.starts_with("tls.key is set"));
    assert!(given("").flag("tls.mode", "files").error().0.contains("but there are none"));
    assert!(pair.flag("tls.mode", "local").error().0.contains("tls.mode is \"local\""));
}

#[test]
fn lists_are_lists_in_the_file_and_commas_elsewhere() {
    let file = given("[security]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n");
    let commas = given("").variable("GATEWRIGHT_SECURITY__TRUSTED_PROXIES", "10.0.0.0/8, ::1");
    assert_eq!(file.config().security.trusted_proxies, commas.config().security.trusted_proxies);
    assert_eq!(file.config().security.trusted_proxies.len(), 2);
    assert!(
        given("").flag("security.trusted_proxies", "proxy").error().0.contains("\"proxy\" is no IP address")
    );
}

/// The documentation lists every key with its default.
#[test]
fn the_documentation_has_every_key() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let document = fs::read_to_string(path).unwrap();
    for key in reference() {
        let row = document.lines().find(|line| line.starts_with(&format!("| `{}` |", key.name)));
        let row = row.unwrap_or_else(|| panic!("docs/configuration.md lacks {}", key.name));
        let default = if key.default.is_empty() { "unset".to_owned() } else { format!("`{}`", key.default) };
        assert!(row.contains(&format!("| {default} |")), "the default of {} is {default}: {row}", key.name);
    }
}
