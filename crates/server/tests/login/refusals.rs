//! Requests that become no sign-in.
use crate::support::{CALLBACK, authorize, last_log, register, request};
use gatewright_testkit::api_tests;

const S256: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

api_tests! {
    async fn what_is_wrong_before_the_redirect_uri_is_known_is_shown(t: Server) {
        register(&t).await;
        let mut browser = t.browser();
        for (parameters, text) in [
            (vec![("redirect_uri", CALLBACK)], "client_id is required"),
            (vec![("client_id", "skc_1"), ("redirect_uri", CALLBACK)], "unable to retrieve client by id"),
            (vec![("client_id", "m2morg_1"), ("redirect_uri", CALLBACK)], "unable to retrieve client by id"),
            (vec![("client_id", t.client_id.as_str())], "redirect_uri is required"),
        ] {
            let page = browser.open(&request(&[&parameters])).await;
            assert_eq!((page.status, &page.away), (400, &None), "{parameters:?}");
            assert!(page.html.contains(text), "{text}: {}", page.html);
        }
        let twice = [("client_id", t.client_id.as_str()), ("redirect_uri", CALLBACK), ("redirect_uri", "https://evil.example/")];
        let page = browser.open(&request(&[&twice])).await;
        assert_eq!((page.status, &page.away), (400, &None));
    }

    async fn nobody_is_redirected_to_a_uri_that_is_not_registered(t: Server) {
        register(&t).await;
        let mut browser = t.browser();
        for uri in [
            "https://app.example/callback/",
            "https://app.example/callback?x=1",
            "https://app.example/callback#x",
            "https://app.example/callback/../callback",
            "https://app.example/Callback",
            "https://APP.example/callback",
            "HTTPS://app.example/callback",
            "https://app.example:443/callback",
            "https://app.example./callback",
            "https://app.example/callback%20",
            "https://app.example/callback%2f",
            "https://app.example//callback",
            "https://app.example\\callback",
            "https:/app.example/callback",
            "https:app.example/callback",
            "//app.example/callback",
            "/callback",
            "http://app.example/callback",
            "https://user@app.example/callback",
            "https://app.example@evil.example/callback",
            "https://app.example%40evil.example/callback",
            "https://evil.example/https://app.example/callback",
            "https://evil.example?https://app.example/callback",
            "https://evil.example#https://app.example/callback",
            "https://app.example.evil.example/callback",
            "https://sub.app.example/callback",
            "https://xapp.example/callback",
            "https://app.example:8443/callback",
            "https://127.0.0.1/callback",
            "https://[::1]/callback",
            "https://app.example/callback;x",
            "https://app.example/callback\u{0}",
            "https://app.example/callback\n",
            " https://app.example/callback",
            "https://app.example/callback ",
            "https://app.example/call\u{200b}back",
            "https://\u{430}pp.example/callback",
            "https://app\u{3002}example/callback",
            "javascript:alert(1)",
            "javascript://app.example/callback",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://app.example/callback",
            "app://callback",
            "https://*.example/callback",
            "https://{{org_slug}}.example/callback",
            "https://app.example/{{x}}",
            "https://app.example/callback?redirect_uri=https://evil.example",
            "https://app.example/callback&state=x",
        ] {
            let page = browser
                .open(&request(&[&[
                    ("response_type", "code"),
                    ("client_id", &t.client_id),
                    ("redirect_uri", uri),
                    ("scope", "openid"),
                    ("state", "s"),
                ]]))
                .await;
            assert_eq!((page.status, &page.away), (400, &None), "{uri:?}");
        }
    }

    async fn what_is_wrong_after_that_is_told_to_the_application(t: Server) {
        register(&t).await;
        let mut browser = t.browser();
        for (more, code) in [
            (vec![("response_type", "token")], "unsupported_response_type"),
            (vec![("response_type", "")], "invalid_request"),
            (vec![("scope", " ")], "invalid_request"),
            (vec![("prompt", "none login")], "invalid_request"),
            (vec![("max_age", "-1")], "invalid_request"),
            (vec![("response_mode", "fragment")], "invalid_request"),
            (vec![("request", "e30.e30.")], "request_not_supported"),
            (vec![("request_uri", "https://evil.example/")], "request_uri_not_supported"),
            (vec![("resource", "https://mcp.example/")], "invalid_target"),
            (vec![("code_challenge", S256)], "invalid_request"),
            (vec![("code_challenge", S256), ("code_challenge_method", "plain")], "invalid_request"),
            (vec![("code_challenge", "short"), ("code_challenge_method", "S256")], "invalid_request"),
            (vec![("code_challenge_method", "S256")], "invalid_request"),
            (vec![("domain", "a.example"), ("domain_hint", "b.example")], "invalid_request"),
            (vec![("nonce", "a\u{7}b")], "invalid_request"),
            (vec![("prompt", "none")], "login_required"),
            (vec![("organization_id", "org_1")], "invalid_organization_id"),
            (vec![("organization_id", "usr_1")], "invalid_organization_id"),
            (vec![("connection_id", "conn_1")], "invalid_connection_id"),
            (vec![("connection_id", "nobody")], "invalid_connection_id"),
            (vec![("provider", "google")], "no_configured_connections"),
        ] {
            let mut all = vec![
                ("response_type", "code"),
                ("client_id", t.client_id.as_str()),
                ("redirect_uri", CALLBACK),
                ("scope", "openid"),
                ("state", "st-1"),
            ];
            all.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
            let shown = browser.open(&request(&[&all, &more])).await;
            assert!(shown.away.as_deref().unwrap_or_default().starts_with(CALLBACK), "{more:?} {} {}", shown.status, shown.html);
            assert_eq!(shown.param("error").as_deref(), Some(code), "{more:?}");
            assert_eq!((shown.param("state").as_deref(), shown.param("code")), (Some("st-1"), None));
        }
        let (entry, events) = last_log(&t).await;
        assert_eq!(entry["status"], "FAILED");
        assert_eq!(events[0]["data"]["error"], "no_configured_connections");
    }

    async fn pages_cannot_be_framed_and_their_forms_are_of_one_browser(t: Server) {
        register(&t).await;
        let mut browser = t.browser();
        let page = browser.open(&authorize(&t, &[])).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert_eq!(page.headers["cache-control"], "no-store");
        let (action, _) = page.form("/a/auth/email");
        for csrf in ["", "x", &"A".repeat(43)] {
            let shown = browser.post(&action, &[("csrf", csrf), ("email", "ann@acme.example")]).await;
            assert_eq!(shown.status, 403, "{csrf}");
        }
        // A cookie that comes twice is none.
        let (name, value) = browser.cookies.iter().next().unwrap();
        let twice = format!("{name}={value}; {name}={}", "B".repeat(43));
        let answer = t.http.get(format!("{}{}", t.url, action.replace("/email", "/login"))).header("cookie", twice).send().await.unwrap();
        assert_eq!(answer.status(), 410);
    }
}
