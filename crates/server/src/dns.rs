//! Questions to the DNS.
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::rr::{RData, RecordType},
};
use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::sync::OnceCell;

/// Why the DNS gave no answer: neither records, nor that there are none.
#[derive(Debug, thiserror::Error)]
#[error("the DNS did not answer: {0}")]
pub struct DnsError(#[from] NetError);

/// Asks recursive servers. Nothing is cached: who asks again wants to know whether it is otherwise now.
pub struct Dns {
    servers: Vec<SocketAddr>,
    resolver: OnceCell<TokioResolver>,
}

impl fmt::Debug for Dns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dns({:?})", self.servers)
    }
}

impl Dns {
    /// Asks these servers, or those of the system if there are none.
    pub fn new(servers: Vec<SocketAddr>) -> Self {
        Self { servers, resolver: OnceCell::new() }
    }

    /// The texts at a name, each with its segments joined (RFC 7208 §3.3). Empty if there is no such name or no TXT
    /// record there. Takes at most some seconds.
    ///
    /// # Errors
    /// If no server gave an answer.
    pub async fn txt(&self, name: &str) -> Result<Vec<Vec<u8>>, DnsError> {
        let resolver = self.resolver.get_or_try_init(async || self.build()).await?;
        // With a dot at the end: the system's search domains have no say.
        match resolver.txt_lookup(format!("{name}.")).await {
            Ok(lookup) => Ok(lookup
                .answers()
                .iter()
                .filter_map(|record| match &record.data {
                    RData::TXT(txt) => Some(txt.txt_data.concat()),
                    _ => None,
                })
                .collect()),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// What the CNAME record at a name points at. None if there is no such name or no such record there.
    ///
    /// # Errors
    /// If no server gave an answer.
    pub async fn cname(&self, name: &str) -> Result<Option<String>, DnsError> {
        let resolver = self.resolver.get_or_try_init(async || self.build()).await?;
        match resolver.lookup(format!("{name}."), RecordType::CNAME).await {
            Ok(lookup) => Ok(lookup.answers().iter().find_map(|record| match &record.data {
                RData::CNAME(target) => Some(target.0.to_ascii()),
                _ => None,
            })),
            Err(error) if error.is_no_records_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn build(&self) -> Result<TokioResolver, NetError> {
        let mut builder = if self.servers.is_empty() {
            TokioResolver::builder_tokio()?
        } else {
            let config = ResolverConfig::from_name_servers(name_servers(&self.servers));
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        if !self.servers.is_empty() {
            *options = ResolverOpts::default();
        }
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        options.timeout = Duration::from_secs(2);
        options.attempts = 2;
        builder.build()
    }
}

/// One entry an address, with each of its ports over UDP and, for long answers, TCP.
fn name_servers(servers: &[SocketAddr]) -> Vec<NameServerConfig> {
    let mut by_address = BTreeMap::<IpAddr, Vec<ConnectionConfig>>::new();
    for server in servers {
        let connections = by_address.entry(server.ip()).or_default();
        for mut connection in [ConnectionConfig::udp(), ConnectionConfig::tcp()] {
            connection.port = server.port();
            connections.push(connection);
        }
    }
    by_address.into_iter().map(|(ip, connections)| NameServerConfig::new(ip, true, connections)).collect()
}
