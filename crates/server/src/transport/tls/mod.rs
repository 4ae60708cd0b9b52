//! TLS: certificates from files or of a local authority, ALPN for HTTP/2 and HTTP/1.1, renewal without a restart.
mod certificate;
mod local;

pub use certificate::{Certificate, Validity};
pub use local::{LocalAuthority, trust_variables};

use crate::{
    config::{Config, TlsMode},
    time::{Clock, Timestamp},
};
use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::net::TcpStream;

/// A TLS connection of a client.
pub type TlsStream = tokio_rustls::server::TlsStream<TcpStream>;

/// TLS cannot start; the message names the file, the help says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsError {
    message: String,
    help: String,
}

impl TlsError {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
    /// What to do.
    pub fn help(&self) -> &str {
        &self.help
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for TlsError {}

/// Makes AWS-LC the cryptography of every TLS connection of this process. May be called more than once.
pub fn install_provider() {
    // An error means that a provider is installed already, and there is only this one.
    let _ = aws_lc_rs::default_provider().install_default();
}

/// Accepts TLS connections with the newest certificate. Cheap to clone.
#[derive(Clone)]
pub struct Acceptor {
    inner: tokio_rustls::TlsAcceptor,
    current: Arc<Current>,
}

/// The certificate in use, and where a newer one would be.
struct Current {
    key: ArcSwap<CertifiedKey>,
    cert_file: PathBuf,
    key_file: PathBuf,
    local: Option<LocalAuthority>,
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current").field("cert_file", &self.cert_file).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.key.load_full())
    }
}

impl Acceptor {
    /// What the configuration asks for; `None` if it is clear text. A local authority is made if there is none yet.
    ///
    /// # Errors
    /// A file that is missing, unreadable or holds something else, and a key that is not the certificate's.
    pub fn from_config(config: &Config, clock: &Clock) -> Result<Option<Self>, TlsError> {
        match (config.tls.mode, &config.tls.cert, &config.tls.key) {
            (TlsMode::Files, Some(cert), Some(key)) => Self::from_files(cert, key, clock.now()).map(Some),
            (TlsMode::Local, ..) => {
                let authority = LocalAuthority::new(config.local_tls_dir(), config.public_url().host());
                authority.ensure(clock.now())?;
                let (cert, key) = (authority.certificate_file(), authority.key_file());
                Self::build(&cert, &key, clock.now(), Some(authority)).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// With a PEM file of the certificate chain, leaf first, and one of its private key.
    ///
    /// # Errors
    /// As [`Self::from_config`].
    pub fn from_files(cert: &Path, key: &Path, now: Timestamp) -> Result<Self, TlsError> {
        Self::build(cert, key, now, None)
    }

    fn build(
        cert: &Path,
        key: &Path,
        now: Timestamp,
        local: Option<LocalAuthority>,
    ) -> Result<Self, TlsError> {
        install_provider();
        let certificate = Certificate::load(cert, key)?;
        certificate.warn_if_invalid(now);
        let (cert_file, key_file) = (cert.to_owned(), key.to_owned());
        let key = ArcSwap::from_pointee(certificate.into_key());
        let current = Arc::new(Current { key, cert_file, key_file, local });
        let provider =
            CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| {
                TlsError::new(format!("TLS cannot start: {error}"), "this is a fault of the build")
            })?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.ticketer = aws_lc_rs::Ticketer::new().map_err(|error| {
            TlsError::new(format!("TLS cannot start: {error}"), "the system gives no random bytes")
        })?;
        Ok(Self { inner: Arc::new(config).into(), current })
    }

    /// Shakes hands with a client.
    ///
    /// # Errors
    /// What the client did wrong.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream> {
        self.inner.accept(stream).await
    }

    /// Reads the files again. If they cannot be used, the old certificate stays.
    ///
    /// # Errors
    /// As [`Self::from_config`].
    pub fn reload(&self, now: Timestamp) -> Result<(), TlsError> {
        let certificate = Certificate::load(&self.current.cert_file, &self.current.key_file)?;
        certificate.warn_if_invalid(now);
        self.current.key.store(Arc::new(certificate.into_key()));
        Ok(())
    }

    /// Looks every minute, and at every SIGHUP, whether the files have changed, and renews a local certificate in time.
    /// Never returns: spawn it.
    pub async fn keep_current(self, clock: Clock) {
        let mut seen = self.modified();
        let mut hangup = Hangup::new();
        loop {
            let forced = tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(60)) => false,
                () = hangup.recv() => true,
            };
            if let Some(Err(error)) = self.current.local.as_ref().map(|local| local.ensure(clock.now())) {
                tracing::error!("cannot renew the local certificate: {error}");
            }
            let modified = self.modified();
            if !forced && modified == seen {
                continue;
            }
            seen = modified;
            match self.reload(clock.now()) {
                Ok(()) => tracing::info!("loaded the TLS certificate {}", self.current.cert_file.display()),
                Err(error) => tracing::error!("kept the old TLS certificate: {error}; {}", error.help()),
            }
        }
    }

    fn modified(&self) -> [Option<SystemTime>; 2] {
        [&self.current.cert_file, &self.current.key_file]
            .map(|file| std::fs::metadata(file).ok()?.modified().ok())
    }
}

/// SIGHUP, where there is such a thing.
struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    #[cfg(unix)]
    fn new() -> Self {
        Self { signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok() }
    }
    #[cfg(unix)]
    async fn recv(&mut self) {
        let received = match &mut self.signal {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if received.is_none() {
            std::future::pending::<()>().await;
        }
    }
    #[cfg(not(unix))]
    fn new() -> Self {
        Self {}
    }
    #[cfg(not(unix))]
    async fn recv(&mut self) {
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests;
