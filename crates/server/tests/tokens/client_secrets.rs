//! Secrets of clients: auth.md 6.2.
use super::{START, frozen, refusal};
use gatewright::{clients, error::Kind, sql, time::Timestamp};
use gatewright_testkit::{Server, api_tests, database_tests};
use std::time::Duration;

async fn status_of(t: &Server, secret: &str) -> u16 {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", t.client_id.as_str()),
        ("client_secret", secret),
    ];
    t.http.post(format!("{}/oauth/token", t.url)).form(&form).send().await.unwrap().status().as_u16()
}

api_tests! {
    async fn a_revoked_secret_is_refused_at_once_and_its_tokens_live_on(t: Server) {
        let token = t.token().await;
        let (client, secret) = clients::issue_secret(&t.operator, true).await.unwrap();
        assert_eq!(client.to_string(), t.client_id);
        assert_eq!(status_of(&t, &t.client_secret).await, 401);
        assert_eq!(status_of(&t, secret.plain.expose()).await, 200);
        assert_eq!(refusal(&t, &token).await, None);
    }

    async fn another_node_refuses_a_revoked_secret_within_a_second(t: Server) {
        let other = t.second_node().await;
        let status = async || {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", t.client_id.as_str()),
                ("client_secret", t.client_secret.as_str()),
            ];
            let url = format!("http://{}/oauth/token", other.address);
            t.http.post(url).form(&form).send().await.unwrap().status().as_u16()
        };
        assert_eq!(status().await, 200);
        clients::issue_secret(&t.operator, true).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1000)).await;
        assert_eq!(status().await, 401);
    }

    async fn two_secrets_work_side_by_side_and_a_third_is_refused(t: Server) {
        let (_, second) = clients::issue_secret(&t.operator, false).await.unwrap();
        assert_eq!(status_of(&t, &t.client_secret).await, 200);
        assert_eq!(status_of(&t, second.plain.expose()).await, 200);
        let error = clients::issue_secret(&t.operator, false).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument, "spec/README.md decides this");
        assert!(error.message().contains("only 2 secrets are allowed"), "{error}");
        // The refusal has changed nothing, and after a revocation there is room again.
        assert_eq!(status_of(&t, second.plain.expose()).await, 200);
        let (_, third) = clients::issue_secret(&t.operator, true).await.unwrap();
        assert_eq!(status_of(&t, second.plain.expose()).await, 401);
        assert_eq!(status_of(&t, third.plain.expose()).await, 200);
    }

    async fn a_secret_has_a_prefix_that_scanners_find_and_256_bits(t: Server) {
        let random = t.client_secret.strip_prefix("gws_").unwrap();
        assert_eq!(random.len(), 43, "base64url of 32 bytes");
        assert!(random.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }
}

database_tests! {
    async fn an_expired_secret_is_refused(kind: Database) {
        let t = Server::start_with(kind, frozen()).await;
        let env = t.operator.environment().id;
        let mut tx = t.app.db.write().await.unwrap();
        sql!("UPDATE client_secrets SET expires_at = $2 WHERE environment_id = $1")
            .bind(env)
            .bind(START.plus(Duration::from_secs(10)))
            .execute(&mut tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        t.advance(Duration::from_secs(9));
        assert_eq!(status_of(&t, &t.client_secret).await, 200);
        t.advance(Duration::from_secs(1));
        assert_eq!(status_of(&t, &t.client_secret).await, 401);
    }

    async fn the_last_use_is_stored_once_a_minute(kind: Database) {
        let t = Server::start_with(kind, frozen()).await;
        assert_eq!(last_used(&t, None).await, None);
        t.token().await;
        assert_eq!(last_used(&t, Some(START)).await, Some(START));
        t.advance(Duration::from_secs(59));
        t.token().await;
        t.advance(Duration::from_secs(2));
        t.token().await;
        let later = START.plus(Duration::from_secs(61));
        assert_eq!(last_used(&t, Some(later)).await, Some(later));
        // A wrong secret is no use.
        t.advance(Duration::from_secs(3600));
        assert_eq!(status_of(&t, "wrong").await, 401);
        assert_eq!(last_used(&t, Some(later)).await, Some(later));
    }
}

/// When the secret was last used. It is stored in the background: waits a while for `expected`.
async fn last_used(t: &Server, expected: Option<Timestamp>) -> Option<Timestamp> {
    for _ in 0..100 {
        let env = t.operator.environment().id;
        let last: Option<Timestamp> =
            sql!("SELECT last_used_at FROM client_secrets WHERE environment_id = $1")
                .bind(env)
                .one(&mut t.app.db.read())
                .await
                .unwrap();
        if last == expected {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the last use was not stored as {expected:?}");
}
