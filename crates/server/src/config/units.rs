//! Durations and sizes with their units, and the other small types of values.
use super::{
    section::{Setting, text},
    sources::Raw,
};
use std::{fmt, net::IpAddr, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

/// A length of time, written `"250ms"`, `"15m"`, `"1h"`; at most a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl Setting for Span {
    const EXPECTED: &'static str = "a duration with its unit (ms, s, m, h, d), such as \"30s\" or \"15m\"";
    fn parse(raw: &Raw) -> Result<Self, String> {
        const YEAR_MS: u64 = 366 * 86_400_000;
        let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
        match with_unit(text(raw)?, &units)? {
            0 => Err("must be longer than zero".to_owned()),
            ms if ms > YEAR_MS => Err("must be at most one year".to_owned()),
            ms => Ok(Self(Duration::from_millis(ms))),
        }
    }
}

/// A number of bytes, written `"64KiB"`, `"4MiB"`; at most 1 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub usize);

impl Setting for Size {
    const EXPECTED: &'static str = "a size with its unit (B, KiB, MiB, GiB), such as \"64KiB\" or \"4MiB\"";
    fn parse(raw: &Raw) -> Result<Self, String> {
        let units = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
        match with_unit(text(raw)?, &units)? {
            0 => Err("must be more than zero".to_owned()),
            bytes if bytes > 1 << 30 => Err("must be at most 1GiB".to_owned()),
            bytes => usize::try_from(bytes).map(Self).map_err(|e| e.to_string()),
        }
    }
}

impl fmt::Display for Size {
    /// In the largest unit that needs no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes.is_multiple_of(1 << 20) => write!(f, "{} MiB", bytes >> 20),
            bytes if bytes.is_multiple_of(1 << 10) => write!(f, "{} KiB", bytes >> 10),
            bytes => write!(f, "{bytes} bytes"),
        }
    }
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).unwrap_or_default();
    let number: u64 = number.parse().map_err(|_| "does not start with a whole number".to_owned())?;
    let unit = unit.trim();
    if unit.is_empty() {
        return Err("the unit is missing".to_owned());
    }
    let known = units.iter().find(|(name, _)| *name == unit);
    let (_, factor) = known.ok_or_else(|| format!("unknown unit \"{unit}\""))?;
    number.checked_mul(*factor).ok_or_else(|| "too large".to_owned())
}

impl Setting for String {
    const EXPECTED: &'static str = "a text";
    fn parse(raw: &Raw) -> Result<Self, String> {
        text(raw).map(str::to_owned)
    }
}

impl Setting for bool {
    const EXPECTED: &'static str = "true or false";
    fn parse(raw: &Raw) -> Result<Self, String> {
        text(raw)?.parse().map_err(|_| String::new())
    }
}

impl Setting for PathBuf {
    const EXPECTED: &'static str = "a path";
    fn parse(raw: &Raw) -> Result<Self, String> {
        match text(raw)? {
            "" => Err("must not be empty".to_owned()),
            path => Ok(path.into()),
        }
    }
}

impl Setting for u32 {
    const EXPECTED: &'static str = "a whole number, 0 or more";
    fn parse(raw: &Raw) -> Result<Self, String> {
        text(raw)?.parse().map_err(|_| String::new())
    }
}

/// A whole number from 1 to one million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(pub u32);

impl Setting for Count {
    const EXPECTED: &'static str = "a whole number from 1 to 1000000";
    fn parse(raw: &Raw) -> Result<Self, String> {
        match text(raw)?.parse() {
            Ok(number @ 1..=1_000_000) => Ok(Self(number)),
            _ => Err(String::new()),
        }
    }
}

impl Setting for SocketAddr {
    const EXPECTED: &'static str = "an address and port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080";
    fn parse(raw: &Raw) -> Result<Self, String> {
        let text = text(raw)?;
        text.parse().map_err(|_| listen_problem(text))
    }
}

fn listen_problem(text: &str) -> String {
    let Some((host, port)) = text.rsplit_once(':') else {
        return match text.parse::<u16>() {
            Ok(port) => format!("the address is missing, write 127.0.0.1:{port}"),
            Err(_) => "the port is missing".to_owned(),
        };
    };
    match (host, port.parse::<u16>()) {
        (_, Err(_)) => format!("\"{port}\" is no port (0 to 65535)"),
        ("", Ok(port)) => format!("the address is missing, write 0.0.0.0:{port} for every interface"),
        ("localhost", Ok(port)) => format!("must be an address, not a name: write 127.0.0.1:{port}"),
        _ => format!("\"{host}\" is no IP address (IPv6 needs brackets, names are not possible)"),
    }
}

/// Where to listen, or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Do not listen.
    Off,
    /// Listen here.
    At(SocketAddr),
}

