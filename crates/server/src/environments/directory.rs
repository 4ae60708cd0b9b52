//! The environments of the installation in memory.
use super::{model::Environment, store};
use crate::{app::App, db::Db, error::Error, ids::EnvironmentId, time::Timestamp};
use arc_swap::ArcSwap;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// How soon a node knows what another one has changed.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// The environments of the installation with their settings, found by host without asking the database.
#[derive(Debug, Default)]
pub struct Directory {
    known: ArcSwap<Known>,
    /// When it was last seen that nothing has changed.
    checked_at: AtomicI64,
    checking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    by_host: HashMap<String, Arc<Environment>>,
    by_id: HashMap<EnvironmentId, Arc<Environment>>,
    default: Option<Arc<Environment>>,
    version: i64,
}

impl Directory {
    /// Reads all environments. The oldest one is the default: it also answers on loopback names.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn load(db: &Db) -> Result<Self, Error> {
        let directory = Self::default();
        directory.reload(db).await?;
        Ok(directory)
    }

    /// Reads all environments again, after a change on this node.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn reload(&self, db: &Db) -> Result<(), Error> {
        // One after the other: what was read earlier must not replace what was read later.
        let _turn = self.checking.lock().await;
        self.read(db).await
    }

    async fn read(&self, db: &Db) -> Result<(), Error> {
        let mut tx = db.read();
        // Before the environments: what changes in between is read again.
        let mut known = Known { version: store::version(&mut tx).await?, ..Known::default() };
        for environment in store::all(&mut tx).await? {
            let environment = Arc::new(environment);
            known.default.get_or_insert_with(|| environment.clone());
            known.by_id.insert(environment.id, environment.clone());
            // At the customer's host it is the same environment with another URL.
            if let Some(custom) = environment.active_custom_domain() {
                let url = format!("{}://{custom}", environment.scheme());
                let there = Arc::new(Environment { url, ..Environment::clone(&environment) });
                known.by_host.insert(custom.to_owned(), there.clone());
                known.by_id.insert(environment.id, there);
            }
            known.by_host.insert(environment.domain.clone(), environment);
        }
        self.known.store(Arc::new(known));
        Ok(())
    }

    /// Looks whether another node has changed something, once a second. While the database does not answer, what is
    /// known stays.
    pub async fn refresh(&self, app: &App) {
        if self.is_fresh(app) {
            return;
        }
        let _turn = self.checking.lock().await;
        if self.is_fresh(app) {
            return;
        }
        // Before it is read: what changes from here on is for the next time.
        let now = app.clock.now();
        let known = self.known.load().version;
        let checked = match store::version(&mut app.db.read()).await {
            Ok(version) if version == known => Ok(()),
            Ok(_) => self.read(&app.db).await,
            Err(error) => Err(error),
        };
        if let Err(error) = checked {
            tracing::warn!(%error, "the environments could not be read again");
        }
        self.checked_at.store(now.as_micros(), Ordering::Relaxed);
    }

    fn is_fresh(&self, app: &App) -> bool {
        let checked_at = Timestamp::from_micros(self.checked_at.load(Ordering::Relaxed));
        let now = app.clock.now();
        checked_at <= now && !checked_at.plus(FRESH_FOR).is_past(now)
    }

    /// The environment that is served at `host` (`name` or `name:port`, any case). Loopback names are the default
    /// environment's, at any port.
    pub fn at(&self, host: &str) -> Option<Arc<Environment>> {
        let known = self.known.load();
        if let Some(found) = known.by_host.get(host) {
            return Some(found.clone());
        }
        let lower = host.to_ascii_lowercase();
        if let Some(found) = known.by_host.get(&lower) {
            return Some(found.clone());
        }
        let (name, port) = split_port(&lower);
        if let Some(found) = known.by_host.get(name).filter(|_| matches!(port, "443" | "80")) {
            return Some(found.clone());
        }
        is_loopback(name).then(|| known.default.clone()).flatten()
    }

    /// The environment with this id. One that another node has made within the last second is read from the database.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn with_id(&self, app: &App, id: EnvironmentId) -> Result<Option<Arc<Environment>>, Error> {
        self.refresh(app).await;
        let find = || self.known.load().by_id.get(&id).cloned();
        if let Some(found) = find() {
            return Ok(Some(found));
        }
        self.reload(&app.db).await?;
        Ok(find())
    }

    /// The environment that credentials.env is for.
    pub fn default_environment(&self) -> Option<Arc<Environment>> {
        self.known.load().default.clone()
    }
}

fn split_port(host: &str) -> (&str, &str) {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, port),
        _ => (host, ""),
    }
}

fn is_loopback(name: &str) -> bool {
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
