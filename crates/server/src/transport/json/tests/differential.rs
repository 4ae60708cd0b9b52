use super::super::{from_wire, to_wire};
use crate::transport::{
    validate,
    wire::{self, generate, generate::Random},
};
use gatewright_api::plan::{Kind, Message};
use prost_reflect::{
    DescriptorPool, DynamicMessage, ReflectMessage as _, SerializeOptions, prost::Message as _,
};
use serde_json::Value;
use std::{collections::HashMap, path::PathBuf, sync::OnceLock};

const ROUNDS: usize = 12;

fn pool() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../proto");
        let mut files = Vec::new();
        for package in root.join("scalekit/v1").read_dir().unwrap() {
            for file in package.unwrap().path().read_dir().unwrap() {
                files.push(file.unwrap().path());
            }
        }
        let mut compiler = protox::Compiler::new([&root]).unwrap();
        compiler.include_imports(true).open_files(&files).unwrap();
        compiler.descriptor_pool()
    })
}

/// Calls `test` with random messages of every type of the plan.
fn for_all(seed: u64, mut test: impl FnMut(&'static Message, &[u8], DynamicMessage)) {
    let mut random = Random(seed);
    for message in wire::messages() {
        let descriptor = pool().get_message_by_name(message.name).unwrap();
        for _ in 0..ROUNDS {
            let bytes = generate::message(&mut random, message, 4);
            let dynamic = DynamicMessage::decode(descriptor.clone(), bytes.as_slice()).unwrap();
            test(message, &bytes, dynamic);
        }
    }
}

fn ours(message: &'static Message, bytes: &[u8]) -> String {
    let mut json = Vec::new();
    from_wire(message, bytes, &mut json).unwrap();
    String::from_utf8(json).unwrap()
}

fn theirs(dynamic: &DynamicMessage, options: &SerializeOptions) -> Value {
    dynamic.serialize_with_options(serde_json::value::Serializer, options).unwrap()
}

/// Through bytes, because a dynamic message that was read from JSON remembers that a zero was written out.
fn is_same(left: &DynamicMessage, right: &DynamicMessage) -> bool {
    let canonical = |message: &DynamicMessage| {
        DynamicMessage::decode(message.descriptor(), message.encode_to_vec().as_slice()).unwrap()
    };
    canonical(left) == canonical(right)
}

fn shown(dynamic: &DynamicMessage) -> Value {
    theirs(dynamic, &SerializeOptions::new().use_proto_field_name(true))
}

/// Other names of enum values to the first declared one, which is the one we print; theirs may be any.
fn aliases() -> HashMap<&'static str, &'static str> {
    let mut aliases = HashMap::new();
    for field in wire::messages().into_iter().flat_map(|message| message.fields) {
        let Kind::Enum(names) = field.kind else { continue };
        for (name, number) in names.values {
            let (first, _) = names.values.iter().find(|(_, known)| known == number).unwrap();
            if first != name {
                aliases.insert(*name, *first);
            }
        }
    }
    aliases
}

/// 1.0 and 1 are one number in JSON, and two names of one number are one value.
fn normalized(value: Value, aliases: &HashMap<&str, &str>) -> Value {
    match value {
        Value::String(text) => {
            Value::from(aliases.get(text.as_str()).copied().map_or(text.clone(), str::to_owned))
        }
        Value::Number(number) => Value::from(number.as_f64().unwrap()),
        Value::Array(items) => items.into_iter().map(|item| normalized(item, aliases)).collect(),
        Value::Object(entries) => {
            entries.into_iter().map(|(key, value)| (key, normalized(value, aliases))).collect()
        }
        other => other,
    }
}

#[test]
fn printed_json_is_read_back_as_the_same_message() {
    for_all(1, |message, bytes, dynamic| {
        let json = ours(message, bytes);
        let mut reader = serde_json::Deserializer::from_str(&json);
        let back = DynamicMessage::deserialize(dynamic.descriptor(), &mut reader).unwrap();
        assert!(is_same(&back, &dynamic), "{}: {json}\n{}", message.name, shown(&back));
    });
}

#[test]
fn printed_json_equals_that_of_prost_reflect() {
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);
    let aliases = aliases();
    for_all(2, |message, bytes, dynamic| {
        let json = serde_json::from_str(&ours(message, bytes)).unwrap();
        let expected = normalized(theirs(&dynamic, &options), &aliases);
        assert_eq!(normalized(json, &aliases), expected, "{}", message.name);
    });
}

#[test]
fn json_of_prost_reflect_is_read_as_the_same_message() {
    for_all(3, |message, _, dynamic| {
        for proto_names in [false, true] {
            for skip_defaults in [false, true] {
                let options = SerializeOptions::new()
                    .use_proto_field_name(proto_names)
                    .skip_default_fields(skip_defaults);
                let json = theirs(&dynamic, &options);
                let bytes = to_wire(message, &json).unwrap_or_else(|error| panic!("{error}: {json}"));
                let back = DynamicMessage::decode(dynamic.descriptor(), bytes.as_slice()).unwrap();
                assert!(is_same(&back, &dynamic), "{}: {json}\n{}", message.name, shown(&back));
            }
        }
    });
}

#[test]
fn bytes_in_another_order_are_the_same_message() {
    for_all(4, |message, bytes, dynamic| {
        // A message before itself merges to lists of twice the length and otherwise to itself.
        let twice = [bytes, bytes].concat();
        let merged = DynamicMessage::decode(dynamic.descriptor(), twice.as_slice()).unwrap();
        let Ok(json) = serde_json::from_str::<Value>(&ours(message, &twice)) else { return };
        let bytes = to_wire(message, &json).unwrap();
        let back = DynamicMessage::decode(dynamic.descriptor(), bytes.as_slice()).unwrap();
        assert!(is_same(&back, &merged), "{}: {json}\n{}", message.name, shown(&back));
    });
}

#[test]
fn random_messages_are_well_formed_to_the_validator() {
    for_all(5, |message, bytes, _| {
        if let Err(error) = validate::check(message, bytes) {
            let constraint = &error.field_violations()[0].constraint;
            assert!(constraint != "type" && constraint != "string.utf8", "{}: {error}", message.name);
        }
    });
}

#[test]
fn damaged_bytes_that_the_validator_accepts_can_be_decoded() {
    let mut random = Random(6);
    let mut accepted = 0;
    for message in wire::messages() {
        let descriptor = pool().get_message_by_name(message.name).unwrap();
        for _ in 0..ROUNDS {
            let mut bytes = generate::message(&mut random, message, 4);
            if !bytes.is_empty() {
                let index = random.below(bytes.len());
                bytes[index] = random.number() as u8;
            }
            let checked = validate::check(message, &bytes);
            let is_refused = checked.is_err_and(|error| {
                let broken = error.field_violations();
                broken.iter().any(|one| one.constraint == "type" || one.constraint == "string.utf8")
            });
            if !is_refused {
                accepted += 1;
                let decoded = DynamicMessage::decode(descriptor.clone(), bytes.as_slice());
                assert!(decoded.is_ok(), "{}: {bytes:?}", message.name);
            }
        }
    }
    assert!(accepted > 1_000, "{accepted}");
}
