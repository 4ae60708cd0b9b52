//! `grant_type=authorization_code`: RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 9700 §4.8.
use super::{START, application, frozen, log_status, payload};
use gatewright::{
    auth_logs::{self, AuthRequest},
    oauth::Grant,
};
use gatewright_testkit::{Api, CALLBACK, Options, Server, SignedIn, VERIFIER, api_tests, database_tests};
use std::time::Duration;

const PKCE: (&str, &str) = ("code_verifier", VERIFIER);

async fn ready(t: &Server) -> (Api, SignedIn, Grant) {
    let api = t.api().await;
    let who = t.signed_in(&api).await;
    let grant = t.grant(&who);
    (api, who, grant)
}

/// The form of a client that only says its id.
fn bare<'a>(client: &'a str, code: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", CALLBACK),
    ]
}

async fn uses_of_refresh(t: &Server, token: &str) -> u16 {
    t.refresh(token, &[]).await.status
}

api_tests! {
    async fn a_code_gives_all_tokens_once_and_the_log_says_success(t: Server) {
        let (api, _, grant) = ready(&t).await;
        let mut tx = t.app.db.write().await.unwrap();
        let entry = AuthRequest::started(grant.auth_request, t.client_id.clone(), START);
        auth_logs::record(&mut tx, api.environment, &entry).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(log_status(&api, grant.auth_request).await.as_deref(), Some("INITIATED"));
        let code = t.code(&grant).await;
        let answer = t.exchange(&code, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let names: Vec<&String> = answer.json.as_object().unwrap().keys().collect();
        assert_eq!(names, ["access_token", "token_type", "expires_in", "refresh_token", "id_token", "scope"]);
        assert_eq!(answer.json["scope"], "openid profile email offline_access");
        assert_eq!(answer.json["token_type"], "Bearer");
        assert_eq!((&answer.headers["cache-control"], &answer.headers["pragma"]), (&"no-store".parse().unwrap(), &"no-cache".parse().unwrap()));
        assert_eq!(log_status(&api, grant.auth_request).await.as_deref(), Some("SUCCESS"));
        t.exchange(&code, &[]).await.oauth_error(400, "invalid_grant");
    }

    async fn without_offline_access_there_is_no_refresh_token_and_without_openid_no_id_token(t: Server) {
        let (_, _, grant) = ready(&t).await;
        let only = |scope: &str| Grant { scopes: vec![scope.to_owned()], ..grant.clone() };
        let answer = t.exchange(&t.code(&only("openid")).await, &[]).await;
        assert!(answer.json.get("refresh_token").is_none() && answer.json.get("id_token").is_some());
        let answer = t.exchange(&t.code(&only("offline_access")).await, &[]).await;
        assert!(answer.json.get("refresh_token").is_some() && answer.json.get("id_token").is_none());
    }

    async fn of_twenty_uses_at_once_one_succeeds(t: Server) {
        let (_, _, grant) = ready(&t).await;
        let code = t.code_with_pkce(&grant).await;
        let uses = (0..20).map(|_| t.exchange(&code, &[PKCE]));
        let answers = futures_util::future::join_all(uses).await;
        let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!(good.len(), 1);
        for answer in bad {
            answer.oauth_error(400, "invalid_grant");
        }
        // The others may have been the same client's second try: what the first one got is good.
        assert_eq!(uses_of_refresh(&t, good[0].text_at("refresh_token")).await, 200);
    }

    async fn two_nodes_use_a_code_once_and_either_refreshes(t: Server) {
        let (_, _, grant) = ready(&t).await;
        let other = t.second_node().await;
        let code = t.code(&grant).await;
        let form =
            [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
        let own = [("client_id", t.client_id.as_str()), ("client_secret", t.client_secret.as_str())];
        let form = [&own[..], &form].concat();
        let nodes = [&t, &other];
        let uses = (0..20).map(|turn: usize| nodes[turn % 2].form("/oauth/token", &form));
        let answers = futures_util::future::join_all(uses).await;
        let good: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(good.len(), 1);
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", good[0].text_at("refresh_token"))];
        let refresh = [&own[..], &refresh].concat();
        let uses = (0..20).map(|turn: usize| nodes[turn % 2].form("/oauth/token", &refresh));
        let answers = futures_util::future::join_all(uses).await;
        let successors: std::collections::BTreeSet<&str> =
            answers.iter().map(|answer| answer.text_at("refresh_token")).collect();
        assert_eq!(successors.len(), 1);
    }

    async fn pkce_can_neither_be_left_out_nor_added(t: Server) {
        let (_, _, grant) = ready(&t).await;
        let cases: [(bool, &[(&str, &str)]); 6] = [
            (true, &[]),
            (true, &[("code_verifier", "")]),
            (true, &[("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK")]),
            (true, &[("code_verifier", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")]),
            (true, &[("code_verifier", "short")]),
            (false, &[PKCE]),
        ];
        for (with, verifier) in cases {
            let code = if with { t.code_with_pkce(&grant).await } else { t.code(&grant).await };
            t.exchange(&code, verifier).await.oauth_error(400, "invalid_grant");
            // The code is used up: nobody tries verifiers one after the other.
            let right: &[(&str, &str)] = if with { &[PKCE] } else { &[] };
            t.exchange(&code, right).await.oauth_error(400, "invalid_grant");
        }
        let code = t.code_with_pkce(&grant).await;
        assert_eq!(t.exchange(&code, &[PKCE]).await.status, 200);
    }

    async fn the_redirect_uri_is_that_of_the_request(t: Server) {
        let (_, _, grant) = ready(&t).await;
        for uri in [
            "https://app.acme.example/callback/",
            "https://APP.acme.example/callback",
            "https://evil.example/",
            "https://app.acme.example/callback?a=b",
        ] {
            let code = t.code(&grant).await;
            let form = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", uri)];
            t.ask_token(&form).await.oauth_error(400, "invalid_grant");
            t.exchange(&code, &[]).await.oauth_error(400, "invalid_grant");
        }
        for missing in ["code", "redirect_uri"] {
            let code = t.code(&grant).await;
            let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
            let form: Vec<_> = form.into_iter().filter(|(name, _)| *name != missing).collect();
            t.ask_token(&form).await.oauth_error(400, "invalid_request");
        }
    }

    async fn another_clients_code_is_refused_and_stays_good(t: Server) {
        let (api, _, grant) = ready(&t).await;
        let (other, secret) = application(&api, "WEB_APP").await;
        let (other, code) = (other.to_string(), t.code(&grant).await);
        let mut form = bare(&other, &code);
        form.push(("client_secret", &secret));
        t.form("/oauth/token", &form).await.oauth_error(400, "invalid_grant");
        let answer = t.exchange(&code, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        // After its use, it is the sign of a leak.
        t.form("/oauth/token", &form).await.oauth_error(400, "invalid_grant");
        assert_eq!(uses_of_refresh(&t, answer.text_at("refresh_token")).await, 400);
    }

    async fn a_code_of_another_environment_is_unknown(t: Server) {
        let (_, _, grant) = ready(&t).await;
        let other = t.add_environment("other").await;
        let code = t.code(&grant).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", other.client_id.as_str()),
            ("client_secret", other.client_secret.as_str()),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
        ];
        let request = t.http.post(format!("{}/oauth/token", t.url)).header("host", &other.host).form(&form);
        gatewright_testkit::json(request).await.oauth_error(400, "invalid_grant");
        assert_eq!(t.exchange(&code, &[]).await.status, 200);
    }

    async fn a_public_client_has_pkce_and_no_secret(t: Server) {
        let (api, _, grant) = ready(&t).await;
        for kind in ["SPA", "NTV"] {
            let (client, _) = application(&api, kind).await;
            let (grant, id) = (Grant { client, ..grant.clone() }, client.to_string());
            let code = t.code_with_pkce(&grant).await;
            let mut form = bare(&id, &code);
            form.push(PKCE);
            let answer = t.form("/oauth/token", &form).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let refresh = [
                ("grant_type", "refresh_token"),
                ("client_id", &id),
                ("refresh_token", answer.text_at("refresh_token")),
            ];
            assert_eq!(t.form("/oauth/token", &refresh).await.status, 200);
            let code = t.code(&grant).await;
            t.form("/oauth/token", &bare(&id, &code)).await.oauth_error(400, "invalid_request");
            let code = t.code_with_pkce(&grant).await;
            form = bare(&id, &code);
            form.extend([PKCE, ("client_secret", "guessed")]);
            t.form("/oauth/token", &form).await.oauth_error(401, "invalid_client");
        }
    }

    async fn in_development_pkce_can_stand_for_the_secret(t: Server) {
        let (_, _, grant) = ready(&t).await;
        let code = t.code_with_pkce(&grant).await;
        let mut form = bare(&t.client_id, &code);
        form.push(PKCE);
        let answer = t.form("/oauth/token", &form).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        // What came without a secret is refreshed without one.
        let token = answer.text_at("refresh_token");
        let refresh =
            [("grant_type", "refresh_token"), ("client_id", t.client_id.as_str()), ("refresh_token", token)];
        assert_eq!(t.form("/oauth/token", &refresh).await.status, 200);
        // Without a challenge, with a wrong secret, or for a code that nobody knows, there is no proof.
        let code = t.code(&grant).await;
        t.form("/oauth/token", &bare(&t.client_id, &code)).await.oauth_error(401, "invalid_client");
        t.form("/oauth/token", &bare(&t.client_id, "unknown")).await.oauth_error(401, "invalid_client");
        let code = t.code_with_pkce(&grant).await;
        form = bare(&t.client_id, &code);
        form.extend([PKCE, ("client_secret", "wrong")]);
        t.form("/oauth/token", &form).await.oauth_error(401, "invalid_client");
        // What came with a secret is not refreshed without one.
        let answer = t.exchange(&code, &[PKCE]).await;
        let token = answer.text_at("refresh_token");
        let refresh =
            [("grant_type", "refresh_token"), ("client_id", t.client_id.as_str()), ("refresh_token", token)];
        t.form("/oauth/token", &refresh).await.oauth_error(401, "invalid_client");
    }
}

database_tests! {
    async fn in_production_a_client_that_has_a_secret_shows_it(kind: Database) {
        let settings = vec![("security.environment_type", "production".to_owned())];
        let t = Server::start_with(kind, Options { settings, ..Options::default() }).await;
        let (_, _, grant) = ready(&t).await;
        let code = t.code_with_pkce(&grant).await;
        let mut form = bare(&t.client_id, &code);
        form.push(PKCE);
        t.form("/oauth/token", &form).await.oauth_error(401, "invalid_client");
        assert_eq!(t.exchange(&code, &[PKCE]).await.status, 200);
    }

    async fn a_code_lasts_ten_minutes(kind: Database) {
        let t = frozen(kind).await;
        let (_, _, grant) = ready(&t).await;
        let (first, second) = (t.code(&grant).await, t.code(&grant).await);
        t.advance(Duration::from_secs(599));
        assert_eq!(t.exchange(&first, &[]).await.status, 200);
        t.advance(Duration::from_secs(1));
        t.exchange(&second, &[]).await.oauth_error(400, "invalid_grant");
    }

    async fn a_second_use_takes_back_what_the_first_gave_unless_an_answer_was_lost(kind: Database) {
        let t = frozen(kind).await;
        let (_, _, grant) = ready(&t).await;
        let code = t.code_with_pkce(&grant).await;
        let answer = t.exchange(&code, &[PKCE]).await;
        let token = answer.text_at("refresh_token").to_owned();
        t.advance(Duration::from_secs(9));
        t.exchange(&code, &[PKCE]).await.oauth_error(400, "invalid_grant");
        let answer = t.refresh(&token, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        t.advance(Duration::from_secs(1));
        t.exchange(&code, &[PKCE]).await.oauth_error(400, "invalid_grant");
        t.refresh(answer.text_at("refresh_token"), &[]).await.oauth_error(400, "invalid_grant");
        // With another verifier it is nobody's second try.
        let code = t.code_with_pkce(&grant).await;
        let answer = t.exchange(&code, &[PKCE]).await;
        t.exchange(&code, &[]).await.oauth_error(400, "invalid_grant");
        t.refresh(answer.text_at("refresh_token"), &[]).await.oauth_error(400, "invalid_grant");
    }

    async fn what_is_over_is_deleted(kind: Database) {
        let t = frozen(kind).await;
        t.run_jobs().await; // from here on, periodic jobs are known
        let (_, _, grant) = ready(&t).await;
        let answer = t.exchange(&t.code(&grant).await, &[]).await;
        assert_eq!(payload(answer.text_at("access_token"))["iat"], super::START_SECONDS);
        let count = async || -> (i64, i64) {
            let tx = &mut t.app.db.read();
            gatewright::sql!("SELECT (SELECT COUNT(*) FROM authorization_codes WHERE environment_id = $1),
                (SELECT COUNT(*) FROM refresh_tokens WHERE environment_id = $1)")
                .bind(t.operator.environment().id).one(tx).await.unwrap()
        };
        assert_eq!(count().await, (1, 1));
        t.advance(Duration::from_secs(2 * 86_400));
        t.run_jobs().await;
        assert_eq!(count().await, (0, 1));
        t.advance(Duration::from_secs(30 * 86_400));
        t.run_jobs().await;
        assert_eq!(count().await, (0, 0));
    }
}
