//! Signing keys and discovery: auth.md 1.3, 1.7; security.md 1.9. And that no secret lies about in clear.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what goes wrong in a test shall stop it"
)]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use gatewright::{
    bootstrap::{self, Purpose},
    config::{Config, Sources},
    keys::{self, KeyState},
    time::{Clock, Timestamp},
    vault::Place,
};
use gatewright_testkit::{Options, Server, api_tests, database_tests, json};
use serde_json::Value as Json;
use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// 2026-03-01.
const START: Timestamp = Timestamp::from_micros(1_772_323_200_000_000);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a node may go without knowing of a change.
const SEEN_AFTER: Duration = Duration::from_secs(31);

fn frozen(at: Timestamp) -> Options {
    Options { frozen_at: Some(at), ..Options::default() }
}

/// Ids of the published keys.
async fn published(t: &Server) -> Vec<String> {
    let jwks = json(t.http.get(format!("{}/keys", t.url))).await;
    jwks.json["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// The same, of the node that listens there.
async fn published_by(node: &Server) -> Vec<String> {
    let jwks = json(node.http.get(format!("http://{}/keys", node.address))).await;
    jwks.json["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(token: &str) -> String {
    let header: Json =
        serde_json::from_slice(&BASE64URL.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

async fn accepted_by(node: &Server, token: &str) -> bool {
    let request = node.http.get(format!("http://{}/api/v1/organizations", node.address)).bearer_auth(token);
    request.send().await.unwrap().status() == 200
}

async fn token_from(node: &Server, t: &Server) -> String {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", t.client_id.as_str()),
        ("client_secret", t.client_secret.as_str()),
    ];
    let answer = json(node.http.post(format!("http://{}/oauth/token", node.address)).form(&form)).await;
    answer.json["access_token"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
}

api_tests! {
    async fn the_key_set_has_one_rsa_key_that_every_sdk_can_read(t: Server) {
        let answer = json(t.http.get(format!("{}/keys", t.url))).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "public, max-age=300");
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        let keys = answer.json["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 1);
        let names: Vec<&String> = keys[0].as_object().unwrap().keys().collect();
        assert_eq!(names, ["use", "kty", "kid", "alg", "n", "e"], "no private member, and none missing");
        assert_eq!((&keys[0]["use"], &keys[0]["kty"]), (&"sig".into(), &"RSA".into()));
        assert_eq!((&keys[0]["alg"], &keys[0]["e"]), (&"RS256".into(), &"AQAB".into()));
        assert!(keys[0]["kid"].as_str().unwrap().starts_with("snk_"));
        let n = BASE64URL.decode(keys[0]["n"].as_str().unwrap()).unwrap();
        assert_eq!((n.len(), n[0] >= 0x80), (256, true), "2048 bits");
    }

    async fn discovery_describes_what_is_there(t: Server) {
        let first = json(t.http.get(format!("{}/.well-known/openid-configuration", t.url))).await;
        let second = json(t.http.get(format!("{}/.well-known/oauth-authorization-server", t.url))).await;
        assert_eq!(first.json, second.json);
        for answer in [&first, &second] {
            assert_eq!(
                (answer.status, &answer.headers["access-control-allow-origin"]),
                (200, &"*".parse().unwrap())
            );
            assert_eq!(answer.headers["content-type"], "application/json");
        }
        let document = &first.json;
        for (name, path) in [
            ("issuer", ""),
            ("authorization_endpoint", "/oauth/authorize"),
            ("token_endpoint", "/oauth/token"),
            ("userinfo_endpoint", "/userinfo"),
            ("jwks_uri", "/keys"),
            ("end_session_endpoint", "/oidc/logout"),
            ("introspection_endpoint", "/oauth/introspect"),
            ("revocation_endpoint", "/revoke"),
        ] {
            assert_eq!(document[name], format!("{}{path}", t.url), "{name}");
        }
        assert_eq!(document["id_token_signing_alg_values_supported"], serde_json::json!(["RS256"]));
        assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
        assert_eq!(document["response_types_supported"], serde_json::json!(["code"]));
        assert!(document.get("registration_endpoint").is_none());
        let grants = document["grant_types_supported"].as_array().unwrap();
        assert!(grants.contains(&"client_credentials".into()));
    }

    async fn every_environment_has_keys_and_an_issuer_of_its_own(t: Server) {
        let other = t.add_environment("other").await;
        let get = |path: &str| json(t.http.get(format!("{}{path}", t.url)).header("host", &other.host));
        let theirs = get("/keys").await.json["keys"][0]["kid"].as_str().unwrap().to_owned();
        assert!(!published(&t).await.contains(&theirs));
        let document = get("/.well-known/openid-configuration").await.json;
        assert_eq!(document["issuer"], format!("http://{}", other.host));
        let token = t.token_in(&other).await;
        assert_eq!(kid(&token), theirs);
        // The host decides, and no header that a client or proxy could add.
        let request = t.http.get(format!("{}/.well-known/openid-configuration", t.url));
        let request = request
            .header("x-forwarded-host", &other.host)
            .header("forwarded", format!("host={}", other.host));
        assert_eq!(json(request).await.json["issuer"], t.url);
    }

    async fn private_keys_and_secrets_are_nowhere_in_clear(t: Server) {
        t.token().await;
        keys::rotate(&t.operator, DAY).await.unwrap();
        let mut needles = vec![("the client secret", t.client_secret.clone().into_bytes())];
        for (stored, _) in keys::list(&t.operator).await.unwrap() {
            let place = Place { column: "signing_keys.private_key_sealed", row: stored.id.as_i64() };
            let der = t.app.vault.open(place, &stored.private_key_sealed).unwrap().expose().clone();
            // The middle of the key: its beginning is the same for all.
            needles.push(("a private key", der[300..340].to_vec()));
            assert!(!contains(&stored.private_key_sealed, &der[300..340]));
        }
        let mut files = files_in(t.data_dir());
        match t.database_url().strip_prefix("sqlite:") {
            Some(path) => files.extend(files_in(Path::new(path).parent().unwrap())),
            None => needles.push(("nothing of PostgreSQL's is a file here", vec![0xA5; 64])),
        }
        assert!(files.iter().any(|path| path.ends_with("master.key")), "{files:?}");
        let mut read = 0;
        for path in files {
            let content = std::fs::read(&path).unwrap();
            read += content.len();
            if path.ends_with("credentials.env") {
                assert!(contains(&content, &needles[0].1));
                assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
                continue;
            }
            for (what, needle) in &needles {
                assert!(!contains(&content, needle), "{what} is in {}", path.display());
            }
        }
        assert!(read > 64, "{read} bytes were searched");
        sealed_in_every_column(&t, &needles).await;
    }
}

/// What SQL gives back, on both databases: hashes and sealed values, but not what they are of.
async fn sealed_in_every_column(t: &Server, needles: &[(&str, Vec<u8>)]) {
    use gatewright::sql;
    let env = t.operator.environment().id;
    let mut tx = t.app.db.read();
    let hashes: Vec<Vec<u8>> = sql!("SELECT secret_hash FROM client_secrets WHERE environment_id = $1")
        .bind(env)
        .all(&mut tx)
        .await
        .unwrap();
    let sealed: Vec<Vec<u8>> = sql!("SELECT private_key_sealed FROM signing_keys WHERE environment_id = $1")
        .bind(env)
        .all(&mut tx)
        .await
        .unwrap();
    assert_eq!((hashes.len(), sealed.len()), (1, 2));
    assert_eq!(hashes[0].len(), 32);
    for value in hashes.iter().chain(&sealed) {
        assert!(needles.iter().all(|(_, needle)| !contains(value, needle)));
    }
}

fn contains(content: &[u8], needle: &[u8]) -> bool {
    content.windows(needle.len()).any(|window| window == needle)
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_in(&path)) } else { files.push(path) }
    }
    files
}

database_tests! {
    async fn a_new_key_is_published_before_it_signs_and_the_old_one_after(kind: Database) {
        let t = Server::start_with(kind, frozen(START)).await;
        let old = published(&t).await.remove(0);
        let before = t.token().await;
        let new = keys::rotate(&t.operator, DAY).await.unwrap();
        assert_eq!(new.signs_from, START.plus(DAY));
        let new = new.id.to_string();
        assert_eq!(published(&t).await, [old.clone(), new.clone()], "at once, on the node that made it");
        assert_eq!(kid(&t.token().await), old);
        assert_eq!(states(&t).await, [KeyState::Signing, KeyState::Waiting]);

        t.advance(DAY - Duration::from_secs(1));
        let last_of_old = t.token().await;
        assert_eq!(kid(&last_of_old), old);
        t.advance(Duration::from_secs(1));
        assert_eq!(kid(&t.token().await), new, "from the very moment that was announced");
        assert_eq!(states(&t).await, [KeyState::Retiring, KeyState::Signing]);
        assert!(accepted_by(&t, &last_of_old).await);
        assert!(!accepted_by(&t, &before).await, "its own time has come, not its key's");

        t.advance(keys::PUBLISH_AFTER_SIGNING - Duration::from_secs(1));
        assert_eq!(published(&t).await, [old, new.clone()]);
        t.advance(SEEN_AFTER);
        assert_eq!(published(&t).await, [new]);
        assert_eq!(states(&t).await, [KeyState::Signing]);
    }

    async fn a_rotation_at_once_withdraws_the_key_that_waits(kind: Database) {
        let t = Server::start_with(kind, frozen(START)).await;
        let first = published(&t).await.remove(0);
        let waiting = keys::rotate(&t.operator, DAY).await.unwrap().id.to_string();
        let new = keys::rotate(&t.operator, Duration::ZERO).await.unwrap().id.to_string();
        assert_eq!(published(&t).await, [first, new.clone()]);
        t.advance(DAY * 2);
        assert_eq!(kid(&t.token().await), new, "and not {waiting}");
    }

    async fn a_revoked_key_is_neither_published_nor_accepted(kind: Database) {
        let t = Server::start_with(kind, frozen(START)).await;
        let leaked = keys::list(&t.operator).await.unwrap().remove(0).0.id;
        let token = t.token().await;
        let error = keys::revoke(&t.operator, leaked).await.unwrap_err();
        assert_eq!(error.kind(), gatewright::error::Kind::FailedPrecondition, "the only one: {error}");
        assert!(accepted_by(&t, &token).await);

        let new = keys::rotate(&t.operator, Duration::ZERO).await.unwrap().id.to_string();
        keys::revoke(&t.operator, leaked).await.unwrap();
        assert_eq!(published(&t).await, [new.as_str()]);
        assert!(!accepted_by(&t, &token).await);
        assert_eq!(kid(&t.token().await), new);
        let again = keys::revoke(&t.operator, leaked).await.unwrap_err();
        assert_eq!(again.kind(), gatewright::error::Kind::NotFound);
    }

    async fn two_rotations_in_a_row_keep_their_order(kind: Database) {
        let t = Server::start_with(kind, frozen(START)).await;
        let first = published(&t).await.remove(0);
        let second = keys::rotate(&t.operator, DAY).await.unwrap().id.to_string();
        let third = keys::rotate(&t.operator, DAY * 2).await.unwrap().id.to_string();
        let mut signs = Vec::new();
        for _ in 0..3 {
            signs.push(kid(&t.token().await));
            t.advance(DAY);
        }
        assert_eq!(signs, [first, second, third]);
    }

    async fn the_other_node_learns_of_a_rotation_before_the_new_key_signs(kind: Database) {
        let t = Server::start_with(kind, frozen(START)).await;
        let node = t.second_node_with(frozen(START)).await;
        let old = published(&t).await;
        assert_eq!(published_by(&node).await, old);
        let (here, there) = (t.token().await, token_from(&node, &t).await);
        assert!(accepted_by(&node, &here).await && accepted_by(&t, &there).await);

        let new = keys::rotate(&t.operator, Duration::from_secs(60)).await.unwrap().id.to_string();
        for server in [&t, &node] {
            server.advance(SEEN_AFTER);
        }
        assert_eq!(published_by(&node).await, [old[0].clone(), new.clone()]);
        assert_eq!(kid(&token_from(&node, &t).await), old[0]);
        for server in [&t, &node] {
            server.advance(SEEN_AFTER);
        }
        let (here, there) = (t.token().await, token_from(&node, &t).await);
        assert_eq!((kid(&here), kid(&there)), (new.clone(), new));
        assert!(accepted_by(&node, &here).await && accepted_by(&t, &there).await);
    }

    async fn a_key_that_signs_at_once_is_looked_for_by_the_other_node(kind: Database) {
        let t = Server::start_with(kind, frozen(START)).await;
        let node = t.second_node_with(frozen(START)).await;
        assert_eq!(published_by(&node).await, published(&t).await);
        let new = keys::rotate(&t.operator, Duration::ZERO).await.unwrap().id.to_string();
        let token = t.token().await;
        assert_eq!(kid(&token), new);
        // Made-up key ids do not make a node read its keys more than once a second.
        assert!(!accepted_by(&node, &token).await);
        for server in [&t, &node] {
            server.advance(Duration::from_secs(1));
        }
        assert!(accepted_by(&node, &token).await);
        assert!(published_by(&node).await.contains(&new));
    }

    async fn a_wrong_or_missing_master_key_stops_the_start_and_says_what_to_do(kind: Database) {
        let t = Server::start_with(kind, Options::default()).await;
        let path = t.data_dir().join("master.key");
        let right = std::fs::read_to_string(&path).unwrap();
        assert_eq!(right.trim().len(), 64);
        let start = || async {
            let flags = vec![
                ("server.data_dir", t.data_dir().display().to_string()),
                ("server.listen", t.address.to_string()),
                ("database.url", t.database_url().to_owned()),
            ];
            let config = Config::load(&Sources { flags, ..Sources::default() }).unwrap();
            bootstrap::open(&config, Clock::System, Purpose::Serve)
                .await
                .map(drop)
                .map_err(|error| error.to_string())
        };
        assert_eq!(start().await, Ok(()));

        std::fs::write(&path, format!("{}\n", "ab".repeat(32))).unwrap();
        let text = start().await.unwrap_err();
        assert!(text.contains("another master key") && text.contains("security.master_key_file"), "{text}");
        std::fs::write(&path, "not a key\n").unwrap();
        let text = start().await.unwrap_err();
        assert!(text.contains("64 hexadecimal digits") && text.contains("restore the file"), "{text}");
        std::fs::remove_file(&path).unwrap();
        let text = start().await.unwrap_err();
        assert!(text.contains("is missing") && text.contains("restore that file"), "{text}");
        assert!(!path.exists(), "a new one would hide that the old one is gone");
        std::fs::write(&path, right).unwrap();
        assert_eq!(start().await, Ok(()));
    }
}

async fn states(t: &Server) -> Vec<KeyState> {
    keys::list(&t.operator).await.unwrap().into_iter().map(|(_, state)| state).collect()
}
