//! Which origins may embed hosted pages: those of redirect URIs, for anybody who asks.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use gatewright_testkit::{Api, Server, api_tests};
use serde_json::json;

async fn allow(api: &Api, uri: &str) {
    let answer = api.post("/api/v1/environment/redirect-uris", json!({"redirect_uri": uri})).await;
    assert!(answer.status < 300, "{}", answer.text);
}

/// What somebody without a token is told.
async fn ask(t: &Server, origin: &str, link: &str) -> serde_json::Value {
    let answer = t.rest("GET", &format!("/api/v1/domains/{origin}?link_id={link}"), "", "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json["domains"].clone()
}

async fn link(api: &Api, organization: &str) -> String {
    let path = format!("/api/v1/organizations/{organization}/portal_links");
    let answer = api.send("PUT", &path, "").await;
    answer.json["link"]["id"].as_str().unwrap().to_owned()
}

api_tests! {
    async fn only_the_host_that_is_asked_for_is_told(t: Server) {
        let api = t.api().await;
        assert_eq!(ask(&t, "app.globex.test", "").await, json!([]));
        for uri in ["https://app.globex.test/cb", "https://*.preview.globex.test/cb", "app://path"] {
            allow(&api, uri).await;
        }
        let other = t.add_environment("other").await;
        allow(&t.api_in(&other).await, "https://elsewhere.test/cb").await;
        assert_eq!(ask(&t, "app.globex.test", "").await, json!(["app.globex.test"]));
        assert_eq!(ask(&t, "https:%2F%2Fapp.globex.test", "x").await, json!(["app.globex.test"]));
        assert_eq!(ask(&t, "a1.preview.globex.test", "").await, json!(["a1.preview.globex.test"]));
        for origin in ["globex.test", "evil.test", "preview.globex.test", "elsewhere.test", "path", "%20", "*.preview.globex.test.evil.test"] {
            assert_eq!(ask(&t, origin, "").await, json!([]), "{origin}");
        }
    }

    async fn templates_are_filled_with_the_organization_of_the_link(t: Server) {
        let api = t.api().await;
        allow(&api, "https://{{org_slug}}.globex.test/cb").await;
        allow(&api, "https://{{host}}/cb").await;
        let acme = api.organization("Acme").slug("acme").metadata("host", "login.acme.test").create().await;
        let plain = api.organization("Plain").metadata("host", "evil.test/x").create().await;
        let (of_acme, of_plain) = (link(&api, &acme.id).await, link(&api, &plain.id).await);
        for link in [of_acme.clone(), format!("{of_acme}_p"), format!("{of_acme}_pc")] {
            assert_eq!(ask(&t, "acme.globex.test", &link).await, json!(["acme.globex.test"]), "{link}");
            assert_eq!(ask(&t, "login.acme.test", &link).await, json!(["login.acme.test"]), "{link}");
            assert_eq!(ask(&t, "other.globex.test", &link).await, json!([]), "{link}");
        }
        for (origin, link) in [
            ("acme.globex.test", ""),
            ("acme.globex.test", "lnk_1"),
            ("acme.globex.test", of_plain.as_str()),
            ("evil.test", &of_plain),
            (".globex.test", &of_plain),
        ] {
            assert_eq!(ask(&t, origin, link).await, json!([]), "{origin} {link}");
        }
        let other = t.add_environment("other").await;
        let there = t.api_in(&other).await;
        let foreign = there.organization("Foreign").slug("foreign").create().await;
        let foreign = link(&there, &foreign.id).await;
        assert_eq!(ask(&t, "foreign.globex.test", &foreign).await, json!([]));
    }
}
