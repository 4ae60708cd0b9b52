//! From where a client may get and use tokens of its own (`management.md` 1.3).
use crate::{config::Network, error::Error};
use std::net::IpAddr;

const MAX_NETWORKS: usize = 100;

/// Networks, and whether they count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IpAllowlist {
    /// Whether the list counts. It then has at least one network.
    pub opted_in: bool,
    networks: Vec<(String, Network)>,
}

impl IpAllowlist {
    /// Reads networks in CIDR notation (RFC 4632 §3.1); a plain address is a network of one.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a text that is none, a network of all addresses, one that is there twice, too many, or
    /// none although the list shall count.
    pub fn parse(opted_in: bool, texts: &[String]) -> Result<Self, Error> {
        let mut networks: Vec<(String, Network)> = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            let invalid = |description: String| {
                Error::invalid(format!("client.ip_allowlist.cidrs[{index}].value"), "cidr", description)
            };
            if text.contains('+') {
                return Err(invalid("must be a network, such as 192.0.2.0/24".to_owned()));
            }
            let network: Network =
                text.parse().map_err(|_| invalid("must be a network, such as 192.0.2.0/24".to_owned()))?;
            if network.is_everything() {
                return Err(invalid("must not be a network of all addresses".to_owned()));
            }
            if networks.iter().any(|(_, other)| *other == network) {
                return Err(invalid("is there twice".to_owned()));
            }
            networks.push((text.clone(), network));
        }
        if opted_in && networks.is_empty() {
            let description = "must have at least one network when opted_in is true";
            return Err(Error::invalid("client.ip_allowlist.cidrs", "ip_allowlist.empty", description));
        }
        if networks.len() > MAX_NETWORKS {
            let description = format!("must have at most {MAX_NETWORKS} networks");
            return Err(Error::invalid("client.ip_allowlist.cidrs", "repeated.max_items", description));
        }
        Ok(Self { opted_in, networks })
    }

    /// Whether a request from `ip` is allowed. An unknown address is not, where the list counts.
    pub fn allows(&self, ip: Option<IpAddr>) -> bool {
        let is_listed = |ip: IpAddr| self.networks.iter().any(|(_, network)| network.contains(ip));
        !self.opted_in || ip.is_some_and(is_listed)
    }

    /// The networks as they were given, and whether each is of IPv4 addresses.
    pub fn networks(&self) -> impl Iterator<Item = (&str, bool)> {
        self.networks.iter().map(|(text, network)| (text.as_str(), network.is_ipv4()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(opted_in: bool, texts: &[&str]) -> Result<IpAllowlist, Error> {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        IpAllowlist::parse(opted_in, &texts)
    }

    #[test]
    fn only_a_list_that_counts_keeps_anybody_out() {
        let inside = Some("192.0.2.77".parse().unwrap());
        let outside = Some("198.51.100.1".parse().unwrap());
        let counts = list(true, &["192.0.2.0/24", "2001:db8::/32"]).unwrap();
        assert!(counts.allows(inside) && counts.allows(Some("2001:db8::1".parse().unwrap())));
        assert!(!counts.allows(outside) && !counts.allows(None));
        assert!(counts.allows(Some("::ffff:192.0.2.1".parse().unwrap())));
        let rests = list(false, &["192.0.2.0/24"]).unwrap();
        assert!(rests.allows(outside) && rests.allows(None));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        assert!(list(true, &[]).is_err());
        for text in
            ["0.0.0.0/0", "::/0", "10.1.2.3/0", "", "host", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0.0/8 "]
        {
            assert!(list(true, &[text]).is_err() && list(false, &[text]).is_err(), "{text}");
        }
        assert!(list(true, &["10.0.0.0/8", "10.0.0.0/8"]).is_err());
    }
}
