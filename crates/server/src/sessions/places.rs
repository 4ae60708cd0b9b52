//! Where addresses seem to be, by a file of the operator's in MaxMind's format. Without one, nobody knows.
use super::model::{Device, Location};
use crate::ctx::Ctx;
use maxminddb::{Reader, geoip2::City};
use std::{net::IpAddr, path::Path};

/// The file, in memory as a whole: it may be replaced on the disk meanwhile, and a look-up waits for nothing.
#[derive(Debug, Default)]
pub struct Places(Option<Reader<Vec<u8>>>);

impl Places {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or is none of addresses and places.
    pub fn read(path: &Path) -> Result<Self, String> {
        let content = std::fs::read(path).map_err(|error| error.to_string())?;
        let reader = Reader::from_source(content).map_err(|error| error.to_string())?;
        let kind = &reader.metadata().database_type;
        if kind.contains("City") || kind.contains("Country") {
            return Ok(Self(Some(reader)));
        }
        Err(format!("it is a file of type {kind:?}, not of cities or countries"))
    }

    /// Where an address seems to be. What is not known is empty.
    pub fn find(&self, ip: IpAddr) -> Location {
        let found = self.0.as_ref().and_then(|reader| reader.lookup(ip).ok()?.decode::<City<'_>>().ok()?);
        found.map(|city| location(&city)).unwrap_or_default()
    }
}

/// Names in English, as the vendor's sessions have them.
fn location(found: &City<'_>) -> Location {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let degrees = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
    let region = text(found.country.iso_code);
    let subdivision = found.subdivisions.first().and_then(|subdivision| subdivision.iso_code);
    Location {
        region_subdivision: subdivision.map(|code| format!("{region}{code}")).unwrap_or_default(),
        region,
        city: text(found.city.names.english),
        latitude: degrees(found.location.latitude),
        longitude: degrees(found.location.longitude),
    }
}

impl Device {
    /// What the sender of a request has before him, and where.
    pub fn of(ctx: &Ctx, user_agent: &str) -> Self {
        let location = ctx.ip().map(|ip| ctx.app().places.find(ip)).unwrap_or_default();
        Self::new(user_agent, ctx.ip(), location)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of MaxMind's format (https://maxmind.github.io/MaxMind-DB/), as far as this test needs them.
    enum Value {
        Text(&'static str),
        Double(f64),
        Short(u16),
        Number(u32),
        Long(u64),
        Map(Vec<(&'static str, Value)>),
        List(Vec<Value>),
    }

    fn write(value: &Value) -> Vec<u8> {
        let short = |kind: u8, size: usize| kind << 5 | u8::try_from(size).unwrap();
        match value {
            Value::Text(text) => [&[short(2, text.len())], text.as_bytes()].concat(),
            Value::Double(number) => [&[short(3, 8)][..], &number.to_be_bytes()].concat(),
            Value::Short(number) => [&[short(5, 2)][..], &number.to_be_bytes()].concat(),
            Value::Number(number) => [&[short(6, 4)][..], &number.to_be_bytes()].concat(),
            Value::Map(pairs) => {
                let written = pairs.iter().flat_map(|(key, value)| [write(&Value::Text(key)), write(value)]);
                [vec![short(7, pairs.len())]].into_iter().chain(written).flatten().collect()
            }
            // Extended types: the number less seven comes second.
            Value::Long(number) => [&[short(0, 8), 9 - 7][..], &number.to_be_bytes()].concat(),
            Value::List(items) => {
                [short(0, items.len()), 11 - 7].into_iter().chain(items.iter().flat_map(write)).collect()
            }
        }
    }

    /// A file that knows the addresses that begin with a zero bit, and nothing of the others.
    fn file(kind: &'static str) -> Vec<u8> {
        use Value::{Double, List, Long, Map, Number, Short, Text};
        let place = Map(vec![
            ("city", Map(vec![("names", Map(vec![("de", Text("Wien")), ("en", Text("Vienna"))]))])),
            ("country", Map(vec![("iso_code", Text("AT"))])),
            ("location", Map(vec![("latitude", Double(48.2)), ("longitude", Double(16.37))])),
            ("subdivisions", List(vec![Map(vec![("iso_code", Text("9"))])])),
        ]);
        let metadata = Map(vec![
            ("binary_format_major_version", Short(2)),
            ("binary_format_minor_version", Short(0)),
            ("build_epoch", Long(1)),
            ("database_type", Text(kind)),
            ("description", Map(vec![])),
            ("ip_version", Short(4)),
            ("languages", List(vec![])),
            ("node_count", Number(1)),
            ("record_size", Short(32)),
        ]);
        // One node: left to the first value of the data, right to nothing.
        let tree = [17_u32.to_be_bytes(), 1_u32.to_be_bytes()].concat();
        [tree, vec![0; 16], write(&place), b"\xab\xcd\xefMaxMind.com".to_vec(), write(&metadata)].concat()
    }

    #[test]
    fn an_address_is_where_the_file_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("city.mmdb");
        std::fs::write(&path, file("GeoLite2-City")).unwrap();
        let places = Places::read(&path).unwrap();
        let vienna = Location {
            region: "AT".into(),
            region_subdivision: "AT9".into(),
            city: "Vienna".into(),
            latitude: "48.2".into(),
            longitude: "16.37".into(),
        };
        assert_eq!(places.find("1.2.3.4".parse().unwrap()), vienna);
        for unknown in ["200.1.2.3", "2001:db8::1"] {
            assert_eq!(places.find(unknown.parse().unwrap()), Location::default());
        }
        assert_eq!(Places::default().find("1.2.3.4".parse().unwrap()), Location::default());
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.mmdb");
        assert!(Places::read(&path).is_err());
        for (content, part) in [(b"nothing".to_vec(), ""), (file("GeoLite2-ASN"), "GeoLite2-ASN")] {
            std::fs::write(&path, content).unwrap();
            assert!(Places::read(&path).unwrap_err().contains(part));
        }
    }
}
