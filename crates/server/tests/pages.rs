//! How hosted pages look for an environment and an organization, and what they fetch.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what goes wrong in a test shall stop it"
)]

use gatewright::{
    ids::OrganizationId,
    organizations::{self, Organization, OrganizationRef},
    pages::{Look, SignIn, SignedOut, respond},
};
use gatewright_testkit::{Api, Server, api_tests};
use http::StatusCode;
use serde_json::json;

/// The environment's branding.
async fn brand(api: &Api, settings: serde_json::Value) {
    let id = api.environment;
    let answer = api.put(&format!("/api/v1/environments/{id}/portal_customizations"), settings).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn organization(t: &Server, id: OrganizationId) -> Organization {
    let environment = t.operator.environment().id;
    let mut tx = t.app.db.read();
    organizations::find(&mut tx, environment, &OrganizationRef::Id(id)).await.unwrap().unwrap()
}

/// The HTML of a sign-in page, as an organization's members see it.
async fn sign_in(t: &Server, organization: Option<&Organization>, accept_language: &str) -> String {
    let look = Look::of(&t.operator, organization, accept_language, None).await.unwrap();
    let response = respond(&look, StatusCode::OK, &SignIn { show_email: true, ..SignIn::default() });
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

/// The paths of the style sheets of a page.
fn sheets(html: &str) -> Vec<&str> {
    let links = html.split("<link rel=\"stylesheet\" href=\"").skip(1);
    links.map(|rest| rest.split_once('"').unwrap().0).collect()
}

api_tests! {
    async fn a_page_and_all_that_it_fetches_can_be_kept_safe(t: Server) {
        let html = sign_in(&t, None, "").await;
        let [sheet] = sheets(&html)[..] else { panic!("{html}") };
        let answer = t.rest("GET", sheet, "", "").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "text/css; charset=utf-8");
        assert_eq!(answer.headers["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        for missing in ["/pages/x.css", "/pages/theme/x/y.css", "/pages/theme/organization_1/y.css"] {
            assert_eq!(t.rest("GET", missing, "", "").await.status, 404, "{missing}");
        }
    }

    async fn a_page_is_neither_kept_nor_framed_nor_told_of(t: Server) {
        let look = Look::of(&t.operator, None, "de-AT", None).await.unwrap();
        let response = respond(&look, StatusCode::FORBIDDEN, &SignedOut::default());
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("content-language", "de"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(response.headers()[name], value, "{name}");
        }
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert_eq!(
            policy,
            "default-src 'none'; style-src 'self'; img-src 'self' https: data:; font-src 'self'; base-uri 'none'; \
             frame-ancestors 'none'; form-action 'none'"
        );
    }

    async fn an_organization_looks_as_its_environment_until_it_has_branding_of_its_own(t: Server) {
        let api = t.api().await;
        brand(&api, json!({"app_name": "Fieldwork", "accent_color": "#d97706"})).await;
        let made = api.organization("Acme").create().await;
        let acme = organization(&t, made.id.parse().unwrap()).await;
        let html = sign_in(&t, Some(&acme), "fr").await;
        assert!(html.contains("<h1>Se connecter à Fieldwork</h1>"), "{html}");
        let general = sheets(&html)[1].to_owned();
        let answer = t.rest("GET", &general, "", "").await;
        assert_eq!(answer.headers["cache-control"], "public, max-age=31536000, immutable");
        assert!(answer.text.contains("--accent:#d97706;"), "{}", answer.text);

        let own = json!({"source": "BRANDING_SOURCE_CUSTOM", "customization_settings": {"accent_color": "#006"}});
        let path = format!("/api/v1/organizations/{}/portal_customizations", made.id);
        assert_eq!(api.put(&path, own).await.status, 200);
        let html = sign_in(&t, Some(&acme), "fr").await;
        assert!(html.contains("<h1>Se connecter à Fieldwork</h1>"), "the environment's name still counts: {html}");
        let answer = t.rest("GET", sheets(&html)[1], "", "").await;
        assert!(answer.text.contains("--accent:#000066;"), "{}", answer.text);
        // A page that was open before fetches what counts now, and does not keep it under the old name.
        let answer = t.rest("GET", &general, "", "").await;
        assert_eq!(answer.headers["cache-control"], "no-cache");
        assert!(answer.text.contains("--accent:#000066;"), "{}", answer.text);
    }

    async fn an_organization_that_does_not_exist_looks_like_any_other(t: Server) {
        let api = t.api().await;
        brand(&api, json!({"border_radius": "large"})).await;
        let made = api.organization("Acme").create().await;
        let paths = [made.id, "org_1".to_owned(), "environment".to_owned()];
        for path in paths.map(|scope| format!("/pages/theme/{scope}/0.css")) {
            let answer = t.rest("GET", &path, "", "").await;
            assert_eq!((answer.status, answer.text.as_str()), (200, "@media all{:root{--radius:18px;}}\n"), "{path}");
        }
    }

    async fn uploads_are_fetched_from_the_host_that_the_page_is_at(t: Server) {
        let api = t.api().await;
        let name = "asset_1.woff2";
        let url = |host: &str| format!("{host}/assets/{name}");
        brand(&api, json!({"logo_url": url(&t.url), "font_url": url("https://elsewhere.example")})).await;
        let html = sign_in(&t, None, "").await;
        assert!(html.contains(&format!("src=\"/assets/{name}\"")), "{html}");
        assert_eq!(sheets(&html).len(), 1, "a font from elsewhere does not count: {html}");
        brand(&api, json!({"font_url": url(&t.url)})).await;
        let html = sign_in(&t, None, "").await;
        let answer = t.rest("GET", sheets(&html)[1], "", "").await;
        assert!(answer.text.contains(&format!("src:url(\"/assets/{name}\")")), "{}", answer.text);
    }

    async fn an_organizations_logo_is_shown_while_the_feature_is_on(t: Server) {
        let api = t.api().await;
        let made = api.organization("Acme").create().await;
        let mut acme = organization(&t, made.id.parse().unwrap()).await;
        acme.logo_url = Some("https://acme.example/logo.png".to_owned());
        let html = sign_in(&t, Some(&acme), "").await;
        assert!(html.contains("src=\"https://acme.example/logo.png\" alt=\"Acme\""), "{html}");
    }
}
