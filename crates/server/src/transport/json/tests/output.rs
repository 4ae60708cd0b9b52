use super::{super::from_wire, plan};
use crate::transport::wire::{known, write};
use gatewright_api::{
    plan::{Kind, WellKnown},
    scalekit::v1::organizations::{CreateOrganization, CreateOrganizationRequest},
};
use prost::Message as _;

fn print(message: &'static gatewright_api::plan::Message, bytes: &[u8]) -> String {
    let mut out = Vec::new();
    from_wire(message, bytes, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn empty_fields_are_printed_and_unset_ones_are_not() {
    let message = plan("scalekit.v1.organizations.CreateOrganizationRequest");
    assert_eq!(print(message, &[]), "{}");
    let request = CreateOrganizationRequest { organization: Some(CreateOrganization::default()) };
    let json = print(message, &request.encode_to_vec());
    assert!(json.starts_with(r#"{"organization":{"display_name":"""#), "{json}");
    assert!(json.contains(r#""metadata":{}"#) && !json.contains("external_id"), "{json}");
}

#[test]
fn sixty_four_bits_are_text_and_thirty_two_are_numbers() {
    let message = plan("scalekit.v1.organizations.ListOrganizationsResponse");
    let total = message.fields.iter().find(|field| field.name == "total_size").unwrap();
    assert!(matches!(total.kind, Kind::Uint32));
    assert!(print(message, &[]).contains(r#""total_size":0"#));
    let message = crate::transport::wire::messages()
        .into_iter()
        .find(|message| {
            message.well_known.is_none()
                && matches!(message.fields.first(), Some(f) if matches!(f.kind, Kind::Int64))
        })
        .unwrap();
    let field = &message.fields[0];
    let mut bytes = Vec::new();
    write::varint(&mut bytes, field.number, u64::MAX);
    assert!(print(message, &bytes).starts_with(&format!(r#"{{"{}":"-1""#, field.name)));
}

#[test]
fn an_enum_without_a_name_is_its_number() {
    let message = crate::transport::wire::messages()
        .into_iter()
        .find(|message| {
            message.fields.iter().any(|field| matches!(field.kind, Kind::Enum(_)) && field.oneof.is_none())
        })
        .unwrap();
    let field = message.fields.iter().find(|field| matches!(field.kind, Kind::Enum(_))).unwrap();
    let mut bytes = Vec::new();
    write::varint(&mut bytes, field.number, 987_654);
    let json = print(message, &bytes);
    assert!(json.contains(&format!(r#""{}":987654"#, field.name)) || json.contains("[987654]"), "{json}");
}

#[test]
fn times_have_0_3_6_or_9_digits() {
    let message = crate::transport::wire::messages()
        .into_iter()
        .find(|message| message.well_known == Some(WellKnown::Timestamp))
        .unwrap();
    let time =
        |seconds: i64, nanos: i32| print(message, &prost_types::Timestamp { seconds, nanos }.encode_to_vec());
    assert_eq!(time(0, 0), r#""1970-01-01T00:00:00Z""#);
    assert_eq!(time(0, 500_000_000), r#""1970-01-01T00:00:00.500Z""#);
    assert_eq!(time(-1, 999_999_000), r#""1969-12-31T23:59:59.999999Z""#);
    assert_eq!(time(-62_135_596_800, 1), r#""0001-01-01T00:00:00.000000001Z""#);
    for (seconds, nanos) in [(253_402_300_800, 0), (0, -1), (0, 1_000_000_000), (i64::MIN, 0)] {
        let bytes = prost_types::Timestamp { seconds, nanos }.encode_to_vec();
        assert!(from_wire(message, &bytes, &mut Vec::new()).is_err(), "{seconds} {nanos}");
    }
}

#[test]
fn text_is_escaped_and_invalid_utf8_is_an_error() {
    let mut bytes = Vec::new();
    write::bytes(&mut bytes, 3, "\"\\\n\u{1}é".as_bytes());
    assert_eq!(print(&known::VALUE, &bytes), r#""\"\\\n\u0001é""#);
    assert!(from_wire(&known::VALUE, &[0x1a, 1, 0xff], &mut Vec::new()).is_err());
}

#[test]
fn whole_numbers_have_no_point() {
    let number = |number: f64| {
        let mut bytes = Vec::new();
        write::double(&mut bytes, 2, number);
        print(&known::VALUE, &bytes)
    };
    assert_eq!(number(1.0), "1");
    assert_eq!(number(-0.5), "-0.5");
    assert_eq!(number(1e300), "1e+300");
    assert_eq!(number(f64::NAN), r#""NaN""#);
    assert_eq!(number(f64::NEG_INFINITY), r#""-Infinity""#);
}
