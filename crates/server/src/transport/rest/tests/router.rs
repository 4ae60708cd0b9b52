use super::{found, router};
use crate::transport::{json::Parameter, rest::Route};
use gatewright_api::{
    METHODS,
    plan::{Binding, Body},
};
use proptest::prelude::*;

fn bindings() -> impl Iterator<Item = (&'static gatewright_api::plan::Method, &'static Binding)> {
    METHODS.iter().flat_map(|method| method.bindings.iter().map(move |binding| (method, binding)))
}

/// A path of the template, and what its variables hold.
fn path_of(template: &str) -> (String, Vec<(String, String)>) {
    let mut captures = Vec::new();
    let mut path = String::new();
    for segment in template.split('/').skip(1) {
        path.push('/');
        match segment.strip_prefix('{').and_then(|variable| variable.split_once('}')) {
            Some((name, suffix)) => {
                let value = format!("value{}", captures.len());
                path.push_str(&value);
                path.push_str(suffix);
                captures.push((name.to_owned(), value));
            }
            None if segment == "**" => path.push_str("a/b/c"),
            None => path.push_str(segment),
        }
    }
    (path, captures)
}

#[test]
fn every_binding_is_found_by_its_own_template() {
    let mut count = 0;
    for (method, binding) in bindings() {
        let (path, captures) = path_of(binding.template);
        let found = found(binding.verb, &path);
        assert_eq!((found.method.index, found.binding.template), (method.index, binding.template), "{path}");
        let got: Vec<_> = found.captures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(got, captures);
        count += 1;
    }
    assert!(count > 300);
}

#[test]
fn every_variable_and_body_is_a_field_of_its_request() {
    for (method, binding) in bindings() {
        for (name, _) in path_of(binding.template).1 {
            assert!(Parameter::find(method.input, &name).is_some(), "{}: {name}", method.path);
        }
        if let Body::Field(name) = binding.body {
            assert!(method.input.fields.iter().any(|field| field.name == name), "{}: {name}", method.path);
        }
    }
}

#[test]
fn literals_go_before_variables_and_variables_before_the_rest() {
    assert_eq!(found("GET", "/api/v1/organizations:search").method.name, "SearchOrganization");
    assert_eq!(found("GET", "/api/v1/organizations/org_1").binding.template, "/api/v1/organizations/{id}");
    assert_eq!(found("GET", "/api/v1/users/me").binding.template, "/api/v1/users/me");
    assert_eq!(found("GET", "/api/v1/users/you").binding.template, "/api/v1/users/{id}");
    // `me` is a literal, but nothing below it is: the variable takes over.
    let sessions = found("GET", "/api/v1/users/me/sessions");
    assert_eq!(sessions.binding.template, "/api/v1/users/{user_id}/sessions");
    assert_eq!(sessions.captures, [("user_id", "me".to_owned())]);
    assert_eq!(
        found("GET", "/api/v1/environments/-/sessions:me").binding.template,
        "/api/v1/environments/-/sessions:me"
    );
    assert_eq!(found("POST", "/api/v1/webhooks/wb/a/b:c/d").binding.template, "/api/v1/webhooks/wb/**");
    assert_eq!(found("POST", "/api/v1/webhooks/wb").binding.template, "/api/v1/webhooks/wb/**");
}

#[test]
fn a_verb_suffix_is_not_part_of_the_variable() {
    let enable = bindings()
        .find(|(_, binding)| binding.template == "/api/v1/connections/{connection_id}:enable")
        .unwrap();
    let found = found(enable.1.verb, "/api/v1/connections/conn_1:enable");
    assert_eq!(found.method.index, enable.0.index);
    assert_eq!(found.captures, [("connection_id", "conn_1".to_owned())]);
}

#[test]
fn an_escaped_or_unknown_suffix_belongs_to_the_value() {
    assert_eq!(
        found("GET", "/api/v1/connections/a%3Aenable").captures,
        [("connection_id", "a:enable".to_owned())]
    );
    assert_eq!(found("GET", "/api/v1/connections/a:b").captures, [("connection_id", "a:b".to_owned())]);
    let external = found("GET", "/api/v1/organizations:external/crm:7");
    assert_eq!(external.captures, [("external_id", "crm:7".to_owned())]);
}

#[test]
fn segments_are_decoded_after_splitting() {
    let external = found("GET", "/api/v1/organizations:external/a%2Fb%20c%C3%A9+");
    assert_eq!(external.captures, [("external_id", "a/b cé+".to_owned())]);
    assert_eq!(found("GET", "/api/v1/organizations%3Asearch").method.name, "SearchOrganization");
    let error = router().find("GET", "/api/v1/organizations:external/%FF").unwrap_err();
    assert_eq!(error.message(), "external_id: the path is not valid UTF-8");
}

#[test]
fn repeated_slashes_count_once_and_a_last_one_is_another_path() {
    assert_eq!(found("GET", "//api///v1/organizations").method.name, "ListOrganization");
    for path in [
        "/api/v1/organizations/",
        "/",
        "",
        "api/v1/organizations",
        "/api/v1",
        "/api/v1/organizations/a/b/c/d/e",
    ] {
        assert!(matches!(router().find("GET", path), Ok(Route::NotFound)), "{path}");
    }
}

#[test]
fn another_verb_is_told_which_ones_there_are() {
    let Ok(Route::MethodNotAllowed(verbs)) = router().find("POST", "/api/v1/organizations/org_1") else {
        panic!()
    };
    assert_eq!(verbs, ["DELETE", "GET", "PATCH"]);
    let Ok(Route::MethodNotAllowed(verbs)) = router().find("get", "/api/v1/organizations") else { panic!() };
    assert_eq!(verbs, ["GET", "POST"]);
}

proptest! {
    #[test]
    fn arbitrary_paths_do_not_panic(path in ".{0,60}", verb in "(GET|POST|.*)") {
        let _ = router().find(&verb, &path);
    }

    #[test]
    fn arbitrary_segments_do_not_panic(
        segments in prop::collection::vec("(api|v1|organizations|users|-|:|%|%2F|%FF|[a-z:%]{0,8}|users:search|me)", 0..9)
    ) {
        let _ = router().find("GET", &format!("/{}", segments.join("/")));
    }
}
