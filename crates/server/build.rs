//! Embeds `migrations/NNNN_name.sql` (or `.postgres.sql` and `.sqlite.sql`) as `MIGRATIONS`. A table that is written once for
//! both databases becomes one B-tree in SQLite, see `for_sqlite`.
use std::{collections::BTreeMap, env, error::Error, fmt::Write as _, fs, path::Path};

#[derive(Default)]
struct Files {
    name: String,
    postgres: Option<String>,
    sqlite: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../migrations");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut found = BTreeMap::<i64, Files>::new();
    for entry in fs::read_dir(&folder)? {
        let file = entry?.file_name().into_string().map_err(|_| "a migration's name is not UTF-8")?;
        if let Some(stem) = file.strip_suffix(".sql") {
            println!("cargo::rerun-if-changed={}", folder.join(&file).display());
            add(&mut found, stem, &fs::read_to_string(folder.join(&file))?)?;
        }
    }
    let mut code = String::from(
        "/// Every migration of this program, ascending.\npub static MIGRATIONS: &[Migration] = &[\n",
    );
    for (version, Files { name, postgres, sqlite }) in found {
        let both = postgres.zip(sqlite);
        let (postgres, sqlite) =
            both.ok_or(format!("migration {version:04}_{name} lacks one of the two databases"))?;
        writeln!(
            code,
            "Migration {{ version: {version}, name: {name:?}, postgres: {postgres:?}, sqlite: {sqlite:?} }},"
        )?;
    }
    code.push_str("];\n");
    Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join("migrations.rs"), code)?)
}

/// `stem` is `0001_name`, `0001_name.postgres` or `0001_name.sqlite`.
fn add(found: &mut BTreeMap<i64, Files>, stem: &str, text: &str) -> Result<(), Box<dyn Error>> {
    let (base, dialect) = stem.split_once('.').map_or((stem, None), |(base, dialect)| (base, Some(dialect)));
    let (version, name) =
        base.split_once('_').ok_or(format!("{stem}.sql: a migration is called NNNN_name.sql"))?;
    let files = found.entry(version.parse()?).or_default();
    if !files.name.is_empty() && files.name != name {
        return Err(format!("two migrations have the number {version}: {} and {name}", files.name).into());
    }
    name.clone_into(&mut files.name);
    // A deferred constraint would be checked at SQLite's outer commit, which several transactions share.
    if text.to_ascii_uppercase().contains("DEFERR") {
        return Err(format!("{stem}.sql: deferred constraints are not supported").into());
    }
    let texts: &mut [(&mut Option<String>, String)] = match dialect {
        None => &mut [(&mut files.postgres, text.to_owned()), (&mut files.sqlite, for_sqlite(text))],
        Some("postgres") => &mut [(&mut files.postgres, text.to_owned())],
        Some("sqlite") => &mut [(&mut files.sqlite, text.to_owned())],
        Some(other) => return Err(format!("{stem}.sql: {other} is not postgres or sqlite").into()),
    };
    for (slot, text) in texts {
        if slot.replace(std::mem::take(text)).is_some() {
            return Err(format!("migration {version} has two files for one database").into());
        }
    }
    Ok(())
}

/// In SQLite a `BIGINT` primary key is an index beside a table that is sorted by a number of its own: two B-trees to write for
/// each row, two to search for each id. With `INTEGER` the key *is* that number; and a table whose key has several columns
/// is sorted by them if it says `WITHOUT ROWID`.
fn for_sqlite(text: &str) -> String {
    let mut sorted_by_key = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        let code = line.split_once("--").map_or(line, |(code, _)| code);
        if code.contains(" BIGINT ") && code.contains(" NOT NULL PRIMARY KEY") {
            lines.push(line.replacen(" BIGINT ", " INTEGER ", 1));
        } else if code == ");" && sorted_by_key {
            lines.push(") WITHOUT ROWID;".to_owned());
        } else {
            lines.push(line.to_owned());
        }
        sorted_by_key = code.trim_start().starts_with("PRIMARY KEY (") || (sorted_by_key && code != ");");
    }
    lines.join("\n")
}
