//! Takes due jobs and runs them: each node has one, and they share the work through the database.
use super::{
    model::{Failure, LEASE, Next, RENEWAL, Run, TIMEOUT, Taken},
    registry::{Kind, Registry},
    store::{self, NewJob},
};
use crate::{
    app::App,
    ctx::{Caller, Ctx},
    error::Error,
    time::Timestamp,
};
use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

/// Jobs that a node runs at a time, and of one kind: mails to a slow server do not hold up the others.
const WORKERS: usize = 16;
const WORKERS_OF_A_KIND: usize = 8;
/// Most seconds until a job of another node's, or one whose time has come, is noticed.
const POLL: Duration = Duration::from_secs(1);
/// How long jobs under way may go on after the node was told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// How often the gauges are set.
const GAUGES: Duration = Duration::from_secs(30);

/// Runs jobs.
#[derive(Clone, Debug)]
pub struct Runner(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    app: Arc<App>,
    registry: Registry,
    workers: Arc<Semaphore>,
    of_kind: BTreeMap<&'static str, Arc<Semaphore>>,
}

impl Runner {
    /// A runner of the jobs that `registry` knows.
    pub fn new(app: Arc<App>, registry: Registry) -> Self {
        let slots = || Arc::new(Semaphore::new(WORKERS_OF_A_KIND));
        let of_kind = registry.kinds.keys().map(|name| (*name, slots())).collect();
        Self(Arc::new(Inner { app, registry, workers: Arc::new(Semaphore::new(WORKERS)), of_kind }))
    }

    /// Runs jobs until `stop`; then those under way get five seconds, and what is left goes back to the other nodes.
    pub async fn run_until(&self, stop: impl Future<Output = ()>) {
        let (stopping, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tokio::select! {
            () = self.dispatch(&mut tasks, &stopped) => {}
            () = stop => {}
        }
        let all = async { while tasks.join_next().await.is_some() {} };
        if timeout(GRACE, all).await.is_err() {
            stopping.send_replace(true);
            while tasks.join_next().await.is_some() {}
        }
    }

    async fn dispatch(&self, tasks: &mut JoinSet<()>, stopped: &watch::Receiver<bool>) {
        let mut trouble = Duration::ZERO;
        let mut started = false;
        let mut gauges = Instant::now();
        loop {
            let work = async {
                if !started {
                    self.0.start_periodic().await?;
                    started = true;
                }
                self.take_and_start(tasks, stopped).await
            };
            let pause = match work.await {
                Ok(pause) => {
                    trouble = Duration::ZERO;
                    pause
                }
                Err(error) => {
                    // Once, not each second: a database that is away is told of by everything else, too.
                    if trouble.is_zero() {
                        tracing::warn!(error = %Failure::from(error), "jobs cannot be taken now");
                    }
                    trouble = (trouble * 2).clamp(POLL, Duration::from_secs(30));
                    trouble
                }
            };
            if gauges.elapsed() >= GAUGES {
                gauges = Instant::now();
                self.0.set_gauges().await;
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = self.0.app.jobs.0.notified() => {}
                // Those that shared a commit end together: their workers take the next jobs together, too.
                Some(_) = tasks.join_next(), if !tasks.is_empty() => while tasks.try_join_next().is_some() {},
            }
        }
    }

    /// Starts what is due and has a free worker; how long to wait for more.
    async fn take_and_start(
        &self,
        tasks: &mut JoinSet<()>,
        stopped: &watch::Receiver<bool>,
    ) -> Result<Duration, Error> {
        loop {
            let (jobs, due) = self.0.take().await?;
            if jobs.is_empty() {
                return Ok(self.0.pause(due));
            }
            for (job, slots) in jobs {
                let (inner, stopped) = (self.0.clone(), stopped.clone());
                tasks.spawn(async move {
                    inner.finish(job, stopped).await;
                    drop(slots);
                });
            }
        }
    }

    /// Runs everything that is due now, and what that enqueues, one after the other; how many ran. For tests, whose
    /// clock may stand still.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn run_due(&self) -> Result<usize, Error> {
        let (_stopping, stopped) = watch::channel(false);
        self.0.start_periodic().await?;
        let mut ran = 0;
        loop {
            let (jobs, _) = self.0.take().await?;
            if jobs.is_empty() {
                return Ok(ran);
            }
            for (job, slots) in jobs {
                ran += 1;
                self.0.finish(job, stopped.clone()).await;
                drop(slots);
            }
        }
    }
}

