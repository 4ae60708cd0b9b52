use super::*;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use std::{sync::LazyLock, time::Instant};

static CERTIFICATES: LazyLock<[String; 2]> = LazyLock::new(|| {
    [(); 2].map(|()| {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        STANDARD.encode(CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap().der())
    })
});

fn key(purpose: &str, certificate: &str) -> String {
    format!(
        "<md:KeyDescriptor{purpose}><ds:KeyInfo xmlns:ds=\"{DS}\"><ds:X509Data><ds:X509Certificate>\n {certificate}\n\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )
}

fn service(name: &str, binding: &str, url: &str) -> String {
    format!("<md:{name} Binding=\"{binding}\" Location=\"{url}\"/>")
}

fn role(inner: &str) -> String {
    format!("<md:IDPSSODescriptor protocolSupportEnumeration=\"{SAML2}\">{inner}</md:IDPSSODescriptor>")
}

fn entity(id: &str, inner: &str) -> String {
    format!("<md:EntityDescriptor xmlns:md=\"{MD}\" entityID=\"{id}\">{inner}</md:EntityDescriptor>")
}

fn usual() -> String {
    let signing = key(" use=\"signing\"", &CERTIFICATES[0]);
    signing + &service("SingleSignOnService", REDIRECT, "https://idp.example/sso?a=1&amp;b=2")
}

fn wanted() -> Wanted<'static> {
    let now = Timestamp::from_micros(1_772_884_800_000_000); // 2026-03-07T12:00:00Z
    Wanted { entity_id: None, binding: Binding::HttpRedirect, plain_http: false, now }
}

fn parsed_as(text: &str, wanted: Wanted<'_>) -> Result<IdpMetadata, String> {
    parse(text.as_bytes(), wanted, || IdpCertificateId::from_i64(1))
}

fn parsed(text: &str) -> Result<IdpMetadata, String> {
    parsed_as(text, wanted())
}

#[test]
fn reads_what_an_idp_says() {
    let inner = key("", &CERTIFICATES[0])
        + &key(" use=\"signing\"", &CERTIFICATES[1])
        + &key(" use=\"signing\"", &CERTIFICATES[0])
        + &key(" use=\"encryption\"", "not even base64")
        + &service("SingleLogoutService", POST, "https://idp.example/slo")
        + "<md:NameIDFormat> urn:oasis:names:tc:SAML:2.0:nameid-format:persistent </md:NameIDFormat>"
        + "<md:NameIDFormat>urn:example:other</md:NameIDFormat>"
        + &service(
            "SingleSignOnService",
            "urn:oasis:names:tc:SAML:2.0:bindings:SOAP",
            "https://idp.example/soap",
        )
        + &service("SingleSignOnService", POST, "https://idp.example/post")
        + &service("SingleSignOnService", REDIRECT, "https://idp.example/sso?a=1&amp;b=2");
    let found = parsed(&entity("https://idp.example/", &role(&inner))).unwrap();
    assert_eq!(found.entity_id, "https://idp.example/");
    assert_eq!(found.sso, ("https://idp.example/sso?a=1&b=2".to_owned(), Binding::HttpRedirect));
    assert_eq!(found.slo, Some(("https://idp.example/slo".to_owned(), Binding::HttpPost)));
    assert_eq!(found.name_id_formats, [NameIdFormat::Persistent]);
    let ders: Vec<&str> = found.certificates.iter().map(|certificate| certificate.der.as_str()).collect();
    assert_eq!(ders, CERTIFICATES.iter().map(String::as_str).collect::<Vec<_>>());
    let post = Wanted { binding: Binding::HttpPost, ..wanted() };
    assert_eq!(
        parsed_as(&entity("x", &role(&inner)), post).unwrap().sso,
        ("https://idp.example/post".to_owned(), Binding::HttpPost)
    );
}

#[test]
fn of_several_providers_one_must_be_named() {
    let sp = "<md:SPSSODescriptor protocolSupportEnumeration=\"x\"/>";
    let all = format!(
        "<md:EntitiesDescriptor xmlns:md=\"{MD}\">{}{}{}</md:EntitiesDescriptor>",
        entity("sp", sp),
        entity("one", &role(&usual())),
        entity("two", &role(&usual()))
    );
    assert!(parsed(&all).unwrap_err().contains("idp_entity_id"));
    let two = Wanted { entity_id: Some("two"), ..wanted() };
    assert_eq!(parsed_as(&all, two).unwrap().entity_id, "two");
    let sp = Wanted { entity_id: Some("sp"), ..wanted() };
    assert!(parsed_as(&all, sp).is_err());
    // One provider is the one, whatever it was called before.
    assert_eq!(parsed_as(&entity("one", &role(&usual())), two).unwrap().entity_id, "one");
}

