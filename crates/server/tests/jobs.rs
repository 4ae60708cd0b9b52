//! Jobs: each once, again when it failed or its node died, given up where it can be seen.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what goes wrong in a test shall stop it"
)]

use gatewright::{
    ctx::Caller,
    error::Error,
    ids::JobId,
    jobs::{self, Failure, Job, Registry, Run, Runner},
    sql,
    time::Timestamp,
};
use gatewright_testkit::{Database, Options, Server, api_tests, database_tests};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

const NOW: Timestamp = Timestamp::from_micros(1_772_884_800_000_000);

/// What the jobs of this file did: which, on which attempt.
static RAN: Mutex<Vec<(String, i64)>> = Mutex::new(Vec::new());

fn note(what: &str, attempt: i64) {
    RAN.lock().unwrap_or_else(PoisonError::into_inner).push((what.to_owned(), attempt));
}

fn ran(what: &str) -> Vec<i64> {
    let all = RAN.lock().unwrap_or_else(PoisonError::into_inner);
    all.iter().filter(|(name, _)| name == what).map(|(_, attempt)| *attempt).collect()
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
enum Act {
    #[default]
    Succeed,
    Fail,
    FailTwice,
    GiveUp,
    Panic,
    Take(u64),
    Hang,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Test {
    what: String,
    act: Act,
}

impl Job for Test {
    const NAME: &'static str = "test.job";
    const GIVE_UP_AFTER: Duration = Duration::from_secs(60);

    async fn run(self, run: &Run) -> Result<(), Failure> {
        note(&self.what, run.attempt());
        match self.act {
            Act::Succeed => Ok(()),
            Act::FailTwice if run.attempt() > 2 => Ok(()),
            Act::Fail | Act::FailTwice => Err(Failure::Retry("the other side is away".to_owned())),
            Act::GiveUp => Err(Failure::GiveUp("it makes no sense".to_owned())),
            Act::Panic => panic!("as the test wants"),
            Act::Take(millis) => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                Ok(())
            }
            Act::Hang => std::future::pending().await,
        }
    }
}

/// Its own name for each test and database, as its database's name is.
fn unique(t: &Server, what: &str) -> String {
    format!("{what} {}", t.database_url())
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Tick {}

impl Job for Tick {
    const NAME: &'static str = "test.tick";
    async fn run(self, run: &Run) -> Result<(), Failure> {
        assert!(run.ctx().is_err(), "it belongs to no environment");
        let pings = sql!("SELECT COUNT(*) FROM installation WHERE name = 'ticks'");
        let known: i64 = pings.one(&mut run.app().db.read()).await.map_err(Error::from)?;
        let mut tx = run.app().db.write().await?;
        sql!("INSERT INTO installation (name, value) VALUES ('ticks', $1 + 1) ON CONFLICT (name) DO UPDATE SET value = installation.value + 1")
            .bind(known)
            .execute(&mut tx)
            .await
            .map_err(Error::from)?;
        Ok(tx.commit().await?)
    }
}

async fn ticks(t: &Server) -> Option<i64> {
    sql!("SELECT value FROM installation WHERE name = 'ticks'").optional(&mut t.app.db.read()).await.unwrap()
}

fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.job::<Test>();
    registry
}

fn runner(t: &Server) -> Runner {
    Runner::new(t.app.clone(), registry())
}

async fn run_due(t: &Server) -> usize {
    runner(t).run_due().await.unwrap()
}

async fn enqueue(t: &Server, what: &str, act: Act, at: Timestamp) -> JobId {
    let mut tx = t.app.db.write().await.unwrap();
    let job = Test { what: what.to_owned(), act };
    let env = Some(t.operator.environment().id);
    let id = jobs::enqueue(&mut tx, &t.app, env, &job, at).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// `due_at`, attempts, last error, and when it was given up.
type Stored = (Option<Timestamp>, i64, Option<String>, Option<Timestamp>);

async fn stored(t: &Server, id: JobId) -> Option<Stored> {
    sql!("SELECT due_at, attempts, last_error, given_up_at FROM jobs WHERE id = $1")
        .bind(id)
        .optional(&mut t.app.db.read())
        .await
        .unwrap()
}

async fn frozen(kind: Database) -> Server {
    Server::start_with(kind, Options { frozen_at: Some(NOW), ..Options::default() }).await
}

api_tests! {
    async fn a_job_runs_once_its_change_is_committed_and_never_otherwise(t: Server) {
        let (kept, undone) = (unique(&t, "kept"), unique(&t, "undone"));
        let mut tx = t.app.db.write().await.unwrap();
        let job = Test { what: undone.clone(), act: Act::Succeed };
        jobs::enqueue(&mut tx, &t.app, None, &job, t.app.clock.now()).await.unwrap();
        drop(tx);
        let id = enqueue(&t, &kept, Act::Succeed, t.app.clock.now()).await;
        assert_eq!(run_due(&t).await, 1);
        assert_eq!(run_due(&t).await, 0);
        assert_eq!((ran(&kept), ran(&undone)), (vec![1], vec![]));
        assert_eq!(stored(&t, id).await, None);
    }

    async fn workers_are_woken_by_the_commit(t: Server) {
        let what = unique(&t, "woken");
        let runner = runner(&t);
        let task = tokio::spawn(async move { runner.run_until(std::future::pending()).await });
        // Let it fall asleep.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut waits = Vec::new();
        for number in 1..=5 {
            let begun = Instant::now();
            enqueue(&t, &what, Act::Succeed, t.app.clock.now()).await;
            while ran(&what).len() < number {
                assert!(begun.elapsed() < Duration::from_secs(5));
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            waits.push(begun.elapsed());
        }
        waits.sort();
        assert!(waits[2] < Duration::from_millis(300), "polling alone takes half a second: {waits:?}");
        task.abort();
    }

    async fn idle_workers_take_no_lock(t: Server) {
        let runner = runner(&t);
        enqueue(&t, "later", Act::Succeed, t.app.clock.now().plus(Duration::from_secs(3600))).await;
        let task = tokio::spawn(async move { runner.run_until(std::future::pending()).await });
        tokio::time::sleep(Duration::from_millis(300)).await;
        let before = t.app.db.commit_stats();
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert_eq!(t.app.db.commit_stats(), before);
        task.abort();
    }

    async fn a_panic_is_a_failure_like_others(t: Server) {
        let what = unique(&t, "panic");
        let id = enqueue(&t, &what, Act::Panic, t.app.clock.now()).await;
        assert_eq!(run_due(&t).await, 1);
        let (due_at, attempts, error, given_up) = stored(&t, id).await.unwrap();
        assert!(due_at.is_some() && given_up.is_none());
        assert_eq!((attempts, error.as_deref()), (1, Some("panicked")));
    }

    async fn kinds_of_other_versions_are_left_to_them(t: Server) {
        let what = unique(&t, "unknown");
        let id = enqueue(&t, &what, Act::Succeed, t.app.clock.now()).await;
        assert_eq!(Runner::new(t.app.clone(), Registry::default()).run_due().await.unwrap(), 0);
        assert_eq!(stored(&t, id).await.unwrap().1, 0);
        assert_eq!(run_due(&t).await, 1);
    }

    async fn a_job_acts_as_the_server_in_its_environment(t: Server) {
        #[derive(Serialize, Deserialize)]
        struct Who {}
        impl Job for Who {
            const NAME: &'static str = "test.who";
            async fn run(self, run: &Run) -> Result<(), Failure> {
                let ctx = run.ctx()?;
                assert_eq!(ctx.caller(), &Caller::Server);
                assert_eq!(ctx.request_id(), run.id().to_string());
                note(&format!("who {}", ctx.environment().id), run.attempt());
                Ok(())
            }
        }
        let other = t.add_environment("other").await;
        let env = t.app.environments.at(&other.host).unwrap().id;
        let mut tx = t.app.db.write().await.unwrap();
        jobs::enqueue(&mut tx, &t.app, Some(env), &Who {}, t.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let mut registry = Registry::default();
        registry.job::<Who>();
        assert_eq!(Runner::new(t.app.clone(), registry).run_due().await.unwrap(), 1);
        assert_eq!(ran(&format!("who {env}")), [1]);
    }
}

database_tests! {
    async fn a_failing_job_is_repeated_ever_more_rarely_and_then_given_up(kind: Database) {
        let t = frozen(kind).await;
        let what = unique(&t, "fails");
        let id = enqueue(&t, &what, Act::Fail, NOW).await;
        let mut pauses = Vec::new();
        for attempt in 1.. {
            assert_eq!(run_due(&t).await, 1);
            assert_eq!(run_due(&t).await, 0, "not before its time");
            let (due_at, attempts, error, given_up_at) = stored(&t, id).await.unwrap();
            assert_eq!((attempts, error.as_deref()), (attempt, Some("the other side is away")));
            let Some(due_at) = due_at else {
                assert_eq!(given_up_at, Some(t.app.clock.now()));
                break;
            };
            let pause = Duration::from_micros((due_at.as_micros() - t.app.clock.now().as_micros()) as u64);
            pauses.push(pause.as_secs());
            t.advance(pause);
        }
        assert_eq!(pauses, [2, 4, 8, 16, 32], "until a minute is over");
        t.advance(Duration::from_secs(29 * 86_400));
        assert_eq!(run_due(&t).await, 0);
        assert!(stored(&t, id).await.is_some(), "it stays to be seen");
        t.advance(Duration::from_secs(2 * 86_400));
        t.run_jobs().await;
        t.advance(Duration::from_secs(3600));
        assert!(t.run_jobs().await >= 1);
        assert_eq!(stored(&t, id).await, None, "for a month");
    }

    async fn a_job_that_fails_twice_is_done_at_the_third_attempt(kind: Database) {
        let t = frozen(kind).await;
        let what = unique(&t, "twice");
        let id = enqueue(&t, &what, Act::FailTwice, NOW).await;
        for _ in 0..4 {
            run_due(&t).await;
            t.advance(Duration::from_secs(10));
        }
        assert_eq!(ran(&what), [1, 2, 3]);
        assert_eq!(stored(&t, id).await, None);
    }

    async fn a_job_can_end_its_attempts_itself(kind: Database) {
        let t = frozen(kind).await;
        let id = enqueue(&t, "senseless", Act::GiveUp, NOW).await;
        run_due(&t).await;
        let expected = (None, 1, Some("it makes no sense".to_owned()), Some(NOW));
        assert_eq!(stored(&t, id).await, Some(expected));
    }

    async fn a_job_waits_for_its_time(kind: Database) {
        let t = frozen(kind).await;
        let what = unique(&t, "later");
        enqueue(&t, &what, Act::Succeed, NOW.plus(Duration::from_secs(60))).await;
        t.advance(Duration::from_millis(59_999));
        assert_eq!(run_due(&t).await, 0);
        t.advance(Duration::from_millis(1));
        assert_eq!(run_due(&t).await, 1);
    }

    async fn a_job_of_a_dead_node_is_run_by_another_when_its_lease_ends(kind: Database) {
        let t = frozen(kind).await;
        let other = t.second_node_with(Options { frozen_at: Some(NOW), ..Options::default() }).await;
        let what = unique(&t, "dead");
        let id = enqueue(&t, &what, Act::Take(600), NOW).await;
        let runner = runner(&t);
        let node = tokio::spawn(async move { runner.run_due().await });
        while ran(&what).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // All at once, as by kill -9: nothing is given back.
        node.abort();
        let (lease, ..) = stored(&t, id).await.unwrap();
        assert_eq!(lease, Some(NOW.plus(Duration::from_secs(20))));
        assert_eq!(run_due(&other).await, 0);
        other.advance(Duration::from_millis(19_999));
        assert_eq!(run_due(&other).await, 0);
        other.advance(Duration::from_millis(1));
        assert_eq!(run_due(&other).await, 1);
        assert_eq!(ran(&what), [1, 2]);
        assert_eq!(stored(&t, id).await, None);
    }

    async fn a_node_that_stops_gives_its_jobs_back(kind: Database) {
        let t = Server::start(kind).await;
        let what = unique(&t, "stopped");
        let quick = unique(&t, "quick");
        let hanging = enqueue(&t, &what, Act::Hang, t.app.clock.now()).await;
        let quick_id = enqueue(&t, &quick, Act::Take(1000), t.app.clock.now()).await;
        let (stop, stopped) = oneshot::channel::<()>();
        let runner = runner(&t);
        let node = tokio::spawn(async move { runner.run_until(async { drop(stopped.await) }).await });
        while ran(&what).is_empty() || ran(&quick).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let begun = Instant::now();
        stop.send(()).unwrap();
        node.await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        assert_eq!(stored(&t, quick_id).await, None, "what needs a moment is finished");
        let (due_at, ..) = stored(&t, hanging).await.unwrap();
        assert!(due_at.unwrap() <= t.app.clock.now(), "another node may take it now");
    }

    async fn a_long_job_keeps_its_lease(kind: Database) {
        let t = Server::start(kind).await;
        let what = unique(&t, "long");
        let id = enqueue(&t, &what, Act::Take(6500), t.app.clock.now()).await;
        let runner = runner(&t);
        let node = tokio::spawn(async move { runner.run_due().await.unwrap() });
        while ran(&what).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let first = stored(&t, id).await.unwrap().0.unwrap();
        tokio::time::sleep(Duration::from_millis(5500)).await;
        let renewed = stored(&t, id).await.unwrap().0.unwrap();
        assert!(renewed > first.plus(Duration::from_secs(4)), "{first} {renewed}");
        assert_eq!(node.await.unwrap(), 1);
        assert_eq!(stored(&t, id).await, None);
    }

    async fn nobody_waits_for_a_job_that_another_node_is_taking(kind: Database) {
        if kind == Database::Sqlite {
            return; // it has one writer
        }
        let t = frozen(kind).await;
        let (held, free) = (unique(&t, "held"), unique(&t, "free"));
        let id = enqueue(&t, &held, Act::Succeed, NOW).await;
        enqueue(&t, &free, Act::Succeed, NOW).await;
        let mut tx = t.app.db.write().await.unwrap();
        sql!("UPDATE jobs SET attempts = attempts WHERE id = $1").bind(id).execute(&mut tx).await.unwrap();
        let ran_meanwhile = tokio::time::timeout(Duration::from_secs(5), run_due(&t)).await.unwrap();
        assert_eq!((ran_meanwhile, ran(&held), ran(&free)), (1, vec![], vec![1]));
        tx.commit().await.unwrap();
        assert_eq!((run_due(&t).await, ran(&held)), (1, vec![1]));
    }

    async fn a_periodic_job_runs_once_per_interval_over_all_nodes(kind: Database) {
        let t = frozen(kind).await;
        let other = t.second_node_with(Options { frozen_at: Some(NOW), ..Options::default() }).await;
        let runner = |t: &Server| {
            let mut registry = Registry::default();
            registry.every::<Tick>(Duration::from_secs(600));
            Runner::new(t.app.clone(), registry)
        };
        let (one, two) = (runner(&t), runner(&other));
        assert_eq!((one.run_due().await.unwrap(), two.run_due().await.unwrap()), (0, 0), "an interval first");
        for expected in 1..=3 {
            for node in [&t, &other] {
                node.advance(Duration::from_secs(600));
            }
            let (first, second) = tokio::join!(one.run_due(), two.run_due());
            assert_eq!(first.unwrap() + second.unwrap(), 1);
            assert_eq!(ticks(&t).await, Some(expected));
        }
        let rows: i64 = sql!("SELECT COUNT(*) FROM jobs WHERE name = 'test.tick'").one(&mut t.app.db.read()).await.unwrap();
        assert_eq!(rows, 1);
    }

    async fn two_nodes_share_three_hundred_jobs_and_run_each_once(kind: Database) {
        const JOBS: usize = 300;
        let t = Server::start(kind).await;
        let other = t.second_node().await;
        let what = unique(&t, "shared");
        let mut tx = t.app.db.write().await.unwrap();
        for number in 0..JOBS {
            let job = Test { what: format!("{what} {number}"), act: Act::Take(10) };
            jobs::enqueue(&mut tx, &t.app, None, &job, t.app.clock.now()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut nodes = Vec::new();
        for server in [&t, &other] {
            let runner = runner(server);
            nodes.push(tokio::spawn(async move { runner.run_until(std::future::pending()).await }));
        }
        let begun = Instant::now();
        let left = async || -> i64 {
            sql!("SELECT COUNT(*) FROM jobs WHERE name = 'test.job'").one(&mut t.app.db.read()).await.unwrap()
        };
        while left().await > 0 {
            assert!(begun.elapsed() < Duration::from_secs(60), "{} left", left().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        nodes.iter().for_each(|node| node.abort());
        let mut times = BTreeMap::new();
        for (name, _) in RAN.lock().unwrap().iter().filter(|(name, _)| name.starts_with(&what)) {
            *times.entry(name.clone()).or_insert(0) += 1;
        }
        assert_eq!(times.len(), JOBS);
        assert!(times.values().all(|count| *count == 1), "{times:?}");
    }
}
