//! That nothing was forgotten: each statement works on both databases and stays in its environment, both databases have
//! the same schema, and each kind of event is documented.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what goes wrong in a test shall stop it"
)]

use gatewright::{
    by_dialect,
    db::{DbKind, STATEMENTS, Statement},
    events::EventType,
};
use gatewright_testkit::{Database, Server, api_tests};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Tables that are not of one environment. Jobs are the installation's: a node works on those of every environment. So
/// are the people who work in the dashboard, and their roles.
const GLOBAL: &[&str] = &[
    "dashboard_roles",
    "environments",
    "installation",
    "jobs",
    "member_environment_roles",
    "members",
    "schema_migrations",
];

/// What only one of the databases has, by the beginning of the name: SQLite's index of searches, and changes that
/// PostgreSQL has not added up yet.
const ONE_DATABASE: &[&str] = &[
    "organizations_search",
    "organizations_unindexed",
    "users_search",
    "users_unindexed",
    "list_size_changes",
];

/// Statements that look at all environments: where, how they begin, and why they may.
const UNSCOPED: &[(&str, &str, &str)] = &[
    ("jobs/store.rs", "SELECT MIN(", "nodes take jobs of every environment"),
    ("jobs/store.rs", "UPDATE jobs SET due_at = $2, attempts", "nodes take jobs of every environment"),
    (
        "src/mail/store.rs",
        "SELECT environment_id, id, use_case",
        "the development inbox shows the mails of the whole installation, on loopback only",
    ),
    ("src/mail/store.rs", "UPDATE mails SET content_sealed = NULL, failed_at", "what is old goes everywhere"),
    ("src/mail/store.rs", "DELETE FROM mails WHERE id IN", "what is old goes everywhere"),
    (
        "src/sessions/store.rs",
        "SELECT DISTINCT environment_id FROM sessions",
        "it looks for environments with work to do",
    ),
    ("src/sessions/store.rs", "DELETE FROM sessions WHERE id IN", "what is old goes everywhere"),
    ("src/login/handoff/store.rs", "DELETE FROM login_requests WHERE id IN", "what is old goes everywhere"),
    ("src/login/store.rs", "DELETE FROM sign_ins WHERE id IN", "what is old goes everywhere"),
    ("src/relying_party/store.rs", "DELETE FROM upstream_logins WHERE", "what is old goes everywhere"),
    ("src/oauth/store.rs", "DELETE FROM authorization_codes WHERE id IN", "what is old goes everywhere"),
    ("src/oauth/store.rs", "DELETE FROM refresh_tokens WHERE id IN", "what is old goes everywhere"),
    ("src/oauth/store.rs", "DELETE FROM revoked_tokens WHERE (environment_id", "what is old goes everywhere"),
    ("src/totp/store.rs", "DELETE FROM totp_registrations WHERE id IN", "what is old goes everywhere"),
    ("src/passwordless/store.rs", "DELETE FROM passwordless_requests", "what is old goes everywhere"),
    ("src/passwordless/store.rs", "DELETE FROM passwordless_addresses", "what is old goes everywhere"),
    ("src/lists/search.rs", "SELECT n.id, n.environment_id", "the index is made for all environments"),
    ("src/lists/sizes.rs", "WITH taken AS", "the changes of all environments are added up"),
    ("src/lists/sizes.rs", "DELETE FROM list_sizes", "the sizes of all environments are kept"),
    (
        "src/organizations/portal_links.rs",
        "DELETE FROM portal_links WHERE id IN",
        "what is old goes everywhere",
    ),
    (
        "src/passkeys/ceremony_store.rs",
        "DELETE FROM passkey_ceremonies WHERE expires_at",
        "what is old goes everywhere",
    ),
    ("src/clients/store/mod.rs", "DELETE FROM clients WHERE id IN", "what nobody uses goes everywhere"),
];

/// The program's own statements, without those of this test.
fn statements() -> impl Iterator<Item = &'static Statement> {
    STATEMENTS.iter().filter(|statement| statement.file.contains("src/"))
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect()
}

/// Tables that a statement names after `FROM`, `JOIN`, `INTO` or `UPDATE`.
fn tables(text: &str) -> BTreeSet<String> {
    let words = words(text);
    let named =
        words.windows(2).filter(|pair| ["from", "join", "into", "update"].contains(&pair[0].as_str()));
    named
        .map(|pair| pair[1].clone())
        .filter(|name| !["set", "select", "skip"].contains(&name.as_str()))
        .collect()
}

