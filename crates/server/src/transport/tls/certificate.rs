//! Reads a certificate and its key from PEM files.
use super::TlsError;
use crate::time::Timestamp;
use rustls::{crypto::aws_lc_rs, sign::CertifiedKey};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{Error as PemError, PemObject as _},
};
use std::{net::IpAddr, path::Path, time::Duration};
use x509_cert::{
    der::Decode as _,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

/// When a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First moment.
    pub from: Timestamp,
    /// The moment from which on it is expired.
    pub until: Timestamp,
}

/// A certificate chain with its private key; they match.
#[derive(Debug)]
pub struct Certificate {
    key: CertifiedKey,
    file: String,
    /// When the leaf is valid, if it says so in a way that we can read.
    pub validity: Option<Validity>,
    /// Names and addresses of the leaf.
    pub hosts: Vec<String>,
}

impl Certificate {
    /// Reads both files and checks that they belong together.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn load(cert_file: &Path, key_file: &Path) -> Result<Self, TlsError> {
        let chain = read_chain(cert_file)?;
        let key = read_key(key_file)?;
        let leaf = chain.first().and_then(|leaf| x509_cert::Certificate::from_der(leaf).ok());
        let validity = leaf.as_ref().map(|leaf| {
            let moment = |time: x509_cert::time::Time| micros(time.to_unix_duration());
            let validity = leaf.tbs_certificate.validity;
            Validity { from: moment(validity.not_before), until: moment(validity.not_after) }
        });
        let key = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => TlsError::new(
                format!("the key in {} is not the key of the certificate in {}", key_file.display(), cert_file.display()),
                "give the key with which the certificate was requested; the server's own certificate must be the first in the file",
            ),
            error => TlsError::new(
                format!("cannot use the certificate in {}: {error}", cert_file.display()),
                "give an RSA (2048 bits or more), ECDSA or Ed25519 key and its certificate",
            ),
        })?;
        Ok(Self {
            key,
            file: cert_file.display().to_string(),
            validity,
            hosts: leaf.map(hosts).unwrap_or_default(),
        })
    }

    /// Whether a client that connects to `host` will accept the name.
    pub fn covers(&self, host: &str) -> bool {
        self.hosts.iter().any(|name| match name.strip_prefix("*.") {
            // RFC 9525 §6.3: the wildcard stands for exactly one label.
            Some(rest) => host
                .split_once('.')
                .is_some_and(|(label, tail)| !label.is_empty() && tail.eq_ignore_ascii_case(rest)),
            None => name.eq_ignore_ascii_case(host),
        })
    }

    /// An expired certificate is served all the same: refusing to start would help nobody.
    pub(super) fn warn_if_invalid(&self, now: Timestamp) {
        let (file, Some(validity)) = (&self.file, self.validity) else { return };
        if validity.until.is_past(now) {
            tracing::warn!(
                "the TLS certificate in {file} expired at {}; clients will refuse it until it is renewed",
                validity.until
            );
        } else if now < validity.from {
            tracing::warn!(
                "the TLS certificate in {file} is valid only from {}; check the clock",
                validity.from
            );
        }
    }

    pub(super) fn into_key(self) -> CertifiedKey {
        self.key
    }
}

fn micros(since_1970: Duration) -> Timestamp {
    Timestamp::from_micros(0).plus(since_1970)
}

fn hosts(leaf: x509_cert::Certificate) -> Vec<String> {
    let Ok(Some((_, names))) = leaf.tbs_certificate.get::<SubjectAltName>() else { return Vec::new() };
    names.0.iter().filter_map(host).collect()
}

fn host(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => match bytes.as_bytes() {
            v4 if v4.len() == 4 => Some(IpAddr::from(<[u8; 4]>::try_from(v4).ok()?).to_string()),
            v6 => Some(IpAddr::from(<[u8; 16]>::try_from(v6).ok()?).to_string()),
        },
        _ => None,
    }
}

fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let shown = file.display();
    let chain = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match chain {
        Ok(chain) if chain.is_empty() => Err(TlsError::new(
            format!("there is no certificate in {shown}"),
            "it must have at least one \"-----BEGIN CERTIFICATE-----\" block; are certificate and key swapped?",
        )),
        Ok(chain) => Ok(chain),
        Err(PemError::Io(error)) => Err(unreadable(file, &error)),
        Err(error) => Err(TlsError::new(
            format!("{shown} is not valid PEM: {error}"),
            "give a PEM file, not DER or PKCS#12",
        )),
    }
}

fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let shown = file.display();
    PrivateKeyDer::from_pem_file(file).map_err(|error| match error {
        PemError::Io(error) => unreadable(file, &error),
        PemError::NoItemsFound => TlsError::new(
            format!("there is no private key in {shown}"),
            "it must have an unencrypted \"-----BEGIN PRIVATE KEY-----\" block (PKCS#8, PKCS#1 or SEC1)",
        ),
        error => {
            TlsError::new(format!("{shown} is not valid PEM: {error}"), "give a PEM file, not DER or PKCS#12")
        }
    })
}

fn unreadable(file: &Path, error: &std::io::Error) -> TlsError {
    TlsError::new(
        format!("cannot read {}: {error}", file.display()),
        "check the path, and that this user may read it",
    )
}
