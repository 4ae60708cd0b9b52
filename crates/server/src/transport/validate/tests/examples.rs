use super::{field_number, plan, violations};
use crate::transport::{json::to_wire, wire::write};
use gatewright_api::plan::Message;
use serde_json::{Value, json};

fn told(message: &str, value: Value) -> Vec<String> {
    let message: &'static Message = plan(message);
    violations(message, &to_wire(message, &value).unwrap())
}

const REQUEST: &str = "scalekit.v1.organizations.CreateOrganizationRequest";

#[test]
fn a_good_organization_passes() {
    let value =
        json!({"organization": {"display_name": "Acme", "external_id": "7", "metadata": {"plan": "pro"}}});
    assert_eq!(told(REQUEST, value), [""; 0]);
}

#[test]
fn every_violation_is_told_by_path() {
    let value = json!({"organization": {
        "display_name": "", "slug": "Not a slug", "metadata": {"ab": "x", "plan": "", "key": "y".repeat(300)}
    }});
    assert_eq!(
        told(REQUEST, value),
        [
            "organization.display_name: must be at least 1 character [string.min_len]",
            r#"organization.metadata["ab"]: key must be at least 3 characters [string.min_len]"#,
            r#"organization.metadata["plan"]: must be at least 1 character [string.min_len]"#,
            r#"organization.metadata["key"]: must be at most 256 characters [string.max_len]"#,
            "organization.slug: must match the pattern ^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$ [string.pattern]",
        ]
    );
}

#[test]
fn a_missing_message_is_required() {
    assert_eq!(told(REQUEST, json!({})), ["organization: is required [required]"]);
}

#[test]
fn nul_is_refused_everywhere() {
    let value = json!({"organization": {"display_name": "a\u{0}", "metadata": {"k\u{0}y": "a\u{0}"}}});
    assert_eq!(
        told(REQUEST, value),
        [
            "organization.display_name: must not contain the character NUL [string.no_nul]",
            r#"organization.metadata["k\0y"]: must not contain the character NUL [string.no_nul]"#,
            r#"organization.metadata["k\0y"]: must not contain the character NUL [string.no_nul]"#,
        ]
    );
    // Deep in free-form JSON, where no field is declared.
    let context = "scalekit.v1.connections.CreateConnection";
    let value = json!({"provider": 1, "context": {"a": [{"b": "\u{0}"}], "\u{0}": 1}});
    assert_eq!(
        told(context, value),
        [
            r#"context["a"][0]["b"]: must not contain the character NUL [string.no_nul]"#,
            r#"context["\0"]: must not contain the character NUL [string.no_nul]"#,
        ]
    );
}

#[test]
fn invalid_utf8_names_its_field() {
    let message = plan(REQUEST);
    let mut organization = Vec::new();
    write::bytes(&mut organization, field_number("display_name"), b"\xff");
    let mut bytes = Vec::new();
    write::bytes(&mut bytes, message.fields[0].number, &organization);
    assert_eq!(violations(message, &bytes), ["organization.display_name: must be valid UTF-8 [string.utf8]"]);
}

#[test]
fn bytes_of_another_type_name_their_field() {
    let message = plan(REQUEST);
    let mut organization = Vec::new();
    write::varint(&mut organization, field_number("display_name"), 1);
    let mut bytes = Vec::new();
    write::bytes(&mut bytes, message.fields[0].number, &organization);
    assert_eq!(violations(message, &bytes), ["organization.display_name: is not encoded as its type [type]"]);
    assert_eq!(violations(message, b"\xff"), ["body: is not a valid protobuf message [type]"]);
    assert_eq!(violations(message, b"\x0a\x7f"), ["body: is not a valid protobuf message [type]"]);
}

#[test]
fn a_message_in_two_parts_is_checked_as_one() {
    let message = plan(REQUEST);
    let number = message.fields[0].number;
    let part = |value: Value| to_wire(plan("scalekit.v1.organizations.CreateOrganization"), &value).unwrap();
    let mut bytes = Vec::new();
    write::bytes(&mut bytes, number, &part(json!({"slug": "Bad Slug"})));
    write::bytes(&mut bytes, number, &part(json!({"display_name": "Acme"})));
    let told = violations(message, &bytes);
    assert!(told.len() == 1 && told[0].starts_with("organization.slug: "), "{told:?}");
}

