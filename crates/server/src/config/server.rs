//! `[server]`: where it listens, what it is called, where its files are.
use super::section::{Setting, section, text};
use super::sources::Raw;
use std::{fmt, net::SocketAddr, path::PathBuf};

section! {
    /// Where the server listens, what clients call it and where its files are.
    Server = "server" {
        /// Address and port of the one port that speaks gRPC, REST and OAuth. Port 0 lets the system choose.
        listen: SocketAddr = "127.0.0.1:8080";
        /// The URL that clients use, which is also the issuer of every token. Unset: localhost with the port of
        /// `listen`, https if this server speaks TLS.
        public_url: Option<PublicUrl> = "";
        /// Folder of the SQLite database, the master key, the credentials and local certificates.
        data_dir: PathBuf = "./gatewright-data";
    }
}

/// Scheme, host and port: `https://auth.example.com`. Without a slash at the end, and without the scheme's own port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    host: String,
    https: bool,
}

impl PublicUrl {
    /// As clients write it.
    pub fn as_str(&self) -> &str {
        &self.text
    }
    /// The name or address alone; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }
    /// Whether clients speak TLS.
    pub fn is_https(&self) -> bool {
        self.https
    }
    /// Whether only this machine can mean it.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
    /// `http(s)://localhost:PORT`
    pub fn localhost(https: bool, port: u16) -> Self {
        let (scheme, own) = if https { ("https", 443) } else { ("http", 80) };
        let port = if port == own { String::new() } else { format!(":{port}") };
        Self { text: format!("{scheme}://localhost{port}"), host: "localhost".to_owned(), https }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Setting for PublicUrl {
    const EXPECTED: &'static str =
        "scheme and host, with a port if need be, such as https://auth.example.com";
    fn parse(raw: &Raw) -> Result<Self, String> {
        let url = url::Url::parse(text(raw)?).map_err(|error| error.to_string())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("must start with http:// or https://".to_owned());
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err("must have no path, query or fragment".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must have no user or password".to_owned());
        }
        let host = url.host_str().ok_or("has no host")?.trim_matches(['[', ']']).to_owned();
        Ok(Self { text: url.origin().ascii_serialization(), host, https: url.scheme() == "https" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PublicUrl, String> {
        PublicUrl::parse(&Raw::Text(text.to_owned()))
    }

    #[test]
    fn a_public_url_is_an_origin() {
        assert_eq!(parse("https://Auth.Example.com:443/").unwrap().as_str(), "https://auth.example.com");
        assert_eq!(parse("http://[::1]:8080").unwrap().host(), "::1");
        assert!(parse("http://127.0.0.1").unwrap().is_loopback());
        assert!(!parse("http://localhost.example.com").unwrap().is_loopback());
        assert_eq!(PublicUrl::localhost(true, 443).as_str(), "https://localhost");
        for bad in
            ["", "auth.example.com", "ftp://a", "https://a/b", "https://a?b", "https://a#b", "https://u:p@a"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