impl Setting for Listen {
    const EXPECTED: &'static str = "an address and port, such as 127.0.0.1:9464, or \"off\"";
    fn parse(raw: &Raw) -> Result<Self, String> {
        match text(raw)? {
            "off" => Ok(Self::Off),
            _ => SocketAddr::parse(raw).map(Self::At),
        }
    }
}

/// A network: an address and how many of its leading bits count. A plain address is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether the address is in this network. An IPv4 address mapped into IPv6 counts as the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(it)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                net.to_bits() & mask == it.to_bits() & mask
            }
            (IpAddr::V6(net), IpAddr::V6(it)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                net.to_bits() & mask == it.to_bits() & mask
            }
            _ => false,
        }
    }

    /// Whether it is a network of IPv4 addresses.
    pub fn is_ipv4(&self) -> bool {
        self.address.is_ipv4()
    }

    /// Whether every address of its family is in it.
    pub fn is_everything(&self) -> bool {
        self.bits == 0
    }
}

impl FromStr for Network {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| format!("\"{address}\" is no IP address"))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits =
            bits.map_or(Ok(most), str::parse).map_err(|_| format!("\"{text}\" has a bad prefix length"))?;
        if bits > most {
            return Err(format!("\"{text}\" has a prefix longer than {most} bits"));
        }
        Ok(Self { address, bits })
    }
}

impl Setting for Network {
    const EXPECTED: &'static str = "addresses or networks, such as 10.0.0.0/8 or 192.0.2.1";
    fn parse(raw: &Raw) -> Result<Self, String> {
        text(raw)?.parse()
    }
}

/// Implements [`Setting`] for an enum of fixed words.
macro_rules! words {
    ($kind:ident, $expected:literal, $($word:literal => $value:ident),+) => {
        impl $crate::config::section::Setting for $kind {
            const EXPECTED: &'static str = $expected;
            fn parse(raw: &$crate::config::sources::Raw) -> Result<Self, String> {
                match $crate::config::section::text(raw)? {
                    $( $word => Ok(Self::$value), )+
                    _ => Err(String::new()),
                }
            }
        }
        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $( Self::$value => $word ),+ })
            }
        }
    };
}
pub(super) use words;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<T: Setting>(text: &str) -> Result<T, String> {
        T::parse(&Raw::Text(text.to_owned()))
    }

    #[test]
    fn a_duration_has_a_unit() {
        assert_eq!(parse::<Span>("250ms").unwrap().0, Duration::from_millis(250));
        assert_eq!(parse::<Span>("15m").unwrap().0, Duration::from_secs(900));
        assert_eq!(parse::<Span>("2 h").unwrap().0, Duration::from_secs(7200));
        for bad in ["", "15", "m", "-1s", "1.5h", "0s", "9999999d", "99999999999999999999s", "3 weeks", "1sé"]
        {
            assert!(parse::<Span>(bad).is_err(), "{bad}");
        }
        assert_eq!(parse::<Span>("15").unwrap_err(), "the unit is missing");
    }

    #[test]
    fn a_size_has_a_unit() {
        assert_eq!(parse::<Size>("64KiB").unwrap().0, 65_536);
        assert_eq!(parse::<Size>("2MiB").unwrap().to_string(), "2 MiB");
        for bad in ["64", "64KB", "0B", "2GiB", "1TiB"] {
            assert!(parse::<Size>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_network_contains_its_addresses() {
        let private: Network = parse("10.0.0.0/8").unwrap();
        assert!(private.contains("10.255.0.1".parse().unwrap()));
        assert!(private.contains("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!private.contains("11.0.0.1".parse().unwrap()));
        assert!(parse::<Network>("0.0.0.0/0").unwrap().contains("1.2.3.4".parse().unwrap()));
        assert!(parse::<Network>("fd00::/8").unwrap().contains("fd12::1".parse().unwrap()));
        assert!(parse::<Network>("::1").unwrap().contains("::1".parse().unwrap()));
        assert!(!parse::<Network>("::1").unwrap().contains("::2".parse().unwrap()));
        for bad in ["10.0.0.0/33", "10.0.0/8", "::/129", "host", "10.0.0.0/-1"] {
            assert!(parse::<Network>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bad_listen_address_is_explained() {
        let problem = |text| parse::<SocketAddr>(text).unwrap_err();
        assert_eq!(problem("8080"), "the address is missing, write 127.0.0.1:8080");
        assert_eq!(problem(":8080"), "the address is missing, write 0.0.0.0:8080 for every interface");
        assert_eq!(problem("localhost:80"), "must be an address, not a name: write 127.0.0.1:80");
        assert_eq!(problem("127.0.0.1:99999"), "\"99999\" is no port (0 to 65535)");
        assert!(parse::<Listen>("off").is_ok());
    }
}
