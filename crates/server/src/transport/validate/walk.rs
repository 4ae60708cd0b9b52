//! The way through a message: which values there are, and which rules apply to each.
use super::{Violations, cel, rules};
use crate::{
    error::Error,
    transport::{
        json::time::{is_duration, is_timestamp},
        wire::{MAX_DEPTH, Path, Raw, Slot, Slots, known, read},
    },
};
use gatewright_api::plan::{Cardinality, Field, Kind, Message, Rule, WellKnown};
use std::collections::HashSet;

/// One message on the way, and those above it.
pub(super) struct Walk<'v> {
    pub(super) found: &'v mut Violations,
    pub(super) depth: u32,
}

impl Walk<'_> {
    pub(super) fn message(
        &mut self,
        message: &'static Message,
        bytes: &[u8],
        path: &Path<'_>,
    ) -> Result<(), Error> {
        if self.depth > MAX_DEPTH {
            return Err(Error::invalid(path.to_string(), "type", "must not be nested so deeply"));
        }
        let fields = known::fields(message);
        let slots = Slots::read(fields, bytes).map_err(|error| error.at(path))?;
        let mut inner = Walk { found: self.found, depth: self.depth + 1 };
        for (index, field) in fields.iter().enumerate() {
            let slot = slots.get(index);
            match message.well_known {
                // Their fields are not what the caller wrote.
                Some(_) => inner.field(field, slot, path)?,
                None => inner.field(field, slot, &Path::Field(path, field.name))?,
            }
            if inner.found.is_full() {
                return Ok(());
            }
        }
        if let Some(known) = message.well_known {
            check_range(known, &slots, path, self.found);
        }
        cel::check_message(message, &slots, path, self.found);
        Ok(())
    }

    fn field(&mut self, field: &'static Field, slot: Slot<'_>, path: &Path<'_>) -> Result<(), Error> {
        match field.cardinality {
            Cardinality::Repeated => self.list(field, slot, path),
            Cardinality::Map => self.map(field, slot, path),
            Cardinality::Optional if !slot.is_set() => {
                if field.rules.iter().any(|rule| matches!(rule, Rule::Required)) {
                    self.found.add(path, "required", "is required");
                }
                Ok(())
            }
            _ => {
                if let Kind::Message(message) = field.kind {
                    let bytes = slot.message(field);
                    return self.single_message(message, field.rules, &bytes, path);
                }
                let is_zero = rules::is_zero(field.kind, slot.last());
                if is_zero
                    && field.cardinality == Cardinality::Implicit
                    && skips_zero(field.rules, path, self.found)
                {
                    return Ok(());
                }
                self.scalar(field.kind, field.rules, slot.last(), path)
            }
        }
    }

    fn single_message(
        &mut self,
        message: &'static Message,
        rules: &'static [Rule],
        bytes: &[u8],
        path: &Path<'_>,
    ) -> Result<(), Error> {
        match (message.well_known, message.fields.first()) {
            (Some(WellKnown::Wrapper), Some(value)) => {
                let slots = Slots::read(message.fields, bytes).map_err(|error| error.at(path))?;
                self.scalar(value.kind, rules, slots.get(0).last(), path)
            }
            _ => {
                rules::check_message(message, rules, bytes, path, self.found);
                self.message(message, bytes, path)
            }
        }
    }

    /// One scalar, absent if it is the zero of its type.
    fn scalar(
        &mut self,
        kind: Kind,
        rules: &'static [Rule],
        raw: Option<Raw<'_>>,
        path: &Path<'_>,
    ) -> Result<(), Error> {
        if matches!(kind, Kind::String) {
            let bytes = raw.and_then(Raw::bytes).unwrap_or_default();
            let Some(text) = rules::plain_text(bytes, path, self.found) else { return Ok(()) };
            rules::check_text(text, rules, path, "", self.found);
        } else if !rules.is_empty() {
            rules::check_number(kind, rules, raw, path, self.found);
        }
        Ok(())
    }

    /// An item of a list or a value of a map.
    fn element(
        &mut self,
        kind: Kind,
        rules: &'static [Rule],
        raw: Option<Raw<'_>>,
        path: &Path<'_>,
    ) -> Result<(), Error> {
        match kind {
            Kind::Message(message) => {
                self.single_message(message, rules, raw.and_then(Raw::bytes).unwrap_or_default(), path)
            }
            _ if rules::is_zero(kind, raw) && skips_zero(rules, path, self.found) => Ok(()),
            _ => self.scalar(kind, rules, raw, path),
        }
    }

    fn list(&mut self, field: &'static Field, slot: Slot<'_>, path: &Path<'_>) -> Result<(), Error> {
        let item_rules = field
            .rules
            .iter()
            .find_map(|rule| if let Rule::Items(rules) = rule { Some(*rules) } else { None });
        let unique = field.rules.iter().any(|rule| matches!(rule, Rule::Unique));
        let mut count = 0;
        let mut seen = HashSet::new();
        let mut is_unique = true;
        for item in slot.items(field) {
            let item = item.map_err(|error| error.at(path))?;
            self.element(field.kind, item_rules.unwrap_or_default(), Some(item), &Path::Index(path, count))?;
            is_unique &= !unique || seen.insert(item);
            count += 1;
            if self.found.is_full() {
                return Ok(());
            }
        }
        rules::check_size(field.rules, count, is_unique, path, self.found);
        Ok(())
    }

    fn map(&mut self, field: &'static Field, slot: Slot<'_>, path: &Path<'_>) -> Result<(), Error> {
        let (mut key_rules, mut value_rules): (&[Rule], &'static [Rule]) = (&[], &[]);
        for rule in field.rules {
            match rule {
                Rule::Keys(rules) => key_rules = rules,
                Rule::Values(rules) => value_rules = rules,
                _ => {}
            }
        }
        let mut keys = HashSet::new();
        for entry in slot.items(field) {
            let bytes = entry.map_err(|error| error.at(path))?.bytes().unwrap_or_default();
            let (key, value) = read::entry(field.kind, bytes).map_err(|error| error.at(path))?;
            keys.insert(key);
            let lossy = String::from_utf8_lossy(key);
            let path = Path::Key(path, &lossy);
            if let Some(key) = rules::plain_text(key, &path, self.found) {
                rules::check_text(key, key_rules, &path, "key ", self.found);
            }
            self.element(field.kind, value_rules, value, &path)?;
            if self.found.is_full() {
                return Ok(());
            }
        }
        rules::check_size(field.rules, keys.len(), true, path, self.found);
        Ok(())
    }
}

/// Whether nothing more is to be said about a zero value: because it is missing, or because that is fine.
fn skips_zero(rules: &[Rule], path: &Path<'_>, found: &mut Violations) -> bool {
    if rules.iter().any(|rule| matches!(rule, Rule::Required)) {
        found.add(path, "required", "is required");
        return true;
    }
    rules.iter().any(|rule| matches!(rule, Rule::IgnoreIfZero))
}

/// Times and durations that have no RFC 3339 form are refused at the door.
fn check_range(known: WellKnown, slots: &Slots<'_>, path: &Path<'_>, found: &mut Violations) {
    let number = |index| match slots.get(index).last() {
        Some(Raw::Varint(bits)) => bits as i64,
        _ => 0,
    };
    let (seconds, nanos) = (number(0), number(1) as i32);
    match known {
        WellKnown::Timestamp if !is_timestamp(seconds, nanos) => {
            found.add(path, "timestamp.range", "must be a time in the years 1 to 9999");
        }
        WellKnown::Duration if !is_duration(seconds, nanos) => {
            found.add(path, "duration.range", "must be a duration of at most 10,000 years");
        }
        _ => {}
    }
}