/// Places among the workers, given back when dropped.
type Slots = (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>);

impl Inner {
    /// Each periodic job has its row.
    async fn start_periodic(&self) -> Result<(), Error> {
        let now = self.app.clock.now();
        let mut tx = self.app.db.write().await?;
        for (name, kind) in &self.registry.kinds {
            let Some(every) = kind.every else { continue };
            let (id, due_at) = (self.app.ids.next(now), now.plus(every));
            let job =
                NewJob { id, name, payload: &kind.payload, due_at, give_up_at: due_at, created_at: now };
            store::insert_periodic(&mut tx, &job).await?;
        }
        tx.commit().await
    }

    /// The kinds with a free worker as a JSON list, and how many jobs of any of them can be started.
    fn free(&self) -> (String, usize) {
        let mut kinds = Vec::new();
        let mut free = self.workers.available_permits();
        for (name, slots) in &self.of_kind {
            let slots = slots.available_permits();
            if slots > 0 {
                kinds.push(*name);
                free = free.min(slots);
            }
        }
        let free = if kinds.is_empty() { 0 } else { free };
        (serde_json::json!(kinds).to_string(), free)
    }

    /// Takes due jobs, at most as many as there are free workers. Also tells when the first one that could be taken was
    /// due, or will be.
    async fn take(&self) -> Result<(Vec<(Taken, Slots)>, Option<Timestamp>), Error> {
        let (kinds, free) = self.free();
        if free == 0 {
            return Ok((Vec::new(), None));
        }
        let now = self.app.clock.now();
        // Most of the time nothing is due: look without the lock that writers share.
        let due = store::next_due(&mut self.app.db.read(), &kinds).await?;
        if !due.is_some_and(|due| due.is_past(now)) {
            return Ok((Vec::new(), due));
        }
        let mut tx = self.app.db.write().await?;
        let limit = i64::try_from(free).unwrap_or(1);
        let jobs = store::take(&mut tx, &kinds, limit, now, now.plus(LEASE)).await?;
        tx.commit().await?;
        let slots = |name: &str| {
            let worker = self.workers.clone().try_acquire_owned().ok()?;
            Some((worker, self.of_kind.get(name)?.clone().try_acquire_owned().ok()))
        };
        // One without a place would be run by others when its lease ends.
        let jobs = jobs.into_iter().filter_map(|job| slots(&job.name).map(|slots| (job, slots))).collect();
        Ok((jobs, due))
    }

    fn pause(&self, due: Option<Timestamp>) -> Duration {
        let now = self.app.clock.now();
        let wait = due.map_or(POLL, |due| micros_between(now, due));
        // A clock that stands still must not make this a busy loop.
        wait.clamp(Duration::from_millis(10), POLL)
    }

    /// Runs a job and stores how it went.
    async fn finish(self: &Arc<Self>, mut job: Taken, stopped: watch::Receiver<bool>) {
        let Some(kind) = self.registry.kinds.get(job.name.as_str()).cloned() else { return };
        let began = Instant::now();
        let outcome = self.attempt(&mut job, &kind, stopped).await;
        metrics::histogram!("gatewright_job_seconds", "job" => job.name.clone()).record(began.elapsed());
        let stored = match outcome {
            Outcome::Ran(result) => self.settle(&job, &kind, result).await,
            Outcome::Stopped => self.give_back(&job).await,
            Outcome::Lost => Ok("lost"),
        };
        let outcome = stored.unwrap_or_else(|error| {
            tracing::warn!(job.id = %job.id, job.name, error = %Failure::from(error), "the end of a job was not stored; it will run again");
            "not_stored"
        });
        metrics::counter!("gatewright_jobs_total", "job" => job.name, "outcome" => outcome).increment(1);
    }

