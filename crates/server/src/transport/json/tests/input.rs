use super::{super::to_wire, plan};
use crate::transport::wire::known;
use gatewright_api::{plan::Message, scalekit::v1::organizations::CreateOrganizationRequest};
use prost::Message as _;
use serde_json::{Value, json};

fn refusal(message: &'static Message, value: &Value) -> String {
    let error = to_wire(message, value).unwrap_err();
    format!("{} [{}]", error.message(), error.field_violations()[0].constraint)
}

fn field_message(message: &str, value: Value) -> String {
    refusal(plan(message), &value)
}

#[test]
fn both_spellings_are_read_and_unknown_fields_are_not() {
    let message = plan("scalekit.v1.organizations.CreateOrganizationRequest");
    for json in [
        json!({"organization": {"display_name": "Acme", "external_id": "7", "metadata": {"a": "b"}, "colour": 1}}),
        json!({"organization": {"displayName": "Acme", "externalId": "7", "metadata": {"a": "b"}}, "x": [null]}),
    ] {
        let request = CreateOrganizationRequest::decode(to_wire(message, &json).unwrap().as_slice()).unwrap();
        let organization = request.organization.unwrap();
        assert_eq!(organization.display_name, "Acme");
        assert_eq!(organization.external_id.as_deref(), Some("7"));
        assert_eq!(organization.metadata["a"], "b");
    }
}

#[test]
fn null_is_absent() {
    let message = plan("scalekit.v1.organizations.CreateOrganizationRequest");
    assert!(to_wire(message, &Value::Null).unwrap().is_empty());
    assert!(to_wire(message, &json!({"organization": null})).unwrap().is_empty());
    let bytes = to_wire(message, &json!({"organization": {"external_id": null, "metadata": null}})).unwrap();
    let organization = CreateOrganizationRequest::decode(bytes.as_slice()).unwrap().organization.unwrap();
    assert_eq!((organization.external_id, organization.metadata.len()), (None, 0));
}

#[test]
fn one_field_in_two_spellings_is_refused() {
    let json = json!({"organization": {"display_name": "a", "displayName": "b"}});
    assert_eq!(
        field_message("scalekit.v1.organizations.CreateOrganizationRequest", json),
        "organization.display_name: is given twice, in two spellings [duplicate]"
    );
}

#[test]
fn two_members_of_a_oneof_are_refused() {
    let message = crate::transport::wire::messages()
        .into_iter()
        .find(|message| message.fields.iter().filter(|field| field.oneof.is_some()).count() >= 2)
        .unwrap();
    let members: Vec<_> = message.fields.iter().filter(|field| field.oneof.is_some()).collect();
    assert_eq!(members[0].oneof, members[1].oneof);
    let json = json!({members[0].name: "x", members[1].json_name: "y"});
    assert_eq!(
        refusal(message, &json),
        format!("{}: must not be given together with {} [oneof]", members[1].name, members[0].name)
    );
}

#[test]
fn wrong_types_are_refused_by_path() {
    let request = "scalekit.v1.organizations.CreateOrganizationRequest";
    assert_eq!(field_message(request, json!([])), "body: must be an object [type]");
    assert_eq!(
        field_message(request, json!({"organization": {"display_name": 7}})),
        "organization.display_name: must be a string [type]"
    );
    assert_eq!(
        field_message(request, json!({"organization": {"metadata": {"plan": ["x"]}}})),
        r#"organization.metadata["plan"]: must be a string [type]"#
    );
    assert_eq!(
        field_message(request, json!({"organization": {"metadata": {"plan": null}}})),
        r#"organization.metadata["plan"]: must not be null [type]"#
    );
    assert_eq!(
        field_message(request, json!({"organization": {"metadata": []}})),
        "organization.metadata: must be an object [type]"
    );
}

#[test]
fn a_path_does_not_repeat_a_long_key() {
    let key = "k".repeat(100_000);
    let json = json!({"organization": {"metadata": {key: 1}}});
    assert!(field_message("scalekit.v1.organizations.CreateOrganizationRequest", json).len() < 200);
}

/// The first field of this shape anywhere in the plan, with the message that has it.
fn field_of(matches: impl Fn(&gatewright_api::plan::Field) -> bool) -> (&'static Message, &'static str) {
    crate::transport::wire::messages()
        .into_iter()
        .filter(|message| message.well_known.is_none())
        .find_map(|message| {
            message.fields.iter().find(|field| matches(field)).map(|field| (message, field.name))
        })
        .unwrap()
}

fn implicit(kind: impl Fn(gatewright_api::plan::Kind) -> bool) -> (&'static Message, &'static str) {
    use gatewright_api::plan::Cardinality::Implicit;
    field_of(|field| field.cardinality == Implicit && kind(field.kind))
}

