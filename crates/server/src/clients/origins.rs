//! Which web pages may call the endpoints of OAuth by script: those of the origins that clients registered redirect URIs
//! of (`auth.md` 1.2). Answered from memory, as what clients are.
use super::store;
use crate::{app::App, error::Error, ids::EnvironmentId, remembered::Remembered};
use std::{collections::HashSet, sync::Arc};
use url::Url;

/// What this node knows.
pub type KnownOrigins = Remembered<EnvironmentId, Origins>;

/// The origins of an environment's clients.
#[derive(Debug, Default)]
pub struct Origins {
    exact: HashSet<String>,
    /// What stands before and after the wildcard.
    wild: HashSet<(String, String)>,
}

/// The origins of the environment's clients, at most a second old.
///
/// # Errors
/// Those of the database.
pub async fn origins(app: &App, env: EnvironmentId) -> Result<Arc<Origins>, Error> {
    let now = app.clock.now();
    let changes = app.db.changes_of(&["clients"]) + app.db.changes_of_rows(&["resources"]);
    if let Some(found) = app.known_origins.get(&env, now, changes) {
        return Ok(found);
    }
    let reading = app.known_origins.start(now, changes);
    let uris = store::page_uris(&mut app.db.read(), env).await?;
    let read = Arc::new(Origins::of(&uris));
    app.known_origins.keep(reading, env, &read);
    Ok(read)
}

impl Origins {
    fn of(uris: &[String]) -> Self {
        let mut origins = Self::default();
        // Nobody knows what a template will be.
        for uri in uris.iter().filter(|uri| !uri.contains("{{")) {
            if let Some((before, after)) = uri.split_once('*') {
                let end = after.find('/').unwrap_or(after.len());
                let after = after.get(..end).unwrap_or_default();
                origins.wild.insert((before.to_ascii_lowercase(), after.to_ascii_lowercase()));
            } else if let Ok(url) = Url::parse(uri)
                && matches!(url.scheme(), "http" | "https")
            {
                origins.exact.insert(url.origin().ascii_serialization());
            }
        }
        origins
    }

    /// Whether pages of this origin, as browsers write it (RFC 6454 §6.2), may call.
    pub fn allow(&self, origin: &str) -> bool {
        let is_label = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let matches = |(before, after): &(String, String)| {
            origin.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).is_some_and(is_label)
        };
        self.exact.contains(origin) || self.wild.iter().any(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_that_of_a_registered_uri() {
        let uris = [
            "https://app.globex.test/cb",
            "https://APP.upper.test:443/cb",
            "http://localhost:6274/",
            "https://auth-*.globex.test/cb",
            "https://{{org_slug}}.globex.test/cb",
            "com.example.app:/cb",
        ];
        let origins = Origins::of(&uris.map(str::to_owned));
        for origin in [
            "https://app.globex.test",
            "https://app.upper.test",
            "http://localhost:6274",
            "https://auth-7.globex.test",
        ] {
            assert!(origins.allow(origin), "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://app.globex.test",
            "https://app.globex.test:8443",
            "https://app.globex.test.evil.test",
            "https://auth-.globex.test",
            "https://auth-a.b.globex.test",
            "https://acme.globex.test",
            "com.example.app:",
        ] {
            assert!(!origins.allow(origin), "{origin}");
        }
    }
}
