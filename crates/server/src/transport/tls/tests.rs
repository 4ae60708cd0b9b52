use super::*;
use std::{fs, time::Duration};

const DAY: Duration = Duration::from_secs(86_400);

fn authority() -> (tempfile::TempDir, LocalAuthority, Timestamp) {
    let folder = tempfile::tempdir().unwrap();
    let authority = LocalAuthority::new(folder.path().join("tls"), "auth.test");
    (folder, authority, Clock::System.now())
}

fn contents(authority: &LocalAuthority) -> [Vec<u8>; 3] {
    [authority.authority_file(), authority.certificate_file(), authority.key_file()]
        .map(|file| fs::read(file).unwrap())
}

#[test]
fn the_authority_is_made_once_and_the_certificate_renewed_in_time() {
    let (_folder, authority, now) = authority();
    authority.ensure(now).unwrap();
    let first = contents(&authority);
    let certificate = Certificate::load(&authority.certificate_file(), &authority.key_file()).unwrap();
    assert_eq!(certificate.hosts, ["localhost", "127.0.0.1", "::1", "auth.test"]);
    let until = certificate.validity.unwrap().until;
    assert!(until > now.plus(DAY * 380) && until < now.plus(DAY * 398));
    authority.ensure(now.plus(DAY * 300)).unwrap();
    assert_eq!(contents(&authority), first, "nothing changes while it is fresh");
    authority.ensure(now.plus(DAY * 370)).unwrap();
    let renewed = contents(&authority);
    assert_eq!(renewed[0], first[0], "the authority stays");
    assert_ne!(renewed[1], first[1]);
    LocalAuthority::new(authority_dir(&authority), "other.test").ensure(now).unwrap();
    let certificate = Certificate::load(&authority.certificate_file(), &authority.key_file()).unwrap();
    assert!(certificate.covers("other.test") && !certificate.covers("auth.test"));
}

fn authority_dir(authority: &LocalAuthority) -> PathBuf {
    authority.authority_file().parent().unwrap().to_owned()
}

#[cfg(unix)]
#[test]
fn keys_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, authority, now) = authority();
    authority.ensure(now).unwrap();
    for file in [authority.key_file(), authority_dir(&authority).join("ca-key.pem")] {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn a_bad_file_is_named_and_explained() {
    let (folder, authority, now) = authority();
    authority.ensure(now).unwrap();
    let (cert, key) = (authority.certificate_file(), authority.key_file());
    let other_key = authority_dir(&authority).join("ca-key.pem");
    let garbage = folder.path().join("garbage.pem");
    fs::write(&garbage, "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n").unwrap();
    let missing = folder.path().join("missing.pem");
    for (cert, key, message) in [
        (&key, &key, "there is no certificate in "),
        (&cert, &cert, "there is no private key in "),
        (&cert, &other_key, "is not the key of the certificate"),
        (&garbage, &key, "is not valid PEM"),
        (&missing, &key, "cannot read "),
    ] {
        let error = Acceptor::from_files(cert, key, now).map(drop).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert!(!error.help().is_empty());
    }
}

#[test]
fn a_changed_file_is_loaded_and_a_bad_one_is_not() {
    let (_folder, authority, now) = authority();
    authority.ensure(now).unwrap();
    let acceptor = Acceptor::from_files(&authority.certificate_file(), &authority.key_file(), now).unwrap();
    let leaf = |acceptor: &Acceptor| acceptor.current.key.load().cert.first().cloned();
    let first = leaf(&acceptor);
    fs::write(authority.certificate_file(), "").unwrap();
    assert!(acceptor.reload(now).is_err());
    assert_eq!(leaf(&acceptor), first);
    authority.ensure(now).unwrap();
    acceptor.reload(now).unwrap();
    assert_ne!(leaf(&acceptor), first);
}

#[test]
fn a_wildcard_covers_one_label() {
    let (_folder, authority, now) = authority();
    authority.ensure(now).unwrap();
    let mut certificate = Certificate::load(&authority.certificate_file(), &authority.key_file()).unwrap();
    certificate.hosts = vec!["*.example.com".into()];
    assert!(certificate.covers("a.Example.com"));
    assert!(!certificate.covers("a.b.example.com") && !certificate.covers("example.com"));
}
