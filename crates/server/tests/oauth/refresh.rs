//! `grant_type=refresh_token`: RFC 6749 §6, RFC 9700 §4.14.2, auth.md 3.4 and 11.3.
use super::{application, frozen, payload};
use gatewright_testkit::{Server, SignedIn, api_tests, database_tests};
use std::{collections::BTreeSet, time::Duration};

async fn first(t: &Server) -> (SignedIn, String) {
    let who = t.signed_in(&t.api().await).await;
    let answer = t.exchange(&t.code(&t.grant(&who)).await, &[]).await;
    let token = answer.text_at("refresh_token").to_owned();
    (who, token)
}

async fn next(t: &Server, token: &str) -> String {
    t.refresh(token, &[]).await.text_at("refresh_token").to_owned()
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

api_tests! {
    async fn a_refresh_answers_as_the_first_exchange_with_new_tokens(t: Server) {
        let (_, token) = first(&t).await;
        let answer = t.refresh(&token, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let names: Vec<&String> = answer.json.as_object().unwrap().keys().collect();
        assert_eq!(names, ["access_token", "token_type", "expires_in", "refresh_token", "id_token", "scope"]);
        assert_ne!(answer.text_at("refresh_token"), token);
        let id_token = payload(answer.text_at("id_token"));
        // OpenID Connect Core §12.2.
        assert!(id_token.get("nonce").is_none() && id_token.get("c_hash").is_none(), "{id_token}");
        assert!(id_token.get("at_hash").is_some() && id_token.get("auth_time").is_some());
    }

    async fn scopes_can_only_be_fewer(t: Server) {
        let (_, token) = first(&t).await;
        let answer = t.refresh(&token, &[("scope", "email openid")]).await;
        assert_eq!(answer.json["scope"], "openid email");
        let token = answer.text_at("refresh_token").to_owned();
        t.refresh(&token, &[("scope", "openid admin")]).await.oauth_error(400, "invalid_scope");
        // The refused request did not use the token, and the successor has what was granted at first.
        assert_eq!(t.refresh(&token, &[]).await.json["scope"], "openid profile email offline_access");
    }

    async fn of_twenty_uses_at_once_all_get_the_one_successor(t: Server) {
        let (_, token) = first(&t).await;
        let uses = (0..20).map(|_| t.refresh(&token, &[]));
        let answers = futures_util::future::join_all(uses).await;
        let successors: BTreeSet<&str> = answers.iter().map(|answer| answer.text_at("refresh_token")).collect();
        assert_eq!(successors.len(), 1, "{successors:?}");
        let ids: BTreeSet<String> =
            answers.iter().map(|answer| payload(answer.text_at("access_token"))["jti"].to_string()).collect();
        assert_eq!(ids.len(), 20);
        assert_ne!(next(&t, successors.first().unwrap()).await, token);
    }

    async fn what_is_no_token_of_this_client_is_refused_and_ends_nothing(t: Server) {
        let (_, token) = first(&t).await;
        let api = t.api().await;
        let (other, secret) = application(&api, "WEB_APP").await;
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &token),
            ("client_id", &other.to_string()),
            ("client_secret", &secret),
        ];
        t.form("/oauth/token", &form).await.oauth_error(400, "invalid_grant");
        let letter = if token.ends_with('A') { "E" } else { "A" };
        let made_up = format!("{}{letter}", &token[..token.len() - 1]);
        for text in ["rt_", "x", made_up.as_str(), &token[3..], &token[..token.len() - 4]] {
            t.refresh(text, &[]).await.oauth_error(400, "invalid_grant");
        }
        t.ask_token(&[("grant_type", "refresh_token")]).await.oauth_error(400, "invalid_request");
        assert_ne!(next(&t, &token).await, token);
    }

    async fn a_token_of_another_environment_is_unknown(t: Server) {
        let (_, token) = first(&t).await;
        let other = t.add_environment("other").await;
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.as_str()),
            ("client_id", other.client_id.as_str()),
            ("client_secret", other.client_secret.as_str()),
        ];
        let request = t.http.post(format!("{}/oauth/token", t.url)).header("host", &other.host).form(&form);
        gatewright_testkit::json(request).await.oauth_error(400, "invalid_grant");
        assert_ne!(next(&t, &token).await, token);
    }

    async fn the_database_alone_has_no_token(t: Server) {
        let (_, token) = first(&t).await;
        let token = next(&t, &token).await;
        let stored: Vec<(String, Vec<u8>)> = gatewright::sql!(
            "SELECT granted, seed FROM refresh_tokens WHERE environment_id = $1")
            .bind(t.operator.environment().id).all(&mut t.app.db.read()).await.unwrap();
        assert_eq!(stored.len(), 1);
        assert!(!stored[0].0.contains(&token[8..40]));
        use base64::Engine as _;
        let seed = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&stored[0].1);
        assert!(!token.contains(&seed[4..20]));
    }
}

database_tests! {
    async fn the_predecessor_is_good_for_thirty_seconds(kind: Database) {
        let t = frozen(kind).await;
        let (_, a) = first(&t).await;
        let b = next(&t, &a).await;
        t.advance(seconds(29));
        assert_eq!(next(&t, &a).await, b);
        // The predecessor's use rotated nothing.
        let c = next(&t, &b).await;
        t.refresh(&a, &[]).await.oauth_error(400, "invalid_grant");
        // `a` is older than the predecessor: it was stolen, or `b` was.
        t.refresh(&c, &[]).await.oauth_error(400, "invalid_grant");
        t.refresh(&b, &[]).await.oauth_error(400, "invalid_grant");
    }

    async fn after_that_its_use_ends_the_family(kind: Database) {
        let t = frozen(kind).await;
        let (who, a) = first(&t).await;
        let other = t.exchange(&t.code(&t.grant(&who)).await, &[]).await;
        let b = next(&t, &a).await;
        t.advance(seconds(45));
        t.refresh(&a, &[]).await.oauth_error(400, "invalid_grant");
        t.advance(seconds(1));
        t.refresh(&b, &[]).await.oauth_error(400, "invalid_grant");
        // The session and another family are not concerned.
        assert_ne!(next(&t, other.text_at("refresh_token")).await, b);
    }

    async fn a_refresh_is_a_use_of_the_session(kind: Database) {
        let t = frozen(kind).await;
        let (_, mut token) = first(&t).await;
        // Idle for six of seven days, four times over.
        for _ in 0..4 {
            t.advance(seconds(6 * 86_400));
            token = next(&t, &token).await;
        }
        t.advance(seconds(6 * 86_400));
        t.refresh(&token, &[]).await.oauth_error(400, "invalid_grant");
    }
}
