//! Arrows between modules point one way: up the list in `lib.rs`. Its groups, apart by blank lines, are the layers; a
//! module may use its own layer and those above, and within a layer there is no circle.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test shall stop it")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Arrows that point down, and why they may.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("app", "environments", "App holds the directory of environments, which every request needs first"),
    ("app", "keys", "App holds the parsed signing keys of all environments"),
    ("app", "clients", "App holds the uses of secrets that are not stored yet"),
    ("app", "jobs", "App holds what wakes the workers of this node after a commit"),
    ("app", "mail", "App holds the mailer, which is the same for every environment"),
    ("app", "roles", "App holds what roles permitted a moment ago"),
    ("app", "relying_party", "App holds the keys of providers that were read a while ago"),
    ("app", "sessions", "App holds the file of places"),
    ("app", "tokens", "App holds the API keys that were valid a moment ago"),
    ("ctx", "environments", "a request belongs to an environment"),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Layer of each module, as `lib.rs` groups them.
fn layers(lib: &str) -> BTreeMap<String, usize> {
    let mut layers = BTreeMap::new();
    let mut layer = 0;
    for line in lib.lines().map(str::trim) {
        if line.is_empty() {
            layer += 1;
        } else if let Some(name) = line.trim_start_matches("pub ").strip_prefix("mod ") {
            layers.insert(name.trim_end_matches(';').to_owned(), layer);
        }
    }
    layers
}

/// The text without comments and without what is only compiled for tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// First names of the paths that start with `root`: `crate::{a::b, c}` and `crate::d` name a, c and d.
fn names(code: &str, root: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(root) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$' || c == ':') {
            continue;
        }
        let rest = &code[at + root.len()..];
        match rest.strip_prefix('{') {
            Some(list) => names.extend(first_names(list)),
            None => names.extend(first_name(rest)),
        }
    }
    names
}

/// The first name of each item of a list, up to its closing brace.
fn first_names(list: &str) -> Vec<String> {
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.extend(first_name(list[start..at].trim_start()));
                start = at + 1;
                if letter == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

fn first_name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|name| name == "tests");
        if path.is_dir() && !is_test {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
            files.push(path);
        }
    }
}

/// Which module uses which, with a file that does.
fn arrows() -> BTreeMap<(String, String), String> {
    let root = source();
    let mut files = Vec::new();
    collect(&root, &mut files);
    let mut arrows = BTreeMap::new();
    for path in files {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        let module = name.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        if ["lib", "main"].contains(&module.as_str()) {
            continue;
        }
        let code = code(&fs::read_to_string(&path).unwrap());
        let mut used = names(&code, "crate::");
        let is_top = !name.contains('/') || (name.matches('/').count() == 1 && name.ends_with("/mod.rs"));
        if is_top {
            used.extend(names(&code, "super::"));
        }
        for other in used {
            // The macros are `db`'s, at the root of the crate because macros are.
            let other = if ["sql", "by_dialect"].contains(&other.as_str()) { "db".to_owned() } else { other };
            if other != module {
                arrows.insert((module.clone(), other), name.clone());
            }
        }
    }
    arrows
}

#[test]
fn no_arrow_points_back() {
    let layers = layers(&fs::read_to_string(source().join("lib.rs")).unwrap());
    let arrows = arrows();
    let layer = |name: &str| *layers.get(name).unwrap_or_else(|| panic!("{name} is no module of lib.rs"));
    let is_excused = |(from, to): &(String, String)| EXCEPTIONS.iter().any(|(a, b, _)| a == from && b == to);
    let mut wrong = Vec::new();
    for (arrow, file) in arrows.iter().filter(|(arrow, _)| !is_excused(arrow)) {
        if layer(&arrow.1) > layer(&arrow.0) {
            wrong.push(format!("{file}: {} uses {}, which comes later in lib.rs", arrow.0, arrow.1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (from, to, reason) in EXCEPTIONS {
        let arrow = ((*from).to_owned(), (*to).to_owned());
        assert!(arrows.contains_key(&arrow), "{from} does not use {to} any more: {reason}");
        assert!(layer(to) > layer(from), "{from} may use {to} anyway");
    }
    assert!(arrows.len() > 50, "only {} arrows were found", arrows.len());
}

#[test]
fn no_layer_has_a_circle() {
    let layers = layers(&fs::read_to_string(source().join("lib.rs")).unwrap());
    let mut left: BTreeMap<String, BTreeSet<String>> =
        layers.keys().map(|name| (name.clone(), BTreeSet::new())).collect();
    for ((from, to), _) in arrows() {
        if layers.get(&from) == layers.get(&to) {
            left.get_mut(&from).unwrap().insert(to);
        }
    }
    // Takes away, again and again, what uses nothing that is left.
    while let Some(name) = left.iter().find(|(_, uses)| uses.is_empty()).map(|(name, _)| name.clone()) {
        left.remove(&name);
        for uses in left.values_mut() {
            uses.remove(&name);
        }
    }
    assert!(left.is_empty(), "a circle among {left:?}");
}

#[test]
fn reads_paths_in_all_their_spellings() {
    let code = code(
        "use crate::{app::App, db::{Db, Tx}, error, sql};\nuse crate::vault;\nfn f() -> crate::time::Clock { $crate::no() }\n\
         // crate::comment\nmycrate::no();\n#[cfg(test)]\nmod tests {\nuse crate::late;\n}\n",
    );
    let expected = ["app", "db", "error", "sql", "time", "vault"].map(str::to_owned);
    assert_eq!(names(&code, "crate::"), BTreeSet::from(expected));
    let layers = layers("//! x\n\n// one\npub mod a;\nmod b;\n\npub mod c;\n");
    assert!(layers["a"] == layers["b"] && layers["b"] < layers["c"]);
}

#[test]
fn nothing_but_the_edge_is_above_its_means() {
    // A slice speaks neither HTTP nor SQL dialects: those are the edge's and the database's.
    let root = source();
    for slice in ["clients", "environments", "events", "keys", "organizations", "roles"] {
        let mut files = Vec::new();
        collect(&root.join(slice), &mut files);
        for path in files {
            let code = code(&fs::read_to_string(&path).unwrap());
            for foreign in ["axum::", "hyper::", "tonic::", "rusqlite::", "tokio_postgres::"] {
                assert!(!code.contains(foreign), "{} uses {foreign}", path.display());
            }
        }
    }
}