/// Whether a statement says which environment it is about: by condition, or as a column that it fills.
fn is_scoped(text: &str) -> bool {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let condition = ["environment_id = $", "environment_id=$", "environment_id = e.id"];
    if text.to_ascii_uppercase().starts_with("INSERT") {
        return text.split(')').next().is_some_and(|columns| columns.contains("environment_id"));
    }
    condition.iter().any(|condition| text.contains(condition))
}

#[test]
fn every_statement_stays_in_its_environment() {
    let mut excused = BTreeSet::new();
    for statement in statements() {
        for text in [statement.sqlite, statement.postgres] {
            if text.is_empty() {
                continue; // a statement of the other database
            }
            let tables = tables(text);
            assert!(!tables.is_empty(), "{}:{}: no table in {text}", statement.file, statement.line);
            let is_shared = |table: &str| GLOBAL.contains(&table) || ONE_DATABASE.contains(&table);
            if tables.iter().all(|table| is_shared(table)) || is_scoped(text) {
                continue;
            }
            let excuse = UNSCOPED
                .iter()
                .position(|(file, start, _)| statement.file.ends_with(file) && text.starts_with(start));
            let place = format!("{}:{}", statement.file, statement.line);
            excused.insert(
                excuse.unwrap_or_else(|| panic!("{place}: no condition on environment_id in\n{text}")),
            );
        }
    }
    assert_eq!(excused.len(), UNSCOPED.len(), "an exception is no longer needed");
}

#[test]
fn tells_scoped_statements_from_others() {
    assert!(is_scoped("SELECT id FROM roles WHERE environment_id = $1 AND id = $2"));
    assert!(is_scoped("INSERT INTO roles (environment_id, id) VALUES ($1, $2)"));
    assert!(!is_scoped("SELECT environment_id FROM roles WHERE id = $1"));
    assert!(!is_scoped("INSERT INTO roles (id) SELECT id FROM roles WHERE environment_id = $1"));
    assert!(!is_scoped("UPDATE roles SET environment_id = 7 WHERE id = $1"));
    let text = "SELECT a FROM clients c LEFT JOIN organizations o ON true";
    assert_eq!(tables(text), BTreeSet::from(["clients".to_owned(), "organizations".to_owned()]));
}