#[test]
fn numbers_come_as_numbers_or_text_within_their_range() {
    use gatewright_api::plan::Kind;
    let (message, name) = implicit(|kind| matches!(kind, Kind::Int32));
    let read = |value: Value| to_wire(message, &json!({ name: value }));
    let seven = read(json!(7)).unwrap();
    for same in [json!(7.0), json!("7"), json!("7.0"), json!("70e-1")] {
        assert_eq!(read(same).unwrap(), seven);
    }
    assert!(read(json!(0)).unwrap().is_empty());
    for wrong in [json!(7.5), json!("7.5"), json!(" 7"), json!(""), json!("x"), json!(true), json!({})] {
        let text = read(wrong).unwrap_err().message().to_owned();
        assert_eq!(text, format!("{name}: must be a whole number"));
    }
    for wrong in [json!(2_147_483_648_u32), json!("-2147483649"), json!(1e20), json!(u64::MAX)] {
        let text = read(wrong).unwrap_err().message().to_owned();
        assert_eq!(text, format!("{name}: must be between -2147483648 and 2147483647"));
    }
    let (message, name) = implicit(|kind| matches!(kind, Kind::Int64));
    for same in [json!(i64::MAX), json!("9223372036854775807")] {
        assert!(to_wire(message, &json!({ name: same })).is_ok());
    }
    assert!(to_wire(message, &json!({ name: u64::MAX })).is_err());
    let (message, name) = implicit(|kind| matches!(kind, Kind::Bool));
    assert!(to_wire(message, &json!({ name: "true" })).is_err());
}

#[test]
fn enums_come_by_name_or_number() {
    use gatewright_api::plan::Kind;
    let (message, name) = implicit(|kind| matches!(kind, Kind::Enum(_)));
    let field = message.fields.iter().find(|field| field.name == name).unwrap();
    let Kind::Enum(names) = field.kind else { panic!() };
    let (label, number) = names.values[1];
    let by_name = to_wire(message, &json!({ name: label })).unwrap();
    assert_eq!(by_name, to_wire(message, &json!({ name: number })).unwrap());
    let error = refusal(message, &json!({ name: "NO_SUCH" }));
    assert!(error.starts_with(&format!("{name}: must be one of {}, {label}", names.values[0].0)), "{error}");
    assert!(error.ends_with("[enum.defined_only]"), "{error}");
    assert!(to_wire(message, &json!({ name: 987_654 })).is_ok(), "the rules judge numbers");
}

#[test]
fn bytes_come_in_any_base64() {
    use gatewright_api::plan::Kind;
    let (message, name) = implicit(|kind| matches!(kind, Kind::Bytes));
    let read = |text: &str| to_wire(message, &json!({ name: text }));
    let wanted = read("+/8=").unwrap();
    for same in ["+/8", "-_8", "-_8="] {
        assert_eq!(read(same).unwrap(), wanted);
    }
    assert!(read("a").is_err() && read("?*").is_err() && read("+_8=").is_err());
}

#[test]
fn times_have_any_offset_and_years_1_to_9999() {
    use gatewright_api::plan::{Kind, WellKnown};
    let (message, name) = field_of(
        |field| matches!(field.kind, Kind::Message(inner) if inner.well_known == Some(WellKnown::Timestamp)),
    );
    let read = |text: &str| to_wire(message, &json!({ name: text }));
    let wanted = read("2026-01-31T09:30:00.5Z").unwrap();
    for same in ["2026-01-31T10:30:00.500+01:00", "2026-01-31t04:00:00.500000-05:30"] {
        assert_eq!(read(same).unwrap(), wanted);
    }
    for right in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.25Z"] {
        assert!(read(right).is_ok(), "{right}");
    }
    for wrong in
        ["2026-01-31", "2026-02-30T00:00:00Z", "0000-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00", "now", ""]
    {
        let text = read(wrong).unwrap_err().message().to_owned();
        assert_eq!(
            text,
            format!("{name}: must be a time of RFC 3339, such as 2026-01-31T09:30:00Z"),
            "{wrong}"
        );
    }
}

#[test]
fn durations_are_seconds() {
    use gatewright_api::plan::{Kind, WellKnown};
    let (message, name) = field_of(
        |field| matches!(field.kind, Kind::Message(inner) if inner.well_known == Some(WellKnown::Duration)),
    );
    let read = |text: &str| to_wire(message, &json!({ name: text }));
    assert_eq!(read("1.5s").unwrap(), read("1.500000000s").unwrap());
    assert_ne!(read("-1.5s").unwrap(), read("1.5s").unwrap());
    for right in ["0s", "315576000000s", "-0.000000001s"] {
        assert!(read(right).is_ok(), "{right}");
    }
    for wrong in
        ["1.5", "s", ".5s", "1.s", "1.0000000001s", "+1s", "1m", "315576000001s", "315576000000.1s", "--1s"]
    {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn field_masks_are_kept_in_snake_case() {
    use gatewright_api::plan::{Kind, WellKnown};
    let (message, name) = field_of(
        |field| matches!(field.kind, Kind::Message(inner) if inner.well_known == Some(WellKnown::FieldMask)),
    );
    let read = |text: &str| to_wire(message, &json!({ name: text })).unwrap();
    assert_eq!(read("displayName,user.firstName"), read("display_name, user.first_name,"));
    let mut wanted = Vec::new();
    let mut mask = Vec::new();
    crate::transport::wire::write::bytes(&mut mask, 1, b"display_name");
    let number = message.fields.iter().find(|field| field.name == name).unwrap().number;
    crate::transport::wire::write::bytes(&mut wanted, number, &mask);
    assert_eq!(read("displayName"), wanted);
}

#[test]
fn structs_hold_any_json() {
    let value = json!({"a": [1, "x", null, {"b": false}], "c": {}});
    let decoded = prost_types::Struct::decode(to_wire(&known::STRUCT, &value).unwrap().as_slice()).unwrap();
    assert_eq!(decoded.fields.len(), 2);
    let mut back = Vec::new();
    super::super::from_wire(&known::STRUCT, &decoded.encode_to_vec(), &mut back).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&back).unwrap(), value);
    assert_eq!(refusal(&known::STRUCT, &json!([])), "body: must be an object [type]");
}
