//! Certificates of identity providers. Only their keys count: SAML trusts a key because it was configured, and neither
//! an issuer nor an expiry says more (SAML Metadata Interoperability Profile §2.6.1).
use crate::{ids::IdpCertificateId, time::Timestamp};
use aws_lc_rs::{
    rsa::PublicEncryptingKey,
    signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ParsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use serde::{Deserialize, Serialize};
use x509_cert::der::{Decode as _, Encode as _};

/// Most of one provider: for a roll-over, two are enough.
pub const MAX: usize = 10;
const MAX_TEXT: usize = 64 * 1024;
const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const MIN_RSA_BITS: usize = 2048;

/// A certificate of an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdpCertificate {
    /// Number of `cert_…`.
    pub id: i64,
    /// DER in base64, on one line.
    pub der: String,
    /// Distinguished name of its issuer (RFC 4514).
    pub issuer: String,
    /// When it was configured; microseconds since 1970.
    pub created_at: i64,
    /// When it expires; microseconds since 1970.
    pub expires_at: i64,
}

/// The certificates in a text: PEM blocks, or one in base64 alone.
///
/// # Errors
/// What is wrong with it, to follow the name of a field.
pub fn parse(
    text: &str,
    now: Timestamp,
    mut new_id: impl FnMut() -> IdpCertificateId,
) -> Result<Vec<IdpCertificate>, String> {
    if text.len() > MAX_TEXT {
        return Err("must be at most 64 KiB".to_owned());
    }
    let ders: Vec<Vec<u8>> = if text.contains("-----BEGIN") {
        let blocks = CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>();
        let blocks = blocks.map_err(|error| format!("must be PEM or base64: {error}"))?;
        blocks.into_iter().map(|der| der.to_vec()).collect()
    } else {
        let compact: String = text.split_ascii_whitespace().collect();
        vec![STANDARD.decode(compact).map_err(|_| "must be a certificate in PEM or base64".to_owned())?]
    };
    if ders.is_empty() || ders.len() > MAX {
        return Err(format!("must have 1 to {MAX} certificates in it"));
    }
    let mut found: Vec<IdpCertificate> = Vec::new();
    for der in ders {
        let certificate = read(&der, now, new_id())?;
        if found.iter().all(|known| known.der != certificate.der) {
            found.push(certificate);
        }
    }
    Ok(found)
}

fn read(der: &[u8], now: Timestamp, id: IdpCertificateId) -> Result<IdpCertificate, String> {
    let certificate = x509_cert::Certificate::from_der(der)
        .map_err(|error| format!("is not an X.509 certificate: {error}"))?;
    let content = certificate.tbs_certificate;
    if let Some(problem) = key_problem(&content.subject_public_key_info) {
        return Err(problem.to_owned());
    }
    let expires_at = Timestamp::from_micros(0).plus(content.validity.not_after.to_unix_duration());
    Ok(IdpCertificate {
        id: id.as_i64(),
        der: STANDARD.encode(der),
        issuer: content.issuer.to_string(),
        created_at: now.as_micros(),
        expires_at: expires_at.as_micros(),
    })
}

/// `security.md` 1.6: RSA of 2048 bits and more, and the curves of ECDSA.
fn key_problem(key: &x509_cert::spki::SubjectPublicKeyInfoOwned) -> Option<&'static str> {
    match key.algorithm.oid.to_string().as_str() {
        RSA => {
            let Ok(der) = key.to_der() else { return Some("has an RSA key that cannot be read") };
            match PublicEncryptingKey::from_der(&der) {
                Ok(key) if key.key_size_bits() >= MIN_RSA_BITS => None,
                _ => Some("must have an RSA key of at least 2048 bits"),
            }
        }
        EC => {
            let point = key.subject_public_key.raw_bytes();
            let fits = [&ECDSA_P256_SHA256_ASN1, &ECDSA_P384_SHA384_ASN1, &ECDSA_P521_SHA512_ASN1]
                .into_iter()
                .any(|algorithm| ParsedPublicKey::new(algorithm, point).is_ok());
            (!fits).then_some("must have a key on the curve P-256, P-384 or P-521")
        }
        _ => Some("must have an RSA or ECDSA key"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{
        CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, SignatureAlgorithm,
    };

    fn made(algorithm: &'static SignatureAlgorithm) -> rcgen::Certificate {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "idp");
        params.self_signed(&key).unwrap()
    }

    fn parsed(text: &str) -> Result<Vec<IdpCertificate>, String> {
        let mut number = 0;
        parse(text, Timestamp::from_micros(7), || {
            number += 1;
            IdpCertificateId::from_i64(number)
        })
    }

    #[test]
    fn pem_and_base64_are_the_same() {
        let certificate = made(&PKCS_RSA_SHA256);
        let from_pem = parsed(&certificate.pem()).unwrap();
        let base64 = STANDARD.encode(certificate.der());
        assert_eq!(parsed(&base64).unwrap(), from_pem);
        assert_eq!(parsed(&format!("\n  {}\n{}", &base64[..64], &base64[64..])).unwrap(), from_pem);
        assert_eq!((from_pem[0].der.as_str(), from_pem[0].created_at), (base64.as_str(), 7));
        assert!(from_pem[0].issuer.contains("CN=idp"), "{}", from_pem[0].issuer);
        assert!(from_pem[0].expires_at > 7);
    }

    #[test]
    fn several_are_read_and_doubles_once() {
        let (one, other) = (made(&PKCS_RSA_SHA256).pem(), made(&PKCS_ECDSA_P384_SHA384).pem());
        let found = parsed(&format!("{one}{other}{one}")).unwrap();
        assert_eq!(found.iter().map(|certificate| certificate.id).collect::<Vec<_>>(), [1, 2]);
        assert!(parsed(&one.repeat(11)).is_err());
    }

    #[test]
    fn what_is_no_certificate_with_a_strong_key_is_refused() {
        assert!(parsed(&made(&PKCS_ED25519).pem()).unwrap_err().contains("RSA or ECDSA"));
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        for text in [
            "",
            "!",
            "MIIC",
            "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----",
            &key.serialize_pem(),
        ] {
            assert!(parsed(text).is_err(), "{text}");
        }
        let whole = made(&PKCS_RSA_SHA256);
        assert!(parsed(&STANDARD.encode(&whole.der()[..100])).is_err());
    }
}
