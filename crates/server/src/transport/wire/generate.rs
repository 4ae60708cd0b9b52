//! Random messages for tests, from a seed, by the plan: every field, well-known type and edge value turns up.
use super::{known, write};
use gatewright_api::plan::{Cardinality, Field, Kind, Message, WellKnown};

/// splitmix64.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % end as u64) as usize
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of them.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

/// Bytes of a random message as an encoder writes them.
pub fn message(random: &mut Random, message: &'static Message, depth: u32) -> Vec<u8> {
    let mut out = Vec::new();
    match message.well_known {
        Some(WellKnown::Timestamp) => {
            pair(&mut out, timestamp(random), random.pick(&[0, 0, 1, 500_000_000, 1_000, 999_999_999]));
        }
        Some(WellKnown::Duration) => {
            let nanos = random.pick(&[0, 0, 250_000_000, 1, 999_999_999]);
            let seconds = random.pick(&[0, 1, 59, 86_400, 315_575_999_999]);
            let sign = random.pick(&[1, -1]);
            pair(&mut out, seconds * sign, nanos * sign);
        }
        Some(WellKnown::FieldMask) => {
            for _ in 0..random.below(3) {
                write::bytes(&mut out, 1, random.pick(&["display_name", "a", "user.first_name"]).as_bytes());
            }
        }
        Some(WellKnown::Value) => value_kind(random, &mut out, depth),
        _ => fields(random, known::fields(message), &mut out, depth),
    }
    out
}

fn pair(out: &mut Vec<u8>, seconds: i64, nanos: i64) {
    if seconds != 0 {
        write::varint(out, 1, seconds as u64);
    }
    if nanos != 0 {
        write::varint(out, 2, nanos as u64);
    }
}

fn timestamp(random: &mut Random) -> i64 {
    match random.below(4) {
        0 => random.pick(&[-62_135_596_800, 253_402_300_799, 0, -1, 951_782_400]),
        _ => (random.number() % 315_537_897_600) as i64 - 62_135_596_800,
    }
}

fn value_kind(random: &mut Random, out: &mut Vec<u8>, depth: u32) {
    let index = random.below(if depth == 0 { 4 } else { 6 });
    let field = &known::VALUE.fields[index];
    match field.kind {
        Kind::Enum(_) => write::varint(out, 1, 0),
        kind => value(random, field.number, kind, out, depth, true),
    }
}

fn fields(random: &mut Random, fields: &'static [Field], out: &mut Vec<u8>, depth: u32) {
    let mut chosen: Vec<(&str, u32)> = Vec::new();
    for field in fields {
        if let Some(oneof) = field.oneof
            && !chosen.iter().any(|(known, _)| *known == oneof)
        {
            let members: Vec<u32> =
                fields.iter().filter(|other| other.oneof == Some(oneof)).map(|other| other.number).collect();
            chosen.push((oneof, if random.once_in(4) { 0 } else { random.pick(&members) }));
        }
    }
    for field in fields {
        if let Some(oneof) = field.oneof
            && !chosen.contains(&(oneof, field.number))
        {
            continue;
        }
        if field.oneof.is_none() && random.once_in(3) {
            continue;
        }
        if depth == 0 && matches!(field.kind, Kind::Message(_)) {
            continue;
        }
        one(random, field, out, depth);
    }
}

fn one(random: &mut Random, field: &'static Field, out: &mut Vec<u8>, depth: u32) {
    match field.cardinality {
        Cardinality::Implicit => value(random, field.number, field.kind, out, depth, false),
        Cardinality::Optional => value(random, field.number, field.kind, out, depth, true),
        Cardinality::Repeated => {
            for _ in 0..random.below(4) {
                value(random, field.number, field.kind, out, depth, true);
            }
        }
        Cardinality::Map => {
            for index in 0..random.below(4) {
                let mark = write::open(out, field.number);
                write::bytes(out, 1, format!("{}{index}", text(random)).as_bytes());
                value(random, 2, field.kind, out, depth, true);
                write::close(out, mark);
            }
        }
    }
}

/// A string with characters that JSON escapes, and of several lengths in UTF-8.
pub fn text(random: &mut Random) -> String {
    let letters =
        ['a', 'Z', '0', '_', '"', '\\', '/', '\n', '\u{1}', '\u{7f}', 'é', '語', '🦀', '\u{2028}', '<'];
    (0..random.below(9)).map(|_| random.pick(&letters)).collect()
}

fn value(random: &mut Random, number: u32, kind: Kind, out: &mut Vec<u8>, depth: u32, explicit: bool) {
    let edge = random.pick(&[0, 0, 1, 2, u64::from(u32::MAX), i32::MAX as u64, u64::MAX, i64::MAX as u64]);
    let bits = match kind {
        Kind::Bool => edge & 1,
        Kind::Int32 => i64::from(edge as i32) as u64,
        Kind::Uint32 => u64::from(edge as u32),
        Kind::Int64 | Kind::Uint64 => edge,
        Kind::Enum(names) if random.once_in(8) => 1_000_000 + names.values.len() as u64,
        Kind::Enum(names) => i64::from(random.pick(names.values).1) as u64,
        Kind::Float => return write::float(out, number, random.pick(&[0.5, 0.1, -3.25, 1e30])),
        Kind::Double => {
            return write::double(out, number, random.pick(&[0.0, 0.5, 0.1, -3.0, 1e300, 42.0, 1e-7, 9e15]));
        }
        Kind::String => {
            let text = text(random);
            if explicit || !text.is_empty() {
                write::bytes(out, number, text.as_bytes());
            }
            return;
        }
        Kind::Bytes => {
            let bytes: Vec<u8> = (0..random.below(6)).map(|_| random.number() as u8).collect();
            if explicit || !bytes.is_empty() {
                write::bytes(out, number, &bytes);
            }
            return;
        }
        Kind::Message(inner) => {
            let bytes = message(random, inner, depth.saturating_sub(1));
            return write::bytes(out, number, &bytes);
        }
    };
    if explicit || bits != 0 {
        write::varint(out, number, bits);
    }
}
