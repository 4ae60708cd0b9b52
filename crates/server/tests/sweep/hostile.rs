//! Texts, numbers, times, lists and page tokens that nobody in good faith sends: refused or taken, but never a fault.
use crate::{
    message::{self, dotted},
    rules::{self, Change},
    target::{Answer, Case, INVALID_ARGUMENT, Target},
};
use gatewright::transport::wire::write;
use gatewright_api::plan::{Cardinality, Field, Kind, Method, WellKnown};

/// Ends the description of a case that must be refused.
const NEVER: &str = ", which is never right";

fn texts() -> Vec<String> {
    vec![
        String::new(),
        "x".repeat(100_000),
        "\u{200b}\u{200d}\u{2060}\u{feff}".to_owned(),
        "p\u{430}ypal \u{202e}moc.elgoog\u{0301}".to_owned(),
        "'; DROP TABLE users; --\" $1 ?1 \\".to_owned(),
        "%_\\%[a-z]*".to_owned(),
        "a@example.com\r\nBcc: b@example.com\r\n\r\nx".to_owned(),
        "{{ 7 * 7 }}{% for a in range(999999999) %}x{% endfor %}<script>".to_owned(),
    ]
}

fn strings(field: &'static Field) -> Vec<(String, Change)> {
    let number = field.number;
    let write_one = move |text: Vec<u8>| -> Change {
        Box::new(move |out| {
            if field.cardinality == Cardinality::Map {
                let mark = write::open(out, number);
                write::bytes(out, 1, &text);
                write::bytes(out, 2, &text);
                write::close(out, mark);
            } else {
                write::bytes(out, number, &text);
            }
        })
    };
    let shown = |text: &str| format!("{:?}", text.chars().take(40).collect::<String>());
    let mut all: Vec<_> =
        texts().into_iter().map(|text| (shown(&text), write_one(text.into_bytes()))).collect();
    for (what, bytes) in [("NUL", &b"nul\0byte"[..]), ("not UTF-8", b"\xff\xfe\xed\xa0\x80")] {
        all.push((format!("{what}{NEVER}"), write_one(bytes.to_vec())));
    }
    all
}

fn numbers(field: &'static Field) -> Vec<(String, Change)> {
    let edges = [0, 1, i64::MAX, i64::MIN, -1, i64::from(i32::MAX), i64::from(i32::MIN), i64::from(u32::MAX)];
    let write_one = |value: i64| -> (String, Change) {
        let change = move |out: &mut Vec<u8>| write::varint(out, field.number, value.cast_unsigned());
        (value.to_string(), Box::new(change))
    };
    edges.into_iter().map(write_one).collect()
}

/// Times and durations: seconds and nanoseconds.
fn pairs(field: &'static Field) -> Vec<(String, Change)> {
    let edges = [
        (i64::MAX, 0),
        (i64::MIN, -1),
        (253_402_300_800, 0),
        (-62_135_596_801, 0),
        (253_402_300_799, 999_999_999),
        (0, i64::from(i32::MAX)),
        (-1, -1),
        (0, 0),
    ];
    let write_one = |(seconds, nanos): (i64, i64)| -> (String, Change) {
        let change = move |out: &mut Vec<u8>| {
            let mark = write::open(out, field.number);
            write::varint(out, 1, seconds.cast_unsigned());
            write::varint(out, 2, nanos.cast_unsigned());
            write::close(out, mark);
        };
        (format!("{seconds}s {nanos}ns"), Box::new(change))
    };
    edges.into_iter().map(write_one).collect()
}

fn many(field: &'static Field) -> (String, Change) {
    let change = move |out: &mut Vec<u8>| (0..5_000).for_each(|index| rules::item(field, index, out));
    ("5,000 items".to_owned(), Box::new(change))
}

fn changes(field: &'static Field) -> Vec<(String, Change)> {
    let (kind, is_wrapped) = message::kind(field);
    let number = field.number;
    let one = |what: &str, change: Change| vec![(what.to_owned(), change)];
    let mut all = match kind {
        _ if is_wrapped => Vec::new(),
        Kind::String => strings(field),
        Kind::Bool | Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Enum(_) => {
            numbers(field)
        }
        Kind::Double => [f64::NAN, f64::INFINITY, f64::MIN]
            .map(|value| -> (String, Change) {
                (value.to_string(), Box::new(move |out| write::double(out, field.number, value)))
            })
            .into(),
        Kind::Bytes => one("100,000 bytes", Box::new(move |out| write::bytes(out, number, &[255; 100_000]))),
        Kind::Message(inner) => match inner.well_known {
            Some(WellKnown::Timestamp | WellKnown::Duration) => pairs(field),
            _ => one("an empty message", Box::new(move |out| write::bytes(out, number, b""))),
        },
        Kind::Float => Vec::new(),
    };
    if matches!(field.cardinality, Cardinality::Repeated | Cardinality::Map) {
        all.push(many(field));
    }
    all
}

fn cases(t: &Target, method: &'static Method, foreign_page: &str) -> Vec<Case> {
    let maker = t.maker(method);
    let mut cases = Vec::new();
    for path in message::fields(method.input) {
        let field = path[path.len() - 1];
        for (what, change) in changes(field) {
            let what = format!("{} = {what}", dotted(&path));
            cases.push(Case { method, what, request: maker.with(&path, &*change) });
        }
        if field.name == "page_token" {
            for token in ["AAAA", "//////", foreign_page] {
                let change = |out: &mut Vec<u8>| write::bytes(out, field.number, token.as_bytes());
                let what = format!("{} = {token:?}{NEVER}", dotted(&path));
                cases.push(Case { method, what, request: maker.with(&path, &change) });
            }
        }
    }
    cases
}

/// OK or an error that tells the caller what to do.
fn fault(case: &Case, answer: &Answer) -> Option<String> {
    const FAULTS: [i32; 6] = [1, 2, 4, 13, 14, 15];
    // An rpc of a person's own looks no further when an application calls it.
    let is_persons = answer.message.starts_with("needs a signed-in user");
    let is_passed = case.what.ends_with(NEVER) && answer.code != INVALID_ARGUMENT && !is_persons;
    (FAULTS.contains(&answer.code) || is_passed).then(|| format!("{answer:?}"))
}

/// A page token of another list of another environment.
async fn foreign_page(t: &Target) -> String {
    let api = t.server.api_in(&t.other).await;
    for name in ["One", "Two"] {
        api.organization(name).create().await;
    }
    let page = api.get("/api/v1/organizations?page_size=1").await;
    page.json["next_page_token"].as_str().filter(|token| !token.is_empty()).unwrap().to_owned()
}

pub async fn sweep(t: &Target) -> (usize, Vec<String>) {
    let page = foreign_page(t).await;
    let (mut count, mut faults) = (0, Vec::new());
    for method in t.methods() {
        let cases = cases(t, method, &page);
        count += cases.len();
        faults.extend(t.run(cases, fault).await);
    }
    (count, faults)
}
