//! kill -9, and a full disk: what was acknowledged is there with its events, nothing is half-made, and the next start
//! goes on as if nothing had been.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]
mod full_disk;
mod history;
mod node;

use gatewright_api::{
    rpc::organization_service as api,
    scalekit::v1::organizations::{self as pb, delete_organization_request, update_organization_request},
};
use gatewright_testkit::{Database, TestDatabase};
use history::{Change, History, Story};
use node::{Caller, Home, Node};
use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Rounds on SQLite unless `GATEWRIGHT_KILL_ROUNDS` says otherwise. One takes one to two seconds.
const ROUNDS: u64 = 15;
/// Rounds on PostgreSQL, whose own durability is not what is tested here.
const POSTGRES_ROUNDS: u64 = 5;
const CALLERS: usize = 16;
/// First starts that are killed.
const FIRST_STARTS: u64 = 10;

fn rounds(default: u64) -> u64 {
    std::env::var("GATEWRIGHT_KILL_ROUNDS").map_or(default, |text| text.parse().expect("a number of rounds"))
}

/// A random number below `limit`.
fn random(limit: u64) -> u64 {
    RandomState::new().hash_one(()) % limit
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_every_acknowledged_change_survives() {
    let home = Home::new(None);
    survives(&home, rounds(ROUNDS), || {
        assert!(node::has_log(&home.database_file()), "the node was stopped, not killed");
        assert_eq!(home.integrity(), "ok");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_every_acknowledged_change_survives() {
    let database = TestDatabase::create(Database::Postgres).await;
    let home = Home::new(Some(database.url.clone()));
    survives(&home, rounds(POSTGRES_ROUNDS), || {}).await;
}

/// Kills a node in the middle of writes again and again. `check_dead` looks at what a killed node leaves.
async fn survives(home: &Home, rounds: u64, check_dead: impl Fn()) {
    let mut history = History::default();
    let mut node = home.start().await;
    let credentials = home.credentials();
    let first_token = node.token(&credentials).await;
    for round in 0..rounds {
        let token = node.token(&credentials).await;
        let stories = write_and_kill(&mut node, &token, round).await;
        assert!(!stories.is_empty(), "killed before anything was written");
        history.add(stories);
        // Every other time nothing looks at the files before the next start has recovered them.
        if round.is_multiple_of(2) {
            check_dead();
        }
        node = home.start().await;
        // Tokens from before the crash still count: the signing key is the same.
        history.check(&node.grpc(&first_token).await).await;
    }
    history.check(&node.grpc(&first_token).await).await;
    node.kill();
    check_dead();
    println!("{rounds} rounds, {} acknowledged changes, all there", history.acknowledged());
    assert_eq!(history.pending(), 0);
}

/// Lets the callers write, kills the node at a random moment, and returns what the callers know.
async fn write_and_kill(node: &mut Node, token: &str, round: u64) -> Vec<Story> {
    let dying = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        let caller = node.grpc(token).await;
        callers.spawn(write(caller, format!("r{round}-c{number}"), dying.clone()));
    }
    tokio::time::sleep(Duration::from_millis(50 + random(350))).await;
    dying.store(true, Ordering::SeqCst);
    node.kill();
    callers.join_all().await.into_iter().flatten().collect()
}

/// Creates, renames and deletes organizations until the node is dead.
async fn write(caller: Caller, name: String, dying: Arc<AtomicBool>) -> Vec<Story> {
    let mut stories = Vec::new();
    for number in 0.. {
        let external_id = format!("{name}-{number}");
        let mut story = Story {
            name: format!("Organization {external_id}"),
            external_id,
            acknowledged: Vec::new(),
            pending: None,
        };
        let alive = live(&caller, &mut story, number, &dying).await;
        stories.push(story);
        if !alive {
            break;
        }
    }
    stories
}

/// One organization's life; false if the node died meanwhile.
async fn live(caller: &Caller, story: &mut Story, number: u64, dying: &AtomicBool) -> bool {
    let organization = pb::CreateOrganization {
        display_name: story.name.clone(),
        external_id: Some(story.external_id.clone()),
        ..Default::default()
    };
    let request = pb::CreateOrganizationRequest { organization: Some(organization) };
    let Some(made) = ask(caller.call::<api::CreateOrganization>(request), story, Change::Create, dying).await
    else {
        return false;
    };
    let id = made.organization.unwrap().id;
    if !number.is_multiple_of(3) {
        let name = format!("Renamed {}", story.external_id);
        let request = pb::UpdateOrganizationRequest {
            identities: Some(update_organization_request::Identities::Id(id.clone())),
            organization: Some(pb::UpdateOrganization {
                display_name: Some(name.clone()),
                ..Default::default()
            }),
            ..Default::default()
        };
        let call = caller.call::<api::UpdateOrganization>(request);
        let Some(_) = ask(call, story, Change::Rename(name), dying).await else { return false };
    }
    if !(number + 2).is_multiple_of(3) {
        let identities = Some(delete_organization_request::Identities::Id(id));
        let call = caller.call::<api::DeleteOrganization>(pb::DeleteOrganizationRequest { identities });
        let Some(()) = ask(call, story, Change::Delete, dying).await else { return false };
    }
    true
}

/// Waits for an answer and notes in the story what it means. A refusal by a living node fails the test.
async fn ask<T>(
    call: impl Future<Output = Result<T, tonic::Status>>,
    story: &mut Story,
    change: Change,
    dying: &AtomicBool,
) -> Option<T> {
    match call.await {
        Ok(answer) => {
            story.acknowledged.push(change);
            Some(answer)
        }
        Err(status) => {
            assert!(dying.load(Ordering::SeqCst), "refused by a living node: {status:?}");
            story.pending = Some(change);
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_that_was_killed_is_made_good_by_the_next() {
    let undisturbed = Home::new(None);
    let begun = Instant::now();
    drop(undisturbed.start().await);
    let whole = u64::try_from(begun.elapsed().as_millis()).unwrap();
    let mut halfway = 0;
    for attempt in 0..FIRST_STARTS {
        let home = Home::new(None);
        let mut node = home.spawn();
        // One moment in each tenth of a start.
        let moment = (attempt * whole + random(whole.max(1))) / FIRST_STARTS;
        tokio::time::sleep(Duration::from_millis(moment)).await;
        node.kill();
        if home.data_dir.exists() {
            halfway += 1;
        }
        let mut node = home.start().await;
        let credentials = home.credentials();
        check_works(&node, &credentials).await;
        node.kill();
        assert_eq!(home.integrity(), "ok");
        // And what the second start made stays.
        let node = home.start().await;
        assert_eq!(home.credentials(), credentials);
        check_works(&node, &credentials).await;
    }
    assert!(halfway > 0, "every start was killed before it did anything");
}

async fn check_works(node: &Node, credentials: &(String, String)) {
    let token = node.token(credentials).await;
    let caller = node.grpc(&token).await;
    let list = caller.call::<api::ListOrganization>(pb::ListOrganizationsRequest::default()).await.unwrap();
    assert_eq!(list.total_size, 0);
}
