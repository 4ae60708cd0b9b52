//! `POST /oauth/token`: auth.md 1.6, 3.5, 6.2.
use super::{START, START_SECONDS, frozen, machine, part};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gatewright::clients::NewOrganizationClient;
use gatewright_testkit::{Answer, Server, api_tests, database_tests, json};
use reqwest::RequestBuilder;
use serde_json::{Value as Json, json};
use std::time::Duration;

fn post(t: &Server) -> RequestBuilder {
    t.http.post(format!("{}/oauth/token", t.url))
}

async fn send(t: &Server, form: &[(&str, &str)]) -> Answer {
    json(post(t).form(form)).await
}

/// The form of the default application's request, with further parameters.
async fn ask(t: &Server, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", t.client_id.as_str()),
        ("client_secret", t.client_secret.as_str()),
    ];
    form.extend_from_slice(more);
    send(t, &form).await
}

async fn ask_as(t: &Server, id: &str, secret: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    form.extend_from_slice(more);
    send(t, &form).await
}

/// Checks an error of RFC 6749 §5.2, and gives its description.
fn refused(answer: &Answer, status: u16, error: &str) -> String {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.json["error"], error, "{}", answer.text);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["pragma"], "no-cache");
    assert_eq!(answer.headers["content-type"], "application/json");
    assert!(answer.headers["x-request-id"].to_str().unwrap().starts_with("req_"));
    assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401);
    let description = answer.json["error_description"].as_str().unwrap();
    // RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E.
    let allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
    assert!(!description.is_empty() && description.chars().all(allowed), "{description}");
    assert!(description.len() < 300, "{description}");
    description.to_owned()
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// Every character percent-encoded: the most that RFC 6749 §2.3.1 may make of it.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

