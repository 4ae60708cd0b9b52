//! `docs/sdk-parity.md` is true: what it names exists.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

const HERE: &str = env!("CARGO_MANIFEST_DIR");

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// All code of the crate.
fn code() -> String {
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        sources(&Path::new(HERE).join(folder), &mut files);
    }
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// Section and cells of each row of the tables.
fn rows() -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(Path::new(HERE).join("../../docs/sdk-parity.md")).unwrap();
    let (mut section, mut rows) = (String::new(), Vec::new());
    for line in text.lines() {
        if let Some(title) = line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#'))
        {
            title.clone_into(&mut section);
        }
        let Some(line) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else { continue };
        rows.push((section.clone(), line.split(" | ").map(|cell| cell.trim().to_owned()).collect()));
    }
    rows
}

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn is_name(text: &str) -> bool {
    text.contains('_')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[test]
fn every_test_and_file_that_a_row_names_exists() {
    let code = code();
    let mut checked = 0;
    for (_, cells) in rows() {
        for name in cells.get(2).into_iter().flat_map(|cell| quoted(cell)) {
            if is_name(name) {
                assert!(code.contains(&format!("fn {name}(")), "no test {name}");
            } else {
                assert!(Path::new(HERE).join(name).is_file(), "no file {name}");
            }
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked}");
}

#[test]
fn every_row_of_what_is_built_names_a_method_that_exists_and_a_test() {
    let code = code();
    let mut methods = 0;
    for (_, cells) in rows() {
        let [reference, ours, proof, _] = cells.as_slice() else { continue };
        if ours.starts_with("planned") || reference == "reference" {
            continue;
        }
        assert!(!proof.is_empty(), "{reference} has no proof");
        for name in quoted(ours)
            .filter_map(|text| text.split(['(', ':', '<', '.']).next())
            .filter(|name| is_name(name))
        {
            let exists =
                code.contains(&format!("pub fn {name}(")) || code.contains(&format!("pub fn {name}<"));
            assert!(exists || code.contains(&format!("pub async fn {name}(")), "no method {name}");
            methods += 1;
        }
    }
    assert!(methods > 30, "{methods}");
}
