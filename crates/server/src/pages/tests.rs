use super::{LANGUAGES, Language, Look, assets, gallery, language, text::Text};
use axum::response::Response;
use std::{collections::BTreeSet, fs, io::Write as _, path::Path};

/// A first visit: the page, and the style sheet.
const MOST_BYTES: usize = 15 * 1024;

async fn html(response: Response) -> String {
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

fn templates() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/pages");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "html"));
    files.map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap())).collect()
}

/// The text of every source file of the server.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// The literals after `start`.
fn literals<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(|rest| rest.split_once('"')).map(|(literal, _)| literal)
}

/// The keys that pages say: in templates, in `Text::new`, and those that a function chooses for a template.
fn said() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, template) in templates() {
        for start in ["look.t(\"", "look.with(\""] {
            found.extend(literals(&template, start).map(str::to_owned));
        }
    }
    let mut code = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut code);
    for text in &code {
        for start in ["Text::new(\"", "look.t(\"", "look.with(\"", "=> \"code-sent-", "Some(\"scope-"] {
            let prefix = if start.contains("code-sent-") {
                "code-sent-"
            } else if start.contains("scope-") {
                "scope-"
            } else {
                ""
            };
            found.extend(literals(text, start).map(|literal| format!("{prefix}{literal}")));
        }
    }
    found
}

fn keys(language: &Language) -> BTreeSet<String> {
    let is_key = |line: &&str| line.starts_with(|letter: char| letter.is_ascii_lowercase());
    let lines = language.source.lines().filter(is_key);
    lines.map(|line| line.split_once(" =").unwrap().0.to_owned()).collect()
}

#[test]
fn every_language_says_what_pages_say() {
    let said = said();
    assert!(said.len() > 100, "only {} messages were found", said.len());
    for language in LANGUAGES {
        let keys = keys(language);
        let missing: Vec<_> = said.difference(&keys).collect();
        let unused: Vec<_> = keys.difference(&said).collect();
        assert!(missing.is_empty(), "{} lacks {missing:?}", language.tag);
        assert!(unused.is_empty(), "{} has what nobody says: {unused:?}", language.tag);
    }
}

#[tokio::test]
async fn every_page_can_be_shown_in_every_language() {
    let said = said();
    for language in LANGUAGES {
        let look = Look::sample(language, None);
        for exhibit in gallery::exhibits() {
            let response = (exhibit.show)(&look);
            let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
            assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
            let html = html(response).await;
            let place = format!("{} in {}", exhibit.name, language.tag);
            assert!(html.starts_with("<!doctype html>"), "{place}");
            assert!(html.contains(&format!("<html lang=\"{}\" dir=", language.tag)), "{place}");
            // What people typed, or customers, is shown as it is.
            for bad in ["<b>", "<i>", "<script>", "<GmbH>", "style=", "onclick=", "javascript:"] {
                assert!(!html.contains(bad), "{bad} is in {place}");
            }
            for key in said.iter().filter(|key| key.contains('-')) {
                assert!(!html.contains(&format!(">{key}<")), "{place} says the key {key}");
            }
        }
    }
}

/// Each page says all that it says in its own language, with all arguments: a message of another would be English.
#[test]
fn every_message_has_the_same_arguments_in_every_language() {
    let names = |source: &str, key: &str| -> BTreeSet<String> {
        let start = format!("\n{key} =");
        let message = source.split(&start).nth(1).unwrap_or_default();
        let end = message.find("\n\n").unwrap_or(message.len());
        let own: Vec<&str> = message[..end].split('\n').collect();
        let lines =
            own.iter().take(1).chain(own.iter().skip(1).take_while(|line| line.starts_with([' ', '}'])));
        let variable = |part: &str| {
            part.chars()
                .take_while(|letter| letter.is_ascii_lowercase() || *letter == '_')
                .collect::<String>()
        };
        lines.flat_map(|line| line.split('$').skip(1).map(variable)).collect()
    };
    let english = LANGUAGES.first().unwrap();
    for language in LANGUAGES {
        for key in keys(english) {
            let (theirs, ours) = (names(english.source, &key), names(language.source, &key));
            assert_eq!(theirs, ours, "{key} in {}", language.tag);
            let mut text = Text::new(Box::leak(key.clone().into_boxed_str()));
            for name in theirs {
                text = text.with(Box::leak(name.into_boxed_str()), 2_u32);
            }
            language::format(language.tag, &text).unwrap();
        }
    }
}

#[tokio::test]
async fn a_first_visit_is_small() {
    let size = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap().len()
    };
    let shared = size(assets::STYLE.content) + size(assets::SCRIPT.content);
    for language in LANGUAGES {
        for exhibit in gallery::exhibits() {
            let bytes = shared + size(&html((exhibit.show)(&Look::sample(language, None))).await);
            assert!(bytes < MOST_BYTES, "{} in {}: {bytes} bytes", exhibit.name, language.tag);
        }
    }
}

#[test]
fn every_template_is_of_a_page() {
    let names: BTreeSet<String> =
        gallery::exhibits().into_iter().map(|one| one.name.rsplit_once('-').unwrap().0.to_owned()).collect();
    for (path, _) in templates() {
        let name = Path::new(&path).file_stem().unwrap().to_str().unwrap();
        let is_part = ["base", "parts", "marks"].contains(&name);
        assert!(is_part || names.contains(name), "{path} is of no page of the gallery");
    }
}

#[test]
fn a_person_gets_the_language_that_she_reads_best() {
    for (ui_locales, accept_language, expected) in [
        (None, "", "en"),
        (None, "*", "en"),
        (None, "xx, tlh;q=0.5", "en"),
        (None, "en-GB,en;q=0.9", "en"),
        (Some("tlh"), "en", "en"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "pt-BR,es-419;q=0.7,fr;q=0.8", "fr"),
        (None, "ja;q=0, hi-IN;q=0.1", "hi"),
        (Some("tlh fr-CA de"), "ja", "fr"),
        (Some("tlh"), "ja-JP", "ja"),
        (Some("%%%"), ";;;q=,,", "en"),
    ] {
        let found = Language::negotiate(ui_locales, accept_language);
        assert_eq!(found.tag, expected, "{ui_locales:?} {accept_language}");
    }
}