#[test]
fn what_is_missing_or_wrong_is_said() {
    let signing = key(" use=\"signing\"", &CERTIFICATES[0]);
    let sso = |url: &str| service("SingleSignOnService", REDIRECT, url);
    let until = |time: &str| {
        entity("x", &role(&usual())).replacen("entityID", &format!("validUntil=\"{time}\" entityID"), 1)
    };
    for (text, part) in [
        (String::new(), "XML"),
        ("{}".to_owned(), "XML"),
        ("<html/>".to_owned(), "EntityDescriptor"),
        (entity("x", ""), "IDPSSODescriptor"),
        (
            entity("x", &role(&usual()).replace(SAML2, "urn:oasis:names:tc:SAML:1.1:protocol")),
            "IDPSSODescriptor",
        ),
        (entity("", &role(&usual())), "entityID"),
        (entity("x", &role(&signing)), "SingleSignOnService"),
        (entity("x", &role(&sso("https://idp.example/"))), "no certificate"),
        (
            entity(
                "x",
                &role(&(key(" use=\"encryption\"", &CERTIFICATES[0]) + &sso("https://idp.example/"))),
            ),
            "no certificate",
        ),
        (entity("x", &role(&(key("", "AAAA") + &sso("https://idp.example/")))), "certificate that"),
        (entity("x", &role(&(signing.clone() + &sso("javascript:alert(1)")))), "Location"),
        (entity("x", &role(&(signing.clone() + &sso("http://idp.example/")))), "Location"),
        (until("2026-03-07T12:00:00Z"), "valid until"),
        (until("soon"), "validUntil"),
        (entity("x", &role(&usual())).replace(MD, "urn:other"), "EntityDescriptor"),
        (format!("<!DOCTYPE a>{}", entity("x", &role(&usual()))), "XML"),
        (format!("<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>{}", entity("&e;", "")), "XML"),
        ("<a>".repeat(100) + &"</a>".repeat(100), "XML"),
    ] {
        let error = parsed(&text).unwrap_err();
        assert!(error.contains(part), "{error}: {text}");
    }
    assert!(parsed(&until("2026-03-07T12:00:01Z")).is_ok());
    assert!(parse(&[0xff, 0xfe], wanted(), || IdpCertificateId::from_i64(1)).is_err());
}

#[test]
fn a_comment_hides_nothing() {
    let inner = usual().replace("https://idp.example", "https://idp.exa<!-- -->mple");
    assert!(parsed(&entity("x", &role(&inner))).is_err(), "attributes have no comments");
    let split = CERTIFICATES[0].clone().replacen("MII", "M<!-- x -->II", 1);
    let inner = usual().replace(&CERTIFICATES[0], &split);
    assert_eq!(parsed(&entity("x", &role(&inner))).unwrap().certificates[0].der, CERTIFICATES[0]);
}

/// Documents of a megabyte that make poor parsers slow.
#[test]
fn hostile_documents_take_no_time() {
    let many = |part: &dyn Fn(usize) -> String, count| (0..count).map(part).collect::<String>();
    let attributes = format!("<a {}/>", many(&|n| format!(" a{n}=''"), 80_000));
    let namespaces = format!("<a {}/>", many(&|n| format!(" xmlns:n{n}='u{n}'"), 50_000));
    let children = entity("x", &role(&(usual() + &"<md:NameIDFormat/>".repeat(19_000))));
    let entities = format!(
        "<md:EntitiesDescriptor xmlns:md=\"{MD}\">{}</md:EntitiesDescriptor>",
        many(&|n| format!("<md:EntityDescriptor entityID=\"{n}\"/>"), 19_000)
    );
    let scope = |n| format!("<a{}>", many(&|m| format!(" xmlns:n{n}x{m}='u'"), 40));
    let scopes = many(&scope, 31) + &"<n0x0:b/>".repeat(19_000) + &"</a>".repeat(31);
    for text in
        [attributes, namespaces, children, entities, scopes, "<a>".repeat(300_000), "<!--".repeat(250_000)]
    {
        let start = Instant::now();
        let _ = parsed(&text);
        assert!(start.elapsed().as_secs() < 3, "{:?} for {}", start.elapsed(), &text[..40]);
    }
}
