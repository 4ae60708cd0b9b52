//! `[dns]`: where customers' DNS records are looked up.
use super::{
    section::{Setting, section, text},
    sources::Raw,
};
use std::net::{IpAddr, SocketAddr};

section! {
    /// Where customers' DNS records are looked up.
    Dns = "dns" {
        /// Servers to ask for the TXT records that prove a domain, such as `192.0.2.53` or `[2001:db8::1]:5353`; they must
        /// be recursive. Unset: those of the system (`/etc/resolv.conf`).
        resolver: Vec<NameServer> = "";
    }
}

/// A DNS server: an address, and a port if it is not 53.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameServer(pub SocketAddr);

impl Setting for NameServer {
    const EXPECTED: &'static str = "addresses of DNS servers, such as 192.0.2.53 or [2001:db8::1]:5353";
    fn parse(raw: &Raw) -> Result<Self, String> {
        let text = text(raw)?;
        let address = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)).or_else(|_| text.parse());
        address.map(Self).map_err(|_| format!("\"{text}\" is no IP address"))
    }
}
