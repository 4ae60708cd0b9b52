//! The keys of each environment in memory, parsed once.
use super::store;
use crate::{
    app::App,
    environments::Environment,
    error::{Error, Kind},
    ids::EnvironmentId,
    time::Timestamp,
    vault::{self, Place, Vault},
};
use arc_swap::ArcSwap;
use gatewright_jose::{Jwk, JwkSet, JwsError, SigningKey, VerifyingKey};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How soon every node knows of a change to the keys.
const FRESH_FOR: Duration = Duration::from_secs(30);

/// How soon after reading the keys an unknown one is looked for again. Anybody can make up key ids: that must not cost
/// more than this.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Where sealed private keys are.
pub(super) const SEALED_IN: &str = "signing_keys.private_key_sealed";

/// The published keys of one environment.
#[derive(Debug)]
pub struct EnvironmentKeys {
    keys: Vec<Key>,
    read_at: Timestamp,
    verified: Mutex<HashMap<Vec<u8>, Arc<[u8]>>>,
    /// The body of `/keys`.
    pub jwks: String,
}

/// Tokens whose signature is remembered.
const MAX_VERIFIED: usize = 4096;

#[derive(Debug)]
struct Key {
    signs_from: Timestamp,
    private: SigningKey,
    public: VerifyingKey,
}

impl EnvironmentKeys {
    /// The key that signs at `now`: the newest whose time has come.
    ///
    /// # Errors
    /// `INTERNAL` if there is none.
    pub fn signing(&self, now: Timestamp) -> Result<&SigningKey, Error> {
        let ready = self.keys.iter().rev().find(|key| key.signs_from <= now);
        ready
            .or(self.keys.first())
            .map(|key| &key.private)
            .ok_or_else(|| Error::internal("the environment has no signing key"))
    }

    fn has_key(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.private.kid() == kid)
    }

    /// Verifies a token's signature and returns its payload. A client sends the same token with every call: that its
    /// signature is right is remembered, under the hash of the whole token, until the keys are read again. Everything
    /// else about it is checked each time.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` with the reason.
    fn verify(&self, token: &str) -> Result<Arc<[u8]>, Error> {
        let hash = vault::hash(token);
        let verified = || self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(payload) = verified().get(&hash) {
            return Ok(payload.clone());
        }
        let payload: Arc<[u8]> = self.verify_signature(token)?.into();
        let mut verified = verified();
        if verified.len() >= MAX_VERIFIED {
            verified.clear();
        }
        verified.insert(hash, payload.clone());
        Ok(payload)
    }

    fn verify_signature(&self, token: &str) -> Result<Vec<u8>, Error> {
        let refused = |error: JwsError| Error::new(Kind::Unauthenticated, error.to_string());
        let header = gatewright_jose::decode_header(token).map_err(refused)?;
        let key = self.keys.iter().find(|key| key.private.kid() == header.kid).ok_or_else(|| {
            Error::new(Kind::Unauthenticated, "token is signed with a key that is not this environment's")
        })?;
        gatewright_jose::verify(token, &key.public).map_err(refused)
    }
}

/// The keys of all environments, read when first needed and again from time to time.
#[derive(Debug, Default)]
pub struct KeyRing {
    known: ArcSwap<HashMap<EnvironmentId, Arc<EnvironmentKeys>>>,
    reading: tokio::sync::Mutex<()>,
    signers: Signers,
}

/// So many may sign apart at the same time: as many as there are cores.
#[derive(Debug)]
struct Signers(tokio::sync::Semaphore);

impl Default for Signers {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self(tokio::sync::Semaphore::new(cores))
    }
}

impl KeyRing {
    /// Signs away from the threads that serve requests, where a transaction is going to follow: whoever holds SQLite's
    /// writer there must not wait behind other requests' signatures, half a millisecond each.
    ///
    /// # Errors
    /// Those of `work`; `INTERNAL` if it panics.
    pub async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let _permit = self.signers.0.acquire().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }

    /// The keys of `environment`.
    ///
    /// # Errors
    /// Those of the database; `INTERNAL` if a key cannot be opened.
    pub async fn of(&self, app: &App, environment: &Environment) -> Result<Arc<EnvironmentKeys>, Error> {
        self.read_within(app, environment, FRESH_FOR).await
    }

    /// Verifies a token's signature by the keys of `environment` and returns its payload. A key that is not known yet may
    /// be new: another node has made it a moment ago, to replace one that leaked.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` with the reason; those of [`KeyRing::of`].
    pub async fn verify(
        &self,
        app: &App,
        environment: &Environment,
        token: &str,
    ) -> Result<Arc<[u8]>, Error> {
        let keys = self.of(app, environment).await?;
        match gatewright_jose::decode_header(token) {
            Ok(header) if !keys.has_key(&header.kid) => {
                self.read_within(app, environment, LOOK_AGAIN_AFTER).await?.verify(token)
            }
            _ => keys.verify(token),
        }
    }

    async fn read_within(
        &self,
        app: &App,
        environment: &Environment,
        age: Duration,
    ) -> Result<Arc<EnvironmentKeys>, Error> {
        let now = app.clock.now();
        let fresh = |keys: &Arc<EnvironmentKeys>| !keys.read_at.plus(age).is_past(now);
        if let Some(keys) = self.known.load().get(&environment.id)
            && fresh(keys)
        {
            return Ok(keys.clone());
        }
        let _one_at_a_time = self.reading.lock().await;
        let before = self.known.load().get(&environment.id).cloned();
        if let Some(keys) = before.clone().filter(fresh) {
            return Ok(keys);
        }
        let keys = Arc::new(read(app, environment, before.as_deref(), now).await?);
        let mut known = HashMap::clone(&self.known.load());
        known.insert(environment.id, keys.clone());
        self.known.store(Arc::new(known));
        Ok(keys)
    }

    /// Forgets what it read, so that the next use reads again.
    pub fn forget(&self) {
        self.known.store(Arc::default());
    }
}

async fn read(
    app: &App,
    environment: &Environment,
    before: Option<&EnvironmentKeys>,
    now: Timestamp,
) -> Result<EnvironmentKeys, Error> {
    let stored = store::published(&mut app.db.read(), environment.id, now).await?;
    let unchanged = before.is_some_and(|before| {
        before.keys.len() == stored.len()
            && before.keys.iter().zip(&stored).all(|(key, stored)| {
                key.private.kid() == stored.id.to_string() && key.signs_from == stored.signs_from
            })
    });
    let keys = stored.iter().map(|key| parse(&app.vault, key)).collect::<Result<Vec<_>, _>>()?;
    let jwks = match before {
        Some(before) if unchanged => before.jwks.clone(),
        _ => {
            let keys: Vec<Jwk> = keys.iter().map(|key| key.private.jwk()).collect();
            serde_json::to_string(&JwkSet { keys }).map_err(Error::internal)?
        }
    };
    Ok(EnvironmentKeys { keys, read_at: now, verified: Mutex::default(), jwks })
}

fn parse(vault: &Vault, stored: &store::StoredKey) -> Result<Key, Error> {
    let place = Place { column: SEALED_IN, row: stored.id.as_i64() };
    let der = vault.open(place, &stored.private_key_sealed)?;
    let private = SigningKey::from_pkcs8(&stored.id.to_string(), der.expose()).map_err(Error::internal)?;
    let public = VerifyingKey::from_jwk(&private.jwk()).map_err(Error::internal)?;
    Ok(Key { signs_from: stored.signs_from, private, public })
}
