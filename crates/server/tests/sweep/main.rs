//! Bad input to every rpc that is served, made from the plan of the API: each declared rule broken once, ids of nothing,
//! of other kinds and of another environment, callers who may not, hostile texts, numbers, lists and page tokens.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

mod callers;
mod hostile;
mod ids;
mod message;
mod rules;
mod target;
mod world;

use gatewright_testkit::Database;
use target::Target;

/// Fails with all that was found, if anything was.
fn judge(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_broken_rule_is_named() {
    let t = Target::start(Database::Sqlite).await;
    let (cases, faults) = rules::sweep(&t).await;
    judge(faults);
    assert!(cases > 500, "{cases}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_of_nothing_and_of_other_environments_are_not_found() {
    let t = Target::start(Database::Sqlite).await;
    let (told, faults) = ids::sweep(&t).await;
    judge(faults);
    assert!(told.not_found > 100 && told.foreign > 80, "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_may_not_are_refused() {
    let t = Target::start(Database::Sqlite).await;
    let (cases, faults) = callers::sweep(&t).await;
    judge(faults);
    assert!(cases > 800, "{cases}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_values_never_break_the_server() {
    let t = Target::start(Database::Sqlite).await;
    let (cases, faults) = hostile::sweep(&t).await;
    judge(faults);
    assert!(cases > 2_000, "{cases}");
    assert_eq!(t.server.rest("GET", "/ready", "", "").await.status, 200);
    assert_eq!(t.server.rest("GET", "/api/v1/organizations", "", &t.token).await.status, 200);
}
