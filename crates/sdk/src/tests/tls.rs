//! https:// with a CA of one's own, for both halves of the transport.

use std::sync::Arc;

use gatewright_api::scalekit::v1::organizations as pb;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use super::server::{Reply, Server};
use crate::{ErrorKind, ScalekitClient};

/// A CA in PEM, and a server for `localhost` that it vouches for.
fn authority() -> (String, TlsAcceptor) {
    let mut ca = CertificateParams::new(Vec::<String>::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (ca.pem(), TlsAcceptor::from(Arc::new(config)))
}

fn handler(seen: &super::server::Seen) -> Reply {
    if seen.path == "/oauth/token" {
        return Reply::token("t", 60);
    }
    let organization = Some(pb::Organization { id: "org_1".into(), ..Default::default() });
    Reply::message(&pb::GetOrganizationResponse { organization })
}

#[tokio::test]
async fn an_extra_certificate_is_trusted_for_tokens_and_calls() {
    let (pem, acceptor) = authority();
    let server = Server::start_tls(acceptor, handler).await;
    let client = server.builder().ca_certificates_pem(pem).build().unwrap();
    assert_eq!(client.organization().get_organization("org_1").await.unwrap().id, "org_1");
    assert_eq!((server.seen("/oauth/token").len(), server.seen("/scalekit").len()), (1, 1));
}

#[tokio::test]
async fn an_unknown_certificate_is_not_trusted() {
    let (pem, _) = authority();
    let (_, acceptor) = authority();
    let server = Server::start_tls(acceptor, handler).await;
    let client: ScalekitClient = server.builder().ca_certificates_pem(pem).without_retries().build().unwrap();
    let error = client.organization().get_organization("org_1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(server.seen("").is_empty());
}
