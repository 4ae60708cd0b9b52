//! The kinds of jobs that this version knows. Others, of newer versions, are left to their nodes.
use super::model::{Failure, Job, Run};
use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc, time::Duration};

type Running = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// One kind of job.
#[derive(Clone)]
pub struct Kind {
    /// The interval, if it is periodic.
    pub every: Option<Duration>,
    /// The payload of a periodic job.
    pub payload: String,
    /// Runs one, given its payload.
    pub run: Arc<dyn Fn(String, Run) -> Running + Send + Sync>,
}

/// Every kind of job that is built; each slice adds its own.
#[derive(Default)]
pub struct Registry {
    pub(super) kinds: BTreeMap<&'static str, Kind>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.kinds.keys()).finish()
    }
}

impl Registry {
    /// Jobs of this kind are run when they are due.
    pub fn job<J: Job>(&mut self) {
        self.add::<J>(None, String::new());
    }

    /// A job of this kind, of the installation, is run once per interval over all nodes.
    pub fn every<J: Job + Default>(&mut self, interval: Duration) {
        let payload = serde_json::to_string(&J::default()).unwrap_or_default();
        self.add::<J>(Some(interval), payload);
    }

    fn add<J: Job>(&mut self, every: Option<Duration>, payload: String) {
        let run = |payload: String, run: Run| -> Running {
            Box::pin(async move {
                let job: J = serde_json::from_str(&payload)
                    .map_err(|error| Failure::GiveUp(format!("its fields cannot be read: {error}")))?;
                job.run(&run).await
            })
        };
        let known = self.kinds.insert(J::NAME, Kind { every, payload, run: Arc::new(run) });
        debug_assert!(known.is_none(), "two kinds of jobs are called {}", J::NAME);
    }
}