/// The slice is filled by the linker: a file whose statements it left out would go unnoticed.
#[test]
fn every_statement_in_the_source_is_known_to_these_tests() {
    let mut registered = BTreeMap::<&str, usize>::new();
    for statement in statements() {
        *registered.entry(statement.file).or_default() += 1;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let mut found = 0;
    for path in files {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        if name.starts_with("db/") {
            continue; // the macros themselves
        }
        let text = fs::read_to_string(&path).unwrap();
        let written = text.matches("sql!(").count() + text.matches("by_dialect!(").count();
        let known =
            registered.iter().filter(|(file, _)| file.ends_with(&format!("src/{name}"))).map(|(_, n)| n);
        assert!(known.sum::<usize>() >= written, "{name} has {written} statements: {registered:?}");
        found += written;
    }
    assert!(found >= 30, "only {found} statements were found in the source");
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

api_tests! {
    async fn every_statement_can_be_prepared(t: Server) {
        let mut count = 0;
        for statement in statements() {
            t.app.db.prepare(statement).await.unwrap_or_else(|error| {
                panic!(
                    "{}:{} on {:?}: {:?}",
                    statement.file,
                    statement.line,
                    t.app.db.kind(),
                    std::error::Error::source(&error)
                )
            });
            count += 1;
        }
        assert!(count >= 30, "only {count} statements");
        let bad = Statement::new("SELECT nothing FROM nowhere", "SELECT nothing FROM nowhere", "", 0);
        assert!(t.app.db.prepare(&bad).await.is_err(), "this test would not notice");
    }
}

/// What a database has: lines of columns, keys and references, spelt alike for both.
#[derive(Debug, PartialEq, Eq)]
struct Schema {
    columns: BTreeSet<String>,
    keys: BTreeSet<String>,
    references: BTreeSet<String>,
}

async fn schema(t: &Server) -> Schema {
    let mut tx = t.app.db.read();
    let columns: Vec<(String, String, String)> = by_dialect!(
        postgres: "SELECT CAST(table_name || '.' || column_name AS TEXT), CAST(upper(data_type) AS TEXT),
                          CASE is_nullable WHEN 'NO' THEN 'NOT NULL' ELSE '' END
                   FROM information_schema.columns WHERE table_schema = 'public'",
        sqlite: "SELECT m.name || '.' || c.name, replace(upper(c.type), 'INTEGER', 'BIGINT'), CASE c.\"notnull\" WHEN 1 THEN 'NOT NULL' ELSE '' END
                 FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
    )
    .all(&mut tx)
    .await
    .unwrap();
    let keys: Vec<(String, String, String)> = by_dialect!(
        postgres: "SELECT CAST(t.relname AS TEXT),
                          CASE WHEN i.indisprimary THEN 'PRIMARY' WHEN i.indisunique THEN 'UNIQUE' ELSE 'INDEX' END,
                          (SELECT string_agg(CAST(a.attname AS TEXT), ',' ORDER BY x.n)
                           FROM unnest(CAST(i.indkey AS int2[])) WITH ORDINALITY x(attnum, n)
                           JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.attnum)
                   FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
                   JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = 'public' AND i.indexprs IS NULL",
        // A primary key need not be an index there.
        sqlite: "SELECT m.name, CASE WHEN i.\"unique\" THEN 'UNIQUE' ELSE 'INDEX' END,
                        (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
                 FROM sqlite_schema m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND i.origin <> 'pk'
                 UNION ALL
                 SELECT name, 'PRIMARY', group_concat(key, ',')
                 FROM (SELECT m.name, c.name AS key FROM sqlite_schema m JOIN pragma_table_info(m.name) c
                       WHERE m.type = 'table' AND c.pk > 0 ORDER BY m.name, c.pk) GROUP BY name"
    )
    .all(&mut tx)
    .await
    .unwrap();
    let references: Vec<(String, String, String)> = by_dialect!(
        postgres: "SELECT CAST(t.relname AS TEXT) || '.' || CAST(a.attname AS TEXT),
                          CAST(r.relname AS TEXT) || '.' || CAST(b.attname AS TEXT),
                          CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE '' END
                   FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid
                   CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k (own, other)
                   JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.own
                   JOIN pg_attribute b ON b.attrelid = r.oid AND b.attnum = k.other WHERE c.contype = 'f'",
        sqlite: "SELECT m.name || '.' || f.\"from\", f.\"table\" || '.' || f.\"to\",
                        CASE f.on_delete WHEN 'NO ACTION' THEN '' ELSE f.on_delete END
                 FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
    )
    .all(&mut tx)
    .await
    .unwrap();
    let lines = |rows: Vec<(String, String, String)>| {
        let both = |name: &str| !ONE_DATABASE.iter().any(|one| name.starts_with(one));
        let rows = rows.into_iter().filter(|(name, ..)| both(name));
        rows.map(|(a, b, c)| format!("{a} {b} {c}").trim_end().to_owned()).collect()
    };
    Schema { columns: lines(columns), keys: lines(keys), references: lines(references) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_have_the_same_schema() {
    let sqlite = Server::start(Database::Sqlite).await;
    let postgres = Server::start(Database::Postgres).await;
    assert_eq!((sqlite.app.db.kind(), postgres.app.db.kind()), (DbKind::Sqlite, DbKind::Postgres));
    let (one, other) = (schema(&sqlite).await, schema(&postgres).await);
    for (name, one, other) in [
        ("columns", &one.columns, &other.columns),
        ("keys", &one.keys, &other.keys),
        ("references", &one.references, &other.references),
    ] {
        let only_one: Vec<_> = one.difference(other).collect();
        let only_other: Vec<_> = other.difference(one).collect();
        assert!(
            only_one.is_empty() && only_other.is_empty(),
            "{name}: only SQLite {only_one:#?}, only PostgreSQL {only_other:#?}"
        );
        assert!(one.len() > 10, "{name}: {one:?}");
    }
    let expected = "organizations UNIQUE environment_id,external_id";
    assert!(
        one.keys.contains(expected) && one.columns.contains("organizations.id BIGINT NOT NULL"),
        "{one:?}"
    );
    assert!(one.references.contains("client_secrets.client_id clients.id CASCADE"), "{one:?}");
    for table in one.columns.iter().filter_map(|line| line.split('.').next()).collect::<BTreeSet<_>>() {
        let scoped = one.columns.contains(&format!("{table}.environment_id BIGINT NOT NULL"));
        assert!(scoped || GLOBAL.contains(&table), "{table} has no environment_id");
    }
}

/// `docs/events.md` has a row for each kind of event, and no other.
#[test]
fn every_kind_of_event_is_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/events.md");
    let text = fs::read_to_string(path).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .filter(|row: &Vec<&str>| row.len() == 4)
        .collect();
    for kind in EventType::ALL {
        let name = format!("`{}`", kind.name());
        let row =
            rows.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("docs/events.md lacks {name}"));
        assert_eq!((row[1], row[2]), (kind.label(), format!("`{}`", kind.object()).as_str()), "{name}");
        assert!(row[3].len() > 10, "{name} does not say when it is emitted");
    }
    assert_eq!(rows.len(), EventType::ALL.len(), "docs/events.md has rows for kinds that do not exist");
}
