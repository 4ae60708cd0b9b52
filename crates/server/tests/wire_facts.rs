//! The protos against the facts that were extracted from the vendor's interface: services, rpcs, bindings, who may call,
//! fields, rules and enums. The facts are not part of this repository; without them there is nothing to compare.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "what goes wrong in a test shall stop it"
)]

#[path = "wire_facts/ours.rs"]
mod ours;
#[path = "wire_facts/theirs.rs"]
mod theirs;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What is said about one thing, `scalekit.v1.organizations message Organization field 4`. Both sides are brought into
/// this form.
type Facts = BTreeMap<String, String>;

/// Where this interface is meant to differ: the fact, what it is here (none: nothing), and why.
const DIFFERENT: &[(&str, Option<&str>, &str)] = &[
    (
        "scalekit.v1.errdetails rpc Dummy.DummyService auth",
        Some("BLOCKED policy DENY permissions -"),
        "says of itself that it is a dummy; without an option it would be unclear who may call",
    ),
    (
        "scalekit.v1.connections message ListConnectionsRequest field 3",
        Some("domain string [optional] rule string { min_len: 1 max_len: 255 }"),
        "32 characters are fewer than domains have: management.md B-29",
    ),
    (
        "scalekit.v1.tokens rpc ApiTokenService.FetchToken auth",
        Some("BLOCKED policy DENY permissions -"),
        "would show API keys again to anybody: security.md T1",
    ),
    (
        "scalekit.v1.webhooks rpc WebhookService.SendWebhookEvent auth",
        Some("BLOCKED policy DENY permissions -"),
        "describes what receivers get; nobody calls it here: security.md T4",
    ),
];

/// Of these packages only these messages.
const PARTS: &[(&str, &[&str])] = &[("scalekit.v1.billing", &["LinePlan"])];

/// The facts' files that are in scope, `shared/spec/README.md`.
const IN_SCOPE: &[&str] = &[
    "organizations",
    "users",
    "commons",
    "roles",
    "connections",
    "directories",
    "domains",
    "sessions",
    "passwordless",
    "webauthn",
    "totp",
    "auth",
    "clients",
    "tokens",
    "errdetails",
    "options",
    "environments",
    "emails",
    "user_attributes",
    "webhooks",
    "interceptors",
    "events",
    "auditlogs",
    "logstreams",
    "keys",
    "secrets",
    "members",
    "billing",
];

/// The folder next to the repository, if it is there.
fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    let there = path.exists();
    if !there {
        println!("skipped: {} is not there, so there are no facts to compare with", path.display());
    }
    there.then_some(path)
}

fn read_theirs(folder: &Path) -> Facts {
    let mut facts = Facts::new();
    for name in IN_SCOPE {
        let path = folder.join(format!("{name}.txt"));
        facts.extend(theirs::parse(&fs::read_to_string(&path).expect("a file of facts")));
    }
    facts.retain(|key, _| {
        PARTS.iter().all(|(package, messages)| {
            let Some(rest) = key.strip_prefix(package).and_then(|rest| rest.strip_prefix(' ')) else {
                return true;
            };
            messages.iter().any(|message| rest.starts_with(&format!("message {message} ")))
        })
    });
    for (key, here, _) in DIFFERENT {
        match here {
            Some(value) => facts.insert((*key).to_owned(), (*value).to_owned()),
            None => facts.remove(*key),
        };
    }
    facts
}

#[test]
fn the_protos_say_what_the_facts_say() {
    let Some(folder) = shared("wire") else { return };
    let (theirs, ours) = (read_theirs(&folder), ours::read());
    let mut differences = Vec::new();
    for (key, value) in &theirs {
        match ours.get(key) {
            Some(here) if here == value => {}
            Some(here) => differences.push(format!("{key}\n    fact: {value}\n    here: {here}")),
            None => differences.push(format!("{key}\n    fact: {value}\n    here: nothing")),
        }
    }
    for (key, value) in ours.iter().filter(|(key, _)| !theirs.contains_key(*key)) {
        differences.push(format!("{key}\n    fact: nothing\n    here: {value}"));
    }
    let count = differences.len();
    assert!(differences.is_empty(), "{count} differences:\n{}", differences.join("\n"));
    assert!(theirs.len() > 3_000, "only {} facts were read", theirs.len());
    let rpcs = theirs.keys().filter(|key| key.contains(" rpc ") && key.ends_with(" messages")).count();
    assert_eq!(rpcs, 318 + 1, "spec/README.md counts 318, which is all but the dummy of errdetails");
}

#[test]
fn the_exceptions_are_still_exceptions() {
    let Some(folder) = shared("wire") else { return };
    let mut facts = Facts::new();
    for name in IN_SCOPE {
        facts.extend(theirs::parse(&fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap()));
    }
    for (key, here, reason) in DIFFERENT {
        assert_ne!(facts.get(*key).map(String::as_str), *here, "{key} is no exception any more: {reason}");
    }
}

#[test]
fn the_scope_is_the_one_that_was_decided() {
    let Some(path) = shared("spec/README.md") else { return };
    let text = fs::read_to_string(path).unwrap().replace('\n', " ");
    let (_, after) = text.split_once("In scope (").expect("the list of packages");
    let (list, _) = after.split_once("): ").unwrap().1.split_once('.').unwrap();
    let mut decided: Vec<&str> = list.split(", ").map(str::trim).collect();
    decided.push("billing"); // "just that": one message
    decided.sort_unstable();
    let mut here = IN_SCOPE.to_vec();
    here.sort_unstable();
    assert_eq!(here, decided);
}

#[test]
fn reads_the_facts_as_they_are_written() {
    let facts = theirs::parse(
        "file a/b.proto\npackage a\n\nservice S\n  Get  GetRequest -> google.protobuf.Empty   [deprecated]\n      \
         http GET /x/{id}\n      http POST /y  body=*\n      auth CLIENT  policy DENY  permissions a:b, c\n\n\
         message M.N\n  rule: cel { id: \"x\" }\n    4  name  repeated string   [REQUIRED; deprecated; rule: string { in: \";\" }]\n\
         enum E\n     0  ZERO\n    -1  OTHER   [deprecated]\n",
    );
    let expected = [
        ("a enum E -1 OTHER", "deprecated"),
        ("a enum E 0 ZERO", ""),
        ("a message M.N exists", ""),
        ("a message M.N field 4", "name repeated string [REQUIRED; deprecated] rule string { in: \";\" }"),
        ("a message M.N rule", "cel { id: \"x\" }"),
        ("a rpc S.Get auth", "CLIENT policy DENY permissions a:b, c"),
        ("a rpc S.Get http", "GET /x/{id}\nPOST /y body=*"),
        ("a rpc S.Get messages", "GetRequest -> google.protobuf.Empty [deprecated]"),
    ];
    let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(facts, Facts::from(expected));
}
