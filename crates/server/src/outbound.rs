//! The one way out to URLs that a customer names: metadata, discovery documents, the endpoints of their identity providers. Whoever names a URL must not reach what
//! only this server can reach (server-side request forgery, `security.md` 1.10): the name is resolved here, every address
//! is checked, and the connection goes to a checked address, so that a second answer of the DNS changes nothing.
use crate::{config::Network, secret::Secret};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use url::{Host, Url};

/// Ports of public hosts. A host in an allowed network may use any.
const PORTS: [u16; 2] = [443, 8443];
/// For everything: resolving, connecting, the answer to its last byte.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a document cannot be had. The texts go to whoever named the URL: they tell nothing of the network behind us.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No URL for us.
    #[error("is not a URL that this server fetches: {0}")]
    Url(&'static str),
    /// It leads to where customers have nothing to say.
    #[error(
        "leads to an address that is not public; the operator can allow it with outbound.allowed_networks"
    )]
    NotPublic,
    /// There is no such host.
    #[error("names a host that cannot be resolved")]
    Unresolved,
    /// No answer, or none in time.
    #[error("did not give an answer: {0}")]
    NoAnswer(&'static str),
    /// Another status than 200.
    #[error("answered with status {0}{hint}", hint = redirect_hint(*.0))]
    Status(u16),
    /// More than the limit.
    #[error("answered with more than {0} KiB")]
    TooLarge(usize),
}

fn redirect_hint(status: u16) -> &'static str {
    if (300..400).contains(&status) { "; redirects are not followed, give the final URL" } else { "" }
}

/// What is asked at a URL.
#[derive(Clone, Copy, Debug)]
pub enum Question<'a> {
    /// A document.
    Get,
    /// JSON that the bearer of this token may read (RFC 6750 §2.1).
    GetAs(&'a Secret<String>),
    /// To take a form, from whom HTTP Basic says, if anybody (RFC 6749 §2.3.1).
    Post(&'a [(&'a str, &'a str)], Option<(&'a str, &'a Secret<String>)>),
}

impl Question<'_> {
    fn request(self, client: &reqwest::Client, url: Url) -> reqwest::RequestBuilder {
        match self {
            Self::Get => client.get(url),
            Self::GetAs(token) => {
                client.get(url).bearer_auth(token.expose()).header("accept", "application/json")
            }
            Self::Post(form, basic) => {
                // GitHub answers with a form unless it is asked for JSON.
                let request = client.post(url).form(form).header("accept", "application/json");
                match basic {
                    Some((user, password)) => request.basic_auth(user, Some(password.expose())),
                    None => request,
                }
            }
        }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Of at most the limit.
    pub body: Vec<u8>,
}

/// Fetches what customers name.
#[derive(Clone, Debug, Default)]
pub struct Outbound {
    allowed: Vec<Network>,
}

impl Outbound {
    /// Goes to public addresses, and to these.
    pub fn new(allowed: Vec<Network>) -> Self {
        Self { allowed }
    }

    /// The body of a `200 OK`, of at most `limit` bytes. `plain_http` lets `http` URLs pass, to allowed networks only.
    ///
    /// # Errors
    /// [`FetchError`], after ten seconds at the latest.
    pub async fn get(&self, url: &Url, plain_http: bool, limit: usize) -> Result<Vec<u8>, FetchError> {
        let answer = self.ask(url, plain_http, limit, Question::Get).await?;
        if answer.status == 200 { Ok(answer.body) } else { Err(FetchError::Status(answer.status)) }
    }

    /// The answer to a question, whatever its status; a redirect is an answer like others, and is not followed.
    ///
    /// # Errors
    /// [`FetchError`] other than `Status`, after ten seconds at the latest.
    pub async fn ask(
        &self,
        url: &Url,
        plain_http: bool,
        limit: usize,
        question: Question<'_>,
    ) -> Result<Answer, FetchError> {
        tokio::time::timeout(TIMEOUT, self.try_ask(url, plain_http, limit, question))
            .await
            .unwrap_or(Err(FetchError::NoAnswer("it took too long")))
    }

    async fn try_ask(
        &self,
        url: &Url,
        plain_http: bool,
        limit: usize,
        question: Question<'_>,
    ) -> Result<Answer, FetchError> {
        let addresses = self.resolve(url, plain_http).await?;
        let mut client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("gatewright/", env!("CARGO_PKG_VERSION")));
        if let Some(Host::Domain(name)) = url.host() {
            client = client.resolve_to_addrs(name, &addresses);
        }
        let client = client.build().map_err(|error| no_answer(&error))?;
        let request = question.request(&client, url.clone());
        let mut answer = request.send().await.map_err(|error| no_answer(&error))?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| no_answer(&error))? {
            if body.len() + chunk.len() > limit {
                return Err(FetchError::TooLarge(limit / 1024));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body })
    }

    /// Every address of the URL's host, each of them checked.
    async fn resolve(&self, url: &Url, plain_http: bool) -> Result<Vec<SocketAddr>, FetchError> {
        match url.scheme() {
            "https" => {}
            "http" if plain_http => {}
            _ => return Err(FetchError::Url("it must be https")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Url("it must not have a user name"));
        }
        let port = url.port_or_known_default().ok_or(FetchError::Url("it has no port"))?;
        let addresses = match url.host() {
            Some(Host::Ipv4(ip)) => self.checked(vec![SocketAddr::new(ip.into(), port)])?,
            Some(Host::Ipv6(ip)) => self.checked(vec![SocketAddr::new(ip.into(), port)])?,
            Some(Host::Domain(name)) => self.addresses(name, port).await?,
            None => return Err(FetchError::Url("it has no host")),
        };
        if addresses.iter().all(|address| self.is_allowed(address.ip())) {
            return Ok(addresses);
        }
        match url.scheme() {
            "https" if PORTS.contains(&port) => Ok(addresses),
            "https" => Err(FetchError::Url("its port must be 443 or 8443")),
            _ => Err(FetchError::Url("it must be https")),
        }
    }

    /// Every address of a host that a customer names, each of them public or in an allowed network. Connect to one of these,
    /// not to the name.
    ///
    /// # Errors
    /// [`FetchError::Unresolved`], [`FetchError::NotPublic`]
    pub async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, FetchError> {
        let found = tokio::net::lookup_host((host, port)).await;
        self.checked(found.map_err(|_| FetchError::Unresolved)?.collect())
    }

    fn checked(&self, addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, FetchError> {
        let may_reach = |address: &SocketAddr| is_public(address.ip()) || self.is_allowed(address.ip());
        match addresses.is_empty() {
            true => Err(FetchError::Unresolved),
            false if addresses.iter().all(may_reach) => Ok(addresses),
            false => Err(FetchError::NotPublic),
        }
    }

    fn is_allowed(&self, ip: IpAddr) -> bool {
        self.allowed.iter().any(|network| network.contains(ip))
    }
}