api_tests! {
    async fn answers_with_a_bearer_token_and_what_sdks_read(t: Server) {
        let answer = ask(&t, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let expires_in = answer.json["expires_in"].as_i64().unwrap();
        assert!((86_399..=86_400).contains(&expires_in), "{expires_in}");
        assert_eq!(answer.json["token_type"], "Bearer");
        assert_eq!(answer.json["scope"], "openid");
        let names: Vec<&String> = answer.json.as_object().unwrap().keys().collect();
        assert_eq!(names, ["access_token", "token_type", "expires_in", "scope"]);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["pragma"], "no-cache");
    }

    async fn two_requests_give_two_tokens(t: Server) {
        let (first, second) = (t.token().await, t.token().await);
        assert_ne!(first, second);
        assert_ne!(part(&first, 1)["jti"], part(&second, 1)["jti"]);
    }

    async fn takes_the_credentials_by_http_basic_percent_encoded_or_not(t: Server) {
        let plain = basic(&t.client_id, &t.client_secret);
        let encoded = basic(&escaped(&t.client_id), &escaped(&t.client_secret));
        for value in
            [plain.clone(), encoded, plain.replace("Basic ", "basic "), plain.replace("Basic ", "Basic  ")]
        {
            let request =
                post(&t).header("authorization", &value).form(&[("grant_type", "client_credentials")]);
            let answer = json(request).await;
            assert_eq!(answer.status, 200, "{value}: {}", answer.text);
        }
        // The same client_id in the body is no second way to authenticate.
        let form = [("grant_type", "client_credentials"), ("client_id", t.client_id.as_str())];
        assert_eq!(json(post(&t).header("authorization", &plain).form(&form)).await.status, 200);
    }

    async fn two_ways_to_authenticate_at_once_are_an_invalid_request(t: Server) {
        let value = basic(&t.client_id, &t.client_secret);
        let form = [("grant_type", "client_credentials"), ("client_secret", t.client_secret.as_str())];
        let answer = json(post(&t).header("authorization", &value).form(&form)).await;
        refused(&answer, 400, "invalid_request");
        let form = [("grant_type", "client_credentials"), ("client_id", "skc_264905529753604096")];
        let answer = json(post(&t).header("authorization", &value).form(&form)).await;
        refused(&answer, 400, "invalid_request");
    }

    async fn all_that_is_wrong_with_a_client_gets_one_answer(t: Server) {
        let other = t.add_environment("other").await;
        let (id, secret) = (t.client_id.as_str(), t.client_secret.as_str());
        let longer = format!("{secret}x");
        let cases = [
            (id, "wrong"),
            (id, ""),
            (id, &secret[..secret.len() - 1]),
            (id, &longer),
            ("skc_264905529753604096", secret),
            ("m2morg_264905529753604096", secret),
            ("nobody", secret),
            ("' OR 1=1 --", secret),
            ("", secret),
            (&other.client_id, &other.client_secret),
            (id, &other.client_secret),
        ];
        let mut texts = std::collections::BTreeSet::new();
        for (id, secret) in cases {
            let answer = ask_as(&t, id, secret, &[]).await;
            texts.insert(refused(&answer, 401, "invalid_client"));
            assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Basic realm="));
        }
        for form in [vec![], vec![("client_id", id)], vec![("client_secret", secret)]] {
            let mut form = form.clone();
            form.push(("grant_type", "client_credentials"));
            texts.insert(refused(&send(&t, &form).await, 401, "invalid_client"));
        }
        for value in [
            "Basic",
            "Basic ",
            "Basic !!!",
            "Basic YWJj",
            "Basic /////w==",
            &basic(id, "wrong"),
            &basic("", ""),
        ] {
            let form = [("grant_type", "client_credentials")];
            let answer = json(post(&t).header("authorization", value).form(&form)).await;
            texts.insert(refused(&answer, 401, "invalid_client"));
        }
        assert_eq!(texts.len(), 1, "{texts:?}");
    }

    async fn a_stale_bearer_token_is_ignored(t: Server) {
        for value in ["Bearer stale.stale.stale", "Bearer", "Negotiate abc"] {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", t.client_id.as_str()),
                ("client_secret", t.client_secret.as_str()),
            ];
            let answer = json(post(&t).header("authorization", value).form(&form)).await;
            assert_eq!(answer.status, 200, "{value}: {}", answer.text);
            let keys = t.http.get(format!("{}/keys", t.url)).header("authorization", value).send().await;
            assert_eq!(keys.unwrap().status(), 200);
        }
    }

    async fn other_grants_are_not_supported(t: Server) {
        let (id, secret) = (t.client_id.as_str(), t.client_secret.as_str());
        for grant in [
            "password",
            "implicit",
            "CLIENT_CREDENTIALS",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:ietf:params:oauth:grant-type:device_code",
            "\"\\ é\n<script>",
        ] {
            let answer =
                send(&t, &[("grant_type", grant), ("client_id", id), ("client_secret", secret)]).await;
            refused(&answer, 400, "unsupported_grant_type");
        }
        for form in [vec![], vec![("grant_type", "")]] {
            let mut form = form.clone();
            form.extend([("client_id", id), ("client_secret", secret)]);
            refused(&send(&t, &form).await, 400, "invalid_request");
        }
    }

    async fn a_parameter_that_comes_twice_is_an_invalid_request(t: Server) {
        for (name, value) in [
            ("grant_type", "client_credentials"),
            ("client_id", t.client_id.as_str()),
            ("client_secret", t.client_secret.as_str()),
            ("client_secret", "another"),
        ] {
            let text = refused(&ask(&t, &[(name, value)]).await, 400, "invalid_request");
            assert!(text.contains(name), "{text}");
        }
        let long = "n\"".repeat(5000);
        refused(&ask(&t, &[(&long, "1"), (&long, "1")]).await, 400, "invalid_request");
        assert_eq!(
            ask(&t, &[("code_verifier", "x"), ("domain", "y")]).await.status,
            200,
            "unknown ones are ignored"
        );
    }

    async fn a_scope_must_be_one_of_the_clients(t: Server) {
        let answer = ask(&t, &[("scope", "openid")]).await;
        assert_eq!((answer.status, &answer.json["scope"]), (200, &json!("openid")));
        for scope in ["admin", "openid admin", "openid,admin", "é\"", "OPENID"] {
            refused(&ask(&t, &[("scope", scope)]).await, 400, "invalid_scope");
        }
        let new =
            NewOrganizationClient { scopes: vec!["a:read".into(), "a:write".into()], ..Default::default() };
        let (_, id, secret) = machine(&t, None, new).await;
        for (asked, given) in
            [("", "a:read a:write"), ("a:write", "a:write"), ("a:write a:read a:write", "a:write a:read")]
        {
            let answer = ask_as(&t, &id, &secret, &[("scope", asked)]).await;
            assert_eq!(answer.json["scope"], given, "{}", answer.text);
            let claims = part(answer.json["access_token"].as_str().unwrap(), 1);
            assert_eq!(claims["scope"], given);
            assert_eq!(claims["scopes"], json!(given.split(' ').collect::<Vec<_>>()));
        }
        refused(&ask_as(&t, &id, &secret, &[("scope", "openid")]).await, 400, "invalid_scope");
    }

    async fn an_audience_must_be_one_of_the_clients(t: Server) {
        let new = NewOrganizationClient {
            audiences: vec!["api.a.test".into(), "api.b.test".into()],
            ..Default::default()
        };
        let (_, id, secret) = machine(&t, None, new).await;
        for name in ["audience", "resource"] {
            let answer = ask_as(&t, &id, &secret, &[(name, "api.b.test")]).await;
            let claims = part(answer.json["access_token"].as_str().unwrap(), 1);
            assert_eq!(claims["aud"], json!(["api.b.test"]), "a list, also of one");
            refused(&ask_as(&t, &id, &secret, &[(name, "api.c.test")]).await, 400, "invalid_target");
        }
    }

    async fn the_body_is_a_form(t: Server) {
        let object = json!({
            "grant_type": "client_credentials", "client_id": t.client_id, "client_secret": t.client_secret,
        });
        refused(&json(post(&t).json(&object)).await, 400, "invalid_request");
        refused(&json(post(&t)).await, 400, "invalid_request");
        let form = "application/x-www-form-urlencoded";
        for body in ["", "&&&", "=", "%", "grant_type", "\0"] {
            refused(&json(post(&t).header("content-type", form).body(body)).await, 400, "invalid_request");
        }
        let body = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            t.client_id, t.client_secret
        );
        for content_type in [form.to_uppercase(), format!("{form}; charset=UTF-8")] {
            let answer = json(post(&t).header("content-type", &content_type).body(body.clone())).await;
            assert_eq!(answer.status, 200, "{content_type}: {}", answer.text);
        }
        for content_type in ["text/plain", "multipart/form-data; boundary=x"] {
            let answer = json(post(&t).header("content-type", content_type).body(body.clone())).await;
            refused(&answer, 400, "invalid_request");
        }
        let bytes = [body.as_bytes(), b"&x=\xff"].concat();
        refused(&json(post(&t).header("content-type", form).body(bytes)).await, 400, "invalid_request");
        // What stands in the query is not the body: it would be in every log on the way.
        refused(
            &json(t.http.post(format!("{}/oauth/token?{body}", t.url)).header("content-type", form)).await,
            400,
            "invalid_request",
        );
    }

    async fn a_body_of_a_hundred_kilobytes_is_refused(t: Server) {
        let text = refused(&ask(&t, &[("x", &"x".repeat(100_000))]).await, 400, "invalid_request");
        assert!(text.contains("64 KiB"), "{text}");
        assert_eq!(ask(&t, &[("x", &"x".repeat(60_000))]).await.status, 200);
    }

    async fn only_post_is_possible(t: Server) {
        for method in ["GET", "PUT", "DELETE", "PATCH"] {
            let request = t.http.request(method.parse().unwrap(), format!("{}/oauth/token", t.url));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 405, "{method}");
            assert_eq!(answer.headers()["allow"], "POST,OPTIONS");
        }
    }
}

