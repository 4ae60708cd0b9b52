use super::found;
use crate::{
    error::Error,
    transport::{json::from_wire, rest::request},
};
use gatewright_api::METHODS;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The request as JSON.
fn made(verb: &str, target: &str, body: &str) -> Result<Value, Error> {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let found = found(verb, path);
    let bytes = request(&found, query, body.as_bytes())?;
    let mut json = Vec::new();
    from_wire(found.method.input, &bytes, &mut json).unwrap();
    Ok(serde_json::from_slice(&json).unwrap())
}

fn refusal(verb: &str, target: &str, body: &str) -> String {
    made(verb, target, body).unwrap_err().message().to_owned()
}

#[test]
fn a_body_fills_its_field_and_the_path_the_others() {
    let request = made(
        "PATCH",
        "/api/v1/organizations/org_1?update_mask=display_name,slug",
        r#"{"displayName":"Acme"}"#,
    )
    .unwrap();
    assert_eq!(request["id"], "org_1");
    assert_eq!(request["organization"]["display_name"], "Acme");
    assert_eq!(request["update_mask"], "displayName,slug");
}

#[test]
fn a_whole_body_leaves_the_query_out_and_the_path_wins() {
    let target = "/api/v1/environments/env_1:update";
    let Some((method, binding)) = METHODS.iter().find_map(|method| {
        let binding = method.bindings.iter().find(|binding| {
            binding.body == gatewright_api::plan::Body::Whole
                && binding.template == "/api/v1/keys/deks/{dek_version}:activate"
        });
        binding.map(|binding| (method, binding))
    }) else {
        panic!("{target}")
    };
    let name = binding.template.split(['{', '}']).nth(1).unwrap();
    let path = binding.template.replace(&format!("{{{name}}}"), "7");
    let request = made(binding.verb, &format!("{path}?{name}=8"), &format!(r#"{{"{name}":9}}"#)).unwrap();
    assert_eq!(request[name].to_string().trim_matches('"'), "7", "{}", method.path);
}

#[test]
fn a_body_may_be_a_list() {
    let path = "/api/v1/organizations/org_1/users/usr_1/roles";
    let request = made("POST", path, r#"[{"role_name":"admin"},{"roleName":"member"}]"#).unwrap();
    assert_eq!(request["roles"].as_array().unwrap().len(), 2);
    assert_eq!(request["user_id"], "usr_1");
    assert_eq!(refusal("POST", path, "{}"), "roles: must be an array");
}

#[test]
fn an_empty_body_is_an_absent_one() {
    for body in ["", "  \n", "null"] {
        assert_eq!(made("POST", "/api/v1/organizations", body).unwrap(), json!({}));
    }
    assert!(made("POST", "/api/v1/organizations", "{}").unwrap()["organization"].is_object());
}

#[test]
fn a_body_that_is_not_taken_is_not_read() {
    assert_eq!(made("DELETE", "/api/v1/organizations/org_1", "not json").unwrap()["id"], "org_1");
    assert_eq!(made("GET", "/api/v1/organizations?page_size=5", "{").unwrap()["page_size"], 5);
}

#[test]
fn a_body_that_is_no_json_is_told_where() {
    let message = refusal("POST", "/api/v1/organizations", "{\"a\"");
    assert_eq!(message, "the body is not valid JSON: EOF while parsing an object at line 1 column 4");
    let deep = "[".repeat(10_000);
    assert!(refusal("POST", "/api/v1/organizations", &deep).contains("recursion limit exceeded"));
    assert!(refusal("POST", "/api/v1/organizations", "{} {}").contains("trailing characters"));
    assert!(made("POST", "/api/v1/organizations", "\u{feff}{}").is_err());
}

#[test]
fn queries_have_both_spellings_and_unknown_parameters_are_ignored() {
    for query in ["page_size=7&page_token=x+y%2B", "pageSize=7&pageToken=x%20y%2b&utm=1&&=&%FF=1"] {
        let request = made("GET", &format!("/api/v1/organizations?{query}"), "").unwrap();
        assert_eq!((&request["page_size"], &request["page_token"]), (&json!(7), &json!("x y+")));
    }
}

#[test]
fn malformed_parameters_name_their_field() {
    let list = "/api/v1/organizations";
    assert_eq!(refusal("GET", &format!("{list}?pageSize=many"), ""), "page_size: must be a whole number");
    assert_eq!(refusal("GET", &format!("{list}?page_size="), ""), "page_size: must be a whole number");
    assert_eq!(
        refusal("GET", &format!("{list}?page_size=-1"), ""),
        "page_size: must be between 0 and 4294967295"
    );
    assert_eq!(
        refusal("GET", &format!("{list}?page_token=%FF"), ""),
        "page_token: must be percent-encoded UTF-8"
    );
    assert_eq!(refusal("GET", &format!("{list}?page_size=1&pageSize=2"), ""), "page_size: is given twice");
}

#[test]
fn queries_reach_lists_times_and_nested_fields() {
    let logs = "/api/v1/logs/authentication/requests";
    let target = format!("{logs}?status=a&status=b&start_time=2026-01-31T10:30:00%2B01:00");
    let request = made("GET", &target, "").unwrap();
    assert_eq!(request["status"], json!(["a", "b"]));
    assert_eq!(request["start_time"], "2026-01-31T09:30:00Z");
    assert!(
        refusal("GET", &format!("{logs}?end_time=today"), "")
            .starts_with("end_time: must be a time of RFC 3339")
    );

    let filter = method_input("filter.");
    assert!(filter > 0, "a request with a nested field in its query");
}

/// Tries every nested scalar that a query can name, and counts them.
fn method_input(prefix: &str) -> usize {
    let mut count = 0;
    for method in METHODS.iter() {
        let Some(field) = method.input.fields.iter().find(|field| format!("{}.", field.name) == prefix)
        else {
            continue;
        };
        let gatewright_api::plan::Kind::Message(inner) = field.kind else { continue };
        for nested in inner.fields {
            let Some(parameter) =
                crate::transport::json::Parameter::find(method.input, &format!("{prefix}{}", nested.name))
            else {
                continue;
            };
            let text = match nested.kind {
                gatewright_api::plan::Kind::String => "x",
                gatewright_api::plan::Kind::Bool => "true",
                gatewright_api::plan::Kind::Message(_) => continue,
                _ => "1",
            };
            let mut bytes = Vec::new();
            parameter.write(text, &mut bytes).unwrap();
            let mut json = Vec::new();
            from_wire(method.input, &bytes, &mut json).unwrap();
            let json: Value = serde_json::from_slice(&json).unwrap();
            assert!(json[field.name].get(nested.name).is_some(), "{} {json}", method.path);
            assert_eq!(parameter.path(), format!("{prefix}{}", nested.name));
            count += 1;
        }
    }
    count
}

#[test]
fn maps_take_one_entry_per_parameter() {
    let message = crate::transport::wire::messages()
        .into_iter()
        .find(|message| message.name == "scalekit.v1.organizations.CreateOrganizationRequest")
        .unwrap();
    let parameter = crate::transport::json::Parameter::find(message, "organization.metadata[plan]").unwrap();
    let mut bytes = Vec::new();
    parameter.write("pro", &mut bytes).unwrap();
    let mut json = Vec::new();
    from_wire(message, &bytes, &mut json).unwrap();
    let json: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["organization"]["metadata"], json!({"plan": "pro"}));
    assert_eq!(parameter.path(), r#"organization.metadata["plan"]"#);
    for wrong in [
        "organization.metadata",
        "organization",
        "organization.display_name[x]",
        "",
        ".",
        "organization..id",
        "[",
    ] {
        assert!(crate::transport::json::Parameter::find(message, wrong).is_none(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn arbitrary_queries_and_bodies_do_not_panic(query in ".{0,60}", body in ".{0,60}", index in any::<prop::sample::Index>()) {
        let method = &METHODS[index.index(METHODS.len())];
        for binding in method.bindings {
            let captures = Vec::new();
            let found = crate::transport::rest::Match { method, binding, captures };
            let _ = request(&found, Some(&query), body.as_bytes());
            for field in method.input.fields {
                let _ = request(&found, Some(&format!("{}={query}", field.name)), body.as_bytes());
                let _ = request(&found, Some(&format!("{}.{query}", field.json_name)), b"{}");
            }
        }
    }
}