/// What went wrong, without what the library says of addresses.
fn no_answer(error: &reqwest::Error) -> FetchError {
    tracing::debug!("a document could not be fetched: {error:?}");
    FetchError::NoAnswer(if error.is_timeout() {
        "it took too long"
    } else if error.is_connect() {
        "no connection, or a certificate that is not trusted"
    } else {
        "the connection broke off"
    })
}

/// Whether anybody on the internet can reach the address: neither private nor for a special purpose (the registries of
/// RFC 6890).
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let special = match ip.octets() {
        [0 | 10 | 127 | 224..=255, ..] => true,
        [100, second, ..] => (64..128).contains(&second),
        [169, 254, ..] | [192, 168, ..] | [198, 18 | 19, ..] => true,
        [172, second, ..] => (16..32).contains(&second),
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        _ => false,
    };
    !special
}

/// Only 2000::/3 is given out to hosts. In it, 2001::/23 is for protocols (Teredo among them), 2002::/16 wraps IPv4
/// addresses, and 2001:db8::/32 and 3fff::/20 are for documents.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    let special = match first {
        0x2001 => second < 0x200 || second == 0xdb8,
        0x2002 => true,
        0x3fff => second < 0x1000,
        _ => false,
    };
    first & 0xe000 == 0x2000 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_is_not_public() {
        for ip in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "fec0::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "100::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "2606:4700::1",
            "2a00::1",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    async fn refusal(outbound: &Outbound, url: &str, plain_http: bool) -> String {
        outbound.resolve(&url.parse().unwrap(), plain_http).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn every_spelling_of_a_private_address_is_refused() {
        let outbound = Outbound::default();
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://１２７.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://0/",
            "https://[fe80::1]/",
            "https://10.0.0.1:8443/",
        ] {
            let text = refusal(&outbound, url, true).await;
            // `localhost.` may also not be resolved.
            assert!(text.contains("not public") || text.contains("cannot be resolved"), "{url}: {text}");
        }
    }

    #[tokio::test]
    async fn schemes_ports_and_users_are_checked() {
        let allowed = Outbound::new(vec!["127.0.0.0/8".parse().unwrap()]);
        assert!(allowed.resolve(&"http://127.0.0.1:81/".parse().unwrap(), true).await.is_ok());
        assert!(allowed.resolve(&"https://127.0.0.1:81/".parse().unwrap(), false).await.is_ok());
        assert!(allowed.resolve(&"https://1.1.1.1:8443/".parse().unwrap(), false).await.is_ok());
        for (url, part) in [
            ("http://127.0.0.1/", "must be https"),
            ("ftp://127.0.0.1/", "must be https"),
            ("file:///etc/passwd", "must be https"),
            ("https://a@127.0.0.1/", "user name"),
            ("https://1.1.1.1:22/", "443 or 8443"),
            ("https://10.0.0.1/", "not public"),
        ] {
            let text = refusal(&allowed, url, false).await;
            assert!(text.contains(part), "{url}: {text}");
        }
        assert!(refusal(&allowed, "http://1.1.1.1/", true).await.contains("must be https"));
    }
}