#[test]
fn expressions_on_connections() {
    let create = "scalekit.v1.connections.CreateConnection";
    assert_eq!(told(create, json!({})), [format!("body: provider or provider_key is required [{create}]")]);
    assert_eq!(told(create, json!({"provider_key": "google"})), [""; 0]);
    assert_eq!(told(create, json!({"provider": 1})), [""; 0]);
    assert_eq!(
        told(create, json!({"provider": 15, "provider_key": "x"})),
        [format!("body: invalid value for provider_key [{create}]")]
    );
    assert_eq!(told(create, json!({"provider": 15, "provider_key": "SCALEKIT"})), [""; 0]);
    assert_eq!(
        told(create, json!({"provider": 1, "type": 9, "key_id": "x"})),
        [format!("body: invalid value for key_id [{create}]")]
    );
    assert_eq!(told(create, json!({"provider": 1, "type": 9, "key_id": "WEBAUTHN"})), [""; 0]);
}

#[test]
fn an_expression_on_a_field_sees_the_message_in_it() {
    let request = "scalekit.v1.connections.CreateConnectionRequest";
    for (number, refused) in [(1, false), (4, true), (5, true), (9, true)] {
        let value = json!({"organization_id": "org_1", "connection": {"provider": 1, "type": number, "key_id": "WEBAUTHN"}});
        let told = told(request, value);
        let expected = "connection: OAUTH, PASSWORDLESS and WEBAUTHN are not supported yet [scalekit.v1.connections.CreateConnection]";
        assert_eq!(told.iter().any(|one| one == expected), refused, "{told:?}");
    }
}

/// The message whose rule has this expression.
fn with_expression(expression: &str) -> &'static Message {
    let messages = crate::transport::wire::messages();
    messages
        .into_iter()
        .find(|message| message.checks.iter().any(|rule| rule.expression == expression))
        .unwrap()
}

#[test]
fn expressions_on_templates_and_users() {
    let template = with_expression("has(this.subject) || has(this.html_content) || has(this.plain_content)");
    let count = |message, value: Value, id: &str| {
        let told = violations(message, &to_wire(message, &value).unwrap());
        told.iter().filter(|one| one.contains(id)).count()
    };
    let id = "[at_least_one_field_required]";
    assert_eq!(count(template, json!({}), id), 1);
    for name in ["subject", "html_content", "plain_content"] {
        assert_eq!(count(template, json!({ name: "x" }), id), 0, "{name}");
    }
    let user = with_expression("this.login_failed || (this.sub != '' && this.email != '')");
    let id = "[user.sub_email_required_unless_login_failed]";
    for (value, broken) in [
        (json!({}), 1),
        (json!({"sub": "1"}), 1),
        (json!({"email": "a@b.c"}), 1),
        (json!({"sub": "1", "email": "a@b.c"}), 0),
        (json!({"login_failed": true}), 0),
    ] {
        assert_eq!(count(user, value.clone(), id), broken, "{value}");
    }
}

#[test]
fn an_expression_on_text() {
    let messages = crate::transport::wire::messages();
    let has_rule = |message: &&&'static Message| {
        let mut rules = message.fields.iter().flat_map(|field| field.rules);
        rules.any(
            |rule| matches!(rule, gatewright_api::plan::Rule::Cel(cel) if cel.id == "permission.name.format"),
        )
    };
    let message = messages.iter().find(has_rule).unwrap();
    for (name, broken) in [("org:read_1", false), ("no spaces", true), ("é", true)] {
        let told = violations(message, &to_wire(message, &json!({ "name": name })).unwrap());
        assert_eq!(
            told.iter().any(|one| one.ends_with("[permission.name.format]")),
            broken,
            "{name}: {told:?}"
        );
    }
}

#[test]
fn durations_and_times_have_a_range() {
    let message = crate::transport::wire::messages()
        .into_iter()
        .find(|message| {
            message
                .fields
                .iter()
                .any(|field| matches!(field.rules, [gatewright_api::plan::Rule::DurationLte(_), ..]))
        })
        .unwrap();
    let name = message.fields[0].name;
    let told = |text: &str| violations(message, &to_wire(message, &json!({ name: text })).unwrap());
    assert_eq!(told("120s"), [""; 0]);
    assert_eq!(told("1800s"), [""; 0]);
    let expected = format!("{name}: must be at least 120s and at most 1800s [duration.gte_lte]");
    assert_eq!(told("119.999s"), [expected.as_str()]);
    assert_eq!(told("1800.000000001s"), [expected.as_str()]);
    let mut bytes = Vec::new();
    let mark = write::open(&mut bytes, message.fields[0].number);
    write::varint(&mut bytes, 1, 200);
    write::varint(&mut bytes, 2, 2_000_000_000);
    write::close(&mut bytes, mark);
    assert_eq!(
        violations(message, &bytes),
        [format!("{name}: must be a duration of at most 10,000 years [duration.range]")]
    );
}