    async fn attempt(
        self: &Arc<Self>,
        job: &mut Taken,
        kind: &Kind,
        mut stopped: watch::Receiver<bool>,
    ) -> Outcome {
        if job.is_deadly(self.app.clock.now()) {
            let why = format!("{} attempts ended without an answer", job.attempts - 1);
            return Outcome::Ran(Err(Failure::GiveUp(why)));
        }
        let run = match self.run_of(job).await {
            Ok(run) => run,
            Err(failure) => return Outcome::Ran(Err(failure)),
        };
        // A task of its own, so that a panic is a failure like others.
        let mut task = tokio::spawn(timeout(TIMEOUT, (kind.run)(job.payload.clone(), run)));
        let outcome = loop {
            tokio::select! {
                result = &mut task => break Outcome::Ran(match result {
                    Ok(Ok(result)) => result,
                    Ok(Err(_)) => Err(Failure::Retry(format!("not done after {TIMEOUT:?}"))),
                    Err(_) => Err(Failure::Retry("panicked".to_owned())),
                }),
                () = sleep(RENEWAL) => match self.renew(job).await {
                    Ok(true) => {}
                    Ok(false) => break Outcome::Lost,
                    // The lease still lasts for a while; the next renewal may go well.
                    Err(error) => tracing::debug!(job.id = %job.id, error = %Failure::from(error), "a lease was not renewed"),
                },
                () = told(&mut stopped) => break Outcome::Stopped,
            }
        };
        task.abort();
        outcome
    }

    async fn run_of(&self, job: &Taken) -> Result<Run, Failure> {
        let ctx = match job.environment {
            None => None,
            Some(id) => {
                let environment = self.app.environments.with_id(&self.app, id).await?;
                let environment =
                    environment.ok_or_else(|| Failure::GiveUp("its environment is gone".to_owned()))?;
                let request_id = job.id.to_string().into();
                Some(Ctx::new(self.app.clone(), environment, Caller::Server, request_id, None))
            }
        };
        Ok(Run { app: self.app.clone(), ctx, id: job.id, attempt: job.attempts })
    }

    async fn renew(&self, job: &mut Taken) -> Result<bool, Error> {
        let lease = self.app.clock.now().plus(LEASE).max(job.lease);
        let mut tx = self.app.db.write().await?;
        let ours = store::move_lease(&mut tx, job, lease).await?;
        tx.commit().await?;
        job.lease = lease;
        Ok(ours)
    }

    async fn give_back(&self, job: &Taken) -> Result<&'static str, Error> {
        let mut tx = self.app.db.write().await?;
        store::move_lease(&mut tx, job, self.app.clock.now()).await?;
        tx.commit().await?;
        Ok("stopped")
    }

    async fn settle(
        &self,
        job: &Taken,
        kind: &Kind,
        result: Result<(), Failure>,
    ) -> Result<&'static str, Error> {
        let now = self.app.clock.now();
        let mut tx = self.app.db.write().await?;
        let outcome = match (&result, kind.every) {
            (Ok(()), None) => {
                store::delete(&mut tx, job).await?;
                "done"
            }
            (Ok(()), Some(every)) => {
                store::succeed(&mut tx, job, now.plus(every)).await?;
                "done"
            }
            (Err(failure), every) => {
                let text: String = failure.to_string().replace('\0', "").chars().take(1000).collect();
                match job.after(failure, every, now) {
                    Next::At(next) => {
                        store::fail(&mut tx, job, next, &text).await?;
                        "failed"
                    }
                    Next::Never => {
                        store::give_up(&mut tx, job, now, &text).await?;
                        "given_up"
                    }
                }
            }
        };
        tx.commit().await?;
        match result {
            Err(failure) if outcome == "given_up" => {
                tracing::warn!(job.id = %job.id, job.name, job.attempts, "a job is given up: {failure}");
            }
            Err(failure) => {
                tracing::info!(job.id = %job.id, job.name, job.attempts, "a job failed and will run again: {failure}");
            }
            Ok(()) => tracing::debug!(job.id = %job.id, job.name, "a job is done"),
        }
        Ok(outcome)
    }

    async fn set_gauges(&self) {
        let now = self.app.clock.now();
        if let Ok((due, given_up)) = store::counts(&mut self.app.db.read(), now).await {
            metrics::gauge!("gatewright_jobs_due").set(due as f64);
            metrics::gauge!("gatewright_jobs_given_up").set(given_up as f64);
        }
    }
}

enum Outcome {
    /// It came to an end.
    Ran(Result<(), Failure>),
    /// This node stops.
    Stopped,
    /// Another node has taken it.
    Lost,
}

/// Ready once the node has to stop.
async fn told(stopped: &mut watch::Receiver<bool>) {
    if stopped.wait_for(|stopped| *stopped).await.is_err() {
        // Nobody can tell it any more.
        std::future::pending::<()>().await;
    }
}

fn micros_between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(to.as_micros() - from.as_micros()).unwrap_or(0))
}
