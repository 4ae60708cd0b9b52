//! A certificate authority for this machine alone, so that SDKs that insist on TLS can be tried without a domain.
use super::{Certificate, TlsError};
use crate::time::Timestamp;
use aws_lc_rs::digest;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData as _,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

const DAY: Duration = Duration::from_secs(86_400);
const AUTHORITY_DAYS: u32 = 3_650;
/// Some clients refuse certificates that are valid for more than 398 days.
const LEAF_DAYS: u32 = 390;
const RENEW_DAYS: u32 = 30;

/// The authority in its folder, and the certificate that it signs.
#[derive(Clone, Debug)]
pub struct LocalAuthority {
    dir: PathBuf,
    hosts: Vec<String>,
}

impl LocalAuthority {
    /// In this folder; for localhost, its addresses, and `host` if that is another.
    pub fn new(dir: PathBuf, host: &str) -> Self {
        let mut hosts: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
        if !hosts.iter().any(|known| known == host) {
            hosts.push(host.to_owned());
        }
        Self { dir, hosts }
    }

    /// The authority's certificate, which clients have to trust.
    pub fn authority_file(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }
    fn authority_key_file(&self) -> PathBuf {
        self.dir.join("ca-key.pem")
    }
    /// The server's certificate.
    pub fn certificate_file(&self) -> PathBuf {
        self.dir.join("localhost.pem")
    }
    /// The server's key.
    pub fn key_file(&self) -> PathBuf {
        self.dir.join("localhost-key.pem")
    }

    /// Makes what is missing: the authority once, the certificate also when it expires within 30 days or lacks a host.
    ///
    /// # Errors
    /// Names the file that cannot be read or written.
    pub fn ensure(&self, now: Timestamp) -> Result<(), TlsError> {
        create_dir(&self.dir)?;
        let key = self.authority_key(now)?;
        if self.is_fresh(now) {
            return Ok(());
        }
        let leaf_key = KeyPair::generate().map_err(|error| cannot_make(&error))?;
        let mut params = CertificateParams::new(self.hosts.clone()).map_err(|error| cannot_make(&error))?;
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, now, LEAF_DAYS);
        let issuer = Issuer::new(authority_params(&key, now), key);
        let certificate = params.signed_by(&leaf_key, &issuer).map_err(|error| cannot_make(&error))?;
        write(&self.key_file(), &leaf_key.serialize_pem(), true)?;
        write(&self.certificate_file(), &certificate.pem(), false)
    }

    fn authority_key(&self, now: Timestamp) -> Result<KeyPair, TlsError> {
        let (cert, file) = (self.authority_file(), self.authority_key_file());
        match fs::read_to_string(&file) {
            Ok(pem) if cert.exists() => KeyPair::from_pem(&pem).map_err(|error| {
                let message = format!("cannot use the local authority's key in {}: {error}", file.display());
                TlsError::new(message, format!("remove {} to make a new authority", self.dir.display()))
            }),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(TlsError::new(
                format!("cannot read {}: {error}", file.display()),
                "check that this user may read it",
            )),
            // The certificate is written last: without it nobody can have trusted the key.
            _ => {
                let key = KeyPair::generate().map_err(|error| cannot_make(&error))?;
                let authority =
                    authority_params(&key, now).self_signed(&key).map_err(|error| cannot_make(&error))?;
                write(&file, &key.serialize_pem(), true)?;
                write(&cert, &authority.pem(), false)?;
                Ok(key)
            }
        }
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        let Ok(certificate) = Certificate::load(&self.certificate_file(), &self.key_file()) else {
            return false;
        };
        let soon = now.plus(DAY * RENEW_DAYS);
        certificate.validity.is_some_and(|validity| !validity.until.is_past(soon) && !now.lt(&validity.from))
            && self.hosts.iter().all(|host| certificate.covers(host))
    }
}

/// The same for the same key, so that the issuer of a later certificate is the authority that clients trust.
fn authority_params(key: &KeyPair, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    let fingerprint = digest::digest(&digest::SHA256, &key.subject_public_key_info());
    let short: String = fingerprint.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Gatewright");
    params.distinguished_name.push(DnType::CommonName, format!("Gatewright local CA {short}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, now, AUTHORITY_DAYS);
    params
}

/// From yesterday, for clocks that are behind.
fn set_validity(params: &mut CertificateParams, now: Timestamp, days: u32) {
    let date = |at: Timestamp| {
        let at = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
        let date = jiff::tz::Offset::UTC.to_datetime(at).date();
        rcgen::date_time_ymd(
            i32::from(date.year()),
            u8::try_from(date.month()).unwrap_or(1),
            u8::try_from(date.day()).unwrap_or(1),
        )
    };
    params.not_before = date(now.minus(DAY));
    params.not_after = date(now.plus(DAY * days));
}

fn cannot_make(error: &rcgen::Error) -> TlsError {
    TlsError::new(
        format!("cannot make the local certificate: {error}"),
        "check that server.public_url has a host name or address",
    )
}

fn create_dir(dir: &Path) -> Result<(), TlsError> {
    fs::create_dir_all(dir).map_err(|error| cannot_write(dir, &error))
}

/// Written beside and renamed, so that nobody reads half a file; a key is readable for this user alone from its first moment.
fn write(file: &Path, pem: &str, secret: bool) -> Result<(), TlsError> {
    let beside = file.with_extension("pem.new");
    let result = write_beside(&beside, pem, secret).and_then(|()| fs::rename(&beside, file));
    result.map_err(|error| cannot_write(file, &error))
}

fn write_beside(beside: &Path, pem: &str, secret: bool) -> io::Result<()> {
    use io::Write as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if secret { 0o600 } else { 0o644 });
    #[cfg(not(unix))]
    let _ = secret;
    match fs::remove_file(beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = options.open(beside)?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()
}

fn cannot_write(path: &Path, error: &io::Error) -> TlsError {
    TlsError::new(
        format!("cannot write {}: {error}", path.display()),
        "choose a folder that this user may write with --data-dir",
    )
}

/// The variables with which each SDK trusts the local authority, as lines of shell with comments.
pub fn trust_variables(authority: &Path) -> String {
    let path = authority.display();
    format!(
        "export NODE_EXTRA_CA_CERTS={path}               # Node\n\
         export GRPC_DEFAULT_SSL_ROOTS_FILE_PATH={path}  # Python, gRPC\n\
         export REQUESTS_CA_BUNDLE={path}                # Python, HTTP\n\
         export SSL_CERT_FILE={path}                     # Python, Go, Rust, curl\n\
         # Java: keytool -importcert -file {path} -alias gatewright -keystore trust.p12 -storepass changeit -noprompt,\n\
         #       then -Djavax.net.ssl.trustStore=trust.p12 (the Java SDK reaches port 443 only)\n"
    )
}
