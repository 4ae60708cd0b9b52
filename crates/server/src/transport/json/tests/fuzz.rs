use super::super::{from_wire, to_wire};
use crate::transport::{
    validate,
    wire::{self, generate, generate::Random, known},
};
use proptest::prelude::*;
use prost::Message as _;
use serde_json::{Value, json};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,6}", inner), 0..4).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), index in any::<prop::sample::Index>()) {
        let messages = wire::messages();
        let message = messages[index.index(messages.len())];
        let _ = from_wire(message, &bytes, &mut Vec::new());
        let _ = validate::check(message, &bytes);
    }

    #[test]
    fn arbitrary_json_does_not_panic(value in any_json(), index in any::<prop::sample::Index>()) {
        let messages = wire::messages();
        let message = messages[index.index(messages.len())];
        let _ = to_wire(message, &value);
        // The same value in every field reaches the code of every type.
        for field in message.fields {
            let _ = to_wire(message, &json!({ field.name: value.clone() }));
            let _ = to_wire(message, &json!({ field.name: [value.clone()] }));
            let _ = to_wire(message, &json!({ field.name: { "key": value.clone() } }));
        }
    }
}

#[test]
fn damaged_messages_do_not_panic() {
    let mut random = Random(7);
    for message in wire::messages() {
        for _ in 0..60 {
            let mut bytes = generate::message(&mut random, message, 4);
            for _ in 0..=random.below(3) {
                if !bytes.is_empty() {
                    let index = random.below(bytes.len());
                    bytes[index] = random.number() as u8;
                }
            }
            bytes.truncate(bytes.len() - random.below(bytes.len().min(3) + 1));
            let mut json = Vec::new();
            if from_wire(message, &bytes, &mut json).is_ok() {
                let json = String::from_utf8(json).unwrap();
                let value: Result<Value, _> = serde_json::from_str(&json);
                // A duplicate key of a map is the only thing that could be odd, and it still parses.
                assert!(value.is_ok(), "{}: {json}", message.name);
            }
            let _ = validate::check(message, &bytes);
        }
    }
}

#[test]
fn what_is_accepted_is_not_too_deep_for_prost() {
    let mut accepted = 0;
    for depth in 1..120 {
        let mut value = json!(1);
        for level in 0..depth {
            value = if level % 2 == 0 { json!([value]) } else { json!({ "k": value }) };
        }
        let value = json!({ "top": value });
        match to_wire(&known::STRUCT, &value) {
            Ok(bytes) => {
                prost_types::Struct::decode(bytes.as_slice()).unwrap();
                validate::check(&known::STRUCT, &bytes).unwrap();
                accepted = depth;
            }
            Err(error) => {
                assert!(error.message().ends_with("must not be nested so deeply"), "{error}");
                assert!(error.message().len() < 1_000, "{error}");
            }
        }
    }
    assert!((30..100).contains(&accepted), "{accepted}");
}

#[test]
fn ten_thousand_levels_of_groups_and_messages_are_refused() {
    let groups = vec![0x0b; 10_000];
    assert!(validate::check(&known::STRUCT, &groups).is_err());
    let mut bytes = Vec::new();
    for _ in 0..10_000 {
        let mut outer = Vec::new();
        wire::write::bytes(&mut outer, 6, &{
            let mut list = Vec::new();
            wire::write::bytes(&mut list, 1, &bytes);
            list
        });
        bytes = outer;
        if bytes.len() > 200_000 {
            break;
        }
    }
    assert!(validate::check(&known::VALUE, &bytes).is_err());
    assert!(from_wire(&known::VALUE, &bytes, &mut Vec::new()).is_err());
}
