//! A browser with an authenticator of passkeys, as WebAuthn describes them: P-256 keys, attestation "none". Its fields
//! can be bent, to see what the server refuses.
use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde_cbor_2::Value as Cbor;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// One passkey in one browser.
#[derive(Debug)]
pub struct Authenticator {
    /// Origin of the page that the browser shows.
    pub origin: String,
    /// RP ID that the passkey is for.
    pub rp_id: String,
    /// Credential id.
    pub raw_id: Vec<u8>,
    /// User handle; none until it is registered.
    pub user_handle: Option<Vec<u8>>,
    /// UP, UV, BE, BS (WebAuthn §6.1).
    pub flags: u8,
    /// Signature counter: what it says next.
    pub counter: u32,
    /// Further members of the client data.
    pub client_data: Json,
    key: EcdsaKeyPair,
}

/// User present and verified, passkey synced.
const FLAGS: u8 = 0x01 | 0x04 | 0x08 | 0x10;
/// Attested credential data follows.
const ATTESTED: u8 = 0x40;
/// The model that it says it is.
pub const AAGUID: [u8; 16] = *b"gatewright-tests";

impl Authenticator {
    /// A new one in a browser that shows a page of this origin.
    pub fn new(origin: &str) -> Self {
        let host = origin.split("://").nth(1).unwrap().split(':').next().unwrap();
        let mut raw_id = [0; 16];
        aws_lc_rs::rand::fill(&mut raw_id).unwrap();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.unwrap().as_ref()).unwrap();
        Self {
            origin: origin.to_owned(),
            rp_id: host.to_owned(),
            raw_id: raw_id.to_vec(),
            user_handle: None,
            flags: FLAGS,
            counter: 0,
            client_data: json!({}),
            key,
        }
    }

    /// `navigator.credentials.create()`: `RegistrationResponseJSON`.
    pub fn create(&mut self, options: &Json) -> Json {
        self.user_handle = Some(BASE64URL.decode(options["user"]["id"].as_str().unwrap()).unwrap());
        let mut data = self.authenticator_data(self.flags | ATTESTED);
        data.extend(AAGUID);
        data.extend(u16::try_from(self.raw_id.len()).unwrap().to_be_bytes());
        data.extend(&self.raw_id);
        data.extend(serde_cbor_2::to_vec(&self.public_key()).unwrap());
        let text = |text: &str| Cbor::Text(text.to_owned());
        let object = Cbor::Map(BTreeMap::from([
            (text("fmt"), text("none")),
            (text("attStmt"), Cbor::Map(BTreeMap::new())),
            (text("authData"), Cbor::Bytes(data)),
        ]));
        let client_data = self.client_data("webauthn.create", options);
        self.credential(json!({
            "attestationObject": BASE64URL.encode(serde_cbor_2::to_vec(&object).unwrap()),
            "clientDataJSON": BASE64URL.encode(client_data),
            "transports": ["internal", "hybrid", "carrier-pigeon"],
        }))
    }

    /// `navigator.credentials.get()`: `AuthenticationResponseJSON`.
    pub fn get(&self, options: &Json) -> Json {
        let data = self.authenticator_data(self.flags);
        let client_data = self.client_data("webauthn.get", options);
        let mut signed = data.clone();
        signed.extend(digest::digest(&digest::SHA256, client_data.as_bytes()).as_ref());
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        self.credential(json!({
            "authenticatorData": BASE64URL.encode(data),
            "clientDataJSON": BASE64URL.encode(client_data),
            "signature": BASE64URL.encode(signature),
            "userHandle": self.user_handle.as_ref().map(|handle| BASE64URL.encode(handle)),
        }))
    }

    fn credential(&self, response: Json) -> Json {
        json!({
            "id": BASE64URL.encode(&self.raw_id),
            "rawId": BASE64URL.encode(&self.raw_id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        })
    }

    fn client_data(&self, kind: &str, options: &Json) -> String {
        let mut data = json!({"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false});
        for (key, value) in self.client_data.as_object().unwrap() {
            data[key] = value.clone();
        }
        data.to_string()
    }

    fn authenticator_data(&self, flags: u8) -> Vec<u8> {
        let mut data = digest::digest(&digest::SHA256, self.rp_id.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// COSE_Key (RFC 9053 §7.1.1) of the point in uncompressed form.
    fn public_key(&self) -> Cbor {
        let point = self.key.public_key().as_ref();
        let number = |number: i128| Cbor::Integer(number);
        Cbor::Map(BTreeMap::from([
            (number(1), number(2)),
            (number(3), number(-7)),
            (number(-1), number(1)),
            (number(-2), Cbor::Bytes(point[1..33].to_vec())),
            (number(-3), Cbor::Bytes(point[33..65].to_vec())),
        ]))
    }
}
