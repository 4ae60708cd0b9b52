//! Environments: isolated tenants of the installation, each with its own URL, keys, data and credentials.
//!
//! Invariants: every row of customer data belongs to exactly one; a request belongs to the environment whose host it
//! was sent to; the issuer of tokens comes from configuration, never from a header.
mod model;
pub mod store;

pub use model::{ApplicationSessionPolicy, Environment, EnvironmentType, Region};

use crate::{db::Db, error::Error, ids::EnvironmentId};
use arc_swap::ArcSwap;
use std::{collections::HashMap, sync::Arc};

/// The environments of the installation, found by host without asking the database.
#[derive(Debug, Default)]
pub struct Directory {
    known: ArcSwap<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_host: HashMap<String, Arc<Environment>>,
    default: Option<Arc<Environment>>,
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

    /// Reads all environments again.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn reload(&self, db: &Db) -> Result<(), Error> {
        let mut known = Known::default();
        for environment in store::all(&mut db.read()).await? {
            let environment = Arc::new(environment);
            known.default.get_or_insert_with(|| environment.clone());
            known.by_host.insert(environment.domain.clone(), environment);
        }
        self.known.store(Arc::new(known));
        Ok(())
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

    /// The environment with this id. One that another node has added is read from the database.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn with_id(&self, db: &Db, id: EnvironmentId) -> Result<Option<Arc<Environment>>, Error> {
        let find = || self.known.load().by_host.values().find(|environment| environment.id == id).cloned();
        if let Some(found) = find() {
            return Ok(Some(found));
        }
        self.reload(db).await?;
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
