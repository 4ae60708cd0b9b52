//! The catalogues of user attributes through the API.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "what goes wrong in a test shall stop it")]

use gatewright_api::{rpc::user_attribute_service as rpc, scalekit::v1::user_attributes as pb};
use gatewright_testkit::{Api, api_tests};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use tonic::Code;

const PROFILES: &str = "/api/v1/sso-user-attributes";
const ALIAS: &str = "/api/v1/user-profile-attributes";
const DIRECTORIES: &str = "/api/v1/directory-user-attributes";

async fn list(api: &Api, path: &str) -> Vec<Json> {
    let answer = api.get(path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json["user_attributes"].as_array().unwrap().clone()
}

fn department() -> Json {
    json!({"key": "department", "enabled": true, "required": false, "label": "Department", "datatype": "STRING",
        "sso_addition_info": {"default_saml_mapping": "dept", "default_oidc_mapping": "department"}})
}

fn keys(attributes: &[Json]) -> Vec<&str> {
    attributes.iter().map(|attribute| attribute["key"].as_str().unwrap()).collect()
}

api_tests! {
    async fn the_standard_attributes_are_always_there(t: Server) {
        let api = t.api().await;
        let standard = ["email", "given_name", "family_name", "name", "preferred_username", "phone_number", "picture",
            "locale", "gender", "groups"];
        for path in [PROFILES, ALIAS, DIRECTORIES] {
            let all = list(&api, path).await;
            assert_eq!(keys(&all), standard, "{path}");
            assert!(all.iter().all(|attribute| attribute["category"] == "STANDARD" && attribute["enabled"] == true));
            let required = all.iter().filter(|attribute| attribute["required"] == true).count();
            assert_eq!((required, &all[0]["required"], &all[9]["datatype"]), (1, &json!(true), &json!("ARRAY")));
        }
        let family = list(&api, PROFILES).await[2].clone();
        assert_eq!(family["sso_addition_info"], json!({"default_saml_mapping": "surname", "default_oidc_mapping": "family_name"}));
        assert_eq!(list(&api, DIRECTORIES).await[2]["directory_user_additional_info"], json!({}));
        for key in standard {
            api.delete(&format!("{PROFILES}/{key}")).await.failure(400, 9);
        }
    }

    async fn an_attribute_is_added_changed_and_removed(t: Server) {
        let api = t.api().await;
        let mut expected = department();
        expected["category"] = json!("CUSTOM");
        let made = api.post(PROFILES, department()).await;
        assert_eq!((made.status, &made.json), (200, &json!({"user_attribute": expected})));
        assert_eq!(list(&api, ALIAS).await[10], expected);
        assert_eq!(list(&api, DIRECTORIES).await.len(), 10, "the other catalogue");
        assert!(api.post(ALIAS, department()).await.failure(409, 6).starts_with("key"));

        let one = format!("{PROFILES}/department");
        let body = json!({"key": "department", "required": true, "label": "Abteilung", "datatype": "ARRAY"});
        let answer = api.patch(&one, body.clone()).await;
        let mapping = &expected["sso_addition_info"];
        assert_eq!(answer.json["user_attribute"], json!({"key": "department", "enabled": false, "required": true, "label": "Abteilung",
            "datatype": "ARRAY", "category": "CUSTOM", "sso_addition_info": mapping}), "the mapping stays");
        assert_eq!(list(&api, PROFILES).await[10], answer.json["user_attribute"]);
        let mut other = body.clone();
        other["key"] = json!("division");
        assert_eq!(api.patch(&one, other).await.violations(), [("user_attribute.key", "user_attribute.fixed")]);
        api.patch(&format!("{DIRECTORIES}/department"), body).await.failure(404, 5);

        assert_eq!(api.delete(&one).await.text, "{}");
        api.delete(&one).await.failure(404, 5);
        assert_eq!(list(&api, PROFILES).await.len(), 10);
        assert_eq!(api.post(PROFILES, department()).await.status, 200, "again");
        assert!(api.told().await.is_empty(), "the catalogue has no events of attributes");
    }

    async fn a_standard_attribute_changes_but_for_its_type(t: Server) {
        let api = t.api().await;
        let one = format!("{PROFILES}/gender");
        let body = json!({"key": "gender", "enabled": false, "label": "Gender identity", "datatype": "STRING",
            "sso_addition_info": {"default_saml_mapping": "sex", "default_oidc_mapping": "gender"}});
        let answer = api.patch(&one, body.clone()).await;
        assert_eq!((answer.status, &answer.json["user_attribute"]["category"]), (200, &json!("STANDARD")), "{}", answer.text);
        let all = list(&api, PROFILES).await;
        assert_eq!((all.len(), &all[8]), (10, &answer.json["user_attribute"]));
        assert_eq!(list(&api, DIRECTORIES).await[8]["enabled"], true);
        let mut number = body.clone();
        number["datatype"] = json!("NUMBER");
        assert_eq!(api.patch(&one, number).await.violations(), [("user_attribute.datatype", "user_attribute.fixed")]);
        for (enabled, required) in [(false, true), (true, false)] {
            let email = json!({"key": "email", "enabled": enabled, "required": required, "label": "Email", "datatype": "STRING"});
            assert_eq!(api.patch(&format!("{PROFILES}/email"), email).await.violations(), [("user_attribute.required", "user_attribute.fixed")]);
        }
        api.delete(&one).await.failure(400, 9);
        assert_eq!(list(&api, PROFILES).await[8], answer.json["user_attribute"]);
    }

    async fn bad_values_are_refused_by_name(t: Server) {
        let api = t.api().await;
        for (name, value, field) in [
            ("key", json!("ab"), "user_attribute.key"),
            ("key", json!("x".repeat(26)), "user_attribute.key"),
            ("key", json!("1department"), "user_attribute.key"),
            ("key", json!("de partment"), "user_attribute.key"),
            ("key", json!("sid"), "user_attribute.key"),
            ("key", json!("Roles"), "user_attribute.key"),
            ("label", json!("ab"), "user_attribute.label"),
            ("label", json!("x".repeat(251)), "user_attribute.label"),
            ("label", json!("a\u{202e}bc"), "user_attribute.label"),
            ("datatype", json!("UNSPECIFIED_DATATYPE"), "user_attribute.datatype"),
            ("datatype", json!(17), "user_attribute.datatype"),
            ("sso_addition_info", json!({"default_saml_mapping": "x".repeat(26)}), "user_attribute.sso_addition_info.default_saml_mapping"),
        ] {
            let mut body = department();
            body[name] = value.clone();
            let answer = api.post(PROFILES, body).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations()[0].0, field, "{value}: {}", answer.text);
        }
        let mut body = department();
        body["key"] = json!("Picture");
        api.post(PROFILES, body).await.failure(409, 6);
        assert_eq!(api.post(DIRECTORIES, department()).await.violations(), [("user_attribute.sso_addition_info", "user_attribute.catalogue")]);
        let mut body = department();
        body.as_object_mut().unwrap().remove("sso_addition_info");
        body["directory_user_additional_info"] = json!({});
        assert_eq!(api.post(PROFILES, body.clone()).await.violations()[0].1, "user_attribute.catalogue");
        assert_eq!(list(&api, PROFILES).await.len(), 10);
        assert_eq!(api.post(DIRECTORIES, body).await.status, 200);
    }

    async fn others_attributes_are_not_there(t: Server) {
        let (api, other) = (t.api().await, t.add_environment("other").await);
        let other = t.api_in(&other).await;
        api.post(PROFILES, department()).await;
        assert_eq!(list(&other, PROFILES).await.len(), 10);
        let one = format!("{PROFILES}/department");
        other.patch(&one, department()).await.failure(404, 5);
        other.delete(&one).await.failure(404, 5);
        assert_eq!(other.post(PROFILES, department()).await.status, 200);
        assert_eq!(other.delete(&one).await.status, 200);
        assert_eq!(list(&api, PROFILES).await.len(), 11);
    }

    async fn of_ten_who_add_one_attribute_one_does_and_of_ten_who_remove_it_one_does(t: Server) {
        let api = Arc::new(t.api().await);
        let attribute = pb::UserAttribute { key: "department".into(), label: "Department".into(), datatype: 1, ..Default::default() };
        for round in 0..2 {
            let calls: Vec<_> = (0..10).map(|_| {
                let (api, user_attribute) = (api.clone(), Some(attribute.clone()));
                tokio::spawn(async move {
                    if round == 0 {
                        api.call::<rpc::CreateSsoUserAttribute>(pb::CreateUserAttributeRequest { user_attribute }).await.map(drop)
                    } else {
                        api.call::<rpc::DeleteSsoUserAttribute>(pb::DeleteUserAttributeRequest { key: "department".into() }).await
                    }
                })
            }).collect();
            let mut done = 0;
            for call in calls {
                match call.await.unwrap() {
                    Ok(()) => done += 1,
                    Err(failure) => assert_eq!(failure.code, [Code::AlreadyExists, Code::NotFound][round]),
                }
            }
            assert_eq!((done, list(&api, PROFILES).await.len()), (1, 11 - round));
        }
    }

    async fn a_catalogue_has_at_most_100_attributes_of_ones_own(t: Server) {
        let api = Arc::new(t.api().await);
        let calls: Vec<_> = (0..110).map(|number| {
            let api = api.clone();
            let body = json!({"key": format!("attribute-{number}"), "label": "Any", "datatype": "NUMBER"});
            tokio::spawn(async move { api.post(DIRECTORIES, body).await.status })
        }).collect();
        let mut made = 0;
        for call in calls {
            made += usize::from(call.await.unwrap() == 200);
        }
        assert_eq!((made, list(&api, DIRECTORIES).await.len()), (100, 110));
        let body = json!({"key": "one-more", "label": "Any", "datatype": "NUMBER"});
        assert!(api.post(DIRECTORIES, body).await.failure(400, 9).contains("100"));
    }
}
