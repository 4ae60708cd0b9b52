//! Embeds `migrations/NNNN_name.sql` (or `.postgres.sql` and `.sqlite.sql`) as `MIGRATIONS`.
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
            add(&mut found, stem, &folder.join(&file).canonicalize()?.display().to_string())?;
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
            "Migration {{ version: {version}, name: {name:?}, postgres: include_str!({postgres:?}), sqlite: include_str!({sqlite:?}) }},"
        )?;
    }
    code.push_str("];\n");
    Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join("migrations.rs"), code)?)
}

/// `stem` is `0001_name`, `0001_name.postgres` or `0001_name.sqlite`.
fn add(found: &mut BTreeMap<i64, Files>, stem: &str, path: &str) -> Result<(), Box<dyn Error>> {
    let (base, dialect) = stem.split_once('.').map_or((stem, None), |(base, dialect)| (base, Some(dialect)));
    let (version, name) =
        base.split_once('_').ok_or(format!("{stem}.sql: a migration is called NNNN_name.sql"))?;
    let files = found.entry(version.parse()?).or_default();
    if !files.name.is_empty() && files.name != name {
        return Err(format!("two migrations have the number {version}: {} and {name}", files.name).into());
    }
    name.clone_into(&mut files.name);
    // A deferred constraint would be checked at SQLite's outer commit, which several transactions share.
    if fs::read_to_string(path)?.to_ascii_uppercase().contains("DEFERR") {
        return Err(format!("{stem}.sql: deferred constraints are not supported").into());
    }
    let slots: &mut [&mut Option<String>] = match dialect {
        None => &mut [&mut files.postgres, &mut files.sqlite],
        Some("postgres") => &mut [&mut files.postgres],
        Some("sqlite") => &mut [&mut files.sqlite],
        Some(other) => return Err(format!("{stem}.sql: {other} is not postgres or sqlite").into()),
    };
    for slot in slots {
        if slot.replace(path.to_owned()).is_some() {
            return Err(format!("migration {version} has two files for one database").into());
        }
    }
    Ok(())
}
