//! What browsers answer in a ceremony, read strictly: the JSON of `PublicKeyCredential.toJSON()` (WebAuthn §5.1.1).
use super::model::{Flags, NewPasskey};
use crate::{
    error::{Error, Kind},
    ids::UserId,
    sessions::Device,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde::{Deserialize, de::DeserializeOwned};
use serde_cbor_2::Value as Cbor;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use webauthn_rs::prelude::{Credential, ParsedAttestationData, Passkey as Verifier, Uuid};

/// Of the client data (WebAuthn §5.8.1), what webauthn-rs does not check in sign-ins.
#[derive(Deserialize)]
struct ClientData {
    challenge: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: Option<bool>,
    #[serde(rename = "topOrigin", default)]
    top_origin: Option<String>,
}

/// The one answer for all that is wrong, so that nobody learns which passkeys there are. The log knows more.
pub fn refused(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let text = "the passkey was not accepted: it is not known here, or this attempt was used or is over; start again";
    Error::new(Kind::InvalidArgument, text).with_source(why)
}

/// The answer as webauthn-rs takes it.
///
/// # Errors
/// `INVALID_ARGUMENT`
pub fn parse<T: DeserializeOwned>(response: Json) -> Result<T, Error> {
    serde_json::from_value(response).map_err(refused)
}

/// The challenge that the browser signed, which must be the ceremony's if one is named.
///
/// # Errors
/// `INVALID_ARGUMENT`, also for an answer from within a page of another origin: such pages could steal clicks.
pub fn challenge(client_data: &[u8], ceremony: Option<&str>) -> Result<Vec<u8>, Error> {
    let data: ClientData = serde_json::from_slice(client_data).map_err(refused)?;
    if data.cross_origin == Some(true) || data.top_origin.is_some() {
        return Err(refused("asked for within a page of another origin"));
    }
    if ceremony.is_some_and(|ceremony| ceremony != data.challenge) {
        return Err(refused("an answer to another ceremony"));
    }
    BASE64URL.decode(data.challenge).map_err(refused)
}

/// A registration that was checked, as it is stored.
///
/// # Errors
/// `INTERNAL`
pub fn new_passkey(
    user: UserId,
    verifier: Verifier,
    (hints, attestation_object): (Hints, &[u8]),
    device: Device,
) -> Result<NewPasskey, Error> {
    let text = serde_json::to_string(&verifier).map_err(Error::internal)?;
    let credential = Credential::from(verifier);
    let is_platform = hints.transports.iter().any(|transport| transport == "internal");
    let attachment = hints.attachment.unwrap_or(if is_platform { "platform" } else { "cross-platform" });
    Ok(NewPasskey {
        user,
        raw_id: credential.cred_id,
        verifier: text,
        attestation_type: attestation_type(&credential.attestation.data).to_owned(),
        aaguid: aaguid(attestation_object).unwrap_or_default().to_string(),
        attachment: attachment.to_owned(),
        transports: hints.transports,
        flags: Flags {
            user_present: true, // else it would have been refused
            user_verified: credential.user_verified,
            backup_eligible: credential.backup_eligible,
            backup_state: credential.backup_state,
        },
        device,
    })
}

/// What a browser says of an authenticator. Nothing depends on it.
#[derive(Debug, Default)]
pub struct Hints {
    attachment: Option<&'static str>,
    transports: Vec<String>,
}

impl Hints {
    /// Reads an answer; what is not in the specification is left out.
    pub fn of(response: &Json) -> Self {
        let attachment = response.get("authenticatorAttachment").and_then(Json::as_str);
        let transports = response.pointer("/response/transports").and_then(Json::as_array);
        let known = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];
        let named = |name: &&str| transports.is_some_and(|all| all.iter().any(|one| one == *name));
        Self {
            attachment: ["platform", "cross-platform"].into_iter().find(|name| attachment == Some(*name)),
            transports: known.into_iter().filter(named).map(str::to_owned).collect(),
        }
    }
}

/// WebAuthn §6.5.4, as the API spells it.
fn attestation_type(data: &ParsedAttestationData) -> &'static str {
    match data {
        ParsedAttestationData::Basic(_) => "basic",
        ParsedAttestationData::Self_ => "self",
        ParsedAttestationData::AttCa(_) => "attca",
        ParsedAttestationData::AnonCa(_) => "anonca",
        _ => "none",
    }
}

/// The model of the authenticator: 16 bytes after the RP ID's hash, flags and counter (WebAuthn §6.1, §6.5.1).
fn aaguid(attestation_object: &[u8]) -> Option<Uuid> {
    let object: BTreeMap<String, Cbor> = serde_cbor_2::from_slice(attestation_object).ok()?;
    let Some(Cbor::Bytes(data)) = object.get("authData") else { return None };
    Uuid::from_slice(data.get(37..53)?).ok()
}
