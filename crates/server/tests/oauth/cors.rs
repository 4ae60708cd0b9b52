//! Scripts of pages: auth.md 1.2.
use gatewright_testkit::{Server, api_tests};
use reqwest::{Method, Response};
use serde_json::json;

const FOR_CLIENTS: [&str; 5] =
    ["/oauth/token", "/resources/res_1/oauth/token", "/userinfo", "/oauth/introspect", "/revoke"];

async fn ask(t: &Server, method: Method, path: &str, origin: &str, host: Option<&str>) -> Response {
    let mut request = t.http.request(method.clone(), format!("{}{path}", t.url)).header("origin", origin);
    if method == Method::OPTIONS {
        request = request
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type");
    }
    if let Some(host) = host {
        request = request.header("host", host);
    }
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

api_tests! {
    async fn pages_of_registered_uris_may_call(t: Server) {
        let api = t.api().await;
        let origin = "https://app.globex.test";
        assert_eq!(ask(&t, Method::OPTIONS, "/oauth/token", origin, None).await.status(), 405);
        let client = json!({"name": "Shop", "client_type": "SPA", "post_login_uris": ["https://app.globex.test/cb"],
            "post_logout_redirect_uris": ["https://bye.globex.test/"]});
        assert_eq!(api.post("/api/v1/clients", client).await.status, 200);
        for path in FOR_CLIENTS {
            for origin in [origin, "https://bye.globex.test"] {
                let answer = ask(&t, Method::OPTIONS, path, origin, None).await;
                assert_eq!(answer.status(), 204, "{path}");
                assert_eq!(header(&answer, "access-control-allow-origin"), Some(origin));
                assert_eq!(header(&answer, "access-control-allow-credentials"), Some("true"));
                assert!(header(&answer, "access-control-allow-methods").unwrap().contains("POST"));
                assert!(header(&answer, "access-control-allow-headers").unwrap().contains("authorization"));
                assert_eq!(header(&answer, "vary"), Some("origin"));
                let answer = ask(&t, Method::POST, path, origin, None).await;
                assert_eq!(header(&answer, "access-control-allow-origin"), Some(origin), "{path}");
            }
        }
    }

    async fn others_may_not(t: Server) {
        let api = t.api().await;
        let client = json!({"name": "Shop", "client_type": "SPA", "post_login_uris": ["https://app.globex.test/cb"]});
        assert_eq!(api.post("/api/v1/clients", client).await.status, 200);
        let other = t.add_environment("other").await;
        for path in FOR_CLIENTS {
            for (origin, host) in [
                ("https://evil.test", None),
                ("null", None),
                ("http://app.globex.test", None),
                ("https://app.globex.test", Some(other.host.as_str())),
            ] {
                for method in [Method::OPTIONS, Method::POST] {
                    let answer = ask(&t, method, path, origin, host).await;
                    assert_eq!(header(&answer, "access-control-allow-origin"), None, "{path} {origin}");
                    assert_eq!(header(&answer, "vary"), Some("origin"));
                }
            }
        }
    }

    async fn what_is_public_is_open_to_all_pages(t: Server) {
        for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/keys"] {
            for method in [Method::GET, Method::OPTIONS] {
                let answer = ask(&t, method, path, "https://anybody.test", None).await;
                assert!(answer.status().is_success());
                assert_eq!(header(&answer, "access-control-allow-origin"), Some("*"));
                assert_eq!(header(&answer, "access-control-allow-credentials"), None);
            }
        }
    }
}
