//! The REST reference: the OpenAPI document and its pages say what the server serves, no more and no less.
#![expect(clippy::unwrap_used, reason = "tests")]
use gatewright::bootstrap;
use gatewright_api::METHODS;
use gatewright_testkit::{Database, Server};
use serde_json::Value as Json;
use std::collections::BTreeSet;

async fn page(server: &Server, path: &str) -> (u16, String, String) {
    let answer = reqwest::get(format!("{}{path}", server.url)).await.unwrap();
    let policy = answer.headers().get("content-security-policy");
    let policy = policy.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    (answer.status().as_u16(), policy, answer.text().await.unwrap())
}

fn references(value: &Json, found: &mut BTreeSet<String>) {
    match value {
        Json::Object(object) => {
            if let Some(Json::String(target)) = object.get("$ref") {
                found.insert(target.clone());
            }
            object.values().for_each(|value| references(value, found));
        }
        Json::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_has_each_built_binding_and_no_other() {
    let server = Server::start(Database::Sqlite).await;
    let (status, _, text) = page(&server, "/openapi.json").await;
    assert_eq!(status, 200);
    let document: Json = serde_json::from_str(&text).unwrap();
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for verb in operations.as_object().unwrap().keys() {
            described.insert((verb.to_uppercase(), path.clone()));
        }
    }
    let routes = bootstrap::routes();
    let built = |method: &&gatewright_api::plan::Method| routes.serves(method);
    let mut served = BTreeSet::new();
    for binding in METHODS.iter().filter(built).flat_map(|method| method.bindings) {
        served.insert((binding.verb.to_owned(), binding.template.to_owned()));
    }
    assert_eq!(described, served);
    assert!(served.len() > 100, "{}", served.len());
    let mut targets = BTreeSet::new();
    references(&document, &mut targets);
    assert!(targets.contains("#/components/schemas/scalekit.v1.organizations.Organization"));
    for target in targets {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some_and(|schema| !schema.is_null()), "{target} leads nowhere");
    }
}

#[tokio::test]
async fn the_pages_show_each_built_method_and_carry_a_strict_policy() {
    let server = Server::start(Database::Sqlite).await;
    let (status, policy, index) = page(&server, "/docs/api").await;
    assert_eq!(status, 200);
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let routes = bootstrap::routes();
    for method in METHODS.iter() {
        let service = method.service.rsplit('.').next().unwrap().trim_end_matches("Service");
        let link = format!("href=\"/docs/api/{service}#{}\"", method.name);
        assert_eq!(index.contains(&link), routes.serves(method), "{link}");
    }
    let (status, _, organizations) = page(&server, "/docs/api/Organization").await;
    assert_eq!(status, 200);
    for part in [
        "id=\"CreateOrganization\"",
        "/api/v1/organizations/{id}",
        "id=\"Organization\"",
        "at most 200 characters",
    ] {
        assert!(organizations.contains(part), "{part}");
    }
    assert_eq!(page(&server, "/docs/api/style.css").await.0, 200);
}

#[tokio::test]
async fn a_service_that_is_none_is_not_found() {
    let server = Server::start(Database::Sqlite).await;
    for name in ["Nothing", "organization", "%3Cscript%3E", "Organization/x"] {
        let (status, _, text) = page(&server, &format!("/docs/api/{name}")).await;
        assert_eq!(status, 404, "{name}");
        assert!(!text.contains("script"), "{text}");
    }
}