/// A token's claims without `jti`, which must look like an id.
fn claims_of(answer: &Answer) -> Json {
    let mut claims =
        part(answer.json["access_token"].as_str().unwrap_or_else(|| panic!("{}", answer.text)), 1);
    let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert!(jti.as_str().unwrap().starts_with("tkn_"), "{jti}");
    claims
}

database_tests! {
    async fn claims_of_an_application_are_these(kind: Database) {
        let t = Server::start_with(kind, frozen()).await;
        let answer = ask(&t, &[]).await;
        assert_eq!(answer.json["expires_in"], 86_400, "at a full second nothing is rounded off");
        assert_eq!(
            claims_of(&answer),
            json!({
                "iss": t.url,
                "sub": t.client_id,
                "client_id": t.client_id,
                "aud": [t.client_id],
                "scopes": ["openid"],
                "scope": "openid",
                "iat": START_SECONDS,
                "nbf": START_SECONDS,
                "exp": START_SECONDS + 86_400,
            })
        );
        let token = answer.json["access_token"].as_str().unwrap();
        let key = &json(t.http.get(format!("{}/keys", t.url))).await.json["keys"][0];
        assert_eq!(part(token, 0), json!({"alg": "RS256", "kid": key["kid"], "typ": "JWT"}));
        t.advance(Duration::from_millis(1500));
        let answer = ask(&t, &[]).await;
        assert_eq!(answer.json["expires_in"], 86_399, "half a second is not left over");
        assert_eq!(claims_of(&answer)["exp"], START.as_seconds() + 1 + 86_400);
    }

    async fn claims_of_a_machine_client_are_these(kind: Database) {
        let t = Server::start_with(kind, frozen()).await;
        let new = NewOrganizationClient {
            name: "Nightly".into(),
            description: String::new(),
            scopes: vec!["orders:read".into(), "orders:write".into()],
            audiences: vec!["api.globex.test".into()],
            custom_claims: [("region".to_owned(), "eu-1 é".to_owned())].into(),
            token_lifetime_seconds: Some(600),
        };
        let (organization, id, secret) = machine(&t, Some("globex-1"), new).await;
        assert!(id.starts_with("m2morg_"), "{id}");
        let answer = ask_as(&t, &id, &secret, &[("scope", "orders:read")]).await;
        assert_eq!((&answer.json["expires_in"], &answer.json["scope"]), (&json!(600), &json!("orders:read")));
        assert_eq!(
            claims_of(&answer),
            json!({
                "iss": t.url,
                "sub": id,
                "client_id": id,
                "oid": organization,
                "xoid": "globex-1",
                "aud": ["api.globex.test"],
                "scopes": ["orders:read"],
                "scope": "orders:read",
                "custom_claims": {"region": "eu-1 é"},
                "iat": START_SECONDS,
                "nbf": START_SECONDS,
                "exp": START_SECONDS + 600,
            })
        );
    }

    async fn claims_of_a_machine_client_with_nothing_set_are_these(kind: Database) {
        let t = Server::start_with(kind, frozen()).await;
        let (organization, id, secret) = machine(&t, None, NewOrganizationClient::default()).await;
        let answer = ask_as(&t, &id, &secret, &[]).await;
        assert_eq!((&answer.json["expires_in"], &answer.json["scope"]), (&json!(3600), &json!("")));
        assert_eq!(
            claims_of(&answer),
            json!({
                "iss": t.url,
                "sub": id,
                "client_id": id,
                "oid": organization,
                "aud": [id],
                "scopes": [],
                "scope": "",
                "iat": START_SECONDS,
                "nbf": START_SECONDS,
                "exp": START_SECONDS + 3600,
            })
        );
    }
}
